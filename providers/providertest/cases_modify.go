package providertest

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/go-ldap/ldap/v3"
)

// modifyCases are about the modify operation.
func modifyCases() []testCase {
	return []testCase{
		{"modify/add, replace, delete", "0 [info=one] 0 [info=two] 0 [info=-]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", plus("info", "one"))
			s.show("CN=g", "info")
			s.modify("CN=g", set("info", "two"))
			s.show("CN=g", "info")
			s.modify("CN=g", minus("info"))
			s.show("CN=g", "info")
		}},
		{"modify/missing object", "32", func(s *session) {
			s.modify("CN=nobody", set("description", "x"))
		}},
		{"modify/by GUID", "0 [description=x]", func(s *session) {
			s.group("CN=g")
			s.modify(guidName(s.guid("CN=g")), set("description", "x"))
			s.show("CN=g", "description")
		}},
	}
}

// modifyRefusalCases are modifies that are refused.
func modifyRefusalCases() []testCase {
	return []testCase{
		{"modify/value that is there", "20 20", func(s *session) {
			s.group("CN=g", "proxyAddresses: smtp:a@example.com", "info: x")
			s.modify("CN=g", plus("proxyAddresses", "smtp:a@example.com"))
			s.modify("CN=g", plus("info", "x"))
		}},
		{"modify/second value for one", "20 [info=x]", func(s *session) {
			s.group("CN=g", "info: x")
			s.modify("CN=g", plus("info", "y"))
			s.show("CN=g", "info")
		}},
		{"modify/two values for one", "19 [info=x]", func(s *session) {
			s.group("CN=g", "info: x")
			s.modify("CN=g", set("info", "y", "z"))
			s.show("CN=g", "info")
		}},
		{"modify/description of a group holds one value", "20", func(s *session) {
			s.group("CN=g", "description: x")
			s.modify("CN=g", plus("description", "y"))
		}},
		{"modify/delete what is not there", "16 16 16 16", func(s *session) {
			s.group("CN=g", "info: x", "proxyAddresses: smtp:a@example.com")
			s.modify("CN=g", minus("description"))
			s.modify("CN=g", minus("info", "y"))
			s.modify("CN=g", minus("managedBy"))
			s.modify("CN=g", minus("proxyAddresses", "smtp:b@example.com"))
		}},
		{"modify/replace with nothing", "0 0 [info=-]", func(s *session) {
			s.group("CN=g", "info: x")
			s.modify("CN=g", set("info"))
			s.modify("CN=g", set("info"))
			s.show("CN=g", "info")
		}},
		{"modify/unknown attribute", "16", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("noSuchAttribute", "x"))
		}},
		{"modify/attribute of another class", "65", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("operatingSystem", "x"))
		}},
		{"modify/empty value", "21", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("description", ""))
		}},
		{"modify/the name", "67 67", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("cn", "h"))
			s.modify("CN=g", set("name", "h"))
		}},
		{"modify/the back link", "53", func(s *session) {
			s.group("CN=g")
			s.group("CN=a")
			s.modify("CN=a", plus("memberOf", s.dn("CN=g")))
		}},
	}
}

// modifyWholeCases are about a modify as a whole.
func modifyWholeCases() []testCase {
	return []testCase{
		{"modify/all or nothing", "20 [info=- description=x]", func(s *session) {
			s.group("CN=g", "description: x")
			s.modify("CN=g", set("info", "y"), plus("description", "x"))
			s.show("CN=g", "info", "description")
		}},
		{"modify/the same attribute several times", "0 [proxyAddresses=smtp:b@example.com|smtp:c@example.com]", func(s *session) {
			s.group("CN=g", "proxyAddresses: smtp:a@example.com")
			s.modify("CN=g", plus("proxyAddresses", "smtp:b@example.com"), plus("proxyAddresses", "smtp:c@example.com"), minus("proxyAddresses", "smtp:a@example.com"))
			s.show("CN=g", "proxyAddresses")
		}},
		{"modify/names without case", "0 [description=x]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", set("DESCRIPTION", "x"))
			s.show("CN=g", "description")
		}},
		{"modify/values keep their case", "0 0 [description=ABC]", func(s *session) {
			s.group("CN=g", "description: abc")
			s.modify("CN=g", set("description", "ABC"))
			s.modify("CN=g", minus("description", "abc"), plus("description", "ABC"))
			s.show("CN=g", "description")
		}},
		{"modify/permissive", "0 0 [proxyAddresses=smtp:a@example.com]", func(s *session) {
			s.group("CN=g", "proxyAddresses: smtp:a@example.com")
			s.permissive("CN=g", plus("proxyAddresses", "smtp:a@example.com"))
			s.permissive("CN=g", minus("proxyAddresses", "smtp:b@example.com"))
			s.show("CN=g", "proxyAddresses")
		}},
		{"modify/permissive members", "0 0 [member=CN=a,~]", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.group("CN=g")
			s.change("CN=g", plus("member", s.dn("CN=a")))
			s.permissive("CN=g", plus("member", s.dn("CN=a")))
			s.permissive("CN=g", minus("member", s.dn("CN=b")))
			s.show("CN=g", "member")
		}},
		{"modify/uSNChanged", "true true false", func(s *session) {
			s.contact("CN=a")
			s.group("CN=g")
			group, contact := s.usn("CN=g"), s.usn("CN=a")
			s.change("CN=g", set("description", "x"))
			after := s.usn("CN=g")
			s.answer("%t", after > group)
			s.change("CN=g", plus("member", s.dn("CN=a")))
			s.answer("%t", s.usn("CN=g") > after)
			s.answer("%t", s.usn("CN=a") > contact) // back links are not written
		}},
	}
}

