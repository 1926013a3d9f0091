package providertest

import (
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// renameCases are about the modify-DN operation.
func renameCases() []testCase {
	return []testCase{
		{"rename/new name", "0 [none] [cn=h name=h]", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "CN=h", "")
			s.show("CN=g", "cn")
			s.show("CN=h", "cn", "name")
		}},
		{"rename/new parent", "0 [none] [cn=g]", func(s *session) {
			s.group("CN=g")
			s.subOU("OU=o")
			s.rename("CN=g", "CN=g", s.dn("OU=o"))
			s.show("CN=g", "cn")
			s.show("CN=g,OU=o", "cn")
		}},
		{"rename/both", "0 [cn=h]", func(s *session) {
			s.group("CN=g")
			s.subOU("OU=o")
			s.rename("CN=g", "CN=h", s.dn("OU=o"))
			s.show("CN=h,OU=o", "cn")
		}},
		{"rename/keeps its identity", "0 true [sAMAccountName=conformance-renamed description=x]", func(s *session) {
			s.group("CN=g", "sAMAccountName: conformance-renamed", "description: x")
			before := s.guid("CN=g")
			s.rename("CN=g", "CN=h", "")
			s.answer("%t", string(before) == string(s.guid("CN=h")))
			s.show("CN=h", "sAMAccountName", "description")
		}},
		{"rename/by GUID", "0 [cn=h]", func(s *session) {
			s.group("CN=g")
			s.rename(guidName(s.guid("CN=g")), "CN=h", "")
			s.show("CN=h", "cn")
		}},
		{"rename/by GUID, with the parent", "0 [cn=h]", func(s *session) {
			s.group("CN=g")
			s.rename(guidName(s.guid("CN=g")), "CN=h", s.ou)
			s.show("CN=h", "cn")
		}},
		{"rename/case only", "0 [cn=G]", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "CN=G", "")
			s.show("CN=g", "cn")
		}},
		{"rename/to the name it has", "0 [cn=g]", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "CN=g", "")
			s.show("CN=g", "cn")
		}},
	}
}

// renameRefusalCases are renames that are refused, and renames of whole OUs.
func renameRefusalCases() []testCase {
	return []testCase{
		{"rename/name is taken", "68 68", func(s *session) {
			s.group("CN=g")
			s.group("CN=h")
			s.rename("CN=g", "CN=H", "")
			s.subOU("OU=o")
			s.group("CN=g,OU=o")
			s.rename("CN=g", "CN=g", s.dn("OU=o"))
		}},
		{"rename/missing object", "32", func(s *session) {
			s.rename("CN=nobody", "CN=h", "")
		}},
		// [MS-ADTS] 3.1.1.5.4.1: other / ERROR_DS_NO_PARENT_OBJECT, unlike an add.
		{"rename/missing parent", "80", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "CN=g", s.dn("OU=nowhere"))
		}},
		{"rename/keeping the old name as a value", "53", func(s *session) {
			s.group("CN=g")
			s.code(s.conn.ModifyDN(ldap.NewModifyDNRequest(s.dn("CN=g"), "CN=h", false, "")))
		}},
		{"rename/another naming attribute", "64", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "OU=g", "")
		}},
		{"rename/malformed name", "34", func(s *session) {
			s.group("CN=g")
			s.rename("CN=g", "nonsense", "")
		}},
		{"rename/below a group", "64", func(s *session) {
			s.group("CN=g")
			s.group("CN=h")
			s.rename("CN=g", "CN=g", s.dn("CN=h"))
		}},
		{"rename/OU with what is in it", "0 {a b new sub} [cn=b]", func(s *session) {
			s.subOU("OU=old")
			s.subOU("OU=sub,OU=old")
			s.contact("CN=a,OU=old", "CN=b,OU=sub,OU=old")
			s.rename("OU=old", "OU=new", "")
			s.findAt(s.dn("OU=new"), ldap.ScopeWholeSubtree, "(objectClass=*)")
			s.show("CN=b,OU=sub,OU=new", "cn")
		}},
		{"rename/OU below itself", "53", func(s *session) {
			s.subOU("OU=o")
			s.subOU("OU=sub,OU=o")
			s.rename("OU=o", "OU=o", s.dn("OU=sub,OU=o"))
		}},
		{"rename/uSNChanged", "0 true", func(s *session) {
			s.group("CN=g")
			before := s.usn("CN=g")
			s.rename("CN=g", "CN=h", "")
			s.answer("%t", s.usn("CN=h") > before)
		}},
	}
}

