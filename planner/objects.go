package planner

import (
	"cmp"
	"slices"
	"strings"
)

// ordered lists the objects of a space that were read, by anchor: the order in
// which a directory answers never matters.
func ordered(s *Space) []ObjectID {
	return orderedIf(s, func(ObjectID) bool { return true })
}

func orderedIf(s *Space, wanted func(ObjectID) bool) []ObjectID {
	var out []ObjectID
	for o := range ObjectID(s.Len()) {
		if s.State(o) != Placeholder && wanted(o) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y ObjectID) int {
		return cmp.Or(strings.Compare(s.Anchor(x), s.Anchor(y)), strings.Compare(s.Name(x), s.Name(y)))
	})
	return out
}

// typeKey names one object type of one space, in lower case.
type typeKey struct {
	space      *Space
	objectType string
}

// objects is ordered for the objects of one type, found once.
func (b *build) objects(s *Space, objectType string) []ObjectID {
	key := typeKey{s, strings.ToLower(objectType)}
	list, ok := b.byType[key]
	if !ok {
		list = orderedIf(s, func(o ObjectID) bool { return strings.EqualFold(s.Type(o), objectType) })
		b.byType[key] = list
	}
	return list
}

// takesPart reports whether an object takes part in synchronisation. Deleted
// objects of AD do not; soft-deleted ones of Entra do, marked by reasonFiltered,
// as in Entra Connect.
func takesPart(s *Space, o ObjectID) bool { return s.State(o) != Deleted || s.Kind != KindAD }

func containsObject(sorted []ObjectID, o ObjectID) bool {
	_, ok := slices.BinarySearch(sorted, o)
	return ok
}
