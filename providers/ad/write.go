package ad

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// markAttribute carries our mark. An object without it is never deleted, but for
// an OU that a run made, that nobody touched since and that holds nothing.
const markAttribute = "adminDescription"

// Write carries out one operation. When the connection breaks after a request
// was sent, the object is read again to learn what happened; a request is sent
// twice only where that changes nothing (members).
//
// With Operation.Again the object is read first, and once more when the directory
// refuses the operation: what an earlier attempt did counts as done, also when it
// took effect late.
func (d *Directory) Write(ctx context.Context, op planner.Operation) planner.Result {
	w, err := d.newWrite(ctx, op)
	switch {
	case err != nil && op.Again:
		return planner.Result{Status: planner.StatusUnknown, Code: codeOf(err), Err: err}
	case err != nil:
		return planner.Result{Status: planner.StatusFailed, Code: codeOf(err), Err: err}
	case !op.Again || op.Verb == planner.VerbMembers:
		return w.send(ctx)
	}
	return w.sendAgain(ctx)
}

// send sends the operation.
func (w *write) send(ctx context.Context) planner.Result {
	switch w.op.Verb {
	case planner.VerbCreate:
		return w.create(ctx)
	case planner.VerbRestore:
		return w.restore(ctx)
	case planner.VerbMove:
		return w.move(ctx)
	case planner.VerbUpdate:
		return w.update(ctx)
	case planner.VerbMembers:
		return w.members(ctx)
	case planner.VerbDelete:
		return w.remove(ctx)
	}
	return w.failed(fmt.Errorf("unknown verb %q", w.op.Verb), "")
}

// write is one operation under way.
type write struct {
	d    *Directory
	c    *conn
	op   planner.Operation
	dn   planner.DN // DNAfter, or DNBefore on delete
	name string     // what messages call the object
}

// newWrite checks what needs no directory.
func (d *Directory) newWrite(ctx context.Context, op planner.Operation) (*write, error) {
	name := orDefault(op.DNAfter, op.DNBefore)
	doing := string(op.Verb) + " " + op.ObjectType
	refuse := func(why string) error {
		return &fault{doing: doing, object: name, message: why}
	}
	dn, err := planner.ParseDN(name)
	switch {
	case err != nil || dn.Len() < 2:
		return nil, refuse("this is no distinguished name")
	case op.ObjectType != "group" && op.ObjectType != "organizationalUnit" && op.Verb != planner.VerbUpdate:
		return nil, refuse("of objects other than groups, landfall changes attributes only")
	case op.ObjectType == "organizationalUnit" && op.Verb != planner.VerbCreate && op.Verb != planner.VerbDelete:
		return nil, refuse("landfall creates OUs, takes back empty ones, and never changes one")
	case !dn.IsBelow(d.base):
		return nil, refuse("it is not below base_dn " + d.base.String())
	}
	if _, ok := planner.ParseGUID(op.Anchor); !ok && op.Verb != planner.VerbCreate {
		return nil, refuse(fmt.Sprintf("%q is no objectGUID", op.Anchor))
	}
	for _, e := range op.Edits {
		if _, err := texts(e, e.After); err != nil {
			return nil, refuse(err.Error())
		}
		if _, err := texts(e, e.Before); err != nil {
			return nil, refuse(err.Error())
		}
	}
	// The name is not a value: create and move write it.
	op.Edits = slices.DeleteFunc(slices.Clone(op.Edits), func(e planner.Edit) bool { return strings.EqualFold(e.Attribute, "dn") })
	c, err := d.writer.get(ctx)
	if err != nil {
		return nil, err
	}
	return &write{d: d, c: c, op: op, dn: dn, name: name}, nil
}

// texts are the values of one side of an edit as the directory has them.
func texts(e planner.Edit, data []planner.Datum) ([]string, error) {
	out := make([]string, len(data))
	for i, v := range data {
		if v.Hash != "" && v.Text == "" {
			return nil, fmt.Errorf("the value of %s is redacted in the plan, so it cannot be written", e.Attribute)
		}
		out[i] = v.Text
		if e.Encoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(v.Text)
			if err != nil {
				return nil, fmt.Errorf("the value of %s is not base64", e.Attribute)
			}
			out[i] = string(raw)
		}
	}
	return out, nil
}

