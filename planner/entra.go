package planner

import (
	"slices"
	"strings"
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

// outboundEntra evaluates the outbound rules to Entra ID. What Graph lets an
// application write on cloud-mastered groups is planned; the rest is counted as
// not written: what is mastered on-premises, and what only Entra Connect's
// private interface can write.
func (b *build) outboundEntra() {
	for si, s := range b.spaces {
		if s.Kind != KindEntra {
			continue
		}
		for _, e := range b.exports(si) {
			switch {
			case e.failed != nil:
				b.objectFailed(b.exportName(e), *e.failed)
			case len(e.values) == 0:
			case e.object == NoObject:
				b.notWritten(e, "private_interface")
			case s.State(e.object) != Live:
			case s.First(e.object, "onPremisesSyncEnabled") == "TRUE":
				b.notWritten(e, "mastered_on_premises")
			default:
				b.diffEntra(s, e)
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

func (b *build) diffEntra(s *Space, e export) {
	private := !strings.EqualFold(s.Type(e.object), "group")
	for _, x := range e.values {
		if x.keep {
			continue
		}
		if private || x.attribute.ReadOnly || x.attribute.Syntax == SyntaxReference {
			private = true
			continue
		}
		if edit, differs := makeEdit(x.attribute, s.Values(e.object, x.attribute.Name), x.texts, reasonOf(x.by.rule, x.by.flow.Range)); differs {
			b.entraEdit(e.space, e.object, s.Provider+"[\""+markPrefix+s.Anchor(e.object)+"\"]", edit)
		}
	}
	if private {
		b.notWritten(e, "private_interface")
	}
}
