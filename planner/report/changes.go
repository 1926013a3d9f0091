package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

const headingColumn = 64

var verbs = map[planner.Action]safe{
	planner.ActionCreate:  "create",
	planner.ActionRestore: "restore",
	planner.ActionMove:    "move",
	planner.ActionRename:  "rename",
	planner.ActionUpdate:  "update",
	planner.ActionMembers: "change members of",
	planner.ActionDelete:  "delete",
}

// doing says what happens to an object: "move and update". A new object gets its
// members as a part of being made.
func (p *printer) doing(actions []planner.Action) safe {
	var words []safe
	for _, a := range actions {
		if a == planner.ActionMembers && slices.Contains(actions, planner.ActionCreate) {
			continue
		}
		w, known := verbs[a]
		if !known {
			w = p.text("%s", string(a))
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return "no action on"
	}
	return enumerate(words)
}

// mark is the symbol and the colour of a change; the words beside it say the same.
func mark(c *planner.Change) (safe, style) {
	switch {
	case c.Blocked != nil:
		return "!", redder
	case slices.Contains(c.Actions, planner.ActionDelete):
		return "-", red
	case slices.Contains(c.Actions, planner.ActionCreate), slices.Contains(c.Actions, planner.ActionRestore):
		return "+", green
	default:
		return "~", yellow
	}
}

// title is the heading of a change: symbol, directory, words, name, short id.
func (r *page) title(c *planner.Change) {
	symbol, how := mark(c)
	if c.Privileged != "" {
		how = redder
	}
	t := symbol + " " + r.subject(c, standing(c)+r.doing(c.Actions))
	if id := r.shortID(c); id != "" {
		t = pad(t, headingColumn) + id
	}
	r.line(2, how, t)
}

// standing says of a change what must not be missed before it is said what it does.
func standing(c *planner.Change) safe {
	switch {
	case c.Blocked != nil:
		return "BLOCKED: "
	case c.Privileged != "":
		return "PRIVILEGED: "
	}
	return ""
}

// subject is: directory, what happens, type, name.
func (r *page) subject(c *planner.Change, doing safe) safe {
	return r.text("%s: %s %s %s", r.word(r.tally.label[c.Provider]), doing, r.word(objectType(c.ObjectType)), name(cmp.Or(c.Name, c.Address)))
}

func (r *page) shortID(c *planner.Change) safe {
	if c.Anchor == nil || *c.Anchor == "" {
		return ""
	}
	id := *c.Anchor
	if len(id) > 8 && plainASCII(id) && r.view != ViewFull {
		id = id[:8]
	}
	word := "id"
	if r.tally.kind[c.Provider] == planner.KindAD {
		word = "guid"
	}
	return r.text("%s %s", word, id)
}

// blocked writes what would be done if nothing stood in its way. Changes that
// are stopped by one and the same limit stand together.
func (r *page) blocked() {
	changes := r.tally.sorted(r.plan, true)
	if len(changes) == 0 {
		return
	}
	r.heading(redder, r.text("BLOCKED (%s): not carried out", len(changes)))
	for i, g := range together(changes, r.view == ViewFull) {
		if i > 0 {
			r.blank()
		}
		if len(g) > 1 {
			r.blockedTogether(g)
		} else {
			r.object(g[0])
		}
	}
}

// together groups blocked changes that do the same and are stopped by the same
// limit, in the order in which they stand; if alone is set, each is by itself.
func together(changes []*planner.Change, alone bool) [][]*planner.Change {
	type limit struct {
		provider, objectType, actions string
		by                            planner.Blocked
		cause                         string
		alone                         int
	}
	at := map[limit]int{}
	var groups [][]*planner.Change
	for i, c := range changes {
		key := limit{c.Provider, c.ObjectType, fmt.Sprintf("%q", c.Actions), *c.Blocked, causeOf(c), 0}
		if alone {
			key.alone = i
		}
		n, ok := at[key]
		if !ok {
			n = len(groups)
			at[key] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], c)
	}
	return groups
}

// number is what happens to how many objects: delete 37 groups.
func (r *page) number(changes []*planner.Change) safe {
	c := changes[0]
	kind := r.word(objectType(c.ObjectType))
	if len(changes) != 1 {
		kind += "s"
	}
	if c.Blocked == nil && c.Privileged != "" {
		kind = "PRIVILEGED " + kind
	}
	return r.text("%s %s %s", r.doing(c.Actions), len(changes), kind)
}

