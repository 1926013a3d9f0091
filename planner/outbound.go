package planner

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// outbound flows attributes to every written item, and compares them with what
// the target has. Attributes that no rule maps are never touched.
func (b *build) outbound() {
	for _, it := range b.items {
		if it.verdict == verdictWrite && !it.failed {
			b.flowOut(it)
		}
	}
	// Memberships come when it is known which groups will exist.
	for _, it := range b.withMembers() {
		if e := b.checkMembers(it); e != nil {
			b.fail(it, *e)
		}
	}
	for _, it := range b.withMembers() {
		b.diffMembers(it)
	}
	b.outboundJoined()
	for _, t := range b.targets {
		b.reportMissing(t)
	}
	b.outboundEntra()
}

// withMembers are the items whose members some flow decides.
func (b *build) withMembers() []*item {
	var out []*item
	for _, it := range b.items {
		if it.verdict == verdictWrite && !it.failed && it.memberFlow.rule != nil {
			out = append(out, it)
		}
	}
	return out
}

// applies reports whether an outbound rule concerns groups of the item's target.
// Of the rules that writebacks compile to, only the item's own does.
func (b *build) applies(r *lang.Rule, it *item) bool {
	return r.Direction == lang.Outbound && !r.Disabled && r.Provider == it.w.To &&
		strings.EqualFold(r.ObjectType, "group") && (r.MetaverseType == "group" || r.MetaverseType == "*") &&
		(r.Writeback == nil || r.Writeback == it.w)
}

