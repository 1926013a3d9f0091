package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/planner"
)

// The acceptance cases of group writeback, by their numbers in
// docs/acceptance.md, which also names the tests of the other cases.

const (
	securityUniversal = "-2147483640"
	commonName        = `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`
)

// unifiedGroup is a Microsoft 365 group with Entra's own writeback state.
func (w *world) unifiedGroup(name, enabled, groupType string, members ...string) *cloudGroup {
	g := w.group(name, members...)
	g.unified, g.enabled, g.groupType = true, enabled, groupType
	return g
}

// onlyChange is the one change of a plan that has one.
func onlyChange(t *testing.T, p *planner.Plan) planner.Change {
	t.Helper()
	if len(p.Changes) != 1 {
		t.Fatalf("want one change: %s", dump(p))
	}
	return p.Changes[0]
}

// relocate takes a person's account to another forest.
func (w *world) relocate(name string, to *world, parent string) {
	o := w.find("CN=" + name + ",OU=People," + base)
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=" + name + "," + parent
	to.objects = append(to.objects, o)
}

func actions(c planner.Change) string {
	var words []string
	for _, a := range c.Actions {
		words = append(words, string(a))
	}
	return strings.Join(words, ",")
}

// Three groups with three states become three kinds of AD group.
func TestCase22_TypesOfThreeGroups(t *testing.T) {
	w := newWorld()
	for _, g := range []*cloudGroup{
		w.group("AZ SG01"), w.unifiedGroup("M365 - SG01", "", ""), w.unifiedGroup("M365 - MESG01", "TRUE", "universalMailEnabledSecurityGroup"),
	} {
		g.description = "of " + g.name
	}
	p := build(t, load(t, preamble+writebackBlock(`unset = "write"`)), w, planner.Options{})
	got := map[string][]string{}
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			switch e.Attribute {
			case "groupType", "msExchRecipientDisplayType", "msExchRecipientTypeDetails", "adminDescription", "sAMAccountName":
				got[c.Name] = append(got[c.Name], e.Attribute+"="+e.After[0].Text)
			}
		}
	}
	mark := func(name string) string { return "adminDescription=Group_" + guid("group "+name) }
	want := map[string][]string{
		"AZ SG01":       {mark("AZ SG01"), "groupType=" + securityUniversal},
		"M365 - SG01":   {mark("M365 - SG01"), "groupType=8", "msExchRecipientDisplayType=17", "msExchRecipientTypeDetails=8796093022208"},
		"M365 - MESG01": {mark("M365 - MESG01"), "groupType=" + securityUniversal, "msExchRecipientDisplayType=17", "msExchRecipientTypeDetails=8796093022208"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is sent (-want +got); without sAMAccountName:\n%s", diff)
	}
}

// A writeback state that nobody set is a state of its own: skipped and listed,
// or, with unset = "write", a distribution group as Entra Connect makes it.
func TestCase23_UnsetIsImplicitYes(t *testing.T) {
	w := newWorld()
	g := w.unifiedGroup("M365", "", "")
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if len(p.Changes) > 0 || len(p.NotWritten) != 1 || p.NotWritten[0].Reason != "unset" {
		t.Errorf("skipped by default: %s", dump(p))
	}
	p = build(t, load(t, preamble+writebackBlock(`unset = "write"`)), w, planner.Options{})
	if c := find1(t, p, address(g)); !slices.Contains(edits(c), "groupType:  -> 8") {
		t.Errorf("written as a distribution group: %q", edits(c))
	}
}

func TestCase24_NamesFromDisplayNames(t *testing.T) {
	w := newWorld()
	long := w.group(strings.Repeat("x", 20) + `, a + b "c" #d ` + strings.Repeat("y", 44) + " ")
	one, two := w.group("Finance "), w.group("finance")
	first, second := w.group("#1 ,+\"\\<>;= "), w.group(" #1 ,+\"\\<>;=")
	second.id = guid("another")
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if p.Summary.Blocked+p.Summary.Errors > 0 {
		t.Fatalf("got %s", dump(p))
	}
	taken := map[string]bool{}
	for _, g := range []*cloudGroup{long, one, two, first, second} {
		c := find1(t, p, address(g))
		leaf := dn.MustParse(*c.DN.After).Leaf().Value
		if utf8.RuneCountInString(leaf) > 64 || !strings.HasSuffix(leaf, "_"+g.id[24:]) {
			t.Errorf("%q becomes %q", g.name, leaf)
		}
		if taken[dn.Key(*c.DN.After)] {
			t.Errorf("%q: %s is there already", g.name, *c.DN.After)
		}
		taken[dn.Key(*c.DN.After)] = true
	}
	w.apply(t, p)
	if p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("not stable: %s", dump(p))
	}
}

