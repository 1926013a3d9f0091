package providertest

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// Controls of Active Directory.
const (
	showDeleted = "1.2.840.113556.1.4.417"
	treeDelete  = "1.2.840.113556.1.4.805"
)

// deleteCases are about the delete operation, with and without Recycle Bin.
func deleteCases() []testCase {
	return []testCase{
		{"delete/object", "0 [none]", func(s *session) {
			s.group("CN=g")
			s.delete("CN=g")
			s.show("CN=g", "cn")
		}},
		{"delete/by GUID", "0 [none]", func(s *session) {
			s.group("CN=g")
			s.delete(guidName(s.guid("CN=g")))
			s.show("CN=g", "cn")
		}},
		{"delete/missing object", "32 32", func(s *session) {
			s.delete("CN=nobody")
			s.contact("CN=g")
			guid := s.guid("CN=g")
			s.drop("CN=g")
			s.delete(guidName(guid))
		}},
		{"delete/OU that is not empty", "66 [ou=o]", func(s *session) {
			s.subOU("OU=o")
			s.contact("CN=a,OU=o")
			s.delete("OU=o")
			s.show("OU=o", "ou")
		}},
		{"delete/tree", "0 [none] [none]", func(s *session) {
			s.subOU("OU=o")
			s.subOU("OU=p,OU=o")
			s.contact("CN=a,OU=p,OU=o")
			s.code(s.conn.Del(ldap.NewDelRequest(s.dn("OU=o"), []ldap.Control{ldap.NewControlString(treeDelete, false, "")})))
			s.show("CN=a,OU=p,OU=o", "cn")
			s.show("OU=o", "ou")
		}},
		{"delete/name and account name are free again", "0 0", func(s *session) {
			s.group("CN=g", "sAMAccountName: conformance-deleted")
			s.delete("CN=g")
			s.add("CN=g", "objectClass: group", "sAMAccountName: conformance-deleted")
		}},
		{"delete/deleted objects do not show", "0 {}", func(s *session) {
			s.group("CN=g")
			guid := s.guid("CN=g")
			s.delete("CN=g")
			s.findAt(s.target.BaseDN, ldap.ScopeWholeSubtree, "(objectGUID="+escapeBytes(guid)+")")
		}},
	}
}

// deleted finds a deleted object, nil if there is none.
func (s *session) deleted(guid []byte, attributes ...string) *ldap.Entry {
	s.t.Helper()
	r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: guidName(guid), Scope: ldap.ScopeBaseObject, Filter: "(isDeleted=TRUE)",
		Attributes: attributes, Controls: []ldap.Control{ldap.NewControlString(showDeleted, false, "")}})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	s.must(err)
	return first(r)
}

func (s *session) showDeleted(guid []byte, attributes ...string) {
	s.t.Helper()
	e := s.deleted(guid, attributes...)
	if e == nil {
		s.answer("[none]")
		return
	}
	s.showEntry(e, attributes)
}

// restore brings a deleted object back to a name, with further changes.
func (s *session) restore(guid []byte, rel string, changes ...change) {
	s.t.Helper()
	name := s.dn("CN=nobody")
	if e := s.deleted(guid, "name"); e != nil {
		name = e.DN
	}
	s.restoreAs(name, rel, changes...)
}

// restoreAs addresses the deleted object by a name of the caller's choice.
func (s *session) restoreAs(name, rel string, changes ...change) {
	s.t.Helper()
	all := append([]change{minus("isDeleted"), set("distinguishedName", s.dn(rel))}, changes...)
	s.code(s.conn.Modify(modifyRequest(name, all, ldap.NewControlString(showDeleted, false, ""))))
}

// gone prepares a group with values and a member, deletes it and returns its GUID.
func (s *session) gone() []byte {
	s.t.Helper()
	s.contact("CN=a")
	s.group("CN=g", "groupType: -2147483640", "description: x", "mailNickname: g", "adminDescription: Group_1")
	s.group("CN=outer", "groupType: -2147483640")
	s.change("CN=g", plus("member", s.dn("CN=a")))
	s.change("CN=outer", plus("member", s.dn("CN=g")))
	guid := s.guid("CN=g")
	s.drop("CN=g")
	return guid
}

