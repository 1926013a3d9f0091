package planner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// inRule is an inbound rule with the space that it reads, and what is known of
// its scope.
type inRule struct {
	*lang.Rule
	space  int
	scopes []scopeState // by object
	flows  []*inFlow
}

// inFlow is one flow of an inbound rule and the attribute that it flows into.
type inFlow struct {
	rule *inRule
	flow *lang.Flow
	into *mvColumn
	// given holds, by object, the one value that the flow gave when the object
	// was joined, if joins look the attribute up.
	given []string
}

// inboundRules binds the inbound rules, in the order of their precedence.
func (b *build) inboundRules() []*inRule {
	var rules []*inRule
	for _, r := range b.cfg.Rules {
		if r.Direction == lang.Inbound && !r.Disabled {
			rules = append(rules, &inRule{Rule: r, space: b.index[r.Provider]})
			for _, g := range r.Join {
				for _, m := range g.Matches {
					b.mv.column(m.Metaverse).indexed()
				}
			}
		}
	}
	for _, r := range rules {
		for _, f := range r.Flows {
			r.flows = append(r.flows, &inFlow{rule: r, flow: f, into: b.mv.column(f.Attribute)})
		}
	}
	return rules
}

// inbound joins every object to the metaverse, or projects it, and flows its
// attributes in. The order of reading never matters: rules are taken by
// precedence, objects by anchor.
func (b *build) inbound() { b.synchronise(b.rules) }

// inboundGroups is inbound for groups alone: what to read next depends on them
// and on nobody else, and there are many more persons. A rule for another type
// of the metaverse neither makes a group nor joins one nor flows into one.
func (b *build) inboundGroups() {
	var rules []*inRule
	for _, r := range b.rules {
		switch r.MetaverseType {
		case "group":
			rules = append(rules, r)
		case "*":
			b.inbound()
			return
		}
	}
	b.synchronise(rules)
}

