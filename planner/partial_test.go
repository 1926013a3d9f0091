package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

func TestOnlyAndExcept(t *testing.T) {
	w := newWorld()
	inner := w.group("Inner")
	m365 := w.group("M365")
	m365.unified = true
	outer := w.group("Outer", w.person("Ada").id, inner.id)
	cfg := load(t, preamble+writebackBlock(""))
	names := func(p *planner.Plan) []string {
		var out []string
		for _, c := range p.Changes {
			out = append(out, c.Name)
		}
		slices.Sort(out)
		return out
	}
	all := build(t, cfg, w, planner.Options{})
	if got := names(all); !slices.Equal(got, []string{"Inner", "M365", "M365", "Outer", "Security"}) || all.Partial != nil {
		t.Fatalf("everything: %q", got)
	}

	p := build(t, cfg, w, planner.Options{Only: []string{address(outer)}})
	if got := names(p); !slices.Equal(got, []string{"Outer", "Security"}) || p.Partial == nil || p.Partial.LeftOut != 3 {
		t.Errorf("only Outer, and the OU that it needs: %q %+v", got, p.Partial)
	}
	if got := members(find1(t, p, address(outer))); !slices.Equal(got, []string{"+Ada", "Inner (left_out)"}) {
		t.Errorf("a group that the plan leaves out is a member: %q", got)
	}
	mustNotDangle(t, w, p)
	w.apply(t, p)
	if got := names(build(t, cfg, w, planner.Options{})); !slices.Equal(got, []string{"Inner", "M365", "M365", "Outer"}) {
		t.Errorf("the rest comes with the next plan: %q", got)
	}

	p = build(t, cfg, w, planner.Options{Except: []string{"writeback.*" + inner.id + "*", "ou_mapping."}})
	if got := names(p); !slices.Equal(got, []string{"M365", "M365"}) {
		t.Errorf("except Inner; an OU stays when something needs it: %q", got)
	}
	mustNotDangle(t, w, p)

	for _, o := range []planner.Options{{Only: []string{"writeback.clod"}}, {Except: []string{"writeback.cloud2*"}}} {
		if _, err := buildFrom(cfg, w.read(t, cfg, nil), w, o); err == nil || !strings.Contains(err.Error(), "writeback.cloud") {
			t.Errorf("a pattern that nothing can match: %v", err)
		}
	}
	for _, pattern := range []string{"", "*", "write", "writeback.cloud", `writeback.cloud["Group_nobody"]`, "provider.entra.*", "*Group_nobody*"} {
		if _, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{Except: []string{pattern}}); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

// What takes the name of another object waits until that one has left it.
func TestNamesOfOthersThatStay(t *testing.T) {
	plain := strings.Replace(preamble+writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	w := newWorld()
	w.group("Old")
	w.group("Taken")
	cfg := load(t, plain)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	old := w.groups[0]
	old.name = "Moved"
	late := w.group("Old")
	late.id = guid("late")
	p := build(t, cfg, w, planner.Options{})
	if p.Summary.Blocked > 0 || p.Summary.Rename != 1 || p.Summary.Create != 1 {
		t.Fatalf("the name becomes free: %s", dump(p))
	}

	p = build(t, cfg, w, planner.Options{Except: []string{address(old)}})
	if c := find1(t, p, address(late)); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("the other one is left out: %+v", c)
	}
	guarded := load(t, plain, "guard \"g\" {\n  action = \"rename\"\n  max_count = 0\n}\n")
	if c := find1(t, build(t, guarded, w, planner.Options{}), address(late)); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("a guard stops the other one: %+v", c)
	}
	old.name = "Taken"
	p = build(t, cfg, w, planner.Options{})
	for _, g := range []*cloudGroup{old, late} {
		if c := find1(t, p, address(g)); c.Blocked == nil || c.Blocked.Code != "collision" {
			t.Errorf("the other one collides itself: %+v", c)
		}
	}
	suffixed := load(t, strings.Replace(plain, "object_type", "on_collision = \"suffix\"\n  object_type", 1))
	w.apply(t, build(t, suffixed, w, planner.Options{}))
	if p := build(t, suffixed, w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("suffix: %s", dump(p))
	}
}

