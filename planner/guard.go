package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// guards counts the finished plan and blocks what exceeds a limit. An exceeded
// guard blocks every change with its action; the delete threshold stops
// everything, as in Entra Connect: 500 passes, 501 stops.
func (b *build) guards() {
	for _, g := range b.cfg.Guards {
		for _, w := range b.cfg.Writebacks {
			switch {
			case g.Writeback != nil && g.Writeback != w:
			case strings.HasPrefix(g.Action, "member_"):
				b.guardMembers(g, w)
			default:
				b.guardObjects(g, w.Address(), b.marked(w), "objects with a mark", func(c *Change) bool { return b.writebackOf(c) == w })
			}
		}
		if g.Writeback == nil && !strings.HasPrefix(g.Action, "member_") {
			b.guardRules(g)
		}
	}
	b.threshold()
}

// marked counts the objects that carry the mark of a group of the writeback.
func (b *build) marked(w *lang.Writeback) int {
	n := 0
	for _, it := range b.items {
		if it.w == w && it.exists() && !it.adopted {
			n++
		}
	}
	return n
}

// writebackOf is the writeback that a change belongs to, in Active Directory or,
// as the writeback state of a group, in Entra ID; nil if it is none's.
func (b *build) writebackOf(c *Change) *lang.Writeback {
	if it := b.itemOf(c); it != nil {
		return it.w
	}
	for i, s := range b.spaces {
		if s.Provider == c.Provider && s.Kind == KindEntra && c.Anchor != nil {
			if it := b.declared[entraKey{i, s.ByAnchor(*c.Anchor)}]; it != nil {
				return it.w
			}
		}
	}
	return nil
}

// guardRules counts what rules change on objects that no writeback writes, in
// each provider by itself; percent is of the objects that are joined there.
func (b *build) guardRules(g *lang.Guard) {
	for i, s := range b.spaces {
		belongs := func(c *Change) bool {
			return c.Provider == s.Provider && c.ObjectType != "organizationalUnit" && b.writebackOf(c) == nil
		}
		if !slices.ContainsFunc(b.plan.Changes, func(c Change) bool { return belongs(&c) }) {
			continue
		}
		joined := 0
		for _, m := range b.mv.of[i] {
			if m != noMV {
				joined++
			}
		}
		b.guardObjects(g, s.Provider, joined, "joined objects", belongs)
	}
}

// guardObjects counts the changes of one writeback, or of the rules in one
// provider, that have the guard's action. base is what percent is of.
func (b *build) guardObjects(g *lang.Guard, in string, base int, of string, belongs func(*Change) bool) {
	var hits []*Change
	for i := range b.plan.Changes {
		if c := &b.plan.Changes[i]; c.Blocked == nil && hasGuardAction(c, g.Action) && belongs(c) {
			hits = append(hits, c)
		}
	}
	why := b.exceeded(g, len(hits), base, of)
	b.plan.Guards = append(b.plan.Guards, guardUse(g, in, "", len(hits), base, why != ""))
	if why == "" {
		return
	}
	for _, c := range hits {
		c.Blocked = blockedBy(g, fmt.Sprintf("the plan has %d × %s in %s, %s", len(hits), g.Action, in, why))
	}
}

// guardMembers counts the member changes of each group by itself; percent is of
// that group's members.
func (b *build) guardMembers(g *lang.Guard, w *lang.Writeback) {
	closest := guardUse(g, w.Address(), "", 0, 0, false)
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		it := b.itemOf(c)
		if it == nil || it.w != w || c.Blocked != nil || c.Members == nil {
			continue
		}
		n, verb := len(c.Members.Add), "adds"
		if g.Action == "member_remove" {
			n, verb = len(c.Members.Remove), "removes"
		}
		why := b.exceeded(g, n, c.Members.Before, "members")
		if use := guardUse(g, w.Address(), c.Address, n, c.Members.Before, why != ""); use.closer(closest) {
			closest = use
		}
		if why != "" {
			c.Blocked = blockedBy(g, fmt.Sprintf("the change %s %s, %s", verb, plural(n, "member", "members"), why))
		}
	}
	b.plan.Guards = append(b.plan.Guards, closest)
}

