// Package identifier writes and reads the identifiers of Windows, GUIDs and SIDs:
// as the octets that directories store, and as the text that people see.
package identifier

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// FormatGUID writes the 16 octets of a GUID as text, in lower case with dashes and
// without braces; "" for anything else.
func FormatGUID(raw string) string {
	if len(raw) != 16 {
		return ""
	}
	text := hex.EncodeToString(swapped([]byte(raw)))
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// ParseGUID is the reverse of FormatGUID; it takes upper case, too.
func ParseGUID(text string) (raw string, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return "", false
	}
	b, err := hex.DecodeString(text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:])
	if err != nil {
		return "", false
	}
	return string(swapped(b)), true
}

// swapped turns the first three fields, which Windows stores little-endian.
func swapped(b []byte) []byte {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
	return b
}

// A SID is a revision, the number of its sub-authorities, an authority of 48 bits,
// and those sub-authorities of 32 bits ([MS-DTYP] 2.4.2.2).
const (
	sidRevision    = 1
	sidHead        = 8
	subAuthorities = 15 // at most
)

// FormatSID writes the octets of a SID as S-1-…; "" for anything else.
func FormatSID(raw string) string {
	if len(raw) < sidHead || raw[0] != sidRevision || raw[1] > subAuthorities || len(raw) != sidHead+4*int(raw[1]) {
		return ""
	}
	b := []byte(raw)
	out := strconv.AppendUint([]byte("S-1-"), binary.BigEndian.Uint64(append([]byte{0, 0}, b[2:sidHead]...)), 10)
	for rest := b[sidHead:]; len(rest) > 0; rest = rest[4:] {
		out = strconv.AppendUint(append(out, '-'), uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return string(out)
}

// ParseSID is the reverse of FormatSID, in decimal.
func ParseSID(text string) (raw string, ok bool) {
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(parts) > 3+subAuthorities || !strings.EqualFold(parts[0], "S") || parts[1] != "1" {
		return "", false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return "", false
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, sidHead+4*len(parts)), authority)
	b[0], b[1] = sidRevision, byte(len(parts)-3)
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return "", false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b), true
}
