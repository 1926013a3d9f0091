package syncexpr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
)

// maxProblems bounds the work on a hostile text; nobody reads more at once.
const maxProblems = 20

// checker finds the type of every node, and what is wrong with it.
type checker struct {
	opts     Options
	problems []Problem
	failed   bool
	vars     map[string]info
	// bound are the sources of which only one value is seen here, because a
	// condition around this place walks through them.
	bound    map[key]bool
	inputs   []Input
	index    map[Input]int
	changing bool // some result differs from run to run
}

func (c *checker) problem(n *node, summary, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Offset: n.pos, Length: n.end - n.pos, Summary: summary, Detail: fmt.Sprintf(format, args...)})
	}
	c.failed = true
	// After a problem, nothing more is known of the node.
	n.info.typ, n.info.card, n.info.needs = tAny, single, nil
}

func (c *checker) warn(n *node, summary, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Offset: n.pos, Length: n.end - n.pos, Summary: summary, Detail: fmt.Sprintf(format, args...), Warning: true})
	}
}

// maxSources bounds the attributes whose values one expression may walk through.
// Comparing them is quadratic.
const maxSources = 250

// enough reports that further checking would only produce problems that are
// dropped.
func (c *checker) enough() bool { return len(c.problems) >= maxProblems }

// root checks the whole expression.
func (c *checker) root(n *node) {
	c.expr(n)
	if !n.info.typ.fits(tAny) {
		c.problem(n, "Wrong type", "A constant like vbTextCompare is an argument of functions; an attribute cannot receive it.")
	}
	c.cut(n)
}

// expr fills n.info.
func (c *checker) expr(n *node) {
	n.info.size = 1
	if c.enough() {
		n.info.typ = tAny
		return
	}
	switch n.kind {
	case nodeString:
		n.info.typ = tString
	case nodeNumber:
		n.info.typ = tInt
	case nodeAttribute:
		n.info = c.attribute(n, n.text, InputAttribute)
		c.bind(n)
	case nodeParameter:
		c.parameter(n)
	case nodeVariable:
		c.variable(n)
	case nodeConstant:
		c.constant(n)
	case nodeMinus:
		c.operand(n, n.args[0], opSubtract, tInt)
		n.info.typ = tInt | tNull
	case nodeChain:
		c.chain(n)
	case nodeCall:
		c.call(n)
	}
}

// input remembers an input and returns its type.
func (c *checker) input(name string, kind InputKind) {
	in := Input{Name: name, Kind: kind}
	if _, ok := c.index[in]; !ok {
		c.index[in] = len(c.inputs)
		c.inputs = append(c.inputs, in)
	}
}

// attribute checks the name of an attribute and gives its type.
func (c *checker) attribute(n *node, name string, kind InputKind) info {
	c.input(name, kind)
	if c.opts.Source == nil {
		return info{typ: tData | tNull, card: maybe, size: 1}
	}
	a, ok := c.opts.Source.Lookup(name)
	switch {
	case !ok:
		c.problem(n, "Unknown attribute", "The %s has no attribute %q, so the expression could never have a value from it.%s",
			spaceName(c.opts.Source), shorten(name), didYouMean(name, c.opts.Source.Names(), "[%s]"))
		return n.info
	case a.Name != name:
		c.problem(n, "Unknown attribute", "The %s has no attribute %q. Names are case-sensitive; did you mean [%s]?", spaceName(c.opts.Source), shorten(name), a.Name)
		return n.info
	}
	out := info{typ: syntaxTypes[a.Syntax] | tNull, size: 1}
	if a.Multi {
		out.card = many
	}
	if name == "dn" {
		out.typ |= tString | tRef // the name of the object is used as either
	}
	return out
}

func spaceName(s *schema.Schema) string {
	switch s.Kind() {
	case "ad":
		return "Active Directory connector space"
	case "entra":
		return "Entra connector space"
	}
	return s.Kind()
}

// knownParameters are the parameters that an AD connector provides
// (documented, and seen in exported configurations).
var knownParameters = []string{
	"Domain.Netbios", "Domain.FQDN", "Domain.LDAP", "Forest.Netbios", "Forest.FQDN", "Forest.LDAP",
	"Connector.ID", "Connector.GroupFilteringGroupDn", "Connector.GroupWriteBackContainerDn",
	"ADS_UF_ACCOUNTDISABLE", "ADS_GROUP_TYPE_GLOBAL_GROUP", "ADS_GROUP_TYPE_DOMAIN_LOCAL_GROUP",
	"ADS_GROUP_TYPE_LOCAL_GROUP", "ADS_GROUP_TYPE_UNIVERSAL_GROUP", "ADS_GROUP_TYPE_SECURITY_ENABLED",
}

