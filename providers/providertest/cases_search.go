package providertest

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// groups is a filter.
const groups = "(objectClass=group)"

// searchCases are about bases, scopes and what comes back.
func searchCases() []testCase {
	tree := func(s *session) {
		s.group("CN=a")
		s.subOU("OU=sub")
		s.group("CN=b,OU=sub")
		s.subOU("OU=deep,OU=sub")
		s.group("CN=c,OU=deep,OU=sub")
	}
	return []testCase{
		{"search/scope base", "{} {a}", func(s *session) {
			tree(s)
			s.findAt(s.ou, ldap.ScopeBaseObject, groups)
			s.findAt(s.dn("CN=a"), ldap.ScopeBaseObject, groups)
		}},
		{"search/scope one level", "{a} {b deep}", func(s *session) {
			tree(s)
			s.findAt(s.ou, ldap.ScopeSingleLevel, groups)
			s.findAt(s.dn("OU=sub"), ldap.ScopeSingleLevel, "(objectClass=*)")
		}},
		{"search/scope subtree", "{a b c} {b c deep sub}", func(s *session) {
			tree(s)
			s.find(groups)
			s.findAt(s.dn("OU=sub"), ldap.ScopeWholeSubtree, "(objectClass=*)")
		}},
	}
}

// searchBaseCases are about names and identifiers to begin a search at.
func searchBaseCases() []testCase {
	return []testCase{
		{"search/missing base", "32 32 32", func(s *session) {
			s.findAt(s.dn("OU=nowhere"), ldap.ScopeBaseObject, groups)
			s.findAt(s.dn("OU=nowhere"), ldap.ScopeWholeSubtree, groups)
			s.findAt("<GUID=00000000000000000000000000000001>", ldap.ScopeBaseObject, groups)
		}},
		{"search/malformed base", "34", func(s *session) {
			s.findAt("nonsense", ldap.ScopeBaseObject, groups)
		}},
		{"search/base in another spelling", "{a} {a}", func(s *session) {
			s.group("CN=a")
			s.findAt(strings.ToUpper(s.dn("CN=a")), ldap.ScopeBaseObject, groups)
			s.findAt(strings.ToLower(s.dn("CN=a")), ldap.ScopeBaseObject, groups)
		}},
		{"search/base by GUID and SID", "{a} {a} {b}", func(s *session) {
			s.group("CN=a")
			sid := s.entry("CN=a", "objectSid").GetRawAttributeValue("objectSid")
			s.findAt(fmt.Sprintf("<GUID=%x>", s.guid("CN=a")), ldap.ScopeBaseObject, groups)
			s.findAt(fmt.Sprintf("<SID=%x>", sid), ldap.ScopeBaseObject, groups)
			s.subOU("OU=sub")
			s.group("CN=b,OU=sub")
			s.findAt(fmt.Sprintf("<GUID=%x>", s.guid("OU=sub")), ldap.ScopeWholeSubtree, groups)
		}},
		{"search/base by well-known GUID", "{Users} {Deleted Objects}", func(s *session) {
			s.findAt("<WKGUID=A9D1CA15768811D1ADED00C04FD8D5CD,"+s.target.BaseDN+">", ldap.ScopeBaseObject, "(objectClass=*)")
			r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: "<WKGUID=18E2EA80684F11D2B9AA00C04F79F805," + s.target.BaseDN + ">",
				Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"name"},
				Controls: []ldap.Control{ldap.NewControlString(showDeleted, false, "")}})
			s.must(err)
			s.answer("{%s}", strings.Join(names(r.Entries), " "))
		}},
	}
}

