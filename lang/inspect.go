package lang

import (
	"math/big"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/syncexpr"
	"github.com/landfall-directory/landfall/lang/value"
)

// Inspection says how an expression depends on the values of its inputs; see
// package syncexpr.
type Inspection = syncexpr.Inspection

// inspector looks at an HCL expression.
type inspector struct {
	Inspection
	source space
	ctx    *hcl.EvalContext
	seen   []string // attributes that are passed on or compared
}

// inspect says how a compiled expression depends on its inputs. What the walk does
// not find counts as computed with.
func (c *compiled) inspect(source space) Inspection {
	i := inspector{source: source, ctx: c.base.context}
	i.passed(c.expr)
	for _, attr := range c.attrs {
		if !slices.Contains(i.seen, attr.Name) {
			i.Compute(attr.Name)
		}
	}
	return i.Inspection
}

// inspectConstant is the inspection of an expression that gives v for every object.
func inspectConstant(v value.Value) Inspection {
	var i Inspection
	for _, item := range v.Items() {
		i.Text(item.LDAP())
	}
	return i
}

// passed looks at an expression whose value is that of the whole.
func (i *inspector) passed(expr hcl.Expression) {
	if i.constant(expr) {
		return
	}
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		i.passed(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		i.passed(e.Wrapped)
	case *hclsyntax.ScopeTraversalExpr:
		attr, whole := direct(e, i.source)
		if !whole {
			i.makes(e)
			return
		}
		i.seen = append(i.seen, attr.Name)
	case *hclsyntax.ConditionalExpr:
		i.condition(e.Condition)
		i.passed(e.TrueResult)
		i.passed(e.FalseResult)
	case *hclsyntax.FunctionCallExpr:
		i.call(e)
	case *hclsyntax.UnaryOpExpr:
		i.operation(e, e.Op)
	case *hclsyntax.BinaryOpExpr:
		i.operation(e, e.Op)
	default:
		i.makes(expr)
	}
}

// operation looks at an operation whose value is that of the whole: a truth value,
// or a number that it makes.
func (i *inspector) operation(expr hcl.Expression, op *hclsyntax.Operation) {
	if op.Type == cty.Bool {
		i.condition(expr)
		return
	}
	i.makes(expr)
}

// makes looks at an expression that is a new value.
func (i *inspector) makes(expr hcl.Expression) {
	i.Makes = true
	i.computed(expr)
}

// call looks at a function whose value is that of the whole.
func (i *inspector) call(e *hclsyntax.FunctionCallExpr) {
	switch {
	case e.ExpandFinal:
		i.makes(e)
	case i.begins(e):
	case e.Name == "coalesce":
		for _, arg := range e.Args {
			i.passed(arg)
		}
	case e.Name == "trimspace" && len(e.Args) == 1:
		i.passed(e.Args[0])
	case e.Name == "left" && len(e.Args) == 2:
		n, ok := i.number(e.Args[1])
		if !ok {
			i.makes(e)
			return
		}
		i.passed(e.Args[0])
		i.Cut(n)
	case (e.Name == "guid" || e.Name == "sid") && len(e.Args) == 1: // but another spelling of the octets
		i.passed(e.Args[0])
	default:
		i.makes(e)
	}
}

// condition looks at an expression of which only the truth matters.
func (i *inspector) condition(expr hcl.Expression) {
	if i.constant(expr) {
		return
	}
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		i.condition(e.Expression)
		return
	case *hclsyntax.UnaryOpExpr:
		if e.Op.Type == cty.Bool { // not
			i.condition(e.Val)
			return
		}
	case *hclsyntax.BinaryOpExpr:
		switch {
		case e.Op.ShortCircuit != nil: // and, or
			i.condition(e.LHS)
			i.condition(e.RHS)
			return
		case (e.Op == hclsyntax.OpEqual || e.Op == hclsyntax.OpNotEqual) && i.bare(e.LHS) && i.bare(e.RHS):
			i.passed(e.LHS)
			i.passed(e.RHS)
			return
		}
	case *hclsyntax.FunctionCallExpr:
		if i.begins(e) {
			return
		}
	case *hclsyntax.ScopeTraversalExpr:
		if attr, whole := direct(e, i.source); whole {
			i.seen = append(i.seen, attr.Name) // a truth value stays what it is
			return
		}
	}
	i.computed(expr)
}

// begins notes startswith(source.NAME, constant).
func (i *inspector) begins(e *hclsyntax.FunctionCallExpr) bool {
	if e.Name != "startswith" || len(e.Args) != 2 || e.ExpandFinal || readsSource(e.Args[1]) != nil {
		return false
	}
	attr, whole := direct(e.Args[0], i.source)
	v, diags := e.Args[1].Value(i.ctx)
	v, _ = v.Unmark()
	if !whole || diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return false
	}
	i.seen = append(i.seen, attr.Name)
	i.Prefix(v.AsString())
	return true
}

// bare reports an operand that is compared as it is.
func (i *inspector) bare(expr hcl.Expression) bool {
	_, whole := direct(expr, i.source)
	return whole || readsSource(expr) == nil
}

// constant notes the value of an expression that reads no object.
func (i *inspector) constant(expr hcl.Expression) bool {
	if readsSource(expr) != nil {
		return false
	}
	v, diags := expr.Value(i.ctx)
	v, _ = v.UnmarkDeep()
	if !diags.HasErrors() && v.IsWhollyKnown() {
		i.texts(v)
	}
	return true
}

// texts notes every text and number within a value.
func (i *inspector) texts(v cty.Value) {
	switch t := v.Type(); {
	case v.IsNull():
	case t == cty.String:
		i.Text(v.AsString())
	case t == cty.Number:
		i.Text(v.AsBigFloat().Text('f', -1))
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		for _, item := range v.AsValueSlice() {
			i.texts(item)
		}
	}
}

// number is the value of an expression that reads no object and is a whole number.
func (i *inspector) number(expr hcl.Expression) (int, bool) {
	if readsSource(expr) != nil {
		return 0, false
	}
	v, diags := expr.Value(i.ctx)
	v, _ = v.Unmark()
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.Number {
		return 0, false
	}
	n, accuracy := v.AsBigFloat().Int64()
	return int(n), accuracy == big.Exact && n > 0
}

// computed looks at an expression that does something else with what is in it.
func (i *inspector) computed(expr hcl.Expression) {
	node, ok := expr.(hclsyntax.Node)
	if !ok {
		return
	}
	hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		switch e := n.(type) {
		case *hclsyntax.ScopeTraversalExpr:
			if e.Traversal.RootName() == sourceRoot {
				if attr, _, d := sourceAttribute(e.Traversal, i.source); d == nil {
					i.Compute(attr.Name)
				}
			}
		case *hclsyntax.LiteralValueExpr:
			i.texts(e.Val)
		}
		return nil
	})
}
