package planner

import (
	"fmt"
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
	for _, t := range b.targets {
		if err := b.sameTenant(t); err != nil {
			return err
		}
		var foreign []string
		for _, mark := range sortedKeys(t.marks) {
			for _, o := range t.marks[mark] {
				if t.items[o] != nil {
					continue
				}
				if name := b.unclaimed(t, o); name != "" {
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

// sameTenant refuses to go on when not one marked object below the roots of t
// is known to the tenant.
func (b *build) sameTenant(t *target) error {
	marked, known := 0, 0
	var w *lang.Writeback
	for _, mark := range sortedKeys(t.marks) {
		for _, o := range t.marks[mark] {
			owner := b.rootOwner(t, t.space.Name(o))
			if owner == nil {
				continue
			}
			w = owner
			marked++
			if b.known(markID(t.space.First(o, markAttribute))) {
				known++
			}
		}
	}
	if marked > 0 && known == 0 {
		return fmt.Errorf("%s knows none of the %d groups below %s that carry a mark (%s:%d): this is probably not the tenant that wrote them, "+
			"and going on would delete them all. Check tenant_id and the root. If the tenant is right and all of them were deleted for good, "+
			"delete one of the objects in Active Directory by hand once it was looked at, or set on_source_deleted = \"freeze\"",
			w.From.Address(), marked, w.OU.Root, w.Range.Filename, w.Range.Start.Line)
	}
	return nil
}

// known reports whether any tenant of the configuration has a group of that id,
// soft-deleted ones included.
func (b *build) known(id string) bool {
	for _, s := range b.spaces {
		if s.Kind == KindEntra && s.ByAnchor(id) != NoObject && s.State(s.ByAnchor(id)) != Placeholder {
			return true
		}
	}
	return false
}

func markID(mark string) string {
	if !isMark(mark) {
		return ""
	}
	return strings.ToLower(mark[len(markPrefix):])
}

// rootOwner is the writeback below whose root a name lies, nil if none does.
func (b *build) rootOwner(t *target, name string) *lang.Writeback {
	for _, w := range b.cfg.Writebacks {
		if w.To == t.provider && below(name, w.OU.Root) {
			return w
		}
	}
	return nil
}

// unclaimed deals with one marked object without an item. It returns the name
// of an object that is foreign.
func (b *build) unclaimed(t *target, o ObjectID) string {
	name := t.space.Name(o)
	mark := t.space.First(o, markAttribute)
	id := markID(mark)
	w := b.rootOwner(t, name)
	switch {
	case w != nil && !b.known(id):
		b.sourceGone(w, t, o, id)
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
func (b *build) sourceGone(w *lang.Writeback, t *target, o ObjectID, id string) {
	it := &item{
		w: w, t: t, m: noMV, source: NoObject, id: id, label: displayName(t.space, o),
		verdict: verdictGone, reason: "source_deleted", object: o, restore: NoObject,
	}
	it.before, _ = dn.Parse(t.space.Name(o))
	source, _ := b.space(w.From)
	switch {
	case w.Absent:
		it.verdict = verdictAbsent
	case !source.Absent("id", id):
		b.diagnose("warning", "absence_unproven", "A source group could not be proven to be gone",
			"\""+it.label+"\" carries the mark "+it.mark()+", and "+w.From.Address()+" does not list that group; a direct read of it did not answer "+
				"\"not found\". The object is left as it is. Run again; if it stays, check the permissions of this identity.", w.Range)
		b.freeze(it, "source_deleted")
		return
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
