package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/planner/report"
)

type applyFlags struct {
	planFlags
	expect      string
	autoApprove bool
	onStale     string
	verify      string
}

func (a *app) applyCommand() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply [PLAN]",
		Short: "Carry out a plan",
		Long: "apply PLAN carries out a saved plan. Without PLAN it plans, shows the plan and asks.\n\n" +
			"Before each write the object is compared with what the plan saw; what changed meanwhile is\n" +
			"refused as stale, and the rest goes on. Blocked changes are never carried out.\n\n" +
			"Afterwards the directories are read again, to see whether they show what was written.\n\n" +
			"Exit status: 0 done; 1 error, nothing was written; 4 refused as a whole; 5 something failed, was\n" +
			"stale or had an error, or could not be confirmed; 6 all that was allowed is done, but something is\n" +
			"blocked; 130 interrupted.",
		Args: args(0, 1),
		RunE: func(c *cobra.Command, plan []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if len(plan) == 0 && f.verify != "" && (f.expect == "" || strings.HasPrefix(f.expect, digestPrefix)) {
				return errors.New("-verify checks the signature of a saved plan: landfall apply PLAN -verify KEY, or apply -expect PLAN -verify KEY")
			}
			if len(plan) == 1 {
				return a.applySaved(c.Context(), f, plan[0])
			}
			return a.applyNow(c.Context(), f)
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.expect, "expect", "", "plan again, and carry it out only if it is the approved `PLAN`: its digest (sha256:…), or the file; with the file, what differs is shown")
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().StringVar(&f.verify, "verify", "", "carry out PLAN (or, with -expect PLAN, what it approves) only if PLAN.sig was made with this `KEY`: a file of SSH public keys, or env:NAME")
	c.Flags().StringVar(&f.onStale, "on-stale", apply.OnStaleSkip, "what a stale change does to the others: `WORD` is skip (go on with them) or fail (stop)")
	words(c, "on-stale", apply.OnStaleSkip, apply.OnStaleFail)
	return c
}

// check finds mistakes in the flags before anything is read.
func (f *applyFlags) check() error {
	if f.onStale != apply.OnStaleSkip && f.onStale != apply.OnStaleFail {
		return fmt.Errorf("-on-stale is %q; it may be %s or %s", f.onStale, apply.OnStaleSkip, apply.OnStaleFail)
	}
	return nil
}

// applySaved carries out a plan file. It is not planned again: the writers
// compare every object with the plan.
func (a *app) applySaved(ctx context.Context, f applyFlags, name string) error {
	if len(f.only)+len(f.except)+len(f.accept) > 0 || f.expect != "" {
		return errors.New("-only, -except, -accept and -expect belong to the making of a plan; a saved plan is carried out as it is")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return &exit{exitRefused, fmt.Errorf("reading the plan: %w", err)}
	}
	if f.verify != "" {
		if err := a.verify(f.verify, name, data); err != nil {
			return &exit{exitRefused, fmt.Errorf("%w. Nothing was written", err)}
		}
	}
	p, err := decodePlan(data)
	if err == nil {
		err = p.CheckApplicable()
	}
	if err != nil {
		return &exit{exitRefused, fmt.Errorf("%s: %w. Nothing was written", name, err)}
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if err := planner.CheckProtected(cfg, p); err != nil {
		return &exit{exitRefused, fmt.Errorf("%s: %w. Nothing was written", name, err)}
	}
	if p.ConfigDigest != cfg.Digest {
		fmt.Fprintln(a.stderr, "Warning: the configuration or a variable is not what it was when this plan was made. The plan is carried out as it is; what changed since comes with the next plan.")
	}
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer dirs.close()
	if err := a.revealRedacted(ctx, cfg, dirs, p); err != nil {
		return err
	}
	a.tellPlan(p)
	switch blocked := p.Summary.Blocked; {
	case len(p.Changes) == 0:
		fmt.Fprintln(a.stdout, "Nothing to do: this plan has no changes.")
	case blocked == len(p.Changes):
		fmt.Fprintf(a.stdout, "Nothing was written: every change of this plan is blocked (%d). \"landfall show %s\" says by what.\n", blocked, escapeLines(quote(name)))
	}
	return a.carryOut(ctx, cfg, dirs, p, f)
}

// applyNow plans, shows, asks and carries out.
func (a *app) applyNow(ctx context.Context, f applyFlags) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	want, err := a.approved(f)
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
	p, err := a.makePlan(ctx, cfg, dirs, f.planFlags)
	if err != nil {
		return err
	}
	a.tellPlan(p)
	if err := a.compare(want, p, options); err != nil {
		return err
	}
	if f.expect == "" && !f.autoApprove && p.Summary.Blocked < len(p.Changes) {
		if err := staging(cfg, p); err != nil {
			return err // before a question that would have no effect
		}
		if err := a.ask(ctx); err != nil {
			return err
		}
	}
	return a.carryOut(ctx, cfg, dirs, p, f)
}

