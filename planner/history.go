package planner

import (
	"slices"
	"strings"
	"time"
)

// When and where what a plan would take back was changed, as far as the
// directory itself remembers. HistoryRequests says what to ask of a directory,
// AddHistory writes its answer (HistoryReader, provider.go) into the plan.
//
// Nothing is concluded from a time. Who changed something, a directory does not
// remember, so a change that landfall made itself looks like any other. What can
// be proven is the reverse: that nobody changed it in the directory since the
// object carries our mark, so that the cloud or the files differ (Pending).

// Changed is the last change of a value in its directory.
type Changed struct {
	At      string `json:"at"`           // RFC 3339, UTC, by the clock of that domain controller
	DC      string `json:"dc,omitempty"` // name of the domain controller; "" when it is not known any more
	Version int    `json:"version"`      // how often it was changed; 1 is the first time
}

// HistoryUse says how much of a directory's history is known to the plan.
type HistoryUse struct {
	Provider string `json:"provider"`
	Objects  int    `json:"objects"` // that were asked about
	Told     int    `json:"told"`    // that the directory has told of
	// Detail says why not of all of them; "" otherwise.
	Detail string `json:"detail"`
}

// HistoryRequests lists the objects that the changes of a plan in one directory
// touch and that exist there, in the order of the plan.
func HistoryRequests(p *Plan, provider string, s *Schema) []HistoryRequest {
	var out []HistoryRequest
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Provider != provider || c.Anchor == nil || !changesValues(c) {
			continue
		}
		r := HistoryRequest{Anchor: *c.Anchor, DN: *c.DN.Before, Deleted: slices.Contains(c.Actions, ActionRestore)}
		for _, e := range c.Edits {
			if refers(s, e.Attribute) {
				r.Links = append(r.Links, e.Attribute)
			}
		}
		if m := c.Members; m != nil && len(m.Add)+len(m.Remove) > 0 {
			r.Links = append(r.Links, memberAttribute)
		}
		out = append(out, r)
	}
	return out
}

const (
	memberAttribute  = "member"
	nameAttribute    = "name"      // changes with every move and rename
	deletedAttribute = "isDeleted" // changes when an object is deleted
)

func changesValues(c *Change) bool {
	return c.DN.Before != nil && (len(c.Edits) > 0 || c.Members != nil || placeAttribute(c) != "")
}

// placeAttribute is the attribute whose last change is that of the object's
// place; "" when the plan does not change the place.
func placeAttribute(c *Change) string {
	switch {
	case slices.Contains(c.Actions, ActionRestore):
		return deletedAttribute
	case slices.Contains(c.Actions, ActionMove), slices.Contains(c.Actions, ActionRename):
		return nameAttribute
	}
	return ""
}

func refers(s *Schema, attribute string) bool {
	a, ok := s.Lookup(attribute)
	return ok && a.Syntax == SyntaxReference
}

// AddHistory writes what a directory told about the requested objects into the
// plan. The digest stays the same.
func AddHistory(p *Plan, provider string, s *Schema, requested []HistoryRequest, answer Histories) {
	use := HistoryUse{Provider: provider, Objects: len(requested)}
	for _, r := range requested {
		if answer.Objects[r.Anchor] != nil {
			use.Told++
		}
	}
	if use.Told < use.Objects {
		use.Detail = answer.Missing
	}
	p.History = append(p.History, use)
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Provider != provider || c.Anchor == nil || !changesValues(c) {
			continue
		}
		if h := answer.Objects[*c.Anchor]; h != nil {
			n := narrator{schema: s, history: h, forgotten: answer.Forgotten, mark: h.mark(), values: h.byValue()}
			n.tell(c)
		}
	}
}

// mark is the stamp of our mark, if it was never written again.
func (h *History) mark() *Stamp {
	s, ok := h.Attributes[strings.ToLower(markAttribute)]
	if !ok || s.Version != 1 || s.Origin == "" {
		return nil
	}
	return &s
}

