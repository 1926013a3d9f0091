package forest

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Generated identifiers are functions of the object's name, so that the same
// LDIF always makes the same directory.

// digest hashes what an identifier is made of.
func digest(parts ...string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.Join(parts, "\x00")))
}

// guidFrom makes a GUID (16 bytes, as objectGUID stores it) that carries the
// marks of a random one.
func guidFrom(parts ...string) string {
	sum := digest(append([]string{"guid"}, parts...)...)
	g := sum[:16]
	g[7] = g[7]&0x0f | 0x40 // the version stands in the third group, little endian
	g[8] = g[8]&0x3f | 0x80
	return string(g)
}

// formatGUID writes the 16 bytes of objectGUID with dashes. The first three
// groups are little endian.
func formatGUID(raw string) string {
	b := []byte(raw)
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
}

// parseGUID reads a GUID with dashes, with or without braces, or 32 hex digits
// of the stored bytes.
func parseGUID(s string) (string, bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if len(s) == 32 {
		raw, err := hex.DecodeString(s)
		return string(raw), err == nil
	}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return "", false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return "", false
	}
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
	return string(b), true
}

// validSID checks the bytes of a SID.
func validSID(raw string) bool {
	return len(raw) >= 8 && raw[0] == 1 && raw[1] <= 15 && len(raw) == 8+4*int(raw[1])
}

// formatSID writes S-1-…; raw is valid.
func formatSID(raw string) string {
	b := []byte(raw)
	authority := uint64(0)
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	out := "S-1-" + strconv.FormatUint(authority, 10)
	for i := 8; i < len(b); i += 4 {
		out += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[i:])), 10)
	}
	return out
}

// parseSID reads S-1-….
func parseSID(s string) (string, bool) {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 18 || !strings.EqualFold(parts[0], "S") || parts[1] != "1" {
		return "", false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return "", false
	}
	b := []byte{1, byte(len(parts) - 3), byte(authority >> 40), byte(authority >> 32), byte(authority >> 24),
		byte(authority >> 16), byte(authority >> 8), byte(authority)}
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return "", false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b), true
}

// withRID is the SID of a principal of the domain.
func withRID(domain string, rid uint32) string {
	b := []byte(domain)
	b[1]++
	return string(binary.LittleEndian.AppendUint32(b, rid))
}

// ridOf is the last part of a SID, and whether the rest is the domain's SID.
func ridOf(domain, sid string) (uint32, bool) {
	if len(sid) != len(domain)+4 || sid[0] != domain[0] || sid[2:len(domain)] != domain[2:] {
		return 0, false
	}
	return binary.LittleEndian.Uint32([]byte(sid[len(domain):])), true
}

// domainSIDFrom makes the SID of a domain out of its name.
func domainSIDFrom(name string) string {
	sum := digest("domain", name)
	b := []byte{1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0}
	return string(append(b, sum[:12]...))
}

// accountNameFrom makes the name that a domain controller gives to a principal
// without one: $XXXXXX-XXXXXXXXXXXX with digits 0-9 and A-V.
func accountNameFrom(guid string) string {
	sum := digest("sam", guid)
	text := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
	return "$" + text[:6] + "-" + text[6:18]
}
