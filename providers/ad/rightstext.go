package ad

import (
	"context"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// checks says the rows in words, with what to do about those that are missing.
func (r *rights) checks() []planner.Check {
	out := make([]planner.Check, 0, len(r.rows))
	for _, row := range r.rows {
		slices.Sort(row.attributes)
		row.attributes = slices.Compact(row.attributes)
		c := planner.Check{Status: row.status, What: row.text(), Objects: row.objects, Detail: row.detail, Uses: row.uses}
		if row.status == planner.CheckMissing || row.status == planner.CheckUnknown {
			c.Fix = r.delegation(row)
		}
		out = append(out, c)
	}
	return append(out, r.general...)
}

func (r *row) text() string {
	objects := r.objectType + " objects"
	switch r.right {
	case planner.RightCreate:
		return "create " + objects + " in " + r.place
	case planner.RightWriteNew:
		return "write " + strings.Join(r.attributes, ", ") + " of new " + objects + " in " + r.place
	case planner.RightDelete:
		return "delete " + objects + " in " + r.place + ", or move them away"
	case planner.RightRestore:
		return "bring deleted " + objects + " of " + r.place + " back"
	}
	return "write " + strings.Join(r.attributes, ", ") + " of " + objects + " in " + r.place
}

// delegation is the command that gives what a row lacks, at the root of the
// mapping if the objects are below one.
func (r *rights) delegation(row *row) string {
	at := row.place
	place, err := planner.ParseDN(row.place)
	for _, root := range r.what.Roots {
		if top, rootErr := planner.ParseDN(root.DN); err == nil && rootErr == nil && place.IsBelow(top) {
			at = root.DN
		}
	}
	switch row.right {
	case planner.RightCreate:
		return dsacls(at, "/I:T", r.who.trustee(), "CC;"+row.objectType)
	case planner.RightDelete:
		return dsacls(at, "/I:S", r.who.trustee(), "SD;;"+row.objectType)
	case planner.RightRestore:
		return dsacls(row.place, "", r.who.trustee(), "CA;Reanimate Tombstones")
	}
	const few = 4
	if len(row.attributes) > few {
		return dsacls(at, "/I:S", r.who.trustee(), "RPWP;;"+row.objectType)
	}
	var entries []string
	for _, a := range row.attributes {
		entries = append(entries, "RPWP;"+a+";"+row.objectType)
	}
	return dsacls(at, "/I:S", r.who.trustee(), entries...)
}

// dsacls is the command of Windows that gives rights. /I:T is for the object and
// what is below it, /I:S for what is below it only.
func dsacls(dn, inherit, trustee string, entries ...string) string {
	words := []string{"dsacls", `"` + dn + `"`}
	if inherit != "" {
		words = append(words, inherit)
	}
	words = append(words, "/G")
	for _, e := range entries {
		words = append(words, `"`+trustee+":"+e+`"`)
	}
	return strings.Join(words, " ")
}

// roots looks whether the identity could do below each root what the writeback
// does there some day, whatever the plan of today needs. Rights may be given
// further below, so that nothing is called missing.
func (r *rights) roots(ctx context.Context) error {
	for _, root := range r.what.Roots {
		lacks, why, err := r.lacks(ctx, root)
		if err != nil {
			return r.d.fault("look at the rights on", root.DN, err, "")
		}
		verbs := "create and write"
		if root.Deletes {
			verbs = "create, write and delete"
		}
		check := planner.Check{Status: planner.CheckOK, What: verbs + " groups below " + root.DN, Uses: []planner.Use{root.Use}}
		switch {
		case why != "":
			check.Status, check.Detail = planner.CheckUnknown, why
		case len(lacks) > 0:
			check.Status = planner.CheckUnknown
			check.Detail = "not given at the root: " + strings.Join(lacks, "; ") + ". It may be given further below, where today's plan needs it"
		}
		r.general = append(r.general, check)
	}
	return nil
}

// lacks lists what is not given at a root for all that is below it, or why that
// cannot be told.
func (r *rights) lacks(ctx context.Context, root planner.Root) (lacks []string, why string, err error) {
	c, err := r.container(ctx, root.DN)
	if err != nil || c.access == nil {
		return nil, c.why, err
	}
	class, err := r.guid(ctx, "group")
	if err != nil {
		return nil, "", err
	}
	need := func(ok bool, what string) {
		if !ok {
			lacks = append(lacks, what)
		}
	}
	may := func(class string) bool {
		return slices.ContainsFunc(c.children, func(name string) bool { return strings.EqualFold(name, class) })
	}
	need(may("group"), "create group objects")
	if root.CreateOUs {
		need(may("organizationalUnit"), "create organizationalUnit objects")
	}
	object := c.access.inherited(first(class), r.who.user)
	for _, a := range []string{"member", "adminDescription"} {
		may, err := r.mayWrite(ctx, object, "group", a)
		if err != nil {
			return nil, "", err
		}
		need(may == granted, "write "+a+" of group objects")
	}
	if root.Deletes {
		need(object.check(r.who.sids, rightDelete, class...) == granted || c.access.check(r.who.sids, rightDeleteChild, class...) == granted, "delete group objects")
	}
	return lacks, "", nil
}
