package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// maxRights is how many objects are looked at for their rights. A plan that
// touches more is looked at for its first ones.
const maxRights = 5000

// reanimate is the GUID of the extended right Reanimate Tombstones.
const reanimate = "45ec5156-db7e-47bb-b53f-dbeb2d03c40f"

// rights is one look at what an identity may do.
type rights struct {
	d     *Directory
	c     *conn
	who   identity
	what  planner.Inspection
	asked int

	containers map[string]*container // by DN key
	guids      map[string][]string   // schemaIDGUID, and the GUID of the set, by name in lower case
	rows       []*row
	general    []planner.Check // that are not about the plan
}

// row gathers objects of one container of which the same is to be said.
type row struct {
	status     planner.CheckStatus
	right      planner.Right
	objectType string
	place      string // DN of the container
	detail     string
	attributes []string
	objects    int
	uses       []planner.Use
}

func newRights(d *Directory, c *conn, who identity, what planner.Inspection) *rights {
	return &rights{d: d, c: c, who: who, what: what, containers: map[string]*container{}, guids: map[string][]string{}}
}

// finding is what was found out about one need.
type finding struct {
	status planner.CheckStatus
	detail string
}

func (a access) finding(detail string) finding {
	switch a {
	case granted:
		return finding{status: planner.CheckOK}
	case unsure:
		return finding{planner.CheckUnknown, "an access control entry with a condition decides"}
	}
	return finding{planner.CheckMissing, detail}
}

func (r *rights) needs(ctx context.Context, needs []planner.Need) error {
	for i, need := range needs {
		if err := r.need(ctx, need); err != nil {
			return r.d.fault("look at the rights on", orDefault(need.DN, need.Parent), err, "")
		}
		r.d.config.Progress("looking at rights", i+1, len(needs), 0)
	}
	return nil
}

func (r *rights) need(ctx context.Context, need planner.Need) error {
	if r.asked++; r.asked > maxRights {
		r.note(need, parentOf(need), need.Attributes, finding{planner.CheckUnknown, fmt.Sprintf("only the first %d objects are looked at", maxRights)})
		return nil
	}
	switch need.Right {
	case planner.RightCreate:
		f, err := r.create(ctx, need.Parent, need.ObjectType)
		r.note(need, need.Parent, nil, f)
		return err
	case planner.RightWriteNew:
		return r.writeNew(ctx, need)
	case planner.RightWrite:
		return r.write(ctx, need)
	case planner.RightDelete:
		f, err := r.delete(ctx, need)
		r.note(need, parentOf(need), nil, f)
		return err
	case planner.RightRestore:
		f, err := r.restore(ctx, need)
		r.note(need, r.c.root.defaultNC, nil, f)
		return err
	}
	r.note(need, need.Parent, nil, finding{planner.CheckUnknown, "landfall does not know this right"})
	return nil
}

// parentOf is the container of the object of a need.
func parentOf(need planner.Need) string {
	if need.DN == "" {
		return need.Parent
	}
	name, err := planner.ParseDN(need.DN)
	if err != nil || name.Len() == 0 {
		return need.DN
	}
	return name.Parent().String()
}

// note adds a finding to its row.
func (r *rights) note(need planner.Need, place string, attributes []string, f finding) {
	if f.status == "" {
		return
	}
	objects := 1
	if need.Anchor == "" {
		objects = len(need.Uses)
	}
	for _, old := range r.rows {
		if old.status == f.status && old.right == need.Right && old.objectType == need.ObjectType && old.detail == f.detail &&
			planner.DNKey(old.place) == planner.DNKey(place) {
			old.objects += objects
			old.uses = append(old.uses, need.Uses...)
			old.attributes = append(old.attributes, attributes...)
			return
		}
	}
	r.rows = append(r.rows, &row{status: f.status, right: need.Right, objectType: need.ObjectType, place: place, detail: f.detail,
		attributes: slices.Clone(attributes), objects: objects, uses: slices.Clone(need.Uses)})
}

// container is what is known of an object that others lie in.
type container struct {
	dn       string
	exists   bool
	children []string // classes that this identity may create there
	access   *descriptor
	why      string // access is nil: why
}

// container looks at a container once.
func (r *rights) container(ctx context.Context, dn string) (*container, error) {
	key := planner.DNKey(dn)
	if c := r.containers[key]; c != nil {
		return c, nil
	}
	c := &container{dn: dn}
	r.containers[key] = c
	e, err := r.read(ctx, dn, false, "allowedChildClassesEffective", "nTSecurityDescriptor")
	if err != nil || e == nil {
		c.why = "it is not visible to this identity"
		return c, err
	}
	c.exists = true
	c.children = e.GetEqualFoldAttributeValues("allowedChildClassesEffective")
	c.access, c.why = r.descriptor(e)
	return c, nil
}

