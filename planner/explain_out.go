package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// outboundFlows are the flows of rules out of the metaverse into an attribute of
// that name, of rules that could concern the subject.
func (x *explainer) outboundFlows(name string) []contributor {
	var out []contributor
	for _, r := range x.b.cfg.Rules {
		if r.Direction != lang.Outbound || x.f.m == noMV || !x.sameType(r) {
			continue
		}
		for _, f := range r.Flows {
			if strings.EqualFold(f.Attribute, name) {
				out = append(out, contributor{r, f})
			}
		}
	}
	return out
}

// explainOutbound tells what flows out, to groups of writebacks and to others.
func (x *explainer) explainOutbound() {
	for _, it := range x.items {
		if it.verdict != verdictWrite && it.reason != "over_limit" {
			continue
		}
		for _, name := range x.outboundAttributes(func(r *lang.Rule) bool { return x.mayApply(r, it) }) {
			x.out.Outbound = append(x.out.Outbound, x.outbound(it, name))
		}
	}
	for i := range x.exports {
		e := &x.exports[i]
		for _, name := range x.outboundAttributes(func(r *lang.Rule) bool { return x.mayExport(r, e) }) {
			x.out.Outbound = append(x.out.Outbound, x.exported(e, name))
		}
	}
}

func (x *explainer) mayExport(r *lang.Rule, e *export) bool {
	return r.Direction == lang.Outbound && r.Writeback == nil && x.b.index[r.Provider] == e.space && x.sameType(r) && strings.EqualFold(r.ObjectType, e.objectType)
}

// outboundAttributes are the attributes that some rules flow into, sorted, as
// far as the story is about them: the one that was asked for; where it is one of
// the metaverse alone, those that are computed from it.
func (x *explainer) outboundAttributes(rules func(*lang.Rule) bool) []string {
	var exact, computed []string
	add := func(list *[]string, name string) {
		if !slices.ContainsFunc(*list, func(have string) bool { return strings.EqualFold(have, name) }) {
			*list = append(*list, name)
		}
	}
	for _, r := range x.b.cfg.Rules {
		if !rules(r) {
			continue
		}
		for _, f := range r.Flows {
			if x.concerns(f.Attribute) {
				add(&exact, f.Attribute)
			} else if slices.ContainsFunc(readBy(f), x.concerns) {
				add(&computed, f.Attribute)
			}
		}
	}
	if len(exact) == 0 {
		exact = computed
	}
	slices.SortFunc(exact, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return exact
}

// outbound is the story of one attribute of a group that a writeback writes.
func (x *explainer) outbound(it *item, name string) AttributeStory {
	b, s := x.b, it.t.space
	src := mvRecord{b, it.m}
	a, ok := s.Schema.Lookup(name)
	if !ok {
		a = Attribute{Name: name}
	}
	story := AttributeStory{Provider: s.Provider, Attribute: a.Name}
	var asked []contributor
	for _, c := range x.outboundFlows(name) {
		if !x.mayApply(c.rule, it) {
			continue
		}
		cs := x.contributorStory(c, src)
		if cs.Outcome = x.outboundRule(c.rule, it).State; cs.Outcome == ruleIn {
			if cs.Outcome = ""; c.flow.Once && it.present() != NoObject {
				cs.Outcome = "once"
			} else {
				asked = append(asked, c)
			}
		}
		story.Contributors = append(story.Contributors, cs)
	}
	switch {
	case strings.EqualFold(name, "dn"):
		x.flowedName(it, &story, asked)
	case lacks(s, a.Name):
		story.Result = "schema_missing"
	case b.noFlow(it) && a.Syntax != schema.Reference:
		story.Result = "no_flow"
	case a.Syntax == schema.Reference:
		x.outboundReferences(it, &story, a)
	default:
		x.decided(&story, a, asked, it.current(a.Name), b.flowTo(it, src, a))
	}
	if it.failed && story.Result == "set" {
		story.Result = "failed"
	}
	return story
}

// flowedName tells which rule names the object, in place of the writeback.
func (x *explainer) flowedName(it *item, story *AttributeStory, asked []contributor) {
	story.Result = "name"
	src := mvRecord{x.b, it.m}
	decided := false
	for _, c := range asked {
		cs := x.storyOf(story, c)
		if decided || c.rule.Precedence > it.w.Rule.Precedence && c.rule.Link != lang.Provision {
			cs.Outcome = "not_asked"
			continue
		}
		a := Attribute{Name: "dn"}
		got, err := x.b.flow(c.rule, c.flow, src, a)
		x.answer(cs, a, c, got, err)
		decided = err != nil || got.null || len(got.values) > 0
	}
}

// outboundReferences tells who gives the references, and what the plan makes of
// them; members are told by themselves.
func (x *explainer) outboundReferences(it *item, story *AttributeStory, a schema.Attribute) {
	decided := false
	for i := range story.Contributors {
		c := &story.Contributors[i]
		switch {
		case c.Outcome != "":
		case decided:
			c.Outcome = "not_asked"
		case c.From == "":
			x.expressionOfReferences(c, it, a)
		case x.b.mv.refSource(it.m, c.From).space < 0:
			c.Outcome = "no_value"
		default:
			c.Outcome, decided = "wins", true
			story.References = x.references(x.b.mv.refSource(it.m, c.From))
			story.By = ptr(c.Reason)
		}
	}
	if story.Result = "references"; strings.EqualFold(a.Name, "member") {
		return
	}
	if it.exists() {
		story.Has = x.referenceNames(it.t.space, it.object, a.Name)
	}
	story.Values, story.Result = story.Has, "same"
	for _, e := range it.edits {
		if strings.EqualFold(e.Attribute, a.Name) {
			story.Values, story.Result = e.After, "set"
		}
	}
}

// expressionOfReferences evaluates an expression that flows to references: it
// can refuse the object, and give nothing.
func (x *explainer) expressionOfReferences(c *ContributorStory, it *item, a schema.Attribute) {
	for _, have := range x.outboundFlows(a.Name) {
		if have.reason() == c.Reason {
			got, err := x.b.flow(have.rule, have.flow, mvRecord{x.b, it.m}, a)
			x.answer(c, a, have, got, err)
		}
	}
}

func (x *explainer) referenceNames(s *Space, o ObjectID, attr string) []Datum {
	ids, _ := s.References(o, attr)
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = s.Name(id)
	}
	return Texts(names...)
}

