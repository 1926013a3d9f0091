package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// Recorded is one operation that a past run carried out, as its journal has it.
type Recorded struct {
	Operation
	Provider string
	Address  string
	Name     string
	// Created is the anchor of the object that a create made.
	Created string
}

// Revert plans what takes a recorded run back, as far as it still stands: an
// ordinary plan, with guards, review and digest. operations are those that were
// done, in the order in which they were. What cannot be taken back becomes a
// diagnostic with the code not_revertible.
func Revert(cfg *lang.Config, snap Snapshot, run string, operations []Recorded, o Options) (*Plan, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options = o
	b.inbound()
	b.claim()
	b.plan = Plan{}
	v := &reverter{b: b, run: run, changes: map[string]*Change{}}
	for _, op := range slices.Backward(operations) {
		v.undo(op)
	}
	for _, key := range sortedKeys(v.changes) {
		if c := v.changes[key]; len(c.Actions) > 0 {
			slices.SortFunc(c.Edits, func(x, y Edit) int { return strings.Compare(x.Attribute, y.Attribute) })
			b.plan.Changes = append(b.plan.Changes, *c)
		}
	}
	b.protect()
	if err := b.restrict(); err != nil {
		return nil, err
	}
	b.guards()
	return b.finish(), nil
}

// reverter collects the inverse of a run, one change for each object.
type reverter struct {
	b       *build
	run     string
	changes map[string]*Change // provider and anchor
}

// cannot reports what stays as it is.
func (v *reverter) cannot(op Recorded, why string) {
	v.b.plan.Diagnostics = append(v.b.plan.Diagnostics, Diagnostic{
		Severity: "warning", Code: "not_revertible", Summary: "Something cannot be taken back",
		Detail: fmt.Sprintf("%s of %q in run %s: %s.", op.Verb, op.Name, v.run, why),
	})
}

// reason names the run that is taken back.
func (v *reverter) reason() Reason { return Reason{Rule: "revert " + v.run} }

// change returns the change of an object.
func (v *reverter) change(op Recorded, s *Space, o ObjectID) *Change {
	key := s.Provider + "\x00" + s.Anchor(o)
	c := v.changes[key]
	if c == nil {
		reason := v.reason()
		c = &Change{
			Address: op.Address, Provider: s.Provider, ObjectType: op.ObjectType, Name: op.Name, Anchor: ptr(s.Anchor(o)), Reason: &reason,
		}
		if s.Kind == KindAD {
			name := s.Name(o)
			c.DN.Before, c.DN.After = &name, ptr(name)
		}
		v.changes[key] = c
	}
	return c
}

func (v *reverter) undo(op Recorded) {
	i := slices.IndexFunc(v.b.spaces, func(s *Space) bool { return s.Provider == op.Provider })
	if i < 0 {
		v.cannot(op, "this configuration does not connect "+op.Provider)
		return
	}
	s := v.b.spaces[i]
	anchor := op.Anchor
	if op.Verb == VerbCreate {
		anchor = op.Created
	}
	o := s.ByAnchor(anchor)
	switch {
	case op.ObjectType == "organizationalUnit":
		v.cannot(op, "landfall never deletes an organizational unit; delete "+op.DNAfter+" by hand if it is not needed")
	case op.Verb == VerbDelete:
		v.undelete(op, s, o)
	case o == NoObject || s.State(o) != Live:
		v.cannot(op, "the object is no longer there")
	case op.Verb == VerbCreate, op.Verb == VerbRestore:
		v.remove(op, s, o)
	case op.Verb == VerbMove:
		v.moveBack(op, s, o)
	case op.Verb == VerbUpdate:
		v.editBack(op, s, o)
	case op.Verb == VerbMembers:
		v.membersBack(op, s, o)
	}
}

// remove takes a create back. What the run did to the object besides goes with
// it.
func (v *reverter) remove(op Recorded, s *Space, o ObjectID) {
	c := v.change(op, s, o)
	c.Actions, c.Edits, c.Members = []Action{ActionDelete}, nil, nil
	c.DN.After = nil
	c.Notes = []string{"taken back: run " + v.run + " made it"}
}

