package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// selectable is a world with a change of every kind, and its configuration.
//
//	Alpha   in a new OU below a new OU; Beta is a member of it
//	Beta    new
//	Gamma   renamed, a member added
//	Delta   a member removed
//	Echo    gets a description from a rule
//	Foxtrot deleted
//	Golf    moved back from OU=People
func selectable(t tester) (*world, []string) {
	t.Helper()
	files := []string{
		strings.Replace(preamble, "default = ", "rule \"alpha\" {\n when = source.displayName == \"Alpha\"\n ou = \"OU=Finance,OU=Departments\"\n}\n default = ", 1) +
			writebackBlock("on_out_of_scope = \"delete\""),
		outRule("written", "10", "scope {\n clause {\n attribute = \"displayName\"\n operator = \"EQUAL\"\n value = \"Echo\"\n}\n}\n"+flow("description", `value = "by a rule"`)),
	}
	w := newWorld()
	ada, bob := w.person("Ada").id, w.person("Bob").id
	gamma, delta := w.group("Gamma", ada), w.group("Delta", ada, bob)
	w.group("Echo")
	foxtrot, golf := w.group("Foxtrot"), w.group("Golf")
	w.apply(t, build(t, load(t, files[0]), w, planner.Options{}))
	gamma.name, gamma.members = "Gamma 2", []string{ada, bob}
	delta.members = []string{ada}
	foxtrot.enabled = "FALSE"
	w.marked(golf.id).dn = "CN=Golf,OU=People," + base
	beta := w.group("Beta")
	w.group("Alpha", ada, beta.id)
	return w, files
}

func kept(p *planner.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, c.Name)
	}
	slices.Sort(out)
	return out
}

func TestSelectors(t *testing.T) {
	w, files := selectable(t)
	cfg := load(t, files...)
	everything := []string{"Alpha", "Beta", "Delta", "Departments", "Echo", "Finance", "Foxtrot", "Gamma 2", "Golf"}
	all := build(t, cfg, w, planner.Options{})
	if diff := cmp.Diff(everything, kept(all)); diff != "" || all.Summary.Blocked > 0 {
		t.Fatalf("the world is another one: %s", dump(all))
	}
	for _, test := range []struct {
		only, except string // several, separated by |
		want         string
		needed       string
	}{
		{only: "rule=written", want: "Echo"},
		{only: "rule=sync_rule.written", want: "Echo"},
		{only: "rule=sync_rule.*", want: "Echo"},
		{except: "rule=*written", want: "Alpha Beta Delta Departments Finance Foxtrot Gamma 2 Golf"},
		{only: "rule=writeback.cloud", want: "Alpha Beta Delta Departments Echo Finance Foxtrot Gamma 2 Golf", needed: "Departments Finance"},
		{only: "rule=writeback.cloud", except: "rule=ou_mapping.cloud", want: "Alpha Beta Delta Departments Echo Finance Foxtrot Gamma 2 Golf", needed: "Departments Finance"},
		{only: "rule=ou_mapping.cloud", want: "Departments Finance"},
		{only: "rule=Out to AD - Group SOAInAAD", want: "Alpha Beta Delta Departments Finance Gamma 2", needed: "Departments Finance"}, // it flows the members, too
		{only: "ou=OU=People,DC=corp,DC=example,DC=com", want: "Golf"},                                                                 // where it is now
		{only: "ou=ou=security, ou=cloud groups," + base, want: "Beta Delta Echo Foxtrot Gamma 2 Golf"},                                // and will be
		{except: "ou=OU=Security,OU=Cloud Groups," + base, want: "Alpha Departments Finance"},
		{only: "ou=OU=Finance,OU=Departments,OU=Cloud Groups," + base, want: "Alpha Departments Finance", needed: "Departments"},
		{only: `ou_mapping.cloud["OU=Finance,`, want: "Departments Finance", needed: "Departments"}, // made ahead of Alpha
		{only: "ou=DC=com", want: strings.Join(everything, " ")},
		{only: "action=delete", want: "Foxtrot"},
		{only: "action=create", want: "Alpha Beta Departments Finance"},
		{except: "action=create", want: "Delta Echo Foxtrot Gamma 2 Golf"},
		{only: "action=move|action=rename", want: "Gamma 2 Golf"},
		{only: "action=update", want: "Echo Gamma 2"},
		{only: "action=members", want: "Alpha Delta Departments Finance Gamma 2", needed: "Departments Finance"},
		{only: "action=member_add", want: "Alpha Departments Finance Gamma 2", needed: "Departments Finance"},
		{only: "action=member_remove", want: "Delta"},
		{only: "action=type_change", want: ""},
		{only: "action=restore", want: ""},
		{only: "writeback.*", except: "action=delete|action=member_remove|ou=OU=People," + base, want: "Alpha Beta Departments Echo Finance Gamma 2", needed: "Departments Finance"},
	} {
		t.Run(test.only+" - "+test.except, func(t *testing.T) {
			o := planner.Options{Only: several(test.only), Except: several(test.except)}
			p := build(t, cfg, w, o)
			if got := strings.Join(kept(p), " "); got != test.want {
				t.Errorf("has %s, want %s", got, test.want)
			}
			var needed []string
			for _, address := range p.Partial.Needed {
				needed = append(needed, find1(t, p, address).Name)
			}
			slices.Sort(needed)
			if got := strings.Join(needed, " "); got != test.needed {
				t.Errorf("needs %q, want %q", got, test.needed)
			}
			if p.Partial.LeftOut+len(p.Changes) != len(all.Changes) {
				t.Errorf("%d changes and %d left out of %d", len(p.Changes), p.Partial.LeftOut, len(all.Changes))
			}
			if idle := len(diagnosed(p, "selector_matched_nothing")) > 0; idle != (test.want == "") {
				t.Errorf("warning of a selector that takes nothing: %t", idle)
			}
			mustNotDangle(t, w, p)
		})
	}
}

