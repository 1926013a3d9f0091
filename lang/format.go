package lang

import (
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"
)

// Format writes HCL source in its canonical layout. Source that does not parse
// comes back laid out as far as it can be; callers check it first.
func Format(src []byte) []byte { return hclwrite.Format(src) }

// Diff is the unified diff between two texts of a file, "" when they are equal.
func Diff(name string, before, after []byte) string {
	return string(diff.Diff("old/"+name, before, "new/"+name, after))
}
