package syncexpr

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/landfall-directory/landfall/lang/identifier"
	"github.com/landfall-directory/landfall/lang/value"
)

// binaryFunctions convert between kinds, and between texts and binary.
var binaryFunctions = []function{
	{name: "CBool", params: []param{{name: "expression", accept: tBool | tInt | tString, null: true}}, result: tBool, f1: cBool},
	{name: "CNum", params: []param{{name: "value", accept: tString | tInt | tBytes}}, result: tInt, f1: cNum},
	{name: "CStr", params: []param{{name: "value", accept: tData}}, result: tString, f1: cStr},
	{name: "CRef", params: []param{{name: "value", accept: tString | tRef}}, result: tRef, f1: cRef},
	{name: "CGuid", params: []param{text("guid")}, result: tBytes, f1: cGUID},
	{name: "CBin", params: []param{number("value"), number("length")}, result: tBytes, f2: cBin},
	{name: "StringFromGuid", params: []param{{name: "guid", accept: tBytes}}, result: tString, f1: stringFromGUID},
	{name: "StringFromSid", params: []param{{name: "sid", accept: tBytes}}, result: tString, f1: stringFromSID},
	{name: "ConvertToBase64", params: []param{{name: "source", accept: tString | tBytes}}, result: tString, f1: toBase64},
	{name: "ConvertFromBase64", params: []param{text("source"), oneOf("encoding", "Unicode", "ASCII", "UTF8").or(value.Str("Unicode"))}, result: tString, f2: fromBase64},
	{name: "ConvertToUTF8Hex", params: []param{text("source")}, result: tString, f1: toUTF8Hex},
	{name: "ConvertFromUTF8Hex", params: []param{text("source")}, result: tString, f1: fromUTF8Hex},
	{name: "Thumbprint", params: []param{{name: "binary", accept: tBytes}}, result: tBytes, f1: thumbprint},
}

// cBool: NULL is False; numbers are True unless 0; of texts, "True" and "False"
// are understood.
func cBool(v value.Value) (value.Value, *Error) {
	switch v.Kind() {
	case value.Bool:
		return v, nil
	case value.Int:
		return value.B(v.Number() != 0), nil
	case value.Null:
		return value.B(false), nil
	}
	switch s := strings.TrimSpace(v.Text()); {
	case strings.EqualFold(s, "true"):
		return value.B(true), nil
	case strings.EqualFold(s, "false"), s == "":
		return value.B(false), nil
	default:
		return fail("%q is neither True nor False", shorten(s))
	}
}

// cNum reads a text as a number, and binary as a little-endian one.
func cNum(v value.Value) (value.Value, *Error) {
	switch v.Kind() {
	case value.Int:
		return v, nil
	case value.Bytes:
		if len(v.Text()) == 0 || len(v.Text()) > 8 {
			return fail("a number has 1 to 8 bytes; here are %d", len(v.Text()))
		}
		var b [8]byte
		copy(b[:], v.Text())
		return value.I(int64(binary.LittleEndian.Uint64(b[:]))), nil
	}
	return parseNumber(v.Text())
}

// parseNumber reads a decimal number, or a hexadecimal one as 0x… or &H….
func parseNumber(s string) (value.Value, *Error) {
	digits := strings.TrimSpace(s)
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return value.I(n), nil
	}
	if len(digits) > 2 && (digits[0] == '0' && digits[1]|0x20 == 'x' || digits[0] == '&' && digits[1]|0x20 == 'h') {
		if n, err := strconv.ParseUint(digits[2:], 16, 64); err == nil {
			return value.I(int64(n)), nil
		}
	}
	return fail("%q is not a whole number of at most 64 bits", shorten(s))
}

// cStr refuses binary for each object, not when it is compiled: standard rules
// have IIF(IsString([objectGUID]),CStr([objectGUID]),ConvertToBase64([objectGUID])).
func cStr(v value.Value) (value.Value, *Error) {
	if v.Kind() == value.Bytes {
		return fail("binary is no text; use ConvertToBase64, StringFromGuid or StringFromSid")
	}
	return value.Str(v.Display()), nil
}

