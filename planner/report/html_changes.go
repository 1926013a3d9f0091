package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

type htmlChange struct {
	Class                                     string
	Open, Late, Stopped                       bool
	Symbol, Directory, Doing, Type, Name      string
	Alarms                                    []string
	Delta, ID, Cause                          string
	Actions, Kind, Rules, State               string // what the filters compare: numbers of their options
	Blocked                                   *htmlBlocked
	Notes                                     []htmlNote
	Address, At, From, To, AnchorWord, Anchor string
	When, Privileged                          string
	Edits                                     []htmlEdit
	Members                                   *htmlMembers
	Why                                       []htmlWhy
}

type htmlBlocked struct {
	By, Code string
	Place    htmlPlace
	Detail   []string
}

type htmlNote struct {
	Urgent bool
	Text   string
}

type htmlEdit struct {
	Attribute, Rule, When string
	Before, After         []htmlValue
	Place                 htmlPlace
}

// htmlValue is one value; Differs says that the other side lacks it.
type htmlValue struct {
	Text    string
	Differs bool
}

type htmlMembers struct {
	Caption string
	Rows    []htmlMember
}

type htmlMember struct{ Class, What, Name, Reason, DN string }

type htmlWhy struct {
	Rule, Facts string
	Place       htmlPlace
}

// facet numbers the options of a filter.
type facet map[string]int

func (f facet) number(option string) string {
	n, ok := f[option]
	if !ok {
		n = len(f)
		f[option] = n
	}
	return strconv.Itoa(n)
}

// names lists the options by number.
func (f facet) names(r *page) []string {
	out := make([]string, len(f))
	for option, n := range f {
		out[n] = r.show(option)
	}
	return out
}

// htmlChanges turns changes into what the template shows.
type htmlChanges struct {
	*page
	source                        Source
	room                          *room
	opened                        int
	actions, kinds, rules, causes facet
}

// few is how many of the gravest changes stand open from the start.
const few = 5

func (c *htmlChanges) change(one *planner.Change) htmlChange {
	symbol, _ := mark(one)
	label, kind := c.tally.label[one.Provider], objectType(one.ObjectType)
	h := htmlChange{
		Class: class(one), Symbol: string(symbol), Directory: c.show(label), Doing: string(c.doing(one.Actions)),
		Type: c.show(kind), Name: c.show(cmp.Or(one.Name, one.Address)), Address: c.show(one.Address),
		Kind: c.kinds.number(label + " " + kind), State: "o", Late: c.room.late(rowsOf(one)),
	}
	switch {
	case one.Blocked != nil:
		h.State, h.Stopped, h.Blocked = "b", true, c.htmlBlocked(one.Blocked)
	case dangerOf(one) < dangerNone:
		h.State = "d"
		h.Doing = string(standing(one)) + h.Doing
	}
	if cause := causeOf(one); cause != "" {
		h.Cause = string(c.cause(one))
		h.State += " " + c.causes.number(cause)
	}
	var numbers []string
	for _, a := range one.Actions {
		numbers = append(numbers, c.actions.number(string(a)))
	}
	h.Actions = strings.Join(numbers, " ")
	for _, n := range one.Notes {
		h.Notes = append(h.Notes, c.note(n))
		if a := alarm(n); a != "" && !strings.HasPrefix(string(standing(one)), a) {
			h.Alarms = append(h.Alarms, c.show(a))
		}
	}
	switch before, after := one.DN.Before, one.DN.After; {
	case before != nil && after != nil && *before != *after:
		h.From, h.To = c.show(*before), c.show(*after)
	case before != nil:
		h.At = c.show(*before)
	case after != nil:
		h.At = c.show(*after)
	}
	h.Privileged = c.show(one.Privileged)
	if one.Anchor != nil && *one.Anchor != "" {
		h.ID = string(c.shortID(one))
		h.AnchorWord, h.Anchor, _ = strings.Cut(h.ID, " ")
		h.ID = h.AnchorWord + " " + cut(h.Anchor, 8)
	}
	h.Edits = c.htmlEdits(one)
	h.When = string(c.placeWhen(one))
	h.Members = c.htmlMembers(one)
	if one.Members != nil {
		h.Delta = string(delta(len(one.Members.Add), len(one.Members.Remove)))
	}
	numbers = nil
	for _, why := range decisions(one) {
		numbers = append(numbers, c.rules.number(why.rule))
		if len(one.Edits) > 0 && !slices.ContainsFunc(why.facts, func(fact string) bool { return one.Reason != nil && slices.Contains(decided(one), fact) }) {
			continue // the table of attributes says it
		}
		place := htmlPlace{}
		if why.file != "" {
			place = c.htmlPlace(c.source, why.file, append(why.lines, 0)[0])
			place.Text = string(c.text("%s", why.file) + c.lines(why.lines))
		}
		h.Why = append(h.Why, htmlWhy{string(c.rule(why.rule)), string(c.facts(why.facts)), place})
	}
	h.Rules = strings.Join(numbers, " ")
	return h
}

