package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// AttributeStory is one attribute: who contributes to it, what comes out, and,
// in a directory, what is there.
type AttributeStory struct {
	Provider     string             `json:"provider"` // "" is the metaverse
	Attribute    string             `json:"attribute"`
	Contributors []ContributorStory `json:"contributors"`
	Encoding     string             `json:"encoding,omitempty"`
	Values       []Datum            `json:"values"` // what comes out
	By           *Reason            `json:"by"`     // whose the (first) value is
	References   *ReferencesStory   `json:"references"`
	Has          []Datum            `json:"has"` // what the directory has
	// Result, in the metaverse: value, none, kept (IgnoreThisFlow: what flows from
	// it leaves the target as it is), references, failed. In a directory: same,
	// set, removed, kept, unmanaged (no rule in scope flows into it),
	// schema_missing, no_flow (a join_no_flow rule), unmarked, private_interface,
	// mastered_on_premises, references, name (the DN), failed.
	Result string `json:"result"`
}

// ReferencesStory says where references come from.
type ReferencesStory struct {
	Object    ObjectName `json:"object"`
	Attribute string     `json:"attribute"`
	Count     *int       `json:"count"` // null: not read, because no plan needs them
}

// ContributorStory is one flow into an attribute, by precedence.
type ContributorStory struct {
	Reason
	From       string        `json:"from"`       // a direct flow from this attribute
	Expression string        `json:"expression"` // else
	Merge      string        `json:"merge"`
	Once       bool          `json:"once"`
	Reads      []NamedValues `json:"reads"`
	Encoding   string        `json:"encoding,omitempty"`
	Values     []Datum       `json:"values"`
	// Outcome: wins, merged, no_value, ignored (IgnoreThisFlow),
	// authoritative_null, not_asked (a rule before it decided), out, disabled,
	// join, not_joined (no object of its directory), no_flow, once, overridden
	// (a writeback declares the value), failed.
	Outcome string `json:"outcome"`
	Error   string `json:"error"`
}

var mergeWords = [...]string{lang.MergeUpdate: "update", lang.MergeAll: "merge", lang.MergeCaseInsensitive: "merge_case_insensitive"}

// contributorStory is a flow before anything is known of its value.
func (x *explainer) contributorStory(c contributor, src record) ContributorStory {
	s := ContributorStory{Reason: c.reason(), From: c.flow.From, Merge: mergeWords[c.flow.Merge], Once: c.flow.Once}
	uses := []lang.Use{{Name: c.flow.From}}
	if c.flow.Value != nil {
		s.Expression, uses = c.flow.Value.Text, c.flow.Value.Uses
	}
	if src != nil {
		s.Reads = x.reads(uses, src)
	}
	return s
}

// answer puts what a flow gave into its story.
func (x *explainer) answer(s *ContributorStory, a schema.Attribute, c contributor, got flowed, err error) {
	s.Values, s.Encoding = x.b.data(a, got.values)
	switch {
	case err != nil:
		s.Outcome, s.Error = "failed", err.Error()
	case got.ignore:
		s.Outcome = "ignored"
	case got.null:
		s.Outcome = "authoritative_null"
	case len(got.values) == 0:
		s.Outcome = "no_value"
	case c.flow.Merge != lang.MergeUpdate:
		s.Outcome = "merged"
	default:
		s.Outcome = "wins"
	}
}

// explainInbound tells how the values of the metaverse came to be.
func (x *explainer) explainInbound() {
	for _, key := range x.inboundAttributes() {
		story, told := x.inbound(x.b.mv.column(key))
		if told || x.attribute != "" {
			x.out.Inbound = append(x.out.Inbound, story)
		}
	}
}

// inboundAttributes are the attributes of the metaverse that the story is about:
// the one that was asked for, and those that are read to compute it in a
// directory; where it is one of a directory alone, those that it flows into.
func (x *explainer) inboundAttributes() []string {
	if x.attribute == "" {
		return sortedKeys(x.flows)
	}
	var names []string
	add := func(name string) {
		if key := strings.ToLower(name); x.flows[key] != nil && !slices.Contains(names, key) {
			names = append(names, key)
		}
	}
	add(x.attribute)
	for _, c := range x.outboundFlows(x.attribute) {
		for _, name := range readBy(c.flow) {
			add(name)
		}
	}
	if len(names) == 0 {
		for _, key := range sortedKeys(x.flows) {
			if slices.ContainsFunc(x.flows[key], func(f *inFlow) bool {
				return x.sameType(f.rule.Rule) && slices.ContainsFunc(readBy(f.flow), func(name string) bool { return strings.EqualFold(name, x.attribute) })
			}) {
				add(key)
			}
		}
	}
	return names
}

// readBy names the attributes that a flow reads.
func readBy(f *lang.Flow) []string {
	if f.Value == nil {
		return []string{f.From}
	}
	var names []string
	for _, u := range f.Value.Uses {
		if u.Kind != lang.UseParam {
			names = append(names, u.Name)
		}
	}
	return names
}

