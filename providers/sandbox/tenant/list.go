package tenant

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// collection is what a path names: objects in a fixed order.
type collection struct {
	items []int32
	kinds []kind // kinds that it may hold
	set   string // entity set in @odata.context
	// relationship: members, owners and the like (see shape).
	relationship bool
	cost         int // resource units without options
	stable       bool
	deleted      bool
}

// typeName is the type of the items in messages.
func (c *collection) typeName() string {
	if len(c.kinds) == 1 {
		return "microsoft.graph." + entities[c.kinds[0]].name
	}
	return "microsoft.graph.directoryObject"
}

// selection is a collection with the options of a query applied.
type selection struct {
	items  []int32
	filter condition // nil: all
	shape  *shape
}

// selected checks the options of a request against a collection.
func (t *Tenant) selected(r *request, c *collection) (*selection, error) {
	p, err := project(r, c.kinds, c.typeName(), true)
	if err != nil {
		return nil, err
	}
	s := &selection{items: c.items, shape: &shape{projection: p, withType: len(c.kinds) > 1, relationship: c.relationship}}
	if err := t.mayProject(r, p); err != nil {
		return nil, err
	}
	if len(c.kinds) == 1 {
		if s.shape.expand, err = expansion(r, c.kinds[0]); err != nil {
			return nil, err
		}
	} else if r.query.expand != "" {
		return nil, unsupported("$expand is not supported on this collection.")
	}
	if r.query.filter != "" {
		if s.filter, err = parseFilter(r.query.filter, c, r); err != nil {
			return nil, err
		}
		if c.relationship && !r.query.advanced() {
			return nil, needsAdvanced("$filter on a relationship")
		}
	}
	if r.query.search != "" {
		match, err := parseSearch(r.query.search, r)
		if err != nil {
			return nil, err
		}
		s.filter = both(s.filter, match)
	}
	if r.query.orderBy != "" {
		if s.items, err = t.ordered(r, c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// mayProject refuses properties that this identity may not read at all: what
// of a group is more than the basic properties of GroupMember.Read.All.
func (t *Tenant) mayProject(r *request, p *projection) error {
	if !r.query.selected || t.may(readGroupsFully) {
		return nil
	}
	for _, i := range p.properties[kindGroup] {
		switch entities[kindGroup].properties[i].name {
		case "writebackConfiguration", "onPremisesExtensionAttributes":
			return denied()
		}
	}
	return nil
}

// list answers a GET of a collection. The caller holds the lock.
func (t *Tenant) list(r *request, c *collection) (*response, error) {
	s, err := t.selected(r, c)
	if err != nil {
		return nil, err
	}
	start, err := r.position(len(s.items))
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512*min(len(s.items)-start, r.query.top)+1024)
	b = append(b, `{"@odata.context":`...)
	b = append(b, quote(r.context(c.set, s.shape, false))...)
	if r.query.token == "" && r.query.advanced() {
		b = append(b, `,"@odata.count":`...)
		b = strconv.AppendInt(b, int64(t.count(s)), 10)
	}
	// The link stands before the value, where Graph has it.
	var values []byte
	n, next := 0, start
	for ; next < len(s.items); next++ {
		o := &t.objects[s.items[next]]
		if s.filter != nil && !s.filter(o) {
			continue
		}
		if n == r.query.top {
			break
		}
		if n > 0 {
			values = append(values, ',')
		}
		values = t.render(values, o, s.shape)
		n++
	}
	if r.fault != nil && r.fault.LoopLink {
		next = start
	}
	if next < len(s.items) && (r.fault == nil || !r.fault.DropLink) {
		b = append(b, `,"@odata.nextLink":`...)
		b = append(b, quote(r.nextLink(next))...)
	}
	b = append(b, `,"value":[`...)
	b = append(b, values...)
	b = append(b, `]}`...)
	return &response{status: http.StatusOK, body: b, cost: r.cost(c.cost)}, nil
}

// counted answers a GET of a collection's $count.
func (t *Tenant) counted(r *request, c *collection) (*response, error) {
	if !r.query.eventual {
		return nil, unsupported("Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information")
	}
	r.query.count = true // the segment counts as the option
	s, err := t.selected(r, c)
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusOK, contentType: "text/plain", body: strconv.AppendInt(nil, int64(t.count(s)), 10), cost: r.cost(c.cost)}, nil
}

func (t *Tenant) count(s *selection) int {
	if s.filter == nil {
		return len(s.items)
	}
	n := 0
	for _, i := range s.items {
		if s.filter(&t.objects[i]) {
			n++
		}
	}
	return n
}

// references answers a GET of a relationship's $ref.
func (t *Tenant) references(r *request, c *collection) (*response, error) {
	r.query.names, r.query.selected = nil, false
	start, err := r.position(len(c.items))
	if err != nil {
		return nil, err
	}
	end := min(start+r.query.top, len(c.items))
	b := append([]byte(`{"@odata.context":`), quote(r.root+"/$metadata#Collection($ref)")...)
	if end < len(c.items) {
		b = append(append(b, `,"@odata.nextLink":`...), quote(r.nextLink(end))...)
	}
	b = append(b, `,"value":[`...)
	for n, i := range c.items[start:end] {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"@odata.id":`...), quote(r.root+"/directoryObjects/"+t.objects[i].id)...), '}')
	}
	return &response{status: http.StatusOK, body: append(b, `]}`...), cost: r.cost(c.cost)}, nil
}

// one answers a GET of one object. The caller holds the lock.
func (t *Tenant) one(r *request, o *object, set string, withType bool) (*response, error) {
	p, err := project(r, []kind{o.kind}, "microsoft.graph."+entities[o.kind].name, false)
	if err != nil {
		return nil, err
	}
	if err := t.mayProject(r, p); err != nil {
		return nil, err
	}
	expand, err := expansion(r, o.kind)
	if err != nil {
		return nil, err
	}
	s := &shape{projection: p, withType: withType, expand: expand}
	b := append([]byte(`{"@odata.context":`), quote(r.context(set, s, true))...)
	body := t.render(nil, o, s)
	if len(body) > 2 {
		b = append(b, ',')
	}
	return &response{status: http.StatusOK, body: append(b, body[1:]...), cost: r.cost(1)}, nil
}

// context is the @odata.context of an answer.
func (r *request) context(set string, s *shape, entity bool) string {
	names := s.projection.names
	if s.expand != nil {
		inner := s.expand.name + "(" + s.expand.projection.names + ")"
		names = strings.TrimPrefix(names+","+inner, ",")
	}
	if names != "" {
		set += "(" + names + ")"
	}
	if entity {
		set += "/$entity"
	}
	return r.root + "/$metadata#" + set
}

// cost is what a request costs in resource units.
func (r *request) cost(base int) int {
	if r.query.selected {
		base--
	}
	if r.query.expand != "" {
		base++
	}
	if r.query.topSet && r.query.top < 20 {
		base--
	}
	return max(base, 1)
}

// nextLink is the absolute link to the page that begins at a position.
func (r *request) nextLink(position int) string {
	token := fmt.Sprintf("%d.%x", position, r.fingerprint())
	options := append(slices.Clone(r.query.kept), "$skiptoken="+base64.RawURLEncoding.EncodeToString([]byte(token)))
	return r.root + r.path + "?" + strings.Join(options, "&")
}

// fingerprint ties a skip token to the query that it continues.
func (r *request) fingerprint() uint64 {
	h := fnv.New64a()
	for _, s := range append([]string{r.root, strings.Join(r.segment, "/"), r.query.filter, r.query.orderBy, r.query.search}, r.query.names...) {
		_, _ = h.Write([]byte(s)) // a hash does not fail
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// position is where the page begins that the request asks for.
func (r *request) position(length int) (int, error) {
	if r.query.token == "" {
		return 0, nil
	}
	expired := refuse(http.StatusBadRequest, "Directory_ExpiredPageToken",
		"The specified page token value has expired and can no longer be included in your request.")
	text, err := base64.RawURLEncoding.DecodeString(r.query.token)
	if err != nil {
		return 0, expired
	}
	at, print, _ := strings.Cut(string(text), ".")
	n, err := strconv.Atoi(at)
	if err != nil || n < 0 || print != fmt.Sprintf("%x", r.fingerprint()) {
		return 0, expired
	}
	return min(n, length), nil
}
