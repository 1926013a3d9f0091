package ad

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

// testInspect asks about rights as somebody who was given them, and as somebody
// who only reads. root is what the first one is told of the root.
func testInspect(t *testing.T, f *fixture, writer, reader Config, root planner.CheckStatus) {
	anchor := f.group(t, "CN=rights,OU=Groups")
	gone := f.group(t, "CN=bygone,OU=Groups")
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: gone, DNBefore: dnOf("CN=bygone,OU=Groups"), Mark: "Group_CN=bygone,OU=Groups"})
	use := []planner.Use{{Address: "writeback.x", File: "main.hcl", Line: 7}}
	object := planner.Need{ObjectType: "group", Anchor: anchor, DN: dnOf("CN=rights,OU=Groups"), Uses: use}
	need := func(r planner.Right, attributes ...string) planner.Need {
		n := object
		n.Right, n.Attributes = r, attributes
		return n
	}
	within := func(r planner.Right, objectType, parent string, attributes ...string) planner.Need {
		return planner.Need{Right: r, ObjectType: objectType, Parent: dnOf(parent), Attributes: attributes, Uses: use}
	}
	back := planner.Need{Right: planner.RightRestore, ObjectType: "group", Anchor: gone, DN: "CN=bygone", Deleted: true, Uses: use}
	what := planner.Inspection{
		Roots: []planner.Root{{DN: dnOf("OU=Groups"), CreateOUs: true, Deletes: true, Use: use[0]}},
		Needs: []planner.Need{
			within(planner.RightCreate, "group", "OU=Groups"), within(planner.RightCreate, "organizationalUnit", "OU=Groups"),
			within(planner.RightCreate, "group", "OU=Deep,OU=New,OU=Groups"), within(planner.RightWriteNew, "group", "OU=Deep,OU=New,OU=Groups", "member"),
			within(planner.RightWriteNew, "group", "OU=Groups", "description", "member"),
			need(planner.RightWrite, "cn", "description", "member", "name"), need(planner.RightDelete), back,
		},
	}
	inspect := func(c Config) ([]planner.Fact, []planner.Check) {
		facts, checks, err := openTest(t, c).Inspect(t.Context(), what)
		if err != nil {
			t.Fatal(err)
		}
		return facts, checks
	}
	said := func(status planner.CheckStatus) []string {
		s := string(status) + " "
		return []string{
			s + "bring deleted group objects of " + dnOf("")[1:] + " back",
			s + "create group objects in " + dnOf("OU=Deep,OU=New,OU=Groups"), s + "create group objects in " + dnOf("OU=Groups"),
			s + "create organizationalUnit objects in " + dnOf("OU=Groups"), s + "delete group objects in " + dnOf("OU=Groups") + ", or move them away",
			s + "write cn, description, member, name of group objects in " + dnOf("OU=Groups"),
			s + "write description, member of new group objects in " + dnOf("OU=Groups"), s + "write member of new group objects in " + dnOf("OU=Deep,OU=New,OU=Groups"),
		}
	}
	compare := func(who string, checks []planner.Check, want ...string) {
		t.Helper()
		var got []string
		for _, c := range checks {
			if c.Status != planner.CheckExcess {
				got = append(got, string(c.Status)+" "+c.What)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
	}
	facts, checks := inspect(writer)
	compare("the writer", checks, append(said(planner.CheckOK), string(root)+" create, write and delete groups below "+dnOf("OU=Groups"), "ok see deleted objects")...)
	var names []string
	for _, f := range facts {
		names = append(names, f.Name)
		if f.Name == "identity" && (!strings.HasPrefix(f.Value, `CORP\`) && !strings.HasPrefix(f.Value, "svc-landfall@") || !strings.Contains(f.Value, "(S-1-5-21-")) {
			t.Errorf("the writer is %q", f.Value)
		}
	}
	if diff := cmp.Diff([]string{"address", "domain controller", "encryption", "certificate", "identity"}, names); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}

	_, checks = inspect(reader)
	compare("the reader", checks, append(said(planner.CheckMissing), "unknown create, write and delete groups below "+dnOf("OU=Groups"), "optional see deleted objects")...)
	for _, c := range checks {
		if c.Status == planner.CheckMissing && (!strings.HasPrefix(c.Fix, `dsacls "`) || len(c.Uses) != 1) {
			t.Errorf("%+v", c)
		}
	}
	for _, want := range []string{
		`dsacls "` + dnOf("OU=Groups") + `" /I:T /G "`, `:CC;organizationalUnit"`, `/I:S /G "`, `:SD;;group"`, `:RPWP;member;group"`, `:CA;Reanimate Tombstones"`,
	} {
		if !slices.ContainsFunc(checks, func(c planner.Check) bool { return strings.Contains(c.Fix, want) }) {
			t.Errorf("nobody says how to give %s", want)
		}
	}
	what.Needs = []planner.Need{{Right: planner.RightWrite, ObjectType: "group", Anchor: "00000000-1111-2222-3333-444444444444", DN: dnOf("CN=gone"), Attributes: []string{"info"}, Uses: use}}
	what.Roots = nil
	_, checks = inspect(writer)
	compare("an object that is gone", checks, "unknown write info of group objects in "+dnOf("")[1:], "ok see deleted objects")
}
