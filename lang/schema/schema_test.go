package schema

import (
	"slices"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	s := New("ad", Attribute{Name: "displayName", MaxLen: 256}, Attribute{Name: "member", Syntax: Reference, Multi: true})
	extended := s.Extend(Attribute{Name: "DisplayName", MaxLen: 10}, Attribute{Name: "contosoCostCentre"})
	for _, tt := range []struct {
		schema *Schema
		name   string
		want   Attribute
		ok     bool
	}{
		{s, "displayName", Attribute{Name: "displayName", MaxLen: 256}, true},
		{s, "DISPLAYNAME", Attribute{Name: "displayName", MaxLen: 256}, true},
		{s, "contosoCostCentre", Attribute{}, false},
		{s, "", Attribute{}, false},
		{extended, "displayName", Attribute{Name: "DisplayName", MaxLen: 10}, true},
		{extended, "DisplayName", Attribute{Name: "DisplayName", MaxLen: 10}, true},
		{extended, "CONTOSOCOSTCENTRE", Attribute{Name: "contosoCostCentre"}, true},
	} {
		got, ok := tt.schema.Lookup(tt.name)
		if ok != tt.ok || got.Name != tt.want.Name || got.MaxLen != tt.want.MaxLen {
			t.Errorf("Lookup(%q) is %+v (%v), want %+v", tt.name, got, ok, tt.want)
		}
	}
	if names := extended.Names(); !slices.Equal(names, []string{"DisplayName", "contosoCostCentre", "member"}) {
		t.Errorf("Names: %q", names)
	}
}

// TestTables: every name of the built-in schemas is found in every case.
func TestTables(t *testing.T) {
	for _, s := range []*Schema{AD, Entra, Metaverse} {
		for _, name := range s.Names() {
			for _, spelling := range []string{name, strings.ToUpper(name), strings.ToLower(name)} {
				if a, ok := s.Lookup(spelling); !ok || a.Name != name {
					t.Errorf("%s: Lookup(%q) is %q", s.Kind(), spelling, a.Name)
				}
			}
		}
	}
}
