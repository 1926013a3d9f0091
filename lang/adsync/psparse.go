package adsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// psStatement is one statement of a script: a pipeline or an expression, maybe
// assigned, or a block with a keyword. What cannot be understood is kept as a
// statement without anything in it.
type psStatement struct {
	keyword string // if, foreach, function, …
	target  *psExpr
	add     bool // assigned with +=
	value   *psExpr
	block   []*psStatement
	at      hcl.Range
}

// psCommand is one command of a pipeline.
type psCommand struct {
	name string
	args []psArg
	at   hcl.Range
}

// psArg is an argument of a command: named, or positional when name is "". value
// is nil for a switch.
type psArg struct {
	name  string
	value *psExpr
	at    hcl.Range
}

// psExprKind is what an expression is.
type psExprKind uint8

const (
	psOpaque   psExprKind = iota // not understood
	psLiteral                    // text
	psExpand                     // items, put together to a text
	psVar                        // text is the name
	psMember                     // of items[0]: text
	psIndex                      // of items[0]: items[1]
	psCall                       // of the method text on items[0] or on the type in typ
	psCast                       // items[0] to the type in typ
	psArray                      // items
	psTable                      // keys and items
	psBinary                     // items, with the operator in text
	psPipeline                   // commands; the first may be items[0], a value
	psBlock                      // statements in braces
)

// psExpr is an expression.
type psExpr struct {
	kind     psExprKind
	text     string
	typ      string
	items    []*psExpr
	keys     []*psExpr
	commands []psCommand
	block    []*psStatement
	at       hcl.Range
}

// psParser makes statements of tokens. It never fails on what it does not know:
// PowerShell has far more than scripts that make rules need.
type psParser struct {
	file   string
	src    string
	tokens []psToken
	pos    int
	depth  int
}

// parseScript parses the source of a script, or of a piece of one.
func parseScript(file, src string) ([]*psStatement, error) {
	tokens, err := lexScript(file, src, hcl.InitialPos)
	if err != nil {
		return nil, err
	}
	p := &psParser{file: file, src: src, tokens: tokens}
	return p.statements(false)
}

func (p *psParser) peek() psToken { return p.tokens[p.pos] }

func (p *psParser) next() psToken {
	t := p.tokens[p.pos]
	if t.kind != psEnd {
		p.pos++
	}
	return t
}

func (p *psParser) mark(text string) bool {
	t := p.peek()
	return t.kind == psMark && t.text == text
}

// enter counts the nesting.
func (p *psParser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return &psError{p.peek().at, fmt.Sprintf("brackets and blocks are nested more than %d deep", maxDepth)}
	}
	return nil
}

func (p *psParser) leave() { p.depth-- }

// statements parses up to the end, or to the brace that closes a block.
func (p *psParser) statements(inBlock bool) ([]*psStatement, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var out []*psStatement
	for {
		t := p.peek()
		switch {
		case t.kind == psEnd:
			return out, nil
		case t.kind == psNewline:
			p.next()
			continue
		case t.kind == psMark && (t.text == "}" || t.text == ")"):
			if inBlock {
				return out, nil
			}
			p.next() // closes nothing
			continue
		}
		before := p.pos
		s, err := p.statement(out)
		if err != nil {
			return nil, err
		}
		if s != nil {
			out = append(out, s)
		}
		if p.pos == before {
			p.next()
		}
	}
}

// psKeywords begin statements with blocks.
var psKeywords = []string{
	"if", "elseif", "else", "foreach", "for", "while", "do", "until", "switch", "function", "filter", "workflow", "configuration",
	"param", "try", "catch", "finally", "trap", "begin", "process", "end", "class", "enum", "data", "dynamicparam", "return", "throw",
}

