package entra

import (
	"context"
	"fmt"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// Find reads groups directly by id. A group is proven absent when Graph itself
// answers "not found" for it both among the live and among the soft-deleted
// groups. Attribute must be "id". A value that is no GUID is neither found nor
// proven absent: Graph cannot be asked for it.
func (d *Directory) Find(ctx context.Context, req planner.Request, attribute string, ids []string, s *planner.Space) error {
	if attribute != "id" {
		return fmt.Errorf("groups in Entra ID are found by id, not by %s", attribute)
	}
	r := d.reading(req, s)
	v := r.view(kindGroup)
	var ask []string
	for _, id := range ids {
		if isGUID(id) {
			ask = append(ask, strings.ToLower(id))
		} else {
			r.warning("not_an_id", "A mark names no group", fmt.Sprintf("%q is not an id that a group in Entra ID can have, so nothing can be said about that group.", plain(id)))
		}
	}
	fetch := func(ctx context.Context, i int) (sighting, error) { return d.look(ctx, v, ask[i]) }
	use := func(i int, seen sighting) error {
		d.progress("looking for groups by id", i+1, len(ask), 0)
		if seen.object == nil {
			s.ProveAbsent("id", ask[i])
			return nil
		}
		at, err := r.add(kindGroup, seen.object, seen.state)
		if err != nil {
			return err
		}
		s.SetFound("id", ask[i], at)
		return nil
	}
	if err := inOrder(ctx, d.parallel, len(ask), fetch, use); err != nil {
		return err
	}
	r.warn()
	return nil
}

// sighting is what a direct read of a group saw; no object is proof that there
// is none.
type sighting struct {
	object object
	state  planner.State
}

// look reads one group, live or soft-deleted.
func (d *Directory) look(ctx context.Context, v view, id string) (sighting, error) {
	c, _ := collectionOf(kindGroup)
	api := d.api(v)
	request, err := itemRequest(ctx, api, c, v, id)
	if err != nil {
		return sighting{}, err
	}
	o, err := d.get(ctx, api, request, operation{doing: "read group " + id, permission: "Group.Read.All"})
	if err == nil {
		return sighting{o, planner.Live}, sameID(o, id)
	}
	if !absent(err) {
		return sighting{}, err
	}
	if request, err = deletedItemRequest(ctx, api, v, id); err != nil {
		return sighting{}, err
	}
	o, err = d.get(ctx, api, request, operation{doing: "look for group " + id + " among the soft-deleted objects", permission: "Group.Read.All"})
	switch {
	case absent(err):
		return sighting{}, nil
	case err != nil:
		return sighting{}, err
	}
	if t := o.text("@odata.type"); t != "" && kindOf(t) != kindGroup {
		return sighting{}, fmt.Errorf("%s is the id of a deleted object that is not a group (%s)", id, plain(t))
	}
	return sighting{o, planner.Deleted}, sameID(o, id)
}

// sameID makes sure that the answer is the object that was asked for.
func sameID(o object, id string) error {
	if got, _ := o.id(); got != id {
		return fmt.Errorf("the answer to a question for the object %s holds %q instead", id, plain(o.text("id")))
	}
	return nil
}
