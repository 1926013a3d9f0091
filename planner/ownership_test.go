package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// These tests are about the worst that a writer can do: to delete, empty or take
// over what is not its own, or what nobody asked it to.

// deleting is a writeback that deletes wherever it may.
const deleting = "on_out_of_scope = \"delete\"\non_source_deleted = \"delete\"\n"

// touched are the changes of directories other than creations, as "name: action".
func touched(p *planner.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		for _, a := range c.Actions {
			if a != planner.ActionCreate {
				word := c.Name + ": " + string(a)
				if c.Blocked != nil {
					word += " blocked " + c.Blocked.Code
				}
				out = append(out, word)
			}
		}
	}
	slices.Sort(out)
	return out
}

func diagnosed(p *planner.Plan, code string) []planner.Diagnostic {
	return slices.DeleteFunc(slices.Clone(p.Diagnostics), func(d planner.Diagnostic) bool { return d.Code != code })
}

func TestEnsureAbsentNeverDeletesWhatWasNotTakenOver(t *testing.T) {
	w := newWorld()
	w.add("group", "CN=Legacy,OU=Cloud Groups,"+base, map[string][]string{"groupType": {"-2147483640"}})
	g := w.group("Legacy")
	p := build(t, load(t, preamble+writebackBlock("ensure = \"absent\"\nadopt = { \"Group_"+g.id+"\" = \"CN=Legacy,OU=Cloud Groups,"+base+"\" }")), w, planner.Options{})
	if len(p.Changes) > 0 {
		t.Errorf("an unmarked group is touched: %s", dump(p))
	}
}

func TestEnsureAbsentLeavesWhatLiesOutsideItsRoot(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("One"); w.group("Two") })
	o := w.marked(guid("group One"))
	o.dn = "CN=One,OU=People," + base // somebody else's place: Entra Connect writes the same marks
	p := build(t, load(t, preamble+writebackBlock(`ensure = "absent"`)), w, planner.Options{})
	if got := touched(p); !slices.Equal(got, []string{"Two: delete"}) {
		t.Errorf("touched %q", got)
	}
	if len(p.Frozen) != 1 || p.Frozen[0].DN != o.dn || p.Frozen[0].Reason != "orphan" {
		t.Errorf("frozen %+v", p.Frozen)
	}
}

// Two tenants write to one forest; the first provider is pointed at a wrong tenant.
func TestEachTenantMustKnowItsOwn(t *testing.T) {
	second := `
provider "entra" "other" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000002"
  sandbox   = "other.json"
}
ou_mapping "other" {
  root    = "OU=Other,DC=corp,DC=example,DC=com"
  default = ""
}
sync_rule "in_other" {
  direction      = "inbound"
  provider       = provider.entra.other
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 10
  copy           = ["cloudAnchor", "cloudMastered", "displayName", "securityEnabled", "groupTypes", "member"]
}
writeback "other" {
  object_type = "group"
  from        = provider.entra.other
  to          = provider.ad.corp
  ou          = ou_mapping.other
}
`
	w := newWorld()
	w.add("organizationalUnit", "OU=Other,"+base, nil)
	other := newWorld()
	w.elsewhere = map[string]*world{"provider.entra.other": other}
	w.group("Ours")
	w.group("Ours as well")
	other.group("Theirs")
	cfg := load(t, preamble+writebackBlock(""), second)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Fatalf("not settled: %s", dump(p))
	}
	w.groups = nil
	w.group("Of a third tenant")
	_, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{})
	if err == nil || !strings.Contains(err.Error(), "probably not the tenant") {
		t.Errorf("a tenant that knows none of its marked objects was believed: %v", err)
	}
}

