package planner_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// members are the member changes of a change: "+Ada", "-Bruno", and what is
// skipped: "Cloud (cloud_only)".
func members(c planner.Change) []string {
	var out []string
	if c.Members == nil {
		return nil
	}
	for _, m := range c.Members.Add {
		out = append(out, "+"+m.Name)
	}
	for _, m := range c.Members.Remove {
		out = append(out, "-"+m.Name)
	}
	for _, m := range c.Members.Skipped {
		out = append(out, m.Name+" ("+m.Reason+")")
	}
	return out
}

// mustNotDangle checks that every member that a plan adds exists or is made by it.
func mustNotDangle(t *testing.T, w *world, p *planner.Plan) {
	t.Helper()
	for _, c := range pending(p) {
		if c.Members == nil {
			continue
		}
		for _, m := range c.Members.Add {
			made := slices.ContainsFunc(pending(p), func(x planner.Change) bool {
				return x.Anchor == nil && strings.HasSuffix(x.Address, `["`+m.ID+`"]`)
			})
			if w.byGUID(w.objects, m.ID) == nil && !made {
				t.Errorf("%s adds %s (%s), which nothing makes", c.Name, m.Name, m.ID)
			}
		}
	}
}

func TestCloudOnlyMembers(t *testing.T) {
	w := newWorld()
	cloud := w.cloudOnly("Cloud", "Member")
	ada := w.person("Ada")
	inner := w.group("Inner", ada.id, cloud.id)
	outer := w.group("Outer", ada.id, inner.id)

	p := build(t, load(t, preamble+writebackBlock(`cloud_only_members = "ignore"`)), w, planner.Options{})
	if got := members(find1(t, p, address(inner))); !slices.Equal(got, []string{"+Ada"}) {
		t.Errorf("ignore: %q", got)
	}
	p = build(t, load(t, preamble+writebackBlock(`cloud_only_members = "error"`)), w, planner.Options{})
	if slices.ContainsFunc(p.Changes, func(c planner.Change) bool { return c.Address == address(inner) }) || p.Summary.Errors != 1 {
		t.Errorf("error: %s", dump(p))
	}
	if got := members(find1(t, p, address(outer))); !slices.Equal(got, []string{"+Ada", "Inner (group_not_written_back)"}) {
		t.Errorf("a group that is not made after all is a member: %q", got)
	}
	mustNotDangle(t, w, p)
	// A group that exists keeps its place when it fails.
	inner.members = inner.members[:1]
	w.apply(t, build(t, load(t, preamble+writebackBlock("")), w, planner.Options{}))
	inner.members = append(inner.members, cloud.id)
	p = build(t, load(t, preamble+writebackBlock(`cloud_only_members = "error"`)), w, planner.Options{})
	if len(p.Changes) > 0 || p.Summary.Errors != 1 {
		t.Errorf("error, written: %s", dump(p))
	}
}

func TestMemberLimit(t *testing.T) {
	w := newWorld()
	ada, bruno, clara := w.person("Ada"), w.person("Bruno"), w.person("Clara")
	big := w.group("Big", ada.id, bruno.id, clara.id)
	big.unified, big.groupType = true, "universalDistributionGroup"
	outer := w.group("Outer", big.id)
	limited := strings.Replace(preamble, "ad    = provider.ad.corp\n", "ad    = provider.ad.corp\n  member_limit_m365 = 2\n", 1)
	cfg := load(t, limited+writebackBlock(""))
	p := build(t, cfg, w, planner.Options{})
	if len(p.NotWritten) != 1 || p.NotWritten[0].Reason != "over_limit" || p.Summary.Errors > 0 {
		t.Errorf("a new group over the limit is not admitted: %s", dump(p))
	}
	if got := members(find1(t, p, address(outer))); len(got) > 0 {
		t.Errorf("members of the outer group: %q", got)
	}
	mustNotDangle(t, w, p)
	big.members = big.members[:2]
	w.apply(t, build(t, cfg, w, planner.Options{}))
	big.members, big.description = append(big.members, clara.id), "new"
	p = build(t, cfg, w, planner.Options{})
	if len(p.Changes) > 0 || p.Summary.Errors != 1 || !strings.Contains(p.Diagnostics[0].Detail, "Maximum Group member count") {
		t.Errorf("a written group that grows over the limit fails and is left as it is: %s", dump(p))
	}
}

