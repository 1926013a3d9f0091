package planner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

func TestPlanSaysHowFarLimitsAreUsed(t *testing.T) {
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) {
		for _, name := range []string{"A", "B", "C", "D"} {
			w.group(name, w.person("User of "+name).id, w.person("Second of "+name).id)
		}
	})
	w.groups[0].enabled, w.groups[1].enabled = "FALSE", "FALSE"
	w.groups[2].members = w.groups[2].members[:1]
	p := plan("guard \"few\" {\n  action = \"delete\"\n  max_count = 4\n  max_percent = 12.5\n  min_objects = 2\n}\n" +
		"guard \"leave\" {\n  action = \"member_remove\"\n  max_percent = 50\n  min_objects = 1\n}\n")
	type use struct {
		guard, action, object string
		count, of             int
		share                 float64
		exceeded              bool
	}
	var got []use
	for _, g := range p.Guards {
		got = append(got, use{g.Guard, g.Action, g.Object, g.Count, g.Of, g.Share(), g.Exceeded})
		if g.File == "" && g.Guard != "settings.delete_threshold" || g.In == "" {
			t.Errorf("%+v does not say where", g)
		}
	}
	want := []use{
		{"guard.few", "delete", "", 2, 4, 4, true}, // 50 % where 12.5 % are allowed
		{"guard.leave", "member_remove", address(w.groups[2]), 1, 2, 1, false},
		{"settings.delete_threshold", "delete", "", 0, 0, 0, false}, // the two deletes are blocked already
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(use{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShareOfALimit(t *testing.T) {
	ten, none, half := 10, 0, "50"
	tests := []struct {
		name string
		use  planner.GuardUse
		want float64
	}{
		{"no limit", planner.GuardUse{Count: 5}, 0},
		{"count", planner.GuardUse{Count: 5, MaxCount: &ten}, 0.5},
		{"the greater one", planner.GuardUse{Count: 5, Of: 10, MaxCount: &ten, MaxPercent: &half}, 1},
		{"too few for percent", planner.GuardUse{Count: 5, Of: 10, MaxCount: &ten, MaxPercent: &half, MinObjects: 11}, 0.5},
		{"nothing allowed, nothing used", planner.GuardUse{MaxCount: &none}, 0},
		{"nothing allowed", planner.GuardUse{Count: 1, MaxCount: &none}, 2},
		{"of nothing", planner.GuardUse{Count: 1, MaxPercent: &half}, 2},
	}
	for _, test := range tests {
		if got := test.use.Share(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
