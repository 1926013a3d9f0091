package planner_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/planner"
)

// hostile names that a group may have.
var hostile = []string{
	`a,b+c"d\e<f>g;h=i`, " #lead", "trail ", "Domain Admins", "x\u202Egnp.exe", "\u001b[2J", "]]>",
	"Group_00000000-0000-4000-8000-000000000000", "=", "é", "e\u0301", "ß", "a\nb", "  ",
}

// drawWorld makes a random tenant and forest, some of it written already.
func drawWorld(t *rapid.T) *world {
	w := newWorld()
	var people []string
	for i := range rapid.IntRange(0, 8).Draw(t, "people") {
		people = append(people, w.person(fmt.Sprint("Person ", i)).id)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "cloud users") {
		people = append(people, w.cloudOnly(fmt.Sprint("Cloud ", i), rapid.SampledFrom([]string{"Member", "Guest"}).Draw(t, "userType")).id)
	}
	names := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringMatching(`[A-Za-z0-9 ,.]{1,30}`))
	seen := map[string]bool{}
	for range rapid.IntRange(1, 8).Draw(t, "groups") {
		name := names.Draw(t, "name")
		if seen[name] {
			continue
		}
		seen[name] = true
		g := w.group(name)
		g.description = rapid.SampledFrom([]string{"", "one", "  two  ", strings.Repeat("long ", 120)}).Draw(t, "description")
		g.unified = rapid.Bool().Draw(t, "unified")
		g.enabled = rapid.SampledFrom([]string{"", "TRUE", "TRUE", "TRUE", "FALSE"}).Draw(t, "enabled")
		g.groupType = rapid.SampledFrom([]string{"", "universalSecurityGroup", "universalDistributionGroup", "universalMailEnabledSecurityGroup"}).Draw(t, "groupType")
		g.deleted = rapid.IntRange(0, 9).Draw(t, "deleted") == 0
		if rapid.IntRange(0, 9).Draw(t, "synced") == 0 {
			g.synced = true
		}
		candidates := slices.Clone(people)
		for _, other := range w.groups {
			candidates = append(candidates, other.id)
		}
		g.members = rapid.SliceOfNDistinct(rapid.SampledFrom(append(candidates, guid("nobody"))), 0, 5, rapid.ID[string]).Draw(t, "members")
		g.members = slices.DeleteFunc(g.members, func(id string) bool { return id == g.id })
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "unmarked groups") {
		w.add("group", fmt.Sprintf("CN=Unmarked %d,OU=Cloud Groups,%s", i, base), map[string][]string{"groupType": {"-2147483640"}, "description": {"not ours"}})
	}
	return w
}

func drawArguments(t *rapid.T) string {
	var b strings.Builder
	pick := func(name string, words ...string) {
		fmt.Fprintf(&b, "%s = %q\n", name, rapid.SampledFrom(words).Draw(t, name))
	}
	pick("unset", "skip", "write")
	pick("on_rename", "follow", "keep")
	pick("on_out_of_scope", "freeze", "empty", "delete")
	pick("on_source_deleted", "delete", "freeze")
	pick("ou_drift", "move_back", "adopt", "report")
	pick("on_collision", "error", "suffix")
	if rapid.Bool().Draw(t, "sam") {
		b.WriteString("sam_account_name = source.displayName\n")
	}
	if rapid.Bool().Draw(t, "when") {
		b.WriteString("when = !startswith(source.displayName, \"a\")\n")
	}
	return b.String()
}

// tamper changes things by hand, in the cloud and in AD, after a first apply.
func tamper(t *rapid.T, w *world) {
	for _, g := range w.groups {
		switch rapid.IntRange(0, 7).Draw(t, "tamper") {
		case 0:
			g.name += " renamed"
		case 1:
			g.enabled = "FALSE"
		case 2:
			if len(g.members) > 0 {
				g.members = g.members[1:]
			}
		case 3:
			if o := w.marked(g.id); o != nil {
				o.attrs["description"] = []string{"by hand"}
			}
		case 4:
			if o := w.marked(g.id); o != nil {
				o.dn = dn.MustParse("OU=Cloud Groups,"+base).Child("CN", "moved "+o.guid[:8]).String()
			}
		}
	}
	if len(w.groups) > 1 && rapid.Bool().Draw(t, "delete one") {
		w.groups = w.groups[1:]
	}
}

