package providertest

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// marked is the edit that every object of a writeback begins with.
func marked(id string) planner.Edit {
	return edit("adminDescription", none, one("Group_"+id))
}

// writeback are the values of a group as a writeback creates it.
func writeback() []planner.Edit {
	return []planner.Edit{
		marked("1"), edit("groupType", none, one("8")), edit("displayName", none, one("Team Blue")), edit("description", none, one("a\nb")),
		edit("mail", none, one("team@example.com")), edit("mailNickname", none, one("team")),
		edit("proxyAddresses", none, []string{"SMTP:team@example.com", "smtp:blue@example.com"}),
		edit("msExchRecipientDisplayType", none, one("17")), edit("msExchRecipientTypeDetails", none, one("8796093022208")),
		edit("msExchRequireAuthToSendTo", none, one("TRUE")),
	}
}

// createCases are about creating groups and OUs.
func createCases() []testCase {
	attributes := []string{"adminDescription", "groupType", "displayName", "description", "mail", "mailNickname", "proxyAddresses",
		"msExchRecipientDisplayType", "msExchRecipientTypeDetails", "msExchRequireAuthToSendTo"}
	return []testCase{
		{"write/create, read back", "done [adminDescription=Group_1 groupType=8 displayName=Team Blue description=a\nb mail=team@example.com mailNickname=team " +
			"proxyAddresses=SMTP:team@example.com|smtp:blue@example.com msExchRecipientDisplayType=17 msExchRecipientTypeDetails=8796093022208 msExchRequireAuthToSendTo=TRUE] true true", func(s *session) {
			r := s.write(s.create("CN=g", writeback()...))
			space := s.read(s.request(attributes...))
			s.showRead(space, "CN=g", attributes...)
			o := space.ByName(s.dn("CN=g"))
			s.answer("%t %t", space.Anchor(o) == r.Anchor, r.Anchor == s.anchor("CN=g"))
		}},
		{"write/create again", "done stale 68 [description=a\nb]", func(s *session) {
			s.write(s.create("CN=g", writeback()...))
			s.write(s.create("CN=g", marked("2"), edit("description", none, one("other"))))
			s.show("CN=g", "description")
		}},
		{"write/create with an account name in use", "stale 68 [none]", func(s *session) {
			s.group("CN=g", "sAMAccountName: conformance-provider")
			s.write(s.create("CN=h", marked("1"), edit("sAMAccountName", none, one("conformance-provider"))))
			s.show("CN=h", "cn")
		}},
		{"write/create without a container", "failed 32", func(s *session) {
			s.write(s.create("CN=g,OU=nowhere", marked("1")))
		}},
		{"write/create with a value that is refused", "failed 19 [none]", func(s *session) {
			s.write(s.create("CN=g", marked("1"), edit("mailNickname", none, one(strings.Repeat("x", 65)))))
			s.show("CN=g", "cn")
		}},
		{"write/create with a name that is too long", "failed 19", func(s *session) {
			s.write(s.create("CN="+strings.Repeat("🎉", 200), marked("1")))
		}},
		{"write/create with a line break in the name", "failed 64", func(s *session) {
			s.write(s.create("CN="+planner.EscapeDN("line\nbreak"), marked("1")))
		}},
		{"write/create an OU", "done done [ou=deep]", func(s *session) {
			op := s.create("OU=o")
			op.ObjectType = "organizationalUnit"
			s.write(op)
			op.DNAfter = s.dn("OU=deep,OU=o")
			s.write(op)
			s.show("OU=deep,OU=o", "ou")
		}},
	}
}

