package syncexpr

import (
	"math/rand/v2"

	"github.com/landfall-directory/landfall/lang/value"
)

// testFunctions ask what a value is, and work on its bits.
var testFunctions = []function{
	{name: "IsNull", params: []param{anything("expression")}, result: tBool, f1: isNull},
	{name: "IsEmpty", params: []param{anything("expression")}, result: tBool, f1: isEmpty},
	{name: "IsNullOrEmpty", params: []param{anything("expression")}, result: tBool, f1: isNullOrEmpty},
	{name: "IsPresent", params: []param{anything("expression")}, result: tBool, f1: isPresent},
	{name: "IsString", params: []param{one("expression")}, result: tBool, f1: isString},
	{name: "IsNumeric", params: []param{one("expression")}, result: tBool, f1: isNumeric},
	{name: "IsDate", params: []param{one("expression")}, result: tBool, f1: isDate},
	{name: "IsGuid", params: []param{one("expression")}, result: tBool, f1: isGUID},
	{name: "IsBitSet", params: []param{number("value").orNull(), number("flag")}, result: tBool, f2: isBitSet},
	{name: "BitAnd", params: []param{number("value1"), number("value2")}, result: tInt, f2: bitAnd},
	{name: "BitOr", params: []param{number("value1"), number("value2")}, result: tInt, f2: bitOr},
	{name: "RandomNum", params: []param{number("start"), number("end")}, result: tInt, changing: true, f2: randomNum},
}

// one is a parameter of any kind that is looked at value by value.
func one(name string) param { return param{name: name, accept: tData, null: true} }

func isNull(v value.Value) (value.Value, *Error) {
	return value.B(v.Kind() == value.List && len(v.Items()) == 0 || v.IsNull()), nil
}

func isEmpty(v value.Value) (value.Value, *Error) {
	return value.B(v.Kind() == value.String && v.Text() == ""), nil
}

func isNullOrEmpty(v value.Value) (value.Value, *Error) { return value.B(!present(v)), nil }
func isPresent(v value.Value) (value.Value, *Error)     { return value.B(present(v)), nil }

// present reports whether there is a value that is not the empty text.
func present(v value.Value) bool {
	for _, item := range v.Items() {
		if item.Kind() != value.String || item.Text() != "" {
			return true
		}
	}
	return false
}

func isString(v value.Value) (value.Value, *Error) {
	return value.B(kindOf(v)&(tString|tRef) != 0), nil
}

func isNumeric(v value.Value) (value.Value, *Error) {
	if v.Kind() == value.String {
		_, err := parseNumber(v.Text())
		return value.B(err == nil), nil
	}
	return value.B(v.Kind() == value.Int), nil
}

func isDate(v value.Value) (value.Value, *Error) {
	if v.Kind() == value.String {
		_, ok := parseDate(v.Text())
		return value.B(ok), nil
	}
	return value.B(v.Kind() == value.Time), nil
}

func isGUID(v value.Value) (value.Value, *Error) {
	_, ok := parseGUID(v.Text())
	return value.B(v.Kind() == value.String && ok), nil
}

// isBitSet is true when any of the flag's bits is set.
func isBitSet(v, flag value.Value) (value.Value, *Error) {
	return value.B(v.Number()&flag.Number() != 0), nil
}

func bitAnd(a, b value.Value) (value.Value, *Error) { return value.I(a.Number() & b.Number()), nil }
func bitOr(a, b value.Value) (value.Value, *Error)  { return value.I(a.Number() | b.Number()), nil }

// randomNum includes both limits.
func randomNum(start, end value.Value) (value.Value, *Error) {
	if end.Number() < start.Number() {
		return fail("the end %d lies before the start %d", end.Number(), start.Number())
	}
	span := uint64(end.Number()) - uint64(start.Number()) + 1
	if span == 0 {
		return value.I(int64(rand.Uint64())), nil
	}
	return value.I(int64(uint64(start.Number()) + rand.Uint64N(span))), nil
}