// restoreTaken restores a group whose sAMAccountName another one has by now. It
// must not come back with it; with which code it is refused is not documented.
func (s *session) restoreTaken(name string) {
	s.t.Helper()
	s.group("CN=g", "sAMAccountName: "+name)
	guid := s.guid("CN=g")
	s.drop("CN=g")
	s.group("CN=h", "sAMAccountName: "+name)
	s.restore(guid, "CN=g")
	if last := len(s.answers) - 1; s.answers[last] != "0" {
		s.answers[last] = "refused"
	}
}

// tombstoneCases run before the Recycle Bin is switched on.
func tombstoneCases() []testCase {
	return []testCase{
		{"tombstone/links to it", "[member=-] [memberOf=-]", func(s *session) {
			s.gone()
			s.show("CN=outer", "member")
			s.show("CN=a", "memberOf")
		}},
		{"tombstone/what is left", "[isDeleted=TRUE groupType=-2147483640 lastKnownParent=~ description=- mailNickname=- member=-] true true", func(s *session) {
			guid := s.gone()
			s.showDeleted(guid, "isDeleted", "groupType", "lastKnownParent", "description", "mailNickname", "member")
			e := s.deleted(guid, "sAMAccountName", "objectSid", "objectGUID")
			s.answer("%t %t", e.GetAttributeValue("sAMAccountName") != "" && len(e.GetRawAttributeValue("objectSid")) == 28,
				string(e.GetRawAttributeValue("objectGUID")) == string(guid))
		}},
		{"tombstone/where it is", "true", func(s *session) {
			guid := s.gone()
			dn := s.deleted(guid, "name").DN
			s.answer("%t", strings.HasPrefix(dn, `CN=g\0ADEL:`) && strings.HasSuffix(dn, ",CN=Deleted Objects,"+s.target.BaseDN))
		}},
		{"tombstone/brought back", "0 [groupType=-2147483640 description=- member=- isDeleted=-] true", func(s *session) {
			guid := s.gone()
			s.restore(guid, "CN=g")
			s.show("CN=g", "groupType", "description", "member", "isDeleted")
			s.answer("%t", string(s.guid("CN=g")) == string(guid))
		}},
		{"tombstone/brought back elsewhere", "0 [cn=h name=h]", func(s *session) {
			s.subOU("OU=o")
			s.restore(s.gone(), "CN=h,OU=o")
			s.show("CN=h,OU=o", "cn", "name")
		}},
		{"tombstone/brought back and changed at once", "0 [description=y adminDescription=Group_2]", func(s *session) {
			s.restore(s.gone(), "CN=g", set("description", "y"), set("adminDescription", "Group_2"))
			s.show("CN=g", "description", "adminDescription")
		}},
		{"tombstone/name is taken", "68 [isDeleted=TRUE]", func(s *session) {
			guid := s.gone()
			s.group("CN=g")
			s.restore(guid, "CN=g")
			s.showDeleted(guid, "isDeleted")
		}},
		{"tombstone/parent is missing", "80", func(s *session) {
			s.restore(s.gone(), "CN=g,OU=nowhere")
		}},
		{"tombstone/without the control", "32", func(s *session) {
			name := s.deleted(s.gone(), "name").DN
			s.code(s.conn.Modify(modifyRequest(name, []change{minus("isDeleted"), set("distinguishedName", s.dn("CN=g"))})))
		}},
		{"tombstone/account name in use by now", "refused", func(s *session) {
			s.restoreTaken("conformance-tombstone")
		}},
		{"tombstone/addressed by GUID", "0 [cn=g]", func(s *session) {
			s.restoreAs(guidName(s.gone()), "CN=g")
			s.show("CN=g", "cn")
		}},
		{"tombstone/the writer may", "0 [cn=g]", func(s *session) {
			guid := s.gone()
			s.as(s.target.Writer)
			s.restore(guid, "CN=g")
			s.show("CN=g", "cn")
		}},
		{"tombstone/restored by landfall", "done [cn=g] stale", func(s *session) {
			guid := s.gone()
			op := planner.Operation{Verb: planner.VerbRestore, ObjectType: "group", Anchor: anchorOf(guid),
				DNBefore: s.deleted(guid, "name").DN, DNAfter: s.dn("CN=g")}
			s.write(op)
			s.show("CN=g", "cn")
			s.writeStale(op)
		}},
		{"tombstone/the reader does not see it", "[none]", func(s *session) {
			guid := s.gone()
			s.as(s.target.Reader)
			s.showDeleted(guid, "name")
		}},
	}
}

