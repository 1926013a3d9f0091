package ad

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
)

// ace is an access control entry to write.
type ace struct {
	kind      byte
	flags     byte
	mask      uint32
	object    string // GUIDs as text
	inheritor string
	sid       string // octets
}

func (a ace) String() string {
	return fmt.Sprintf("(%d;%#x;%#x;%s;%s;%s)", a.kind, a.flags, a.mask, a.object, a.inheritor, planner.FormatSID(a.sid))
}

func (a ace) octets() []byte {
	b := []byte{a.kind, a.flags, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, a.mask)
	if strings.ContainsRune("\x05\x06\x0b\x0c", rune(a.kind)) {
		present := uint32(0)
		var guids []byte
		for i, text := range []string{a.object, a.inheritor} {
			if text != "" {
				raw, _ := planner.ParseGUID(text)
				present |= 1 << i
				guids = append(guids, raw...)
			}
		}
		b = append(binary.LittleEndian.AppendUint32(b, present), guids...)
	}
	b = append(b, a.sid...)
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// accessList is a security descriptor with nothing but an access list that
// inherits nothing.
func accessList(entries ...ace) string {
	const protected, present, selfRelative = 0x1000, 0x4, 0x8000
	b := []byte{1, 0}
	b = binary.LittleEndian.AppendUint16(b, protected|present|selfRelative)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0)
	var list []byte
	for _, e := range entries {
		list = append(list, e.octets()...)
	}
	b = append(b, 4, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(list)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(entries)))
	return string(append(append(b, 0, 0), list...))
}

func mustSID(text string) string {
	raw, ok := planner.ParseSID(text)
	if !ok {
		panic(text)
	}
	return raw
}

const (
	guidGroup       = "bf967a9c-0de6-11d0-a285-00aa003049e2"
	guidOU          = "bf967aa5-0de6-11d0-a285-00aa003049e2"
	guidMember      = "bf9679c0-0de6-11d0-a285-00aa003049e2"
	guidDescription = "bf967950-0de6-11d0-a285-00aa003049e2"
	guidMembership  = "bc0ac240-79a9-11d0-9020-00c04fc2d4cf" // the set that member is in
)

// TestAccessLists draws access lists, asks Inspect what the reader may do, and
// lets the reader try it on a real domain controller.
func TestAccessLists(t *testing.T) {
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(liveRecords())})
	config := func(a samba.Account) Config {
		return Config{Address: "provider.ad.corp", URL: dc.URL, BaseDN: dc.BaseDN, CA: dc.CA, Username: a.Name, Password: a.Password, Schema: planner.ADSchema}
	}
	system, err := ldap.DialURL(dc.System) // which no access list keeps from anything
	if err != nil {
		t.Fatal(err)
	}
	defer system.Close()
	reader := openTest(t, config(dc.Reader))
	readerConn, err := reader.writer.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who, err := readerConn.whoAmI(t.Context(), dc.BaseDN)
	if err != nil || who.name == "" || who.user == "" {
		t.Fatalf("the reader is %v: %v", who, err)
	}
	trustees := []string{who.user, mustSID("S-1-1-0"), sidCreatorOwner, mustSID(samba.DomainSID + "-512")}
	drawn := rapid.Custom(func(t *rapid.T) ace {
		a := ace{
			kind:  rapid.SampledFrom([]byte{0, 0, 1, 5, 5, 5, 6}).Draw(t, "kind"),
			flags: rapid.SampledFrom([]byte{0, 2, 2, 2, 2 | 8, 2 | 4, 2 | 4 | 8}).Draw(t, "flags"),
			mask:  rapid.SampledFrom([]uint32{rightCreateChild, rightDeleteChild, rightWriteProperty, rightDelete, rightCreateChild | rightWriteProperty | rightDelete, mappedAll &^ mappedRead}).Draw(t, "mask"),
			sid:   rapid.SampledFrom(trustees).Draw(t, "trustee"),
		}
		if a.kind >= 5 {
			a.object = rapid.SampledFrom([]string{"", guidGroup, guidOU, guidMember, guidMembership, guidDescription}).Draw(t, "object")
			a.inheritor = rapid.SampledFrom([]string{"", "", guidGroup, guidOU}).Draw(t, "inheritor")
		}
		return a
	})
	n, seen := 0, map[planner.CheckStatus]int{}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		entries := rapid.SliceOfN(drawn, 0, 5).Draw(rt, "entries")
		x := &accessTrial{t: rt, n: n, admin: system, reader: readerConn.ldap, inspector: reader, seen: seen, ou: fmt.Sprintf("OU=access %d,%s", n, dc.BaseDN)}
		x.prepare(accessList(append(entries, ace{flags: 2, mask: mappedRead, sid: mustSID("S-1-5-11")})...))
		x.run()
	})
	if seen[planner.CheckOK] < n/2 || seen[planner.CheckMissing] < n/2 {
		t.Errorf("%d lists, and what was said of them is %v: they do not try both", n, seen)
	}
}

