package planner

import (
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/landfall-directory/landfall/lang/dn"
)

// A pseudonym is a function of the value and the key alone: one value has one
// pseudonym wherever it stands, in whatever attribute, directory and spelling (the
// octets of a GUID and its texts). What the directories take for the same is the
// same, what differs only in case differs only in case, and what differs differs.
// A mail stays a mail, a GUID a GUID, a SID a SID, a number a number, a time a
// time, and every value keeps its length, so that no limit is met or missed.

// shape is what a value looks like.
type shape uint8

const (
	shapeText   shape = iota
	shapeGUID         // in any spelling: PREFIX_guid, {guid}, base64 of 16 octets
	shapeSID          // S-1-…
	shapeMail         // local@domain
	shapeNumber       // digits
	shapeTime         // 20060102150405.0Z
	shapeName         // a distinguished name
	shapeOctets       // base64 of octets that some object holds
)

var (
	guidShape   = regexp.MustCompile(`^((?i:Group|User|Contact|Device|ServicePrincipal)_)?(\{?)([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})(\}?)$`)
	sidShape    = regexp.MustCompile(`^[Ss]-1-[0-9]+(-[0-9]+){1,14}$`)
	mailShape   = regexp.MustCompile(`^([^\s@]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$`)
	numberShape = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	timeShape   = regexp.MustCompile(`^[0-9]{14}(\.[0-9]+)?Z$`)
	nameShape   = regexp.MustCompile(`(?i)[a-z]=.*,\s*dc=`)
	schemeShape = regexp.MustCompile(`(?i)^(?:smtp|sip|x500|x400|eum|notes|spo|mailto|tel|https?|ldaps?):`)
)

// shapeOf tells the shape of a text. Most texts have none, so each pattern is tried
// only where one look at the text leaves it open.
func (p *Pseudonyms) shapeOf(v string) shape {
	digit := v != "" && (v[0] >= '0' && v[0] <= '9' || v[0] == '-')
	switch {
	case v == "":
		return shapeText
	case len(v) >= 36 && strings.IndexByte(v, '-') > 0 && guidShape.MatchString(v):
		return shapeGUID
	case len(v) == 24 && strings.HasSuffix(v, "==") && len(decoded(v)) == 16:
		return shapeGUID
	case (v[0] == 'S' || v[0] == 's') && sidShape.MatchString(v):
		return shapeSID
	case strings.IndexByte(v, '@') > 0 && mailShape.MatchString(v):
		return shapeMail
	case digit && numberShape.MatchString(v):
		return shapeNumber
	case digit && timeShape.MatchString(v):
		return shapeTime
	case strings.IndexByte(v, '=') > 0 && nameShape.MatchString(v):
		if d, err := dn.Parse(v); err == nil && d.Len() > 1 {
			return shapeName
		}
	case len(v) >= 8 && len(v)%4 == 0 && p.blobs[decoded(v)]:
		return shapeOctets
	}
	return shapeText
}

func decoded(v string) string {
	raw, err := base64.StdEncoding.Strict().DecodeString(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// Text is the pseudonym of a value.
func (p *Pseudonyms) Text(v string) string {
	if out, ok := p.memo[v]; ok {
		return out
	}
	out := p.text(v)
	p.memo[v] = out
	return out
}

func (p *Pseudonyms) text(v string) string {
	before, core, after := parted(v)
	if core == "" || p.kept[dn.Fold(core)] || p.prefix(core) == len(core) {
		return v // nothing, or what the configuration itself says
	}
	if scheme := schemeOf(core); scheme != "" && len(scheme) < len(core) {
		return before + scheme + p.Text(core[len(scheme):]) + after
	}
	return before + p.core(core) + after
}

// schemeOf is the scheme of an address, "" if there is none.
func schemeOf(v string) string {
	if strings.IndexByte(v, ':') < 0 {
		return ""
	}
	return schemeShape.FindString(v)
}

// parted splits off what Trim would take away.
func parted(v string) (before, core, after string) {
	core = strings.TrimLeftFunc(v, unicode.IsSpace)
	before = v[:len(v)-len(core)]
	core = strings.TrimRightFunc(core, unicode.IsSpace)
	return before, core, v[len(before)+len(core):]
}

func (p *Pseudonyms) core(v string) string {
	switch p.shapeOf(v) {
	case shapeGUID:
		return p.guidText(v)
	case shapeSID:
		return p.sidText(v)
	case shapeMail:
		m := mailShape.FindStringSubmatch(v)
		return p.Text(m[1]) + "@" + p.domain(m[2])
	case shapeNumber:
		return p.base(v)
	case shapeTime:
		return p.moment(v)
	case shapeName:
		return p.Name(v)
	case shapeOctets:
		return base64.StdEncoding.EncodeToString([]byte(p.Octets(decoded(v))))
	}
	return p.masked(v)
}

// moment is another time within thirty years, in the same form.
func (p *Pseudonyms) moment(v string) string {
	seconds := binary.LittleEndian.Uint64([]byte(p.stream("time", v, 8))) % (30 * 365 * 24 * 3600)
	at := time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
	return at.Format("20060102150405") + v[14:]
}

// domain is a domain with as many labels of the same lengths.
func (p *Pseudonyms) domain(v string) string {
	if p.kept[dn.Fold(v)] {
		return v
	}
	folded := dn.Fold(v)
	b := []byte(p.letters("domain", folded, 0, len(v)))
	for i := range folded {
		if folded[i] == '.' {
			b[i] = '.'
		}
	}
	return p.cased(string(b), "domain", v)
}

// Name is the pseudonym of a distinguished name: the names that the configuration
// itself names stay, and every other part has the pseudonym of its value.
func (p *Pseudonyms) Name(name string) string {
	d, err := dn.Parse(name)
	if err != nil {
		return p.masked(name)
	}
	if d.Len() == 0 {
		return name
	}
	out := make([]string, 0, d.Len())
	for ; d.Len() > 0; d = d.Parent() {
		r := d.Leaf()
		if !p.names[d.Key()] && !container(d) {
			r.Value = p.part(r.Value)
		}
		out = append(out, r.String())
	}
	return strings.Join(out, ",")
}

// part is the pseudonym of one part of a name. That of a deleted object has its id
// in it.
func (p *Pseudonyms) part(v string) string {
	if at := strings.Index(v, "\nDEL:"); at >= 0 {
		return p.Text(v[:at]) + v[at:at+5] + p.Text(v[at+5:])
	}
	return p.Text(v)
}

// container reports the containers that every domain has.
func container(d dn.DN) bool {
	if d.Len() < 2 || !strings.EqualFold(d.Parent().Leaf().Type, "DC") {
		return false
	}
	switch strings.ToLower(d.Leaf().Value) {
	case "users", "computers", "builtin", "system", "deleted objects", "domain controllers", "foreignsecurityprincipals", "configuration", "program data", "managed service accounts":
		return true
	}
	return false
}
