package planner

import "encoding/binary"

// parseSID reads the SID of an object: one that has a RID.
func parseSID(text string) (raw string, ok bool) {
	raw, ok = ParseSID(text)
	return raw, ok && len(raw) >= 12
}

// formatSID is the reverse of parseSID, "" for what is no SID of an object.
func formatSID(raw string) string {
	if len(raw) < 12 {
		return ""
	}
	return FormatSID(raw)
}

// sidRID splits the octets of a SID into the domain's (or authority's) part and
// the last number, the RID.
func sidRID(raw string) (domain string, rid uint32, ok bool) {
	if len(raw) < 12 || raw[0] != 1 || len(raw) != 8+4*int(raw[1]) {
		return "", 0, false
	}
	return raw[:len(raw)-4], binary.LittleEndian.Uint32([]byte(raw[len(raw)-4:])), true
}
