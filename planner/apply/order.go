package apply

import (
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// order sorts the steps of one provider into levels. Every step of a level may
// be sent at the same time; a level starts when the one before it has ended.
// Within a level the order of the plan is kept.
func order(steps []*step) [][]*step {
	var phases [phaseDelete + 1][]*step
	leaving := map[string]bool{}
	for _, s := range steps {
		if s.phase == phaseMove {
			leaving[planner.DNKey(s.op.DNBefore)] = true
		}
	}
	for _, s := range steps {
		p := s.phase
		if p == phaseCreate && leaving[planner.DNKey(s.op.DNAfter)] {
			p = phaseMove // its name becomes free by a move
		}
		phases[p] = append(phases[p], s)
	}
	var levels [][]*step
	levels = append(levels, byDepth(phases[phaseOUs], afterDepth)...)
	levels = appendLevel(levels, phases[phaseCreate])
	levels = append(levels, byName(phases[phaseMove])...)
	levels = appendLevel(levels, phases[phaseUpdate])
	levels = appendLevel(levels, phases[phaseAdd])
	levels = appendLevel(levels, phases[phaseRemove])
	deletes := byDepth(phases[phaseDelete], beforeDepth)
	slices.Reverse(deletes)
	return append(levels, deletes...)
}

func appendLevel(levels [][]*step, steps []*step) [][]*step {
	if len(steps) == 0 {
		return levels
	}
	return append(levels, steps)
}

func afterDepth(s *step) int  { return depth(s.op.DNAfter) }
func beforeDepth(s *step) int { return depth(s.op.DNBefore) }

func depth(name string) int {
	d, err := planner.ParseDN(name)
	if err != nil {
		return 0
	}
	return d.Len()
}

// byDepth makes one level for each depth of name, the shortest first.
func byDepth(steps []*step, depthOf func(*step) int) [][]*step {
	levels := map[int][]*step{}
	var depths []int
	for _, s := range steps {
		d := depthOf(s)
		if levels[d] == nil {
			depths = append(depths, d)
		}
		levels[d] = append(levels[d], s)
	}
	slices.Sort(depths)
	var out [][]*step
	for _, d := range depths {
		out = append(out, levels[d])
	}
	return out
}

// byName orders moves, and creations that take a name which a move leaves, so
// that every name is free when it is taken. Objects that exchange their names in
// a circle have no such order: the first of them steps aside to a name made of
// its anchor, and follows at the end of its circle.
func byName(steps []*step) [][]*step {
	holder := map[string]*step{} // the name a step leaves → the step
	for _, s := range steps {
		if s.op.DNBefore != "" && s.phase == phaseMove {
			holder[planner.DNKey(s.op.DNBefore)] = s
		}
	}
	waiting := map[*step][]*step{} // a step → those that take the name it leaves
	waits := map[*step]bool{}
	var ready []*step
	for _, s := range steps {
		if h := holder[planner.DNKey(s.op.DNAfter)]; h != nil && h != s {
			waiting[h] = append(waiting[h], s)
			waits[s] = true
		} else {
			ready = append(ready, s)
		}
	}
	var levels [][]*step
	drain := func() {
		for len(ready) > 0 {
			levels = append(levels, ready)
			var next []*step
			for _, s := range ready {
				for _, w := range waiting[s] {
					waits[w] = false
					next = append(next, w)
				}
				delete(waiting, s)
			}
			ready = next
		}
	}
	drain()
	for _, s := range steps {
		if !waits[s] {
			continue
		}
		levels = append(levels, []*step{stepAside(s)})
		for _, w := range waiting[s] {
			waits[w] = false
			ready = append(ready, w)
		}
		delete(waiting, s)
		drain()
	}
	return levels
}

// stepAside makes the move of s to a name of its own, and puts it into the
// report before s.
func stepAside(s *step) *step {
	o := s.object
	aside := ""
	if d, err := planner.ParseDN(s.op.DNBefore); err == nil {
		aside = d.Parent().Child(d.Leaf().Type, "landfall "+o.anchor).String()
	}
	first := o.step(phaseMove, planner.Operation{Verb: planner.VerbMove, DNBefore: s.op.DNBefore, DNAfter: aside})
	at := slices.Index(o.report.Operations, s.report)
	o.report.Operations = slices.Insert(o.report.Operations, at, first.report)
	return first
}
