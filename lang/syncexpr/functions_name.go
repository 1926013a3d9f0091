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

// components cuts a name at its unescaped commas.
func components(name string) ([]component, *Error) {
	var out []component
	for start, i, quoted := 0, 0, false; i <= len(name); i++ {
		if i < len(name) {
			switch name[i] {
			case '\\':
				i++
				continue
			case '"':
				quoted = !quoted
				continue
			case ',':
				if quoted {
					continue
				}
			default:
				continue
			}
		}
		part := name[start:min(i, len(name))]
		typ, val, ok := strings.Cut(part, "=")
		if !ok {
			_, err := fail("%q is not a distinguished name", shorten(name))
			return nil, err
		}
		out = append(out, component{strings.TrimSpace(typ), trimUnescaped(val)})
		start = i + 1
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
		return fail("DNComponent: components count from 1; here is %d", number.Number())
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
		return fail("DNComponentRev: components count from 1; here is %d", n)
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
