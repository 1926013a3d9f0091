package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

func (a *app) driftCommand() *cobra.Command {
	var f planFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "drift",
		Short: "The plan for a schedule: has anything changed?",
		Long: "drift plans as \"plan -detailed-exitcode\" does and proposes nothing: exit status 0 when the directories hold what\n" +
			"the files declare, 2 when they do not, 6 when anything is blocked, 1 on error.\n\n" +
			"It says when each value changed in Active Directory and on which domain controller, as far as replication metadata\n" +
			"tells; who changed it is in the security log of that domain controller (event 5136). What is proven not to have\n" +
			"changed there since the object is landfall's is marked as pending: the cloud or the files changed.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.drift(c.Context(), f, asJSON) },
	}
	f.register(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the plan's JSON instead of the text")
	return c
}

func (a *app) drift(ctx context.Context, f planFlags, asJSON bool) error {
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
	if err := dirs.tellHistory(ctx, cfg, p); err != nil {
		return err
	}
	a.tellPlan(p)
	if err := a.printPlan(p, options, asJSON); err != nil {
		return err
	}
	return planStatus(p)
}

// tellHistory asks the directories that remember when values changed about those
// that the plan would change. A directory that does not answer is no reason to
// keep the plan back.
func (d *directories) tellHistory(ctx context.Context, cfg *lang.Config, p *planner.Plan) error {
	for _, provider := range cfg.Providers {
		reader, remembers := d.readers[provider.Address()].(planner.HistoryReader)
		asked := planner.HistoryRequests(p, provider.Address(), provider.Schema)
		if !remembers || len(asked) == 0 {
			continue
		}
		answer, err := reader.ReadHistory(ctx, asked)
		d.progress.pause()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			answer = planner.Histories{Missing: err.Error()}
		}
		planner.AddHistory(p, provider.Address(), provider.Schema, asked, answer)
	}
	return nil
}
