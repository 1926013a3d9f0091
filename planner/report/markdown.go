package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// MarkdownOptions says how a plan becomes a comment on a pull request.
type MarkdownOptions struct {
	// MaxBytes is what the host takes: GitHub about 65,000, Azure DevOps
	// 150,000, GitLab 1,000,000, Bitbucket 32,000. 0: DefaultBytes.
	MaxBytes int
	// Target tells the comments of several configurations in one repository
	// apart; "" are the names of the providers.
	Target string
	Source Source
	// FullReport is the address of the whole report, for what a comment leaves
	// out.
	FullReport string
}

// The budget of a comment, and the least in which its counts have room.
const (
	DefaultBytes = 60_000
	LeastBytes   = 1_000
)

// Markdown writes the plan as a comment on a pull request. The first line is a
// hidden marker by which a pipeline finds its earlier comment. The comment fits
// its budget: see ladder. Untrusted text stands in code spans and code blocks
// only, where it mentions nobody and refers to nothing.
func Markdown(w io.Writer, p *planner.Plan, o MarkdownOptions) error {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultBytes
	}
	if o.MaxBytes < LeastBytes {
		return fmt.Errorf("a comment of %d bytes has no room for a plan; it needs %d", o.MaxBytes, LeastBytes)
	}
	t := newTally(p)
	for i, r := range ladder {
		if c := newComment(p, t, o, r); c.write(i) {
			_, err := io.WriteString(w, c.out.String())
			return err
		}
	}
	_, err := io.WriteString(w, newComment(p, t, o, ladder[len(ladder)-1]).least())
	return err
}

// detail is how much of a kind of change a comment shows.
type detail int

const (
	whole   detail = iota // each with everything
	line                  // each on one line
	names                 // each by its name
	grouped               // by place or rule, with counts
	counted               // one number
)

// rung is one step of the ladder.
type rung struct {
	view   View   // how long lists and values may be
	values bool   // show the values of changes that are not dangerous
	low    detail // changes that are not dangerous
	risky  detail // moves, restores and losses of the security bit
	grave  detail // deletes, and what is blocked
	power  detail // privileged objects
	errors detail
	others detail // warnings, skipped members, what is not written or frozen
	places int    // how many places grouped changes may have
}

// ladder is what a comment gives up, step by step, until it fits. What is blocked,
// every delete, every privileged object and every error are named as long as there
// is room for names; then deletes and what is blocked have their numbers by place,
// then errors theirs by code, and at last privileged objects, too. Nothing is ever
// cut in the middle.
var ladder = []rung{
	{view: ViewFull, values: true},
	{view: ViewFull},
	{view: ViewDefault},
	{view: ViewDefault, low: grouped},
	{view: ViewDefault, low: counted, others: counted},
	{view: ViewDefault, low: counted, others: counted, risky: line, grave: line, power: line},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: names, power: line, errors: line, places: 400},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: names, power: names, errors: line, places: 40},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: grouped, power: names, errors: line, places: 400},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: grouped, power: names, errors: line, places: 40},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: grouped, power: names, errors: grouped, places: 40},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: grouped, power: grouped, errors: grouped, places: 400},
	{view: ViewDefault, low: counted, others: counted, risky: grouped, grave: grouped, power: grouped, errors: grouped, places: 40},
}

// comment is one attempt at a comment.
type comment struct {
	*page         // for text outside of code blocks
	block   *page // for code blocks
	element *page // for HTML elements
	o       MarkdownOptions
	rung    rung
	out     strings.Builder
	listed  int // changes with a line of their own
}

func newComment(p *planner.Plan, t *tally, o MarkdownOptions, r rung) *comment {
	as := func(how dialect) *page {
		return &page{
			printer: &printer{out: bufio.NewWriter(io.Discard), how: how, width: defaultWidth},
			plan:    p, view: r.view, tally: t, hint: "in the full report",
		}
	}
	return &comment{page: as(markdown), block: as(terminal), element: as(summary), o: o, rung: r}
}

// full reports whether the comment is larger than its host takes, so that what
// follows need not be written.
func (c *comment) full() bool { return c.out.Len() > c.o.MaxBytes }

func (c *comment) put(format string, facts ...any) {
	c.out.WriteString(string(c.text(format, facts...)))
}

// write writes the comment and reports whether it fits.
func (c *comment) write(step int) bool {
	c.headline()
	c.errorsFound()
	c.blockedChanges()
	c.changesAllowed()
	c.lists()
	c.warnings()
	c.footer(step)
	return !c.full()
}

