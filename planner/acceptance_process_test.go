package planner_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// The delete threshold of Entra Connect: "more than" 500 stops, 500 itself
// passes, per provider.
func TestCase35_DeleteThreshold(t *testing.T) {
	w := newWorld()
	for i := range 502 {
		w.group(fmt.Sprint("G", i))
	}
	w.group("Stays")
	cfg := load(t, preamble+writebackBlock(`on_out_of_scope = "delete"`), "settings {\n  delete_threshold = 500\n}\n")
	w.apply(t, build(t, cfg, w, planner.Options{}))
	for _, g := range w.groups[:500] {
		g.enabled = "FALSE"
	}
	w.groups[502].description = "new"
	if p := build(t, cfg, w, planner.Options{}); p.Summary.Delete != 500 || p.Summary.Update != 1 || p.Summary.Blocked != 0 {
		t.Errorf("500: %+v", p.Summary)
	}
	w.groups[500].enabled = "FALSE"
	p := build(t, cfg, w, planner.Options{})
	if p.Summary.Delete+p.Summary.Update != 0 || p.Summary.Blocked != 502 {
		t.Errorf("501: %+v", p.Summary)
	}
	for _, c := range p.Changes {
		if c.Blocked.Code != "threshold" {
			t.Fatalf("%s: %+v", c.Address, c.Blocked)
		}
	}
	if p := build(t, cfg, w, planner.Options{Accept: map[string]int{"settings.delete_threshold": 501}}); p.Summary.Delete != 501 {
		t.Errorf("501 accepted: %+v", p.Summary)
	}
	w.groups[501].enabled = "FALSE"
	if p := build(t, cfg, w, planner.Options{Accept: map[string]int{"settings.delete_threshold": 501}}); p.Summary.Delete != 0 {
		t.Errorf("502, and 501 accepted: %+v", p.Summary)
	}
	if p := build(t, load(t, preamble+writebackBlock(`on_out_of_scope = "delete"`)), w, planner.Options{}); p.Summary.Delete != 0 {
		t.Errorf("500 is the default: %+v", p.Summary)
	}
}

// Two forests, declared in either order and read in any.
func TestCase41_OrderOfForests(t *testing.T) {
	plant, second, found := strings.Cut(secondForest, "standard_rules")
	if !found {
		t.Fatal("secondForest has changed")
	}
	_, rest, found := strings.Cut(preamble, `standard_rules "group_writeback"`)
	if !found {
		t.Fatal("preamble has changed")
	}
	corp := strings.TrimSuffix(preamble, `standard_rules "group_writeback"`+rest)
	rest = `standard_rules "group_writeback"` + rest + "standard_rules" + second + writebackBlock("") + `
ou_mapping "plant" {
  root    = "OU=Cloud Groups,DC=plant,DC=example,DC=net"
  default = ""
}
writeback "plant" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.plant
  ou          = ou_mapping.plant
  cn          = ` + commonName + "\n}\n"

	w, elsewhere := newWorld(), &world{serial: 9000}
	w.elsewhere = map[string]*world{"provider.ad.plant": elsewhere}
	elsewhere.add("organizationalUnit", "OU=Cloud Groups,DC=plant,DC=example,DC=net", nil)
	var people []string
	for i := range 6 {
		u := w.person(fmt.Sprint("Person ", i))
		if i%2 == 1 { // the account is in the other forest
			w.relocate(u.name, elsewhere, "DC=plant,DC=example,DC=net")
		}
		people = append(people, u.id)
	}
	for i := range 5 {
		w.group(fmt.Sprint("G", i), people[i%3:]...)
	}
	planned := func(order *rand.Rand, files ...string) *planner.Plan {
		cfg := load(t, files...)
		p, err := buildFrom(cfg, w.read(t, cfg, order), w, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p.ConfigDigest = "" // the files do differ
		return p
	}
	want := planned(nil, corp, plant, rest)
	if want.Summary.Create != 11 || want.Summary.SkippedMembers == 0 { // groups in both forests, and one OU
		t.Fatalf("got %s", dump(want))
	}
	for seed := range uint64(8) {
		order := rand.New(rand.NewPCG(seed, 1))
		if got := planned(order, plant, corp, rest); dump(got) != dump(want) {
			t.Fatalf("another order gives another plan:\n%s\n%s", dump(want), dump(got))
		}
	}
}