func TestCase25_MovedByHand(t *testing.T) {
	for _, test := range []struct{ arguments, want string }{
		{"", "move"}, {`ou_drift = "move_back"`, "move"}, {`ou_drift = "adopt"`, ""}, {`ou_drift = "report"`, ""},
	} {
		w, plan := settled(t, test.arguments, func(w *world) {
			w.group("G")
			w.group("H")
			w.add("organizationalUnit", "OU=Elsewhere,OU=Cloud Groups,"+base, nil)
		})
		o := w.marked(w.groups[0].id)
		home := o.dn
		o.dn = strings.Replace(home, "OU=Security", "OU=Elsewhere", 1)
		p := plan()
		if test.want == "" {
			if len(p.Changes) > 0 {
				t.Errorf("%s: %s", test.arguments, dump(p))
			}
			continue
		}
		if c := onlyChange(t, p); actions(c) != test.want || *c.DN.After != home {
			t.Errorf("%s: %+v", test.arguments, c)
		}
	}
}

// Whoever deletes a group by hand gets it back from the Recycle Bin, with its
// SID. landfall keeps no state, so without a trace in the bin the group is
// simply a new one; a delete that landfall itself plans says SID LOST before.
func TestCase26_DeletedByHand(t *testing.T) {
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) { w.group("G", w.person("Ada").id); w.group("H") })
	o := w.marked(w.groups[0].id)
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	if c := onlyChange(t, plan()); actions(c) != "create,members" || c.Anchor != nil {
		t.Errorf("without the bin: %+v", c)
	}
	o.dn = "CN=gone,CN=Deleted Objects," + base
	w.bin = append(w.bin, o)
	c := onlyChange(t, plan())
	if !strings.HasPrefix(actions(c), "restore") || *c.Anchor != o.guid || len(c.Notes) == 0 || !strings.Contains(c.Notes[0], "keeps its SID") {
		t.Errorf("with the bin: %+v", c)
	}
	w.apply(t, plan())
	w.groups[0].enabled = "FALSE"
	cfg := load(t, preamble+writebackBlock(`on_out_of_scope = "delete"`))
	snap := w.read(t, cfg, nil)
	snap["provider.ad.corp"].RecycleBin = planner.RecycleBinDisabled
	p, err := buildFrom(cfg, snap, w, planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := onlyChange(t, p); actions(c) != "delete" || !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.HasPrefix(n, "SID LOST") }) {
		t.Errorf("a delete without the bin: %+v", c)
	}
}