// updateCases are about compare-and-swap updates.
func updateCases() []testCase {
	return []testCase{
		{"write/update", "done [description=new info=- displayName=x mailNickname=n]", func(s *session) {
			s.group("CN=g", "description: old", "info: gone", "displayName: x")
			s.write(s.update("CN=g", edit("description", one("old"), one("new")), edit("info", one("gone"), none),
				edit("mailNickname", none, one("n"))))
			s.show("CN=g", "description", "info", "displayName", "mailNickname")
		}},
		{"write/update again", "done stale true", func(s *session) {
			s.group("CN=g", "description: old")
			op := s.update("CN=g", edit("description", one("old"), one("new")))
			s.write(op)
			usn := s.usn("CN=g")
			s.writeStale(op)
			s.answer("%t", usn == s.usn("CN=g"))
		}},
		{"write/update with one old value that changed", "stale [description=other displayName=x] true", func(s *session) {
			s.group("CN=g", "description: other", "displayName: x")
			usn := s.usn("CN=g")
			s.writeStale(s.update("CN=g", edit("displayName", one("x"), one("y")), edit("description", one("old"), one("new"))))
			s.show("CN=g", "description", "displayName")
			s.answer("%t", usn == s.usn("CN=g"))
		}},
		{"write/update of an absent value that appeared", "stale [description=other]", func(s *session) {
			s.group("CN=g", "description: other")
			s.writeStale(s.update("CN=g", edit("description", none, one("new"))))
			s.show("CN=g", "description")
		}},
		{"write/update of a value that went", "stale [description=-]", func(s *session) {
			s.group("CN=g")
			s.writeStale(s.update("CN=g", edit("description", one("old"), one("new"))))
			s.show("CN=g", "description")
		}},
	}
}

// updateValueCases are about updates of attributes of every kind.
func updateValueCases() []testCase {
	return []testCase{
		{"write/update of every kind of value", "done [groupType=-2147483640 msExchRecipientDisplayType=17 msExchRecipientTypeDetails=8796093022208 msExchRequireAuthToSendTo=FALSE sAMAccountName=conformance-kinds-2] stale", func(s *session) {
			s.group("CN=g", "groupType: 8", "msExchRecipientDisplayType: 1", "msExchRecipientTypeDetails: 1", "msExchRequireAuthToSendTo: TRUE", "sAMAccountName: conformance-kinds")
			op := s.update("CN=g", edit("groupType", one("8"), one("-2147483640")), edit("msExchRecipientDisplayType", one("1"), one("17")),
				edit("msExchRecipientTypeDetails", one("1"), one("8796093022208")), edit("msExchRequireAuthToSendTo", one("TRUE"), one("FALSE")),
				edit("sAMAccountName", one("conformance-kinds"), one("conformance-kinds-2")))
			s.write(op)
			s.show("CN=g", "groupType", "msExchRecipientDisplayType", "msExchRecipientTypeDetails", "msExchRequireAuthToSendTo", "sAMAccountName")
			s.writeStale(op)
		}},
		{"write/update of a list", "done [proxyAddresses=SMTP:b@example.com|smtp:a@example.com] stale stale [proxyAddresses=SMTP:b@example.com|smtp:a@example.com|smtp:c@example.com]", func(s *session) {
			s.group("CN=g", "proxyAddresses: SMTP:a@example.com", "proxyAddresses: smtp:b@example.com")
			op := s.update("CN=g", edit("proxyAddresses", []string{"SMTP:a@example.com", "smtp:b@example.com"}, []string{"SMTP:b@example.com", "smtp:a@example.com"}))
			s.write(op)
			s.show("CN=g", "proxyAddresses")
			s.writeStale(op)
			s.change("CN=g", plus("proxyAddresses", "smtp:c@example.com")) // somebody else
			s.writeStale(s.update("CN=g", edit("proxyAddresses", []string{"SMTP:b@example.com", "smtp:a@example.com"}, one("SMTP:d@example.com"))))
			s.show("CN=g", "proxyAddresses")
		}},
		{"write/update of a reference", "done [managedBy=CN=b,~] stale", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.group("CN=g", "managedBy: "+s.dn("CN=a"))
			op := s.update("CN=g", edit("managedBy", one(s.dn("CN=a")), one(s.dn("CN=b"))))
			s.write(op)
			s.show("CN=g", "managedBy")
			s.writeStale(op)
		}},
	}
}

