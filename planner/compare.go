package planner

import (
	"cmp"
	"slices"
)

// Difference is what two plans do not have in common, as far as a digest covers
// it: reasons, names and dates do not count.
type Difference struct {
	New  []*Change // only the later plan has it
	Gone []*Change // only the earlier plan has it
	// Other are changes of one object that both plans make, not in the same way.
	Other []Pair
	Same  int // changes that both plans have
}

// Pair is what becomes of one object in an earlier and in a later plan.
type Pair struct{ Before, After *Change }

// Empty reports whether both plans do the same; they have one digest then.
func (d Difference) Empty() bool { return len(d.New)+len(d.Gone)+len(d.Other) == 0 }

// Compare says how a later plan differs from an earlier one. Changes belong
// together by address and provider; of several with one address, those of one
// object do.
func Compare(before, after *Plan) Difference {
	type key struct{ address, provider string }
	waiting := map[key][]*Change{}
	for i := range before.Changes {
		c := &before.Changes[i]
		k := key{c.Address, c.Provider}
		waiting[k] = append(waiting[k], c)
	}
	var d Difference
	var rest []*Change
	take := func(c *Change, fits func(*Change) bool) *Change {
		k := key{c.Address, c.Provider}
		i := slices.IndexFunc(waiting[k], fits)
		if i < 0 {
			return nil
		}
		old := waiting[k][i]
		waiting[k] = slices.Delete(waiting[k], i, i+1)
		return old
	}
	for i := range after.Changes { // those that are the same, before others could take their places
		c := &after.Changes[i]
		if take(c, func(old *Change) bool { return sameChange(c, old) }) != nil {
			d.Same++
		} else {
			rest = append(rest, c)
		}
	}
	for _, exactly := range []bool{true, false} {
		var left []*Change
		for _, c := range rest {
			old := take(c, func(old *Change) bool { return !exactly || anchorText(old) == anchorText(c) })
			if old == nil {
				left = append(left, c)
			} else {
				d.Other = append(d.Other, Pair{old, c})
			}
		}
		rest = left
	}
	d.New = rest
	for i := range before.Changes {
		c := &before.Changes[i]
		if slices.Contains(waiting[key{c.Address, c.Provider}], c) {
			d.Gone = append(d.Gone, c)
		}
	}
	slices.SortStableFunc(d.Other, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(x.After.Address, y.After.Address), cmp.Compare(x.After.Provider, y.After.Provider))
	})
	return d
}

func anchorText(c *Change) string {
	if c.Anchor == nil {
		return ""
	}
	return *c.Anchor
}

// Parts are what only one of both changes does, each as a change of its own that
// has nothing else in it. Where a part says nothing of the kind, its Actions,
// Anchor and DN are nil, and its Blocked is that of both.
func (p Pair) Parts() (before, after Change) {
	return only(p.Before, p.After), only(p.After, p.Before)
}

// only is what c does and other does not.
func only(c, other *Change) Change {
	part := Change{Address: c.Address, Provider: c.Provider, ObjectType: c.ObjectType, Name: c.Name, Reason: c.Reason}
	x, y := digestOf(c), digestOf(other)
	if !slices.Equal(x.Actions, y.Actions) || x.ObjectType != y.ObjectType {
		part.Actions = c.Actions
	}
	if anchorText(c) != anchorText(other) {
		part.Anchor = c.Anchor
	}
	if !sameText(c.DN.Before, other.DN.Before) || !sameText(c.DN.After, other.DN.After) {
		part.DN = c.DN
	}
	if x.Blocked != y.Blocked {
		part.Blocked = c.Blocked
	}
	for _, e := range c.Edits {
		if !slices.ContainsFunc(other.Edits, func(o Edit) bool { return sameEdit(e, o) }) {
			part.Edits = append(part.Edits, e)
		}
	}
	if c.Members == nil {
		return part
	}
	m := *c.Members
	m.Add, m.Remove, m.Skipped = onlyMembers(m.Add, y.Add), onlyMembers(m.Remove, y.Remove), nil
	if len(m.Add)+len(m.Remove) > 0 {
		part.Members = &m
	}
	return part
}

func sameText(x, y *string) bool { return x == y || x != nil && y != nil && *x == *y }

func sameEdit(x, y Edit) bool {
	shown := func(d Datum) Datum { // as it is encoded
		if d.Hash != "" {
			d.Text = ""
		}
		return d
	}
	same := func(a, b []Datum) bool {
		return slices.EqualFunc(a, b, func(v, w Datum) bool { return shown(v) == shown(w) })
	}
	return x.Attribute == y.Attribute && same(x.Before, y.Before) && same(x.After, y.After)
}

// onlyMembers are those that other does not have.
func onlyMembers(members []MemberChange, other []digestMember) []MemberChange {
	have := map[digestMember]bool{}
	for _, m := range other {
		have[m] = true
	}
	var out []MemberChange
	for _, m := range members {
		if !have[digestMember{m.ID, m.DN}] {
			out = append(out, m)
		}
	}
	return out
}
