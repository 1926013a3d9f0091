package lang

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// space is what an expression, a clause or a flow finds its attributes in.
type space struct {
	schema     *schema.Schema
	name       string // for messages: the metaverse, provider.ad.corp
	objectType string // "" is any
}

// lookup finds an attribute that objects of the space have.
func (s space) lookup(attribute string, at hcl.Range) (schema.Attribute, *hcl.Diagnostic) {
	attr, ok := s.schema.Lookup(attribute)
	if !ok {
		where := s.name
		if s.schema.Kind() == "metaverse" {
			where = "a metaverse block"
		}
		hint := fmt.Sprintf(" An attribute of your own schema is declared with attributes in %s.", where)
		return attr, problem(at, "Unknown attribute", "There is no attribute %q in %s.%s%s", attribute, s.name, didYouMean(attribute, s.schema.Names()), hint)
	}
	if s.objectType != "" && len(attr.Types) > 0 && !slices.Contains(attr.Types, s.objectType) {
		return attr, problem(at, "Attribute of another type", "Objects of the type %s have no %s in %s; only %s has.", s.objectType, attr.Name, s.name, list(attr.Types))
	}
	return attr, nil
}

// errArguments is a mistake of the caller of Eval.
var errArguments = errors.New("an expression was given another number of values than it reads")

// compile compiles the HCL expression of an argument; nil when the argument is
// absent or wrong.
func (l *loader) compile(a *arguments, argument string, source space, want want) *Expr {
	e, _ := l.compileOrPass(a, argument, source, want)
	return e
}

// compileCondition is compile for a when that must say something.
func (l *loader) compileCondition(a *arguments, source space) *Expr {
	e := l.compile(a, "when", source, wantCondition)
	if e != nil && e.Const && isNull(e) {
		l.report(hcl.Diagnostics{problem(e.Range, "Condition is null", "when in %s is null, which never holds. Say what must hold, or true.", a.what)})
		return nil
	}
	return e
}

// compileOrPass is compile, and also the attribute that the expression passes on
// as it is, if it does nothing else.
func (l *loader) compileOrPass(a *arguments, argument string, source space, want want) (*Expr, *schema.Attribute) {
	expr := a.expr(argument)
	if expr == nil {
		return nil, nil
	}
	c, ok := l.prepare(a.scope, expr, source, want)
	if !ok {
		return nil, nil
	}
	result, diags := c.probe()
	l.report(c.base.redact(diags))
	if diags.HasErrors() {
		return nil, nil
	}
	if d := want.check(result, argument, a.what, expr.Range()); d != nil {
		l.report(hcl.Diagnostics{d})
		return nil, nil
	}
	if branch := fold(expr, c.base.context); branch != expr {
		secret := c.base.secret
		if c, ok = l.prepare(a.scope, branch, source, want); !ok {
			return nil, nil
		}
		c.base.secret = c.base.secret || secret
	}
	e := &Expr{Text: l.sourceText(expr.Range()), Range: expr.Range(), Const: len(c.attrs) == 0, Eval: c.eval}
	for _, attr := range c.attrs {
		e.Uses = append(e.Uses, Use{Name: attr.Name})
	}
	if e.Const {
		return l.constant(e, c.base.secret, argument, a.what), nil
	}
	if attr, ok := direct(c.expr, source); ok && want.passes(attr) {
		return passExpr(e.Text, attr, e.Range), &attr
	}
	e.Inspection = c.inspect(source)
	return e, nil
}

// prepare resolves the names of an expression.
func (l *loader) prepare(s *scope, expr hcl.Expression, source space, want want) (*compiled, bool) {
	c := &compiled{expr: expr, written: map[string]int{}, want: want}
	var ok bool
	c.base, ok = s.inputs(expr, func(t hcl.Traversal) bool {
		attr, name, d := sourceAttribute(t, source)
		if d != nil {
			l.report(hcl.Diagnostics{d})
			return false
		}
		i := slices.IndexFunc(c.attrs, func(have schema.Attribute) bool { return have.Name == attr.Name })
		if i < 0 {
			c.attrs = append(c.attrs, attr)
			i = len(c.attrs) - 1
		}
		c.written[name] = i
		return true
	})
	return c, ok
}

// fold takes the branch of a condition that no object decides, so that only the
// attributes of that branch are read.
func fold(expr hcl.Expression, ctx *hcl.EvalContext) hcl.Expression {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		if inner := fold(e.Expression, ctx); inner != e.Expression {
			return inner
		}
	case *hclsyntax.ConditionalExpr:
		if readsSource(e.Condition) != nil {
			return expr
		}
		v, diags := e.Condition.Value(ctx)
		v, _ = v.Unmark()
		if diags.HasErrors() || v.Type() != cty.Bool || v.IsNull() || !v.IsKnown() {
			return expr
		}
		if v.True() {
			return fold(e.TrueResult, ctx)
		}
		return fold(e.FalseResult, ctx)
	}
	return expr
}

