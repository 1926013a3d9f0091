package planner

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// MetaverseView is the metaverse of one run, to look at: every object, where its
// values come from, and what it is joined to. It is used by one goroutine.
type MetaverseView struct {
	b     *build
	flows map[string][]*inFlow // contributors, by attribute in lower case
	names []string             // the keys of flows, sorted
}

// Metaverse computes the metaverse as the rules out of it see it.
func Metaverse(cfg *lang.Config, snap Snapshot, o Options) (*MetaverseView, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options, b.trace = o, newTrace(b.spaces)
	b.inbound()
	b.claim()
	v := &MetaverseView{b: b, flows: contributorsIn(b.rules)}
	v.names = sortedKeys(v.flows)
	return v, nil
}

// Providers says what was read of each directory.
func (v *MetaverseView) Providers() []ProviderInfo { return v.b.providers() }

// MetaverseObject is one object of the metaverse.
type MetaverseObject struct {
	Number     int                   `json:"number"` // from 1, within one run
	Type       string                `json:"type"`
	Name       string                `json:"name"`  // for people
	Error      string                `json:"error"` // why a value could not be computed
	Attributes []MetaverseAttribute  `json:"attributes"`
	References []MetaverseReferences `json:"references"`
	Connectors []Connector           `json:"connectors"`
}

// MetaverseAttribute is one attribute that has values, and the rule that gave
// the first of them.
type MetaverseAttribute struct {
	Attribute string  `json:"attribute"`
	Encoding  string  `json:"encoding,omitempty"` // "base64" for octets
	Values    []Datum `json:"values"`
	By        Reason  `json:"by"`
}

// MetaverseReferences is one attribute whose values are other objects.
type MetaverseReferences struct {
	Attribute string               `json:"attribute"`
	By        Reason               `json:"by"`
	Read      bool                 `json:"read"` // false: not needed for a plan, so not read
	Objects   []MetaverseReference `json:"objects"`
}

// MetaverseReference is an object that another one refers to.
type MetaverseReference struct {
	Number int        `json:"number"` // 0: not in the metaverse
	Object ObjectName `json:"object"`
}

// Connector is one object of a directory that stands for a metaverse object.
type Connector struct {
	ObjectName
	Role string  `json:"role"` // projected, joined, marked, adopted, restorable
	By   *Reason `json:"by"`   // the rule that joined it
}

// Len counts the objects; their numbers are 1 to Len.
func (v *MetaverseView) Len() int { return len(v.b.mv.types) }

// Object is the object of a number, complete.
func (v *MetaverseView) Object(number int) MetaverseObject {
	b, m := v.b, mvID(number-1)
	o := MetaverseObject{Number: number, Type: b.mv.types[m], Name: b.mvName(m),
		Attributes: []MetaverseAttribute{}, References: []MetaverseReferences{}, Connectors: []Connector{}}
	if e, failed := b.mvErrors[m]; failed {
		o.Error = "rule \"" + e.rule + "\": " + e.err.Error()
	}
	for _, key := range v.names {
		c := b.mv.column(key)
		if c.Syntax == schema.Reference {
			if refs := c.refSource(m); refs.space >= 0 {
				o.References = append(o.References, v.references(m, c, refs))
			}
			continue
		}
		if texts := c.values(m); len(texts) > 0 {
			a := MetaverseAttribute{Attribute: c.Name}
			a.Values, a.Encoding = b.data(c.Attribute, texts)
			if by := v.lineage(m, c); by.rule != nil {
				a.By = by.reason()
			}
			o.Attributes = append(o.Attributes, a)
		}
	}
	for _, c := range b.connectedTo(Found{m: m}) {
		o.Connectors = append(o.Connectors, b.connector(c))
	}
	return o
}

func (b *build) connector(c connected) Connector {
	out := Connector{ObjectName: b.objectName(c.place), Role: string(c.role)}
	switch {
	case c.by != nil:
		out.By = ptr(reasonOf(c.by, c.by.Range))
	case c.item != nil:
		out.By = b.reason(c.item, c.item.w.Range)
	}
	return out
}

func (v *MetaverseView) references(m mvID, c *mvColumn, refs refSource) MetaverseReferences {
	b := v.b
	out := MetaverseReferences{Attribute: c.Name, Objects: []MetaverseReference{}}
	for _, f := range v.flows[strings.ToLower(c.Name)] {
		if f.rule.space == int(refs.space) && f.flow.From == refs.attr && out.By.Rule == "" {
			out.By = contributor{f.rule.Rule, f.flow}.reason()
		}
	}
	ids, read := b.spaces[refs.space].References(refs.object, refs.attr)
	out.Read = read
	for _, id := range ids {
		p := place{int(refs.space), id}
		ref := MetaverseReference{Object: b.objectName(p)}
		if to := b.mv.objectOf(p.space, id); to != noMV {
			ref.Number = int(to) + 1
		}
		out.Objects = append(out.Objects, ref)
	}
	return out
}

// lineage is the flow that gave an attribute its value. The engine does not keep
// it; it is asked again.
func (v *MetaverseView) lineage(m mvID, c *mvColumn) contributor {
	result, _, err := v.b.decideIn(m, c, v.flows[strings.ToLower(c.Name)], nil)
	if err != nil || !slices.Equal(result.values, c.values(m)) {
		return v.b.declaredBy(m)
	}
	return result.by
}