// plannable builds a plan, or skips the case where the planner rightly refuses.
func plannable(t *rapid.T, cfg *lang.Config, w *world, order *rand.Rand) *planner.Plan {
	p, err := buildFrom(cfg, w.read(t, cfg, order), w, planner.Options{})
	if err != nil {
		if strings.Contains(err.Error(), "probably not the tenant") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return p
}

// pending is a plan without what apply does not carry out.
func pending(p *planner.Plan) []planner.Change {
	return slices.DeleteFunc(slices.Clone(p.Changes), func(c planner.Change) bool { return c.Blocked != nil })
}

func TestApplyThenPlanIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)))
		w.apply(t, plannable(t, cfg, w, nil))
		if p := plannable(t, cfg, w, nil); len(pending(p)) > 0 {
			t.Fatalf("after the first apply: %s", dump(p))
		}
		tamper(t, w)
		// What is blocked by a name that this plan frees comes in the next one.
		w.apply(t, plannable(t, cfg, w, nil))
		w.apply(t, plannable(t, cfg, w, nil))
		if p := plannable(t, cfg, w, nil); len(pending(p)) > 0 {
			t.Fatalf("after the second apply: %s", dump(p))
		}
	})
}

func TestOrderOfReadingNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)))
		w.apply(t, plannable(t, cfg, w, nil))
		tamper(t, w)
		first := dump(plannable(t, cfg, w, nil))
		seed := rapid.Uint64().Draw(t, "order")
		if second := dump(plannable(t, cfg, w, rand.New(rand.NewPCG(seed, 1)))); first != second {
			t.Fatalf("another order of reading gives another plan:\n%s\n%s", first, second)
		}
	})
}

func TestNothingUnmarkedIsTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)))
		w.apply(t, plannable(t, cfg, w, nil))
		tamper(t, w)
		p := plannable(t, cfg, w, nil)
		for _, c := range p.Changes {
			if c.Anchor == nil || !strings.HasPrefix(c.Provider, "provider.ad.") {
				continue
			}
			o := w.byGUID(slices.Concat(w.objects, w.bin), *c.Anchor)
			if o == nil || !strings.HasPrefix(first(o, "adminDescription"), "Group_") {
				t.Fatalf("%s touches an object without our mark: %+v", c.Address, o)
			}
		}
	})
}

func TestEveryReferenceResolves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)))
		p := plannable(t, cfg, w, nil)
		will := map[string]bool{}
		for _, o := range w.objects {
			will[dn.Key(o.dn)] = true
		}
		for _, c := range pending(p) {
			if c.DN.After != nil {
				will[dn.Key(*c.DN.After)] = true
			}
		}
		for _, c := range pending(p) {
			if c.DN.After != nil && !will[dn.MustParse(*c.DN.After).Parent().Key()] {
				t.Fatalf("%s: nothing makes its parent", *c.DN.After)
			}
			if c.Members == nil {
				continue
			}
			for _, m := range c.Members.Add {
				if !will[dn.Key(m.DN)] {
					t.Fatalf("%s adds %s, which nothing makes", c.Address, m.DN)
				}
			}
		}
	})
}

func TestPlanFileIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)))
		p := plannable(t, cfg, w, nil)
		first, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		q, err := planner.Decode(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := q.Encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("plan → file → plan is not identity: %v", err)
		}
		cut := rapid.IntRange(0, len(first)-2).Draw(t, "cut")
		if _, err := planner.Decode(first[:cut]); err == nil {
			t.Fatal("a truncated plan file was read")
		}
	})
}
