package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// export is what outbound rules want of one object of a directory: of a joined
// one, or of one that a provision rule would make. Groups that a writeback writes
// do not come this way; see outbound.go.
type export struct {
	m          mvID
	space      int
	objectType string
	object     ObjectID   // NoObject: a provision rule would make it
	joinedBy   *lang.Rule // the outbound rule that found the object; nil: an inbound one did
	values     []exported
	failed     *objectError
}

// exported is one attribute of an export. Keep means IgnoreThisFlow: whatever
// the directory has stays.
type exported struct {
	attribute schema.Attribute
	texts     []string
	by        contributor
	keep      bool
}

// exports evaluates the outbound rules of one provider for every metaverse
// object, in the order of the objects' anchors.
func (b *build) exports(space int) []export {
	rules := b.exportRules(space)
	if len(rules) == 0 {
		return nil
	}
	var out []export
	for m := range mvID(len(b.mv.types)) {
		if _, failed := b.mvErrors[m]; failed || b.written(space, m) {
			continue
		}
		if e, ok := b.export(rules, space, m); ok {
			out = append(out, e)
		}
	}
	return b.withoutTwins(space, out)
}

// withoutTwins takes out objects that rules join to several metaverse objects:
// which of them they stand for is not for landfall to guess.
func (b *build) withoutTwins(space int, exports []export) []export {
	times := map[ObjectID]int{}
	for _, e := range exports {
		if e.object != NoObject {
			times[e.object]++
		}
	}
	s := b.spaces[space]
	return slices.DeleteFunc(exports, func(e export) bool {
		if e.object == NoObject || times[e.object] == 1 {
			return false
		}
		r := e.joinedBy
		b.diagnose("error", "ambiguous_join", "One object is joined to several metaverse objects",
			"Rule \""+r.Name+"\" joins \""+displayName(s, e.object)+"\" of "+s.Provider+" to "+strconv.Itoa(times[e.object])+" metaverse objects. "+
				"It stands for one of them at most, so nothing flows to it. Make the join values unique.", r.Range)
		return true
	})
}

func (b *build) exportRules(space int) []*lang.Rule {
	var rules []*lang.Rule
	for _, r := range b.cfg.Rules {
		if r.Direction == lang.Outbound && !r.Disabled && r.Writeback == nil && b.index[r.Provider] == space {
			rules = append(rules, r)
		}
	}
	return rules
}

// written reports whether a writeback deals with the object in that space: it
// writes it, or says under not_written why it does not make it.
func (b *build) written(space int, m mvID) bool {
	return slices.ContainsFunc(b.byMV[m], func(it *item) bool {
		return it.t.index == space && (it.exists() || it.verdict == verdictWrite || b.mv.links[space][m] == NoObject)
	})
}

// export evaluates the rules for one metaverse object; false when it has no
// object there and gets none.
func (b *build) export(rules []*lang.Rule, space int, m mvID) (export, bool) {
	e := export{m: m, space: space, object: b.mv.links[space][m]}
	src := mvRecord{b, m}
	var inScope []*lang.Rule
	for _, r := range rules {
		if r.MetaverseType != "*" && r.MetaverseType != b.mv.types[m] {
			continue
		}
		ok, err := b.inScope(r, src)
		if err != nil {
			e.failed = &objectError{r.Name, r.Range, err}
			return e, true
		}
		if ok {
			inScope = append(inScope, r)
		}
	}
	if len(inScope) == 0 || !b.linkOut(&e, inScope, src) {
		return e, false
	}
	if e.object != NoObject || b.spaces[space].Kind != KindAD { // only a writeback makes objects in AD
		b.flowExport(&e, inScope, src)
	}
	return e, true
}

// linkOut finds the object that an export is about: the one that an inbound rule
// joined, the one that a join rule finds, or none yet, when a rule provisions.
func (b *build) linkOut(e *export, rules []*lang.Rule, src mvRecord) bool {
	s := b.spaces[e.space]
	if e.object == NoObject {
		for _, r := range rules {
			if found := b.findOut(r, e.space, src); len(found) == 1 {
				e.object, e.joinedBy = found[0], r
				break
			}
		}
	}
	if e.object != NoObject {
		e.objectType = s.Type(e.object)
		return true
	}
	i := slices.IndexFunc(rules, func(r *lang.Rule) bool { return r.Link == lang.Provision })
	if i >= 0 {
		e.objectType = rules[i].ObjectType
	}
	return i >= 0
}

