package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// collect makes the changes of the plan.
func (v *reverter) collect() {
	p := &v.b.plan
	for _, x := range v.list {
		if c, ok := x.change(); ok {
			p.Changes = append(p.Changes, c)
		}
		if x.fate == fateStays {
			x.tell()
		}
	}
	for _, key := range sortedKeys(v.ous) {
		p.Changes = append(p.Changes, v.ous[key])
	}
	p.Changes = append(p.Changes, v.removals(v.made, true)...)
}

// tell lists what of an object is not taken back.
func (x *reverted) tell() {
	if len(x.changed) > 0 {
		slices.Sort(x.changed)
		x.lost = append(x.lost, "somebody changed "+strings.Join(slices.Compact(x.changed), ", ")+" since; that is left as it is")
	}
	for _, why := range x.lost {
		x.v.cannot(x.who(), why)
	}
}

// change is what is planned for one object; false if nothing is.
func (x *reverted) change() (Change, bool) {
	reason := x.v.reason()
	c := Change{Address: x.address(), Provider: x.s.Provider, ObjectType: x.op.ObjectType, Name: x.op.Name, Reason: &reason}
	if x.o != NoObject {
		c.Anchor = ptr(x.s.Anchor(x.o))
		if x.s.Kind == KindAD {
			c.DN.Before, c.DN.After = ptr(x.s.Name(x.o)), ptr(x.s.Name(x.o))
		}
	}
	switch x.fate {
	case fateLeft:
		return c, false
	case fateRemoved:
		c.Actions, c.DN.After = []Action{ActionDelete}, nil
		c.Notes = x.lossNotes()
		return c, true
	case fateRestored:
		c.Actions, c.DN.After = []Action{ActionRestore}, &x.dn
		c.Notes = []string{"restored from the Recycle Bin: it keeps its SID, and the access that was given to it"}
	case fateMade:
		c.Actions, c.DN.After, c.Edits = []Action{ActionCreate}, &x.dn, x.edits
		c.Notes = []string{"SID LOST: it is made anew, and access that was given to the group that was deleted does not come back"}
	case fateStays:
		x.place(&c)
		x.edit(&c)
	}
	x.membership(&c)
	return c, len(c.Actions) > 0
}

// place adds a move, a renaming or both.
func (x *reverted) place(c *Change) {
	if !x.placed() {
		return
	}
	now, _ := dn.Parse(x.s.Name(x.o))
	then, _ := dn.Parse(x.dn)
	c.DN.After = ptr(then.String())
	if !now.Parent().Equal(then.Parent()) {
		c.Actions = append(c.Actions, ActionMove)
	}
	if now.Leaf().Value != then.Leaf().Value {
		c.Actions = append(c.Actions, ActionRename)
	}
}

// edit adds the values that differ.
func (x *reverted) edit(c *Change) {
	for _, key := range sortedKeys(x.values) {
		value := x.values[key]
		if x.v.same(value.attribute, value.now, value.then) {
			continue
		}
		c.Edits = append(c.Edits, Edit{Attribute: value.attribute.Name, Encoding: value.encoding,
			Before: slices.Clone(nonNil(value.now)), After: slices.Clone(nonNil(value.then)), Reason: x.v.reason()})
	}
	slices.SortFunc(c.Edits, func(a, b Edit) int { return strings.Compare(a.Attribute, b.Attribute) })
	if len(c.Edits) > 0 {
		c.Actions = append(c.Actions, ActionUpdate)
	}
}

// membership adds what differs in the members.
func (x *reverted) membership(c *Change) {
	var m Members
	if x.o != NoObject {
		have, _ := x.s.References(x.o, "member")
		m.Before = len(have)
	}
	for who, want := range x.members {
		switch is := who.made == nil && x.isMember(who.o); {
		case want && !is && !who.lost():
			m.Add = append(m.Add, x.v.memberChange(x.s, who))
		case !want && is:
			m.Remove = append(m.Remove, x.v.memberChange(x.s, who))
		}
	}
	if len(m.Add)+len(m.Remove) == 0 {
		return
	}
	m.After = m.Before + len(m.Add) - len(m.Remove)
	sortMembers(&m)
	c.Members = &m
	c.Actions = append(c.Actions, ActionMembers)
}

