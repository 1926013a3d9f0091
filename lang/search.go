package lang

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/schema"
)

// SearchOp says how a Search decides.
type SearchOp uint8

// The ways: all of Of, any of them, not the one; a comparison as in a scope
// clause; an HCL expression.
const (
	SearchAll SearchOp = iota
	SearchAny
	SearchNot
	SearchClause
	SearchWhen
)

// Search is a condition over objects of the metaverse.
type Search struct {
	Op     SearchOp
	Of     []*Search
	Clause Clause
	When   *Expr
}

// The names that a search knows beside the attributes of the metaverse: the type
// of an object, and the addresses of the providers that it is joined to.
const (
	SearchType     = "type"
	SearchProvider = "provider"
)

// ParseSearch reads a search, such as
//
//	displayName startswith "M365" and not mail present
//	type = group and memberCount > 500
//	startswith(displayName, "M365") or cloudAnchor = "Group_…"
//	length(source.proxyAddresses) > 1
//
// A comparison means what it means in a scope clause: it knows no case, and with
// several values any match counts. Entra Connect's own operators are understood,
// too. What mentions source is an HCL expression, whole.
func (c *Config) ParseSearch(line Line) (*Search, Sources, hcl.Diagnostics) {
	l := c.lineLoader(line)
	var s *Search
	if l.readable(line) {
		p := &searchParser{l: l, line: line, in: l.metaverse}
		p.in.schema = searchSchema(l.metaverse.schema)
		p.read()
		s = p.parse()
	}
	l.hideSecrets()
	if l.diags.HasErrors() {
		return nil, l.files, l.diags
	}
	return s, l.files, nil
}

// searchSchema adds the names that are no attributes.
func searchSchema(s *schema.Schema) *schema.Schema {
	var more []schema.Attribute
	for _, a := range []schema.Attribute{{Name: SearchType}, {Name: SearchProvider, Multi: true}} {
		if _, known := s.Lookup(a.Name); !known {
			more = append(more, a)
		}
	}
	return s.Extend(more...)
}

// searchWords are the operators that have another name in Entra Connect. All
// others are written as there, in whatever case.
var searchWords = map[string]string{
	"=": "EQUAL", "==": "EQUAL", "!=": "NOTEQUAL", "<>": "NOTEQUAL",
	"<": "LESSTHAN", "<=": "LESSTHAN_OR_EQUAL", ">": "GREATERTHAN", ">=": "GREATERTHAN_OR_EQUAL",
	"PRESENT": "ISNOTNULL", "ABSENT": "ISNULL", "STRCONTAINS": "CONTAINS",
}

// searchOperator is the operator of a scope clause that a word stands for.
func searchOperator(word string) (string, bool) {
	word = strings.ToUpper(word)
	if name, ok := searchWords[word]; ok {
		return name, true
	}
	kind, ok := operators[word]
	return word, ok && kind != belongs
}

// searchToken is one word, sign or text of a search.
type searchToken struct {
	text       string
	quoted     bool
	start, end int
}

// is reports whether the token is one of some words or signs.
func (t searchToken) is(words ...string) bool {
	for _, w := range words {
		if !t.quoted && strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

// sign reports whether the token is a sign, which cannot stand for a name or a
// value.
func (t searchToken) sign() bool {
	return !t.quoted && t.text != "" && strings.IndexByte(searchSigns, t.text[0]) >= 0
}

type searchParser struct {
	l      *loader
	line   Line
	in     space
	tokens []searchToken
	at     int
	depth  int
}

// fail reports the first thing that is wrong; what follows from it is not
// worth saying.
func (p *searchParser) fail(t searchToken, format string, args ...any) {
	if !p.l.diags.HasErrors() {
		p.l.report(hcl.Diagnostics{problem(p.line.rng(t.start, t.end-t.start), "Invalid search", format, args...)})
	}
}

func (p *searchParser) failed() bool { return p.l.diags.HasErrors() }

const searchSigns = "()=!<>,&|"

// read splits the text into tokens.
func (p *searchParser) read() {
	text := p.line.Text
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			i = p.readQuoted(i)
		case strings.IndexByte(searchSigns, c) >= 0:
			width := 1
			if i+1 < len(text) && strings.Contains(" == != <> <= >= && || ", " "+text[i:i+2]+" ") {
				width = 2
			}
			p.tokens = append(p.tokens, searchToken{text: text[i : i+width], start: i, end: i + width})
			i += width
		default:
			j := i
			for j < len(text) && strings.IndexByte(" \t\n\r\"'"+searchSigns, text[j]) < 0 {
				j++
			}
			p.tokens = append(p.tokens, searchToken{text: text[i:j], start: i, end: j})
			i = j
		}
	}
}

