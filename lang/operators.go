package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// absentIsFalse makes the conditions in an expression hold for absent values what
// the operators of a scope clause hold: a comparison with an absent value is
// false, and an absent condition counts as false. HCL by itself refuses null
// there, so that every object without the attribute would be an error.
func absentIsFalse(expr hcl.Expression) {
	node, ok := expr.(hclsyntax.Node)
	if !ok {
		return
	}
	hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		switch e := n.(type) {
		case *hclsyntax.BinaryOpExpr:
			e.Op = tolerant(e.Op)
		case *hclsyntax.UnaryOpExpr:
			e.Op = tolerant(e.Op)
		}
		return nil
	})
}

// tolerant is the form of an operator that takes null; op itself for arithmetic
// and for equality, which takes null anyway.
func tolerant(op *hclsyntax.Operation) *hclsyntax.Operation {
	var operand cty.Type
	switch op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr, hclsyntax.OpLogicalNot:
		operand = cty.Bool
	case hclsyntax.OpLessThan, hclsyntax.OpLessThanOrEqual, hclsyntax.OpGreaterThan, hclsyntax.OpGreaterThanOrEqual:
		operand = cty.Number
	default:
		return op
	}
	spec := &function.Spec{Type: function.StaticReturnType(cty.Bool)}
	for _, p := range op.Impl.Params() {
		spec.Params = append(spec.Params, function.Parameter{Name: p.Name, Type: operand, AllowNull: true})
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		present := make([]cty.Value, len(args))
		for i, arg := range args {
			if arg.IsNull() && operand == cty.Number {
				return cty.False, nil
			}
			if present[i] = arg; arg.IsNull() {
				present[i] = cty.False
			}
		}
		return op.Impl.Call(present)
	}
	return &hclsyntax.Operation{Impl: function.New(spec), Type: op.Type, ShortCircuit: op.ShortCircuit}
}
