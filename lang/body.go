package lang

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"
)

// arguments reads the arguments of one block. A wrong one is reported and then
// reads as absent; so does one that is null.
type arguments struct {
	l       *loader
	scope   *scope
	what    string // the block, for messages: writeback "cloud_groups"
	content *hcl.BodyContent
	missing hcl.Range
}

// read checks a body against a schema and returns its arguments.
func (l *loader) read(s *scope, what string, body hcl.Body, schema *hcl.BodySchema) *arguments {
	content, diags := body.Content(schema)
	l.report(l.suggest(diags, schema))
	if content == nil {
		content = &hcl.BodyContent{}
	}
	return &arguments{l: l, scope: s, what: what, content: content, missing: body.MissingItemRange()}
}

// suggest adds the name that may be meant to what HCL says of unknown ones; its
// own suggestions stop at two letters.
func (l *loader) suggest(diags hcl.Diagnostics, schema *hcl.BodySchema) hcl.Diagnostics {
	var names []string
	for _, attr := range schema.Attributes {
		names = append(names, attr.Name)
	}
	for _, block := range schema.Blocks {
		names = append(names, block.Type)
	}
	for _, d := range diags {
		if strings.HasPrefix(d.Summary, "Unsupported ") && d.Subject != nil && !strings.Contains(d.Detail, "Did you mean") {
			d.Detail += didYouMean(l.sourceText(*d.Subject), names)
		}
	}
	return diags
}

// bodySchema lists the arguments of a block, those that are required marked with
// "!", and then the types of its inner blocks, with their labels.
func bodySchema(arguments string, blocks ...hcl.BlockHeaderSchema) *hcl.BodySchema {
	schema := &hcl.BodySchema{Blocks: blocks}
	for _, word := range strings.Fields(arguments) {
		name, required := strings.CutSuffix(word, "!")
		schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: name, Required: required})
	}
	return schema
}

// at is the range of an argument's value, or of the block when it is absent.
func (a *arguments) at(name string) hcl.Range {
	if attr := a.content.Attributes[name]; attr != nil {
		return attr.Expr.Range()
	}
	return a.missing
}

// given reports whether the argument is written, be it null.
func (a *arguments) given(name string) bool { return a.content.Attributes[name] != nil }

// expr is the expression of an argument; nil when it is absent.
func (a *arguments) expr(name string) hcl.Expression {
	if attr := a.content.Attributes[name]; attr != nil {
		return attr.Expr
	}
	return nil
}

// value is the value of an argument, converted; false when there is none.
func (a *arguments) value(name string, want cty.Type) (cty.Value, bool) {
	expr := a.expr(name)
	if expr == nil {
		return cty.NilVal, false
	}
	v, ok := a.scope.eval(expr)
	if !ok {
		return cty.NilVal, false
	}
	return a.convert(v, want, expr.Range(), fmt.Sprintf("%s in %s", name, a.what))
}

// convert takes the value of an argument or of one of its elements to a type.
// Sensitive values are remembered, so that no diagnostic shows them.
func (a *arguments) convert(v cty.Value, want cty.Type, at hcl.Range, what string) (cty.Value, bool) {
	if v.ContainsMarked() {
		v, _ = v.UnmarkDeep()
		a.l.remember(v)
	}
	if v.IsNull() {
		return cty.NilVal, false
	}
	out, err := convert.Convert(v, want)
	if err != nil || !sameKind(v.Type(), want) {
		a.l.report(hcl.Diagnostics{problem(at, "Wrong type", "%s must be %s, not %s.", what, describe(want), describe(v.Type()))})
		return cty.NilVal, false
	}
	if out.IsNull() || !out.IsWhollyKnown() {
		return cty.NilVal, false
	}
	return out, true
}

// sameKind refuses the conversions between text, numbers and booleans that cty
// offers, because "true" where true is meant is a mistake more often than not.
func sameKind(have, want cty.Type) bool {
	return !have.IsPrimitiveType() || !want.IsPrimitiveType() || have == want
}

// describe names a type for people.
func describe(t cty.Type) string {
	switch {
	case t == cty.String:
		return "text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsMapType() && t.ElementType() == cty.String:
		return "a map of texts"
	case t == cty.List(cty.String):
		return "a list of texts"
	case t.IsMapType() || t.IsObjectType():
		return "an object"
	case t.IsListType() || t.IsTupleType() || t.IsSetType():
		return "a list"
	case t == blockType:
		return "a reference to a block"
	}
	return t.FriendlyName()
}

