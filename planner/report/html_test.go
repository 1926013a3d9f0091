package report

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	nethtml "golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

func htmlOf(t fataler, p *planner.Plan, o HTMLOptions) string {
	t.Helper()
	var b strings.Builder
	if err := HTML(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// limits has a guard in every state.
func limits(p *planner.Plan) *planner.Plan {
	ten, five, half := 10, "5", 500
	p.Guards = []planner.GuardUse{
		{Guard: "guard.leavers", Action: "delete", In: "writeback.cloud_groups", Count: 37, Of: 212, MaxCount: &ten, MaxPercent: &five, MinObjects: 20, Exceeded: true, File: "guards.hcl", Line: 12},
		{Guard: "guard.members", Action: "member_remove", In: "writeback.cloud_groups", Object: `writeback.cloud_groups["Group_x"]`, Count: 3, Of: 10, MaxPercent: &five, MinObjects: 20, File: "guards.hcl", Line: 20},
		{Guard: "guard.moves", Action: "move", In: "writeback.cloud_groups", Count: 11, MaxCount: &ten, File: "guards.hcl", Line: 30},
		{Guard: "settings.delete_threshold", Action: "delete", In: adCorp, Count: 1, MaxCount: &half},
	}
	return p
}

func TestHTMLGolden(t *testing.T) {
	linked := HTMLOptions{Source: Source{Dir: "identity", LinkBase: "https://github.com/contoso/identity/blob/3f9c2e1"}}
	tests := []struct {
		file    string
		plan    *planner.Plan
		options HTMLOptions
	}{
		{"everything.html", limits(everything()), linked},
		{"hostile.html", hostile(), HTMLOptions{Target: "</title><script>alert(1)</script>"}},
		{"based.html", based(), HTMLOptions{}},
		{"drifted.html", drifted(), HTMLOptions{}},
		{"quiet.html", empty(), HTMLOptions{}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) { golden(t, test.file, htmlOf(t, test.plan, test.options)) })
	}
}

// parsed is what a browser sees of a report.
type parsed struct {
	plan    string          // the embedded JSON
	text    strings.Builder // everything else that is shown
	scripts int
}

var allowed = strings.Fields(`html head meta title style body a header nav br h1 h2 h3 p strong b dl dt dd main section div table caption colgroup thead tbody tr th td
	article ul li svg rect path g text tspan figure figcaption details summary label input select option button output span footer code script noscript i em`)

// parse reads a report as a browser does and fails for anything that is not ours.
func parse(t *rapid.T, page string) *parsed {
	t.Helper()
	doc, err := nethtml.ParseWithOptions(strings.NewReader(page), nethtml.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	out := &parsed{}
	var walk func(n *nethtml.Node)
	walk = func(n *nethtml.Node) {
		switch n.Type {
		case nethtml.ElementNode:
			if !slices.Contains(allowed, n.Data) {
				t.Fatalf("an element <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://example.com/") {
					t.Fatalf("%s=%q on <%s>", a.Key, a.Val, n.Data)
				}
				if n.Data != "meta" && a.Key != "d" {
					out.text.WriteString(" " + a.Val)
				}
			}
			if n.Data == "script" || n.Data == "style" {
				out.scripts++
				content := ""
				if n.FirstChild != nil {
					content = n.FirstChild.Data
				}
				if n.Data == "script" && len(n.Attr) > 0 {
					out.plan = content
				} else if content != pageJS && content != pageCSS {
					t.Fatalf("a %s that is not ours:\n%s", n.Data, content)
				}
				return
			}
		case nethtml.TextNode:
			out.text.WriteString(n.Data)
		case nethtml.CommentNode:
			t.Fatalf("a comment: %s", n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if out.scripts != 3 {
		t.Fatalf("%d styles and scripts", out.scripts)
	}
	return out
}

var hostileHTML = rapid.SampledFrom([]string{
	"</script><script>alert(1)</script>", "<!--", "-->", "</title>", "<img src=x onerror=alert(1)>", `" onfocus="alert(1)`, "' autofocus '", "javascript:alert(1)",
	"{{.CSP}}", "</style>", "]]>", "&lt;b&gt;", "\u2028", "</summary></details>", "</svg>", "CN=</text><script>,OU=<g>,DC=x",
})

// anyRoom has pages whose details are made late among it.
var anyRoom = rapid.SampledFrom([]int{0, 1, 20})

func TestHostileNamesStayTextInHTML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.OneOf(hostileHTML, anyText())
		p := anyPlan(texts).Draw(t, "plan")
		p.LandfallVersion, p.Created, p.Digest = texts.Draw(t, "version"), texts.Draw(t, "created"), texts.Draw(t, "digest")
		p.Guards = []planner.GuardUse{{Guard: texts.Draw(t, "guard"), Action: texts.Draw(t, "action"), In: texts.Draw(t, "in"), MaxPercent: ptr(texts.Draw(t, "percent")), Count: 3, File: texts.Draw(t, "file")}}
		for i := range p.Changes {
			p.Changes[i].ObjectType = texts.Draw(t, "type")
		}
		o := HTMLOptions{Target: texts.Draw(t, "title"), Source: Source{Dir: texts.Draw(t, "dir"), LinkBase: "https://example.com/x"}, FullReport: texts.Draw(t, "report"), room: anyRoom.Draw(t, "room")}
		got := parse(t, htmlOf(t, p, o))
		encoded, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var was, is any
		if err := errors.Join(json.Unmarshal(encoded, &was), json.Unmarshal([]byte(got.plan), &is)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Fatalf("the page does not hold the plan (-plan +page):\n%s", diff)
		}
		for _, r := range got.text.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%U is shown", r)
			}
		}
	})
}

func TestHTMLHoldsOnlyFactsOfThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		encoded, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		text := parse(t, htmlOf(t, p, HTMLOptions{room: anyRoom.Draw(t, "room")})).text.String()
		if strings.Contains(text, "hmac:") {
			t.Fatal("a hash of a redacted value is shown")
		}
		for _, fact := range tokens.FindAllString(text, -1) {
			if !strings.Contains(string(encoded), fact) {
				t.Fatalf("%s is not in the plan", fact)
			}
		}
	})
}

// The page is the whole plan: everything that the JSON says in words is shown.
func TestHTMLLeavesNothingOut(t *testing.T) {
	hidden := regexp.MustCompile(`hmac:zq[0-9]+qz`)
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		encoded, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		text := parse(t, htmlOf(t, p, HTMLOptions{room: anyRoom.Draw(t, "room")})).text.String()
		for _, fact := range tokens.FindAllString(hidden.ReplaceAllString(string(encoded), ""), -1) {
			if !strings.Contains(text, fact) && !idOfNamed(p, fact) {
				t.Fatalf("%s of the plan is missing", fact)
			}
		}
	})
}

// idOfNamed reports whether a text is the id of a member that is shown by name.
func idOfNamed(p *planner.Plan, text string) bool {
	for _, c := range p.Changes {
		if c.Members == nil {
			continue
		}
		for _, m := range c.Members.Skipped {
			if m.ID == text && m.Name != "" {
				return true
			}
		}
	}
	return false
}