// constant evaluates a constant expression once, for the mistakes in it and for
// speed.
func (l *loader) constant(e *Expr, secret bool, argument, what string) *Expr {
	v, err := e.Eval(nil)
	if secret && !v.IsNull() {
		l.remember(cty.StringVal(v.Display()))
	}
	if err != nil {
		l.report(hcl.Diagnostics{problem(e.Range, "Wrong value", "%s in %s: %s.", argument, what, err)})
		return nil
	}
	e.Eval = func([]value.Value) (value.Value, error) { return v, nil }
	e.Inspection = inspectConstant(v)
	return e
}

// compiled is an HCL expression with all its names resolved but source.
type compiled struct {
	expr    hcl.Expression
	base    inputs
	attrs   []schema.Attribute // read, in order of first mention
	written map[string]int     // spelling in the expression → index in attrs
	want    want
}

// probe evaluates with unknown values of the right types, which finds every
// mistake that does not depend on an object.
func (c *compiled) probe() (cty.Value, hcl.Diagnostics) {
	return c.run(func(attr schema.Attribute, _ int) cty.Value { return cty.UnknownVal(attributeType(attr)) })
}

// run evaluates with the given value of each attribute.
func (c *compiled) run(valueOf func(schema.Attribute, int) cty.Value) (v cty.Value, diags hcl.Diagnostics) {
	// A panic in a library function is a mistake in one expression for one
	// object; it must not end a run over all the others.
	defer func() {
		if r := recover(); r != nil {
			v = cty.DynamicVal
			diags = hcl.Diagnostics{problem(c.expr.Range(), "Expression failed", "The expression could not be evaluated: %v.", r)}
		}
	}()
	ctx := c.base.context
	if len(c.attrs) > 0 {
		object := make(map[string]cty.Value, len(c.written))
		for name, i := range c.written {
			object[name] = valueOf(c.attrs[i], i)
		}
		ctx = c.base.context.NewChild()
		ctx.Variables = map[string]cty.Value{sourceRoot: cty.ObjectVal(object)}
	}
	return c.expr.Value(ctx)
}

// eval is Expr.Eval.
func (c *compiled) eval(args []value.Value) (out value.Value, err error) {
	if len(args) != len(c.attrs) {
		return value.Value{}, errArguments
	}
	v, diags := c.run(func(attr schema.Attribute, i int) cty.Value { return toCty(attr, args[i]) })
	if diags = c.base.redact(diags); diags.HasErrors() {
		d := diags[0]
		return value.Value{}, fmt.Errorf("%s: %s", d.Summary, strings.TrimSuffix(d.Detail, "."))
	}
	v, _ = v.UnmarkDeep()
	return c.want.result(v)
}

// sourceAttribute is the attribute that a traversal of source reads, and the name
// as it is written there.
func sourceAttribute(t hcl.Traversal, source space) (schema.Attribute, string, *hcl.Diagnostic) {
	if len(t) < 2 {
		return schema.Attribute{}, "", problem(t.SourceRange(), "Incomplete reference", "source is an object and no value by itself: write source.NAME, or source[\"NAME\"] for names with other characters.")
	}
	name, rng, ok := stepName(t[1])
	if !ok {
		return schema.Attribute{}, "", problem(rng, "Invalid reference", "source has attributes, not numbers: write source.NAME.")
	}
	attr, d := source.lookup(name, hcl.RangeBetween(t[0].SourceRange(), rng))
	if d != nil {
		return attr, name, d
	}
	if attr.Syntax == schema.Reference {
		return attr, name, problem(hcl.RangeBetween(t[0].SourceRange(), rng), "References are not readable",
			"%s holds references to other objects, which are resolved only after every object is named, so no expression can read it. The number of members is source.memberCount; to flow it, use from or copy.", attr.Name)
	}
	return attr, name, nil
}

// direct is the attribute of an expression that is source.NAME and nothing else.
func direct(expr hcl.Expression, source space) (schema.Attribute, bool) {
	inner := expr
	for {
		switch e := inner.(type) {
		case *hclsyntax.ParenthesesExpr:
			inner = e.Expression
			continue
		case *hclsyntax.TemplateWrapExpr:
			inner = e.Wrapped
			continue
		}
		break
	}
	t, ok := inner.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(t.Traversal) != 2 || t.Traversal.RootName() != sourceRoot {
		return schema.Attribute{}, false
	}
	attr, _, d := sourceAttribute(t.Traversal, source)
	return attr, d == nil
}

// sourceText is the text at a range.
func (l *loader) sourceText(at hcl.Range) string {
	if f := l.files[at.Filename]; f != nil && at.CanSliceBytes(f.Bytes) {
		return string(at.SliceBytes(f.Bytes))
	}
	return ""
}
