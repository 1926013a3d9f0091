package report

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func text(t *testing.T, p *planner.Plan, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Text(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextGolden(t *testing.T) {
	hints := TextOptions{
		SavedTo: "plan.json", Next: "landfall apply plan.json   (38 blocked changes will NOT be done)",
	}
	with := func(change func(*TextOptions)) TextOptions {
		o := hints
		change(&o)
		return o
	}
	tests := []struct {
		file    string
		plan    *planner.Plan
		options TextOptions
	}{
		{"everything.txt", everything(), hints},
		{"everything-full.txt", everything(), with(func(o *TextOptions) { o.View = ViewFull })},
		{"everything-summary.txt", everything(), with(func(o *TextOptions) { o.View = ViewSummary })},
		{"everything-color.txt", everything(), with(func(o *TextOptions) { o.Color = true; o.View = ViewSummary })},
		{"hostile.txt", hostile(), TextOptions{SavedTo: "x\x1b[2J.json", Next: "apply \u202e"}},
		{"hostile-ascii.txt", hostile(), TextOptions{ASCII: true, View: ViewFull}},
		{"quiet.txt", empty(), TextOptions{}},
		{"quiet-listed.txt", quietListed(), TextOptions{}},
		{"quiet-partial.txt", partial(empty()), TextOptions{}},
		{"quiet-errors.txt", quietErrors(), TextOptions{}},
		{"nothing-read.txt", nothingRead(empty()), TextOptions{}},
		{"nothing-read-changes.txt", nothingRead(changesOf(createdOU())), TextOptions{}},
		{"no-provider.txt", &planner.Plan{}, TextOptions{}},
		{"partial.txt", partial(changesOf(renamed(), blockedDelete(1))), TextOptions{}},
		{"two-forests.txt", twoForests(), TextOptions{}},
		{"based.txt", based(), TextOptions{}},
		{"drifted.txt", drifted(), TextOptions{}},
		{"drifted-full.txt", drifted(), TextOptions{View: ViewFull}},
		{"many.txt", many(), TextOptions{Width: 60}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) { golden(t, test.file, text(t, test.plan, test.options)) })
	}
}

// changesOf is a plan with these changes.
func changesOf(changes ...planner.Change) *planner.Plan {
	p := empty()
	p.Changes = changes
	return p
}

func partial(p *planner.Plan) *planner.Plan {
	p.Partial = &planner.Partial{Only: []string{"writeback.cloud_groups"}, Except: []string{"ou_mapping.*", "action=delete"}, LeftOut: 1200,
		LeftOutActions: map[planner.Action]int{planner.ActionCreate: 1100, planner.ActionMembers: 40, planner.ActionDelete: 100},
		Needed:         []string{`ou_mapping.cloud["OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com"]`}}
	p.Accepted = []planner.Accepted{{Name: "guard.deletes", Count: 1037}, {Name: "settings.delete_threshold", Count: 501}}
	return p
}

func nothingRead(p *planner.Plan) *planner.Plan {
	p.Providers[0].Objects = 0
	return p
}

func quietListed() *planner.Plan {
	p, all := empty(), everything()
	p.Skipped, p.NotWritten, p.Frozen, p.Diagnostics = all.Skipped, all.NotWritten, all.Frozen, all.Diagnostics[1:]
	return p
}

func quietErrors() *planner.Plan {
	p := empty()
	p.Diagnostics = everything().Diagnostics[:1]
	return p
}

// twoForests writes the same group to two directories of one kind.
func twoForests() *planner.Plan {
	p := changesOf(renamed(), renamed())
	p.Changes[1].Provider = "provider.ad.emea"
	p.Providers = append(p.Providers, planner.ProviderInfo{Address: "provider.ad.emea", Kind: "ad", Objects: 7, ReadAt: "soon"})
	return p
}

// many has more of everything than the default view shows.
func many() *planner.Plan {
	p := empty()
	c := group(1, "Crowd", planner.ActionMembers)
	c.Members = &planner.Members{Before: 4120, After: 8000}
	for n := range 3880 {
		c.Members.Add = append(c.Members.Add, added(fmt.Sprintf("user%d", n))...)
	}
	for n := range 30 {
		c.Members.Skipped = append(c.Members.Skipped, planner.SkippedMember{ID: fmt.Sprint(n), Name: fmt.Sprintf("cloud user %d", n), Reason: "cloud_only"})
		p.Skipped = append(p.Skipped, planner.Skipped{Address: fmt.Sprintf("writeback.a[%q]", fmt.Sprint(n)), Members: c.Members.Skipped[:1]})
		p.Frozen = append(p.Frozen, planner.Frozen{Address: fmt.Sprintf("writeback.a[%q]", fmt.Sprint(n)), DN: fmt.Sprintf("CN=%d,DC=x", n), Reason: "orphan"})
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{Severity: "warning", Code: "ambiguous_join", Summary: fmt.Sprintf("Join %d", n)})
	}
	for n := range 30 {
		c.Edits = append(c.Edits, edit(fmt.Sprintf("extensionAttribute%d", n), nil, planner.Texts("v"), n))
	}
	p.Changes = []planner.Change{c}
	return p
}

