package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/apply"
)

// words tells shells what a flag may be.
func words(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the command has no such flag
	}
}

// completeRuns offers the recorded runs to the shell.
func (a *app) completeRuns(c *cobra.Command, before []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(before) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	runs, err := a.runNames(c.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return runs, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// runNames are the newest runs, quietly: a shell is asking.
func (a *app) runNames(ctx context.Context) ([]string, error) {
	a.stderr = io.Discard
	s, err := a.records(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	runs, err := apply.ListRuns(ctx, s)
	return slices.Clip(runs[:min(len(runs), 50)]), err
}
