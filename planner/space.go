package planner

import (
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Kind is the kind of directory a space was read from.
type Kind string

// The kinds.
const (
	KindEntra Kind = "entra"
	KindAD    Kind = "ad"
)

// ObjectID identifies an object or a placeholder within one Space: 0, 1, 2, …
// in the order of first mention. It has no meaning outside its Space.
type ObjectID uint32

// NoObject is the ObjectID of nothing.
const NoObject = ^ObjectID(0)

// State says what is known of an object.
type State uint8

// The states. A placeholder is only named by a reference. A deleted object is
// restorable: soft-deleted in Entra, in the Recycle Bin in AD.
const (
	Placeholder State = iota
	Live
	Deleted
)

// Space is a connector space: what was read of one directory, column by column.
//
// Texts are interned; a column holds one 32-bit id per object, references hold
// ObjectIDs (4 bytes per membership). Values are stored in LDAP's spelling
// (TRUE, decimal, raw octets). Setting an attribute again replaces its values.
//
// Objects are found by anchor (objectGUID or Graph id, lower case with dashes)
// and by name (DN in AD, compared as AD compares; Graph id in Entra). A
// reference to an object that was not read makes a placeholder; when the object
// is added later, the placeholder becomes it.
//
// A Space is filled by one goroutine and read-only afterwards.
type Space struct {
	Provider string // address, "provider.ad.corp"
	Kind     Kind
	Schema   *schema.Schema
	ReadAt   time.Time
	// RecycleBin says whether deleted objects could be seen (AD).
	RecycleBin RecycleBin
	// HasAttribute tells which attributes the directory's own schema knows; nil
	// when it was not asked. Keys are lower case.
	HasAttribute map[string]bool
	// Warnings are findings of the read that people should see.
	Warnings []Diagnostic
	// Pseudonyms says that the values are pseudonyms, and which are not.
	Pseudonyms *Pseudonymity

	pool     pool
	types    []uint32 // pool id of the object type
	states   []State
	anchors  []uint32
	names    []uint32
	byAnchor map[uint32]ObjectID // key: pool id
	byName   map[uint32]ObjectID // key: pool id of nameKey, or of a spelling as received
	columns  map[string]*column  // key: attribute name in lower case, and as it was set
	refs     map[string]*refColumn
	absent   map[[2]string]bool
	found    map[[2]string][]ObjectID
	hidden   map[ObjectID]map[string]bool
}

// RecycleBin says what is known of AD's Recycle Bin.
type RecycleBin uint8

// The states of the Recycle Bin.
const (
	RecycleBinUnknown RecycleBin = iota
	RecycleBinReadable
	RecycleBinUnreadable
	RecycleBinDisabled
)

// NewSpace makes an empty space. provider is its address.
func NewSpace(provider string, kind Kind, s *schema.Schema) *Space {
	space := &Space{
		Provider: provider, Kind: kind, Schema: s,
		byAnchor: map[uint32]ObjectID{},
		byName:   map[uint32]ObjectID{},
		columns:  map[string]*column{},
		refs:     map[string]*refColumn{},
		absent:   map[[2]string]bool{},
		found:    map[[2]string][]ObjectID{},
		hidden:   map[ObjectID]map[string]bool{},
	}
	for _, name := range s.Names() {
		space.addColumn(name)
	}
	return space
}

// Len counts objects and placeholders; ObjectIDs are below it.
func (s *Space) Len() int { return len(s.states) }

// read counts the objects that were read.
func (s *Space) read() int {
	n := 0
	for _, state := range s.states {
		if state != Placeholder {
			n++
		}
	}
	return n
}

// Add puts an object into the space, or updates one that is there under the
// same anchor or as a placeholder under the same name. anchor may be "" only
// where a directory has objects without one.
func (s *Space) Add(objectType, anchor, name string, state State) ObjectID {
	id := s.pool.id(strings.ToLower(anchor))
	o, ok := s.byAnchor[id]
	if !ok || id == 0 {
		o = s.Reference(name)
		if old := s.anchors[o]; old != 0 && old != id {
			// The name belongs to another object by now (it was renamed between
			// two reads); this is a new one.
			o = s.grow()
		}
	}
	s.types[o], s.states[o], s.anchors[o], s.names[o] = s.pool.id(objectType), state, id, s.pool.id(name)
	if id != 0 {
		s.byAnchor[id] = o
	}
	s.byName[s.pool.id(s.nameKey(name))] = o
	s.byName[s.names[o]] = o
	return o
}

// Reference returns the object of that name, or a new placeholder for it.
func (s *Space) Reference(name string) ObjectID {
	id := s.pool.id(name)
	if o, ok := s.byName[id]; ok {
		return o
	}
	key := s.pool.id(s.nameKey(name))
	o, ok := s.byName[key]
	if !ok {
		o = s.grow()
		s.names[o] = id
		s.byName[key] = o
	}
	s.byName[id] = o
	return o
}

func (s *Space) grow() ObjectID {
	s.types = append(s.types, 0)
	s.states = append(s.states, Placeholder)
	s.anchors = append(s.anchors, 0)
	s.names = append(s.names, 0)
	return ObjectID(len(s.states) - 1)
}

func (s *Space) nameKey(name string) string {
	if s.Kind == KindAD {
		return dn.Key(name)
	}
	return strings.ToLower(name)
}

// ByAnchor finds an object by its anchor; NoObject if there is none.
func (s *Space) ByAnchor(anchor string) ObjectID {
	if id := s.pool.find(strings.ToLower(anchor)); id != 0 {
		if o, ok := s.byAnchor[id]; ok {
			return o
		}
	}
	return NoObject
}

// ByName finds an object or placeholder by its name; NoObject if there is none.
func (s *Space) ByName(name string) ObjectID {
	if o := s.named(name); o != NoObject {
		return o
	}
	return s.named(s.nameKey(name))
}

// named finds an object by a nameKey, or by a spelling that was received.
func (s *Space) named(text string) ObjectID {
	if id := s.pool.find(text); id != 0 {
		if o, ok := s.byName[id]; ok {
			return o
		}
	}
	return NoObject
}

// Type, State, Anchor and Name of an object.
func (s *Space) Type(o ObjectID) string   { return s.pool.text(s.types[o]) }
func (s *Space) State(o ObjectID) State   { return s.states[o] }
func (s *Space) Anchor(o ObjectID) string { return s.pool.text(s.anchors[o]) }
func (s *Space) Name(o ObjectID) string   { return s.pool.text(s.names[o]) }

// Set sets the values of an attribute. No values means absent.
func (s *Space) Set(o ObjectID, attr string, values ...string) {
	c := s.columns[attr]
	if c == nil {
		c = s.addColumn(attr)
	}
	ids := make([]uint32, 0, 4)
	for _, v := range values {
		ids = append(ids, s.pool.id(v))
	}
	c.set(o, ids)
}

// addColumn makes a column known by a spelling of its name.
func (s *Space) addColumn(attr string) *column {
	key := strings.ToLower(attr)
	c := s.columns[key]
	if c == nil {
		c = &column{}
		s.columns[key] = c
	}
	s.columns[attr] = c
	return c
}

// attributes are the names of the attributes that were set, in lower case.
func (s *Space) attributes() []string {
	var names []string
	for name, c := range s.columns {
		if name == strings.ToLower(name) && len(c.cells) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Everything is what is known of an object: its anchor, its name, and the values of
// its attributes by their names.
func (s *Space) Everything(o ObjectID) []string {
	out := []string{s.Anchor(o), s.Name(o)}
	for _, name := range s.attributes() {
		out = append(out, s.Values(o, name)...)
	}
	return out
}

// column finds an attribute; nil if it was never set.
func (s *Space) column(attr string) *column {
	if c, ok := s.columns[attr]; ok {
		return c
	}
	return s.columns[strings.ToLower(attr)]
}

// Values returns the values of an attribute in LDAP's spelling, in the order in
// which they were read; nil when absent. The caller must not change the slice.
func (s *Space) Values(o ObjectID, attr string) []string {
	return s.column(attr).values(o, &s.pool)
}

// First is the first value of an attribute, "" when absent.
func (s *Space) First(o ObjectID, attr string) string {
	c := s.column(attr)
	if c.count(o) == 0 {
		return ""
	}
	return s.pool.text(c.first(o))
}

// SetReferences sets the objects that a reference attribute of o names, whole.
// The attribute counts as read even when there are none. ids are from Reference;
// the slice is sorted in place and may be used again by the caller.
func (s *Space) SetReferences(o ObjectID, attr string, ids []ObjectID) {
	slices.Sort(ids)
	s.refColumn(attr).set(o, slices.Compact(ids))
}

func (s *Space) refColumn(attr string) *refColumn {
	c := s.refs[attr]
	if c == nil {
		key := strings.ToLower(attr)
		if c = s.refs[key]; c == nil {
			c = &refColumn{}
			s.refs[key] = c
		}
		s.refs[attr] = c
	}
	return c
}

// References returns the objects that a reference attribute names, sorted, and
// whether the attribute was read at all. The caller must not change the slice.
func (s *Space) References(o ObjectID, attr string) ([]ObjectID, bool) {
	c, ok := s.refs[attr]
	if !ok {
		c = s.refs[strings.ToLower(attr)]
	}
	return c.get(o)
}

// SetUnreadable records that this identity may not read the attribute of o.
func (s *Space) SetUnreadable(o ObjectID, attr string) {
	m := s.hidden[o]
	if m == nil {
		m = map[string]bool{}
		s.hidden[o] = m
	}
	m[strings.ToLower(attr)] = true
}

// Unreadable reports what SetUnreadable recorded.
func (s *Space) Unreadable(o ObjectID, attr string) bool {
	return len(s.hidden) > 0 && s.hidden[o][strings.ToLower(attr)]
}

// ProveAbsent records that a direct read found no object with that value.
func (s *Space) ProveAbsent(attr, value string) {
	s.absent[[2]string{strings.ToLower(attr), strings.ToLower(value)}] = true
}

// Absent reports whether ProveAbsent was called for the value.
func (s *Space) Absent(attr, value string) bool {
	return s.absent[[2]string{strings.ToLower(attr), strings.ToLower(value)}]
}

// SetFound records the objects that a direct read by value found.
func (s *Space) SetFound(attr, value string, objects ...ObjectID) {
	key := [2]string{strings.ToLower(attr), strings.ToLower(value)}
	s.found[key] = append(s.found[key], objects...)
}

// Found returns the objects that SetFound recorded for the value.
func (s *Space) Found(attr, value string) []ObjectID {
	return s.found[[2]string{strings.ToLower(attr), strings.ToLower(value)}]
}
