package forest

import (
	"slices"
	"strconv"
	"strings"
)

// truth is the three-valued result of a filter (RFC 4511 §4.5.1.7).
type truth uint8

const (
	isFalse truth = iota
	isTrue
	isUndefined
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// The tags of filter choices.
const (
	filterAnd        = 0xa0
	filterOr         = 0xa1
	filterNot        = 0xa2
	filterEquality   = 0xa3
	filterSubstrings = 0xa4
	filterGreater    = 0xa5
	filterLess       = 0xa6
	filterPresent    = 0x87
	filterApprox     = 0xa8
	filterExtensible = 0xa9
)

// AD's matching rules.
const (
	ruleBitAnd  = "1.2.840.113556.1.4.803"
	ruleBitOr   = "1.2.840.113556.1.4.804"
	ruleInChain = "1.2.840.113556.1.4.1941"
)

// filter is one compiled node of a search filter.
type filter struct {
	kind  byte
	parts []*filter     // and, or, not
	def   *attributeDef // nil: the schema has no such attribute
	// never marks an assertion whose value cannot be one of the attribute's.
	never  bool
	value  string  // normal form; for objectCategory the class's common name
	number int64   // for integers
	target *object // for references; nil matches nothing
	// pieces of a substring assertion in normal form: initial, any …, final.
	pieces []string
	rule   string
	chain  map[*object]bool // in-chain: the objects that match
}

// compileFilter reads a filter off the wire.
func (f *Forest) compileFilter(e element, depth int) (*filter, *refusal) {
	if depth > maxDepth {
		return nil, errProtocol("The search filter is nested too deeply")
	}
	out := &filter{kind: e.tag}
	r := &reader{rest: e.content}
	switch e.tag {
	case filterAnd, filterOr, filterNot:
		for r.more() {
			part, refused := f.compileFilter(r.next(), depth+1)
			if refused != nil {
				return nil, refused
			}
			out.parts = append(out.parts, part)
		}
		if r.err != nil || e.tag == filterNot && len(out.parts) != 1 {
			return nil, errProtocol("The search filter cannot be read")
		}
	case filterPresent:
		out.def = f.schema.lookup(string(e.content))
	case filterEquality, filterGreater, filterLess, filterApprox:
		name, value := r.text(tagOctetString), r.text(tagOctetString)
		if r.err != nil {
			return nil, errProtocol("The search filter cannot be read")
		}
		if e.tag == filterApprox {
			out.kind = filterEquality
		}
		if strings.EqualFold(name, "anr") && out.kind == filterEquality {
			return f.nameResolution(value), nil
		}
		return out, f.assertion(out, name, value)
	case filterSubstrings:
		return out, f.compileSubstrings(out, r)
	case filterExtensible:
		return out, f.compileExtensible(out, r)
	default:
		return nil, errProtocol("The search filter cannot be read")
	}
	return out, nil
}

// assertion prepares the comparison of an attribute with a value.
func (f *Forest) assertion(out *filter, name, value string) *refusal {
	out.def = f.schema.lookup(name)
	if out.def == nil {
		return nil
	}
	if out.def.constructed {
		return ldapError(resultInappropriateMatch, 0x2037, "The attribute "+out.def.name+" cannot be searched")
	}
	d := out.def
	switch {
	case d == f.schema.objectCategory:
		out.value = fold(f.category(value))
	case d.references() || d == f.schema.distinguishedName:
		out.target, _ = f.resolve(value)
	case d.syntax == syntaxInt || d.syntax == syntaxInt64:
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil && d.syntax == syntaxInt {
			// Unsigned spellings of 32-bit flags mean the same bits.
			if u, uerr := strconv.ParseUint(value, 10, 32); uerr == nil {
				n, err = int64(int32(u)), nil
			}
		}
		if d.syntax == syntaxInt && n > 1<<31-1 && n < 1<<32 {
			n = int64(int32(n))
		}
		out.number, out.never = n, err != nil
	case d.syntax == syntaxTime:
		t, ok := parseTime(value)
		out.value, out.never = formatTime(t), !ok
	case d.syntax == syntaxBool:
		out.value = strings.ToUpper(value)
	default:
		out.value = d.normal(f.binaryForm(d, value))
	}
	return nil
}

// binaryForm turns the text form of a GUID or SID into its bytes, as AD does
// for filters.
func (f *Forest) binaryForm(d *attributeDef, value string) string {
	if d.syntax == syntaxSID {
		if raw, ok := parseSID(value); ok {
			return raw
		}
	}
	if d == f.schema.objectGUID && len(value) != 16 {
		if raw, ok := parseGUID(value); ok {
			return raw
		}
	}
	return value
}

// category finds the common name of a category by the class's name or by the
// distinguished name of the classSchema object.
func (f *Forest) category(value string) string {
	if c := f.schema.classes[strings.ToLower(value)]; c != nil {
		return c.category
	}
	if name, refused := parseName(value); refused == nil && name.Parent().Key() == f.schemaKey {
		return name.Leaf().Value
	}
	return ""
}

func (f *Forest) compileSubstrings(out *filter, r *reader) *refusal {
	out.def = f.schema.lookup(r.text(tagOctetString))
	list := r.sub(tagSequence)
	var initial, final string
	var middle []string
	for list.more() {
		e := list.next()
		piece := string(e.content)
		if out.def != nil {
			piece = out.def.normal(piece)
		}
		switch e.tag {
		case 0x80:
			initial = piece
		case 0x81:
			middle = append(middle, piece)
		case 0x82:
			final = piece
		}
	}
	if list.err != nil {
		return errProtocol("The search filter cannot be read")
	}
	out.pieces = append(append([]string{initial}, middle...), final)
	if out.def != nil && out.def.syntax == syntaxReference {
		out.never = true // AD has no substring matching on names
	}
	return nil
}

func (f *Forest) compileExtensible(out *filter, r *reader) *refusal {
	var name, value string
	for r.more() {
		switch e := r.next(); e.tag {
		case 0x81:
			out.rule = string(e.content)
		case 0x82:
			name = string(e.content)
		case 0x83:
			value = string(e.content)
		}
	}
	if r.err != nil {
		return errProtocol("The search filter cannot be read")
	}
	if out.rule == "" {
		out.kind = filterEquality
	}
	if refused := f.assertion(out, name, value); refused != nil {
		return refused
	}
	switch out.rule {
	case "", ruleBitAnd, ruleBitOr:
	case ruleInChain:
		if out.def != nil && out.target != nil {
			out.chain = closure(out.def, out.target)
		}
	default:
		return ldapError(resultInappropriateMatch, 0x2037, "The matching rule is not supported")
	}
	return nil
}

// closure finds the objects that reach target by one or more steps of def.
func closure(def *attributeDef, target *object) map[*object]bool {
	seen := map[*object]bool{}
	queue := []*object{target}
	for len(queue) > 0 {
		o := queue[0]
		queue = queue[1:]
		next := o.referrers(def)
		if def.forward != nil {
			next = o.targets(def.forward)
		}
		for _, n := range next {
			if !seen[n] {
				seen[n] = true
				queue = append(queue, n)
			}
		}
	}
	return seen
}

// nameResolution is ambiguous name resolution: (anr=x) is an OR of prefix
// searches on the attributes that name a person or a group.
func (f *Forest) nameResolution(value string) *filter {
	out := &filter{kind: filterOr}
	for _, name := range []string{"displayName", "givenName", "legacyExchangeDN", "physicalDeliveryOfficeName", "proxyAddresses", "name", "sAMAccountName", "sn", "mailNickname"} {
		def := f.schema.lookup(name)
		if def == nil {
			continue
		}
		part := &filter{kind: filterSubstrings, def: def, pieces: []string{fold(value), ""}}
		if exact, ok := strings.CutPrefix(value, "="); ok {
			part = &filter{kind: filterEquality, def: def, value: fold(exact)}
		}
		out.parts = append(out.parts, part)
	}
	return out
}

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
