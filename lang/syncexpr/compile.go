package syncexpr

import (
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

// budget bounds the work of one evaluation, counted in nodes and values walked
// through and in texts looked at. It is far above what the largest group needs (a
// million members, 16 nodes each).
const (
	budget   = 1 << 24
	textCost = 32 // bytes of text that cost as much as a node
)

// compiler makes closures of a checked tree.
type compiler struct {
	index map[Input]int
	slots int
	// bound and vars are the slots of what is walked through around the present
	// node, and of the variables that exist there.
	bound map[key]int
	vars  map[string]int
}

func (c *compiler) slot() int {
	c.slots++
	return c.slots - 1
}

func (c *compiler) expr(n *node) eval {
	if n.info.element {
		if slot, ok := c.bound[n.key()]; ok {
			return readSlot(slot)
		}
	}
	if n.info.region != nil {
		return c.region(n)
	}
	return c.node(n)
}

// whole compiles a node that sees sets as they are, whatever is walked through
// around it.
func (c *compiler) whole(n *node) eval {
	outer := c.bound
	c.bound = map[key]int{}
	run := c.expr(n)
	c.bound = outer
	return run
}

func readSlot(slot int) eval {
	return func(s scope) (value.Value, *Error) { return s.frame.slots[slot], nil }
}

// region evaluates n once per value of the source that has several.
func (c *compiler) region(n *node) eval {
	type walk struct {
		key  key
		eval eval
		slot int
		many bool
	}
	var walks []walk
	for _, s := range n.info.region {
		if _, ok := c.bound[s.key]; !ok { // else it is one value already
			walks = append(walks, walk{s.key, c.expr(s.node), c.slot(), s.card == many})
		}
	}
	for _, w := range walks {
		c.bound[w.key] = w.slot
	}
	body, size := c.node(n), n.info.size
	for _, w := range walks {
		delete(c.bound, w.key)
	}
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
		s.frame.slots[slot] = item
		v, err := body(s)
		if err == nil && !s.frame.spend(cost+len(v.Text())/textCost) {
			err = tooLong()
		}
		switch {
		case err != nil:
			return value.Value{}, err
		case v.Kind() == value.List:
			return fail("the expression gives several values for each value of an attribute")
		case !v.IsNull():
			out = append(out, v)
		}
	}
	return value.ListOf(out), nil
}

// spend takes cost from the budget and reports whether there was enough.
func (f *frame) spend(cost int) bool {
	f.left -= cost
	return f.left >= 0
}

func tooLong() *Error {
	return &Error{Text: "the evaluation takes too long: it walks through very many values, or very long texts"}
}

func constant(v value.Value) eval {
	return func(scope) (value.Value, *Error) { return v, nil }
}

func (c *compiler) node(n *node) eval {
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
		return readSlot(c.vars[n.text])
	case nodeConstant:
		return constant(constantValue(n.text))
	case nodeMinus:
		return c.minus(n)
	case nodeChain:
		return c.chain(n)
	}
	return c.call(n)
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
	accept typ  // in the evaluation
	want   typ  // for messages
	null   bool // NULL is passed on
	what   string
	node   *node
}

func (c *compiler) argument(n *node, accept typ, what string) argument {
	return argument{eval: c.expr(n), accept: accept.runtime() | tNull, want: accept, what: what, node: n}
}

func (a *argument) get(s scope) (value.Value, *Error) {
	v, err := a.eval(s)
	if err != nil {
		return v, err
	}
	if a.accept&kindOf(v) == 0 {
		if v.Kind() != value.Time || a.accept&tString == 0 {
			return value.Value{}, a.wrong(kindOf(v))
		}
		v = value.Str(v.LDAP())
	}
	if s.frame != nil {
		cost := len(v.Text()) / textCost
		if v.Kind() == value.List {
			cost = len(v.Items())
		}
		if !s.frame.spend(cost) {
			return value.Value{}, tooLong()
		}
	}
	return v, nil
}

