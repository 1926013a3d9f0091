package syncexpr

import (
	"slices"
	"strconv"
)

// Inspection says how an expression depends on the values of its inputs: not on
// what they are, if each value may be replaced by another one throughout.
type Inspection struct {
	// Computes names the inputs that the expression looks into. All others it only
	// passes on whole, asks whether they are there, compares with one another or with
	// one of Texts, trims, or cuts at one of Cuts.
	Computes []string
	// Makes says that the value itself may be a new one, made of those of Computes.
	Makes bool
	// Texts are the constants that it gives or compares with.
	Texts []string
	// Prefixes are constants with which it asks whether values begin.
	Prefixes []string
	// Cuts are the lengths at which it cuts what it passes on.
	Cuts []int
}

// Compute adds an input that the expression looks into.
func (i *Inspection) Compute(name string) {
	if !slices.Contains(i.Computes, name) {
		i.Computes = append(i.Computes, name)
	}
}

// Text adds a constant.
func (i *Inspection) Text(text string) {
	if text != "" && !slices.Contains(i.Texts, text) {
		i.Texts = append(i.Texts, text)
	}
}

// Prefix adds a constant that values may begin with.
func (i *Inspection) Prefix(text string) {
	if text != "" && !slices.Contains(i.Prefixes, text) {
		i.Prefixes = append(i.Prefixes, text)
	}
}

// Cut adds a length.
func (i *Inspection) Cut(n int) {
	if !slices.Contains(i.Cuts, n) {
		i.Cuts = append(i.Cuts, n)
	}
}

// Inspect says how the expression depends on its inputs.
func (p *Program) Inspect() Inspection {
	var i Inspection
	i.passed(p.tree)
	return i
}

// passed looks at a node whose value is that of the expression.
func (i *Inspection) passed(n *node) {
	switch n.kind {
	case nodeAttribute, nodeConstant, nodeParameter:
	case nodeString:
		i.Text(n.text)
	case nodeNumber:
		i.Text(strconv.FormatInt(n.num, 10))
	case nodeMinus:
		if n.args[0].kind == nodeNumber {
			i.Text(strconv.FormatInt(-n.args[0].num, 10))
			return
		}
		i.makes(n)
	case nodeCall:
		i.call(n)
	case nodeChain:
		if n.ops[0].level() < opAdd.level() {
			i.condition(n) // a truth value
			return
		}
		i.makes(n)
	default:
		i.makes(n)
	}
}

// makes looks at a node that is a new value.
func (i *Inspection) makes(n *node) {
	i.Makes = true
	i.computed(n)
}

// identity are the attributes whose octets are an id of 16 octets, which its
// spelling in base64 stands for as well.
var identity = []string{"objectGUID", "mS-DS-ConsistencyGuid", "msExchMailboxGuid", "msExchArchiveGUID", "sourceAnchorBinary"}

// call looks at a function whose value is that of the expression.
func (i *Inspection) call(n *node) {
	switch n.text {
	case "IIF":
		i.condition(n.args[0])
		i.passed(n.args[1])
		i.passed(n.args[2])
	case "Switch":
		for at, arg := range n.args {
			if at%2 == 0 {
				i.condition(arg)
			} else {
				i.passed(arg)
			}
		}
	case "ImportedValue", "ValueCount":
	case "Error":
		i.computed(n)
	case "Trim", "LTrim", "RTrim":
		i.passed(n.args[0])
	case "Left":
		if n.args[1].kind != nodeNumber {
			i.makes(n)
			return
		}
		i.passed(n.args[0])
		i.Cut(int(n.args[1].num))
	case "StringFromSid":
		i.only(n, func(string) bool { return true })
	case "ConvertToBase64", "StringFromGuid":
		i.only(n, func(name string) bool { return slices.Contains(identity, name) })
	default:
		i.makes(n)
	}
}

// only passes the argument of a conversion that is an attribute for which the
// conversion is but another spelling.
func (i *Inspection) only(n *node, fits func(string) bool) {
	if n.args[0].kind != nodeAttribute || !fits(n.args[0].text) {
		i.makes(n)
	}
}

// condition looks at a node of which only the truth matters.
func (i *Inspection) condition(n *node) {
	switch {
	case n.kind == nodeConstant, n.kind == nodeAttribute: // a truth value stays what it is
	case n.kind == nodeCall && slices.Contains([]string{"IsPresent", "IsNull", "IsNullOrEmpty", "IsEmpty"}, n.text) && n.args[0].kind == nodeAttribute:
	case n.kind == nodeChain && !slices.ContainsFunc(n.ops, func(op operator) bool { return op != opOr && op != opAnd }):
		for _, arg := range n.args {
			i.condition(arg)
		}
	case n.kind == nodeChain && len(n.args) == 2 && (n.ops[0] == opEqual || n.ops[0] == opNotEqual) && bare(n.args[0]) && bare(n.args[1]):
		i.passed(n.args[0])
		i.passed(n.args[1])
	default:
		i.computed(n)
	}
}

// bare reports an operand that is compared as it is.
func bare(n *node) bool {
	switch n.kind {
	case nodeAttribute, nodeString, nodeNumber, nodeConstant, nodeParameter:
		return true
	}
	return false
}

// computed looks at a node that does something else with what is in it.
func (i *Inspection) computed(n *node) {
	switch {
	case n.kind == nodeAttribute:
		i.Compute(n.text)
	case n.kind == nodeString:
		i.Text(n.text)
	case n.kind == nodeCall && n.text == "ImportedValue" && n.args[0].kind == nodeString:
		i.Compute(n.args[0].text)
	case n.kind == nodeCall && n.text == "ValueCount":
		// How many there are does not depend on what they are.
	default:
		for _, arg := range n.args {
			i.computed(arg)
		}
	}
}
