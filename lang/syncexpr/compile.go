package syncexpr

import (
	"maps"

	"github.com/landfall-directory/landfall/lang/value"
)

// eval is a compiled node.
type eval func(s scope) (value.Value, *Error)

// scope is what an evaluation sees. frame is nil when the program has no slots.
type scope struct {
	args  []value.Value // the inputs
	frame *frame
}

// frame belongs to one evaluation.
type frame struct {
	slots []value.Value // variables, and the values of what is walked through
	left  int           // nodes that may still be evaluated in loops
}

// budget bounds the work of nested loops. It is far above what the largest group
// needs (a million members, 50 nodes each).
const budget = 1 << 26

// places says where the compiled code finds what is bound at a place in the
// tree: sources that are walked through, and variables.
type places struct {
	bound map[key]int
	vars  map[string]int
}

type compiler struct {
	index map[Input]int
	slots int
}

func (c *compiler) slot() int {
	c.slots++
	return c.slots - 1
}

func (c *compiler) expr(n *node, at places) eval {
	if len(at.bound) > 0 {
		if slot, ok := at.bound[n.key()]; ok {
			return readSlot(slot)
		}
	}
	if n.info.region != nil {
		return c.region(n, at)
	}
	return c.node(n, at)
}

func readSlot(slot int) eval {
	return func(s scope) (value.Value, *Error) { return s.frame.slots[slot], nil }
}

// region evaluates n once per value of the source that has several.
func (c *compiler) region(n *node, at places) eval {
	type walk struct {
		eval eval
		slot int
		many bool
	}
	inner := places{vars: at.vars, bound: make(map[key]int, len(at.bound)+len(n.info.region))}
	maps.Copy(inner.bound, at.bound)
	var walks []walk
	for _, s := range n.info.region {
		if _, ok := at.bound[s.key]; ok {
			continue // one value already
		}
		slot := c.slot()
		walks = append(walks, walk{c.expr(s.node, at), slot, s.card == many})
		inner.bound[s.key] = slot
	}
	body := c.node(n, inner)
	size := n.info.size
	return func(s scope) (value.Value, *Error) {
		through := -1
		for i, w := range walks {
			v, err := w.eval(s)
			if err != nil {
				return value.Value{}, err
			}
			s.frame.slots[w.slot] = v
			if w.many || v.Kind() == value.List {
				if through >= 0 {
					return fail("two attributes with several values are evaluated value by value in one expression")
				}
				through = i
			}
		}
		if through < 0 {
			return body(s)
		}
		slot := walks[through].slot
		return s.each(s.frame.slots[slot].Items(), slot, size, body)
	}
}

// each evaluates body for every item and drops what is NULL.
func (s scope) each(items []value.Value, slot, cost int, body eval) (value.Value, *Error) {
	out := make([]value.Value, 0, len(items))
	for _, item := range items {
		if err := s.spend(cost); err != nil {
			return value.Value{}, err
		}
		s.frame.slots[slot] = item
		v, err := body(s)
		switch {
		case err != nil:
			return value.Value{}, err
		case v.Kind() == value.List:
			return fail("the expression gives several values for each value of an attribute")
		case !v.IsNull():
			out = append(out, v)
			if err := s.spend(len(v.Text()) >> 4); err != nil {
				return value.Value{}, err
			}
		}
	}
	return value.ListOf(out), nil
}

func (s scope) spend(cost int) *Error {
	if s.frame.left -= cost; s.frame.left < 0 {
		return &Error{Text: "the evaluation takes too long: it walks through very many values"}
	}
	return nil
}

func constant(v value.Value) eval {
	return func(scope) (value.Value, *Error) { return v, nil }
}

func (c *compiler) node(n *node, at places) eval {
	switch n.kind {
	case nodeString:
		return constant(value.Str(n.text))
	case nodeNumber:
		return constant(value.I(n.num))
	case nodeAttribute:
		return c.input(n.text, InputAttribute)
	case nodeParameter:
		return c.parameter(n)
	case nodeVariable:
		return readSlot(at.vars[n.text])
	case nodeConstant:
		return constant(constantValue(n.text))
	case nodeMinus:
		return c.minus(n, at)
	case nodeChain:
		return c.chain(n, at)
	}
	return c.call(n, at)
}

func (c *compiler) input(name string, kind InputKind) eval {
	i := c.index[Input{Name: name, Kind: kind}]
	return func(s scope) (value.Value, *Error) { return s.args[i], nil }
}

// parameter reads a parameter. The ADS_ constants are numbers that connectors
// write as texts, decimal or 0x….
func (c *compiler) parameter(n *node) eval {
	read := c.input(n.text, InputParam)
	if !isNumericParameter(n.text) {
		return read
	}
	return func(s scope) (value.Value, *Error) {
		v, _ := read(s)
		if v.Kind() != value.String {
			return v, nil
		}
		return parseNumber(v.Text())
	}
}

func constantValue(name string) value.Value {
	switch name {
	case "True":
		return value.B(true)
	case "False":
		return value.B(false)
	case "NULL":
		return value.Value{}
	case "IgnoreThisFlow":
		return value.IgnoreThisFlow()
	case "AuthoritativeNull":
		return value.AuthNull()
	case "CRLF":
		return value.Str("\r\n")
	}
	return value.Str(name) // vbTextCompare and its like
}

// argument is a compiled operand or argument with the kinds that it may have.
type argument struct {
	eval   eval
	accept typ
	null   bool // NULL is passed on
	what   string
	node   *node
}

func (c *compiler) argument(n *node, at places, accept typ, what string) argument {
	return argument{eval: c.expr(n, at), accept: accept.runtime() | tNull, what: what, node: n}
}

