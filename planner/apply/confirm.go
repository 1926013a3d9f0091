package apply

import (
	"github.com/landfall-directory/landfall/planner"
)

// Unconfirmed is a change that was written, while the directory shows something
// else.
type Unconfirmed struct {
	Address string
	Name    string
	// Pending is what a plan made after the writes still wants to change there.
	Pending *planner.Change
}

// Confirm compares what was planned and done with a plan that was made
// afterwards. Only changes that are done whole count: what was refused, blocked
// or stale is expected to be in fresh.
func Confirm(applied *planner.Plan, report *Report, fresh *planner.Plan) []Unconfirmed {
	pending := map[target]*planner.Change{}
	for i := range fresh.Changes {
		if c := &fresh.Changes[i]; anything(c) {
			pending[target{c.Provider, c.Address}] = c
		}
	}
	done := map[target]bool{}
	for i := range report.Changes {
		c := &report.Changes[i]
		done[target{c.Change.Provider, c.Change.Address}] = c.Outcome == OutcomeDone
	}
	var out []Unconfirmed
	for i := range applied.Changes {
		c := &applied.Changes[i]
		if p := pending[target{c.Provider, c.Address}]; p != nil && done[target{c.Provider, c.Address}] {
			out = append(out, Unconfirmed{Address: c.Address, Name: c.Name, Pending: p})
		}
	}
	return out
}

// target is what a change is about: a group of a writeback has one address and,
// when its state in Entra ID is declared, two directories.
type target struct{ provider, address string }

// anything reports whether the change would write anything.
func anything(c *planner.Change) bool {
	return len(c.Actions) > 0 || len(c.Edits) > 0 ||
		c.Members != nil && len(c.Members.Add)+len(c.Members.Remove) > 0
}
