package apply

import (
	"slices"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// Only what was written and does not show is unconfirmed.
func TestConfirm(t *testing.T) {
	d := newDirectory(groups)
	kim, pat := d.put("user", below("kim", people)), d.put("user", below("pat", people))
	group := func(name string) *entry { return d.put("group", below(name, groups)) }
	joined := func(c planner.Change, who ...*entry) planner.Change {
		c.Members = &planner.Members{}
		for _, w := range who {
			c.Members.Add = append(c.Members.Add, member(w))
		}
		c.Actions = append(slices.Clone(c.Actions), planner.ActionMembers)
		return c
	}
	wrote := func(name string) planner.Change { return update(group(name), "info", "", "new") }
	secret := wrote("secret")
	secret.Edits[0].After = []planner.Datum{{Text: "new", Hash: "h", Length: 3}}
	hidden := func(hash string) planner.Change {
		c := secret
		c.Edits = []planner.Edit{{Attribute: "info", Before: []planner.Datum{{Hash: hash, Length: 3}}, After: planner.Texts("x")}}
		return c
	}
	becomes := func(c planner.Change, attribute, before, after string) planner.Change {
		c.Actions, c.Members = []planner.Action{planner.ActionUpdate}, nil
		c.Edits = []planner.Edit{{Attribute: attribute, Before: data(before), After: data(after)}}
		return c
	}
	moved := move(group("moved"), below("there", groups))
	again := func(c planner.Change, from, to string) planner.Change {
		c.DN = planner.DNChange{Before: &from, After: &to}
		return c
	}
	gone := creation("gone", below("gone", groups))
	gone.Address = wrote("gone").Address
	updated, other, member1, deleted := wrote("a"), wrote("b"), joined(wrote("c"), kim), deletion(group("d"))
	for name, test := range map[string]struct {
		done, pending planner.Change
		want          bool
	}{
		"the value is not there":               {updated, becomes(updated, "info", "", "new"), true},
		"it is another value":                  {updated, becomes(updated, "info", "by hand", "new"), true},
		"it is there, and another is wanted":   {updated, becomes(updated, "info", "new", "newer"), false},
		"another attribute changed meanwhile":  {other, becomes(other, "mail", "x", "y"), false},
		"the member is not there":              {member1, joined(of(d.at(below("c", groups))), kim), true},
		"another member is wanted":             {member1, joined(of(d.at(below("c", groups))), pat), false},
		"it is not where it was moved to":      {moved, again(moved, below("moved", groups), below("there", groups)), true},
		"it is there, and to be elsewhere":     {moved, again(moved, below("there", groups), below("other", groups)), false},
		"it is not there at all":               {updated, gone, true},
		"it is gone, as planned, and wanted":   {deleted, creation(deleted.Name, *deleted.DN.Before), false},
		"it is still there":                    {deleted, becomes(deleted, "info", "", "x"), true},
		"the hidden value is another one":      {secret, hidden("other"), true},
		"the hidden value is the one":          {secret, hidden("h"), false},
		"it would only say who is left out":    {updated, planner.Change{Members: &planner.Members{Skipped: []planner.SkippedMember{{Name: "pat"}}}}, false},
		"what is blocked shows the difference": {updated, blocked(becomes(updated, "info", "", "new")), true},
	} {
		pending := test.pending
		pending.Address, pending.Provider = test.done.Address, test.done.Provider
		for _, outcome := range []Outcome{OutcomeDone, OutcomePartly, OutcomeFailed} {
			report := &Report{Changes: []ChangeReport{{Change: &test.done, Outcome: outcome}}}
			got := Confirm(plan(test.done), report, plan(pending, creation("elsewhere", below("elsewhere", groups))))
			if want := test.want && outcome == OutcomeDone; (len(got) > 0) != want {
				t.Errorf("%s (%s): unconfirmed %v", name, outcome, got)
			}
		}
	}
}

// A group and its state in Entra ID have one address in two directories.
func TestConfirmTellsDirectoriesApart(t *testing.T) {
	d := newDirectory(groups)
	here := update(d.put("group", below("g", groups)), "info", "", "new")
	r := carryOut(t, plan(here), d, nil)
	there := here
	there.Provider = "provider.entra.contoso"
	if got := Confirm(plan(here), r, plan(there)); len(got) > 0 {
		t.Errorf("what is pending in Entra ID is taken for unconfirmed in AD: %+v", got)
	}
}
