package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// token is a text that cannot be among our own words.
func token() *rapid.Generator[string] {
	return rapid.Map(rapid.IntRange(0, 1<<30), func(n int) string { return fmt.Sprintf("zq%dqz", n) })
}

var tokens = regexp.MustCompile(`zq[0-9]+qz`)

// anyText is a token, or a text that tries to break out.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(token(), rapid.String(), rapid.SampledFrom(hostileNames))
}

func anyData(texts *rapid.Generator[string]) *rapid.Generator[[]planner.Datum] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) planner.Datum {
		if rapid.IntRange(0, 5).Draw(t, "redacted") == 0 {
			return planner.Datum{Hash: "hmac:" + token().Draw(t, "hash"), Length: rapid.IntRange(0, 3000).Draw(t, "length")}
		}
		return planner.Datum{Text: texts.Draw(t, "text")}
	}), 0, 4)
}

// anyChanged is when something was changed, or nothing of it.
func anyChanged(texts *rapid.Generator[string]) *rapid.Generator[*planner.Changed] {
	return rapid.Custom(func(t *rapid.T) *planner.Changed {
		if rapid.Bool().Draw(t, "unknown") {
			return nil
		}
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 0).UTC().Format(time.RFC3339)
		return &planner.Changed{At: at, DC: texts.Draw(t, "dc"), Version: rapid.IntRange(1, 9).Draw(t, "version")}
	})
}

func anyChange(texts *rapid.Generator[string]) *rapid.Generator[planner.Change] {
	actions := []planner.Action{
		planner.ActionCreate, planner.ActionRestore, planner.ActionMove, planner.ActionRename,
		planner.ActionUpdate, planner.ActionMembers, planner.ActionDelete,
	}
	return rapid.Custom(func(t *rapid.T) planner.Change {
		text := func(label string) string { return texts.Draw(t, label) }
		optional := func(label string) *string {
			if rapid.Bool().Draw(t, label) {
				return nil
			}
			return ptr(text(label))
		}
		reason := planner.Reason{Rule: text("rule"), File: text("file"), Line: rapid.IntRange(0, 99).Draw(t, "line")}
		c := planner.Change{
			Address: text("address"), Name: text("name"), Anchor: optional("anchor"),
			Provider:   rapid.SampledFrom([]string{adCorp, contoso, "provider.ad.emea", ""}).Draw(t, "provider"),
			ObjectType: rapid.SampledFrom([]string{"group", "organizationalUnit"}).Draw(t, "type"),
			Actions:    rapid.SliceOfNDistinct(rapid.SampledFrom(actions), 0, 3, rapid.ID).Draw(t, "actions"),
			DN:         planner.DNChange{Before: optional("before"), After: optional("after")},
			Notes:      rapid.SliceOfN(texts, 0, 2).Draw(t, "notes"), Reason: &reason,
			Changed: anyChanged(texts).Draw(t, "changed"), Pending: rapid.Bool().Draw(t, "pending"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "edits") {
			c.Edits = append(c.Edits, planner.Edit{
				Attribute: rapid.OneOf(rapid.SampledFrom([]string{"groupType", "displayName", "msExchHideFromAddressLists"}), texts).Draw(t, "attribute"),
				Encoding:  rapid.SampledFrom([]string{"", "", "base64"}).Draw(t, "encoding"),
				Before:    anyData(texts).Draw(t, "old"), After: anyData(texts).Draw(t, "new"), Reason: reason,
				Changed: anyChanged(texts).Draw(t, "edit changed"), Pending: rapid.Bool().Draw(t, "edit pending"),
			})
		}
		if rapid.Bool().Draw(t, "has members") {
			member := rapid.Custom(func(t *rapid.T) planner.MemberChange {
				return planner.MemberChange{Name: texts.Draw(t, "member"), DN: texts.Draw(t, "member dn"), Reason: texts.Draw(t, "member reason"),
					Changed: anyChanged(texts).Draw(t, "member changed"), Pending: rapid.Bool().Draw(t, "member pending")}
			})
			c.Members = &planner.Members{
				Before: rapid.IntRange(0, 9).Draw(t, "n"), Add: rapid.SliceOfN(member, 0, 12).Draw(t, "add"),
				Remove: rapid.SliceOfN(member, 0, 12).Draw(t, "remove"),
			}
			for range rapid.IntRange(0, 3).Draw(t, "skipped") {
				c.Members.Skipped = append(c.Members.Skipped, planner.SkippedMember{ID: text("id"), Name: text("skipped name"), Reason: text("why skipped")})
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "is privileged") == 0 {
			c.Privileged = text("privileged")
		}
		if rapid.IntRange(0, 2).Draw(t, "blocked") == 0 {
			c.Blocked = &planner.Blocked{Code: text("code"), By: text("by"), Detail: text("detail"), File: text("file"), Line: 1}
		}
		return c
	})
}

func anyPlan(texts *rapid.Generator[string]) *rapid.Generator[*planner.Plan] {
	return rapid.Custom(func(t *rapid.T) *planner.Plan {
		text := func(label string) string { return texts.Draw(t, label) }
		p := empty()
		p.Changes = rapid.SliceOfN(anyChange(texts), 0, 5).Draw(t, "changes")
		if rapid.Bool().Draw(t, "has a base") {
			p.Base = ptr(text("base"))
			for i := range p.Changes {
				cause := rapid.OneOf(rapid.SampledFrom([]string{planner.CauseCaused, planner.CauseChanged, planner.CausePending}), texts).Draw(t, "cause")
				p.Changes[i].Cause = &cause
			}
			p.Withdrawn = []planner.Withdrawn{{Address: text("address"), Provider: text("provider"), Name: text("name"), Actions: []planner.Action{planner.Action(text("action"))}}}
		}
		for _, provider := range []string{adCorp, "provider.ad.emea"} {
			if rapid.Bool().Draw(t, "has a history") {
				u := planner.HistoryUse{Provider: provider, Objects: 3, Told: rapid.IntRange(0, 3).Draw(t, "told")}
				if u.Told < u.Objects {
					u.Detail = text("gap")
				}
				p.History = append(p.History, u)
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			p.Skipped = append(p.Skipped, planner.Skipped{Address: text("address"), Members: []planner.SkippedMember{{Name: text("name"), Reason: text("reason")}}})
			p.NotWritten = append(p.NotWritten, planner.NotWritten{ID: text("id"), Name: text("name"), Reason: text("reason")})
			p.Frozen = append(p.Frozen, planner.Frozen{Address: text("address"), DN: text("dn"), Reason: text("reason")})
			p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{
				Severity: rapid.SampledFrom([]string{"error", "warning"}).Draw(t, "severity"), Code: text("code"),
				Summary: text("summary"), Detail: text("detail"), File: text("file"), Line: 7,
			})
		}
		return p
	})
}

func anyOptions(color bool) *rapid.Generator[TextOptions] {
	return rapid.Custom(func(t *rapid.T) TextOptions {
		return TextOptions{
			View: rapid.SampledFrom(Views).Draw(t, "view"), ASCII: rapid.Bool().Draw(t, "ascii"), Color: color && rapid.Bool().Draw(t, "color"),
			Width: rapid.IntRange(-1, 120).Draw(t, "width"),
		}
	})
}

func render(t *rapid.T, p *planner.Plan, o TextOptions) string {
	var b strings.Builder
	if err := Text(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingUnsafeReachesTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions(false).Draw(t, "options")
		for l := range strings.SplitSeq(render(t, anyPlan(anyText()).Draw(t, "plan"), o), "\n") {
			for _, r := range l {
				if !unicode.IsPrint(r) || o.ASCII && r > unicode.MaxASCII {
					t.Fatalf("%U in %q", r, l)
				}
			}
		}
	})
}

func TestTextHoldsOnlyFactsOfThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range tokens.FindAllString(render(t, p, anyOptions(true).Draw(t, "options")), -1) {
			if !strings.Contains(string(data), fact) {
				t.Fatalf("%s is not in the plan", fact)
			}
		}
	})
}

