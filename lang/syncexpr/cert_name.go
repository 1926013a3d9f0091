package syncexpr

import (
	"cmp"
	"encoding/asn1"
	"strings"
	"unicode/utf16"

	"github.com/landfall-directory/landfall/lang/value"
)

// attributeValue is one part of a certificate's name.
type attributeValue struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type rdnSET []attributeValue

// nameKeys are the short names that Windows gives to the parts of a name.
var nameKeys = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "S",
	"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T", "2.5.4.42": "G", "2.5.4.43": "I",
	"1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.25": "DC",
}

const (
	oidCommonName = "2.5.4.3"
	oidUnit       = "2.5.4.11"
	oidCompany    = "2.5.4.10"
	oidEmail      = "1.2.840.113549.1.9.1"
	oidUPN        = "1.3.6.1.4.1.311.20.2.3"
	oidSubjectAlt = "2.5.29.17"
	oidIssuerAlt  = "2.5.29.18"
)

func parseName(raw []byte) []rdnSET {
	var name []rdnSET
	if _, err := asn1.Unmarshal(raw, &name); err != nil {
		return nil // not reached: x509 has parsed it
	}
	return name
}

// formatName writes a name as Windows does: the most specific part first.
func formatName(raw []byte) string {
	name := parseName(raw)
	var parts []string
	for i := len(name) - 1; i >= 0; i-- {
		var values []string
		for _, a := range name[i] {
			key, ok := nameKeys[a.Type.String()]
			if !ok {
				key = "OID." + a.Type.String()
			}
			values = append(values, key+"="+quoteName(a.text()))
		}
		parts = append(parts, strings.Join(values, " + "))
	}
	return strings.Join(parts, ", ")
}

// quoteName puts a value in quotes when it would not be read back without.
func quoteName(s string) string {
	if s == "" || strings.ContainsAny(s, ",+=\"\n<>#;") || s != strings.TrimSpace(s) {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// text reads the kinds of string that names are made of.
func (a attributeValue) text() string {
	b := a.Value.Bytes
	switch a.Value.Tag {
	case asn1.TagBMPString:
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(u))
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
		return strings.ToValidUTF8(string(b), "�")
	}
	r := make([]rune, len(b)) // T61String, as Latin-1
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// part is the most specific value of a type in a name.
func part(raw []byte, oid string) string {
	name := parseName(raw)
	for i := len(name) - 1; i >= 0; i-- {
		for _, a := range name[i] {
			if a.Type.String() == oid {
				return a.text()
			}
		}
	}
	return ""
}

// The tags of the alternative names that are of use here.
const (
	altOther = 0
	altEmail = 1
	altDNS   = 2
	altURI   = 6
)

// alternative is the first alternative name with the tag.
func (c *cert) alternative(issuer bool, tag int) string {
	oid := oidSubjectAlt
	if issuer {
		oid = oidIssuerAlt
	}
	for _, e := range c.Extensions {
		if e.Id.String() != oid {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(e.Value, &names); err != nil {
			return ""
		}
		for _, n := range names {
			if n.Class != asn1.ClassContextSpecific || n.Tag != tag {
				continue
			}
			if tag != altOther {
				return strings.ToValidUTF8(string(n.Bytes), "�")
			}
			if upn := userPrincipalName(n); upn != "" {
				return upn
			}
		}
	}
	return ""
}

// userPrincipalName reads an alternative name of the kind that smart card logon
// uses.
func userPrincipalName(n asn1.RawValue) string {
	var oid asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(n.Bytes, &oid)
	if err != nil || oid.String() != oidUPN {
		return ""
	}
	var wrapped asn1.RawValue
	if _, err := asn1.Unmarshal(rest, &wrapped); err != nil {
		return ""
	}
	var upn asn1.RawValue
	if _, err := asn1.Unmarshal(wrapped.Bytes, &upn); err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(upn.Bytes), "�")
}

// certNameInfo is .NET's GetNameInfo.
func certNameInfo(v, kind, ofIssuer value.Value) (value.Value, *Error) {
	c, err := parseCert(v)
	if err != nil {
		return value.Value{}, err
	}
	issuer := ofIssuer.Truth()
	raw := c.RawSubject
	if issuer {
		raw = c.RawIssuer
	}
	var name string
	switch kind.Text() {
	case "SimpleName":
		name = cmp.Or(part(raw, oidCommonName), part(raw, oidUnit), part(raw, oidCompany), part(raw, oidEmail), c.alternative(issuer, altEmail))
	case "EmailName":
		name = cmp.Or(c.alternative(issuer, altEmail), part(raw, oidEmail))
	case "UpnName":
		name = c.alternative(issuer, altOther)
	case "DnsName":
		name = cmp.Or(c.alternative(issuer, altDNS), part(raw, oidCommonName))
	case "DnsFromAlternativeName":
		name = c.alternative(issuer, altDNS)
	case "UrlName":
		name = c.alternative(issuer, altURI)
	default:
		return fail("%q is none of SimpleName, EmailName, UpnName, DnsName, DnsFromAlternativeName, UrlName", shorten(kind.Text()))
	}
	if name == "" {
		return value.Value{}, nil
	}
	return value.Str(name), nil
}
