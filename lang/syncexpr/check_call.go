package syncexpr

import (
	"fmt"
	"slices"
)

// call checks a call of a function.
func (c *checker) call(n *node) {
	f, ok := functions[n.text]
	if !ok {
		c.problem(&node{pos: n.pos, end: n.pos + len(n.text)}, "Unknown function", "There is no function %q.%s", shorten(n.text), didYouMean(n.text, functionNames(), "%s"))
		n.info.typ = tAny
		return
	}
	n.info.fn = f
	n.info.typ, n.info.card = f.result, f.card
	if f.changing {
		c.changing = true
		if !c.opts.ExecuteOnce {
			c.warn(n, "Result changes with every run", "%s gives another result each time, so that the flow would change the attribute in every run. Use it in a flow with once = true, which is applied only when the object is created.", f.name)
		}
	}
	if !c.arity(n) {
		return
	}
	switch f.form {
	case formPlain:
		c.plain(n)
	case formIIF, formSwitch:
		c.branches(n)
	case formSelect, formWhere:
		c.loop(n)
	case formWith:
		c.with(n)
	case formImported, formCount:
		c.named(n)
	}
}

func (c *checker) arity(n *node) bool {
	f, got := n.info.fn, len(n.args)
	if f.form == formSwitch {
		if got >= 2 && got%2 == 0 {
			return true
		}
		c.problem(n, "Wrong number of arguments", "Switch takes pairs of a condition and a value; it has %d arguments here. For a value in all other cases, end with True and that value.", got)
		return false
	}
	least, most := f.arity()
	if got >= least && got <= most {
		return true
	}
	want := fmt.Sprint(least)
	if most > least {
		want = fmt.Sprintf("%d to %d", least, most)
	}
	c.problem(n, "Wrong number of arguments", "%s takes %s arguments and has %d here: %s.", f.name, want, got, f.usage())
	return false
}

// plain checks the arguments of a function that evaluates all of them.
func (c *checker) plain(n *node) {
	f := n.info.fn
	for i, a := range n.args {
		p := f.params[i]
		switch {
		case p.enum != nil:
			c.enum(n, a, p)
			continue
		case p.pass == passWhole:
			c.whole(n, a)
		default:
			c.expr(a)
			c.each(n, a)
		}
		c.argument(n, a, p)
	}
	if f.like {
		n.info.typ = n.args[0].info.typ&f.result | tNull
	}
}

// enum checks an argument that is one of a few constants, bare or in quotes.
func (c *checker) enum(n, a *node, p param) {
	a.info.size = 1
	n.info.size++
	if (a.kind == nodeConstant || a.kind == nodeString) && slices.Contains(p.enum, a.text) {
		return
	}
	hint := ""
	if a.kind == nodeConstant || a.kind == nodeString {
		hint = didYouMean(a.text, p.enum, "%s")
	}
	c.problem(a, "Wrong type", "The argument %s of %s must be %s.%s", p.name, n.text, list(p.enum), hint)
}

// argument checks the type of one argument.
func (c *checker) argument(n, a *node, p param) {
	if a.info.typ.fits(p.accept) {
		return
	}
	c.problem(a, "Wrong type", "The argument %s of %s must be %s; here it is %s.%s", p.name, n.text, p.accept, a.info.typ, conversion(p.accept, a.info.typ))
}

// conversion suggests a function.
func conversion(want, got typ) string {
	switch {
	case want&tString != 0 && got&^tNull == tBytes:
		return " Use ConvertToBase64, StringFromGuid or StringFromSid to make a text of it."
	case want&tString != 0 && got&(tInt|tRef|tBool|tTime) != 0:
		return " Use CStr to make a text of it."
	case want&tInt != 0 && got&tString != 0:
		return " Use CNum to make a number of it."
	case want&tRef != 0 && got&tString != 0:
		return " Use CRef to make a reference of it."
	case want&tTime != 0 && got&tString != 0:
		return " Use CDate to make a date of it."
	case want&tTime != 0 && got&tInt != 0:
		return " Use DateFromNum to make a date of it."
	}
	return ""
}

func list(names []string) string {
	s := names[0]
	for i, n := range names[1:] {
		if i == len(names)-2 {
			s += " or " + n
		} else {
			s += ", " + n
		}
	}
	return s
}

