package report

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// formats are the renderings for machines.
var formats = map[string]func(io.Writer, *planner.Plan, Source) error{
	"sarif.json": SARIF, "junit.xml": JUnit, "github.txt": GitHub, "azuredevops.txt": AzureDevOps,
	"csv": func(w io.Writer, p *planner.Plan, _ Source) error { return CSV(w, p) },
}

func formatted(t fataler, format string, p *planner.Plan, s Source) string {
	t.Helper()
	var b strings.Builder
	if err := formats[format](&b, p, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormatsGolden(t *testing.T) {
	for format := range formats {
		t.Run(format, func(t *testing.T) {
			golden(t, "everything."+format, formatted(t, format, limits(everything()), Source{Dir: "identity"}))
			golden(t, "hostile."+format, formatted(t, format, limits(hostile()), Source{}))
			golden(t, "based."+format, formatted(t, format, based(), Source{}))
			golden(t, "drifted."+format, formatted(t, format, drifted(), Source{}))
			golden(t, "quiet."+format, formatted(t, format, empty(), Source{}))
		})
	}
}

func TestFormatsHoldOnlyFactsOfThePlan(t *testing.T) {
	for _, format := range slices.Sorted(maps.Keys(formats)) {
		rapid.Check(t, func(t *rapid.T) {
			p := anyPlan(token()).Draw(t, "plan")
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			out := formatted(t, format, p, Source{})
			if strings.Contains(out, "hmac:") {
				t.Fatalf("%s shows a hash of a redacted value", format)
			}
			for _, fact := range tokens.FindAllString(out, -1) {
				if !strings.Contains(string(data), fact) {
					t.Fatalf("%s: %s is not in the plan", format, fact)
				}
			}
		})
	}
}

func sarifOf(t fataler, p *planner.Plan, s Source) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(formatted(t, "sarif.json", p, s)), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestSARIFIsValid(t *testing.T) {
	schema := sarifSchemaOf(t)
	for _, p := range []*planner.Plan{limits(everything()), hostile(), empty(), crowd(6000, 0, 6000, 1)} {
		if err := validate(t, schema, formatted(t, "sarif.json", p, Source{Dir: "a b"})); err != nil {
			t.Error(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(anyText()).Draw(t, "plan")
		out := formatted(t, "sarif.json", p, Source{Dir: anyText().Draw(t, "dir")})
		if err := validate(t, schema, out); err != nil {
			t.Fatal(err)
		}
		for _, r := range sarifOf(t, p, Source{}).Runs[0].Results {
			if uri := r.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri == "" || uri[0] == '/' || strings.Contains(uri, ":") {
				t.Fatalf("%q is no relative place", uri)
			}
			if strings.Contains(r.Message.Text, "](") {
				t.Fatalf("a link: %s", r.Message.Text)
			}
		}
	})
}

func TestSARIFNamesWhatItLeavesOut(t *testing.T) {
	run := sarifOf(t, crowd(6000, 0, 6000, 1), Source{}).Runs[0]
	if len(run.Results) != sarifMost || !strings.Contains(run.Invocations[0].Notifications[1].Message.Text, "1,004 more findings") {
		t.Errorf("%d results, %v", len(run.Results), run.Invocations)
	}
}

// What was found yesterday keeps its fingerprint, wherever its line is now and
// whatever it counts.
func TestFingerprintsAreStable(t *testing.T) {
	prints := func(p *planner.Plan) []string {
		var out []string
		for _, r := range sarifOf(t, p, Source{}).Runs[0].Results {
			out = append(out, r.PartialFingerprints["landfallFinding/v1"])
		}
		slices.Sort(out)
		return out
	}
	before := prints(everything())
	later := everything()
	for i := range later.Changes {
		if b := later.Changes[i].Blocked; b != nil {
			b.Line += 7
			b.Detail = strings.ReplaceAll(b.Detail, "37", "41")
		}
	}
	for i := range later.Diagnostics {
		later.Diagnostics[i].Line += 3
	}
	if diff := cmp.Diff(before, prints(later)); diff != "" {
		t.Errorf("(-before +later):\n%s", diff)
	}
	if n := len(slices.Compact(slices.Clone(before))); n != len(before) {
		t.Errorf("%d fingerprints for %d results", n, len(before))
	}
}

func TestJUnitHasACaseForEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := limits(anyPlan(anyText()).Draw(t, "plan"))
		var got junitSuites
		if err := xml.Unmarshal([]byte(formatted(t, "junit.xml", p, Source{})), &got); err != nil {
			t.Fatal(err)
		}
		tally := newTally(p)
		failures := tally.blocked + tally.errors + 1 // one limit is exceeded
		if want := len(p.Providers) + len(p.Guards) + tally.blocked + len(p.Diagnostics); got.Tests != want || got.Failures != failures {
			t.Fatalf("%d cases and %d failures, want %d and %d", got.Tests, got.Failures, want, failures)
		}
	})
}