func blockedBy(g *lang.Guard, detail string) *Blocked {
	return &Blocked{Code: "guard", By: g.Address(), Detail: detail, File: g.Range.Filename, Line: g.Range.Start.Line}
}

func hasGuardAction(c *Change, action string) bool {
	if action == "type_change" {
		return slices.Contains(c.Actions, ActionUpdate) && slices.ContainsFunc(c.Edits, func(e Edit) bool { return strings.EqualFold(e.Attribute, "groupType") })
	}
	return slices.Contains(c.Actions, Action(action))
}

// exceeded explains why n of base is too much, "" if it is not. Accepting a
// guard lifts it up to exactly the accepted number.
func (b *build) exceeded(g *lang.Guard, n, base int, of string) string {
	var why string
	switch {
	case n == 0:
		return ""
	case g.MaxCount != nil && n > *g.MaxCount:
		why = fmt.Sprintf("and %s allows %d", g.Address(), *g.MaxCount)
	case g.MaxPercent != nil && base == 0 && g.MinObjects == 0:
		why = fmt.Sprintf("of no %s so far, and %s allows %s %%", of, g.Address(), strconv.FormatFloat(*g.MaxPercent, 'f', -1, 64))
	case g.MaxPercent != nil && base >= g.MinObjects && float64(n)*100 > *g.MaxPercent*float64(base):
		why = fmt.Sprintf("which is %.1f %% of %d %s, and %s allows %s %%", float64(n)*100/float64(max(base, 1)), base, of,
			g.Address(), strconv.FormatFloat(*g.MaxPercent, 'f', -1, 64))
	default:
		return ""
	}
	if accepted, ok := b.options.Accept[g.Address()]; ok && n <= accepted {
		b.accept(g.Address(), accepted)
		return ""
	}
	return why + fmt.Sprintf(". To accept exactly this number: -accept %s=%d", g.Address(), n)
}

func (b *build) accept(name string, count int) {
	a := Accepted{Name: name, Count: count}
	if !slices.Contains(b.plan.Accepted, a) {
		b.plan.Accepted = append(b.plan.Accepted, a)
	}
}

// thresholdName is what -accept calls the delete threshold.
const thresholdName = "settings.delete_threshold"

func (b *build) threshold() {
	deletes := map[string]int{}
	for _, t := range b.targets {
		deletes[t.space.Provider] = 0
	}
	for _, c := range b.plan.Changes {
		if c.Blocked == nil && slices.Contains(c.Actions, ActionDelete) {
			deletes[c.Provider]++
		}
	}
	limit := b.cfg.Settings.DeleteThreshold
	for _, provider := range sortedKeys(deletes) {
		n := deletes[provider]
		accepted, ok := b.options.Accept[thresholdName]
		b.plan.Guards = append(b.plan.Guards, GuardUse{
			Guard: thresholdName, Action: string(ActionDelete), In: provider, Count: n, MaxCount: &limit,
			Exceeded: n > limit && (!ok || n > accepted), File: b.cfg.Settings.Range.Filename, Line: b.cfg.Settings.Range.Start.Line,
		})
		if n <= limit {
			continue
		}
		if ok && n <= accepted {
			b.accept(thresholdName, accepted)
			continue
		}
		rng := b.cfg.Settings.Range
		for i := range b.plan.Changes {
			if c := &b.plan.Changes[i]; c.Blocked == nil {
				c.Blocked = &Blocked{Code: "threshold", By: thresholdName, File: rng.Filename, Line: rng.Start.Line,
					Detail: fmt.Sprintf("the plan deletes %d objects in %s and the threshold is %d, so nothing at all is written. "+
						"To accept exactly this number: -accept %s=%d", n, provider, limit, thresholdName, n)}
			}
		}
	}
}
