package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// permissionHidden is what reading hidden memberships takes.
const permissionHidden = "Member.Read.Hidden"

// ReadReferences reads members and owners of the given groups, and then the
// objects these name that the space has only as placeholders. Objects that are
// not live groups have no references in Graph and are passed over. A hidden
// membership that the token may not read is marked unreadable: Graph may answer
// an empty list there. A group that was deleted meanwhile becomes a deleted one
// in the space. A member that was deleted meanwhile stays a placeholder.
func (d *Directory) ReadReferences(ctx context.Context, req planner.Request, objects []planner.ObjectID, attrs []string, s *planner.Space) error {
	r := d.reading(req, s)
	jobs, err := r.referenceJobs(objects, attrs)
	if err != nil {
		return err
	}
	r.view(kindGroup) // fetch below only reads the views
	members := map[planner.ObjectID]string{}
	fetch := func(ctx context.Context, i int) (referenceList, error) { return r.references(ctx, jobs[i]) }
	use := func(i int, list referenceList) error {
		d.progress("reading members", i+1, len(jobs), 0)
		return r.record(jobs[i], list, members)
	}
	if err := inOrder(ctx, d.parallel, len(jobs), fetch, use); err != nil {
		return err
	}
	if err := r.readMembers(ctx, members); err != nil {
		return err
	}
	for _, o := range objects {
		derive(s, o)
	}
	r.warn()
	return nil
}

// referenceJob is one list to read.
type referenceJob struct {
	group  planner.ObjectID
	id     string
	label  string
	attr   string
	hidden bool
}

func (r *reading) referenceJobs(objects []planner.ObjectID, attrs []string) ([]referenceJob, error) {
	var jobs []referenceJob
	for _, o := range objects {
		if r.s.Type(o) != kindGroup || r.s.State(o) != planner.Live {
			continue // only live groups have references in Graph
		}
		hidden := strings.EqualFold(r.s.First(o, attrVisibility), "HiddenMembership")
		for _, attr := range attrs {
			a, ok := r.d.schema.Lookup(attr)
			if !ok || (a.Name != attrMember && a.Name != attrOwners) {
				return nil, fmt.Errorf("groups in Entra ID have no references %q: landfall reads member and owners", plain(attr))
			}
			jobs = append(jobs, referenceJob{group: o, id: r.s.Anchor(o), label: r.label(o), attr: a.Name, hidden: hidden && a.Name == attrMember})
		}
	}
	return jobs, nil
}

// reference is one member or owner as the list shows it.
type reference struct {
	Type string `json:"@odata.type"`
	ID   string `json:"id"`
}

// referenceList is what was read for one job.
type referenceList struct {
	references []reference
	unreadable bool
	vanished   bool     // the group is not live any more,
	last       sighting // and this is what is left of it
}

// references reads one list. It runs beside others and does not touch the space.
func (r *reading) references(ctx context.Context, job referenceJob) (referenceList, error) {
	who := r.d.tokens.identity()
	if job.hidden && who.listsPermissions() && !who.may(permissionHidden) {
		return referenceList{unreadable: true}, nil
	}
	for try := 1; ; try++ {
		list, err := r.readList(ctx, job)
		switch {
		case err == nil:
			// A token that does not say what it may do: empty may mean hidden.
			unsure := job.hidden && len(list) == 0 && !who.listsPermissions()
			return referenceList{references: list, unreadable: unsure}, nil
		case job.hidden && forbidden(err):
			return referenceList{unreadable: true}, nil
		case !absent(err):
			return referenceList{}, err
		}
		// The group was there when it was listed: look again.
		seen, lookErr := r.d.look(ctx, r.views[kindGroup], job.id)
		switch {
		case lookErr != nil:
			return referenceList{}, lookErr
		case seen.object == nil || seen.state == planner.Deleted:
			return referenceList{vanished: true, last: seen}, nil
		case try == 4:
			return referenceList{}, fmt.Errorf("the group is there and its list is not; the replicas of Microsoft Graph disagree, run again: %w", err)
		}
		if err := sleep(ctx, time.Duration(try)*time.Second); err != nil {
			return referenceList{}, err
		}
	}
}

