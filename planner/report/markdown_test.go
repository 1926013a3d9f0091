package report

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

type fataler interface {
	Helper()
	Fatal(...any)
}

func markdownOf(t fataler, p *planner.Plan, o MarkdownOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Markdown(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdownGolden(t *testing.T) {
	links := MarkdownOptions{
		Target: "contoso-prod", Source: Source{Dir: "identity", LinkBase: "https://github.com/contoso/identity/blob/3f9c2e1"},
		FullReport: "https://github.com/contoso/identity/actions/runs/7/artifacts/1",
	}
	within := func(n int) MarkdownOptions {
		o := links
		o.MaxBytes = n
		return o
	}
	tests := []struct {
		file    string
		plan    *planner.Plan
		options MarkdownOptions
	}{
		{"everything.md", limits(everything()), links},
		{"everything-12000.md", everything(), within(12_000)},
		{"everything-9500.md", everything(), within(9500)},
		{"everything-3500.md", everything(), within(3500)},
		{"everything-1000.md", everything(), within(1000)},
		{"hostile.md", hostile(), MarkdownOptions{Target: "a --> b", Source: Source{LinkBase: "https://example.com/(x)"}}},
		{"based.md", based(), MarkdownOptions{}},
		{"drifted.md", drifted(), MarkdownOptions{}},
		{"quiet.md", empty(), MarkdownOptions{}},
		{"nothing-read.md", nothingRead(empty()), MarkdownOptions{}},
		{"partial.md", partial(changesOf(renamed(), blockedDelete(1))), MarkdownOptions{}},
		{"no-provider.md", &planner.Plan{}, MarkdownOptions{}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) { golden(t, test.file, markdownOf(t, test.plan, test.options)) })
	}
}

// crowd is a plan of n changes, with deletes, blocked ones and errors among them.
func crowd(n, deletes, blocked, errors int) *planner.Plan {
	p := empty()
	for i := range n {
		switch {
		case i < deletes:
			c := group(i, fmt.Sprintf("Deleted %05d", i), planner.ActionDelete)
			c.DN.After = nil
			c.Notes = []string{"SID LOST: access granted to this group ends"}
			p.Changes = append(p.Changes, c)
		case i < deletes+blocked:
			c := group(i, fmt.Sprintf("Blocked %05d", i), planner.ActionUpdate)
			c.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts("new"), 31)}
			c.Blocked = &planner.Blocked{Code: "protected", By: "protect", Detail: fmt.Sprintf("number %d is protected.", i), File: "main.hcl", Line: 9}
			p.Changes = append(p.Changes, c)
		case i%7 == 0:
			c := group(i, fmt.Sprintf("Moved %05d", i), planner.ActionMove)
			c.DN.After = ptr(fmt.Sprintf("CN=Moved %05d,OU=Unit %d,%s", i, i%13, cloudOU))
			p.Changes = append(p.Changes, c)
		case i%7 < 4:
			c := group(i, fmt.Sprintf("Updated %05d", i), planner.ActionUpdate)
			c.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts(strings.Repeat("new text ", 5)), 31)}
			p.Changes = append(p.Changes, c)
		default:
			c := group(i, fmt.Sprintf("Members %05d", i), planner.ActionMembers)
			c.Members = &planner.Members{Before: 10, After: 12, Add: added("ada@contoso.com", "bob@contoso.com", "cy@contoso.com"), Remove: removed("dan@contoso.com")}
			c.Members.Skipped = []planner.SkippedMember{{ID: "1", Name: "guest#EXT#@contoso.com", Reason: "guest"}}
			p.Changes = append(p.Changes, c)
		}
	}
	for i := range errors {
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{
			Severity: "error", Code: "object_error", Summary: "A rule fails for one object", File: "main.hcl", Line: 22,
			Detail: fmt.Sprintf("\"Broken %05d\" has no mailNickname. Left() needs text.", i),
		})
	}
	for i := range errors * 3 {
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{Severity: "warning", Code: "ambiguous_join", Summary: "Join", Detail: fmt.Sprintf("Object %d joins twice.", i)})
	}
	return p
}

// What is grave stays in a comment, whatever else has to go: all of it by name, up
// to about 1,500 names.
func TestCommentOf20000ChangesKeepsWhatIsGrave(t *testing.T) {
	large(t)
	for _, p := range []*planner.Plan{storm(20_000, 200, 150, 40), storm(20_000, 1_000, 300, 60)} {
		out := markdownOf(t, p, MarkdownOptions{})
		names := grave(p)
		t.Logf("%d bytes, %d names", len(out), len(names))
		if len(out) > DefaultBytes {
			t.Errorf("%d bytes", len(out))
		}
		for _, name := range names {
			if !strings.Contains(out, name) {
				t.Errorf("%s is missing", name)
			}
		}
	}
}

