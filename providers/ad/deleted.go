package ad

import (
	"context"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// markPrefix begins the value of the mark.
const markPrefix = "Group_"

// readDeleted reads the marked objects that the Recycle Bin holds and says
// whether it could be seen at all: who may not see it gets no error, but nothing.
func (d *Directory) readDeleted(ctx context.Context, c *conn, req planner.Request, s *planner.Space) error {
	bin, container, err := d.recycleBin(ctx, c)
	if err != nil {
		return err
	}
	s.RecycleBin = bin
	if bin != planner.RecycleBinReadable {
		return nil
	}
	k := newKeeper(req, s, "isDeleted", "lastKnownParent", "msDS-LastKnownRDN", req.Mark)
	q := query{
		base:    container,
		filter:  "(&(isDeleted=TRUE)(!(isRecycled=TRUE))(" + req.Mark + "=" + markPrefix + "*))",
		attrs:   k.request(),
		deleted: true,
	}
	done := 0
	err = c.pages(ctx, q, func(e *ldap.Entry) error {
		done++
		k.store(e, planner.Deleted)
		return nil
	}, func() { d.config.Progress("reading deleted objects", done, 0, 0) })
	if err != nil {
		return d.fault("read the deleted objects in", container, err, "")
	}
	return nil
}

// recycleBin tells the state of the Recycle Bin and where deleted objects are.
func (d *Directory) recycleBin(ctx context.Context, c *conn) (planner.RecycleBin, string, error) {
	partitions := "CN=Partitions," + c.root.configNC
	e, err := c.entry(ctx, partitions, false, "objectClass", "msDS-EnabledFeature")
	if err != nil && !hasCode(err, ldap.LDAPResultNoSuchObject) {
		return planner.RecycleBinUnknown, "", d.fault("read the forest's optional features in", partitions, err, "")
	}
	if err != nil || e == nil || len(e.Attributes) == 0 {
		return planner.RecycleBinUnknown, "", nil
	}
	if !recycleBinEnabled(e.GetAttributeValues("msDS-EnabledFeature")) {
		return planner.RecycleBinDisabled, "", nil
	}
	// The container's name is a matter of language; its well-known GUID is not.
	container := "<WKGUID=18E2EA80684F11D2B9AA00C04F79F805," + c.root.defaultNC + ">"
	e, err = c.entry(ctx, container, true, "objectClass")
	if err != nil && !hasCode(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) {
		return planner.RecycleBinUnknown, "", d.fault("look for the container of deleted objects", container, err, "")
	}
	if err != nil || e == nil || len(e.GetAttributeValues("objectClass")) == 0 {
		return planner.RecycleBinUnreadable, "", nil
	}
	return planner.RecycleBinReadable, e.DN, nil
}

// recycleBinEnabled finds the feature among those that are enabled.
func recycleBinEnabled(features []string) bool {
	for _, f := range features {
		if dn, err := planner.ParseDN(f); err == nil && strings.EqualFold(dn.Leaf().Value, "Recycle Bin Feature") {
			return true
		}
	}
	return false
}