// recycleBinCases run with the Recycle Bin.
func recycleBinCases() []testCase {
	return []testCase{
		{"bin/what is left", "[isDeleted=TRUE isRecycled=- groupType=-2147483640 lastKnownParent=~ description=x mailNickname=g adminDescription=Group_1]", func(s *session) {
			s.showDeleted(s.gone(), "isDeleted", "isRecycled", "groupType", "lastKnownParent", "description", "mailNickname", "adminDescription")
		}},
		{"bin/found by an attribute", "{g}", func(s *session) {
			s.group("CN=g", "adminDescription: Group_bin-search")
			s.drop("CN=g")
			r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: "CN=Deleted Objects," + s.target.BaseDN, Scope: ldap.ScopeSingleLevel,
				Filter: "(&(isDeleted=TRUE)(adminDescription=Group_bin-search))", Attributes: []string{"name"},
				Controls: []ldap.Control{ldap.NewControlString(showDeleted, false, "")}})
			s.must(err)
			found := names(r.Entries)
			for i, name := range found {
				found[i], _, _ = strings.Cut(name, "\n")
			}
			s.answer("{%s}", strings.Join(found, " "))
		}},
		{"bin/restored with everything", "0 [description=x mailNickname=g member=CN=a,~ memberOf=CN=outer,~ isDeleted=- lastKnownParent=~] [member=CN=g,~] true", func(s *session) {
			guid := s.gone()
			s.restore(guid, "CN=g")
			s.show("CN=g", "description", "mailNickname", "member", "memberOf", "isDeleted", "lastKnownParent")
			s.show("CN=outer", "member")
			s.answer("%t", s.deleted(guid, "name") == nil)
		}},
		{"bin/restored elsewhere", "0 [cn=h name=h]", func(s *session) {
			s.subOU("OU=o")
			guid := s.gone()
			s.restore(guid, "CN=h,OU=o")
			s.show("CN=h,OU=o", "cn", "name")
		}},
		{"bin/restored and changed at once", "0 [description=y]", func(s *session) {
			guid := s.gone()
			s.restore(guid, "CN=g", set("description", "y"))
			s.show("CN=g", "description")
		}},
		{"bin/name is taken", "68 [isDeleted=TRUE]", func(s *session) {
			guid := s.gone()
			s.group("CN=g")
			s.restore(guid, "CN=g")
			s.showDeleted(guid, "isDeleted")
		}},
		// As for a modify-DN operation: [MS-ADTS] 3.1.1.5.3.7.2.
		{"bin/parent is missing", "80", func(s *session) {
			guid := s.gone()
			s.restore(guid, "CN=g,OU=nowhere")
		}},
		// [MS-ADTS] 3.1.1.5.3.7.2: noSuchAttribute / ERROR_DS_ATT_IS_NOT_ON_OBJ.
		{"bin/object that is not deleted", "16", func(s *session) {
			s.group("CN=g")
			s.restoreAs(s.dn("CN=g"), "CN=h")
		}},
		{"bin/addressed by GUID", "0 [cn=g]", func(s *session) {
			s.restoreAs(guidName(s.gone()), "CN=g")
			s.show("CN=g", "cn")
		}},
		{"bin/without the control", "32", func(s *session) {
			name := s.deleted(s.gone(), "name").DN
			s.code(s.conn.Modify(modifyRequest(name, []change{minus("isDeleted"), set("distinguishedName", s.dn("CN=g"))})))
		}},
		{"bin/account name in use by now", "refused", func(s *session) {
			s.restoreTaken("conformance-bin")
		}},
		{"bin/the writer may", "0 [description=x]", func(s *session) {
			guid := s.gone()
			s.as(s.target.Writer)
			s.restore(guid, "CN=g")
			s.show("CN=g", "description")
		}},
	}
}

