package ad

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// How much history is read at most. A plan beyond that is no matter of who
// changed what.
const (
	maxHistoryObjects = 1000
	maxHistoryValues  = 100_000 // of links, over all objects
)

const (
	attributeMetadata = "msDS-ReplAttributeMetaData"
	valueMetadata     = "msDS-ReplValueMetaData"
)

// ReadHistory reads the replication metadata of objects, each by itself: a
// domain controller constructs it for them one at a time.
func (d *Directory) ReadHistory(ctx context.Context, objects []planner.HistoryRequest) (planner.Histories, error) {
	h := planner.Histories{Objects: map[string]*planner.History{}}
	if len(objects) == 0 {
		return h, nil
	}
	c, err := d.reader.get(ctx)
	if err != nil {
		return h, err
	}
	r := historyRead{d: d, c: c, left: d.config.historyValues}
	if h.Forgotten, err = r.forgotten(ctx); err != nil {
		return h, err
	}
	asked := objects[:min(len(objects), d.config.historyObjects)]
	for i, o := range asked {
		found, err := r.object(ctx, o)
		if err != nil {
			return h, d.fault("read the replication metadata of", o.DN, err, "")
		}
		if found != nil {
			h.Objects[o.Anchor] = found
		}
		d.config.Progress("reading when values changed", i+1, len(asked), 0)
	}
	switch {
	case len(asked) < len(objects):
		h.Missing = fmt.Sprintf("it is asked of the first %d objects only", len(asked))
	case len(h.Objects) == 0:
		h.Missing = "the domain controller constructs no " + attributeMetadata + " for this identity. Samba never does; in Active Directory this identity may not read it: " +
			"let it read the objects, or grant it \"Monitor Active Directory Replication\" on the domain"
	case len(h.Objects) < len(objects):
		h.Missing = "some objects are gone, or this identity may not read their " + attributeMetadata
	}
	return h, nil
}

// historyRead is one ReadHistory under way.
type historyRead struct {
	d    *Directory
	c    *conn
	left int // values of links that may still be read
}

// forgotten is the time before which the directory no longer knows the links that
// were removed: a tombstone's lifetime ago.
func (r *historyRead) forgotten(ctx context.Context) (time.Time, error) {
	now, err := r.c.clock(ctx)
	if err != nil {
		return time.Time{}, r.d.fault("read the clock of", r.c.root.host, err, "")
	}
	service := "CN=Directory Service,CN=Windows NT,CN=Services," + r.c.root.configNC
	e, err := r.c.entry(ctx, service, false, "objectClass", "tombstoneLifetime")
	if err != nil && !hasCode(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) {
		return time.Time{}, r.d.fault("read the lifetime of tombstones in", service, err, "")
	}
	if err != nil || e == nil || len(e.GetAttributeValues("objectClass")) == 0 {
		return time.Time{}, nil
	}
	const unset = 60 // days, when the attribute is absent
	days := unset
	if text := e.GetAttributeValue("tombstoneLifetime"); text != "" {
		if days, err = strconv.Atoi(text); err != nil || days < 1 || days > 36500 {
			return time.Time{}, nil
		}
	}
	return now.AddDate(0, 0, -days), nil
}

// object reads the history of one object; nil when there is none to be had.
func (r *historyRead) object(ctx context.Context, o planner.HistoryRequest) (*planner.History, error) {
	attrs := []string{"uSNChanged", attributeMetadata}
	if len(o.Links) > 0 {
		attrs = append(attrs, valueMetadata)
	}
	e, err := r.c.entry(ctx, guidDN(o.Anchor), o.Deleted, attrs...)
	if hasCode(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) || err == nil && e == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := &planner.History{Attributes: map[string]planner.Stamp{}}
	h.EveryAttribute, err = r.values(ctx, o, e, attributeMetadata, func(text string) bool {
		name, s, ok := attributeStamp(text)
		if ok {
			h.Attributes[strings.ToLower(name)] = s
		}
		return ok
	})
	if err != nil || len(h.Attributes) == 0 {
		return nil, err
	}
	if len(o.Links) > 0 {
		h.EveryValue, err = r.values(ctx, o, e, valueMetadata, func(text string) bool {
			v, ok := valueStamp(text)
			if ok && slices.ContainsFunc(o.Links, func(a string) bool { return strings.EqualFold(a, v.Attribute) }) {
				h.Values = append(h.Values, v)
			}
			return ok
		})
	}
	return h, err
}

// values hands over all values of a metadata attribute, those of further parts
// too. whole says that all came and take has understood each of them. A list that
// changes meanwhile is not read again: one may come twice then, or not at all.
func (r *historyRead) values(ctx context.Context, o planner.HistoryRequest, e *ldap.Entry, attr string, take func(string) bool) (whole bool, err error) {
	whole = true
	add := func(values []string) {
		for _, v := range values {
			whole = take(v) && whole
		}
		if attr == valueMetadata {
			r.left -= len(values)
		}
	}
	values, p, _ := attribute(e, attr)
	if p == nil {
		add(values)
		return whole, nil
	}
	l := valueList{anchor: o.Anchor, attr: attr, deleted: o.Deleted}
	for usn, next := e.GetEqualFoldAttributeValue("uSNChanged"), 0; ; {
		if p.low != next {
			return false, fmt.Errorf("the server sent values from %d on when %d was next", p.low, next)
		}
		add(p.values)
		if p.high < 0 {
			return whole, nil
		}
		if r.left <= 0 {
			return false, nil
		}
		next = p.high + 1
		got, now, err := r.c.readPart(ctx, l, next)
		if hasCode(err, ldap.LDAPResultOperationsError, ldap.LDAPResultNoSuchObject) {
			return false, nil // it shrank, or is gone
		}
		if err != nil {
			return false, err
		}
		whole = whole && usn == now
		p, usn = &got, now
	}
}