func (a *argument) wrong(got typ) *Error {
	_, err := fail("%s must be %s; here it is %s", a.what, a.want, got)
	a.node.place(err)
	return err
}

// place records where err arose, unless it arose deeper inside.
func (n *node) place(err *Error) {
	if err.Length == 0 {
		err.Offset, err.Length = n.pos, n.end-n.pos
	}
}

func (c *compiler) minus(n *node) eval {
	a := c.argument(n.args[0], tInt, "the operand of -")
	return func(s scope) (value.Value, *Error) {
		v, err := a.get(s)
		if err != nil || v.IsNull() {
			return v, err
		}
		return n.arithmetic(opSubtract, 0, v.Number())
	}
}

func (c *compiler) call(n *node) eval {
	f := n.info.fn
	switch f.form {
	case formIIF:
		return c.iif(n)
	case formSwitch:
		return c.choose(n)
	case formSelect, formWhere:
		return c.loop(n)
	case formWith:
		return c.with(n)
	case formImported:
		return c.input(n.args[0].text, InputImported)
	case formCount:
		return c.count(n)
	}
	args := make([]argument, len(f.params))
	for i, p := range f.params {
		args[i] = c.passed(n, i, p)
	}
	return plain(n, f, args)
}

// passed compiles argument i of n for the parameter p.
func (c *compiler) passed(n *node, i int, p param) argument {
	if i >= len(n.args) {
		return argument{eval: constant(p.omitted), accept: ^typ(0), null: true}
	}
	if p.enum != nil {
		return argument{eval: constant(value.Str(n.args[i].text)), accept: ^typ(0), null: true}
	}
	what := "the argument " + p.name + " of " + n.text
	if p.pass == passEach {
		a := c.argument(n.args[i], p.accept, what)
		a.null = p.null
		return a
	}
	a := argument{eval: c.whole(n.args[i]), accept: p.accept.runtime() | tNull | tList, want: p.accept, null: p.null, what: what, node: n.args[i]}
	if p.accept != tData {
		a.eval = a.checkItems()
	}
	return a
}

// checkItems checks the kinds of the values of a set, too.
func (a *argument) checkItems() eval {
	get, items := a.eval, *a
	items.accept &^= tList
	return func(s scope) (value.Value, *Error) {
		v, err := get(s)
		if err != nil {
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
	return func(scope) (value.Value, *Error) { return n.result(f.f0()) }
}

// result gives an error of n its place, and the name of the function in front
// of its text. What Error() says stays as it is.
func (n *node) result(v value.Value, err *Error) (value.Value, *Error) {
	if err != nil && err.Length == 0 {
		if n.text != "Error" {
			err.Text = n.text + ": " + err.Text
		}
		n.place(err)
	}
	return v, err
}

func call1(n *node, f func(a value.Value) (value.Value, *Error), a argument) eval {
	return func(s scope) (value.Value, *Error) {
		x, err := a.get(s)
		if err != nil || x.IsNull() && !a.null {
			return value.Value{}, err
		}
		return n.result(f(x))
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
		return n.result(f(x, y))
	}
}

func call3(n *node, f func(a, b, c value.Value) (value.Value, *Error), args []argument) eval {
	return func(s scope) (value.Value, *Error) {
		var x [3]value.Value
		if ok, err := getAll(s, args, x[:]); !ok {
			return value.Value{}, err
		}
		return n.result(f(x[0], x[1], x[2]))
	}
}

func call4(n *node, f func(a, b, c, d value.Value) (value.Value, *Error), args []argument) eval {
	return func(s scope) (value.Value, *Error) {
		var x [4]value.Value
		if ok, err := getAll(s, args, x[:]); !ok {
			return value.Value{}, err
		}
		return n.result(f(x[0], x[1], x[2], x[3]))
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
func (c *compiler) condition(n *node, what string) argument {
	return c.argument(n, tBool, what)
}
