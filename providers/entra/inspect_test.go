package entra

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// plansRead is what plans of group writeback read.
var plansRead = planner.Request{Types: []planner.TypeRequest{
	{Type: kindGroup, All: true}, {Type: kindUser}, {Type: kindDevice}, {Type: kindContact}, {Type: kindServicePrincipal},
}}

func statuses(checks []planner.Check) []string {
	var out []string
	for _, c := range checks {
		out = append(out, string(c.Status)+" "+c.What)
	}
	slices.Sort(out)
	return out
}

func inspect(t *testing.T, roles []string, what planner.Inspection) ([]planner.Fact, []planner.Check) {
	t.Helper()
	d := connect(t, serve(t, data{}, tenant.Options{Roles: roles}), nil)
	facts, checks, err := d.Inspect(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	return facts, checks
}

func TestInspect(t *testing.T) {
	groupChange := planner.Need{Right: planner.RightWrite, ObjectType: "group", Anchor: "x", Uses: []planner.Use{{Address: "a"}}}
	for _, c := range []struct {
		what  string
		roles []string
		asked planner.Inspection
		want  []string
	}{
		{"exactly what plans need", []string{"GroupMember.Read.All", "Group.Read.All", "User.Read.All"}, planner.Inspection{Read: plansRead}, []string{
			"ok Group.Read.All: read the writeback state of groups, and soft-deleted ones", "ok GroupMember.Read.All: read groups and their members",
			"ok User.Read.All: tell which person a member is", "ok list groups",
			"optional Application.Read.All: read service principals", "optional Device.Read.All: read devices",
			"optional Member.Read.Hidden: read hidden memberships", "optional OnPremDirectorySynchronization.Read.All: see whether the tenant's own group writeback is on",
			"optional OrgContact.Read.All: read contacts",
		}},
		{"nothing of it", []string{"Mail.Send"}, planner.Inspection{}, []string{
			"excess Mail.Send",
			"missing Group.Read.All: read the writeback state of groups, and soft-deleted ones", "missing GroupMember.Read.All: read groups and their members", "missing User.Read.All: tell which person a member is",
			"missing list groups", "optional Member.Read.Hidden: read hidden memberships", "optional OnPremDirectorySynchronization.Read.All: see whether the tenant's own group writeback is on",
		}},
		{"changes, and too much of the rest", []string{"Directory.Read.All", "Mail.Send", "Sites.Read.All", "Member.Read.Hidden", "OnPremDirectorySynchronization.Read.All"},
			planner.Inspection{Needs: []planner.Need{groupChange, groupChange}, Writes: true}, []string{
				"excess Mail.Send", "excess Sites.Read.All", "missing Group.ReadWrite.All: change group objects",
				"ok Group.Read.All: read the writeback state of groups, and soft-deleted ones", "ok GroupMember.Read.All: read groups and their members",
				"ok Member.Read.Hidden: read hidden memberships", "ok OnPremDirectorySynchronization.Read.All: see whether the tenant's own group writeback is on",
				"ok User.Read.All: tell which person a member is", "ok list groups",
			}},
		{"a configuration that writes, and a plan that does not", []string{"Group.Read.All", "User.Read.All"}, planner.Inspection{Writes: true}, []string{
			"ok Group.Read.All: read the writeback state of groups, and soft-deleted ones", "ok GroupMember.Read.All: read groups and their members", "ok User.Read.All: tell which person a member is", "ok list groups",
			"optional Group.ReadWrite.All: change group objects", "optional Member.Read.Hidden: read hidden memberships", "optional OnPremDirectorySynchronization.Read.All: see whether the tenant's own group writeback is on",
		}},
	} {
		_, checks := inspect(t, c.roles, c.asked)
		if diff := cmp.Diff(c.want, statuses(checks)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
		for _, check := range checks {
			if (check.Status == planner.CheckMissing) != (strings.Contains(check.Fix, "Grant admin consent") || strings.Contains(check.Detail, "Grant admin consent")) {
				t.Errorf("%s: %+v", c.what, check)
			}
			if check.Status == planner.CheckMissing && strings.HasPrefix(check.What, "Group.ReadWrite") && (check.Objects != 2 || len(check.Uses) != 2) {
				t.Errorf("%+v", check)
			}
		}
	}
}

func TestInspectFacts(t *testing.T) {
	facts, _ := inspect(t, []string{"Group.Read.All"}, planner.Inspection{})
	var got []string
	for _, f := range facts {
		got = append(got, f.Name)
		if f.Warning != "" && f.Name != "certificate" {
			t.Errorf("%+v", f)
		}
	}
	if diff := cmp.Diff([]string{"address", "encryption", "certificate", "tenant", "identity", "signed in with", "permissions", "token"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := fmt.Sprint(facts); !strings.Contains(text, "landfall sandbox (00000000-5a4d-4b0c-8000-a99000000001), an application") || strings.Contains(text, "eyJ") {
		t.Errorf("%s", text)
	}
	who, err := parseIdentity(jwt(t, map[string]any{"tid": testTenant, "azp": "app", "scp": "Group.Read.All openid", "upn": "ada@contoso.com\x1b[2J", "exp": 1000}))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(who.facts("cli", time.Unix(2000, 0)))
	for _, want := range []string{"on behalf of a user", "ada@contoso.com [2J", "it has expired", "1970-01-01T00:16:40Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	unlisted, err := parseIdentity(jwt(t, map[string]any{"tid": testTenant}))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range needs(planner.Inspection{}) {
		if c := n.check(unlisted); c.Status != planner.CheckUnknown {
			t.Errorf("a token that lists nothing: %+v", c)
		}
	}
}