func (c *checker) parameter(n *node) {
	names := c.opts.Params
	if names == nil {
		names = knownParameters
	}
	if !slices.Contains(names, n.text) {
		c.problem(n, "Unknown parameter", "No connector provides the parameter %%%s%%.%s", shorten(n.text), didYouMean(n.text, names, "%%%s%%"))
		return
	}
	c.input(n.text, InputParam)
	n.info.typ = tString | tRef | tNull
	if isNumericParameter(n.text) {
		n.info.typ = tInt | tNull
	}
}

// isNumericParameter tells the constants of ADSI from the texts.
func isNumericParameter(name string) bool { return strings.HasPrefix(name, "ADS_") }

func (c *checker) variable(n *node) {
	bound, ok := c.vars[n.text]
	if !ok {
		c.problem(n, "Unknown variable", "The variable $%s has no value here. Variables exist inside the last argument of Select, Where and With, which name them in their first.", shorten(n.text))
		return
	}
	n.info.typ, n.info.card = bound.typ, bound.card
	c.bind(n)
}

// bind makes n single where only one value of it is seen.
func (c *checker) bind(n *node) {
	if len(c.bound) > 0 && c.bound[n.key()] {
		n.info.card, n.info.element = single, true
	}
}

// whole checks an argument that is passed as the set it is, whatever is walked
// through around it.
func (c *checker) whole(n, arg *node) {
	outer := c.bound
	c.bound = map[key]bool{}
	c.expr(arg)
	c.cut(arg)
	c.bound = outer
	n.info.size += arg.info.size
}

// constants are the names that stand for a value.
var constants = map[string]typ{
	"True": tBool, "False": tBool, "NULL": tNull, "IgnoreThisFlow": tIgnore, "AuthoritativeNull": tAuthNull, "CRLF": tString,
	"vbTextCompare": tEnum, "vbBinaryCompare": tEnum, "CaseInsensitive": tEnum, "CaseSensitive": tEnum,
	"Unicode": tEnum, "ASCII": tEnum, "UTF8": tEnum, "DC": tEnum,
}

func (c *checker) constant(n *node) {
	t, ok := constants[n.text]
	if ok {
		n.info.typ = t
		return
	}
	if _, ok := functions[n.text]; ok {
		c.problem(n, "Unknown name", "%s is a function; give it its arguments in parentheses: %s.", n.text, functions[n.text].usage())
		return
	}
	names := make([]string, 0, len(constants))
	for name := range constants {
		names = append(names, name)
	}
	slices.Sort(names)
	c.problem(n, "Unknown name", "%q is no constant of the language. Attributes stand in brackets, [%s], and texts in quotes.%s", shorten(n.text), shorten(n.text), didYouMean(n.text, names, "%s"))
}

// operand checks an operand of n, which is one value at a time.
func (c *checker) operand(n, arg *node, op operator, accept typ) {
	c.expr(arg)
	c.each(n, arg)
	if !arg.info.typ.fits(accept) {
		c.problem(arg, "Wrong type", "%s works on %s; this operand is %s.%s", op, accept, arg.info.typ, conversion(accept, arg.info.typ))
	}
}

// each lets n be evaluated once per value of arg, where arg has several.
func (c *checker) each(n, arg *node) {
	n.info.size += arg.info.size
	if arg.info.card == single {
		n.info.needs = addSources(n.info.needs, arg.info.needs...)
	} else {
		c.cut(arg)
		arg.info.element = true
		n.info.needs = addSources(n.info.needs, source{key: arg.key(), node: arg, card: arg.info.card})
	}
	if len(n.info.needs) > maxSources {
		c.problem(arg, "Expression too large", "The expression works on more than %d attributes at once. Split it over several rules.", maxSources)
	}
}

// cut makes n the expression that walks through the sources that it needs: from
// here outwards it is a set.
func (c *checker) cut(n *node) {
	var walked *source
	for i, s := range n.info.needs {
		if s.card != many {
			continue
		}
		if walked != nil {
			c.problem(s.node, "Two multi-valued attributes", "The expression would have to be evaluated for every value of two different sets at once, and their values do not belong together. Use Join, Item, Select or Where on one of them.")
			return
		}
		walked = &n.info.needs[i]
	}
	if walked != nil && n.info.card == many {
		c.problem(n, "Two multi-valued attributes", "The expression is evaluated once for every value of %s and gives several values each time, so it has no meaning as a whole. Use Join, Item, Select or Where on one of the sets.", walked.node.label())
		return
	}
	if len(n.info.needs) == 0 {
		return
	}
	n.info.region, n.info.needs = n.info.needs, nil
	if walked != nil {
		n.info.card = many
	} else if n.info.card == single {
		n.info.card = maybe
	}
}

// label names a source in messages.
func (n *node) label() string {
	switch n.kind {
	case nodeAttribute:
		return "[" + n.text + "]"
	case nodeVariable:
		return "$" + n.text
	}
	return n.text
}