// searchResultCases are about what a search brings.
func searchResultCases() []testCase {
	return []testCase{
		{"search/schema", "{mailNickname} {}", func(s *session) {
			schema := s.entryAt("", "schemaNamingContext").GetAttributeValue("schemaNamingContext")
			for _, name := range []string{"MAILNICKNAME", "noSuchAttribute"} {
				r, err := s.search(schema, ldap.ScopeWholeSubtree, "(&(objectClass=attributeSchema)(lDAPDisplayName="+name+"))", "lDAPDisplayName")
				s.must(err)
				var found []string
				for _, e := range r.Entries {
					found = append(found, e.GetAttributeValue("lDAPDisplayName"))
				}
				s.answer("{%s}", strings.Join(found, " "))
			}
		}},
		{"search/optional features", "1 true", func(s *session) {
			configuration := s.entryAt("", "configurationNamingContext").GetAttributeValue("configurationNamingContext")
			features := s.entryAt("CN=Partitions,"+configuration, "msDS-EnabledFeature").GetAttributeValues("msDS-EnabledFeature")
			s.answer("%d %t", len(features), len(features) == 1 && strings.HasPrefix(features[0], "CN=Recycle Bin Feature,"))
		}},
		{"search/requested attributes only", "cn: a; description: d", func(s *session) {
			s.group("CN=a", "description: d", "info: i")
			s.answer("%s", everything(s.entry("CN=a", "cn", "DESCRIPTION", "mail", "noSuchAttribute")))
		}},
		{"search/no attributes", "", func(s *session) {
			s.group("CN=a", "description: d")
			if got := everything(s.entry("CN=a", "1.1")); got != "" {
				s.answer("%s", got)
			}
		}},
		{"search/all attributes", "true true false", func(s *session) {
			s.group("CN=a", "description: d")
			e := s.entry("CN=a", "*")
			for _, name := range []string{"description", "objectGUID", "allowedAttributes"} {
				s.answer("%t", len(e.GetEqualFoldRawAttributeValue(name)) > 0)
			}
		}},
		{"search/names and identifiers", "~ CN=A=~ true", func(s *session) {
			s.group("CN=A")
			s.showName("")
			e := s.entry("CN=a", "distinguishedName", "objectGUID", "objectSid")
			s.answer("%s", strings.Replace(e.GetAttributeValue("distinguishedName"), ","+s.ou, "=~", 1))
			s.answer("%t", len(e.GetRawAttributeValue("objectGUID")) == 16 && len(e.GetRawAttributeValue("objectSid")) == 28)
		}},
		{"search/types only", "cn: ; description: ", func(s *session) {
			s.group("CN=a", "description: d")
			r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: s.dn("CN=a"), Scope: ldap.ScopeBaseObject, TypesOnly: true,
				Filter: "(objectClass=*)", Attributes: []string{"cn", "description"}})
			s.must(err)
			if len(r.Entries) == 1 {
				s.answer("%s", everything(r.Entries[0]))
			}
		}},
		{"search/size limit of the client", "4 2", func(s *session) {
			s.contact("CN=a", "CN=b", "CN=c")
			r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: s.ou, Scope: ldap.ScopeSingleLevel, SizeLimit: 2, Filter: "(objectClass=*)", Attributes: []string{"cn"}})
			s.code(err)
			s.answer("%d", len(r.Entries))
		}},
		{"search/classes and category", "[objectClass=group|top] {a}", func(s *session) {
			s.group("CN=a")
			s.show("CN=a", "objectClass")
			s.find("(objectCategory=group)")
		}},
	}
}

func (s *session) showName(rel string) {
	s.t.Helper()
	s.answer("%s", strings.ReplaceAll(s.entry(rel, "distinguishedName").DN, s.ou, "~"))
}

// everything is what an entry carries, in the server's order.
func everything(e *ldap.Entry) string {
	var parts []string
	for _, a := range e.Attributes {
		parts = append(parts, a.Name+": "+strings.Join(a.Values, "|"))
	}
	return strings.Join(parts, "; ")
}

// threeGroups prepares alpha, beta and gamma, of different kinds.
func threeGroups(s *session) {
	s.group("CN=alpha", "description: First of All", "mail: alpha@example.com", "groupType: -2147483640", "msExchRecipientDisplayType: 5")
	s.group("CN=beta", "description: second", "groupType: 8", "msExchRecipientDisplayType: 17", "msExchRequireAuthToSendTo: TRUE")
	s.group("CN=gamma", "mail: gamma@example.com", "groupType: -2147483646", "msExchRequireAuthToSendTo: FALSE")
}

