package planner

// column is one attribute. cells[o] is 0 when absent, a pool id + 1 for one
// value, or, with the top bit set, the place in lists of a count and that many
// pool ids.
type column struct {
	cells []uint32
	lists []uint32
}

const listBit = 1 << 31

func (c *column) set(o ObjectID, ids []uint32) {
	for len(c.cells) <= int(o) {
		c.cells = append(c.cells, 0)
	}
	switch len(ids) {
	case 0:
		c.cells[o] = 0
	case 1:
		c.cells[o] = ids[0] + 1
	default:
		c.cells[o] = listBit | uint32(len(c.lists))
		c.lists = append(append(c.lists, uint32(len(ids))), ids...)
	}
}

// count is the number of values; a nil column has none.
func (c *column) count(o ObjectID) int {
	switch {
	case c == nil || int(o) >= len(c.cells) || c.cells[o] == 0:
		return 0
	case c.cells[o]&listBit == 0:
		return 1
	}
	return int(c.lists[c.cells[o]&^listBit])
}

// first is the pool id of the first value; only where count is not 0.
func (c *column) first(o ObjectID) uint32 {
	if c.cells[o]&listBit == 0 {
		return c.cells[o] - 1
	}
	return c.lists[c.cells[o]&^listBit+1]
}

// values are the texts of the values; nil when absent. The caller must not
// change them.
func (c *column) values(o ObjectID, p *pool) []string {
	n := c.count(o)
	switch n {
	case 0:
		return nil
	case 1:
		return p.one(c.first(o))
	}
	at := c.cells[o]&^listBit + 1
	out := make([]string, n)
	for i, id := range c.lists[at : at+uint32(n)] {
		out[i] = p.text(id)
	}
	return out
}

// refColumn is one reference attribute: for each object a place in flat, where a
// count is followed by that many sorted ObjectIDs. Place 0 is "never read".
type refColumn struct {
	places []uint32
	flat   []ObjectID
}

func (c *refColumn) set(o ObjectID, ids []ObjectID) {
	for len(c.places) <= int(o) {
		c.places = append(c.places, 0)
	}
	if len(c.flat) == 0 {
		c.flat = append(c.flat, 0)
	}
	c.places[o] = uint32(len(c.flat))
	c.flat = append(append(c.flat, ObjectID(len(ids))), ids...)
}

// get returns the objects and whether the attribute was read; a nil column was
// not.
func (c *refColumn) get(o ObjectID) ([]ObjectID, bool) {
	if c == nil || int(o) >= len(c.places) || c.places[o] == 0 {
		return nil, false
	}
	at := c.places[o]
	n := uint32(c.flat[at])
	return c.flat[at+1 : at+1+n], true
}