// Where even the names have no room, every delete and every blocked change is in a
// number by its container, and errors and privileged objects still have names.
func TestCommentOf20000DeletesCountsThem(t *testing.T) {
	large(t)
	const deletes, blocked = 12_000, 4_000
	p := storm(20_000, deletes, blocked, 40)
	out := markdownOf(t, p, MarkdownOptions{})
	t.Logf("%d bytes", len(out))
	if len(out) > DefaultBytes {
		t.Errorf("%d bytes", len(out))
	}
	sum := map[bool]int{} // by whether it is blocked
	for _, m := range regexp.MustCompile(`(?m)^- \*\*ad: [a-z ]+ ([0-9,]+) groups?\*\* in (.*)$`).FindAllStringSubmatch(out, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		if is := strings.Contains(m[2], ", blocked by "); is || strings.Contains(m[0], "ad: delete ") {
			sum[is] += n
		}
	}
	powers := 0
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Privileged != "" && c.Blocked == nil {
			powers++
			if !strings.Contains(out, c.Name) {
				t.Errorf("%s is missing", c.Name)
			}
		}
	}
	privileged := 0 // blocked ones have their own lines
	for _, m := range regexp.MustCompile(`([0-9,]+) PRIVILEGED groups?\*\* in .*, blocked by`).FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		privileged += n
	}
	if sum[false] != deletes || sum[true]+privileged != blocked || powers == 0 {
		t.Errorf("%d deletes, %d blocked and %d privileged blocked changes are counted, %d privileged ones are named", sum[false], sum[true], privileged, powers)
	}
	for i := range 40 {
		if unit := fmt.Sprintf("OU=Unit %02d,", i); !strings.Contains(out, unit) {
			t.Errorf("%s is missing", unit)
		}
		if name := fmt.Sprintf("Broken %05d", i); !strings.Contains(out, name) {
			t.Errorf("%s is missing", name)
		}
	}
	if !strings.Contains(out, "counted and not listed here") {
		t.Error("the comment does not say that it leaves something out")
	}
	// More errors than have room are counted.
	if out := markdownOf(t, crowd(20_000, 12_000, 7_900, 300), MarkdownOptions{MaxBytes: 8_000}); !strings.Contains(out, "`object_error`: 300") || !strings.Contains(out, "**ad: delete 12,000 groups** in `"+cloudOU+"`") {
		t.Errorf("neither named nor counted:\n%s", out)
	}
}

func TestEveryBudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(anyText()).Draw(t, "plan")
		o := MarkdownOptions{MaxBytes: rapid.IntRange(LeastBytes, 9000).Draw(t, "bytes"), Target: anyText().Draw(t, "target")}
		out := markdownOf(t, p, o)
		if len(out) > o.MaxBytes {
			t.Fatalf("%d bytes of %d", len(out), o.MaxBytes)
		}
		if !utf8.ValidString(out) || !strings.HasSuffix(out, "\n") {
			t.Fatal("cut in the middle")
		}
		if rest := outsideCode(out); strings.Count(rest, "<details") != strings.Count(rest, "</details>") {
			t.Fatalf("a fold stays open:\n%s", out)
		}
	})
	if err := Markdown(&strings.Builder{}, empty(), MarkdownOptions{MaxBytes: 10}); err == nil {
		t.Error("10 bytes are enough for a plan")
	}
}

