package planner_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// Two persons of AD carry one source anchor, as happens when an account is copied.
func TestAmbiguousJoins(t *testing.T) {
	consistency := "settings {\n  source_anchor = \"mS-DS-ConsistencyGuid\"\n}\n"
	w := newWorld()
	ada := w.person("Ada")
	original := w.find("CN=Ada,OU=People," + base)
	rid := uint32(w.serial)
	g := w.group("G", ada.id)
	cfg := load(t, preamble+writebackBlock("")+consistency)
	w.apply(t, build(t, cfg, w, planner.Options{}))

	anchor := octets(guid("anchor"))
	ada.immutableID = base64.StdEncoding.EncodeToString([]byte(anchor))
	copied := w.add("user", "CN=Copy,OU=People,"+base, map[string][]string{"mS-DS-ConsistencyGuid": {anchor}})
	original.attrs["mS-DS-ConsistencyGuid"] = []string{anchor}
	o := w.marked(g.id)
	o.members = append(o.members, copied.guid)
	p := build(t, cfg, w, planner.Options{})
	if len(p.Changes) > 0 {
		t.Errorf("somebody is taken out because a join is ambiguous: %s", dump(p))
	}
	if p.Summary.Errors != 1 || !slices.ContainsFunc(diagnosed(p, "ambiguous_join"), func(d planner.Diagnostic) bool {
		return d.Severity == "error" && strings.Contains(d.Detail, ada.id)
	}) {
		t.Errorf("two join candidates are an error that names the object: %+v", p.Diagnostics)
	}

	// The next join block finds one: the warning stays, and the member is known.
	ada.sid = sidText(rid)
	p = build(t, cfg, w, planner.Options{})
	if got := members(find1(t, p, address(g))); !slices.Equal(got, []string{"-Copy"}) || p.Summary.Errors > 0 || len(diagnosed(p, "ambiguous_join")) != 1 {
		t.Errorf("resolved by the security identifier: %q %+v", got, p.Diagnostics)
	}
}

// Two objects of one directory find one metaverse object: it is not known which
// of them it is.
func TestTwoObjectsForOne(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G", w.person("Ada").id) })
	twin := *w.users[0]
	twin.id, twin.name = guid("another"), "Ada again"
	w.users = append(w.users, &twin)
	w.groups[0].members = []string{twin.id}
	p := build(t, load(t, preamble+writebackBlock("")), w, planner.Options{})
	if slices.ContainsFunc(touched(p), func(word string) bool { return strings.Contains(word, "members") }) || p.Summary.Errors == 0 {
		t.Errorf("got %s", dump(p))
	}
}

// A custom rule joins an AD group of its own to a cloud group: the member of
// another group is the object that landfall writes, not that one.
func TestNestedGroupsAreTheOnesThatAreWritten(t *testing.T) {
	w := newWorld()
	w.add("group", "CN=Namesake,OU=People,"+base, map[string][]string{"groupType": {"-2147483646"}, "displayName": {"Inner"}, "isCriticalSystemObject": {"TRUE"}})
	inner := w.group("Inner")
	outer := w.group("Outer", inner.id)
	rule := strings.Replace(strings.Replace(inRule("namesakes", "10", `join {
    match {
      space     = "displayName"
      metaverse = "displayName"
    }
  }`), "provider.entra.contoso", "provider.ad.corp", 1), `link           = "join"`, `link           = "join"`, 1)
	cfg := load(t, preamble+writebackBlock(""), rule)
	p := build(t, cfg, w, planner.Options{})
	c := find1(t, p, address(outer))
	if c.Members == nil || len(c.Members.Add) != 1 || c.Members.Add[0].ID != "Group_"+inner.id {
		t.Errorf("got %+v", c.Members)
	}
}

// Two rules with other criteria find two persons for one object (sync-engine
// §1.6): neither is taken.
func TestRulesThatJoinToTwo(t *testing.T) {
	w, plan := settled(t, "", func(w *world) {
		w.person("Bruno")
		w.group("G", w.person("Ada").id)
	})
	rule := func(space string) string {
		return strings.Replace(strings.Replace(inRule("names", "10", `join {
    match {
      space     = "`+space+`"
      metaverse = "displayName"
    }
  }`), `object_type    = "group"`, `object_type    = "user"`, 1), `metaverse_type = "group"`, `metaverse_type = "person"`, 1)
	}
	if p := plan(rule("displayName")); len(p.Changes) > 0 || p.Summary.Errors > 0 || len(diagnosed(p, "ambiguous_join")) > 0 {
		t.Errorf("two rules that agree: %s", dump(p))
	}
	w.users[1].name = "Bruno"
	p := plan(rule("displayName"))
	if len(p.Changes) > 0 || p.Summary.Errors != 1 || !slices.ContainsFunc(diagnosed(p, "ambiguous_join"), func(d planner.Diagnostic) bool {
		return strings.Contains(d.Detail, `"names"`) && strings.Contains(d.Detail, `"In from AAD - User Join"`)
	}) {
		t.Errorf("two rules that disagree: %s", dump(p))
	}
}

// A group whose joins leave open who it is has not left the rules' scope.
func TestGroupsInDoubtAreNotDeleted(t *testing.T) {
	w, _ := settled(t, deleting, func(w *world) {
		w.add("group", "CN=Namesake,OU=People,"+base, map[string][]string{"groupType": {"-2147483646"}, "displayName": {"G"}})
		w.add("group", "CN=Other,OU=People,"+base, map[string][]string{"groupType": {"-2147483646"}, "description": {"G"}})
		w.group("G")
		w.group("H")
	})
	rule := func(name, precedence, space, metaverse string) string {
		return inRule(name, precedence, `join {
    match {
      space     = "`+space+`"
      metaverse = "`+metaverse+`"
    }
  }`)
	}
	describe := strings.Replace(inRule("described", "12", `copy = ["description"]`), "provider.entra.contoso", "provider.ad.corp", 1)
	w.groups[0].description = "G"
	p := build(t, load(t, preamble+writebackBlock(deleting), rule("a", "10", "displayName", "displayName"), rule("b", "11", "displayName", "description"), describe), w, planner.Options{})
	if p.Summary.Delete > 0 || p.Summary.Errors == 0 {
		t.Errorf("got %s", dump(p))
	}
}
