package planner

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
)

// groupOfBuiltin begins the octets of a SID S-1-5-32-…, which are 16, as those of a
// GUID are.
const groupOfBuiltin = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00"

// Octets is the pseudonym of a value that is no text.
func (p *Pseudonyms) Octets(raw string) string {
	if text := formatSID(raw); text != "" && (len(raw) != 16 || strings.HasPrefix(raw, groupOfBuiltin)) {
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
	if p.kept[FormatGUID(raw)] {
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
	raw, _ := ParseGUID(m[3]) // the shape says that it is one
	word := FormatGUID(p.guid(raw))
	if m[3] != strings.ToLower(m[3]) {
		word = strings.ToUpper(word)
	}
	return m[1] + m[2] + word + m[4]
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