// branches checks IIF and Switch. The conditions are evaluated value by value
// when they need it, and then the branches are, too: in
// IIF(InStr([p],"SIP:")=1,NULL,[p]) both [p] are the same single value.
// Otherwise a branch is passed on as the set it is.
func (c *checker) branches(n *node) {
	var conditions, values []*node
	if n.info.fn.form == formIIF {
		conditions, values = n.args[:1], n.args[1:]
	} else {
		for i, a := range n.args {
			if i%2 == 0 {
				conditions = append(conditions, a)
			} else {
				values = append(values, a)
			}
		}
	}
	for _, a := range conditions {
		c.expr(a)
		c.each(n, a)
		if !a.info.typ.fits(tBool) {
			c.problem(a, "Wrong type", "The condition of %s must be True or False; here it is %s. Compare it with something, or use CBool or IsPresent.", n.text, a.info.typ)
		}
	}
	n.info.typ = 0
	if n.info.fn.form == formSwitch {
		n.info.typ = tNull // when no condition holds
	}
	var bound []key
	for _, s := range n.info.needs {
		if !c.bound[s.key] {
			c.bound[s.key] = true
			bound = append(bound, s.key)
		}
	}
	for _, a := range values {
		c.branch(n, a)
	}
	for _, k := range bound {
		delete(c.bound, k)
	}
}

func (c *checker) branch(n, a *node) {
	c.expr(a)
	c.cut(a)
	n.info.size += a.info.size
	if a.info.typ == tEnum {
		c.problem(a, "Wrong type", "A constant like vbTextCompare is an argument of functions; it is no result.")
	}
	n.info.typ |= a.info.typ
	n.info.card = max(n.info.card, a.info.card)
}

// loop checks Select($v, set, expression) and Where($v, set, condition).
func (c *checker) loop(n *node) {
	variable, from, body := n.args[0], n.args[1], n.args[2]
	if !c.binder(n, variable) {
		n.info.typ, n.info.card = tAny, single
		return
	}
	c.whole(n, from)
	c.vars[variable.text] = info{typ: from.info.typ}
	c.expr(body)
	c.cut(body)
	delete(c.vars, variable.text)
	n.info.size += body.info.size
	if body.info.card == many {
		c.problem(body, "Two multi-valued attributes", "%s evaluates this once for every value of its set, and it gives several values each time. Use Join, Item or Count on it.", n.text)
		return
	}
	if n.info.fn.form == formSelect {
		n.info.typ = body.info.typ | tNull
		return
	}
	n.info.typ = from.info.typ | tNull
	if !body.info.typ.fits(tBool) {
		c.problem(body, "Wrong type", "The condition of Where must be True or False; here it is %s.", body.info.typ)
	}
}

// with checks With($v, value, expression).
func (c *checker) with(n *node) {
	variable, sub, body := n.args[0], n.args[1], n.args[2]
	if !c.binder(n, variable) {
		n.info.typ = tAny
		return
	}
	c.expr(sub)
	c.cut(sub)
	c.vars[variable.text] = info{typ: sub.info.typ, card: sub.info.card}
	c.expr(body)
	c.cut(body)
	delete(c.vars, variable.text)
	n.info.size += sub.info.size + body.info.size
	n.info.typ, n.info.card = body.info.typ, body.info.card
}

// binder checks the first argument of the functions that name a variable.
func (c *checker) binder(n, variable *node) bool {
	if variable.kind != nodeVariable {
		c.problem(variable, "Wrong type", "The first argument of %s names a variable, like $item.", n.text)
		return false
	}
	if _, taken := c.vars[variable.text]; taken {
		c.problem(variable, "Variable named twice", "$%s has a value already in the expression around this; name another variable.", shorten(variable.text))
		return false
	}
	return true
}

// named checks ImportedValue("attribute") and ValueCount("attribute").
func (c *checker) named(n *node) {
	a := n.args[0]
	if a.kind != nodeString {
		c.problem(a, "Wrong type", "The argument of %s is the name of an attribute in quotes: %s(\"member\").", n.text, n.text)
		return
	}
	a.info.typ, a.info.size = tString, 1
	if n.info.fn.form == formCount {
		c.attribute(a, a.text, InputCount)
		return
	}
	in := c.attribute(a, a.text, InputImported)
	n.info.typ, n.info.card = in.typ, in.card
	c.bind(n)
}