func TestWrongTenantIsFoundBeforeMembersAreRead(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("One"); w.group("Two") })
	w.groups = nil
	cfg := load(t, preamble+writebackBlock(`on_source_deleted = "freeze"`))
	_, err := planner.NeededReferences(cfg, w.read(t, cfg, nil))
	if err == nil || !strings.Contains(err.Error(), "probably not the tenant") || !strings.Contains(err.Error(), "CN=One_") {
		t.Errorf("got %v", err)
	}
}

func TestAdoptTakesGroupsOnly(t *testing.T) {
	w := newWorld()
	g := w.group("Ada")
	w.person("Ada")
	p := build(t, load(t, preamble+writebackBlock(`adopt = { "Group_`+g.id+`" = "CN=Ada,OU=People,`+base+`" }`)), w, planner.Options{})
	c := find1(t, p, address(g))
	if c.Blocked == nil || c.Anchor != nil || !strings.Contains(c.Blocked.Detail, "is a user") {
		t.Errorf("a user would be taken over: %+v", c)
	}
}

func TestOneObjectIsAdoptedOnce(t *testing.T) {
	w := newWorld()
	o := w.add("group", "CN=Legacy,OU=People,"+base, map[string][]string{"groupType": {"-2147483640"}})
	a, b := w.group("A"), w.group("B")
	p := build(t, load(t, preamble+writebackBlock(`adopt = {
    "Group_`+a.id+`" = "CN=Legacy,OU=People,`+base+`"
    "Group_`+b.id+`" = "`+o.guid+`"
  }`)), w, planner.Options{})
	for _, g := range []*cloudGroup{a, b} {
		if c := find1(t, p, address(g)); c.Blocked == nil {
			t.Errorf("%s takes the object over: %+v", g.name, c)
		}
	}
}

func TestAdoptNeverTakesAnotherGroupsObject(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("One") })
	o := w.marked(guid("group One"))
	thief := w.group("Thief")
	p := build(t, load(t, preamble+writebackBlock(`adopt = { "Group_`+thief.id+`" = "`+o.guid+`" }`)), w, planner.Options{})
	for _, c := range p.Changes {
		if c.Anchor != nil && *c.Anchor == o.guid {
			t.Errorf("the object of another group is touched: %+v", c)
		}
	}
	if c := find1(t, p, address(thief)); c.Blocked == nil || c.Blocked.Code != "mark_conflict" {
		t.Errorf("not blocked: %+v", c)
	}
}

// A state that was never set, or that did not come, is not "switched off".
func TestNoStateIsNotSwitchedOff(t *testing.T) {
	for _, policy := range []string{"delete", "empty"} {
		w, plan := settled(t, `on_out_of_scope = "`+policy+`"`, func(w *world) { w.group("G", w.person("Ada").id); w.group("H") })
		w.groups[0].enabled, w.groups[0].groupType = "", ""
		if p := plan(); len(p.Changes) > 0 || len(p.Frozen) != 1 || p.Frozen[0].Reason != "writeback_off" {
			t.Errorf("%s: %s", policy, dump(p))
		}
	}
}

// What the identity may not read, and what Active Directory masters by now, is
// not "out of scope": no policy deletes or empties it.
func TestSomeReasonsOnlyFreeze(t *testing.T) {
	for _, test := range []struct {
		reason string
		leave  func(*cloudGroup)
	}{
		{"hidden_membership", func(g *cloudGroup) { g.hidden = true }},
		{"mastered_on_premises", func(g *cloudGroup) { g.synced = true }},
		{"exchange_list", func(g *cloudGroup) { g.mail = true }},
	} {
		for _, policy := range []string{"delete", "empty"} {
			t.Run(test.reason+" "+policy, func(t *testing.T) {
				w, plan := settled(t, `on_out_of_scope = "`+policy+`"`, func(w *world) {
					w.group("Leaver", w.person("Ada").id)
					w.group("Stayer")
				})
				test.leave(w.groups[0])
				p := plan()
				if len(p.Changes) > 0 || len(p.Frozen) != 1 {
					t.Fatalf("got %s", dump(p))
				}
				if len(p.NotWritten) != 1 || p.NotWritten[0].Reason != test.reason {
					t.Errorf("the plan does not say why: %+v", p.NotWritten)
				}
			})
		}
	}
}

