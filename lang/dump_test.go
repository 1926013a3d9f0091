package lang

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// dump writes a Config as indented text, with every field that is not zero, for
// goldens and for comparisons. Blocks that are referred to appear by address.
func dump(cfg *Config) string {
	var b strings.Builder
	copied := *cfg
	copied.Files, copied.Digest, copied.loader = nil, "", nil
	dumpValue(&b, reflect.ValueOf(copied), "", "config")
	return b.String()
}

// withoutRanges takes the lines with places out of a dump.
func withoutRanges(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), ":"); name != "Range" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func dumpValue(b *strings.Builder, v reflect.Value, indent, name string) {
	if !v.IsValid() || v.IsZero() {
		return
	}
	switch x := v.Interface().(type) {
	case hcl.Range:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, x)
		return
	case *Expr:
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, describeExpr(x))
		return
	case Direction, LinkType, Merge, UseKind:
		fmt.Fprintf(b, "%s%s: %d\n", indent, name, x)
		return
	}
	if s, ok := v.Interface().(interface{ Address() string }); ok && strings.Count(indent, "  ") > 1 {
		fmt.Fprintf(b, "%s%s: → %s\n", indent, name, s.Address())
		return
	}
	if r, ok := v.Interface().(*Rule); ok && strings.Count(indent, "  ") > 1 {
		fmt.Fprintf(b, "%s%s: → rule %s\n", indent, name, r.Name)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if name == "Schema" || name == "Metaverse" {
			return
		}
		dumpValue(b, v.Elem(), indent, name)
	case reflect.Struct:
		fmt.Fprintf(b, "%s%s\n", indent, name)
		for i := range v.NumField() {
			dumpValue(b, v.Field(i), indent+"  ", v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			dumpValue(b, v.Index(i), indent, name)
		}
	case reflect.Map:
		keys := map[string]reflect.Value{}
		for _, k := range v.MapKeys() {
			keys[k.String()] = v.MapIndex(k)
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			dumpValue(b, keys[k], indent, name+"["+k+"]")
		}
	default:
		fmt.Fprintf(b, "%s%s: %v\n", indent, name, v.Interface())
	}
}

func describeExpr(e *Expr) string {
	text := strings.Join(strings.Fields(e.Text), " ")
	if e.Const {
		v, err := e.Eval(nil)
		return fmt.Sprintf("%s = %s %s %v", text, v.Kind(), v.Display(), err)
	}
	return fmt.Sprintf("%s reads %v", text, e.Uses)
}
