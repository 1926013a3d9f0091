package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/ad"
)

// config is what a configuration that is right has.
func (s *session) config(a Account) ad.Config {
	return ad.Config{
		Address: "provider.ad.conformance", URL: s.target.URL, CA: s.target.CA,
		BaseDN: s.target.BaseDN, SearchBases: []string{s.ou},
		Username: a.Name, Password: a.Password,
		Timeout: callTimeout, Schema: planner.ADSchema,
	}
}

// open opens the directory as landfall does, with the case's OU as search base.
func (s *session) open(a Account) *ad.Directory {
	s.t.Helper()
	if a.Name == "" {
		s.t.Skip("the target has no such account")
	}
	return s.openWith(s.config(a))
}

func (s *session) openWith(c ad.Config) *ad.Directory {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	d, err := ad.Open(ctx, c)
	s.must(err)
	s.t.Cleanup(func() { d.Close() })
	return d
}

// opening appends how opening ends: "ok", or which of the words the error has.
func (s *session) opening(c ad.Config, words ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	d, err := ad.Open(ctx, c)
	if err == nil {
		d.Close()
		s.answer("ok")
		return
	}
	s.t.Log(err)
	found := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		return !strings.Contains(strings.ToLower(err.Error()), w)
	})
	s.answer("error(%s)", strings.Join(found, ","))
}

// write is an operation of landfall as the writer.
func (s *session) write(op planner.Operation) planner.Result {
	s.t.Helper()
	return s.writeAs(s.target.Writer, op)
}

// writeAs appends the outcome: status, result code unless 0, refused members and
// those that were already so, and whether a permission was missing.
func (s *session) writeAs(a Account, op planner.Operation) planner.Result {
	s.t.Helper()
	return s.writeTo(s.open(a), op)
}

func (s *session) writeTo(d *ad.Directory, op planner.Operation) planner.Result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	r := d.Write(ctx, op)
	text := string(r.Status)
	if r.Code != 0 && r.Status != planner.StatusDone {
		text += fmt.Sprintf(" %d", r.Code)
	}
	if len(r.Refused) > 0 {
		text += fmt.Sprintf(" refused=%d", len(r.Refused))
	}
	if r.Already > 0 {
		text += fmt.Sprintf(" already=%d", r.Already)
		if len(r.Unneeded) != r.Already { // nothing was cut off, so each is known
			text += fmt.Sprintf(" unneeded=%d", len(r.Unneeded))
		}
	}
	if errors.Is(r.Err, planner.ErrPermission) {
		text += " permission"
	}
	s.answer("%s", text)
	if r.Err != nil {
		s.t.Log(r.Err)
	}
	if (r.Err == nil) != (r.Status == planner.StatusDone) {
		s.t.Errorf("status %s with the error %v", r.Status, r.Err)
	}
	return r
}

// anchor is the objectGUID as landfall writes it.
func (s *session) anchor(rel string) string {
	s.t.Helper()
	return anchorOf(s.guid(rel))
}

// anchorOf writes the bytes of an objectGUID in its usual mixed order.
func anchorOf(g []byte) string {
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8:10], g[10:16])
}

// edit is one attribute of an operation.
func edit(attribute string, before, after []string) planner.Edit {
	return planner.Edit{Attribute: attribute, Before: planner.Texts(before...), After: planner.Texts(after...)}
}

// one is a list of one value; none is an absent attribute.
func one(value string) []string { return []string{value} }

var none []string

func (s *session) create(rel string, edits ...planner.Edit) planner.Operation {
	return planner.Operation{Verb: planner.VerbCreate, ObjectType: "group", DNAfter: s.dn(rel), Edits: edits}
}

func (s *session) update(rel string, edits ...planner.Edit) planner.Operation {
	s.t.Helper()
	return planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: s.anchor(rel),
		DNBefore: s.dn(rel), DNAfter: s.dn(rel), Edits: edits}
}

func (s *session) move(rel, to string) planner.Operation {
	s.t.Helper()
	return planner.Operation{Verb: planner.VerbMove, ObjectType: "group", Anchor: s.anchor(rel), DNBefore: s.dn(rel), DNAfter: s.dn(to)}
}

func (s *session) remove(rel string) planner.Operation {
	s.t.Helper()
	return planner.Operation{Verb: planner.VerbDelete, ObjectType: "group", Anchor: s.anchor(rel), DNBefore: s.dn(rel),
		Mark: s.entry(rel, "adminDescription").GetAttributeValue("adminDescription")}
}

func (s *session) removeOU(rel string) planner.Operation {
	s.t.Helper()
	op := s.remove(rel)
	op.ObjectType = "organizationalUnit"
	return op
}

// membership changes the members of a group; the names in add and gone are
// relative. Objects that exist are named with their anchors, as plans do.
func (s *session) membership(rel string, add, gone []string) planner.Operation {
	s.t.Helper()
	list := func(rels []string) []planner.MemberChange {
		var out []planner.MemberChange
		for _, r := range rels {
			m := planner.MemberChange{DN: s.dn(r), Name: r}
			if e := s.lookup(r, "objectGUID"); e != nil {
				m.ID = anchorOf(e.GetRawAttributeValue("objectGUID"))
			}
			out = append(out, m)
		}
		return out
	}
	op := s.update(rel)
	op.Verb, op.Add, op.Remove = planner.VerbMembers, list(add), list(gone)
	return op
}

// request is what a writeback of groups asks for.
func (s *session) request(attributes ...string) planner.Request {
	return planner.Request{
		Types: []planner.TypeRequest{
			{Type: "group", All: true, Attributes: attributes, References: []string{"member", "managedBy"}},
			{Type: "organizationalUnit", All: true},
			{Type: "user", Attributes: []string{"sAMAccountName"}},
			{Type: "contact"},
		},
		Mark: "adminDescription",
	}
}

// read reads the case's OU as landfall does.
func (s *session) read(req planner.Request) *planner.Space {
	s.t.Helper()
	return s.readFrom(s.open(s.target.Writer), req)
}

func (s *session) readFrom(d *ad.Directory, req planner.Request) *planner.Space {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	space := planner.NewSpace("provider.ad.conformance", planner.KindAD, planner.ADSchema)
	s.must(d.Read(ctx, req, space))
	var groups []planner.ObjectID
	for o := range planner.ObjectID(space.Len()) {
		if space.Type(o) == "group" && space.State(o) == planner.Live {
			groups = append(groups, o)
		}
	}
	s.must(d.ReadReferences(ctx, req, groups, []string{"member", "managedBy"}, space))
	if space.ReadAt.IsZero() || space.ReadAt.After(time.Now().Add(time.Hour)) {
		s.t.Errorf("the read has the time %s", space.ReadAt)
	}
	return space
}

// showRead appends an object of a space as show does.
func (s *session) showRead(space *planner.Space, rel string, attributes ...string) {
	s.t.Helper()
	o := space.ByName(s.dn(rel))
	if o == planner.NoObject || space.State(o) == planner.Placeholder {
		s.answer("[none]")
		return
	}
	parts := make([]string, len(attributes))
	for i, name := range attributes {
		values := space.Values(o, name)
		if refs, read := space.References(o, name); read {
			values = nil
			for _, ref := range refs {
				values = append(values, s.short(space.Name(ref)))
			}
		}
		slices.Sort(values)
		parts[i] = name + "=" + strings.Join(values, "|")
		if len(values) == 0 {
			parts[i] = name + "=-"
		}
	}
	s.answer("[%s]", strings.Join(parts, " "))
}
