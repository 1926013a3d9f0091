package syncexpr

// chain checks operands and operators of one level.
func (c *checker) chain(n *node) {
	switch n.ops[0].level() {
	case 0, 1:
		for _, a := range n.args {
			c.operand(n, a, n.ops[0], tBool)
		}
		n.info.typ = tBool
	case 2:
		c.comparisons(n)
	default:
		c.arithmetic(n)
	}
}

// classes are the kinds that can be compared with each other.
var classes = []typ{tString | tRef, tBool, tInt, tBytes, tTime}

// comparable widens t to everything that one of its kinds can be compared with.
func comparable(t typ) typ {
	var out typ
	for _, class := range classes {
		if t&class != 0 {
			out |= class
		}
	}
	return out
}

func (c *checker) comparisons(n *node) {
	c.operand(n, n.args[0], n.ops[0], tData)
	left := n.args[0].info.typ
	for i, op := range n.ops {
		right := n.args[i+1]
		c.operand(n, right, op, tData)
		c.compared(n, op, left, right)
		left = tBool
	}
	n.info.typ = tBool
}

func (c *checker) compared(n *node, op operator, left typ, right *node) {
	rt := right.info.typ
	if left == tNull || rt == tNull {
		c.warn(n, "Comparison with NULL", "A comparison with NULL is always False, and with <> always True. Use IsNull or IsPresent.")
		return
	}
	switch {
	case !rt.fits(comparable(left)) && left&^tNull != 0:
		c.problem(right, "Wrong type", "On the left of %s is %s, on its right %s; they cannot be compared. Convert one of them (CStr, CNum, CBool, CDate).", op, left, rt)
	case op > opNotEqual && rt&^tNull == tBool:
		c.problem(right, "Wrong type", "True and False have no order; compare them with = or <>.")
	}
}

func (c *checker) arithmetic(n *node) {
	c.operand(n, n.args[0], n.ops[0], operandTypes(n.ops[0]))
	t := n.args[0].info.typ
	for i, op := range n.ops {
		right := n.args[i+1]
		c.operand(n, right, op, operandTypes(op))
		t = c.combined(n, op, t, right)
	}
	n.info.typ = t
}

// operandTypes are the kinds that an operator of comparison or arithmetic takes.
func operandTypes(op operator) typ {
	switch {
	case op == opConcat:
		return tString | tBytes
	case op.level() == 2:
		return tData
	}
	return tInt
}

// combined is the type of the left part of a chain with one more operand.
func (c *checker) combined(n *node, op operator, left typ, right *node) typ {
	if op != opConcat {
		if !left.fits(tInt) {
			c.problem(n, "Wrong type", "Operators go from left to right, and %s needs a number on its left; here it is %s. Use parentheses to group the parts.", op, left)
		}
		return tInt | tNull
	}
	if !left.fits(tString | tBytes) {
		c.problem(n, "Wrong type", "Operators go from left to right, and & joins texts or binary; on its left is %s. Use parentheses to group the parts, and CStr to convert.", left)
		return tString
	}
	both := (left | right.info.typ) & (tString | tBytes)
	if l, r := left&^tNull, right.info.typ&^tNull; l == tString && r == tBytes || l == tBytes && r == tString {
		c.problem(right, "Wrong type", "Text cannot be joined with binary. Convert one of them (ConvertToBase64, StringFromGuid).")
	}
	return both | tString // NULL & NULL is ""
}