var hostileNames = []string{
	`a,b+c"d\e<f>g;h=i`, " #lead", "trail ", strings.Repeat("😀", 200), "Domain Admins", "x\u202egnp.exe",
	"\x1b[2J", "]]>", "Group_1f0c22b7-0000-4000-8000-000000000001", "two\nPlan: 0 to delete", "\xff\xfe", "", "%s%d%!",
	"z\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "a. Next: landfall apply",
}

// hostile puts a hostile text into every field.
func hostile() *planner.Plan {
	p := empty()
	n := 0
	evil := func() string { n++; return hostileNames[n%len(hostileNames)] }
	for i, h := range hostileNames {
		c := group(i, h, planner.ActionUpdate, planner.ActionMembers)
		if i%3 == 0 {
			c.Actions = []planner.Action{planner.ActionMove, planner.Action(evil())}
			c.DN.Before, c.DN.After = ptr("CN="+h), ptr("CN="+evil())
		}
		c.Edits = []planner.Edit{
			{Attribute: evil(), Before: planner.Texts(evil()), After: planner.Texts(evil()), Reason: why(evil(), evil(), 1)},
			{Attribute: evil(), Before: planner.Texts(evil(), evil()), After: planner.Texts(h), Reason: why(evil(), evil(), -1)},
			{Attribute: "objectGUID", Encoding: "base64", Before: planner.Texts(h + strings.Repeat("=", 30)), Reason: why(h, h, 0)},
			{Attribute: "groupType", Before: planner.Texts(evil()), After: planner.Texts("99999999999999999999"), Reason: why(h, h, 0)},
		}
		c.Members = &planner.Members{
			Before: -1, After: 1 << 40, Add: memberChanges(evil(), []string{h}), Remove: memberChanges("", []string{evil()}),
			Skipped: []planner.SkippedMember{{ID: h, Name: evil(), Reason: evil()}},
		}
		c.Notes = []string{h}
		if i%4 == 0 {
			c.Blocked = &planner.Blocked{Code: evil(), By: evil(), Detail: h, File: evil(), Line: 3}
		}
		if i%5 == 0 {
			c.Anchor, c.Address = ptr(h+"12345678"), evil()
		}
		p.Changes = append(p.Changes, c)
		p.Skipped = append(p.Skipped, planner.Skipped{Address: h, Members: []planner.SkippedMember{{Name: h, Reason: h}}})
		p.NotWritten = append(p.NotWritten, planner.NotWritten{Name: h, Reason: evil()})
		p.Frozen = append(p.Frozen, planner.Frozen{DN: h, Reason: evil()})
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{Severity: []string{"error", "warning", h}[i%3], Code: h, Summary: h, Detail: h, File: h, Line: i})
	}
	p.LandfallVersion, p.Created, p.ConfigDigest, p.Digest = evil(), evil(), evil(), evil()
	p.Providers = append(p.Providers, planner.ProviderInfo{Address: evil(), Kind: evil(), Objects: 1, ReadAt: evil(), Refresh: evil()})
	p.Accepted = []planner.Accepted{{Name: evil(), Count: 1}}
	p.Partial = &planner.Partial{Only: []string{evil()}, Except: []string{evil()}, LeftOut: 1, LeftOutActions: map[planner.Action]int{planner.Action(evil()): 1}, Needed: []string{evil()}}
	return p
}

func TestLargeMembershipIsShort(t *testing.T) {
	out := text(t, changesOf(moved()), TextOptions{})
	lines := 0
	for l := range strings.Lines(out) {
		if strings.Contains(l, " members now") || strings.Contains(l, "in the cloud group") && strings.Contains(l, `"`) {
			lines++
		}
	}
	if lines != 6 { // the counts, three added, two removed
		t.Errorf("5 changes among 4,120 members take %d lines:\n%s", lines, out)
	}
	if out := text(t, many(), TextOptions{}); strings.Count(out, "\n      +") > 5 {
		t.Errorf("a default view lists too many members:\n%s", out)
	}
}

func TestColourOnlyDoublesWords(t *testing.T) {
	p := everything()
	plainText := text(t, p, TextOptions{})
	coloured := text(t, p, TextOptions{Color: true})
	stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, "")
	if diff := cmp.Diff(plainText, stripped); diff != "" {
		t.Errorf("colour changes the text (-plain +stripped):\n%s", diff)
	}
	if coloured == plainText {
		t.Error("no colour at all")
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	if err := Text(failing{}, everything(), TextOptions{}); err == nil {
		t.Error("a full disk went unnoticed")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
