package planner_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

const (
	anchorOne = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
	thisDC    = "8d2a1f5c-58d4-4efa-bcd2-f7d85ef53013"
	otherDC   = "29bded81-10df-44a3-8ed6-19f582cb8b4e"
	adAddress = "provider.ad.corp"
)

func hour(n int) time.Time { return time.Date(2026, 11, 22, n, 0, 0, 0, time.UTC) }

// stampAt is the change with a number, made at that hour.
func stampAt(usn int64, version int, origin string) planner.Stamp {
	return planner.Stamp{At: hour(int(usn)), DC: "DC1", Version: version, Origin: origin, USN: usn}
}

func changedAt(n, version int) *planner.Changed {
	return &planner.Changed{At: hour(n).Format(time.RFC3339), DC: "DC1", Version: version}
}

func valueOf(attribute, dn string, gone bool, s planner.Stamp) planner.ValueStamp {
	return planner.ValueStamp{Attribute: attribute, DN: dn, Gone: gone, Stamp: s}
}

func textEdit(attribute string, before, after []string) planner.Edit {
	return planner.Edit{Attribute: attribute, Before: planner.Texts(before...), After: planner.Texts(after...)}
}

// history is what the directory tells of one object, whose mark is change 5.
func history() *planner.History {
	return &planner.History{
		EveryAttribute: true, EveryValue: true,
		Attributes: map[string]planner.Stamp{
			"admindescription": stampAt(5, 1, thisDC), "description": stampAt(9, 3, thisDC), "displayname": stampAt(5, 1, thisDC),
			"info": stampAt(2, 1, otherDC), "name": stampAt(8, 2, thisDC), "isdeleted": stampAt(11, 1, thisDC), "assistant": stampAt(10, 2, thisDC),
		},
		Values: []planner.ValueStamp{
			valueOf("member", "CN=Came,DC=x", false, stampAt(7, 1, thisDC)),
			valueOf("member", "CN=Went,DC=x", true, stampAt(8, 2, thisDC)),
			valueOf("managedBy", "CN=Old,DC=x", true, stampAt(6, 2, thisDC)),
			valueOf("managedBy", "CN=New,DC=x", false, stampAt(7, 1, thisDC)),
		},
	}
}

// told is a plan with one change after the history was added.
func told(t *testing.T, c planner.Change, h *planner.History, forgotten time.Time) *planner.Change {
	t.Helper()
	anchor, dn := anchorOne, "CN=g,DC=x"
	c.Provider, c.Anchor, c.DN = adAddress, &anchor, planner.DNChange{Before: &dn, After: &dn}
	p := &planner.Plan{Changes: []planner.Change{c}}
	before := p.ComputeDigest()
	asked := planner.HistoryRequests(p, adAddress, planner.ADSchema)
	if len(asked) != 1 {
		t.Fatalf("asked %v", asked)
	}
	planner.AddHistory(p, adAddress, planner.ADSchema, asked, planner.Histories{Objects: map[string]*planner.History{anchorOne: h}, Forgotten: forgotten})
	if p.ComputeDigest() != before {
		t.Error("the digest has changed")
	}
	return &p.Changes[0]
}

func TestHistoryOfEdits(t *testing.T) {
	x, y := []string{"x"}, []string{"y"}
	for _, c := range []struct {
		what    string
		edit    planner.Edit
		changed *planner.Changed
		pending bool
	}{
		{"changed after the mark", textEdit("description", x, y), changedAt(9, 3), false},
		{"written with the mark", textEdit("DisplayName", x, y), changedAt(5, 1), true},
		{"by another domain controller, whose numbers say nothing", textEdit("info", x, y), changedAt(2, 1), false},
		{"never written", textEdit("mail", nil, y), nil, true},
		{"never written, and yet there", textEdit("mail", x, y), nil, false},
		{"the mark itself", textEdit("adminDescription", x, y), changedAt(5, 1), false},
		{"a link: its value came last", textEdit("managedBy", []string{"CN=New,DC=x"}, []string{"cn=old,dc=X"}), changedAt(7, 1), false},
		{"a link: what went", textEdit("managedBy", nil, []string{"CN=Old,DC=x"}), changedAt(6, 2), false},
		{"a link: other values", textEdit("managedBy", nil, []string{"CN=Third,DC=x"}), nil, false},
		{"a link without any value", textEdit("secretary", nil, []string{"CN=Old,DC=x"}), nil, false},
		{"a reference that is no link", textEdit("assistant", nil, []string{"CN=Old,DC=x"}), changedAt(10, 2), false},
	} {
		got := told(t, planner.Change{Actions: []planner.Action{planner.ActionUpdate}, Edits: []planner.Edit{c.edit}}, history(), hour(0)).Edits[0]
		if diff := cmp.Diff(c.changed, got.Changed); diff != "" || got.Pending != c.pending {
			t.Errorf("%s: pending %t (-want +got):\n%s", c.what, got.Pending, diff)
		}
	}
}

