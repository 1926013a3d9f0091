package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// Query is one direct look-up.
type Query struct {
	Provider  string
	Attribute string
	Values    []string
}

// Unanswered is what of a query nobody looked up so far.
func (q Query) Unanswered(s *Space) Query {
	q.Values = slices.DeleteFunc(slices.Clone(q.Values), func(v string) bool {
		return s.Absent(q.Attribute, v) || len(s.Found(q.Attribute, v)) > 0
	})
	return q
}

// NeededProofs says what must be looked up directly before a plan can be
// trusted: source groups that seem to be gone, objects of ours and objects to
// adopt outside the search bases, and declared sAMAccountNames that somebody may
// hold there.
func NeededProofs(cfg *lang.Config, snap Snapshot) ([]Query, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.inboundGroups()
	b.claim()
	var out []Query
	ask := func(t *target, attribute string, values []string) {
		if len(values) > 0 {
			slices.Sort(values)
			out = append(out, Query{Provider: t.space.Provider, Attribute: attribute, Values: slices.Compact(values)})
		}
	}
	for _, t := range b.targets {
		gone := map[string][]string{}
		for _, mark := range sortedKeys(t.marks) {
			for _, o := range t.marks[mark] {
				id := markID(t.space.First(o, markAttribute))
				if w := b.rootOwner(t, t.space.Name(o)); w != nil && t.items[o] == nil && !b.known(id) {
					gone[w.From.Address()] = append(gone[w.From.Address()], id)
				}
			}
		}
		for _, address := range sortedKeys(gone) {
			out = append(out, Query{Provider: address, Attribute: "id", Values: gone[address]})
		}
		marks, dns, guids := b.beyond(t)
		ask(t, markAttribute, marks)
		ask(t, "distinguishedName", dns)
		ask(t, "objectGUID", guids)
	}
	if !slices.ContainsFunc(cfg.Writebacks, func(w *lang.Writeback) bool { return w.SAMAccountName != nil }) {
		return out, nil
	}
	b.name()
	for _, t := range b.targets {
		var names []string
		for _, it := range b.items {
			if it.t == t && it.sam != "" && !(it.exists() && strings.EqualFold(t.space.First(it.object, "sAMAccountName"), it.sam)) {
				names = append(names, it.sam)
				if it.w.OnCollision == "suffix" {
					names = append(names, suffix(it.sam, it.id, maxSAM))
				}
			}
		}
		ask(t, "sAMAccountName", names)
	}
	return out, nil
}

// beyond says what to look for outside the search bases of a target: the marks of
// groups that would be made, because a second object with one mark would be a
// conflict for good, and the objects that are to be adopted.
func (b *build) beyond(t *target) (marks, dns, guids []string) {
	if slices.ContainsFunc(t.provider.AD.SearchBases, func(name string) bool { return below(t.provider.AD.BaseDN, name) }) {
		return nil, nil, nil
	}
	for _, it := range b.items {
		if it.t != t || it.verdict != verdictWrite || it.exists() {
			continue
		}
		marks = append(marks, it.mark())
		if a, ok := adoption(it.w, it.mark()); ok {
			if id := strings.Trim(a.Target, "{}"); isMark(markPrefix + id) {
				guids = append(guids, id)
			} else {
				dns = append(dns, a.Target)
			}
		}
	}
	return marks, dns, guids
}
