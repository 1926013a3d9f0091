package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// entraKey names one object that is written in Entra ID.
type entraKey struct {
	space  int
	object ObjectID
}

// declareState plans Entra's own writeback state of one group.
func (b *build) declareState(it *item, s *Space, enabled, groupType string) {
	_, si := b.space(it.w.From)
	reason := *b.reason(it, it.w.Range)
	wants := map[string]string{attrEnabled: enabled, attrGroupType: groupType}
	for _, name := range sortedKeys(wants) {
		a, _ := s.Schema.Lookup(name)
		if name == attrGroupType && enabled == "FALSE" {
			continue // the type of a group that is not written back does not matter
		}
		if e, differs := makeEdit(a, s.Values(it.source, name), oneOrNone(wants[name]), reason); differs {
			b.entraEdit(si, it.source, it.address(), e)
		}
	}
}

func (b *build) entraEdit(space int, o ObjectID, address string, e Edit) {
	s := b.spaces[space]
	key := entraKey{space, o}
	c := b.entra[key]
	if c == nil {
		c = &Change{
			Address: address, Provider: s.Provider, ObjectType: strings.ToLower(s.Type(o)), Actions: []Action{ActionUpdate},
			Name: displayName(s, o), Anchor: ptr(s.Anchor(o)), Reason: &e.Reason,
		}
		b.entra[key] = c
	}
	c.Edits = append(c.Edits, e)
}

// outboundEntra evaluates the outbound rules to Entra ID for cloud-mastered
// groups. What Graph lets an application write is planned; the rest is counted
// as not written.
func (b *build) outboundEntra() {
	for si, s := range b.spaces {
		if s.Kind != KindEntra {
			continue
		}
		rules := b.entraRules(s.Provider)
		if len(rules) > 0 {
			for _, o := range ordered(s) {
				if m := b.mv.objectOf(si, o); m != noMV && s.State(o) == Live && strings.EqualFold(s.Type(o), "group") {
					b.flowEntra(rules, si, o, m)
				}
			}
		}
	}
	keys := make([]entraKey, 0, len(b.entra))
	for k := range b.entra {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y entraKey) int {
		return strings.Compare(b.entra[x].Address+b.spaces[x.space].Anchor(x.object), b.entra[y].Address+b.spaces[y.space].Anchor(y.object))
	})
	for _, k := range keys {
		c := b.entra[k]
		slices.SortFunc(c.Edits, func(x, y Edit) int { return strings.Compare(x.Attribute, y.Attribute) })
		b.plan.Changes = append(b.plan.Changes, *c)
	}
}

func (b *build) entraRules(provider string) []*lang.Rule {
	var rules []*lang.Rule
	for _, r := range b.cfg.Rules {
		if r.Direction == lang.Outbound && !r.Disabled && r.Provider.Address() == provider && strings.EqualFold(r.ObjectType, "group") {
			rules = append(rules, r)
		}
	}
	return rules
}

func (b *build) flowEntra(rules []*lang.Rule, si int, o ObjectID, m mvID) {
	s := b.spaces[si]
	src := mvRecord{b, m}
	byAttribute := map[string][]contributor{}
	for _, r := range rules {
		ok, err := b.inScope(r, src)
		if err != nil {
			b.objectFailed(displayName(s, o), objectError{r.Name, r.Range, err})
			return
		}
		if !ok || r.MetaverseType != "*" && r.MetaverseType != b.mv.types[m] {
			continue
		}
		b.matched[r]++
		for _, f := range r.Flows {
			key := strings.ToLower(f.Attribute)
			byAttribute[key] = append(byAttribute[key], contributor{r, f})
		}
	}
	if s.First(o, "onPremisesSyncEnabled") == "TRUE" {
		if len(byAttribute) > 0 {
			b.plan.NotWritten = append(b.plan.NotWritten, NotWritten{ID: s.Anchor(o), Name: displayName(s, o), Provider: s.Provider, Reason: "mastered_on_premises"})
		}
		return
	}
	private := false
	for _, key := range sortedKeys(byAttribute) {
		a, ok := s.Schema.Lookup(key)
		if !ok || a.ReadOnly || a.Syntax == SyntaxReference {
			private = true
			continue
		}
		var result winner
		for _, c := range byAttribute[key] {
			got, err := b.flow(c.rule, c.flow, src, a)
			if err != nil {
				b.objectFailed(displayName(s, o), objectError{c.rule.Name, c.flow.Range, err})
				return
			}
			if result.add(c, got) {
				break
			}
		}
		if result.by.rule == nil && result.ignored {
			continue
		}
		by := result.by
		if by.rule == nil {
			by = byAttribute[key][0]
		}
		if e, differs := makeEdit(a, s.Values(o, a.Name), result.values, reasonOf(by.rule, by.flow.Range)); differs {
			b.entraEdit(si, o, s.Provider+"[\""+markPrefix+s.Anchor(o)+"\"]", e)
		}
	}
	if private {
		b.plan.NotWritten = append(b.plan.NotWritten, NotWritten{ID: s.Anchor(o), Name: displayName(s, o), Provider: s.Provider, Reason: "private_interface"})
	}
}
