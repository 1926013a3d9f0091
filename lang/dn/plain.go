package dn

import (
	"strings"
	"unicode/utf8"
)

// Nearly all names are plain: TYPE=value components, separated by commas, in
// which nothing is escaped, quoted or padded. They are the same in every
// reading of RFC 4514, and are cut here without looking at them rune by rune;
// directories of this program's size are made of them. Every other name goes
// the long way.

// isPlain reports whether s is a plain name.
func isPlain(s string) bool {
	for more := true; more; {
		var ok bool
		if _, s, more, ok = cutPlain(s); !ok {
			return false
		}
	}
	return true
}

// parsePlain cuts a plain name into its components; nil if it is not plain.
func parsePlain(s string) []RDN {
	rdns := make([]RDN, 0, 1+strings.Count(s, ","))
	for more := true; more; {
		var r RDN
		var ok bool
		if r, s, more, ok = cutPlain(s); !ok {
			return nil
		}
		rdns = append(rdns, r)
	}
	return rdns
}

// cutPlain takes the first component off; more says that a comma followed it.
func cutPlain(s string) (r RDN, rest string, more, ok bool) {
	equals := 0
	for equals < len(s) && isTypeByte(s[equals]) {
		equals++
	}
	if equals == 0 || equals == len(s) || s[equals] != '=' {
		return RDN{}, "", false, false
	}
	begin := equals + 1
	end, ascii := begin, true
	for ; end < len(s) && s[end] != ','; end++ {
		c := s[end]
		if isSpecial(c) {
			return RDN{}, "", false, false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	r = RDN{Type: s[:equals], Value: s[begin:end]}
	if r.Value == "" || r.Value[0] == ' ' || r.Value[0] == '#' || r.Value[len(r.Value)-1] == ' ' || !ascii && !utf8.ValidString(r.Value) {
		return RDN{}, "", false, false
	}
	if end == len(s) {
		return r, "", false, true
	}
	return r, s[end+1:], true, true
}

func isTypeByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// isSpecial reports the bytes that Escape escapes wherever they stand.
func isSpecial(c byte) bool {
	switch c {
	case ',', '+', '"', '\\', '<', '>', ';', '=', 0x7f:
		return true
	}
	return c < 0x20
}

// sameFold reports whether Fold makes the same of both.
func sameFold(x, y string) bool {
	if x == y {
		return true
	}
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] >= utf8.RuneSelf || y[i] >= utf8.RuneSelf {
			return Fold(x) == Fold(y)
		}
		if lower(x[i]) != lower(y[i]) {
			return false
		}
	}
	return len(x) == len(y)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
