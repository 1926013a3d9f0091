package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// at is a place in a file, with a link where there is one.
func (c *comment) at(file string, number int) safe {
	place := c.place(file, number)
	if link := c.o.Source.url(file, number); link != "" {
		return "[" + place + "](" + safe(link) + ")"
	}
	return place
}

// place joins a file and a line within one code span.
func (c *comment) place(file string, number int) safe {
	if number > 0 {
		file = fmt.Sprintf("%s:%d", file, number)
	}
	return c.text("%s", file)
}

// blockedChanges writes what is not carried out, outside of any fold.
func (c *comment) blockedChanges() {
	changes := c.tally.sorted(c.plan, true)
	if len(changes) == 0 {
		return
	}
	c.put("#### BLOCKED (%s): not carried out\n\n", len(changes))
	if c.rung.grave == grouped {
		c.byPlace(changes)
		return
	}
	c.listed += len(changes)
	groups := together(changes, false)
	if c.rung.grave == names { // without the words that tell them apart
		groups = groupBy(changes, func(one *planner.Change) string {
			return fmt.Sprintf("%q %q %q %q %q %q %d", one.Provider, one.ObjectType, one.Actions, one.Blocked.By, one.Blocked.Code, one.Blocked.File, one.Blocked.Line)
		})
	}
	for _, g := range groups {
		if c.full() {
			return
		}
		c.blockedGroup(g)
	}
	c.out.WriteByte('\n')
}

func (c *comment) blockedGroup(g []*planner.Change) {
	first, b := g[0], g[0].Blocked
	by := c.text("%s", cmp.Or(b.By, b.Code))
	if b.File != "" {
		by += " (" + c.at(b.File, b.Line) + ")"
	}
	if c.rung.grave == names {
		c.put("- **%s**, blocked by %s: %s\n", c.number(g), by, c.nameList(g))
		return
	}
	c.put("> [!CAUTION]\n> **BLOCKED: %s** by %s %s\n\n", c.number(g), by, b.Code)
	if cause := c.cause(first); cause != "" {
		c.put("Cause: %s.\n\n", cause)
	}
	if detail := c.block.proseLines(b.Detail); detail != "" {
		c.out.WriteString(fence("text", detail) + "\n")
	}
	if c.rung.grave == line {
		for _, one := range g {
			c.oneLine(one)
		}
		c.out.WriteByte('\n')
		return
	}
	if len(g) == 1 {
		c.object(first, true)
		return
	}
	var lines strings.Builder
	for _, one := range g {
		fmt.Fprintf(&lines, "! %s  %s\n", c.block.text("%s", name(cmp.Or(one.Name, one.Address))), c.block.where(one))
	}
	notes, number := noteNumbers(g)
	for _, n := range notes {
		lines.WriteString(c.block.noteLine(n, number[n], len(g)))
	}
	c.fold(c.element.text("%s", count(len(g), "object", "objects")), len(g) <= 8, fence("diff", lines.String())+c.why(first))
}

// number is what happens to how many objects, and in which directory.
func (c *comment) number(g []*planner.Change) safe {
	return c.word(c.tally.label[g[0].Provider]) + ": " + c.page.number(g)
}

func (c *comment) nameList(g []*planner.Change) safe {
	var list []safe
	for _, one := range g {
		list = append(list, c.text("%s", name(cmp.Or(one.Name, one.Address))))
	}
	return join(list, ", ")
}

// where is the DN of an object, as it is now if it exists.
func (p *printer) where(c *planner.Change) safe {
	switch {
	case c.DN.Before != nil:
		return p.text("%s", *c.DN.Before)
	case c.DN.After != nil:
		return p.text("%s", *c.DN.After)
	}
	return ""
}

// oneLine is a change without details.
func (c *comment) oneLine(one *planner.Change) {
	privileged := safe("")
	if one.Blocked == nil { // the heading above says the other thing
		privileged = standing(one)
	}
	c.put("- %s", c.subject(one, safe("**")+privileged+c.doing(one.Actions)+"**"))
	if where := c.where(one); where != "" {
		c.put(" %s", where)
	}
	for _, n := range one.Notes {
		if urgency(n) != plain {
			c.put(" %s", cut(n, 120))
		}
	}
	c.out.WriteByte('\n')
}

// changesAllowed writes what will be done, by cause if there is a base.
func (c *comment) changesAllowed() {
	changes := c.tally.sorted(c.plan, false)
	if len(changes) == 0 {
		return
	}
	for _, g := range c.byCause(changes) {
		c.put("#### %s (%s)\n\n", g.heading, len(g.changes))
		c.changesOf(g.changes)
	}
}

