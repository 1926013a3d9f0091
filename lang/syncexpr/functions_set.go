package syncexpr

import (
	"math"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/value"
)

// setFunctions see all values of an attribute at once.
var setFunctions = []function{
	{name: "Contains", params: []param{set("attribute", tString|tRef), text("search").orNull(), oneOf("caseType", "CaseInsensitive", "CaseSensitive").or(value.Str("CaseSensitive"))}, result: tInt, f3: contains},
	{name: "Count", params: []param{set("attribute", tData)}, result: tInt, f1: count},
	{name: "Item", params: []param{set("attribute", tData), number("index")}, result: tData, like: true, f2: item},
	{name: "ItemOrNull", params: []param{set("attribute", tData), number("index")}, result: tData, like: true, f2: itemOrNull},
	{name: "Join", params: []param{set("attribute", tString|tRef), text("delimiter").orNull().or(value.Str(" "))}, result: tString, f2: join},
	{name: "RemoveDuplicates", params: []param{set("attribute", tData)}, result: tData, like: true, card: many, f1: removeDuplicates},
	{name: "Split", params: []param{text("value"), text("delimiter"), number("limit").or(value.I(math.MaxInt64))}, result: tString, card: many, f3: split},
}

// contains is the index of the first value that contains the text; a reference
// must be equal to it. 0 is none.
func contains(attribute, search, mode value.Value) (value.Value, *Error) {
	if search.IsNull() {
		return value.I(0), nil
	}
	insensitive := mode.Text() == "CaseInsensitive"
	want := search.Text()
	if insensitive {
		want = fold(want)
	}
	for i, v := range attribute.Items() {
		have := v.Text()
		found := false
		switch {
		case v.Kind() == value.Ref && insensitive:
			found = dn.Key(have) == dn.Key(search.Text())
		case v.Kind() == value.Ref:
			found = have == want
		case insensitive:
			found = strings.Contains(fold(have), want)
		default:
			found = strings.Contains(have, want)
		}
		if found {
			return value.I(int64(i) + 1), nil
		}
	}
	return value.I(0), nil
}

func count(attribute value.Value) (value.Value, *Error) {
	return value.I(int64(len(attribute.Items()))), nil
}

func item(attribute, index value.Value) (value.Value, *Error) {
	items, i := attribute.Items(), index.Number()
	if i < 1 || i > int64(len(items)) {
		return fail("there is no value number %d; the attribute has %d", i, len(items))
	}
	return items[i-1], nil
}

func itemOrNull(attribute, index value.Value) (value.Value, *Error) {
	items, i := attribute.Items(), index.Number()
	if i < 1 || i > int64(len(items)) {
		return value.Value{}, nil
	}
	return items[i-1], nil
}

func join(attribute, delimiter value.Value) (value.Value, *Error) {
	var b strings.Builder
	for i, v := range attribute.Items() {
		if i > 0 {
			b.WriteString(delimiter.Text())
		}
		b.WriteString(v.Text())
		if b.Len() > maxText {
			return fail("the text becomes longer than %d bytes", maxText)
		}
	}
	return value.Str(b.String()), nil
}

// removeDuplicates keeps the first of equal values. Texts are equal without
// regard to case, as in the attributes of Active Directory.
func removeDuplicates(attribute value.Value) (value.Value, *Error) {
	items := attribute.Items()
	type identity struct {
		kind value.Kind
		text string
	}
	seen := make(map[identity]bool, len(items))
	out := make([]value.Value, 0, len(items))
	for _, v := range items {
		id := identity{v.Kind(), v.LDAP()}
		switch v.Kind() {
		case value.String:
			id.text = fold(id.text)
		case value.Ref:
			id.text = dn.Key(id.text)
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, v)
		}
	}
	return value.ListOf(out), nil
}

// split gives at most limit values; the last holds the rest.
func split(v, delimiter, limit value.Value) (value.Value, *Error) {
	if units(delimiter) != 1 {
		return fail("the delimiter must be exactly one character; here it is %q", shorten(delimiter.Text()))
	}
	if limit.Number() < 1 {
		return fail("the limit must be at least 1; here it is %d", limit.Number())
	}
	parts := strings.SplitN(v.Text(), delimiter.Text(), int(min(limit.Number(), math.MaxInt32)))
	out := make([]value.Value, len(parts))
	for i, p := range parts {
		out[i] = value.Str(p)
	}
	return value.ListOf(out), nil
}
