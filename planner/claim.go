package planner

import (
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
		if w.Rule != nil && w.Rule.Disabled {
			continue
		}
		s, si := b.space(w.From)
		t := b.target(w.To)
		for _, o := range ordered(s) {
			if !strings.EqualFold(s.Type(o), "group") {
				continue
			}
			it := &item{
				w: w, t: t, m: b.mv.objectOf(si, o), source: o, id: s.Anchor(o), label: displayName(s, o),
				object: NoObject, restore: NoObject,
			}
			b.find(it)
			b.judge(it, s)
			b.items = append(b.items, it)
		}
	}
	b.settle()
}

// find looks for the item's object: by its mark, else as declared in adopt.
func (b *build) find(it *item) {
	key := dn.Fold(it.mark())
	marked := it.t.marks[key]
	if len(marked) > 0 {
		it.object = marked[0]
	}
	if len(marked) > 1 {
		names := make([]string, len(marked))
		for i, o := range marked {
			names[i] = it.t.space.Name(o)
		}
		it.block("mark_conflict", it.w.Address(), "several objects carry the mark "+it.mark()+": "+strings.Join(names, "; ")+
			". Clear adminDescription on all but the right one.", it.w.Range.Filename, it.w.Range.Start.Line)
	}
	if it.exists() {
		return
	}
	if bin := it.t.bin[key]; len(bin) > 0 {
		it.restore = bin[0]
	}
	a, ok := adoption(it.w, it.mark())
	if !ok {
		return
	}
	o := it.t.space.ByAnchor(strings.Trim(a.Target, "{}"))
	if o == NoObject {
		o = it.t.space.ByName(a.Target)
	}
	if o == NoObject || it.t.space.State(o) != Live {
		it.block("collision", it.w.Address(), "adopt names "+a.Target+" for "+it.mark()+", and "+it.t.space.Provider+
			" has no such object within its search bases.", a.Range.Filename, a.Range.Start.Line)
		return
	}
	if mark := it.t.space.First(o, markAttribute); isMark(mark) {
		it.block("mark_conflict", it.w.Address(), "adopt names "+a.Target+" for "+it.mark()+", but it carries the mark "+mark+
			".", a.Range.Filename, a.Range.Start.Line)
	}
	it.object, it.adopted, it.restore = o, true, NoObject
}

func adoption(w *lang.Writeback, mark string) (lang.Adoption, bool) {
	for _, m := range sortedKeys(w.Adopt) {
		if strings.EqualFold(m, mark) {
			return w.Adopt[m], true
		}
	}
	return lang.Adoption{}, false
}

// judge sets the verdict: write, or why not.
func (b *build) judge(it *item, s *Space) {
	if it.w.Absent {
		it.verdict, it.reason = verdictAbsent, "when"
		return
	}
	it.verdict, it.reason = verdictNone, b.objection(it, s)
	switch {
	case it.reason == "" && !it.exists() && b.noFlow(it):
		it.reason = "when"
	case it.reason == "":
		it.verdict = verdictWrite
	case it.exists() && !it.adopted:
		it.verdict = verdictLeave
	}
}

// objection is the reason why a group is not written, "" if it is.
func (b *build) objection(it *item, s *Space) string {
	o := it.source
	unified := slices.ContainsFunc(s.Values(o, "groupTypes"), func(t string) bool { return strings.EqualFold(t, "Unified") })
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
	if e, failed := b.mvErrors[it.m]; failed {
		it.failed = true // reported already
		_ = e
	}
	src := mvRecord{b, it.m}
	params := b.params[it.w.To]
	if ok, err := b.inScope(it.w.Rule, src); err != nil || !ok {
		b.objectionError(it, err)
		return "when"
	}
	if it.w.When != nil {
		if ok, err := b.holds(it.w.When, src, params); err != nil || !ok {
			b.objectionError(it, err)
			return "when"
		}
	}
	if s.Unreadable(o, "member") {
		return "hidden_membership"
	}
	return b.writebackState(it, s, unified)
}

func (b *build) objectionError(it *item, err error) {
	if err != nil {
		b.fail(it, objectError{it.w.Address(), it.w.Range, err})
	}
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
	case it.w.Unset == "write" || it.exists() || it.restore != NoObject && it.w.Unset == "write":
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
// the one below whose root its object lies, else the first by name.
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
	for _, it := range items {
		if it.exists() && !it.adopted && below(it.t.space.Name(it.object), it.w.OU.Root) {
			return it
		}
	}
	return items[0]
}

func below(name, root string) bool {
	d, err1 := dn.Parse(name)
	r, err2 := dn.Parse(root)
	return err1 == nil && err2 == nil && d.IsBelow(r)
}
