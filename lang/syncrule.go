package lang

import (
	"regexp"

	"github.com/landfall-directory/landfall/lang/value"
	"github.com/zclconf/go-cty/cty"
)

var stubInputs = regexp.MustCompile(`\[([^\]]+)\]`)

// compileSyncRule compiles the argument "expression" of a flow; nil when it is
// wrong.
func (l *loader) compileSyncRule(a *arguments, d *declaredRule, once bool) *Expr {
	v, ok := a.value("expression", cty.String)
	if !ok {
		return nil
	}
	text := v.AsString()
	e := &Expr{Text: text, Range: a.at("expression")}
	seen := map[string]bool{}
	for _, m := range stubInputs.FindAllStringSubmatch(text, -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			e.Uses = append(e.Uses, Use{Name: m[1]})
		}
	}
	e.Eval = func([]value.Value) (value.Value, error) { return value.Value{}, errArguments }
	return e
}
