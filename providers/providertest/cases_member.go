package providertest

import (
	"fmt"
	"strings"
)

// threeContacts prepares a, b and c, and the universal group g with the member a.
func threeContacts(s *session) {
	s.contact("CN=a", "CN=b", "CN=c")
	s.group("CN=g", "groupType: -2147483640")
	s.change("CN=g", plus("member", s.dn("CN=a")))
}

// memberCases are about the values of member.
func memberCases() []testCase {
	return []testCase{
		{"member/add and remove", "0 [member=CN=a,~|CN=b,~|CN=c,~] 0 [member=CN=b,~]", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.members("CN=b", "CN=c")...))
			s.show("CN=g", "member")
			s.modify("CN=g", minus("member", s.members("CN=a", "CN=c")...))
			s.show("CN=g", "member")
		}},
		{"member/both in one", "0 [member=CN=b,~]", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", minus("member", s.dn("CN=a")), plus("member", s.dn("CN=b")))
			s.show("CN=g", "member")
		}},
		{"member/add one that is there", "68", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.dn("CN=a")))
		}},
		{"member/add one that is there, other spellings", "68 68", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", strings.ToUpper(s.dn("CN=a"))))
			s.modify("CN=g", plus("member", guidName(s.guid("CN=a"))))
		}},
		{"member/remove one that is not there", "53", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", minus("member", s.dn("CN=b")))
		}},
		{"member/remove from an empty group", "53", func(s *session) {
			threeContacts(s)
			s.group("CN=empty")
			s.modify("CN=empty", minus("member", s.dn("CN=b")))
		}},
		{"member/add an object that does not exist", "32", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.dn("CN=nobody")))
		}},
		{"member/add what is no name", "34", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", "nonsense"))
		}},
	}
}

// memberBatchCases are about several values at once, other spellings, and other
// classes.
func memberBatchCases() []testCase {
	return []testCase{
		{"member/by GUID and SID", "0 0 [member=CN=a,~|CN=b,~|CN=h,~] 0 [member=CN=b,~|CN=h,~]", func(s *session) {
			threeContacts(s)
			s.group("CN=h", "groupType: -2147483640")
			s.modify("CN=g", plus("member", guidName(s.guid("CN=b"))))
			sid := s.entry("CN=h", "objectSid").GetRawAttributeValue("objectSid")
			s.modify("CN=g", plus("member", fmt.Sprintf("<SID=%x>", sid)))
			s.show("CN=g", "member")
			s.modify("CN=g", minus("member", guidName(s.guid("CN=a"))))
			s.show("CN=g", "member")
		}},
		{"member/one bad value refuses the batch", "32 68 53 [member=CN=a,~]", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.members("CN=b", "CN=nobody", "CN=c")...))
			s.modify("CN=g", plus("member", s.members("CN=b", "CN=a")...))
			s.modify("CN=g", minus("member", s.members("CN=a", "CN=c")...))
			s.show("CN=g", "member")
		}},
		{"member/the same twice in one batch", "20", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.members("CN=b", "CN=b")...))
		}},
		{"member/replace all", "0 [member=CN=b,~|CN=c,~] 0 [member=-]", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", set("member", s.members("CN=b", "CN=c")...))
			s.show("CN=g", "member")
			s.modify("CN=g", set("member"))
			s.show("CN=g", "member")
		}},
		{"member/of a contact", "65", func(s *session) {
			threeContacts(s)
			s.modify("CN=a", plus("member", s.dn("CN=b")))
		}},
		{"member/an OU", "0", func(s *session) {
			threeContacts(s)
			s.subOU("OU=o")
			s.modify("CN=g", plus("member", s.dn("OU=o")))
		}},
		{"member/a thousand in one batch", "0 1000 0 500", func(s *session) {
			s.group("CN=g", "groupType: 8")
			names := make([]string, 1000)
			for n := range names {
				names[n] = fmt.Sprintf("CN=c%04d,%s", n, largeOU(s))
			}
			s.modify("CN=g", plus("member", names...))
			s.answer("%d", s.memberCount("CN=g"))
			s.modify("CN=g", minus("member", names[500:]...))
			s.answer("%d", s.memberCount("CN=g"))
		}},
	}
}

