package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

func TestMissingExchangeSchema(t *testing.T) {
	w := newWorld()
	for _, name := range []string{"One", "Two", "Three"} {
		g := w.group(name, w.person("Member of "+name).id)
		g.unified, g.groupType = true, "universalDistributionGroup"
	}
	cfg := load(t, preamble+writebackBlock(""))
	snap := w.read(t, cfg, nil)
	known := map[string]bool{}
	for _, name := range []string{"adminDescription", "displayName", "description", "groupType", "member", "sAMAccountName", "mail"} {
		known[strings.ToLower(name)] = true
	}
	snap["provider.ad.corp"].HasAttribute = known
	p, err := buildFrom(cfg, snap, w, planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := diagnosed(p, "schema_missing")
	if len(found) != 1 {
		t.Fatalf("%d warnings, want one: %s", len(found), dump(p))
	}
	for _, attribute := range []string{"mailnickname", "msexchrecipientdisplaytype", "msexchrecipienttypedetails", "proxyaddresses"} {
		if !strings.Contains(strings.ToLower(found[0].Detail), attribute) {
			t.Errorf("%s is not named: %s", attribute, found[0].Detail)
		}
	}
	c := find1(t, p, address(w.groups[0]))
	if slices.ContainsFunc(c.Edits, func(e planner.Edit) bool { return !known[strings.ToLower(e.Attribute)] }) || p.Summary.Create != 4 || p.Summary.MembersAdd != 3 {
		t.Errorf("everything else is written: %s", dump(p))
	}
}

func TestRulesThatMatchNothing(t *testing.T) {
	w := newWorld()
	w.group("G")
	idle := outRule("idle", "10", "scope {\n clause {\n attribute = \"displayName\"\n operator = \"EQUAL\"\n value = \"nobody\"\n}\n}\n"+flow("info", `value = "x"`))
	p := build(t, load(t, preamble+writebackBlock(""), idle, outRule("busy", "11", flow("info", `value = "x"`)), outRule("off", "12", "disabled = true\n"+flow("info", `value = "x"`))), w, planner.Options{})
	found := diagnosed(p, "rule_matched_nothing")
	if len(found) != 1 || !strings.Contains(found[0].Detail, `"idle"`) || found[0].File != "b.hcl" {
		t.Errorf("got %+v", found)
	}
}

func TestNothingInScope(t *testing.T) {
	for name, fill := range map[string]func(*world){
		"a tenant without groups": func(*world) {},
		"none that is written":    func(w *world) { w.group("G").enabled = "FALSE" },
	} {
		w := newWorld()
		fill(w)
		p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
		if len(p.Changes) > 0 || len(diagnosed(p, "writeback_matched_nothing")) != 1 {
			t.Errorf("%s: %s", name, dump(p))
		}
	}
}

func TestEmptyActiveDirectory(t *testing.T) {
	w := newWorld()
	w.group("G")
	w.objects = nil
	cfg := load(t, preamble+writebackBlock(""))
	if _, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{}); err == nil || !strings.Contains(err.Error(), "OU=Cloud Groups") {
		t.Errorf("got %v", err)
	}
}

