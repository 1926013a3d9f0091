package providertest

import (
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// bindCases are about connections, identities and the rootDSE.
func bindCases() []testCase {
	return []testCase{
		{"bind/names", "0 0 0", func(s *session) {
			user, _, _ := strings.Cut(s.target.Admin.Name, "@")
			r, err := s.search(s.target.BaseDN, ldap.ScopeWholeSubtree, "(sAMAccountName="+ldap.EscapeFilter(user)+")", "distinguishedName")
			s.must(err)
			if len(r.Entries) != 1 {
				s.t.Fatalf("the administrator %s has %d objects", user, len(r.Entries))
			}
			domain, _, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(s.target.BaseDN), "DC="), ",")
			for _, name := range []string{s.target.Admin.Name, domain + `\` + user, r.Entries[0].DN} {
				s.code(dial(s.t, s.target).Bind(name, s.target.Admin.Password))
			}
		}},
		{"bind/wrong password", "49 49", func(s *session) {
			conn := dial(s.t, s.target)
			s.code(conn.Bind(s.target.Admin.Name, s.target.Admin.Password+"x"))
			s.code(conn.Bind("nobody@example.com", "x"))
		}},
		{"bind/empty password", "0", func(s *session) {
			s.code(dial(s.t, s.target).UnauthenticatedBind(s.target.Admin.Name))
		}},
		{"bind/without TLS", "8", func(s *session) {
			conn, err := dialURL(s.target.PlainURL, nil)
			s.must(err)
			defer conn.Close()
			s.code(conn.Bind(s.target.Admin.Name, s.target.Admin.Password))
		}},
		{"bind/StartTLS", "0 0", func(s *session) {
			conn, err := dialURL(s.target.PlainURL, nil)
			s.must(err)
			defer conn.Close()
			config := trust(s.target)
			config.ServerName = strings.TrimPrefix(strings.Split(s.target.PlainURL, ":")[1], "//")
			s.code(conn.StartTLS(config))
			s.code(conn.Bind(s.target.Admin.Name, s.target.Admin.Password))
		}},
		{"bind/nobody sees the rootDSE only", "true 1 1", func(s *session) {
			base := s.target.BaseDN
			s.conn = dial(s.t, s.target)
			s.answer("%t", strings.EqualFold(s.entryAt("", "defaultNamingContext").GetAttributeValue("defaultNamingContext"), base))
			s.findAt(s.ou, ldap.ScopeBaseObject, "(objectClass=*)")
			s.findAt(s.ou, ldap.ScopeWholeSubtree, "(cn=*)")
		}},
		{"bind/nobody writes nothing", "1 1 1 1", func(s *session) {
			s.group("CN=g")
			s.conn = dial(s.t, s.target)
			s.add("CN=x", "objectClass: group")
			s.modify("CN=g", set("description", "x"))
			s.rename("CN=g", "CN=h", "")
			s.delete("CN=g")
		}},
		{"bind/a failed bind ends the session", "49 1", func(s *session) {
			s.contact("CN=session")
			s.conn = dial(s.t, s.target)
			bind(s.t, s.conn, s.target.Admin)
			s.code(s.conn.Bind(s.target.Admin.Name, "wrong"))
			s.findAt(s.dn("CN=session"), ldap.ScopeBaseObject, "(objectClass=*)")
		}},
		{"bind/who am I", "0", func(s *session) {
			_, err := s.conn.WhoAmI(nil)
			s.code(err)
		}},
	}
}

// rootCases are about what a domain controller says of itself.
func rootCases() []testCase {
	return []testCase{
		{"rootDSE/controls", "true true true true", func(s *session) {
			supported := " " + strings.Join(s.entryAt("", "supportedControl").GetAttributeValues("supportedControl"), " ") + " "
			for _, oid := range []string{ldap.ControlTypePaging, showDeleted, treeDelete, permissiveModify} {
				s.answer("%t", strings.Contains(supported, " "+oid+" "))
			}
		}},
		{"rootDSE/clock", "true true", func(s *session) {
			now, err := time.Parse("20060102150405.0Z", s.entryAt("", "currentTime").GetAttributeValue("currentTime"))
			s.answer("%t %t", err == nil, now.Year() > 2000)
		}},
		{"rootDSE/what the domain controller is", "true true true true", func(s *session) {
			e := s.entryAt("", "*", "+")
			for _, name := range []string{"schemaNamingContext", "configurationNamingContext", "dnsHostName", "highestCommittedUSN"} {
				s.answer("%t", e.GetEqualFoldAttributeValue(name) != "")
			}
		}},
		{"rootDSE/versions and capabilities", "true true true", func(s *session) {
			e := s.entryAt("", "supportedCapabilities", "supportedLDAPVersion", "namingContexts")
			for name, value := range map[string]string{
				"supportedCapabilities": "1.2.840.113556.1.4.800", "supportedLDAPVersion": "3", "namingContexts": s.target.BaseDN,
			} {
				found := false
				for _, v := range e.GetAttributeValues(name) {
					found = found || strings.EqualFold(v, value)
				}
				s.answer("%t", found)
			}
		}},
	}
}