func TestHiddenMembership(t *testing.T) {
	w := newWorld()
	g := w.group("Hidden", w.person("Ada").id)
	g.hidden = true
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if len(p.Changes) > 0 || len(p.NotWritten) != 1 || p.NotWritten[0].Reason != "hidden_membership" {
		t.Errorf("got %s", dump(p))
	}
}

func TestMasteredOnPremises(t *testing.T) {
	w := newWorld()
	w.add("group", "CN=Local,OU=People,"+base, map[string][]string{"groupType": {"-2147483646"}})
	g := w.group("Local")
	g.synced, g.sid = true, sidText(uint32(w.serial))
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if len(p.Changes) > 0 || len(p.NotWritten) != 1 || p.NotWritten[0].Reason != "mastered_on_premises" {
		t.Errorf("got %s", dump(p))
	}
}

// Two forests: a person of the other one cannot be a member here.
func TestOtherForest(t *testing.T) {
	w := newWorld()
	other := newWorld()
	other.serial = 9000
	w.elsewhere = map[string]*world{"provider.ad.other": other}
	far := other.person("Far")
	w.users = append(w.users, far)
	g := w.group("G", w.person("Ada").id, far.id)
	inbound := `
provider "ad" "other" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "other.ldif"
}
sync_rule "in_other" {
  direction      = "inbound"
  provider       = provider.ad.other
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 10
  flow "sourceAnchor" {
    value = source.objectGUID
  }
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
}
`
	p := build(t, load(t, preamble+writebackBlock(""), inbound), w, planner.Options{})
	if got := members(find1(t, p, address(g))); !slices.Equal(got, []string{"+Ada", "Far (other_forest)"}) {
		t.Errorf("got %q", got)
	}
}

// While a synchronised member cannot be resolved, members that were not read may
// be that member.
func TestOutsideView(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id) })
	g := w.groups[0]
	lost := w.person("Lost")
	lost.immutableID = base64.StdEncoding.EncodeToString([]byte(octets(guid("elsewhere"))))
	g.members = append(g.members, lost.id)
	plan := func() *planner.Plan {
		cfg := load(t, preamble+writebackBlock(""))
		snap := w.read(t, cfg, nil)
		ad := snap["provider.ad.corp"]
		o := ad.ByAnchor(w.marked(g.id).guid)
		refs, _ := ad.References(o, "member")
		ad.SetReferences(o, "member", append(slices.Clone(refs), ad.Reference("CN=Unread,DC=child,"+base)))
		p, err := buildFrom(cfg, snap, w, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := plan()
	if len(p.Changes) > 0 || len(p.Skipped) != 1 || !slices.ContainsFunc(p.Skipped[0].Members, func(m planner.SkippedMember) bool { return m.Reason == "outside_view" }) {
		t.Errorf("got %s", dump(p))
	}
	g.members = g.members[:1]
	if got := members(find1(t, plan(), address(g))); !slices.Equal(got, []string{"-Unread"}) {
		t.Errorf("resolved: %q", got)
	}
}

// A rule that fails for a person says nothing about their memberships.
func TestAFailedPersonStaysMember(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id) })
	failing := `
sync_rule "failing" {
  direction      = "inbound"
  provider       = provider.ad.corp
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 11
  scope {
    when = tonumber(source.displayName) > 0
  }
  flow "sourceAnchor" {
    value = source.objectGUID
  }
}
`
	pack := strings.Replace(preamble, "ad    = provider.ad.corp\n", "ad    = provider.ad.corp\n  disable = [\"In from AD - User Join\"]\n", 1)
	p := build(t, load(t, pack+writebackBlock(""), failing), w, planner.Options{})
	if len(p.Changes) > 0 || p.Summary.Errors == 0 {
		t.Errorf("got %s", dump(p))
	}
}

