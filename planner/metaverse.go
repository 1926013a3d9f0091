package planner

import (
	"slices"
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
type metaverse struct {
	schema *schema.Schema
	types  []string
	// links[space][mv] is the object that stands for mv in that space.
	links [][]ObjectID
	// of[space][object] is the metaverse object that an object is joined to.
	of      [][]mvID
	columns map[string]*mvColumn // key: attribute name in lower case, and as it was asked for
}

func newMetaverse(attributes *schema.Schema, spaces []*Space) *metaverse {
	mv := &metaverse{
		schema: attributes, columns: map[string]*mvColumn{},
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

// column returns an attribute.
func (mv *metaverse) column(attr string) *mvColumn {
	c := mv.columns[attr]
	if c == nil {
		key := strings.ToLower(attr)
		if c = mv.columns[key]; c == nil {
			c = &mvColumn{Attribute: schema.Attribute{Name: attr}}
			if a, ok := mv.schema.Lookup(attr); ok {
				c.Attribute = a
			}
			mv.columns[key] = c
		}
		mv.columns[attr] = c
	}
	return c
}

func (mv *metaverse) set(m mvID, attr string, values []string, _ *lang.Rule) {
	mv.column(attr).set(m, values)
}

// values of an attribute in LDAP's spelling; nil when absent. The caller must
// not change them.
func (mv *metaverse) values(m mvID, attr string) []string { return mv.column(attr).values(m) }

// refSource returns who contributes the references of m.
func (mv *metaverse) refSource(m mvID, attr string) refSource { return mv.column(attr).refSource(m) }

// mvColumn is one attribute of the metaverse. The texts are those of the
// connector spaces, so that a column is cheap.
//
// Reference attributes are not copied: a metaverse object remembers which
// connector-space object contributes its references, and they are followed when
// they are needed.
type mvColumn struct {
	schema.Attribute
	cells []uint32 // by object: 0 is absent, else 1 + the place in texts, or in lists with the top bit set
	texts []string
	lists [][]string // more than one value
	refs  map[mvID]refSource
	joins *joinIndex // nil: no join looks the attribute up
}

// refSource says where the references of a metaverse object come from.
type refSource struct {
	space  int32 // -1: nobody contributes
	object ObjectID
	attr   string
}

func (c *mvColumn) set(m mvID, values []string) {
	if len(values) == 0 && int(m) >= len(c.cells) {
		return
	}
	for len(c.cells) <= int(m) {
		c.cells = append(c.cells, 0)
	}
	switch len(values) {
	case 0:
		c.cells[m] = 0
	case 1:
		c.texts = append(c.texts, values[0])
		c.cells[m] = uint32(len(c.texts))
	default:
		c.lists = append(c.lists, values)
		c.cells[m] = listBit | uint32(len(c.lists))
	}
}

func (c *mvColumn) values(m mvID) []string {
	if int(m) >= len(c.cells) || c.cells[m] == 0 {
		return nil
	}
	at := c.cells[m]&^listBit - 1
	if c.cells[m]&listBit != 0 {
		return c.lists[at]
	}
	return c.texts[at : at+1 : at+1]
}

func (c *mvColumn) setRefs(m mvID, src refSource) {
	if c.refs == nil {
		c.refs = map[mvID]refSource{}
	}
	c.refs[m] = src
}

func (c *mvColumn) refSource(m mvID) refSource {
	if src, ok := c.refs[m]; ok {
		return src
	}
	return refSource{space: -1}
}

// joinIndex finds metaverse objects by a value of one attribute, as joinKey
// writes it. Nearly always there is one.
type joinIndex struct {
	first map[string]mvID
	more  map[string][]mvID // beyond the first
}

// indexed makes the attribute one that joins look up.
func (c *mvColumn) indexed() {
	if c.joins == nil {
		c.joins = &joinIndex{first: map[string]mvID{}, more: map[string][]mvID{}}
	}
}

// addKeys lets joins find m by the values.
func (c *mvColumn) addKeys(m mvID, values []string) {
	for _, v := range values {
		k := c.joinKey(v)
		first, ok := c.joins.first[k]
		switch {
		case !ok:
			c.joins.first[k] = m
		case first != m && !slices.Contains(c.joins.more[k], m):
			c.joins.more[k] = append(c.joins.more[k], m)
		}
	}
}

// joinKey is the form under which a value is indexed: without case, but for
// octets.
func (c *mvColumn) joinKey(value string) string {
	if c.Syntax == schema.Octets {
		return value
	}
	return dn.Fold(value)
}

// lookup returns the metaverse objects that were indexed with the value.
func (c *mvColumn) lookup(value string, caseSensitive bool) []mvID {
	k := c.joinKey(value)
	first, ok := c.joins.first[k]
	if !ok {
		return nil
	}
	found := append([]mvID{first}, c.joins.more[k]...)
	if !caseSensitive && c.Syntax != schema.Octets {
		return found
	}
	return slices.DeleteFunc(found, func(m mvID) bool { return !slices.Contains(c.values(m), value) })
}
