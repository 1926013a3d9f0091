package report

import (
	"cmp"
	"fmt"
	"slices"
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
	blocked := safe("")
	if one.Blocked != nil {
		blocked = "BLOCKED: "
	}
	title := c.element.text("%s %s", symbol, c.element.subject(one, "<b>"+blocked+c.element.doing(one.Actions)+"</b>"))
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
	for _, e := range c.Edits {
		if !showValues {
			row("  ", r.text("%s changes", e.Attribute))
			continue
		}
		v := values{r, schemaOf(r.tally.kind[c.Provider]), e}
		gone, come := difference(e.Before, e.After), difference(e.After, e.Before)
		label := r.text("%s: ", e.Attribute)
		r.deltaRows(row, len(gone), len(come), func(i int) safe { return label + v.show(gone[i]) }, func(i int) safe { return label + v.show(come[i]) })
	}
	if m := c.Members; m != nil {
		if len(m.Add)+len(m.Remove) > 0 {
			row("  ", r.text("%s now, %s, %s after", count(m.Before, "member", "members"), delta(len(m.Add), len(m.Remove)), m.After))
		}
		show := func(c planner.MemberChange) safe { return r.member(c) + "  " + r.reason(c.Reason) }
		r.deltaRows(row, len(m.Remove), len(m.Add), func(i int) safe { return show(m.Remove[i]) }, func(i int) safe { return show(m.Add[i]) })
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

// errorsFound writes the errors, outside of any fold.
func (c *comment) errorsFound() {
	found := c.findings("error")
	if len(found) == 0 {
		return
	}
	c.put("#### Errors (%s)\n\n", len(found))
	if c.rung.errors == grouped {
		c.byCode(found)
		return
	}
	for _, d := range found {
		if c.full() {
			return
		}
		c.diagnostic("Error", d, c.rung.errors == whole)
	}
}

// warnings writes the warnings, folded.
func (c *comment) warnings() {
	found := c.findings("warning")
	if len(found) == 0 {
		return
	}
	c.put("<details><summary>Warnings (%s)</summary>\n\n", len(found))
	written := map[string]int{}
	perCode := map[string]int{}
	for _, d := range found {
		perCode[d.Code]++
	}
	if c.rung.others == counted {
		c.byCode(found)
		found = nil
	}
	for _, d := range found {
		if c.full() {
			return
		}
		written[d.Code]++
		shown := c.atMost(perCode[d.Code])
		switch {
		case written[d.Code] <= shown:
			c.diagnostic("Warning", d, true)
		case written[d.Code] == perCode[d.Code]:
			c.put("%s with the code %s\n\n", count(perCode[d.Code]-shown, "more warning", "more warnings"), d.Code)
		}
	}
	c.out.WriteString("</details>\n\n")
}

func (c *comment) diagnostic(word safe, d planner.Diagnostic, full bool) {
	c.put("**%s**", word)
	if d.Code != "" {
		c.put(" %s", d.Code)
	}
	if d.File != "" {
		c.put(" (%s)", c.at(d.File, d.Line))
	}
	if full {
		c.out.WriteString("\n\n" + fence("text", string(c.block.text("%s", d.Summary))+"\n"+c.block.proseLines(d.Detail)) + "\n")
		return
	}
	detail, _, _ := strings.Cut(d.Detail, "\n")
	c.put(": %s %s\n\n", d.Summary, cut(detail, 200))
}

// byCode writes findings by code, with counts.
func (c *comment) byCode(found []planner.Diagnostic) {
	const most = 40
	groups := map[string][]planner.Diagnostic{}
	for _, d := range found {
		groups[d.Code] = append(groups[d.Code], d)
	}
	codes := byNumber(groups)
	for _, code := range codes[:min(len(codes), most)] {
		c.put("- %s: %s\n", cut(code, 100), len(groups[code]))
	}
	if more := len(codes) - most; more > 0 {
		c.put("- %s\n", count(more, "more code", "more codes"))
	}
	c.out.WriteByte('\n')
}

// lists writes what is left as it is, folded: members that were skipped, objects
// that are not written or frozen.
func (c *comment) lists() {
	p := c.plan
	if c.tally.skipped > 0 {
		var members []planner.SkippedMember
		for _, s := range c.block.skippingObjects() {
			members = append(members, s.members...)
		}
		var lines strings.Builder
		for _, g := range bySkipReason(members) {
			fmt.Fprintf(&lines, "%s\n", c.block.text("%s: %s", c.block.code(g.reason), len(g.members)))
		}
		if c.rung.others == whole {
			for _, s := range c.block.skippingObjects() {
				fmt.Fprintf(&lines, "%s\n", s.title)
				for _, m := range s.members[:c.atMost(len(s.members))] {
					fmt.Fprintf(&lines, "  %s  %s\n", c.block.text("%s", name(cmp.Or(m.Name, m.ID))), c.block.reason(m.Reason))
				}
				c.moreRows(&lines, len(s.members))
			}
		}
		c.fold(c.element.text("Skipped members (%s)", c.tally.skipped), false, fence("text", lines.String()))
	}
	if len(p.Withdrawn) > 0 {
		var lines strings.Builder
		shown := 0
		if c.rung.others == whole {
			shown = c.atMost(len(p.Withdrawn))
		}
		for _, w := range p.Withdrawn[:shown] {
			fmt.Fprintf(&lines, "%s\n", c.block.withdrawnLine(w))
		}
		if more := len(p.Withdrawn) - shown; more > 0 {
			fmt.Fprintf(&lines, "%s\n", c.block.text("%s more: %s", more, c.hint))
		}
		c.fold(c.element.text("Withdrawn (%s): the base would do it, this configuration does not", len(p.Withdrawn)), false, fence("text", lines.String()))
	}
	if len(p.NotWritten) > 0 {
		groups := map[string][]string{}
		for _, n := range p.NotWritten {
			groups[n.Reason] = append(groups[n.Reason], string(c.block.text("%s", name(cmp.Or(n.Name, n.ID)))))
		}
		c.listFold("Not written", len(p.NotWritten), groups)
	}
	if len(p.Frozen) > 0 {
		groups := map[string][]string{}
		for _, f := range p.Frozen {
			groups[f.Reason] = append(groups[f.Reason], string(c.block.text("%s", cmp.Or(f.DN, f.Address))))
		}
		c.listFold("Frozen, left as they are", len(p.Frozen), groups)
	}
}

// listFold writes rows by reason.
func (c *comment) listFold(title safe, n int, groups map[string][]string) {
	var lines strings.Builder
	for _, reason := range byNumber(groups) {
		rows := groups[reason]
		fmt.Fprintf(&lines, "%s\n", c.block.text("%s: %s", c.block.code(reason), len(rows)))
		if c.rung.others != whole {
			continue
		}
		for _, row := range slices.Clip(rows)[:c.atMost(len(rows))] {
			lines.WriteString("  " + row + "\n")
		}
		c.moreRows(&lines, len(rows))
	}
	c.fold(c.element.text("%s (%s)", title, n), false, fence("text", lines.String()))
}

func (c *comment) moreRows(lines *strings.Builder, n int) {
	if more := n - c.atMost(n); more > 0 {
		fmt.Fprintf(lines, "  %s\n", c.block.text("%s more: %s", more, c.hint))
	}
}