// noFlow reports whether a rule of link type join_no_flow takes the group: it
// keeps the object, and lets nothing flow but references (sync-engine §1.7). The
// object is neither made, renamed, moved nor deleted.
func (b *build) noFlow(it *item) bool {
	if it.m == noMV {
		return false
	}
	for _, r := range b.cfg.Rules {
		if r.Link == lang.JoinNoFlow && b.applies(r, it) {
			if ok, err := b.inScope(r, mvRecord{b, it.m}); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// flowOut collects the contributors of every attribute and computes the edits.
func (b *build) flowOut(it *item) {
	src := mvRecord{b, it.m}
	noFlow := b.noFlow(it)
	byAttribute := map[string][]contributor{}
	for _, r := range b.cfg.Rules {
		if !b.applies(r, it) {
			continue
		}
		ok, err := b.inScope(r, src)
		if err != nil {
			b.fail(it, objectError{r.Name, r.Range, err})
			return
		}
		if !ok || !b.joins(r, it, src) {
			continue
		}
		b.matched[r]++
		for _, f := range r.Flows {
			if f.Once && it.present() != NoObject {
				continue
			}
			key := strings.ToLower(f.Attribute)
			byAttribute[key] = append(byAttribute[key], contributor{r, f})
		}
	}
	for _, key := range sortedKeys(byAttribute) {
		a, ok := it.t.space.Schema.Lookup(key)
		if !ok {
			a = Attribute{Name: byAttribute[key][0].flow.Attribute}
		}
		if noFlow && a.Syntax != schema.Reference {
			continue
		}
		if e := b.flowOne(it, src, a, byAttribute[key]); e != nil {
			b.outboundFailed(it, *e)
			return
		}
	}
	slices.SortFunc(it.edits, func(x, y Edit) int { return strings.Compare(x.Attribute, y.Attribute) })
	b.needsType(it)
}

// needsType fails a group that would be made without a groupType: Active
// Directory would take it for a global security group.
func (b *build) needsType(it *item) {
	if it.present() == NoObject && !slices.ContainsFunc(it.edits, func(e Edit) bool { return strings.EqualFold(e.Attribute, "groupType") }) {
		b.fail(it, objectError{it.w.Address(), it.w.Range,
			fmt.Errorf("no rule gives it a groupType, and Active Directory would make it a global security group; enable \"Out to AD - Group SOAInAAD\" of the standard rules, or flow groupType")})
	}
}

// outboundFailed reports an object error. A group over the member limit that was
// never written is not an error: it is not admitted (sync-engine §3.5).
func (b *build) outboundFailed(it *item, e objectError) {
	if !it.exists() && strings.Contains(e.err.Error(), "Maximum Group member count exceeded") {
		it.verdict, it.reason = verdictNone, "over_limit"
		delete(it.t.pending, it.m)
		return
	}
	b.fail(it, e)
}

// joins: a rule with join criteria contributes to a pair only if they hold for
// it. The pair is made by the writeback, so one without criteria always does.
func (b *build) joins(r *lang.Rule, it *item, src mvRecord) bool {
	if len(r.Join) == 0 || r.Writeback != nil {
		return true
	}
	for _, g := range r.Join {
		holds := true
		for _, m := range g.Matches {
			var texts []string
			switch {
			case strings.EqualFold(m.Space, markAttribute):
				texts = []string{it.mark()} // as it will be
			case it.exists():
				texts = spaceRecord{it.t.space, it.object}.texts(m.Space)
			}
			holds = holds && overlaps(texts, src.texts(m.Metaverse), m.CaseSensitive)
		}
		if holds {
			return true
		}
	}
	return false
}

func overlaps(x, y []string, caseSensitive bool) bool {
	return slices.ContainsFunc(x, func(v string) bool {
		return slices.ContainsFunc(y, func(w string) bool { return v == w || !caseSensitive && dn.Fold(v) == dn.Fold(w) })
	})
}

// flowOne computes one attribute of one item and its edit.
func (b *build) flowOne(it *item, src mvRecord, a schema.Attribute, contributors []contributor) *objectError {
	switch {
	case strings.EqualFold(a.Name, "dn"):
		return nil // naming.go
	case strings.EqualFold(a.Name, "member"):
		return b.flowMembers(it, src, a, contributors)
	}
	if lacks(it.t.space, a.Name) {
		it.t.missing[a.Name]++
		return nil
	}
	if a.Syntax == schema.Reference {
		return b.flowReferencesOut(it, a, contributors)
	}
	have := it.current(a.Name)
	result, c, err := decide(contributors, have, b.flowTo(it, src, a), nil)
	if err != nil {
		return &objectError{c.rule.Name, c.flow.Range, fmt.Errorf("%s: %w", a.Name, err)}
	}
	if result.keep() {
		return nil
	}
	by, want := result.source(contributors), result.values
	if e := checkLength(a, want); e != nil {
		return &objectError{by.rule.Name, by.flow.Range, e}
	}
	it.edit(a, have, want, reasonOf(by.rule, by.flow.Range))
	return nil
}

// flowTo is how a flow into one attribute of an item is evaluated.
func (b *build) flowTo(it *item, src mvRecord, a schema.Attribute) func(contributor) (flowed, error) {
	return func(c contributor) (flowed, error) {
		switch {
		case strings.EqualFold(a.Name, markAttribute):
			return flowed{values: []string{it.mark()}}, nil // never what a rule made of cloudAnchor
		case strings.EqualFold(a.Name, "sAMAccountName") && c.rule.Writeback != nil:
			return flowed{values: oneOrNone(it.sam), ignore: it.sam == ""}, nil
		}
		return b.flow(c.rule, c.flow, src, a)
	}
}

func oneOrNone(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// lacks reports whether the directory's own schema is known not to have the
// attribute.
func lacks(s *Space, attr string) bool {
	return s.HasAttribute != nil && !s.HasAttribute[strings.ToLower(attr)]
}

// current is what the target has: of the live object, or of the deleted one
// that is restored, whose values come back with it.
func (it *item) current(attr string) []string {
	switch {
	case it.exists():
		return it.t.space.Values(it.object, attr)
	case it.restore != NoObject:
		return it.t.space.Values(it.restore, attr)
	}
	return nil
}

func checkLength(a schema.Attribute, values []string) error {
	if a.MaxLen == 0 {
		return nil
	}
	for _, v := range values {
		n := dn.Units(v)
		if a.Syntax == schema.Octets {
			n = len(v)
		}
		if n > a.MaxLen {
			return fmt.Errorf("%s is %d characters (UTF-16 units) long, and Active Directory takes %d", a.Name, n, a.MaxLen)
		}
	}
	return nil
}

// edit adds an edit if the sets of values differ. Case counts: a group that is
// renamed from "finance" to "Finance" shows it.
func (it *item) edit(a schema.Attribute, have, want []string, why Reason) {
	if edit, differs := makeEdit(a, have, want, why); differs {
		it.edits = append(it.edits, edit)
	}
}

func makeEdit(a schema.Attribute, have, want []string, why Reason) (Edit, bool) {
	before, after := slices.Clone(have), slices.Clone(want)
	slices.Sort(before)
	slices.Sort(after)
	after = slices.Compact(after)
	if slices.Equal(before, after) {
		return Edit{}, false
	}
	e := Edit{Attribute: a.Name, Reason: why}
	if a.Syntax == schema.Octets {
		e.Encoding = "base64"
		for i, v := range before {
			before[i] = base64.StdEncoding.EncodeToString([]byte(v))
		}
		for i, v := range after {
			after[i] = base64.StdEncoding.EncodeToString([]byte(v))
		}
	}
	e.Before, e.After = Texts(before...), Texts(after...)
	return e, true
}

// flowReferencesOut flows an attribute other than member whose values are
// objects: only those that exist in the target are written.
func (b *build) flowReferencesOut(it *item, a schema.Attribute, contributors []contributor) *objectError {
	for _, c := range contributors {
		fail := func(err error) *objectError {
			return &objectError{c.rule.Name, c.flow.Range, fmt.Errorf("%s: %w", a.Name, err)}
		}
		if c.flow.From == "" {
			return fail(errors.New("it takes references, which only a direct flow (from) can give"))
		}
		src := b.mv.refSource(it.m, c.flow.From)
		if src.space < 0 {
			continue
		}
		ids, err := b.read(int(src.space), src.object, src.attr)
		if err != nil {
			return fail(err)
		}
		var want, have []ObjectID
		for _, id := range ids {
			if o := b.targetObject(it.t, int(src.space), id); o != NoObject {
				want = append(want, o)
			}
		}
		if len(want) > 1 && !a.Multi {
			return fail(fmt.Errorf("it holds one object, and %d came out", len(want)))
		}
		if o := it.present(); o != NoObject { // the links of a deleted object come back with it
			if have, err = b.read(it.t.index, o, a.Name); err != nil {
				return fail(err)
			}
		}
		it.edit(a, it.t.list(have), it.t.list(want), reasonOf(c.rule, c.flow.Range))
		return nil
	}
	return nil
}

// read returns the objects that a reference attribute names. What was not read
// is not the same as none.
func (b *build) read(space int, o ObjectID, attr string) ([]ObjectID, error) {
	s := b.spaces[space]
	ids, read := s.References(o, attr)
	if !read {
		return nil, fmt.Errorf("the %s of \"%s\" could not be read from %s; run again, and if it stays, check the permissions of this identity", attr, displayName(s, o), s.Provider)
	}
	return ids, nil
}

// targetObject is the object in t that stands for the same person or group,
// NoObject if there is none.
func (b *build) targetObject(t *target, space int, o ObjectID) ObjectID {
	m := b.mv.objectOf(space, o)
	if m == noMV {
		return NoObject
	}
	for _, it := range b.byMV[m] {
		if it.t == t && it.exists() {
			return it.object
		}
	}
	return b.mv.links[t.index][m]
}

// reportMissing warns once about attributes that AD's schema does not have.
func (b *build) reportMissing(t *target) {
	if len(t.missing) == 0 {
		return
	}
	b.diagnose("warning", "schema_missing", "Active Directory's schema lacks attributes that rules flow",
		t.space.Provider+" does not have "+strings.Join(sortedKeys(t.missing), ", ")+". These attributes are left out, everything else is written. "+
			"Extend the schema (for Exchange: setup.exe /PrepareSchema), or disable the rules that flow them.", t.provider.Range)
}
