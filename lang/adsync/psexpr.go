package adsync

import (
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
)

// pipeline parses an expression or commands, joined by |.
func (p *psParser) pipeline() (*psExpr, error) {
	e := &psExpr{kind: psPipeline, at: p.peek().at}
	first, err := p.element(e)
	if err != nil {
		return nil, err
	}
	for p.mark("|") {
		p.next()
		p.newlines()
		if _, err := p.element(e); err != nil {
			return nil, err
		}
	}
	if len(e.commands) == 0 && first != nil {
		return first, nil
	}
	return e, nil
}

// element parses one member of a pipeline: a command, or at its head a value.
func (p *psParser) element(e *psExpr) (*psExpr, error) {
	t := p.peek()
	if p.mark("&") {
		p.next()
		t = p.peek()
	}
	if t.kind == psWord && !isNumber(t.text) {
		p.next()
		c := psCommand{name: t.text, at: t.at}
		if err := p.arguments(&c); err != nil {
			return nil, err
		}
		e.commands = append(e.commands, c)
		return nil, nil
	}
	value, err := p.binary()
	if err == nil && len(e.commands) == 0 && len(e.items) == 0 {
		e.items = []*psExpr{value}
	}
	return value, err
}

func isNumber(text string) bool {
	text = strings.TrimLeft(text, "-+")
	return text != "" && unicode.IsDigit(rune(text[0])) && !strings.Contains(text, "-")
}

// arguments parses the arguments of a command up to the end of the statement.
func (p *psParser) arguments(c *psCommand) error {
	for {
		t := p.peek()
		switch {
		case t.kind == psEnd || t.kind == psNewline || t.kind == psMark && slices.Contains([]string{"|", "}", ")", "&"}, t.text):
			return nil
		case t.kind == psParam:
			p.next()
			arg := psArg{name: t.text, at: t.at}
			if p.mark(":") && !p.peek().space {
				p.next()
			}
			if p.startsArgument() {
				value, err := p.argument()
				if err != nil {
					return err
				}
				arg.value = value
			}
			c.args = append(c.args, arg)
		case p.startsArgument():
			value, err := p.argument()
			if err != nil {
				return err
			}
			c.args = append(c.args, psArg{value: value, at: t.at})
		default:
			p.next()
		}
	}
}

func (p *psParser) startsArgument() bool {
	t := p.peek()
	switch t.kind {
	case psWord, psString, psVariable:
		return true
	case psMark:
		return slices.Contains([]string{"(", "@(", "@{", "$(", "{", "[", "@", "-"}, t.text)
	}
	return false
}

// argument is one value, or several with commas between.
func (p *psParser) argument() (*psExpr, error) {
	first, err := p.primary()
	if err != nil || !p.mark(",") {
		return first, err
	}
	list := &psExpr{kind: psArray, items: []*psExpr{first}, at: first.at}
	for p.mark(",") {
		p.next()
		p.newlines()
		item, err := p.primary()
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, item)
	}
	return list, nil
}

// binary parses values with operators between, all of one rank: what the
// importer computes is putting texts together, nothing else.
func (p *psParser) binary() (*psExpr, error) {
	first, err := p.argument()
	if err != nil {
		return nil, err
	}
	e := first
	for {
		t := p.peek()
		plus := t.kind == psMark && slices.Contains([]string{"+", "-", "*", "/", "%", "<", ">", "!"}, t.text)
		if !plus && t.kind != psParam {
			return e, nil
		}
		p.next()
		p.newlines()
		if !p.startsArgument() {
			return e, nil
		}
		right, err := p.argument()
		if err != nil {
			return nil, err
		}
		if e.kind == psBinary && e.text == t.text {
			e.items = append(e.items, right)
			continue
		}
		e = &psExpr{kind: psBinary, text: t.text, items: []*psExpr{e, right}, at: first.at}
	}
}

// primary parses one value with its members and indexes.
func (p *psParser) primary() (*psExpr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	t := p.next()
	e := &psExpr{at: t.at}
	var err error
	switch {
	case t.kind == psMark && (t.text == ")" || t.text == "}" || t.text == "]"):
		p.pos-- // closes something else
		return e, nil
	case t.kind == psWord:
		e.kind, e.text = psLiteral, t.text
	case t.kind == psString:
		e, err = p.text(t)
	case t.kind == psVariable:
		e.kind, e.text = psVar, t.text
	case t.kind == psMark && (t.text == "(" || t.text == "$(" || t.text == "@("):
		e, err = p.parenthesis(t)
	case t.kind == psMark && t.text == "@{":
		err = p.table(e)
	case t.kind == psMark && t.text == "{":
		p.pos--
		e.kind = psBlock
		e.block, err = p.braces()
		e.text = p.src[t.at.Start.Byte:p.tokens[max(p.pos, 1)-1].end]
	case t.kind == psMark && t.text == "[":
		return p.typed(t)
	case t.kind == psMark && t.text == "@":
		return p.primary()
	case t.kind == psMark && t.text == "-" && p.startsArgument():
		e, err = p.primary()
		if err == nil && e.kind == psLiteral {
			e.text = "-" + e.text
		}
		return e, err
	}
	if err != nil {
		return nil, err
	}
	return p.suffixes(e)
}

