package planner

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

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
	if core == "" || p.kept[dn.Fold(core)] {
		return v
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

// groupOfBuiltin begins the octets of a SID S-1-5-32-…, which are 16, as those of a
// GUID are.
const groupOfBuiltin = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00"

// Octets is the pseudonym of a value that is no text.
func (p *Pseudonyms) Octets(raw string) string {
	if text, ok := formatSID(raw); ok && (len(raw) != 16 || strings.HasPrefix(raw, groupOfBuiltin)) {
		if out, ok := parseSID(p.Text(text)); ok {
			return out
		}
	}
	if len(raw) == 16 {
		return p.guid(raw)
	}
	if p.kept["\x00"+raw] {
		return raw
	}
	return p.stream("octets", raw, len(raw))
}

// guid is the pseudonym of 16 octets as Active Directory stores a GUID.
func (p *Pseudonyms) guid(raw string) string {
	if p.kept[guidWord(raw)] {
		return raw
	}
	out := []byte(p.stream("guid", raw, 16))
	out[7], out[8] = out[7]&0x0f|0x40, out[8]&0x3f|0x80 // a random GUID, as Windows writes it
	return string(out)
}

// guidText is the pseudonym of one spelling of a GUID.
func (p *Pseudonyms) guidText(v string) string {
	m := guidShape.FindStringSubmatch(v)
	if m == nil {
		return base64.StdEncoding.EncodeToString([]byte(p.guid(decoded(v))))
	}
	word := guidWord(p.guid(guidRaw(m[3])))
	if m[3] != strings.ToLower(m[3]) {
		word = strings.ToUpper(word)
	}
	return m[1] + m[2] + word + m[4]
}

// guidRaw are the octets of the text of a GUID, and guidWord is the reverse.
func guidRaw(text string) string {
	raw, _ := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return swapped(string(raw))
}

func guidWord(raw string) string {
	h := hex.EncodeToString([]byte(swapped(raw)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// swapped turns the first three fields of a GUID, which Windows stores backwards.
func swapped(raw string) string {
	b := []byte(raw)
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
	return string(b)
}

// sidText is the pseudonym of a SID. Those that every Windows has stay what they
// are, and so do well-known relative identifiers: the planner protects by them.
func (p *Pseudonyms) sidText(v string) string {
	parts := strings.Split(v, "-")
	switch {
	case strings.HasPrefix(v[1:], "-1-12-1-") && len(parts) == 8: // of Entra ID, made of the object's id
		raw := make([]byte, 0, 16)
		for _, part := range parts[4:] {
			n, _ := strconv.ParseUint(part, 10, 32)
			raw = binary.LittleEndian.AppendUint32(raw, uint32(n))
		}
		out := p.guid(string(raw))
		for i := range 4 {
			parts[4+i] = strconv.FormatUint(uint64(binary.LittleEndian.Uint32([]byte(out[4*i:4*i+4]))), 10)
		}
		return strings.Join(parts, "-")
	case !strings.HasPrefix(v[1:], "-1-5-21-") || len(parts) < 7:
		return v
	}
	of := strings.Join(parts[:7], "-") // the domain
	known := len(parts) == 7
	if len(parts) == 8 {
		rid, err := strconv.ParseUint(parts[7], 10, 32)
		if known = err == nil && rid < 1000; !known {
			of = v
		}
	}
	out := p.stream("sid", strings.ToUpper(of), 16)
	for i := range 3 {
		parts[4+i] = strconv.FormatUint(uint64(binary.LittleEndian.Uint32([]byte(out[4*i:4*i+4]))), 10)
	}
	if !known && len(parts) == 8 {
		parts[7] = strconv.FormatUint(1000+uint64(binary.LittleEndian.Uint32([]byte(out[12:])))%(1<<30), 10)
	}
	return strings.Join(parts, "-")
}

// formatSID writes octets as S-1-…, if they are those of a SID.
func formatSID(raw string) (string, bool) {
	if len(raw) < 12 || raw[0] != 1 || raw[1] == 0 || raw[1] > 15 || len(raw) != 8+4*int(raw[1]) {
		return "", false
	}
	authority := binary.BigEndian.Uint64([]byte("\x00\x00" + raw[2:8]))
	out := "S-1-" + strconv.FormatUint(authority, 10)
	for i := 8; i < len(raw); i += 4 {
		out += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32([]byte(raw[i:i+4]))), 10)
	}
	return out, true
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

// masked replaces a text by letters, all but what conditions ask for: a prefix of
// the configuration, control characters. A text that rules may cut is made piece by
// piece, so that what is left of it is the pseudonym of what is left of the text.
func (p *Pseudonyms) masked(v string) string {
	head := p.head(v)
	if head == "" {
		return p.keepPlaces(v, p.cased(p.base(dn.Fold(v)), "text", v))
	}
	rest := v[len(head):]
	return p.Text(head) + p.keepPlaces(rest, p.cased(p.tail(dn.Fold(v), dn.Fold(head)), "rest", v))
}

// head is the longest piece to which rules may cut a text, "" if none does.
func (p *Pseudonyms) head(v string) string {
	if len(p.cuts) == 0 || len(v) <= p.cuts[0] {
		return ""
	}
	units := utf16.Encode([]rune(v))
	for i := len(p.cuts) - 1; i >= 0; i-- {
		if n := p.cuts[i]; n > 0 && n < len(units) {
			head := string(utf16.Decode(units[:n]))
			if strings.HasPrefix(v, head) && strings.TrimSpace(head) != "" {
				return head
			}
		}
	}
	return ""
}

// shortText is how many letters a text has at most for which the pseudonym is
// chosen beside those of all others: of longer ones no two are ever the same.
const shortText = 12

// base is the pseudonym of a folded text that is taken as a whole: letters for a
// text, digits for a number. No other text has it, it is no original, and it begins
// with no prefix of the configuration with which the text does not begin.
func (p *Pseudonyms) base(folded string) string {
	if b, ok := p.short[folded]; ok {
		return b
	}
	for attempt := 0; ; attempt++ {
		b := p.candidate(folded, attempt)
		whole := p.keepPlaces(folded, b)
		if p.prefix(whole) != p.prefix(folded) {
			continue
		}
		if len(b) < shortText {
			if p.used[whole] || p.originals[whole] || p.kept[whole] {
				continue
			}
			p.used[whole], p.short[folded] = true, b
		}
		return b
	}
}

// tail is the pseudonym of what a folded text has beyond its head.
func (p *Pseudonyms) tail(folded, head string) string {
	key := head + "\x00" + folded
	if t, ok := p.short[key]; ok {
		return t
	}
	n := dn.Units(folded) - dn.Units(head)
	for attempt := 0; ; attempt++ {
		t := p.letters("rest", folded, attempt, n+attempt/500)
		if n < shortText {
			if p.used[head+"\x00"+t] {
				continue
			}
			p.used[head+"\x00"+t], p.short[key] = true, t
		}
		return t
	}
}

// candidate is one possible pseudonym of a folded text.
func (p *Pseudonyms) candidate(folded string, attempt int) string {
	if folded[0] != '-' && (folded[0] < '0' || folded[0] > '9') || !numberShape.MatchString(folded) {
		return p.letters("text", folded, attempt, dn.Units(folded)+attempt/500)
	}
	digits := strings.TrimPrefix(folded, "-")
	b := []byte(p.stream("number "+strconv.Itoa(attempt), folded, len(digits)+attempt/500))
	for i := range b {
		b[i] = '0' + b[i]%10
		if i == 0 && len(b) > 1 && digits[0] != '0' {
			b[i] = '1' + (b[i]-'0')%9
		}
	}
	return folded[:len(folded)-len(digits)] + string(b)
}

// keepPlaces puts back what conditions ask for: a prefix of the configuration, and
// control characters.
func (p *Pseudonyms) keepPlaces(v, pseudonym string) string {
	n := p.prefix(v)
	if n == 0 && !strings.ContainsFunc(v, unicode.IsControl) {
		return pseudonym
	}
	was, is := utf16.Encode([]rune(v)), utf16.Encode([]rune(pseudonym))
	n = dn.Units(v[:n])
	for i := range min(len(was), len(is)) {
		if i < n || unicode.IsControl(rune(was[i])) {
			is[i] = was[i]
		}
	}
	return string(utf16.Decode(is))
}

// prefix is the length of the longest prefix of the configuration that v has.
func (p *Pseudonyms) prefix(v string) int {
	longest := 0
	for _, prefix := range p.prefixes {
		if len(prefix) > longest && len(prefix) <= len(v) && dn.Fold(v[:len(prefix)]) == prefix {
			longest = len(prefix)
		}
	}
	return longest
}

// letters are n letters that follow from the key and a text.
func (p *Pseudonyms) letters(label, text string, attempt, n int) string {
	out := make([]byte, 0, n)
	for block := 0; len(out) < n; block++ {
		for _, c := range p.sum(label+" "+strconv.Itoa(attempt)+" "+strconv.Itoa(block), text) {
			if c < 234 && len(out) < n { // 9 × 26: no letter is more likely than another
				out = append(out, 'a'+c%26)
			}
		}
	}
	return string(out)
}

// cased gives letters the case that follows from the text as it is spelt.
func (p *Pseudonyms) cased(letters, label, text string) string {
	if dn.Fold(text) == strings.ToUpper(text) { // nothing in it has a case
		return letters
	}
	if len(letters) >= shortText {
		return p.inCase(letters, label, text, 0)
	}
	// Of few letters, two spellings of one text must not come out the same.
	for attempt := 0; ; attempt++ {
		out := p.inCase(letters, label, text, attempt)
		key := label + "\x00" + dn.Fold(text) + "\x00" + out
		if by, taken := p.spelled[key]; !taken || by == text || attempt > 1000 {
			p.spelled[key] = text
			return out
		}
	}
}

func (p *Pseudonyms) inCase(letters, label, text string, attempt int) string {
	b := []byte(letters)
	var bits []byte
	for i := range b {
		if i%256 == 0 {
			bits = p.sum("case "+label+" "+strconv.Itoa(attempt)+" "+strconv.Itoa(i/256), text)
		}
		if b[i] >= 'a' && b[i] <= 'z' && bits[i%256/8]>>(i%8)&1 == 1 {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// stream are n octets that follow from the key and a text.
func (p *Pseudonyms) stream(label, text string, n int) string {
	out := make([]byte, 0, n+sha256.Size)
	for block := 0; len(out) < n; block++ {
		out = append(out, p.sum(label+" "+strconv.Itoa(block), text)...)
	}
	return string(out[:n])
}

// sum is the keyed hash that everything follows from.
func (p *Pseudonyms) sum(label, text string) []byte {
	p.mac.Reset()
	p.mac.Write([]byte(label))
	p.mac.Write([]byte{0})
	p.mac.Write([]byte(text))
	return p.mac.Sum(nil)
}

func newMAC(key []byte) hash.Hash { return hmac.New(sha256.New, key) }
