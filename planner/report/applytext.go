package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

// ApplyOptions says how the report of a run becomes text.
type ApplyOptions struct {
	TextOptions
	// Plan is what was carried out; its providers name the directories.
	Plan *planner.Plan
	// Unconfirmed is what the confirming read found.
	Unconfirmed []apply.Unconfirmed
	// Confirmed says that the directories were read again afterwards.
	Confirmed bool
	Run       string // the run id
	Journal   string // the journal's path
}

// ApplyText writes what became of a plan: the answer first, then everything that
// is not as it should be, each with its reason, then what is done.
func ApplyText(w io.Writer, rep *apply.Report, o ApplyOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	p := newPrinter(w, o.TextOptions)
	r := &outcome{page: &page{printer: p, plan: o.Plan, view: o.View, tally: newTally(o.Plan), hint: "in the journal"}, report: rep}
	r.answer(o)
	r.stops()
	r.outcomes(apply.OutcomeUnknown, redder, "UNKNOWN", "no answer came; the next plan shows whether it was done")
	r.outcomes(apply.OutcomeFailed, redder, "FAILED", "")
	r.outcomes(apply.OutcomePartly, redder, "PARTLY DONE", "")
	r.outcomes(apply.OutcomeStale, yellow, "STALE", "somebody else changed the object after the plan was made; nothing was written")
	r.outcomes(apply.OutcomeNotDone, yellow, "NOT DONE", "")
	r.outcomes(apply.OutcomeBlocked, yellow, "BLOCKED", "not carried out, as the plan said")
	r.unconfirmed(o.Unconfirmed)
	r.outcomes(apply.OutcomeDone, green, "DONE", "")
	r.end(o)
	return r.out.Flush()
}

// outcome is one rendering of a report.
type outcome struct {
	*page
	report *apply.Report
}

func (r *outcome) answer(o ApplyOptions) {
	n := r.report.Counts()
	var parts []safe
	for _, part := range []struct {
		n    int
		word safe
	}{
		{n.Unknown, "UNKNOWN"}, {n.Failed, "FAILED"}, {n.Partly, "partly done"}, {n.Stale, "stale"},
		{n.NotDone, "not done"}, {n.Blocked, "blocked"}, {len(o.Unconfirmed), "NOT CONFIRMED"},
	} {
		if part.n > 0 {
			parts = append(parts, safe(thousands(part.n))+" "+part.word)
		}
	}
	total := len(r.report.Changes)
	how := green
	t := r.text("Result: %s of %s done", n.Done, count(total, "change", "changes"))
	if len(parts) > 0 {
		how = redder
		t += ", " + join(parts, ", ")
	}
	if n.RefusedMembers > 0 {
		how = redder
		t += "; " + count(n.RefusedMembers, "member", "members") + " refused"
	}
	if total == 0 {
		t = "Result: nothing to do: the plan holds no change"
	}
	if o.Confirmed && len(o.Unconfirmed) == 0 && n.Done > 0 {
		t += "; what is done was read back and is as planned"
	}
	r.line(0, how, t+".")
}

func (r *outcome) stops() {
	for _, s := range r.report.Stops {
		t := safe("STOPPED: ")
		if s.Provider != "" {
			t = r.text("STOPPED at %s: ", s.Provider)
		}
		r.line(0, redder, t+r.text("%s.", strings.TrimRight(s.Detail, ".")))
	}
}

