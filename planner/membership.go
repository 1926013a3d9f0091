package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

func asksMembership(c lang.Clause) bool {
	return c.Operator == "ISMEMBEROF" || c.Operator == "ISNOTMEMBEROF"
}

// ScopeGroups are the groups whose members decide which objects rules take, by
// provider address. They are read before anything is joined. It is an error if
// one does not exist: ISNOTMEMBEROF would take every object, and ISMEMBEROF none.
func ScopeGroups(cfg *lang.Config, snap Snapshot) (map[string]References, error) {
	out := map[string]References{}
	for _, r := range cfg.Rules {
		for _, g := range r.Scope {
			for _, c := range g.Clauses {
				if r.Disabled || !asksMembership(c) { // an outbound rule never does
					continue
				}
				where := fmt.Sprintf("%s in rule %q (%s:%d)", c.Operator, r.Name, c.Range.Filename, c.Range.Start.Line)
				s := snap[r.Provider.Address()]
				o := s.ByName(c.Value)
				if o == NoObject || s.State(o) != Live || !strings.EqualFold(s.Type(o), "group") {
					return nil, fmt.Errorf("%s names %s, and %s has no such group within its search bases. Without it the rule would take other objects than is meant. Correct the name, or read the group (search_bases)",
						where, c.Value, s.Provider)
				}
				need := out[s.Provider]
				need.Attributes = []string{"member"}
				need.Objects = append(need.Objects, o)
				out[s.Provider] = need
			}
		}
	}
	return out, nil
}

// Unread is what of it was not read so far. What could not be read is not asked
// for again.
func (r References) Unread(s *Space) References {
	out := References{Attributes: r.Attributes}
	for _, o := range r.Objects {
		if slices.ContainsFunc(r.Attributes, func(attr string) bool {
			_, read := s.References(o, attr)
			return !read && !s.Unreadable(o, attr)
		}) {
			out.Objects = append(out.Objects, o)
		}
	}
	return out
}
