package syncexpr

import (
	"strconv"
	"strings"
)

// print writes a tree so that parsing the text gives the same tree again.
func (n *node) print(b *strings.Builder) {
	switch n.kind {
	case nodeString:
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(n.text))
		b.WriteByte('"')
	case nodeNumber:
		if n.hex {
			b.WriteString("&H" + strings.ToUpper(strconv.FormatUint(uint64(n.num), 16)))
			return
		}
		b.WriteString(strconv.FormatInt(n.num, 10))
	case nodeAttribute:
		b.WriteString("[" + n.text + "]")
	case nodeParameter:
		b.WriteString("%" + n.text + "%")
	case nodeVariable:
		b.WriteString("$" + n.text)
	case nodeConstant:
		b.WriteString(n.text)
	case nodeMinus:
		// -5 is a literal, -(5) is minus applied to one.
		operand := n.args[0]
		b.WriteByte('-')
		operand.printIn(b, operand.kind == nodeChain || operand.kind == nodeNumber && operand.num >= 0)
	case nodeChain:
		n.printChain(b)
	case nodeCall:
		b.WriteString(n.text)
		b.WriteByte('(')
		for i, a := range n.args {
			if i > 0 {
				b.WriteByte(',')
			}
			a.print(b)
		}
		b.WriteByte(')')
	}
}

func (n *node) printChain(b *strings.Builder) {
	level := n.ops[0].level()
	for i, a := range n.args {
		if i > 0 {
			b.WriteString(" " + n.ops[i-1].String() + " ")
		}
		a.printIn(b, a.kind == nodeChain && a.ops[0].level() <= level)
	}
}

func (n *node) printIn(b *strings.Builder, parentheses bool) {
	if parentheses {
		b.WriteByte('(')
	}
	n.print(b)
	if parentheses {
		b.WriteByte(')')
	}
}
