package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// A run touched objects and attributes that the configuration may no longer need.
// They are read beside what it does need, in steps as for a plan:
//
//	RevertRequests    → Reader.Read of every provider
//	RevertLookups     → Reader.Find
//	RevertReferences  → Reader.ReadReferences
//
// and then Revert, or Remainder.

// Recorded is the plan as the operations that it consists of, for a read of all
// that it touches.
func (p *Plan) Recorded() []Recorded {
	var out []Recorded
	for _, c := range p.Changes {
		op := Recorded{Provider: c.Provider, Address: c.Address, Name: c.Name}
		op.Verb, op.ObjectType, op.Edits = VerbUpdate, c.ObjectType, c.Edits
		if slices.Contains(c.Actions, ActionDelete) {
			op.Verb = VerbDelete
		}
		if c.Anchor != nil {
			op.Anchor = *c.Anchor
		}
		if c.DN.Before != nil {
			op.DNBefore = *c.DN.Before
		}
		if c.DN.After != nil {
			op.DNAfter = *c.DN.After
		}
		if c.Members != nil {
			op.Add, op.Remove = c.Members.Add, c.Members.Remove
		}
		out = append(out, op)
	}
	return out
}

// RevertRequests says what to read of every provider, by address.
func RevertRequests(cfg *lang.Config, operations []Recorded) map[string]Request {
	more := map[string]Request{}
	for _, p := range cfg.Providers {
		types := map[string]*TypeRequest{}
		var subtrees []string
		for _, op := range operations {
			if op.Provider != p.Address() {
				continue
			}
			t := types[op.ObjectType]
			if t == nil {
				t = &TypeRequest{Type: op.ObjectType, References: []string{"member"}}
				types[op.ObjectType] = t
			}
			if op.ObjectType == "organizationalUnit" {
				t.Attributes = union(t.Attributes, []string{"uSNCreated", "uSNChanged"})
				subtrees = append(subtrees, op.DNAfter)
			}
			for _, e := range op.Edits {
				t.want(p.Schema, e.Attribute)
			}
		}
		req := Request{Subtrees: subtrees}
		for _, name := range sortedKeys(types) {
			if name != "group" {
				types[name].References = slices.DeleteFunc(types[name].References, func(r string) bool { return r == "member" })
			}
			req.Types = append(req.Types, *types[name])
		}
		more[p.Address()] = req
	}
	return MergeRequests(Requests(cfg), more)
}

// want asks for an attribute that an edit names.
func (t *TypeRequest) want(s *Schema, attribute string) {
	a, ok := s.Lookup(attribute)
	switch {
	case !ok:
		t.Attributes = union(t.Attributes, []string{attribute})
	case a.Derived, strings.EqualFold(a.Name, "dn"):
	case a.Syntax == schema.Reference:
		t.References = union(t.References, []string{a.Name})
	default:
		t.Attributes = union(t.Attributes, []string{a.Name})
	}
}

// RevertLookups says what of it the read did not bring, because it lies beyond the
// search bases or is of a type that is read only when something refers to it: the
// anchors, and the names of containers and of what references named.
func RevertLookups(s *Space, operations []Recorded) (anchors, names []string) {
	seen := map[string]bool{}
	anchor := func(id string) {
		id = strings.ToLower(id)
		if isMark(markPrefix+id) && !seen[id] && s.ByAnchor(id) == NoObject {
			seen[id] = true
			anchors = append(anchors, id)
		}
	}
	name := func(text string) {
		d, err := dn.Parse(text)
		if err != nil || d.Len() == 0 || s.Kind != KindAD || seen[d.Key()] {
			return
		}
		if o := s.named(d.Key()); o == NoObject || s.State(o) == Placeholder {
			seen[d.Key()] = true
			names = append(names, d.String())
		}
	}
	for _, op := range operations {
		if op.Provider != s.Provider {
			continue
		}
		anchor(op.Anchor)
		anchor(op.Created)
		for _, m := range slices.Concat(op.Add, op.Remove, op.MemberOf) {
			if isMark(markPrefix + m.ID) {
				anchor(m.ID)
			} else {
				name(m.DN)
			}
		}
		for _, place := range []string{op.DNBefore, op.DNAfter} {
			if d, err := dn.Parse(place); err == nil && d.Len() > 1 {
				name(d.Parent().String())
			}
		}
		for _, e := range op.Edits {
			if a, ok := s.Schema.Lookup(e.Attribute); ok && a.Syntax == schema.Reference {
				for _, d := range slices.Concat(e.Before, e.After) {
					name(d.Text)
				}
			}
		}
	}
	return anchors, names
}

// RevertReferences says whose references are needed: those of everything that was
// touched.
func RevertReferences(s *Space, operations []Recorded) References {
	out := References{}
	for _, op := range operations {
		if op.Provider != s.Provider {
			continue
		}
		if op.ObjectType == "group" && s.Kind == KindAD {
			out.Attributes = union(out.Attributes, []string{"member", "memberOf"}) // see privileged
		}
		for _, e := range op.Edits {
			if a, ok := s.Schema.Lookup(e.Attribute); ok && a.Syntax == schema.Reference {
				out.Attributes = union(out.Attributes, []string{a.Name})
			}
		}
		for _, o := range []ObjectID{s.ByAnchor(op.Anchor), s.ByAnchor(op.Created), s.ByName(op.DNAfter)} {
			if o != NoObject && s.State(o) != Placeholder {
				out.Objects = append(out.Objects, o)
			}
		}
		for _, m := range op.MemberOf {
			if o := s.ByAnchor(m.ID); o != NoObject {
				out.Objects = append(out.Objects, o)
			}
		}
	}
	slices.Sort(out.Objects)
	out.Objects = slices.Compact(out.Objects)
	if len(out.Attributes) == 0 {
		out.Objects = nil
	}
	return out
}
