package tenant

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// The file is one JSON object with a list per kind: groups, users,
// servicePrincipals, devices, contacts and deletedGroups. The objects are as
// Graph returns them, beta properties included; groups have their members and
// owners as lists of ids. Absent properties are null. onPremisesSynchronization
// is what GET /directory/onPremisesSynchronization returns as value.
const (
	keyDeleted = "deletedGroups"
	keySync    = "onPremisesSynchronization"
)

// maxErrors is how many errors of one file are reported.
const maxErrors = 10

// loader reads one file.
type loader struct {
	name string
	text string
	t    *Tenant
	// pending are the references of groups, resolved when every object is known.
	pending []reference
	places  []int   // position of each object in text
	values  []value // of the object that is being read
	listed  []int32 // per object, the number of the list that had it last
	lists   int32
	errs    []error
	more    int // errors beyond maxErrors
}

// spot is an object in the file; as text it names the object for people.
type spot struct {
	l   *loader
	key string
	n   int
	at  int
}

// String finds name and id of the object.
func (s spot) String() string {
	var name, id string
	_ = eachMember(s.l.text, s.at, func(key string, at, end int) error {
		switch key {
		case "displayName":
			name = unquote(s.l.text[at:end])
		case "id":
			id = unquote(s.l.text[at:end])
		}
		return nil
	})
	return fmt.Sprintf("%s[%d] %q (%q)", s.key, s.n, cut(name), cut(id))
}

// reference is a list of ids in a group.
type reference struct {
	object   int32
	property string
	at       int
}