// statement parses one statement. A line that begins with a parameter goes on
// with the command before: its backtick was lost.
func (p *psParser) statement(before []*psStatement) (*psStatement, error) {
	t := p.peek()
	s := &psStatement{at: t.at}
	if t.kind == psParam && len(before) > 0 {
		if c := before[len(before)-1].lastCommand(); c != nil {
			return nil, p.arguments(c)
		}
	}
	if t.kind == psWord && slices.Contains(psKeywords, strings.ToLower(t.text)) {
		s.keyword = strings.ToLower(t.text)
		p.next()
		switch s.keyword {
		case "return", "throw":
		case "param":
			return p.parameters(s)
		default:
			return s, p.header(s)
		}
	}
	value, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	if assigned := p.assignment(); assigned != "" && (value.kind == psVar || value.kind == psMember || value.kind == psIndex || value.kind == psCast) {
		for value.kind == psCast {
			value = value.items[0]
		}
		s.target, s.add = value, assigned == "+="
		p.newlines()
		s.value, err = p.pipeline()
		return s, err
	}
	s.value = value
	return s, p.rest(s)
}

// assignment takes an assignment operator; "" when there is none.
func (p *psParser) assignment() string {
	t := p.peek()
	if t.kind == psMark && slices.Contains([]string{"=", "+=", "*=", "/=", "%="}, t.text) {
		p.next()
		return t.text
	}
	return ""
}

// lastCommand is the last command of a statement; nil when it ends in another
// way.
func (s *psStatement) lastCommand() *psCommand {
	if s.value == nil || s.value.kind != psPipeline || len(s.value.commands) == 0 {
		return nil
	}
	return &s.value.commands[len(s.value.commands)-1]
}

// rest skips what is left of a statement that is not understood, and keeps the
// blocks in it, such as those of a switch.
func (p *psParser) rest(s *psStatement) error {
	for {
		t := p.peek()
		switch {
		case t.kind == psEnd || t.kind == psNewline || t.kind == psMark && (t.text == "}" || t.text == ")"):
			return nil
		case t.kind == psMark && slices.Contains([]string{"{", "(", "@(", "@{", "$("}, t.text):
			e, err := p.primary()
			if err != nil {
				return err
			}
			s.block = append(s.block, e.block...)
		default:
			p.next()
		}
	}
}

// header skips what stands between a keyword and its block, and parses the block.
func (p *psParser) header(s *psStatement) error {
	for {
		t := p.peek()
		switch {
		case t.kind == psEnd, t.kind == psMark && (t.text == "}" || t.text == ")"):
			return nil
		case t.kind == psNewline && !p.bracesFollow():
			return nil
		case t.kind == psMark && t.text == "{":
			block, err := p.braces()
			s.block = append(s.block, block...)
			return err
		case t.kind == psMark && (t.text == "(" || t.text == "@(" || t.text == "$("):
			if _, err := p.primary(); err != nil {
				return err
			}
		default:
			p.next()
		}
	}
}

// bracesFollow reports whether a block begins on one of the next lines.
func (p *psParser) bracesFollow() bool {
	i := p.pos
	for p.tokens[i].kind == psNewline && p.tokens[i].text != ";" {
		i++
	}
	return p.tokens[i].kind == psMark && p.tokens[i].text == "{"
}

// parameters parses param(…): its defaults are assignments.
func (p *psParser) parameters(s *psStatement) (*psStatement, error) {
	p.newlines()
	if !p.mark("(") {
		return s, nil
	}
	p.next()
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	for {
		p.newlines()
		t := p.peek()
		switch {
		case t.kind == psEnd:
			return s, nil
		case p.mark(")"):
			p.next()
			return s, nil
		case p.mark(","):
			p.next()
		default:
			before := p.pos
			value, err := p.primary()
			if err != nil {
				return nil, err
			}
			for value.kind == psCast {
				value = value.items[0]
			}
			if p.assignment() != "" && value.kind == psVar {
				p.newlines()
				def, err := p.primary()
				if err != nil {
					return nil, err
				}
				s.block = append(s.block, &psStatement{target: value, value: def, at: t.at})
			}
			if p.pos == before {
				p.next()
			}
		}
	}
}

// braces parses the statements in braces.
func (p *psParser) braces() ([]*psStatement, error) {
	p.next()
	block, err := p.statements(true)
	if err == nil && (p.mark("}") || p.mark(")")) {
		p.next()
	}
	return block, err
}

func (p *psParser) newlines() {
	for p.peek().kind == psNewline {
		p.next()
	}
}
