package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/planner/report"
)

// planFlags are the flags of everything that makes a plan.
type planFlags struct {
	only, except, accept []string
	view                 string
}

func (f *planFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.only, "only", nil, "plan only what has this `ADDRESS` (or prefix, or pattern with *); may be repeated")
	c.Flags().StringArrayVar(&f.except, "except", nil, "leave out what has this `ADDRESS` (or prefix, or pattern with *); may be repeated")
	c.Flags().StringArrayVar(&f.accept, "accept", nil, "lift a limit up to exactly this number: `guard.NAME=COUNT` or settings.delete_threshold=COUNT")
	c.Flags().StringVar(&f.view, "view", "default", "how much to show: `VIEW` is summary, default or full")
}

// accepted parses -accept and checks that the names exist.
func (f *planFlags) accepted(cfg *lang.Config) (map[string]int, error) {
	known := map[string]bool{"settings.delete_threshold": true}
	for _, g := range cfg.Guards {
		known[g.Address()] = true
	}
	out := map[string]int{}
	for _, text := range f.accept {
		name, count, ok := strings.Cut(text, "=")
		n, err := strconv.Atoi(count)
		if !ok || err != nil || n < 0 {
			return nil, fmt.Errorf("-accept is %q; write the name of a guard and a number, as in guard.deletes=37", text)
		}
		if !known[name] {
			return nil, fmt.Errorf("-accept names %q, and the configuration has no such guard", name)
		}
		out[name] = n
	}
	return out, nil
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	var out string
	var detailed, asJSON bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and why",
		Long: "plan reads both directories, compares them with the configuration and shows what apply would do.\n" +
			"It writes nothing to any directory.\n\n" +
			"Exit status: 0, or 1 if no plan could be made. With -detailed-exitcode also 2 if there is any\n" +
			"change, and 6 if anything is blocked.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.plan(c.Context(), f, out, detailed, asJSON)
		},
	}
	f.register(c)
	c.Flags().StringVar(&out, "out", "", "save the plan to `FILE`, for apply")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there is any change, with 6 if anything is blocked")
	c.Flags().BoolVar(&asJSON, "json", false, "print the plan's JSON instead of the text")
	return c
}

func (a *app) plan(ctx context.Context, f planFlags, out string, detailed, asJSON bool) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	p, err := a.makePlan(ctx, cfg, dirs, f)
	if err != nil {
		return err
	}
	encoded, err := p.Encode()
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeFile(out, encoded); err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
		options.SavedTo = out
	}
	if asJSON {
		_, err = a.stdout.Write(encoded)
	} else {
		options.Next = a.nextStep(p, f, out)
		err = report.Text(a.stdout, p, options)
	}
	if err == nil && detailed {
		return planStatus(p)
	}
	return err
}

// planStatus is the exit status of plan -detailed-exitcode.
func planStatus(p *planner.Plan) error {
	switch {
	case p.Summary.Blocked > 0:
		return &exit{status: exitBlocked}
	case len(p.Changes) > 0:
		return &exit{status: exitChanges}
	}
	return nil
}

// nextStep is the command that carries out this plan and no other: with the
// directory and the variables that it was made with. The value of a variable may
// be a secret and is left out.
func (a *app) nextStep(p *planner.Plan, f planFlags, out string) string {
	if len(p.Changes) == 0 || p.Summary.Blocked == len(p.Changes) {
		return ""
	}
	words := []string{"landfall"}
	flag := func(name string, values ...string) {
		for _, v := range values {
			words = append(words, name, quote(v))
		}
	}
	if a.chdir != "" {
		flag("-chdir", a.chdir)
	}
	for _, v := range a.vars {
		name, _, _ := strings.Cut(v, "=")
		words = append(words, "-var", name+"=…")
	}
	flag("-var-file", a.varFiles...)
	words = append(words, "apply")
	if out != "" {
		return strings.Join(append(words, quote(out)), " ")
	}
	flag("-only", f.only...)
	flag("-except", f.except...)
	flag("-accept", f.accept...)
	return strings.Join(words, " ")
}

// makePlan reads the directories and plans.
func (a *app) makePlan(ctx context.Context, cfg *lang.Config, dirs *directories, f planFlags) (*planner.Plan, error) {
	accept, err := f.accepted(cfg)
	if err != nil {
		return nil, err
	}
	snap, err := refresh.Read(ctx, cfg, dirs.readers)
	dirs.progress.pause()
	if err != nil {
		return nil, a.explain(err)
	}
	return planner.Build(cfg, snap, planner.Options{
		Now: time.Now(), Version: version, Only: f.only, Except: f.except, Accept: accept, RedactKey: a.redactKey(cfg),
	})
}

// explain adds where the configuration says so to errors that know it.
func (a *app) explain(err error) error {
	var missing *planner.MissingContainer
	if errors.As(err, &missing) {
		return fmt.Errorf("%w (%s:%d)", err, missing.File, missing.Line)
	}
	return err
}

// redactKey keys the hashes of redacted values. Without LANDFALL_REDACT_KEY it
// is made of the tenants' ids: the same in every run, and no secret.
func (a *app) redactKey(cfg *lang.Config) []byte {
	if key := a.getenv("LANDFALL_REDACT_KEY"); key != "" {
		return []byte(key)
	}
	h := sha256.New()
	for _, p := range cfg.Providers {
		if p.Entra != nil {
			h.Write([]byte(p.Entra.TenantID))
		}
	}
	return h.Sum(nil)
}

// writeFile writes a file whole or not at all. Through a symbolic link it writes
// the file behind it, and a device or pipe is written to, not replaced.
func writeFile(name string, data []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, 0o600)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o600), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