// cRef does not check the text: what names an object depends on the directory.
func cRef(v value.Value) (value.Value, *Error) {
	if v.Text() == "" {
		return value.Value{}, nil
	}
	return value.Reference(v.Text()), nil
}

// cBin writes a number as length bytes, little-endian.
func cBin(v, length value.Value) (value.Value, *Error) {
	n := length.Number()
	if n < 1 || n > 8 {
		return fail("the length must be 1 to 8 bytes; here it is %d", n)
	}
	if n < 8 && (v.Number() < 0 || v.Number()>>(8*n) != 0) {
		return fail("%d does not fit into %d bytes", v.Number(), n)
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(v.Number()))
	return value.Octets(string(b[:n])), nil
}

// parseGUID reads a GUID, with or without braces.
func parseGUID(s string) (string, bool) {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	return identifier.ParseGUID(s)
}

func cGUID(v value.Value) (value.Value, *Error) {
	b, ok := parseGUID(v.Text())
	if !ok {
		return fail("%q is not a GUID", shorten(v.Text()))
	}
	return value.Octets(b), nil
}

func stringFromGUID(v value.Value) (value.Value, *Error) {
	if len(v.Text()) != 16 {
		return fail("a GUID has 16 bytes; here are %d", len(v.Text()))
	}
	return value.Str(identifier.FormatGUID(v.Text())), nil
}

func stringFromSID(v value.Value) (value.Value, *Error) {
	text := identifier.FormatSID(v.Text())
	if text == "" {
		return fail("this is not the binary form of a SID: %d bytes", len(v.Text()))
	}
	return value.Str(text), nil
}

// toBase64 encodes binary as it is, and a text as UTF-16, as documented.
func toBase64(v value.Value) (value.Value, *Error) {
	raw := []byte(v.Text())
	if v.Kind() != value.Bytes {
		raw = raw[:0]
		for _, u := range utf16.Encode([]rune(v.Text())) {
			raw = append(raw, byte(u), byte(u>>8))
		}
	}
	return value.Str(base64.StdEncoding.EncodeToString(raw)), nil
}

func fromBase64(v, encoding value.Value) (value.Value, *Error) {
	raw, err := base64.StdEncoding.DecodeString(v.Text())
	if err != nil {
		return fail("%q is not base64", shorten(v.Text()))
	}
	switch encoding.Text() {
	case "UTF8":
		return value.Str(strings.ToValidUTF8(string(raw), "�")), nil
	case "ASCII":
		for i, c := range raw {
			if c > 0x7f {
				raw[i] = '?'
			}
		}
		return value.Str(string(raw)), nil
	}
	u := make([]uint16, 0, len(raw)/2+1)
	for i := 0; i+1 < len(raw); i += 2 {
		u = append(u, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	if len(raw)%2 == 1 {
		u = append(u, 0xfffd)
	}
	return value.Str(string(utf16.Decode(u))), nil
}

func toUTF8Hex(v value.Value) (value.Value, *Error) {
	return value.Str(strings.ToUpper(hex.EncodeToString([]byte(v.Text())))), nil
}

func fromUTF8Hex(v value.Value) (value.Value, *Error) {
	raw, err := hex.DecodeString(v.Text())
	if err != nil {
		return fail("%q is not hexadecimal", shorten(v.Text()))
	}
	return value.Str(strings.ToValidUTF8(string(raw), "�")), nil
}

// thumbprint is the SHA-256 hash of a key. Which hash Entra Connect takes is not
// documented; the length of 32 bytes is what its key credentials hold.
func thumbprint(v value.Value) (value.Value, *Error) {
	sum := sha256.Sum256([]byte(v.Text()))
	return value.Octets(string(sum[:])), nil
}

// shorten keeps messages readable.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