func TestForeignWritersObjectsAreNotDeletedEither(t *testing.T) {
	w, plan := settled(t, deleting, func(w *world) {
		w.group("Switched off", w.person("Ada").id)
		w.group("Gone")
		w.group("Changed")
		w.group("Stayer")
	})
	for _, o := range w.objects {
		if o.class == "group" && !strings.HasPrefix(o.dn, "CN=Stayer") {
			o.attrs["msDS-ExternalDirectoryObjectId"] = o.attrs["adminDescription"]
		}
	}
	w.groups[0].enabled = "FALSE"
	w.groups[2].description = "new"
	w.groups = slices.Delete(w.groups, 1, 2)
	want := []string{"Changed: update blocked foreign_writer", "Gone: delete blocked foreign_writer", "Switched off: delete blocked foreign_writer"}
	got := touched(plan())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("touched %q", got)
	}
	p := build(t, load(t, preamble+writebackBlock(`ensure = "absent"`)), w, planner.Options{})
	for _, word := range touched(p) {
		if !strings.HasPrefix(word, "Stayer") && !strings.HasSuffix(word, "blocked foreign_writer") {
			t.Errorf("ensure = absent: %s", word)
		}
	}
}

func TestOutsideRoot(t *testing.T) {
	moved := func(arguments string) (*world, func(...string) *planner.Plan) {
		w, plan := settled(t, arguments, func(w *world) { w.group("One", w.person("Ada").id); w.group("Two") })
		w.marked(guid("group One")).dn = "CN=One_" + guid("group One")[24:] + ",OU=People," + base
		return w, plan
	}
	_, plan := moved("")
	if got := touched(plan()); !slices.Equal(got, []string{"One: move"}) {
		t.Errorf("move_back: %q", got)
	}
	_, plan = moved(`ou_drift = "adopt"`)
	if got := touched(plan()); !slices.Equal(got, []string{"One: move"}) {
		t.Errorf("move_back with ou_drift = adopt: %q", got)
	}
	_, plan = moved("outside_root = \"block\"\n" + deleting)
	if got := touched(plan()); !slices.Equal(got, []string{"One: move blocked outside_root"}) {
		t.Errorf("block: %q", got)
	}
	// What is not written any more is not brought back, and neither deleted nor
	// emptied: another configuration may have written it there.
	for _, arguments := range []string{deleting, deleting + "outside_root = \"block\"", "on_out_of_scope = \"empty\""} {
		w, plan := moved(arguments)
		w.groups[0].enabled = "FALSE"
		if p := plan(); len(p.Changes) > 0 || len(p.Frozen) != 1 || p.Frozen[0].DN != w.marked(w.groups[0].id).dn {
			t.Errorf("%s, switched off: %s", arguments, dump(p))
		}
	}
}

// An expression that fails for an object fails it; the object has not left.
func TestAScopeThatFailsDeletesNothing(t *testing.T) {
	failing := `
sync_rule "custom" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 10
  scope {
    when = tonumber(source.displayName) > 0
  }
  copy = ["cloudAnchor", "cloudMastered", "displayName", "securityEnabled", "groupTypes", "targetWritebackType", "member"]
}
`
	pack := strings.Replace(preamble, "ad    = provider.ad.corp\n", "ad    = provider.ad.corp\n  disable = [\"In from AAD - Group SOAInAAD\"]\n", 1)
	w := newWorld()
	w.group("1")
	w.group("2")
	cfg := load(t, pack+writebackBlock(deleting), failing)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	if w.marked(w.groups[0].id) == nil {
		t.Fatal("nothing was written")
	}
	w.groups[0].name = "one"
	p := build(t, cfg, w, planner.Options{})
	if len(p.Changes) > 0 || p.Summary.Errors == 0 {
		t.Errorf("got %s", dump(p))
	}
}

