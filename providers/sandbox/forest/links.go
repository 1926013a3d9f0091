package forest

import (
	"strconv"
)

// The flags of groupType.
const (
	groupBuiltin     = 0x1
	groupGlobal      = 0x2
	groupDomainLocal = 0x4
	groupUniversal   = 0x8
	groupAppBasic    = 0x10
	groupAppQuery    = 0x20
	groupSecurity    = 0x80000000
	groupScopes      = groupGlobal | groupDomainLocal | groupUniversal
)

// groupFlags reads groupType, a signed 32-bit number.
func groupFlags(value string) uint32 {
	n, _ := strconv.ParseInt(value, 10, 32)
	return uint32(int32(n))
}

// scopeOf is the one scope flag of a group, 0 for other objects.
func (f *Forest) scopeOf(o *object) uint32 {
	if !o.is("group") {
		return 0
	}
	return groupFlags(o.first(f.schema.groupType)) & groupScopes
}

// accountTypeOf is the sAMAccountType that follows from groupType; false when
// no group can have that type.
func accountTypeOf(groupType string) (string, bool) {
	flags := groupFlags(groupType)
	if flags&^(groupBuiltin|groupScopes|groupAppBasic|groupAppQuery|groupSecurity) != 0 {
		return "", false
	}
	switch flags &^ (groupSecurity | groupBuiltin) {
	case groupGlobal, groupUniversal:
		if flags&groupSecurity != 0 {
			return "268435456", true
		}
		return "268435457", true
	case groupDomainLocal:
		if flags&groupSecurity != 0 {
			return "536870912", true
		}
		return "536870913", true
	case groupAppBasic, groupAppQuery:
		return "1073741824", flags&groupSecurity == 0
	}
	return "", false
}

// nesting applies AD's rules for a member of a group, given the scopes of both.
func (f *Forest) nesting(scope, inner uint32, member *object) *refusal {
	switch {
	case scope == groupGlobal && inner == groupDomainLocal:
		return errNesting(0x2144, "A global group cannot have a local group as a member.")
	case scope == groupGlobal && inner == groupUniversal:
		return errNesting(0x2145, "A global group cannot have a universal group as a member.")
	case scope == groupUniversal && inner == groupDomainLocal:
		return errNesting(0x2146, "A universal group cannot have a local group as a member.")
	case scope != groupDomainLocal && member.is("foreignSecurityPrincipal"):
		return errNesting(0x2147, "A group of this scope cannot have a cross-domain member.")
	}
	return nil
}

func errNesting(windows uint32, text string) *refusal {
	r := errUnwilling(windows)
	r.message = r.message[:len(r.message)-1] + text + "\x00"
	return r
}

// checkRules refuses groups in the file that no domain could hold.
func (l *loader) checkRules() error {
	for _, o := range l.Forest.objects {
		if !o.is("group") || o.deleted {
			continue
		}
		for _, member := range o.targets(l.schema.member) {
			if member.deleted {
				continue
			}
			if o == member || l.nesting(l.scopeOf(o), l.scopeOf(member), member) != nil {
				return l.errorf(o.line, "%q has the member %q: %s", shorten(l.dn(o)), shorten(l.dn(member)), nestingText(o == member))
			}
		}
	}
	return nil
}

func nestingText(self bool) string {
	if self {
		return "a group cannot be a member of itself"
	}
	return "the scopes of the two groups (groupType) do not allow that"
}
