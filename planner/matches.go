package planner

import "github.com/landfall-directory/landfall/lang"

// Matches counts the objects that each rule takes in a snapshot: objects of the
// connector space for an inbound rule, groups that are written for an outbound
// one.
func Matches(cfg *lang.Config, snap Snapshot) (map[*lang.Rule]int, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.inbound()
	b.claim()
	b.name()
	b.outbound()
	return b.matched, nil
}
