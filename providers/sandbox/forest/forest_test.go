package forest

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// smallDomain is a domain with a few users and groups of every scope.
const smallDomain = `version: 1

dn: CN=Ann Lee,OU=People,DC=corp,DC=example,DC=com
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
sAMAccountName: ann
userPrincipalName: ann@corp.example.com
mail: ann@example.com

dn: CN=Bob,OU=People,DC=corp,DC=example,DC=com
objectClass: user
sAMAccountName: bob

dn: CN=Cy,OU=People,DC=corp,DC=example,DC=com
objectClass: user
sAMAccountName: cy

dn: CN=Sales,OU=Groups,DC=corp,DC=example,DC=com
objectClass: group
groupType: -2147483640
sAMAccountName: sales
description: all of sales
adminDescription: Group_6f9619ff-8b86-d011-b42d-00c04fc964ff
member: CN=Ann Lee,OU=People,DC=corp,DC=example,DC=com
member: CN=Bob,OU=People,DC=corp,DC=example,DC=com

dn: CN=Outer,OU=Groups,DC=corp,DC=example,DC=com
objectClass: group
groupType: -2147483640
sAMAccountName: outer
member: CN=Sales,OU=Groups,DC=corp,DC=example,DC=com

dn: CN=Global,OU=Groups,DC=corp,DC=example,DC=com
objectClass: group
groupType: -2147483646
sAMAccountName: global

dn: CN=Local,OU=Groups,DC=corp,DC=example,DC=com
objectClass: group
groupType: -2147483644
sAMAccountName: local

dn: OU=People,DC=corp,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Groups,DC=corp,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Inner,OU=Groups,DC=corp,DC=example,DC=com
objectClass: organizationalUnit
`

const (
	base   = "DC=corp,DC=example,DC=com"
	people = "OU=People," + base
	groups = "OU=Groups," + base
	sales  = "CN=Sales," + groups
	ann    = "CN=Ann Lee," + people
	bob    = "CN=Bob," + people
	cy     = "CN=Cy," + people
)

// clock is the time in tests.
func clock() time.Time { return time.Date(2026, 11, 22, 16, 41, 0, 0, time.UTC) }

// load makes a forest of LDIF with two accounts: admin, who may write, and
// reader.
func load(t testing.TB, ldif string, change ...func(*Options)) *Forest {
	t.Helper()
	opts := Options{
		Accounts:         map[string]string{"admin": "secret", "reader": "secret"},
		ReadOnlyAccounts: []string{"reader"}, Now: clock,
	}
	for _, c := range change {
		c(&opts)
	}
	f, err := Load(strings.NewReader(ldif), "test.ldif", opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// start serves the forest until the test ends.
func start(t testing.TB, f *Forest) *Server {
	t.Helper()
	s, err := f.Start("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// roots trusts the forest's own authority.
func roots(t testing.TB, f *Forest) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(f.CertificateAuthority()) {
		t.Fatal("no CA certificate")
	}
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

// dial connects over LDAPS without a bind.
func dial(t testing.TB, s *Server) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL(s.URL(), ldap.DialWithTLSConfig(roots(t, s.forest)))
	if err != nil {
		t.Fatal(err)
	}
	conn.SetTimeout(20 * time.Second)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// connect serves the forest and returns a connection that is bound as admin.
func connect(t testing.TB, f *Forest) *ldap.Conn {
	t.Helper()
	return bindAs(t, start(t, f), "admin")
}

func bindAs(t testing.TB, s *Server, account string) *ldap.Conn {
	t.Helper()
	conn := dial(t, s)
	if err := conn.Bind(account+"@"+s.forest.DNSName(), "secret"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// wantCode checks the result code of an operation.
func wantCode(t testing.TB, what string, err error, code uint16) {
	t.Helper()
	got := uint16(0)
	if err != nil {
		e, ok := err.(*ldap.Error)
		if !ok {
			t.Fatalf("%s: %v", what, err)
		}
		got = e.ResultCode
	}
	if got != code {
		t.Errorf("%s: result %d, want %d (%v)", what, got, code, err)
	}
}

// search returns the entries below the domain's root.
func search(t testing.TB, conn *ldap.Conn, filter string, attrs ...string) []*ldap.Entry {
	t.Helper()
	res, err := conn.Search(request(base, ldap.ScopeWholeSubtree, filter, attrs...))
	if err != nil {
		t.Fatalf("search %s: %v", filter, err)
	}
	return res.Entries
}

func request(base string, scope int, filter string, attrs ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attrs, nil)
}

// entry reads one object by name.
func entry(t testing.TB, conn *ldap.Conn, dn string, attrs ...string) *ldap.Entry {
	t.Helper()
	res, err := conn.Search(request(dn, ldap.ScopeBaseObject, "(objectClass=*)", attrs...))
	if err != nil {
		t.Fatalf("read %s: %v", dn, err)
	}
	if len(res.Entries) != 1 {
		t.Fatalf("read %s: %d entries", dn, len(res.Entries))
	}
	return res.Entries[0]
}
