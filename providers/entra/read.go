package entra

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// reading is one call of a Reader method.
type reading struct {
	d     *Directory
	req   planner.Request
	s     *planner.Space
	views map[string]view

	// strange are groups whose on-premises type is none that is known.
	strange []string
	// limited counts, by type, objects of which only the id could be read.
	limited map[string]int
}

func (d *Directory) reading(req planner.Request, s *planner.Space) *reading {
	return &reading{d: d, req: req, s: s, views: map[string]view{}, limited: map[string]int{}}
}

func (r *reading) view(kind string) view {
	v, ok := r.views[kind]
	if !ok {
		v = newView(r.d.schema, kind, r.req.Attributes(kind))
		r.views[kind] = v
	}
	return v
}

// add puts an object into the space and notes what people should know of it.
func (r *reading) add(kind string, o object, state planner.State) (planner.ObjectID, error) {
	at, err := put(r.s, r.view(kind), o, state)
	if err != nil {
		return at, err
	}
	if kind == kindGroup && !knownGroupType(r.s.First(at, attrGroupType)) {
		r.strange = append(r.strange, r.label(at))
	}
	return at, nil
}

// addLimited adds an object that this identity may see but not read.
func (r *reading) addLimited(kind, id string) {
	at := r.s.Add(kind, id, id, planner.Live)
	r.s.Set(at, "id", id)
	if _, ok := collectionOf(kind); ok {
		r.s.SetUnreadable(at, attrSynchronised)
		r.limited[kind]++
	}
	derive(r.s, at)
}

func (r *reading) label(o planner.ObjectID) string {
	if name := r.s.First(o, "displayName"); name != "" {
		return fmt.Sprintf("%q (%s)", plain(name), r.s.Anchor(o))
	}
	return r.s.Anchor(o)
}

// knownGroupType reports whether t is a type that Graph documents, or unset.
func knownGroupType(t string) bool {
	switch t {
	case "", "universalDistributionGroup", "universalSecurityGroup", "universalMailEnabledSecurityGroup":
		return true
	}
	return false
}

// Read lists the types that are asked for whole. Groups come with the
// soft-deleted ones. The writeback configuration is read from beta when an
// attribute of it is requested, or one that derives from it.
func (d *Directory) Read(ctx context.Context, req planner.Request, s *planner.Space) error {
	if s.ReadAt.IsZero() {
		s.ReadAt = time.Now().UTC()
	}
	r := d.reading(req, s)
	for _, t := range req.Types {
		if !t.All {
			continue
		}
		if err := r.list(ctx, t.Type); err != nil {
			return err
		}
	}
	r.warn()
	return r.otherWriter(ctx)
}

// otherWriter warns when the tenant shows that its own group writeback is on.
func (r *reading) otherWriter(ctx context.Context) error {
	features, _, err := r.d.Features(ctx)
	for _, f := range features {
		if (f.Name == "groupWriteBackEnabled" || f.Name == "unifiedGroupWritebackEnabled") && f.Value == "True" {
			r.warning("other_writeback", "The tenant's own group writeback is on",
				f.Name+" is on, so that Entra Connect may write the same groups to Active Directory, and two writers would fight. "+
					"Switch its group writeback off before landfall writes.")
		}
	}
	return err
}

func (r *reading) list(ctx context.Context, kind string) error {
	c, ok := collectionOf(kind)
	if !ok {
		return fmt.Errorf("landfall reads no objects of type %q in Entra ID", plain(kind))
	}
	v := r.view(kind)
	api := r.d.api(v)
	request, err := listRequest(ctx, api, c, v)
	if err != nil {
		return err
	}
	op := operation{doing: "list the " + c.plural, permission: c.permission}
	if v.beta {
		op.permission = "Group.Read.All" // for writebackConfiguration
	}
	if err := pages(ctx, r.d, api, request, op, r.collect(kind, planner.Live, "reading "+c.plural)); err != nil {
		return err
	}
	if kind != kindGroup {
		return nil
	}
	if request, err = deletedGroupsRequest(ctx, api, v); err != nil {
		return err
	}
	op = operation{doing: "list the soft-deleted groups", permission: "Group.Read.All"}
	return pages(ctx, r.d, api, request, op, r.collect(kind, planner.Deleted, "reading deleted groups"))
}

// collect adds page after page, which are not kept.
func (r *reading) collect(kind string, state planner.State, stage string) func([]object) error {
	total := 0
	return func(objects []object) error {
		for _, o := range objects {
			if _, err := r.add(kind, o, state); err != nil {
				return err
			}
		}
		total += len(objects)
		r.d.progress(stage, total, 0, 0)
		return nil
	}
}

// warn leaves in the space what was noted.
func (r *reading) warn() {
	const shown = 10
	if n := len(r.strange); n > 0 {
		list := strings.Join(r.strange[:min(n, shown)], ", ")
		if n > shown {
			list += fmt.Sprintf(" and %d more", n-shown)
		}
		r.warning("unknown_group_type", "Groups have a writeback type that landfall does not know",
			fmt.Sprintf("Microsoft Graph shows writebackConfiguration/onPremisesGroupType with a value that its documentation does not name, for %s. landfall cannot tell what such a group should be in Active Directory.", list))
	}
	for _, kind := range []string{kindDevice, kindContact, kindServicePrincipal} {
		if n := r.limited[kind]; n > 0 {
			c, _ := collectionOf(kind)
			r.warning("limited_members", "Members could not be read",
				fmt.Sprintf("%d %s came back with their ids alone. landfall cannot tell whether they are synchronised from Active Directory. %s", n, c.plural, grant(c.permission, r.d.tokens.identity())))
		}
	}
}

func (r *reading) warning(code, summary, detail string) {
	r.s.Warnings = append(r.s.Warnings, planner.Diagnostic{Severity: "warning", Code: code, Summary: summary, Detail: r.d.address + ": " + detail})
}
