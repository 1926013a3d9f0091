package report

import (
	"cmp"
	"io"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
)

// Explanation writes the story of an object, in the order in which it happens.
func Explanation(w io.Writer, e *planner.Explanation, o TextOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	p := &planner.Plan{Changes: e.Plan.Changes}
	for _, r := range e.Read {
		p.Providers = append(p.Providers, planner.ProviderInfo{Address: r.Provider})
	}
	s := &story{page: &page{printer: newPrinter(w, o), plan: p, view: o.View, tally: newTally(p), hint: "-view full"}, e: e}
	s.head()
	s.read()
	s.rules("inbound", "RULES INTO THE METAVERSE")
	s.joins()
	s.attributes(e.Inbound, "")
	s.writebacks()
	s.rules("outbound", "RULES OUT OF THE METAVERSE")
	s.outbound()
	s.members()
	s.planned()
	return s.out.Flush()
}

// story is one rendering of an explanation.
type story struct {
	*page
	e *planner.Explanation
}

func (s *story) head() {
	o := s.e.Object
	t := s.text("%s %s of %s", objectType(o.Type), name(o.Name), o.Provider)
	if s.e.Attribute != "" {
		t += s.text(": %s", s.e.Attribute)
	}
	s.line(0, bold, t)
	if s.e.Number > 0 {
		s.linef(2, "metaverse object %s, %s", s.e.Number, s.e.MetaverseType)
	} else {
		s.linef(2, "not in the metaverse")
	}
}

// by names a rule as the reason of something: 110 "In from AAD" (file:line).
func (s *story) by(r planner.Reason) safe {
	t := s.rule(r.Rule)
	if r.Precedence > 0 {
		t = safe(strconv.Itoa(r.Precedence)) + " " + safe(strings.TrimPrefix(string(t), "rule "))
	}
	if r.File != "" {
		t += " (" + s.place(r.File, r.Line) + ")"
	}
	return t
}

// roleWords say how an object came to be part of the story.
var roleWords = map[string]safe{
	"alone":      "joined to nothing",
	"projected":  "the metaverse object was made for it",
	"joined":     "joined to the metaverse object",
	"marked":     "found by the mark it carries",
	"adopted":    "named in adopt",
	"restorable": "deleted; it is in the Recycle Bin and carries the mark",
	"matched":    "found by the join of an outbound rule",
}

func (s *story) read() {
	s.heading(bold, "READ")
	for _, r := range s.e.Read {
		t := s.text("%s: %s %s", r.Provider, objectType(r.Type), name(r.Name))
		if r.State != "live" {
			t += s.text(", %s", stateText(r.State))
		}
		s.line(2, plain, t)
		if r.DN != "" {
			s.linef(6, "at    %s", r.DN)
		}
		if r.ID != "" {
			s.linef(6, "id    %s", r.ID)
		}
		s.line(6, plain, "read  "+s.clock(r.ReadAt))
		how := roleWords[r.Role]
		if r.By != nil {
			how += ": " + s.by(*r.By)
		}
		if r.Found != nil {
			how += ": " + s.by(r.Found.By)
		}
		s.line(6, plain, "role  "+how)
		if len(r.Unreadable) > 0 {
			s.linef(6, "this identity may not read: %s", strings.Join(r.Unreadable, ", "))
		}
		if r.Value != nil {
			s.line(6, plain, s.named1(*r.Value, r.Provider))
		}
	}
	for _, w := range s.e.Writebacks {
		if w.Object == nil && w.Verdict != "other" {
			s.linef(2, "%s: no object carries the mark of this group%s", w.Provider, recycleBinText(w.RecycleBin))
		}
	}
}

func stateText(state string) string {
	if state == "placeholder" {
		return "only named by others, not read"
	}
	return state
}

func recycleBinText(state string) safe {
	switch state {
	case "readable":
		return ", and none in the Recycle Bin does"
	case "disabled":
		return "; the Recycle Bin is off"
	}
	return "; the Recycle Bin could not be read"
}

// named1 is NAME = values.
func (s *story) named1(v planner.NamedValues, provider string) safe {
	if v.Count != nil {
		return s.text("%s = %s", v.Name, count(*v.Count, "object", "objects"))
	}
	return s.text("%s = %s", v.Name, s.values(v.Values, v.Name, v.Encoding, provider))
}

// values are some values on one line.
func (s *story) values(data []planner.Datum, attribute, encoding, provider string) safe {
	if len(data) == 0 {
		return "(none)"
	}
	known := schema.Metaverse
	if provider != "" {
		known = schemaOf(s.kind(provider))
	}
	v := values{s.page, known, planner.Edit{Attribute: attribute, Encoding: encoding}}
	shown := s.atMost(len(data))
	parts := make([]safe, shown)
	for i := range parts {
		parts[i] = v.show(data[i])
	}
	if more := len(data) - shown; more > 0 {
		parts = append(parts, s.text("%s more: %s", more, s.hint))
	}
	return join(parts, ", ")
}

func (s *story) kind(provider string) planner.Kind {
	kind, _, _ := strings.Cut(strings.TrimPrefix(provider, "provider."), ".")
	return planner.Kind(kind)
}

var ruleStates = map[string]safe{
	"in": "in scope    ", "out": "out of scope", "disabled": "disabled    ", "join": "not joined  ", "failed": "FAILED      ",
}

