package lang

import (
	"reflect"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// blockRef is the value of an expression such as provider.ad.corp.
type blockRef struct{ address string }

// blockType is the type of references to whole blocks.
var blockType = cty.Capsule("block", reflect.TypeFor[blockRef]())

// reference is an argument that names a block whose address begins with one of
// the kinds; "" when there is none.
func (a *arguments) reference(argument string, kinds ...string) string {
	expr := a.expr(argument)
	if expr == nil {
		return ""
	}
	v, ok := a.scope.eval(expr)
	if !ok {
		return ""
	}
	if v.IsMarked() {
		v, _ = v.Unmark()
	}
	if v.IsNull() {
		return ""
	}
	if v.Type() != blockType {
		a.l.report(hcl.Diagnostics{problem(expr.Range(), "Not a reference", "%s in %s must name a block, such as %s.NAME, and is %s.", argument, a.what, kinds[0], describe(v.Type()))})
		return ""
	}
	address := v.EncapsulatedValue().(*blockRef).address
	for _, kind := range kinds {
		if strings.HasPrefix(address, kind+".") {
			return address
		}
	}
	a.l.report(hcl.Diagnostics{problem(expr.Range(), "Reference to another kind of block", "%s in %s must be %s.NAME, not %s.", argument, a.what, list(kinds), address)})
	return ""
}

// provider is an argument that names a provider; nil when there is none.
func (a *arguments) provider(argument string, kinds ...string) *Provider {
	return a.l.providers[a.reference(argument, kinds...)]
}
