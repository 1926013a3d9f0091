package planner

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Holdings are what an object holds that is to be deleted: what it takes to make
// it anew where no Recycle Bin keeps it. They go into the journal before the
// object goes.
type Holdings struct {
	Edits    []Edit         // every value that can be written again, as Before; After is empty
	Members  []MemberChange // Reason is empty
	MemberOf []MemberChange // the groups that it is a member of
}

// HoldingKey names an object: the address of its provider and its anchor.
type HoldingKey struct{ Provider, Anchor string }

// Doomed are the objects of one provider that a plan deletes, by anchor.
func (p *Plan) Doomed(provider string) []string {
	var out []string
	for _, c := range p.Changes {
		if c.Provider == provider && c.Blocked == nil && c.Anchor != nil && slices.Contains(c.Actions, ActionDelete) {
			out = append(out, *c.Anchor)
		}
	}
	return out
}

// HoldingsRequest asks for everything that the schema of a provider knows of
// groups, and for the names of what they refer to.
func HoldingsRequest(p *lang.Provider) Request {
	var req Request
	for _, objectType := range sortedKeys(alwaysAD) {
		t := TypeRequest{Type: objectType, Attributes: slices.Sorted(slices.Values(alwaysAD[objectType]))}
		if objectType == "group" {
			t.Attributes, t.References = holdable(p.Schema)
		}
		req.Types = append(req.Types, t)
	}
	return req
}

// holdable lists what a group may hold that can be written again, and the links
// that are read beside it.
func holdable(s *Schema) (attributes, references []string) {
	references = []string{"memberOf"}
	for _, name := range s.Names() {
		a, _ := s.Lookup(name)
		switch {
		case a.ReadOnly, a.Derived, naming(a.Name), len(a.Types) > 0 && !slices.Contains(a.Types, "group"):
		case a.Syntax == schema.Reference:
			references = append(references, a.Name)
		default:
			attributes = append(attributes, a.Name)
		}
	}
	return attributes, references
}

// naming reports attributes that follow from an object's name.
func naming(attribute string) bool {
	return slices.ContainsFunc([]string{"dn", "cn", "ou", "name", "distinguishedName"}, func(n string) bool { return strings.EqualFold(n, attribute) })
}

// HoldingsOf is what an object of s holds, after a read of HoldingsRequest. Values
// of the attributes that the settings redact are hidden with the key.
func HoldingsOf(cfg *lang.Config, s *Space, o ObjectID, redactKey []byte) Holdings {
	b := &build{cfg: cfg, options: Options{RedactKey: redactKey}}
	var h Holdings
	attributes, references := holdable(s.Schema)
	for _, name := range slices.Concat(attributes, references) {
		a, _ := s.Schema.Lookup(name)
		switch {
		case strings.EqualFold(name, "member"):
			h.Members = neighbours(s, o, name)
			continue
		case strings.EqualFold(name, "memberOf"):
			h.MemberOf = neighbours(s, o, name)
			continue
		}
		e, holds := heldEdit(s, o, a)
		if !holds {
			continue
		}
		if b.redacted(name) {
			b.hide(e.Before)
		}
		h.Edits = append(h.Edits, e)
	}
	slices.SortFunc(h.Edits, func(x, y Edit) int { return strings.Compare(x.Attribute, y.Attribute) })
	return h
}

// heldEdit are the values of one attribute, as an edit that takes them away.
func heldEdit(s *Space, o ObjectID, a Attribute) (Edit, bool) {
	values := slices.Clone(s.Values(o, a.Name))
	if a.Syntax == schema.Reference {
		values = nil
		for _, m := range neighbours(s, o, a.Name) {
			values = append(values, m.DN)
		}
	}
	e, holds := makeEdit(a, values, nil, Reason{})
	if holds && e.Encoding == "" && slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
		e.Encoding = "base64" // no text, whatever the schema says
		for i := range e.Before {
			e.Before[i].Text = base64.StdEncoding.EncodeToString([]byte(e.Before[i].Text))
		}
	}
	return e, holds
}

// neighbours are the objects that a reference attribute names. Deleted ones, which
// Samba shows, are none.
func neighbours(s *Space, o ObjectID, attribute string) []MemberChange {
	ids, _ := s.References(o, attribute)
	var out []MemberChange
	for _, id := range ids {
		if d, err := dn.Parse(s.Name(id)); err == nil && s.State(id) != Deleted && !strings.Contains(d.Leaf().Value, "\nDEL:") {
			out = append(out, MemberChange{DN: s.Name(id), Name: displayName(s, id), ID: s.Anchor(id)})
		}
	}
	m := Members{Add: out}
	sortMembers(&m)
	return m.Add
}