// outcomes writes the changes with one outcome.
func (r *outcome) outcomes(which apply.Outcome, how style, title, meaning safe) {
	var found []*apply.ChangeReport
	for i := range r.report.Changes {
		if c := &r.report.Changes[i]; c.Outcome == which {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return
	}
	slices.SortStableFunc(found, func(a, b *apply.ChangeReport) int {
		return cmp.Or(cmp.Compare(dangerOf(a.Change), dangerOf(b.Change)), cmp.Compare(typeOrder(a.Change), typeOrder(b.Change)), cmp.Compare(a.Change.Name, b.Change.Name))
	})
	if meaning != "" {
		meaning = ": " + meaning
	}
	r.heading(how, r.text("%s (%s)", title, len(found))+meaning)
	quiet := which == apply.OutcomeDone || which == apply.OutcomeBlocked
	shown := len(found)
	if (quiet || which == apply.OutcomeNotDone) && r.view != ViewFull && shown > 20 {
		shown = 10
	}
	for _, c := range found[:shown] {
		r.change(c, how, quiet)
	}
	if more := len(found) - shown; more > 0 {
		where := r.hint
		if which != apply.OutcomeDone {
			where = "in the next plan" // the journal holds what was sent
		}
		r.linef(2, "%s more: %s", more, where)
	}
}

func (r *outcome) change(c *apply.ChangeReport, how style, quiet bool) {
	t := r.subject(c.Change, r.doing(c.Change.Actions))
	if id := r.shortID(c.Change); id != "" {
		t = pad(t, headingColumn-2) + id
	}
	r.line(2, how, t)
	if len(c.Operations) == 0 && c.Cause != "" {
		r.prose(8, plain, "", c.Cause)
	}
	if quiet && r.view != ViewFull {
		return
	}
	if len(c.Operations) > 0 && allNotSent(c) {
		r.prose(8, plain, "", c.Cause)
		return
	}
	for _, o := range c.Operations {
		r.operation(o)
	}
}

// allNotSent reports whether one cause says it all.
func allNotSent(c *apply.ChangeReport) bool {
	for _, o := range c.Operations {
		if o.Status != apply.StatusNotDone || len(o.Result.Refused) > 0 {
			return false
		}
	}
	return true
}

// operation writes one operation: what, how it ended, and the server's words.
func (r *outcome) operation(o *apply.OperationReport) {
	t := r.work(o.Operation) + ": " + r.text("%s", strings.ReplaceAll(string(o.Status), "_", " "))
	if o.Result.Already > 0 {
		t += r.text(" (%s as planned before)", count(o.Result.Already, "member was", "members were"))
	}
	var trace []safe
	if o.Attempts > 1 {
		trace = append(trace, count(o.Attempts, "attempt", "attempts"))
	}
	if o.Result.Code != 0 && o.Status != apply.StatusDone {
		trace = append(trace, safe(fmt.Sprintf("code %d", o.Result.Code)))
	}
	if o.Result.RequestID != "" {
		trace = append(trace, r.text("request %s", o.Result.RequestID))
	}
	if len(trace) > 0 {
		t += " [" + join(trace, ", ") + "]"
	}
	r.line(6, plain, t)
	if o.Status != apply.StatusDone {
		r.prose(10, plain, "", o.Reason())
	}
	refused := o.Result.Refused
	shown := r.atMost(len(refused))
	for _, m := range refused[:shown] {
		sign := safe("- ")
		if m.Add {
			sign = "+ "
		}
		cause := "no reason given"
		if m.Err != nil {
			cause = m.Err.Error()
		}
		r.line(8, plain, sign+r.member(m.Member)+" refused: "+r.text("%s", cause))
	}
	if more := len(refused) - shown; more > 0 {
		r.linef(8, "%s more refused: %s", more, r.hint)
	}
}

// work says what an operation is.
func (r *outcome) work(o planner.Operation) safe {
	switch o.Verb {
	case planner.VerbMembers:
		return "members " + delta(len(o.Add), len(o.Remove))
	case planner.VerbUpdate:
		var attributes []safe
		for _, e := range o.Edits {
			attributes = append(attributes, r.text("%s", e.Attribute))
		}
		return "update " + join(attributes, ", ")
	case planner.VerbMove:
		return r.text("move to %s", o.DNAfter)
	default:
		return r.text("%s", string(o.Verb))
	}
}

// unconfirmed writes what was written while the directory shows something else.
func (r *outcome) unconfirmed(list []apply.Unconfirmed) {
	if len(list) == 0 {
		return
	}
	r.heading(redder, r.text("NOT CONFIRMED (%s): written, but the directory shows something else", len(list)))
	for _, u := range list {
		r.line(2, plain, "a new plan would:")
		pending := *u.Pending
		if pending.Members != nil {
			members := *pending.Members
			members.Skipped = nil // not of this run
			pending.Members = &members
		}
		r.object(&pending)
	}
}

func (r *outcome) end(o ApplyOptions) {
	r.blank()
	if o.Run != "" {
		r.linef(0, "Run %s", o.Run)
	}
	if o.Journal != "" {
		r.linef(0, "Journal %s", o.Journal)
	}
	if o.Next != "" {
		r.line(0, bold, r.text("Next: %s", o.Next))
	}
}
