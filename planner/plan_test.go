package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

func settled(t *testing.T, arguments string, fill func(*world)) (*world, func(...string) *planner.Plan) {
	t.Helper()
	w := newWorld()
	fill(w)
	plan := func(extra ...string) *planner.Plan {
		t.Helper()
		return build(t, load(t, append([]string{preamble + writebackBlock(arguments)}, extra...)...), w, planner.Options{})
	}
	w.apply(t, plan())
	if p := plan(); len(p.Changes) > 0 {
		t.Fatalf("the plan after apply is not empty: %s", dump(p))
	}
	return w, plan
}

func TestTypesOfWrittenGroups(t *testing.T) {
	w := newWorld()
	user := w.person("Ada").id
	security := w.group("AZ SG01", user)
	unset := w.group("M365 - SG01", user)
	unset.unified, unset.enabled, unset.groupType = true, "", ""
	mesg := w.group("M365 - MESG01", user)
	mesg.unified, mesg.groupType = true, "universalMailEnabledSecurityGroup"
	sec365 := w.group("M365 - Security", user)
	sec365.unified = true
	off := w.group("M365 - Off", user)
	off.unified, off.enabled = true, "FALSE"
	list := w.group("List", user)
	list.mail = true
	cfg := load(t, preamble+writebackBlock(`unset = "write"`))
	w.apply(t, build(t, cfg, w, planner.Options{}))
	for _, want := range []struct {
		g                          *cloudGroup
		groupType, display, detail string
		mail                       bool
	}{
		{security, "-2147483640", "", "", false},
		{unset, "8", "17", "8796093022208", true},
		{mesg, "-2147483640", "17", "8796093022208", true},
		{sec365, "-2147483640", "", "", false},
	} {
		o := w.marked(want.g.id)
		if o == nil {
			t.Errorf("%s was not written", want.g.name)
			continue
		}
		got := []string{first(o, "groupType"), first(o, "msExchRecipientDisplayType"), first(o, "msExchRecipientTypeDetails")}
		if !slices.Equal(got, []string{want.groupType, want.display, want.detail}) {
			t.Errorf("%s: groupType, display type, details are %q", want.g.name, got)
		}
		if (first(o, "mail") != "") != want.mail || (first(o, "mailNickname") != "") != want.mail || (len(o.attrs["proxyAddresses"]) > 0) != want.mail {
			t.Errorf("%s: mail attributes are wrong: %v", want.g.name, o.attrs)
		}
		if len(o.members) != 1 {
			t.Errorf("%s has %d members, want 1", want.g.name, len(o.members))
		}
	}
	for _, g := range []*cloudGroup{off, list} {
		if w.marked(g.id) != nil {
			t.Errorf("%s was written", g.name)
		}
	}
	p := build(t, cfg, w, planner.Options{})
	reasons := map[string]string{}
	for _, n := range p.NotWritten {
		reasons[n.Name] = n.Reason
	}
	if reasons["M365 - Off"] != "writeback_off" || reasons["List"] != "exchange_list" {
		t.Errorf("reasons: %v", reasons)
	}
	if len(p.Changes) > 0 {
		t.Errorf("the second plan is not empty: %s", dump(p))
	}
}

