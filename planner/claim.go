package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// The properties of Entra's own writeback state.
const (
	attrEnabled   = "writebackConfiguration/isEnabled"
	attrGroupType = "writebackConfiguration/onPremisesGroupType"
)

// claim decides for every group of a writeback's source what should become of
// it (design §5), and finds the object it has in the target.
func (b *build) claim() {
	b.newTargets()
	for _, w := range b.cfg.Writebacks {
		s, si := b.space(w.From)
		t := b.target(w.To)
		for _, o := range b.objects(s, "group") {
			it := &item{
				w: w, t: t, m: b.mv.objectOf(si, o), source: o, id: s.Anchor(o), label: displayName(s, o),
				object: NoObject, restore: NoObject,
			}
			b.find(it)
			b.trace.claiming(b, it)
			b.judge(it, s)
			b.items = append(b.items, it)
		}
	}
	b.adoptedTwice()
	b.settle()
}

// find looks for the item's object: by its mark, else as declared in adopt, else
// in the Recycle Bin.
func (b *build) find(it *item) {
	key := dn.Fold(it.mark())
	if marked := it.t.marks[key]; len(marked) > 0 {
		it.object = marked[0]
		if len(marked) > 1 {
			b.markConflict(it)
		}
		return
	}
	if a, ok := adoption(it.w, it.mark()); ok && !it.w.Absent {
		b.adopt(it, a)
		return
	}
	if bin := it.t.bin[key]; len(bin) > 0 {
		it.restore = bin[0]
		if len(bin) > 1 {
			it.notes = append(it.notes, plural(len(bin), "deleted object carries", "deleted objects carry")+" this mark; it is the one deleted last that is restored")
		}
	}
}

// markConflict blocks an item whose mark several objects carry: which of them is
// the right one is not for landfall to guess.
func (b *build) markConflict(it *item) {
	it.block("mark_conflict", it.w.Address(), "several objects carry the mark "+it.mark()+": "+it.t.names(it.t.marks[dn.Fold(it.mark())])+
		". Clear adminDescription on all but the right one.", it.w.Range.Filename, it.w.Range.Start.Line)
}

// adopt takes the group that the configuration names, if it may be taken.
func (b *build) adopt(it *item, a lang.Adoption) {
	s := it.t.space
	refuse := func(code, why string) {
		it.block(code, it.w.Address(), "adopt names "+a.Target+" for "+it.mark()+", "+why, a.Range.Filename, a.Range.Start.Line)
	}
	o := s.ByAnchor(strings.Trim(a.Target, "{}"))
	if o == NoObject {
		o = s.ByName(a.Target)
	}
	switch {
	case o == NoObject || s.State(o) != Live:
		refuse("collision", "and "+s.Provider+" has no such object.")
	case !strings.EqualFold(s.Type(o), "group"):
		refuse("collision", "which is a "+s.Type(o)+" and not a group.")
	case isMark(s.First(o, markAttribute)):
		refuse("mark_conflict", "but it carries the mark "+s.First(o, markAttribute)+".")
	default:
		it.object, it.adopted = o, true
	}
}

func adoption(w *lang.Writeback, mark string) (lang.Adoption, bool) {
	for _, m := range sortedKeys(w.Adopt) {
		if strings.EqualFold(m, mark) {
			return w.Adopt[m], true
		}
	}
	return lang.Adoption{}, false
}

// adoptedTwice finds objects that two groups would take over.
func (b *build) adoptedTwice() {
	type key struct {
		t *target
		o ObjectID
	}
	takers := map[key][]*item{}
	for _, it := range b.items {
		if it.adopted {
			k := key{it.t, it.object}
			if !slices.ContainsFunc(takers[k], func(x *item) bool { return x.id == it.id }) {
				takers[k] = append(takers[k], it)
			}
		}
	}
	for _, it := range b.items {
		if !it.adopted || len(takers[key{it.t, it.object}]) < 2 {
			continue
		}
		var marks []string
		for _, taker := range takers[key{it.t, it.object}] {
			marks = append(marks, taker.mark())
		}
		it.block("mark_conflict", it.w.Address(), "adopt gives "+it.t.space.Name(it.object)+" to several groups: "+strings.Join(marks, ", ")+
			". An object carries one mark.", it.w.Range.Filename, it.w.Range.Start.Line)
		it.object, it.adopted = NoObject, false
	}
}

