package forest

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const adminUser = `
dn: CN=The Admin,CN=Users,` + base + `
objectClass: user
sAMAccountName: admin
userPrincipalName: root@example.net
`

func TestBindNames(t *testing.T) {
	s := start(t, load(t, smallDomain+adminUser))
	for name, code := range map[string]uint16{
		"CN=The Admin,CN=Users," + base:    0,
		"cn=the\\20admin,cn=users," + base: 0,
		"root@example.net":                 0,
		"admin@corp.example.com":           0,
		`CORP\admin`:                       0,
		`corp.example.com\ADMIN`:           0,
		`OTHER\admin`:                      49,
		"admin":                            49,
		"admin@other.example.com":          49,
		ann:                                49,
		"nobody@corp.example.com":          49,
		`reader@corp.example.com`:          0, // an account without an object
		`CORP\reader`:                      0,
	} {
		conn := dial(t, s)
		err := conn.Bind(name, "secret")
		wantCode(t, name, err, code)
		if code == 49 && !strings.Contains(err.Error(), "80090308: LdapErr: ") {
			t.Errorf("%s: %v", name, err)
		}
		wantCode(t, name+" with another password", conn.Bind(name, "Secret"), 49)
	}
}

func TestBindEndsTheSessionBefore(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	wantCode(t, "bind", conn.Bind("admin@corp.example.com", "wrong"), 49)
	_, err := conn.Search(request(base, ldap.ScopeBaseObject, "(objectClass=*)"))
	wantCode(t, "search", err, 1)
}

func TestAnonymousReadsTheRootDSEOnly(t *testing.T) {
	conn := dial(t, start(t, load(t, smallDomain)))
	check := func() {
		t.Helper()
		if got := entry(t, conn, "", "defaultNamingContext").GetAttributeValue("defaultNamingContext"); got != base {
			t.Errorf("defaultNamingContext %q", got)
		}
		_, err := conn.Search(request(base, ldap.ScopeWholeSubtree, "(objectClass=*)"))
		wantCode(t, "search", err, 1)
		wantCode(t, "delete", conn.Del(ldap.NewDelRequest(ann, nil)), 1)
	}
	check()
	// A name without a password is anonymous, too: clients must not send it.
	wantCode(t, "unauthenticated bind", conn.UnauthenticatedBind("admin@corp.example.com"), 0)
	check()
}

func TestPlainConnections(t *testing.T) {
	f := load(t, smallDomain)
	s := start(t, f)
	conn, err := ldap.DialURL(s.PlainURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	conn.SetTimeout(20 * time.Second)
	err = conn.Bind("admin@corp.example.com", "secret")
	wantCode(t, "bind without TLS", err, 8)
	if !strings.HasPrefix(errors.Unwrap(err).Error(), "00002028: LdapErr: ") {
		t.Errorf("%v", err)
	}
	entry(t, conn, "", "dnsHostName")
	if err := conn.StartTLS(&tls.Config{RootCAs: roots(t, f).RootCAs, ServerName: f.HostName()}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "bind after StartTLS", conn.Bind("admin@corp.example.com", "secret"), 0)
	entry(t, conn, ann)
}

func TestCertificate(t *testing.T) {
	f := load(t, smallDomain)
	s := start(t, f)
	for name, ok := range map[string]bool{"127.0.0.1": true, "localhost": true, "dc1.corp.example.com": true, "dc2.corp.example.com": false} {
		conn, err := ldap.DialURL(s.URL(), ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots(t, f).RootCAs, ServerName: name}))
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	if _, err := ldap.DialURL(s.URL(), ldap.DialWithTLSConfig(roots(t, load(t, smallDomain)))); err == nil {
		t.Error("another forest's authority is trusted")
	}
	expired := load(t, smallDomain, func(o *Options) { o.CertificateNotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) })
	if _, err := ldap.DialURL(start(t, expired).URL(), ldap.DialWithTLSConfig(roots(t, expired))); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired certificate: %v", err)
	}
}

func TestWhoAmI(t *testing.T) {
	conn := connect(t, load(t, smallDomain+adminUser))
	who, err := conn.WhoAmI(nil)
	if err != nil || who.AuthzID != `u:CORP\admin` {
		t.Errorf("%v %v", who, err)
	}
	_, err = conn.Extended(ldap.NewExtendedRequest("1.2.3.4", nil))
	wantCode(t, "unknown extended operation", err, 2)
}

func TestUnknownControls(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	for critical, code := range map[bool]uint16{false: 0, true: 12} {
		controls := []ldap.Control{ldap.NewControlString("1.2.3.4", critical, "")}
		req := request(base, ldap.ScopeBaseObject, "(objectClass=*)")
		req.Controls = controls
		_, err := conn.Search(req)
		wantCode(t, "search", err, code)
		mod := ldap.NewModifyRequest(bob, controls)
		mod.Replace("info", []string{"x"})
		wantCode(t, "modify", conn.Modify(mod), code)
	}
}

func TestReadOnly(t *testing.T) {
	s := start(t, load(t, smallDomain, func(o *Options) { o.ReadOnlyDNs = []string{"ou=people," + base} }))
	admin, reader := bindAs(t, s, "admin"), bindAs(t, s, "reader")
	writes := func(conn *ldap.Conn, dn, parent string, code uint16) {
		t.Helper()
		add := ldap.NewAddRequest("OU=x,"+parent, nil)
		add.Attribute("objectClass", []string{"organizationalUnit"})
		wantCode(t, "add", conn.Add(add), code)
		mod := ldap.NewModifyRequest(dn, nil)
		mod.Replace("info", []string{"x"})
		wantCode(t, "modify", conn.Modify(mod), code)
		wantCode(t, "rename", conn.ModifyDN(ldap.NewModifyDNRequest(dn, "CN=y", true, "")), code)
		wantCode(t, "move", conn.ModifyDN(ldap.NewModifyDNRequest("CN=Local,"+groups, "CN=Local", true, parent)), code)
		if code != 0 {
			wantCode(t, "delete", conn.Del(ldap.NewDelRequest(dn, nil)), code)
		}
	}
	writes(reader, sales, groups, 50)
	writes(admin, bob, people, 50)
	for conn, want := range map[*ldap.Conn]int{admin: 1, reader: 0} {
		if got := len(entry(t, conn, groups, "allowedChildClassesEffective").Attributes); got != want {
			t.Errorf("allowedChildClassesEffective: %d attributes, want %d", got, want)
		}
		if got := len(entry(t, conn, sales, "allowedAttributesEffective").Attributes); got != want {
			t.Errorf("allowedAttributesEffective: %d attributes, want %d", got, want)
		}
	}
	if got := entry(t, admin, people, "sDRightsEffective", "allowedAttributesEffective"); got.GetAttributeValue("sDRightsEffective") != "0" || len(got.Attributes) != 1 {
		t.Errorf("a protected OU: %v", got.Attributes)
	}
	writes(admin, sales, groups, 0)
	deleted := request("CN=Deleted Objects,"+base, ldap.ScopeSingleLevel, "(objectClass=*)", "cn")
	deleted.Controls = []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}
	wantCode(t, "delete", admin.Del(ldap.NewDelRequest("CN=y,"+groups, nil)), 0)
	res, err := admin.Search(deleted)
	if err != nil || len(res.Entries) != 1 {
		t.Errorf("deleted objects of the administrator: %v", err)
	}
	if _, err = reader.Search(deleted); err == nil {
		t.Error("the reader sees deleted objects")
	}
}
