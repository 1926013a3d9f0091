package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// chunkSize is how many objects one OR-filter names.
const chunkSize = 100

// ReadReferences reads the references of the given objects, whole, and then the
// objects they name that the space has as placeholders only. What lies outside
// BaseDN, or is not visible, stays a placeholder. An object that is gone by now
// keeps its attributes unread and is warned about.
func (d *Directory) ReadReferences(ctx context.Context, req planner.Request, objects []planner.ObjectID, attrs []string, s *planner.Space) error {
	c, err := d.reader.get(ctx)
	if err != nil {
		return err
	}
	r := &referenceRead{d: d, c: c, space: s, attrs: attrs, open: map[planner.ObjectID]bool{}, placeholders: map[planner.ObjectID]bool{}}
	for _, o := range objects {
		if s.State(o) != planner.Placeholder && s.Anchor(o) != "" {
			r.open[o] = true
		}
	}
	r.total = len(r.open)
	for _, objectType := range r.crowdedTypes() {
		for _, p := range d.places(req) {
			if err := r.search(ctx, p.dn, typeFilter(objectType)); err != nil && (p.required || !hasCode(err, ldap.LDAPResultNoSuchObject)) {
				return d.fault("read the "+strings.Join(attrs, ", ")+" of the "+plural(objectType)+" below", p.dn.String(), err, "")
			}
		}
	}
	if err := r.searchOpen(ctx); err != nil {
		return err
	}
	if err := r.readDeleted(ctx); err != nil {
		return err
	}
	r.warn()
	return d.readPlaceholders(ctx, req, s, r.placeholders)
}

// referenceRead is one ReadReferences under way.
type referenceRead struct {
	d            *Directory
	c            *conn
	space        *planner.Space
	attrs        []string
	open         map[planner.ObjectID]bool // not read yet
	total        int
	placeholders map[planner.ObjectID]bool // named, not read
	ids          []planner.ObjectID        // used again for every attribute
}

