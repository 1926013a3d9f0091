package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
)

// privileged marks changes of what gives power over a directory, so that no
// reviewer misses them: objects that nothing may change (see protect.go), groups
// whose members have the rights of a privileged group, and groups to which Entra
// ID's roles can be assigned.
func (b *build) privileged() {
	var names []string
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		code, why := b.privilege(c)
		if code == "" {
			continue
		}
		c.Privileged = code
		if c.Blocked == nil || c.Blocked.Code != "protected" { // which says why
			c.Notes = append(slices.Clip(c.Notes), "PRIVILEGED: "+why)
		}
		if c.Blocked == nil {
			names = append(names, "\""+c.Name+"\"")
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		b.diagnose("warning", "privileged", "Privileged objects are changed",
			plural(len(names), "change gives or takes", "changes give or take")+" power over a directory: "+shortList(names)+". Look at each of them; the notes say why.", hcl.Range{})
	}
}

// privilege says why a change is one of a privileged object: a code and, for
// people, a sentence. The code is "" where it is none, as far as was read.
func (b *build) privilege(c *Change) (code, why string) {
	if s := b.snapshot[c.Provider]; s != nil && c.Anchor != nil {
		o := s.ByAnchor(*c.Anchor)
		switch {
		case o == NoObject:
		case s.Kind == KindEntra && roleAssignable(s, o):
			return privilegedRole, roleWords
		case s.Kind == KindAD:
			if code, why := wellKnown(s, o); code != "" {
				return code, why
			}
			if above := b.powersAbove(s, o); len(above) > 0 {
				return "nested", "whoever is in it has the rights of " + shortList(above) + ", because it is a member there, directly or through other groups"
			}
		}
	}
	if it := b.itemOf(c); it != nil && it.source != NoObject {
		if s, _ := b.space(it.w.From); roleAssignable(s, it.source) {
			return privilegedRole, roleWords
		}
	}
	return "", ""
}

const (
	privilegedRole = "role_assignable"
	roleWords      = "roles of Entra ID can be assigned to the cloud group (isAssignableToRole)"
)

func roleAssignable(s *Space, o ObjectID) bool {
	return strings.EqualFold(s.First(o, "isAssignableToRole"), "TRUE")
}

// powersAbove names the groups with power that an object of AD is a member of. How
// far up that is seen depends on what was read: the groups above those that
// landfall writes, and, because AdminSDHolder marks whatever is nested in a
// protected group, in effect all that lead to those.
func (b *build) powersAbove(s *Space, o ObjectID) []string {
	seen := map[ObjectID]bool{o: true}
	var names []string
	for next := []ObjectID{o}; len(next) > 0; next = next[1:] {
		above, _ := s.References(next[0], "memberOf")
		for _, g := range above {
			if seen[g] {
				continue
			}
			seen[g] = true
			next = append(next, g)
			if b.hasPower(s, g) {
				names = append(names, objectName(s, g))
			}
		}
	}
	slices.Sort(names)
	return names
}

// hasPower reports whether a group gives its members power over the directory:
// AdminSDHolder protects it, or the configuration does.
func (b *build) hasPower(s *Space, o ObjectID) bool {
	if n := s.First(o, "adminCount"); n != "" && n != "0" {
		return true
	}
	if domain, rid, ok := sidRID(s.First(o, "objectSid")); ok && slices.Contains(guardedRIDs(domain), rid) {
		return true
	}
	for _, p := range b.cfg.Protected {
		if root, err := dn.Parse(p.DN); err == nil && inside(ptr(s.Name(o)), root) {
			return true
		}
	}
	return false
}

// guardedRIDs are the groups that AdminSDHolder protects, by the last part of
// their SID (Microsoft: "Protected accounts and groups in Active Directory").
func guardedRIDs(domain string) []uint32 {
	if domain == builtinSID {
		return []uint32{
			544, // Administrators
			548, // Account Operators
			549, // Server Operators
			550, // Print Operators
			551, // Backup Operators
			552, // Replicator
		}
	}
	return []uint32{
		512, // Domain Admins
		516, // Domain Controllers
		518, // Schema Admins
		519, // Enterprise Admins
		521, // Read-only Domain Controllers
		526, // Key Admins
		527, // Enterprise Key Admins
	}
}

// wellKnown says why an object is protected by itself: a code and a sentence, ""
// if it is not.
func wellKnown(s *Space, o ObjectID) (code, why string) {
	if domain, rid, ok := sidRID(s.First(o, "objectSid")); ok && (domain == builtinSID || rid < 1000) {
		return "well_known", "it is one of the groups that Windows itself made (well-known RID)"
	}
	if n := s.First(o, "adminCount"); n != "" && n != "0" {
		return "admin_count", fmt.Sprintf("AdminSDHolder guards it (adminCount is %s)", n)
	}
	if strings.EqualFold(s.First(o, "isCriticalSystemObject"), "TRUE") {
		return "critical", "it is a critical system object"
	}
	return "", ""
}