func TestMarkConflict(t *testing.T) {
	w, plan := settled(t, deleting, func(w *world) { w.group("One", w.person("Ada").id); w.group("Two") })
	o := w.marked(guid("group One"))
	twin := w.add("group", "CN=Twin,OU=People,"+base, map[string][]string{"adminDescription": {strings.ToUpper(o.attrs["adminDescription"][0])}, "groupType": {"8"}})
	p := plan()
	for _, c := range p.Changes {
		if c.Blocked == nil {
			t.Errorf("not blocked: %+v", c)
		}
	}
	found := diagnosed(p, "mark_conflict")
	if len(found) != 1 || !strings.Contains(found[0].Detail, o.dn) || !strings.Contains(found[0].Detail, twin.dn) {
		t.Errorf("not reported: %s", dump(p))
	}
	if len(p.Frozen) > 0 {
		t.Errorf("neither of them is an orphan: %+v", p.Frozen)
	}
	w.groups[0].enabled = "FALSE"
	if got := touched(plan()); !slices.Equal(got, []string{"One: delete blocked mark_conflict"}) {
		t.Errorf("switched off: %q", got)
	}
	// Gone for good: which of the two was written is not known.
	twin.dn = "CN=Twin,OU=Security,OU=Cloud Groups," + base
	w.groups = w.groups[1:]
	for _, word := range touched(plan()) {
		if !strings.HasSuffix(word, "delete blocked mark_conflict") {
			t.Errorf("gone: %s", word)
		}
	}
}

func TestProtectionLooksAtTheVeryObject(t *testing.T) {
	w, plan := settled(t, deleting, func(w *world) { w.group("One"); w.group("Two") })
	o := w.marked(guid("group One"))
	o.attrs["adminCount"] = []string{"1"}
	w.groups = w.groups[1:]
	if got := touched(plan()); !slices.Equal(got, []string{"One: delete blocked protected"}) {
		t.Errorf("touched %q", got)
	}
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=gone,CN=Deleted Objects," + base
	w.bin = append(w.bin, o)
	w.group("One")
	c := find1(t, plan(), address(w.groups[1]))
	if c.Blocked == nil || c.Blocked.Code != "protected" || !slices.Contains(c.Actions, planner.ActionRestore) {
		t.Errorf("a protected group is restored: %+v", c)
	}
}

func TestTheOneDeletedLastIsRestored(t *testing.T) {
	w, plan := settled(t, "", func(w *world) { w.group("One"); w.group("Two") })
	o := w.marked(guid("group One"))
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=gone,CN=Deleted Objects," + base
	for i := range 4 {
		older := *o
		older.guid, older.dn = guid("older"+string(rune('a'+i))), "CN=older"+string(rune('a'+i))+",CN=Deleted Objects,"+base
		older.attrs = map[string][]string{"adminDescription": o.attrs["adminDescription"], "whenChanged": {"2026010" + string(rune('1'+i)) + "000000.0Z"}}
		w.bin = append(w.bin, &older)
	}
	o.attrs["whenChanged"] = []string{"20260201000000.0Z"}
	w.bin = append(w.bin, o)
	c := find1(t, plan(), address(w.groups[0]))
	if c.Anchor == nil || *c.Anchor != o.guid || !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "5 deleted objects") }) {
		t.Errorf("got %+v", c)
	}
}