// Where the Recycle Bin cannot be read, what looks new may be what somebody
// deleted, and would lose its SID.
func TestCreationsBesideAnUnreadableRecycleBin(t *testing.T) {
	w := newWorld()
	w.group("One")
	w.group("Two")
	cfg := load(t, preamble+writebackBlock(""))
	for bin, want := range map[planner.RecycleBin]int{planner.RecycleBinReadable: 0, planner.RecycleBinDisabled: 0, planner.RecycleBinUnreadable: 1, planner.RecycleBinUnknown: 1} {
		snap := w.read(t, cfg, nil)
		snap["provider.ad.corp"].RecycleBin = bin
		p, err := buildFrom(cfg, snap, w, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if found := diagnosed(p, "recycle_bin_unreadable"); len(found) != want {
			t.Errorf("%d: %+v", bin, found)
		}
	}
}

func TestObjectErrorsNameTheObject(t *testing.T) {
	w := newWorld()
	w.group("Twin")
	w.group("Twin").id = guid("twin 2")
	p := build(t, load(t, preamble+writebackBlock(""), outRule("failing", "10", flow("info", `expression = "Error(\"no\")"`))), w, planner.Options{})
	for _, g := range w.groups {
		if !slices.ContainsFunc(p.Diagnostics, func(d planner.Diagnostic) bool { return strings.Contains(d.Detail, g.id) }) {
			t.Errorf("two groups of one name cannot be told apart: %+v", p.Diagnostics)
		}
	}
}

const secret = "the secret value"

// A saved plan, and everything that it says, holds no plain value of a redacted
// attribute; a fresh plan can give it back.
func TestRedaction(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("One", w.person("Ada").id); w.group("Two") })
	w.groups[0].description = secret
	w.marked(w.groups[1].id).attrs["description"] = []string{"another secret value"}
	cfg := load(t, preamble+writebackBlock(""), "settings {\n  redact = [\"description\", \"info\"]\n}\n",
		outRule("number", "10", flow("msExchRecipientDisplayType", `expression = "IIF(IsPresent([description]),[description],NULL)"`)),
		outRule("fails", "11", flow("info", `expression = "Error(\"it is \" & [description])"`)))
	if p := build(t, cfg, w, planner.Options{RedactKey: []byte("key")}); p.Summary.Errors == 0 || strings.Contains(dump(p), "secret value") {
		t.Errorf("an error shows the value: %s", dump(p))
	}

	cfg = load(t, preamble+writebackBlock(""), "settings {\n  redact = [\"description\"]\n}\n")
	plan := func(key string) *planner.Plan {
		return build(t, cfg, w, planner.Options{RedactKey: []byte(key)})
	}
	p := plan("key")
	saved, err := p.Encode()
	if err != nil || strings.Contains(string(saved), "secret value") {
		t.Fatalf("%v: the plan file shows the value: %s", err, saved)
	}
	if p.Digest != plan("key").Digest || p.Digest == plan("another key").Digest {
		t.Error("the hashes are not keyed, or not stable")
	}
	read, err := planner.Decode(saved)
	if err != nil || !read.HasRedacted() {
		t.Fatalf("%v", err)
	}
	read.Reveal(plan("key"))
	if read.HasRedacted() {
		t.Fatalf("values stay hidden: %s", dump(read))
	}
	w.apply(t, read)
	if got := first(w.marked(w.groups[0].id), "description"); got != secret {
		t.Errorf("description %q", got)
	}
	// A value that is another one by now stays hidden, and nothing is written.
	w.groups[0].description = "changed"
	stale, err := planner.Decode(saved)
	if err != nil {
		t.Fatal(err)
	}
	stale.Reveal(plan("key"))
	if !stale.HasRedacted() {
		t.Error("a value was made up")
	}
}

func TestOUsThatCannotBeMade(t *testing.T) {
	w := newWorld()
	w.add("group", "CN=Security,OU=Cloud Groups,"+base, map[string][]string{"groupType": {"8"}})
	g := w.group("G")
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if c := find1(t, p, address(g)); c.Blocked == nil || !strings.Contains(c.Blocked.Detail, "CN=Security,OU=Cloud Groups") || len(p.Changes) != 1 {
		t.Errorf("the name of the OU is taken: %s", dump(p))
	}
	// A group takes the name of an OU that this plan makes.
	w = newWorld()
	w.group("OU")
	w.group("Finance")
	text := strings.Replace(preamble, `default = "OU=Security"`, "rule \"x\" {\n when = source.displayName == \"OU\"\n ou = \"OU=Finance\"\n}\n default = \"\"", 1) +
		strings.Replace(writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "source.displayName", 1)
	p = build(t, load(t, text), w, planner.Options{})
	if c := find1(t, p, address(w.groups[1])); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("two new siblings with one name: %s", dump(p))
	}
	w.apply(t, p)
}
