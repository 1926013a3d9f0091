package report

import (
	"cmp"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// outcomeWords say what became of a contribution.
var outcomeWords = map[string]safe{
	"wins": "wins", "merged": "merged", "no_value": "no value, so the next one is asked", "ignored": "IgnoreThisFlow: it leaves the decision to others",
	"authoritative_null": "AuthoritativeNull: no value, and nobody else is asked", "not_asked": "not asked: decided before", "out": "out of scope",
	"disabled": "the rule is disabled", "join": "its join does not hold", "not_joined": "no object of that directory and type is joined",
	"no_flow": "join_no_flow: nothing flows", "once": "once: only when the object is created",
	"overridden": "the writeback's declared state stands in its place", "failed": "FAILED",
}

// resultWords say what becomes of an attribute.
var resultWords = map[string]safe{
	"none": "nobody gives a value", "failed": "FAILED: the object stays out of the plan", "same": "the directory has it already",
	"set": "to be set", "removed": "to be removed", "kept": "what the directory has stays (IgnoreThisFlow)",
	"unmanaged": "no rule in scope flows into it, so it is never touched", "schema_missing": "not in the directory's own schema, so left out",
	"no_flow": "a join_no_flow rule is in scope: nothing but references flows", "unmarked": "not written: the object carries no mark, and the rule has no unmarked = \"write\"",
	"private_interface":    "not written: only Entra Connect's own interface can write it",
	"mastered_on_premises": "not written: Entra ID masters the object on-premises", "references": "references, followed when members are written",
	"name": "the name of the object; see the writeback",
}

// attributes writes the stories of attributes: whole where one was asked for,
// else a line for each.
func (s *story) attributes(stories []planner.AttributeStory, provider string) {
	if len(stories) == 0 {
		return
	}
	title := s.text("METAVERSE")
	if provider != "" {
		title = s.text("OUT TO %s", provider)
	}
	s.heading(bold, title)
	if s.e.Attribute != "" {
		for _, a := range stories {
			s.attribute(a)
		}
		return
	}
	empty := 0
	for _, a := range stories {
		if provider == "" && len(a.Values) == 0 && a.References == nil && a.Result == "none" {
			empty++
			continue
		}
		t := s.text("%s = ", a.Attribute) + s.outcome(a)
		if a.By != nil {
			t += "  by " + s.by(*a.By)
		}
		if provider != "" {
			t += "; " + resultWords[a.Result]
		}
		s.line(2, plain, t)
	}
	if empty > 0 {
		s.linef(2, "%s without a value", count(empty, "more attribute", "more attributes"))
	}
}

// outcome is what comes out for an attribute.
func (s *story) outcome(a planner.AttributeStory) safe {
	if a.References == nil {
		return s.values(a.Values, a.Attribute, a.Encoding, a.Provider)
	}
	t := s.text("%s of %s", a.References.Attribute, name(a.References.Object.Name))
	if a.References.Count == nil {
		return t + " (not read: no plan needs it)"
	}
	return t + s.text(" (%s)", count(*a.References.Count, "object", "objects"))
}

func (s *story) attribute(a planner.AttributeStory) {
	s.line(2, bold, s.text("%s", a.Attribute))
	if len(a.Contributors) == 0 {
		s.line(4, plain, "no rule flows into it")
	}
	for _, c := range a.Contributors {
		s.contributor(a, c)
	}
	final := "final value: " + s.outcome(a)
	if a.By != nil {
		final += ", by " + s.by(*a.By)
	}
	switch {
	case a.Result == "name", a.Provider == "" && a.Result == "failed":
	default:
		s.line(4, bold, final)
	}
	if a.Provider == "" {
		if a.Result != "value" && a.Result != "references" {
			s.line(4, plain, resultWords[a.Result])
		}
		return
	}
	if a.Result != "name" && a.Result != "references" {
		s.line(4, plain, s.text("%s has ", a.Provider)+s.values(a.Has, a.Attribute, a.Encoding, a.Provider))
	}
	s.line(4, plain, resultWords[a.Result])
}

func (s *story) contributor(a planner.AttributeStory, c planner.ContributorStory) {
	s.line(4, plain, s.by(c.Reason))
	provider := "" // what is read is in the other space
	if a.Provider == "" {
		provider = s.sourceOf(c)
	}
	reads := c.Reads
	from := s.text("from %s", c.From)
	switch {
	case c.From == "":
		from = s.text("expression %s", strings.Join(strings.Fields(c.Expression), " "))
	case len(reads) == 1:
		from, reads = "from "+s.named1(reads[0], provider), nil
	}
	if c.Merge != "update" {
		from += s.text(", merge = %s", name(c.Merge))
	}
	if c.Once {
		from += ", once"
	}
	s.line(8, plain, from)
	for _, v := range reads {
		s.line(10, plain, "with "+s.named1(v, provider))
	}
	switch c.Outcome {
	case "wins", "merged", "not_asked", "overridden":
		gives := s.values(c.Values, a.Attribute, c.Encoding, a.Provider)
		if len(c.Values) > 0 {
			s.line(8, plain, "gives "+gives+": "+outcomeWords[c.Outcome])
			return
		}
	}
	s.line(8, plain, outcomeWords[c.Outcome])
	if c.Error != "" {
		s.prose(10, red, "", c.Error)
	}
}

// sourceOf is the provider that an inbound rule reads.
func (s *story) sourceOf(c planner.ContributorStory) string {
	for _, r := range s.e.Rules {
		if r.Direction == "inbound" && r.Rule == c.Rule && r.Precedence == c.Precedence {
			return r.Provider
		}
	}
	return ""
}

// outbound writes the attributes by directory.
func (s *story) outbound() {
	var providers []string
	by := map[string][]planner.AttributeStory{}
	for _, a := range s.e.Outbound {
		if by[a.Provider] == nil {
			providers = append(providers, a.Provider)
		}
		by[a.Provider] = append(by[a.Provider], a)
	}
	for _, p := range providers {
		s.attributes(by[p], p)
	}
}

var verdictWords = map[string]safe{
	"write": "writes it", "not_written": "does not write it", "leave": "has written it, and no longer manages it", "absent": "deletes what it wrote (ensure = \"absent\")",
	"gone": "has written it, and its source is gone", "other": "leaves it to another writeback",
}

func (s *story) writebacks() {
	if len(s.e.Writebacks) == 0 {
		return
	}
	s.heading(bold, "WRITEBACK")
	for _, w := range s.e.Writebacks {
		t := s.by(w.Reason) + " " + verdictWords[w.Verdict]
		if w.Code != "" && w.Verdict != "write" {
			t += ": " + s.code(w.Code)
		}
		s.line(2, plain, t)
		s.condition(w)
		s.state(w)
		if w.Object != nil {
			s.linef(6, "object  %s", w.Object.DN)
		}
		if w.Naming != nil {
			s.naming(*w.Naming)
		}
		for _, n := range w.Notes {
			s.prose(6, urgency(n), "note: ", n)
		}
		if w.Blocked != nil {
			s.why(w.Blocked)
		}
		if w.Failed != nil {
			s.failure(*w.Failed)
		}
	}
}

func (s *story) condition(w planner.WritebackStory) {
	switch {
	case w.Code == "when" && !w.Scope:
		s.line(6, plain, "scope   only cloud-mastered groups that are in the metaverse")
	case w.When != "" && w.Scope:
		verdict := safe("does not hold")
		if w.Holds {
			verdict = "holds"
		}
		s.linef(6, "when    %s: %s", strings.Join(strings.Fields(w.When), " "), verdict)
	}
}

func (s *story) state(w planner.WritebackStory) {
	switch {
	case w.State.Declared != "":
		s.linef(6, "state   %s, declared here", name(w.State.Declared))
	case w.State.IsEnabled == "" && w.State.GroupType == "":
		s.linef(6, "state   never set in Entra ID; unset = %s", name(w.State.Unset))
	default:
		enabled := safe("unset")
		switch w.State.IsEnabled {
		case "TRUE":
			enabled = "on"
		case "FALSE":
			enabled = "off"
		}
		s.linef(6, "state   writeback %s in Entra ID, onPremisesGroupType %s", enabled, s.text("%s", cmp.Or(w.State.GroupType, "unset")))
	}
}

func (s *story) naming(n planner.NameStory) {
	if n.Flowed {
		s.line(6, plain, "name    a rule flows dn, which wins over cn and ou")
	} else {
		s.linef(6, "cn      %s", strings.Join(strings.Fields(n.CN), " "))
		for _, r := range n.Rules {
			word := safe("does not hold")
			if r.Holds {
				word = "holds, ou = "
			}
			who := s.text("rule %s when %s", name(r.Name), strings.Join(strings.Fields(r.When), " "))
			if r.Name == "" {
				who, word = "default", "ou = "
			}
			if r.Holds {
				word += s.text("%s", r.OU)
			}
			s.line(6, plain, "ou      "+s.text("%s (", n.Mapping.Rule)+s.place(n.Mapping.File, r.Line)+"): "+who+": "+word)
		}
	}
	if n.SAM != "" {
		s.linef(6, "sAMAccountName  %s", name(n.SAM))
	}
	if n.Error != nil {
		s.failure(*n.Error)
		return
	}
	if n.After != n.Desired {
		s.linef(6, "wanted  %s", n.Desired)
	}
	s.linef(6, "at      %s", n.After)
}

func (s *story) failure(e planner.ErrorStory) {
	s.line(6, redder, "FAILED  "+s.by(planner.Reason{Rule: e.Rule, File: e.File, Line: e.Line}))
	s.prose(8, red, "", e.Text)
}

var membershipWords = map[string]safe{"add": "becomes a member of", "remove": "stops being a member of", "skip": "is not written as a member of"}

// planned writes what the plan does.
func (s *story) planned() {
	p := s.e.Plan
	s.heading(bold, "PLAN")
	for i, c := range p.Changes {
		if i > 0 {
			s.blank()
		}
		if len(s.e.Members) > 0 {
			c.Members = nil // told already
		}
		s.object(&c)
	}
	for _, f := range p.Frozen {
		s.line(2, plain, s.text("%s stays as it is: ", f.DN)+s.code(f.Reason))
	}
	for _, n := range p.NotWritten {
		s.line(2, plain, s.text("%s is not written to %s: ", name(n.Name), n.Provider)+s.code(n.Reason))
	}
	for _, e := range p.Errors {
		s.line(2, redder, "its changes are left out, because a rule fails for it")
		s.failure(e)
	}
	for _, m := range p.MemberOf {
		s.line(2, plain, membershipWords[m.Change]+" "+s.text("%s: ", name(m.Group))+s.reason(m.Code))
	}
	if len(p.Changes)+len(p.Frozen)+len(p.NotWritten)+len(p.Errors)+len(p.MemberOf) == 0 {
		s.line(2, plain, s.nothing())
	}
}

// nothing says why a plan has nothing to do for an object.
func (s *story) nothing() safe {
	if len(s.e.Outbound) == 0 && len(s.e.Writebacks) == 0 {
		return "nothing: no writeback and no outbound rule writes it"
	}
	return "nothing: the directories are as they should be"
}