func several(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

// TestAPartSaysWhatItLeavesOut: kinds of changes, and members that wait for them.
func TestAPartSaysWhatItLeavesOut(t *testing.T) {
	w, files := selectable(t)
	cfg := load(t, files...)
	p := build(t, cfg, w, planner.Options{Except: []string{"*Group_" + guid("group Beta") + "*", "action=delete", "action=rename"}})
	want := map[planner.Action]int{planner.ActionCreate: 1, planner.ActionDelete: 1, planner.ActionRename: 2, planner.ActionMove: 1, planner.ActionUpdate: 1, planner.ActionMembers: 1}
	if diff := cmp.Diff(want, p.Partial.LeftOutActions); diff != "" || p.Partial.LeftOut != 4 {
		t.Errorf("%d left out (-want +got):\n%s", p.Partial.LeftOut, diff)
	}
	if got := members(find1(t, p, address(&cloudGroup{id: guid("group Alpha")}))); !slices.Equal(got, []string{"+Ada", "Beta (left_out)"}) {
		t.Errorf("a member that only a change makes which is left out: %q", got)
	}
	// One that is written, is no longer left out.
	w.apply(t, p)
	w.apply(t, build(t, cfg, w, planner.Options{}))
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("the rest did not come with the next plan: %s", dump(p))
	}
}

// TestAnOUThatNobodyNeedsAfterAll: the group that needs an OU is blocked.
func TestAnOUThatNobodyNeedsAfterAll(t *testing.T) {
	w, files := selectable(t)
	p := build(t, load(t, append(files, "guard \"g\" {\n  action = \"create\"\n  max_count = 0\n}\n")...), w, planner.Options{Only: []string{"writeback.cloud"}})
	if slices.Contains(kept(p), "Finance") || len(p.Partial.Needed) > 0 {
		t.Errorf("needed: %v, has %v", p.Partial.Needed, kept(p))
	}
}

