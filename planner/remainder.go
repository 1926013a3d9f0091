package planner

import (
	"slices"

	"github.com/landfall-directory/landfall/lang"
)

// Remainder is what of a plan the directories do not show, after it was carried
// out. It asks them alone, and no rule: the next plan of the configuration wants
// back what a revert took back. snap comes from a read of Plan.Recorded.
func Remainder(cfg *lang.Config, snap Snapshot, p *Plan, redactKey []byte) (*Plan, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options.RedactKey = redactKey
	b.newTargets()
	v := &reverter{b: b, objects: map[HoldingKey]*reverted{}}
	rest := &Plan{}
	for _, c := range p.Changes {
		if c.Blocked != nil {
			continue
		}
		if left := v.pending(c); len(left.Actions) > 0 {
			rest.Changes = append(rest.Changes, left)
		}
	}
	return rest, nil
}

// RevealFrom fills in the texts that p hides from the objects that have them now.
func (p *Plan) RevealFrom(cfg *lang.Config, snap Snapshot, redactKey []byte) error {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return err
	}
	b.options.RedactKey = redactKey
	v := &reverter{b: b}
	for _, c := range p.Changes {
		s := v.space(c.Provider)
		if s == nil || c.Anchor == nil || s.ByAnchor(*c.Anchor) == NoObject {
			continue
		}
		x := &reverted{v: v, s: s, o: s.ByAnchor(*c.Anchor), values: map[string]*revertedValue{}}
		for _, e := range c.Edits {
			known := map[string]string{}
			for _, d := range slices.Clone(x.value(e).now) {
				one := []Datum{d}
				b.hide(one)
				known[one[0].Hash] = d.Text
			}
			for _, list := range [][]Datum{e.Before, e.After} {
				for i := range list {
					if list[i].Hidden() {
						list[i].Text = known[list[i].Hash]
					}
				}
			}
		}
	}
	return nil
}

// pending is what of a change is not there; without actions when all of it is.
func (v *reverter) pending(c Change) Change {
	left := c
	left.Actions, left.Edits, left.Members = nil, nil, nil
	s := v.space(c.Provider)
	o := NoObject
	switch {
	case s == nil:
		return c
	case c.Anchor != nil:
		o = s.ByAnchor(*c.Anchor)
	case c.DN.After != nil:
		o = s.ByName(*c.DN.After)
	}
	live := o != NoObject && s.State(o) == Live
	switch gone := slices.Contains(c.Actions, ActionDelete); {
	case gone && live, !gone && !live:
		return c
	case gone:
		return left
	}
	x := &reverted{v: v, s: s, o: o, values: map[string]*revertedValue{}}
	for _, a := range c.Actions {
		if (a == ActionMove || a == ActionRename || a == ActionRestore) && !sameName(s.Name(o), *c.DN.After) {
			left.Actions = append(left.Actions, a)
		}
	}
	for _, e := range c.Edits {
		if value := x.value(e); !v.same(value.attribute, value.now, e.After) {
			left.Edits = append(left.Edits, e)
		}
	}
	if len(left.Edits) > 0 {
		left.Actions = append(left.Actions, ActionUpdate)
	}
	if m := x.pendingMembers(c.Members); m != nil {
		left.Members = m
		left.Actions = append(left.Actions, ActionMembers)
	}
	return left
}

// pendingMembers are the memberships that are not as they should be, nil if all
// are.
func (x *reverted) pendingMembers(want *Members) *Members {
	if want == nil {
		return nil
	}
	differ := func(list []MemberChange, present bool) []MemberChange {
		return slices.DeleteFunc(slices.Clone(list), func(m MemberChange) bool {
			who, ok := x.v.member(x.s, m)
			return (ok && x.isMember(who.o)) == present
		})
	}
	left := &Members{Before: want.Before, After: want.After, Add: differ(want.Add, true), Remove: differ(want.Remove, false)}
	if len(left.Add)+len(left.Remove) == 0 {
		return nil
	}
	return left
}