// readQuoted reads a text in quotes; a backslash escapes a quote or itself.
func (p *searchParser) readQuoted(start int) int {
	text, quote := p.line.Text, p.line.Text[start]
	var b strings.Builder
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			p.tokens = append(p.tokens, searchToken{text: b.String(), quoted: true, start: start, end: i + 1})
			return i + 1
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '\\' || text[i+1] == quote):
			i++
		}
		b.WriteByte(text[i])
	}
	p.fail(searchToken{start: start, end: len(text)}, "The text that begins here has no end. Close it with %c.", quote)
	return len(text)
}

// parse reads the whole search.
func (p *searchParser) parse() *Search {
	if p.failed() {
		return nil
	}
	for _, t := range p.tokens {
		if !t.quoted && (strings.HasPrefix(t.text, sourceRoot+".") || strings.HasPrefix(t.text, sourceRoot+"[")) {
			return p.l.searchWhen(p.line)
		}
	}
	s := p.any()
	if t := p.peek(); !p.failed() && t.text != "" {
		p.fail(t, "%q cannot follow here. Connect comparisons with and, or.", t.text)
	}
	return s
}

// searchWhen compiles the whole line as a condition in HCL.
func (l *loader) searchWhen(line Line) *Search {
	src, start := line.src()
	expr, diags := hclsyntax.ParseExpression(src[start.Byte:], line.File, start)
	for _, d := range diags {
		d.Detail += " The search reads source, so it is HCL as a whole: comparisons are ==, and is &&, or is ||."
	}
	l.report(diags)
	if diags.HasErrors() {
		return nil
	}
	a := &arguments{l: l, scope: l.scope, what: "the search", content: &hcl.BodyContent{Attributes: hcl.Attributes{"when": {Name: "when", Expr: expr}}}}
	e := l.compileCondition(a, l.metaverse)
	if e == nil {
		return nil
	}
	return &Search{Op: SearchWhen, When: e}
}

// peek is the next token; at the end it is empty and stands behind the text.
func (p *searchParser) peek() searchToken {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return searchToken{start: len(p.line.Text), end: len(p.line.Text)}
}

func (p *searchParser) next() searchToken {
	t := p.peek()
	p.at++
	return t
}

func (p *searchParser) any() *Search {
	return p.chain(SearchAny, p.all, "or", "||", "|")
}

func (p *searchParser) all() *Search {
	return p.chain(SearchAll, p.unary, "and", "&&", "&")
}

// chain reads operands that one of some words connects.
func (p *searchParser) chain(op SearchOp, operand func() *Search, words ...string) *Search {
	of := []*Search{operand()}
	for !p.failed() && p.peek().is(words...) {
		p.next()
		of = append(of, operand())
	}
	if len(of) == 1 {
		return of[0]
	}
	return &Search{Op: op, Of: of}
}

func (p *searchParser) unary() *Search {
	p.depth++
	defer func() { p.depth-- }()
	t := p.peek()
	switch {
	case p.failed():
		return nil
	case p.depth > maxDepth:
		p.fail(t, "The search is nested more than %d deep.", maxDepth)
		return nil
	case t.is("not", "!"):
		p.next()
		return &Search{Op: SearchNot, Of: []*Search{p.unary()}}
	case t.is("("):
		p.next()
		s := p.any()
		if end := p.next(); !end.is(")") {
			p.fail(end, "A bracket that opens at column %d is not closed.", t.start+1)
		}
		return s
	}
	return p.comparison()
}

