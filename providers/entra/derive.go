package entra

import (
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// derive sets the derived attributes of an object from what was read of it:
//
//	cloudAnchor          Group_<id>, User_<id>, Device_<id>, Contact_<id>
//	cloudMastered        onPremisesSyncEnabled is not true
//	targetWritebackType  the on-premises type that was set on a Microsoft 365 group
//	reasonFiltered       SoftDelete, or WriteBackOutOfScope when writeback is off
//	memberCount          once the members were read
//	alias, commonName, sourceAnchor, onPremiseSecurityIdentifier
//	                     names of Entra Connect's connector for mailNickname,
//	                     displayName, onPremisesImmutableId and
//	                     onPremisesSecurityIdentifier
//
// A writeback state that was never set stays absent: it is not "off". What could
// not be read whether it is synchronised has no cloudMastered.
func derive(s *planner.Space, o planner.ObjectID) {
	if prefix := anchorPrefix(s.Type(o)); prefix != "" {
		s.Set(o, "cloudAnchor", prefix+s.Anchor(o))
		if !s.Unreadable(o, attrSynchronised) {
			s.Set(o, "cloudMastered", ldapBool(s.First(o, attrSynchronised) != "TRUE"))
		}
	}
	s.Set(o, "alias", s.Values(o, "mailNickname")...)
	s.Set(o, "commonName", s.Values(o, "displayName")...)
	s.Set(o, "sourceAnchor", s.Values(o, "onPremisesImmutableId")...)
	s.Set(o, "onPremiseSecurityIdentifier", s.Values(o, "onPremisesSecurityIdentifier")...)
	if s.Type(o) == kindGroup {
		deriveGroup(s, o)
	}
}

func anchorPrefix(kind string) string {
	switch kind {
	case kindGroup:
		return "Group_"
	case kindUser:
		return "User_"
	case kindDevice:
		return "Device_"
	case kindContact:
		return "Contact_"
	}
	return ""
}

func deriveGroup(s *planner.Space, o planner.ObjectID) {
	var target, reason []string
	if isUnified(s.Values(o, "groupTypes")) {
		target = s.Values(o, attrGroupType)
	}
	switch {
	case s.State(o) == planner.Deleted:
		reason = []string{"SoftDelete"}
	case s.First(o, attrEnabled) == "FALSE":
		reason = []string{"WriteBackOutOfScope"}
	}
	s.Set(o, "targetWritebackType", target...)
	s.Set(o, "reasonFiltered", reason...)
	if members, read := s.References(o, attrMember); read {
		s.Set(o, "memberCount", strconv.Itoa(len(members)))
	}
}

// isUnified reports whether a group with these groupTypes is a Microsoft 365
// group.
func isUnified(groupTypes []string) bool {
	return slices.ContainsFunc(groupTypes, func(t string) bool { return strings.EqualFold(t, "Unified") })
}

func ldapBool(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}