// accessTrial is one OU with an access list, and what becomes of it.
type accessTrial struct {
	t             *rapid.T
	n             int
	admin, reader *ldap.Conn
	inspector     *Directory
	seen          map[planner.CheckStatus]int
	ou            string
}

func (x *accessTrial) must(err error) {
	if err != nil {
		x.t.Fatalf("prepare: %v", err)
	}
}

func add(c *ldap.Conn, dn, class string) error {
	r := ldap.NewAddRequest(dn, nil)
	r.Attribute("objectClass", []string{class})
	return c.Add(r)
}

func (x *accessTrial) prepare(list string) {
	x.must(add(x.admin, x.ou, "organizationalUnit"))
	m := ldap.NewModifyRequest(x.ou, []ldap.Control{&ldap.ControlMicrosoftSDFlags{ControlValue: 4}})
	m.Replace("nTSecurityDescriptor", []string{list})
	x.must(x.admin.Modify(m))
	x.must(add(x.admin, "CN=old,"+x.ou, "group"))
}

// may is what Inspect says of one need.
func (x *accessTrial) may(need planner.Need) planner.CheckStatus {
	need.Uses = []planner.Use{{}}
	_, checks, err := x.inspector.Inspect(x.t.Context(), planner.Inspection{Needs: []planner.Need{need}})
	if err != nil {
		x.t.Fatal(err)
	}
	return checks[0].Status
}

// try compares what was said with what happens.
func (x *accessTrial) try(what string, said planner.CheckStatus, err error) bool {
	x.seen[said]++
	code, _, answered := answer(err)
	switch {
	case err == nil && said == planner.CheckOK, answered && code == ldap.LDAPResultInsufficientAccessRights && said == planner.CheckMissing:
	default:
		x.t.Errorf("%s: said %s, and then: %v", what, said, err)
	}
	return err == nil
}

func (x *accessTrial) write(dn, attribute, value string) error {
	m := ldap.NewModifyRequest(dn, nil)
	m.Replace(attribute, []string{value})
	return x.reader.Modify(m)
}

func (x *accessTrial) run() {
	find := func(dn string) string {
		r, err := x.admin.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"objectGUID"}, nil))
		x.must(err)
		return planner.FormatGUID(r.Entries[0].GetAttributeValue("objectGUID"))
	}
	user := dnOf("CN=u0,OU=People")
	old := "CN=old," + x.ou
	anchor := find(old)
	for attribute, value := range map[string]string{"member": user, "description": "x"} {
		said := x.may(planner.Need{Right: planner.RightWrite, ObjectType: "group", Anchor: anchor, DN: old, Attributes: []string{attribute}})
		x.try("write "+attribute, said, x.write(old, attribute, value))
	}
	said := map[string]planner.CheckStatus{}
	for _, attribute := range []string{"member", "description"} {
		said[attribute] = x.may(planner.Need{Right: planner.RightWriteNew, ObjectType: "group", Parent: x.ou, Attributes: []string{attribute}})
	}
	createGroup := x.may(planner.Need{Right: planner.RightCreate, ObjectType: "group", Parent: x.ou})
	deep := "OU=deep," + x.ou
	createDeep := x.may(planner.Need{Right: planner.RightCreate, ObjectType: "group", Parent: deep})
	createOU := x.may(planner.Need{Right: planner.RightCreate, ObjectType: "organizationalUnit", Parent: x.ou})
	fresh := "CN=new," + x.ou
	if x.try("create a group", createGroup, add(x.reader, fresh, "group")) {
		x.try("write member of the new group", said["member"], x.write(fresh, "member", user))
		x.try("write description of the new group", said["description"], x.write(fresh, "description", "x"))
	}
	if x.try("create an OU", createOU, add(x.reader, deep, "organizationalUnit")) {
		x.try("create a group in the new OU", createDeep, add(x.reader, "CN=new,"+deep, "group"))
	}
	var rename []planner.CheckStatus
	for _, attribute := range []string{"cn", "name"} {
		rename = append(rename, x.may(planner.Need{Right: planner.RightWrite, ObjectType: "group", Anchor: anchor, DN: old, Attributes: []string{attribute}}))
	}
	said["rename"] = planner.CheckOK
	if slices.Contains(rename, planner.CheckMissing) {
		said["rename"] = planner.CheckMissing
	}
	if x.try("rename", said["rename"], x.reader.ModifyDN(ldap.NewModifyDNRequest(old, "CN=older", true, ""))) {
		old = "CN=older," + x.ou
	}
	said["delete"] = x.may(planner.Need{Right: planner.RightDelete, ObjectType: "group", Anchor: anchor, DN: old})
	x.try("delete", said["delete"], x.reader.Del(ldap.NewDelRequest(old, nil)))
}
