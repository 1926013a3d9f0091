package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "The sync rules, by precedence",
		Long: "A standard rule cannot be edited. To change one, print a copy with \"rules clone\", put it into a file of\n" +
			"the configuration, and switch the original off with disable in standard_rules.",
		Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var live bool
	list := &cobra.Command{
		Use:   "list",
		Short: "List the rules, and what each one overrides",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.listRules(c.Context(), live) },
	}
	list.Flags().BoolVar(&live, "live", false, "read the directories and count the objects that each rule takes")
	show := a.ruleCommand("show NAME", "Print a rule as it is declared", (*lang.Config).RuleSource)
	clone := a.ruleCommand("clone NAME", "Print a copy of a standard rule, to change it", (*lang.Config).CloneRule)
	c.AddCommand(list, show, clone)
	return c
}

func (a *app) ruleCommand(use, short string, text func(*lang.Config, *lang.Rule) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args(1, 1),
		RunE: func(_ *cobra.Command, names []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			r, err := cfg.FindRule(names[0])
			if err != nil {
				return err
			}
			out, err := text(cfg, r)
			if err == nil {
				_, err = fmt.Fprint(a.stdout, escapeLines(out))
			}
			return err
		},
	}
}

func (a *app) listRules(ctx context.Context, live bool) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	var matches map[*lang.Rule]int
	if live {
		if matches, err = a.countMatches(ctx, cfg); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	head := []string{"prec", "direction", "link", "from", "to", "scopes", "joins", "flows", "name", "declared"}
	if live {
		head = append(head, "took")
	}
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, r := range cfg.Rules {
		row := ruleRow(r)
		if live {
			row = append(row, strconv.Itoa(matches[r]))
		}
		for i := range row {
			row[i] = report.Escape(row[i])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range cfg.Rules {
		for _, s := range cfg.Shadows(r) {
			fmt.Fprintf(a.stdout, "%s overrides %s of the standard rule %s\n", report.Escape(strconv.Quote(r.Name)), s.Attribute, strconv.Quote(s.Standard.Name))
		}
	}
	return nil
}

func ruleRow(r *lang.Rule) []string {
	space := r.Provider.Address() + " " + r.ObjectType
	mv := "metaverse " + r.MetaverseType
	direction, from, to := "inbound", space, mv
	if r.Direction == lang.Outbound {
		direction, from, to = "outbound", mv, space
	}
	name := r.Name
	if r.Disabled {
		name += " (disabled)"
	}
	return []string{
		strconv.Itoa(r.Precedence), direction, r.Link.String(), from, to,
		strconv.Itoa(len(r.Scope)), strconv.Itoa(len(r.Join)), strconv.Itoa(len(r.Flows)), name,
		fmt.Sprintf("%s:%d", r.Range.Filename, r.Range.Start.Line),
	}
}

func (a *app) countMatches(ctx context.Context, cfg *lang.Config) (map[*lang.Rule]int, error) {
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer dirs.close()
	snap, err := a.read(ctx, cfg, dirs)
	if err != nil {
		return nil, a.explain(err)
	}
	return planner.Matches(cfg, snap)
}
