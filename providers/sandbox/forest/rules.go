package forest

import (
	"slices"
)

// check applies the rules that concern the draft as a whole: mandatory
// attributes, account names, group types and nesting.
func (d *draft) check() *refusal {
	s := d.schema
	for _, def := range d.mustKeep {
		if len(d.get(def)) == 0 {
			return errUnwilling(0x2077)
		}
	}
	for def := range d.o.class.must {
		if !def.references() && def != d.o.class.rdn && len(d.get(def)) == 0 {
			if d.o.class.principal {
				return errUnwilling(0x2035) // groupType: it is SAM's
			}
			return errObjectClass(0x2014)
		}
	}
	if d.changed[s.primaryGroupID] {
		// A domain controller would make the old primary group an ordinary one;
		// here the primary group is for ever.
		return errUnwilling(0x2035)
	}
	if d.o.class.principal {
		if refused := d.checkAccount(); refused != nil {
			return refused
		}
	}
	if d.changed[s.userPrincipalName] {
		if upn := d.first(s.userPrincipalName); upn != "" && d.taken(s.userPrincipalName, upn) {
			return attributeError(resultConstraint, 0x21C8, "1005 (CONSTRAINT_ATT_TYPE)", "userPrincipalName")
		}
	}
	if d.o.is("group") {
		return d.checkGroup()
	}
	return nil
}

// checkAccount watches over sAMAccountName.
func (d *draft) checkAccount() *refusal {
	s := d.schema
	if !d.changed[s.sAMAccountName] {
		return nil
	}
	sam := d.first(s.sAMAccountName)
	if sam == "" {
		return errUnwilling(0x2035)
	}
	if refused := checkAccountName(sam); refused != nil {
		return refused
	}
	if d.taken(s.sAMAccountName, sam) {
		windows := uint32(0x524) // the user exists
		if d.o.is("group") {
			windows = 0x526
		}
		return updateError(resultEntryExists, windows, "6005 (ENTRY_EXISTS)")
	}
	return nil
}

// taken reports whether another live object has the value.
func (d *draft) taken(def *attributeDef, value string) bool {
	return slices.ContainsFunc(d.index.lookup(def, def.normal(value)), func(o *object) bool { return o != d.o && !o.deleted })
}

// checkGroup applies the rules of group types to a changed type or membership.
func (d *draft) checkGroup() *refusal {
	s := d.schema
	before, after := groupFlags(d.o.first(s.groupType)), groupFlags(d.first(s.groupType))
	if d.changed[s.groupType] {
		kind, ok := accountTypeOf(d.first(s.groupType))
		if !ok || after&groupBuiltin != before&groupBuiltin && before != 0 {
			return errUnwilling(0x2141)
		}
		if refused := d.checkConversion(before&groupScopes, after&groupScopes); refused != nil {
			return refused
		}
		d.put(s.sAMAccountType, kind)
	}
	c := d.links[s.member]
	if c == nil {
		return nil
	}
	for _, member := range c.add {
		if refused := d.nesting(after&groupScopes, d.scopeOf(member), member); refused != nil {
			return refused
		}
	}
	return nil
}

// checkConversion applies AD's rules for changing the scope of a group: what it
// contains, and what contains it, must be allowed afterwards.
func (d *draft) checkConversion(before, after uint32) *refusal {
	s := d.schema
	if before == after || before == 0 { // 0: the group is new
		return nil
	}
	if before != groupUniversal && after != groupUniversal {
		return errUnwilling(0x2141) // between global and domain local only by way of universal
	}
	for _, member := range d.current(s.member) {
		if refused := d.nesting(after, d.scopeOf(member), member); refused != nil {
			return refused
		}
	}
	for _, group := range d.o.referrers(s.member) {
		if group.deleted || group == d.o {
			continue
		}
		if refused := d.nesting(d.scopeOf(group), after, d.o); refused != nil {
			return refused
		}
	}
	return nil
}