func (a *argument) get(s scope) (value.Value, *Error) {
	v, err := a.eval(s)
	if err == nil && a.accept&kindOf(v) == 0 {
		return value.Value{}, a.wrong(kindOf(v))
	}
	return v, err
}

func (a *argument) wrong(got typ) *Error {
	_, err := fail("%s must be %s; here it is %s", a.what, a.accept&^(tNull|tList), got)
	a.node.place(err)
	return err
}

// place records where err arose, unless it arose deeper inside.
func (n *node) place(err *Error) {
	if err.Length == 0 {
		err.Offset, err.Length = n.pos, n.end-n.pos
	}
}

func (c *compiler) minus(n *node, at places) eval {
	a := c.argument(n.args[0], at, tInt, "the operand of -")
	return func(s scope) (value.Value, *Error) {
		v, err := a.get(s)
		if err != nil || v.IsNull() {
			return v, err
		}
		return n.arithmetic(opSubtract, 0, v.Number())
	}
}

func (c *compiler) call(n *node, at places) eval {
	f := n.info.fn
	switch f.form {
	case formIIF:
		return c.iif(n, at)
	case formSwitch:
		return c.choose(n, at)
	case formSelect, formWhere:
		return c.loop(n, at)
	case formWith:
		return c.with(n, at)
	case formImported:
		return c.input(n.args[0].text, InputImported)
	case formCount:
		return c.count(n)
	}
	args := make([]argument, len(f.params))
	for i, p := range f.params {
		args[i] = c.passed(n, i, p, at)
	}
	return plain(n, f, args)
}

// passed compiles argument i of n for the parameter p.
func (c *compiler) passed(n *node, i int, p param, at places) argument {
	if i >= len(n.args) {
		return argument{eval: constant(p.omitted), accept: ^typ(0), null: true}
	}
	if p.enum != nil {
		return argument{eval: constant(value.Str(n.args[i].text)), accept: ^typ(0), null: true}
	}
	if p.pass == passWhole {
		at.bound = nil
	}
	a := c.argument(n.args[i], at, p.accept, "the argument "+p.name+" of "+n.text)
	a.null = p.null
	if p.pass == passWhole {
		a.accept |= tList
		if p.accept != tData {
			a.eval = a.checkItems()
		}
	}
	return a
}

// checkItems checks the kinds of the values of a set, too.
func (a *argument) checkItems() eval {
	get, items := a.eval, *a
	items.accept &^= tList
	return func(s scope) (value.Value, *Error) {
		v, err := get(s)
		if err != nil || v.Kind() != value.List {
			return v, err
		}
		for _, item := range v.Items() {
			if items.accept&kindOf(item) == 0 {
				return value.Value{}, items.wrong(kindOf(item))
			}
		}
		return v, nil
	}
}

// plain calls a function by the number of its parameters, so that no slice of
// arguments is needed.
func plain(n *node, f *function, args []argument) eval {
	switch {
	case f.f1 != nil:
		return call1(n, f.f1, args[0])
	case f.f2 != nil:
		return call2(n, f.f2, args[0], args[1])
	case f.f3 != nil:
		return call3(n, f.f3, args)
	case f.f4 != nil:
		return call4(n, f.f4, args)
	}
	return func(scope) (value.Value, *Error) { return placed(n)(f.f0()) }
}

// placed gives an error of n its place.
func placed(n *node) func(v value.Value, err *Error) (value.Value, *Error) {
	return func(v value.Value, err *Error) (value.Value, *Error) {
		if err != nil {
			n.place(err)
		}
		return v, err
	}
}

func call1(n *node, f func(a value.Value) (value.Value, *Error), a argument) eval {
	return func(s scope) (value.Value, *Error) {
		x, err := a.get(s)
		if err != nil || x.IsNull() && !a.null {
			return value.Value{}, err
		}
		v, err := f(x)
		if err != nil {
			n.place(err)
		}
		return v, err
	}
}

func call2(n *node, f func(a, b value.Value) (value.Value, *Error), a, b argument) eval {
	return func(s scope) (value.Value, *Error) {
		x, err := a.get(s)
		if err != nil || x.IsNull() && !a.null {
			return value.Value{}, err
		}
		y, err := b.get(s)
		if err != nil || y.IsNull() && !b.null {
			return value.Value{}, err
		}
		v, err := f(x, y)
		if err != nil {
			n.place(err)
		}
		return v, err
	}
}

func call3(n *node, f func(a, b, c value.Value) (value.Value, *Error), args []argument) eval {
	return func(s scope) (value.Value, *Error) {
		var x [3]value.Value
		if ok, err := getAll(s, args, x[:]); !ok {
			return value.Value{}, err
		}
		return placed(n)(f(x[0], x[1], x[2]))
	}
}

func call4(n *node, f func(a, b, c, d value.Value) (value.Value, *Error), args []argument) eval {
	return func(s scope) (value.Value, *Error) {
		var x [4]value.Value
		if ok, err := getAll(s, args, x[:]); !ok {
			return value.Value{}, err
		}
		return placed(n)(f(x[0], x[1], x[2], x[3]))
	}
}

// getAll evaluates arguments; false means that the result is NULL or an error.
func getAll(s scope, args []argument, into []value.Value) (bool, *Error) {
	for i := range args {
		v, err := args[i].get(s)
		if err != nil || v.IsNull() && !args[i].null {
			return false, err
		}
		into[i] = v
	}
	return true, nil
}

// condition compiles a condition; NULL is False.
func (c *compiler) condition(n *node, at places, what string) argument {
	return c.argument(n, at, tBool, what)
}
