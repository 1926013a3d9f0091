package forest

import (
	"slices"
)

// remove answers a DeleteRequest. The lock is held.
func (f *Forest) remove(m message, w writer) *refusal {
	opts, refused := f.readControls(m.controls, deleteControls)
	if refused != nil {
		return refused
	}
	o, refused := f.resolve(string(m.op.content))
	if refused != nil {
		return refused
	}
	if o.deleted {
		if !opts.showDeleted || w.readOnly {
			return errNoObject(f.dn(f.root))
		}
		return errUnwilling(0x2035) // recycling is not simulated
	}
	all := []*object{o}
	if len(o.children) > 0 {
		if !opts.treeDelete {
			return updateError(resultNotAllowedOnNonLeaf, 0x2015, "6003 (CANT_ON_NON_LEAF)")
		}
		all = leavesFirst(nil, o)
	}
	if refused := f.checkAccess(w, all...); refused != nil {
		return refused
	}
	for _, one := range all {
		if one.head || one.generated || one.class.system || one.first(f.schema.isCritical) == "TRUE" {
			return errUnwilling(0x2035)
		}
	}
	// Children are deleted before their parents, whose names they keep.
	for _, one := range all {
		f.bury(one)
	}
	return nil
}

// leavesFirst lists o and what is below it, children before parents and
// otherwise in the order of creation.
func leavesFirst(out []*object, o *object) []*object {
	children := make([]*object, 0, len(o.children))
	for _, child := range o.children {
		children = append(children, child)
	}
	slices.SortFunc(children, func(a, b *object) int { return int(a.seq) - int(b.seq) })
	for _, child := range children {
		out = leavesFirst(out, child)
	}
	return append(out, o)
}

// bury moves an object to the deleted ones. With the Recycle Bin it keeps all
// it has, and links from and to it become invisible; without, it keeps what a
// tombstone keeps.
func (f *Forest) bury(o *object) {
	s := f.schema
	parent, rdn := o.parent, o.rdn
	before := f.stampsBefore(o, s.name, o.class.rdn, s.isDeleted, s.lastKnownRDN, s.lastKnownParent)
	name := rdn + "\nDEL:" + formatGUID(o.first(s.objectGUID))
	f.move(o, name, f.bin)
	o.deleted = true
	if !f.recycleBin {
		for _, a := range o.attrs {
			if _, has := before[a.def]; !has && !tombstoneKeeps(s, a.def) {
				before[a.def], _ = f.stampOf(o, a.def)
			}
		}
		f.strip(o)
	}
	o.put(s.isDeleted, "TRUE")
	o.put(s.lastKnownRDN, rdn)
	for _, old := range slices.Clone(o.targets(s.lastKnownParent)) {
		o.unlink(s.lastKnownParent, old)
	}
	o.link(s.lastKnownParent, parent)
	f.stamp(o)
	f.stampAttributes(o, before)
}

// tombstoneKeeps reports whether a tombstone keeps an attribute.
func tombstoneKeeps(s *schema, def *attributeDef) bool {
	return slices.Contains([]*attributeDef{s.objectGUID, s.objectSid, s.sAMAccountName, s.groupType, s.userAccountControl, s.instanceType,
		s.whenCreated, s.whenChanged, s.uSNCreated, s.uSNChanged, s.isCritical}, def)
}

// strip removes what a tombstone does not keep.
func (f *Forest) strip(o *object) {
	for _, a := range slices.Clone(o.attrs) {
		if !tombstoneKeeps(f.schema, a.def) {
			f.index.remove(o, a.def, a.values)
			o.put(a.def)
		}
	}
	for _, r := range slices.Clone(o.refs) {
		for _, target := range slices.Clone(r.objects) {
			o.unlink(r.def, target)
		}
	}
	for _, r := range slices.Clone(o.sources) {
		if r.def.linked {
			for _, source := range slices.Clone(r.objects) {
				source.unlink(r.def, o)
			}
		}
	}
}

// restore answers a ModifyRequest on a deleted object: {delete isDeleted;
// replace distinguishedName} brings it back, further changes are carried out
// with it.
func (f *Forest) restore(o *object, changes []change) *refusal {
	target, rest, restores := f.restoration(changes)
	if !restores {
		return errUnwilling(0x2035)
	}
	name, refused := parseName(target)
	if refused != nil {
		return refused
	}
	if name.Len() < 2 {
		return errUnwilling(0x2035)
	}
	parent, refused := f.walk(name.Parent())
	if refused != nil || parent.deleted {
		return errNoParent()
	}
	if f.readOnly(parent) {
		return errAccess()
	}
	if refused := f.checkMove(o, name, parent); refused != nil {
		return refused
	}
	return f.revive(o, name.Leaf().Value, parent, rest)
}

// restoration finds the new name in a request that restores an object, and what
// else it changes.
func (f *Forest) restoration(changes []change) (target string, rest []change, restores bool) {
	undeletes := false
	for _, c := range changes {
		switch def := f.schema.lookup(c.name); {
		case def == f.schema.isDeleted && c.kind == changeDelete:
			undeletes = true
		case def == f.schema.distinguishedName && c.kind == changeReplace && len(c.values) == 1:
			target = c.values[0]
		default:
			rest = append(rest, c)
		}
	}
	return target, rest, undeletes && target != ""
}

// revive makes a deleted object live again, if its account names are still free.
func (f *Forest) revive(o *object, rdn string, parent *object, rest []change) *refusal {
	s := f.schema
	d := f.draft(o)
	d.put(s.isDeleted)
	d.changed[s.sAMAccountName], d.changed[s.userPrincipalName] = true, true
	if refused := d.checkSyntax(rest); refused != nil {
		return refused
	}
	for _, c := range rest {
		if refused := d.apply(c, false); refused != nil {
			return refused
		}
	}
	if refused := d.check(); refused != nil {
		return refused
	}
	before := f.stampsBefore(o, s.name, o.class.rdn)
	f.move(o, rdn, parent)
	o.deleted = false
	d.commit()
	f.stampAttributes(o, before)
	if o.class.principal {
		// A tombstone has lost what follows from its class.
		_ = f.fillAccount(o, "546")
	}
	return nil
}