func (r *reading) readList(ctx context.Context, job referenceJob) ([]reference, error) {
	request, err := referencesRequest(ctx, r.d.v1, job.id, job.attr)
	if err != nil {
		return nil, err
	}
	op := operation{doing: "read the members of group " + job.label, permission: "GroupMember.Read.All"}
	if job.attr == attrOwners {
		op.doing = "read the owners of group " + job.label
	}
	if job.hidden {
		op.permission += " and " + permissionHidden
	}
	var all []reference
	err = pages(ctx, r.d, r.d.v1, request, op, func(list []reference) error {
		for _, ref := range list {
			if !isGUID(ref.ID) || ref.Type == "" {
				return fmt.Errorf("a reference has no type, or an id that is not a GUID (%q, %q)", plain(ref.ID), plain(ref.Type))
			}
		}
		all = append(all, list...)
		return nil
	})
	return all, err
}

// record puts one list into the space and notes the types of those objects that
// must still be read.
func (r *reading) record(job referenceJob, list referenceList, members map[planner.ObjectID]string) error {
	switch {
	case list.unreadable:
		r.s.SetUnreadable(job.group, job.attr)
		return nil
	case list.vanished:
		return r.recordVanished(job, list.last)
	}
	ids := make([]planner.ObjectID, len(list.references))
	for i, ref := range list.references {
		ids[i] = r.s.Reference(strings.ToLower(ref.ID))
		if r.s.State(ids[i]) == planner.Placeholder {
			members[ids[i]] = kindOf(ref.Type)
		}
	}
	r.s.SetReferences(job.group, job.attr, ids)
	return nil
}

// recordVanished treats a group that was deleted while it was read as a
// soft-deleted one, whether it can be restored or not: the next run sees which.
func (r *reading) recordVanished(job referenceJob, last sighting) error {
	if r.s.State(job.group) == planner.Deleted {
		return nil // recorded with another of its attributes
	}
	r.warning("deleted_meanwhile", "A group was deleted while it was read", "Group "+job.label+" counts as soft-deleted in this run.")
	if last.object != nil {
		_, err := r.add(kindGroup, last.object, planner.Deleted)
		return err
	}
	r.s.ProveAbsent("id", job.id)
	derive(r.s, r.s.Add(kindGroup, job.id, job.id, planner.Deleted))
	return nil
}

// readMembers reads the objects that references named, type after type.
func (r *reading) readMembers(ctx context.Context, members map[planner.ObjectID]string) error {
	byKind := map[string][]string{}
	for o, kind := range members {
		byKind[kind] = append(byKind[kind], r.s.Name(o)) // a placeholder has no anchor yet
	}
	for _, kind := range []string{kindGroup, kindUser, kindDevice, kindServicePrincipal, kindContact} {
		ids := byKind[kind]
		slices.Sort(ids)
		if err := r.readByIDs(ctx, kind, ids); err != nil {
			return err
		}
	}
	others := byKind[kindOther]
	slices.Sort(others)
	for _, id := range others {
		r.addLimited(kindOther, id)
	}
	return nil
}

// readByIDs reads objects of one type by id, 1,000 at a time. Those that did not
// come, or came without a property that was asked for, are read one by one.
func (r *reading) readByIDs(ctx context.Context, kind string, ids []string) error {
	c, _ := collectionOf(kind)
	v := r.view(kind)
	op := operation{doing: "read members that are " + c.plural, permission: c.permission}
	chunks := slices.Collect(slices.Chunk(ids, maxIDs))
	var left []string
	done := 0
	fetch := func(ctx context.Context, i int) ([]object, error) {
		request, err := byIDsRequest(ctx, r.d.api(v), c, v, chunks[i])
		if err != nil {
			return nil, err
		}
		var all []object
		err = pages(ctx, r.d, r.d.api(v), request, op, func(objects []object) error {
			all = append(all, objects...)
			return nil
		})
		if forbidden(err) && !required(kind) {
			return nil, nil // read one by one below, and then known as limited
		}
		return all, err
	}
	use := func(i int, objects []object) error {
		missing, err := r.addChunk(kind, chunks[i], objects)
		left = append(left, missing...)
		done += len(chunks[i])
		r.d.progress("reading "+c.plural, done, len(ids), 0)
		return err
	}
	if err := inOrder(ctx, r.d.parallel, len(chunks), fetch, use); err != nil {
		return err
	}
	return r.readOneByOne(ctx, kind, left)
}