func first(o *adObject, attr string) string {
	if v := o.attrs[attr]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func TestUnsetIsSkippedUnlessWritten(t *testing.T) {
	w := newWorld()
	g := w.group("M365")
	g.unified, g.enabled, g.groupType = true, "", ""
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if len(p.Changes) != 0 || len(p.NotWritten) != 1 || p.NotWritten[0].Reason != "unset" {
		t.Fatalf("got %s", dump(p))
	}
	w.apply(t, build(t, load(t, preamble+writebackBlock(`unset = "write"`)), w, planner.Options{}))
	g.name = "M365 new"
	p = build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if c := find1(t, p, address(g)); !slices.Contains(c.Actions, planner.ActionRename) {
		t.Errorf("a group that is written stays managed: %s", dump(p))
	}
}

func TestEveryDroppedMemberHasAReason(t *testing.T) {
	w := newWorld()
	w.add("foreignSecurityPrincipal", "CN=S-1-5-21-9,"+base, nil)
	local := w.add("group", "CN=Local,OU=People,"+base, map[string][]string{"groupType": {"-2147483644"}})
	localCloud := w.group("Local")
	localCloud.synced, localCloud.sid = true, sidText(uint32(w.serial))
	_ = local
	global := w.add("group", "CN=Global,OU=People,"+base, map[string][]string{"groupType": {"-2147483646"}})
	globalCloud := w.group("Global")
	globalCloud.synced, globalCloud.sid = true, sidText(uint32(w.serial))
	nested := w.group("Nested", w.person("Bruno").id)
	unwritten := w.group("Unwritten")
	unwritten.enabled = "FALSE"
	gone := w.person("Gone")
	gone.immutableID = "AAAAAAAAAAAAAAAAAAAAAA=="
	g := w.group("G", w.person("Ada").id, w.cloudOnly("Cloud", "Member").id, w.cloudOnly("Guest", "Guest").id, gone.id,
		nested.id, unwritten.id, localCloud.id, globalCloud.id, guid("nobody"))
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	c := find1(t, p, address(g))
	var added, skipped []string
	for _, m := range c.Members.Add {
		added = append(added, m.Name)
	}
	for _, m := range c.Members.Skipped {
		skipped = append(skipped, m.Reason)
	}
	if want := []string{"Ada", "Global", "Nested"}; !slices.Equal(added, want) {
		t.Errorf("added %q, want %q", added, want)
	}
	if want := []string{"cloud_only", "domain_local", "group_not_written_back", "guest", "unresolved", "unresolved"}; !slices.Equal(skipped, want) {
		t.Errorf("skipped %q, want %q", skipped, want)
	}
	w.apply(t, p)
	if !slices.Contains(w.marked(g.id).members, global.guid) || !slices.Contains(w.marked(g.id).members, w.marked(nested.id).guid) {
		t.Error("the nested groups are not members")
	}
}

func TestHandMadeDrift(t *testing.T) {
	w, plan := settled(t, "", func(w *world) {
		w.group("One", w.person("Ada").id).description = "first"
		w.group("Two")
		w.person("Stranger")
		w.add("organizationalUnit", "OU=Elsewhere,OU=Cloud Groups,"+base, nil)
	})
	o := w.marked(guid("group One"))
	home := o.dn

	o.dn = strings.Replace(home, "OU=Security", "OU=Elsewhere", 1)
	c := find1(t, plan(), `writeback.cloud["Group_`+guid("group One")+`"]`)
	if !slices.Equal(c.Actions, []planner.Action{planner.ActionMove}) || *c.DN.After != home {
		t.Errorf("moved by hand: %+v", c)
	}
	o.dn = home

	o.attrs["description"] = []string{"by hand"}
	p := plan()
	c = find1(t, p, address(w.groups[0]))
	if len(p.Changes) != 1 || len(c.Edits) != 1 || c.Edits[0].Before[0].Text != "by hand" || c.Edits[0].After[0].Text != "first" ||
		c.Edits[0].Reason.Rule != "Out to AD - Group SOAInAAD" || c.Edits[0].Reason.Line == 0 {
		t.Errorf("changed by hand: %s", dump(p))
	}
	o.attrs["description"] = []string{"first"}

	stranger := w.find("CN=Stranger,OU=People," + base)
	o.members = append(o.members, stranger.guid)
	p = plan()
	c = find1(t, p, address(w.groups[0]))
	if len(p.Changes) != 1 || len(c.Members.Remove) != 1 || c.Members.Remove[0].ID != stranger.guid || c.Members.Remove[0].Reason != "not_in_cloud" {
		t.Errorf("added by hand: %s", dump(p))
	}
	o.members = o.members[:len(o.members)-1]

	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=gone,CN=Deleted Objects," + base
	w.bin = append(w.bin, o)
	c = find1(t, plan(), address(w.groups[0]))
	if !slices.Contains(c.Actions, planner.ActionRestore) || slices.Contains(c.Actions, planner.ActionCreate) || *c.Anchor != o.guid {
		t.Errorf("deleted by hand: %+v", c)
	}
}

func TestLeaving(t *testing.T) {
	for _, test := range []struct {
		name, arguments string
		leave           func(*world, *cloudGroup)
		frozen          string
		action          planner.Action
	}{
		{"switched off freezes", "", func(_ *world, g *cloudGroup) { g.enabled = "FALSE" }, "writeback_off", ""},
		{"soft-deleted freezes", "", func(_ *world, g *cloudGroup) { g.deleted = true }, "soft_deleted", ""},
		{"switched off empties", `on_out_of_scope = "empty"`, func(_ *world, g *cloudGroup) { g.enabled = "FALSE" }, "", planner.ActionMembers},
		{"switched off deletes", `on_out_of_scope = "delete"`, func(_ *world, g *cloudGroup) { g.enabled = "FALSE" }, "", planner.ActionDelete},
		{"gone for good deletes", "", func(w *world, g *cloudGroup) {
			w.groups = slices.DeleteFunc(w.groups, func(x *cloudGroup) bool { return x == g })
		}, "", planner.ActionDelete},
		{"gone for good freezes", `on_source_deleted = "freeze"`, func(w *world, g *cloudGroup) {
			w.groups = slices.DeleteFunc(w.groups, func(x *cloudGroup) bool { return x == g })
		}, "source_deleted", ""},
		{"mastered on-premises freezes", "", func(_ *world, g *cloudGroup) { g.synced = true }, "out_of_scope", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var g *cloudGroup
			w, plan := settled(t, test.arguments, func(w *world) {
				g = w.group("Leaver", w.person("Ada").id)
				w.group("Stayer")
			})
			test.leave(w, g)
			p := plan()
			if test.frozen != "" {
				if len(p.Changes) != 0 || len(p.Frozen) != 1 || p.Frozen[0].Reason != test.frozen {
					t.Fatalf("got %s", dump(p))
				}
				return
			}
			if c := find1(t, p, address(g)); !slices.Equal(c.Actions, []planner.Action{test.action}) || len(p.Changes) != 1 {
				t.Fatalf("got %s", dump(p))
			}
			w.apply(t, p)
			for _, c := range plan().Changes {
				t.Errorf("still pending: %+v", c)
			}
		})
	}
}

