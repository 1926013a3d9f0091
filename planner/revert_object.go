package planner

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// fate is what a revert does with an object as a whole.
type fate uint8

const (
	fateStays    fate = iota
	fateRemoved       // the run made or restored it
	fateRestored      // the run deleted it, and the Recycle Bin has it
	fateMade          // the run deleted it, and it is made anew
	fateLeft          // nothing can be done about it
)

// reverted is one object on its way back. What it has is read from the space; what
// it should have again is collected here, from the last operation to the first.
type reverted struct {
	v       *reverter
	s       *Space
	o       ObjectID // NoObject: it is made anew
	op      Recorded // an operation on it: address, name and type
	fate    fate
	dn      string                    // where it should be; "" in Entra ID
	values  map[string]*revertedValue // by attribute in lower case
	members map[member]bool           // what should be a member, and what should not
	changed []string                  // what somebody changed since, so that it is left
	lost    []string                  // what else cannot be taken back
	edits   []Edit                    // of an object that is made anew
	mark    string                    // of an object that is made anew
}

// revertedValue is one attribute: what it has, and what it should have.
type revertedValue struct {
	attribute Attribute
	encoding  string
	now, then []Datum
}

// member is an object of the space, or one that is made anew.
type member struct {
	o    ObjectID
	made *reverted
}

// object returns the object of an operation.
func (v *reverter) object(op Recorded, s *Space, o ObjectID) *reverted {
	key := HoldingKey{s.Provider, s.Anchor(o)}
	x := v.objects[key]
	if x == nil {
		x = &reverted{v: v, s: s, o: o, op: op, values: map[string]*revertedValue{}, members: map[member]bool{}}
		if s.Kind == KindAD {
			x.dn = s.Name(o)
		}
		v.objects[key] = x
		v.list = append(v.list, x)
	}
	return x
}

// who names the object for messages.
func (x *reverted) who() string {
	if x.o == NoObject {
		return who(x.op)
	}
	return fmt.Sprintf("%q (%s)", displayName(x.s, x.o), x.s.Name(x.o))
}

// leave gives an object up.
func (x *reverted) leave(why string) {
	x.fate = fateLeft
	x.v.cannot(x.who(), why)
}

// sameName compares names as AD does, but for the case of the object's own.
func sameName(x, y string) bool {
	d, err1 := dn.Parse(x)
	e, err2 := dn.Parse(y)
	return err1 == nil && err2 == nil && d.Equal(e) && d.Leaf().Value == e.Leaf().Value
}

// undoMaking takes a create or a restore back. All else that the run did to the
// object goes with it.
func (x *reverted) undoMaking(op Recorded) {
	mark, is := markIn(op.Edits), x.s.First(x.o, markAttribute)
	writer := x.s.First(x.o, "msDS-ExternalDirectoryObjectId")
	verb := "made"
	if op.Verb == VerbRestore {
		verb = "restored"
	}
	switch {
	case !isMark(is) || mark != "" && foldMark(mark) != foldMark(is):
		x.leave("this run " + verb + " it, but it does not carry landfall's mark any more (" + markAttribute + "); it stays")
		return
	case writer != "":
		x.leave("this run " + verb + " it, but Entra Cloud Sync writes it by now; it stays")
		return
	case !sameName(x.dn, op.DNAfter):
		x.leave("this run " + verb + " it at " + op.DNAfter + ", and somebody moved or renamed it since; it stays. Take back the later run first, or delete it by hand")
		return
	}
	for _, e := range op.Edits {
		if value := x.value(e); op.Verb == VerbCreate && !x.v.same(value.attribute, value.then, e.After) {
			x.changed = append(x.changed, value.attribute.Name)
		}
	}
	x.fate, x.op = fateRemoved, op
}

// undoMove takes a move, a renaming or both back.
func (x *reverted) undoMove(op Recorded) {
	switch {
	case sameName(x.dn, op.DNAfter):
		before, err := dn.Parse(op.DNBefore)
		if err != nil {
			x.lost = append(x.lost, "the journal has no usable name from before")
			return
		}
		x.dn = before.String()
	case sameName(x.dn, op.DNBefore):
		x.v.already++
	default:
		x.changed = append(x.changed, "its name or place")
	}
}

// undoEdits takes the edits of an update back, one by one.
func (x *reverted) undoEdits(op Recorded) {
	stands := false
	for _, e := range op.Edits {
		value := x.value(e)
		switch {
		case x.v.same(value.attribute, value.then, e.After):
			stands = true
			x.backTo(value, e)
		case x.v.same(value.attribute, value.then, e.Before):
		default:
			stands = true
			x.changed = append(x.changed, value.attribute.Name)
		}
	}
	if !stands {
		x.v.already++
	}
}

// backTo sets what an attribute had before an edit, if that is known and possible.
func (x *reverted) backTo(value *revertedValue, e Edit) {
	name := value.attribute.Name
	if slices.ContainsFunc(e.Before, Datum.Hidden) {
		x.lost = append(x.lost, name+" is redacted, so the journal does not hold the value from before")
		return
	}
	then := slices.Clone(e.Before)
	if value.attribute.Syntax == schema.Reference {
		for i, d := range then {
			o := x.s.ByName(d.Text)
			if o == NoObject || x.s.State(o) == Deleted {
				x.lost = append(x.lost, name+" was "+d.Text+", which is no longer there")
				return
			}
			then[i] = Datum{Text: x.s.Name(o)}
		}
	}
	value.then = then
}

