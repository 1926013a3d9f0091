package ad

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

func TestGUID(t *testing.T) {
	raw := "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const text = "04030201-0605-0807-090a-0b0c0d0e0f10"
	if got := planner.FormatGUID(raw); got != text {
		t.Errorf("%x is %s", raw, got)
	}
	if got, ok := planner.ParseGUID(strings.ToUpper(text)); !ok || got != raw {
		t.Errorf("%s is %x", text, got)
	}
	for _, bad := range []string{"", "x", text[1:], text + "0", strings.ReplaceAll(text, "-", "0"), "04030201-0605-0807-090a-0b0c0d0e0f1g", "{" + text[:34] + "}", strings.Repeat("\u00e4", 18)} {
		if raw, ok := planner.ParseGUID(bad); ok {
			t.Errorf("%q is taken for %x", bad, raw)
		}
	}
	if planner.FormatGUID("short") != "" {
		t.Error("five octets are no GUID")
	}
}

func FuzzGUID(f *testing.F) {
	f.Add("04030201-0605-0807-090a-0b0c0d0e0f10")
	f.Add("}04030201060508070-90a0b0c0d0e0f10--")
	f.Fuzz(func(t *testing.T, text string) {
		raw, ok := planner.ParseGUID(text)
		if ok != (raw != "") || ok && planner.FormatGUID(raw) != strings.ToLower(text) {
			t.Errorf("%q: %x", text, raw)
		}
	})
}

func TestSID(t *testing.T) {
	for _, text := range []string{"S-1-5-32-544", "S-1-0", "S-1-5-21-1180699209-877415012-3182924384-500000", "S-1-281474976710655-4294967295"} {
		raw, ok := planner.ParseSID(text)
		if !ok || planner.FormatSID(raw) != text || int(raw[1]) != (len(raw)-8)/4 {
			t.Errorf("%s: %x", text, raw)
		}
	}
	for _, bad := range []string{"", "S-1", "S-2-5-1", "S-1-5-", "S-1-5-x", "S-1-5--1", "S-1-5-4294967296", "S-1-281474976710656", "S-1-5" + strings.Repeat("-1", 16), "T-1-5-32"} {
		if raw, ok := planner.ParseSID(bad); ok {
			t.Errorf("%q is taken for %x", bad, raw)
		}
	}
}

func FuzzSID(f *testing.F) {
	f.Add("S-1-5-21-1-2-3-500")
	f.Add("s-1-05-+1")
	f.Fuzz(func(t *testing.T, text string) {
		raw, ok := planner.ParseSID(text)
		if !ok {
			return
		}
		again, ok := planner.ParseSID(planner.FormatSID(raw))
		if !ok || again != raw {
			t.Errorf("%q: %x, again %x", text, raw, again)
		}
	})
}

// Whatever a value holds, the filter asserts exactly that value.
func FuzzEquals(f *testing.F) {
	for _, v := range []string{"plain", "(*)\\", " lead", "trail ", "\x00\xff", "a=b|c&d!e", "\u202e"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if value == "" {
			return
		}
		for _, filter := range []string{equals("cn", value), anyOf([]string{equals("cn", value), equals("cn", "x")})} {
			packet, err := ldap.CompileFilter(filter)
			if err != nil {
				t.Fatalf("%q: %v", filter, err)
			}
			if packet.Tag == ldap.FilterOr {
				packet = packet.Children[0]
			}
			if packet.Tag != ldap.FilterEqualityMatch || packet.Children[1].Data.String() != value {
				t.Errorf("%q asserts %q", filter, packet.Children[1].Data.String())
			}
		}
	})
}

func FuzzRange(f *testing.F) {
	f.Add(";range=0-1499")
	f.Add(";range=1500-*")
	f.Add(";range=-1--1")
	f.Fuzz(func(t *testing.T, option string) {
		low, high, ok := parseRange(option)
		if ok && (low < 0 || high != -1 && high < low) {
			t.Errorf("%q: %d-%d", option, low, high)
		}
	})
}

func TestAttribute(t *testing.T) {
	e := &ldap.Entry{Attributes: []*ldap.EntryAttribute{
		{Name: "memberOf", Values: []string{"no"}},
		{Name: "MEMBER", Values: nil},
		{Name: "member;range=0-1", Values: []string{"a", "b"}},
		{Name: "cn;lang-de", Values: []string{"no"}},
		{Name: "Info", Values: []string{"i"}},
	}}
	if values, p, found := attribute(e, "member"); len(values) != 0 || p == nil || p.high != 1 || len(p.values) != 2 || !found {
		t.Errorf("member: %v %v %v", values, p, found)
	}
	if values, p, found := attribute(e, "info"); len(values) != 1 || p != nil || !found {
		t.Errorf("info: %v %v %v", values, p, found)
	}
	if values, p, found := attribute(e, "cn"); len(values) != 0 || p != nil || found {
		t.Errorf("cn: %v %v %v", values, p, found)
	}
}

func TestTypeOf(t *testing.T) {
	for classes, want := range map[string]string{
		"":                                     "",
		"top person organizationalPerson user": "user",
		"inetOrgPerson user person top":        "inetOrgPerson",
		"top person organizationalPerson user computer": "computer",
		"top GROUP":              "group",
		"top printQueue":         "printQueue",
		"top organizationalUnit": "organizationalUnit",
	} {
		if got := typeOf(strings.Fields(classes)); got != want {
			t.Errorf("%s is a %q, want %q", classes, got, want)
		}
	}
	for _, objectType := range []string{"user", "group", "inetOrgPerson", "strange)(type"} {
		if _, err := ldap.CompileFilter(typeFilter(objectType)); err != nil {
			t.Errorf("%s: %v", objectType, err)
		}
	}
}

func TestAddBase(t *testing.T) {
	var bases []planner.DN
	for _, name := range []string{"OU=a,DC=x", "OU=b,OU=a,DC=x", "OU=c,OU=d,DC=x", "ou=D,dc=X", "OU=a,DC=x"} {
		dn, err := planner.ParseDN(name)
		if err != nil {
			t.Fatal(err)
		}
		bases = addBase(bases, dn)
	}
	if len(bases) != 2 || bases[0].String() != "OU=a,DC=x" || bases[1].String() != "ou=D,dc=X" {
		t.Errorf("%v", bases)
	}
}
