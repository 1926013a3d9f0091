package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// Find looks below BaseDN, past the search bases, for objects with the given
// values of one attribute; a sAMAccountName is looked for in the global catalog,
// too, where there is one. objectGUID (or "id") takes the anchor's text,
// objectSid the text of a SID or its octets.
func (d *Directory) Find(ctx context.Context, req planner.Request, attribute string, values []string, s *planner.Space) error {
	f := newFinder(attribute, req, s, d.config.Schema)
	if err := f.search(ctx, d, d.reader, d.base.String(), values); err != nil {
		return err
	}
	if d.catalog != nil && strings.EqualFold(attribute, "sAMAccountName") {
		f.partial = true
		if err := f.search(ctx, d, d.catalog, "", values); err != nil {
			return err
		}
	}
	for _, v := range values {
		if objects := f.found[f.key(v)]; len(objects) > 0 {
			s.SetFound(attribute, v, objects...)
		} else {
			s.ProveAbsent(attribute, v)
		}
	}
	f.keeper.warn()
	return nil
}

// finder is one Find under way.
type finder struct {
	attr    string // LDAP's name
	octets  bool
	keeper  *keeper
	partial bool // entries of a global catalog: they lack attributes
	found   map[string][]planner.ObjectID
}

func newFinder(attr string, req planner.Request, s *planner.Space, schema *planner.Schema) *finder {
	switch strings.ToLower(attr) {
	case "id":
		attr = "objectGUID"
	case "dn":
		attr = "distinguishedName"
	}
	f := &finder{attr: attr, found: map[string][]planner.ObjectID{}}
	a, ok := schema.Lookup(attr)
	f.octets = ok && a.Syntax == planner.SyntaxOctets
	f.keeper = newKeeper(req, s, attr)
	return f
}

// octetsOf is the value as the directory has it; false when no object can have it.
func (f *finder) octetsOf(value string) (string, bool) {
	switch strings.ToLower(f.attr) {
	case "objectguid":
		return planner.ParseGUID(value)
	case "objectsid":
		if raw, ok := planner.ParseSID(value); ok {
			return raw, true
		}
	}
	return value, value != ""
}

// key is a form in which values that AD takes for the same are mostly the same.
func (f *finder) key(value string) string {
	raw, ok := f.octetsOf(value)
	switch {
	case !ok:
		return ""
	case strings.EqualFold(f.attr, "distinguishedName"):
		return planner.DNKey(value)
	case f.octets || strings.EqualFold(f.attr, "objectGUID"):
		return raw
	}
	return strings.ToLower(raw)
}

// search looks for all values, a chunk at a time.
func (f *finder) search(ctx context.Context, d *Directory, l *link, base string, values []string) error {
	c, err := l.get(ctx)
	if err != nil {
		return err
	}
	done := 0
	for chunk := range slices.Chunk(values, chunkSize) {
		sure, err := f.searchChunk(ctx, d, c, base, chunk)
		if err != nil {
			return err
		}
		if !sure && len(chunk) > 1 {
			// AD found an object by a comparison that key does not know (by
			// locale); asked for one value at a time it must say for which.
			for i := range chunk {
				if _, err := f.searchChunk(ctx, d, c, base, chunk[i:i+1]); err != nil {
					return err
				}
			}
		}
		done += len(chunk)
		d.config.Progress("looking for "+f.attr, done, len(values), 0)
	}
	return nil
}

// searchChunk looks for some values. sure says that each entry that came has
// one of them; an entry that a single value brought has that value.
func (f *finder) searchChunk(ctx context.Context, d *Directory, c *conn, base string, values []string) (sure bool, err error) {
	asked := map[string]bool{}
	var filters []string
	for _, v := range values {
		if raw, ok := f.octetsOf(v); ok && !asked[f.key(v)] {
			asked[f.key(v)] = true
			filters = append(filters, equals(f.attr, raw))
		}
	}
	if len(filters) == 0 {
		return true, nil
	}
	sure = true
	err = c.pages(ctx, query{base: base, filter: anyOf(filters), attrs: f.keeper.request()}, func(e *ldap.Entry) error {
		o, err := f.keep(ctx, d, c, e)
		if err != nil {
			return err
		}
		if o == planner.NoObject {
			return fmt.Errorf("%s has one of the values, and this identity may not read its objectGUID", printable(e.DN))
		}
		known := false
		for _, v := range f.valuesOf(e) {
			if key := f.entryKey(v); asked[key] {
				known = true
				f.note(key, o)
			}
		}
		if !known && len(filters) == 1 {
			known = true
			f.note(f.key(values[0]), o)
		}
		sure = sure && known
		return nil
	}, nil)
	if err != nil {
		return false, d.fault("look for "+f.attr+" below", base, err, "")
	}
	return sure, nil
}

// keep stores an entry; a partial one only when the object is not known.
func (f *finder) keep(ctx context.Context, d *Directory, c *conn, e *ldap.Entry) (planner.ObjectID, error) {
	s := f.keeper.space
	o := s.ByAnchor(planner.FormatGUID(e.GetEqualFoldAttributeValue("objectGUID")))
	if f.partial && o != planner.NoObject && s.State(o) == planner.Live {
		return o, nil
	}
	if err := d.keep(ctx, c, f.keeper, e); err != nil {
		return planner.NoObject, err
	}
	return s.ByAnchor(planner.FormatGUID(e.GetEqualFoldAttributeValue("objectGUID"))), nil
}

func (f *finder) valuesOf(e *ldap.Entry) []string {
	if strings.EqualFold(f.attr, "distinguishedName") {
		return []string{e.DN}
	}
	return e.GetEqualFoldAttributeValues(f.attr)
}

// entryKey is key for a value that came from the directory.
func (f *finder) entryKey(value string) string {
	if strings.EqualFold(f.attr, "objectGUID") || f.octets {
		return value
	}
	return f.key(value)
}

func (f *finder) note(key string, o planner.ObjectID) {
	if !slices.Contains(f.found[key], o) {
		f.found[key] = append(f.found[key], o)
	}
}
