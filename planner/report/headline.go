package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/planner"
)

// answer is what a plan comes to, in two sentences; the second may be empty.
type answer struct {
	how           style
	first, second safe
}

// result writes the answer, on one line if that is wide enough.
func (r *page) result() {
	a := r.answer()
	a.first = "Result: " + a.first
	if a.second != "" && len(a.first)+1+len(a.second) <= r.width {
		r.line(0, a.how, a.first+" "+a.second)
		return
	}
	r.line(0, a.how, a.first)
	if a.second != "" {
		r.line(0, a.how, a.second)
	}
}

// answer is the outcome, and says first if no name in the plan is a real one.
func (r *page) answer() answer {
	a := r.outcome()
	if r.plan.Pseudonymised() {
		a.first = "PSEUDONYMISED, no name here is a real one: " + a.first
		if a.how == green {
			a.how = yellow
		}
	}
	return a
}

func (r *page) outcome() answer {
	t, p := r.tally, r.plan
	var parts []safe
	if p.Revert != nil {
		parts = append(parts, r.text("takes back run %s", p.Revert.Run))
	}
	if t.allowed > 0 {
		parts = append(parts, count(t.allowed, "object", "objects")+" to change")
	}
	if t.privileged > 0 {
		parts = append(parts, safe(thousands(t.privileged))+" of them PRIVILEGED")
	}
	switch {
	case t.blocked == 0:
	case t.blocked == t.deletes:
		parts = append(parts, count(t.blocked, "delete", "deletes")+" BLOCKED")
	case t.deletes > 0:
		parts = append(parts, count(t.blocked, "change", "changes")+" BLOCKED ("+count(t.deletes, "delete", "deletes")+")")
	default:
		parts = append(parts, count(t.blocked, "change", "changes")+" BLOCKED")
	}
	if t.errors > 0 {
		parts = append(parts, count(t.errors, "ERROR", "ERRORS"))
	}
	if t.skipped > 0 {
		parts = append(parts, count(t.skipped, "member", "members")+" skipped")
	}
	if n := len(p.NotWritten); n > 0 {
		parts = append(parts, count(n, "object", "objects")+" not written")
	}
	if n := len(p.Frozen); n > 0 {
		parts = append(parts, count(n, "object", "objects")+" frozen")
	}
	if t.allowed+t.blocked == 0 {
		return r.noChange(parts)
	}
	how := bold
	if t.blocked+t.errors+t.privileged+len(r.unread()) > 0 {
		how = redder
	}
	return answer{how, "" + join(parts, ", ") + ".", r.rest()}
}

// rest says what the plan means for everything it does not name.
func (r *page) rest() safe {
	unread := r.unread()
	switch {
	case len(unread) > 0:
		return "0 objects were read from " + enumerate(unread) + ": what this plan says of it may be wrong."
	case r.tally.errors > 0:
		return "Because of the errors the plan is not complete."
	case r.plan.Partial != nil:
		return "This is a part; the rest is left out."
	case r.plan.Revert != nil:
		return r.pastRun()
	default:
		return "Nothing else differs."
	}
}

// pastRun says what is known of the run that the plan takes back.
func (r *page) pastRun() safe {
	run := r.plan.Revert
	return r.text("The run of %s by %s carried out %s; %s back already.", r.clock(run.Started), run.Who,
		count(run.Operations, "operation", "operations"), count(run.Already, "is", "are"))
}

// noChange says what was looked at. A plan over nothing must not look as if all
// were well.
func (r *page) noChange(listed []safe) answer {
	t, p := r.tally, r.plan
	below := safe("")
	if len(listed) > 0 {
		below = "Listed below: " + join(listed, ", ") + "."
	}
	read := count(t.objects, "object was", "objects were") + " read"
	unread := r.unread()
	switch {
	case len(p.Providers) == 0:
		return answer{redder, "NOTHING WAS CHECKED. This plan read no directory.", below}
	case len(unread) > 0:
		return answer{redder, "NOTHING WAS CHECKED in " + enumerate(unread) + ": 0 objects were read there. This is no sign that nothing differs.", below}
	case t.errors > 0:
		return answer{redder, "no changes. " + r.rest(), below}
	case p.Revert != nil:
		return answer{yellow, r.text("nothing is left to take back of run %s.", p.Revert.Run), r.rest()}
	case p.Partial != nil:
		return answer{yellow, "no changes in this part. " + read + ".", below}
	case t.warnings > 0:
		return answer{yellow, "No changes. " + read + ", and what the files declare is what the directories hold, but see the warnings.", below}
	default:
		return answer{green, "No changes. " + read + ", and what the files declare is what the directories hold.", below}
	}
}

// unread lists the providers that gave no object at all.
func (r *page) unread() []safe {
	var out []safe
	for _, d := range r.plan.Providers {
		if d.Objects == 0 {
			out = append(out, r.text("%s", d.Address))
		}
	}
	return out
}

// target names the providers, for titles.
func (r *page) target() safe {
	var words []safe
	for _, d := range r.plan.Providers {
		words = append(words, r.text("%s", d.Address[strings.LastIndexByte(d.Address, '.')+1:]))
	}
	return enumerate(words)
}

// columns are the heads of the table; they are always the same ones.
var columns = []string{"", "create", "restore", "update", "move", "rename", "members", "delete", "blocked"}

// grid counts changes by object type, a row for each, without the heads.
func (r *page) grid() [][]string {
	var grid [][]string
	for _, w := range r.tally.rows {
		grid = append(grid, []string{
			string(r.word(w.label)),
			cell(w.actions[planner.ActionCreate]), cell(w.actions[planner.ActionRestore]), cell(w.actions[planner.ActionUpdate]),
			cell(w.actions[planner.ActionMove]), cell(w.actions[planner.ActionRename]), orDash(string(delta(w.membersAdd, w.membersRemove))),
			cell(w.actions[planner.ActionDelete]), cell(w.blocked),
		})
	}
	return grid
}

// table writes the grid.
func (r *page) table() {
	if len(r.tally.rows) == 0 {
		return
	}
	r.blank()
	grid := append([][]string{columns}, r.grid()...)
	widths := make([]int, len(columns))
	for _, cells := range grid {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, cells := range grid {
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s", widths[0], cells[0])
		for i, c := range cells[1:] {
			fmt.Fprintf(&b, "  %*s", widths[i+1], c)
		}
		how := plain
		if n == 0 {
			how = bold
		}
		r.line(2, how, safe(b.String()))
	}
}

func cell(n int) string {
	if n == 0 {
		return "-"
	}
	return thousands(n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// delta writes a set delta: +3 -2; empty when there is none.
func delta(add, remove int) safe {
	var parts []safe
	if add > 0 {
		parts = append(parts, safe("+"+thousands(add)))
	}
	if remove > 0 {
		parts = append(parts, safe("-"+thousands(remove)))
	}
	return join(parts, " ")
}
