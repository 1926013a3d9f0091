package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// leaving looks at the marked objects that no item stands for: their source is
// gone, they belong to somebody else, or no block claims them any more.
//
// Absence is proven before it destroys: a source counts as deleted only when a
// direct read of its id found nothing. If a tenant knows none of the marked
// objects below its roots, it is probably not the tenant that wrote them.
func (b *build) leaving() error {
	if err := b.sameTenants(); err != nil {
		return err
	}
	for _, t := range b.targets {
		var foreign []string
		for _, mark := range sortedKeys(t.marks) {
			b.reportConflict(t, t.marks[mark])
			for _, o := range t.marks[mark] {
				if t.items[o] != nil {
					continue
				}
				if name := b.unclaimed(t, o, len(t.marks[mark]) > 1); name != "" {
					foreign = append(foreign, name)
				}
			}
		}
		if len(foreign) > 0 {
			b.diagnose("warning", "foreign_mark", "Marked objects that are not ours",
				strconv.Itoa(len(foreign))+" objects of "+t.space.Provider+" carry a mark with an id that no tenant of this configuration knows, and lie outside "+
					"every root: "+shortList(foreign)+". Another tenant or configuration owns them; they are left alone.", t.provider.Range)
		}
	}
	return nil
}

// reportConflict names objects that carry one mark. The change of the group is
// blocked; where it needs none, nothing else would tell.
func (b *build) reportConflict(t *target, objects []ObjectID) {
	ours := func(o ObjectID) bool {
		return b.known(markID(t.space.First(o, markAttribute))) || b.rootOwner(t, t.space.Name(o)) != nil
	}
	if len(objects) < 2 || !slices.ContainsFunc(objects, ours) {
		return
	}
	b.diagnose("warning", "mark_conflict", "Several objects carry one mark",
		t.names(objects)+" of "+t.space.Provider+" carry the mark "+t.space.First(objects[0], markAttribute)+", and a group has one object. "+
			"None of them is changed. Clear adminDescription on all but the right one.", t.provider.Range)
}

// sameTenants refuses to go on when a tenant knows not one of the marked objects
// below the roots that it is written to.
func (b *build) sameTenants() error {
	for _, t := range b.targets {
		type tally struct {
			w     *lang.Writeback
			known bool
			marks []ObjectID
		}
		tenants := map[string]*tally{}
		for _, mark := range sortedKeys(t.marks) {
			for _, o := range t.marks[mark] {
				w := b.rootOwner(t, t.space.Name(o))
				if w == nil {
					continue
				}
				of := tenants[w.From.Address()]
				if of == nil {
					of = &tally{w: w}
					tenants[w.From.Address()] = of
				}
				s, _ := b.space(w.From)
				of.known = of.known || knows(s, markID(t.space.First(o, markAttribute)))
				of.marks = append(of.marks, o)
			}
		}
		for _, address := range sortedKeys(tenants) {
			if of := tenants[address]; !of.known {
				return fmt.Errorf("%s knows none of the %s with a mark below the roots of its writebacks (such as %s, %s:%d): this is probably not the tenant that wrote them, "+
					"and going on would delete them. Check tenant_id and root. If the tenant is right and all of these groups were deleted for good there, delete them "+
					"in Active Directory by hand: %s", address, plural(len(of.marks), "group", "groups"), of.w.OU.Root, of.w.Range.Filename, of.w.Range.Start.Line, t.names(of.marks))
			}
		}
	}
	return nil
}

// known reports whether any tenant of the configuration has a group of that id,
// soft-deleted ones included.
func (b *build) known(id string) bool {
	return slices.ContainsFunc(b.spaces, func(s *Space) bool { return s.Kind == KindEntra && knows(s, id) })
}

func knows(s *Space, id string) bool {
	o := s.ByAnchor(id)
	return o != NoObject && s.State(o) != Placeholder
}

func markID(mark string) string {
	if !isMark(mark) {
		return ""
	}
	return strings.ToLower(mark[len(markPrefix):])
}

// rootOwner is the writeback below whose root a name lies, the nearest one; nil
// if none does. Of several with one root the most careful one stands, because
// nobody knows which of them wrote the object.
func (b *build) rootOwner(t *target, name string) *lang.Writeback {
	var owner *lang.Writeback
	nearest := 0
	d, err := dn.Parse(name)
	for _, w := range b.cfg.Writebacks {
		if w.To != t.provider || err != nil {
			continue
		}
		depth := b.rootDepth(w, d)
		if depth > nearest || depth > 0 && depth == nearest && moreCareful(w, owner) {
			owner, nearest = w, depth
		}
	}
	return owner
}

func moreCareful(x, y *lang.Writeback) bool {
	return cmp.Or(first(!x.Absent, !y.Absent), cmp.Compare(severity(x.OnSourceDeleted), severity(y.OnSourceDeleted))) < 0
}

// unclaimed deals with one marked object without an item. It returns the name
// of an object that is foreign. conflict says that others carry the same mark.
func (b *build) unclaimed(t *target, o ObjectID, conflict bool) string {
	name := t.space.Name(o)
	mark := t.space.First(o, markAttribute)
	id := markID(mark)
	w := b.rootOwner(t, name)
	switch {
	case w != nil && !b.known(id):
		b.sourceGone(w, t, o, id, conflict)
	case conflict && b.known(id):
		// Reported with the object that stands for the group.
	case w != nil, b.known(id), b.belowIdleRoot(t, name):
		// The tenant knows it, but no writeback from that tenant to here does.
		b.plan.Frozen = append(b.plan.Frozen, Frozen{
			Address: t.space.Provider + "[\"" + mark + "\"]", DN: name, Reason: "orphan",
		})
	default:
		return displayName(t.space, o)
	}
	return ""
}

// belowIdleRoot: an ou_mapping without a writeback still says whose it was.
func (b *build) belowIdleRoot(t *target, name string) bool {
	for _, m := range b.cfg.OUMappings {
		if below(name, m.Root) && below(m.Root, t.provider.AD.BaseDN) {
			return true
		}
	}
	return false
}

// sourceGone makes the item of an object whose source is gone.
func (b *build) sourceGone(w *lang.Writeback, t *target, o ObjectID, id string, conflict bool) {
	it := &item{
		w: w, t: t, m: noMV, source: NoObject, id: id, label: displayName(t.space, o),
		verdict: verdictGone, reason: "source_deleted", object: o, restore: NoObject,
	}
	it.before, _ = dn.Parse(t.space.Name(o))
	source, _ := b.space(w.From)
	if !source.Absent("id", id) {
		b.diagnose("warning", "absence_unproven", "A source group could not be proven to be gone",
			"\""+it.label+"\" carries the mark "+it.mark()+", and "+w.From.Address()+" does not list that group; a direct read of it did not answer "+
				"\"not found\". The object is left as it is. Run again; if it stays, check the permissions of this identity.", w.Range)
		b.freeze(it, "source_deleted")
		return
	}
	if w.Absent {
		it.verdict = verdictAbsent
	}
	if conflict {
		b.markConflict(it)
	}
	b.items = append(b.items, it)
	t.items[o] = it
}

func (b *build) freeze(it *item, reason string) {
	b.plan.Frozen = append(b.plan.Frozen, Frozen{Address: it.address(), DN: it.t.space.Name(it.object), Reason: reason})
}

// shortList shows the first five of many.
func shortList(names []string) string {
	if len(names) <= 5 {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:5], ", ") + " and " + strconv.Itoa(len(names)-5) + " more"
}