// nestingCases are about groups in groups.
func nestingCases() []testCase {
	return []testCase{
		{"member/itself", "53", func(s *session) {
			threeContacts(s)
			s.modify("CN=g", plus("member", s.dn("CN=g")))
		}},
		{"member/universal group in a global one", "53", func(s *session) {
			s.group("CN=global", "groupType: -2147483646")
			s.group("CN=universal", "groupType: -2147483640")
			s.modify("CN=global", plus("member", s.dn("CN=universal")))
		}},
		{"member/domain local group in a universal one", "53", func(s *session) {
			s.group("CN=local", "groupType: -2147483644")
			s.group("CN=universal", "groupType: -2147483640")
			s.modify("CN=universal", plus("member", s.dn("CN=local")))
		}},
		{"member/nestings that are allowed", "0 0 0 0", func(s *session) {
			s.group("CN=local", "groupType: -2147483644")
			s.group("CN=universal", "groupType: -2147483640")
			s.group("CN=second", "groupType: -2147483640")
			s.group("CN=global", "groupType: -2147483646")
			s.modify("CN=local", plus("member", s.members("CN=universal", "CN=global")...))
			s.modify("CN=universal", plus("member", s.dn("CN=global")))
			s.modify("CN=universal", plus("member", s.dn("CN=second")))
			s.modify("CN=second", plus("member", s.dn("CN=universal"))) // a circle
		}},
	}
}

// linkCases are about back links and references that follow their objects.
func linkCases() []testCase {
	linked := func(s *session) {
		s.contact("CN=a", "CN=boss")
		s.group("CN=g", "managedBy: "+s.dn("CN=boss"))
		s.change("CN=g", plus("member", s.dn("CN=a")))
	}
	return []testCase{
		{"link/back links", "[memberOf=CN=g,~] [managedObjects=CN=g,~]", func(s *session) {
			linked(s)
			s.show("CN=a", "memberOf")
			s.show("CN=boss", "managedObjects")
		}},
		{"link/member is renamed", "0 [member=CN=b,~]", func(s *session) {
			linked(s)
			s.rename("CN=a", "CN=b", "")
			s.show("CN=g", "member")
		}},
		{"link/member is moved with its OU", "0 0 [member=CN=a,OU=new,~] [memberOf=CN=g,~]", func(s *session) {
			linked(s)
			s.subOU("OU=old")
			s.rename("CN=a", "CN=a", s.dn("OU=old"))
			s.rename("OU=old", "OU=new", "")
			s.show("CN=g", "member")
			s.show("CN=a,OU=new", "memberOf")
		}},
		{"link/group is renamed", "0 [memberOf=CN=h,~] [managedObjects=CN=h,~]", func(s *session) {
			linked(s)
			s.rename("CN=g", "CN=h", "")
			s.show("CN=a", "memberOf")
			s.show("CN=boss", "managedObjects")
		}},
		{"link/member is deleted", "0 0 [member=- managedBy=-]", func(s *session) {
			linked(s)
			s.delete("CN=a")
			s.delete("CN=boss")
			s.show("CN=g", "member", "managedBy")
		}},
		{"link/group is deleted", "0 [memberOf=-] [managedObjects=-]", func(s *session) {
			linked(s)
			s.delete("CN=g")
			s.show("CN=a", "memberOf")
			s.show("CN=boss", "managedObjects")
		}},
		{"link/value taken away", "0 [memberOf=-] 0 [managedObjects=-]", func(s *session) {
			linked(s)
			s.modify("CN=g", minus("member", s.dn("CN=a")))
			s.show("CN=a", "memberOf")
			s.modify("CN=g", minus("managedBy"))
			s.show("CN=boss", "managedObjects")
		}},
		{"link/a deleted object as a member", "0 32", func(s *session) {
			linked(s)
			s.contact("CN=late")
			guid := s.guid("CN=late")
			s.delete("CN=late")
			s.modify("CN=g", plus("member", guidName(guid)))
		}},
	}
}

func (s *session) memberCount(rel string) int {
	s.t.Helper()
	return len(s.entry(rel, "member;range=0-1499").GetAttributeValues("member;range=0-*"))
}

func guidName(guid []byte) string { return fmt.Sprintf("<GUID=%x>", guid) }
