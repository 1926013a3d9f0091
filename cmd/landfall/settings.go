package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner/report"
	"github.com/landfall-directory/landfall/providers/entra"
)

func (a *app) settingsCommand() *cobra.Command {
	var live bool
	c := &cobra.Command{
		Use:   "settings",
		Short: "The global settings, under the names that Entra Connect has for them",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.settings(c.Context(), live) },
	}
	c.Flags().BoolVar(&live, "live", false, "show the tenants' own synchronisation features beside them")
	return c
}

func (a *app) settings(ctx context.Context, live bool) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, s := range cfg.GlobalSettings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", report.Escape(s.Name), report.Escape(s.Value), s.Where())
	}
	if live {
		if err := a.tenantFeatures(ctx, cfg, w); err != nil {
			return err
		}
	}
	return w.Flush()
}

// tenantFeatures prints what each tenant says of its own synchronisation.
func (a *app) tenantFeatures(ctx context.Context, cfg *lang.Config, w io.Writer) error {
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	for _, p := range cfg.Providers {
		tenant, ok := dirs.readers[p.Address()].(*entra.Directory)
		if !ok {
			continue
		}
		features, known, err := tenant.Features(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Address(), err)
		}
		if !known {
			fmt.Fprintf(w, "%s\tunknown\tthis identity may not read the tenant's features (OnPremDirectorySynchronization.Read.All)\n", p.Address())
		}
		for _, f := range features {
			fmt.Fprintf(w, "%s %s\t%s\ttenant\n", p.Address(), report.Escape(f.Name), report.Escape(f.Value))
		}
	}
	return nil
}
