package forest

import (
	"slices"
	"strings"
)

// object is one entry of the directory, live or deleted.
//
// Fields and the tree are guarded by Forest.mu. What can be derived (objectClass,
// distinguishedName, name and the naming attribute, back links) is not stored.
type object struct {
	seq    uint32 // place in Forest.objects: the order of creation
	parent *object
	// rdnType and rdn are the object's own name, unescaped.
	rdnType, rdn string
	// children by folded name; nil for a leaf. The naming attribute does not
	// count: CN=a and OU=a cannot be siblings.
	children map[string]*object
	class    *class
	aux      []*class // auxiliary classes of this object alone
	attrs    []attribute
	refs     []reference // values of reference attributes
	sources  []reference // who refers to this object, by the attribute used
	// stamps and linkStamps are replication metadata; see stamps.go.
	stamps     map[*attributeDef]*stamp
	linkStamps map[linkEnd]*stamp
	deleted    bool
	// head marks the root of a naming context: a search does not cross it.
	head bool
	// generated objects come from the program's own tables and are not written
	// to LDIF (the schema).
	generated bool
	line      int // where the LDIF declares it
}

// attribute is one stored attribute with its values as bytes in strings.
type attribute struct {
	def    *attributeDef
	values []string
}

// reference is one reference attribute with the objects at its other end, in
// the order in which they were added.
type reference struct {
	def     *attributeDef
	objects []*object
}

func (o *object) get(def *attributeDef) []string {
	for i := range o.attrs {
		if o.attrs[i].def == def {
			return o.attrs[i].values
		}
	}
	return nil
}

// first is the first stored value, "" when absent.
func (o *object) first(def *attributeDef) string {
	if values := o.get(def); len(values) > 0 {
		return values[0]
	}
	return ""
}

// put stores values; none removes the attribute.
func (o *object) put(def *attributeDef, values ...string) {
	i := slices.IndexFunc(o.attrs, func(a attribute) bool { return a.def == def })
	switch {
	case len(values) == 0 && i >= 0:
		o.attrs = slices.Delete(o.attrs, i, i+1)
	case len(values) == 0:
	case i >= 0:
		o.attrs[i].values = values
	default:
		o.attrs = append(o.attrs, attribute{def, values})
	}
}

// targets are the objects that a reference attribute of o names.
func (o *object) targets(def *attributeDef) []*object { return find(o.refs, def) }

// referrers are the objects that name o in a reference attribute.
func (o *object) referrers(def *attributeDef) []*object { return find(o.sources, def) }

func find(list []reference, def *attributeDef) []*object {
	for i := range list {
		if list[i].def == def {
			return list[i].objects
		}
	}
	return nil
}

func set(list []reference, def *attributeDef, objects []*object) []reference {
	i := slices.IndexFunc(list, func(r reference) bool { return r.def == def })
	switch {
	case len(objects) == 0 && i >= 0:
		return slices.Delete(list, i, i+1)
	case len(objects) == 0:
		return list
	case i >= 0:
		list[i].objects = objects
		return list
	}
	return append(list, reference{def, objects})
}

// link adds the reference o → target; the caller knows that it is new.
func (o *object) link(def *attributeDef, target *object) {
	o.refs = set(o.refs, def, append(o.targets(def), target))
	target.sources = set(target.sources, def, append(target.referrers(def), o))
}

// unlink removes the reference o → target on both sides.
func (o *object) unlink(def *attributeDef, target *object) {
	o.refs = set(o.refs, def, without(o.targets(def), target))
	target.sources = set(target.sources, def, without(target.referrers(def), o))
	delete(o.linkStamps, linkEnd{def, target})
}

func without(list []*object, gone *object) []*object {
	i := slices.Index(list, gone)
	if i < 0 {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// classNames are the values of objectClass, top first.
func (o *object) classNames() []string {
	if len(o.aux) == 0 {
		return o.class.chain
	}
	names := slices.Clone(o.class.chain[:len(o.class.chain)-1])
	for _, c := range o.aux {
		names = append(names, c.name)
	}
	return append(names, o.class.name)
}

// may reports whether the object's classes allow the attribute.
func (o *object) may(def *attributeDef) bool {
	return o.class.may[def] || slices.ContainsFunc(o.aux, func(c *class) bool { return c.may[def] })
}

// is reports whether objectClass has the name.
func (o *object) is(class string) bool {
	return slices.ContainsFunc(o.classNames(), func(n string) bool { return strings.EqualFold(n, class) })
}

// within reports whether o is base or lies below it, whatever naming contexts
// are between.
func (o *object) within(base *object) bool {
	for ; o != nil; o = o.parent {
		if o == base {
			return true
		}
	}
	return false
}

// context is the root of the naming context that o lies in.
func (o *object) context() *object {
	for !o.head && o.parent != nil {
		o = o.parent
	}
	return o
}
