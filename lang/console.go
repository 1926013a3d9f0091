package lang

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/syncexpr"
	"github.com/landfall-directory/landfall/lang/value"
)

// Language is one of the two languages of expressions.
type Language uint8

// The languages: HCL, and Entra Connect's own for sync rules.
const (
	LanguageHCL Language = iota
	LanguageSync
)

// Source is what a line reads: objects of one type in the connector space of a
// provider, or, without a provider, objects of the metaverse. With None it reads
// no object at all.
type Source struct {
	Provider   *Provider
	ObjectType string
	None       bool
}

// Line is one expression that stands in no file of the configuration. Prefix is
// what stands before it on its line.
type Line struct {
	File   string // for messages: stdin
	Number int    // from 1
	Prefix string
	Text   string
}

// src is the text of a file that has nothing but the line, and pos where the
// expression begins.
func (n Line) src() (src []byte, pos hcl.Pos) {
	number := max(n.Number, 1)
	src = []byte(strings.Repeat("\n", number-1) + n.Prefix + n.Text)
	return src, hcl.Pos{Line: number, Column: utf8.RuneCountInString(n.Prefix) + 1, Byte: number - 1 + len(n.Prefix)}
}

// LineExpr is a line that was compiled.
type LineExpr struct {
	Uses []Use // the inputs, in the order of Eval's arguments
	// Eval computes the line for one object; args[i] is the value of Uses[i].
	Eval func(args []value.Value) (Shown, hcl.Diagnostics)
}

// Shown is a value as people read it, in the spelling of the line's language, and
// its type. Control characters may be in it.
type Shown struct{ Text, Type string }

// CompileLine compiles one expression, which may use the names of the
// configuration as well. The expression is nil when an error is among the
// diagnostics; the source comes back in every case, to show the line.
func (c *Config) CompileLine(line Line, language Language, from Source) (*LineExpr, Sources, hcl.Diagnostics) {
	l := c.lineLoader(line)
	var e *LineExpr
	if l.readable(line) {
		if language == LanguageSync {
			e = l.compileSyncLine(line, from)
		} else {
			e = l.compileHCLLine(line, from)
		}
	}
	l.hideSecrets()
	if l.diags.HasErrors() {
		return nil, l.files, l.diags
	}
	return e, l.files, l.diags
}

// lineLoader is the loader of the configuration with its names, and with nothing
// but the line to report about.
func (c *Config) lineLoader(line Line) *loader {
	l := *c.loader
	src, _ := line.src()
	l.diags, l.files = nil, Sources{line.File: {Bytes: src}}
	l.scope = &scope{l: &l, root: c.loader.scope.root, stack: &[]*name{}}
	return &l
}

// readable checks what parse checks of a file.
func (l *loader) readable(line Line) bool {
	at := line.rng(0, len(line.Text))
	switch {
	case len(line.Text) > maxFileSize:
		l.report(hcl.Diagnostics{problem(at, "Expression too large", "The expression has %d bytes; %d is the most that is read.", len(line.Text), maxFileSize)})
	case !utf8.ValidString(line.Text):
		l.report(hcl.Diagnostics{problem(at, "Expression is not UTF-8", "The expression holds bytes that are not UTF-8 text.")})
	case tooDeep([]byte(line.Text)):
		l.report(hcl.Diagnostics{problem(at, "Nested too deeply", "Brackets or templates are nested more than %d deep, or there are more than %d operators.", maxDepth, maxChain)})
	}
	return !l.diags.HasErrors()
}

// rng is the range of a piece of the expression.
func (n Line) rng(offset, length int) hcl.Range {
	src, start := n.src()
	whole := hcl.Range{Filename: n.File, Start: start, End: start}
	from := min(max(start.Byte+offset, start.Byte), len(src))
	to := min(max(from+length, from), len(src))
	return hcl.Range{Filename: n.File, Start: posAt(src, whole, from), End: posAt(src, whole, to)}
}

// in is the space that a source stands for.
func (l *loader) in(from Source) space {
	if from.Provider == nil {
		return l.metaverse
	}
	return space{schema: from.Provider.Schema, name: from.Provider.Address(), objectType: from.ObjectType}
}

// errNoObject says that a line reads an object and there is none.
func errNoObject(at hcl.Range) *hcl.Diagnostic {
	return problem(at, "No object", "The expression reads an object, and none is chosen. Choose one with -object.")
}