// updateRefusalCases are about updates that cannot be done, and about one that
// can in spite of a rename.
func updateRefusalCases() []testCase {
	return []testCase{
		{"write/update of an object that is gone", "stale", func(s *session) {
			s.group("CN=g", "description: x")
			op := s.update("CN=g", edit("description", one("x"), one("y")))
			s.drop("CN=g")
			s.writeStale(op)
		}},
		{"write/update after a rename by somebody else", "0 done [description=y]", func(s *session) {
			s.group("CN=g", "description: x")
			op := s.update("CN=g", edit("description", one("x"), one("y")))
			s.rename("CN=g", "CN=h", "")
			s.write(op)
			s.show("CN=h", "description")
		}},
		{"write/update with a value that is refused", "failed 19 [description=x]", func(s *session) {
			s.group("CN=g", "description: x")
			s.write(s.update("CN=g", edit("description", one("x"), one(strings.Repeat("y", 1025)))))
			s.show("CN=g", "description")
		}},
		{"write/update without the permission", "failed 50 permission [description=x]", func(s *session) {
			s.group("CN=g", "description: x")
			s.writeAs(s.target.Reader, s.update("CN=g", edit("description", one("x"), one("y"))))
			s.show("CN=g", "description")
		}},
		{"write/everything without the permission", "failed 50 permission failed 50 permission failed 50 permission failed 50 permission {a g}", func(s *session) {
			s.contact("CN=a")
			s.group("CN=g", "adminDescription: Group_1")
			reader := s.target.Reader
			s.writeAs(reader, s.create("CN=h", marked("2")))
			s.writeAs(reader, s.membership("CN=g", one("CN=a"), nil))
			s.writeAs(reader, s.move("CN=g", "CN=h"))
			s.writeAs(reader, s.remove("CN=g"))
			s.findAt(s.ou, ldap.ScopeSingleLevel, "(objectClass=*)")
		}},
	}
}

// writeStale is write where only the status counts: whether the provider or the
// server found out differs with the server's code.
func (s *session) writeStale(op planner.Operation) {
	s.t.Helper()
	r := s.write(op)
	s.answers[len(s.answers)-1] = string(r.Status)
}

// moveCases are about moves and renames.
func moveCases() []testCase {
	return []testCase{
		{"move/another parent, another name, both", "done [cn=g] done [cn=h] done [cn=i] true", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g")
			before := s.anchor("CN=g")
			s.write(s.move("CN=g", "CN=g,OU=o"))
			s.show("CN=g,OU=o", "cn")
			s.write(s.move("CN=g,OU=o", "CN=h,OU=o"))
			s.show("CN=h,OU=o", "cn")
			s.write(s.move("CN=h,OU=o", "CN=i"))
			s.show("CN=i", "cn")
			s.answer("%t", s.anchor("CN=i") == before)
		}},
		{"move/case only", "done [cn=G]", func(s *session) {
			s.group("CN=g")
			s.write(s.move("CN=g", "CN=G"))
			s.show("CN=g", "cn")
		}},
		{"move/somebody was faster", "stale {g h}", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g")
			op := s.move("CN=g", "CN=g,OU=o")
			s.shift("CN=g", "CN=h")
			s.group("CN=g") // another object under the old name
			s.write(op)
			s.find("(objectClass=group)")
		}},
		{"move/the object is gone", "stale", func(s *session) {
			s.group("CN=g")
			op := s.move("CN=g", "CN=h")
			s.drop("CN=g")
			s.writeStale(op)
		}},
		{"move/the name is taken", "stale [cn=g]", func(s *session) {
			s.group("CN=g")
			s.group("CN=h")
			s.writeStale(s.move("CN=g", "CN=h"))
			s.show("CN=g", "cn")
		}},
		{"move/the parent is missing", "failed [cn=g]", func(s *session) {
			s.group("CN=g")
			s.write(s.move("CN=g", "CN=g,OU=nowhere"))
			s.show("CN=g", "cn")
		}},
	}
}

