package tenant

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// orderCache keeps sorted entity sets between pages, until the next write.
type orderCache struct {
	mu    sync.Mutex
	lists map[orderKey][]int32
}

// orderKey names a sorted entity set.
type orderKey struct {
	kind       kind
	property   int
	descending bool
}

// ordered returns the items of a collection as $orderby asks for.
func (t *Tenant) ordered(r *request, c *collection) ([]int32, error) {
	if strings.Contains(r.query.orderBy, ",") || len(c.kinds) != 1 {
		return nil, unsupported("Sorting not supported for current query.")
	}
	words := strings.Fields(r.query.orderBy)
	descending := false
	switch {
	case len(words) == 2 && strings.EqualFold(words[1], "desc"):
		descending = true
	case len(words) == 1 || (len(words) == 2 && strings.EqualFold(words[1], "asc")):
	default:
		return nil, badRequest("Invalid orderby clause: Syntax error in '%s'.", describe(r.query.orderBy))
	}
	e := entities[c.kinds[0]]
	i := e.lookup(words[0])
	if i < 0 {
		return nil, badRequest("Could not find a property named '%s' on type '%s'.", words[0], c.typeName())
	}
	switch support := e.properties[i].orderBy; {
	case support == never:
		return nil, unsupported("Sorting not supported for current query.")
	case !r.query.advanced() && (support == advanced || r.query.filter != "" || c.relationship):
		return nil, needsAdvanced("$orderby")
	}
	key := orderKey{kind: e.kind, property: i, descending: descending}
	if !c.stable {
		return t.sorted(c.items, key), nil
	}
	t.orders.mu.Lock()
	defer t.orders.mu.Unlock()
	items, ok := t.orders.lists[key]
	if !ok {
		items = t.sorted(c.items, key)
		t.orders.lists[key] = items
	}
	return items, nil
}

// sorted returns a sorted copy: without regard to case, then by id.
func (t *Tenant) sorted(items []int32, key orderKey) []int32 {
	texts := make(map[int32]string, len(items))
	for _, i := range items {
		texts[i] = strings.ToLower(unquote(t.objects[i].get(key.property)))
	}
	out := slices.Clone(items)
	slices.SortFunc(out, func(a, b int32) int {
		c := cmp.Or(strings.Compare(texts[a], texts[b]), strings.Compare(t.objects[a].id, t.objects[b].id))
		if key.descending {
			return -c
		}
		return c
	})
	return out
}

// forgetOrders drops what a write may have made wrong.
func (t *Tenant) forgetOrders() {
	t.orders.mu.Lock()
	defer t.orders.mu.Unlock()
	clear(t.orders.lists)
}

// parseSearch compiles a $search: "property:text" terms joined by AND and OR,
// AND first. A term holds when a word of the property begins with each word of
// the text.
func parseSearch(text string, r *request) (condition, error) {
	if !r.query.eventual {
		return nil, unsupported("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	}
	var alternatives []condition
	for _, alternative := range strings.Split(text, " OR ") {
		var all condition
		for _, term := range strings.Split(alternative, " AND ") {
			term = strings.TrimSpace(term)
			property, words, ok := strings.Cut(strings.Trim(term, `"`), ":")
			if !ok || len(term) < 2 || term[0] != '"' || term[len(term)-1] != '"' {
				return nil, badRequest(`Syntax error: a $search term must have the form "property:text".`)
			}
			switch property {
			case "displayName", "description", "mail", "userPrincipalName", "mailNickname", "givenName", "surname":
			default:
				return nil, unsupported("Property '%s' is not supported in $search.", describe(property))
			}
			all = both(all, contains(property, tokens(words)))
		}
		alternatives = append(alternatives, all)
	}
	return func(o *object) bool {
		return slices.ContainsFunc(alternatives, func(c condition) bool { return c(o) })
	}, nil
}

func contains(property string, words []string) condition {
	return func(o *object) bool {
		i := entities[o.kind].lookup(property)
		if i < 0 {
			return false
		}
		have := tokens(unquote(o.get(i)))
		for _, word := range words {
			if !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, word) }) {
				return false
			}
		}
		return true
	}
}

func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