// comparison reads: attribute operator value, attribute test, or
// operator(attribute, value).
func (p *searchParser) comparison() *Search {
	first := p.next()
	if first.text == "" || first.sign() {
		p.fail(first, "A comparison is missing here, such as displayName startswith \"M365\".")
		return nil
	}
	if operator, ok := searchOperator(first.text); ok && !first.quoted && p.peek().is("(") {
		return p.call(first, operator)
	}
	t := p.next()
	operator, ok := searchOperator(t.text)
	if !ok || t.quoted {
		p.fail(t, "After the attribute %q comes an operator: =, !=, <, <=, >, >=, contains, startswith, endswith, present, absent, or one of Entra Connect's.%s",
			first.text, didYouMean(t.text, []string{"contains", "startswith", "endswith", "present", "absent"}))
		return nil
	}
	if operators[operator] == tests {
		return p.clause(first, t, operator, searchToken{start: t.end, end: t.end})
	}
	return p.clause(first, t, operator, p.value(t))
}

func (p *searchParser) call(name searchToken, operator string) *Search {
	p.next() // the bracket
	attribute := p.next()
	v := searchToken{start: attribute.end, end: attribute.end}
	if operators[operator] != tests {
		if comma := p.next(); !comma.is(",") {
			p.fail(comma, "%s takes an attribute and a value with a comma between them, as in %s(displayName, \"M365\").", name.text, name.text)
			return nil
		}
		v = p.value(name)
	}
	if end := p.next(); !end.is(")") {
		p.fail(end, "%s( is not closed.", name.text)
		return nil
	}
	return p.clause(attribute, name, operator, v)
}

// value reads what an operator compares with.
func (p *searchParser) value(operator searchToken) searchToken {
	v := p.next()
	if v.text == "" && !v.quoted || v.sign() {
		p.fail(v, "%s compares with a value, which is missing here. Write it in quotes; to test for presence, use present or absent.", operator.text)
	}
	return v
}

// clause checks a comparison as the clause of a scope is checked.
func (p *searchParser) clause(attribute, operator searchToken, name string, v searchToken) *Search {
	if p.failed() {
		return nil
	}
	a, _ := p.in.schema.Lookup(attribute.text)
	switch {
	case a.Syntax == schema.Reference && operators[name] != tests:
		p.fail(attribute, "%s holds references to other objects, which can only be tested with present and absent.", a.Name)
		return nil
	case a.Multi && name == "EQUAL": // a clause would warn about it
		name = "ISIN"
	case a.Multi && name == "NOTEQUAL":
		name = "ISNOTIN"
	}
	content := &hcl.BodyContent{Attributes: hcl.Attributes{}}
	for word, t := range map[string]searchToken{"attribute": attribute, "operator": {text: name, start: operator.start, end: operator.end}, "value": v} {
		content.Attributes[word] = &hcl.Attribute{Name: word, Expr: hcl.StaticExpr(cty.StringVal(t.text), p.line.rng(t.start, t.end-t.start))}
	}
	args := &arguments{l: p.l, scope: p.l.scope, what: "the search", content: content}
	block := &hcl.Block{DefRange: p.line.rng(attribute.start, v.end-attribute.start)}
	c, ok := p.l.decodeClause(args, block, p.in)
	if !ok {
		return nil
	}
	return &Search{Op: SearchClause, Clause: c}
}

// String writes a search with every bracket.
func (s *Search) String() string {
	var parts []string
	for _, of := range s.Of {
		parts = append(parts, of.String())
	}
	switch s.Op {
	case SearchAll:
		return "(" + strings.Join(parts, " and ") + ")"
	case SearchAny:
		return "(" + strings.Join(parts, " or ") + ")"
	case SearchNot:
		return "not " + strings.Join(parts, "")
	case SearchWhen:
		return s.When.Text
	}
	if operators[s.Clause.Operator] == tests {
		return s.Clause.Attribute + " " + s.Clause.Operator
	}
	return fmt.Sprintf("%s %s %q", s.Clause.Attribute, s.Clause.Operator, s.Clause.Value)
}