// Devices that came back by their ids alone: the computers may be those.
func TestUnreadableDevicesStayMembers(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id) })
	pc := w.add("computer", "CN=PC1,OU=People,"+base, nil)
	o := w.marked(w.groups[0].id)
	o.members = append(o.members, pc.guid)
	cfg := load(t, preamble+writebackBlock(""))
	plan := func(unreadable bool) *planner.Plan {
		snap := w.read(t, cfg, nil)
		entra := snap["provider.entra.contoso"]
		g := entra.ByAnchor(w.groups[0].id)
		if unreadable {
			d := entra.Add("device", guid("device"), guid("device"), planner.Live)
			entra.SetUnreadable(d, "onPremisesSyncEnabled")
			refs, _ := entra.References(g, "member")
			entra.SetReferences(g, "member", append(slices.Clone(refs), d))
		}
		p, err := buildFrom(cfg, snap, w, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := plan(true); len(p.Changes) > 0 {
		t.Errorf("a computer is taken out because devices could not be read: %s", dump(p))
	}
	if got := members(find1(t, plan(false), address(w.groups[0]))); !slices.Equal(got, []string{"-PC1"}) {
		t.Errorf("got %q", got)
	}
}

func TestMembersThatWereNotReadAreAnError(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id) })
	cfg := load(t, preamble+writebackBlock(""))
	snap := planner.Snapshot{}
	for address, s := range w.read(t, cfg, nil) {
		snap[address] = s
	}
	bare := planner.NewSpace("provider.ad.corp", planner.KindAD, cfg.Providers[0].Schema)
	for _, o := range w.objects { // as readAD does, without references
		id := bare.Add(o.class, o.guid, o.dn, planner.Live)
		bare.Set(id, "objectGUID", octets(o.guid))
		for name, values := range o.attrs {
			bare.Set(id, name, values...)
		}
	}
	snap["provider.ad.corp"] = bare
	p, err := buildFrom(cfg, snap, w, planner.Options{})
	if err != nil || len(p.Changes) > 0 || p.Summary.Errors != 1 {
		t.Errorf("got %v %s", err, dump(p))
	}
}

// A nested group that this plan deletes is no new member of anything.
func TestLeavingGroupsAreNotAdded(t *testing.T) {
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) { w.group("Inner"); w.group("Outer", w.person("Ada").id) })
	inner, outer := w.groups[0], w.groups[1]
	outer.members = append(outer.members, inner.id)
	inner.enabled = "FALSE"
	if got := touched(plan()); !slices.Equal(got, []string{"Inner: delete"}) {
		t.Errorf("got %q", got)
	}
	// But one that is a member is not taken out first: its delete may be blocked.
	inner.enabled = "TRUE"
	w.apply(t, plan())
	inner.enabled = "FALSE"
	if got := touched(plan()); !slices.Equal(got, []string{"Inner: delete"}) {
		t.Errorf("got %q", got)
	}
}

func TestBlockedNestedGroupsAreNoMembers(t *testing.T) {
	w := newWorld()
	inner := w.group("Inner")
	outer := w.group("Outer", w.person("Ada").id, inner.id)
	p := build(t, load(t, preamble+writebackBlock("")+"protect {\n  dns = [\"CN=Inner_"+inner.id[24:]+",OU=Security,OU=Cloud Groups,"+base+"\"]\n}\n"), w, planner.Options{})
	if got := members(find1(t, p, address(outer))); !slices.Equal(got, []string{"+Ada", "Inner (group_not_written_back)"}) {
		t.Errorf("got %q", got)
	}
	mustNotDangle(t, w, p)
}