// changesOf writes changes, dangerous first.
func (c *comment) changesOf(changes []*planner.Change) {
	kinds := map[detail][]*planner.Change{}
	var low []*planner.Change
	for _, one := range changes {
		d := dangerOf(one)
		switch {
		case d == dangerPrivileged:
			kinds[c.rung.power] = append(kinds[c.rung.power], one)
		case d == dangerDelete:
			kinds[c.rung.grave] = append(kinds[c.rung.grave], one)
		case d <= dangerMove:
			kinds[c.rung.risky] = append(kinds[c.rung.risky], one)
		default:
			low = append(low, one)
		}
	}
	few := len(kinds[whole]) <= 10
	for _, one := range kinds[whole] {
		c.object(one, few)
	}
	for _, one := range kinds[line] {
		c.oneLine(one)
	}
	if g := kinds[names]; len(g) > 0 {
		for _, part := range alike(g) {
			c.put("- **%s**: %s\n", c.number(part), c.nameList(part))
		}
	}
	c.listed += len(kinds[whole]) + len(kinds[line]) + len(kinds[names])
	if g := kinds[grouped]; len(g) > 0 {
		c.byPlace(g)
	}
	c.lowChanges(low)
	c.out.WriteByte('\n')
}

// lowChanges writes what is not dangerous.
func (c *comment) lowChanges(changes []*planner.Change) {
	if len(changes) == 0 {
		return
	}
	switch c.rung.low {
	case whole:
		for _, one := range changes {
			if c.full() {
				return
			}
			c.object(one, false)
		}
		c.listed += len(changes)
	case grouped:
		c.byRule(changes)
	default:
		var parts []safe
		for _, g := range alike(changes) {
			parts = append(parts, c.number(g))
		}
		const most = 40
		more := safe("")
		if len(parts) > most {
			more = c.text(", and %s more kinds", len(parts)-most)
			parts = parts[:most]
		}
		c.put("\nNot dangerous: %s%s.\n", join(parts, ", "), more)
	}
}

// alike groups changes that do the same to objects of one type in one directory.
func alike(changes []*planner.Change) [][]*planner.Change {
	return groupBy(changes, func(c *planner.Change) string {
		return fmt.Sprintf("%q %q %q %t", c.Provider, c.ObjectType, c.Actions, c.Privileged != "")
	})
}

// groupBy groups changes by a key, the largest group first.
func groupBy(changes []*planner.Change, key func(*planner.Change) string) [][]*planner.Change {
	at := map[string]int{}
	var groups [][]*planner.Change
	for _, one := range changes {
		k := key(one)
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], one)
	}
	slices.SortStableFunc(groups, func(a, b []*planner.Change) int { return cmp.Compare(len(b), len(a)) })
	return groups
}

// byRule writes changes by the rules behind them, with counts and the first
// names.
func (c *comment) byRule(changes []*planner.Change) {
	groups := groupBy(changes, func(one *planner.Change) string {
		key := fmt.Sprintf("%q %q %q", one.Provider, one.ObjectType, one.Actions)
		for _, why := range decisions(one) {
			key += fmt.Sprintf(" %q", why.rule)
		}
		return key
	})
	for _, g := range groups {
		if c.full() {
			return
		}
		shown := min(len(g), 3)
		c.put("- %s: %s", c.number(g), c.nameList(g[:shown]))
		if more := len(g) - shown; more > 0 {
			c.put(" and %s more", more)
		}
		var rules []safe
		for _, why := range decisions(g[0]) {
			t := c.rule(why.rule)
			if why.file != "" {
				t += " (" + c.at(why.file, append(why.lines, 0)[0]) + ")"
			}
			rules = append(rules, t)
		}
		if len(rules) > 0 {
			c.put("; why: %s", join(rules, ", "))
		}
		c.out.WriteByte('\n')
		c.listed += shown
	}
}

// byPlace writes changes by the container of their objects, with counts.
func (c *comment) byPlace(changes []*planner.Change) {
	const longest = 300
	most := c.rung.places
	groups := groupBy(changes, func(one *planner.Change) string {
		by := planner.Blocked{}
		if one.Blocked != nil {
			by = *one.Blocked
		}
		return fmt.Sprintf("%q %q %q %q %q %q %t", one.Provider, one.ObjectType, one.Actions, by.Code, by.By, container(one), one.Privileged != "")
	})
	slices.SortStableFunc(groups, func(a, b []*planner.Change) int { // what is privileged first
		return cmp.Compare(min(dangerOf(a[0]), dangerDelete), min(dangerOf(b[0]), dangerDelete))
	})
	for _, g := range groups[:min(len(groups), most)] {
		c.put("- **%s**", c.number(g))
		if place := container(g[0]); place != "" {
			c.put(" in %s", cut(place, longest))
		}
		if b := g[0].Blocked; b != nil {
			c.put(", blocked by %s", cut(cmp.Or(b.By, b.Code), longest))
		}
		c.out.WriteByte('\n')
	}
	if len(groups) > most {
		rest := 0
		for _, g := range groups[most:] {
			rest += len(g)
		}
		c.put("- %s in %s\n", count(rest, "more change", "more changes"), count(len(groups)-most, "more group", "more groups"))
	}
	c.out.WriteByte('\n')
}

// container is where an object lies: where it is now, or where it will be.
func container(c *planner.Change) string {
	text := c.DN.Before
	if text == nil {
		text = c.DN.After
	}
	if text == nil {
		return ""
	}
	d, err := planner.ParseDN(*text)
	if err != nil {
		return ""
	}
	return d.Parent().String()
}

// cut keeps the first characters of a text, and says so.
func cut(s string, longest int) string {
	runes := []rune(s)
	if len(runes) <= longest {
		return s
	}
	return string(runes[:longest]) + "…"
}
