package samba_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/providers/providertest/samba"
)

const records = `version: 1

dn: OU=People,DC=corp,DC=example,DC=com
objectClass: organizationalUnit
ou: People

dn: CN=Team,OU=People,DC=corp,DC=example,DC=com
objectClass: group
groupType: -2147483640
mailNickname: team
msExchRecipientTypeDetails: 8796093022208
extensionAttribute15: fifteen
msDS-ExternalDirectoryObjectId: Group_1
member: CN=Ada,OU=People,DC=corp,DC=example,DC=com

dn: CN=Ada,OU=People,DC=corp,DC=example,DC=com
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
objectGUID:: AAECAwQFBgcICQoLDA0ODw==
objectSid:: AQUAAAAAAAUVAAAASQpgRmRKTDRgkre9+AMAAA==
sAMAccountName: ada
userPrincipalName: ada@corp.example.com
userAccountControl: 512

dn: CN=Domain Admins,CN=Users,DC=corp,DC=example,DC=com
objectClass: group
description: from the file
`

func TestStart(t *testing.T) {
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(records), RecycleBin: true})
	for _, account := range []samba.Account{dc.Admin, dc.Writer, dc.Reader} {
		conn := dial(t, dc)
		if err := conn.Bind(account.Name, account.Password); err != nil {
			t.Errorf("bind as %s: %v", account.Name, err)
		}
	}

	conn := dial(t, dc)
	if err := conn.Bind(dc.Reader.Name, dc.Reader.Password); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for name, attributes := range map[string][]string{
		"CN=Team,OU=People":         {"mailNickname", "msExchRecipientTypeDetails", "extensionAttribute15", "msDS-ExternalDirectoryObjectId", "member"},
		"CN=Ada,OU=People":          {"objectGUID", "objectSid", "memberOf", "sAMAccountName"},
		"CN=Domain Admins,CN=Users": {"description"},
	} {
		r, err := conn.Search(&ldap.SearchRequest{BaseDN: name + "," + dc.BaseDN, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Entries[0].Attributes {
			for _, v := range a.ByteValues {
				if a.Name == "objectGUID" || a.Name == "objectSid" {
					v = fmt.Appendf(nil, "%x", v)
				}
				got[name] = append(got[name], a.Name+": "+string(v))
			}
		}
		slices.Sort(got[name])
	}
	want := map[string][]string{
		"CN=Team,OU=People": {
			"extensionAttribute15: fifteen", "mailNickname: team", "member: CN=Ada,OU=People,DC=corp,DC=example,DC=com",
			"msDS-ExternalDirectoryObjectId: Group_1", "msExchRecipientTypeDetails: 8796093022208",
		},
		"CN=Ada,OU=People": {
			"memberOf: CN=Team,OU=People,DC=corp,DC=example,DC=com", "objectGUID: 000102030405060708090a0b0c0d0e0f",
			"objectSid: 010500000000000515000000490a6046644a4c346092b7bdf8030000", "sAMAccountName: ada",
		},
		"CN=Domain Admins,CN=Users": {"description: from the file"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func dial(t *testing.T, dc *samba.DC) *ldap.Conn {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(dc.CA)
	conn, err := ldap.DialURL(dc.URL, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots}))
	if err != nil {
		t.Fatal(err)
	}
	conn.SetTimeout(30 * time.Second)
	t.Cleanup(func() { conn.Close() })
	return conn
}