// value is an attribute of the object, read from the space when it is first asked
// for, in the form that the edit has.
func (x *reverted) value(e Edit) *revertedValue {
	key := strings.ToLower(e.Attribute)
	if value := x.values[key]; value != nil {
		return value
	}
	a, ok := x.s.Schema.Lookup(e.Attribute)
	if !ok {
		a = Attribute{Name: e.Attribute}
	}
	value := &revertedValue{attribute: a, encoding: e.Encoding}
	texts := slices.Clone(x.s.Values(x.o, a.Name))
	switch {
	case a.Syntax == schema.Reference:
		texts = nil
		ids, _ := x.s.References(x.o, a.Name)
		for _, id := range ids {
			texts = append(texts, x.s.Name(id))
		}
	case e.Encoding == "base64":
		for i, t := range texts {
			texts[i] = base64.StdEncoding.EncodeToString([]byte(t))
		}
	}
	slices.Sort(texts)
	value.now = Texts(texts...)
	value.then = value.now
	x.values[key] = value
	return value
}

// same compares values as sets, as far as the directory may spell them otherwise
// than they were written. Redacted ones compare by their hashes.
func (v *reverter) same(a Attribute, x, y []Datum) bool {
	if len(x) != len(y) {
		return false
	}
	key := func(d Datum) string { return valueKeyOf(a, d.Text) }
	if slices.ContainsFunc(slices.Concat(x, y), Datum.Hidden) {
		key = func(d Datum) string {
			if !d.Hidden() {
				one := []Datum{d}
				v.b.hide(one)
				d = one[0]
			}
			return d.Hash
		}
	}
	keys := func(list []Datum) []string {
		out := make([]string, len(list))
		for i, d := range list {
			out[i] = key(d)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(keys(x), keys(y))
}

// valueKeyOf is a form in which values that a directory takes for the same are
// equal.
func valueKeyOf(a Attribute, text string) string {
	switch a.Syntax {
	case schema.Reference:
		return dn.Key(text)
	case schema.Bool:
		return strings.ToUpper(text)
	case schema.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	case schema.Time:
		if t, err := ParseTime(text); err == nil {
			return t.UTC().String()
		}
	}
	return text
}

// undoMembers takes additions and removals back. A membership is there or not, so
// it stands, or it is back already.
func (x *reverted) undoMembers(op Recorded) {
	if _, read := x.s.References(x.o, "member"); !read {
		x.lost = append(x.lost, "its members could not be read, so its memberships stay as they are")
		return
	}
	stands := false
	each := func(list []MemberChange, present bool) {
		for _, m := range list {
			who, ok := x.v.member(x.s, m)
			switch {
			case !ok && present:
				// A member that is gone is no member.
			case !ok:
				x.lost = append(x.lost, fmt.Sprintf("its member %q (%s) is no longer there", m.Name, m.DN))
			case x.has(who) == present:
				x.members[who] = !present
				stands = true
			}
		}
	}
	each(op.Add, true)
	each(op.Remove, false)
	if !stands {
		x.v.already++
	}
}

// has reports whether an object is a member, after what was undone so far.
func (x *reverted) has(m member) bool {
	if want, decided := x.members[m]; decided {
		return want
	}
	return m.made == nil && x.isMember(m.o)
}

// isMember reports whether an object is a member now.
func (x *reverted) isMember(o ObjectID) bool {
	if x.o == NoObject {
		return false
	}
	have, _ := x.s.References(x.o, "member")
	return containsObject(have, o)
}

// member finds the object that a member of the journal stands for: by its anchor,
// which outlives renamings, by its mark, which one that the run itself made had in
// place of an anchor, or else by its name.
func (v *reverter) member(s *Space, m MemberChange) (member, bool) {
	if x := v.objects[HoldingKey{s.Provider, strings.ToLower(m.ID)}]; x != nil {
		switch x.fate {
		case fateMade:
			return member{NoObject, x}, true
		case fateRestored:
			return member{x.o, nil}, true
		}
	}
	if o := s.ByAnchor(m.ID); o != NoObject {
		return member{o, nil}, s.State(o) == Live
	}
	if isMark(m.ID) {
		if x := v.anewBy[HoldingKey{s.Provider, foldMark(m.ID)}]; x != nil {
			return member{NoObject, x}, true
		}
		if o := v.marked(s, m.ID); o != NoObject {
			return member{o, nil}, true
		}
	}
	o := s.ByName(m.DN)
	return member{o, nil}, o != NoObject && s.State(o) != Deleted
}

// markIn is the mark that edits set, "" if they set none.
func markIn(edits []Edit) string {
	for _, e := range edits {
		if strings.EqualFold(e.Attribute, markAttribute) && len(e.After) == 1 {
			return e.After[0].Text
		}
	}
	return ""
}

func foldMark(mark string) string { return dn.Fold(mark) }
