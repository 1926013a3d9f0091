package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) driftCommand() *cobra.Command {
	var f planFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "drift",
		Short: "The plan for a schedule: has anything changed?",
		Long: "drift plans as \"plan -detailed-exitcode\" does and proposes nothing: exit status 0 when the directories hold what\n" +
			"the files declare, 2 when they do not, 6 when anything is blocked, 1 on error.",
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
	p, err := a.planOn(ctx, cfg, f, offlineFlags{})
	if err != nil {
		return err
	}
	if err := a.printPlan(p, options, asJSON); err != nil {
		return err
	}
	return planStatus(p)
}
