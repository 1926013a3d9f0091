package planner

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

const (
	adAddress    = "provider.ad.contoso_com"
	entraAddress = "provider.entra.contoso"
	corp         = "OU=CORP,DC=contoso,DC=com"
)

// attrs are attributes with their values; those of references are names.
type attrs map[string][]string

func text(values ...string) []string { return values }

// estate is a generated forest and what a tenant knows of it. Every object is
// made from words, so that each run has the same.
type estate struct {
	ad, entra *Space
	serial    uint32
	pending   []reference // set when all objects are there
}

// reference is a reference attribute of one object, with the names that it has.
type reference struct {
	space     *Space
	object    ObjectID
	attribute string
	names     []string
}

// object is one object of the forest.
type object struct {
	id     ObjectID
	class  string
	dn     string
	guid   string // 16 bytes
	sid    string
	number uint32
}

func newEstate(cfg *lang.Config) *estate {
	e := &estate{serial: 1000}
	for _, p := range cfg.Providers {
		s := NewSpace(p.Address(), Kind(p.Kind), p.Schema)
		s.ReadAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		switch p.Address() {
		case adAddress:
			e.ad, s.RecycleBin = s, RecycleBinReadable
		case entraAddress:
			e.entra = s
		}
	}
	return e
}

// snapshot is the estate with all references read.
func (e *estate) snapshot() Snapshot {
	return e.read(func(reference) bool { return true })
}

// read sets the references that are to be read.
func (e *estate) read(wanted func(reference) bool) Snapshot {
	for _, r := range e.pending {
		if !wanted(r) {
			continue
		}
		var ids []ObjectID
		for _, n := range r.names {
			ids = append(ids, r.space.Reference(n))
		}
		r.space.SetReferences(r.object, r.attribute, ids)
	}
	return Snapshot{adAddress: e.ad, entraAddress: e.entra}
}

// octets are 16 stable bytes for a word; guid is how they are written.
func octets(word string) string {
	h := sha256.Sum256([]byte(word))
	return string(h[:16])
}

func guid(raw string) string {
	b := []byte(raw)
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func sid(domain, rid uint32) string {
	raw := []byte{1, 5, 0, 0, 0, 0, 0, 5}
	for _, n := range []uint32{21, domain, 222, 333, rid} {
		raw = binary.LittleEndian.AppendUint32(raw, n)
	}
	return string(raw)
}

func sidText(domain, rid uint32) string { return fmt.Sprintf("S-1-5-21-%d-222-333-%d", domain, rid) }

func anchorOf(o object) string { return base64.StdEncoding.EncodeToString([]byte(o.guid)) }

// add adds an object named cn to an OU of CORP. The attributes that every object
// of AD has are filled in.
func (e *estate) add(class, cn, parent string, a attrs) object {
	e.serial++
	o := object{class: class, number: e.serial, guid: octets(fmt.Sprint(class, e.serial)), sid: sid(111, e.serial)}
	o.dn = "CN=" + dn.Escape(cn) + "," + parent
	o.id = e.ad.Add(class, guid(o.guid), o.dn, Live)
	e.ad.Set(o.id, "objectGUID", o.guid)
	e.ad.Set(o.id, "cn", cn)
	if class != "contact" && class != "msDS-Device" {
		e.ad.Set(o.id, "objectSid", o.sid)
	}
	e.fill(e.ad, o.id, a)
	return o
}

// fill sets attributes, and references when all objects are there. What is not
// given counts as read and empty.
func (e *estate) fill(s *Space, o ObjectID, a attrs) {
	for _, name := range s.Schema.Names() {
		known, _ := s.Schema.Lookup(name)
		if known.Syntax != SyntaxReference {
			continue
		}
		e.pending = append(e.pending, reference{s, o, known.Name, a[known.Name]})
	}
	for name, values := range a {
		if known, ok := s.Schema.Lookup(name); !ok || known.Syntax != SyntaxReference {
			s.Set(o, name, values...)
		}
	}
}

// cloud adds what the tenant has of an object of the forest.
func (e *estate) cloud(o object, objectType, prefix string, more attrs) ObjectID {
	id := guid(octets(fmt.Sprint("cloud", o.number)))
	c := e.entra.Add(objectType, id, id, Live)
	a := attrs{
		"id": text(id), "cloudAnchor": text(prefix + "_" + id), "sourceAnchor": text(anchorOf(o)), "cloudMastered": text("FALSE"),
		"displayName": text(fmt.Sprintf("cloud %d", o.number)), "onPremisesSyncEnabled": text("TRUE"), "onPremisesImmutableId": text(anchorOf(o)),
	}
	for name, values := range more {
		a[name] = values
	}
	e.fill(e.entra, c, a)
	return c
}

// everything fills one value into each of the attributes that rules only trim.
func everything(i int) attrs {
	a := attrs{
		"description": text(fmt.Sprintf("  person %d, %s", i, strings.Repeat("long ", 120))),
		"info":        text(fmt.Sprintf("  note %d  ", i)), "postOfficeBox": text(fmt.Sprintf(" box %d ", i), "another"),
		"url": text(fmt.Sprintf(" https://contoso.com/%d ", i)), "pwdLastSet": text(fmt.Sprint(129699324000000000 + int64(i)*864000000000)),
		"countryCode": text(fmt.Sprint(40 + i)), "telephoneAssistant": text(fmt.Sprintf(" +43 1 %d ", i)),
		"photo": text(octets(fmt.Sprint("photo", i))), "msExchELCExpirySuspensionStart": text("20261101120000.0Z"),
		"msExchELCExpirySuspensionEnd": text("20261201120000.0Z"),
	}
	for _, name := range []string{
		"c", "co", "company", "department", "facsimileTelephoneNumber", "givenName", "homePhone", "initials", "ipPhone", "l", "middleName", "mobile",
		"pager", "physicalDeliveryOfficeName", "postalCode", "preferredLanguage", "sn", "st", "streetAddress", "telephoneNumber", "title", "wWWHomePage",
	} {
		a[name] = text(fmt.Sprintf(" %s %d ", name[:1], i%7))
	}
	for _, name := range []string{"otherFacsimileTelephoneNumber", "otherHomePhone", "otherMobile", "otherIpPhone", "otherPager", "otherTelephone"} {
		a[name] = text(fmt.Sprintf(" %d ", i), fmt.Sprintf("%d0", i))
	}
	for n := 1; n <= 15; n++ {
		a[fmt.Sprintf("extensionAttribute%d", n)] = text(fmt.Sprintf(" x%d ", n*i))
	}
	return a
}

// with is a with more.
func with(a attrs, more attrs) attrs {
	out := attrs{}
	for _, m := range []attrs{a, more} {
		for name, values := range m {
			out[name] = values
		}
	}
	return out
}

// account are the attributes of a user with a logon name.
func account(name string, control int) attrs {
	return attrs{"sAMAccountName": text(name), "userAccountControl": text(fmt.Sprint(control)), "userPrincipalName": text(name + "@contoso.com"), "displayName": text("User " + name)}
}

// mailbox are the attributes that Exchange adds.
func mailbox(name string, details string) attrs {
	return attrs{
		"mailNickname": text(name), "mail": text(" " + name + "@contoso.com"), "msExchRecipientTypeDetails": text(details),
		"proxyAddresses":   text("SMTP:"+name+"@contoso.com", "smtp:"+name+"@contoso.onmicrosoft.com ", "smtp:"+name+"@contoso.onmicrosoft.com"),
		"legacyExchangeDN": text("/o=contoso/cn=" + name), "msExchMailboxGuid": text(octets("mailbox " + name)),
	}
}
