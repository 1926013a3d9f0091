package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/planner"
)

// result writes the answer.
func (r *page) result() {
	t, p := r.tally, r.plan
	var parts []safe
	if t.allowed > 0 {
		parts = append(parts, count(t.allowed, "object", "objects")+" to change")
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
		r.noChange(parts)
		return
	}
	how := bold
	if t.blocked+t.errors+len(r.unread()) > 0 {
		how = redder
	}
	r.answer(how, "Result: "+join(parts, ", ")+".", r.rest())
}

// answer writes two sentences, on one line if that is wide enough.
func (p *printer) answer(how style, first, second safe) {
	if second != "" && len(first)+1+len(second) <= p.width {
		p.line(0, how, first+" "+second)
		return
	}
	p.line(0, how, first)
	if second != "" {
		p.line(0, how, second)
	}
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
	default:
		return "Nothing else differs."
	}
}

// noChange says what was looked at. A plan over nothing must not look as if all
// were well.
func (r *page) noChange(listed []safe) {
	t, p := r.tally, r.plan
	below := safe("")
	if len(listed) > 0 {
		below = "Listed below: " + join(listed, ", ") + "."
	}
	read := count(t.objects, "object was", "objects were") + " read"
	unread := r.unread()
	switch {
	case len(p.Providers) == 0:
		r.answer(redder, "Result: NOTHING WAS CHECKED. This plan read no directory.", below)
	case len(unread) > 0:
		r.answer(redder, "Result: NOTHING WAS CHECKED in "+enumerate(unread)+": 0 objects were read there. This is no sign that nothing differs.", below)
	case t.errors > 0:
		r.answer(redder, "Result: no changes. "+r.rest(), below)
	case p.Partial != nil:
		r.answer(yellow, "Result: no changes in this part. "+read+".", below)
	case t.warnings > 0:
		r.answer(yellow, "Result: No changes. "+read+", and what the files declare is what the directories hold, but see the warnings.", below)
	default:
		r.answer(green, "Result: No changes. "+read+", and what the files declare is what the directories hold.", below)
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

// table counts changes by object type. The columns are always the same ones.
func (r *page) table() {
	if len(r.tally.rows) == 0 {
		return
	}
	r.blank()
	head := []string{"", "create", "restore", "update", "move", "rename", "members", "delete", "blocked"}
	grid := [][]string{head}
	for _, w := range r.tally.rows {
		members := string(delta(w.membersAdd, w.membersRemove))
		grid = append(grid, []string{
			escape(w.label, r.ascii),
			cell(w.actions[planner.ActionCreate]), cell(w.actions[planner.ActionRestore]), cell(w.actions[planner.ActionUpdate]),
			cell(w.actions[planner.ActionMove]), cell(w.actions[planner.ActionRename]), orDash(members),
			cell(w.actions[planner.ActionDelete]), cell(w.blocked),
		})
	}
	widths := make([]int, len(head))
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
