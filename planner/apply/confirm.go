package apply

import (
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// Unconfirmed is a change that was written, while the directory shows something
// else.
type Unconfirmed struct {
	Address string
	Name    string
	// Pending is the part of a plan made after the writes that wants once more what
	// was written.
	Pending *planner.Change
}

// Confirm compares what was planned and done with a plan that was made
// afterwards. Only changes that are done whole count: what was refused, blocked
// or stale is expected to be in fresh. And only what was written counts: fresh may
// want something else by now, because the configuration changed or because what
// was carried out takes an earlier run back.
func Confirm(applied *planner.Plan, report *Report, fresh *planner.Plan) []Unconfirmed {
	pending := map[target]*planner.Change{}
	for i := range fresh.Changes {
		c := &fresh.Changes[i]
		pending[target{c.Provider, c.Address}] = c
	}
	done := map[target]bool{}
	for i := range report.Changes {
		c := &report.Changes[i]
		done[target{c.Change.Provider, c.Change.Address}] = c.Outcome == OutcomeDone
	}
	var out []Unconfirmed
	for i := range applied.Changes {
		c := &applied.Changes[i]
		p := pending[target{c.Provider, c.Address}]
		if p == nil || !done[target{c.Provider, c.Address}] {
			continue
		}
		if left, found := unconfirmed(c, p); found {
			out = append(out, Unconfirmed{Address: c.Address, Name: c.Name, Pending: &left})
		}
	}
	return out
}

// target is what a change is about: a group of a writeback has one address and,
// when its state in Entra ID is declared, two directories.
type target struct{ provider, address string }

// unconfirmed is the part of pending that shows that done did not last.
func unconfirmed(done, pending *planner.Change) (planner.Change, bool) {
	left := *pending
	gone := has(pending, planner.ActionCreate) || has(pending, planner.ActionRestore)
	if has(done, planner.ActionDelete) {
		return left, !gone
	}
	if gone {
		return left, true
	}
	left.Actions, left.Edits, left.Members = nil, nil, nil
	elsewhere := text(done.DN.After) != "" && planner.DNKey(text(done.DN.After)) != planner.DNKey(text(pending.DN.Before))
	if !elsewhere {
		left.DN.After = left.DN.Before
	}
	for _, e := range pending.Edits {
		i := slices.IndexFunc(done.Edits, func(d planner.Edit) bool { return d.Attribute == e.Attribute })
		if i >= 0 && !sameData(done.Edits[i].After, e.Before) {
			left.Edits = append(left.Edits, e)
		}
	}
	left.Members = lostMembers(done.Members, pending.Members)
	for _, a := range pending.Actions {
		switch {
		case (a == planner.ActionMove || a == planner.ActionRename) && elsewhere,
			a == planner.ActionUpdate && len(left.Edits) > 0, a == planner.ActionMembers && left.Members != nil:
			left.Actions = append(left.Actions, a)
		}
	}
	return left, len(left.Actions) > 0
}

// lostMembers are the members that were added and are to be added again, or the
// same with removals; nil if there are none.
func lostMembers(done, pending *planner.Members) *planner.Members {
	if done == nil || pending == nil {
		return nil
	}
	both := func(a, b []planner.MemberChange) []planner.MemberChange {
		known := map[string]bool{}
		for _, m := range a {
			known[m.ID], known[planner.DNKey(m.DN)] = true, true
		}
		var out []planner.MemberChange
		for _, m := range b {
			if known[m.ID] || known[planner.DNKey(m.DN)] {
				out = append(out, m)
			}
		}
		return out
	}
	left := planner.Members{Before: pending.Before, After: pending.After, Add: both(done.Add, pending.Add), Remove: both(done.Remove, pending.Remove)}
	if len(left.Add)+len(left.Remove) == 0 {
		return nil
	}
	return &left
}

// sameData compares the values of an attribute as sets; values that are hidden on
// one side compare by their hash.
func sameData(a, b []planner.Datum) bool {
	same := func(x, y planner.Datum) bool {
		if x.Hidden() || y.Hidden() {
			return x.Hash == y.Hash && x.Length == y.Length
		}
		return x.Text == y.Text
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x planner.Datum) bool {
		return !slices.ContainsFunc(b, func(y planner.Datum) bool { return same(x, y) })
	})
}

func has(c *planner.Change, a planner.Action) bool { return slices.Contains(c.Actions, a) }