var (
	githubCommand = regexp.MustCompile(`^::(error|warning|notice) [a-z]+=[^:,]*(,[a-z]+=[^:,]*)*::`)
	azureCommand  = regexp.MustCompile(`^##vso\[task\.logissue type=(error|warning);([a-z]+=[^;\]]*;)*code=[^;\]]*\]`)
)

// Every line is one command of ours, whatever the names are.
func TestAnnotationsCannotBeInjected(t *testing.T) {
	evil := rapid.SampledFrom([]string{
		"x\n::set-output name=a::b", "::stop-commands::x", "##vso[task.setvariable variable=a]b", "##[set-env name=A]b", "a,b:c=d", "]##vso[task.complete]", "%0A::error::x", "a;b]c", "\r::x",
	})
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(rapid.OneOf(evil, anyText())).Draw(t, "plan")
		for l := range strings.SplitSeq(strings.TrimSuffix(formatted(t, "github.txt", p, Source{}), "\n"), "\n") {
			if !githubCommand.MatchString(l) || strings.ContainsAny(l, "\r") {
				t.Fatalf("not a command of ours: %q", l)
			}
		}
		out := strings.Split(strings.TrimSuffix(formatted(t, "azuredevops.txt", p, Source{}), "\n"), "\n")
		for _, l := range out[:len(out)-1] {
			if !azureCommand.MatchString(l) || strings.Count(l, "##vso[") != 1 || strings.Contains(l, "##[") {
				t.Fatalf("not a command of ours: %q", l)
			}
		}
		if strings.Contains(out[len(out)-1], "##") {
			t.Fatalf("the last line is a command: %q", out[len(out)-1])
		}
	})
}

// The text of a plan is printed in pipelines, too.
func TestTextIsNoCommandOfAPipeline(t *testing.T) {
	evil := rapid.SampledFrom([]string{"::stop-commands::x", " ::warning::x", "##vso[task.setvariable variable=a]b", "###[section]b", "a\n::error::x", "x ##VSO[a]b"})
	rapid.Check(t, func(t *rapid.T) {
		for l := range strings.SplitSeq(render(t, anyPlan(evil).Draw(t, "plan"), anyOptions(false).Draw(t, "options")), "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "::") || strings.Contains(l, "##[") || strings.Contains(strings.ToLower(l), "##vso[") {
				t.Fatalf("a command: %q", l)
			}
		}
	})
}

func TestNoCellIsAFormula(t *testing.T) {
	evil := rapid.SampledFrom([]string{"=1+1", "+A1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|calc", "%0A", "-2147483640", "'=1", "a\n=1", `"`, "a,b"})
	rapid.Check(t, func(t *rapid.T) {
		out := formatted(t, "csv", anyPlan(rapid.OneOf(evil, anyText())).Draw(t, "plan"), Source{})
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				number := regexp.MustCompile(`^[-+]?[0-9]+$`).MatchString(cell)
				if !number && cell != "" && strings.ContainsAny(strings.TrimLeft(cell, " ")[:min(1, len(strings.TrimLeft(cell, " ")))], "=+-@|%") {
					t.Fatalf("a formula: %q", cell)
				}
				for _, r := range cell {
					if !unicode.IsPrint(r) {
						t.Fatalf("%U in %q", r, cell)
					}
				}
			}
		}
	})
}

func TestCSVHasARowForEverything(t *testing.T) {
	p := limits(everything())
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(formatted(t, "csv", p, Source{}), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, row := range rows[1:] {
		got[row[0]]++
	}
	want := map[string]int{
		"change": 49, "attribute": 18, "member_add": 38, "member_remove": 5, "skipped_member": 5, "not_written": 12, "frozen": 1, "limit": 4, "error": 1, "warning": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
