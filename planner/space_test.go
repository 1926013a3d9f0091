package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// TestSpaceFindsObjects: objects are found by anchor and by every spelling of
// their name, whatever came first: the object, or a reference to it.
func TestSpaceFindsObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := planner.NewSpace("provider.ad.corp", planner.KindAD, planner.ADSchema)
		ids := map[int]planner.ObjectID{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			n := rapid.IntRange(0, 60).Draw(t, "object")
			name := fmt.Sprintf("CN=Object %d,OU=People,%s", n, base)
			spelling := rapid.SampledFrom([]string{name, strings.ToUpper(name), strings.ToLower(name), strings.Replace(name, "O", `\4F`, 1)}).Draw(t, "spelling")
			known, ok := ids[n]
			if found := s.ByName(spelling); ok && found != known || !ok && found != planner.NoObject {
				t.Fatalf("%q is object %d, want %d (%v)", spelling, found, known, ok)
			}
			var o planner.ObjectID
			if rapid.Bool().Draw(t, "read") {
				o = s.Add("user", strings.ToUpper(guid(name)), spelling, planner.Live)
				if s.Name(o) != spelling || s.Anchor(o) != guid(name) || s.State(o) != planner.Live || s.Type(o) != "user" {
					t.Fatalf("%q is kept as %q %q %v", spelling, s.Name(o), s.Anchor(o), s.State(o))
				}
			} else {
				o = s.Reference(spelling)
			}
			if ok && o != known {
				t.Fatalf("%q became object %d, and was %d", spelling, o, known)
			}
			ids[n] = o
		}
		if s.Len() != len(ids) {
			t.Fatalf("%d objects, want %d", s.Len(), len(ids))
		}
		for n, o := range ids {
			anchor := guid(fmt.Sprintf("CN=Object %d,OU=People,%s", n, base))
			if found := s.ByAnchor(anchor); s.State(o) == planner.Live && found != o || s.State(o) == planner.Placeholder && found != planner.NoObject {
				t.Fatalf("the anchor of %d finds %d, want %d", n, found, o)
			}
		}
	})
}

// TestSpaceRenamed: a name that passed to another object between two reads finds
// the new one, and the old one keeps its anchor.
func TestSpaceRenamed(t *testing.T) {
	s := planner.NewSpace("provider.ad.corp", planner.KindAD, planner.ADSchema)
	old := s.Add("user", guid("old"), "CN=A,"+base, planner.Live)
	s.Add("user", guid("old"), "CN=B,"+base, planner.Live)
	other := s.Add("user", guid("new"), "CN=A,"+base, planner.Live)
	if other == old || s.ByName("cn=a,"+base) != other || s.ByName("CN=B,"+base) != old || s.ByAnchor(guid("old")) != old || s.ByAnchor(guid("new")) != other {
		t.Errorf("objects %d and %d are found as %d and %d", old, other, s.ByName("CN=B,"+base), s.ByName("CN=A,"+base))
	}
}

// TestSpaceValues: what is set is what comes back, the last time it was set.
func TestSpaceValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := planner.NewSpace("provider.ad.corp", planner.KindAD, planner.ADSchema)
		want := map[planner.ObjectID][]string{}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			o := s.Reference(fmt.Sprintf("CN=%d,%s", rapid.IntRange(0, 20).Draw(t, "object"), base))
			values := rapid.SliceOfN(rapid.OneOf(rapid.StringN(1, 4, -1), rapid.SampledFrom([]string{"TRUE", "FALSE", "a"})), 0, 4).Draw(t, "values")
			s.Set(o, "Description", values...)
			want[o] = slices.Clone(values)
		}
		for o, values := range want {
			if len(values) == 0 {
				values = nil
			}
			if diff := cmp.Diff(values, s.Values(o, "description")); diff != "" {
				t.Fatalf("object %d: %s", o, diff)
			}
			if first := s.First(o, "DESCRIPTION"); len(values) > 0 && first != values[0] || len(values) == 0 && first != "" {
				t.Fatalf("object %d: the first of %q is %q", o, values, first)
			}
		}
	})
}
