package tenant

import (
	"fmt"
	"strings"
	"time"
)

// condition decides whether an object is part of an answer.
type condition func(o *object) bool

// both is the conjunction of two conditions, either of which may be nil.
func both(a, b condition) condition {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(o *object) bool { return a(o) && b(o) }
}

// needsAdvanced is Graph's answer to an advanced query without its parameters.
func needsAdvanced(what string) *graphError {
	return unsupported("Operator '%s' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information", what)
}

// Limits of Graph, and one of ours against deep nesting.
const (
	maxClauses = 15
	maxDepth   = 50
)

// evaluation computes a part of a filter for an object; element is the JSON text
// of the collection's element inside of any().
type evaluation func(o *object, element string) bool

// filterParser reads a $filter for one collection. It knows the part of OData
// that Graph serves for directory objects.
type filterParser struct {
	lexer
	c        *collection
	beta     bool
	advanced bool
	// variable of the any() that encloses, and the property it runs over.
	variable string
	over     *operand
	depth    int
}

// parseFilter compiles a $filter.
func parseFilter(text string, c *collection, r *request) (condition, error) {
	p := &filterParser{lexer: lexer{text: text}, c: c, beta: r.beta, advanced: r.query.advanced()}
	if err := p.next(); err != nil {
		return nil, err
	}
	eval, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.kind != tokenEnd {
		return nil, p.syntax()
	}
	return func(o *object) bool { return eval(o, "") }, nil
}

func (p *filterParser) or() (evaluation, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, badRequest("Invalid filter clause: The node count limit of '%d' has been exceeded.", maxDepth)
	}
	left, err := p.and()
	if err != nil {
		return nil, err
	}
	clauses := []evaluation{left}
	for p.isWord("or") {
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := p.and()
		if err != nil {
			return nil, err
		}
		clauses = append(clauses, right)
	}
	if len(clauses) > maxClauses {
		return nil, tooMany(len(clauses))
	}
	if len(clauses) == 1 {
		return left, nil
	}
	return func(o *object, element string) bool {
		for _, clause := range clauses {
			if clause(o, element) {
				return true
			}
		}
		return false
	}, nil
}

func tooMany(n int) *graphError {
	return unsupported("Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: %d.", n, maxClauses)
}

func (p *filterParser) and() (evaluation, error) {
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for p.isWord("and") {
		if err := p.next(); err != nil {
			return nil, err
		}
		first := left
		second, err := p.unary()
		if err != nil {
			return nil, err
		}
		left = func(o *object, element string) bool { return first(o, element) && second(o, element) }
	}
	return left, nil
}

