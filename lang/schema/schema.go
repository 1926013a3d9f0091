// Package schema describes the attributes of the connector spaces and of the
// metaverse: how a value is spelt, compared and limited. Equality is declared
// here once, not scattered over the callers. It is a leaf: it knows no HCL.
package schema

import (
	"maps"
	"sort"
	"strings"
)

// Syntax says how the values of an attribute are written and compared.
type Syntax uint8

// The syntaxes. Text compares without case, Exact byte by byte, Octets are raw
// bytes, Reference values are names of other objects (a DN, a Graph id).
const (
	Text Syntax = iota
	Exact
	Bool
	Int
	Octets
	Time
	Reference
)

// Attribute is one attribute of a space.
type Attribute struct {
	Name   string
	Syntax Syntax
	Multi  bool
	// MaxLen is the upper limit in UTF-16 units, as AD counts; 0 is unlimited.
	MaxLen int
	// ReadOnly attributes exist in the directory and no rule may flow into them.
	ReadOnly bool
	// Derived attributes are computed by landfall from others and never
	// requested from the directory.
	Derived bool
	// Beta attributes exist in the beta version of Microsoft Graph only.
	Beta bool
	// Types lists the object types that carry the attribute; empty means all.
	Types []string
}

// Schema is the set of attributes of one kind of space. Names are unique
// without regard to case, as in AD.
type Schema struct {
	kind   string
	byName map[string]Attribute // key: lower case
	// spelled holds the same by the schema's own spelling, which nearly every
	// look-up uses: rules and providers do.
	spelled map[string]Attribute
}

// New makes a schema. kind is "ad", "entra" or "metaverse".
func New(kind string, attrs ...Attribute) *Schema {
	s := &Schema{kind: kind, byName: make(map[string]Attribute, len(attrs)), spelled: make(map[string]Attribute, len(attrs))}
	s.add(attrs)
	return s
}

func (s *Schema) add(attrs []Attribute) {
	for _, a := range attrs {
		key := strings.ToLower(a.Name)
		delete(s.spelled, s.byName[key].Name)
		s.byName[key], s.spelled[a.Name] = a, a
	}
}

// Kind is "ad", "entra" or "metaverse".
func (s *Schema) Kind() string { return s.kind }

// Lookup finds an attribute by name, without regard to case. The result carries
// the schema's own spelling.
func (s *Schema) Lookup(name string) (Attribute, bool) {
	a, ok := s.spelled[name]
	if !ok {
		a, ok = s.byName[strings.ToLower(name)]
	}
	return a, ok
}

// Names lists the attribute names in order, for suggestions.
func (s *Schema) Names() []string {
	names := make([]string, 0, len(s.byName))
	for _, a := range s.byName {
		names = append(names, a.Name)
	}
	sort.Strings(names)
	return names
}

// Extend returns a copy of s with further attributes; one of the same name
// replaces the built-in one.
func (s *Schema) Extend(attrs ...Attribute) *Schema {
	out := &Schema{kind: s.kind, byName: maps.Clone(s.byName), spelled: maps.Clone(s.spelled)}
	out.add(attrs)
	return out
}
