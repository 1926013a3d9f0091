package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// sourceRoot is the one name that stands for the object of an expression; all
// others are known when the configuration is loaded.
const sourceRoot = "source"

// A name is one node of the tree of names that expressions can refer to: var,
// var.container, provider.ad.corp, provider.ad.corp.base_dn, …
type name struct {
	address string
	at      hcl.Range
	kids    map[string]*name
	block   *blockRef      // the node is a block that can be referred to as a whole
	expr    hcl.Expression // evaluated when first needed; nil: value is there
	absent  cty.Value      // what value is when expr is null
	value   cty.Value
	state   nameState
}

type nameState uint8

const (
	unevaluated nameState = iota
	evaluating
	evaluated
	failed // reported already; what depends on it says nothing more
)

// scope is the tree of names that are in reach of a set of expressions.
type scope struct {
	l     *loader
	root  *name
	stack *[]*name // names being evaluated, shared by all scopes of a load
}

func newScope(l *loader) *scope {
	return &scope{l: l, root: &name{kids: map[string]*name{}}, stack: &[]*name{}}
}

// declare adds the node at a dotted address, and those on the way.
func (s *scope) declare(address string, at hcl.Range) *name {
	n := s.root
	for step := range strings.SplitSeq(address, ".") {
		if n.kids == nil {
			n.kids = map[string]*name{}
		}
		kid := n.kids[step]
		if kid == nil {
			kid = &name{address: strings.TrimPrefix(n.address+"."+step, "."), at: at, value: cty.DynamicVal}
			n.kids[step] = kid
		}
		n = kid
	}
	n.at = at
	return n
}

// set declares a name with a value.
func (s *scope) set(address string, at hcl.Range, v cty.Value) {
	n := s.declare(address, at)
	n.value, n.state = v, evaluated
}

// define declares a name whose value is an expression.
func (s *scope) define(address string, at hcl.Range, expr hcl.Expression) {
	n := s.declare(address, at)
	n.expr, n.state = expr, unevaluated
}

// eval evaluates an expression that needs no object. It reports what is wrong;
// false means that something was, here or in what the expression refers to.
func (s *scope) eval(expr hcl.Expression) (cty.Value, bool) {
	in, ok := s.inputs(expr, nil)
	if !ok {
		return cty.DynamicVal, false
	}
	v, diags := expr.Value(in.context)
	s.l.report(in.redact(diags))
	if diags.HasErrors() || !v.IsWhollyKnown() {
		return cty.DynamicVal, false
	}
	return v, true
}

// inputs are what an expression reads: names of the configuration, resolved, and
// attributes of the source object.
type inputs struct {
	context *hcl.EvalContext
	secret  bool // some input is sensitive
}

// redact takes the values out of diagnostics about an expression that reads
// sensitive ones.
func (in inputs) redact(diags hcl.Diagnostics) hcl.Diagnostics {
	if !in.secret {
		return diags
	}
	for _, d := range diags {
		d.Detail = "The expression uses a sensitive value, so what is wrong with it is not shown. Try it with a value that is no secret."
		d.Expression, d.EvalContext = nil, nil
	}
	return diags
}

// inputs resolves every name of an expression. onSource is nil where an
// expression cannot read an object.
func (s *scope) inputs(expr hcl.Expression, onSource func(hcl.Traversal) bool) (inputs, bool) {
	in := inputs{context: &hcl.EvalContext{Functions: s.l.functions}}
	ok := s.checkFunctions(expr)
	traversals := expr.Variables()
	if onSource != nil {
		absentIsFalse(expr)
		var fine bool
		traversals, fine = s.indexed(expr, traversals)
		ok = ok && fine
	}
	values := &name{}
	for _, t := range traversals {
		if t.RootName() == sourceRoot && onSource != nil {
			ok = onSource(t) && ok
			continue
		}
		n, found := s.resolve(t)
		if !found {
			ok = false
			continue
		}
		in.secret = in.secret || n.value.ContainsMarked()
		values.graft(strings.Split(n.address, "."), n.value)
	}
	in.context.Variables = values.objects()
	return in, ok
}

// indexed replaces each bare "source" of source[KEY] by source["…"], where KEY is
// known when the configuration is loaded.
func (s *scope) indexed(expr hcl.Expression, traversals []hcl.Traversal) ([]hcl.Traversal, bool) {
	node, isNode := expr.(hclsyntax.Node)
	if !isNode {
		return traversals, true
	}
	keys := map[int]hcl.Expression{} // by the place of source
	hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		if index, ok := n.(*hclsyntax.IndexExpr); ok {
			if of, ok := index.Collection.(*hclsyntax.ScopeTraversalExpr); ok && len(of.Traversal) == 1 && of.Traversal.RootName() == sourceRoot {
				keys[of.SrcRange.Start.Byte] = index.Key
			}
		}
		return nil
	})
	ok := true
	var out []hcl.Traversal
	for _, t := range traversals {
		key := keys[t.SourceRange().Start.Byte]
		if t.RootName() != sourceRoot || len(t) != 1 || key == nil {
			out = append(out, t)
			continue
		}
		v, fine := s.eval(key)
		if !fine {
			ok = false
			continue
		}
		v, _ = v.Unmark()
		out = append(out, hcl.Traversal{t[0], hcl.TraverseIndex{Key: v, SrcRange: key.Range()}})
	}
	return out, ok
}

