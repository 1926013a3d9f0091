package tenant

import (
	"strconv"
	"strings"
	"time"
)

// operand is what a clause of a filter reads: a property, a field of a complex
// property, or the variable of any().
type operand struct {
	name       string
	elem       string // type of the value, or of the elements
	collection bool
	// property holds per kind the index of the property, -1 where the kind has
	// none; nil for a variable.
	property *[kindCount]int
	field    string // of the property or of the element; "" is all of it
	over     *property
}

// raw is the JSON text of the operand for an object, "" when it is absent.
func (x *operand) raw(o *object, element string) string {
	if x.property == nil {
		if x.field != "" {
			return fieldOf(element, x.field)
		}
		return element
	}
	i := x.property[o.kind]
	if i < 0 {
		return ""
	}
	raw := o.get(i)
	if x.field != "" {
		return fieldOf(raw, x.field)
	}
	if raw == "" && x.name == "securityIdentifier" {
		return quote(securityIdentifier(o.id))
	}
	return raw
}

func (x *operand) endsWith() bool { return x.over != nil && x.over.endsWith }

// operand resolves a path.
func (p *filterParser) operand(path string) (*operand, error) {
	head, field, nested := strings.Cut(path, "/")
	if p.variable != "" && head == p.variable {
		x := &operand{name: p.over.name, elem: p.over.elem, over: p.over.over}
		return p.nested(x, field, nested)
	}
	x := &operand{name: head, property: &[kindCount]int{}}
	for i := range x.property {
		x.property[i] = -1
	}
	best := never
	for _, k := range p.c.kinds {
		i := entities[k].lookup(head)
		if i < 0 {
			continue
		}
		d := &entities[k].properties[i]
		if d.betaOnly && !p.beta {
			continue
		}
		x.property[k], x.name, x.over = i, d.name, d
		x.elem, x.collection = d.elem, d.collection
		if best == never || d.filter == always {
			best = d.filter
		}
	}
	if x.over == nil {
		return nil, badRequest("Invalid filter clause: Could not find a property named '%s' on type '%s'.", head, p.c.typeName())
	}
	switch {
	case best == never:
		return nil, p.invalid(x)
	case best == advanced && !p.advanced:
		return nil, needsAdvanced(x.name)
	}
	return p.nested(x, field, nested)
}

// nested adds the field of a complex value to an operand.
func (p *filterParser) nested(x *operand, name string, nested bool) (*operand, error) {
	fields, complex := complexTypes[x.elem]
	if !nested {
		if complex && !x.collection {
			return nil, p.invalid(x)
		}
		return x, nil
	}
	if !complex || (x.collection && x.property != nil) {
		return nil, badRequest("Invalid filter clause: The property '%s' has no '%s'.", x.name, name)
	}
	for _, f := range fields {
		if strings.EqualFold(f.name, name) && !f.collection {
			x.field, x.elem, x.name = f.name, f.elem, x.name+"/"+f.name
			return x, nil
		}
	}
	return nil, badRequest("Invalid filter clause: Could not find a property named '%s' on type '%s'.", name, x.elem)
}

// literal is a value in a filter.
type literal struct {
	elem   string
	text   string
	null   bool
	time   time.Time
	number int64
}

// compare compares the JSON text of a value with the literal. Without a value
// only ne, and eq null, hold.
func (l literal) compare(operator, raw string) bool {
	if raw == "null" {
		raw = ""
	}
	if l.null || raw == "" {
		return (l.null && raw == "") == (operator == "eq") && (operator == "eq" || operator == "ne")
	}
	switch order := l.order(raw); operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "ge":
		return order >= 0
	case "le":
		return order <= 0
	}
	return false
}

// order compares a value that is there with the literal, as Graph does:
// strings without regard to case.
func (l literal) order(raw string) int {
	switch l.elem {
	case "Edm.Boolean":
		return strings.Compare(raw, l.text)
	case "Edm.Int32":
		n, _ := strconv.ParseInt(raw, 10, 64) // checked when it was stored
		return int(n - l.number)
	case "Edm.DateTimeOffset":
		t, err := time.Parse(time.RFC3339, unquote(raw))
		if err != nil {
			return -1
		}
		return t.Compare(l.time)
	}
	text := unquote(raw)
	if strings.EqualFold(text, l.text) {
		return 0
	}
	return strings.Compare(strings.ToLower(text), strings.ToLower(l.text))
}

// tokenKind is the kind of a token of a filter.
type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // name, path, keyword, number, date, guid
	tokenString           // 'text'
	tokenSign             // ( ) , :
)

// lexer cuts a filter into tokens. After next, kind and value are the token and
// start is its position.
type lexer struct {
	text  string
	at    int
	start int
	kind  tokenKind
	value string
}

// next reads a token.
func (x *lexer) next() error {
	for x.at < len(x.text) && (x.text[x.at] == ' ' || x.text[x.at] == '\t') {
		x.at++
	}
	x.start, x.kind, x.value = x.at, tokenEnd, ""
	if x.at == len(x.text) {
		return nil
	}
	switch c := x.text[x.at]; c {
	case '(', ')', ',':
		x.at++
		x.kind, x.value = tokenSign, string(c)
	case ':':
		x.at++
		x.kind, x.value = tokenSign, ":"
	case '\'':
		return x.quoted()
	default:
		x.word()
	}
	return nil
}

// word reads up to a separator. A colon is one, except inside of a time.
func (x *lexer) word() {
	for x.at < len(x.text) {
		c := x.text[x.at]
		if strings.IndexByte(" \t(),'", c) >= 0 || (c == ':' && !isDigit(x.text[x.start])) {
			break
		}
		x.at++
	}
	x.kind, x.value = tokenWord, x.text[x.start:x.at]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// quoted reads a string; a quote in it is doubled.
func (x *lexer) quoted() error {
	var b strings.Builder
	for x.at++; x.at < len(x.text); x.at++ {
		if x.text[x.at] != '\'' {
			b.WriteByte(x.text[x.at])
			continue
		}
		if x.at+1 < len(x.text) && x.text[x.at+1] == '\'' {
			b.WriteByte('\'')
			x.at++
			continue
		}
		x.at++
		x.kind, x.value = tokenString, b.String()
		return nil
	}
	return badRequest("Invalid filter clause: There is an unterminated string literal at position %d in '%s'.", len(x.text), describe(x.text))
}

func (x *lexer) isSign(sign string) bool { return x.kind == tokenSign && x.value == sign }

func (x *lexer) isWord(word string) bool {
	return x.kind == tokenWord && strings.EqualFold(x.value, word)
}

// sign reads one sign.
func (x *lexer) sign(sign string) error {
	if !x.isSign(sign) {
		return x.syntax()
	}
	return x.next()
}

func (x *lexer) syntax() *graphError {
	return badRequest("Invalid filter clause: Syntax error at position %d in '%s'.", x.start, describe(x.text))
}