// judge sets the verdict: write, or why not.
func (b *build) judge(it *item, s *Space) {
	it.verdict, it.reason = verdictNone, b.objection(it, s)
	written := it.exists() && !it.adopted
	// What Active Directory or Exchange masters by now, what may not be read, and
	// what has no state at all has not left; no policy applies to it.
	it.keep = written && (unwritable(it.reason) || b.noFlow(it) ||
		it.reason == "writeback_off" && it.w.State == "" && s.First(it.source, attrEnabled) == "")
	switch {
	case it.w.Absent && written && !below(it.t.space.Name(it.object), it.w.OU.Root):
		// It carries the mark, but the block did not write it there.
		it.verdict, it.reason, it.keep = verdictLeave, "orphan", true
	case it.w.Absent && !it.keep:
		it.verdict = verdictAbsent
	case it.reason == "":
		it.verdict = verdictWrite
	case written:
		it.verdict = verdictLeave
	}
}

// unwritable are the reasons that nobody's decision about writeback stands behind.
func unwritable(reason string) bool {
	return reason == "mastered_on_premises" || reason == "hidden_membership" || reason == "exchange_list"
}

// objection is the reason why a group is not written, "" if it is.
func (b *build) objection(it *item, s *Space) string {
	o := it.source
	unified := slices.ContainsFunc(s.Values(o, "groupTypes"), func(t string) bool { return strings.EqualFold(t, "Unified") })
	if b.failedInbound(it) {
		it.failed = true // reported already
	}
	switch {
	case s.First(o, "onPremisesSyncEnabled") == "TRUE":
		return "mastered_on_premises"
	case !unified && (s.First(o, "mailEnabled") == "TRUE" || s.First(o, "securityEnabled") != "TRUE"):
		return "exchange_list"
	case s.State(o) == Deleted:
		return "soft_deleted"
	case it.m == noMV:
		return "when"
	}
	if !b.condition(it) {
		return "when"
	}
	it.claimed = true
	switch {
	case it.w.Absent, !it.exists() && b.noFlow(it):
		return "when"
	case s.Unreadable(o, "member"):
		return "hidden_membership"
	}
	return b.writebackState(it, s, unified)
}

// failedInbound reports whether a rule fails for the group on its way into the
// metaverse, or whether its joins leave open who it is. What that would bring is
// not known, so nothing follows from it.
func (b *build) failedInbound(it *item) bool {
	_, si := b.space(it.w.From)
	key := entraKey{si, it.source}
	_, broken := b.broken[key]
	_, failed := b.mvErrors[it.m]
	return broken || failed || it.m == noMV && len(b.doubts[key]) > 0
}

// condition evaluates the scope of the writeback's rule and its when.
func (b *build) condition(it *item) bool {
	src := mvRecord{b, it.m}
	holds, err := b.inScope(it.w.Rule, src)
	if err == nil && holds && it.w.When != nil {
		holds, err = b.holds(it.w.When, src, b.params[it.w.To])
	}
	if err != nil {
		b.fail(it, objectError{it.w.Address(), it.w.Range, err})
	}
	return err == nil && holds
}

// writebackState reads Entra's own state of a group, or the one that the block
// declares, and says whether it is written.
func (b *build) writebackState(it *item, s *Space, unified bool) string {
	enabled, groupType := s.First(it.source, attrEnabled), s.First(it.source, attrGroupType)
	if it.w.State != "" {
		declared, declaredType, ok := declaredState(it.w.State, unified)
		if !ok {
			b.diagnose("warning", "state_not_applicable", "A writeback state does not fit a group",
				"\""+it.label+"\" is a security group, which Entra ID can only write back as a security group, and "+it.w.Address()+
					" declares state = \""+it.w.State+"\". Its state is left as it is. Use state = \"security\" or \"none\", or exclude it by when.", it.w.Range)
		} else {
			b.declareState(it, s, declared, declaredType)
			enabled, groupType = declared, declaredType
			if unified && declared == "TRUE" {
				b.mv.set(it.m, "targetWritebackType", []string{groupType}, it.w.Rule)
			}
		}
	}
	switch groupType {
	case "", "universalDistributionGroup", "universalSecurityGroup", "universalMailEnabledSecurityGroup":
	default:
		b.fail(it, objectError{it.w.Address(), it.w.Range, errUnknownGroupType(groupType)})
		return "unset"
	}
	switch {
	case enabled == "FALSE":
		return "writeback_off"
	case enabled == "TRUE":
		return ""
	case !unified:
		if it.exists() && !it.adopted {
			return "writeback_off"
		}
		return "unset"
	case it.w.Unset == "write" || it.exists():
		return ""
	}
	return "unset"
}

