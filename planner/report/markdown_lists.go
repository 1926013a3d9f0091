package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

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
	if len(p.Guards) > 0 && c.rung.others == whole {
		var lines strings.Builder
		for _, u := range p.Guards {
			fmt.Fprintf(&lines, "%s\n", c.block.text("%s: %s: %s", u.Guard, c.block.guardText(u), verdict(u)))
		}
		c.fold(c.element.text("Limits (%s)", len(p.Guards)), false, fence("text", lines.String()))
	}
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
