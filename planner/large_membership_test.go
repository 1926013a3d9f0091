package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

// TestFiveChangesAmongThousandsOfMembers: what a reviewer sees, and what is saved,
// is as small as what changes: five members, each with its reason.
func TestFiveChangesAmongThousandsOfMembers(t *testing.T) {
	const most, mostLines, mostBytes = 4120, 9, 4 << 10
	w := newWorld()
	var everybody []string
	for n := range most + 3 {
		everybody = append(everybody, w.person(fmt.Sprintf("Person %04d", n)).id)
	}
	g := w.group("All staff")
	cfg := load(t, preamble+writebackBlock(""))
	w.apply(t, build(t, cfg, w, planner.Options{}))
	g.members = everybody[:most]
	written := w.marked(g.id)
	for _, o := range w.objects {
		if o.class == "user" && len(written.members) < most {
			written.members = append(written.members, o.guid)
		}
	}
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Fatalf("not settled: %s", dump(p))
	}
	g.members = slices.Delete(slices.Clone(everybody), 17, 19)

	file := encoded(t, build(t, cfg, w, planner.Options{}))
	if len(file) >= mostBytes {
		t.Errorf("the plan file has %d bytes:\n%s", len(file), file)
	}
	t.Logf("the plan file has %d bytes", len(file))
	p, err := planner.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	m := onlyChange(t, p).Members
	if m == nil || m.Before != most || m.After != most+1 || len(m.Add) != 3 || len(m.Remove) != 2 {
		t.Fatalf("members: %+v", m)
	}
	for _, x := range m.Add {
		if x.Reason != "in_cloud" {
			t.Errorf("added without its reason: %+v", x)
		}
	}
	for _, x := range m.Remove {
		if x.Reason != "not_in_cloud" {
			t.Errorf("removed without its reason: %+v", x)
		}
	}
	for _, view := range report.Views[1:] {
		var out strings.Builder
		if err := report.Text(&out, p, report.TextOptions{View: view}); err != nil {
			t.Fatal(err)
		}
		_, part, found := strings.Cut(out.String(), "4,120 members now")
		part, _, ends := strings.Cut(part, "why:")
		lines := strings.Split(strings.TrimSpace(part), "\n")
		if !found || !ends || len(lines) > mostLines {
			t.Errorf("%s: the members take %d lines:\n%s", view, len(lines), out.String())
		}
		if n := strings.Count(part, "in the cloud group"); n != 5 { // with "not" before it, or without
			t.Errorf("%s: %d of 5 members have a reason:\n%s", view, n, part)
		}
		for _, name := range []string{"Person 0017", "Person 0018", "Person 4120", "Person 4121", "Person 4122"} {
			if !strings.Contains(part, name) {
				t.Errorf("%s: %s is missing:\n%s", view, name, part)
			}
		}
	}
}
