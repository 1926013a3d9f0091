package lang

import (
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/syncexpr"
	"github.com/landfall-directory/landfall/lang/value"
)

// compileSyncRule compiles the argument "expression" of a flow, which is text in
// Entra Connect's own language; nil when it is absent or wrong.
func (l *loader) compileSyncRule(a *arguments, d *declaredRule, once bool) *Expr {
	expr := a.expr("expression")
	in, ok := a.scope.inputs(expr, nil)
	if !ok {
		return nil
	}
	v, ok := a.value("expression", cty.String)
	if !ok {
		return nil
	}
	text := v.AsString()
	program, problems := syncexpr.Compile(text, syncexpr.Options{Source: d.source.schema, ExecuteOnce: once})
	var diags hcl.Diagnostics
	for _, p := range problems {
		found := problem(l.within(expr, in.context, text, p.Offset, p.Length), p.Summary, "%s", p.Detail)
		if p.Warning {
			found.Severity = hcl.DiagWarning
		}
		diags = append(diags, found)
	}
	l.report(in.redact(diags))
	if program == nil {
		return nil
	}
	e := &Expr{Text: text, Const: program.Const, Range: expr.Range(), Inspection: program.Inspect(), Eval: program.Eval}
	for _, input := range program.Inputs {
		use, ok := l.syncRuleUse(d, input, expr.Range())
		if !ok {
			return nil
		}
		e.Uses = append(e.Uses, use)
	}
	if e.Const {
		if result, err := program.Eval(nil); err == nil {
			e.Eval = func([]value.Value) (value.Value, error) { return result, nil }
		}
	}
	return e
}

// bareAttribute is a sync-rule expression that is one attribute: a direct flow.
var bareAttribute = regexp.MustCompile(`^\s*\[([^\[\]"]+)\]\s*$`)

// directSyncRule is the attribute of a flow whose expression is nothing but one
// that can flow as it is; "" otherwise.
func (l *loader) directSyncRule(a *arguments, source space, to schema.Attribute) string {
	v, ok := a.value("expression", cty.String)
	if !ok {
		return ""
	}
	m := bareAttribute.FindStringSubmatch(v.AsString())
	if m == nil {
		return ""
	}
	from, d := source.lookup(m[1], a.at("expression"))
	if d != nil || from.Name != m[1] || notDirect(from, to) != "" {
		return ""
	}
	return from.Name
}

// syncRuleUse is an input of a sync-rule expression in the schema's spelling. The
// compiler knows the schema; what type of object has an attribute, only the rule.
func (l *loader) syncRuleUse(d *declaredRule, input syncexpr.Input, at hcl.Range) (Use, bool) {
	use := Use{Name: input.Name}
	switch input.Kind {
	case syncexpr.InputParam:
		use.Kind = UseParam
		return use, true
	case syncexpr.InputImported:
		use.Kind = UseImported
	case syncexpr.InputCount:
		use.Kind = UseCount
	}
	attr, ok := l.attribute(d.source, input.Name, at)
	if ok && attr.Syntax == schema.Reference && use.Kind == UseAttribute {
		l.report(hcl.Diagnostics{problem(at, "References are not readable",
			"%s holds references to other objects, which are resolved only after every object is named. Count them with ValueCount(\"%s\"); to flow them, use from or copy.", attr.Name, attr.Name)})
		ok = false
	}
	use.Name = attr.Name
	return use, ok
}

// within is the place in the file of a piece of a text that a template made; the
// whole expression where that cannot be told.
func (l *loader) within(expr hcl.Expression, ctx *hcl.EvalContext, text string, offset, length int) hcl.Range {
	whole := expr.Range()
	template, ok := expr.(*hclsyntax.TemplateExpr)
	file := l.files[whole.Filename]
	if !ok || file == nil || len(text) == 0 {
		return whole
	}
	spans := templateSpans(template, ctx, file.Bytes)
	if len(spans) != len(text) {
		return whole
	}
	first := min(max(offset, 0), len(spans)-1)
	last := min(max(offset+length-1, first), len(spans)-1)
	out := hcl.Range{Filename: whole.Filename}
	out.Start = posAt(file.Bytes, whole, spans[first].start)
	out.End = posAt(file.Bytes, whole, spans[last].end)
	return out
}

// span is the bytes of a file that one byte of a template's result comes from.
type span struct{ start, end int }

// templateSpans gives the span of each byte of a template's result.
func templateSpans(template *hclsyntax.TemplateExpr, ctx *hcl.EvalContext, src []byte) []span {
	var out []span
	for _, part := range template.Parts {
		v, diags := part.Value(ctx)
		if diags.HasErrors() {
			return nil
		}
		v, _ = v.Unmark()
		v, err := convert.Convert(v, cty.String)
		if err != nil || v.IsNull() || !v.IsKnown() {
			return nil
		}
		at := part.Range()
		var literal []span
		if _, ok := part.(*hclsyntax.LiteralValueExpr); ok && at.CanSliceBytes(src) {
			quoted := src[template.SrcRange.Start.Byte] == '"'
			literal = align(string(at.SliceBytes(src)), v.AsString(), quoted, at.Start.Byte)
		}
		if len(literal) != len(v.AsString()) {
			literal = make([]span, len(v.AsString()))
			for i := range literal {
				literal[i] = span{at.Start.Byte, at.End.Byte}
			}
		}
		out = append(out, literal...)
	}
	return out
}

// align finds the bytes of a template's source that stand for each byte of its
// text; base is the offset of src in its file. The result is short where the two
// cannot be matched.
func align(src, text string, quoted bool, base int) []span {
	var out []span
	i, j := 0, 0
	for i < len(src) && j < len(text) {
		width, made := 1, 1 // bytes of source, bytes of text
		switch {
		case quoted && src[i] == '\\' && i+1 < len(src):
			width, made = escapeWidth(src[i:])
		case (src[i] == '$' || src[i] == '%') && i+2 < len(src) && src[i+1] == src[i] && src[i+2] == '{':
			width = 2
		case src[i] != text[j] && (src[i] == ' ' || src[i] == '\t'):
			i++ // indentation that <<- takes away
			continue
		case src[i] != text[j]:
			return out
		}
		for range made {
			out = append(out, span{base + i, base + i + width})
		}
		i, j = i+width, j+made
		if !quoted && src[i-1] == '\n' {
			i += indentation(src[i:], text[min(j, len(text)):])
		}
	}
	return out
}

// escapeWidth is the length of a backslash escape and of the text it stands for.
func escapeWidth(src string) (width, made int) {
	switch {
	case src[1] == 'u' && len(src) >= 6:
		width = 6
	case src[1] == 'U' && len(src) >= 10:
		width = 10
	default:
		return 2, 1
	}
	text, err := hclsyntax.ParseStringLiteralToken(hclsyntax.Token{Type: hclsyntax.TokenQuotedLit, Bytes: []byte(src[:width])})
	if err.HasErrors() {
		return 2, 1
	}
	return width, len(text)
}

// indentation is how much white space at the beginning of a line of src is not in
// the same line of text.
func indentation(src, text string) int { return max(0, leading(src)-leading(text)) }

func leading(s string) int {
	n := 0
	for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
		n++
	}
	return n
}

// posAt is the position of a byte in or after a range.
func posAt(src []byte, from hcl.Range, at int) hcl.Pos {
	if at <= from.Start.Byte || at > len(src) {
		return from.Start
	}
	scanner := hcl.NewRangeScannerFragment(src[:at], from.Filename, from.Start, func(data []byte, _ bool) (int, []byte, error) {
		return len(data), data, nil
	})
	scanner.Scan()
	return scanner.Range().End
}
