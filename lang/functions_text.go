package lang

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// textFunction makes a function from one text to another.
func textFunction(param string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			return cty.StringVal(s), err
		},
	})
}

// testFunction makes a function that compares two texts.
func testFunction(param string, f func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

var (
	startsWith  = testFunction("prefix", strings.HasPrefix)
	endsWith    = testFunction("suffix", strings.HasSuffix)
	strContains = testFunction("part", strings.Contains)
)

// replaceText replaces every occurrence; a pattern between slashes is a regular
// expression, as in Terraform.
var replaceText = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "search", Type: cty.String}, {Name: "replacement", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		s, search, by := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(search) > 1 && strings.HasPrefix(search, "/") && strings.HasSuffix(search, "/") {
			re, err := regexp.Compile(search[1 : len(search)-1])
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "not a regular expression: %s", err)
			}
			return cty.StringVal(re.ReplaceAllString(s, by)), nil
		}
		return cty.StringVal(strings.ReplaceAll(s, search, by)), nil
	},
})

var (
	base64Encode = textFunction("text", func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil })
	base64Decode = textFunction("base64", func(s string) (string, error) {
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil || !utf8.Valid(raw) {
			return "", errors.New("the argument is not base64 of UTF-8 text")
		}
		return string(raw), nil
	})
	sha256Text = textFunction("text", func(s string) (string, error) {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	})
)

var (
	leftUnits  = unitsFunction(left)
	rightUnits = unitsFunction(right)
)

func unitsFunction(f func(string, int64) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "units", Type: cty.Number}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			n, ok := number64(args[1])
			if !ok || n < 0 {
				return cty.NilVal, function.NewArgError(1, errors.New("must be a whole number, 0 or more"))
			}
			return cty.StringVal(f(args[0].AsString(), n)), nil
		},
	})
}

// left is as much of the beginning of s as fits into n UTF-16 units, the unit of
// AD's limits, without splitting a character.
func left(s string, n int64) string {
	var used int64
	for i, r := range s {
		if used += units(r); used > n {
			return s[:i]
		}
	}
	return s
}

// right is left for the end of s.
func right(s string, n int64) string {
	var used int64
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if used += units(r); used > n {
			return s[i:]
		}
		i -= size
	}
	return s
}

func units(r rune) int64 {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

func describeOctets(s string) string {
	if len(s) > 40 {
		s = left(s, 40) + "…"
	}
	return fmt.Sprintf("%q", s)
}
