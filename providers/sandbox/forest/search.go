package forest

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// The scopes of a search.
const (
	scopeBase = 0
	scopeOne  = 1
	scopeSub  = 2
)

// maxQueryDuration is AD's: how long one search may take.
const maxQueryDuration = 2 * time.Minute

// searchRequest is a decoded SearchRequest.
type searchRequest struct {
	base       string
	scope      int64
	sizeLimit  int64
	typesOnly  bool
	filter     element
	attributes []string
}

func readSearch(content []byte) (searchRequest, *refusal) {
	r := &reader{rest: content}
	var q searchRequest
	q.base = r.text(tagOctetString)
	q.scope = r.integer(tagEnumerated)
	r.integer(tagEnumerated) // aliases: AD has none
	q.sizeLimit = r.integer(tagInteger)
	r.integer(tagInteger) // time limit
	q.typesOnly = r.boolean(tagBoolean)
	q.filter = r.next()
	q.attributes = r.texts(tagSequence)
	if r.err != nil || q.scope < scopeBase || q.scope > scopeSub {
		return q, errProtocol("The search request cannot be read")
	}
	return q, nil
}

// search answers a SearchRequest: entries, references, and the result.
func (s *session) search(m message) *refusal {
	q, refused := readSearch(m.op.content)
	if refused != nil {
		return refused
	}
	f := s.forest
	opts, refused := f.readControls(m.controls, searchControls)
	if refused != nil {
		return refused
	}
	v := view{deleted: opts.showDeleted, deactivated: opts.showDeactivated, extended: opts.extended, readOnly: s.readOnly}
	if q.base == "" && q.scope == scopeBase {
		return s.searchRootDSE(m.id, q)
	}
	if s.account == "" {
		return ldapError(resultOperationsError, 0x4DC, "In order to perform this operation a successful bind must be completed on the connection.")
	}
	f.mu.RLock()
	out, controls, refused := f.runSearch(m.id, q, opts, v, s.number)
	f.mu.RUnlock()
	for _, pdu := range out {
		if !s.send(pdu) {
			return nil
		}
	}
	s.responseControls = controls
	return refused
}

// runSearch computes one page. Each element of the result is one PDU. A search
// holds at most MaxPageSize entries, so that a page is built as a whole.
func (f *Forest) runSearch(id int64, q searchRequest, opts requestControls, v view, session uint64) ([][]byte, []control, *refusal) {
	compiled, refused := f.compileFilter(q.filter, 0)
	if refused != nil {
		return nil, nil, refused
	}
	base, refused := f.resolve(q.base)
	if refused != nil {
		return nil, nil, refused
	}
	if !v.visible(base) {
		return nil, nil, errNoObject(f.dn(base.parent))
	}
	pick, refused := f.selectAttributes(q.attributes)
	if refused != nil {
		return nil, nil, refused
	}
	page, refused := f.startPage(q, opts, session)
	if refused != nil {
		return nil, nil, refused
	}
	var out [][]byte
	list := f.scopeList(base, q.scope, compiled)
	from, _ := slices.BinarySearchFunc(list, page.after, func(o *object, after int64) int {
		return cmp.Compare(int64(o.seq), after+1)
	})
	deadline := time.Now().Add(maxQueryDuration)
	for i, o := range list[from:] {
		if i%1024 == 1023 && time.Now().After(deadline) {
			return out, nil, &refusal{code: resultTimeLimit}
		}
		if !v.visible(o) || f.matches(compiled, o, v) != isTrue {
			continue
		}
		if page.full() {
			page.remains = true
			break
		}
		pdu, refused := f.entry(id, o, pick, q.typesOnly, v)
		if refused != nil {
			return out, nil, refused
		}
		out = append(out, pdu)
		page.count(o)
	}
	if !page.remains && !opts.domainScope {
		out = append(out, f.continuations(id, base, q.scope)...)
	}
	controls, refused := page.finish()
	return out, controls, refused
}

// scopeList names, in the order of creation, the objects of the scope among
// which all matches are.
func (f *Forest) scopeList(base *object, scope int64, x *filter) []*object {
	if scope == scopeBase {
		return []*object{base}
	}
	inScope := func(o *object) bool {
		if scope == scopeOne {
			return o.parent == base && !o.head
		}
		for ; o != base; o = o.parent {
			if o == nil || o.head {
				return false
			}
		}
		return true
	}
	list, indexed := f.candidates(x)
	switch {
	case indexed && (scope == scopeSub || len(list) <= len(base.children)):
	case scope == scopeOne:
		list = make([]*object, 0, len(base.children))
		for _, child := range base.children {
			list = append(list, child)
		}
	case base == f.root:
		list = f.objects
	default:
		list = descendants(nil, base)
	}
	out := make([]*object, 0, len(list))
	for _, o := range list {
		if inScope(o) {
			out = append(out, o)
		}
	}
	bySeq := func(a, b *object) int { return cmp.Compare(a.seq, b.seq) }
	if !slices.IsSortedFunc(out, bySeq) {
		slices.SortFunc(out, bySeq)
	}
	return slices.Compact(out)
}

// descendants lists base and all below it, other naming contexts included.
func descendants(out []*object, base *object) []*object {
	out = append(out, base)
	for _, child := range base.children {
		out = descendants(out, child)
	}
	return out
}