// suffixes parses .member, .method(…) and [index] behind a value.
func (p *psParser) suffixes(e *psExpr) (*psExpr, error) {
	for {
		t := p.peek()
		if t.kind != psMark || t.space {
			return e, nil
		}
		switch t.text {
		case ".", "::":
			p.next()
			name := p.next()
			e = &psExpr{kind: psMember, text: name.text, items: []*psExpr{e}, at: e.at}
		case "(":
			if e.kind != psMember {
				return e, nil
			}
			p.next()
			args, err := p.parenthesis(t)
			if err != nil {
				return nil, err
			}
			e = &psExpr{kind: psCall, text: e.text, items: append(e.items[:1:1], args), at: e.at}
		case "[":
			p.next()
			index, err := p.binary()
			if err != nil {
				return nil, err
			}
			if p.mark("]") {
				p.next()
			}
			e = &psExpr{kind: psIndex, items: []*psExpr{e, index}, at: e.at}
		default:
			return e, nil
		}
	}
}

// parenthesis parses what stands in parentheses, after the opening one: a value,
// or the values of an array.
func (p *psParser) parenthesis(open psToken) (*psExpr, error) {
	statements, err := p.statements(true)
	if err != nil {
		return nil, err
	}
	if p.mark(")") || p.mark("}") {
		p.next()
	}
	var items []*psExpr
	for _, s := range statements {
		switch {
		case s.keyword != "" || s.target != nil || s.value == nil:
			items = append(items, &psExpr{at: s.at})
		case s.value.kind == psArray && open.text == "@(":
			items = append(items, s.value.items...)
		default:
			items = append(items, s.value)
		}
	}
	if len(items) == 1 && open.text != "@(" {
		return items[0], nil
	}
	return &psExpr{kind: psArray, items: items, at: open.at}, nil
}

// table parses @{ key = value; … } after its brace.
func (p *psParser) table(e *psExpr) error {
	e.kind = psTable
	for {
		p.newlines()
		t := p.peek()
		if t.kind == psEnd || p.mark("}") {
			p.next()
			return nil
		}
		key, err := p.primary()
		if err != nil {
			return err
		}
		if p.assignment() == "" {
			if err := p.rest(&psStatement{}); err != nil {
				return err
			}
			if p.mark(")") {
				p.next()
			}
			continue
		}
		p.newlines()
		value, err := p.pipeline()
		if err != nil {
			return err
		}
		e.keys, e.items = append(e.keys, key), append(e.items, value)
	}
}

// typed parses [type] before a value (a cast), before :: (a static member), or
// alone (an attribute).
func (p *psParser) typed(open psToken) (*psExpr, error) {
	depth, name := 1, ""
	for depth > 0 {
		t := p.next()
		switch {
		case t.kind == psEnd:
			return &psExpr{at: open.at}, nil
		case t.kind == psMark && t.text == "[":
			depth++
		case t.kind == psMark && t.text == "]":
			depth--
		case t.kind == psWord && depth == 1:
			name += t.text
		}
	}
	e := &psExpr{kind: psOpaque, typ: name, at: open.at}
	if p.mark("::") && !p.peek().space {
		p.next()
		e = &psExpr{kind: psMember, text: p.next().text, typ: name, items: []*psExpr{e}, at: open.at}
		e, err := p.suffixes(e)
		if err == nil && e.kind == psCall {
			e.typ = name
		}
		return e, err
	}
	p.newlinesBeforeVariable()
	if !p.startsArgument() || p.peek().kind == psWord {
		return e, nil
	}
	value, err := p.primary()
	if err != nil {
		return nil, err
	}
	return &psExpr{kind: psCast, typ: name, items: []*psExpr{value}, at: open.at}, nil
}

// newlinesBeforeVariable goes on from a [type] on a line of its own to the
// variable below, as in the parameters of functions.
func (p *psParser) newlinesBeforeVariable() {
	i := p.pos
	for p.tokens[i].kind == psNewline {
		i++
	}
	if t := p.tokens[i]; t.kind == psVariable || t.kind == psMark && t.text == "[" {
		p.pos = i
	}
}

// text is a string with what is interpolated in it.
func (p *psParser) text(t psToken) (*psExpr, error) {
	e := &psExpr{kind: psExpand, at: t.at}
	for _, piece := range t.parts {
		if !piece.source {
			e.items = append(e.items, &psExpr{kind: psLiteral, text: piece.text, at: t.at})
			continue
		}
		inner, err := p.interpolated(piece, t.at)
		if err != nil {
			return nil, err
		}
		e.items = append(e.items, inner)
	}
	if len(e.items) == 1 && e.items[0].kind == psLiteral {
		return e.items[0], nil
	}
	if len(e.items) == 0 {
		e.kind = psLiteral
	}
	return e, nil
}

// interpolated parses the source of one $name or $(…) in a string.
func (p *psParser) interpolated(piece psPiece, at hcl.Range) (*psExpr, error) {
	from := at.Start
	before := p.src[at.Start.Byte:piece.offset]
	from.Byte = piece.offset
	if n := strings.Count(before, "\n"); n > 0 {
		from.Line += n
		from.Column = len(before) - strings.LastIndexByte(before, '\n')
	} else {
		from.Column += len(before)
	}
	tokens, err := lexScript(p.file, p.src[:piece.offset+len(piece.text)], from)
	if err != nil {
		return nil, err
	}
	inner := &psParser{file: p.file, src: p.src, tokens: tokens, depth: p.depth}
	return inner.primary()
}
