package lang

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// dnEscape makes any text safe as the value of one component of a distinguished
// name.
var dnEscape = textFunction("text", func(s string) (string, error) { return dn.Escape(s), nil })

// rdnOf is the first component of a distinguished name, as TYPE=value.
var rdnOf = textFunction("dn", func(s string) (string, error) {
	d, err := dn.Parse(s)
	if err != nil || d.Len() == 0 {
		return "", err
	}
	return d.Leaf().String(), nil
})

// parentDN is a distinguished name without its first component.
var parentDN = textFunction("dn", func(s string) (string, error) {
	d, err := dn.Parse(s)
	return d.Parent().String(), err
})

// guidText renders the octets of a GUID, given as base64, in its text form.
var guidText = textFunction("octets", func(s string) (string, error) {
	if guidPattern.MatchString(s) {
		return strings.ToLower(s), nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) != 16 {
		return "", fmt.Errorf("%s is not the base64 form of a GUID's 16 octets", describeOctets(s))
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]),
		binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:]), nil
})

// sidText renders the octets of a security identifier, given as base64, as S-1-….
var sidText = textFunction("octets", func(s string) (string, error) {
	if strings.HasPrefix(s, "S-1-") {
		return s, nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) < 8 || len(raw) != 8+4*int(raw[1]) {
		return "", fmt.Errorf("%s is not the base64 form of a security identifier", describeOctets(s))
	}
	var b strings.Builder
	authority := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[2:8]...))
	fmt.Fprintf(&b, "S-%d-%d", raw[0], authority)
	for at := 8; at < len(raw); at += 4 {
		fmt.Fprintf(&b, "-%d", binary.LittleEndian.Uint32(raw[at:]))
	}
	return b.String(), nil
})

// toBase64 is the way back from guid and sid: the octets of a GUID or a security
// identifier as base64. Octets that are base64 already stay as they are.
var toBase64 = textFunction("octets", func(s string) (string, error) {
	switch {
	case guidPattern.MatchString(s):
		raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		if err != nil {
			return "", err
		}
		for _, field := range [][]byte{raw[0:4], raw[4:6], raw[6:8]} {
			for i, j := 0, len(field)-1; i < j; i, j = i+1, j-1 {
				field[i], field[j] = field[j], field[i]
			}
		}
		return base64.StdEncoding.EncodeToString(raw), nil
	case strings.HasPrefix(s, "S-1-"):
		return sidOctets(s)
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return "", fmt.Errorf("%s is neither a GUID, nor a security identifier, nor octets; use base64encode for text", describeOctets(s))
	}
	return s, nil
})

func sidOctets(s string) (string, error) {
	parts := strings.Split(s, "-")[2:]
	raw := []byte{1, byte(len(parts) - 1)}
	for i, part := range parts {
		bits := 32
		if i == 0 {
			bits = 48
		}
		n, err := strconv.ParseUint(part, 10, bits)
		if err != nil || len(parts) < 1 || len(parts) > 16 {
			return "", fmt.Errorf("%s is not a security identifier", describeOctets(s))
		}
		if i == 0 {
			raw = append(raw, binary.BigEndian.AppendUint64(nil, n)[2:]...)
			continue
		}
		raw = binary.LittleEndian.AppendUint32(raw, uint32(n))
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}
