package forest

import "slices"

// index finds objects by value. It holds live and deleted objects; whoever asks
// decides which of them count.
type index struct {
	equal  map[*attributeDef]map[string][]*object // by normal form
	class  map[string][]*object                   // by lower-case class name, in the order of creation
	byName map[string][]*object                   // by folded name (the value of the RDN)
}

func newIndex(s *schema) *index {
	x := &index{equal: map[*attributeDef]map[string][]*object{}, class: map[string][]*object{}, byName: map[string][]*object{}}
	for _, def := range s.ordered {
		if def.indexed {
			x.equal[def] = map[string][]*object{}
		}
	}
	return x
}

func (x *index) lookup(def *attributeDef, normal string) []*object { return x.equal[def][normal] }

// add and remove maintain the equality index of one attribute of o.
func (x *index) add(o *object, def *attributeDef, values []string) {
	if table := x.equal[def]; table != nil {
		for _, v := range values {
			key := def.normal(v)
			table[key] = append(table[key], o)
		}
	}
}

func (x *index) remove(o *object, def *attributeDef, values []string) {
	if table := x.equal[def]; table != nil {
		for _, v := range values {
			drop(table, def.normal(v), o)
		}
	}
}

// addObject and renamed maintain the other two.
func (x *index) addObject(o *object) {
	for _, name := range o.classNames() {
		x.class[fold(name)] = append(x.class[fold(name)], o)
	}
	x.byName[fold(o.rdn)] = append(x.byName[fold(o.rdn)], o)
	for _, a := range o.attrs {
		x.add(o, a.def, a.values)
	}
}

func (x *index) renamed(o *object, before string) {
	drop(x.byName, fold(before), o)
	x.byName[fold(o.rdn)] = append(x.byName[fold(o.rdn)], o)
}

func drop(table map[string][]*object, key string, o *object) {
	list := table[key]
	if i := slices.Index(list, o); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(table, key)
		return
	}
	table[key] = list
}