func (s *session) usn(rel string) int {
	s.t.Helper()
	n, err := strconv.Atoi(s.entry(rel, "uSNChanged").GetAttributeValue("uSNChanged"))
	s.must(err)
	return n
}

// swap is a compare-and-swap.
func swap(attribute, before, after string) []change {
	return []change{minus(attribute, before), plus(attribute, after)}
}

// swapCases are the compare-and-swap that every update of landfall is: delete
// the old value by name, add the new one.
func swapCases() []testCase {
	out := []testCase{
		{"swap/old value has changed", "16 [description=other info=x]", func(s *session) {
			s.group("CN=g", "description: other", "info: x")
			s.modify("CN=g", slices.Concat(swap("info", "x", "y"), swap("description", "old", "new"))...)
			s.show("CN=g", "description", "info")
		}},
		{"swap/old value is gone", "16 [description=-]", func(s *session) {
			s.group("CN=g")
			s.modify("CN=g", swap("description", "old", "new")...)
			s.show("CN=g", "description")
		}},
		{"swap/a value appeared", "20 [info=other]", func(s *session) {
			s.group("CN=g", "info: other")
			s.modify("CN=g", plus("info", "new"))
			s.show("CN=g", "info")
		}},
		{"swap/old value in another case", "0 [description=new]", func(s *session) {
			s.group("CN=g", "description: OLD")
			s.modify("CN=g", swap("description", "old", "new")...)
			s.show("CN=g", "description")
		}},
		{"swap/case only", "0 [description=OLD]", func(s *session) {
			s.group("CN=g", "description: old")
			s.modify("CN=g", swap("description", "old", "OLD")...)
			s.show("CN=g", "description")
		}},
		{"swap/to nothing", "16 0 [description=-]", func(s *session) {
			s.group("CN=g", "description: x")
			s.modify("CN=g", minus("description", "y"))
			s.modify("CN=g", minus("description", "x"))
			s.show("CN=g", "description")
		}},
		{"swap/several values", "0 16 [proxyAddresses=smtp:b@example.com|smtp:c@example.com]", func(s *session) {
			s.group("CN=g", "proxyAddresses: smtp:a@example.com", "proxyAddresses: smtp:b@example.com")
			s.modify("CN=g", swap("proxyAddresses", "smtp:a@example.com", "smtp:c@example.com")...)
			s.modify("CN=g", swap("proxyAddresses", "smtp:a@example.com", "smtp:d@example.com")...)
			s.show("CN=g", "proxyAddresses")
		}},
		{"swap/reference", "0 16 [managedBy=CN=b,~]", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.group("CN=g", "managedBy: "+s.dn("CN=a"))
			s.modify("CN=g", swap("managedBy", s.dn("CN=a"), s.dn("CN=b"))...)
			s.modify("CN=g", swap("managedBy", s.dn("CN=a"), s.dn("CN=b"))...)
			s.show("CN=g", "managedBy")
		}},
		{"swap/eight at once", "won=1 refused=7", func(s *session) {
			s.group("CN=g", "description: old")
			results := make(chan error)
			for n := range 8 {
				conn := dial(s.t, s.target)
				bind(s.t, conn, s.target.Admin)
				go func() {
					results <- conn.Modify(modifyRequest(s.dn("CN=g"), swap("description", "old", fmt.Sprintf("new %d", n))))
				}()
			}
			won, refused := 0, 0
			for range 8 {
				if err := <-results; err == nil {
					won++
				} else if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchAttribute) {
					refused++
				}
			}
			s.answer("won=%d refused=%d", won, refused)
		}},
		{"swap/permissive loses it", "20", func(s *session) {
			s.group("CN=g", "info: other")
			s.permissive("CN=g", swap("info", "old", "new")...)
		}},
	}
	return append(out, swapSyntaxCases()...)
}

// swapSyntaxCases are compare-and-swaps of attributes of every syntax.
func swapSyntaxCases() []testCase {
	var out []testCase
	for _, row := range []struct{ attribute, before, after, other string }{
		{"displayName", "Old Name", "New Name", "x"},
		{"groupType", "-2147483640", "8", "-2147483646"},
		{"msExchRecipientDisplayType", "5", "17", "6"},
		{"msExchRecipientTypeDetails", "8796093022208", "1", "2"},
		{"msExchRequireAuthToSendTo", "TRUE", "FALSE", "TRUE"},
		{"sAMAccountName", "conformance-swap", "conformance-swapped", "conformance-other"},
	} {
		out = append(out, testCase{"swap/" + row.attribute, "0 16 [" + row.attribute + "=" + row.after + "]", func(s *session) {
			s.group("CN=g", row.attribute+": "+row.before)
			s.modify("CN=g", swap(row.attribute, row.before, row.after)...)
			s.modify("CN=g", swap(row.attribute, row.before, row.other)...)
			s.show("CN=g", row.attribute)
		}})
	}
	return out
}
