package syncexpr

import (
	"github.com/landfall-directory/landfall/lang/value"
)

// flowFunctions steer the evaluation.
var flowFunctions = []function{
	{name: "IIF", form: formIIF, params: []param{{name: "condition"}, {name: "valueIfTrue"}, {name: "valueIfFalse"}}},
	{name: "Switch", form: formSwitch, params: []param{{name: "condition"}, {name: "value"}}},
	{name: "Select", form: formSelect, card: many, params: []param{{name: "$item"}, {name: "attribute"}, {name: "expression"}}},
	{name: "Where", form: formWhere, card: many, params: []param{{name: "$item"}, {name: "attribute"}, {name: "condition"}}},
	{name: "With", form: formWith, params: []param{{name: "$name"}, {name: "value"}, {name: "expression"}}},
	{name: "ImportedValue", form: formImported, params: []param{{name: `"attribute"`}}},
	{name: "ValueCount", form: formCount, result: tInt, params: []param{{name: `"attribute"`}}},
	{name: "Error", params: []param{text("message").orNull()}, f1: raise},
}

func raise(message value.Value) (value.Value, *Error) {
	if message.Text() == "" {
		return fail("the rule raises an error and gives no text for it")
	}
	return value.Value{}, &Error{Text: message.Text()}
}

// iif evaluates the branch that the condition chooses, and only that.
func (c *compiler) iif(n *node) eval {
	cond := c.condition(n.args[0], "the condition of IIF")
	yes, no := c.expr(n.args[1]), c.expr(n.args[2])
	return func(s scope) (value.Value, *Error) {
		v, err := cond.get(s)
		switch {
		case err != nil:
			return value.Value{}, err
		case v.Truth():
			return yes(s)
		}
		return no(s)
	}
}

// choose is Switch: all conditions are evaluated, then one value.
func (c *compiler) choose(n *node) eval {
	conditions := make([]argument, len(n.args)/2)
	values := make([]eval, len(n.args)/2)
	for i := range values {
		conditions[i] = c.condition(n.args[2*i], "a condition of Switch")
		values[i] = c.expr(n.args[2*i+1])
	}
	return func(s scope) (value.Value, *Error) {
		chosen := -1
		for i := range conditions {
			v, err := conditions[i].get(s)
			if err != nil {
				return value.Value{}, err
			}
			if v.Truth() && chosen < 0 {
				chosen = i
			}
		}
		if chosen < 0 {
			return value.Value{}, nil
		}
		return values[chosen](s)
	}
}

// loop is Select and Where.
func (c *compiler) loop(n *node) eval {
	from := c.whole(n.args[1])
	slot, body := c.binding(n)
	if n.info.fn.form == formWhere {
		cond := argument{eval: body, accept: tBool | tNull, want: tBool, what: "the condition of Where", node: n.args[2]}
		body = func(s scope) (value.Value, *Error) {
			item := s.frame.slots[slot]
			v, err := cond.get(s)
			if err != nil || !v.Truth() {
				return value.Value{}, err
			}
			return item, nil
		}
	}
	size := n.args[2].info.size
	return func(s scope) (value.Value, *Error) {
		v, err := from(s)
		if err != nil {
			return value.Value{}, err
		}
		return n.result(s.each(v.Items(), slot, size, body))
	}
}

// binding compiles the last argument of n with the variable that the first
// names, and gives the variable's slot.
func (c *compiler) binding(n *node) (int, eval) {
	slot := c.slot()
	c.vars[n.args[0].text] = slot
	body := c.expr(n.args[2])
	delete(c.vars, n.args[0].text)
	return slot, body
}

// with evaluates a part once and names it.
func (c *compiler) with(n *node) eval {
	sub := c.expr(n.args[1])
	slot, body := c.binding(n)
	return func(s scope) (value.Value, *Error) {
		v, err := sub(s)
		if err != nil {
			return value.Value{}, err
		}
		s.frame.slots[slot] = v
		return body(s)
	}
}

// count is ValueCount: the caller counts; nothing is 0.
func (c *compiler) count(n *node) eval {
	read := c.input(n.args[0].text, InputCount)
	return func(s scope) (value.Value, *Error) {
		v, _ := read(s)
		switch v.Kind() {
		case value.Int:
			return v, nil
		default:
			return value.I(int64(len(v.Items()))), nil
		}
	}
}
