package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// consequences carries on what becomes of changes that are blocked, left out or
// failed: names that do not become free, groups that are not made and so are no
// members, objects that keep their name, OUs that nobody needs.
func (b *build) consequences() {
	for b.keptNames() {
	}
	made, moved := map[string]bool{}, map[string]string{}
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		if c.Blocked != nil || c.DN.After == nil {
			continue
		}
		switch it := b.itemOf(c); {
		case it == nil:
		case it.exists():
			moved[c.Provider+"\x00"+*c.Anchor] = *c.DN.After
		default:
			made[c.Provider+"\x00"+it.mark()] = true
		}
	}
	kept := b.plan.Changes[:0:0]
	for _, c := range b.plan.Changes {
		if c.Members != nil {
			b.onlyMade(&c, made, moved)
		}
		if len(c.Actions) > 0 {
			kept = append(kept, c)
		}
	}
	b.plan.Changes = kept
	needed := parents(kept)
	b.plan.Changes = slices.DeleteFunc(kept, func(c Change) bool {
		if c.ObjectType != "organizationalUnit" || c.Blocked != nil {
			return false
		}
		key := placeKey(c.Provider, *c.DN.After)
		return !needed[key] && !b.ahead[key]
	})
	if part := b.plan.Partial; part != nil {
		part.Needed = slices.DeleteFunc(part.Needed, func(address string) bool {
			return !slices.ContainsFunc(b.plan.Changes, func(c Change) bool { return c.Address == address })
		})
	}
}

// keptNames blocks changes that take the name of an object which keeps it after
// all, and reports whether there were any: those may keep their names, too.
func (b *build) keptNames() bool {
	leaving, ous := map[string]bool{}, map[string]bool{}
	for _, c := range b.plan.Changes {
		switch {
		case c.Blocked != nil:
		case c.ObjectType == "organizationalUnit":
			ous[siblingKey(c.Provider, *c.DN.After)] = true
		case placed(&c) && c.Anchor != nil:
			leaving[c.Provider+"\x00"+*c.Anchor] = true
		}
	}
	found := false
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		it := b.itemOf(c)
		if it == nil || c.Blocked != nil || !placed(c) && !slices.Contains(c.Actions, ActionCreate) && !slices.Contains(c.Actions, ActionRestore) {
			continue
		}
		collide := func(detail string) {
			c.Blocked = &Blocked{Code: "collision", By: it.w.Address(), File: it.w.CN.Range.Filename, Line: it.w.CN.Range.Start.Line,
				Detail: "the name " + *c.DN.After + " " + detail}
			found = true
		}
		if ous[siblingKey(c.Provider, *c.DN.After)] {
			collide("is that of an OU which this plan makes in the same place. Make cn unique, or choose another OU.")
		}
		for _, o := range it.t.namesakes(dn.Key(*c.DN.After)) {
			if o != it.present() && !leaving[c.Provider+"\x00"+it.t.space.Anchor(o)] {
				collide("still belongs to " + objectName(it.t.space, o) + ", which this plan does not rename or move. It comes with the plan after that one was carried out.")
			}
		}
	}
	return found
}

// placed reports whether a change gives an object that exists another name.
func placed(c *Change) bool {
	return slices.Contains(c.Actions, ActionMove) || slices.Contains(c.Actions, ActionRename)
}

// onlyMade takes members out that this plan does not make after all, and names
// the others as they will be called when memberships are written.
func (b *build) onlyMade(c *Change, made map[string]bool, moved map[string]string) {
	m := c.Members
	m.Add = slices.DeleteFunc(m.Add, func(x MemberChange) bool {
		if !isMark(x.ID) || made[c.Provider+"\x00"+x.ID] {
			return false
		}
		reason := "group_not_written_back"
		if b.leftOut[c.Provider+"\x00"+x.ID] {
			reason = "left_out"
		}
		m.Skipped = append(m.Skipped, SkippedMember{ID: x.ID[len(markPrefix):], Name: x.Name, Reason: reason})
		m.After--
		return true
	})
	for _, list := range [][]MemberChange{m.Add, m.Remove} {
		for i := range list {
			if name, ok := moved[c.Provider+"\x00"+list[i].ID]; ok {
				list[i].DN = name
			}
		}
	}
	sortMembers(m)
	if len(m.Add)+len(m.Remove) == 0 {
		c.Actions = slices.DeleteFunc(slices.Clone(c.Actions), func(a Action) bool { return a == ActionMembers })
		c.Members = nil
		b.plan.Skipped = append(b.plan.Skipped, Skipped{Address: c.Address, Name: c.Name, Members: m.Skipped})
	}
}

// parents are the places above the objects that changes which are not blocked
// put somewhere.
func parents(changes []Change) map[string]bool {
	out := map[string]bool{}
	for _, c := range changes {
		if c.Blocked != nil || c.DN.After == nil || c.ObjectType == "organizationalUnit" {
			continue
		}
		d, err := dn.Parse(*c.DN.After)
		for d = d.Parent(); err == nil && d.Len() > 0; d = d.Parent() {
			key := c.Provider + "\x00" + d.Key()
			if out[key] {
				break // and so are those above
			}
			out[key] = true
		}
	}
	return out
}

func placeKey(provider, name string) string { return provider + "\x00" + dn.Key(name) }

// siblingKey is the same for siblings that cannot stand beside each other: their
// names have the same value.
func siblingKey(provider, name string) string {
	_, rest, _ := strings.Cut(dn.Key(name), "=")
	return provider + "\x00" + rest
}
