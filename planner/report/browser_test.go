package report

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// seen is what testdata/browser/check.mjs says of a report.
type seen struct {
	Violations []struct {
		Scheme, ID, Impact, Help string
		Nodes                    []string
	}
	Console  []string
	Requests []string
	Timings  map[string]int // milliseconds
	Changes  int
	Shown    int // by the filter
	Visible  int
	Heading  string

	WithoutScript struct {
		Changes int
		Filters bool
	}
}

// browse opens a report in Chromium. It needs chromium and node on the path, and
// `npm ci` in testdata/browser; without them the test is skipped, unless
// LANDFALL_REQUIRE_BROWSER is set.
func browse(t *testing.T, p *planner.Plan, search string) seen {
	t.Helper()
	chromium, err1 := exec.LookPath("chromium")
	node, err2 := exec.LookPath("node")
	_, err3 := os.Stat("testdata/browser/node_modules/axe-core/axe.min.js")
	if err := errors.Join(err1, err2, err3); err != nil {
		if os.Getenv("LANDFALL_REQUIRE_BROWSER") != "" {
			t.Fatal(err)
		}
		t.Skipf("no browser to look at the report with (install chromium and node, then run npm ci in planner/report/testdata/browser): %v", err)
	}
	file := filepath.Join(t.TempDir(), "plan.html")
	if err := os.WriteFile(file, []byte(htmlOf(t, p, HTMLOptions{})), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"testdata/browser/check.mjs", chromium, file, search}
	if dir := os.Getenv("LANDFALL_SCREENSHOTS"); dir != "" {
		args = append(args, filepath.Join(dir, t.Name()))
	}
	c := exec.CommandContext(t.Context(), node, args...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var s seen
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("milliseconds: %v", s.Timings)
	for _, v := range s.Violations {
		t.Errorf("axe-core, %s: %s (%s): %s\n%s", v.Scheme, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
	}
	for _, line := range s.Console {
		t.Errorf("the console says: %s", line)
	}
	for _, url := range s.Requests {
		t.Errorf("the report asks for %s", url)
	}
	if s.Changes != len(p.Changes) || s.WithoutScript.Changes != len(p.Changes) || s.WithoutScript.Filters {
		t.Errorf("%d changes, %d without JavaScript, of %d; filters without JavaScript: %t", s.Changes, s.WithoutScript.Changes, len(p.Changes), s.WithoutScript.Filters)
	}
	return s
}

func TestReportInABrowser(t *testing.T) {
	s := browse(t, limits(everything()), `IRVIN.sayers "group Finance"`)
	if s.Shown != 1 || s.Visible != 1 {
		t.Errorf("the search shows %d changes, %d of them visible; want the one with that member", s.Shown, s.Visible)
	}
	if s.Heading != "landfall plan of corp and contoso" {
		t.Errorf("heading %q", s.Heading)
	}
}

func TestHostileReportInABrowser(t *testing.T) {
	browse(t, limits(hostile()), "admins")
}

func TestReportOf20000ChangesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	s := browse(t, limits(crowd(20_000, 200, 150, 40)), `"updated 0100"`)
	if s.Shown == 0 || s.Shown > 10 || s.Visible != s.Shown {
		t.Errorf("the search shows %d changes, %d of them visible", s.Shown, s.Visible)
	}
}
