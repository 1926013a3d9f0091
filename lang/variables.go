package lang

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// envPrefix begins the names of environment variables that set a variable.
const envPrefix = "LANDFALL_VAR_"

// sensitive is the mark on the values of sensitive variables. It spreads to
// whatever is computed from them.
type sensitive struct{}

// variable is one declared variable and the value it has in this run.
type variable struct {
	name        string
	typ         cty.Type
	defaults    *typeexpr.Defaults // of optional object attributes
	literal     bool               // -var and the environment give its text, not an expression
	nullable    bool
	sensitive   bool
	fallback    cty.Value // NilVal: required
	validations hcl.Blocks
	at          hcl.Range

	value  cty.Value // marked when sensitive
	failed bool
}

var variableSchema = bodySchema("type default description sensitive nullable", hcl.BlockHeaderSchema{Type: "validation"})

// loadVariables reads the variable blocks and gives each variable its value.
func (l *loader) loadVariables() {
	for _, b := range l.blocks["variable"] {
		l.variables = append(l.variables, l.decodeVariable(b))
	}
	slices.SortFunc(l.variables, func(a, b *variable) int { return strings.Compare(a.name, b.name) })
	given := l.givenValues()
	for _, v := range l.variables {
		l.assign(v, given[v.name])
	}
}

func (l *loader) decodeVariable(b *hcl.Block) *variable {
	v := &variable{name: b.Labels[0], at: b.DefRange, typ: cty.DynamicPseudoType, literal: true, nullable: true, value: cty.DynamicVal}
	a := l.read(l.scope, blockName(b), b.Body, variableSchema)
	v.validations = a.content.Blocks
	a.scope = newScope(l) // type, default and the rest are constants
	v.sensitive = a.flag("sensitive", false)
	v.nullable = a.flag("nullable", true)
	a.text("description", "")
	if expr := a.expr("type"); expr != nil {
		typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
		l.report(diags)
		v.failed = diags.HasErrors()
		v.typ, v.defaults, v.literal = typ, defaults, typ.IsPrimitiveType()
	}
	if expr := a.expr("default"); expr != nil && !v.failed {
		value, ok := a.scope.eval(expr)
		if !ok {
			v.failed = true
			return v
		}
		at := expr.Range()
		if v.sensitive {
			at = v.at // the line of the default would show it
		}
		if v.sensitive {
			l.remember(value)
		}
		v.fallback, ok = l.conform(v, value, at, "default")
		v.failed = !ok
	}
	return v
}

// conform takes a value to the type of its variable.
func (l *loader) conform(v *variable, value cty.Value, at hcl.Range, from string) (cty.Value, bool) {
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	out, err := convert.Convert(value, v.typ)
	if err != nil {
		why := err.Error()
		if v.sensitive {
			why = "its type does not fit"
		}
		l.report(hcl.Diagnostics{problem(at, "Wrong type for variable", "The value of var.%s from %s is not of its type, %s: %s.", v.name, from, typeexpr.TypeString(v.typ), why)})
		return cty.DynamicVal, false
	}
	if out.IsNull() && !v.nullable {
		l.report(hcl.Diagnostics{problem(at, "Null for variable", "The value of var.%s from %s is null, and its block says nullable = false.", v.name, from)})
		return cty.DynamicVal, false
	}
	return out, true
}

// given is a value that a run gives a variable: text, or a parsed value.
type given struct {
	text  *string
	value cty.Value
	at    *hcl.Range
	from  string // where it comes from, for messages
}

// givenValues collects the values from the environment, the variable files and
// the command line; later sources win.
func (l *loader) givenValues() map[string]given {
	out := map[string]given{}
	for _, entry := range l.opts.Environ {
		if rest, ok := strings.CutPrefix(entry, envPrefix); ok {
			if name, text, ok := strings.Cut(rest, "="); ok {
				out[name] = given{text: &text, from: "the environment variable " + envPrefix + name}
			}
		}
	}
	auto, _ := fs.Glob(l.fsys, "*.auto.vars.hcl")
	slices.Sort(auto)
	for _, file := range auto {
		src, err := fs.ReadFile(l.fsys, file)
		l.readVariables(file, src, err, out)
	}
	for _, file := range l.opts.VarFiles {
		src, err := l.readVarFile(file)
		l.readVariables(file, src, err, out)
	}
	for _, name := range slices.Sorted(maps.Keys(l.opts.Vars)) {
		text := l.opts.Vars[name]
		if l.variable(name) == nil {
			l.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Undeclared variable",
				Detail: fmt.Sprintf("-var sets %q, and no variable block declares it.%s", name, didYouMean(name, l.variableNames()))}})
			continue
		}
		out[name] = given{text: &text, from: "-var " + name}
	}
	return out
}

