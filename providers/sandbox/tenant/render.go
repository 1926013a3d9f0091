package tenant

// shape says how an object is written into an answer.
type shape struct {
	projection *projection
	// withType adds @odata.type, for collections of several kinds.
	withType bool
	// relationship hides what this identity may not read of the kind: only id
	// and type come back, everything else is null.
	relationship bool
	expand       *relation
}

// render appends the JSON of an object. The caller holds the lock.
func (t *Tenant) render(b []byte, o *object, s *shape) []byte {
	e := entities[o.kind]
	limited := s.relationship && !t.readers[o.kind]
	b = append(b, '{')
	if s.withType {
		b = append(b, `"@odata.type":"#microsoft.graph.`...)
		b = append(b, e.name...)
		b = append(b, '"')
	}
	for _, i := range s.projection.properties[o.kind] {
		p := &e.properties[i]
		if len(b) > 0 && b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, p.name...)
		b = append(b, '"', ':')
		if limited && p.name != "id" {
			b = append(b, p.absent()...)
			continue
		}
		b = append(b, o.output(i, p)...)
	}
	if s.expand != nil {
		b = t.renderRelation(b, o, s.expand)
	}
	return append(b, '}')
}

// output is the JSON text of a property as Graph returns it.
func (o *object) output(i int, p *property) string {
	if raw := o.get(i); raw != "" {
		return raw
	}
	if p.name == "securityIdentifier" {
		return quote(securityIdentifier(o.id)) // Graph has it on every object
	}
	return p.absent()
}

// renderRelation appends an expanded relationship: at most 20 items, and no
// word about the rest.
func (t *Tenant) renderRelation(b []byte, o *object, expand *relation) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, expand.name...)
	b = append(b, `":[`...)
	items := o.owners
	if expand.name == "members" {
		items = t.visibleMembers(o)
	}
	s := &shape{projection: expand.projection, withType: true, relationship: true}
	for n, i := range items[:min(len(items), maxExpand)] {
		if n > 0 {
			b = append(b, ',')
		}
		b = t.render(b, &t.objects[i], s)
	}
	return append(b, ']')
}

// hidden reports whether this identity must not see the members of a group.
func (t *Tenant) hidden(o *object) bool {
	return o.hiddenMembership() && !t.may(readHidden)
}

// visibleMembers are the members that this identity sees.
func (t *Tenant) visibleMembers(o *object) []int32 {
	if t.hidden(o) {
		return nil
	}
	return o.members
}