// synchronise is inbound with some of the rules. Before an object is projected,
// every join rule that takes it is tried; objects that only a join rule takes
// are joined last, when all others are projected.
func (b *build) synchronise(rules []*inRule) {
	for _, r := range rules {
		if r.Link != lang.Provision {
			continue
		}
		s := b.spaces[r.space]
		for _, o := range b.objects(s, r.ObjectType) {
			if b.mv.objectOf(r.space, o) != noMV || !b.takes(r, o) {
				continue
			}
			if joined, disagree := b.joinOne(rules, r.space, o); !joined && !disagree && b.mayProject(r, o) {
				m := b.mv.project(r.MetaverseType)
				b.mv.link(r.space, o, m)
				b.trace.linked(r.Rule, r.space, o, true)
				b.indexKeys(rules, r.space, o, m)
			}
		}
	}
	for i, s := range b.spaces {
		types := map[string]bool{}
		for _, r := range rules {
			if r.space == i && len(r.Join) > 0 {
				types[strings.ToLower(r.ObjectType)] = true
			}
		}
		for _, objectType := range sortedKeys(types) {
			for _, o := range b.objects(s, objectType) {
				if b.mv.objectOf(i, o) != noMV {
					continue
				}
				if joined, _ := b.joinOne(rules, i, o); !joined {
					b.inDoubt(i, o)
				}
			}
		}
	}
	b.flowIn(rules)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// takes reports whether an inbound rule applies to an object of its space. An
// error in the scope's expression fails the object for that rule.
func (b *build) takes(r *inRule, o ObjectID) bool {
	if r.scopes == nil {
		r.scopes = make([]scopeState, b.spaces[r.space].Len())
	}
	if r.scopes[o] == scopeUnknown {
		r.scopes[o] = b.scopeOf(r, o)
	}
	return r.scopes[o] == scopeIn
}

func (b *build) scopeOf(r *inRule, o ObjectID) scopeState {
	s := b.spaces[r.space]
	if !strings.EqualFold(r.ObjectType, s.Type(o)) || !takesPart(s, o) {
		return scopeOut
	}
	ok, err := b.inScope(r.Rule, spaceRecord{s, o})
	if err != nil {
		b.broken[entraKey{r.space, o}] = objectError{r.Name, r.Range, err}
		b.objectFailed(objectName(s, o), b.broken[entraKey{r.space, o}])
	}
	if err != nil || !ok {
		return scopeOut
	}
	b.matched[r.Rule]++
	return scopeIn
}

// joinOne tries the join rules that take o, by precedence, and links it to the
// one metaverse object that they find. Rules with other criteria may be in scope
// at the same time, as they are in Entra Connect's own configuration, but those
// that find something must find the same; disagree says that they do not.
func (b *build) joinOne(rules []*inRule, space int, o ObjectID) (joined, disagree bool) {
	key := entraKey{space, o}
	delete(b.doubts, key)
	target := noMV
	var by *inRule
	for _, r := range rules {
		if r.space != space || len(r.Join) == 0 || !b.takes(r, o) {
			continue
		}
		found := b.candidates(r.Rule, space, o)
		switch {
		case len(found) != 1:
		case target == noMV:
			target, by = found[0], r
		case found[0] != target:
			b.doubts[key] = append(b.doubts[key], target, found[0])
			b.diagnose("warning", "ambiguous_join", "Two rules join one object to two",
				"The rules \""+by.Name+"\" and \""+r.Name+"\" take "+objectName(b.spaces[space], o)+" of "+b.spaces[space].Provider+
					", and their joins find two metaverse objects. Let their scopes or their joins exclude each other.", r.Range)
			return false, true
		}
	}
	if target == noMV {
		return false, false
	}
	if b.mv.link(space, o, target) {
		b.trace.linked(by.Rule, space, o, false)
		b.indexKeys(rules, space, o, target)
		return true, false
	}
	b.trace.refused(space, o, target)
	b.doubts[key] = append(b.doubts[key], target)
	s := b.spaces[space]
	b.diagnose("warning", "ambiguous_join", "Two objects join one metaverse object",
		"Rule \""+by.Name+"\" joins "+objectName(s, o)+" to the object that "+objectName(s, b.mv.links[space][target])+
			" is joined to already. One object of a directory may stand for it. Find out why both carry the same join value.", by.Range)
	return false, false
}

// candidates evaluates the join groups of a rule: the first group that finds
// exactly one metaverse object decides (sync-engine §1.5).
func (b *build) candidates(r *lang.Rule, space int, o ObjectID) []mvID {
	s := b.spaces[space]
	for gi, g := range r.Join {
		found := b.matchGroup(r, g, spaceRecord{s, o})
		b.trace.tried(r, gi, space, o, found)
		if len(found) == 1 {
			return found
		}
		if len(found) > 1 {
			b.doubts[entraKey{space, o}] = append(b.doubts[entraKey{space, o}], found...)
			b.diagnose("warning", "ambiguous_join", "A join finds more than one object",
				"Rule \""+r.Name+"\", join "+strconv.Itoa(gi+1)+": "+objectName(s, o)+" of "+s.Provider+" finds "+strconv.Itoa(len(found))+
					" metaverse objects, and must find one. It is not joined by it. Make the join values unique.", g.Range)
		}
	}
	return nil
}

// inDoubt reports an object that no rule joined although some found candidates.
// Which of them it stands for is not known, so nothing follows for any of them:
// they neither become members because of it nor stop being members.
func (b *build) inDoubt(space int, o ObjectID) {
	candidates := b.doubts[entraKey{space, o}]
	if len(candidates) == 0 {
		return
	}
	for _, m := range candidates {
		b.doubted[m] = true
	}
	s := b.spaces[space]
	b.diagnose("error", "ambiguous_join", "An object could not be joined",
		objectName(s, o)+" of "+s.Provider+" is joined to nothing, because its join values do not say to what. It is left out, and memberships of the objects "+
			"that it could stand for are left as they are. Make the join values unique; the warnings beside this one name the rules.", b.providerRange(s))
}

func (b *build) providerRange(s *Space) hcl.Range {
	for _, p := range b.cfg.Providers {
		if p.Address() == s.Provider {
			return p.Range
		}
	}
	return hcl.Range{}
}

func (b *build) matchGroup(r *lang.Rule, g lang.JoinGroup, src spaceRecord) []mvID {
	var found []mvID
	for i, match := range g.Matches {
		texts := src.texts(match.Space)
		if len(texts) == 0 {
			return nil
		}
		column := b.mv.column(match.Metaverse)
		var hits []mvID
		for _, text := range texts {
			for _, m := range column.lookup(text, match.CaseSensitive) {
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
func (b *build) mayProject(r *inRule, o ObjectID) bool {
	if len(r.Join) == 0 {
		return true
	}
	src := spaceRecord{b.spaces[r.space], o}
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
func (b *build) indexKeys(rules []*inRule, space int, o ObjectID, m mvID) {
	for _, r := range rules {
		if r.space != space || !b.flows(r.Rule, m) || !b.takes(r, o) {
			continue
		}
		for _, f := range r.flows {
			if f.into.joins == nil {
				continue
			}
			got, err := b.flowInto(f, o)
			if err == nil && len(got.values) > 0 {
				f.into.set(m, got.values)
				f.into.addKeys(m, got.values)
			}
		}
	}
}

// flowInto evaluates an inbound flow for one object.
func (b *build) flowInto(f *inFlow, o ObjectID) (flowed, error) {
	if f.given != nil && f.given[o] != "" {
		return flowed{values: f.given[o : o+1 : o+1]}, nil
	}
	s := b.spaces[f.rule.space]
	src := spaceRecord{s, o}
	if f.flow.From != "" { // here, and not only in flow, because a record costs an allocation
		if texts, ok := direct(src.schemaOf(f.flow.From), f.into.Attribute, src.texts(f.flow.From)); ok {
			return flowed{values: texts}, nil
		}
	}
	got, err := b.flow(f.rule.Rule, f.flow, src, f.into.Attribute)
	if f.into.joins != nil && err == nil && len(got.values) == 1 {
		if f.given == nil {
			f.given = make([]string, s.Len())
		}
		f.given[o] = got.values[0]
	}
	return got, err
}

func (b *build) flows(r *lang.Rule, m mvID) bool {
	return r.Link != lang.JoinNoFlow && (r.MetaverseType == "*" || r.MetaverseType == b.mv.types[m])
}

// contributor is one flow that may contribute to an attribute.
type contributor struct {
	rule *lang.Rule
	flow *lang.Flow
}

// contributorsIn lists the flows of rules into every metaverse attribute, by
// precedence; the key is the attribute in lower case.
func contributorsIn(rules []*inRule) map[string][]*inFlow {
	byAttribute := map[string][]*inFlow{}
	for _, r := range rules {
		for _, f := range r.flows {
			key := strings.ToLower(f.flow.Attribute)
			byAttribute[key] = append(byAttribute[key], f)
		}
	}
	return byAttribute
}

// flowIn computes every metaverse attribute from its contributors, by
// precedence.
func (b *build) flowIn(rules []*inRule) {
	byAttribute := contributorsIn(rules)
	for _, key := range sortedKeys(byAttribute) {
		into := b.mv.column(key)
		for m := range mvID(len(b.mv.types)) {
			if _, failed := b.mvErrors[m]; failed {
				continue
			}
			if into.Syntax == schema.Reference {
				b.flowReferencesIn(m, into, byAttribute[key])
			} else {
				b.flowAttributeIn(m, into, byAttribute[key])
			}
		}
	}
	for key, e := range b.broken {
		if m := b.mv.objectOf(key.space, key.object); m != noMV {
			b.mvErrors[m] = e
		}
	}
}

func (b *build) flowAttributeIn(m mvID, into *mvColumn, contributors []*inFlow) {
	result, c, err := b.decideIn(m, into, contributors, nil)
	if err != nil {
		b.mvErrors[m] = objectError{c.rule.Name, c.flow.Range, err}
		b.objectFailed(objectName(b.spaces[c.rule.space], b.mv.links[c.rule.space][m]), b.mvErrors[m])
		return
	}
	into.set(m, result.values)
	if result.keep() {
		b.kept[mvKey{m, strings.ToLower(into.Name)}] = true
	}
}

// decideIn asks the contributors to one attribute of a metaverse object until it
// is decided; an error comes with the flow that fails. seen, where there is one,
// is told what each of them says.
func (b *build) decideIn(m mvID, into *mvColumn, contributors []*inFlow, seen func(*inFlow, flowed, error)) (winner, *inFlow, error) {
	var result winner
	for _, c := range contributors {
		o, ok := b.contributes(c, m)
		if !ok {
			continue
		}
		got, err := b.flowInto(c, o)
		if seen != nil {
			seen(c, got, err)
		}
		if err != nil {
			return winner{}, c, err
		}
		if result.add(contributor{c.rule.Rule, c.flow}, got) {
			break
		}
	}
	return result, nil, nil
}

func (b *build) flowReferencesIn(m mvID, into *mvColumn, contributors []*inFlow) {
	for _, c := range contributors {
		o, ok := b.contributes(c, m)
		if !ok || c.flow.From == "" {
			continue
		}
		into.setRefs(m, refSource{int32(c.rule.space), o, c.flow.From})
		return
	}
}

// contributes tells which object of m a flow reads, if its rule takes it.
func (b *build) contributes(c *inFlow, m mvID) (ObjectID, bool) {
	o := b.mv.links[c.rule.space][m]
	if o == NoObject || !b.flows(c.rule.Rule, m) || !b.takes(c.rule, o) {
		return NoObject, false
	}
	return o, true
}

// objectFailed reports an error that fails one object.
func (b *build) objectFailed(who string, e objectError) {
	b.diagnose("error", "object_error", "A rule fails for one object",
		"Rule \""+e.rule+"\" fails for "+who+": "+e.err.Error()+". Its changes are left out of the plan, all others stand. "+
			"Correct the object or the rule.", e.rng)
}
