// Package standard holds the standard rule packs: HCL files embedded in the
// program, expanded by package lang like any configuration.
package standard

import (
	"embed"
	"path"
	"slices"
	"strings"
)

//go:embed *.hcl
var packs embed.FS

// Names lists the packs, sorted.
func Names() []string {
	entries, err := packs.ReadDir(".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".hcl"))
	}
	slices.Sort(names)
	return names
}

// Source is the text of a pack, and whether there is one of that name.
func Source(name string) ([]byte, bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	src, err := packs.ReadFile(name + ".hcl")
	return src, err == nil
}

// FileName is the name under which ranges in a pack are shown.
func FileName(name string) string { return path.Join("standard", name+".hcl") }
