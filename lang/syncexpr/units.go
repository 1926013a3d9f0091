package syncexpr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/lang/value"
)

// Positions and lengths count UTF-16 units in texts and bytes in binary.

// units is the length of v.
func units(v value.Value) int64 {
	s := v.Text()
	if v.Kind() == value.Bytes {
		return int64(len(s))
	}
	n := int64(utf8.RuneCountInString(s))
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xf0 { // begins a character of two units, or is no UTF-8
			if r, _ := utf8.DecodeRuneInString(s[i:]); r > 0xffff {
				n++
			}
		}
	}
	return n
}

// width is the number of units of a character.
func width(r rune) int64 {
	if r > 0xffff {
		return 2
	}
	return 1
}

// offset is the byte at which the first n units of v end; a character that would
// be cut in two is left out.
func offset(v value.Value, n int64) int {
	s := v.Text()
	if n >= int64(len(s)) {
		return len(s)
	}
	if v.Kind() == value.Bytes {
		return int(n)
	}
	for i, r := range s {
		if n -= width(r); n < 0 {
			return i
		}
	}
	return len(s)
}

// offsetUp is the byte at which the first n units of v end; a character that
// would be cut in two is included, so that what follows is whole.
func offsetUp(v value.Value, n int64) int {
	s := v.Text()
	if n <= 0 {
		return 0
	}
	if n >= int64(len(s)) {
		return len(s)
	}
	if v.Kind() == value.Bytes {
		return int(n)
	}
	for i, r := range s {
		if n <= 0 {
			return i
		}
		n -= width(r)
	}
	return len(s)
}

// fold maps texts that differ only in case to the same text, character by
// character, so that positions stay what they are.
func fold(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return foldRune(r) != r }) {
		return s
	}
	return strings.Map(foldRune, s)
}

func foldRune(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// inStr finds the first match at or after start, counting from 1; 0 is none.
func inStr(s, match, start, mode value.Value) (value.Value, *Error) {
	if s.IsNull() || match.IsNull() {
		return value.I(0), nil
	}
	if start.Number() < 1 {
		return fail("start must be at least 1; here it is %d", start.Number())
	}
	in, m := folded(s, match, mode)
	if start.Number() > units(in) {
		return value.I(0), nil
	}
	from := offsetUp(in, start.Number()-1)
	at := strings.Index(in.Text()[from:], m)
	if at < 0 {
		return value.I(0), nil
	}
	return value.I(1 + units(value.Str(in.Text()[:from+at]))), nil
}

// inStrRev finds the last match that ends at or before start.
func inStrRev(s, match, start, mode value.Value) (value.Value, *Error) {
	if s.IsNull() || match.IsNull() {
		return value.I(0), nil
	}
	if start.Number() < 1 {
		return fail("start must be at least 1; here it is %d", start.Number())
	}
	in, m := folded(s, match, mode)
	at := strings.LastIndex(in.Text()[:offset(in, start.Number())], m)
	if at < 0 {
		return value.I(0), nil
	}
	return value.I(1 + units(value.Str(in.Text()[:at]))), nil
}

// folded prepares both texts for the mode of comparison. What is not documented
// is the default; as everywhere in this language, it is without case.
func folded(s, match, mode value.Value) (value.Value, string) {
	if mode.Text() == "vbBinaryCompare" {
		return s, match.Text()
	}
	return value.Str(fold(s.Text())), fold(match.Text())
}