// readVariables reads one variable file. When some variable is sensitive, files
// of values are not kept for snippets.
func (l *loader) readVariables(file string, src []byte, err error, out map[string]given) {
	if err != nil {
		l.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Variable file not readable", Detail: fmt.Sprintf("%s could not be read: %s.", file, err)}})
		return
	}
	l.varFiles[file] = true
	f, ok := l.parseFile(file, src)
	if slices.ContainsFunc(l.variables, func(v *variable) bool { return v.sensitive }) {
		delete(l.files, file)
	}
	if !ok {
		return
	}
	attrs, diags := f.Body.JustAttributes()
	l.report(diags)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		attr := attrs[name]
		if l.variable(name) == nil {
			l.report(hcl.Diagnostics{warning(attr.NameRange, "Value for undeclared variable",
				"No variable block declares %q, so this value is not used.%s", name, didYouMean(name, l.variableNames()))})
			continue
		}
		value, diags := attr.Expr.Value(nil)
		l.report(diags)
		if diags.HasErrors() {
			value = cty.DynamicVal
		}
		at := attr.Expr.Range()
		out[name] = given{value: value, at: &at, from: file}
	}
}

func (l *loader) variable(name string) *variable {
	for _, v := range l.variables {
		if v.name == name {
			return v
		}
	}
	return nil
}

func (l *loader) variableNames() []string {
	var names []string
	for _, v := range l.variables {
		names = append(names, v.name)
	}
	return names
}

// assign gives a variable its value: what the run gives, else its default.
func (l *loader) assign(v *variable, g given) {
	if v.failed {
		return
	}
	if g.from == "" {
		if v.fallback == cty.NilVal {
			v.failed = true
			l.report(hcl.Diagnostics{problem(v.at, "Variable without a value",
				"var.%s has no default and was given no value. Use -var '%s=…', a file with -var-file or *.auto.vars.hcl, or the environment variable %s%s.", v.name, v.name, envPrefix, v.name)})
			return
		}
		v.value = v.mark(v.fallback)
		return
	}
	at := v.at
	if g.at != nil && !v.sensitive {
		at = *g.at
	}
	value := g.value
	if g.text != nil {
		var ok bool
		if value, ok = l.parseGiven(v, *g.text, g.from); !ok {
			v.failed = true
			return
		}
	}
	if !value.IsKnown() {
		v.failed = true
		return
	}
	value, ok := l.conform(v, value, at, g.from)
	v.failed = !ok
	if v.sensitive {
		l.remember(value)
	}
	v.value = v.mark(value)
}

func (v *variable) mark(value cty.Value) cty.Value {
	if v.sensitive {
		return value.Mark(sensitive{})
	}
	return value
}

// parseGiven reads the text of -var or of the environment: as it is for simple
// types, as an expression for the others.
func (l *loader) parseGiven(v *variable, text, from string) (cty.Value, bool) {
	if v.literal {
		return cty.StringVal(text), true
	}
	why := "a value of this type is written as in a file"
	if !tooDeep([]byte(text)) {
		expr, diags := hclsyntax.ParseExpression([]byte(text), "value of var."+v.name, hcl.InitialPos)
		if !diags.HasErrors() {
			var value cty.Value
			if value, diags = expr.Value(nil); !diags.HasErrors() {
				return value, true
			}
		}
		if !v.sensitive {
			why = strings.TrimSuffix(diags[0].Summary+": "+diags[0].Detail, ".")
		}
	}
	l.report(hcl.Diagnostics{problem(v.at, "Value not understood", "The value of var.%s from %s is not an expression of type %s: %s.", v.name, from, typeexpr.TypeString(v.typ), why)})
	return cty.DynamicVal, false
}

// validateVariables checks the validation blocks; they may read everything that
// is known when the configuration is loaded.
func (l *loader) validateVariables() {
	schema := bodySchema("condition! error_message!")
	for _, v := range l.variables {
		for _, b := range v.validations {
			a := l.read(l.scope, fmt.Sprintf("validation of variable %q", v.name), b.Body, schema)
			if v.failed || a.expr("condition") == nil {
				continue
			}
			holds, ok := a.value("condition", cty.Bool)
			message := a.text("error_message", "The condition of its validation block does not hold.")
			if ok && holds.False() {
				l.report(hcl.Diagnostics{problem(v.at, "Invalid value for variable", "%s\n\nThis was checked by the validation rule at %s.", message, place(b.DefRange))})
			}
		}
	}
}