// findOut evaluates the join groups of an outbound rule: the first that finds
// exactly one object of the directory which stands for nobody else decides. An
// object with a mark stands for the group of the mark.
func (b *build) findOut(r *lang.Rule, space int, src mvRecord) []ObjectID {
	s := b.spaces[space]
	for _, g := range r.Join {
		var found []ObjectID
		for i, m := range g.Matches {
			var hits []ObjectID
			for _, text := range src.texts(m.Metaverse) {
				for _, o := range b.byValue(space, m.Space)[dn.Fold(text)] {
					exact := !m.CaseSensitive || slices.Contains(spaceRecord{s, o}.texts(m.Space), text)
					if exact && strings.EqualFold(s.Type(o), r.ObjectType) && b.isFree(space, o) && !slices.Contains(hits, o) {
						hits = append(hits, o)
					}
				}
			}
			if i == 0 {
				found = hits
			} else {
				found = slices.DeleteFunc(found, func(o ObjectID) bool { return !slices.Contains(hits, o) })
			}
		}
		if len(found) == 1 {
			return found
		}
		if len(found) > 1 {
			b.diagnose("warning", "ambiguous_join", "A join finds more than one object",
				"Rule \""+r.Name+"\" finds "+strconv.Itoa(len(found))+" objects of "+s.Provider+" for \""+b.exportName(export{m: src.m, object: NoObject})+
					"\", and must find one. It joins none of them. Make the join values unique.", g.Range)
		}
	}
	return nil
}

// isFree reports whether an object stands for nobody.
func (b *build) isFree(space int, o ObjectID) bool {
	s := b.spaces[space]
	return b.mv.objectOf(space, o) == noMV && (s.Kind != KindAD || !isMark(s.First(o, markAttribute)))
}

// byValue indexes a space by the folded values of one attribute, once.
func (b *build) byValue(space int, attr string) map[string][]ObjectID {
	key := valueKey{space, strings.ToLower(attr)}
	idx := b.valueIndex[key]
	if idx == nil {
		idx = map[string][]ObjectID{}
		s := b.spaces[space]
		for _, o := range ordered(s) {
			if s.State(o) == Live {
				for _, text := range (spaceRecord{s, o}).texts(attr) {
					idx[dn.Fold(text)] = append(idx[dn.Fold(text)], o)
				}
			}
		}
		b.valueIndex[key] = idx
	}
	return idx
}

// valueKey names one attribute of one space.
type valueKey struct {
	space int
	attr  string
}

// flowExport computes the attributes of an export by precedence. A rule of link
// type join_no_flow in scope lets only references flow (sync-engine §1.7).
func (b *build) flowExport(e *export, rules []*lang.Rule, src mvRecord) {
	s := b.spaces[e.space]
	noFlow := slices.ContainsFunc(rules, func(r *lang.Rule) bool { return r.Link == lang.JoinNoFlow })
	byAttribute := map[string][]contributor{}
	for _, r := range rules {
		if !strings.EqualFold(r.ObjectType, e.objectType) {
			continue
		}
		b.matched[r]++
		for _, f := range r.Flows {
			if !f.Once || e.object == NoObject {
				key := strings.ToLower(f.Attribute)
				byAttribute[key] = append(byAttribute[key], contributor{r, f})
			}
		}
	}
	for _, key := range sortedKeys(byAttribute) {
		a, ok := s.Schema.Lookup(key)
		if !ok {
			a = Attribute{Name: byAttribute[key][0].flow.Attribute}
		}
		if noFlow && a.Syntax != schema.Reference {
			continue
		}
		x, err := b.exportOne(e, a, byAttribute[key], src)
		if err != nil {
			e.failed = err
			return
		}
		e.values = append(e.values, x)
	}
}

func (b *build) exportOne(e *export, a schema.Attribute, contributors []contributor, src mvRecord) (exported, *objectError) {
	x := exported{attribute: a, by: contributors[0]}
	result, c, err := decide(contributors, b.exportHas(e, a), b.exportTo(e, src, a), nil)
	if err != nil {
		return x, &objectError{c.rule.Name, c.flow.Range, fmt.Errorf("%s: %w", a.Name, err)}
	}
	x.texts, x.keep, x.by = result.values, result.keep(), result.source(contributors)
	if err := checkLength(a, x.texts); err != nil {
		return x, &objectError{x.by.rule.Name, x.by.flow.Range, err}
	}
	return x, nil
}

// exportHas are the values that the object of an export has.
func (b *build) exportHas(e *export, a schema.Attribute) []string {
	if e.object == NoObject {
		return nil
	}
	return b.spaces[e.space].Values(e.object, a.Name)
}