// values is texts for an edit that newWrite has checked.
func values(e planner.Edit, data []planner.Datum) []string {
	v, _ := texts(e, data)
	return v
}

// create adds the object with every value but members.
func (w *write) create(ctx context.Context) planner.Result {
	request := ldap.NewAddRequest(w.dn.String(), nil)
	request.Attribute("objectClass", []string{"top", w.op.ObjectType})
	for _, e := range w.op.Edits {
		if v := values(e, e.After); len(v) > 0 {
			request.Attribute(e.Attribute, v)
		}
	}
	err := w.c.retry(ctx, func(l *ldap.Conn) error { return l.Add(request) })
	code, _, answered := answer(err)
	switch {
	case err == nil || !answered:
		return w.created(ctx, err)
	case code == ldap.LDAPResultEntryAlreadyExists:
		return w.taken(ctx, err)
	case code == ldap.LDAPResultNoSuchObject:
		return w.failed(err, "The OU "+w.dn.Parent().String()+" does not exist")
	}
	return w.failed(err, ifDenied(err, fmt.Sprintf("the permission \"Create %s objects\" on %s", w.op.ObjectType, w.dn.Parent())))
}

// created reads the new object back. lost is the error of the add when its
// answer did not come.
func (w *write) created(ctx context.Context, lost error) planner.Result {
	e, err := w.reread(ctx, lost, w.dn.String(), false)
	if _, _, answered := answer(err); err != nil && !answered && lost == nil {
		e, err = w.reread(ctx, err, w.dn.String(), false)
	}
	switch {
	case hasCode(err, ldap.LDAPResultNoSuchObject) && lost != nil:
		return w.notDone(lost)
	case err != nil || e == nil || planner.FormatGUID(e.GetEqualFoldAttributeValue("objectGUID")) == "":
		return w.unknown(orError(lost, orError(err, errors.New("it was created and cannot be read back"))))
	case lost != nil && !w.holds(e, after):
		return w.stale("an object of that name exists by now, and it is not the one that was to be created", lost)
	}
	return planner.Result{Status: planner.StatusDone, Anchor: planner.FormatGUID(e.GetEqualFoldAttributeValue("objectGUID"))}
}

// taken tells which name an add collided with: the DN or the sAMAccountName.
func (w *write) taken(ctx context.Context, refusal error) planner.Result {
	if e, err := w.c.entry(ctx, w.dn.String(), false, "objectClass"); err == nil && e != nil {
		return w.stale("an object of that name exists by now", refusal)
	}
	for _, e := range w.op.Edits {
		v := values(e, e.After)
		if !strings.EqualFold(e.Attribute, "sAMAccountName") || len(v) != 1 {
			continue
		}
		holder := ""
		_ = w.c.pages(ctx, query{base: w.c.root.defaultNC, filter: equals("sAMAccountName", v[0]), attrs: []string{"objectClass"}},
			func(e *ldap.Entry) error { holder = e.DN; return nil }, nil)
		if holder != "" {
			return w.stale(fmt.Sprintf("the sAMAccountName %s belongs to %s by now", v[0], holder), refusal)
		}
	}
	return w.stale("an object of that name, or with that sAMAccountName, exists by now, and this identity does not see it", refusal)
}

