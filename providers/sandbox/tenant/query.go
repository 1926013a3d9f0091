package tenant

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Page sizes of Graph's directory objects.
const (
	defaultTop = 100
	maxTop     = 999
	maxExpand  = 20 // items of an expanded relationship, without a nextLink
)

// query are the query options of a request, read but not yet checked against
// the entity that they are about.
type query struct {
	names    []string // $select
	selected bool
	top      int
	topSet   bool
	count    bool
	filter   string
	orderBy  string
	search   string
	expand   string
	token    string // $skiptoken
	eventual bool   // header ConsistencyLevel
	// kept are the options as they were sent, without $skiptoken, for nextLink.
	kept []string
}

// advanced reports whether the advanced query parameters are there.
func (q *query) advanced() bool { return q.eventual && q.count }

// parseQuery reads the query options.
func parseQuery(raw string, r *request) (*query, error) {
	q := &query{top: defaultTop, eventual: strings.EqualFold(r.header.Get("ConsistencyLevel"), "eventual")}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, badRequest("The query has an invalid escape sequence.")
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, badRequest("The query option '%s' has an invalid escape sequence.", name)
		}
		name = strings.ToLower(name)
		if r.beta && !strings.HasPrefix(name, "$") {
			name = "$" + name // beta takes the options without the sign
		}
		if err := q.option(name, value); err != nil {
			return nil, err
		}
		if name != "$skiptoken" {
			q.kept = append(q.kept, pair)
		}
	}
	return q, nil
}

func (q *query) option(name, value string) error {
	switch name {
	case "$select":
		q.selected = true
		for n := range strings.SplitSeq(value, ",") {
			if n = strings.TrimSpace(n); n != "" {
				q.names = append(q.names, n)
			}
		}
	case "$top":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxTop {
			return unsupported("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", value, maxTop)
		}
		q.top, q.topSet = n, true
	case "$count":
		switch strings.ToLower(value) {
		case "true":
			q.count = true
		case "false":
		default:
			return badRequest("Invalid value '%s' for $count query option found. The $count query option requires a value of true or false.", value)
		}
	case "$filter":
		q.filter = strings.TrimSpace(value)
		if q.filter == "" {
			return badRequest("Invalid filter clause: Expression expected at position 0 in ''.")
		}
	case "$orderby":
		q.orderBy = strings.TrimSpace(value)
	case "$search":
		q.search = strings.TrimSpace(value)
	case "$expand":
		q.expand = strings.TrimSpace(value)
	case "$skiptoken":
		q.token = value
	case "$format":
		if value != "json" && !strings.HasPrefix(value, "application/json") {
			return badRequest("The format '%s' is not supported.", value)
		}
	case "$skip":
		return badRequest("'$skip' is not supported by the service.")
	default:
		if strings.HasPrefix(name, "$") {
			return badRequest("The query parameter '%s' is not supported.", name)
		}
	}
	return nil
}

// projection says which properties of each kind are returned.
type projection struct {
	properties [kindCount][]int
	names      string // canonical names for @odata.context; "" without $select
}

// project resolves $select for the kinds that an answer may hold. A name must be
// a property of at least one of them; typ is the type in the error otherwise.
func project(r *request, kinds []kind, typ string, list bool) (*projection, error) {
	p := &projection{}
	if !r.query.selected || len(r.query.names) == 0 {
		for _, k := range kinds {
			for i := range entities[k].properties {
				if d := &entities[k].properties[i]; (r.beta && d.defaultBeta) || (!r.beta && d.defaultV1) {
					p.properties[k] = append(p.properties[k], i)
				}
			}
		}
		return p, nil
	}
	var names []string
	for _, name := range r.query.names {
		canonical := ""
		for _, k := range kinds {
			i := entities[k].lookup(name)
			if i < 0 {
				continue
			}
			d := &entities[k].properties[i]
			if d.betaOnly && !r.beta {
				continue
			}
			if d.single && list {
				return nil, unsupported("The property '%s' is returned only when one %s is read, not in lists.", d.name, entities[k].name)
			}
			canonical = d.name
			p.properties[k] = append(p.properties[k], i)
		}
		if canonical == "" {
			return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", name, typ)
		}
		names = append(names, canonical)
	}
	for _, k := range kinds {
		slices.Sort(p.properties[k])
		p.properties[k] = slices.Compact(p.properties[k])
	}
	p.names = strings.Join(names, ",")
	return p, nil
}

// relation is a relationship to expand, with what to return of its items.
type relation struct {
	name       string
	projection *projection
}

// expansion resolves $expand. Graph expands one relationship per request.
func expansion(r *request, k kind) (*relation, error) {
	text := r.query.expand
	if text == "" {
		return nil, nil
	}
	if depth := strings.IndexByte(text, '('); strings.Contains(text[:max(depth, 0)], ",") || (depth < 0 && strings.Contains(text, ",")) {
		return nil, unsupported("Request with multiple $expand properties is not supported.")
	}
	name, options, nested := strings.Cut(text, "(")
	name = strings.TrimSpace(name)
	if k != kindGroup || (name != "members" && name != "owners") {
		return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", name, entities[k].name)
	}
	if r.query.advanced() {
		return nil, unsupported("$expand is not supported with advanced queries.")
	}
	inner := &request{beta: r.beta, header: r.header, query: &query{}}
	if nested {
		options, ok := strings.CutSuffix(strings.TrimSpace(options), ")")
		if !ok {
			return nil, unsupported("Request with multiple $expand properties is not supported.")
		}
		for option := range strings.SplitSeq(options, ";") {
			name, value, _ := strings.Cut(option, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "$select") {
				return nil, unsupported("Only $select is supported within $expand.")
			}
			if err := inner.query.option("$select", value); err != nil {
				return nil, err
			}
		}
	}
	p, err := project(inner, allKinds, "microsoft.graph.directoryObject", true)
	if err != nil {
		return nil, err
	}
	return &relation{name: name, projection: p}, nil
}