func TestEnsureAbsentDeletesWhatTheBlockWrote(t *testing.T) {
	w, _ := settled(t, "", func(w *world) {
		w.group("One")
		w.group("Two")
		w.add("group", "CN=Mine,OU=Cloud Groups,"+base, map[string][]string{"groupType": {"8"}})
	})
	cfg := load(t, preamble+writebackBlock(`ensure = "absent"`))
	p := build(t, cfg, w, planner.Options{})
	if p.Summary.Delete != 2 || len(p.Changes) != 2 {
		t.Fatalf("got %s", dump(p))
	}
	w.apply(t, p)
	if w.find("CN=Mine,OU=Cloud Groups,"+base) == nil {
		t.Error("an unmarked group was deleted")
	}
}

func TestUnknownTenantStopsEverything(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("One"); w.group("Two") })
	w.groups = nil
	w.group("Another tenant's")
	cfg := load(t, preamble+writebackBlock(""))
	_, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{})
	if err == nil || !strings.Contains(err.Error(), "probably not the tenant") {
		t.Fatalf("got %v", err)
	}
}

func TestForeignMarksAreListedAndLeftAlone(t *testing.T) {
	w := newWorld()
	w.group("Ours")
	w.add("group", "CN=Theirs,OU=People,"+base, map[string][]string{"adminDescription": {"Group_" + guid("theirs")}, "groupType": {"8"}})
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	for _, c := range p.Changes {
		if strings.Contains(c.Name, "Theirs") {
			t.Errorf("touched: %+v", c)
		}
	}
	if !slices.ContainsFunc(p.Diagnostics, func(d planner.Diagnostic) bool {
		return d.Code == "foreign_mark" && strings.Contains(d.Detail, "Theirs")
	}) {
		t.Errorf("not listed: %s", dump(p))
	}
}