// removeCases are about deletes.
func removeCases() []testCase {
	return []testCase{
		{"delete/with the mark", "done [none]", func(s *session) {
			s.group("CN=g", "adminDescription: Group_1")
			s.write(s.remove("CN=g"))
			s.show("CN=g", "cn")
		}},
		{"delete/without the mark", "stale [cn=g]", func(s *session) {
			s.group("CN=g")
			s.writeStale(s.remove("CN=g"))
			s.show("CN=g", "cn")
		}},
		{"delete/with the mark of another group by now", "stale [cn=g]", func(s *session) {
			s.group("CN=g", "adminDescription: Group_1")
			op := s.remove("CN=g")
			op.Mark = "Group_2"
			s.writeStale(op)
			s.show("CN=g", "cn")
		}},
		{"delete/twice", "done stale", func(s *session) {
			s.group("CN=g", "adminDescription: Group_1")
			op := s.remove("CN=g")
			s.write(op)
			s.writeStale(op)
		}},
		{"delete/moved in between", "stale [cn=h]", func(s *session) {
			s.group("CN=g", "adminDescription: Group_1")
			op := s.remove("CN=g")
			s.shift("CN=g", "CN=h")
			s.writeStale(op)
			s.show("CN=h", "cn")
		}},
		{"delete/OU as it was made", "done done [none]", func(s *session) {
			op := s.create("OU=o")
			op.ObjectType = "organizationalUnit"
			s.write(op)
			s.write(s.removeOU("OU=o"))
			s.show("OU=o", "ou")
		}},
		{"delete/OU in which something was", "done [none]", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g,OU=o")
			s.must(s.conn.ModifyDN(ldap.NewModifyDNRequest(s.dn("CN=g,OU=o"), "CN=g", true, s.dn(""))))
			s.group("CN=h,OU=o")
			s.drop("CN=h,OU=o")
			s.write(s.removeOU("OU=o"))
			s.show("OU=o", "ou")
		}},
		{"delete/OU that was changed", "stale [ou=o]", func(s *session) {
			s.subOU("OU=o")
			s.change("OU=o", plus("description", "mine"))
			s.change("OU=o", minus("description"))
			s.writeStale(s.removeOU("OU=o"))
			s.show("OU=o", "ou")
		}},
		{"delete/OU that holds something", "failed 66 [cn=g]", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g,OU=o")
			s.write(s.removeOU("OU=o"))
			s.show("CN=g,OU=o", "cn")
		}},
		{"delete/a group as an OU", "stale [cn=g]", func(s *session) {
			s.group("CN=g")
			op := s.remove("CN=g")
			op.ObjectType = "organizationalUnit"
			s.writeStale(op)
			s.show("CN=g", "cn")
		}},
	}
}

// restoreCases are about objects in the Recycle Bin.
func restoreCases() []testCase {
	return []testCase{
		{"restore/found and restored", "Group_restore done true [description=x member=CN=a,~]", func(s *session) {
			space, o := s.deletedGroup("Group_restore")
			s.answer("%s", space.First(o, "adminDescription"))
			op := planner.Operation{Verb: planner.VerbRestore, ObjectType: "group", Anchor: space.Anchor(o), DNBefore: space.Name(o), DNAfter: s.dn("CN=g")}
			s.write(op)
			e := s.lookup("CN=g", "objectGUID")
			s.answer("%t", e != nil && anchorOf(e.GetRawAttributeValue("objectGUID")) == space.Anchor(o))
			s.show("CN=g", "description", "member")
		}},
		{"restore/twice", "done stale", func(s *session) {
			space, o := s.deletedGroup("Group_restore-twice")
			op := planner.Operation{Verb: planner.VerbRestore, ObjectType: "group", Anchor: space.Anchor(o), DNBefore: space.Name(o), DNAfter: s.dn("CN=g")}
			s.write(op)
			s.writeStale(op)
		}},
		{"restore/the name is taken", "stale", func(s *session) {
			space, o := s.deletedGroup("Group_restore-taken")
			s.group("CN=g")
			s.writeStale(planner.Operation{Verb: planner.VerbRestore, ObjectType: "group", Anchor: space.Anchor(o), DNBefore: space.Name(o), DNAfter: s.dn("CN=g")})
		}},
	}
}

// deletedGroup deletes a group with a member and finds it in the Recycle Bin.
func (s *session) deletedGroup(mark string) (*planner.Space, planner.ObjectID) {
	s.t.Helper()
	s.contact("CN=a")
	s.group("CN=g", "adminDescription: "+mark, "description: x", "groupType: 8")
	s.change("CN=g", plus("member", s.dn("CN=a")))
	anchor := s.anchor("CN=g")
	s.drop("CN=g")
	space := s.read(s.request("adminDescription"))
	o := space.ByAnchor(anchor)
	if o == planner.NoObject || space.State(o) != planner.Deleted {
		s.t.Fatalf("the deleted group was not found; Recycle Bin: %d", space.RecycleBin)
	}
	return space, o
}

