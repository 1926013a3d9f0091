package syncexpr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits against hostile input: no real expression comes near them.
const (
	maxText  = 1 << 20 // bytes
	maxDepth = 500     // of nesting
)

// parser is a recursive descent over the grammar
//
//	expr    := or                       or  := and { "||" and }
//	and     := cmp { "&&" cmp }         cmp := add { ("="|"<>"|"<"|"<="|">"|">=") add }
//	add     := unary { ("+"|"-"|"*"|"/"|"&") unary }
//	unary   := "-" unary | primary
//	primary := string | number | [attribute] | %parameter% | $variable | constant
//	         | function "(" [ expr { "," expr } ] ")" | "(" expr ")"
type parser struct {
	lex   lexer
	tok   token
	depth int
}

// parse reads a whole text. It stops at the first problem.
func parse(text string) (*node, *Problem) {
	if len(text) > maxText {
		return nil, &Problem{Summary: "Expression too long", Length: maxText,
			Detail: fmt.Sprintf("The expression has %d bytes; %d are allowed. Split it over several rules.", len(text), maxText)}
	}
	p := parser{lex: lexer{text: text}}
	if prob := p.advance(true); prob != nil {
		return nil, prob
	}
	if p.tok.kind == tokenEnd {
		return nil, syntaxProblem(0, len(text), "The expression is empty. To contribute nothing, write NULL.")
	}
	n, prob := p.level(0)
	if prob != nil {
		return nil, prob
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("an operator or the end of the expression")
	}
	return n, nil
}

func (p *parser) advance(operand bool) *Problem {
	t, prob := p.lex.next(operand)
	if prob != nil {
		return prob
	}
	p.tok = t
	return nil
}

func (p *parser) unexpected(want string) *Problem {
	pos, end := p.tok.pos, p.tok.end
	return syntaxProblem(pos, end, fmt.Sprintf("Expected %s, found %s.", want, p.tok.describe()))
}

// enter counts one level of nesting; the caller leaves it with p.depth--.
func (p *parser) enter() *Problem {
	if p.depth++; p.depth > maxDepth {
		return &Problem{Offset: p.tok.pos, Length: p.tok.end - p.tok.pos, Summary: "Expression nested too deeply",
			Detail: fmt.Sprintf("Functions and parentheses may be nested %d deep. Split the expression over several rules, or name parts of it with With.", maxDepth)}
	}
	return nil
}

// level parses a chain of operators of one level.
func (p *parser) level(level int) (*node, *Problem) {
	if level == levels {
		return p.unary()
	}
	first, prob := p.level(level + 1)
	if prob != nil {
		return nil, prob
	}
	chain := node{kind: nodeChain, args: []*node{first}, pos: first.pos}
	for p.tok.kind == tokenOperator {
		op := operatorOf(p.tok.text)
		if op.level() != level {
			break
		}
		if prob := p.advance(true); prob != nil {
			return nil, prob
		}
		next, prob := p.level(level + 1)
		if prob != nil {
			return nil, prob
		}
		chain.args, chain.ops, chain.end = append(chain.args, next), append(chain.ops, op), next.end
	}
	if len(chain.ops) == 0 {
		return first, nil
	}
	return &chain, nil
}

// operatorOf finds the operator of a text that the lexer took for one.
func operatorOf(text string) operator {
	return operator(slices.Index(operatorTexts[:], text))
}

func (p *parser) unary() (*node, *Problem) {
	if p.tok.kind != tokenOperator || p.tok.text != "-" {
		return p.primary()
	}
	pos := p.tok.pos
	if prob := p.enter(); prob != nil {
		return nil, prob
	}
	defer func() { p.depth-- }()
	if prob := p.advance(true); prob != nil {
		return nil, prob
	}
	if p.tok.kind == tokenNumber {
		return p.number(pos, "-")
	}
	operand, prob := p.unary()
	if prob != nil {
		return nil, prob
	}
	return &node{kind: nodeMinus, args: []*node{operand}, pos: pos, end: operand.end}, nil
}

func (p *parser) primary() (*node, *Problem) {
	t := p.tok
	n := &node{text: t.text, pos: t.pos, end: t.end}
	switch t.kind {
	case tokenString:
		n.kind = nodeString
	case tokenNumber:
		return p.number(t.pos, "")
	case tokenHex:
		return p.hexNumber()
	case tokenAttribute:
		n.kind = nodeAttribute
	case tokenParameter:
		n.kind = nodeParameter
	case tokenVariable:
		n.kind = nodeVariable
	case tokenName:
		n.kind = nodeConstant
		if prob := p.advance(false); prob != nil {
			return nil, prob
		}
		if p.tok.kind == tokenOpen {
			return p.call(n)
		}
		return n, nil
	case tokenOpen:
		return p.parenthesised()
	default:
		return nil, p.unexpected("a value, an attribute or a function")
	}
	return n, p.advance(false)
}

func (p *parser) parenthesised() (*node, *Problem) {
	if prob := p.enter(); prob != nil {
		return nil, prob
	}
	defer func() { p.depth-- }()
	if prob := p.advance(true); prob != nil {
		return nil, prob
	}
	n, prob := p.level(0)
	if prob != nil {
		return nil, prob
	}
	if p.tok.kind != tokenClose {
		return nil, p.unexpected(`")"`)
	}
	return n, p.advance(false)
}

// call parses the arguments of the function whose name n holds.
func (p *parser) call(n *node) (*node, *Problem) {
	n.kind = nodeCall
	if prob := p.enter(); prob != nil {
		return nil, prob
	}
	defer func() { p.depth-- }()
	if prob := p.advance(true); prob != nil {
		return nil, prob
	}
	for p.tok.kind != tokenClose {
		if len(n.args) > 0 {
			if p.tok.kind != tokenComma {
				return nil, p.unexpected(`"," or ")" in the arguments of ` + shorten(n.text))
			}
			if prob := p.advance(true); prob != nil {
				return nil, prob
			}
		}
		arg, prob := p.level(0)
		if prob != nil {
			return nil, prob
		}
		n.args = append(n.args, arg)
	}
	n.end = p.tok.end
	return n, p.advance(false)
}

func (p *parser) number(pos int, sign string) (*node, *Problem) {
	t := p.tok
	num, err := strconv.ParseInt(sign+t.text, 10, 64)
	if err != nil {
		return nil, syntaxProblem(pos, t.end, "The number does not fit into 64 bits; the language has only such integers.")
	}
	if strings.HasPrefix(p.lex.text[t.end:], ".") {
		return nil, syntaxProblem(pos, t.end+1, "The language has only whole numbers. Write a text with a point in quotes.")
	}
	return &node{kind: nodeNumber, num: num, pos: pos, end: t.end}, p.advance(false)
}

func (p *parser) hexNumber() (*node, *Problem) {
	t := p.tok
	num, err := strconv.ParseUint(t.text, 16, 64)
	if err != nil {
		return nil, syntaxProblem(t.pos, t.end, "The number does not fit into 64 bits; the language has only such integers.")
	}
	return &node{kind: nodeNumber, num: int64(num), hex: true, pos: t.pos, end: t.end}, p.advance(false)
}
