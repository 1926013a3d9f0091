package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) preflightCommand() *cobra.Command {
	var format, view string
	c := &cobra.Command{
		Use:   "preflight [PLAN]",
		Short: "What this identity may do, and what the plan needs",
		Long: "preflight looks how each directory is reached, until when its certificate is valid, who landfall is there, and\n" +
			"whether that identity may do what a plan needs: of the saved PLAN, or else of one that it makes. Of a right that\n" +
			"is missing it says what needs it and how to give it; of what cannot be told it says that it is unknown. It\n" +
			"writes nothing.\n\n" +
			"Exit status: 0 when nothing is missing, else 1.",
		Args: args(0, 1),
		RunE: func(c *cobra.Command, names []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("-format is %q; it may be text or json", format)
			}
			options, err := a.textOptions(view)
			if err != nil {
				return err
			}
			p, err := a.preflight(c.Context(), names)
			if err != nil {
				return err
			}
			if err := a.printPreflight(p, format, options); err != nil {
				return err
			}
			if p.Summary[string(planner.CheckMissing)] > 0 {
				return &exit{status: exitError}
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "text", "`FORMAT` is text or json")
	c.Flags().StringVar(&view, "view", "default", "how much text to show: `VIEW` is default or full")
	words(c, "format", "text", "json")
	words(c, "view", "default", "full")
	return c
}

func (a *app) printPreflight(p *planner.Preflight, format string, options report.TextOptions) error {
	if format == "text" {
		return report.PreflightText(a.stdout, p, options)
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(p)
}

// preflight asks every directory. One that cannot be reached, or that a plan
// cannot be made of, is a finding and keeps nobody from looking at the others.
func (a *app) preflight(ctx context.Context, names []string) (*planner.Preflight, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, err
	}
	dirs, failed, err := a.connectEach(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer dirs.close()
	plan, why, err := a.planFor(ctx, cfg, dirs, names, len(failed) > 0)
	if err != nil {
		return nil, err
	}
	out := &planner.Preflight{}
	if plan != nil {
		out.Plan = plan.Digest
	}
	requests := planner.Requests(cfg)
	for _, p := range cfg.Providers {
		v := planner.ProviderPreflight{Address: p.Address(), Kind: string(p.Kind)}
		what := planner.Inspection{Read: requests[p.Address()], Roots: planner.Roots(cfg, p.Address()), Writes: planner.Writes(cfg, p.Address())}
		if plan != nil {
			what.Needs = planner.Needs(plan, p.Address())
		}
		err := failed[p.Address()]
		if inspector, can := dirs.readers[p.Address()].(planner.Inspector); can && err == nil {
			v.Facts, v.Checks, err = inspector.Inspect(ctx, what)
			dirs.progress.pause()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			v.Checks = append(v.Checks, planner.Check{Status: planner.CheckMissing, What: "reach the directory", Detail: err.Error(), Uses: []planner.Use{useOf(p)}})
		}
		if why != nil {
			v.Checks = append(v.Checks, planner.Check{Status: planner.CheckUnknown, What: "what a plan needs", Detail: "no plan could be made: " + why.Error()})
		}
		out.Providers = append(out.Providers, v)
	}
	out.Finish()
	return out, nil
}

func useOf(p *lang.Provider) planner.Use {
	return planner.Use{Address: p.Address(), File: p.Range.Filename, Line: p.Range.Start.Line}
}

// connectEach connects what can be connected, and says why the rest cannot.
func (a *app) connectEach(ctx context.Context, cfg *lang.Config) (*directories, map[string]error, error) {
	d := a.newDirectories()
	if err := d.startSandbox(ctx, cfg); err != nil {
		d.close()
		return nil, nil, err
	}
	failed := map[string]error{}
	for _, p := range cfg.Providers {
		if err := a.open(ctx, d, p); err != nil {
			failed[p.Address()] = err
		}
	}
	if ctx.Err() != nil {
		d.close()
		return nil, nil, ctx.Err()
	}
	return d, failed, nil
}

// planFor is the saved plan, or one made now. why says why there is none.
func (a *app) planFor(ctx context.Context, cfg *lang.Config, dirs *directories, names []string, broken bool) (p *planner.Plan, why, err error) {
	if len(names) > 0 {
		if p, _, err = readPlan(names[0]); err != nil {
			return nil, nil, err
		}
		for i := range p.Changes {
			address := p.Changes[i].Provider
			if !slices.ContainsFunc(cfg.Providers, func(p *lang.Provider) bool { return p.Address() == address }) {
				return nil, nil, fmt.Errorf("%s changes objects of %s, which this configuration does not have", names[0], address)
			}
		}
		return p, nil, nil
	}
	if broken {
		return nil, errors.New("not every directory could be reached"), nil
	}
	p, why = a.makePlan(ctx, cfg, dirs, planFlags{})
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return p, why, nil
}
