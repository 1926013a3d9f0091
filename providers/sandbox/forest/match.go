package forest

import (
	"slices"
	"strconv"
	"strings"
)

// matches evaluates a filter for an object.
func (f *Forest) matches(x *filter, o *object, v view) truth {
	switch x.kind {
	case filterAnd:
		out := isTrue
		for _, part := range x.parts {
			switch f.matches(part, o, v) {
			case isFalse:
				return isFalse
			case isUndefined:
				out = isUndefined
			}
		}
		return out
	case filterOr:
		out := isFalse
		for _, part := range x.parts {
			switch f.matches(part, o, v) {
			case isTrue:
				return isTrue
			case isUndefined:
				out = isUndefined
			}
		}
		return out
	case filterNot:
		switch f.matches(x.parts[0], o, v) {
		case isTrue:
			return isFalse
		case isFalse:
			return isTrue
		}
		return isUndefined
	}
	if x.def == nil {
		return isUndefined
	}
	if x.never {
		return isFalse
	}
	if x.def.references() {
		return truthOf(f.matchesReference(x, o, v))
	}
	return truthOf(f.matchesValue(x, o))
}

func (f *Forest) matchesReference(x *filter, o *object, v view) bool {
	switch {
	case x.kind == filterPresent:
		return len(f.linkEnds(o, x.def, v)) > 0
	case x.target == nil:
		return false
	case x.rule == ruleInChain:
		return x.chain[o]
	case x.kind != filterEquality:
		return false
	case x.def.forward != nil:
		return slices.Contains(o.referrers(x.def.forward), x.target) && v.showsLink(x.def.forward, o, x.target)
	}
	return slices.Contains(x.target.referrers(x.def), o) && v.showsLink(x.def, o, x.target)
}

func (f *Forest) matchesValue(x *filter, o *object) bool {
	s := f.schema
	switch {
	case x.def == s.objectCategory:
		return x.kind == filterPresent || x.kind == filterEquality && fold(o.class.category) == x.value
	case x.def == s.distinguishedName:
		return x.kind == filterPresent || x.kind == filterEquality && x.target == o
	case x.def == s.name || x.def == o.class.rdn:
		return x.compare(o.rdn)
	}
	return slices.ContainsFunc(f.values(o, x.def), x.compare)
}

// compare evaluates the assertion for one value.
func (x *filter) compare(v string) bool {
	if x.kind == filterPresent {
		return true
	}
	if x.def.syntax == syntaxInt || x.def.syntax == syntaxInt64 {
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && x.compareNumber(n)
	}
	normal := x.def.normal(v)
	switch x.kind {
	case filterEquality:
		return normal == x.value
	case filterGreater:
		return normal >= x.value
	case filterLess:
		return normal <= x.value
	case filterSubstrings:
		return x.hasPieces(normal)
	}
	return false
}

func (x *filter) compareNumber(n int64) bool {
	switch x.kind {
	case filterEquality:
		return n == x.number
	case filterGreater:
		return n >= x.number
	case filterLess:
		return n <= x.number
	case filterExtensible:
		if x.rule == ruleBitOr {
			return n&x.number != 0
		}
		return x.rule == ruleBitAnd && n&x.number == x.number
	}
	return false
}

func (x *filter) hasPieces(v string) bool {
	last := len(x.pieces) - 1
	rest, ok := strings.CutPrefix(v, x.pieces[0])
	if !ok {
		return false
	}
	for _, piece := range x.pieces[1:last] {
		_, after, found := strings.Cut(rest, piece)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, x.pieces[last])
}

// candidates names objects among which all matches are, if an index knows; the
// list is shared and may hold objects that do not match.
func (f *Forest) candidates(x *filter) ([]*object, bool) {
	switch x.kind {
	case filterAnd:
		var best []*object
		found := false
		for _, part := range x.parts {
			if list, ok := f.candidates(part); ok && (!found || len(list) < len(best)) {
				best, found = list, true
			}
		}
		return best, found
	case filterOr:
		var all []*object
		for _, part := range x.parts {
			list, ok := f.candidates(part)
			if !ok {
				return nil, false
			}
			all = append(all, list...)
		}
		return all, true
	case filterEquality, filterExtensible:
		return f.equalityCandidates(x)
	}
	return nil, false
}

func (f *Forest) equalityCandidates(x *filter) ([]*object, bool) {
	s := f.schema
	switch {
	case x.def == nil || x.never:
		return nil, true
	case x.rule == ruleInChain:
		list := make([]*object, 0, len(x.chain))
		for o := range x.chain {
			list = append(list, o)
		}
		return list, true
	case x.kind == filterExtensible:
		return nil, false
	case x.def == s.objectClass:
		return f.index.class[x.value], true
	case x.def == s.objectCategory:
		for _, c := range s.classList {
			// Parents come first, so that the objects of all classes of the
			// category are found under the first of them.
			if c.kind != "auxiliary" && fold(c.category) == x.value {
				return f.index.class[c.key], true
			}
		}
		return nil, true
	case x.def.references() || x.def == s.distinguishedName:
		if x.target == nil {
			return nil, true
		}
		if x.def == s.distinguishedName {
			return []*object{x.target}, true
		}
		if x.def.forward != nil {
			return x.target.targets(x.def.forward), true
		}
		return x.target.referrers(x.def), true
	case x.def == s.name || x.def == s.cn:
		return f.index.byName[x.value], true
	case x.def.indexed:
		return f.index.lookup(x.def, x.value), true
	}
	return nil, false
}
