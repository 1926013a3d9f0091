// Package value holds the one value type that both expression languages, the
// metaverse and the connector spaces share. It is a leaf: it knows no HCL.
package value

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds. Ignore and AuthoritativeNull are results that only the sync-rule
// expression language can give; they mean something only as the final value of
// a flow (IgnoreThisFlow, AuthoritativeNull).
const (
	Null Kind = iota
	String
	Bool
	Int
	Bytes
	Time
	Ref // a distinguished name, as text
	List
	Ignore
	AuthoritativeNull
)

var kindNames = [...]string{"null", "string", "bool", "number", "binary", "time", "reference", "list", "IgnoreThisFlow", "AuthoritativeNull"}

func (k Kind) String() string { return kindNames[k] }

// Value is one immutable value, or a list of single values (lists never nest).
// The zero Value is Null.
type Value struct {
	kind Kind
	n    int64  // Int; Bool as 0 or 1
	s    string // String, Ref as text; Bytes as raw octets
	t    time.Time
	list []Value
}

// Str, B, I, Octets, T, Reference and ListOf make values. ListOf of no values
// is the empty list, which is how an absent multi-valued attribute reads.
func Str(s string) Value { return Value{kind: String, s: s} }
func B(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.n = 1
	}
	return v
}
func I(n int64) Value          { return Value{kind: Int, n: n} }
func Octets(raw string) Value  { return Value{kind: Bytes, s: raw} }
func T(t time.Time) Value      { return Value{kind: Time, t: t.UTC()} }
func Reference(s string) Value { return Value{kind: Ref, s: s} }
func ListOf(vs []Value) Value  { return Value{kind: List, list: vs} }
func IgnoreThisFlow() Value    { return Value{kind: Ignore} }
func AuthNull() Value          { return Value{kind: AuthoritativeNull} }

// Kind tells what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is absent.
func (v Value) IsNull() bool { return v.kind == Null }

// Text is the string, reference or raw octets of v; "" for other kinds.
func (v Value) Text() string { return v.s }

// Truth is the boolean v holds; false for every other kind.
func (v Value) Truth() bool { return v.kind == Bool && v.n != 0 }

// Number is the integer v holds, 0 for other kinds.
func (v Value) Number() int64 { return v.n }

// When is the time v holds, always UTC.
func (v Value) When() time.Time { return v.t }

// Items are the values of a list; nil for Null; v itself otherwise.
func (v Value) Items() []Value {
	switch v.kind {
	case List:
		return v.list
	case Null:
		return nil
	}
	return []Value{v}
}

// LDAP renders a single value in LDAP's spelling, the one that plans use: TRUE
// and FALSE, decimal integers, generalized time, octets as they are. It is ""
// for Null, lists and control values.
func (v Value) LDAP() string {
	switch v.kind {
	case String, Ref, Bytes:
		return v.s
	case Bool:
		if v.n != 0 {
			return "TRUE"
		}
		return "FALSE"
	case Int:
		return strconv.FormatInt(v.n, 10)
	case Time:
		return v.t.Truncate(time.Second).Format("20060102150405.0Z")
	}
	return ""
}

// Display renders v for people and for text comparison: booleans as True and
// False (as Entra Connect prints them), octets as base64, lists comma separated.
func (v Value) Display() string {
	switch v.kind {
	case Bool:
		if v.n != 0 {
			return "True"
		}
		return "False"
	case Bytes:
		return base64.StdEncoding.EncodeToString([]byte(v.s))
	case Time:
		return v.t.Format(time.RFC3339)
	case List:
		parts := make([]string, len(v.list))
		for i, item := range v.list {
			parts[i] = item.Display()
		}
		return strings.Join(parts, ", ")
	case Null:
		return "NULL"
	case Ignore, AuthoritativeNull:
		return v.kind.String()
	}
	return v.LDAP()
}