// membershipCases are about the members of groups.
func membershipCases() []testCase {
	return []testCase{
		{"members/add and remove", "done [member=CN=b,~|CN=c,~]", func(s *session) {
			threeContacts(s)
			s.write(s.membership("CN=g", []string{"CN=b", "CN=c"}, one("CN=a")))
			s.showRead(s.read(s.request()), "CN=g", "member")
		}},
		{"members/the same again", "done done already=3 true", func(s *session) {
			threeContacts(s)
			op := s.membership("CN=g", []string{"CN=b", "CN=c"}, one("CN=a"))
			s.write(op)
			usn := s.usn("CN=g")
			s.write(op)
			s.answer("%t", usn == s.usn("CN=g"))
		}},
		{"members/some there, some gone", "done already=2 [member=CN=a,~|CN=c,~]", func(s *session) {
			threeContacts(s)
			s.write(s.membership("CN=g", []string{"CN=a", "CN=c"}, one("CN=b")))
			s.show("CN=g", "member")
		}},
		{"members/one that does not exist", "done refused=1 [member=CN=a,~|CN=b,~|CN=c,~] CN=nobody", func(s *session) {
			threeContacts(s)
			r := s.write(s.membership("CN=g", []string{"CN=b", "CN=nobody", "CN=c"}, nil))
			s.show("CN=g", "member")
			for _, m := range r.Refused {
				s.answer("%s", m.Member.Name)
			}
		}},
		{"members/one that may not be one", "done refused=1 [member=CN=b,~]", func(s *session) {
			s.contact("CN=b")
			s.group("CN=global", "groupType: -2147483646")
			s.group("CN=universal", "groupType: -2147483640")
			s.write(s.membership("CN=global", []string{"CN=b", "CN=universal"}, nil))
			s.show("CN=global", "member")
		}},
		{"members/renamed in between", "done [member=CN=a,~|CN=late,~]", func(s *session) {
			threeContacts(s)
			op := s.membership("CN=g", one("CN=b"), nil)
			s.shift("CN=b", "CN=late")
			s.write(op)
			s.show("CN=g", "member")
		}},
		{"members/of a group that is gone", "stale", func(s *session) {
			threeContacts(s)
			op := s.membership("CN=g", one("CN=b"), nil)
			s.drop("CN=g")
			s.writeStale(op)
		}},
		{"members/5000 written, read, written again, removed", "done 5000 done already=5000 done [member=-]", func(s *session) {
			s.group("CN=g", "groupType: 8")
			add := make([]planner.MemberChange, LargeSize)
			for n := range add {
				add[n] = planner.MemberChange{DN: fmt.Sprintf("CN=c%04d,%s", n, largeOU(s))}
			}
			op := s.update("CN=g")
			op.Verb, op.Add = planner.VerbMembers, add
			d := s.open(s.target.Writer)
			s.writeTo(d, op)
			space := s.readFrom(d, s.request())
			members, _ := space.References(space.ByName(s.dn("CN=g")), "member")
			s.answer("%d", len(members))
			s.writeTo(d, op)
			op.Add, op.Remove = nil, add
			s.writeTo(d, op)
			s.show("CN=g", "member")
		}},
	}
}

// hostileCases write, read and delete groups with names that need escaping.
func hostileCases() []testCase {
	var out []testCase
	for _, name := range hostileNames {
		out = append(out, testCase{"hostile/" + name, "done done true true done done", func(s *session) {
			rel := "CN=" + planner.EscapeDN(name)
			s.subOU("OU=people")
			s.contact(rel + ",OU=people")
			s.write(s.create(rel, marked("hostile"), edit("displayName", none, one(name)), edit("groupType", none, one("8"))))
			s.write(s.membership(rel, one(rel+",OU=people"), nil))
			space := s.read(s.request("displayName"))
			o := space.ByName(s.dn(rel))
			s.answer("%t", o != planner.NoObject && space.First(o, "displayName") == name)
			members, _ := space.References(o, "member")
			s.answer("%t", len(members) == 1 && planner.DNKey(space.Name(members[0])) == planner.DNKey(s.dn(rel+",OU=people")))
			s.subOU("OU=elsewhere")
			s.subOU("OU=" + planner.EscapeDN(name) + ",OU=elsewhere")
			moved := rel + ",OU=" + planner.EscapeDN(name) + ",OU=elsewhere"
			s.write(s.move(rel, moved))
			s.write(s.remove(moved))
		}})
	}
	return out
}
