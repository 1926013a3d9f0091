package forest

import (
	"maps"
	"slices"
	"strconv"
)

// draft is a change to one object that has not happened yet. Nothing of it shows
// until commit, so that a request is carried out whole or not at all.
type draft struct {
	*Forest
	o       *object
	attrs   []attribute // copy of the object's; value slices are replaced, never written to
	changed map[*attributeDef]bool
	// mustKeep are attributes of which a value was taken away and that may not
	// end without one.
	mustKeep []*attributeDef
	// links are the references to add and to remove, by attribute.
	links map[*attributeDef]*linkChange
}

type linkChange struct {
	add    []*object
	adding map[*object]bool
	remove map[*object]bool
}

func (f *Forest) draft(o *object) *draft {
	return &draft{Forest: f, o: o, attrs: slices.Clone(o.attrs), changed: map[*attributeDef]bool{}, links: map[*attributeDef]*linkChange{}}
}

func (d *draft) get(def *attributeDef) []string {
	for i := range d.attrs {
		if d.attrs[i].def == def {
			return d.attrs[i].values
		}
	}
	return nil
}

func (d *draft) first(def *attributeDef) string {
	if values := d.get(def); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (d *draft) put(def *attributeDef, values ...string) {
	if slices.Equal(d.get(def), values) {
		return
	}
	d.changed[def] = true
	i := slices.IndexFunc(d.attrs, func(a attribute) bool { return a.def == def })
	switch {
	case len(values) == 0:
		d.attrs = slices.Delete(d.attrs, i, i+1)
	case i >= 0:
		d.attrs[i].values = values
	default:
		d.attrs = append(d.attrs, attribute{def, values})
	}
}

func (d *draft) change(def *attributeDef) *linkChange {
	c := d.links[def]
	if c == nil {
		c = &linkChange{adding: map[*object]bool{}, remove: map[*object]bool{}}
		d.links[def] = c
	}
	return c
}

// has reports whether the draft's object refers to target, seen by a client.
func (d *draft) has(def *attributeDef, target *object) bool {
	c := d.change(def)
	if c.adding[target] {
		return true
	}
	return !c.remove[target] && slices.Contains(target.referrers(def), d.o) && !(def.linked && target.deleted)
}

func (d *draft) link(def *attributeDef, target *object) {
	c := d.change(def)
	if c.remove[target] {
		delete(c.remove, target)
		return
	}
	c.adding[target] = true
	c.add = append(c.add, target)
}

func (d *draft) unlink(def *attributeDef, target *object) {
	c := d.change(def)
	if c.adding[target] {
		delete(c.adding, target)
		c.add = without(c.add, target)
		return
	}
	c.remove[target] = true
}

// current are the references that a client sees after the draft so far.
func (d *draft) current(def *attributeDef) []*object {
	c := d.change(def)
	var out []*object
	for _, target := range d.o.targets(def) {
		if !c.remove[target] && !(def.linked && target.deleted) {
			out = append(out, target)
		}
	}
	return append(out, c.add...)
}

// commit makes the draft the object's state. It reports whether anything
// differs from before.
func (d *draft) commit() bool {
	written := make([]*attributeDef, 0, len(d.changed))
	for def := range d.changed {
		written = append(written, def)
	}
	for def, c := range d.links {
		if len(c.add)+len(c.remove) > 0 {
			written = append(written, def)
		}
	}
	if len(written) == 0 {
		return false
	}
	before := d.stampsBefore(d.o, written...)
	for def := range d.changed {
		d.index.remove(d.o, def, d.o.get(def))
		d.index.add(d.o, def, d.get(def))
	}
	d.o.attrs = d.attrs
	d.stamp(d.o)
	d.stampAttributes(d.o, before)
	d.commitLinks()
	return true
}

// commitLinks adds and removes the references of the draft.
func (d *draft) commitLinks() {
	for _, def := range d.schema.ordered {
		c := d.links[def]
		if c == nil || len(c.add) == 0 && len(c.remove) == 0 {
			continue
		}
		if len(c.remove) > 0 {
			kept := slices.DeleteFunc(slices.Clone(d.o.targets(def)), func(t *object) bool { return c.remove[t] })
			d.o.refs = set(d.o.refs, def, kept)
			for target := range c.remove {
				target.sources = set(target.sources, def, without(target.referrers(def), d.o))
			}
		}
		for _, target := range c.add {
			d.o.link(def, target)
		}
		d.stampLinks(d.o, def, c.add, slices.Collect(maps.Keys(c.remove)))
	}
}

// stamp records a committed write on an object.
func (f *Forest) stamp(o *object) {
	f.usn++
	o.put(f.schema.uSNChanged, strconv.FormatInt(f.usn, 10))
	o.put(f.schema.whenChanged, formatTime(f.now()))
}

// readOnly reports whether Options forbid writes to o.
func (f *Forest) readOnly(o *object) bool {
	for _, name := range f.opts.ReadOnlyDNs {
		if top, refused := f.resolve(name); refused == nil && o.within(top) {
			return true
		}
	}
	return false
}

// checkAccess answers 50 when the identity or the place forbids a write.
func (f *Forest) checkAccess(w writer, objects ...*object) *refusal {
	if w.readOnly {
		return errAccess()
	}
	for _, o := range objects {
		if f.readOnly(o) {
			return errAccess()
		}
	}
	return nil
}