// decided asks the contributors to an attribute of a directory as the engine
// does, and compares with what is there.
func (x *explainer) decided(story *AttributeStory, a schema.Attribute, asked []contributor, have []string, ask func(contributor) (flowed, error)) {
	story.Has, story.Encoding = x.b.data(a, have)
	if len(asked) == 0 {
		story.Values, story.Result = story.Has, "unmanaged"
		return
	}
	said := map[*lang.Flow]bool{}
	result, failed, err := decide(asked, have, ask, func(c contributor, got flowed, err error) {
		said[c.flow] = true
		x.answer(x.storyOf(story, c), a, c, got, err)
	})
	for _, c := range asked {
		if !said[c.flow] {
			cs := x.storyOf(story, c)
			got, err := ask(c)
			x.answer(cs, a, c, got, err)
			cs.Outcome = "not_asked"
		}
	}
	if err == nil {
		failed = result.source(asked)
		err = checkLength(a, result.values)
	}
	story.Values, _ = x.b.data(a, result.values)
	if result.by.rule != nil {
		story.By = ptr(result.by.reason())
	}
	_, differs := makeEdit(a, have, result.values, Reason{})
	switch {
	case err != nil:
		story.Result = "failed"
		cs := x.storyOf(story, failed)
		cs.Outcome, cs.Error = "failed", err.Error()
	case result.keep():
		story.Values, story.Result = story.Has, "kept"
	case !differs:
		story.Result = "same"
	case len(result.values) == 0:
		story.Result, story.By = "removed", ptr(result.source(asked).reason())
	default:
		story.Result = "set"
	}
}

// storyOf finds a contributor's part of a story.
func (x *explainer) storyOf(story *AttributeStory, c contributor) *ContributorStory {
	i := slices.IndexFunc(story.Contributors, func(cs ContributorStory) bool { return cs.Reason == c.reason() })
	return &story.Contributors[i]
}

// exported is the story of one attribute of any other object.
func (x *explainer) exported(e *export, name string) AttributeStory {
	b, s := x.b, x.b.spaces[e.space]
	src := mvRecord{b, e.m}
	a, ok := s.Schema.Lookup(name)
	if !ok {
		a = Attribute{Name: name}
	}
	story := AttributeStory{Provider: s.Provider, Attribute: a.Name}
	noFlow := false
	var asked []contributor
	for _, c := range x.outboundFlows(name) {
		if !x.mayExport(c.rule, e) {
			continue
		}
		cs := x.contributorStory(c, src)
		cs.Outcome = x.outboundRule(c.rule, nil).State
		switch {
		case cs.Outcome != ruleIn:
		case c.flow.Once && e.object != NoObject:
			cs.Outcome = "once"
		default:
			cs.Outcome = ""
			asked = append(asked, c)
		}
		story.Contributors = append(story.Contributors, cs)
	}
	for _, r := range b.exportRules(e.space) {
		in, err := b.inScope(r, src)
		noFlow = noFlow || r.Link == lang.JoinNoFlow && x.mayExport(r, e) && in && err == nil
	}
	x.decided(&story, a, asked, b.exportHas(e, a), b.exportTo(e, src, a))
	if a.Syntax == schema.Reference && e.object != NoObject {
		story.Has = x.referenceNames(s, e.object, a.Name)
	}
	switch {
	case noFlow && a.Syntax != schema.Reference:
		story.Result = "no_flow"
	case story.Result != "set" && story.Result != "removed":
	case x.plans(s.Provider, e.object, a.Name):
	case s.Kind == KindAD && lacks(s, a.Name):
		story.Result = "schema_missing"
	case s.Kind == KindAD:
		story.Result = "unmarked"
	case e.object != NoObject && s.First(e.object, "onPremisesSyncEnabled") == "TRUE":
		story.Result = "mastered_on_premises"
	default:
		story.Result = "private_interface"
	}
	return story
}

// plans reports whether the plan edits the attribute of an object.
func (x *explainer) plans(provider string, o ObjectID, attribute string) bool {
	i := slices.IndexFunc(x.b.spaces, func(s *Space) bool { return s.Provider == provider })
	return o != NoObject && slices.ContainsFunc(x.plan.Changes, func(c Change) bool {
		return c.Provider == provider && c.Anchor != nil && *c.Anchor == x.b.spaces[i].Anchor(o) &&
			slices.ContainsFunc(c.Edits, func(e Edit) bool { return strings.EqualFold(e.Attribute, attribute) })
	})
}
