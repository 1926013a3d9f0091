package forest

import (
	"slices"
)

// The kinds of change in a ModifyRequest.
const (
	changeAdd     = 0
	changeDelete  = 1
	changeReplace = 2
)

// change is one change of a ModifyRequest.
type change struct {
	kind   int64
	name   string
	values []string
}

func readModify(content []byte) (name string, changes []change, refused *refusal) {
	r := &reader{rest: content}
	name = r.text(tagOctetString)
	list := r.sub(tagSequence)
	for list.more() {
		item := list.sub(tagSequence)
		c := change{kind: item.integer(tagEnumerated)}
		attr := item.sub(tagSequence)
		c.name = attr.text(tagOctetString)
		c.values = attr.texts(tagSet)
		list.err = attr.err
		changes = append(changes, c)
		if list.err == nil && (c.kind < changeAdd || c.kind > changeReplace) {
			return "", nil, errProtocol("The modify request has an unknown kind of change")
		}
	}
	if r.err != nil || list.err != nil {
		return "", nil, errProtocol("The modify request cannot be read")
	}
	return name, changes, nil
}

// modify answers a ModifyRequest. The lock is held.
func (f *Forest) modify(m message, w writer) *refusal {
	name, changes, refused := readModify(m.op.content)
	if refused != nil {
		return refused
	}
	opts, refused := f.readControls(m.controls, modifyControls)
	if refused != nil {
		return refused
	}
	o, refused := f.resolve(name)
	if refused != nil {
		return refused
	}
	if o.deleted && (!opts.showDeleted || w.readOnly) {
		return errNoObject(f.dn(f.bin.parent))
	}
	if refused := f.checkAccess(w, o); refused != nil {
		return refused
	}
	if o.generated || o == f.bin {
		return errUnwilling(0x2035)
	}
	if o.deleted {
		return f.restore(o, changes)
	}
	d := f.draft(o)
	if refused := d.checkSyntax(changes); refused != nil {
		return refused
	}
	if _, _, restores := f.restoration(changes); restores {
		// What a restoration deletes is not there.
		return attributeError(resultNoSuchAttribute, 0x2076, "1001 (NO_ATTRIBUTE_OR_VAL)", "isDeleted")
	}
	for _, c := range changes {
		if refused := d.apply(c, opts.permissive); refused != nil {
			return refused
		}
	}
	if refused := d.check(); refused != nil {
		return refused
	}
	d.commit()
	return nil
}

// checkSyntax looks at the values of a whole request before anything else, as a
// domain controller does when it reads them.
func (d *draft) checkSyntax(changes []change) *refusal {
	for _, c := range changes {
		def := d.schema.lookup(c.name)
		if def == nil {
			return errUnknownAttribute()
		}
		for _, v := range c.values {
			if refused := def.wellFormed(v); refused != nil {
				return refused
			}
		}
	}
	return nil
}

// apply adds one change to the draft.
func (d *draft) apply(c change, permissive bool) *refusal {
	def, refused := d.writable(c)
	if refused != nil {
		return refused
	}
	if def.references() {
		return d.applyReferences(def, c, permissive)
	}
	values, refused := canonicalValues(def, c, permissive)
	if refused != nil {
		return refused
	}
	switch c.kind {
	case changeDelete:
		return d.deleteValues(def, values, permissive)
	case changeAdd:
		return d.addValues(def, values, permissive)
	}
	if len(values) > 1 && d.single(def) {
		return errSingleValued(def.name)
	}
	if len(values) == 0 && def.kept && d.first(def) != "" {
		return errUnwilling(0x2077)
	}
	d.put(def, values...)
	return nil
}

// writable finds the attribute of a change and refuses those that clients
// cannot write.
func (d *draft) writable(c change) (*attributeDef, *refusal) {
	s := d.schema
	def := s.lookup(c.name)
	switch {
	case def == nil:
		return nil, errUnknownAttribute()
	case def == d.o.class.rdn || def == s.name:
		return nil, updateError(resultNotAllowedOnRDN, 0x2016, "6004 (CANT_ON_RDN)")
	case def == s.objectClass:
		return nil, updateError(resultClassModsProhibited, 0x2017, "6008 (CANT_MOD_OBJ_CLASS)")
	case def.owned:
		return nil, errOwned()
	case def.forward != nil:
		return nil, errUnwilling(0x20AD)
	case def.system || def.constructed:
		return nil, errSystemOnly(def.name)
	case len(c.values) > 0 && c.kind != changeDelete && !d.o.may(def):
		return nil, errObjectClass(0x207D)
	case len(c.values) == 0 && c.kind == changeAdd:
		return nil, errSyntax(def.name)
	}
	return def, nil
}

// single reports whether the attribute holds one value on this object:
// description does on accounts, although the schema allows more.
func (d *draft) single(def *attributeDef) bool {
	return !def.multi || def == d.schema.description && d.o.class.principal
}

// canonicalValues checks the values of a change; none may occur twice.
func canonicalValues(def *attributeDef, c change, permissive bool) ([]string, *refusal) {
	values := make([]string, 0, len(c.values))
	seen := make(map[string]bool, len(c.values))
	for _, v := range c.values {
		text, refused := def.canonical(v)
		if refused != nil && refused.code == resultConstraint && c.kind == changeDelete {
			if permissive {
				continue
			}
			return nil, errNoValue(def.name) // such a value cannot be there
		}
		if refused != nil {
			return nil, refused
		}
		if seen[def.normal(text)] {
			return nil, errValueExists(def.name)
		}
		seen[def.normal(text)] = true
		values = append(values, text)
	}
	return values, nil
}

