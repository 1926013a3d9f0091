package planner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Explanation is the story of one object, or of one of its attributes, in the
// order in which it happens: what was read, which rules took it, what it joined,
// what flowed into the metaverse, what writebacks made of it, what flowed out,
// and what the plan will do. It is data; report renders it.
type Explanation struct {
	FormatVersion string     `json:"format_version"`
	Object        ObjectName `json:"object"`           // that was asked for
	Attribute     string     `json:"attribute"`        // "" is all of them
	Number        int        `json:"metaverse_number"` // 0: not in the metaverse
	MetaverseType string     `json:"metaverse_type"`

	Read       []ReadObject     `json:"read"`
	Rules      []RuleStory      `json:"rules"`
	Joins      []JoinStory      `json:"joins"`
	Inbound    []AttributeStory `json:"inbound"`
	Writebacks []WritebackStory `json:"writebacks"`
	Outbound   []AttributeStory `json:"outbound"`
	Members    []MembersStory   `json:"members"`
	Plan       PlanStory        `json:"plan"`
}

// explanationVersion is the version of the JSON form.
const explanationVersion = "1.0"

// ReadObject is one object that stands for what is explained.
type ReadObject struct {
	Connector
	ReadAt     string        `json:"read_at"`
	Unreadable []string      `json:"unreadable"` // what this identity may not read of it
	Value      *NamedValues  `json:"value"`      // of the attribute that was asked for; null if the directory has none
	Found      *FoundByMatch `json:"found"`      // how a rule out of the metaverse found it
}

// FoundByMatch is the join of an outbound rule.
type FoundByMatch struct {
	By Reason `json:"by"`
}

// NamedValues are the values of one attribute.
type NamedValues struct {
	Name     string  `json:"name"`
	Encoding string  `json:"encoding,omitempty"` // "base64" for octets
	Values   []Datum `json:"values"`
	// Count is the number of references, which are not listed; null for other
	// attributes, and where they were not read.
	Count *int `json:"count"`
}

// Explain tells how one object came to be as the plan has it. The object is
// asked for by any of its names; the error is *NotFound or *Ambiguous where that
// fails. attribute is one of a directory or of the metaverse; "" is all of them.
func Explain(cfg *lang.Config, snap Snapshot, o Options, object, attribute string) (*Explanation, error) {
	first, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	first.trace = newTrace(first.spaces)
	first.inbound()
	first.claim()
	f, err := first.lookUp(object)
	if err != nil {
		return nil, err
	}
	watched := []place{f.at}
	for _, c := range first.connectedTo(f) {
		watched = append(watched, c.place)
	}
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options, b.trace = o, newTrace(b.spaces, watched...)
	x := &explainer{b: b, f: f}
	if x.attribute, err = b.attributeName(attribute); err != nil {
		return nil, err
	}
	if x.plan, err = b.run(); err != nil {
		return nil, err
	}
	return x.explain(), nil
}

// attributeName is the spelling of an attribute in the schema that knows it.
func (b *build) attributeName(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	schemas := []*schema.Schema{b.mv.schema}
	for _, s := range b.spaces {
		schemas = append(schemas, s.Schema)
	}
	var names []string
	for _, s := range schemas {
		if a, ok := s.Lookup(name); ok {
			return a.Name, nil
		}
		names = append(names, s.Names()...)
	}
	return "", fmt.Errorf("neither the directories nor the metaverse have an attribute %q.%s", name, lang.DidYouMean(name, names))
}

// explainer builds one explanation from a finished run. Nothing is decided here:
// whatever it shows was recorded by the trace, or comes out of the same functions
// that made the plan.
type explainer struct {
	b         *build
	f         Found
	attribute string
	plan      *Plan

	objects []connected
	items   []*item  // the writebacks' items of the subject
	exports []export // what other outbound rules make of it
	flows   map[string][]*inFlow
	out     *Explanation
}

func (x *explainer) explain() *Explanation {
	b := x.b
	x.objects = b.connectedTo(x.f)
	x.flows = contributorsIn(b.rules)
	x.out = &Explanation{FormatVersion: explanationVersion, Object: x.f.Object, Attribute: x.attribute, Number: x.f.Number()}
	if x.f.m != noMV {
		x.out.MetaverseType = b.mv.types[x.f.m]
		x.items = b.byMV[x.f.m]
		x.findExports()
	} else if it := b.itemAt(x.f.at); it != nil {
		x.items = []*item{it}
	}
	x.explainRead()
	x.explainRules()
	x.explainJoins()
	if x.f.m != noMV {
		x.explainInbound()
	}
	x.explainWritebacks()
	if x.f.m != noMV {
		x.explainOutbound()
	}
	x.explainMembers()
	x.explainPlan()
	return x.out.normalise()
}