// exportTo is how a flow into one attribute of an export is evaluated.
func (b *build) exportTo(e *export, src mvRecord, a schema.Attribute) func(contributor) (flowed, error) {
	return func(c contributor) (flowed, error) {
		if a.Syntax == schema.Reference && c.flow.From != "" {
			values, err := b.exportReferences(e, a, c.flow.From)
			return flowed{values: values}, err
		}
		return b.flow(c.rule, c.flow, src, a)
	}
}

// exportReferences follows a reference attribute of the metaverse to the names of
// the objects in the export's directory.
func (b *build) exportReferences(e *export, a schema.Attribute, from string) ([]string, error) {
	refs := b.mv.refSource(e.m, from)
	if refs.space < 0 {
		return nil, nil
	}
	ids, err := b.read(int(refs.space), refs.object, refs.attr)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, id := range ids {
		m := b.mv.objectOf(int(refs.space), id)
		if m == noMV {
			continue
		}
		if o := b.mv.links[e.space][m]; o != NoObject {
			names = append(names, b.spaces[e.space].Name(o))
		}
	}
	slices.Sort(names)
	if len(names) > 1 && !a.Multi {
		return nil, fmt.Errorf("%s holds one object, and %d came out", a.Name, len(names))
	}
	return names, nil
}

// outboundJoined plans the edits of joined AD objects other than the groups of a
// writeback. They carry no mark, so only rules with unmarked = "write" reach
// them; what other rules would change is counted as not written.
func (b *build) outboundJoined() {
	for _, t := range b.targets {
		for _, e := range b.exports(t.index) {
			if e.failed != nil {
				b.objectFailed(b.exportWho(e), *e.failed)
				continue
			}
			if e.object == NoObject {
				b.notWritten(e, "unmarked") // only a writeback makes objects
				continue
			}
			b.diffJoined(t, e)
		}
	}
}

func (b *build) exportName(e export) string {
	if e.object != NoObject {
		return displayName(b.spaces[e.space], e.object)
	}
	for i, links := range b.mv.links {
		if o := links[e.m]; o != NoObject {
			return displayName(b.spaces[i], o)
		}
	}
	return "metaverse object " + fmt.Sprint(e.m)
}

// exportWho is exportName for messages about one object.
func (b *build) exportWho(e export) string {
	if e.object != NoObject {
		return objectName(b.spaces[e.space], e.object)
	}
	return "\"" + b.exportName(e) + "\""
}

func (b *build) notWritten(e export, reason string) {
	id := ""
	if e.object != NoObject {
		id = b.spaces[e.space].Anchor(e.object)
	}
	b.plan.NotWritten = append(b.plan.NotWritten, NotWritten{ID: id, Name: b.exportName(e), Provider: b.spaces[e.space].Provider, Reason: reason})
}

func (b *build) diffJoined(t *target, e export) {
	var edits []Edit
	held := false
	for _, x := range e.values {
		writes := x.by.rule.Unmarked
		name := x.attribute.Name
		switch {
		case x.keep, strings.EqualFold(name, "dn"), strings.EqualFold(name, "member"):
			continue
		case lacks(t.space, name):
			t.missing[name]++
			continue
		}
		have := t.space.Values(e.object, name)
		if x.attribute.Syntax == schema.Reference {
			refs, err := b.read(t.index, e.object, name)
			if err != nil && writes {
				b.objectFailed(b.exportWho(e), objectError{x.by.rule.Name, x.by.flow.Range, err})
				return
			}
			have = nil
			for _, o := range refs {
				have = append(have, t.space.Name(o))
			}
		}
		edit, differs := makeEdit(x.attribute, have, x.texts, reasonOf(x.by.rule, x.by.flow.Range))
		switch {
		case !differs:
		case writes:
			edits = append(edits, edit)
		default:
			held = true
		}
	}
	if held {
		b.notWritten(e, "unmarked")
	}
	if len(edits) == 0 {
		return
	}
	slices.SortFunc(edits, func(x, y Edit) int { return strings.Compare(x.Attribute, y.Attribute) })
	name, anchor := t.space.Name(e.object), t.space.Anchor(e.object)
	b.plan.Changes = append(b.plan.Changes, Change{
		Address: t.space.Provider + "[" + fmt.Sprintf("%q", anchor) + "]", Provider: t.space.Provider, ObjectType: t.space.Type(e.object),
		Actions: []Action{ActionUpdate}, Name: displayName(t.space, e.object), Anchor: &anchor, DN: DNChange{&name, &name},
		Edits: edits, Reason: &edits[0].Reason,
	})
}
