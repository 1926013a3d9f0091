package syncexpr

import (
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/value"
)

// nameFunctions take distinguished names apart. They keep the spelling that a
// value has in the name: a standard rule looks for "\0ACNF:" in the result of
// DNComponent.
var nameFunctions = []function{
	{name: "DNComponent", params: []param{{name: "dn", accept: tRef}, number("number")}, result: tString, f2: dnComponent},
	{name: "DNComponentRev", params: []param{{name: "dn", accept: tRef}, number("number"), oneOf("option", "DC").or(value.Str(""))}, result: tString, f3: dnComponentRev},
	{name: "EscapeDNComponent", params: []param{text("value")}, result: tString, f1: escapeDNComponent},
}

// component is a part of a name, as spelt.
type component struct{ typ, value string }

// components cuts a name at its commas, except those that are escaped or in
// quotes.
func components(name string) ([]component, *Error) {
	var out []component
	start, quoted := 0, false
	for i := 0; i <= len(name); i++ {
		switch {
		case i < len(name) && name[i] == '\\':
			i++
			continue
		case i < len(name) && name[i] == '"':
			quoted = !quoted
		}
		if i < len(name) && (quoted || name[i] != ',') {
			continue
		}
		typ, val, ok := strings.Cut(name[start:i], "=")
		if !ok {
			break
		}
		out = append(out, component{strings.TrimSpace(typ), trimUnescaped(val)})
		start = i + 1
	}
	if start <= len(name) { // stopped early, or at a backslash that escapes nothing
		_, err := fail("%q is not a distinguished name", shorten(name))
		return nil, err
	}
	return out, nil
}

// trimUnescaped removes blanks around a value, except one that is escaped.
func trimUnescaped(s string) string {
	s = strings.TrimLeft(s, " ")
	t := strings.TrimRight(s, " ")
	if backslashes := len(t) - len(strings.TrimRight(t, `\`)); backslashes%2 == 1 && len(t) < len(s) {
		t += " "
	}
	return t
}

// dnComponent is the value of the n-th component from the left, NULL when the
// name has fewer.
func dnComponent(name, number value.Value) (value.Value, *Error) {
	if number.Number() < 1 {
		return fail("components count from 1; here is %d", number.Number())
	}
	parts, err := components(name.Text())
	if err != nil || number.Number() > int64(len(parts)) {
		return value.Value{}, err
	}
	return value.Str(parts[number.Number()-1].value), nil
}

// dnComponentRev counts from the right; with the option DC, without the
// components of the domain.
func dnComponentRev(name, number, option value.Value) (value.Value, *Error) {
	n := number.Number()
	if n < 1 {
		return fail("components count from 1; here is %d", n)
	}
	parts, err := components(name.Text())
	if err != nil {
		return value.Value{}, err
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if option.Text() == "DC" && strings.EqualFold(parts[i].typ, "dc") {
			continue
		}
		if n--; n == 0 {
			return value.Str(parts[i].value), nil
		}
	}
	return value.Value{}, nil
}

// escapeDNComponent escapes the value of one component, "CN=…"; without a type,
// the whole text is the value.
func escapeDNComponent(v value.Value) (value.Value, *Error) {
	typ, val, ok := strings.Cut(v.Text(), "=")
	if !ok {
		return value.Str(dn.Escape(v.Text())), nil
	}
	return value.Str(typ + "=" + dn.Escape(val)), nil
}