func (r *page) blockedTogether(changes []*planner.Change) {
	c := changes[0]
	_, how := mark(c)
	r.line(2, how, r.text("! %s: BLOCKED: %s", r.word(r.tally.label[c.Provider]), r.number(changes)))
	r.why(c.Blocked)
	r.blockedCause(c)
	shown := r.atMost(len(changes))
	for _, one := range changes[:shown] {
		r.line(6, plain, pad(r.text("%s", name(cmp.Or(one.Name, one.Address))), headingColumn-4)+r.shortID(one))
	}
	if more := len(changes) - shown; more > 0 {
		r.linef(6, "%s more: %s", more, r.hint)
	}
	r.notes(changes)
	r.reasons(c)
}

// blockedCause says whose doing a blocked change is; the others stand under a
// heading that does.
func (r *page) blockedCause(c *planner.Change) {
	if cause := r.cause(c); cause != "" {
		r.line(6, plain, "cause: "+cause)
	}
}

// why says what blocks a change.
func (r *page) why(b *planner.Blocked) {
	at := safe("")
	if b.File != "" {
		at = " (" + r.place(b.File, b.Line) + ")"
	}
	r.line(6, redder, r.text("blocked by %s%s [%s]", cmp.Or(b.By, b.Code), at, b.Code))
	r.prose(8, plain, "", b.Detail)
}

func (p *printer) place(file string, line int) safe {
	if line <= 0 {
		return p.text("%s", file)
	}
	return p.text("%s", file) + safe(fmt.Sprintf(":%d", line))
}

// changes writes what will be done.
func (r *page) changes() {
	changes := r.tally.sorted(r.plan, false)
	if len(changes) == 0 {
		return
	}
	for _, g := range r.byCause(changes) {
		r.heading(bold, r.text("%s (%s)", capitals(g.heading), len(g.changes)))
		if r.view == ViewSummary {
			r.dangerous(g.changes)
			continue
		}
		r.objects(g.changes)
	}
}

// A plan of thousands of changes is read by its headings: the default view shows
// as many changes whole, and as many more by their titles. What is dangerous is
// always shown whole; the full view shows everything.
const (
	wholeChanges  = 100
	titledChanges = 1000
)

func (r *page) objects(changes []*planner.Change) {
	shown := 0
	for i, c := range changes {
		if r.view == ViewDefault && dangerOf(c) > dangerRestore {
			shown++
		}
		switch {
		case shown > titledChanges:
			r.linef(2, "%s: %s shows them", count(len(changes)-i, "more change", "more changes"), r.hint)
			return
		case shown > wholeChanges:
			if shown == wholeChanges+1 {
				r.blank()
				r.linef(2, "From here on by their titles; %s shows what changes.", r.hint)
			}
			r.title(c)
		default:
			if i > 0 {
				r.blank()
			}
			r.object(c)
		}
	}
}

// dangerous writes the titles of what is dangerous, and counts the rest.
func (r *page) dangerous(changes []*planner.Change) {
	others := 0
	for _, c := range changes {
		if dangerOf(c) > dangerRestore {
			others++
			continue
		}
		r.title(c)
		r.notes([]*planner.Change{c})
	}
	if others == 0 {
		return
	}
	less := safe("")
	if others < len(changes) {
		less = "less dangerous "
	}
	r.line(2, plain, count(others, string(less+"change"), string(less+"changes"))+": -view default shows them")
}

// object writes one change whole.
func (r *page) object(c *planner.Change) {
	r.title(c)
	if c.Blocked != nil {
		r.why(c.Blocked)
		r.blockedCause(c)
	}
	r.notes([]*planner.Change{c})
	if r.view == ViewFull {
		r.linef(6, "address %s", c.Address)
	}
	r.names(c)
	if when := r.placeWhen(c); when != "" {
		r.line(6, plain, "      "+when)
	}
	r.edits(c)
	if c.Members != nil {
		r.members(c)
	}
	r.reasons(c)
}

// noteNumbers lists the notes of several changes, each once, with how many
// changes have it.
func noteNumbers(changes []*planner.Change) (order []string, number map[string]int) {
	number = map[string]int{}
	for _, c := range changes {
		for _, n := range c.Notes {
			if number[n] == 0 {
				order = append(order, n)
			}
			number[n]++
		}
	}
	return order, number
}