// crowdedTypes are the types of which so many objects are asked for that one
// search for all of the type is cheaper than naming them.
func (r *referenceRead) crowdedTypes() []string {
	asked, there := map[string]int{}, map[string]int{}
	for o := range r.open {
		if r.space.State(o) == planner.Live {
			asked[r.space.Type(o)]++
		}
	}
	for o := range planner.ObjectID(r.space.Len()) {
		if r.space.State(o) == planner.Live {
			there[r.space.Type(o)]++
		}
	}
	var types []string
	for t, n := range asked {
		if n > chunkSize && 2*n > there[t] {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	return types
}

// searchOpen names the objects that are still to be read.
func (r *referenceRead) searchOpen(ctx context.Context) error {
	filters := make([]string, 0, len(r.open))
	for _, o := range sortedKeys(r.open) {
		if raw, ok := planner.ParseGUID(r.space.Anchor(o)); ok && r.space.State(o) == planner.Live {
			filters = append(filters, equals("objectGUID", raw))
		}
	}
	for chunk := range slices.Chunk(filters, chunkSize) {
		if err := r.search(ctx, r.d.base, anyOf(chunk)); err != nil {
			return r.d.fault("read the "+strings.Join(r.attrs, ", ")+" of objects below", r.d.base.String(), err, "")
		}
	}
	return nil
}

// readDeleted reads the references that deleted objects keep in the Recycle Bin
// and that come back when they are restored.
func (r *referenceRead) readDeleted(ctx context.Context) error {
	for _, o := range sortedKeys(r.open) {
		if r.space.State(o) != planner.Deleted {
			continue
		}
		e, err := r.c.entry(ctx, guidDN(r.space.Anchor(o)), true, r.names()...)
		if e != nil && err == nil {
			err = r.visit(ctx, e)
		}
		if err != nil && !hasCode(err, ldap.LDAPResultNoSuchObject) {
			return r.d.fault("read the "+strings.Join(r.attrs, ", ")+" of the deleted", r.space.Name(o), err, "")
		}
	}
	return nil
}

func (r *referenceRead) names() []string {
	return append([]string{"objectGUID", "uSNChanged"}, r.attrs...)
}

func (r *referenceRead) search(ctx context.Context, base planner.DN, filter string) error {
	return r.c.pages(ctx, query{base: base.String(), filter: filter, attrs: r.names()}, func(e *ldap.Entry) error {
		return r.visit(ctx, e)
	}, func() { r.d.config.Progress("reading "+strings.Join(r.attrs, ", "), r.total-len(r.open), r.total, 0) })
}

func (r *referenceRead) visit(ctx context.Context, e *ldap.Entry) error {
	anchor := planner.FormatGUID(e.GetEqualFoldAttributeValue("objectGUID"))
	o := r.space.ByAnchor(anchor)
	if o == planner.NoObject || !r.open[o] {
		return nil
	}
	for _, name := range r.attrs {
		r.ids = r.ids[:0]
		values, p, _ := attribute(e, name)
		r.add(values)
		if p != nil {
			l := valueList{anchor: anchor, attr: name, deleted: r.space.State(o) == planner.Deleted, begin: func() { r.ids = r.ids[:0] }, add: r.add}
			if err := r.c.complete(ctx, l, *p, e.GetEqualFoldAttributeValue("uSNChanged")); err != nil {
				return fmt.Errorf("reading all values of %s of %s: %w", name, printable(e.DN), err)
			}
		}
		r.note()
		r.space.SetReferences(o, name, r.ids)
	}
	delete(r.open, o)
	return nil
}

func (r *referenceRead) add(values []string) {
	for _, v := range values {
		r.ids = append(r.ids, r.space.Reference(v))
	}
}

// note remembers the placeholders among ids.
func (r *referenceRead) note() {
	for _, o := range r.ids {
		if r.space.State(o) == planner.Placeholder {
			r.placeholders[o] = true
		}
	}
}

// warn names the objects that were there when Read ran and did not come now.
func (r *referenceRead) warn() {
	for _, o := range sortedKeys(r.open) {
		for _, a := range r.attrs {
			r.space.SetUnreadable(o, a)
		}
		r.space.Warnings = append(r.space.Warnings, planner.Diagnostic{
			Severity: "warning", Code: "vanished",
			Summary: fmt.Sprintf("%s: %s vanished during the read", r.space.Provider, printable(r.space.Name(o))),
			Detail:  "It was found first and was gone when its " + strings.Join(r.attrs, ", ") + " was read: somebody deleted it or moved it out of sight. Run again.",
		})
	}
}

// maxRestarts is how often a list that changes while it is read is begun anew.
const maxRestarts = 5

// valueList is one attribute with too many values for one answer.
type valueList struct {
	anchor  string
	attr    string
	deleted bool
	begin   func()         // forget what was added
	add     func([]string) // take further values
}

// complete reads the rest of a list of which p is the first part. A change of
// the object in between (uSNChanged) begins it anew, because the places of the
// values may have shifted. usn may be "" when it was not read with p.
func (c *conn) complete(ctx context.Context, l valueList, p part, usn string) error {
	l.begin()
	next := 0
	for restarts := 0; ; {
		if p.low != next {
			return fmt.Errorf("the server sent values from %d on when %d was next", p.low, next)
		}
		l.add(p.values)
		if p.high < 0 {
			return nil
		}
		next = p.high + 1
		got, now, err := c.readPart(ctx, l, next)
		// Past the end, which a list that shrank may have, AD answers operationsError.
		shrank := hasCode(err, ldap.LDAPResultOperationsError)
		if err != nil && !shrank {
			return err
		}
		if shrank || usn != "" && now != usn || got.low != next {
			if restarts++; restarts > maxRestarts {
				return errors.New("the object keeps changing while it is read; run again when it is quiet")
			}
			l.begin()
			next = 0
			if got, now, err = c.readPart(ctx, l, 0); err != nil {
				return err
			}
		}
		p, usn = got, now
	}
}

// readPart asks for the values from low on.
func (c *conn) readPart(ctx context.Context, l valueList, low int) (part, string, error) {
	e, err := c.entry(ctx, guidDN(l.anchor), l.deleted, l.attr+";range="+strconv.Itoa(low)+"-*", "uSNChanged")
	if err != nil {
		return part{}, "", err
	}
	if e == nil {
		return part{}, "", errors.New("the object is not visible any more")
	}
	usn := e.GetEqualFoldAttributeValue("uSNChanged")
	values, p, _ := attribute(e, l.attr)
	switch {
	case p != nil:
		return *p, usn, nil
	case len(values) == 0: // nothing from there on
		return part{attr: l.attr, low: low, high: -1}, usn, nil
	default: // a server that sends everything at once
		return part{attr: l.attr, values: values, high: -1}, usn, nil
	}
}

// readPlaceholders reads objects that are known by name only.
func (d *Directory) readPlaceholders(ctx context.Context, req planner.Request, s *planner.Space, placeholders map[planner.ObjectID]bool) error {
	var here, elsewhere []string
	for _, o := range sortedKeys(placeholders) {
		dn, err := planner.ParseDN(s.Name(o))
		switch {
		case err != nil:
		case dn.IsBelow(d.base):
			here = append(here, equals("distinguishedName", s.Name(o)))
		default:
			elsewhere = append(elsewhere, equals("distinguishedName", s.Name(o)))
		}
	}
	if err := d.lookUp(ctx, d.reader, d.base.String(), req, here, s); err != nil {
		return err
	}
	if d.catalog == nil {
		return nil
	}
	return d.lookUp(ctx, d.catalog, "", req, elsewhere, s)
}

// lookUp reads the objects that match one of filters.
func (d *Directory) lookUp(ctx context.Context, l *link, base string, req planner.Request, filters []string, s *planner.Space) error {
	if len(filters) == 0 {
		return nil
	}
	c, err := l.get(ctx)
	if err != nil {
		return err
	}
	k := newKeeper(req, s)
	attrs, done := k.request(), 0
	for chunk := range slices.Chunk(filters, chunkSize) {
		err := c.pages(ctx, query{base: base, filter: anyOf(chunk), attrs: attrs}, func(e *ldap.Entry) error {
			return d.keep(ctx, c, k, e)
		}, nil)
		if err != nil {
			return d.fault("read the objects that references name on", c.root.host, err, "")
		}
		done += len(chunk)
		d.config.Progress("reading members", done, len(filters), 0)
	}
	k.warn()
	return nil
}

// sortedKeys lists the objects of a set in order.
func sortedKeys(set map[planner.ObjectID]bool) []planner.ObjectID {
	keys := make([]planner.ObjectID, 0, len(set))
	for o := range set {
		keys = append(keys, o)
	}
	slices.Sort(keys)
	return keys
}
