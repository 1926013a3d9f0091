package planner

import (
	"slices"

	"github.com/landfall-directory/landfall/lang"
)

// trace records how objects came to be joined, and of watched objects every step
// towards it and what each writeback made of them. That depends on the moment:
// a join sees those objects only that were there before. Everything else about
// an object is a function of what was read, and can be asked for afterwards.
//
// The engine reports to the trace of its build. A nil trace records nothing and
// costs one comparison.
type trace struct {
	linkedBy [][]linkStep // by space and object
	watched  map[place]bool
	joins    map[place][]joinStep
	claims   []claimStep
	failures map[*item]objectError
}

// place is one object of one connector space.
type place struct {
	space  int
	object ObjectID
}

// linkStep says which rule linked an object to its metaverse object, and whether
// it made that one.
type linkStep struct {
	rule      *lang.Rule
	projected bool
}

// joinStep is one thing that was tried to join an object.
type joinStep struct {
	rule  *lang.Rule
	group int // of the rule's join groups; -1: not a join
	found []mvID
	taken mvID // stands for another object of the space already; else noMV
}

// claimStep is what one writeback made of one group.
type claimStep struct {
	item  *item
	scope bool // the scope of the writeback's rule holds
	when  bool // so does its when
	err   error
}

func newTrace(spaces []*Space, watched ...place) *trace {
	t := &trace{linkedBy: make([][]linkStep, len(spaces)), watched: map[place]bool{}, joins: map[place][]joinStep{}, failures: map[*item]objectError{}}
	for i, s := range spaces {
		t.linkedBy[i] = make([]linkStep, s.Len())
	}
	for _, p := range watched {
		t.watched[p] = true
	}
	return t
}

// tried is told what one join group found.
func (t *trace) tried(r *lang.Rule, group, space int, o ObjectID, found []mvID) {
	if t == nil || !t.watched[place{space, o}] {
		return
	}
	p := place{space, o}
	t.joins[p] = append(t.joins[p], joinStep{rule: r, group: group, found: slices.Clone(found), taken: noMV})
}

// refused is told that what a join found stands for another object already.
func (t *trace) refused(space int, o ObjectID, m mvID) {
	if t == nil || !t.watched[place{space, o}] {
		return
	}
	steps := t.joins[place{space, o}]
	steps[len(steps)-1].taken = m
}

// linked is told that a rule linked an object.
func (t *trace) linked(r *lang.Rule, space int, o ObjectID, projected bool) {
	if t != nil {
		t.linkedBy[space][o] = linkStep{r, projected}
	}
}

// claiming is told of a group before a writeback judges it, because its
// conditions see the metaverse as it is then.
func (t *trace) claiming(b *build, it *item) {
	if t == nil {
		return
	}
	if _, space := b.space(it.w.From); !t.watched[place{space, it.source}] {
		return
	}
	step := claimStep{item: it}
	if it.m != noMV {
		src := mvRecord{b, it.m}
		step.scope, step.err = b.inScope(it.w.Rule, src)
		step.when = it.w.When == nil
		if step.err == nil && step.scope && !step.when {
			step.when, step.err = b.holds(it.w.When, src, b.params[it.w.To])
		}
	}
	t.claims = append(t.claims, step)
}

// failed is told of an error that takes an item out of the plan.
func (t *trace) failed(it *item, e objectError) {
	if t != nil {
		t.failures[it] = e
	}
}
