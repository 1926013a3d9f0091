package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// remake takes the deletes of a run back, before everything else: what else is
// taken back may name the objects that come back.
func (v *reverter) remake() {
	for _, op := range v.run.Operations {
		if op.Verb != VerbDelete {
			continue
		}
		s := v.space(op.Provider)
		o := s.ByAnchor(op.Anchor)
		switch {
		case o != NoObject && s.State(o) == Live:
			v.already++ // it is there again, or was never deleted
		case op.ObjectType == "organizationalUnit":
			v.ouAgain(op, s)
		case v.marked(s, heldMark(op)) != NoObject:
			v.already++ // somebody made it anew
		case o != NoObject && !v.anew:
			x := v.object(op, s, o)
			x.fate, x.dn, x.mark = fateRestored, op.DNBefore, s.First(o, markAttribute)
		default:
			v.makeAnew(op, s)
		}
	}
}

// heldMark is the mark that a deleted object carried, "" if the journal does not
// hold it.
func heldMark(op Recorded) string {
	for _, e := range op.Edits {
		if strings.EqualFold(e.Attribute, markAttribute) && len(e.Before) == 1 {
			return e.Before[0].Text
		}
	}
	return ""
}

// ouAgain makes an OU again that a revert removed.
func (v *reverter) ouAgain(op Recorded, s *Space) {
	if o := s.ByName(op.DNBefore); o != NoObject && s.State(o) == Live {
		v.already++
		return
	}
	d, err := dn.Parse(op.DNBefore)
	if err != nil {
		v.cannot(who(op), "the journal has no usable name")
		return
	}
	v.makeOU(op.Address, s, d)
}

// makeOU plans an OU.
func (v *reverter) makeOU(address string, s *Space, d dn.DN) {
	after, reason := d.String(), v.reason()
	v.ous[placeKey(s.Provider, after)] = Change{
		Address: address, Provider: s.Provider, ObjectType: "organizationalUnit", Actions: []Action{ActionCreate},
		Name: d.Leaf().Value, DN: DNChange{After: &after}, Reason: &reason,
	}
}

// makeAnew plans a deleted group as a new one with everything that the journal
// holds of the old one.
func (v *reverter) makeAnew(op Recorded, s *Space) {
	x := &reverted{v: v, s: s, o: NoObject, op: op, fate: fateMade, dn: op.DNBefore, mark: heldMark(op), members: map[member]bool{}}
	if !isMark(x.mark) {
		x.leave("the journal does not hold what it was when it was deleted, and " + v.missed(s))
		return
	}
	for _, e := range op.Edits {
		a, ok := s.Schema.Lookup(e.Attribute)
		if !ok {
			a = Attribute{Name: e.Attribute}
		}
		switch {
		case a.ReadOnly, naming(a.Name), len(e.Before) == 0:
		case slices.ContainsFunc(e.Before, Datum.Hidden):
			v.cannot(x.who(), "it is made anew without "+a.Name+", which is redacted, so the journal does not hold its value")
		case lacks(s, a.Name):
			v.cannot(x.who(), "it is made anew without "+a.Name+", which the schema of the directory lacks by now")
		default:
			if values := x.stillThere(a, e.Before); len(values) > 0 {
				x.edits = append(x.edits, Edit{Attribute: a.Name, Encoding: e.Encoding, Before: []Datum{}, After: values, Reason: v.reason()})
			}
		}
	}
	slices.SortFunc(x.edits, func(a, b Edit) int { return strings.Compare(a.Attribute, b.Attribute) })
	v.cannot(x.who(), "it cannot come back as the object that it was: "+v.missed(s)+". It is made anew with what the journal holds, gets another SID and objectGUID, "+
		"and access that was given to the old one, and other objects' references to it but memberships, stay lost")
	v.objects[HoldingKey{s.Provider, strings.ToLower(op.Anchor)}] = x
	v.anewBy[HoldingKey{s.Provider, foldMark(x.mark)}] = x
	v.list = append(v.list, x)
}

// stillThere are the values of an attribute that can be written: of references,
// those to objects that exist.
func (x *reverted) stillThere(a Attribute, values []Datum) []Datum {
	if a.Syntax != schema.Reference {
		return slices.Clone(values)
	}
	var out []Datum
	for _, d := range values {
		if o := x.s.ByName(d.Text); o != NoObject && x.s.State(o) != Deleted {
			out = append(out, Datum{Text: x.s.Name(o)})
		} else {
			x.v.cannot(x.who(), a.Name+" was "+d.Text+", which is no longer there")
		}
	}
	return out
}

// missed says why the Recycle Bin does not help.
func (v *reverter) missed(s *Space) string {
	switch {
	case v.anew:
		return "the Recycle Bin is not used (-anew)"
	case s.RecycleBin == RecycleBinDisabled:
		return "the Recycle Bin is off"
	case s.RecycleBin == RecycleBinReadable:
		return "the Recycle Bin does not have it any more"
	}
	return "the Recycle Bin cannot be read with this identity; let it read the deleted objects, and try again, to restore it with its SID"
}

// links gives the groups that are made anew their memberships in both directions.
func (v *reverter) links() {
	for _, x := range slices.Clone(v.list) {
		if x.fate != fateMade {
			continue
		}
		for _, m := range x.op.Remove {
			if who, ok := v.member(x.s, m); ok {
				x.members[who] = true
			} else {
				v.cannot(x.who(), fmt.Sprintf("its member %q (%s) is no longer there", m.Name, m.DN))
			}
		}
		for _, m := range x.op.MemberOf {
			v.joinAgain(x, m)
		}
	}
}

// joinAgain makes a new group a member of a group that the old one was in, if that
// is one of ours.
func (v *reverter) joinAgain(x *reverted, outer MemberChange) {
	g, ok := v.member(x.s, outer)
	switch {
	case !ok:
		v.cannot(x.who(), fmt.Sprintf("it was a member of %q (%s), which is no longer there", outer.Name, outer.DN))
	case g.made != nil:
		g.made.members[member{NoObject, x}] = true
	case !isMark(x.s.First(g.o, markAttribute)):
		v.cannot(x.who(), fmt.Sprintf("it was a member of %q (%s), which landfall does not write; add it by hand", outer.Name, outer.DN))
	default:
		y := v.object(Recorded{Operation: Operation{ObjectType: "group"}, Address: v.addressOf(x.s, g.o), Name: outer.Name}, x.s, g.o)
		y.members[member{NoObject, x}] = true
	}
}

// addressOf is the address of a group of ours.
func (v *reverter) addressOf(s *Space, o ObjectID) string {
	if t := v.target(s); t != nil {
		if it := t.items[o]; it != nil {
			return it.address()
		}
	}
	return fmt.Sprintf("%s[%q]", s.Provider, s.First(o, markAttribute))
}