// notes writes the notes of one change, or of several, each text once.
func (r *page) notes(changes []*planner.Change) {
	order, number := noteNumbers(changes)
	shown := r.atMost(len(order))
	for _, n := range order[:shown] {
		of := safe("")
		if len(changes) > 1 {
			of = r.text(" (%s of %s)", number[n], len(changes))
		}
		r.prose(6, urgency(n), r.text("note%s: ", of), n)
	}
	if more := len(order) - shown; more > 0 {
		r.linef(6, "%s: %s", count(more, "more note", "more notes"), r.hint)
	}
}

// urgency colours notes that begin with a word in capitals ("SID LOST").
func urgency(note string) style {
	word, _, _ := strings.Cut(note, " ")
	if len(word) > 1 && word == strings.ToUpper(word) && word != strings.ToLower(word) {
		return red
	}
	return plain
}

// names writes where an object is and where it will be.
func (r *page) names(c *planner.Change) {
	before, after := c.DN.Before, c.DN.After
	switch {
	case before != nil && after != nil && *before != *after:
		r.linef(6, "from  %s", *before)
		r.linef(6, "to    %s", *after)
	case before == nil && after != nil:
		r.linef(6, "at    %s", *after)
	case before != nil && (after == nil || c.Blocked != nil || r.view == ViewFull):
		r.linef(6, "at    %s", *before)
	}
}

// decision is what one rule in one file says about a change.
type decision struct {
	rule, file string
	precedence int
	lines      []int
	facts      []string // what it decides: attributes, and actions that are no edits
}

// decisions lists the rules behind a change.
func decisions(c *planner.Change) []decision {
	type source struct{ rule, file string }
	at := map[source]int{}
	var found []decision
	add := func(why planner.Reason, facts ...string) {
		s := source{why.Rule, why.File}
		i, ok := at[s]
		if !ok {
			i = len(found)
			at[s] = i
			found = append(found, decision{rule: why.Rule, file: why.File, precedence: why.Precedence})
		}
		if why.Line > 0 {
			found[i].lines = append(found[i].lines, why.Line)
		}
		found[i].facts = append(found[i].facts, facts...)
	}
	if c.Reason != nil {
		add(*c.Reason, decided(c)...)
	}
	for _, e := range c.Edits {
		add(e.Reason, e.Attribute)
	}
	for i := range found {
		slices.Sort(found[i].lines)
		found[i].lines = slices.Compact(found[i].lines)
	}
	return found
}

// reasons writes one line for each rule and file: its lines, and, where there
// are several, what each rule decided.
func (r *page) reasons(c *planner.Change) {
	found := decisions(c)
	for _, why := range found {
		t := "why: " + r.rule(why.rule)
		if r.view == ViewFull && why.precedence > 0 {
			t += safe(fmt.Sprintf(", precedence %d", why.precedence))
		}
		if why.file != "" {
			t += " (" + r.text("%s", why.file) + r.lines(why.lines) + ")"
		}
		if len(found) > 1 {
			t += " for " + r.facts(why.facts)
		}
		r.line(6, plain, t)
	}
}

// facts lists what a rule decided.
func (r *page) facts(facts []string) safe {
	shown := r.atMost(len(facts))
	var words []safe
	for _, f := range facts[:shown] {
		words = append(words, r.text("%s", f))
	}
	if more := len(facts) - shown; more > 0 {
		words = append(words, r.text("%s more", more))
	}
	return join(words, ", ")
}

// decided says what the reason of a change, rather than of an edit, is about.
func decided(c *planner.Change) []string {
	var words []string
	for _, a := range c.Actions {
		if a != planner.ActionUpdate {
			words = append(words, string(a))
		}
	}
	if len(words) == 0 {
		return []string{"the change"}
	}
	return words
}

// rule names a rule; blocks with an address of their own need no quotes.
func (p *printer) rule(rule string) safe {
	kind, _, dotted := strings.Cut(rule, ".")
	if dotted && (kind == "writeback" || kind == "ou_mapping") && !strings.ContainsAny(rule, " \"") {
		return p.text("%s", rule)
	}
	return p.text("rule %s", name(rule))
}

// lines writes line numbers: ":31, :45".
func (r *page) lines(numbers []int) safe {
	shown := r.atMost(len(numbers))
	var parts []safe
	for _, n := range numbers[:shown] {
		parts = append(parts, safe(fmt.Sprintf(":%d", n)))
	}
	if more := len(numbers) - shown; more > 0 {
		parts = append(parts, r.text("%s more", more))
	}
	return join(parts, ", ")
}