// continuations are the references to naming contexts below the search base,
// which a search does not enter.
func (f *Forest) continuations(id int64, base *object, scope int64) [][]byte {
	if scope == scopeBase {
		return nil
	}
	var out [][]byte
	for _, head := range []*object{f.configRoot, f.schemaRoot} {
		if head == base || head.parent.context() != base.context() || !head.within(base) || scope == scopeOne && head.parent != base {
			continue
		}
		pdu, whole := open(nil, tagSequence)
		pdu = appendInteger(pdu, tagInteger, id)
		pdu, op := open(pdu, opSearchReference)
		pdu = appendText(pdu, tagOctetString, "ldap://"+f.dnsName+"/"+f.dn(head))
		out = append(out, shut(shut(pdu, op), whole))
	}
	return out
}

// selected is one attribute that a search asks for, with the range of values.
type selected struct {
	def  *attributeDef
	low  int
	high int // -1: to the end
	// ranged attributes were asked for with ;range=.
	ranged bool
}

// selectAttributes reads the list of requested attributes. Names that the
// schema does not have are ignored, as the protocol wants.
func (f *Forest) selectAttributes(names []string) ([]selected, *refusal) {
	var out []selected
	add := func(def *attributeDef) {
		if !slices.ContainsFunc(out, func(s selected) bool { return s.def == def && !s.ranged }) {
			out = append(out, selected{def: def, high: -1})
		}
	}
	all := func(constructed bool) {
		for _, def := range f.schema.ordered {
			if def.constructed == constructed {
				add(def)
			}
		}
	}
	if len(names) == 0 {
		all(false)
	}
	for _, name := range names {
		switch name {
		case "*":
			all(false)
			continue
		case "+":
			all(true)
			continue
		}
		name, options, _ := strings.Cut(name, ";")
		def := f.schema.lookup(name)
		if def == nil {
			continue
		}
		if options == "" || strings.EqualFold(options, "binary") {
			add(def)
			continue
		}
		low, high, ok := parseRange(options)
		if !ok {
			return nil, errProtocol("The attribute option " + options + " is not supported")
		}
		out = append(out, selected{def, low, high, true})
	}
	return out, nil
}

// entry writes one SearchResultEntry.
func (f *Forest) entry(id int64, o *object, pick []selected, typesOnly bool, v view) ([]byte, *refusal) {
	pdu, whole := open(make([]byte, 0, 512), tagSequence)
	pdu = appendInteger(pdu, tagInteger, id)
	pdu, op := open(pdu, opSearchEntry)
	pdu = appendText(pdu, tagOctetString, f.nameFor(o, v))
	pdu, list := open(pdu, tagSequence)
	for _, s := range pick {
		var refused *refusal
		if pdu, refused = f.appendAttribute(pdu, o, s, typesOnly, v); refused != nil {
			return nil, refused
		}
	}
	return shut(shut(shut(pdu, list), op), whole), nil
}

// appendAttribute writes one attribute of an entry, or nothing when o has none.
func (f *Forest) appendAttribute(pdu []byte, o *object, s selected, typesOnly bool, v view) ([]byte, *refusal) {
	var ends []*object
	var values []string
	switch {
	case s.def.references():
		ends = f.linkEnds(o, s.def, v)
	case s.def == f.schema.objectCategory:
		values = []string{"CN=" + o.class.category + "," + f.dn(f.schemaRoot)}
	case s.def == f.schema.attributeMetadata:
		values = f.attributeMetadata(o)
	case s.def == f.schema.valueMetadata:
		values = f.valueMetadata(o, v)
	case strings.HasSuffix(s.def.key, "effective"):
		values = f.effective(o, s.def, !v.readOnly && !f.readOnly(o))
	default:
		values = f.values(o, s.def)
	}
	count := len(ends) + len(values)
	if count == 0 {
		return pdu, nil
	}
	low, high, suffix, refused := f.cutRange(s, count)
	if refused != nil {
		return nil, refused
	}
	if suffix != "" && !s.ranged {
		// The attribute itself is there, without values; they follow under the
		// name with the range.
		pdu = appendEmpty(pdu, s.def.name)
	}
	if typesOnly {
		return appendEmpty(pdu, s.def.name+suffix), nil
	}
	pdu, one := open(pdu, tagSequence)
	pdu = appendText(pdu, tagOctetString, s.def.name+suffix)
	pdu, set := open(pdu, tagSet)
	for i := low; i < high; i++ {
		if ends != nil {
			pdu = appendText(pdu, tagOctetString, f.nameFor(ends[i], v))
		} else {
			pdu = appendText(pdu, tagOctetString, values[i])
		}
	}
	return shut(shut(pdu, set), one), nil
}

func appendEmpty(pdu []byte, name string) []byte {
	pdu, one := open(pdu, tagSequence)
	pdu = appendText(pdu, tagOctetString, name)
	pdu = appendElement(pdu, tagSet, nil)
	return shut(pdu, one)
}

// nameFor writes a name as the view wants it: with GUID and SID in front under
// the extended-DN control.
func (f *Forest) nameFor(o *object, v view) string {
	guid, sid, name := o.first(f.schema.objectGUID), o.first(f.schema.objectSid), ""
	switch v.extended {
	case plainDN:
		return f.dn(o)
	case hexDN:
		guid, sid = hex.EncodeToString([]byte(guid)), hex.EncodeToString([]byte(sid))
	case dashedDN:
		guid = formatGUID(guid)
		if sid != "" {
			sid = formatSID(sid)
		}
	}
	name = "<GUID=" + guid + ">;"
	if sid != "" {
		name += "<SID=" + sid + ">;"
	}
	return name + f.dn(o)
}