func (p *filterParser) unary() (evaluation, error) {
	negations := 0
	for p.isWord("not") {
		if !p.advanced {
			return nil, needsAdvanced("Not")
		}
		negations++
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	inner, err := p.primary()
	if err != nil || negations%2 == 0 {
		return inner, err
	}
	return func(o *object, element string) bool { return !inner(o, element) }, nil
}

func (p *filterParser) primary() (evaluation, error) {
	if p.isSign("(") {
		if err := p.next(); err != nil {
			return nil, err
		}
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.sign(")")
	}
	if p.kind != tokenWord {
		return nil, p.syntax()
	}
	name := p.value
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.isSign("(") {
		return p.function(name)
	}
	if path, ok := strings.CutSuffix(name, "/any"); ok {
		return nil, badRequest("Invalid filter clause: '%s/any' must be followed by '('.", path)
	}
	return p.comparison(name)
}

// function reads what follows a name and an opening bracket.
func (p *filterParser) function(name string) (evaluation, error) {
	if err := p.next(); err != nil { // the bracket
		return nil, err
	}
	if path, ok := strings.CutSuffix(name, "/any"); ok {
		return p.any(path)
	}
	if strings.HasSuffix(name, "/all") {
		return nil, unsupported("Operator 'all' is not supported.")
	}
	var match func(text, part string) bool
	switch strings.ToLower(name) {
	case "startswith":
		match = strings.HasPrefix
	case "endswith":
		match = strings.HasSuffix
	default:
		return nil, unsupported("Function '%s' is not supported for %s.", name, p.c.typeName())
	}
	if p.kind != tokenWord {
		return nil, p.syntax()
	}
	x, err := p.operand(p.value)
	if err != nil {
		return nil, err
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.sign(","); err != nil {
		return nil, err
	}
	if p.kind != tokenString {
		return nil, p.syntax()
	}
	part := strings.ToLower(p.value)
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.sign(")"); err != nil {
		return nil, err
	}
	if x.elem != "Edm.String" || (x.collection && x.property != nil) {
		return nil, p.invalid(x)
	}
	if strings.EqualFold(name, "endswith") {
		if !x.endsWith() {
			return nil, p.invalid(x)
		}
		if !p.advanced {
			return nil, needsAdvanced("endsWith")
		}
	}
	return func(o *object, element string) bool {
		raw := x.raw(o, element)
		return raw != "" && match(strings.ToLower(unquote(raw)), part)
	}, nil
}

// any reads the rest of path/any(x:condition).
func (p *filterParser) any(path string) (evaluation, error) {
	x, err := p.operand(path)
	if err != nil {
		return nil, err
	}
	if !x.collection || p.variable != "" || x.property == nil {
		return nil, badRequest("Invalid filter clause: Any/All may only be used following a collection.")
	}
	if p.kind != tokenWord {
		return nil, p.syntax()
	}
	p.variable, p.over = p.value, x
	defer func() { p.variable, p.over = "", nil }()
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.sign(":"); err != nil {
		return nil, err
	}
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	return func(o *object, _ string) bool {
		raw, found := x.raw(o, ""), false
		if raw == "" {
			return false
		}
		_ = eachElement(raw, 0, func(at, end int) error {
			found = found || inner(o, raw[at:end])
			return nil
		})
		return found
	}, p.sign(")")
}

// comparison reads the operator and the value after a path.
func (p *filterParser) comparison(path string) (evaluation, error) {
	count := false
	if rest, ok := strings.CutSuffix(path, "/$count"); ok {
		path, count = rest, true
	}
	x, err := p.operand(path)
	if err != nil {
		return nil, err
	}
	if p.kind != tokenWord {
		return nil, p.syntax()
	}
	operator := strings.ToLower(p.value)
	if err := p.next(); err != nil {
		return nil, err
	}
	if count {
		return p.collectionCount(x, operator)
	}
	if x.collection && x.property != nil {
		return nil, p.invalid(x)
	}
	if operator == "in" {
		return p.in(x)
	}
	l, err := p.literal(x)
	if err != nil {
		return nil, err
	}
	if err := p.allowed(x, operator, l); err != nil {
		return nil, err
	}
	return func(o *object, element string) bool { return l.compare(operator, x.raw(o, element)) }, nil
}

// allowed checks an operator against what Graph serves for a property.
func (p *filterParser) allowed(x *operand, operator string, l literal) error {
	switch operator {
	case "eq":
		if l.null && !p.advanced {
			return needsAdvanced("Equal")
		}
	case "ne":
		if !p.advanced {
			return needsAdvanced("NotEqualsMatch")
		}
	case "ge", "le":
		if x.elem == "Edm.Boolean" || l.null {
			return p.invalid(x)
		}
		if x.elem == "Edm.String" && !p.advanced {
			return needsAdvanced(operator)
		}
	case "gt", "lt":
		return unsupported("Operator '%s' is not supported for property '%s'.", operator, x.name)
	default:
		return p.syntax()
	}
	return nil
}

func (p *filterParser) in(x *operand) (evaluation, error) {
	if err := p.sign("("); err != nil {
		return nil, err
	}
	var list []literal
	for {
		l, err := p.literal(x)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
		if p.isSign(",") {
			if err := p.next(); err != nil {
				return nil, err
			}
			continue
		}
		break
	}
	if len(list) > maxClauses {
		return nil, tooMany(len(list))
	}
	return func(o *object, element string) bool {
		raw := x.raw(o, element)
		for _, l := range list {
			if l.compare("eq", raw) {
				return true
			}
		}
		return false
	}, p.sign(")")
}

// collectionCount compares the size of a collection: path/$count eq 0.
func (p *filterParser) collectionCount(x *operand, operator string) (evaluation, error) {
	if !p.advanced {
		return nil, needsAdvanced("$count")
	}
	if !x.collection || (operator != "eq" && operator != "ne") {
		return nil, p.invalid(x)
	}
	want := p.value
	if p.kind != tokenWord || (want != "0" && want != "1") {
		return nil, unsupported("Only 0 and 1 are supported with $count in a filter.")
	}
	return func(o *object, _ string) bool {
		n := 0
		if raw := x.raw(o, ""); raw != "" {
			_ = eachElement(raw, 0, func(int, int) error { n++; return nil })
		}
		return (fmt.Sprint(n) == want) == (operator == "eq")
	}, p.next()
}

// invalid is Graph's answer to a clause that a property does not take.
func (p *filterParser) invalid(x *operand) *graphError {
	return unsupported("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", x.name, p.resource())
}

func (p *filterParser) resource() string {
	if len(p.c.kinds) == 1 {
		return entities[p.c.kinds[0]].resource
	}
	return "DirectoryObject"
}

// literal reads a value that fits the type of x.
func (p *filterParser) literal(x *operand) (literal, error) {
	l := literal{elem: x.elem, text: p.value}
	ok := false
	switch {
	case p.kind == tokenWord && p.value == "null":
		l.null, ok = true, true
	case x.elem == "Edm.String" || enumTypes[x.elem] != nil:
		ok = p.kind == tokenString
	case x.elem == "Edm.Boolean":
		ok = p.kind == tokenWord && (p.value == "true" || p.value == "false")
	case x.elem == "Edm.Guid":
		ok = isGUID(p.value)
	case x.elem == "Edm.DateTimeOffset":
		var err error
		if l.time, err = parseTime(p.value); err == nil {
			ok = p.kind == tokenWord
		}
	case x.elem == "Edm.Int32":
		_, err := fmt.Sscan(p.value, &l.number)
		ok = err == nil && p.kind == tokenWord
	}
	if !ok {
		if p.kind == tokenEnd || p.kind == tokenSign {
			return l, p.syntax()
		}
		return l, badRequest("Invalid filter clause: A binary operator with incompatible types was detected. Property '%s' is of type '%s', the value is not: %s.", x.name, x.elem, describe(p.value))
	}
	return l, p.next()
}

// parseTime reads a literal of type DateTimeOffset, or a date.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	return t, err
}
