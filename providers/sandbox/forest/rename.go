package forest

import (
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// rename answers a ModifyDNRequest: another name, another parent, or both. The
// lock is held.
func (f *Forest) rename(m message, w writer) *refusal {
	r := &reader{rest: m.op.content}
	text, newRDN, deleteOld := r.text(tagOctetString), r.text(tagOctetString), r.boolean(tagBoolean)
	superior, moves := "", false
	if r.peek() == 0x80 {
		superior, moves = r.text(0x80), true
	}
	if r.err != nil {
		return errProtocol("The modify DN request cannot be read")
	}
	if _, refused := f.readControls(m.controls, renameControls); refused != nil {
		return refused
	}
	o, refused := f.resolve(text)
	if refused != nil {
		return refused
	}
	if o.deleted {
		return errNoObject(f.dn(f.root))
	}
	name, refused := parseName(newRDN)
	if refused != nil {
		return refused
	}
	if name.Len() != 1 {
		return errInvalidDN()
	}
	parent := o.parent
	if moves {
		parent, refused = f.resolve(superior)
		if refused != nil && refused.code == resultNoSuchObject || refused == nil && parent.deleted {
			return errNoParent()
		}
		if refused != nil {
			return refused
		}
	}
	if !deleteOld {
		return errUnwilling(0x2035)
	}
	if refused := f.checkAccess(w, o); refused != nil {
		return refused
	}
	if parent != nil {
		if refused := f.checkAccess(w, parent); refused != nil {
			return refused
		}
	}
	if refused := f.checkMove(o, name, parent); refused != nil {
		return refused
	}
	if o.parent == parent && o.rdn == name.Leaf().Value {
		return nil
	}
	// A move is replicated as a change of the name, too.
	before := f.stampsBefore(o, f.schema.name)
	if o.rdn != name.Leaf().Value {
		before = f.stampsBefore(o, f.schema.name, o.class.rdn)
	}
	f.move(o, name.Leaf().Value, parent)
	f.stamp(o)
	f.stampAttributes(o, before)
	return nil
}

// checkMove applies the rules for the new place of an object.
func (f *Forest) checkMove(o *object, name planner.DN, parent *object) *refusal {
	leaf := name.Leaf()
	switch {
	case o.head || o.generated || o.class.system || o == f.bin || parent == nil || parent.context() != o.context():
		return errUnwilling(0x2035)
	case !strings.EqualFold(leaf.Type, o.rdnType):
		return nameError(resultNamingViolation, 0x20CD, "2005 (NAMING_VIOLATION)", "")
	case parent.within(o):
		return errUnwilling(0x2077)
	case parent != o.parent && o.first(f.schema.isCritical) == "TRUE" && !o.class.principal:
		return errUnwilling(0x20CE)
	case !o.class.allowedUnder(parent.class):
		return nameError(resultNamingViolation, 0x2099, "2005 (NAMING_VIOLATION)", f.dn(parent))
	}
	if refused := checkRDN(o.class.rdn, leaf.Value); refused != nil {
		return refused
	}
	if other := parent.children[fold(leaf.Value)]; other != nil && other != o {
		return errEntryExists()
	}
	return nil
}

// move gives an object another name and parent. Whatever refers to it or lies
// below it follows, because names are made of the tree.
func (f *Forest) move(o *object, rdn string, parent *object) {
	before := o.rdn
	delete(o.parent.children, fold(o.rdn))
	o.parent, o.rdn = parent, rdn
	if parent.children == nil {
		parent.children = map[string]*object{}
	}
	parent.children[fold(rdn)] = o
	f.index.renamed(o, before)
}
