package report

import (
	"fmt"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// fold writes something that can be opened. What stands in it is Markdown.
func (c *comment) fold(title safe, open bool, body string) {
	how := ""
	if open {
		how = " open"
	}
	fmt.Fprintf(&c.out, "<details%s><summary>%s</summary>\n\n%s\n</details>\n\n", how, title, body)
}

// object writes one change whole, as a difference.
func (c *comment) object(one *planner.Change, open bool) {
	symbol, _ := mark(one)
	title := c.element.text("%s %s", symbol, c.element.subject(one, "<b>"+standing(one)+c.element.doing(one.Actions)+"</b>"))
	if m := one.Members; m != nil && len(m.Add)+len(m.Remove) > 0 {
		title += c.element.text(", members %s (%s to %s)", delta(len(m.Add), len(m.Remove)), m.Before, m.After)
	}
	values := c.rung.values || one.Blocked != nil || dangerOf(one) <= dangerMove
	c.fold(title, open, fence("diff", c.block.diffLines(one, values))+c.why(one))
}

// diffLines is a change as lines of a difference: what goes begins with a minus,
// what comes with a plus, what is to be noticed with an exclamation mark.
func (r *page) diffLines(c *planner.Change, showValues bool) string {
	var b strings.Builder
	row := func(symbol string, t safe) { b.WriteString(strings.TrimRight(symbol+string(t), " ") + "\n") }
	for _, n := range c.Notes {
		b.WriteString(r.noteLine(n, 1, 1))
	}
	before, after := c.DN.Before, c.DN.After
	if before != nil && after != nil && *before == *after {
		row("  ", r.text("%s", *before))
	} else {
		if before != nil {
			row("- ", r.text("%s", *before))
		}
		if after != nil {
			row("+ ", r.text("%s", *after))
		}
	}
	if when := r.placeWhen(c); when != "" {
		row("  ", when)
	}
	for _, e := range c.Edits {
		if !showValues {
			row("  ", r.text("%s changes", e.Attribute))
			continue
		}
		v := values{r, schemaOf(r.tally.kind[c.Provider]), e}
		gone, come := difference(e.Before, e.After), difference(e.After, e.Before)
		label := r.text("%s: ", e.Attribute)
		r.deltaRows(row, len(gone), len(come), func(i int) safe { return label + v.show(gone[i]) }, func(i int) safe { return label + v.show(come[i]) })
		if when := r.editWhen(c, e); when != "" {
			row("  ", label+when)
		}
	}
	if m := c.Members; m != nil {
		if len(m.Add)+len(m.Remove) > 0 {
			row("  ", r.text("%s now, %s, %s after", count(m.Before, "member", "members"), delta(len(m.Add), len(m.Remove)), m.After))
		}
		show := func(m planner.MemberChange, add bool) safe { return r.member(m) + "  " + r.memberReason(c, m, add) }
		r.deltaRows(row, len(m.Remove), len(m.Add), func(i int) safe { return show(m.Remove[i], false) }, func(i int) safe { return show(m.Add[i], true) })
		for _, g := range bySkipReason(m.Skipped) {
			row("  ", r.text("skipped: %s %s", len(g.members), r.reason(g.reason)))
		}
	}
	return b.String()
}

// deltaRows writes what goes, then what comes, as many as fit the view.
func (r *page) deltaRows(row func(string, safe), gone, come int, goes, comes func(int) safe) {
	shown := r.atMost(gone + come)
	minus := min(gone, shown)
	for i := range minus {
		row("- ", goes(i))
	}
	plus := shown - minus
	for i := range plus {
		row("+ ", comes(i))
	}
	if more := gone + come - shown; more > 0 {
		row("  ", r.text("%s more (%s): %s", more, delta(come-plus, gone-minus), r.hint))
	}
}

// noteLine is a note, or one that several changes have, as lines that stand out.
func (r *page) noteLine(note string, number, of int) string {
	how := safe("")
	if of > 1 {
		how = r.text(" (%s of %s)", number, of)
	}
	symbol := "  "
	if urgency(note) != plain {
		symbol = "! "
	}
	var b strings.Builder
	for i, s := range sentences(note) {
		first := "  "
		if i == 0 {
			first = string("note" + how + ": ")
		}
		b.WriteString(symbol + first + string(r.text("%s", s)) + "\n")
	}
	return b.String()
}

// proseLines is prose, a sentence a line.
func (r *page) proseLines(text string) string {
	var b strings.Builder
	for _, s := range sentences(text) {
		b.WriteString(string(r.text("%s", s)) + "\n")
	}
	return b.String()
}

// why lists the rules behind a change, with links to their lines.
func (c *comment) why(one *planner.Change) string {
	var b strings.Builder
	found := decisions(one)
	for _, why := range found {
		b.WriteString("\n- why: " + string(c.rule(why.rule)))
		if why.file != "" {
			b.WriteString(" (" + string(c.atLines(why.file, why.lines)) + ")")
		}
		if len(found) > 1 {
			b.WriteString(" for " + string(c.facts(why.facts)))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return b.String() + "\n"
}

// atLines is a file with its lines, each a link where there are links.
func (c *comment) atLines(file string, lines []int) safe {
	if len(lines) == 0 {
		return c.at(file, 0)
	}
	shown := c.atMost(len(lines))
	parts := []safe{c.at(file, lines[0])}
	for _, n := range lines[1:shown] {
		t := safe(fmt.Sprintf(":%d", n))
		if link := c.o.Source.url(file, n); link != "" {
			t = "[" + t + "](" + safe(link) + ")"
		}
		parts = append(parts, t)
	}
	if more := len(lines) - shown; more > 0 {
		parts = append(parts, c.text("%s more", more))
	}
	return join(parts, ", ")
}