func (s *story) rules(direction string, title safe) {
	object := ""
	shown := false
	for _, r := range s.e.Rules {
		if r.Direction != direction {
			continue
		}
		if !shown {
			s.heading(bold, title)
			shown = true
		}
		if of := r.Provider + " " + r.Object; of != object {
			object = of
			if direction == "inbound" {
				s.linef(2, "for %s of %s", name(r.Object), r.Provider)
			} else {
				s.linef(2, "to %s", r.Provider)
			}
		}
		s.line(4, plain, ruleStates[r.State]+"  "+s.by(r.Reason))
		switch {
		case r.State == "disabled":
			continue
		case r.Error != "":
			s.prose(8, red, "", r.Error)
			continue
		case len(r.Scope) == 0:
			s.line(8, plain, "no scope: it takes every object")
		}
		for i, g := range r.Scope {
			s.scope(i, g, r)
		}
		if r.State == "join" {
			s.line(8, plain, "its join does not hold between this group and its object")
		}
	}
}

func (s *story) scope(i int, g planner.ScopeStory, r planner.RuleStory) {
	provider := r.Provider
	if r.Direction == "outbound" {
		provider = ""
	}
	verdict := safe("does not hold")
	if g.Holds {
		verdict = "holds"
	}
	head := s.text("scope %s %s: ", i+1, verdict)
	if g.When != "" {
		s.line(8, plain, head+s.text("%s", strings.Join(strings.Fields(g.When), " ")))
		for _, v := range g.Reads {
			s.line(12, plain, "with "+s.named1(v, provider))
		}
		return
	}
	for j, c := range g.Clauses {
		t := s.text("%s %s", c.Attribute, c.Operator)
		if c.Value != "" {
			t += s.text(" %s", c.Value)
		}
		if j > 0 {
			head = safe(strings.Repeat(" ", len(head)))
		}
		word := safe("")
		if !g.Holds && c.Holds {
			word = "holds, "
		} else if !g.Holds {
			word = "fails, "
		}
		has := "it is " + s.values(c.Has.Values, c.Has.Name, c.Has.Encoding, provider)
		switch {
		case c.Has.Count != nil:
			has = "it has " + count(*c.Has.Count, "object", "objects")
		case len(c.Has.Values) == 0:
			has = "it has no value"
		}
		s.line(8, plain, head+t+" ("+word+has+")")
	}
}

var joinWords = map[string]safe{
	"no_value": "has no value to look for", "none": "finds nothing", "ambiguous": "finds several and decides nothing",
	"taken":  "finds one that stands for another object of this directory already; it is not joined",
	"joined": "finds one, and is joined to it",
}

func (s *story) joins() {
	s.heading(bold, "JOIN")
	if len(s.e.Joins) == 0 {
		s.line(2, plain, "no rule with a join, and none that projects, takes an object of these")
	}
	for _, j := range s.e.Joins {
		who := s.text("%s of %s", name(j.Object.Name), j.Object.Provider)
		switch j.Outcome {
		case "projected":
			s.line(2, plain, who+" is projected: "+s.by(j.By)+" makes a metaverse object for it")
			continue
		case "not_projected":
			s.line(2, plain, who+" is not projected: no attribute of the joins of "+s.by(j.By)+" has a value")
			continue
		}
		s.line(2, plain, who+s.text(", join %s of ", j.Join)+s.by(j.By)+" "+joinWords[j.Outcome])
		for _, m := range j.Matches {
			s.line(6, plain, s.named1(m.Space, j.Object.Provider)+s.text(" is looked for in %s of the metaverse", m.Metaverse))
		}
		for _, c := range j.Candidates[:s.atMost(len(j.Candidates))] {
			s.linef(6, "found metaverse object %s, %s %s", c.Number, c.Type, name(c.Name))
		}
	}
}

// members tells the membership of the group in each directory.
func (s *story) members() {
	for _, m := range s.e.Members {
		s.heading(bold, s.text("MEMBERS in %s", m.Provider))
		from := m.From.Object
		t := s.text("from %s of %s %s in %s", m.From.Attribute, objectType(from.Type), name(from.Name), from.Provider)
		if m.From.Count != nil {
			t += s.text(": %s", count(*m.From.Count, "member", "members"))
		}
		s.line(2, plain, t)
		s.line(2, plain, "by "+s.by(m.By))
		s.linef(2, "%s now, %s kept, %s after", count(m.Before, "member", "members"), m.Kept, m.After)
		s.signed(4, len(m.Remove), len(m.Add), func(i int) safe { return s.memberLine(m.Remove[i]) }, func(i int) safe { return s.memberLine(m.Add[i]) })
		if len(m.Skipped) > 0 {
			s.linef(2, "dropped (%s):", len(m.Skipped))
		}
		for _, x := range m.Skipped[:s.atMost(len(m.Skipped))] {
			s.line(4, plain, s.text("%s  ", name(cmp.Or(x.Name, x.ID)))+s.code(x.Reason)+s.text("  %s", x.ID))
		}
		if more := len(m.Skipped) - s.atMost(len(m.Skipped)); more > 0 {
			s.linef(4, "%s more: %s", more, s.hint)
		}
	}
}

func (s *story) memberLine(c planner.MemberChange) safe {
	return s.member(c) + "  " + s.reason(c.Reason) + s.text("  %s", c.DN)
}