// restore takes a deleted object out of the Recycle Bin.
func (w *write) restore(ctx context.Context) planner.Result {
	e, err := w.c.entry(ctx, guidDN(w.op.Anchor), true, w.attributes("isDeleted")...)
	if r, ok := w.unreadable(e, err, "it is not among the deleted objects any more"); !ok {
		return r
	}
	if !strings.EqualFold(e.GetEqualFoldAttributeValue("isDeleted"), "TRUE") {
		return w.stale("it is not deleted any more; it is at "+e.DN, nil)
	}
	if found := w.differs(e); found != "" {
		return w.stale(found, nil)
	}
	// Samba does not find a deleted object as <GUID=…> here; its DN carries the GUID.
	request := ldap.NewModifyRequest(e.DN, []ldap.Control{ldap.NewControlMicrosoftShowDeleted()})
	request.Delete("isDeleted", nil)
	request.Replace("distinguishedName", []string{w.dn.String()})
	err = w.c.retry(ctx, func(l *ldap.Conn) error { return l.Modify(request) })
	code, _, answered := answer(err)
	switch {
	case err == nil:
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	case !answered:
		return w.movedTo(ctx, err, true)
	case code == ldap.LDAPResultEntryAlreadyExists:
		return w.stale("an object of that name exists by now", err)
	case code == ldap.LDAPResultNoSuchObject:
		return w.failed(err, "The OU "+w.dn.Parent().String()+" does not exist")
	}
	return w.failed(err, ifDenied(err, "the permission \"Reanimate tombstones\" on the domain, with \"Create group objects\" on "+w.dn.Parent().String()+" and \"Write all properties\" on the object"))
}

// move changes the name, the parent or both.
func (w *write) move(ctx context.Context) planner.Result {
	e, err := w.c.entry(ctx, guidDN(w.op.Anchor), false, w.attributes()...)
	if r, ok := w.unreadable(e, err, "it does not exist any more"); !ok {
		return r
	}
	if r, ok := w.isAt(e, w.op.DNBefore); !ok {
		return r
	}
	if found := w.differs(e); found != "" {
		return w.stale(found, nil)
	}
	parent := w.dn.Parent()
	if p, err := w.c.entry(ctx, parent.String(), false, "objectClass"); hasCode(err, ldap.LDAPResultNoSuchObject) || err == nil && p == nil {
		return w.failed(fmt.Errorf("the new parent %s does not exist", parent), "")
	} else if err != nil {
		return w.failed(err, "")
	}
	// The new parent is always named: Samba cannot rename <GUID=…> without it.
	request := ldap.NewModifyDNRequest(guidDN(w.op.Anchor), w.dn.Leaf().String(), true, parent.String())
	err = w.c.retry(ctx, func(l *ldap.Conn) error { return l.ModifyDN(request) })
	code, _, answered := answer(err)
	switch {
	case err == nil:
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	case !answered:
		return w.movedTo(ctx, err, false)
	case code == ldap.LDAPResultEntryAlreadyExists:
		return w.stale("another object has that name by now", err)
	case code == ldap.LDAPResultNoSuchObject:
		return w.stale("the object or its new parent is gone", err)
	}
	return w.failed(err, ifDenied(err, fmt.Sprintf("the permissions \"Delete\" on the object (protection against accidental deletion forbids it, too), \"Write name\" and \"Write cn\" on it, and \"Create %s objects\" on %s", w.op.ObjectType, parent)))
}

// movedTo learns after a lost answer whether the object is at DNAfter now.
func (w *write) movedTo(ctx context.Context, lost error, restored bool) planner.Result {
	e, err := w.reread(ctx, lost, guidDN(w.op.Anchor), restored)
	if err != nil || e == nil {
		return w.unknown(lost)
	}
	now, err := planner.ParseDN(e.DN)
	switch {
	case err == nil && now.Equal(w.dn) && now.Leaf().Value == w.dn.Leaf().Value:
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	case restored && strings.EqualFold(e.GetEqualFoldAttributeValue("isDeleted"), "TRUE"),
		!restored && err == nil && now.Key() == planner.DNKey(w.op.DNBefore):
		return w.notDone(lost)
	}
	return w.unknown(lost)
}

