package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// markPrefix begins every mark: Group_<objectId>.
const markPrefix = "Group_"

// markAttribute carries the mark in AD, as in Entra Connect.
const markAttribute = "adminDescription"

// target is an AD space as writebacks see it.
type target struct {
	provider *lang.Provider
	space    *Space
	index    int
	marks    map[string][]ObjectID // folded mark → live objects
	bin      map[string][]ObjectID // folded mark → deleted objects
	sids     map[string]ObjectID   // raw objectSid → group
	pending  map[mvID]*item        // objects that this plan creates
	items    map[ObjectID]*item    // items of existing objects
	missing  map[string]int        // attributes that AD's schema lacks → objects concerned
	sams     map[string][]ObjectID // folded sAMAccountName → objects; see accounts
}

// verdict says what should become of a group in a target.
type verdict uint8

const (
	verdictWrite  verdict = iota
	verdictLeave          // has an object that should no longer be managed
	verdictAbsent         // ensure = "absent"
	verdictGone           // the source was deleted for good
	verdictNone           // has no object and gets none
)

// item is one group under one writeback.
type item struct {
	w       *lang.Writeback
	t       *target
	m       mvID     // noMV when the source is gone
	source  ObjectID // in w.From; NoObject when gone
	id      string   // objectId in Entra
	label   string   // for people
	verdict verdict
	reason  string // of not_written or frozen

	object  ObjectID // that exists in the target
	restore ObjectID // that the Recycle Bin has
	adopted bool
	// suffixed: on_collision = "suffix" gave it another name in this run.
	suffixed bool
	claimed  bool // scope and when of the block take the group
	keep     bool // frozen, whatever the policies say
	before   dn.DN
	after    dn.DN
	sam      string // declared sAMAccountName, sanitised and unique
	edits    []Edit
	members  *Members
	blocked  *Blocked
	notes    []string
	failed   bool // an object error was reported: no change
	// memberFlow is the direct flow that decides the members, and where from.
	memberFlow contributor
	memberFrom refSource
}

func (it *item) mark() string { return markPrefix + it.id }

// address is that of the change.
func (it *item) address() string { return it.w.Address() + "[\"" + it.mark() + "\"]" }

func (it *item) exists() bool { return it.object != NoObject }

// present is the object in the target, live or restorable; NoObject if there is
// none.
func (it *item) present() ObjectID {
	if it.exists() {
		return it.object
	}
	return it.restore
}

// anchor is that of the object in the target; "" if there is none.
func (it *item) anchor() string {
	if o := it.present(); o != NoObject {
		return it.t.space.Anchor(o)
	}
	return ""
}

// list is the names of objects.
func (t *target) list(objects []ObjectID) []string {
	out := make([]string, len(objects))
	for i, o := range objects {
		out[i] = t.space.Name(o)
	}
	return out
}

// names is list in a sentence.
func (t *target) names(objects []ObjectID) string { return shortList(t.list(objects)) }

// block keeps the first reason why the item must not be carried out.
func (it *item) block(code, by, detail, file string, line int) {
	if it.blocked == nil {
		it.blocked = &Blocked{Code: code, By: by, Detail: detail, File: file, Line: line}
	}
}

// fail reports an object error and takes the item's changes out of the plan.
func (b *build) fail(it *item, e objectError) {
	if it.failed {
		return
	}
	it.failed = true
	b.trace.failed(it, e)
	b.objectFailed("\""+it.label+"\" ("+it.mark()+")", e)
}

// displayName names an object for people: by what they know it by.
func displayName(s *Space, o ObjectID) string {
	attrs := []string{"displayName", "userPrincipalName", "mail"}
	switch strings.ToLower(s.Type(o)) {
	case "user", "inetorgperson":
		attrs = []string{"userPrincipalName", "displayName", "sAMAccountName"}
	}
	for _, a := range attrs {
		if v := s.First(o, a); v != "" {
			return v
		}
	}
	if s.Kind == KindAD {
		if d, err := dn.Parse(s.Name(o)); err == nil && d.Len() > 0 {
			return d.Leaf().Value
		}
	}
	return s.Name(o)
}

// objectName names an object so that it cannot be taken for another one.
func objectName(s *Space, o ObjectID) string {
	return "\"" + displayName(s, o) + "\" (" + s.Name(o) + ")"
}

// newTargets indexes every AD space.
func (b *build) newTargets() {
	for _, p := range b.cfg.Providers {
		if p.Kind != lang.KindAD {
			continue
		}
		s, i := b.space(p)
		base, _ := dn.Parse(p.AD.BaseDN)
		t := &target{
			provider: p, space: s, index: i,
			marks: map[string][]ObjectID{}, bin: map[string][]ObjectID{}, sids: map[string]ObjectID{},
			pending: map[mvID]*item{}, items: map[ObjectID]*item{}, missing: map[string]int{},
		}
		for _, o := range b.objects(s, "group") {
			mark := s.First(o, markAttribute)
			marked := isMark(mark)
			switch {
			case marked && s.State(o) == Live && !lies(s.Name(o), base):
				// Another domain's; it was read because a group names it.
			case s.State(o) == Deleted && marked:
				t.bin[dn.Fold(mark)] = append(t.bin[dn.Fold(mark)], o)
			case s.State(o) != Live:
			case marked:
				t.marks[dn.Fold(mark)] = append(t.marks[dn.Fold(mark)], o)
			default:
				if sid := s.First(o, "objectSid"); sid != "" {
					t.sids[sid] = o
				}
			}
		}
		for _, deleted := range t.bin {
			slices.SortStableFunc(deleted, func(x, y ObjectID) int {
				return strings.Compare(s.First(y, "whenChanged"), s.First(x, "whenChanged"))
			})
		}
		b.targets = append(b.targets, t)
	}
}

func (b *build) target(p *lang.Provider) *target {
	for _, t := range b.targets {
		if t.provider == p {
			return t
		}
	}
	panic("planner: no target for " + p.Address())
}

// Mark is the mark of the object that a change is about, as its address names it:
// writeback.NAME["Group_<objectId>"]. "" if it names none.
func (c *Change) Mark() string {
	_, key, _ := strings.Cut(c.Address, `["`)
	if key = strings.TrimSuffix(key, `"]`); isMark(key) {
		return key
	}
	return ""
}

// isMark reports whether an adminDescription is a mark: Group_ and a GUID.
func isMark(s string) bool {
	id, ok := strings.CutPrefix(strings.ToLower(s), "group_")
	if !ok || len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}
