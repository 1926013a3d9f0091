package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) revertCommand() *cobra.Command {
	var f planFlags
	var out string
	var anew bool
	c := &cobra.Command{
		Use:   "revert RUN",
		Short: "Plan what takes a past run back",
		Long: "revert makes an ordinary plan of what a recorded run did, the other way round, as far as it still stands. Review it and\n" +
			"carry it out with apply. What somebody changed since is left as it is; that, and what cannot be taken back, is listed\n" +
			"with the reason. Deleted groups are restored from the Recycle Bin, or else made anew with what the journal holds: those\n" +
			"get another SID.\n\n" +
			"As long as the files declare what the run did, the next plan wants it again: take the commit back, too.",
		Args:              args(1, 1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(c *cobra.Command, names []string) error {
			if out == "" {
				return errors.New("revert writes a plan for apply; say where with -out FILE")
			}
			return a.revert(c.Context(), names[0], f, out, anew)
		},
	}
	f.register(c)
	c.Flags().StringVar(&out, "out", "", "save the plan to `FILE`, for apply; compressed if it ends in .zst")
	c.Flags().BoolVar(&anew, "anew", false, "make deleted groups anew, with another SID, even where the Recycle Bin has them")
	return c
}

func (a *app) revert(ctx context.Context, run string, f planFlags, out string, anew bool) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	rec, err := a.endedRun(ctx, run)
	if err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	accept, err := f.accepted(cfg)
	if err != nil {
		return err
	}
	past := rec.Past()
	if err := planner.CheckRun(cfg, past); err != nil {
		return err
	}
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	snap, err := a.reading(dirs, func() (planner.Snapshot, error) { return refresh.Touched(ctx, cfg, dirs.readers, past.Operations) })
	if err != nil {
		return a.explain(err)
	}
	p, err := planner.Revert(cfg, snap, past, anew, planner.Options{
		Now: time.Now(), Version: version, Only: f.only, Except: f.except, Accept: accept, RedactKey: a.redactKey(cfg),
	})
	if err != nil {
		return err
	}
	a.tellPlan(p)
	encoded, err := p.Encode()
	if err != nil {
		return err
	}
	file, err := planBytes(out, encoded)
	if err == nil {
		err = writeFile(out, file)
	}
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	options.SavedTo, options.Next = out, a.nextStep(p, f, out)
	return report.Text(a.stdout, p, options)
}

// endedRun reads the journal of a run that is over.
func (a *app) endedRun(ctx context.Context, run string) (*apply.Record, error) {
	rec, err := a.readRun(ctx, run)
	if err != nil || rec.Footer != nil || rec.Sealed != nil {
		return rec, err
	}
	s, err := a.records(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	holder, err := s.Holder(ctx)
	if err != nil {
		return nil, err
	}
	if holder != nil && holder.Run == run {
		return nil, fmt.Errorf("run %s is still at work. Wait until it has ended, or interrupt it, and take it back then", run)
	}
	fmt.Fprintf(a.stderr, "Run %s did not come to its end. What the journal does not know, the directories decide.\n", escapeLines(run))
	return rec, nil
}

// planAfter is what is still to do after p was carried out. The configuration wants
// back what a revert took back, so the directories alone are asked about that.
func (a *app) planAfter(ctx context.Context, cfg *lang.Config, dirs *directories, p *planner.Plan, f planFlags) (*planner.Plan, error) {
	if p.Revert == nil {
		return a.makePlan(ctx, cfg, dirs, f)
	}
	snap, err := a.touched(ctx, cfg, dirs, p)
	if err != nil {
		return nil, err
	}
	return planner.Remainder(cfg, snap, p, a.redactKey(cfg))
}

// revealReverted gives a saved revert the values that it hides, from the objects
// that have them now.
func (a *app) revealReverted(ctx context.Context, cfg *lang.Config, dirs *directories, p *planner.Plan) error {
	snap, err := a.touched(ctx, cfg, dirs, p)
	if err != nil {
		return err
	}
	return p.RevealFrom(cfg, snap, a.redactKey(cfg))
}

// touched reads the objects of a plan.
func (a *app) touched(ctx context.Context, cfg *lang.Config, dirs *directories, p *planner.Plan) (planner.Snapshot, error) {
	snap, err := refresh.Touched(ctx, cfg, dirs.readers, p.Recorded())
	dirs.progress.pause()
	return snap, err
}
