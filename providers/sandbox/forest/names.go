package forest

import (
	"encoding/hex"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// fold is the form in which texts are compared: without case.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return strings.ToLower(strings.ToUpper(s))
		}
	}
	return s
}

// dn writes the object's distinguished name.
func (f *Forest) dn(o *object) string {
	return string(f.appendDN(make([]byte, 0, 96), o))
}

func (f *Forest) appendDN(out []byte, o *object) []byte {
	for ; o != nil; o = o.parent {
		out = append(out, o.rdnType...)
		out = append(out, '=')
		out = append(out, planner.EscapeDN(o.rdn)...)
		if o.parent != nil {
			out = append(out, ',')
		}
	}
	return append(out, f.suffix...)
}

// canonicalName writes the object's name as AD's tools do: corp.example.com/OU/Name.
func (f *Forest) canonicalName(o *object) string {
	path := ""
	for ; o.parent != nil; o = o.parent {
		path = "/" + strings.NewReplacer("/", `\/`, "\n", `\n`).Replace(o.rdn) + path
	}
	if path == "" {
		path = "/"
	}
	return f.dnsName + path
}

// parseName reads a distinguished name with AD's rules: what planner.ParseDN
// takes, without an unescaped "=" inside a value.
func parseName(s string) (planner.DN, *refusal) {
	if !utf8Valid(s) || hasBareEquals(s) {
		return planner.DN{}, errInvalidDN()
	}
	name, err := planner.ParseDN(s)
	if err != nil {
		return planner.DN{}, errInvalidDN()
	}
	return name, nil
}

// hasBareEquals reports a second "=" in one component; AD wants it escaped.
func hasBareEquals(s string) bool {
	seen, quoted := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',' || c == ';' || c == '+':
			seen = false
		case c == '=' && seen:
			return true
		case c == '=':
			seen = true
		}
	}
	return false
}

// resolve finds the object that a name names: a distinguished name, <GUID=…>,
// <SID=…> or <WKGUID=…,container>. It sees deleted objects; callers decide.
// When there is none, the refusal is 32 with the nearest object that exists.
func (f *Forest) resolve(s string) (*object, *refusal) {
	if strings.HasPrefix(s, "<") {
		return f.resolveSpecial(s)
	}
	name, refused := parseName(s)
	if refused != nil {
		return nil, refused
	}
	return f.walk(name)
}

// walk follows a parsed name down from the domain's root.
func (f *Forest) walk(name planner.DN) (*object, *refusal) {
	rdns := name.RDNs()
	if len(rdns) < f.base.Len() || !name.IsBelow(f.base) {
		return nil, errNoObject("")
	}
	o := f.root
	for i := len(rdns) - f.base.Len() - 1; i >= 0; i-- {
		child := o.children[fold(rdns[i].Value)]
		if child == nil || !strings.EqualFold(child.rdnType, rdns[i].Type) {
			return nil, errNoObject(f.dn(o))
		}
		o = child
	}
	return o, nil
}

func (f *Forest) resolveSpecial(s string) (*object, *refusal) {
	inner, ok := strings.CutSuffix(s[1:], ">")
	kind, value, found := strings.Cut(inner, "=")
	if !ok || !found {
		return nil, errInvalidDN()
	}
	switch strings.ToUpper(kind) {
	case "GUID":
		raw, ok := parseGUID(value)
		if !ok {
			return nil, errInvalidDN()
		}
		return f.only(f.index.lookup(f.schema.objectGUID, raw))
	case "SID":
		raw, ok := parseSID(value)
		if !ok {
			decoded, err := hex.DecodeString(value)
			if err != nil || !validSID(string(decoded)) {
				return nil, errInvalidDN()
			}
			raw = string(decoded)
		}
		return f.only(f.index.lookup(f.schema.objectSid, raw))
	case "WKGUID":
		id, container, found := strings.Cut(value, ",")
		name, known := wellKnown[strings.ToUpper(id)]
		if !found || !known {
			return nil, errNoObject("")
		}
		parent, refused := f.resolve(container)
		if refused != nil {
			return nil, refused
		}
		child := parent.children[fold(name)]
		if child == nil {
			return nil, errNoObject(f.dn(parent))
		}
		return child, nil
	}
	return nil, errInvalidDN()
}

func (f *Forest) only(found []*object) (*object, *refusal) {
	if len(found) == 0 {
		return nil, errNoObject("")
	}
	return found[0], nil
}

// wellKnown are the containers that <WKGUID=…> finds below a naming context.
var wellKnown = map[string]string{
	"A9D1CA15768811D1ADED00C04FD8D5CD": "Users",
	"AA312825768811D1ADED00C04FD8D5CD": "Computers",
	"18E2EA80684F11D2B9AA00C04F79F805": "Deleted Objects",
	"AB8153B7768811D1ADED00C04FD8D5CD": "LostAndFound",
	"22B70C67D56E4EFB91E9300FCA3DC1AA": "ForeignSecurityPrincipals",
	"AB1D30F3768811D1ADED00C04FD8D5CD": "System",
}
