package syncexpr

import (
	"crypto/rand"
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/landfall-directory/landfall/lang/value"
)

// textFunctions work on one text; Left, Right, Mid and Len on binary, too.
var textFunctions = []function{
	{name: "Left", params: []param{cuttable(), number("count")}, result: tString | tBytes, like: true, f2: left},
	{name: "Right", params: []param{cuttable(), number("count")}, result: tString | tBytes, like: true, f2: right},
	{name: "Mid", params: []param{cuttable(), number("start"), number("count").or(value.I(math.MaxInt64))}, result: tString | tBytes, like: true, f3: mid},
	{name: "Len", params: []param{cuttable()}, result: tInt, f1: length},
	{name: "Trim", params: []param{text("string")}, result: tString, f1: trim},
	{name: "LTrim", params: []param{text("string")}, result: tString, f1: trimLeft},
	{name: "RTrim", params: []param{text("string")}, result: tString, f1: trimRight},
	{name: "LCase", params: []param{text("string")}, result: tString, f1: lower},
	{name: "UCase", params: []param{text("string")}, result: tString, f1: upper},
	{name: "PCase", params: []param{text("string")}, result: tString, f1: proper},
	{name: "PadLeft", params: []param{text("string").orNull(), number("length"), text("padCharacter")}, result: tString, f3: padLeft},
	{name: "PadRight", params: []param{text("string").orNull(), number("length"), text("padCharacter")}, result: tString, f3: padRight},
	{name: "Replace", params: []param{text("string"), text("oldValue"), text("newValue").orNull()}, result: tString, f3: replace},
	{name: "ReplaceChars", params: []param{text("string"), text("replacePattern").orNull()}, result: tString, f2: replaceChars},
	{name: "Word", params: []param{text("string").orNull(), number("number"), text("delimiters").orNull()}, result: tString, f3: word},
	{name: "InStr", params: []param{text("string").orNull(), text("match").orNull(), number("start").or(value.I(1)), compareMode()}, result: tInt, f4: inStr},
	{name: "InStrRev", params: []param{text("string").orNull(), text("match").orNull(), number("start").or(value.I(math.MaxInt64)), compareMode()}, result: tInt, f4: inStrRev},
	{name: "Guid", result: tString, changing: true, f0: newGUID},
}

func cuttable() param {
	return param{name: "string", accept: tString | tBytes, null: true}
}

func compareMode() param {
	return oneOf("compare", "vbTextCompare", "vbBinaryCompare").or(value.Str("vbTextCompare"))
}

// like makes a value of the kind of v: NULL counts as text.
func like(v value.Value, s string) (value.Value, *Error) {
	if v.Kind() == value.Bytes {
		return value.Octets(s), nil
	}
	return value.Str(s), nil
}

// A negative count gives the whole string, as documented.
func left(s, count value.Value) (value.Value, *Error) {
	n := count.Number()
	if n < 0 {
		return like(s, s.Text())
	}
	return like(s, s.Text()[:offset(s, n)])
}

func right(s, count value.Value) (value.Value, *Error) {
	n := count.Number()
	if n < 0 {
		return like(s, s.Text())
	}
	return like(s, s.Text()[offsetUp(s, units(s)-n):])
}

// mid gives the whole string for a start or count outside the string, as
// documented.
func mid(s, start, count value.Value) (value.Value, *Error) {
	from, n := start.Number(), count.Number()
	total := units(s)
	switch {
	case n == 0:
		return like(s, "")
	case n < 0, from <= 0, from > total:
		return like(s, s.Text())
	}
	end := total
	if n < total-(from-1) {
		end = from - 1 + n
	}
	a, b := offsetUp(s, from-1), offset(s, end)
	return like(s, s.Text()[a:max(a, b)])
}

func length(s value.Value) (value.Value, *Error) { return value.I(units(s)), nil }

