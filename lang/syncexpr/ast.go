package syncexpr

// nodeKind is the kind of a node.
type nodeKind uint8

const (
	nodeString nodeKind = iota
	nodeNumber
	nodeAttribute
	nodeParameter
	nodeVariable
	nodeConstant // True, NULL, vbTextCompare, …
	nodeMinus    // unary
	nodeChain    // operands of one class of operators, from left to right
	nodeCall
)

// operator is a binary operator.
type operator uint8

const (
	opOr operator = iota
	opAnd
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opConcat
)

var operatorTexts = [...]string{"||", "&&", "=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "&"}

func (o operator) String() string { return operatorTexts[o] }

// level is the class of an operator; operators of a higher level bind tighter,
// those of one level are evaluated from left to right.
func (o operator) level() int {
	switch {
	case o == opOr:
		return 0
	case o == opAnd:
		return 1
	case o <= opGreaterEqual:
		return 2
	}
	return 3
}

const levels = 4

// node is one node of the tree. A chain keeps all operands of one level side by
// side, so that a long "a & b & c & …" is wide and not deep.
type node struct {
	kind     nodeKind
	text     string     // meaning of a string; name of everything that has one
	num      int64      // nodeNumber
	hex      bool       // nodeNumber: written as &H…
	args     []*node    // operands, arguments
	ops      []operator // nodeChain: ops[i] stands before args[i+1]
	pos, end int        // place in the text

	info info // what the checker found out
}
