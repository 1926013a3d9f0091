package planner_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// anyType is an inbound rule that takes nothing, for any type of the metaverse:
// with it in the configuration, what to read next is found by joining everybody.
const anyType = `
sync_rule "any" {
  direction      = "inbound"
  provider       = provider.ad.corp
  object_type    = "contact"
  metaverse_type = "*"
  link           = "join"
  precedence     = 7
  join {
    match {
      space     = "mail"
      metaverse = "mail"
    }
  }
}
`

// TestNeededLooksAtGroupsAlone: what to read next is the same whether persons are
// joined for it or not.
func TestNeededLooksAtGroupsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		block := writebackBlock(drawArguments(t))
		groups, everybody := load(t, preamble+block), load(t, preamble+block, anyType)
		w.apply(t, plannable(t, groups, w, nil))
		tamper(t, w)
		seed := rapid.Uint64().Draw(t, "order")
		read := func() planner.Snapshot { return w.read(t, groups, rand.New(rand.NewPCG(seed, 1))) }
		few, err1 := planner.NeededReferences(groups, read())
		all, err2 := planner.NeededReferences(everybody, read())
		if diff := cmp.Diff(all, few); diff != "" || (err1 == nil) != (err2 == nil) {
			t.Fatalf("references (%v, %v): %s", err1, err2, diff)
		}
		queries, err1 := planner.NeededProofs(groups, read())
		every, err2 := planner.NeededProofs(everybody, read())
		if diff := cmp.Diff(every, queries); diff != "" || (err1 == nil) != (err2 == nil) {
			t.Fatalf("proofs (%v, %v): %s", err1, err2, diff)
		}
	})
}