// remove deletes an object that carries a mark and nothing below it.
func (w *write) remove(ctx context.Context) planner.Result {
	e, err := w.c.entry(ctx, guidDN(w.op.Anchor), false, w.attributes(markAttribute, "uSNCreated", "uSNChanged")...)
	if r, ok := w.unreadable(e, err, "it does not exist any more"); !ok {
		return r
	}
	if r, ok := w.isAt(e, w.op.DNBefore); !ok {
		return r
	}
	if why := w.notOurs(e); why != "" {
		return w.stale(why, nil)
	}
	if found := w.differs(e); found != "" {
		return w.stale(found, nil)
	}
	err = w.c.retry(ctx, func(l *ldap.Conn) error { return l.Del(ldap.NewDelRequest(guidDN(w.op.Anchor), nil)) })
	code, _, answered := answer(err)
	switch {
	case err == nil:
		return planner.Result{Status: planner.StatusDone}
	case !answered:
		return w.removed(ctx, err)
	case code == ldap.LDAPResultNoSuchObject:
		return w.stale("it does not exist any more", err)
	case code == ldap.LDAPResultNotAllowedOnNonLeaf:
		return w.failed(err, "There are objects below it; landfall never deletes a subtree")
	}
	return w.failed(err, ifDenied(err, "the permission \"Delete\" on the object, or \"Delete group objects\" on "+w.dn.Parent().String()+" (protection against accidental deletion forbids it, too)"))
}

// notOurs says why an object may not be deleted, "" if it may: a group carries its
// own mark, that of the cloud group it was written for; an OU, which carries none,
// is as it was made.
func (w *write) notOurs(e *ldap.Entry) string {
	if w.op.ObjectType != "organizationalUnit" {
		mark := e.GetEqualFoldAttributeValue(markAttribute)
		switch {
		case !strings.HasPrefix(strings.ToLower(mark), strings.ToLower(markPrefix)):
			return "it does not carry landfall's mark any more (" + markAttribute + ")"
		case w.op.Mark == "":
			return "the plan does not say which mark it carries (" + markAttribute + ")"
		case !strings.EqualFold(mark, w.op.Mark):
			return fmt.Sprintf("it carries the mark of another group by now (%s is %q and not %q)", markAttribute, mark, w.op.Mark)
		}
		return ""
	}
	made, changed := e.GetEqualFoldAttributeValue("uSNCreated"), e.GetEqualFoldAttributeValue("uSNChanged")
	switch {
	case typeOf(e.GetEqualFoldAttributeValues("objectClass")) != "organizationalUnit":
		return "it is no organizational unit"
	case made == "" || made != changed:
		return "somebody changed it since it was made (uSNCreated, uSNChanged)"
	}
	return ""
}

// removed learns after a lost answer whether the object is gone.
func (w *write) removed(ctx context.Context, lost error) planner.Result {
	_, err := w.reread(ctx, lost, guidDN(w.op.Anchor), false)
	switch {
	case hasCode(err, ldap.LDAPResultNoSuchObject):
		return planner.Result{Status: planner.StatusDone}
	case err == nil: // also when this identity does not see it
		return w.notDone(lost)
	}
	return w.unknown(lost)
}

// attributes are those that preconditions look at.
func (w *write) attributes(more ...string) []string {
	names := append([]string{"objectGUID", "objectClass"}, more...)
	for _, e := range w.op.Edits {
		names = append(names, e.Attribute)
	}
	return names
}

// unreadable is the outcome when the object of a precondition was not read.
func (w *write) unreadable(e *ldap.Entry, err error, gone string) (planner.Result, bool) {
	switch {
	case hasCode(err, ldap.LDAPResultNoSuchObject):
		return w.stale(gone, nil), false
	case err != nil:
		return w.failed(err, ""), false
	case e == nil:
		return w.failed(errors.New("this identity does not see the object"), ""), false
	}
	return planner.Result{}, true
}

// isAt checks that the object is where the plan found it.
func (w *write) isAt(e *ldap.Entry, dn string) (planner.Result, bool) {
	now, err := planner.ParseDN(e.DN)
	if err != nil || now.Key() != planner.DNKey(dn) {
		return w.stale(fmt.Sprintf("it was at %s in the plan and is at %s now", dn, e.DN), nil), false
	}
	return planner.Result{}, true
}