// undelete takes a delete back, from the Recycle Bin.
func (v *reverter) undelete(op Recorded, s *Space, o ObjectID) {
	switch {
	case o != NoObject && s.State(o) == Live:
		v.cannot(op, "the object is there again")
	case o == NoObject:
		v.cannot(op, "the Recycle Bin does not have it, or this identity may not see it there; a group made anew would have another SID")
	default:
		c := v.change(op, s, o)
		c.Actions = []Action{ActionRestore}
		c.DN.After = ptr(op.DNBefore)
	}
}

func (v *reverter) moveBack(op Recorded, s *Space, o ObjectID) {
	now, err1 := dn.Parse(s.Name(o))
	after, err2 := dn.Parse(op.DNAfter)
	before, err3 := dn.Parse(op.DNBefore)
	switch {
	case err1 != nil || err2 != nil || err3 != nil:
		v.cannot(op, "the journal has no usable name")
		return
	case !now.Equal(after):
		v.cannot(op, "it was moved or renamed again since, to "+s.Name(o))
		return
	}
	c := v.change(op, s, o)
	c.DN.After = ptr(before.String())
	if !now.Parent().Equal(before.Parent()) {
		c.Actions = addAction(c.Actions, ActionMove)
	}
	if now.Leaf().Value != before.Leaf().Value {
		c.Actions = addAction(c.Actions, ActionRename)
	}
}

func (v *reverter) editBack(op Recorded, s *Space, o ObjectID) {
	for _, e := range op.Edits {
		a, ok := s.Schema.Lookup(e.Attribute)
		if !ok {
			a = Attribute{Name: e.Attribute}
		}
		if slices.ContainsFunc(slices.Concat(e.Before, e.After), func(d Datum) bool { return d.Hash != "" }) {
			v.cannot(op, e.Attribute+" is redacted, and the journal holds no value of it")
			continue
		}
		live, _ := makeEdit(a, s.Values(o, e.Attribute), nil, v.reason())
		if !slices.Equal(live.Before, nonNil(e.After)) && len(live.Before)+len(e.After) > 0 {
			v.cannot(op, e.Attribute+" was changed again since")
			continue
		}
		c := v.change(op, s, o)
		c.Edits = append(c.Edits, Edit{Attribute: a.Name, Encoding: e.Encoding, Before: nonNil(e.After), After: nonNil(e.Before), Reason: v.reason()})
		c.Actions = addAction(c.Actions, ActionUpdate)
	}
}

func (v *reverter) membersBack(op Recorded, s *Space, o ObjectID) {
	have, read := s.References(o, "member")
	if !read {
		v.cannot(op, "its members were not read, because this configuration does not write the group")
		return
	}
	m := Members{Before: len(have)}
	each := func(list []MemberChange, present bool, into *[]MemberChange, reason string) {
		for _, x := range list {
			member := s.ByAnchor(x.ID)
			if member == NoObject {
				member = s.ByName(x.DN)
			}
			switch {
			case member == NoObject:
				v.cannot(op, "the member "+x.Name+" is no longer there")
			case containsObject(have, member) != present:
				v.cannot(op, "the membership of "+x.Name+" was changed again since")
			default:
				*into = append(*into, MemberChange{DN: s.Name(member), Name: x.Name, ID: s.Anchor(member), Reason: reason})
			}
		}
	}
	each(op.Add, true, &m.Remove, "reverted")
	each(op.Remove, false, &m.Add, "reverted")
	if len(m.Add)+len(m.Remove) == 0 {
		return
	}
	c := v.change(op, s, o)
	if c.Members != nil { // adding and removing are two operations of one change
		m.Add, m.Remove = append(m.Add, c.Members.Add...), append(m.Remove, c.Members.Remove...)
	}
	m.After = m.Before + len(m.Add) - len(m.Remove)
	sortMembers(&m)
	c.Members = &m
	c.Actions = addAction(c.Actions, ActionMembers)
}

// addAction keeps the order in which a change lists its actions.
func addAction(actions []Action, a Action) []Action {
	order := []Action{ActionCreate, ActionRestore, ActionMove, ActionRename, ActionUpdate, ActionMembers, ActionDelete}
	if slices.Contains(actions, a) {
		return actions
	}
	actions = append(actions, a)
	slices.SortFunc(actions, func(x, y Action) int { return slices.Index(order, x) - slices.Index(order, y) })
	return actions
}
