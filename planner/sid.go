package planner

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// parseSID turns S-1-5-21-… into the octets of objectSid.
func parseSID(s string) (string, bool) {
	parts := strings.Split(s, "-")
	if len(parts) < 4 || !strings.EqualFold(parts[0], "S") || parts[1] != "1" || len(parts)-3 > 15 {
		return "", false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return "", false
	}
	raw := make([]byte, 8, 8+4*len(parts))
	binary.BigEndian.PutUint64(raw, authority)
	raw[0], raw[1] = 1, byte(len(parts)-3)
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return "", false
		}
		raw = binary.LittleEndian.AppendUint32(raw, uint32(n))
	}
	return string(raw), true
}

// sidRID splits the octets of a SID into the domain's (or authority's) part and
// the last number, the RID.
func sidRID(raw string) (domain string, rid uint32, ok bool) {
	if len(raw) < 12 || raw[0] != 1 || len(raw) != 8+4*int(raw[1]) {
		return "", 0, false
	}
	return raw[:len(raw)-4], binary.LittleEndian.Uint32([]byte(raw[len(raw)-4:])), true
}