func trim(s value.Value) (value.Value, *Error) { return value.Str(strings.TrimSpace(s.Text())), nil }
func trimLeft(s value.Value) (value.Value, *Error) {
	return value.Str(strings.TrimLeftFunc(s.Text(), unicode.IsSpace)), nil
}
func trimRight(s value.Value) (value.Value, *Error) {
	return value.Str(strings.TrimRightFunc(s.Text(), unicode.IsSpace)), nil
}
func lower(s value.Value) (value.Value, *Error) { return value.Str(strings.ToLower(s.Text())), nil }
func upper(s value.Value) (value.Value, *Error) { return value.Str(strings.ToUpper(s.Text())), nil }

// proper writes each word with one capital. A word all in capitals may be an
// acronym and stays, as documented; PCase(LCase(x)) changes those, too.
func proper(s value.Value) (value.Value, *Error) {
	words := strings.Split(s.Text(), " ")
	for i, w := range words {
		if w != strings.ToUpper(w) {
			r := []rune(strings.ToLower(w))
			r[0] = unicode.ToUpper(r[0])
			words[i] = string(r)
		}
	}
	return value.Str(strings.Join(words, " ")), nil
}

func padLeft(s, length, char value.Value) (value.Value, *Error) {
	fill, err := padding(s, length, char)
	return value.Str(fill + s.Text()), err
}

func padRight(s, length, char value.Value) (value.Value, *Error) {
	fill, err := padding(s, length, char)
	return value.Str(s.Text() + fill), err
}

// padding is what a string lacks; an absent string is not padded.
func padding(s, length, char value.Value) (string, *Error) {
	if units(char) != 1 {
		_, err := fail("padCharacter must be exactly one character; here it is %q", char.Text())
		return "", err
	}
	missing := length.Number() - units(s)
	switch {
	case s.IsNull() || missing <= 0:
		return "", nil
	case missing > maxText/4:
		_, err := fail("a length of %d is more than any attribute holds", length.Number())
		return "", err
	}
	return strings.Repeat(char.Text(), int(missing)), nil
}

// monikers are the escapes that Replace knows in its arguments.
var monikers = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t")

func replace(s, old, new value.Value) (value.Value, *Error) {
	from, to := monikers.Replace(old.Text()), monikers.Replace(new.Text())
	if from == "" {
		return fail("oldValue must not be empty")
	}
	if growth := len(to) - len(from); growth > 0 && strings.Count(s.Text(), from) > (maxText-min(len(s.Text()), maxText))/growth {
		return fail("the text becomes longer than %d bytes", maxText)
	}
	return value.Str(strings.ReplaceAll(s.Text(), from, to)), nil
}

// replaceChars replaces single characters by texts: "ä:ae,ö:oe,':".
func replaceChars(s, pattern value.Value) (value.Value, *Error) {
	table := map[rune]string{}
	for _, pair := range strings.Split(strings.Map(dropSpace, pattern.Text()), ",") {
		if pair == "" {
			continue
		}
		from, to, ok := strings.Cut(pair, ":")
		r := []rune(from)
		if !ok || len(r) != 1 {
			return fail("%q in the replace pattern is not of the form character:text, with exactly one character before the colon", pair)
		}
		table[r[0]] = to
	}
	var b strings.Builder
	for _, r := range s.Text() {
		if to, ok := table[r]; ok {
			b.WriteString(to)
		} else {
			b.WriteRune(r)
		}
		if b.Len() > maxText {
			return fail("the text becomes longer than %d bytes", maxText)
		}
	}
	return value.Str(b.String()), nil
}

func dropSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

// word finds the n-th word; any of the delimiters separates, several in a row
// like one.
func word(s, number, delimiters value.Value) (value.Value, *Error) {
	if len(delimiters.Text()) > 1000 {
		return fail("there are more than 1000 delimiters")
	}
	n := number.Number()
	rest := s.Text()
	for n >= 1 {
		rest = strings.TrimLeft(rest, delimiters.Text())
		if rest == "" {
			break
		}
		end := strings.IndexAny(rest, delimiters.Text())
		if end < 0 {
			end = len(rest)
		}
		if n == 1 {
			return value.Str(rest[:end]), nil
		}
		rest, n = rest[end:], n-1
	}
	return value.Str(""), nil
}

func newGUID() (value.Value, *Error) {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return value.Str(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}