// graft puts a value at a path below n.
func (n *name) graft(path []string, v cty.Value) {
	if len(path) == 0 {
		n.value = v
		return
	}
	if n.kids == nil {
		n.kids = map[string]*name{}
	}
	kid := n.kids[path[0]]
	if kid == nil {
		kid = &name{}
		n.kids[path[0]] = kid
	}
	kid.graft(path[1:], v)
}

// objects are the kids of n as HCL wants them.
func (n *name) objects() map[string]cty.Value {
	out := make(map[string]cty.Value, len(n.kids))
	for step, kid := range n.kids {
		if kid.kids != nil {
			out[step] = cty.ObjectVal(kid.objects())
		} else {
			out[step] = kid.value
		}
	}
	return out
}

// resolve finds and evaluates the name that a traversal begins with.
func (s *scope) resolve(t hcl.Traversal) (*name, bool) {
	n := s.root
	for i, step := range t {
		word, rng, ok := stepName(step)
		if !ok {
			s.l.report(hcl.Diagnostics{problem(rng, "Invalid reference", "%s is a group of names, not a list: write %s.NAME.", n.address, n.address)})
			return nil, false
		}
		kid := n.kids[word]
		if kid == nil {
			s.l.report(hcl.Diagnostics{s.unknown(n, word, rng)})
			return nil, false
		}
		n = kid
		if n.kids == nil || (n.block != nil && i == len(t)-1) {
			return n, s.force(n)
		}
	}
	s.l.report(hcl.Diagnostics{problem(t.SourceRange(), "Incomplete reference",
		"%s is a group of names and no value by itself: write %s.NAME, with one of %s.", n.address, n.address, list(slices.Sorted(maps.Keys(n.kids))))})
	return nil, false
}

// stepName is the name that one step of a traversal selects.
func stepName(step hcl.Traverser) (string, hcl.Range, bool) {
	switch step := step.(type) {
	case hcl.TraverseRoot:
		return step.Name, step.SrcRange, true
	case hcl.TraverseAttr:
		return step.Name, step.SrcRange, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() && !step.Key.IsMarked() {
			return step.Key.AsString(), step.SrcRange, true
		}
		return "", step.SrcRange, false
	}
	return "", step.SourceRange(), false
}

func (s *scope) unknown(parent *name, word string, rng hcl.Range) *hcl.Diagnostic {
	known := slices.Sorted(maps.Keys(parent.kids))
	if parent == s.root && len(known) == 0 {
		return problem(rng, "Not a constant", "This must be a constant: it is read before anything that %q could refer to.", word)
	}
	if parent == s.root {
		if word == sourceRoot {
			return problem(rng, "No source object here",
				"source is the object that flows, and this value is read once for the whole configuration, before any object. Use var, local or settings.")
		}
		return problem(rng, "Unknown reference", "There is nothing called %q; references begin with %s.%s", word, list(known), didYouMean(word, known))
	}
	if len(known) == 0 {
		return problem(rng, "Unknown reference", "%s.%s is not declared, and no other %s is.", parent.address, word, parent.address)
	}
	return problem(rng, "Unknown reference", "%s.%s is not declared.%s", parent.address, word, didYouMean(word, known))
}

// force evaluates a name when that has not been done, and reports cycles.
func (s *scope) force(n *name) bool {
	switch n.state {
	case evaluated:
		return true
	case failed:
		return false
	case evaluating:
		s.reportCycle(n)
		return false
	}
	if n.expr == nil {
		n.state = evaluated
		return true
	}
	n.state = evaluating
	*s.stack = append(*s.stack, n)
	v, ok := s.eval(n.expr)
	*s.stack = (*s.stack)[:len(*s.stack)-1]
	if !ok || n.state == failed {
		n.state = failed
		return false
	}
	if v.IsNull() && n.absent != cty.NilVal {
		v = n.absent
	}
	n.value, n.state = v, evaluated
	return true
}

// reportCycle reports the cycle that ends at n, once, beginning with its first
// name in order.
func (s *scope) reportCycle(n *name) {
	cycle := (*s.stack)[slices.Index(*s.stack, n):]
	first := 0
	for i, m := range cycle {
		m.state = failed
		if m.address < cycle[first].address {
			first = i
		}
	}
	var words []string
	for i := range len(cycle) + 1 {
		m := cycle[(first+i)%len(cycle)]
		words = append(words, m.address+" ("+place(m.at)+")")
	}
	s.l.report(hcl.Diagnostics{problem(cycle[first].at, "Reference cycle",
		"These values refer to each other, so none of them can be computed: %s. Break the circle at one of them.", strings.Join(words, " → "))})
}

// checkFunctions reports unknown functions, also where try or can would hide
// them.
func (s *scope) checkFunctions(expr hcl.Expression) bool {
	node, ok := expr.(hclsyntax.Node)
	if !ok {
		return true
	}
	fine := true
	hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if _, ok := s.l.functions[call.Name]; !ok {
			fine = false
			s.l.report(hcl.Diagnostics{problem(call.NameRange, "Unknown function",
				"There is no function called %q.%s", call.Name, didYouMean(call.Name, slices.Collect(maps.Keys(s.l.functions))))})
		}
		return nil
	})
	return fine
}
