package planner

import (
	"fmt"
	"slices"
	"strings"
)

// entraKey names one object that is written in Entra ID.
type entraKey struct {
	space  int
	object ObjectID
}

// declareState plans Entra's own writeback state of one group. Two blocks that
// write it to two forests must agree: the group has one state.
func (b *build) declareState(it *item, s *Space, enabled, groupType string) {
	_, si := b.space(it.w.From)
	key := entraKey{si, it.source}
	if other := b.declared[key]; other != nil {
		if other.w.State != it.w.State {
			err := fmt.Errorf("%s declares state = \"%s\" and %s declares state = \"%s\", and a group has one state in Entra ID", other.w.Address(), other.w.State, it.w.Address(), it.w.State)
			b.failed[key] = true
			b.fail(other, objectError{other.w.Address(), other.w.Range, err})
			b.fail(it, objectError{it.w.Address(), it.w.Range, err})
		}
		return
	}
	b.declared[key] = it
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
				b.objectFailed(b.exportWho(e), *e.failed)
				b.failed[entraKey{si, e.object}] = true
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
		if !b.failed[k] {
			keys = append(keys, k)
		}
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
	private := false
	for _, x := range e.values {
		switch {
		case x.keep:
		case !strings.EqualFold(s.Type(e.object), "group"), x.attribute.ReadOnly, x.attribute.Syntax == SyntaxReference:
			private = true
		case b.againstState(e, x):
			return
		default:
			if edit, differs := makeEdit(x.attribute, s.Values(e.object, x.attribute.Name), x.texts, reasonOf(x.by.rule, x.by.flow.Range)); differs {
				b.entraEdit(e.space, e.object, s.Provider+"[\""+markPrefix+s.Anchor(e.object)+"\"]", edit)
			}
		}
	}
	if private {
		b.notWritten(e, "private_interface")
	}
}

// againstState fails a group whose state in Entra ID a writeback declares and a
// rule flows.
func (b *build) againstState(e export, x exported) bool {
	key := entraKey{e.space, e.object}
	it := b.declared[key]
	if it == nil || x.attribute.Name != attrEnabled && x.attribute.Name != attrGroupType {
		return false
	}
	b.failed[key] = true
	b.fail(it, objectError{x.by.rule.Name, x.by.flow.Range,
		fmt.Errorf("%s flows into the writeback state, which %s declares (state = \"%s\"); only one of them can", x.by.rule.Name, it.w.Address(), it.w.State)})
	return true
}