// Two of seven members have an object in the forest; five are listed.
func TestCase27_DroppedMembersHaveReasons(t *testing.T) {
	w := newWorld()
	nested, unwritten := w.group("Nested"), w.group("Not enabled")
	unwritten.enabled = "FALSE"
	principal := &cloudUser{id: guid("app"), name: "Build server"}
	w.principals = append(w.principals, principal)
	other := w.person("Elsewhere")
	w.elsewhere = map[string]*world{"provider.ad.plant": {}}
	w.relocate("Elsewhere", w.elsewhere["provider.ad.plant"], "DC=plant,DC=example,DC=net")
	g := w.group("G", w.person("Ada").id, nested.id, w.cloudOnly("Cloud", "Member").id, w.cloudOnly("Guest", "Guest").id, principal.id, unwritten.id, other.id)

	c := find1(t, build(t, load(t, preamble+writebackBlock(""), secondForest), w, planner.Options{}), address(g))
	var added []string
	for _, m := range c.Members.Add {
		added = append(added, m.Name)
	}
	skipped := map[string]string{}
	for _, m := range c.Members.Skipped {
		skipped[m.Name] = m.Reason
	}
	if diff := cmp.Diff([]string{"Ada", "Nested"}, added); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	want := map[string]string{"Cloud": "cloud_only", "Guest": "guest", "Build server": "service_principal",
		"Not enabled": "group_not_written_back", "Elsewhere": "other_forest"}
	if diff := cmp.Diff(want, skipped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

// secondForest is another forest of the same tenant.
const secondForest = `
provider "ad" "plant" {
  base_dn = "DC=plant,DC=example,DC=net"
  sandbox = "plant.ldif"
}
standard_rules "plant" {
  pack  = "group_writeback"
  entra = provider.entra.contoso
  ad    = provider.ad.plant
}
`

func TestCase28_SynchronisedLater(t *testing.T) {
	w, plan := settled(t, "", func(w *world) {
		w.group("G", w.person("Ada").id, w.cloudOnly("Pat", "Member").id)
	})
	o := w.person("Pat") // now there is an account in AD, and Entra knows it
	pat := w.users[1]
	w.users = w.users[:2]
	pat.synced, pat.immutableID = true, o.immutableID
	c := onlyChange(t, plan())
	if actions(c) != "members" || len(c.Members.Add) != 1 || c.Members.Add[0].Name != "Pat" || len(c.Members.Skipped) != 0 {
		t.Errorf("got %+v", c)
	}
}

// documentedDelete is the custom rule of Entra Connect's documentation that
// marks what is to be deleted.
const documentedDelete = `
sync_rule "delete_out_of_scope" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 50
  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }
  join {
    match {
      space     = "cloudAnchor"
      metaverse = "cloudAnchor"
    }
  }
  flow "reasonFiltered" {
    expression = <<-EXPR
      IIF((IsPresent([reasonFiltered]) = True) && (InStr([reasonFiltered], "WriteBackOutOfScope") > 0 || InStr([reasonFiltered], "SoftDelete") > 0), "DeleteThisGroupInAD", [reasonFiltered])
    EXPR
  }
}
`

// Leaving freezes at first. The documented rule gives the documented value; what
// then happens to the object is the writeback's on_out_of_scope to say, and not
// a rule's.
func TestCase29_FrozenThenDeleted(t *testing.T) {
	for name, leave := range map[string]func(*cloudGroup){
		"SoftDelete":          func(g *cloudGroup) { g.deleted = true },
		"WriteBackOutOfScope": func(g *cloudGroup) { g.enabled = "FALSE" },
	} {
		w, plan := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id); w.group("Stays") })
		g := w.groups[0]
		leave(g)
		if p := plan(); len(p.Changes) > 0 || len(p.Frozen) != 1 {
			t.Errorf("%s: not frozen: %s", name, dump(p))
		}
		if got := inMetaverse(t, w, "G", "reasonFiltered"); got != name {
			t.Errorf("%s: reasonFiltered is %q", name, got)
		}
		if got := inMetaverse(t, w, "G", "reasonFiltered", documentedDelete); got != "DeleteThisGroupInAD" {
			t.Errorf("%s: reasonFiltered is %q", name, got)
		}
		if p := plan(documentedDelete); len(p.Changes) > 0 || len(p.Frozen) != 1 {
			t.Errorf("%s: the rule alone deletes: %s", name, dump(p))
		}
		cfg := load(t, preamble+writebackBlock(`on_out_of_scope = "delete"`), documentedDelete)
		if c := onlyChange(t, build(t, cfg, w, planner.Options{})); actions(c) != "delete" || c.Address != address(g) {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

// inMetaverse is the value of one attribute of the metaverse object of a group.
func inMetaverse(t *testing.T, w *world, name, attribute string, extra ...string) string {
	t.Helper()
	cfg := load(t, append([]string{preamble + writebackBlock("")}, extra...)...)
	v, err := planner.Metaverse(cfg, w.read(t, cfg, nil), planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= v.Len(); n++ {
		if o := v.Object(n); o.Name == name {
			for _, a := range o.Attributes {
				if strings.EqualFold(a.Attribute, attribute) {
					return strings.Join(texts(a.Values), ",")
				}
			}
		}
	}
	return ""
}

// coexistence are the rules that hand groups without mail over to Cloud Sync: an
// inbound one marks them, an outbound one keeps them and lets nothing flow.
const coexistence = `
sync_rule "mark_coexisting" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 50
  scope {
    clause {
      attribute = "mail"
      operator  = "ISNULL"
    }
  }
  flow "cloudNoFlow" {
    value = true
  }
}
sync_rule "keep_coexisting" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join_no_flow"
  precedence     = 51
  scope {
    clause {
      attribute = "cloudNoFlow"
      operator  = "EQUAL"
      value     = true
    }
  }
  join {
    match {
      space     = "adminDescription"
      metaverse = "cloudAnchor"
    }
  }
}
`

func TestCase30_CoexistenceWithCloudSync(t *testing.T) {
	w, plan := settled(t, "unset = \"write\"\non_out_of_scope = \"delete\"", func(w *world) {
		w.group("Without mail", w.person("Ada").id)
		w.unifiedGroup("With mail", "TRUE", "universalDistributionGroup")
		w.person("Bruno")
	})
	g, mailed := w.groups[0], w.groups[1]
	g.name, mailed.description = "Renamed in the cloud", "changed"
	if p := plan(coexistence); len(p.Changes) != 1 || p.Changes[0].Address != address(mailed) {
		t.Errorf("the new name is not flowed, and other groups go on: %s", dump(p))
	}
	g.members = append(g.members, w.users[1].id)
	if c := find1(t, plan(coexistence), address(g)); actions(c) != "members" || len(c.Members.Add) != 1 {
		t.Errorf("a new member is: %+v", c)
	}
	g.enabled = "FALSE"
	if p := plan(coexistence); p.Summary.Delete != 0 || len(p.Frozen) != 1 {
		t.Errorf("leaving scope does not delete: %s", dump(p))
	}
	if p := plan(); p.Summary.Delete != 1 {
		t.Errorf("without the rules it does: %s", dump(p))
	}
}

// Account names are cleaned of what Windows takes in none, and are unique in the
// domain: the two forests of a tenant have an account of the same name each.
func TestCase32_AccountNames(t *testing.T) {
	const forbidden = "\"/\\[]:;|=,+*?<>@\x01\x02\x03\x04\x05\x06\x07\x08\x09"
	if n := utf8.RuneCountInString(forbidden); n != 25 {
		t.Fatalf("%d characters", n)
	}
	w := newWorld()
	var names []*cloudGroup
	for i, r := range forbidden {
		if r >= ' ' { // a display name with a control character is an error on its object
			names = append(names, w.group(fmt.Sprintf("a%cb %d", r, i)))
		}
	}
	elsewhere := newWorld()
	w.elsewhere = map[string]*world{"provider.ad.plant": elsewhere}
	elsewhere.objects = nil
	elsewhere.add("user", "CN=Taken,DC=plant,DC=example,DC=net", map[string][]string{"sAMAccountName": {"Taken"}})
	taken := w.group("Taken")
	p := build(t, load(t, preamble+writebackBlock("sam_account_name = source.displayName\non_collision = \"suffix\""), secondForest), w, planner.Options{})
	name := func(g *cloudGroup) string {
		for _, e := range find1(t, p, address(g)).Edits {
			if e.Attribute == "sAMAccountName" {
				return e.After[0].Text
			}
		}
		return ""
	}
	for _, g := range names {
		if got := name(g); got == "" || strings.ContainsAny(got, "\"/\\[]:;|=,+*?<>") {
			t.Errorf("%q becomes %q", g.name, got)
		}
	}
	if got := name(taken); got != "Taken" {
		t.Errorf("a name that another domain has: %q", got)
	}
	w.add("user", "CN=Taken,OU=People,"+base, map[string][]string{"sAMAccountName": {"TAKEN"}})
	p = build(t, load(t, preamble+writebackBlock("sam_account_name = source.displayName\non_collision = \"suffix\"")), w, planner.Options{})
	if got := name(taken); got != "Taken_"+taken.id[24:] {
		t.Errorf("a name that this domain has: %q", got)
	}
}

// Without its container nothing at all is planned.
func TestCase33_ContainerMissing(t *testing.T) {
	w := newWorld()
	w.group("G")
	w.objects = slices.DeleteFunc(w.objects, func(o *adObject) bool { return strings.HasPrefix(o.dn, "OU=Cloud Groups") })
	cfg := load(t, preamble+writebackBlock(""))
	if p, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{}); err == nil || !strings.Contains(err.Error(), "OU=Cloud Groups,"+base) {
		t.Errorf("got %v, %v", p, err)
	}
}

// What the configuration protects and what Windows protects is blocked in the
// plan, whatever is to happen to it, and by a move away or into it as well.
func TestCase34_Protected(t *testing.T) {
	protect := "protect {\n  dns = [\"OU=Kept,OU=Cloud Groups," + base + "\"]\n}\n"
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) {
		w.group("Move", w.person("Ada").id)
		w.group("Delete")
		w.group("Stays")
		w.add("organizationalUnit", "OU=Kept,OU=Cloud Groups,"+base, nil)
	})
	for _, g := range w.groups[:2] {
		o := w.marked(g.id)
		o.dn = strings.Replace(o.dn, "OU=Security", "OU=Kept", 1)
	}
	w.groups[1].enabled = "FALSE"
	p := plan(protect)
	for i, want := range []string{"move", "delete"} {
		if c := find1(t, p, address(w.groups[i])); c.Blocked == nil || c.Blocked.Code != "protected" || actions(c) != want {
			t.Errorf("%s: %+v", want, c)
		}
	}
	if p.Summary.Blocked != 2 {
		t.Errorf("summary: %+v", p.Summary)
	}
}
