package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

// TestLargePlans: the default view stays readable, and no delete is ever left
// out.
func TestLargePlans(t *testing.T) {
	p := &planner.Plan{FormatVersion: "1.0", Providers: []planner.ProviderInfo{{Address: "provider.ad.corp", Kind: "ad", Objects: 1}}}
	for i := range 3000 {
		name := fmt.Sprintf("group %04d", i)
		dn := "CN=" + name + ",DC=corp"
		c := planner.Change{
			Address: fmt.Sprintf("writeback.w[%q]", name), Provider: "provider.ad.corp", ObjectType: "group", Name: name,
			Actions: []planner.Action{planner.ActionCreate}, DN: planner.DNChange{After: &dn},
			Edits: []planner.Edit{{Attribute: "displayName", After: planner.Texts(name)}},
		}
		if i%10 == 0 {
			c.Actions, c.DN, c.Edits = []planner.Action{planner.ActionDelete}, planner.DNChange{Before: &dn}, nil
		}
		p.Changes = append(p.Changes, c)
	}
	lines := func(view report.View) []string {
		var out strings.Builder
		if err := report.Text(&out, p, report.TextOptions{View: view}); err != nil {
			t.Fatal(err)
		}
		return strings.Split(out.String(), "\n")
	}
	text := lines(report.ViewDefault)
	deletes, creates := 0, 0
	for _, l := range text {
		if strings.Contains(l, "delete group") {
			deletes++
		}
		if strings.Contains(l, "create group") {
			creates++
		}
	}
	if deletes != 300 || creates != 1000 || !strings.Contains(strings.Join(text, "\n"), "1,700 more changes: -view full shows them") {
		t.Errorf("%d deletes, %d creates in %d lines", deletes, creates, len(text))
	}
	if full := lines(report.ViewFull); len(full) < 9000 {
		t.Errorf("the full view has only %d lines", len(full))
	}
}
