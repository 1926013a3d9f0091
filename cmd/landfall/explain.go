package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) explainCommand() *cobra.Command {
	var o offlineFlags
	var format, view string
	c := &cobra.Command{
		Use:   "explain OBJECT [ATTRIBUTE]",
		Short: "Tell how an object, or one of its attributes, came to be as the plan has it",
		Long: "explain tells the whole story in order: what was read from where, which rules took the object and the\n" +
			"clause that decided, what it joined, who contributed to each attribute and who won, what the writeback\n" +
			"made of it, and what the plan will do and why. It writes nothing to any directory.\n\n" +
			"OBJECT is a display name, an id, a DN, a cloudAnchor (Group_…), a sAMAccountName, an objectGUID, a\n" +
			"userPrincipalName or a mail address. ATTRIBUTE is one of a directory or of the metaverse.",
		Example: "  landfall explain \"Finance\" member\n  landfall explain Group_1f0c7a52-0000-4000-8000-000000000001 groupType -format json",
		Args:    args(1, 2),
		RunE: func(c *cobra.Command, words []string) error {
			attribute := ""
			if len(words) > 1 {
				attribute = words[1]
			}
			return a.explainObject(c.Context(), words[0], attribute, format, view, o)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "`FORMAT` is text or json")
	c.Flags().StringVar(&view, "view", "default", "how much to show: `VIEW` is default, or full for lists without end")
	words(c, "format", "text", "json")
	words(c, "view", "default", "full")
	o.register(c)
	return c
}

// register adds the flags of commands that can look at a file in place of the
// directories.
func (o *offlineFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&o.snapshot, "snapshot", "", "look at this `FILE` of \"landfall snapshot\", without network and credentials")
	c.Flags().DurationVar(&o.maxAge, "max-age", 0, "refuse a snapshot that is older than this `DURATION` (15m, 24h)")
}

// look loads the configuration and reads what it is about. What can be checked
// before that, check checks.
func (a *app) look(ctx context.Context, o offlineFlags, check func(*lang.Config) error) (*lang.Config, planner.Snapshot, error) {
	cfg, err := a.load()
	if err == nil && check != nil {
		err = check(cfg)
	}
	if err != nil {
		return nil, nil, err
	}
	if o.maxAge != 0 && o.snapshot == "" {
		return nil, nil, errors.New("-max-age belongs to -snapshot")
	}
	snap, err := a.snapshot(ctx, cfg, nil, o)
	if err != nil {
		return nil, nil, a.explain(err)
	}
	return cfg, snap, nil
}

func (a *app) lookOptions(cfg *lang.Config) planner.Options {
	return planner.Options{Now: time.Now(), Version: version, RedactKey: a.redactKey(cfg)}
}

func (a *app) explainObject(ctx context.Context, object, attribute, format, view string, o offlineFlags) error {
	options, err := a.textOptions(view)
	if err != nil {
		return err
	}
	if err := oneOf("-format", format, "text", "json"); err != nil {
		return err
	}
	cfg, snap, err := a.look(ctx, o, nil)
	if err != nil {
		return err
	}
	e, err := planner.Explain(cfg, snap, a.lookOptions(cfg), object, attribute)
	if err != nil {
		return a.explain(candidates(err))
	}
	if format == "json" {
		return writeJSON(a.stdout, e)
	}
	return report.Explanation(a.stdout, e, options)
}

// candidates adds the objects that may be meant to an error about a name.
func candidates(err error) error {
	var several *planner.Ambiguous
	var none *planner.NotFound
	switch {
	case errors.As(err, &several):
		return fmt.Errorf("%w:%s", err, listObjects(several.Candidates))
	case errors.As(err, &none) && len(none.Similar) > 0:
		return fmt.Errorf("%w. Similar names:%s", err, listObjects(none.Similar))
	}
	return err
}

func listObjects(objects []planner.ObjectName) string {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "\n  %s  %s %q in %s", report.Escape(o.ID), report.Escape(o.Type), o.Name, o.Provider)
		if o.DN != "" {
			fmt.Fprintf(&b, ", %q", o.DN)
		}
	}
	return b.String()
}

// oneOf checks a flag that is one of some words.
func oneOf(flag, word string, words ...string) error {
	for _, w := range words {
		if word == w {
			return nil
		}
	}
	return fmt.Errorf("%s is %q; it may be %s", flag, word, strings.Join(words, " or "))
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
