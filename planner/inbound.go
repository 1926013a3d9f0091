package planner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// inbound joins every object to the metaverse, or projects it, and flows its
// attributes in. The order of reading never matters: rules are taken by
// precedence, objects by anchor.
//
// Before an object is projected, every join rule that takes it is tried; objects
// that only a join rule takes are joined last, when all others are projected.
func (b *build) inbound() {
	var rules []*lang.Rule
	for _, r := range b.cfg.Rules {
		if r.Direction == lang.Inbound && !r.Disabled {
			rules = append(rules, r)
			for _, g := range r.Join {
				for _, m := range g.Matches {
					b.mv.index(m.Metaverse)
				}
			}
		}
	}
	objects := make([]map[string][]ObjectID, len(b.spaces))
	for i, s := range b.spaces {
		objects[i] = byType(s)
	}
	for _, r := range rules {
		if r.Link != lang.Provision {
			continue
		}
		_, i := b.space(r.Provider)
		for _, o := range objects[i][strings.ToLower(r.ObjectType)] {
			if b.mv.objectOf(i, o) == noMV && b.takes(r, i, o) && !b.joinOne(rules, i, o) && b.mayProject(r, i, o) {
				m := b.mv.project(r.MetaverseType)
				b.mv.link(i, o, m)
				b.indexKeys(rules, i, o, m)
			}
		}
	}
	for i := range b.spaces {
		for _, objectType := range sortedKeys(objects[i]) {
			for _, o := range objects[i][objectType] {
				if b.mv.objectOf(i, o) == noMV {
					b.joinOne(rules, i, o)
				}
			}
		}
	}
	b.flowIn(rules)
}