// addChunk adds what came for a chunk of ids and returns the ids that must be
// read again.
func (r *reading) addChunk(kind string, ids []string, objects []object) (missing []string, err error) {
	v := r.view(kind)
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	denied := 0
	for _, o := range objects {
		id, _ := o.id()
		odataType := o.text("@odata.type")
		if _, asked := wanted[id]; !asked || (odataType != "" && kindOf(odataType) != kind) {
			return nil, fmt.Errorf("the answer holds the object %q of type %q, which was not asked for", plain(o.text("id")), plain(odataType))
		}
		switch {
		case !readable(kind, o):
			if required(kind) {
				denied++
			} else {
				r.addLimited(kind, id)
			}
			wanted[id] = false
		case complete(v, o):
			if _, err := r.add(kind, o, planner.Live); err != nil {
				return nil, err
			}
			wanted[id] = false
		}
	}
	if denied > 0 {
		return nil, r.denied(kind, denied, len(ids))
	}
	for _, id := range ids {
		if wanted[id] {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

// readOneByOne reads objects directly. "Not found" means that they were deleted
// meanwhile; they stay placeholders.
func (r *reading) readOneByOne(ctx context.Context, kind string, ids []string) error {
	c, _ := collectionOf(kind)
	v := r.view(kind)
	fetch := func(ctx context.Context, i int) (object, error) {
		request, err := itemRequest(ctx, r.d.api(v), c, v, ids[i])
		if err != nil {
			return nil, err
		}
		o, err := r.d.get(ctx, r.d.api(v), request, operation{doing: "read the member " + ids[i] + " of type " + kind, permission: c.permission})
		switch {
		case absent(err):
			return nil, nil
		case forbidden(err) && !required(kind):
			return object{"id": ids[i]}, nil
		case err != nil:
			return nil, err
		}
		return o, sameID(o, ids[i])
	}
	use := func(i int, o object) error {
		switch {
		case o == nil:
			return nil
		case readable(kind, o):
			_, err := r.add(kind, o, planner.Live)
			return err
		case required(kind):
			return r.denied(kind, 1, 1)
		}
		r.addLimited(kind, ids[i])
		return nil
	}
	return inOrder(ctx, r.d.parallel, len(ids), fetch, use)
}

// readable reports whether anything but id and type of an object could be read.
// Without the permission for its type, Graph shows the rest as null.
func readable(kind string, o object) bool {
	properties := []string{"displayName", attrSynchronised}
	switch kind {
	case kindUser:
		properties = append(properties, "userPrincipalName")
	case kindServicePrincipal:
		properties = []string{"displayName"}
	}
	return slices.ContainsFunc(properties, func(p string) bool { return o[p] != nil })
}

// complete reports whether every property that was asked for came, be it null.
func complete(v view, o object) bool {
	return !slices.ContainsFunc(v.selects, func(p string) bool { _, ok := o[p]; return !ok })
}

// required reports whether members of a type must be readable. What is not known
// of the others is marked, object by object.
func required(kind string) bool { return kind == kindUser || kind == kindGroup }

func (r *reading) denied(kind string, denied, of int) error {
	c, _ := collectionOf(kind)
	return fmt.Errorf("%w: Microsoft Graph shows %d of %d members that are %s by their ids alone. Whether they are synchronised from Active Directory cannot be read, and taking them for cloud-only would remove them from groups there, so the run stops.\n%s",
		planner.ErrPermission, denied, of, c.plural, grant(c.permission, r.d.tokens.identity()))
}