type errUnknownGroupType string

func (e errUnknownGroupType) Error() string {
	return "Entra ID says onPremisesGroupType " + string(e) + ", which this landfall does not know; it would be guessing the type of the group"
}

// declaredState turns the word of the language into Graph's two properties.
func declaredState(word string, unified bool) (enabled, groupType string, ok bool) {
	switch word {
	case "none":
		return "FALSE", "", true
	case "security":
		return "TRUE", "universalSecurityGroup", true
	case "distribution":
		return "TRUE", "universalDistributionGroup", unified
	case "mail_enabled_security":
		return "TRUE", "universalMailEnabledSecurityGroup", unified
	}
	return "", "", false
}

// settle keeps one item for each group and target. A group that one writeback
// writes does not concern another that excludes it; a group that two would
// write is written by neither.
func (b *build) settle() {
	type key struct {
		t  *target
		id string
	}
	groups := map[key][]*item{}
	var order []key
	for _, it := range b.items {
		k := key{it.t, it.id}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], it)
	}
	b.items = b.items[:0]
	for _, k := range order {
		it := b.owner(groups[k])
		b.items = append(b.items, it)
		if it.m != noMV {
			b.byMV[it.m] = append(b.byMV[it.m], it)
		}
		if it.exists() {
			it.t.items[it.object] = it
			it.before, _ = dn.Parse(it.t.space.Name(it.object))
		} else if it.verdict == verdictWrite && it.m != noMV {
			it.t.pending[it.m] = it
		}
	}
}

// owner picks the item that stands for a group: the one that writes it, else
// the one that most likely wrote it.
func (b *build) owner(items []*item) *item {
	var writers []*item
	for _, it := range items {
		if it.verdict == verdictWrite {
			writers = append(writers, it)
		}
	}
	if len(writers) > 1 {
		it := writers[0]
		it.block("collision", writers[1].w.Address(), "both "+it.w.Address()+" and "+writers[1].w.Address()+
			" write this group to "+it.t.space.Provider+". Make their when conditions exclude each other.",
			writers[1].w.Range.Filename, writers[1].w.Range.Start.Line)
		return it
	}
	if len(writers) == 1 {
		return writers[0]
	}
	return slices.MinFunc(items, b.moreLikely)
}

// moreLikely orders items that do not write their group by how likely it is
// that their block wrote its object: the nearest root, then a condition that
// still takes the group. Where that leaves it open, the more careful one stands.
func (b *build) moreLikely(x, y *item) int {
	return cmp.Or(cmp.Compare(b.depth(y), b.depth(x)), first(x.claimed, y.claimed), first(!x.w.Absent, !y.w.Absent),
		cmp.Compare(severity(x.w.OnOutOfScope), severity(y.w.OnOutOfScope)))
}

// first orders true before false.
func first(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// depth is the length of the block's root if the item's object lies below it,
// else 0.
func (b *build) depth(it *item) int {
	if !it.exists() || it.adopted {
		return 0
	}
	d, err := dn.Parse(it.t.space.Name(it.object))
	if err != nil {
		return 0
	}
	return b.rootDepth(it.w, d)
}

// rootDepth is the length of a writeback's root if d lies below it, else 0.
func (b *build) rootDepth(w *lang.Writeback, d dn.DN) int {
	if root := b.roots[w]; d.IsBelow(root) {
		return root.Len()
	}
	return 0
}

// severity orders the words of on_out_of_scope and on_source_deleted.
func severity(policy string) int { return slices.Index([]string{"freeze", "empty", "delete"}, policy) }

func below(name, root string) bool {
	r, err := dn.Parse(root)
	return err == nil && lies(name, r)
}

// lies reports whether a name is root or lies below it.
func lies(name string, root dn.DN) bool {
	d, err := dn.Parse(name)
	return err == nil && d.IsBelow(root)
}
