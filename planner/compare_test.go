package planner_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// TestNoDifferenceIsOneDigest: two plans differ in something that Compare names
// when, and only when, their digests do.
func TestNoDifferenceIsOneDigest(t *testing.T) {
	text := rapid.SampledFrom([]string{"a", "b", "c"})
	optional := rapid.Custom(func(t *rapid.T) *string {
		if rapid.Bool().Draw(t, "nil") {
			return nil
		}
		s := text.Draw(t, "text")
		return &s
	})
	data := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) planner.Datum {
		if rapid.IntRange(0, 4).Draw(t, "hidden") == 0 {
			return planner.Datum{Text: text.Draw(t, "known here"), Hash: text.Draw(t, "hash"), Length: 1}
		}
		return planner.Datum{Text: text.Draw(t, "value")}
	}), 0, 2)
	members := rapid.Custom(func(t *rapid.T) []planner.MemberChange {
		var out []planner.MemberChange
		for _, id := range rapid.SliceOfNDistinct(text, 0, 3, rapid.ID).Draw(t, "ids") {
			out = append(out, planner.MemberChange{ID: id, DN: text.Draw(t, "dn"), Name: text.Draw(t, "name"), Reason: text.Draw(t, "reason")})
		}
		return out
	})
	change := rapid.Custom(func(t *rapid.T) planner.Change {
		c := planner.Change{
			Name: text.Draw(t, "name"), ObjectType: text.Draw(t, "type"), Anchor: optional.Draw(t, "anchor"), Notes: []string{text.Draw(t, "note")},
			DN:      planner.DNChange{Before: optional.Draw(t, "before"), After: optional.Draw(t, "after")},
			Actions: rapid.SliceOfN(rapid.SampledFrom([]planner.Action{planner.ActionUpdate, planner.ActionDelete}), 0, 2).Draw(t, "actions"),
		}
		for _, name := range rapid.SliceOfNDistinct(text, 0, 2, rapid.ID).Draw(t, "attributes") {
			c.Edits = append(c.Edits, planner.Edit{Attribute: name, Before: data.Draw(t, "old"), After: data.Draw(t, "new"), Reason: planner.Reason{Rule: text.Draw(t, "rule")}})
		}
		slices.SortFunc(c.Edits, func(x, y planner.Edit) int { return int(x.Attribute[0]) - int(y.Attribute[0]) })
		if rapid.Bool().Draw(t, "members") {
			c.Members = &planner.Members{Add: members.Draw(t, "add"), Remove: members.Draw(t, "remove")}
		}
		if rapid.Bool().Draw(t, "blocked") {
			c.Blocked = &planner.Blocked{Code: text.Draw(t, "code"), Detail: text.Draw(t, "detail")}
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		draw := func() *planner.Plan {
			p := &planner.Plan{Created: text.Draw(t, "created")}
			for i := range 3 {
				if rapid.IntRange(0, 3).Draw(t, "has it") > 0 {
					c := change.Draw(t, "change")
					c.Address = fmt.Sprint("address ", i)
					p.Changes = append(p.Changes, c)
				}
			}
			return p
		}
		before := draw()
		after := &planner.Plan{Changes: slices.Clone(before.Changes)}
		if rapid.Bool().Draw(t, "another one") {
			after = draw()
		} else {
			for i := range after.Changes {
				after.Changes[i].Name, after.Changes[i].Notes = "renamed", nil // no digest covers these
			}
		}
		d := planner.Compare(before, after)
		if d.Empty() != (before.ComputeDigest() == after.ComputeDigest()) {
			t.Fatalf("no difference: %t, one digest: %t", d.Empty(), !d.Empty())
		}
		if d.Same+len(d.New)+len(d.Other) != len(after.Changes) || d.Same+len(d.Gone)+len(d.Other) != len(before.Changes) {
			t.Fatalf("%d and %d changes: %+v", len(before.Changes), len(after.Changes), d)
		}
		for _, pair := range d.Other {
			if x, y := pair.Parts(); !saysSomething(x) && !saysSomething(y) {
				t.Fatalf("the parts do not say what differs: %+v %+v", pair.Before, pair.After)
			}
		}
		back := planner.Compare(after, before)
		if len(back.New) != len(d.Gone) || len(back.Gone) != len(d.New) || len(back.Other) != len(d.Other) {
			t.Fatalf("the other way round it is another difference: %+v, %+v", d, back)
		}
	})
}

func saysSomething(c planner.Change) bool {
	return c.Actions != nil || c.Anchor != nil || c.DN.Before != nil || c.DN.After != nil || len(c.Edits) > 0 || c.Members != nil || c.Blocked != nil
}

// TestParts: of two changes of one object, each part has what the other lacks.
func TestParts(t *testing.T) {
	edit := func(attribute, after string) planner.Edit {
		return planner.Edit{Attribute: attribute, After: planner.Texts(after)}
	}
	people := func(names ...string) []planner.MemberChange {
		var out []planner.MemberChange
		for _, n := range names {
			out = append(out, planner.MemberChange{ID: "id " + n, DN: "CN=" + n, Name: n})
		}
		return out
	}
	before := planner.Change{
		Address: "x", Actions: []planner.Action{planner.ActionUpdate, planner.ActionMembers}, Edits: []planner.Edit{edit("description", "old"), edit("info", "same")},
		Members: &planner.Members{Before: 7, Add: people("ann", "bob"), Remove: people("cat")},
	}
	after := before
	after.Edits = []planner.Edit{edit("description", "new"), edit("info", "same"), edit("mail", "x")}
	after.Members = &planner.Members{Before: 7, Add: people("ann", "cat"), Remove: people("dan")}
	d := planner.Compare(&planner.Plan{Changes: []planner.Change{before}}, &planner.Plan{Changes: []planner.Change{after}})
	if len(d.Other) != 1 {
		t.Fatalf("got %+v", d)
	}
	x, y := d.Other[0].Parts()
	if got := append(edits(x), members(x)...); !slices.Equal(got, []string{"description:  -> old", "+bob", "-cat"}) || x.Actions != nil {
		t.Errorf("only before: %q %v", got, x.Actions)
	}
	if got := append(edits(y), members(y)...); !slices.Equal(got, []string{"description:  -> new", "mail:  -> x", "+cat", "-dan"}) {
		t.Errorf("only after: %q", got)
	}
}
