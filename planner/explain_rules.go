package planner

import (
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// RuleStory says whether a rule takes an object, and what decided that.
type RuleStory struct {
	Reason
	Direction string       `json:"direction"` // inbound, outbound
	Provider  string       `json:"provider"`
	Object    string       `json:"object"` // whose attributes the scope looked at; "metaverse" for an outbound rule
	Link      string       `json:"link"`
	State     string       `json:"state"` // in, out, disabled, join (in scope, but its join does not hold), failed
	Scope     []ScopeStory `json:"scope"` // the scope blocks, as far as they were looked at
	Error     string       `json:"error"`
}

// The states of a rule.
const (
	ruleIn       = "in"
	ruleOut      = "out"
	ruleDisabled = "disabled"
	ruleNoJoin   = "join"
	ruleFailed   = "failed"
)

// ScopeStory is one scope block: its clauses as far as they were looked at, or
// its expression.
type ScopeStory struct {
	Holds   bool          `json:"holds"`
	Clauses []ClauseStory `json:"clauses"`
	When    string        `json:"when"`
	Reads   []NamedValues `json:"reads"` // by when
	File    string        `json:"file"`
	Line    int           `json:"line"`
}

// ClauseStory is one clause and what it compared.
type ClauseStory struct {
	Attribute string      `json:"attribute"`
	Operator  string      `json:"operator"`
	Value     string      `json:"value"`
	Has       NamedValues `json:"has"`
	Holds     bool        `json:"holds"`
}

func (x *explainer) explainRules() {
	for _, c := range x.objects {
		s := x.b.spaces[c.space]
		if s.State(c.object) == Placeholder {
			continue
		}
		for _, r := range x.b.cfg.Rules {
			if r.Direction == lang.Inbound && x.b.index[r.Provider] == c.space && strings.EqualFold(r.ObjectType, s.Type(c.object)) {
				story := x.rule(r, spaceRecord{s, c.object})
				story.Object = displayName(s, c.object)
				x.out.Rules = append(x.out.Rules, story)
			}
		}
	}
	if x.f.m == noMV {
		return
	}
	told := map[*lang.Rule]bool{}
	for _, it := range x.items {
		for _, r := range x.b.cfg.Rules {
			if x.mayApply(r, it) {
				told[r] = true
				x.out.Rules = append(x.out.Rules, x.outboundRule(r, it))
			}
		}
	}
	for i := range x.b.spaces {
		if x.b.written(i, x.f.m) {
			continue
		}
		for _, r := range x.b.cfg.Rules {
			if r.Direction == lang.Outbound && r.Writeback == nil && x.b.index[r.Provider] == i && x.sameType(r) && !told[r] {
				x.out.Rules = append(x.out.Rules, x.outboundRule(r, nil))
			}
		}
	}
}

func (x *explainer) sameType(r *lang.Rule) bool {
	return r.MetaverseType == "*" || r.MetaverseType == x.b.mv.types[x.f.m]
}

// mayApply is applies, for disabled rules as well.
func (x *explainer) mayApply(r *lang.Rule, it *item) bool {
	enabled := *r
	enabled.Disabled = false
	return x.b.applies(&enabled, it)
}

// outboundRule is the story of a rule out of the metaverse; it is nil for one
// that no writeback stands before.
func (x *explainer) outboundRule(r *lang.Rule, it *item) RuleStory {
	src := mvRecord{x.b, x.f.m}
	story := x.rule(r, src)
	story.Object = "metaverse"
	if story.State == ruleIn && it != nil && !x.b.joins(r, it, src) {
		story.State = ruleNoJoin
	}
	return story
}

// rule asks the engine whether a rule takes a record, and for the reasons.
func (x *explainer) rule(r *lang.Rule, src record) RuleStory {
	story := RuleStory{Reason: reasonOf(r, r.Range), Direction: "inbound", Provider: r.Provider.Address(), Link: r.Link.String(), State: ruleOut}
	if r.Direction == lang.Outbound {
		story.Direction = "outbound"
	}
	for _, g := range r.Scope {
		scope := x.scope(r, g, src)
		story.Scope = append(story.Scope, scope)
		if scope.Holds {
			break
		}
	}
	ok, err := x.b.inScope(r, src)
	switch {
	case r.Disabled:
		story.State = ruleDisabled
	case err != nil:
		story.State, story.Error = ruleFailed, err.Error()
	case ok:
		story.State = ruleIn
	}
	return story
}

func (x *explainer) scope(r *lang.Rule, g lang.ScopeGroup, src record) ScopeStory {
	story := ScopeStory{File: g.Range.Filename, Line: g.Range.Start.Line}
	story.Holds, _ = x.b.groupHolds(r, g, src)
	if g.When != nil {
		story.When, story.Reads = g.When.Text, x.reads(g.When.Uses, src)
		return story
	}
	for _, c := range g.Clauses {
		resolved := x.b.resolved(r, c)
		clause := ClauseStory{Attribute: c.Attribute, Operator: c.Operator, Value: c.Value, Has: x.values(src, c.Attribute), Holds: clauseHolds(resolved, src)}
		if resolved.Value != c.Value {
			clause.Value += " = " + resolved.Value
		}
		if x.b.redacted(c.Attribute) {
			clause.Value = "" // it may be what the attribute has
		}
		story.Clauses = append(story.Clauses, clause)
		if !clause.Holds {
			break
		}
	}
	return story
}

// reads are the attributes that an expression reads, each once.
func (x *explainer) reads(uses []lang.Use, src record) []NamedValues {
	var out []NamedValues
	seen := map[string]bool{}
	for _, u := range uses {
		if u.Kind != lang.UseParam && !seen[u.Name] {
			seen[u.Name] = true
			out = append(out, x.values(src, u.Name))
		}
	}
	return out
}

// JoinStory is one step on the way of an object to its metaverse object.
type JoinStory struct {
	Object     ObjectName  `json:"object"`
	By         Reason      `json:"by"`
	Join       int         `json:"join"` // of the rule's join blocks, from 1; 0: not a join
	Matches    []JoinMatch `json:"matches"`
	Candidates []Candidate `json:"candidates"`
	// Outcome: no_value, none, ambiguous, taken (it stands for another object of
	// this directory), joined, projected, not_projected (no attribute of its
	// joins has a value).
	Outcome string `json:"outcome"`
}

// JoinMatch is one comparison of a join.
type JoinMatch struct {
	Space     NamedValues `json:"space"`
	Metaverse string      `json:"metaverse"`
}

// Candidate is an object of the metaverse.
type Candidate struct {
	Number int    `json:"number"`
	Type   string `json:"type"`
	Name   string `json:"name"`
}

// The outcomes of a join.
const (
	joinNoValue      = "no_value"
	joinNone         = "none"
	joinAmbiguous    = "ambiguous"
	joinTaken        = "taken"
	joinJoined       = "joined"
	joinProjected    = "projected"
	joinNotProjected = "not_projected"
)

func (x *explainer) explainJoins() {
	for _, c := range x.objects {
		for _, step := range x.b.trace.joins[c.place] {
			x.out.Joins = append(x.out.Joins, x.join(c.place, step))
		}
		link := x.b.trace.linkedBy[c.space][c.object]
		switch {
		case link.projected:
			x.out.Joins = append(x.out.Joins, x.step(c.place, link.rule, joinProjected))
		case link.rule == nil:
			x.explainUnlinked(c.place)
		}
	}
}

func (x *explainer) step(p place, r *lang.Rule, outcome string) JoinStory {
	return JoinStory{Object: x.b.objectName(p), By: reasonOf(r, r.Range), Outcome: outcome}
}

// explainUnlinked says which rule would have projected an object.
func (x *explainer) explainUnlinked(p place) {
	for _, r := range x.b.rules {
		if r.space == p.space && r.Link == lang.Provision && x.b.takes(r, p.object) && !x.b.mayProject(r, p.object) {
			x.out.Joins = append(x.out.Joins, x.step(p, r.Rule, joinNotProjected))
		}
	}
}

func (x *explainer) join(p place, step joinStep) JoinStory {
	b := x.b
	src := spaceRecord{b.spaces[p.space], p.object}
	g := step.rule.Join[step.group]
	story := x.step(p, step.rule, joinNone)
	story.By, story.Join = reasonOf(step.rule, g.Range), step.group+1
	for _, m := range g.Matches {
		match := JoinMatch{Space: x.values(src, m.Space), Metaverse: m.Metaverse}
		if len(match.Space.Values) == 0 {
			story.Outcome = joinNoValue
		}
		story.Matches = append(story.Matches, match)
	}
	for _, m := range step.found {
		story.Candidates = append(story.Candidates, Candidate{int(m) + 1, b.mv.types[m], b.mvName(m)})
	}
	switch {
	case step.taken != noMV:
		story.Outcome = joinTaken
	case len(step.found) == 1:
		story.Outcome = joinJoined
	case len(step.found) > 1:
		story.Outcome = joinAmbiguous
	}
	return story
}
