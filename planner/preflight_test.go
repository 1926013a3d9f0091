package planner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

// needOf is a need in one line, with how many changes it has.
func needOf(n planner.Need) string {
	parts := []string{string(n.Right), n.ObjectType}
	for _, s := range []string{n.DN, n.Parent, strings.Join(n.Attributes, ",")} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if n.Deleted {
		parts = append(parts, "deleted")
	}
	for _, u := range n.Uses {
		parts = append(parts, "<"+u.Address+" "+u.File+">")
	}
	return strings.Join(parts, " ")
}

func TestNeeds(t *testing.T) {
	anchor, here, there, ou := anchorOne, "CN=g,OU=A,DC=x", "CN=h,OU=B,DC=x", "OU=B,DC=x"
	why, edited := planner.Reason{File: "main.hcl"}, planner.Reason{File: "rules.hcl"}
	edit := textEdit("description", []string{"x"}, []string{"y"})
	edit.Reason = edited
	member := &planner.Members{Add: []planner.MemberChange{{DN: "CN=m"}}}
	change := func(address string, before, after *string, actions ...planner.Action) planner.Change {
		c := planner.Change{Address: address, Provider: adAddress, ObjectType: "group", Actions: actions, DN: planner.DNChange{Before: before, After: after}, Reason: &why}
		if before != nil {
			c.Anchor = &anchor
		}
		return c
	}
	with := func(c planner.Change, edits []planner.Edit, m *planner.Members) planner.Change {
		c.Edits, c.Members = edits, m
		return c
	}
	unit := change("ou", nil, &ou, planner.ActionCreate)
	unit.ObjectType = "organizationalUnit"
	blocked := change("blocked", &here, nil, planner.ActionDelete)
	blocked.Blocked = &planner.Blocked{Code: "guard"}
	other := change("other", &here, nil, planner.ActionDelete)
	other.Provider = "provider.ad.other"
	p := &planner.Plan{Changes: []planner.Change{
		unit, with(change("new1", nil, &there, planner.ActionCreate, planner.ActionMembers), []planner.Edit{edit}, member),
		with(change("new2", nil, &there, planner.ActionCreate), []planner.Edit{edit}, nil),
		with(change("moved", &here, &there, planner.ActionMove, planner.ActionUpdate, planner.ActionMembers), []planner.Edit{edit, edit}, member),
		change("renamed", &here, &here, planner.ActionRename), change("gone", &here, nil, planner.ActionDelete),
		with(change("back", &here, &there, planner.ActionRestore, planner.ActionUpdate), []planner.Edit{edit}, nil),
		with(change("members", &here, &here, planner.ActionMembers), nil, member),
		blocked, other,
	}}
	want := []string{
		"create organizationalUnit DC=x <ou main.hcl>",
		"create group OU=B,DC=x <new1 main.hcl> <new2 main.hcl> <moved main.hcl> <back main.hcl>",
		"write_new group OU=B,DC=x member <new1 main.hcl>",
		"delete group CN=g,OU=A,DC=x <moved main.hcl>",
		"write group CN=g,OU=A,DC=x cn,description,member,name <moved rules.hcl>",
		"write group CN=g,OU=A,DC=x cn,name <renamed main.hcl>",
		"delete group CN=g,OU=A,DC=x <gone main.hcl>",
		"restore group CN=g,OU=A,DC=x deleted <back main.hcl>",
		"write group CN=g,OU=A,DC=x description deleted <back rules.hcl>",
		"write group CN=g,OU=A,DC=x member <members main.hcl>",
	}
	var got []string
	for _, n := range planner.Needs(p, adAddress) {
		got = append(got, needOf(n))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRootsAndWrites(t *testing.T) {
	cfg := load(t, preamble+writebackBlock(""))
	roots := planner.Roots(cfg, "provider.ad.corp")
	if len(roots) != 1 || roots[0].Use.Address != "writeback.cloud" || roots[0].Use.Line == 0 || !roots[0].Deletes {
		t.Errorf("%+v", roots)
	}
	if len(planner.Roots(cfg, "provider.entra.contoso")) != 0 || !planner.Writes(cfg, "provider.ad.corp") || planner.Writes(cfg, "provider.entra.contoso") {
		t.Error("the configuration writes to Active Directory only")
	}
	cfg = load(t, preamble+writebackBlock(`state = "security"`+"\n"+`on_source_deleted = "freeze"`))
	if !planner.Writes(cfg, "provider.entra.contoso") || planner.Roots(cfg, "provider.ad.corp")[0].Deletes {
		t.Error("the configuration manages the writeback state, and deletes nothing")
	}
}
