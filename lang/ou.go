package lang

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/value"
)

// compileOU compiles the ou of a rule, or the default, of a mapping. Its result
// is DN syntax relative to the root; a name written with its DC components is
// made relative, and one that lies elsewhere is an error.
func (l *loader) compileOU(a *arguments, argument string, m *OUMapping) *Expr {
	expr := a.expr(argument)
	e := l.compile(a, argument, l.metaverse, wantText(argument))
	if e == nil {
		return nil
	}
	for _, at := range unescaped(expr, false) {
		l.report(hcl.Diagnostics{warning(at, "Interpolation without dn_escape",
			"A value with a comma or an equals sign would change which OU this names. Write dn_escape(…) around it, unless it is DN syntax on purpose.")})
	}
	root, err := dn.Parse(m.Root)
	if err != nil {
		return e // reported with root
	}
	in, _ := a.scope.inputs(expr, func(hcl.Traversal) bool { return true })
	inner := e.Eval
	e.Eval = func(args []value.Value) (value.Value, error) {
		v, err := inner(args)
		if err != nil || v.IsNull() {
			return v, err
		}
		text, err := belowRoot(v.Text(), root)
		if err != nil && in.secret {
			err = errSecretOU
		}
		return value.Str(text), err
	}
	if !e.Const {
		return e
	}
	v, err := e.Eval(nil)
	switch {
	case err != nil:
		summary := "Not a distinguished name"
		if errors.Is(err, errOutside) {
			summary = "OU outside root"
		}
		l.report(hcl.Diagnostics{problem(expr.Range(), summary, "%s in %s: %s.", argument, a.what, err)})
		return nil
	case v.IsNull():
		l.report(hcl.Diagnostics{problem(expr.Range(), "No OU", "%s in %s is null, so objects would have no place. Write \"\" for the root itself.", argument, a.what)})
		return nil
	}
	e.Eval = func([]value.Value) (value.Value, error) { return v, nil }
	return e
}

var (
	errOutside  = errors.New("it lies outside the root of the mapping")
	errSecretOU = errors.New("the name of the OU is not valid; it has a sensitive value in it and is not shown")
)

// belowRoot makes the name of an OU relative to the root of its mapping.
func belowRoot(text string, root dn.DN) (string, error) {
	d, err := dn.Parse(text)
	if err != nil {
		return "", err
	}
	if d.Len() == 0 {
		return "", nil
	}
	rdns := d.RDNs()
	absolute := strings.EqualFold(rdns[len(rdns)-1].Type, "DC")
	if absolute && !d.IsBelow(root) {
		return "", fmt.Errorf("%q is a full name, and %w", text, errOutside)
	}
	if absolute {
		rdns = rdns[:len(rdns)-root.Len()]
	}
	parts := make([]string, len(rdns))
	for i, rdn := range rdns {
		if !strings.EqualFold(rdn.Type, "OU") && !strings.EqualFold(rdn.Type, "CN") {
			return "", fmt.Errorf("%q has a component of the type %s below the root; groups are placed in OUs, as in OU=Finance", text, rdn.Type)
		}
		parts[i] = rdn.String()
	}
	if absolute {
		return strings.Join(parts, ","), nil
	}
	return text, nil
}

// unescaped finds the interpolations of source values that dn_escape does not
// guard.
func unescaped(expr hcl.Expression, interpolated bool) []hcl.Range {
	var inner []hclsyntax.Expression
	switch e := expr.(type) {
	case *hclsyntax.TemplateExpr:
		inner, interpolated = e.Parts, true
	case *hclsyntax.TemplateWrapExpr:
		return unescaped(e.Wrapped, interpolated)
	case *hclsyntax.ParenthesesExpr:
		return unescaped(e.Expression, interpolated)
	case *hclsyntax.ConditionalExpr:
		inner = []hclsyntax.Expression{e.TrueResult, e.FalseResult}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "dn_escape" {
			return nil
		}
		if !interpolated {
			inner = e.Args
			break
		}
		return readsSource(expr)
	default:
		if interpolated {
			return readsSource(expr)
		}
	}
	var out []hcl.Range
	for _, e := range inner {
		out = append(out, unescaped(e, interpolated)...)
	}
	return out
}

// readsSource is the place of an expression if it reads the source object.
func readsSource(expr hcl.Expression) []hcl.Range {
	for _, t := range expr.Variables() {
		if t.RootName() == sourceRoot {
			return []hcl.Range{expr.Range()}
		}
	}
	return nil
}
