package report

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// Every rendering says in its headline what a plan is that is no ordinary one.
func TestHeadlineOfUnusualPlans(t *testing.T) {
	pseudonymised := func(p *planner.Plan) *planner.Plan {
		for i := range p.Providers {
			p.Providers[i].Refresh = "pseudonymised"
		}
		return p
	}
	reverted := func(p *planner.Plan) *planner.Plan {
		p.Revert = &planner.Reverted{Run: "20261123T100000Z-0a1b2c", Started: "2026-11-23T10:00:00Z", Who: "kim\u202e@build", Operations: 12, Already: 1}
		return p
	}
	for name, test := range map[string]struct {
		plan  *planner.Plan
		wants []string
	}{
		"pseudonyms":                {pseudonymised(everything()), []string{"PSEUDONYMISED, no name here is a real one: "}},
		"pseudonyms, and no change": {pseudonymised(empty()), []string{"PSEUDONYMISED, no name here is a real one: "}},
		"a run is taken back":       {reverted(changesOf(everything().Changes[0])), []string{"takes back run 20261123T100000Z-0a1b2c", "carried out 12 operations; 1 is back already"}},
		"nothing is left of a run":  {reverted(empty()), []string{"nothing is left to take back of run 20261123T100000Z-0a1b2c", "12 operations"}},
	} {
		var md, page strings.Builder
		if err := Markdown(&md, test.plan, MarkdownOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := HTML(&page, test.plan, HTMLOptions{}); err != nil {
			t.Fatal(err)
		}
		head := func(s, end string) string { before, _, _ := strings.Cut(s, end); return before }
		for rendering, text := range map[string]string{
			"text":     text(t, test.plan, TextOptions{Width: 500}),
			"markdown": strings.ReplaceAll(strings.ReplaceAll(head(md.String(), "<details"), "`", ""), "\\", ""),
			"html":     head(page.String(), "<nav"),
		} {
			for _, want := range test.wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %s does not say %q:\n%s", name, rendering, want, text[:min(len(text), 1500)])
				}
			}
			if strings.Contains(text, "\u202e") {
				t.Errorf("%s: %s lets a control character through", name, rendering)
			}
		}
	}
}