// load reads text, which is JSON.
func (l *loader) load() (*Tenant, error) {
	l.t = &Tenant{byID: map[string]int32{}}
	start := skipSpace(l.text, 0)
	if l.text[start] != '{' {
		return nil, fmt.Errorf("%s: the file is %s, not an object with the lists %s", l.place(start), jsonType(l.text[start:]), strings.Join(keys(), ", "))
	}
	seen := map[string]bool{}
	_ = eachMember(l.text, start, func(key string, at, end int) error {
		if seen[key] {
			l.fail(at, "%q appears twice", key)
			return nil
		}
		seen[key] = true
		l.list(key, at, end)
		return nil
	})
	l.listed = make([]int32, len(l.t.objects))
	for _, ref := range l.pending {
		l.resolve(ref)
	}
	l.checkNames()
	if l.more > 0 {
		l.errs = append(l.errs, fmt.Errorf("%s: and %d more errors", l.name, l.more))
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return l.t, nil
}

// keys are the members that the file may have.
func keys() []string {
	names := make([]string, 0, kindCount+2)
	for _, k := range allKinds {
		names = append(names, entities[k].set)
	}
	return append(names, keyDeleted, keySync)
}

// list reads one member of the file.
func (l *loader) list(key string, at, end int) {
	k, deleted := kindGroup, key == keyDeleted
	if !deleted {
		i := slices.IndexFunc(allKinds, func(k kind) bool { return entities[k].set == key })
		switch {
		case i >= 0:
			k = allKinds[i]
		case key == keySync && l.text[at] == '[':
			l.t.onPremisesSynchronization = compact(l.text[at:end])
			return
		case strings.Contains(key, "@"), key == "$schema", key == "comment":
			return
		case key != keySync:
			l.fail(at, "unknown list %q%s", key, suggest(key, keys()))
			return
		}
	}
	if l.text[at] != '[' {
		l.fail(at, "%q is %s, not a list", key, jsonType(l.text[at:end]))
		return
	}
	n := 0
	_ = eachElement(l.text, at, func(at, _ int) error {
		l.object(spot{l: l, key: key, n: n, at: at}, k, deleted)
		n++
		return nil
	})
}

// object reads one object.
func (l *loader) object(label spot, k kind, deleted bool) {
	at := label.at
	if l.text[at] != '{' {
		l.fail(at, "%s[%d] is %s, not an object", label.key, label.n, jsonType(l.text[at:]))
		return
	}
	e := entities[k]
	index := int32(len(l.t.objects))
	o := object{kind: k, deleted: deleted, values: l.values[:0]}
	_ = eachMember(l.text, at, func(name string, at, end int) error {
		if strings.Contains(name, "@") {
			return nil // @odata.type and the like
		}
		if k == kindGroup && (name == "members" || name == "owners") {
			l.pending = append(l.pending, reference{object: index, property: name, at: at})
			return nil
		}
		p, ok := e.exact[name]
		if !ok {
			l.fail(at, "%s: a %s has no property %q%s", label, e.name, name, suggest(name, e.names()))
			return nil
		}
		if o.get(p) != "" {
			l.fail(at, "%s: property %s appears twice", label, name)
			return nil
		}
		raw, err := normalise(l.text[at:end], e.properties[p].elem, e.properties[p].collection)
		if err != nil {
			l.fail(at, "%s: property %s %v", label, name, err)
			return nil
		}
		o.set(p, raw)
		return nil
	})
	l.values = o.values
	l.add(o, label)
}

// add checks an object as a whole and puts it into the tenant. The object gets
// its index even when it is refused, so that references stay right.
func (l *loader) add(o object, label spot) {
	at, index := label.at, int32(len(l.t.objects))
	o.id = strings.ToLower(o.text("id"))
	first, taken := l.t.byID[o.id]
	switch {
	case !isGUID(o.id):
		l.fail(at, "%s: id must be a GUID as Graph has it (1f0c2d3e-0000-4000-8000-00000000000a)", label)
	case taken:
		l.fail(at, "%s: the id %s is taken by %s at %s; ids are unique in the whole tenant", label, o.id, l.identifyObject(first), l.place(l.places[first]))
	default:
		l.t.byID[o.id] = index
		o.set(entities[o.kind].index("id"), `"`+o.id+`"`)
	}
	o.values = slices.Clone(o.values)
	if o.kind == kindGroup {
		for _, name := range []string{"displayName", "mailEnabled", "securityEnabled"} {
			if o.get(entities[kindGroup].index(name)) == "" {
				l.fail(at, "%s: property %s is missing; every group in Graph has it", label, name)
			}
		}
		l.checkWriteback(&o, label)
	}
	deletedAt := o.get(entities[o.kind].index("deletedDateTime")) != ""
	switch {
	case o.deleted && !deletedAt:
		l.fail(at, "%s: property deletedDateTime is missing; Graph says when a group was deleted", label)
	case !o.deleted && deletedAt:
		l.fail(at, "%s: deletedDateTime is set, so the object belongs into %s", label, keyDeleted)
	}
	if o.deleted {
		l.t.deleted = append(l.t.deleted, index)
	} else {
		l.t.live[o.kind] = append(l.t.live[o.kind], index)
	}
	l.t.objects = append(l.t.objects, o)
	l.places = append(l.places, at)
}

// checkWriteback refuses on-premises group types that Entra has not.
func (l *loader) checkWriteback(o *object, label spot) {
	raw := o.get(entities[kindGroup].index("writebackConfiguration"))
	if problem := writebackProblem(o, raw); problem != "" {
		l.fail(label.at, "%s: %s", label, problem)
	}
}

// resolve turns a list of ids into indexes.
func (l *loader) resolve(ref reference) {
	o := &l.t.objects[ref.object]
	label := l.identifyObject(ref.object)
	if l.text[ref.at] != '[' {
		l.fail(ref.at, "%s: %s is %s, not a list of ids", label, ref.property, jsonType(l.text[ref.at:]))
		return
	}
	var ids []int32
	l.lists++
	_ = eachElement(l.text, ref.at, func(at, end int) error {
		id := unquote(l.text[at:end])
		i, ok := l.t.byID[strings.ToLower(id)]
		switch {
		case l.text[at] != '"':
			l.fail(at, "%s: %s has %s, but takes ids as strings", label, ref.property, jsonType(l.text[at:end]))
		case !ok:
			l.fail(at, "%s: %s has the id %q, which no object of the file has; add the object or take the id out", label, ref.property, cut(id))
		case l.t.objects[i].deleted:
			l.fail(at, "%s: %s has %s, which is deleted", label, ref.property, l.identifyObject(i))
		case i == ref.object:
			l.fail(at, "%s: %s has the group itself", label, ref.property)
		case l.listed[i] == l.lists:
			l.fail(at, "%s: %s has %s twice", label, ref.property, l.identifyObject(i))
		default:
			l.listed[i] = l.lists
			ids = append(ids, i)
		}
		return nil
	})
	if ref.property == "owners" {
		o.owners = ids
	} else {
		o.members = ids
	}
}

// checkNames refuses two users with one userPrincipalName.
func (l *loader) checkNames() {
	upn := entities[kindUser].index("userPrincipalName")
	seen := make(map[string]int32, len(l.t.live[kindUser]))
	for _, i := range l.t.live[kindUser] {
		name := strings.ToLower(l.t.objects[i].get(upn))
		if name == "" {
			continue
		}
		if first, ok := seen[name]; ok {
			l.fail(l.places[i], "%s: the userPrincipalName %s is taken by %s", l.identifyObject(i), describe(name), l.identifyObject(first))
			continue
		}
		seen[name] = i
	}
}

// identifyObject names an object for people.
func (l *loader) identifyObject(i int32) string {
	o := &l.t.objects[i]
	return fmt.Sprintf("%s %q (%s)", entities[o.kind].name, cut(o.text("displayName")), o.id)
}

// fail records an error at a position of the text.
func (l *loader) fail(at int, format string, args ...any) {
	if len(l.errs) < maxErrors {
		l.errs = append(l.errs, fmt.Errorf("%s: %s", l.place(at), fmt.Sprintf(format, args...)))
		return
	}
	l.more++
}

// place is file:line of a position.
func (l *loader) place(at int) string {
	at = min(at, len(l.text))
	return fmt.Sprintf("%s:%d", l.name, 1+strings.Count(l.text[:at], "\n"))
}

// names lists the properties, for suggestions.
func (e *entity) names() []string {
	names := make([]string, len(e.properties))
	for i, p := range e.properties {
		names[i] = p.name
	}
	return names
}

// suggest returns `; did you mean "x"?` when a name is close to one of names.
func suggest(name string, names []string) string {
	best, distance := "", len(name)/3+1
	for _, n := range names {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(n), nil); d < distance {
			best, distance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
