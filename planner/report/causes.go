package report

import (
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// A plan that was compared with a base says of every change whose doing it is.

// causeGroup are the changes with one cause, under a heading of their own.
type causeGroup struct {
	heading safe
	changes []*planner.Change
}

// causeWords say what a cause means.
var causeWords = map[string]safe{
	planner.CauseCaused:  "caused by this change",
	planner.CauseChanged: "changed by this change: the base would do something else to the object",
	planner.CausePending: "already pending, without this change, too",
}

func causeOf(c *planner.Change) string {
	if c.Cause == nil {
		return ""
	}
	return *c.Cause
}

// byCause splits changes by cause, in the order in which they are read. A plan
// without a base has one group.
func (r *page) byCause(changes []*planner.Change) []causeGroup {
	if r.plan.Base == nil {
		return []causeGroup{{"Changes", changes}}
	}
	var groups []causeGroup
	rest := changes
	for _, g := range []struct {
		cause   string
		heading safe
	}{
		{planner.CauseCaused, "Caused by this change"}, {planner.CauseChanged, "Changed by this change"}, {planner.CausePending, "Already pending"},
	} {
		var some, others []*planner.Change
		for _, c := range rest {
			if causeOf(c) == g.cause {
				some = append(some, c)
			} else {
				others = append(others, c)
			}
		}
		rest = others
		if len(some) > 0 {
			groups = append(groups, causeGroup{g.heading, some})
		}
	}
	if len(rest) > 0 {
		groups = append(groups, causeGroup{"Other changes", rest})
	}
	return groups
}

// causes counts the changes by cause; "" for a plan without a base.
func (r *page) causes() safe {
	if r.plan.Base == nil {
		return ""
	}
	number := map[string]int{}
	for i := range r.plan.Changes {
		number[causeOf(&r.plan.Changes[i])]++
	}
	return r.text("Against the base: %s caused by this change, %s changed by it, %s already pending, %s withdrawn.",
		number[planner.CauseCaused], number[planner.CauseChanged], number[planner.CausePending], len(r.plan.Withdrawn))
}

// cause says whose doing a change is.
func (r *page) cause(c *planner.Change) safe {
	cause := causeOf(c)
	if words := causeWords[cause]; words != "" || cause == "" {
		return words
	}
	return r.text("%s", cause)
}

// withdrawn lists what only the base would do.
func (r *page) withdrawn() {
	w := r.plan.Withdrawn
	if len(w) == 0 {
		return
	}
	r.heading(bold, r.text("WITHDRAWN (%s): the base would do it, this configuration does not", len(w)))
	if r.view == ViewSummary {
		return
	}
	shown := r.atMost(len(w))
	for _, one := range w[:shown] {
		r.linef(2, "%s", r.withdrawnLine(one))
	}
	if more := len(w) - shown; more > 0 {
		r.linef(2, "%s more: %s", more, r.hint)
	}
}

func (r *page) withdrawnLine(w planner.Withdrawn) safe {
	label, known := r.tally.label[w.Provider]
	if !known {
		label = w.Provider
	}
	t := r.text("%s: %s %s", r.word(label), r.doing(w.Actions), name(w.Name))
	if r.view == ViewFull || w.Name == "" {
		t += r.text("  %s", w.Address)
	}
	return t
}

// capitals is a heading for a terminal.
func capitals(s safe) safe { return safe(strings.ToUpper(string(s))) }