// filterCases are about what filters match.
func filterCases() []testCase {
	// Each filter is one case: the same three groups and what it finds of them.
	table := []struct{ filter, want string }{
		{"(cn=alpha)", "{alpha}"},
		{"(CN=ALPHA)", "{alpha}"},
		{"(name=alpha)", "{alpha}"},
		{"(description=first OF all)", "{alpha}"},
		{"(description=first)", "{}"},
		{"(mail=*)", "{alpha gamma}"},
		{"(!(mail=*))", "{beta}"},
		{"(&(objectClass=group)(mail=*))", "{alpha gamma}"},
		{"(|(cn=alpha)(cn=beta))", "{alpha beta}"},
		{"(&(|(cn=alpha)(cn=beta))(!(cn=beta)))", "{alpha}"},
		{"(cn=al*)", "{alpha}"},
		{"(cn=*ta)", "{beta}"},
		{"(cn=*MM*)", "{gamma}"},
		{"(mail=a*@*.com)", "{alpha}"},
		{"(cn=*x*)", "{}"},
		{"(msExchRecipientDisplayType>=6)", "{beta}"},
		{"(msExchRecipientDisplayType<=5)", "{alpha}"},
		{"(msExchRecipientDisplayType=17)", "{beta}"},
		{"(msExchRequireAuthToSendTo=TRUE)", "{beta}"},
		{"(msExchRequireAuthToSendTo=FALSE)", "{gamma}"},
		{"(groupType=-2147483640)", "{alpha}"},
		{"(groupType:1.2.840.113556.1.4.803:=2147483648)", "{alpha gamma}"},
		{"(groupType:1.2.840.113556.1.4.803:=8)", "{alpha beta}"},
		{"(!(groupType:1.2.840.113556.1.4.803:=2147483648))", "{beta}"},
		{"(groupType:1.2.840.113556.1.4.804:=10)", "{alpha beta gamma}"},
		{"(groupType:1.2.840.113556.1.4.804:=2)", "{gamma}"},
		{"(noSuchAttribute=x)", "{}"},
		{"(noSuchAttribute=*)", "{}"},
		{"(|(noSuchAttribute=x)(cn=alpha))", "{alpha}"},
		{"(sAMAccountType=268435456)", "{alpha gamma}"},
		{"(objectClass=TOP)", "{alpha beta gamma}"},
		{"(objectClass=user)", "{}"},
	}
	var out []testCase
	for _, row := range table {
		out = append(out, testCase{"filter/" + row.filter, row.want, func(s *session) {
			threeGroups(s)
			s.find("(&(objectClass=group)" + row.filter + ")")
		}})
	}
	return append(out, filterValueCases()...)
}

// filterValueCases are about values in filters that are no plain text.
func filterValueCases() []testCase {
	return []testCase{
		{"filter/objectGUID and objectSid as bytes", "{alpha} {alpha}", func(s *session) {
			threeGroups(s)
			sid := s.entry("CN=alpha", "objectSid").GetRawAttributeValue("objectSid")
			s.find("(objectGUID=" + escapeBytes(s.guid("CN=alpha")) + ")")
			s.find("(objectSid=" + escapeBytes(sid) + ")")
		}},
		{"filter/names as values", "{alpha} {beta} {} {alpha}", func(s *session) {
			threeGroups(s)
			s.change("CN=alpha", plus("member", s.dn("CN=beta")))
			s.find("(member=" + ldap.EscapeFilter(s.dn("CN=beta")) + ")")
			s.find("(memberOf=" + ldap.EscapeFilter(strings.ToUpper(s.dn("CN=alpha"))) + ")")
			s.find("(member=" + ldap.EscapeFilter(s.dn("CN=gamma")) + ")")
			s.find(fmt.Sprintf("(member=<GUID=%x>)", s.guid("CN=beta")))
		}},
		{"filter/chain of members", "{alpha beta} {beta gamma}", func(s *session) {
			threeGroups(s)
			s.change("CN=alpha", plus("member", s.dn("CN=beta")))
			s.change("CN=beta", plus("member", s.dn("CN=gamma")))
			const chain = ":1.2.840.113556.1.4.1941:="
			s.find("(member" + chain + ldap.EscapeFilter(s.dn("CN=gamma")) + ")")
			s.find("(memberOf" + chain + ldap.EscapeFilter(s.dn("CN=alpha")) + ")")
		}},
		{"filter/special characters", "{a*(b)\\c} {} {a*(b)\\c}", func(s *session) {
			const name = `a*(b)\c`
			s.group("CN="+ldap.EscapeDN(name), "description: x")
			s.find("(cn=" + ldap.EscapeFilter(name) + ")")
			s.find("(cn=a\\2a)")
			s.find("(cn=a\\2a*)")
		}},
		{"filter/canonical letters", "{grün} {grün} {}", func(s *session) {
			s.contact("CN=grün")
			s.find("(cn=grün)")
			s.find("(cn=GRÜN)")
			s.find("(cn=grü)")
		}},
	}
}

// escapeBytes writes every byte as \xx.
func escapeBytes(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		out.WriteString(`\` + hex.EncodeToString([]byte{c}))
	}
	return out.String()
}
