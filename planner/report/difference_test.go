package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// approved and its later plan differ in everything that can differ.
func twoPlans() (approved, now *planner.Plan) {
	approved, now = everything(), everything()
	approved.Partial = &planner.Partial{Only: []string{"writeback.cloud_groups"}}
	approved.Digest = "sha256:5eedc07e11223344556677889900aabbccddeeff9b1fc07e1122334455667788"
	now.Created, now.ConfigDigest = "2026-11-23T08:00:00Z", "sha256:77ac"
	now.Accepted = []planner.Accepted{{Name: "guard.leavers", Count: 37}}
	// gone: the last of the blocked deletes, and the collision; new: an OU
	now.Changes = slices.Delete(now.Changes, 36, 38)
	ou := createdOU()
	ou.DN.After, ou.Name, ou.Address = ptr("OU=New,"+cloudOU), "New", "ou_mapping.cloud_groups[\"OU=New\"]"
	now.Changes = append(now.Changes, ou)
	for i := range now.Changes {
		c := &now.Changes[i]
		switch c.Name {
		case "Leaver 101":
			c.Blocked = nil // a guard was accepted
		case "Finance":
			c.Actions = []planner.Action{planner.ActionUpdate, planner.ActionMembers}
			c.DN.Before = c.DN.After
			c.Edits = []planner.Edit{edit("description", planner.Texts("older"), planner.Texts("new"), 31), c.Edits[1], edit("mail", nil, planner.Texts("f@contoso.com"), 99)}
			c.Members = &planner.Members{Before: 4121, After: 4122, Add: added("alice.ng@contoso.com", "bob.lee@contoso.com"), Remove: removed("irvin.sayers@contoso.com")}
		case "Marketing EMEA":
			c.Blocked = &planner.Blocked{Code: "protected", By: "protect", Detail: "it lies at or below OU=Tier 0.", File: "main.hcl", Line: 70}
		}
	}
	// created by hand meanwhile
	i := slices.IndexFunc(now.Changes, func(c planner.Change) bool {
		return c.ObjectType == "group" && slices.Contains(c.Actions, planner.ActionCreate)
	})
	made := &now.Changes[i]
	made.Actions, made.Anchor, made.DN.Before = []planner.Action{planner.ActionUpdate}, ptr("5af9619f-8b86-d011-b42d-00c04fc964ff"), made.DN.After
	return approved, now
}

func differenceText(t fataler, before, after *planner.Plan, o TextOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Difference(&b, before, after, DifferenceOptions{TextOptions: o, Before: "the approved plan (plan.json)", After: "the plan of now"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDifferenceGolden(t *testing.T) {
	approved, now := twoPlans()
	golden(t, "difference.txt", differenceText(t, approved, now, TextOptions{}))
	golden(t, "difference-summary.txt", differenceText(t, approved, now, TextOptions{View: ViewSummary}))
	golden(t, "difference-none.txt", differenceText(t, now, now, TextOptions{}))
	golden(t, "difference-hostile.txt", differenceText(t, hostile(), everything(), TextOptions{ASCII: true}))
}

// TestDifferenceSaysWhatDiffers: facts of the plans and nothing else, and in the
// full view, everything that only one of them does.
func TestDifferenceSaysWhatDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anyPlan(token()).Draw(t, "before"), anyPlan(token()).Draw(t, "after")
		for i := range min(len(before.Changes), len(after.Changes)) {
			if rapid.Bool().Draw(t, "one object") {
				after.Changes[i].Address, after.Changes[i].Provider = before.Changes[i].Address, before.Changes[i].Provider
			}
		}
		data, err := json.Marshal([]*planner.Plan{before, after})
		if err != nil {
			t.Fatal(err)
		}
		out := differenceText(t, before, after, TextOptions{View: ViewFull})
		for _, fact := range tokens.FindAllString(out, -1) {
			if !strings.Contains(string(data), fact) {
				t.Fatalf("%s is in neither plan", fact)
			}
		}
		d := planner.Compare(before, after)
		shown := slices.Concat(d.New, d.Gone)
		for _, p := range d.Other {
			x, y := p.Parts()
			shown = append(shown, &x, &y)
		}
		for _, c := range shown {
			for _, e := range c.Edits {
				if !strings.Contains(out, e.Attribute) {
					t.Fatalf("the edit of %q is missing in\n%s", e.Attribute, out)
				}
			}
			if c.Members == nil {
				continue
			}
			for _, m := range slices.Concat(c.Members.Add, c.Members.Remove) {
				if !strings.Contains(out, m.Name) || !strings.Contains(out, m.Reason) {
					t.Fatalf("the member %q (%q) is missing in\n%s", m.Name, m.Reason, out)
				}
			}
		}
	})
}

func TestDifferenceIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions(false).Draw(t, "options")
		var b strings.Builder
		err := Difference(&b, anyPlan(anyText()).Draw(t, "before"), anyPlan(anyText()).Draw(t, "after"), DifferenceOptions{o, anyText().Draw(t, "name"), anyText().Draw(t, "other name")})
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(b.String(), "\n") {
			for _, r := range l {
				if !unicode.IsPrint(r) || o.ASCII && r > unicode.MaxASCII {
					t.Fatalf("%U in %q", r, l)
				}
			}
		}
	})
}