func TestNestedAndSharedRoots(t *testing.T) {
	const mapping = `
ou_mapping "finance" {
  root    = "OU=Finance,OU=Cloud Groups,DC=corp,DC=example,DC=com"
  default = ""
}
`
	finance := func(arguments string) string {
		return mapping + `
writeback "z_finance" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.finance
  when        = startswith(source.displayName, "FIN")
` + arguments + "\n}\n"
	}
	others := writebackBlock(deleting + `when = !startswith(source.displayName, "FIN")`)
	w := newWorld()
	w.add("organizationalUnit", "OU=Finance,OU=Cloud Groups,"+base, nil)
	w.group("FIN one")
	w.group("FIN two")
	w.group("Sales")
	cfg := load(t, preamble+others, finance(`on_source_deleted = "freeze"`))
	w.apply(t, build(t, cfg, w, planner.Options{}))
	gone := w.groups[0]
	w.groups = w.groups[1:]
	p := build(t, cfg, w, planner.Options{})
	if len(p.Changes) > 0 || len(p.Frozen) != 1 || !strings.Contains(p.Frozen[0].Address, "z_finance") {
		t.Errorf("the nearest root decides: %s", dump(p))
	}
	w.groups = append(w.groups, gone)
	p = build(t, load(t, preamble+others, finance(`ensure = "absent"`)), w, planner.Options{})
	if got := touched(p); !slices.Equal(got, []string{"FIN one: delete", "FIN two: delete"}) {
		t.Errorf("ensure = absent of the nested one: %q", got)
	}
}

// Two blocks share a root; one is to be absent. What it wrote is what its own
// condition takes, and never what the other one claims or has frozen.
func TestEnsureAbsentBesideAnotherBlock(t *testing.T) {
	block := func(name, when, arguments string) string {
		return `
writeback "` + name + `" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud
  unset       = "write"
  when        = ` + when + "\n" + arguments + "\n}\n"
	}
	const unified, security = `contains(source.groupTypes, "Unified")`, `!contains(source.groupTypes, "Unified")`
	w := newWorld()
	for _, name := range []string{"M1", "M2", "S1", "S2"} {
		g := w.group(name)
		g.unified = name[0] == 'M'
	}
	w.apply(t, build(t, load(t, preamble, block("a", security, ""), block("b", unified, "")), w, planner.Options{}))
	w.groups[0].enabled = "FALSE" // M1 is frozen by b
	p := build(t, load(t, preamble, block("a", security, `ensure = "absent"`), block("b", unified, "")), w, planner.Options{})
	if got := touched(p); !slices.Equal(got, []string{"S1: delete", "S2: delete"}) {
		t.Errorf("touched %q", got)
	}
	// The source of a group is gone: nobody knows which block wrote it.
	w.groups = w.groups[1:]
	p = build(t, load(t, preamble, block("a", security, `ensure = "absent"`), block("b", unified, `on_source_deleted = "freeze"`)), w, planner.Options{})
	if got := touched(p); !slices.Equal(got, []string{"S1: delete", "S2: delete"}) {
		t.Errorf("touched %q", got)
	}
}

func TestTheMarkIsNeverAnotherValue(t *testing.T) {
	w := newWorld()
	w.group("One")
	p := build(t, load(t, preamble+writebackBlock(""), `
sync_rule "anchor" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 10
  flow "cloudAnchor" {
    value = "Group_00000000-0000-4000-8000-000000000000"
  }
}`), w, planner.Options{})
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			if e.Attribute == "adminDescription" && e.After[0].Text != "Group_"+w.groups[0].id {
				t.Errorf("mark %q", e.After[0].Text)
			}
		}
	}
}

func TestGroupsAreNeverMadeWithoutAType(t *testing.T) {
	w := newWorld()
	g := w.group("One")
	pack := strings.Replace(preamble, "ad    = provider.ad.corp\n", "ad    = provider.ad.corp\n  disable = [\"Out to AD - Group SOAInAAD\"]\n", 1)
	p := build(t, load(t, pack+writebackBlock("")), w, planner.Options{})
	if slices.ContainsFunc(p.Changes, func(c planner.Change) bool { return c.Address == address(g) }) || p.Summary.Errors != 1 {
		t.Errorf("a group would be made of whatever type AD takes by default: %s", dump(p))
	}
}
