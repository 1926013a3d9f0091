package ad

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// keeper turns search entries into objects of a space. It is the only place
// where values are decoded.
type keeper struct {
	space  *planner.Space
	wanted map[string][]string // object type → attributes to keep
	always []string            // attributes to keep of every type
	hidden int                 // entries that came without an objectGUID
}

// newKeeper keeps of each type what the request asks for. Attributes that the
// directory's schema lacks are left out.
func newKeeper(req planner.Request, s *planner.Space, always ...string) *keeper {
	k := &keeper{space: s, wanted: map[string][]string{}, always: always}
	for _, t := range req.Types {
		k.wanted[t.Type] = slices.DeleteFunc(slices.Clone(t.Attributes), func(a string) bool {
			return s.HasAttribute != nil && !strings.EqualFold(a, "dn") && !s.HasAttribute[strings.ToLower(a)]
		})
	}
	return k
}

// request lists what to ask the server for, for entries of the given types, or
// of any type when none is given.
func (k *keeper) request(types ...string) []string {
	names := []string{"objectClass", "objectGUID"}
	add := func(attrs []string) {
		for _, a := range attrs {
			if !strings.EqualFold(a, "dn") && !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, a) }) {
				names = append(names, a)
			}
		}
	}
	for t, attrs := range k.wanted {
		if len(types) == 0 || slices.Contains(types, t) {
			add(attrs)
		}
	}
	add(k.always)
	slices.Sort(names[2:])
	return names
}

// store puts an entry into the space. Attributes of which only a part came are
// returned; NoObject means that the entry cannot be told from others, because
// this identity sees no objectGUID, and is kept as a name only.
func (k *keeper) store(e *ldap.Entry, state planner.State) (planner.ObjectID, []part) {
	var raw string
	var classes []string
	for _, a := range e.Attributes {
		switch {
		case strings.EqualFold(a.Name, "objectGUID") && len(a.Values) == 1:
			raw = a.Values[0]
		case strings.EqualFold(a.Name, "objectClass"):
			classes = a.Values
		}
	}
	anchor := planner.FormatGUID(raw)
	if anchor == "" {
		k.hidden++
		k.space.Reference(e.DN)
		return planner.NoObject, nil
	}
	before := k.space.Len()
	objectType := typeOf(classes)
	o := k.space.Add(objectType, anchor, e.DN, state)
	return o, k.set(o, e, k.wanted[objectType], int(o) < before)
}

// set stores the wanted attributes of an entry. again says that the object may
// have values from an earlier read.
func (k *keeper) set(o planner.ObjectID, e *ldap.Entry, wanted []string, again bool) (parts []part) {
	for _, names := range [][]string{wanted, k.always} {
		for _, name := range names {
			if strings.EqualFold(name, "dn") {
				k.space.Set(o, name, e.DN)
				continue
			}
			values, p, found := attribute(e, name)
			switch {
			case p != nil:
				parts = append(parts, *p)
			case found || again:
				k.space.Set(o, name, values...)
			}
		}
	}
	return parts
}

// part is a piece of a long list of values: attr;range=low-high.
type part struct {
	attr   string // as asked for
	values []string
	low    int
	high   int // last index; -1 when it is the end of the list
}

// attribute finds an attribute of an entry by name. When the server sent a piece
// of it only, that is the part.
func attribute(e *ldap.Entry, name string) (values []string, p *part, found bool) {
	for _, a := range e.Attributes {
		if len(a.Name) < len(name) || !strings.EqualFold(a.Name[:len(name)], name) {
			continue
		}
		if len(a.Name) == len(name) {
			// AD sends the attribute empty beside its first part.
			values, found = a.Values, len(a.Values) > 0
			continue
		}
		if low, high, ok := parseRange(a.Name[len(name):]); ok {
			return nil, &part{attr: name, values: a.Values, low: low, high: high}, true
		}
	}
	return values, nil, found
}

// parseRange reads ";range=0-1499" or ";range=1500-*".
func parseRange(option string) (low, high int, ok bool) {
	const prefix = ";range="
	if len(option) < len(prefix) || !strings.EqualFold(option[:len(prefix)], prefix) {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(option[len(prefix):], "-")
	if !ok {
		return 0, 0, false
	}
	low, err := strconv.Atoi(from)
	if err != nil || low < 0 {
		return 0, 0, false
	}
	if to == "*" {
		return low, -1, true
	}
	high, err = strconv.Atoi(to)
	return low, high, err == nil && high >= low
}

// typeOf is the most special of the object classes that landfall knows, or the
// last of them, which is the most special one as AD lists them.
func typeOf(classes []string) string {
	for _, known := range []string{"inetOrgPerson", "computer", "group", "contact", "foreignSecurityPrincipal", "organizationalUnit", "user"} {
		if slices.ContainsFunc(classes, func(c string) bool { return strings.EqualFold(c, known) }) {
			return known
		}
	}
	if len(classes) == 0 {
		return ""
	}
	return classes[len(classes)-1]
}

// typeFilter matches exactly the objects for which typeOf gives the type.
func typeFilter(objectType string) string {
	switch objectType {
	case "user":
		return "(&(objectClass=user)(!(objectClass=computer))(!(objectClass=inetOrgPerson)))"
	case "inetOrgPerson", "computer", "group", "contact", "foreignSecurityPrincipal", "organizationalUnit":
		return "(objectClass=" + objectType + ")"
	}
	return equals("objectClass", objectType)
}

// warn tells what could not be read.
func (k *keeper) warn() {
	if k.hidden == 0 {
		return
	}
	k.space.Warnings = append(k.space.Warnings, planner.Diagnostic{
		Severity: "warning", Code: "unreadable_objects",
		Summary: fmt.Sprintf("%s: %d objects came without an objectGUID", k.space.Provider, k.hidden),
		Detail:  "The identity that landfall binds as may not read their attributes, so they count as names only. Grant it read access (\"Read all properties\") below the search bases.",
	})
}
