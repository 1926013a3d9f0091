package lang

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// operatorKind says what the value of a clause must be.
type operatorKind uint8

const (
	compares  operatorKind = iota // with a value of the attribute
	orders                        // with a value of the attribute that has an order
	searches                      // for a piece of text
	tests                         // no value
	holdsItem                     // one of the values of the attribute
	masks                         // a bit mask
	belongs                       // the DN of a group
)

// operators are those of Entra Connect, in the spelling of its export.
var operators = map[string]operatorKind{
	"EQUAL": compares, "NOTEQUAL": compares,
	"LESSTHAN": orders, "LESSTHAN_OR_EQUAL": orders, "GREATERTHAN": orders, "GREATERTHAN_OR_EQUAL": orders,
	"CONTAINS": searches, "NOTCONTAINS": searches, "STARTSWITH": searches, "NOTSTARTSWITH": searches, "ENDSWITH": searches, "NOTENDSWITH": searches,
	"ISNULL": tests, "ISNOTNULL": tests,
	"ISIN": holdsItem, "ISNOTIN": holdsItem,
	"ISBITSET": masks, "ISBITNOTSET": masks,
	"ISMEMBEROF": belongs, "ISNOTMEMBEROF": belongs,
}

// decodeClause decodes a clause block; false when it cannot be understood.
func (l *loader) decodeClause(c *arguments, b *hcl.Block, source space) (Clause, bool) {
	clause := Clause{Operator: c.text("operator", ""), Range: b.DefRange}
	if clause.Operator == "ISNOTBITSET" {
		clause.Operator = "ISBITNOTSET" // Entra Connect's documentation and its export differ
	}
	kind, known := operators[clause.Operator]
	if !known && clause.Operator != "" {
		names := slices.Sorted(maps.Keys(operators))
		l.report(hcl.Diagnostics{problem(c.at("operator"), "Unknown operator", "%q is not an operator of scope clauses.%s The operators are %s.", clause.Operator, didYouMean(clause.Operator, names), list(names))})
	}
	name := c.text("attribute", "")
	if name == "" || !known {
		return clause, false
	}
	attr, ok := l.attribute(source, name, c.at("attribute"))
	if clause.Attribute = attr.Name; !ok {
		return clause, false
	}
	text, ok := l.clauseValue(c, kind)
	if !ok {
		return clause, false
	}
	clause.Value = l.checkClause(c, kind, clause.Operator, attr, text)
	return clause, true
}

// clauseValue is the text form of a clause's value: booleans as Entra Connect
// writes them.
func (l *loader) clauseValue(c *arguments, kind operatorKind) (string, bool) {
	if kind == tests {
		return "", true
	}
	expr := c.expr("value")
	if expr == nil {
		l.report(hcl.Diagnostics{problem(c.missing, "Clause without a value", "This operator compares with something: add value. To test for presence, use ISNULL or ISNOTNULL.")})
		return "", false
	}
	v, ok := c.scope.eval(expr)
	if !ok {
		return "", false
	}
	if v.ContainsMarked() {
		v, _ = v.UnmarkDeep()
		l.remember(v)
	}
	switch {
	case v.IsNull():
		l.report(hcl.Diagnostics{problem(expr.Range(), "Null in a clause", "Nothing can be compared with null. Use the operator ISNULL or ISNOTNULL.")})
		return "", false
	case v.Type() == cty.String:
		return v.AsString(), true
	case v.Type() == cty.Bool && v.True():
		return "True", true
	case v.Type() == cty.Bool:
		return "False", true
	case v.Type() == cty.Number:
		return v.AsBigFloat().Text('f', -1), true
	}
	l.report(hcl.Diagnostics{problem(expr.Range(), "Wrong type", "value in %s must be text, a number, true or false, not %s. To compare with several values, write several scope blocks.", c.what, describe(v.Type()))})
	return "", false
}

// checkClause reports a value that the attribute can never have; the result is
// the value in the spelling of plans.
func (l *loader) checkClause(c *arguments, kind operatorKind, operator string, attr schema.Attribute, text string) string {
	at := c.at("value")
	switch {
	case kind == masks:
		n, err := strconv.ParseInt(text, 0, 64)
		if err != nil || attr.Syntax != schema.Int {
			l.report(hcl.Diagnostics{problem(at, "Wrong type", "%s tests the bits of a number with a mask such as 2; %s holds %s and the value is %q.", operator, attr.Name, syntaxName(attr.Syntax), text)})
			return text
		}
		return strconv.FormatInt(n, 10)
	case kind == belongs:
		if _, err := dn.Parse(text); err != nil || text == "" {
			l.report(hcl.Diagnostics{problem(at, "Not a distinguished name", "%s compares with the distinguished name of a group, and %q is none.", operator, text)})
		}
	case kind == tests || kind == searches:
	case attr.Syntax == schema.Bool:
		if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
			l.report(hcl.Diagnostics{problem(at, "Wrong type", "%s is true or false and can never be %q, so this clause would always give the same.", attr.Name, text)})
		}
	case attr.Syntax == schema.Int:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			l.report(hcl.Diagnostics{problem(at, "Wrong type", "%s is a number and can never be %q, so this clause would always give the same.", attr.Name, text)})
		}
	}
	if attr.Multi && kind == compares {
		l.report(hcl.Diagnostics{warning(c.at("operator"), "Comparison with several values", "%s has several values, and %s holds when any of them compares. ISIN and ISNOTIN say that more clearly.", attr.Name, operator)})
	}
	return text
}
