package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/report"
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
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	p, err := a.makePlan(ctx, cfg, dirs, f)
	if err != nil {
		return err
	}
	if asJSON {
		encoded, err := p.Encode()
		if err == nil {
			_, err = fmt.Fprintf(a.stdout, "%s", encoded)
		}
		if err != nil {
			return err
		}
	} else if err := report.Text(a.stdout, p, options); err != nil {
		return err
	}
	return planStatus(p)
}
