package syncexpr

import (
	"math"
	"math/bits"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/value"
)

// chain compiles the operators of one level. The checker leaves no chain in which
// & stands beside other operators of its level.
func (c *compiler) chain(n *node) eval {
	if n.ops[0].level() <= 1 {
		return c.logic(n)
	}
	args := make([]argument, len(n.args))
	for i, a := range n.args {
		op := n.ops[max(i-1, 0)]
		args[i] = c.argument(a, operandTypes(op), "an operand of "+op.String())
	}
	if n.ops[0] == opConcat {
		return concatAll(n, args)
	}
	return func(s scope) (value.Value, *Error) {
		left, err := args[0].get(s)
		for i, op := range n.ops {
			if err != nil {
				return value.Value{}, err
			}
			var right value.Value
			if right, err = args[i+1].get(s); err != nil {
				return value.Value{}, err
			}
			left, err = n.apply(op, left, right)
		}
		return left, err
	}
}

// logic compiles || and &&, which stop as soon as the result is known. NULL is
// False.
func (c *compiler) logic(n *node) eval {
	decides := n.ops[0] == opOr // the operand that decides alone
	args := make([]argument, len(n.args))
	for i, a := range n.args {
		args[i] = c.condition(a, "an operand of "+n.ops[0].String())
	}
	return func(s scope) (value.Value, *Error) {
		for i := range args {
			v, err := args[i].get(s)
			if err != nil {
				return value.Value{}, err
			}
			if v.Truth() == decides {
				return value.B(decides), nil
			}
		}
		return value.B(!decides), nil
	}
}

// apply evaluates one operator of a chain of comparisons or of arithmetic.
func (n *node) apply(op operator, left, right value.Value) (value.Value, *Error) {
	if op.level() == 2 {
		return n.compare(op, left, right)
	}
	if left.IsNull() || right.IsNull() {
		return value.Value{}, nil
	}
	return n.arithmetic(op, left.Number(), right.Number())
}

func (n *node) arithmetic(op operator, a, b int64) (value.Value, *Error) {
	var r int64
	overflow := false
	switch op {
	case opAdd:
		r = a + b
		overflow = (r > a) != (b > 0) && b != 0
	case opSubtract:
		r = a - b
		overflow = (r < a) != (b > 0) && b != 0
	case opMultiply:
		r, overflow = multiply(a, b)
	default:
		if b == 0 {
			_, err := fail("division by zero")
			n.place(err)
			return value.Value{}, err
		}
		r = a / b
		overflow = a == math.MinInt64 && b == -1
	}
	if overflow {
		_, err := fail("the result of %d %s %d does not fit into 64 bits", a, op, b)
		n.place(err)
		return value.Value{}, err
	}
	return value.I(r), nil
}

func multiply(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if (a < 0) != (b < 0) {
		return int64(-lo), hi != 0 || lo > 1<<63
	}
	return int64(lo), hi != 0 || lo > math.MaxInt64
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// concatAll joins all operands with one allocation.
func concatAll(n *node, args []argument) eval {
	return func(s scope) (value.Value, *Error) {
		var room [8]value.Value
		vs := room[:0]
		for i := range args {
			v, err := args[i].get(s)
			if err != nil {
				return value.Value{}, err
			}
			vs = append(vs, v)
		}
		var parts [8]string
		return n.join(parts[:0], vs)
	}
}

// join concatenates texts, or binary; NULL is empty.
func (n *node) join(parts []string, vs []value.Value) (value.Value, *Error) {
	var kinds typ
	size := 0
	for _, v := range vs {
		kinds |= kindOf(v)
		parts = append(parts, v.Text())
		size += len(v.Text())
	}
	var err *Error
	switch {
	case kinds&tBytes != 0 && kinds&^(tBytes|tNull) != 0:
		_, err = fail("text cannot be joined with binary")
	case size > maxText:
		_, err = fail("the text becomes longer than %d bytes", maxText)
	case kinds&tBytes != 0:
		return value.Octets(strings.Join(parts, "")), nil
	default:
		return value.Str(strings.Join(parts, "")), nil
	}
	n.place(err)
	return value.Value{}, err
}

// compare evaluates a comparison. With an absent operand it is False, except
// that <> is True. A date compares with a text by its spelling in LDAP.
func (n *node) compare(op operator, a, b value.Value) (value.Value, *Error) {
	if a.IsNull() || b.IsNull() {
		return value.B(op == opNotEqual), nil
	}
	if a.Kind() == value.Time && b.Kind() == value.String {
		a = value.Str(a.LDAP())
	} else if a.Kind() == value.String && b.Kind() == value.Time {
		b = value.Str(b.LDAP())
	}
	var d int
	switch ka, kb := kindOf(a), kindOf(b); {
	case ka == tRef && kb == tRef:
		d = strings.Compare(dn.Key(a.Text()), dn.Key(b.Text()))
	case (ka|kb)&^(tString|tRef) == 0:
		if strings.EqualFold(a.Text(), b.Text()) {
			break
		}
		if d = 1; op > opNotEqual {
			d = strings.Compare(dn.Fold(a.Text()), dn.Fold(b.Text()))
		}
	case ka != kb, ka == tBool && op > opNotEqual:
		_, err := fail("%s and %s cannot be compared with %s", ka, kb, op)
		n.place(err)
		return value.Value{}, err
	case ka == tBytes:
		d = strings.Compare(a.Text(), b.Text())
	case ka == tTime:
		d = a.When().Compare(b.When())
	case a.Truth() != b.Truth(), a.Number() > b.Number():
		d = 1
	case a.Number() < b.Number():
		d = -1
	}
	return value.B(holds(op, d)), nil
}

func holds(op operator, d int) bool {
	switch op {
	case opEqual:
		return d == 0
	case opNotEqual:
		return d != 0
	case opLess:
		return d < 0
	case opLessEqual:
		return d <= 0
	case opGreater:
		return d > 0
	}
	return d >= 0
}
