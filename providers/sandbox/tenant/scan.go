package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The tenant keeps values as the JSON text that they were read in: loading cuts
// one text into pieces, and answering a request joins pieces. The functions of
// this file walk text that checkJSON has accepted.

// syntaxError is a place in a text that is not JSON.
type syntaxError struct {
	at  int
	msg string
}

// checkJSON reports why data is not one JSON value in UTF-8, nil if it is.
func checkJSON(data []byte) *syntaxError {
	if !utf8.Valid(data) {
		at := 0
		for at < len(data) {
			r, size := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		return &syntaxError{at: at, msg: "not UTF-8"}
	}
	if json.Valid(data) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		return &syntaxError{at: int(bad.Offset), msg: bad.Error()}
	}
	return &syntaxError{at: len(data), msg: fmt.Sprint(err)}
}

// skipSpace returns the first position at or after i that is not white space.
func skipSpace(text string, i int) int {
	for i < len(text) {
		switch text[i] {
		case ' ', '\t', '\r', '\n':
			i++
		default:
			return i
		}
	}
	return i
}

// endOfString returns the position after the string that begins at i.
func endOfString(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// endOfValue returns the position after the value that begins at i.
func endOfValue(text string, i int) int {
	switch text[i] {
	case '"':
		return endOfString(text, i)
	case '{', '[':
		depth := 0
		for i < len(text) {
			switch text[i] {
			case '"':
				i = endOfString(text, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	for i < len(text) && !strings.ContainsRune(",]} \t\r\n", rune(text[i])) {
		i++
	}
	return i
}

// eachMember calls f for every member of the object that begins at text[at].
// valueAt is the position of the value in text.
func eachMember(text string, at int, f func(name string, valueAt, valueEnd int) error) error {
	for i := skipSpace(text, at+1); i < len(text) && text[i] != '}'; {
		end := endOfString(text, i)
		name := unquote(text[i:end])
		i = skipSpace(text, end) // the colon
		i = skipSpace(text, i+1) // the value
		end = endOfValue(text, i)
		if err := f(name, i, end); err != nil {
			return err
		}
		i = skipSpace(text, end)
		if i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return nil
}

// eachElement calls f for every element of the array that begins at text[at].
func eachElement(text string, at int, f func(valueAt, valueEnd int) error) error {
	for i := skipSpace(text, at+1); i < len(text) && text[i] != ']'; {
		end := endOfValue(text, i)
		if err := f(i, end); err != nil {
			return err
		}
		i = skipSpace(text, end)
		if i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return nil
}

// unquote returns the text of a JSON string.
func unquote(raw string) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return ""
	}
	return s
}

// quote returns text as a JSON string, without HTML escapes.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// compact removes white space between the tokens of a value.
func compact(raw string) string {
	if (raw[0] != '{' && raw[0] != '[') || !strings.ContainsAny(raw, " \t\r\n") {
		return raw
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(raw)); err != nil {
		return raw
	}
	return b.String()
}

// jsonType names the JSON type of a value for people.
func jsonType(raw string) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
