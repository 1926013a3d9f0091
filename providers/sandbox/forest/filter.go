package forest

import (
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