func (c *htmlChanges) htmlBlocked(b *planner.Blocked) *htmlBlocked {
	return &htmlBlocked{c.show(cmp.Or(b.By, b.Code)), c.show(b.Code), c.htmlPlace(c.source, b.File, b.Line), c.prosed(b.Detail)}
}

func (c *htmlChanges) note(text string) htmlNote {
	return htmlNote{urgency(text) != plain, c.show(text)}
}

// alarm is what an urgent note begins with: SID LOST; "" for others.
func alarm(note string) string {
	const longest = 30
	words, _, found := strings.Cut(note, ":")
	if !found || urgency(note) == plain || words != strings.ToUpper(words) || len(words) > longest {
		return ""
	}
	return words
}

// class is the colour of a change; symbol and words say the same.
func class(c *planner.Change) string {
	switch {
	case c.Blocked != nil:
		return "blocked"
	case c.Privileged != "":
		return "power"
	case slices.Contains(c.Actions, planner.ActionDelete):
		return "del"
	case slices.Contains(c.Actions, planner.ActionCreate), slices.Contains(c.Actions, planner.ActionRestore):
		return "new"
	default:
		return "chg"
	}
}

func (c *htmlChanges) htmlEdits(one *planner.Change) []htmlEdit {
	edits := make([]htmlEdit, len(one.Edits))
	for i, e := range one.Edits {
		v := values{c.page, schemaOf(c.tally.kind[one.Provider]), e}
		edits[i] = htmlEdit{
			Attribute: cmp.Or(c.show(e.Attribute), `""`), Rule: string(c.rule(e.Reason.Rule)), Place: c.htmlPlace(c.source, e.Reason.File, e.Reason.Line),
			Before: v.list(e.Before, e.After), After: v.list(e.After, e.Before), When: string(c.editWhen(one, e)),
		}
	}
	return edits
}

// list is one side of an edit.
func (v values) list(data, other []planner.Datum) []htmlValue {
	in := map[planner.Datum]bool{}
	for _, d := range other {
		in[d] = true
	}
	var out []htmlValue
	for _, d := range data {
		out = append(out, htmlValue{string(v.show(d)), !in[d]})
	}
	return out
}

func (c *htmlChanges) htmlMembers(of *planner.Change) *htmlMembers {
	m := of.Members
	if m == nil || len(m.Add)+len(m.Remove)+len(m.Skipped) == 0 {
		return nil
	}
	h := &htmlMembers{Caption: string(c.text("Members: %s now, %s after", m.Before, m.After))}
	for _, one := range m.Remove {
		h.Rows = append(h.Rows, htmlMember{"remove", "- remove", string(c.member(one)), string(c.memberReason(of, one, false)), c.show(one.DN)})
	}
	for _, one := range m.Add {
		h.Rows = append(h.Rows, htmlMember{"add", "+ add", string(c.member(one)), string(c.memberReason(of, one, true)), c.show(one.DN)})
	}
	for _, one := range m.Skipped {
		h.Rows = append(h.Rows, htmlMember{"", "skipped", string(c.text("%s", name(cmp.Or(one.Name, one.ID)))), string(c.code(one.Reason)), ""})
	}
	return h
}