// read reads one object with its access list; nil when there is none to be seen.
func (r *rights) read(ctx context.Context, dn string, deleted bool, attrs ...string) (*ldap.Entry, error) {
	const ownerGroupAndList = 7 // not the audit list, which few may read
	request := r.c.request(dn, ldap.ScopeBaseObject, "(objectClass=*)", append(attrs, "objectClass"), deleted)
	request.Controls = append(request.Controls, &ldap.ControlMicrosoftSDFlags{ControlValue: ownerGroupAndList})
	result, err := r.c.search(ctx, request)
	if hasCode(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) || err == nil && len(result.Entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if e := result.Entries[0]; len(e.GetEqualFoldAttributeValues("objectClass")) > 0 {
		return e, nil
	}
	return nil, nil
}

// descriptor reads the access list of an entry, or says why it cannot be used.
func (r *rights) descriptor(e *ldap.Entry) (d *descriptor, why string) {
	if len(r.who.sids) == 0 {
		return nil, "the domain controller does not say which SIDs this connection has"
	}
	raw := e.GetEqualFoldAttributeValue("nTSecurityDescriptor")
	if raw == "" {
		return nil, "this identity may not read the access list (Read Permissions)"
	}
	d, err := parseDescriptor(raw)
	if err != nil {
		return nil, err.Error()
	}
	return d, ""
}

// create looks whether objects of a class may be made in a container, which the
// plan may make itself.
func (r *rights) create(ctx context.Context, parent, class string) (finding, error) {
	c, err := r.container(ctx, parent)
	if err != nil {
		return finding{}, err
	}
	if c.exists {
		if slices.ContainsFunc(c.children, func(name string) bool { return strings.EqualFold(name, class) }) {
			return granted.finding(""), nil
		}
		return denied.finding(""), nil
	}
	access, above, why, err := r.future(ctx, parent)
	if err != nil || access == nil {
		return finding{planner.CheckUnknown, why}, err
	}
	guid, err := r.guid(ctx, class)
	if err != nil {
		return finding{}, err
	}
	return r.newObject(access.check(r.who.sids, rightCreateChild, guid...), "inherits from "+above), nil
}

// newObject is the finding on an object that does not exist yet. The schema gives
// new objects entries for administrators, which are not looked at.
func (r *rights) newObject(a access, from string) finding {
	f := a.finding("nothing that it " + from + " allows it")
	if a == denied && len(r.who.adminGroups()) > 0 {
		return finding{planner.CheckUnknown, f.detail + "; what the schema gives administrators on every new object may"}
	}
	return f
}

// future is the access list that a container which the plan makes will have: what
// it inherits from the nearest one that exists, above.
func (r *rights) future(ctx context.Context, dn string) (access *descriptor, above, why string, err error) {
	name, err := planner.ParseDN(dn)
	if err != nil || name.Len() == 0 {
		return nil, "", "its container has no name", nil
	}
	c, err := r.container(ctx, dn)
	if err != nil {
		return nil, "", "", err
	}
	if c.exists {
		return c.access, c.dn, c.why, nil
	}
	if !name.Parent().IsBelow(r.d.base) {
		return nil, "", c.why, nil
	}
	access, above, why, err = r.future(ctx, name.Parent().String())
	if err != nil || access == nil {
		return nil, above, why, err
	}
	guid, err := r.guid(ctx, "organizationalUnit")
	if err != nil {
		return nil, "", "", err
	}
	return access.inherited(first(guid), r.who.user), above, "", nil
}

// writeNew looks whether attributes of objects that the plan makes may be written
// after that.
func (r *rights) writeNew(ctx context.Context, need planner.Need) error {
	access, above, why, err := r.future(ctx, need.Parent)
	if err != nil {
		return err
	}
	if access == nil {
		r.note(need, need.Parent, need.Attributes, finding{planner.CheckUnknown, why})
		return nil
	}
	class, err := r.guid(ctx, need.ObjectType)
	if err != nil {
		return err
	}
	object := access.inherited(first(class), r.who.user)
	return r.noteEach(need, need.Parent, func(attribute string) (finding, error) {
		a, err := r.mayWrite(ctx, object, need.ObjectType, attribute)
		return r.newObject(a, "inherits from "+above), err
	})
}

// mayWrite looks into an access list whether an attribute may be written.
func (r *rights) mayWrite(ctx context.Context, list *descriptor, class, attribute string) (access, error) {
	classGUID, err := r.guid(ctx, class)
	if err != nil {
		return denied, err
	}
	guid, err := r.guid(ctx, attribute)
	if err != nil {
		return denied, err
	}
	return list.check(r.who.sids, rightWriteProperty, slices.Concat(guid, classGUID)...), nil
}

// noteEach notes what is found out about each attribute of a need; attributes of
// which the same is found go into one row.
func (r *rights) noteEach(need planner.Need, place string, find func(attribute string) (finding, error)) error {
	var order []finding
	attributes := map[finding][]string{}
	for _, a := range need.Attributes {
		f, err := find(a)
		if err != nil {
			return err
		}
		if attributes[f] == nil {
			order = append(order, f)
		}
		attributes[f] = append(attributes[f], a)
	}
	for _, f := range order {
		r.note(need, place, attributes[f], f)
	}
	return nil
}

// write looks whether attributes of an object may be written. Those that renames
// and moves write are looked up in the access list: domain controllers differ in
// whether allowedAttributesEffective has them.
func (r *rights) write(ctx context.Context, need planner.Need) error {
	e, err := r.read(ctx, guidDN(need.Anchor), need.Deleted, "allowedAttributesEffective", "nTSecurityDescriptor")
	if err != nil {
		return err
	}
	if e == nil {
		r.note(need, parentOf(need), need.Attributes, finding{planner.CheckUnknown, "the object is gone, or this identity does not see it"})
		return nil
	}
	may := e.GetEqualFoldAttributeValues("allowedAttributesEffective")
	return r.noteEach(need, parentOf(need), func(attribute string) (finding, error) {
		switch {
		case slices.Contains([]string{"name", "cn", "ou"}, attribute):
			return r.mayRename(ctx, e, need.ObjectType, attribute)
		case slices.ContainsFunc(may, func(name string) bool { return strings.EqualFold(name, attribute) }):
			return granted.finding(""), nil
		}
		return denied.finding(""), nil
	})
}

func (r *rights) mayRename(ctx context.Context, e *ldap.Entry, class, attribute string) (finding, error) {
	list, why := r.descriptor(e)
	if list == nil {
		return finding{planner.CheckUnknown, why}, nil
	}
	a, err := r.mayWrite(ctx, list, class, attribute)
	return a.finding(""), err
}

// delete looks whether an object may be deleted or taken out of its container:
// it itself may allow that, or the container for its class ([MS-ADTS] 3.1.1.5.5).
func (r *rights) delete(ctx context.Context, need planner.Need) (finding, error) {
	e, err := r.read(ctx, guidDN(need.Anchor), false, "nTSecurityDescriptor")
	if err != nil {
		return finding{}, err
	}
	if e == nil {
		return finding{planner.CheckUnknown, "the object is gone, or this identity does not see it"}, nil
	}
	class, err := r.guid(ctx, need.ObjectType)
	if err != nil {
		return finding{}, err
	}
	c, err := r.container(ctx, parentOf(need))
	if err != nil {
		return finding{}, err
	}
	own, why := r.descriptor(e)
	itself, there := unsure, unsure
	if own != nil {
		itself, why = own.check(r.who.sids, rightDelete, class...), "an access control entry with a condition decides"
	}
	if c.access != nil {
		there = c.access.check(r.who.sids, rightDeleteChild, class...)
	} else if own != nil {
		why = "of the container: " + c.why
	}
	switch {
	case itself == granted || there == granted:
		return granted.finding(""), nil
	case itself == unsure || there == unsure:
		return finding{planner.CheckUnknown, why}, nil
	}
	return denied.finding(""), nil
}

// restore looks whether a deleted object may be brought back: the domain must
// allow it, and the object must let its name be written.
func (r *rights) restore(ctx context.Context, need planner.Need) (finding, error) {
	c, err := r.container(ctx, r.c.root.defaultNC)
	if err != nil {
		return finding{}, err
	}
	if c.access == nil {
		return finding{planner.CheckUnknown, "of the domain: " + c.why}, nil
	}
	right, _ := planner.ParseGUID(reanimate)
	class, err := r.guid(ctx, "domainDNS")
	if err != nil {
		return finding{}, err
	}
	if a := c.access.check(r.who.sids, rightControl, append(class[:len(class):len(class)], right)...); a != granted {
		return a.finding(""), nil
	}
	e, err := r.read(ctx, guidDN(need.Anchor), true, "nTSecurityDescriptor")
	if err != nil {
		return finding{}, err
	}
	if e != nil {
		if f, err := r.mayRename(ctx, e, need.ObjectType, "name"); err != nil || f.status == planner.CheckOK {
			return f, err
		}
	}
	return finding{planner.CheckUnknown, "the domain allows it (Reanimate Tombstones); whether the deleted object does is seen when it is brought back"}, nil
}

// guid is what entries may be limited to and mean a class or an attribute: its
// schemaIDGUID and that of the set it is in. Without them only entries without
// such a limit count.
func (r *rights) guid(ctx context.Context, name string) ([]string, error) {
	key := strings.ToLower(name)
	if known, ok := r.guids[key]; ok {
		return known, nil
	}
	var out []string
	q := query{base: r.c.root.schemaNC, filter: equals("lDAPDisplayName", name), attrs: []string{"schemaIDGUID", "attributeSecurityGUID"}}
	err := r.c.pages(ctx, q, func(e *ldap.Entry) error {
		for _, a := range []string{"schemaIDGUID", "attributeSecurityGUID"} {
			if raw := e.GetEqualFoldAttributeValue(a); len(raw) == 16 {
				out = append(out, raw)
			}
		}
		return nil
	}, nil)
	if err != nil {
		return nil, err
	}
	r.guids[key] = out
	return out, nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
