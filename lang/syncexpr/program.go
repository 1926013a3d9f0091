package syncexpr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// Options say where an expression stands.
type Options struct {
	// Source is the schema of the object that flows from; nil: attributes are
	// not checked, and whether one has several values is found out per object.
	Source *schema.Schema
	// Params are the names allowed as %name%; nil: those that an AD connector of
	// Entra Connect provides.
	Params []string
	// ExecuteOnce: the flow is applied only when the object is created, so that
	// random results do no harm.
	ExecuteOnce bool
}

// InputKind says what an input is. The order is that of lang.UseKind.
type InputKind uint8

// The kinds of input: an attribute, ImportedValue("attribute") (its value as
// confirmed by import), ValueCount("attribute") (a number; absent is 0), and a
// %parameter%.
const (
	InputAttribute InputKind = iota
	InputImported
	InputCount
	InputParam
)

// Input is something that an expression reads.
type Input struct {
	Name string
	Kind InputKind
}

// Program is a compiled expression.
type Program struct {
	// Inputs are in the order of Eval's arguments: that of first mention.
	Inputs []Input
	// Const: no inputs, and the same result each time.
	Const bool

	tree  *node
	run   eval
	slots int
}

// Compile checks and compiles a text. The program is nil if any of the problems
// is not a warning. Problems are in the order of the text.
func Compile(text string, opts Options) (*Program, []Problem) {
	tree, prob := parse(text)
	if prob != nil {
		return nil, []Problem{*prob}
	}
	c := checker{opts: opts, vars: map[string]info{}, bound: map[key]bool{}, index: map[Input]int{}}
	c.root(tree)
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return a.Offset - b.Offset })
	if c.failed {
		return nil, c.problems
	}
	comp := compiler{index: c.index, bound: map[key]int{}, vars: map[string]int{}}
	run := comp.expr(tree)
	return &Program{Inputs: c.inputs, Const: len(c.inputs) == 0 && !c.changing, tree: tree, run: run, slots: comp.slots}, c.problems
}

// String is an expression equivalent to the one that was compiled.
func (p *Program) String() string {
	var b strings.Builder
	p.tree.print(&b)
	return b.String()
}

// largeTree is the number of nodes from which on a program's work is counted even
// if it has no loops. Real expressions have less than a hundred.
const largeTree = 1000

// Eval computes the value for one object; args[i] is the value of Inputs[i]:
// Null when absent, a List for a multi-valued attribute. The result is Null for
// "no value", which an empty text and an empty list are, too; a List for several
// values; Ignore or AuthoritativeNull where the expression says so. The error is
// an *Error and concerns this object alone. Eval may be called concurrently.
func (p *Program) Eval(args []value.Value) (value.Value, error) {
	if len(args) != len(p.Inputs) {
		return value.Value{}, &Error{Text: fmt.Sprintf("the expression reads %d inputs and was given %d", len(p.Inputs), len(args))}
	}
	s := scope{args: args}
	if p.slots > 0 || p.tree.info.size > largeTree {
		s.frame = &frame{slots: make([]value.Value, p.slots), left: budget}
	}
	v, err := p.run(s)
	if err == nil {
		v, err = final(v)
	}
	if err != nil {
		p.tree.place(err)
		return value.Value{}, err
	}
	return v, nil
}

// final turns the value of the expression into what flows: nothing empty does.
func final(v value.Value) (value.Value, *Error) {
	switch v.Kind() {
	case value.String, value.Ref, value.Bytes:
		if v.Text() == "" {
			return value.Value{}, nil
		}
	case value.List:
		return finalList(v)
	}
	return v, nil
}

func finalList(v value.Value) (value.Value, *Error) {
	items := v.Items()
	control, empty := 0, 0
	for _, item := range items {
		if item.Kind() == value.Ignore || item.Kind() == value.AuthoritativeNull {
			control++
		} else if f, _ := final(item); f.IsNull() {
			empty++
		}
	}
	switch {
	case control > 0:
		if control == len(items) && !slices.ContainsFunc(items, func(i value.Value) bool { return i.Kind() != items[0].Kind() }) {
			return items[0], nil
		}
		return fail("IgnoreThisFlow and AuthoritativeNull concern an attribute as a whole; they cannot stand for one value of several")
	case empty == len(items):
		return value.Value{}, nil
	case empty == 0:
		return v, nil
	}
	out := make([]value.Value, 0, len(items)-empty)
	for _, item := range items {
		if f, _ := final(item); !f.IsNull() {
			out = append(out, item)
		}
	}
	return value.ListOf(out), nil
}
