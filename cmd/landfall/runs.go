package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) runsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "runs",
		Short: "What past applies did",
		Args:  subcommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "List the recorded runs, newest first", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listRuns(c.Context(), limit) },
	}
	list.Flags().IntVar(&limit, "limit", 20, "list this `NUMBER` of runs at most; 0 lists all")
	c.AddCommand(
		list,
		&cobra.Command{Use: "show RUN", Short: "Show every operation of a run", Args: args(1, 1), ValidArgsFunction: a.completeRuns, RunE: func(c *cobra.Command, run []string) error { return a.showRun(c.Context(), run[0]) }},
	)
	return c
}

// listRuns lists the newest runs: of each the whole journal is read.
func (a *app) listRuns(ctx context.Context, limit int) error {
	s, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	runs, err := apply.ListRuns(ctx, s)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintf(a.stdout, "No runs are recorded in %s.\n", escapeLines(s.Where()))
		return err
	}
	older := 0
	if limit > 0 && len(runs) > limit {
		older, runs = len(runs)-limit, runs[:limit]
	}
	type row struct {
		started time.Time
		text    string
	}
	rows := make([]row, len(runs))
	for i, run := range runs {
		rec, err := apply.ReadRun(ctx, s, run)
		if err != nil {
			rows[i] = row{startOf(run, ""), fmt.Sprintf("%s\t\t\t\tunreadable: %s", report.Escape(run), report.Escape(err.Error()))}
			continue
		}
		rows[i] = row{startOf(run, rec.Header.Started), fmt.Sprintf("%s\t%s\t%s\t%d\t%s", report.Escape(rec.Header.Run),
			report.Escape(rec.Header.Started), report.Escape(rec.Header.Who), len(rec.Operations), ended(rec))}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.started.Compare(a.started) })
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "run\tstarted\twho\toperations\tended")
	for _, r := range rows {
		fmt.Fprintln(w, r.text)
	}
	if err := w.Flush(); err != nil || older == 0 {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s not listed; -limit 0 lists all.\n", count(older, "older run"))
	return err
}

// startOf is when a run started: what its journal says, or else its name, which
// tells seconds.
func startOf(run, started string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, started); err == nil {
		return t
	}
	name, _, _ := strings.Cut(run, "-")
	t, _ := time.Parse("20060102T150405Z", name) // zero, and so last, if it is another name
	return t
}

// ended says in words how a run ended.
func ended(rec *apply.Record) string {
	if rec.Sealed != nil {
		return fmt.Sprintf("lost its lock and was stopped; run %s went on (%s)", report.Escape(rec.Sealed.By), report.Escape(rec.Sealed.At))
	}
	if rec.Footer == nil {
		return "did not end: it was killed, or is still running"
	}
	n := rec.Footer.Counts
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{n.Done, "done"}, {n.Partly, "partly done"}, {n.Stale, "stale"}, {n.Failed, "failed"}, {n.Unknown, "unknown"}, {n.NotDone, "not done"}, {n.Blocked, "blocked"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	for _, s := range rec.Footer.Stops {
		parts = append(parts, "stopped: "+string(s.Reason))
	}
	return strings.Join(parts, ", ")
}

func (a *app) showRun(ctx context.Context, run string) error {
	rec, err := a.readRun(ctx, run)
	if err != nil {
		return err
	}
	h := rec.Header
	fmt.Fprintf(a.stdout, "run     %s\nstarted %s by %s\n", report.Escape(h.Run), report.Escape(h.Started), report.Escape(h.Who))
	if h.Commit != "" {
		fmt.Fprintf(a.stdout, "commit  %s\n", report.Escape(h.Commit))
	}
	fmt.Fprintf(a.stdout, "plan    %s\nconfig  %s\nended   %s\n", report.Escape(h.Digest), report.Escape(h.ConfigDigest), ended(rec))
	fmt.Fprintf(a.stdout, "journal %s, each following the one before; the last is sha256:%s\n\n", count(rec.Lines, "line"), rec.Head)
	for _, o := range rec.Operations {
		a.showOperation(o)
	}
	if rec.Torn {
		fmt.Fprintln(a.stdout, "The last line of the journal was cut off.")
	}
	return nil
}

func (a *app) showOperation(o apply.Recorded) {
	status := "unknown: the journal does not say how it ended"
	if o.Result != nil {
		status = string(o.Result.Status)
		if o.Result.Status == apply.StatusDone {
			status += fmt.Sprintf(" in %d ms", o.Result.Duration)
		}
		if o.Attempts > 1 {
			status += fmt.Sprintf(", attempt %d", o.Attempts)
		}
		if o.Result.Error != "" {
			status += ": " + o.Result.Error
		}
	}
	dn := o.DNAfter
	if dn == "" {
		dn = o.DNBefore
	}
	fmt.Fprintf(a.stdout, "%4d  %s %s %s  %s\n", o.Number, o.Verb, o.ObjectType, report.Escape(fmt.Sprintf("%q", o.Name)), report.Escape(status))
	fmt.Fprintf(a.stdout, "      %s\n", report.Escape(dn))
	for _, e := range o.Edits {
		fmt.Fprintf(a.stdout, "      %s: %s -> %s\n", report.Escape(e.Attribute), values(e.Before), values(e.After))
	}
	for _, m := range o.Add {
		fmt.Fprintf(a.stdout, "      + %s\n", report.Escape(m.Name))
	}
	for _, m := range o.Remove {
		fmt.Fprintf(a.stdout, "      - %s\n", report.Escape(m.Name))
	}
}

// values shows attribute values in one line.
func values(data []planner.Datum) string {
	if len(data) == 0 {
		return "(none)"
	}
	parts := make([]string, len(data))
	for i, d := range data {
		parts[i] = report.Escape(strconv.Quote(d.Text))
		if d.Hash != "" {
			parts[i] = fmt.Sprintf("(hidden, %d characters)", d.Length)
		}
	}
	return strings.Join(parts, ", ")
}