func TestCollisions(t *testing.T) {
	w := newWorld()
	w.add("user", "CN=Sales,OU=Security,OU=Cloud Groups,"+base, nil)
	w.add("organizationalUnit", "OU=Security,OU=Cloud Groups,"+base, nil)
	a, b, c := w.group("Sales"), w.group("Twin"), w.group("twin ")
	plain := strings.Replace(preamble+writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	p := build(t, load(t, plain), w, planner.Options{})
	for _, g := range []*cloudGroup{a, b, c} {
		if x := find1(t, p, address(g)); x.Blocked == nil || x.Blocked.Code != "collision" {
			t.Errorf("%s is not blocked: %+v", g.name, x)
		}
	}
	suffixed := strings.Replace(plain, "object_type", "on_collision = \"suffix\"\n  object_type", 1)
	p = build(t, load(t, suffixed), w, planner.Options{})
	if p.Summary.Blocked != 0 {
		t.Fatalf("suffix leaves collisions: %s", dump(p))
	}
	if x := find1(t, p, address(a)); !strings.HasPrefix(*x.DN.After, "CN=Sales_"+a.id[24:]) {
		t.Errorf("suffix: %s", *x.DN.After)
	}
	w.apply(t, p)
	w.groups = slices.DeleteFunc(w.groups, func(g *cloudGroup) bool { return g == c })
	p = build(t, load(t, suffixed), w, planner.Options{})
	if len(p.Changes) != 1 || p.Summary.Delete != 1 {
		t.Errorf("a suffixed name stays while either form is legal: %s", dump(p))
	}
}

func TestDeclaredAccountNames(t *testing.T) {
	w := newWorld()
	w.add("user", "CN=Taken,OU=People,"+base, map[string][]string{"sAMAccountName": {"taken"}})
	g, dup := w.group(`Fin/ance: [EU]`), w.group("Taken")
	args := "sam_account_name = source.displayName"
	p := build(t, load(t, preamble+writebackBlock(args)), w, planner.Options{})
	c := find1(t, p, address(g))
	i := slices.IndexFunc(c.Edits, func(e planner.Edit) bool { return e.Attribute == "sAMAccountName" })
	if i < 0 || c.Edits[i].After[0].Text != "Finance EU" {
		t.Errorf("sanitised name: %+v", c.Edits)
	}
	if c := find1(t, p, address(dup)); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("a taken sAMAccountName is not blocked: %+v", c)
	}
	p = build(t, load(t, preamble+writebackBlock(args+"\non_collision = \"suffix\"")), w, planner.Options{})
	w.apply(t, p)
	if got := first(w.marked(dup.id), "sAMAccountName"); got != "Taken_"+dup.id[24:] {
		t.Errorf("suffixed sAMAccountName is %q", got)
	}
	if p := build(t, load(t, preamble+writebackBlock(args+"\non_collision = \"suffix\"")), w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("not stable: %s", dump(p))
	}
}

func TestAdoption(t *testing.T) {
	w := newWorld()
	o := w.add("group", "CN=Legacy,OU=People,"+base, map[string][]string{"groupType": {"-2147483640"}, "displayName": {"Legacy"}})
	g := w.group("Legacy")
	g.sid = sidText(uint32(w.serial))
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	c := find1(t, p, address(g))
	if c.Blocked == nil || !strings.Contains(c.Blocked.Detail, "adopt = {") {
		t.Fatalf("a group whose authority was converted must be adopted, not created twice: %+v", c)
	}
	p = build(t, load(t, preamble+writebackBlock(`adopt = { "Group_`+g.id+`" = "CN=Legacy,OU=People,`+base+`" }`)), w, planner.Options{})
	c = find1(t, p, address(g))
	if c.Blocked != nil || *c.Anchor != o.guid || slices.Contains(c.Actions, planner.ActionCreate) {
		t.Fatalf("adoption: %+v", c)
	}
	w.apply(t, p)
	if first(o, "adminDescription") != "Group_"+g.id {
		t.Error("the adopted group carries no mark")
	}
	if p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("adopted once, ours for good: %s", dump(p))
	}
}

func TestNothingTouchesProtectedGroups(t *testing.T) {
	w := newWorld()
	o := w.add("group", "CN=Domain Admins,OU=People,"+base, map[string][]string{"adminCount": {"1"}})
	g := w.group("Domain Admins")
	adopt := `adopt = { "Group_` + g.id + `" = "` + o.guid + `" }`
	p := build(t, load(t, preamble+writebackBlock(adopt)), w, planner.Options{})
	if c := find1(t, p, address(g)); c.Blocked == nil || c.Blocked.Code != "protected" {
		t.Errorf("adminCount: %+v", c)
	}
	o.attrs["adminCount"], o.attrs["objectSid"] = nil, []string{sid(512)}
	p = build(t, load(t, preamble+writebackBlock(adopt)), w, planner.Options{})
	if c := find1(t, p, address(g)); c.Blocked == nil || c.Blocked.Code != "protected" {
		t.Errorf("well-known RID: %+v", c)
	}
	o.attrs["objectSid"] = []string{sid(7777)}
	p = build(t, load(t, preamble+writebackBlock(adopt)+`
protect {
  dns = ["OU=People,`+base+`"]
}`), w, planner.Options{})
	if c := find1(t, p, address(g)); c.Blocked == nil || c.Blocked.Code != "protected" {
		t.Errorf("protect block: %+v", c)
	}
}

