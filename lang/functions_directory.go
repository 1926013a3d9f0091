package lang

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/identifier"
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
	if text := identifier.FormatGUID(string(raw)); err == nil && text != "" {
		return text, nil
	}
	return "", fmt.Errorf("%s is not the base64 form of a GUID's 16 octets", describeOctets(s))
})

// sidText renders the octets of a security identifier, given as base64, as S-1-….
var sidText = textFunction("octets", func(s string) (string, error) {
	if strings.HasPrefix(s, "S-1-") {
		return s, nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if text := identifier.FormatSID(string(raw)); err == nil && text != "" {
		return text, nil
	}
	return "", fmt.Errorf("%s is not the base64 form of a security identifier", describeOctets(s))
})

// toBase64 is the way back from guid and sid: the octets of a GUID or a security
// identifier as base64. Octets that are base64 already stay as they are.
var toBase64 = textFunction("octets", func(s string) (string, error) {
	if raw, ok := identifier.ParseGUID(s); ok {
		return base64.StdEncoding.EncodeToString([]byte(raw)), nil
	}
	if strings.HasPrefix(s, "S-1-") {
		raw, ok := identifier.ParseSID(s)
		if !ok {
			return "", fmt.Errorf("%s is not a security identifier", describeOctets(s))
		}
		return base64.StdEncoding.EncodeToString([]byte(raw)), nil
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return "", fmt.Errorf("%s is neither a GUID, nor a security identifier, nor octets; use base64encode for text", describeOctets(s))
	}
	return s, nil
})