func TestHistoryOfMembers(t *testing.T) {
	member := func(name string) planner.MemberChange { return planner.MemberChange{DN: "CN=" + name + ",DC=x"} }
	change := planner.Change{Actions: []planner.Action{planner.ActionMembers}, Members: &planner.Members{
		Add: []planner.MemberChange{member("Went"), member("Never"), member("Came")}, Remove: []planner.MemberChange{member("Came"), member("Unknown")},
	}}
	m := told(t, change, history(), hour(0)).Members
	if diff := cmp.Diff([]*planner.Changed{changedAt(8, 2), nil, nil}, []*planner.Changed{m.Add[0].Changed, m.Add[1].Changed, m.Add[2].Changed}); diff != "" {
		t.Errorf("to add (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]*planner.Changed{changedAt(7, 1), nil}, []*planner.Changed{m.Remove[0].Changed, m.Remove[1].Changed}); diff != "" {
		t.Errorf("to remove (-want +got):\n%s", diff)
	}
	if m.Add[0].Pending || !m.Add[1].Pending || m.Add[2].Pending || m.Remove[0].Pending || m.Remove[1].Pending {
		t.Errorf("pending: %+v", m)
	}
}

// TestNothingIsGuessed: each doubt takes the claim away that nobody changed
// anything.
func TestNothingIsGuessed(t *testing.T) {
	change := func() planner.Change {
		return planner.Change{Actions: []planner.Action{planner.ActionUpdate, planner.ActionMembers},
			Edits:   []planner.Edit{textEdit("displayName", []string{"x"}, []string{"y"}), textEdit("mail", nil, []string{"y"})},
			Members: &planner.Members{Add: []planner.MemberChange{{DN: "CN=Never,DC=x"}}},
		}
	}
	type claims struct{ Written, Never, Member bool }
	claimed := func(c *planner.Change) claims {
		return claims{c.Edits[0].Pending, c.Edits[1].Pending, c.Members.Add[0].Pending}
	}
	for _, c := range []struct {
		what      string
		forgotten time.Time
		change    func(*planner.History)
		want      claims
	}{
		{"all is known", hour(4), func(*planner.History) {}, claims{true, true, true}},
		{"the mark was written again", hour(4), func(h *planner.History) { h.Attributes["admindescription"] = stampAt(5, 2, thisDC) }, claims{}},
		{"no mark", hour(4), func(h *planner.History) { delete(h.Attributes, "admindescription") }, claims{}},
		{"the mark's database is not known", hour(4), func(h *planner.History) { h.Attributes["admindescription"] = planner.Stamp{At: hour(5), Version: 1} }, claims{}},
		{"attributes are missing", hour(4), func(h *planner.History) { h.EveryAttribute = false }, claims{true, false, true}},
		{"values are missing", hour(4), func(h *planner.History) { h.EveryValue = false }, claims{true, true, false}},
		{"removals since the mark are forgotten", hour(6), func(*planner.History) {}, claims{true, true, false}},
		{"nobody knows what is forgotten", time.Time{}, func(*planner.History) {}, claims{true, true, false}},
	} {
		h := history()
		c.change(h)
		if got := claimed(told(t, change(), h, c.forgotten)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestHistoryOfPlaces(t *testing.T) {
	move := func(actions ...planner.Action) planner.Change { return planner.Change{Actions: actions} }
	if c := told(t, move(planner.ActionMove), history(), hour(0)); c.Pending || !cmp.Equal(c.Changed, changedAt(8, 2)) {
		t.Errorf("moved by somebody: %+v", c)
	}
	if c := told(t, move(planner.ActionRestore, planner.ActionUpdate), history(), hour(0)); c.Pending || !cmp.Equal(c.Changed, changedAt(11, 1)) {
		t.Errorf("deleted by somebody: %+v", c)
	}
	h := history()
	h.Attributes["name"] = stampAt(5, 1, thisDC)
	if c := told(t, move(planner.ActionMove, planner.ActionRename), h, hour(0)); !c.Pending || !cmp.Equal(c.Changed, changedAt(5, 1)) {
		t.Errorf("never moved: %+v", c)
	}
}

func TestHistoryIsAskedOfWhatChanges(t *testing.T) {
	one, dn := anchorOne, "CN=g,DC=x"
	at := planner.DNChange{Before: &dn, After: &dn}
	p := &planner.Plan{Changes: []planner.Change{
		{Provider: adAddress, Actions: []planner.Action{planner.ActionCreate}, DN: planner.DNChange{After: &dn}, Edits: []planner.Edit{textEdit("info", nil, []string{"x"})}},
		{Provider: adAddress, Actions: []planner.Action{planner.ActionDelete}, Anchor: &one, DN: planner.DNChange{Before: &dn}},
		{Provider: "provider.entra.contoso", Actions: []planner.Action{planner.ActionUpdate}, Anchor: &one, Edits: []planner.Edit{textEdit("info", nil, []string{"x"})}},
		{Provider: adAddress, Actions: []planner.Action{planner.ActionRestore}, Anchor: &one, DN: at},
		{Provider: adAddress, Actions: []planner.Action{planner.ActionUpdate}, Anchor: &one, DN: at, Edits: []planner.Edit{textEdit("managedBy", nil, []string{"x"}), textEdit("info", nil, []string{"x"})}},
		{Provider: adAddress, Actions: []planner.Action{planner.ActionMembers}, Anchor: &one, DN: at, Members: &planner.Members{Add: []planner.MemberChange{{DN: "CN=x"}}}},
	}}
	got := planner.HistoryRequests(p, adAddress, planner.ADSchema)
	want := []planner.HistoryRequest{
		{Anchor: one, DN: dn, Deleted: true}, {Anchor: one, DN: dn, Links: []string{"managedBy"}}, {Anchor: one, DN: dn, Links: []string{"member"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	planner.AddHistory(p, adAddress, planner.ADSchema, got, planner.Histories{Missing: "it does not tell"})
	if diff := cmp.Diff([]planner.HistoryUse{{Provider: adAddress, Objects: 3, Detail: "it does not tell"}}, p.History); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