var (
	fenced  = regexp.MustCompile("(?m)^(`{3,})[a-z]*\n")
	element = regexp.MustCompile(`<code>[^<]*</code>`)
	hidden  = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// outsideCode is what a host interprets of a comment: the rest stands in code.
func outsideCode(md string) string {
	var b strings.Builder
	for {
		m := fenced.FindStringSubmatchIndex(md)
		if m == nil {
			break
		}
		b.WriteString(md[:m[0]])
		ticks := md[m[2]:m[3]]
		end := strings.Index(md[m[1]:], "\n"+ticks+"\n")
		switch {
		case strings.HasPrefix(md[m[1]:], ticks+"\n"):
			end = -1 // nothing is in it
		case end < 0:
			return b.String() + "A FENCE STAYS OPEN"
		}
		md = md[m[1]+end+1+len(ticks)+1:]
	}
	b.WriteString(md)
	return withoutSpans(element.ReplaceAllString(hidden.ReplaceAllString(b.String(), ""), ""))
}

// withoutSpans drops code spans as CommonMark finds them.
func withoutSpans(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '`' {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := 0
		for i+n < len(s) && s[i+n] == '`' {
			n++
		}
		end := -1
		for j := i + n; j < len(s); {
			if s[j] != '`' {
				j++
				continue
			}
			k := 0
			for j+k < len(s) && s[j+k] == '`' {
				k++
			}
			if k == n {
				end = j + k
				break
			}
			j += k
		}
		if end < 0 {
			return b.String() + "A SPAN STAYS OPEN"
		}
		i = end
	}
	return b.String()
}

func TestUntrustedTextOfACommentStandsInCode(t *testing.T) {
	hostileMarkdown := rapid.SampledFrom([]string{
		"@octocat", "#123", "`", "```", "````\n@all", "<img src=x onerror=alert(1)>", "[x](https://evil.example)", "![x](https://evil.example)", "a|b|c",
		"-->", "</code></summary></details>", "**bold**", "https://evil.example", "pat@contoso.com", "$x$", "AB#77", "~~~", "> [!NOTE]", "` `", " `x` ",
	})
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(rapid.OneOf(hostileMarkdown, anyText())).Draw(t, "plan")
		p.LandfallVersion, p.Created, p.Digest = hostileMarkdown.Draw(t, "version"), hostileMarkdown.Draw(t, "created"), hostileMarkdown.Draw(t, "digest")
		p.Accepted = []planner.Accepted{{Name: hostileMarkdown.Draw(t, "accepted"), Count: 1}}
		p.Providers = append(p.Providers, planner.ProviderInfo{Address: hostileMarkdown.Draw(t, "provider"), Kind: hostileMarkdown.Draw(t, "kind")})
		for i := range p.Changes {
			p.Changes[i].ObjectType = hostileMarkdown.Draw(t, "type")
		}
		rest := outsideCode(markdownOf(t, p, MarkdownOptions{MaxBytes: rapid.IntRange(LeastBytes, 60_000).Draw(t, "bytes"), Target: hostileMarkdown.Draw(t, "target")}))
		for _, bad := range []string{"@", "#1", "#7", "evil", "octocat", "alert", "~~", "STAYS OPEN", "AB#", "$x", "<img", "!["} {
			if strings.Contains(rest, bad) {
				t.Fatalf("%q stands outside of code in\n%s", bad, rest)
			}
		}
	})
}

func TestMarkdownHoldsOnlyFactsOfThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		out := markdownOf(t, p, MarkdownOptions{MaxBytes: rapid.IntRange(LeastBytes, 60_000).Draw(t, "bytes")})
		if strings.Contains(out, "hmac:") {
			t.Fatal("a hash of a redacted value is shown")
		}
		for _, fact := range tokens.FindAllString(html.UnescapeString(out), -1) {
			if !strings.Contains(string(data), fact) {
				t.Fatalf("%s is not in the plan", fact)
			}
		}
	})
}

func TestWholeCommentLeavesNothingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		out := markdownOf(t, p, MarkdownOptions{MaxBytes: 10 << 20})
		for _, c := range p.Changes {
			facts := append([]string{c.Name}, c.Notes...)
			if c.Members != nil {
				for _, m := range append(append([]planner.MemberChange{}, c.Members.Add...), c.Members.Remove...) {
					facts = append(facts, m.Name)
				}
			}
			for _, e := range c.Edits {
				facts = append(facts, e.Reason.File)
				for _, d := range difference(e.After, e.Before) {
					facts = append(facts, d.Text)
				}
			}
			for _, fact := range facts {
				if !strings.Contains(out, fact) {
					t.Fatalf("%q is missing in\n%s", fact, out)
				}
			}
		}
	})
}

func TestSourceLinks(t *testing.T) {
	github := "https://github.com/contoso/identity/blob/main/"
	tests := []struct {
		source     Source
		file       string
		line       int
		path, link string
	}{
		{Source{LinkBase: github}, "main.hcl", 12, "main.hcl", "https://github.com/contoso/identity/blob/main/main.hcl#L12"},
		{Source{Dir: "a b/c", LinkBase: github}, "x(1).hcl", 0, "a b/c/x(1).hcl", "https://github.com/contoso/identity/blob/main/a%20b/c/x%281%29.hcl#L1"},
		{Source{Dir: "prod", LinkBase: "https://dev.azure.com/x/_git/y?path=/{path}&version=GC1&line={line}"}, "main.hcl", 3, "prod/main.hcl", "https://dev.azure.com/x/_git/y?path=/prod/main.hcl&version=GC1&line=3"},
		{Source{}, "main.hcl", 12, "main.hcl", ""},
		{Source{LinkBase: github}, "standard/group_writeback.hcl", 12, "", ""},
		{Source{LinkBase: github}, "../../etc/passwd", 1, "", ""},
		{Source{LinkBase: github}, "/etc/passwd", 1, "", ""},
		{Source{LinkBase: github}, "x\u202e.hcl", 1, "", ""},
		{Source{LinkBase: github}, "", 1, "", ""},
		{Source{LinkBase: "javascript:alert(1)//"}, "main.hcl", 1, "main.hcl", ""},
	}
	for _, test := range tests {
		if got := test.source.path(test.file); got != test.path {
			t.Errorf("path of %q is %q, want %q", test.file, got, test.path)
		}
		if got := test.source.url(test.file, test.line); got != test.link {
			t.Errorf("link to %q is %q, want %q", test.file, got, test.link)
		}
	}
}