// rightsCases are about accounts that may not do everything.
func rightsCases() []testCase {
	return []testCase{
		{"rights/reader reads", "[description=x] {g}", func(s *session) {
			s.group("CN=g", "description: x")
			s.as(s.target.Reader)
			s.show("CN=g", "description")
			s.find("(objectClass=group)")
		}},
		{"rights/reader writes nothing", "50 50 50 50 50 50", func(s *session) {
			s.contact("CN=a")
			s.group("CN=g", "description: x")
			s.subOU("OU=o")
			s.as(s.target.Reader)
			s.add("CN=h", "objectClass: group")
			s.modify("CN=g", set("description", "y"))
			s.modify("CN=g", plus("member", s.dn("CN=a")))
			s.rename("CN=g", "CN=h", "")
			s.rename("CN=g", "CN=g", s.dn("OU=o"))
			s.delete("CN=g")
		}},
		{"rights/what may be written", "false true", func(s *session) {
			s.group("CN=g")
			for _, a := range []Account{s.target.Reader, s.target.Writer} {
				s.as(a)
				s.answer("%t", len(s.entry("CN=g", "allowedAttributesEffective").GetAttributeValues("allowedAttributesEffective")) > 0)
			}
		}},
		{"rights/what may be made", "false false true true", func(s *session) {
			for _, a := range []Account{s.target.Reader, s.target.Writer} {
				s.as(a)
				classes := s.entry("", "allowedChildClassesEffective").GetAttributeValues("allowedChildClassesEffective")
				s.answer("%t %t", slices.Contains(classes, "group"), slices.Contains(classes, "organizationalUnit"))
			}
		}},
		{"rights/whose the connection is", "true true", func(s *session) {
			s.as(s.target.Reader)
			sids := s.entryAt("", "tokenGroups").GetAttributeValues("tokenGroups")
			const authenticatedUsers = "\x01\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00"
			s.answer("%t %t", len(sids) > 2 && len(sids[0]) == 28, slices.Contains(sids, authenticatedUsers))
		}},
		{"rights/readers see access lists", "true", func(s *session) {
			s.group("CN=g")
			s.as(s.target.Reader)
			r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: s.dn("CN=g"), Filter: "(objectClass=*)", Attributes: []string{"nTSecurityDescriptor"},
				Controls: []ldap.Control{&ldap.ControlMicrosoftSDFlags{ControlValue: 7}}})
			s.must(err)
			s.answer("%t", len(first(r).GetAttributeValue("nTSecurityDescriptor")) > 40)
		}},
		{"rights/writer does what it was given", "0 0 0 0 0 0 0", func(s *session) {
			s.contact("CN=a")
			s.as(s.target.Writer)
			s.add("OU=o", "objectClass: organizationalUnit")
			s.add("CN=g", "objectClass: group", "groupType: 8", "mailNickname: g", "adminDescription: Group_2")
			s.modify("CN=g", set("description", "y"))
			s.modify("CN=g", plus("member", s.dn("CN=a")))
			s.rename("CN=g", "CN=h", "")
			s.rename("CN=h", "CN=h", s.dn("OU=o"))
			s.delete("CN=h,OU=o")
		}},
		{"rights/writer writes no users", "50 50", func(s *session) {
			s.contact("CN=a")
			s.as(s.target.Writer)
			s.modify("CN=a", set("description", "y"))
			s.add("CN=b", "objectClass: contact")
		}},
	}
}