func TestSelectorsThatAreWrong(t *testing.T) {
	w, files := selectable(t)
	cfg := load(t, files...)
	for text, want := range map[string]string{
		"rul=written": `Did you mean "rule"?`, "actions=delete": `Did you mean "action"?`, "color=red": "neither an address nor rule=NAME",
		"rule=writen": `Did you mean "written"?`, "rule=Out to AD - Group SOAInAD": `Did you mean "Out to AD - Group SOAInAAD"?`, "rule=": "no such rule", "rule=nothing.*": "no such rule",
		"action=remove_member": `an action is one of create,`, "action=deletes": `Did you mean "delete"?`, "action=": "an action is one of", "action=Delete": `Did you mean "delete"?`,
		"ou=Finance": "not a distinguished name", "ou=": "not a distinguished name", "ou=OU=Finance": "does not lie below " + base, "ou=OU=Finance,DC=example,DC=org": "does not lie below " + base,
		"OU=Finance," + base: "write ou=OU=Finance,", "writeback.clod": `Did you mean "writeback.cloud"?`, "written": "Addresses begin with writeback.cloud",
	} {
		for _, o := range []planner.Options{{Only: []string{text}}, {Except: []string{text}}} {
			_, err := buildFrom(cfg, w.read(t, cfg, nil), w, o)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
				t.Errorf("%v: %v, want %s", o, err, want)
			}
		}
	}
}

func TestNoOUsWithoutActiveDirectory(t *testing.T) {
	cfg := load(t, "provider \"entra\" \"contoso\" {\n  tenant_id = \"5d1c7a52-0000-4000-8000-000000000001\"\n  sandbox = \"tenant.json\"\n}\n")
	w := newWorld()
	if _, err := buildFrom(cfg, w.read(t, cfg, nil), w, planner.Options{Only: []string{"ou=OU=X," + base}}); err == nil || !strings.Contains(err.Error(), "no provider \"ad\"") {
		t.Errorf("got %v", err)
	}
}

// TestSelectorsOfABase: what is selected may be new in the configuration that a
// base is compared with.
func TestSelectorsOfABase(t *testing.T) {
	w, files := selectable(t)
	old := load(t, files[0])
	for _, text := range []string{"rule=written", "writeback.new", "sync_rule.written"} {
		p, err := buildFrom(old, w.read(t, old, nil), w, planner.Options{Only: []string{text}, Base: true})
		if err != nil || len(p.Changes) > 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestEveryPartCanBeApplied: whatever is selected, the world takes the part, and
// the rest comes with later plans.
func TestEveryPartCanBeApplied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w *world
		var files []string
		if rapid.Bool().Draw(t, "drawn") {
			w, files = drawWorld(t), drawConfig(t)
			w.apply(t, plannable(t, load(t, files...), w, nil))
			tamper(t, w)
		} else {
			w, files = selectable(t)
		}
		cfg := load(t, files...)
		words := []string{
			"rule=writeback.cloud", "rule=Out to AD*", "rule=ou_mapping.*", "ou=OU=Security,OU=Cloud Groups," + base, "ou=OU=M365,OU=Cloud Groups," + base, "ou=OU=People," + base,
			"ou_mapping.", "provider.", "writeback.cloud",
		}
		for _, a := range []string{"create", "restore", "move", "rename", "update", "members", "delete", "member_add", "member_remove", "type_change"} {
			words = append(words, "action="+a)
		}
		for _, g := range w.groups {
			words = append(words, "*"+g.id+"*")
		}
		all := plannable(t, cfg, w, nil)
		o := planner.Options{
			Only:   rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, "only"),
			Except: rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, "except"),
		}
		p, err := buildFrom(cfg, w.read(t, cfg, nil), w, o)
		if err != nil {
			t.Fatal(err)
		}
		full := map[string]bool{}
		for _, c := range all.Changes {
			full[c.Address+c.Provider] = true
		}
		for _, c := range pending(p) { // OUs are not in a whole in which a guard stops what needs them
			if c.ObjectType != "organizationalUnit" && !full[c.Address+c.Provider] {
				t.Fatalf("the part has a change that the whole has not: %+v", c)
			}
		}
		w.apply(t, p) // fails where a directory would refuse
		settle(t, cfg, w)
	})
}