// A hash of a redacted value is no use to people, and an attacker could compare it.
func TestRedactedValuesAreNotShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if strings.Contains(render(t, anyPlan(token()).Draw(t, "plan"), anyOptions(true).Draw(t, "options")), "hmac:") {
			t.Fatal("a hash is shown")
		}
	})
}

func TestFullViewLeavesNothingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(token()).Draw(t, "plan")
		out := render(t, p, TextOptions{View: ViewFull})
		for _, c := range p.Changes {
			facts := append([]string{c.Name, c.Address}, c.Notes...)
			if c.Members != nil {
				for _, m := range append(append([]planner.MemberChange{}, c.Members.Add...), c.Members.Remove...) {
					facts = append(facts, m.Name, m.DN, m.Reason)
				}
				for _, m := range c.Members.Skipped {
					facts = append(facts, m.Name, m.Reason)
				}
			}
			if c.Blocked != nil {
				facts = append(facts, c.Blocked.Code, c.Blocked.By, c.Blocked.Detail, c.Blocked.File)
			}
			for _, e := range c.Edits {
				facts = append(facts, e.Attribute)
			}
			for _, fact := range facts {
				if !strings.Contains(out, fact) {
					t.Fatalf("%q is missing in\n%s", fact, out)
				}
			}
		}
	})
}

func TestOrderOfChangesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, o := anyPlan(token()).Draw(t, "plan"), anyOptions(true).Draw(t, "options")
		seen := map[string]bool{}
		for _, c := range p.Changes {
			if seen[c.Address] {
				t.Skip("addresses are unique in a plan")
			}
			seen[c.Address] = true
		}
		want := render(t, p, o)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(p.Changes), func(i, j int) { p.Changes[i], p.Changes[j] = p.Changes[j], p.Changes[i] })
		if got := render(t, p, o); got != want {
			t.Fatalf("another order, another text:\n%s\n%s", want, got)
		}
	})
}