// normals is the set of values in normal form.
func normals(def *attributeDef, values []string) map[string]bool {
	out := make(map[string]bool, len(values))
	for _, v := range values {
		out[def.normal(v)] = true
	}
	return out
}

func (d *draft) addValues(def *attributeDef, values []string, permissive bool) *refusal {
	have := slices.Clone(d.get(def))
	present := normals(def, have)
	if len(values) > 1 && d.single(def) {
		return errSingleValued(def.name)
	}
	for _, v := range values {
		if present[def.normal(v)] {
			if permissive {
				continue
			}
			return errValueExists(def.name)
		}
		if len(have) > 0 && d.single(def) {
			return errValueExists(def.name)
		}
		have = append(have, v)
	}
	d.put(def, have...)
	return nil
}

func (d *draft) deleteValues(def *attributeDef, values []string, permissive bool) *refusal {
	have := d.get(def)
	if def.kept && len(have) > 0 {
		// Taking the old value away is the first half of a compare-and-swap;
		// check sees to it that there is a new one.
		d.mustKeep = append(d.mustKeep, def)
	}
	if len(values) == 0 {
		if len(have) == 0 && !permissive {
			return errNoValue(def.name)
		}
		d.put(def)
		return nil
	}
	present, gone := normals(def, have), normals(def, values)
	for v := range gone {
		if !present[v] && !permissive {
			return errNoValue(def.name)
		}
	}
	d.put(def, slices.DeleteFunc(slices.Clone(have), func(v string) bool { return gone[def.normal(v)] })...)
	return nil
}

// applyReferences adds a change of a reference attribute to the draft. member
// has result codes of its own, because SAM watches over it.
func (d *draft) applyReferences(def *attributeDef, c change, permissive bool) *refusal {
	targets := make([]*object, 0, len(c.values))
	seen := make(map[*object]bool, len(c.values))
	for _, v := range c.values {
		target, refused := d.referenced(def, v, c.kind == changeDelete)
		if refused != nil && refused.code != resultInvalidDN && c.kind == changeDelete && permissive {
			continue
		}
		if refused != nil {
			return refused
		}
		if seen[target] {
			return errValueExists(def.name)
		}
		seen[target] = true
		targets = append(targets, target)
	}
	if len(targets) > 1 && !def.multi {
		return errSingleValued(def.name)
	}
	switch {
	case c.kind == changeAdd:
		return d.addLinks(def, targets, permissive)
	case c.kind == changeDelete && len(c.values) > 0:
		return d.removeLinks(def, targets, permissive)
	}
	current := d.current(def)
	if c.kind == changeDelete && len(current) == 0 && !permissive {
		return errNoValue(def.name)
	}
	for _, old := range current {
		if !seen[old] {
			d.unlink(def, old)
		}
	}
	for _, target := range targets {
		if !d.has(def, target) {
			if refused := d.addLink(def, target); refused != nil {
				return refused
			}
		}
	}
	return nil
}

// referenced finds the object that a value names.
func (d *draft) referenced(def *attributeDef, value string, removing bool) (*object, *refusal) {
	target, refused := d.resolve(value)
	switch {
	case refused != nil && refused.code == resultInvalidDN:
		return nil, refused
	case refused == nil && !target.deleted:
		return target, nil
	case def != d.schema.member && removing:
		return nil, errNoValue(def.name)
	case def != d.schema.member:
		return nil, attributeError(resultConstraint, 0x20B5, "1005 (CONSTRAINT_ATT_TYPE)", def.name)
	case removing:
		return nil, errUnwilling(0x561)
	}
	return nil, nameError(resultNoSuchObject, 0x525, "2001 (NO_OBJECT)", "")
}

func (d *draft) addLinks(def *attributeDef, targets []*object, permissive bool) *refusal {
	for _, target := range targets {
		if d.has(def, target) || def == d.schema.member && d.isPrimary(target) {
			if permissive {
				continue
			}
			if def == d.schema.member {
				return updateError(resultEntryExists, 0x562, "6005 (ENTRY_EXISTS)")
			}
			return errValueExists(def.name)
		}
		if !def.multi && len(d.current(def)) > 0 {
			return errValueExists(def.name)
		}
		if refused := d.addLink(def, target); refused != nil {
			return refused
		}
	}
	return nil
}

// isPrimary reports whether the draft's group is the primary group of target,
// which makes it a member without a value of member.
func (d *draft) isPrimary(target *object) bool {
	primary := target.first(d.schema.primaryGroupID)
	rid, ok := ridOf(d.domainSID, d.o.first(d.schema.objectSid))
	return primary != "" && ok && number(primary) == int64(rid)
}

func (d *draft) addLink(def *attributeDef, target *object) *refusal {
	if def == d.schema.member && d.o == target {
		return errUnwilling(0x2035) // nesting is checked at the end, when the group's new type is known
	}
	if !def.multi {
		// A value that led to an object deleted since does not show, and gives way.
		for _, old := range d.o.targets(def) {
			if def.linked && old.deleted {
				d.unlink(def, old)
			}
		}
	}
	d.link(def, target)
	return nil
}

func (d *draft) removeLinks(def *attributeDef, targets []*object, permissive bool) *refusal {
	for _, target := range targets {
		if !d.has(def, target) {
			if permissive {
				continue
			}
			if def == d.schema.member {
				return errUnwilling(0x561)
			}
			return errNoValue(def.name)
		}
		d.unlink(def, target)
	}
	return nil
}
