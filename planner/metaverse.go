package planner

import (
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// mvID identifies a metaverse object of one run.
type mvID uint32

const noMV = ^mvID(0)

// metaverse holds the persons, groups and devices of one run, and which object
// of each connector space stands for them. It is rebuilt by every run.
//
// Values lie in columns, like those of a Space. Reference attributes are not
// copied: a metaverse object remembers which connector-space object contributes
// its references, and they are followed when they are needed.
type metaverse struct {
	schema *schema.Schema
	pool   pool
	types  []string
	// links[space][mv] is the object that stands for mv in that space.
	links [][]ObjectID
	// of[space][object] is the metaverse object that an object is joined to.
	of      [][]mvID
	columns map[string]*column // key: lower-case attribute
	lineage map[string][]*lang.Rule
	refs    map[string][]refSource
	keys    map[string]joinIndex // by lower-case metaverse attribute used in joins
}

// refSource says where the references of a metaverse object come from.
type refSource struct {
	space  int32 // -1: nobody contributes
	object ObjectID
	attr   string
	rule   *lang.Rule
}

// joinIndex finds metaverse objects by the folded value of one attribute.
type joinIndex map[string][]mvID

func newMetaverse(attributes *schema.Schema, spaces []*Space) *metaverse {
	mv := &metaverse{
		schema: attributes, columns: map[string]*column{}, lineage: map[string][]*lang.Rule{},
		refs: map[string][]refSource{}, keys: map[string]joinIndex{},
		links: make([][]ObjectID, len(spaces)), of: make([][]mvID, len(spaces)),
	}
	for i, s := range spaces {
		mv.of[i] = make([]mvID, s.Len())
		for o := range mv.of[i] {
			mv.of[i][o] = noMV
		}
	}
	return mv
}

// project makes a new metaverse object.
func (mv *metaverse) project(objectType string) mvID {
	mv.types = append(mv.types, objectType)
	for i := range mv.links {
		mv.links[i] = append(mv.links[i], NoObject)
	}
	return mvID(len(mv.types) - 1)
}

// link joins an object to a metaverse object. It refuses a second object of the
// same space.
func (mv *metaverse) link(space int, o ObjectID, m mvID) bool {
	if mv.links[space][m] != NoObject {
		return false
	}
	mv.links[space][m] = o
	mv.of[space][o] = m
	return true
}

// objectOf returns the metaverse object of o, noMV if it is not joined.
func (mv *metaverse) objectOf(space int, o ObjectID) mvID {
	if int(o) >= len(mv.of[space]) {
		return noMV
	}
	return mv.of[space][o]
}

func (mv *metaverse) set(m mvID, attr string, values []string, rule *lang.Rule) {
	key := strings.ToLower(attr)
	c := mv.columns[key]
	if c == nil {
		if len(values) == 0 {
			return
		}
		c = &column{}
		mv.columns[key] = c
	}
	ids := make([]uint32, 0, 4)
	for _, v := range values {
		ids = append(ids, mv.pool.id(v))
	}
	c.set(ObjectID(m), ids)
	l := mv.lineage[key]
	for len(l) <= int(m) {
		l = append(l, nil)
	}
	l[m] = rule
	mv.lineage[key] = l
}

// values of an attribute in LDAP's spelling; nil when absent.
func (mv *metaverse) values(m mvID, attr string) []string {
	return mv.columns[strings.ToLower(attr)].values(ObjectID(m), &mv.pool)
}

// index makes the attribute one that joins look up; it must be called before
// values are set through addKey.
func (mv *metaverse) index(attr string) {
	key := strings.ToLower(attr)
	if mv.keys[key] == nil {
		mv.keys[key] = joinIndex{}
	}
}

func (mv *metaverse) addKey(m mvID, attr string, values []string) {
	idx := mv.keys[strings.ToLower(attr)]
	if idx == nil {
		return
	}
	for _, v := range values {
		k := mv.joinKey(attr, v)
		known := false
		for _, other := range idx[k] {
			known = known || other == m
		}
		if !known {
			idx[k] = append(idx[k], m)
		}
	}
}

// joinKey is the form under which a value is indexed: without case, but for
// octets.
func (mv *metaverse) joinKey(attr, value string) string {
	if a, _ := mv.schema.Lookup(attr); a.Syntax == schema.Octets {
		return value
	}
	return dn.Fold(value)
}

// lookup returns the metaverse objects whose attribute has the value.
func (mv *metaverse) lookup(attr, value string, caseSensitive bool) []mvID {
	a, _ := mv.schema.Lookup(attr)
	found := mv.keys[strings.ToLower(attr)][mv.joinKey(attr, value)]
	if !caseSensitive && a.Syntax != schema.Octets {
		return found
	}
	var exact []mvID
	for _, m := range found {
		for _, v := range mv.values(m, attr) {
			if v == value {
				exact = append(exact, m)
				break
			}
		}
	}
	return exact
}

func (mv *metaverse) setRefs(m mvID, attr string, src refSource) {
	key := strings.ToLower(attr)
	l := mv.refs[key]
	for len(l) <= int(m) {
		l = append(l, refSource{space: -1})
	}
	l[m] = src
	mv.refs[key] = l
}

// refSource returns who contributes the references of m.
func (mv *metaverse) refSource(m mvID, attr string) refSource {
	l := mv.refs[strings.ToLower(attr)]
	if int(m) >= len(l) {
		return refSource{space: -1}
	}
	return l[m]
}