// A name that a delete frees comes with the next plan, and the plan says so.
func TestNamesThatDeletesFree(t *testing.T) {
	plain := strings.Replace(preamble+writebackBlock("on_out_of_scope = \"delete\""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	w := newWorld()
	w.group("Sales").id = guid("first")
	cfg := load(t, plain)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	w.groups[0].enabled = "FALSE"
	late := w.group("Sales")
	p := build(t, cfg, w, planner.Options{})
	if c := find1(t, p, address(late)); c.Blocked == nil || !strings.Contains(c.Blocked.Detail, "becomes free") {
		t.Errorf("got %+v", c.Blocked)
	}
	w.apply(t, p)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 || w.marked(late.id) == nil {
		t.Errorf("not settled: %s", dump(p))
	}
}

func TestPercentOfNothing(t *testing.T) {
	w := newWorld()
	w.group("A")
	guard := "guard \"g\" {\n  action = \"create\"\n  max_percent = 10\n  min_objects = 0\n}\n"
	c := find1(t, build(t, load(t, preamble+writebackBlock(""), guard), w, planner.Options{}), address(w.groups[0]))
	if c.Blocked == nil || !strings.Contains(c.Blocked.Detail, "no objects with a mark so far") || !strings.Contains(c.Blocked.Detail, "-accept guard.g=1") {
		t.Errorf("got %+v", c.Blocked)
	}
	p := build(t, load(t, preamble+writebackBlock(""), strings.Replace(guard, "min_objects = 0", "", 1)), w, planner.Options{})
	if p.Summary.Blocked > 0 {
		t.Errorf("below min_objects, percent is ignored: %s", dump(p))
	}
}

func TestSwappedNames(t *testing.T) {
	plain := strings.Replace(preamble+writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	for _, collision := range []string{"error", "suffix"} {
		w := newWorld()
		a, b, c := w.group("A"), w.group("B"), w.group("C")
		cfg := load(t, strings.Replace(plain, "object_type", "on_collision = \""+collision+"\"\n  object_type", 1))
		w.apply(t, build(t, cfg, w, planner.Options{}))
		a.name, b.name, c.name = "B", "C", "A"
		p := build(t, cfg, w, planner.Options{})
		if p.Summary.Blocked > 0 || p.Summary.Rename != 3 {
			t.Errorf("%s: %s", collision, dump(p))
		}
		w.apply(t, p)
		if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
			t.Errorf("%s: not settled: %s", collision, dump(p))
		}
	}
}

func TestCaseOnlyRename(t *testing.T) {
	plain := strings.Replace(preamble+writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	w := newWorld()
	g := w.group("finance")
	cfg := load(t, plain)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	g.name = "Finance"
	p := build(t, cfg, w, planner.Options{})
	c := find1(t, p, address(g))
	if !slices.Equal(c.Actions, []planner.Action{planner.ActionRename, planner.ActionUpdate}) || c.Blocked != nil {
		t.Errorf("got %s", dump(p))
	}
	w.apply(t, p)
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("not settled: %s", dump(p))
	}
}

// The suffixed name of one group is the plain name of another.
func TestASuffixCollidesToo(t *testing.T) {
	plain := strings.Replace(preamble+writebackBlock("on_collision = \"suffix\""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "trimspace(source.displayName)", 1)
	w := newWorld()
	w.add("organizationalUnit", "OU=Security,OU=Cloud Groups,"+base, nil)
	w.add("user", "CN=Sales,OU=Security,OU=Cloud Groups,"+base, nil)
	sales := w.group("Sales")
	w.group("Sales_" + sales.id[24:])
	p := build(t, load(t, plain), w, planner.Options{})
	w.apply(t, p) // fails on two objects with one name
	if c := find1(t, p, address(sales)); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("got %+v", c)
	}
}

func TestAccountNamesAreUniqueInTheirScope(t *testing.T) {
	w := newWorld()
	w.add("user", "CN=Sales,OU=People,DC=emea,"+base, map[string][]string{"sAMAccountName": {"sales"}}) // another domain of the forest
	g := w.group("Sales")
	pre := strings.Replace(preamble, "sandbox = \"corp.ldif\"", "sandbox = \"corp.ldif\"\n  global_catalog = \"ldaps://gc.corp.example.com:3269\"", 1)
	arguments := "sam_account_name = source.displayName\nsam_account_name_scope = "
	if c := find1(t, build(t, load(t, pre+writebackBlock(arguments+`"domain"`)), w, planner.Options{}), address(g)); c.Blocked != nil {
		t.Errorf("domain: %+v", c.Blocked)
	}
	if c := find1(t, build(t, load(t, pre+writebackBlock(arguments+`"forest"`)), w, planner.Options{}), address(g)); c.Blocked == nil || c.Blocked.Code != "collision" {
		t.Errorf("forest: %+v", c)
	}
}

// A suffixed account name is the plain one of another group.
func TestASuffixedAccountNameCollidesToo(t *testing.T) {
	w := newWorld()
	w.add("user", "CN=Sales,OU=People,"+base, map[string][]string{"sAMAccountName": {"sales"}})
	sales := w.group("Sales")
	other := w.group("Sales_" + sales.id[24:])
	p := build(t, load(t, preamble+writebackBlock("sam_account_name = source.displayName\non_collision = \"suffix\"")), w, planner.Options{})
	x, y := find1(t, p, address(sales)), find1(t, p, address(other))
	if x.Blocked == nil && y.Blocked == nil {
		t.Errorf("both get one name: %q %q", edits(x), edits(y))
	}
}

func TestStrangeNames(t *testing.T) {
	w, plan := settled(t, "on_out_of_scope = \"empty\"", func(w *world) { w.group("G", w.person("Ada").id); w.group("H") })
	cfg := load(t, preamble+writebackBlock("on_out_of_scope = \"empty\""))
	_ = plan
	for _, name := range []string{"CN=a+OU=b,OU=Cloud Groups," + base, "nothing", ""} {
		for _, enabled := range []string{"TRUE", "FALSE"} {
			w.groups[0].enabled = enabled
			snap := w.read(t, cfg, nil)
			ad := snap["provider.ad.corp"]
			o := w.marked(w.groups[0].id)
			ad.Add("group", o.guid, name, planner.Live)
			p, err := buildFrom(cfg, snap, w, planner.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(touched(p), func(word string) bool { return strings.Contains(word, "move") || strings.Contains(word, "rename") }) {
				t.Errorf("%q: %q", name, touched(p))
			}
		}
	}
}