// onlyMade takes members out that were to be made anew, and that this plan does not
// make after all, because that is blocked or left out.
func (v *reverter) onlyMade() {
	made := map[string]bool{}
	for _, c := range v.b.plan.Changes {
		if c.Blocked == nil && slices.Contains(c.Actions, ActionCreate) {
			made[c.Provider+"\x00"+foldMark(markIn(c.Edits))] = true
		}
	}
	for i := range v.b.plan.Changes {
		c := &v.b.plan.Changes[i]
		if c.Members == nil {
			continue
		}
		c.Members.Add = slices.DeleteFunc(c.Members.Add, func(m MemberChange) bool {
			if !isMark(m.ID) || made[c.Provider+"\x00"+foldMark(m.ID)] {
				return false
			}
			c.Members.After--
			v.cannot(fmt.Sprintf("%q (%s)", c.Name, dnAfter(c)), fmt.Sprintf("%q does not become a member again, because it is not made anew", m.Name))
			return true
		})
		if len(c.Members.Add)+len(c.Members.Remove) == 0 {
			c.Members = nil
			c.Actions = slices.DeleteFunc(slices.Clone(c.Actions), func(a Action) bool { return a == ActionMembers })
		}
	}
	v.b.plan.Changes = slices.DeleteFunc(v.b.plan.Changes, func(c Change) bool { return len(c.Actions) == 0 })
}

// lost reports a member that was to be made anew and is not.
func (m member) lost() bool { return m.made != nil && m.made.fate == fateLeft }

// memberChange describes a member under the name that it will have.
func (v *reverter) memberChange(s *Space, m member) MemberChange {
	if m.made != nil {
		return MemberChange{DN: m.made.dn, Name: m.made.op.Name, ID: m.made.mark, Reason: "reverted"}
	}
	out := MemberChange{DN: s.Name(m.o), Name: displayName(s, m.o), ID: s.Anchor(m.o), Reason: "reverted"}
	if x := v.objects[HoldingKey{s.Provider, s.Anchor(m.o)}]; x != nil && x.placed() {
		out.DN = x.dn
	}
	return out
}

// lossNotes are what a reviewer must know of a deletion.
func (x *reverted) lossNotes() []string {
	notes := []string{"taken back: run " + x.v.run.ID + " made it"}
	if x.op.Verb == VerbRestore {
		notes = []string{"taken back: run " + x.v.run.ID + " restored it"}
	}
	changed := slices.Clone(x.changed)
	if have, read := x.s.References(x.o, "member"); read {
		others := 0
		for _, o := range have {
			if want, decided := x.members[member{o, nil}]; !decided || want {
				others++
			}
		}
		if others > 0 && x.op.Verb == VerbCreate {
			changed = append(changed, plural(others, "member", "members")+" that the run did not add")
		}
	}
	if len(changed) > 0 {
		slices.Sort(changed)
		notes = append(notes, "CHANGED SINCE: "+strings.Join(slices.Compact(changed), ", ")+"; that goes, too")
	}
	return append(notes, binNote(x.s))
}

// address is that of the writeback that has the object now, so that its guards
// count, or that of the run.
func (x *reverted) address() string {
	t := x.v.target(x.s)
	if t == nil {
		return x.op.Address
	}
	it := t.items[x.o]
	if x.fate == fateMade || x.fate == fateRestored {
		it = x.v.itemByMark(t, x.mark)
	}
	if it == nil {
		return x.op.Address
	}
	return it.address()
}

// itemByMark is what the writebacks make of the group of a mark.
func (v *reverter) itemByMark(t *target, mark string) *item {
	if v.byMark == nil {
		v.byMark = map[*target]map[string]*item{}
		for _, it := range v.b.items {
			if v.byMark[it.t] == nil {
				v.byMark[it.t] = map[string]*item{}
			}
			v.byMark[it.t][foldMark(it.mark())] = it
		}
	}
	return v.byMark[t][foldMark(mark)]
}
