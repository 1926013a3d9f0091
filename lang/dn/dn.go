// Package dn reads, compares and writes distinguished names as Active Directory
// understands them. It is a leaf.
//
// Names are compared by Key: without escapes and without case, because a server
// may return another spelling of the same name than it was given.
package dn

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
)

// DN is a parsed distinguished name, leaf first. The zero DN is the empty name.
type DN struct {
	rdns []RDN
}

// RDN is one component: a type and its unescaped value. AD has no multi-valued
// RDNs; Parse refuses them.
type RDN struct {
	Type  string
	Value string
}

// Parse reads the string form of RFC 4514.
func Parse(s string) (DN, error) {
	if rdns := parsePlain(s); rdns != nil {
		return DN{rdns: rdns}, nil
	}
	return parse(s)
}

// parse is Parse for every name.
func parse(s string) (DN, error) {
	if strings.TrimSpace(s) == "" {
		return DN{}, nil
	}
	p, err := ldap.ParseDN(s)
	if err != nil {
		return DN{}, fmt.Errorf("not a distinguished name: %q: %w", s, err)
	}
	d := DN{rdns: make([]RDN, len(p.RDNs))}
	for i, r := range p.RDNs {
		if len(r.Attributes) != 1 {
			return DN{}, fmt.Errorf("not a distinguished name of Active Directory: %q has a component of %d parts", s, len(r.Attributes))
		}
		a := r.Attributes[0]
		if a.Type == "" || a.Value == "" {
			return DN{}, fmt.Errorf("not a distinguished name: %q has an empty component", s)
		}
		if strings.ContainsFunc(a.Type, func(r rune) bool { return r > '~' || !isTypeByte(byte(r)) }) {
			return DN{}, fmt.Errorf("not a distinguished name: %q has a component of the type %q, and no attribute has such a name", s, a.Type)
		}
		d.rdns[i] = RDN{Type: a.Type, Value: a.Value}
	}
	return d, nil
}

// MustParse is Parse for names known to be right; it panics otherwise.
func MustParse(s string) DN {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Len is the number of components.
func (d DN) Len() int { return len(d.rdns) }

// RDNs are the components, leaf first. The caller must not change them.
func (d DN) RDNs() []RDN { return d.rdns }

// Leaf is the first component; the zero RDN for the empty name.
func (d DN) Leaf() RDN {
	if len(d.rdns) == 0 {
		return RDN{}
	}
	return d.rdns[0]
}

// Parent is d without its first component.
func (d DN) Parent() DN {
	if len(d.rdns) == 0 {
		return DN{}
	}
	return DN{rdns: d.rdns[1:]}
}

// Child is the name of an object below d.
func (d DN) Child(typ, val string) DN {
	return DN{rdns: append([]RDN{{Type: typ, Value: val}}, d.rdns...)}
}

// Under returns d, a relative name, below base.
func (d DN) Under(base DN) DN {
	out := make([]RDN, 0, len(d.rdns)+len(base.rdns))
	out = append(out, d.rdns...)
	return DN{rdns: append(out, base.rdns...)}
}

// IsBelow reports whether d is base or lies below it.
func (d DN) IsBelow(base DN) bool {
	n := len(d.rdns) - len(base.rdns)
	if n < 0 {
		return false
	}
	for i, r := range base.rdns {
		if !r.same(d.rdns[n+i]) {
			return false
		}
	}
	return true
}

// Equal reports whether both names are the same to AD.
func (d DN) Equal(o DN) bool { return len(d.rdns) == len(o.rdns) && d.IsBelow(o) }

// Key is a form in which equal names are equal strings.
func (d DN) Key() string {
	b := make([]byte, 0, 128)
	for i, r := range d.rdns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, strings.ToLower(r.Type)...), '=')
		b = appendEscaped(b, Fold(r.Value))
	}
	return string(b)
}

// Key of a string that may be a name. What does not parse only loses the case of
// its ASCII letters: so a strange name still equals itself, and stays strange (other
// folding would make a name of KELVIN SIGN, that is, of "\u212a=x").
func Key(s string) string {
	if isPlain(s) {
		return Fold(s) // nothing to unescape, and folding brings nothing to escape
	}
	d, err := parse(s)
	if err != nil {
		return lowerASCII(s)
	}
	return d.Key()
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// same reports whether both are the same to AD.
func (r RDN) same(o RDN) bool {
	return strings.EqualFold(r.Type, o.Type) && sameFold(r.Value, o.Value)
}

// Fold is the form in which AD compares text: without case.
func Fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(strings.ToUpper(s))
}

// String writes the name with every special character escaped.
func (d DN) String() string {
	b := make([]byte, 0, 128)
	for i, r := range d.rdns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, r.Type...), '=')
		b = appendEscaped(b, r.Value)
	}
	return string(b)
}

// String writes TYPE=value with the value escaped.
func (r RDN) String() string { return r.Type + "=" + Escape(r.Value) }

// Escape escapes an attribute value for a distinguished name. Unlike RFC 4514 it
// escapes "=" as well, which Samba insists on and AD documents.
func Escape(v string) string {
	return string(appendEscaped(make([]byte, 0, len(v)+8), v))
}

func appendEscaped(b []byte, v string) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', hex[c>>4], hex[c&15])
		case c == ' ' && (i == 0 || i == len(v)-1), c == '#' && i == 0, isSpecial(c):
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return b
}

// Units counts UTF-16 units, the unit of AD's length limits.
func Units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
		if utf16.RuneLen(r) < 0 {
			n += 2
		}
	}
	return n
}
