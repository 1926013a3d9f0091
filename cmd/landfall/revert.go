package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) revertCommand() *cobra.Command {
	var f planFlags
	var out string
	c := &cobra.Command{
		Use:   "revert RUN",
		Short: "Plan what takes a past run back",
		Long: "revert makes an ordinary plan of what a recorded run did, the other way round, as far as it still stands. Review it and\n" +
			"carry it out with apply. What cannot be taken back is listed with the reason. As long as the files declare what the run\n" +
			"did, the next plan wants it again: change them, too.",
		Args: args(1, 1),
		RunE: func(c *cobra.Command, names []string) error {
			if out == "" {
				return errors.New("revert writes a plan for apply; say where with -out FILE")
			}
			return a.revert(c.Context(), names[0], f, out)
		},
	}
	f.register(c)
	c.Flags().StringVar(&out, "out", "", "save the plan to `FILE`, for apply")
	return c
}

func (a *app) revert(ctx context.Context, run string, f planFlags, out string) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	rec, err := a.readRun(ctx, run)
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
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	snap, err := refresh.Read(ctx, cfg, dirs.readers)
	dirs.progress.pause()
	if err != nil {
		return a.explain(err)
	}
	p, err := planner.Revert(cfg, snap, run, done(rec), planner.Options{
		Now: time.Now(), Version: version, Only: f.only, Except: f.except, Accept: accept, RedactKey: a.redactKey(cfg),
	})
	if err != nil {
		return err
	}
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

// done are the operations of a run that were carried out. Of members that were
// refused, nothing happened.
func done(rec *apply.Record) []planner.Recorded {
	var out []planner.Recorded
	for _, o := range rec.Operations {
		if o.Result == nil || o.Result.Status != apply.StatusDone {
			continue
		}
		op := planner.Recorded{Provider: o.Provider, Address: o.Address, Name: o.Name, Created: o.Result.Anchor}
		op.Operation = planner.Operation{Verb: o.Verb, ObjectType: o.ObjectType, Anchor: o.Anchor, DNBefore: o.DNBefore, DNAfter: o.DNAfter, Edits: o.Edits}
		op.Add, op.Remove = taken(o, o.Add, true), taken(o, o.Remove, false)
		out = append(out, op)
	}
	return out
}

func taken(o apply.Recorded, members []planner.MemberChange, added bool) []planner.MemberChange {
	refused := map[string]bool{}
	for _, r := range o.Result.Refused {
		refused[r.Member.DN] = refused[r.Member.DN] || r.Add == added
	}
	var out []planner.MemberChange
	for _, m := range members {
		if !refused[m.DN] {
			out = append(out, m)
		}
	}
	return out
}
