package apply

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

func TestConfirm(t *testing.T) {
	d := newDirectory(groups)
	var changes []planner.Change
	for _, name := range []string{"done", "lost", "members", "skips only", "refused", "blocked", "again blocked"} {
		changes = append(changes, update(d.put("group", below(name, groups)), "info", "", name))
	}
	changes[5] = blocked(changes[5])
	d.trouble = func(_ int, op planner.Operation) (planner.Result, bool) {
		switch op.Edits[0].After[0].Text {
		case "lost": // the directory says yes and does nothing
			return planner.Result{Status: planner.StatusDone}, true
		case "refused":
			return refused(50, "insufficient access"), true
		}
		return planner.Result{}, false
	}
	applied := plan(changes...)
	r := carryOut(t, applied, d, nil)

	lost, refusedAgain, blockedAgain := changes[1], changes[4], changes[5]
	members := changes[2]
	members.Edits, members.Members = nil, &planner.Members{Add: []planner.MemberChange{{Name: "kim"}}}
	skips := changes[3]
	skips.Actions, skips.Edits, skips.Members = nil, nil, &planner.Members{Skipped: []planner.SkippedMember{{Name: "pat"}}}
	stuck := blocked(changes[6])
	elsewhere := creation("new", below("new", groups))
	got := Confirm(applied, r, plan(lost, members, skips, refusedAgain, blockedAgain, stuck, elsewhere))
	var addresses []string
	for _, u := range got {
		addresses = append(addresses, u.Name)
		if u.Pending == nil || u.Pending.Address != u.Address {
			t.Errorf("%s: pending %+v", u.Address, u.Pending)
		}
	}
	if diff := cmp.Diff([]string{below("lost", groups), below("members", groups), below("again blocked", groups)}, addresses); diff != "" {
		t.Errorf("unconfirmed (-want +got):\n%s", diff)
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
