package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
)

// flowMembers finds the flow that decides the members of an item.
func (b *build) flowMembers(it *item, src mvRecord, a schema.Attribute, contributors []contributor) *objectError {
	for _, c := range contributors {
		if c.flow.From != "" {
			refs := b.mv.refSource(it.m, c.flow.From)
			if refs.space < 0 {
				continue
			}
			it.memberFlow, it.memberFrom = c, refs
			return nil
		}
		got, err := b.flow(c.rule, c.flow, src, a)
		if err != nil {
			return &objectError{c.rule.Name, c.flow.Range, fmt.Errorf("member: %w", err)}
		}
		if !got.ignore && (got.null || len(got.values) > 0) {
			return &objectError{c.rule.Name, c.flow.Range, fmt.Errorf("member takes references, which only a direct flow (from) can give")}
		}
	}
	return nil
}

// checkMembers finds what fails an item because of its members. All items are
// checked before the first membership is compared, because a group that fails is
// no new member of another.
func (b *build) checkMembers(it *item) *objectError {
	c, refs := it.memberFlow, it.memberFrom
	ids, err := b.read(int(refs.space), refs.object, refs.attr)
	if err == nil && it.exists() {
		_, err = b.read(it.t.index, it.object, "member")
	}
	if err != nil {
		return &objectError{c.rule.Name, c.flow.Range, err}
	}
	if it.w.CloudOnlyMembers != "error" {
		return nil
	}
	source := b.spaces[refs.space]
	var names []string
	for _, id := range ids {
		if _, reason := b.resolve(it.t, int(refs.space), id); reason == "cloud_only" {
			names = append(names, displayName(source, id))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &objectError{it.w.Address(), it.w.Range, fmt.Errorf("%s only in the cloud (%s) and cloud_only_members = \"error\"; synchronise them, or take them out of the group",
		plural(len(names), "member exists", "members exist"), shortList(names))}
}

// diffMembers resolves the memberships of one item: source members → metaverse
// → objects of the target, and compares them with what the target has.
//
// Both sides are sorted lists of 32-bit ids. An object that this plan creates
// has an id beyond those of the space: see futureID.
func (b *build) diffMembers(it *item) {
	refs := it.memberFrom
	source := b.spaces[refs.space]
	ids, _ := source.References(refs.object, refs.attr)
	want := make([]ObjectID, 0, len(ids))
	it.members = &Members{}
	skip := func(s *Space, o ObjectID, reason string) {
		it.members.Skipped = append(it.members.Skipped, SkippedMember{ID: s.Name(o), Name: displayName(s, o), Reason: reason})
	}
	var unknown doubt
	for _, id := range ids {
		o, reason := b.resolve(it.t, int(refs.space), id)
		if reason == "" {
			want = append(want, o)
			continue
		}
		if reason == "unresolved" {
			unknown.of(source, id)
		}
		if reason != "cloud_only" || it.w.CloudOnlyMembers != "ignore" {
			skip(source, id, reason)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	have := b.currentMembers(it)
	mergeSets(have, want, func(o ObjectID) {
		if b.isLeaving(it.t, o) {
			skip(it.t.space, o, "group_not_written_back")
			return
		}
		it.members.Add = append(it.members.Add, b.memberChange(it.t, o, "in_cloud"))
	}, func(o ObjectID) {
		if reason := b.mayBeMember(it.t, o, unknown); reason != "" {
			skip(it.t.space, o, reason)
			return
		}
		it.members.Remove = append(it.members.Remove, b.memberChange(it.t, o, "not_in_cloud"))
	})
	it.members.Before = len(have)
	it.members.After = len(have) + len(it.members.Add) - len(it.members.Remove)
	sortMembers(it.members)
}

// doubt says what is not known about the members of a source: one that should
// have an object in the target could not be resolved, and of which types objects
// could not be read at all.
type doubt struct {
	any      bool
	device   bool
	contacts bool
}

func (d *doubt) of(s *Space, o ObjectID) {
	d.any = true
	if s.Unreadable(o, "onPremisesSyncEnabled") {
		d.device = d.device || strings.EqualFold(s.Type(o), "device")
		d.contacts = d.contacts || strings.EqualFold(s.Type(o), "contact")
	}
}

// mayBeMember says why a member that the source does not have is kept, "" if it
// is removed: absence is proven before it destroys.
func (b *build) mayBeMember(t *target, o ObjectID, unknown doubt) string {
	s := t.space
	m := b.mv.objectOf(t.index, o)
	_, broken := b.broken[entraKey{t.index, o}]
	_, failed := b.mvErrors[m]
	switch {
	case unknown.any && s.State(o) == Placeholder:
		return "outside_view"
	case broken, failed, b.doubted[m], // nobody knows whom it stands for
		unknown.device && strings.EqualFold(s.Type(o), "computer"),
		unknown.contacts && strings.EqualFold(s.Type(o), "contact"):
		return "unresolved"
	}
	return ""
}

// isLeaving reports whether this plan means to delete an object.
func (b *build) isLeaving(t *target, o ObjectID) bool {
	it := t.items[o]
	if it == nil || it.keep || !it.before.IsBelow(b.roots[it.w]) {
		return false
	}
	switch it.verdict {
	case verdictAbsent:
		return true
	case verdictLeave:
		return it.w.OnOutOfScope == "delete"
	case verdictGone:
		return it.w.OnSourceDeleted == "delete"
	}
	return false
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// mergeSets walks two sorted sets and reports what only one of them has.
func mergeSets(have, want []ObjectID, add, remove func(ObjectID)) {
	i, j := 0, 0
	for i < len(have) || j < len(want) {
		switch {
		case j == len(want) || i < len(have) && have[i] < want[j]:
			remove(have[i])
			i++
		case i == len(have) || want[j] < have[i]:
			add(want[j])
			j++
		default:
			i++
			j++
		}
	}
}

// currentMembers are those of the live object, or of the deleted one that is
// restored: the Recycle Bin gives its links back.
func (b *build) currentMembers(it *item) []ObjectID {
	if !it.exists() {
		if it.restore == NoObject {
			return nil
		}
		ids, _ := it.t.space.References(it.restore, "member")
		return ids
	}
	ids, _ := it.t.space.References(it.object, "member")
	return ids
}

// futureID is the id of an object that this plan creates in t: the position of
// its source in the metaverse, beyond the ids of the space.
func futureID(t *target, m mvID) ObjectID { return ObjectID(t.space.Len()) + ObjectID(m) }

// resolve finds the object in t that a member of the source stands for, or says
// why there is none.
func (b *build) resolve(t *target, space int, o ObjectID) (ObjectID, string) {
	s := b.spaces[space]
	m := b.mv.objectOf(space, o)
	if m == noMV {
		return NoObject, unjoinedReason(s, o)
	}
	if b.doubted[m] {
		return NoObject, "unresolved"
	}
	for _, it := range b.byMV[m] {
		if it.t != t {
			continue
		}
		if it.exists() && (it.verdict != verdictNone) {
			return it.object, ""
		}
		if it.verdict == verdictWrite && !it.failed && it.blocked == nil {
			return futureID(t, m), ""
		}
	}
	if linked := b.mv.links[t.index][m]; linked != NoObject {
		return linked, memberObjection(t.space, linked)
	}
	return NoObject, b.elsewhere(t, s, o, m)
}

// elsewhere explains a joined member without an object in the target.
func (b *build) elsewhere(t *target, s *Space, o ObjectID, m mvID) string {
	for i, linked := range b.mv.links {
		if i != t.index && b.spaces[i].Kind == KindAD && linked[m] != NoObject {
			return "other_forest"
		}
	}
	if strings.EqualFold(s.Type(o), "group") {
		return "group_not_written_back"
	}
	return unjoinedReason(s, o)
}

// unjoinedReason explains a member that joins nothing.
func unjoinedReason(s *Space, o ObjectID) string {
	if s.State(o) == Placeholder || s.Unreadable(o, "onPremisesSyncEnabled") {
		return "unresolved" // whether it is synchronised is not known
	}
	switch strings.ToLower(s.Type(o)) {
	case "user", "contact":
		switch {
		case s.First(o, "onPremisesSyncEnabled") == "TRUE":
			return "unresolved"
		case strings.EqualFold(s.First(o, "userType"), "Guest"):
			return "guest"
		}
		return "cloud_only"
	case "serviceprincipal":
		return "service_principal"
	case "device":
		return "device"
	case "group":
		if s.First(o, "onPremisesSyncEnabled") == "TRUE" {
			return "unresolved"
		}
		return "group_not_written_back"
	}
	return "unresolved"
}

// memberObjection says why an object of AD cannot be a member of a universal
// group, "" if it can (sync-engine §7.4).
func memberObjection(s *Space, o ObjectID) string {
	switch strings.ToLower(s.Type(o)) {
	case "foreignsecurityprincipal":
		return "foreign_security_principal"
	case "group":
		if n, err := strconv.ParseInt(s.First(o, "groupType"), 10, 64); err == nil && n&4 != 0 {
			return "domain_local"
		}
	}
	return ""
}

// memberChange describes one member value under the name that it has now; see
// consequences.go for one that moves.
func (b *build) memberChange(t *target, o ObjectID, reason string) MemberChange {
	if int(o) < t.space.Len() {
		return MemberChange{DN: t.space.Name(o), Name: displayName(t.space, o), ID: t.space.Anchor(o), Reason: reason}
	}
	it := t.pending[mvID(o)-mvID(t.space.Len())]
	return MemberChange{DN: it.after.String(), Name: it.label, ID: it.mark(), Reason: reason}
}

func sortMembers(m *Members) {
	byDN := func(x, y MemberChange) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.DN, y.DN))
	}
	slices.SortFunc(m.Add, byDN)
	slices.SortFunc(m.Remove, byDN)
	slices.SortFunc(m.Skipped, func(x, y SkippedMember) int {
		return cmp.Or(strings.Compare(x.Reason, y.Reason), strings.Compare(x.Name, y.Name), strings.Compare(x.ID, y.ID))
	})
}
