// Package report renders plans, and what became of them, for people.
//
// Every rendering is a pure function of the plan: it shows nothing that the plan
// does not say, and the same plan makes the same bytes. Counts are taken from
// the changes themselves. Everything in a plan is untrusted, because any user can
// name a group: nothing reaches the output without Escape.
package report

import (
	"cmp"
	"io"
	"maps"
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// View says how much is shown.
type View string

// The views. Summary: counts, what is blocked and what is dangerous. Default:
// every change, with long lists cut and the rest counted. Full: everything.
const (
	ViewSummary View = "summary"
	ViewDefault View = "default"
	ViewFull    View = "full"
)

// Views lists the views by name, for flags and their messages.
var Views = []View{ViewSummary, ViewDefault, ViewFull}

// TextOptions says how a plan becomes text.
type TextOptions struct {
	View    View   // empty: ViewDefault
	Color   bool   // repeat the words in colour
	ASCII   bool   // nothing beyond ASCII, in names either
	Width   int    // columns to fill with lists; names and DNs are never broken. 0: 100
	SavedTo string // the file the plan was saved to
	Next    string // what to do next: the last line
}

// Text writes the plan: the answer first, then what is dangerous, then the rest.
func Text(w io.Writer, p *planner.Plan, o TextOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	r := &page{printer: newPrinter(w, o), plan: p, view: o.View, tally: newTally(p), hint: "-view full"}
	r.head()
	r.result()
	if causes := r.causes(); causes != "" {
		r.line(0, plain, causes)
	}
	r.table()
	r.diagnostics("error")
	r.blocked()
	r.changes()
	r.withdrawn()
	r.skipped()
	r.notWritten()
	r.frozen()
	r.diagnostics("warning")
	r.foot(o)
	return r.out.Flush()
}

// page is one rendering.
type page struct {
	*printer
	plan  *planner.Plan
	view  View
	tally *tally
	hint  string // where the rest of a list is
}

// atMost is how many of n items are shown: all of a few, else the first ones, so
// that a cut always saves lines. The full view shows everything.
func (r *page) atMost(n int) int {
	if r.view == ViewFull || n <= 8 {
		return n
	}
	return 5
}

func (r *page) head() {
	p := r.plan
	r.line(0, bold, r.text("landfall %s plan of %s, configuration %s", p.LandfallVersion, r.clock(p.Created), shortDigest(p.ConfigDigest)))
	for _, d := range p.Providers {
		how := ""
		if d.Refresh != "" {
			how = " (" + d.Refresh + ")"
		}
		r.linef(2, "%s: %s read %s%s", d.Address, count(d.Objects, "object", "objects"), r.clock(d.ReadAt), how)
	}
	for _, u := range p.History {
		if gap := r.historyGap(u); gap != "" {
			r.prose(2, plain, gap+": ", u.Detail)
		}
	}
	if len(p.Accepted) > 0 {
		var limits []safe
		for _, a := range p.Accepted {
			limits = append(limits, r.text("%s up to %s", a.Name, a.Count))
		}
		r.line(2, yellow, "accepted: "+join(limits, ", "))
	}
	if p.Partial != nil {
		r.partial(p.Partial)
	}
	r.blank()
}

func (r *page) partial(part *planner.Partial) {
	r.blank()
	r.line(0, redder, "PARTIAL PLAN: "+r.leftOut(part)+".")
	for _, a := range part.Only {
		r.linef(2, "only   %s", a)
	}
	for _, a := range part.Except {
		r.linef(2, "except %s", a)
	}
	shown := r.atMost(len(part.Needed))
	for _, a := range part.Needed[:shown] {
		r.linef(2, "kept, because others need it: %s", a)
	}
	if more := len(part.Needed) - shown; more > 0 {
		r.linef(2, "%s more kept: %s", more, r.hint)
	}
}

// leftOut says how many changes a partial plan leaves out, and how many have each
// action.
func (r *page) leftOut(part *planner.Partial) safe {
	t := count(part.LeftOut, "change is", "changes are") + " left out"
	var kinds []safe
	for _, a := range slices.SortedFunc(maps.Keys(part.LeftOutActions), byDoing) {
		kinds = append(kinds, r.text("%s %s", r.word(string(a)), part.LeftOutActions[a]))
	}
	if len(kinds) == 0 {
		return t
	}
	return t + " (" + join(kinds, ", ") + ")"
}

// byDoing orders actions as changes list them; what is not known comes last.
func byDoing(x, y planner.Action) int {
	order := []planner.Action{
		planner.ActionCreate, planner.ActionRestore, planner.ActionMove, planner.ActionRename, planner.ActionUpdate, planner.ActionMembers, planner.ActionDelete,
	}
	rank := func(a planner.Action) int {
		if i := slices.Index(order, a); i >= 0 {
			return i
		}
		return len(order)
	}
	return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x, y))
}

func (r *page) foot(o TextOptions) {
	t := r.tally
	r.blank()
	if len(r.plan.Changes) > 0 {
		members := safe("members unchanged")
		if t.membersAdd+t.membersRemove > 0 {
			members = "members " + delta(t.membersAdd, t.membersRemove)
		}
		r.line(0, bold, r.text("Plan: %s to create, %s to restore, %s to update, %s to move, %s to rename, %s to delete; %s; %s blocked.",
			t.actions[planner.ActionCreate], t.actions[planner.ActionRestore], t.actions[planner.ActionUpdate],
			t.actions[planner.ActionMove], t.actions[planner.ActionRename], t.actions[planner.ActionDelete], members, t.blocked))
	}
	if r.plan.Digest != "" {
		r.linef(0, "Digest %s", r.plan.Digest)
	}
	if o.SavedTo != "" {
		r.linef(0, "Saved to %s", o.SavedTo)
	}
	if o.Next != "" {
		r.line(0, bold, r.text("Next: %s", o.Next))
	}
}

// shortDigest keeps what people compare by eye.
func shortDigest(d string) string {
	const keep = len("sha256:") + 12
	if len(d) > keep && plainASCII(d) {
		return d[:keep]
	}
	return d
}
