package planner

import "hash/maphash"

// pool interns texts: equal texts have one id and are held once. Id 0 is "".
//
// It is a hash table of ids beside the list of texts, which takes a quarter of
// the memory of a map: most texts of a directory are its own names and
// identifiers, and there are a dozen of them for each object.
type pool struct {
	seed  maphash.Seed
	texts []string
	table []uint32 // place by hash, then the next ones; 0 is free
}

// id interns a text.
func (p *pool) id(text string) uint32 {
	if text == "" {
		return 0
	}
	if 3*len(p.texts) >= 2*len(p.table) {
		p.grow()
	}
	at := p.place(text)
	if p.table[at] == 0 {
		p.table[at] = uint32(len(p.texts))
		p.texts = append(p.texts, text)
	}
	return p.table[at]
}

// find returns the id of a text, 0 if it is not there.
func (p *pool) find(text string) uint32 {
	if text == "" || len(p.table) == 0 {
		return 0
	}
	return p.table[p.place(text)]
}

// text is the reverse of id.
func (p *pool) text(id uint32) string {
	if id == 0 {
		return ""
	}
	return p.texts[id]
}

// one is the list of the text of an id alone, at no cost. The caller must not
// change it.
func (p *pool) one(id uint32) []string {
	if id == 0 {
		return []string{""}
	}
	return p.texts[id : id+1 : id+1]
}

// place is where the text stands in the table, or the free place for it.
func (p *pool) place(text string) int {
	mask := len(p.table) - 1
	at := int(maphash.String(p.seed, text)) & mask
	for p.table[at] != 0 && p.texts[p.table[at]] != text {
		at = (at + 1) & mask
	}
	return at
}

// grow doubles the table.
func (p *pool) grow() {
	if len(p.table) == 0 {
		p.seed, p.texts = maphash.MakeSeed(), []string{""}
	}
	p.table = make([]uint32, max(64, 2*len(p.table)))
	for id, text := range p.texts[1:] {
		p.table[p.place(text)] = uint32(id + 1)
	}
}
