package ad

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// guidText writes the 16 octets of an objectGUID as text, lower case with
// dashes; "" when they are not 16.
func guidText(raw string) string {
	if len(raw) != 16 {
		return ""
	}
	b := []byte(raw)
	swapGUID(b)
	text := hex.EncodeToString(b)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// guidOctets is the reverse of guidText; it takes upper case, too.
func guidOctets(text string) (raw string, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return "", false
	}
	b, err := hex.DecodeString(text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:])
	if err != nil {
		return "", false
	}
	swapGUID(b)
	return string(b), true
}

// swapGUID turns the first three fields, which AD stores little-endian.
func swapGUID(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}

// guidDN is the name under which an object is addressed by its anchor.
func guidDN(anchor string) string { return "<GUID=" + anchor + ">" }

// sidOctets reads the text form of a SID, S-1-5-21-….
func sidOctets(text string) (raw string, ok bool) {
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(parts) > 3+15 || !strings.EqualFold(parts[0], "S") || parts[1] != "1" {
		return "", false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return "", false
	}
	b := binary.BigEndian.AppendUint64(nil, authority)
	b[0], b[1] = 1, byte(len(parts)-3)
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return "", false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b), true
}

// sidText is the reverse of sidOctets; "" for octets that are no SID.
func sidText(raw string) string {
	sid, err := readSID([]byte(raw), 0)
	if err != nil || len(sid) != len(raw) {
		return ""
	}
	b := []byte(sid)
	text := "S-1-" + strconv.FormatUint(binary.BigEndian.Uint64(append([]byte{0, 0}, b[2:8]...)), 10)
	for rest := b[8:]; len(rest) >= 4; rest = rest[4:] {
		text += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return text
}

// equals is the filter (attr=value) for raw octets or text. Every octet that
// could mean something to a filter, or be trimmed, is escaped.
func equals(attr, value string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(attr) + len(value) + 16)
	b.WriteByte('(')
	b.WriteString(attr)
	b.WriteByte('=')
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("-_.,=@:", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	b.WriteByte(')')
	return b.String()
}

// anyOf is the filter that matches when one of filters does.
func anyOf(filters []string) string {
	if len(filters) == 1 {
		return filters[0]
	}
	return "(|" + strings.Join(filters, "") + ")"
}
