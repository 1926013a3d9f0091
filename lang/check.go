package lang

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
)

// check finds what is wrong between blocks that are right by themselves.
func (l *loader) check() {}

// destination is the attribute that a flow of a rule writes.
func (l *loader) destination(d *declaredRule, name string, at hcl.Range) (schema.Attribute, bool) {
	return l.attribute(d.target, name, at)
}

func (l *loader) decodeClause(c *arguments, b *hcl.Block, source space) (Clause, bool) {
	clause := Clause{Attribute: c.text("attribute", ""), Operator: c.text("operator", ""), Range: b.DefRange}
	if clause.Attribute == "" {
		return clause, false
	}
	attr, _ := l.attribute(source, clause.Attribute, c.at("attribute"))
	clause.Attribute = attr.Name
	if c.given("value") {
		v, ok := c.scope.eval(c.expr("value"))
		if !ok {
			return clause, false
		}
		v, _ = v.UnmarkDeep()
		if clause.Value, ok = clauseText(v); !ok {
			return clause, false
		}
	}
	return clause, true
}

// compileOU compiles an ou or the default of a mapping.
func (l *loader) compileOU(a *arguments, argument string, m *OUMapping) *Expr {
	return l.compile(a, argument, metaverse, wantText(argument))
}