func TestGuards(t *testing.T) {
	guard := func(body string) string { return "guard \"g\" {\n" + body + "\n}\n" }
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) {
		for _, name := range []string{"A", "B", "C", "D"} {
			w.group(name, w.person("User of "+name).id)
		}
	})
	for _, g := range w.groups[:3] {
		g.enabled = "FALSE"
	}
	if p := plan(guard("action = \"delete\"\nmax_count = 2")); p.Summary.Blocked != 3 || p.Summary.Delete != 0 {
		t.Errorf("max_count: %+v", p.Summary)
	}
	if p := plan(guard("action = \"delete\"\nmax_count = 3")); p.Summary.Blocked != 0 || p.Summary.Delete != 3 {
		t.Errorf("the limit itself passes: %+v", p.Summary)
	}
	if p := plan(guard("action = \"delete\"\nmax_percent = 50\nmin_objects = 1")); p.Summary.Blocked != 3 {
		t.Errorf("max_percent: %+v", p.Summary)
	}
	if p := plan(guard("action = \"delete\"\nmax_percent = 50\nmin_objects = 10")); p.Summary.Blocked != 0 {
		t.Errorf("min_objects: %+v", p.Summary)
	}
	cfg := load(t, preamble+writebackBlock(`on_out_of_scope = "delete"`), guard("action = \"delete\"\nmax_count = 2"))
	before := build(t, cfg, w, planner.Options{})
	after := build(t, cfg, w, planner.Options{Accept: map[string]int{"guard.g": 3}})
	if after.Summary.Delete != 3 || len(after.Accepted) != 1 || before.Digest == after.Digest {
		t.Errorf("accept: %s", dump(after))
	}
	if p := build(t, cfg, w, planner.Options{Accept: map[string]int{"guard.g": 2}}); p.Summary.Blocked != 3 {
		t.Errorf("accepting fewer does not lift: %+v", p.Summary)
	}
	p := plan("settings {\n  delete_threshold = 2\n}\n")
	if p.Summary.Blocked != 3 || p.Changes[0].Blocked.Code != "threshold" {
		t.Errorf("delete threshold: %s", dump(p))
	}
	if p := plan("settings {\n  delete_threshold = 3\n}\n"); p.Summary.Blocked != 0 {
		t.Errorf("exactly the threshold passes: %+v", p.Summary)
	}
}

func TestStateIsDeclaredAndWrittenInOnePlan(t *testing.T) {
	w := newWorld()
	g := w.group("M365")
	g.unified, g.enabled, g.groupType = true, "", ""
	cfg := load(t, preamble+writebackBlock(`state = "mail_enabled_security"`))
	p := build(t, cfg, w, planner.Options{})
	if len(p.Changes) < 2 {
		t.Fatalf("got %s", dump(p))
	}
	w.apply(t, p)
	if g.enabled != "TRUE" || g.groupType != "universalMailEnabledSecurityGroup" || first(w.marked(g.id), "groupType") != "-2147483640" {
		t.Errorf("state %q %q, groupType %q", g.enabled, g.groupType, first(w.marked(g.id), "groupType"))
	}
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("not stable: %s", dump(p))
	}
}

func TestCustomRulesWinByPrecedence(t *testing.T) {
	w := newWorld()
	g := w.group("G")
	g.description = "from the cloud"
	p := build(t, load(t, preamble+writebackBlock(""), `
sync_rule "prefix" {
  direction      = "outbound"
  provider       = provider.ad.corp
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
  flow "description" {
    value = "Cloud: ${source.description}"
  }
  flow "info" {
    expression = "Left(Trim([displayName]),448)"
  }
}`), w, planner.Options{})
	w.apply(t, p)
	o := w.marked(g.id)
	if first(o, "description") != "Cloud: from the cloud" || first(o, "info") != "G" {
		t.Errorf("got %v", o.attrs)
	}
}

func TestObjectErrorsFailOneObject(t *testing.T) {
	w := newWorld()
	w.group("Good")
	bad := w.group(strings.Repeat("x", 80))
	p := build(t, load(t, strings.Replace(preamble+writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "source.displayName", 1)), w, planner.Options{})
	if p.Summary.Create != 2 || p.Summary.Errors != 1 { // the group and its OU
		t.Errorf("got %s", dump(p))
	}
	for _, c := range p.Changes {
		if c.Address == address(bad) {
			t.Error("the failed object is in the plan")
		}
	}
}

func TestMissingContainer(t *testing.T) {
	w := newWorld()
	w.group("G")
	w.objects = w.objects[:1]
	cfg := load(t, preamble+writebackBlock(""))
	_, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{})
	if err == nil || !strings.Contains(err.Error(), "OU=Cloud Groups") {
		t.Errorf("got %v", err)
	}
}