// ask reads one line; only "yes" goes on.
func (a *app) ask(ctx context.Context) error {
	fmt.Fprint(a.stderr, "\nCarry out this plan? Only \"yes\" is accepted: ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.stderr)
		return ctx.Err()
	case line := <-answer:
		if !isTerminal(a.stdin) || line == "" {
			fmt.Fprintln(a.stderr) // where no echo of the answer ended the line
		}
		if line != "yes" {
			return errors.New("not approved; nothing was written. In a pipeline, use a saved plan, -expect or -auto-approve")
		}
	}
	return nil
}

// staging refuses a plan with changes in staging mode.
func staging(cfg *lang.Config, p *planner.Plan) error {
	if !cfg.Settings.StagingMode || len(p.Changes) == 0 {
		return nil
	}
	return &exit{exitBlocked, fmt.Errorf("settings.staging_mode is on (%s:%d): this configuration plans and never writes. Nothing was written",
		cfg.Settings.Range.Filename, cfg.Settings.Range.Start.Line)}
}

// carryOut executes a plan, reads the directories again and reports.
func (a *app) carryOut(ctx context.Context, cfg *lang.Config, dirs *directories, p *planner.Plan, f applyFlags) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	if err := staging(cfg, p); err != nil {
		return err
	}
	if p.Summary.Blocked == len(p.Changes) {
		return applyStatus(p, nil, true)
	}
	w, err := a.enterWorkplace(ctx, cfg, p)
	if err != nil {
		return err
	}
	defer a.leave(w)
	held, err := refresh.Holdings(ctx, cfg, p, dirs.readers, a.redactKey(cfg))
	if err != nil {
		return fmt.Errorf("nothing was written: %w", w.abandon(err))
	}
	a.tell(events.ApplyStart{Run: w.run, Digest: p.Digest, Changes: len(p.Changes)})
	a.graceful.Store(true)
	rep, err := apply.Run(ctx, p, apply.Options{
		Writers: dirs.writers, OnStale: f.onStale, Journal: w.journal, Progress: a.watch(dirs),
		Parallelism: dirs.flight, Interrupt: a.interrupt, Held: held,
	})
	a.graceful.Store(false)
	dirs.progress.pause()
	if rep == nil {
		return w.abandon(err)
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "%s %s\n", a.paint("Error:"), escapeLines(err.Error()))
	}
	result := report.ApplyOptions{TextOptions: options, Plan: p, Run: w.run, Journal: w.journal.Path()}
	confirmed := a.confirm(ctx, cfg, dirs, f.planFlags, rep, &result)
	a.tell(events.ApplySummary{Run: w.run, Counts: rep.Counts()})
	if err := report.ApplyText(a.stdout, rep, result); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exit{status: exitInterrupted}
	}
	if status := applyStatus(p, rep, confirmed); status != nil || err == nil {
		return status
	}
	return &exit{status: exitIncomplete} // the journal does not hold all that was done
}

// applyStatus is the exit status of apply; rep is nil when nothing was to do.
func applyStatus(p *planner.Plan, rep *apply.Report, confirmed bool) error {
	switch {
	case rep != nil && rep.Interrupted():
		return &exit{status: exitInterrupted}
	case rep != nil && rep.StoppedStale():
		return &exit{status: exitRefused}
	case rep != nil && rep.Incomplete(), p.Summary.Errors > 0, !confirmed:
		return &exit{status: exitIncomplete}
	case p.Summary.Blocked > 0:
		return &exit{status: exitBlocked}
	}
	return nil
}

func (a *app) who() string {
	name := a.getenv("LANDFALL_ACTOR")
	for _, variable := range []string{"GITHUB_ACTOR", "BUILD_REQUESTEDFOR", "GITLAB_USER_LOGIN", "USER"} {
		if name == "" {
			name = a.getenv(variable)
		}
	}
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// revealRedacted gives a saved plan the values that it hides, from a fresh plan
// of the same configuration. A value that is another one by now stays hidden,
// and its change is refused.
func (a *app) revealRedacted(ctx context.Context, cfg *lang.Config, dirs *directories, p *planner.Plan) error {
	if !p.HasRedacted() {
		return nil
	}
	if p.Revert != nil {
		return a.revealReverted(ctx, cfg, dirs, p)
	}
	fresh, err := a.makePlan(ctx, cfg, dirs, planFlags{})
	if err != nil {
		return err
	}
	p.Reveal(fresh)
	return nil
}