// text is a string argument.
func (a *arguments) text(name, absent string) string {
	if v, ok := a.value(name, cty.String); ok {
		return v.AsString()
	}
	return absent
}

// flag is a boolean argument.
func (a *arguments) flag(name string, absent bool) bool {
	if v, ok := a.value(name, cty.Bool); ok {
		return v.True()
	}
	return absent
}

// number is a numeric argument within bounds; nil when absent.
func (a *arguments) number(name string, least, most float64) *float64 {
	v, ok := a.value(name, cty.Number)
	if !ok {
		return nil
	}
	n, _ := v.AsBigFloat().Float64()
	if n < least || n > most {
		bounds := "between " + plain(least) + " and " + plain(most)
		if most == maxCount {
			bounds = plain(least) + " or more"
		}
		a.l.report(hcl.Diagnostics{problem(a.at(name), "Number out of range", "%s in %s must be %s.", name, a.what, bounds)})
		return nil
	}
	return &n
}

func plain(n float64) string { return big.NewFloat(n).Text('f', -1) }

// count is an argument that is a whole number; nil when absent.
func (a *arguments) count(name string, least, most int) *int {
	n := a.number(name, float64(least), float64(most))
	if n == nil {
		return nil
	}
	whole := int(*n)
	if float64(whole) != *n {
		a.l.report(hcl.Diagnostics{problem(a.at(name), "Not a whole number", "%s in %s counts something, so it must be a whole number.", name, a.what)})
		return nil
	}
	return &whole
}

// countOr is count with a default.
func (a *arguments) countOr(name string, absent, least, most int) int {
	if n := a.count(name, least, most); n != nil {
		return *n
	}
	return absent
}

// word is an argument that is one of a few words; absent is the default.
func (a *arguments) word(name, absent string, words ...string) string {
	v, ok := a.value(name, cty.String)
	if !ok {
		return absent
	}
	given := v.AsString()
	if slices.Contains(words, given) {
		return given
	}
	a.l.report(hcl.Diagnostics{problem(a.at(name), "Unknown word", "%s in %s must be %s, not %q.%s", name, a.what, list(words), given, didYouMean(given, words))})
	return absent
}

// item is one element of a list argument with its place in the file.
type item struct {
	text string
	at   hcl.Range
}

// items are the elements of a list of texts, each at its own place where it is
// written as a list.
func (a *arguments) items(name string) []item {
	v, ok := a.value(name, cty.List(cty.String))
	if !ok {
		return nil
	}
	var places []hcl.Expression
	if exprs, diags := hcl.ExprList(a.expr(name)); !diags.HasErrors() {
		places = exprs
	}
	var out []item
	for i, e := range v.AsValueSlice() {
		at := a.at(name)
		if i < len(places) && len(places) == v.LengthInt() {
			at = places[i].Range()
		}
		if e.IsNull() {
			a.l.report(hcl.Diagnostics{problem(at, "Null in a list", "%s in %s is a list of texts; an element must not be null.", name, a.what)})
			continue
		}
		out = append(out, item{e.AsString(), at})
	}
	return out
}

// pairs are the entries of a map of texts, sorted by key, each at its own place
// where it is written as an object.
func (a *arguments) pairs(name string) []pair {
	v, ok := a.value(name, cty.Map(cty.String))
	if !ok {
		return nil
	}
	places := map[string]hcl.Range{}
	if entries, diags := hcl.ExprMap(a.expr(name)); !diags.HasErrors() {
		for _, e := range entries {
			if k, diags := e.Key.Value(nil); !diags.HasErrors() && k.Type() == cty.String && k.IsKnown() && !k.IsNull() {
				places[k.AsString()] = hcl.RangeBetween(e.Key.Range(), e.Value.Range())
			}
		}
	}
	var out []pair
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		p := pair{key: k.AsString(), at: a.at(name)}
		if at, ok := places[p.key]; ok {
			p.at = at
		}
		if e.IsNull() {
			a.l.report(hcl.Diagnostics{problem(p.at, "Null in a map", "%s in %s is a map of texts; a value must not be null.", name, a.what)})
			continue
		}
		p.text = e.AsString()
		out = append(out, p)
	}
	return out
}

// pair is one entry of a map argument with its place in the file.
type pair struct {
	key, text string
	at        hcl.Range
}

// number64 is the whole number that v holds, if it fits.
func number64(v cty.Value) (int64, bool) {
	var n int64
	err := gocty.FromCtyValue(v, &n)
	return n, err == nil
}