func (c *comment) headline() {
	p := c.plan
	c.put("%s\n%s\n", safe(c.marker()), safe("<!-- landfall:digest "+markerWord(p.Digest)+" -->"))
	a := c.answer()
	c.put("### %s landfall plan%s: %s\n\n", sign(a.how), c.target(), a.first)
	if a.second != "" {
		c.put("%s\n\n", a.second)
	}
	if causes := c.causes(); causes != "" {
		c.put("%s\n\n", causes)
	}
	if rows := c.grid(); len(rows) > 0 {
		c.row(columns)
		c.out.WriteString("|---" + strings.Repeat("|--:", len(columns)-1) + "|\n")
		for _, cells := range rows {
			c.row(cells)
		}
		c.out.WriteByte('\n')
	}
	var read []safe
	for _, d := range p.Providers {
		read = append(read, c.text("%s: %s, %s", d.Address, count(d.Objects, "object", "objects"), c.clock(d.ReadAt)))
	}
	if len(read) > 0 {
		c.put("Read: %s\n\n", join(read, " · "))
	}
	for _, u := range p.History {
		if gap := c.historyGap(u); gap != "" {
			c.put("%s: %s\n\n", gap, u.Detail)
		}
	}
	for _, l := range p.Accepted {
		c.put("**Accepted:** %s up to %s\n\n", l.Name, l.Count)
	}
	if part := p.Partial; part != nil {
		c.put("**PARTIAL PLAN:** %s.", c.leftOut(part))
		for _, a := range part.Only {
			c.put(" Only %s.", a)
		}
		for _, a := range part.Except {
			c.put(" Except %s.", a)
		}
		if shown := c.atMost(len(part.Needed)); shown > 0 {
			var needed []safe
			for _, a := range part.Needed[:shown] {
				needed = append(needed, c.text("%s", a))
			}
			if more := len(part.Needed) - shown; more > 0 {
				needed = append(needed, c.text("%s more", more))
			}
			c.put(" Kept, because others need them: %s.", join(needed, ", "))
		}
		c.out.WriteString("\n\n")
	}
}

func (c *comment) row(cells []string) {
	for _, cell := range cells {
		c.out.WriteString("| " + tableCell(cell) + " ")
	}
	c.out.WriteString("|\n")
}

// sign repeats the words beside it.
func sign(how style) safe {
	switch how {
	case redder, red:
		return "🛑"
	case yellow:
		return "⚠️"
	case green:
		return "✅"
	default:
		return "📋"
	}
}

// target names what the plan is of.
func (c *comment) target() safe {
	if c.o.Target != "" {
		return c.text(" of %s", c.o.Target)
	}
	if t := c.page.target(); t != "" {
		return " of " + t
	}
	return ""
}

// marker is the first line. Pipelines look for it to replace their comment.
func (c *comment) marker() string {
	target := c.o.Target
	for _, d := range c.plan.Providers {
		if c.o.Target == "" {
			target += " " + d.Address
		}
	}
	return "<!-- landfall:plan " + markerWord(strings.TrimSpace(target)) + " -->"
}

// markerWord is text that cannot end an HTML comment.
func markerWord(s string) string {
	const longest = 200
	word := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == ':', r == ' ', r == '/':
			return r
		}
		return '_'
	}, s)
	return word[:min(len(word), longest)]
}

func (c *comment) footer(step int) {
	if left := len(c.plan.Changes) - c.listed; left > 0 {
		c.put("**%s counted and not listed here**, to keep this comment below %s bytes", count(left, "change is", "changes are"), c.o.MaxBytes)
		c.fullReport(": see ")
	} else if step > 0 {
		c.put("Details are left out to keep this comment below %s bytes", c.o.MaxBytes)
		c.fullReport(": see ")
	}
	c.put("<sub>landfall %s · plan of %s · configuration %s · digest %s", c.plan.LandfallVersion, c.clock(c.plan.Created),
		shortDigest(c.plan.ConfigDigest), c.plan.Digest)
	if step == 0 && linkable(c.o.FullReport) != "" {
		c.put(" · %s", safe("[full report]("+linkable(c.o.FullReport)+")"))
	}
	c.out.WriteString("</sub>\n")
}

func (c *comment) fullReport(before safe) {
	if link := linkable(c.o.FullReport); link != "" {
		c.put("%s[the full report](%s)", before, safe(link))
	}
	c.out.WriteString(".\n\n")
}

// least is a comment without any text of the plan: for when nothing else fits.
func (c *comment) least() string {
	t := c.tally
	var b strings.Builder
	b.WriteString(c.marker() + "\n")
	fmt.Fprintf(&b, "### %s landfall plan: %s\n\n", sign(redder), count(len(c.plan.Changes), "change", "changes"))
	for _, n := range []struct {
		number int
		what   string
	}{
		{t.errors, "errors"}, {t.blocked, "changes blocked"}, {t.deletes, "deletes blocked"}, {t.privileged, "changes of privileged objects"}, {t.actions[planner.ActionDelete], "to delete"},
		{t.actions[planner.ActionCreate], "to create"}, {t.actions[planner.ActionRestore], "to restore"}, {t.actions[planner.ActionUpdate], "to update"},
		{t.actions[planner.ActionMove], "to move"}, {t.actions[planner.ActionRename], "to rename"}, {t.membersAdd, "members to add"},
		{t.membersRemove, "members to remove"}, {t.skipped, "members skipped"}, {t.warnings, "warnings"},
	} {
		fmt.Fprintf(&b, "- %s: %s\n", n.what, thousands(n.number))
	}
	b.WriteString("\nThe plan has no room in a comment of this size: see the full report.\n")
	return b.String()
}
