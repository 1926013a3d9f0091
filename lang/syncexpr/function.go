package syncexpr

import (
	"fmt"
	"sort"

	"github.com/landfall-directory/landfall/lang/value"
)

// form says how a function treats its arguments.
type form uint8

const (
	formPlain    form = iota // arguments are evaluated, then the function is called
	formIIF                  // the last two are lazy
	formSwitch               // the values of the pairs are lazy
	formSelect               // Select($v, set, expression)
	formWhere                // Where($v, set, condition)
	formWith                 // With($v, value, expression)
	formImported             // ImportedValue("attribute")
	formCount                // ValueCount("attribute")
)

// passing says how an argument with several values is passed.
type passing uint8

const (
	passEach  passing = iota // one by one: the call is evaluated once per value
	passWhole                // as a set
)

// param is a parameter of a function.
type param struct {
	name   string
	accept typ
	pass   passing
	// null: the function deals with NULL itself; otherwise its result is NULL
	// when this argument is.
	null bool
	// enum are the constants that it takes.
	enum []string
	// omitted is the value of an argument that was left out; only the last
	// parameters have one.
	optional bool
	omitted  value.Value
}

// function is the signature and the implementation of a function. Exactly one
// of f0 to f4 is set for the plain form, by the number of parameters. An
// implementation can rely on the kinds of its arguments, never on their sizes.
type function struct {
	name   string
	form   form
	params []param
	result typ
	// card of the result.
	card card
	// like: the result is of the kind that the first argument has.
	like bool
	// changing: the result differs from run to run, although nothing else did.
	changing bool

	f0 func() (value.Value, *Error)
	f1 func(a value.Value) (value.Value, *Error)
	f2 func(a, b value.Value) (value.Value, *Error)
	f3 func(a, b, c value.Value) (value.Value, *Error)
	f4 func(a, b, c, d value.Value) (value.Value, *Error)
}

// functions are all functions by name.
var functions = index(flowFunctions, textFunctions, binaryFunctions, dateFunctions, setFunctions, nameFunctions, testFunctions, certFunctions)

func index(tables ...[]function) map[string]*function {
	all := map[string]*function{}
	for _, table := range tables {
		for i := range table {
			all[table[i].name] = &table[i]
		}
	}
	return all
}

func functionNames() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// arity is the least and the greatest number of arguments.
func (f *function) arity() (least, most int) {
	for _, p := range f.params {
		if !p.optional {
			least++
		}
	}
	return least, len(f.params)
}

// usage is the signature for messages: Left(string, count).
func (f *function) usage() string {
	s := f.name + "("
	for i, p := range f.params {
		if p.optional {
			s += "["
		}
		if i > 0 {
			s += ", "
		}
		s += p.name
		if p.optional {
			s += "]"
		}
	}
	if f.form == formSwitch {
		s += ", …"
	}
	return s + ")"
}

// The parameters that most functions have.
func text(name string) param   { return param{name: name, accept: tString} }
func number(name string) param { return param{name: name, accept: tInt} }
func date(name string) param   { return param{name: name, accept: tTime} }
func set(name string, accept typ) param {
	return param{name: name, accept: accept, pass: passWhole, null: true}
}
func anything(name string) param {
	return param{name: name, accept: tData, pass: passWhole, null: true}
}

// orNull lets the function deal with NULL itself.
func (p param) orNull() param {
	p.null = true
	return p
}

// or makes the parameter optional.
func (p param) or(omitted value.Value) param {
	p.optional, p.omitted = true, omitted
	return p
}

// oneOf is a parameter that takes named constants.
func oneOf(name string, constants ...string) param {
	return param{name: name, accept: tEnum, enum: constants}
}

// Error says why an expression has no value for one object. It concerns that
// object alone. The function Error("…") gives its text verbatim.
type Error struct {
	Text string
	// Offset and Length are the place in the expression.
	Offset, Length int
}

func (e *Error) Error() string { return e.Text }

func fail(format string, args ...any) (value.Value, *Error) {
	return value.Value{}, &Error{Text: fmt.Sprintf(format, args...)}
}
