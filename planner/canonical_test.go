package planner

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCanonicalForm: the examples of RFC 8785 that plans can hold, which have no
// fractions.
func TestCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		`{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`:                                                                                                               `{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`: `{"\r":"Carriage Return","1":"One","` + "\u0080" + `":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","` + "\ufb33" + `":"Hebrew Letter Dalet With Dagesh"}`,
		" [ 0, -7 , 12345678901234567890,{ } ,[ ]]\n": `[0,-7,12345678901234567890,{},[]]`,
		`"\b\t\f\r\u2028\u007f<&>"`:                   `"\b\t\f\r` + "\u2028\u007f" + `<&>"`,
	} {
		tree, err := parseJSON([]byte(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if got := string(appendCanonical(nil, tree)); got != want {
			t.Errorf("%s:\n%s, want\n%s", in, got, want)
		}
	}
}

// TestCanonicalIsTheSameValue: a text goes through the canonical form and comes
// back.
func TestCanonicalIsTheSameValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "?")
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != s {
			t.Fatalf("%q came back as %q: %v", s, back, err)
		}
	})
}

func TestOneValueOfJSON(t *testing.T) {
	for in, want := range map[string]error{
		"{}" + strings.Repeat(" ", 1<<16) + "\n": nil, "{}" + strings.Repeat(" ", 1<<16) + "x": errMoreJSON, "{}{}": errMoreJSON, "[]]": errMoreJSON,
		`{"a":`: io.ErrUnexpectedEOF, "": io.EOF,
	} {
		if _, err := parseJSON([]byte(in)); !errors.Is(err, want) {
			t.Errorf("%.10s… of %d bytes: %v", in, len(in), err)
		}
	}
}