// byValue finds value stamps by attribute and value.
func (h *History) byValue() map[linkKey]*ValueStamp {
	out := make(map[linkKey]*ValueStamp, len(h.Values))
	for i := range h.Values {
		v := &h.Values[i]
		out[keyOfLink(v.Attribute, v.DN)] = v
	}
	return out
}

type linkKey struct{ attribute, dn string }

func keyOfLink(attribute, name string) linkKey {
	return linkKey{strings.ToLower(attribute), DNKey(name)}
}

// narrator writes the history of one object into its change.
type narrator struct {
	schema    *Schema
	history   *History
	forgotten time.Time
	mark      *Stamp // nil: nothing can be proven
	values    map[linkKey]*ValueStamp
}

func (n *narrator) tell(c *Change) {
	if a := placeAttribute(c); a != "" {
		s, ok := n.history.Attributes[strings.ToLower(a)]
		if ok {
			c.Changed = changed(s)
		}
		c.Pending = ok && a == nameAttribute && n.notSinceMark(s)
	}
	for i := range c.Edits {
		n.tellEdit(&c.Edits[i])
	}
	if m := c.Members; m != nil {
		for i := range m.Add {
			n.tellAdded(&m.Add[i])
		}
		for i := range m.Remove {
			if v := n.values[keyOfLink(memberAttribute, m.Remove[i].DN)]; v != nil && !v.Gone {
				m.Remove[i].Changed = changed(v.Stamp)
			}
		}
	}
}

// tellEdit: links are remembered value by value, everything else as a whole. A
// reference attribute that is no link has a stamp of its own.
func (n *narrator) tellEdit(e *Edit) {
	if refers(n.schema, e.Attribute) {
		if s := n.lastOf(e); s != nil {
			e.Changed = changed(*s)
			return
		}
		if slices.ContainsFunc(n.history.Values, func(v ValueStamp) bool { return strings.EqualFold(v.Attribute, e.Attribute) }) {
			return
		}
	}
	s, ok := n.history.Attributes[strings.ToLower(e.Attribute)]
	if ok {
		e.Changed = changed(s)
	}
	switch {
	case strings.EqualFold(e.Attribute, markAttribute):
	case ok:
		e.Pending = n.notSinceMark(s)
	default:
		// Every attribute that was ever written has a stamp, an emptied one too.
		e.Pending = n.mark != nil && n.history.EveryAttribute && len(e.Before) == 0 && !refers(n.schema, e.Attribute)
	}
}

// lastOf is the last known change of the values that an edit takes back: of
// those it removes, when they came; of those it adds, when they went.
func (n *narrator) lastOf(e *Edit) *Stamp {
	var last *Stamp
	look := func(data []Datum, gone bool) {
		for _, d := range data {
			v := n.values[keyOfLink(e.Attribute, d.Text)]
			if v != nil && v.Gone == gone && (last == nil || v.At.After(last.At)) {
				last = &v.Stamp
			}
		}
	}
	look(without(e.Before, e.After), false)
	look(without(e.After, e.Before), true)
	return last
}

// without lists the data of a that b lacks.
func without(a, b []Datum) []Datum {
	return slices.DeleteFunc(slices.Clone(a), func(d Datum) bool { return slices.Contains(b, d) })
}

// tellAdded: a member that the plan adds was removed once, or never was one. The
// latter is proven when all removals since the object is ours are known.
func (n *narrator) tellAdded(m *MemberChange) {
	v := n.values[keyOfLink(memberAttribute, m.DN)]
	switch {
	case v != nil && v.Gone:
		m.Changed = changed(v.Stamp)
	case v == nil:
		m.Pending = n.history.EveryValue && n.mark != nil && !n.forgotten.IsZero() && n.mark.At.After(n.forgotten)
	}
}

// notSinceMark reports whether a change is proven not to be later than the mark.
// Times of different domain controllers prove nothing; the numbers of one do.
func (n *narrator) notSinceMark(s Stamp) bool {
	return n.mark != nil && s.Origin == n.mark.Origin && s.USN <= n.mark.USN
}

func changed(s Stamp) *Changed {
	return &Changed{At: s.At.UTC().Format(time.RFC3339), DC: s.DC, Version: s.Version}
}
