package forest

// compare answers a CompareRequest.
func (s *session) compare(m message) *refusal {
	f := s.forest
	if s.account == "" {
		return ldapError(resultOperationsError, 0x4DC, "In order to perform this operation a successful bind must be completed on the connection.")
	}
	r := &reader{rest: m.op.content}
	name := r.text(tagOctetString)
	assertion := r.sub(tagSequence)
	attr, value := assertion.text(tagOctetString), assertion.text(tagOctetString)
	if r.err != nil || assertion.err != nil {
		return errProtocol("The compare request cannot be read")
	}
	if _, refused := f.readControls(m.controls, nil); refused != nil {
		return refused
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	o, refused := f.resolve(name)
	if refused != nil {
		return refused
	}
	x := &filter{kind: filterEquality}
	if refused := f.assertion(x, attr, value); refused != nil {
		return refused
	}
	switch {
	case o.deleted:
		return errNoObject(f.dn(f.root))
	case x.def == nil:
		return errUnknownAttribute()
	case f.matches(x, o, view{}) == isTrue:
		return &refusal{code: resultCompareTrue}
	}
	return &refusal{code: resultCompareFalse}
}