// findExports evaluates the outbound rules that no writeback stands before.
func (x *explainer) findExports() {
	for i := range x.b.spaces {
		rules := x.b.exportRules(i)
		if len(rules) == 0 || x.b.written(i, x.f.m) {
			continue
		}
		if e, ok := x.b.export(rules, i, x.f.m); ok {
			x.exports = append(x.exports, e)
		}
	}
}

func (x *explainer) explainRead() {
	for _, c := range x.objects {
		r := x.read(c.place)
		r.Connector = x.b.connector(c)
		x.out.Read = append(x.out.Read, r)
	}
	for _, e := range x.exports {
		p := place{e.space, e.object}
		if e.object == NoObject || slices.ContainsFunc(x.objects, func(c connected) bool { return c.place == p }) {
			continue
		}
		r := x.read(p)
		r.Connector = Connector{ObjectName: x.b.objectName(p), Role: "matched"}
		for _, rule := range x.b.exportRules(e.space) {
			if found := x.b.findOut(rule, e.space, mvRecord{x.b, x.f.m}); len(found) == 1 && found[0] == e.object && r.Found == nil {
				r.Found = &FoundByMatch{By: reasonOf(rule, rule.Range)}
			}
		}
		x.out.Read = append(x.out.Read, r)
	}
}

func (x *explainer) read(p place) ReadObject {
	s := x.b.spaces[p.space]
	r := ReadObject{ReadAt: s.ReadAt.UTC().Format(time.RFC3339), Unreadable: []string{}}
	for attr := range s.hidden[p.object] {
		r.Unreadable = append(r.Unreadable, attr)
	}
	slices.Sort(r.Unreadable)
	if a, ok := s.Schema.Lookup(x.attribute); ok && x.attribute != "" {
		v := x.values(spaceRecord{s, p.object}, a.Name)
		r.Value = &v
	}
	return r
}

// values are what a record has of one attribute.
func (x *explainer) values(src record, name string) NamedValues {
	a := src.schemaOf(name)
	out := NamedValues{Name: a.Name, Values: []Datum{}}
	if a.Syntax == schema.Reference {
		if r, ok := src.(spaceRecord); ok {
			if ids, read := r.s.References(r.o, name); read {
				out.Count = ptr(len(ids))
			}
			return out
		}
		out.Count = ptr(src.count(name))
		return out
	}
	out.Values, out.Encoding = x.b.data(a, src.texts(name))
	return out
}

// concerns reports whether the attribute that was asked for is this one.
func (x *explainer) concerns(name string) bool {
	return x.attribute == "" || strings.EqualFold(x.attribute, name)
}

// normalise turns nil lists into empty ones, so that JSON has [] everywhere.
func (e *Explanation) normalise() *Explanation {
	e.Read, e.Rules, e.Joins, e.Writebacks, e.Members = nonNil(e.Read), nonNil(e.Rules), nonNil(e.Joins), nonNil(e.Writebacks), nonNil(e.Members)
	e.Inbound, e.Outbound = nonNil(e.Inbound), nonNil(e.Outbound)
	p := &e.Plan
	p.Changes, p.Frozen, p.NotWritten, p.Errors, p.MemberOf = nonNil(p.Changes), nonNil(p.Frozen), nonNil(p.NotWritten), nonNil(p.Errors), nonNil(p.MemberOf)
	for i := range e.Rules {
		r := &e.Rules[i]
		r.Scope = nonNil(r.Scope)
		for j := range r.Scope {
			r.Scope[j].Clauses, r.Scope[j].Reads = nonNil(r.Scope[j].Clauses), nonNil(r.Scope[j].Reads)
		}
	}
	for _, stories := range [][]AttributeStory{e.Inbound, e.Outbound} {
		for i := range stories {
			s := &stories[i]
			s.Contributors, s.Values, s.Has = nonNil(s.Contributors), nonNil(s.Values), nonNil(s.Has)
			for j := range s.Contributors {
				c := &s.Contributors[j]
				c.Reads, c.Values = nonNil(c.Reads), nonNil(c.Values)
			}
		}
	}
	for i := range e.Joins {
		e.Joins[i].Matches, e.Joins[i].Candidates = nonNil(e.Joins[i].Matches), nonNil(e.Joins[i].Candidates)
	}
	for i := range e.Writebacks {
		w := &e.Writebacks[i]
		w.Notes = nonNil(w.Notes)
		if w.Naming != nil {
			w.Naming.Rules = nonNil(w.Naming.Rules)
		}
	}
	return e
}