func (l *loader) compileHCLLine(line Line, from Source) *LineExpr {
	src, start := line.src()
	expr, diags := hclsyntax.ParseExpression(src[start.Byte:], line.File, start)
	l.report(diags)
	if diags.HasErrors() {
		return nil
	}
	if at := readsSource(expr); from.None && at != nil {
		l.report(hcl.Diagnostics{errNoObject(at[0])})
		return nil
	}
	c, ok := l.prepare(l.scope, expr, l.in(from), want{})
	if !ok {
		return nil
	}
	_, diags = c.probe()
	l.report(c.base.redact(diags))
	e := &LineExpr{}
	for _, attr := range c.attrs {
		e.Uses = append(e.Uses, Use{Name: attr.Name})
	}
	e.Eval = func(args []value.Value) (Shown, hcl.Diagnostics) {
		if len(args) != len(c.attrs) {
			return Shown{}, hcl.Diagnostics{problem(expr.Range(), "Expression failed", "%s.", errArguments)}
		}
		v, diags := c.run(func(attr schema.Attribute, i int) cty.Value { return toCty(attr, args[i]) })
		if diags.HasErrors() {
			l.diags = c.base.redact(diags)
			l.hideSecrets()
			return Shown{}, l.diags
		}
		if v.ContainsMarked() {
			return Shown{"(sensitive value)", typeName(v)}, nil
		}
		return Shown{showCty(v), typeName(v)}, nil
	}
	return e
}

func (l *loader) compileSyncLine(line Line, from Source) *LineExpr {
	in := l.in(from)
	options := syncexpr.Options{Source: in.schema, ExecuteOnce: true}
	if from.None {
		options.Source = nil
	}
	program, problems := syncexpr.Compile(line.Text, options)
	for _, p := range problems {
		found := problem(line.rng(p.Offset, p.Length), p.Summary, "%s", p.Detail)
		if p.Warning {
			found.Severity = hcl.DiagWarning
		}
		l.report(hcl.Diagnostics{found})
	}
	if program == nil {
		return nil
	}
	whole := line.rng(0, len(line.Text))
	e := &LineExpr{}
	for _, input := range program.Inputs {
		if from.None {
			l.report(hcl.Diagnostics{errNoObject(whole)})
			return nil
		}
		use, ok := l.syncRuleUse(&declaredRule{source: in}, input, whole)
		if !ok {
			return nil
		}
		e.Uses = append(e.Uses, use)
	}
	e.Eval = func(args []value.Value) (Shown, hcl.Diagnostics) {
		v, err := program.Eval(args)
		if err != nil {
			at := whole
			var failed *syncexpr.Error
			if errors.As(err, &failed) {
				at = line.rng(failed.Offset, failed.Length)
			}
			return Shown{}, hcl.Diagnostics{problem(at, "Expression failed", "%s.", strings.TrimSuffix(err.Error(), "."))}
		}
		return Shown{showValue(v), v.Kind().String()}, nil
	}
	return e
}

// showCty writes a value as HCL would have it written, on one line.
func showCty(v cty.Value) string {
	t := v.Type()
	switch {
	case v.IsNull():
		return "null"
	case !v.IsKnown():
		return "(not known)"
	case t == blockType:
		return v.EncapsulatedValue().(*blockRef).address
	case t.IsPrimitiveType():
		return string(hclwrite.TokensForValue(v).Bytes())
	case t.IsMapType(), t.IsObjectType():
		return "{" + strings.Join(showElements(v, true), ", ") + "}"
	case v.CanIterateElements():
		return "[" + strings.Join(showElements(v, false), ", ") + "]"
	}
	return t.FriendlyName()
}

func showElements(v cty.Value, keyed bool) []string {
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		text := showCty(e)
		if keyed {
			key := k.AsString()
			if !hclsyntax.ValidIdentifier(key) {
				key = showCty(k)
			}
			text = key + " = " + text
		}
		out = append(out, text)
	}
	return out
}

// typeName names the type of a value in HCL's words.
func typeName(v cty.Value) string {
	switch t := v.Type(); {
	case t == cty.DynamicPseudoType:
		return "null"
	case t == blockType:
		return "reference to a block"
	default:
		return t.FriendlyName()
	}
}

// showValue writes a value as the sync-rule language would have it written.
func showValue(v value.Value) string {
	switch v.Kind() {
	case value.String, value.Ref:
		return strconv.Quote(v.Text())
	case value.List:
		parts := make([]string, len(v.Items()))
		for i, item := range v.Items() {
			parts[i] = showValue(item)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return v.Display()
}

// DidYouMean is a sentence that suggests the name nearest to given, with a space
// before it; "" when none is near.
func DidYouMean(given string, names []string) string { return didYouMean(given, names) }