// declaredBy is the writeback whose declared state stands in place of what the
// rules gave.
func (b *build) declaredBy(m mvID) contributor {
	for _, it := range b.byMV[m] {
		if it.w.State != "" {
			return contributor{it.w.Rule, &lang.Flow{Range: it.w.Range}}
		}
	}
	return contributor{}
}

// reason names a flow as the reason of a value.
func (c contributor) reason() Reason { return reasonOf(c.rule, c.flow.Range) }

// data are values as they are shown: octets in base64, redacted ones hidden.
func (b *build) data(a schema.Attribute, texts []string) ([]Datum, string) {
	encoding := ""
	shown := slices.Clone(texts)
	if a.Syntax == schema.Octets {
		encoding = "base64"
		for i, t := range shown {
			shown[i] = base64.StdEncoding.EncodeToString([]byte(t))
		}
	}
	out := Texts(shown...)
	if b.redacted(a.Name) {
		b.hide(out)
	}
	return out, encoding
}

// mvName names a metaverse object for people.
func (b *build) mvName(m mvID) string {
	for i, links := range b.mv.links {
		if o := links[m]; o != NoObject {
			return displayName(b.spaces[i], o)
		}
	}
	if texts := b.mv.values(m, "displayName"); len(texts) > 0 {
		return texts[0]
	}
	return fmt.Sprintf("metaverse object %d", m+1)
}

// Search lists the numbers of the objects for which a search holds, by type and
// name. Objects for which an expression fails are not found and counted; the
// error is that of the first one.
func (v *MetaverseView) Search(s *lang.Search) (found []int, failed int, err error) {
	for number := 1; number <= v.Len(); number++ {
		src := searchRecord{mvRecord{v.b, mvID(number - 1)}}
		ok, e := v.holds(s, src)
		switch {
		case e != nil:
			if failed++; err == nil {
				err = fmt.Errorf("%q: %w", v.b.mvName(src.m), e)
			}
		case ok:
			found = append(found, number)
		}
	}
	slices.SortStableFunc(found, func(x, y int) int {
		if c := strings.Compare(v.b.mv.types[x-1], v.b.mv.types[y-1]); c != 0 {
			return c
		}
		return strings.Compare(dn.Fold(v.b.mvName(mvID(x-1))), dn.Fold(v.b.mvName(mvID(y-1))))
	})
	return found, failed, err
}

func (v *MetaverseView) holds(s *lang.Search, src searchRecord) (bool, error) {
	switch s.Op {
	case lang.SearchClause:
		return clauseHolds(s.Clause, src), nil
	case lang.SearchWhen:
		return v.b.holds(s.When, src.mvRecord, nil)
	case lang.SearchNot:
		ok, err := v.holds(s.Of[0], src)
		return !ok && err == nil, err
	}
	for _, of := range s.Of {
		ok, err := v.holds(of, src)
		if err != nil {
			return false, err
		}
		if ok == (s.Op == lang.SearchAny) {
			return ok, nil
		}
	}
	return s.Op == lang.SearchAll, nil
}

// searchRecord is a metaverse object with what a search knows of it beside its
// attributes.
type searchRecord struct{ mvRecord }

func (r searchRecord) texts(name string) []string {
	if _, known := r.b.mv.schema.Lookup(name); !known {
		switch name {
		case lang.SearchType:
			return []string{r.b.mv.types[r.m]}
		case lang.SearchProvider:
			var addresses []string
			for _, c := range r.b.connectedTo(Found{m: r.m}) {
				addresses = append(addresses, r.b.spaces[c.space].Provider)
			}
			return addresses
		}
	}
	return r.mvRecord.texts(name)
}

func (r searchRecord) count(name string) int {
	if _, known := r.b.mv.schema.Lookup(name); !known {
		return len(r.texts(name))
	}
	return r.mvRecord.count(name)
}

// Find looks an object up by display name, id, DN, cloudAnchor, sAMAccountName
// and whatever else people know it by. The error is *NotFound or *Ambiguous.
func (v *MetaverseView) Find(name string) (Found, error) { return v.b.lookUp(name) }

// Reader reads the values that expressions use: those of an object in the
// connector space of a provider, or in the metaverse, if the provider is nil. It
// also tells the object's type there. It is an error if the object is not there.
func (v *MetaverseView) Reader(f Found, p *lang.Provider) (func([]lang.Use) []value.Value, string, error) {
	b := v.b
	if p == nil {
		if f.m == noMV {
			return nil, "", fmt.Errorf("%q joined no object of the metaverse; it is in %s alone", f.Object.Name, f.Object.Provider)
		}
		params := map[string]string{}
		for _, t := range b.targets {
			params = b.params[t.provider]
			break
		}
		return func(uses []lang.Use) []value.Value { return arguments(uses, mvRecord{b, f.m}, params) }, b.mv.types[f.m], nil
	}
	_, i := b.space(p)
	for _, c := range b.connectedTo(f) {
		if c.space == i {
			src := spaceRecord{b.spaces[i], c.object}
			return func(uses []lang.Use) []value.Value { return arguments(uses, src, b.params[p]) }, src.s.Type(c.object), nil
		}
	}
	return nil, "", fmt.Errorf("%q has no object in %s", f.Object.Name, p.Address())
}