// byType lists the objects of a space that take part in synchronisation, by
// lower-case type. Deleted objects of AD do not; soft-deleted ones of Entra do,
// marked by reasonFiltered, as in Entra Connect.
func byType(s *Space) map[string][]ObjectID {
	out := map[string][]ObjectID{}
	for _, o := range ordered(s) {
		if s.State(o) == Deleted && s.Kind == KindAD {
			continue
		}
		t := strings.ToLower(s.Type(o))
		out[t] = append(out[t], o)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// takes reports whether an inbound rule applies to an object of its provider.
// An error in the scope's expression fails the object for that rule.
func (b *build) takes(r *lang.Rule, space int, o ObjectID) bool {
	s := b.spaces[space]
	if b.index[r.Provider.Address()] != space || !strings.EqualFold(r.ObjectType, s.Type(o)) {
		return false
	}
	states := b.scopes[r]
	if states == nil {
		states = make([]scopeState, s.Len())
		b.scopes[r] = states
	}
	if states[o] == scopeUnknown {
		ok, err := b.inScope(r, spaceRecord{s, o})
		states[o] = scopeOut
		if err != nil {
			b.objectFailed(displayName(s, o), objectError{r.Name, r.Range, err})
		} else if ok {
			states[o] = scopeIn
			b.matched[r]++
		}
	}
	return states[o] == scopeIn
}

// joinOne tries the join rules that take o, by precedence, and links it to the
// one metaverse object that they find.
func (b *build) joinOne(rules []*lang.Rule, space int, o ObjectID) bool {
	for _, r := range rules {
		if len(r.Join) == 0 || r.Provider.Address() != b.spaces[space].Provider || !b.takes(r, space, o) {
			continue
		}
		found := b.candidates(r, space, o)
		if len(found) != 1 {
			continue
		}
		if b.mv.link(space, o, found[0]) {
			b.indexKeys(rules, space, o, found[0])
			return true
		}
		s := b.spaces[space]
		b.diagnose("warning", "ambiguous_join", "Two objects join one metaverse object",
			"Rule \""+r.Name+"\" joins \""+displayName(s, o)+"\" to the object that \""+displayName(s, b.mv.links[space][found[0]])+
				"\" is joined to already. One object of a directory may stand for it; the first one by id was kept. "+
				"Find out why both carry the same join value.", r.Range)
	}
	return false
}

// candidates evaluates the join groups of a rule: the first group that finds
// exactly one metaverse object decides (sync-engine §1.5).
func (b *build) candidates(r *lang.Rule, space int, o ObjectID) []mvID {
	s := b.spaces[space]
	for gi, g := range r.Join {
		found := b.matchGroup(r, g, spaceRecord{s, o})
		if len(found) == 1 {
			return found
		}
		if len(found) > 1 {
			b.diagnose("warning", "ambiguous_join", "A join finds more than one object",
				"Rule \""+r.Name+"\", join "+strconv.Itoa(gi+1)+": \""+displayName(s, o)+"\" of "+s.Provider+" finds "+strconv.Itoa(len(found))+
					" metaverse objects, and must find one. It is not joined by it. Make the join values unique.", g.Range)
		}
	}
	return nil
}

func (b *build) matchGroup(r *lang.Rule, g lang.JoinGroup, src spaceRecord) []mvID {
	var found []mvID
	for i, match := range g.Matches {
		texts := src.texts(match.Space)
		if len(texts) == 0 {
			return nil
		}
		var hits []mvID
		for _, text := range texts {
			for _, m := range b.mv.lookup(match.Metaverse, text, match.CaseSensitive) {
				if (r.MetaverseType == "*" || r.MetaverseType == b.mv.types[m]) && !slices.Contains(hits, m) {
					hits = append(hits, m)
				}
			}
		}
		if i == 0 {
			found = hits
			continue
		}
		found = slices.DeleteFunc(found, func(m mvID) bool { return !slices.Contains(hits, m) })
	}
	return found
}

// mayProject: a rule that joins projects an object only if one attribute of its
// join criteria has a value.
func (b *build) mayProject(r *lang.Rule, space int, o ObjectID) bool {
	if len(r.Join) == 0 {
		return true
	}
	src := spaceRecord{b.spaces[space], o}
	for _, g := range r.Join {
		for _, m := range g.Matches {
			if len(src.texts(m.Space)) > 0 {
				return true
			}
		}
	}
	return false
}

// indexKeys evaluates the flows into attributes that joins look up, so that
// later objects find this one.
func (b *build) indexKeys(rules []*lang.Rule, space int, o ObjectID, m mvID) {
	for _, r := range rules {
		if r.Provider.Address() != b.spaces[space].Provider || !b.flows(r, m) || !b.takes(r, space, o) {
			continue
		}
		for _, f := range r.Flows {
			if b.mv.keys[strings.ToLower(f.Attribute)] == nil {
				continue
			}
			got, err := b.flow(r, f, spaceRecord{b.spaces[space], o}, b.mvAttribute(f.Attribute))
			if err == nil && len(got.values) > 0 {
				b.mv.set(m, f.Attribute, got.values, r)
				b.mv.addKey(m, f.Attribute, got.values)
			}
		}
	}
}

func (b *build) flows(r *lang.Rule, m mvID) bool {
	return r.Link != lang.JoinNoFlow && (r.MetaverseType == "*" || r.MetaverseType == b.mv.types[m])
}

func (b *build) mvAttribute(name string) schema.Attribute {
	a, _ := b.mv.schema.Lookup(name)
	return a
}

// contributor is one flow that may contribute to an attribute.
type contributor struct {
	rule *lang.Rule
	flow *lang.Flow
}

// flowIn computes every metaverse attribute from its contributors, by
// precedence.
func (b *build) flowIn(rules []*lang.Rule) {
	byAttribute := map[string][]contributor{}
	for _, r := range rules {
		for _, f := range r.Flows {
			key := strings.ToLower(f.Attribute)
			byAttribute[key] = append(byAttribute[key], contributor{r, f})
		}
	}
	for _, key := range sortedKeys(byAttribute) {
		a := b.mvAttribute(key)
		for m := range mvID(len(b.mv.types)) {
			if _, failed := b.mvErrors[m]; failed {
				continue
			}
			if a.Syntax == schema.Reference {
				b.flowReferencesIn(m, a, byAttribute[key])
			} else {
				b.flowAttributeIn(m, a, byAttribute[key])
			}
		}
	}
}

func (b *build) flowAttributeIn(m mvID, a schema.Attribute, contributors []contributor) {
	var result winner
	for _, c := range contributors {
		o, space, ok := b.contributes(c, m)
		if !ok {
			continue
		}
		got, err := b.flow(c.rule, c.flow, spaceRecord{b.spaces[space], o}, a)
		if err != nil {
			b.mvErrors[m] = objectError{c.rule.Name, c.flow.Range, err}
			b.objectFailed(displayName(b.spaces[space], o), b.mvErrors[m])
			return
		}
		if result.add(c, got) {
			break
		}
	}
	b.mv.set(m, a.Name, result.values, result.by.rule)
}

func (b *build) flowReferencesIn(m mvID, a schema.Attribute, contributors []contributor) {
	for _, c := range contributors {
		o, space, ok := b.contributes(c, m)
		if !ok || c.flow.From == "" {
			continue
		}
		b.mv.setRefs(m, a.Name, refSource{int32(space), o, c.flow.From, c.rule})
		return
	}
}

// contributes tells which object of m a flow reads, if its rule takes it.
func (b *build) contributes(c contributor, m mvID) (ObjectID, int, bool) {
	space := b.index[c.rule.Provider.Address()]
	o := b.mv.links[space][m]
	if o == NoObject || !b.flows(c.rule, m) || !b.takes(c.rule, space, o) {
		return NoObject, 0, false
	}
	return o, space, true
}

// objectFailed reports an error that fails one object.
func (b *build) objectFailed(name string, e objectError) {
	b.diagnose("error", "object_error", "A rule fails for one object",
		"Rule \""+e.rule+"\" fails for \""+name+"\": "+e.err.Error()+". Its changes are left out of the plan, all others stand. "+
			"Correct the object or the rule.", e.rng)
}