// inbound is the story of one attribute of the metaverse. It is not told when
// nobody could have contributed.
func (x *explainer) inbound(c *mvColumn) (story AttributeStory, told bool) {
	b, m := x.b, x.f.m
	story = AttributeStory{Attribute: c.Name, Result: "none"}
	flows := x.flows[strings.ToLower(c.Name)]
	said := map[*lang.Flow]ContributorStory{}
	var result winner
	var err error
	if c.Syntax != schema.Reference {
		result, _, err = b.decideIn(m, c, flows, func(f *inFlow, got flowed, err error) {
			s := x.contributorStory(contributor{f.rule.Rule, f.flow}, x.sourceOf(f.rule))
			x.answer(&s, c.Attribute, contributor{f.rule.Rule, f.flow}, got, err)
			said[f.flow] = s
		})
	}
	for _, r := range b.cfg.Rules {
		if r.Direction != lang.Inbound || !x.sameType(r) {
			continue
		}
		for _, f := range r.Flows {
			if !strings.EqualFold(f.Attribute, c.Name) {
				continue
			}
			s, ok := said[f]
			if !ok {
				s = x.unheard(r, f, c)
			}
			told = told || s.Outcome != "not_joined" && s.Outcome != "disabled" && s.Outcome != "out"
			story.Contributors = append(story.Contributors, s)
		}
	}
	switch refs := c.refSource(m); {
	case c.Syntax == schema.Reference && refs.space >= 0:
		story.Result, story.References = "references", x.references(refs)
		told = true
	case err != nil:
		story.Result = "failed"
	default:
		x.outcome(&story, c, result)
		told = told || story.Result == "value"
	}
	return story, told
}

// outcome takes the value that the metaverse has; a writeback may have declared
// another one than the rules gave.
func (x *explainer) outcome(story *AttributeStory, c *mvColumn, result winner) {
	have := c.values(x.f.m)
	story.Values, story.Encoding = x.b.data(c.Attribute, have)
	by := result.by
	if !slices.Equal(have, result.values) {
		for i := range story.Contributors {
			if o := &story.Contributors[i].Outcome; *o == "wins" || *o == "merged" {
				*o = "overridden"
			}
		}
		by = x.b.declaredBy(x.f.m)
	}
	if by.rule != nil {
		story.By = ptr(by.reason())
	}
	switch {
	case len(have) > 0:
		story.Result = "value"
	case x.b.kept[mvKey{x.f.m, strings.ToLower(c.Name)}]:
		story.Result = "kept"
	}
}

// sourceOf is the object of the subject that an inbound rule reads.
func (x *explainer) sourceOf(r *inRule) record {
	o := x.b.mv.links[r.space][x.f.m]
	if o == NoObject {
		return nil
	}
	return spaceRecord{x.b.spaces[r.space], o}
}

// unheard is the story of a flow that the engine did not ask: why not, and what
// it would have said where only another one stood before it.
func (x *explainer) unheard(r *lang.Rule, f *lang.Flow, c *mvColumn) ContributorStory {
	b := x.b
	space := b.index[r.Provider]
	o := b.mv.links[space][x.f.m]
	if o == NoObject || !strings.EqualFold(r.ObjectType, b.spaces[space].Type(o)) {
		s := x.contributorStory(contributor{r, f}, nil)
		if s.Outcome = "not_joined"; r.Disabled {
			s.Outcome = "disabled"
		}
		return s
	}
	src := spaceRecord{b.spaces[space], o}
	s := x.contributorStory(contributor{r, f}, src)
	i := slices.IndexFunc(b.rules, func(in *inRule) bool { return in.Rule == r })
	switch {
	case r.Disabled:
		s.Outcome = "disabled"
	case !b.takes(b.rules[i], o):
		s.Outcome = "out"
	case !b.flows(r, x.f.m):
		s.Outcome = "no_flow"
	case c.Syntax == schema.Reference:
		x.answerReferences(&s, f, c, space)
	default:
		got, err := b.flow(r, f, src, c.Attribute)
		x.answer(&s, c.Attribute, contributor{r, f}, got, err)
		s.Outcome = "not_asked"
	}
	return s
}

// answerReferences: the first direct flow gives the references.
func (x *explainer) answerReferences(s *ContributorStory, f *lang.Flow, c *mvColumn, space int) {
	refs := c.refSource(x.f.m)
	switch {
	case f.From == "":
		s.Outcome = "no_value"
	case int(refs.space) == space && refs.attr == f.From:
		s.Outcome = "wins"
	default:
		s.Outcome = "not_asked"
	}
}

func (x *explainer) references(refs refSource) *ReferencesStory {
	p := place{int(refs.space), refs.object}
	out := &ReferencesStory{Object: x.b.objectName(p), Attribute: refs.attr}
	if ids, read := x.b.spaces[p.space].References(p.object, refs.attr); read {
		out.Count = ptr(len(ids))
	}
	return out
}
