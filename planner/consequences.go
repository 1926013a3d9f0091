package planner

import (
	"slices"

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
		return c.ObjectType == "organizationalUnit" && c.Blocked == nil && !needed[placeKey(c.Provider, *c.DN.After)]
	})
}

// keptNames blocks changes that take the name of an object which keeps it after
// all, and reports whether there were any: those may keep their names, too.
func (b *build) keptNames() bool {
	leaving := map[string]bool{}
	for _, c := range b.plan.Changes {
		if c.Blocked == nil && placed(&c) && c.Anchor != nil {
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
		for _, o := range it.t.namesakes(dn.Key(*c.DN.After)) {
			if o == it.present() || leaving[c.Provider+"\x00"+it.t.space.Anchor(o)] {
				continue
			}
			c.Blocked = &Blocked{Code: "collision", By: it.w.Address(), File: it.w.CN.Range.Filename, Line: it.w.CN.Range.Start.Line,
				Detail: "the name " + *c.DN.After + " still belongs to \"" + displayName(it.t.space, o) + "\", which this plan does not rename or move. " +
					"It comes with the plan after that one was carried out."}
			found = true
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
		m.Skipped = append(m.Skipped, SkippedMember{ID: x.ID[len(markPrefix):], Name: x.Name, Reason: "group_not_written_back"})
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
