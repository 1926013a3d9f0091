package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// Read fills s with the objects of the requested types below the search bases,
// with everything below the subtrees at least by name, and with marked deleted
// objects. A search base that does not exist is an error; a subtree that does
// not exist is not.
func (d *Directory) Read(ctx context.Context, req planner.Request, s *planner.Space) error {
	c, err := d.reader.get(ctx)
	if err != nil {
		return err
	}
	if s.ReadAt, err = c.clock(ctx); err != nil {
		return d.fault("read the clock of", c.root.host, err, "")
	}
	if err := d.readSchema(ctx, c, req, s); err != nil {
		return err
	}
	k := newKeeper(req, s)
	for _, t := range req.Types {
		if t.All {
			if err := d.readType(ctx, c, t.Type, d.places(req), k); err != nil {
				return err
			}
		}
	}
	if err := d.readNamesBelow(ctx, c, req, k); err != nil {
		return err
	}
	k.warn()
	if req.Mark == "" {
		return nil
	}
	return d.readDeleted(ctx, c, req, s)
}

// clock is the server's time, or this machine's where the server gives none.
func (c *conn) clock(ctx context.Context) (time.Time, error) {
	e, err := c.entry(ctx, "", false, "currentTime")
	if err != nil {
		return time.Time{}, err
	}
	if e != nil {
		if t, err := time.Parse("20060102150405.0Z", e.GetAttributeValue("currentTime")); err == nil {
			return t, nil
		}
	}
	return time.Now().UTC().Truncate(time.Second), nil
}

// place is a subtree to search.
type place struct {
	dn       planner.DN
	required bool // a search base: must exist
}

// places are the search bases and the subtrees outside of them.
func (d *Directory) places(req planner.Request) []place {
	places := make([]place, 0, len(d.bases))
	for _, b := range d.bases {
		places = append(places, place{dn: b, required: true})
	}
	for _, dn := range subtrees(req) {
		outside := true
		for _, p := range places {
			outside = outside && !dn.IsBelow(p.dn)
		}
		if outside {
			places = append(places, place{dn: dn})
		}
	}
	return places
}

// subtrees are the request's, none below another. What does not parse is no
// name of an object, so there is nothing below it.
func subtrees(req planner.Request) []planner.DN {
	var dns []planner.DN
	for _, name := range req.Subtrees {
		if dn, err := planner.ParseDN(name); err == nil && dn.Len() > 0 {
			dns = addBase(dns, dn)
		}
	}
	return dns
}

// readType reads every object of a type.
func (d *Directory) readType(ctx context.Context, c *conn, objectType string, places []place, k *keeper) error {
	stage, done := "reading "+plural(objectType), 0
	for _, p := range places {
		q := query{base: p.dn.String(), filter: typeFilter(objectType), attrs: k.request(objectType)}
		err := c.pages(ctx, q, func(e *ldap.Entry) error {
			done++
			return d.keep(ctx, c, k, e)
		}, func() { d.config.Progress(stage, done, 0, 0) })
		if err != nil && (p.required || !hasCode(err, ldap.LDAPResultNoSuchObject)) {
			return d.fault("read the "+plural(objectType)+" below", p.dn.String(), err, d.missingHint(c, err))
		}
	}
	return nil
}

// readNamesBelow reads what readType left out below the subtrees.
func (d *Directory) readNamesBelow(ctx context.Context, c *conn, req planner.Request, k *keeper) error {
	var had, others []string
	for _, t := range req.Types {
		if t.All {
			had = append(had, typeFilter(t.Type))
		} else {
			others = append(others, t.Type)
		}
	}
	filter := "(objectClass=*)"
	if len(had) > 0 {
		filter = "(&(objectClass=*)(!" + anyOf(had) + "))"
	}
	attrs := []string{"objectClass", "objectGUID"}
	if len(others) > 0 {
		attrs = k.request(others...)
	}
	for _, dn := range subtrees(req) {
		done := 0
		err := c.pages(ctx, query{base: dn.String(), filter: filter, attrs: attrs}, func(e *ldap.Entry) error {
			done++
			return d.keep(ctx, c, k, e)
		}, func() { d.config.Progress("reading names", done, 0, 0) })
		if err != nil && !hasCode(err, ldap.LDAPResultNoSuchObject) {
			return d.fault("read the names below", dn.String(), err, "")
		}
	}
	return nil
}

// keep stores a live entry and completes the attributes of which a part came.
func (d *Directory) keep(ctx context.Context, c *conn, k *keeper, e *ldap.Entry) error {
	o, parts := k.store(e, planner.Live)
	for _, p := range parts {
		var values []string
		l := valueList{anchor: k.space.Anchor(o), attr: p.attr,
			begin: func() { values = values[:0] },
			add:   func(more []string) { values = append(values, more...) },
		}
		if err := c.complete(ctx, l, p, ""); err != nil {
			return fmt.Errorf("reading all values of %s of %s: %w", p.attr, printable(e.DN), err)
		}
		k.space.Set(o, p.attr, values...)
	}
	return nil
}

func plural(objectType string) string {
	if objectType == "inetOrgPerson" {
		return "inetOrgPersons"
	}
	return objectType + "s"
}

// readSchema asks the schema partition which of the request's attributes exist.
func (d *Directory) readSchema(ctx context.Context, c *conn, req planner.Request, s *planner.Space) error {
	names := map[string]bool{"objectclass": false} // exists everywhere: proves that the schema is readable
	for _, t := range req.Types {
		for _, list := range [][]string{t.Attributes, t.References} {
			for _, a := range list {
				if !strings.EqualFold(a, "dn") {
					names[strings.ToLower(a)] = false
				}
			}
		}
	}
	filters := make([]string, 0, len(names))
	for name := range names {
		filters = append(filters, equals("lDAPDisplayName", name))
	}
	for chunk := range slices.Chunk(filters, chunkSize) {
		q := query{base: c.root.schemaNC, filter: anyOf(chunk), attrs: []string{"lDAPDisplayName"}}
		err := c.pages(ctx, q, func(e *ldap.Entry) error {
			names[strings.ToLower(e.GetAttributeValue("lDAPDisplayName"))] = true
			return nil
		}, nil)
		if err != nil {
			return d.fault("read the schema", c.root.schemaNC, err, "")
		}
	}
	if names["objectclass"] {
		s.HasAttribute = names
		return nil
	}
	s.Warnings = append(s.Warnings, planner.Diagnostic{
		Severity: "warning", Code: "schema_unreadable",
		Summary: s.Provider + ": the schema is not readable",
		Detail:  "The identity that landfall binds as sees no attribute definitions in " + printable(c.root.schemaNC) + ", so nobody knows whether the Exchange attributes exist.",
	})
	return nil
}