// hostileNames are names that a group of a tenant may carry and a tool may
// break on.
var hostileNames = []string{
	`a,b+c"d\e<f>g;h=i`,
	` #lead`,
	`#lead`,
	`trail `,
	`  both  `,
	`x` + "\u202e" + `gnp.exe`,
	"\x1b[2J",
	"tab\tbed",
	`]]>`,
	`a/b\c`,
	`*()`,
	`CN=x,OU=y`,
	`é ü ß ﬁ`,
	"🎉🎉",
	`Domain Admins`,
	`"quoted"`,
	`-dash`,
	`\2C`,
}

// escapeCases are names that need escaping: written, found by DN, by filter, in
// member and after a rename.
func escapeCases() []testCase {
	var out []testCase
	for _, name := range hostileNames {
		rdn := "CN=" + planner.EscapeDN(name)
		out = append(out, testCase{"escape/" + name, "0 true true true 0 true 0", func(s *session) {
			s.add(rdn, "objectClass: group")
			e := s.lookup(rdn, "cn")
			s.answer("%t", e != nil && e.GetAttributeValue("cn") == name)
			s.answer("%t", e != nil && planner.DNKey(e.DN) == planner.DNKey(s.dn(rdn)))
			r, err := s.search(s.ou, ldap.ScopeSingleLevel, "(cn="+ldap.EscapeFilter(name)+")", "cn")
			s.must(err)
			s.answer("%t", len(r.Entries) == 1)
			s.group("CN=holder", "groupType: 8")
			s.change("CN=holder", plus("member", s.dn(rdn)))
			s.subOU("OU=elsewhere")
			ou := "OU=" + planner.EscapeDN(name) + ",OU=elsewhere"
			s.subOU(ou)
			s.rename(rdn, rdn, s.dn(ou))
			members := s.entry("CN=holder", "member").GetAttributeValues("member")
			s.answer("%t", len(members) == 1 && planner.DNKey(members[0]) == planner.DNKey(s.dn(rdn+","+ou)))
			s.delete(rdn + "," + ou)
		}})
	}
	return append(out,
		testCase{"escape/equals sign", "0 [cn=a=b] [cn=a=b]", func(s *session) {
			s.add(`CN=a\=b`, "objectClass: group")
			s.show(`CN=a\=b`, "cn")
			s.show(`CN=a\3Db`, "cn")
		}},
		// [MS-ADTS] 3.1.1.5.1.2: no line feed, no NUL; 3.1.1.3.1.2.3: one value.
		testCase{"escape/line break", "64 64 [cn=g]", func(s *session) {
			s.add(`CN=line\0Abreak`, "objectClass: group")
			s.group("CN=g")
			s.rename("CN=g", `CN=another\0Abreak`, "")
			s.show("CN=g", "cn")
		}},
		testCase{"escape/NUL", "34", func(s *session) {
			s.add(`CN=nul\00byte`, "objectClass: group")
		}},
		testCase{"escape/two values", "34", func(s *session) {
			s.add(`CN=a+CN=b`, "objectClass: group")
		}},
		testCase{"escape/as hexadecimal", "0 [cn=a,b] [cn=a,b]", func(s *session) {
			s.add(`CN=a\2Cb`, "objectClass: group")
			s.show(`CN=a\,b`, "cn")
			s.show(`CN=`+strings.ToLower(`A\2CB`), "cn")
		}},
		testCase{"escape/letters that only look the same", "0 0 0 0", func(s *session) {
			s.add("CN=ß", "objectClass: contact")
			s.add("CN=ss", "objectClass: contact")
			s.add("CN=ﬁ", "objectClass: contact")
			s.add("CN=fi", "objectClass: contact")
		}},
	)
}
