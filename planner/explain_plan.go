package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// WritebackStory is what one writeback makes of a group.
type WritebackStory struct {
	Reason
	Provider string `json:"provider"` // that it writes to
	Address  string `json:"address"`  // of the change
	// Verdict: write, not_written, leave (has an object that should no longer be
	// managed), absent (ensure = "absent"), gone (its source was deleted), other
	// (another writeback stands for the group).
	Verdict    string      `json:"verdict"`
	Code       string      `json:"code"`    // reason code of not_written or frozen
	Scope      bool        `json:"scope"`   // the scope of the writeback's rule holds
	When       string      `json:"when"`    // its when
	Holds      bool        `json:"holds"`   // that holds
	State      StateStory  `json:"state"`   // Entra's own writeback state
	Object     *Connector  `json:"object"`  // in the target; null if there is none
	Naming     *NameStory  `json:"naming"`  // null if nothing is written
	Blocked    *Blocked    `json:"blocked"` // before guards and protection
	Notes      []string    `json:"notes"`
	Failed     *ErrorStory `json:"failed"`
	RecycleBin string      `json:"recycle_bin"` // of the target: readable, unreadable, disabled, unknown
}

// StateStory is Entra's own writeback state of a group, and what the writeback
// declares in its place.
type StateStory struct {
	IsEnabled string `json:"is_enabled"` // TRUE, FALSE; "" is unset
	GroupType string `json:"on_premises_group_type"`
	Declared  string `json:"declared"` // state = …
	Unset     string `json:"unset"`    // what the writeback does where it is unset
}

// NameStory says how an object gets its name and its place.
type NameStory struct {
	CN      string      `json:"cn"` // the expression
	Mapping Reason      `json:"mapping"`
	Rules   []NameRule  `json:"rules"`   // of the mapping, as far as they were looked at
	Flowed  bool        `json:"flowed"`  // a rule flows dn, which wins over cn and mapping; see outbound
	Desired string      `json:"desired"` // what they say
	Before  string      `json:"before"`  // where the object is; "" if it does not exist
	After   string      `json:"after"`   // where it will be, after the policies on drift, renames and collisions
	SAM     string      `json:"sam_account_name"`
	Error   *ErrorStory `json:"error"`
}

// NameRule is one rule of an ou_mapping; the last one is the default.
type NameRule struct {
	Name  string `json:"name"` // "" is the default
	When  string `json:"when"`
	OU    string `json:"ou"`
	Holds bool   `json:"holds"`
	Line  int    `json:"line"`
}

// ErrorStory is an error that concerns this object.
type ErrorStory struct {
	Rule string `json:"rule"`
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
}

func errorStory(e objectError) *ErrorStory {
	return &ErrorStory{Rule: e.rule, File: e.rng.Filename, Line: e.rng.Start.Line, Text: e.err.Error()}
}

var verdictWords = [...]string{verdictWrite: "write", verdictLeave: "leave", verdictAbsent: "absent", verdictGone: "gone", verdictNone: "not_written"}

var recycleBinWords = [...]string{RecycleBinUnknown: "unknown", RecycleBinReadable: "readable", RecycleBinUnreadable: "unreadable", RecycleBinDisabled: "disabled"}

// explainWritebacks tells what each writeback that looked at the group made of
// it.
func (x *explainer) explainWritebacks() {
	told := map[*item]bool{}
	for _, claim := range x.b.trace.claims {
		if told[claim.item] = true; claim.item.m == x.f.m && x.isSource(claim.item) {
			x.out.Writebacks = append(x.out.Writebacks, x.writeback(claim))
		}
	}
	for _, it := range x.items {
		if !told[it] {
			x.out.Writebacks = append(x.out.Writebacks, x.writeback(claimStep{item: it}))
		}
	}
}

// isSource reports whether the group of an item is the subject.
func (x *explainer) isSource(it *item) bool {
	_, space := x.b.space(it.w.From)
	p := place{space, it.source}
	return x.f.at == p || slices.ContainsFunc(x.objects, func(c connected) bool { return c.place == p })
}

func (x *explainer) writeback(claim claimStep) WritebackStory {
	b, it := x.b, claim.item
	w := WritebackStory{
		Reason: *b.reason(it, it.w.Range), Provider: it.t.space.Provider, Address: it.address(), Verdict: verdictWords[it.verdict], Code: it.reason,
		Scope: claim.scope, Holds: claim.when, Blocked: it.blocked, Notes: it.notes, RecycleBin: recycleBinWords[it.t.space.RecycleBin],
		State: StateStory{Declared: it.w.State, Unset: it.w.Unset},
	}
	if it.w.When != nil {
		w.When = it.w.When.Text
	}
	if it.source != NoObject {
		s, _ := b.space(it.w.From)
		w.State.IsEnabled, w.State.GroupType = s.First(it.source, attrEnabled), s.First(it.source, attrGroupType)
	}
	if e, failed := b.trace.failures[it]; failed {
		w.Failed = errorStory(e)
	}
	for _, c := range x.objects {
		if c.item == it {
			w.Object = ptr(b.connector(c))
		}
	}
	standing := slices.Contains(b.items, it)
	if !standing {
		w.Verdict = "other"
	} else if it.verdict == verdictWrite {
		w.Naming = x.naming(it)
	}
	return w
}

// naming asks for the name again, and shows on the way which rule of the mapping
// decides.
func (x *explainer) naming(it *item) *NameStory {
	b, m := x.b, it.w.OU
	src := mvRecord{b, it.m}
	n := &NameStory{CN: it.w.CN.Text, Mapping: Reason{Rule: m.Address(), File: m.Range.Filename, Line: m.Range.Start.Line}, After: it.after.String(), SAM: it.sam}
	if it.exists() {
		n.Before = it.t.space.Name(it.object)
	}
	desired, oe := b.desiredDN(it)
	n.Desired = desired.String()
	if oe != nil {
		n.Error = errorStory(*oe)
	}
	if d, oe := b.flowedDN(it, src); oe != nil || d.Len() > 0 {
		n.Flowed = true
		return n
	}
	for _, r := range m.Rules {
		holds, err := b.holds(r.When, src, b.params[it.w.To])
		n.Rules = append(n.Rules, NameRule{Name: r.Name, When: r.When.Text, OU: r.OU.Text, Holds: holds, Line: r.Range.Start.Line})
		if holds || err != nil {
			return n
		}
	}
	n.Rules = append(n.Rules, NameRule{OU: m.Default.Text, Holds: true, Line: m.Default.Range.Start.Line})
	return n
}

// MembersStory is the membership of a group that a writeback writes.
type MembersStory struct {
	Provider string          `json:"provider"`
	By       Reason          `json:"by"`
	From     ReferencesStory `json:"from"`
	Before   int             `json:"before"`
	After    int             `json:"after"`
	Kept     int             `json:"kept"` // there, and to stay
	Add      []MemberChange  `json:"add"`
	Remove   []MemberChange  `json:"remove"`
	Skipped  []SkippedMember `json:"skipped"`
}

func (x *explainer) explainMembers() {
	if !x.concerns("member") {
		return
	}
	for _, it := range x.items {
		m := it.members
		if m == nil || it.memberFlow.rule == nil {
			continue
		}
		x.out.Members = append(x.out.Members, MembersStory{
			Provider: it.t.space.Provider, By: it.memberFlow.reason(), From: *x.references(it.memberFrom), Before: m.Before, After: m.After,
			Kept: m.Before - len(m.Remove), Add: nonNil(m.Add), Remove: nonNil(m.Remove), Skipped: nonNil(m.Skipped),
		})
	}
}

// PlanStory is what the plan does with the object. Of the changes there are
// those edits only that the story is about.
type PlanStory struct {
	Changes    []Change     `json:"changes"`
	Frozen     []Frozen     `json:"frozen"`
	NotWritten []NotWritten `json:"not_written"`
	Errors     []ErrorStory `json:"errors"`
	// MemberOf are the groups whose membership in the plan has the object.
	MemberOf []MembershipStory `json:"member_of"`
}

// MembershipStory is the object as a member of a written group.
type MembershipStory struct {
	Group   string `json:"group"`
	Address string `json:"address"`
	Change  string `json:"change"` // add, remove, skip
	Code    string `json:"code"`   // reason code
}

func (x *explainer) explainPlan() {
	p := &x.out.Plan
	for _, c := range x.plan.Changes {
		if x.isChangeOf(c) {
			p.Changes = append(p.Changes, x.about(c))
		}
	}
	for _, f := range x.plan.Frozen {
		if x.isOurs(f.Address) || slices.ContainsFunc(x.objects, func(c connected) bool {
			s := x.b.spaces[c.space]
			return s.Kind == KindAD && s.Name(c.object) == f.DN && strings.Contains(f.Address, "[")
		}) {
			p.Frozen = append(p.Frozen, f)
		}
	}
	for _, n := range x.plan.NotWritten {
		if n.ID != "" && x.hasID(n.ID) || n.ID == "" && x.f.m != noMV && n.Name == x.b.mvName(x.f.m) {
			p.NotWritten = append(p.NotWritten, n)
		}
	}
	if e, failed := x.b.mvErrors[x.f.m]; failed && x.f.m != noMV {
		p.Errors = append(p.Errors, *errorStory(e))
	}
	for _, it := range x.items {
		if e, failed := x.b.trace.failures[it]; failed {
			p.Errors = append(p.Errors, *errorStory(e))
		}
	}
	for _, e := range x.exports {
		if e.failed != nil {
			p.Errors = append(p.Errors, *errorStory(*e.failed))
		}
	}
	x.explainMemberships()
}

// isOurs reports whether an address of a writeback is that of the subject.
func (x *explainer) isOurs(address string) bool {
	return slices.ContainsFunc(x.items, func(it *item) bool { return it.address() == address })
}

// hasID reports whether an id is that of one of the subject's objects.
func (x *explainer) hasID(id string) bool {
	return slices.ContainsFunc(x.items, func(it *item) bool { return it.id == id }) ||
		slices.ContainsFunc(x.objects, func(c connected) bool { return x.b.spaces[c.space].Anchor(c.object) == id })
}

// isChangeOf reports whether a change is one of the subject, or makes an OU that
// it needs.
func (x *explainer) isChangeOf(c Change) bool {
	switch {
	case x.isOurs(c.Address):
		return true
	case c.Anchor != nil:
		return slices.ContainsFunc(x.out.Read, func(r ReadObject) bool { return r.Provider == c.Provider && r.ID == *c.Anchor })
	case c.ObjectType != "organizationalUnit" || c.DN.After == nil:
		return false
	}
	ou, err := dn.Parse(*c.DN.After)
	return err == nil && slices.ContainsFunc(x.items, func(it *item) bool {
		return it.verdict == verdictWrite && !it.failed && it.t.space.Provider == c.Provider && it.after.IsBelow(ou)
	})
}

// about leaves of a change what the story is about.
func (x *explainer) about(c Change) Change {
	if x.attribute == "" {
		return c
	}
	edits := []Edit{}
	for _, e := range c.Edits {
		if x.concerns(e.Attribute) || slices.ContainsFunc(x.out.Outbound, func(s AttributeStory) bool { return s.Provider == c.Provider && s.Attribute == e.Attribute }) {
			edits = append(edits, e)
		}
	}
	c.Edits = edits
	if !x.concerns("member") {
		c.Members = nil
	}
	return c
}

// explainMemberships finds the object among the members of written groups.
func (x *explainer) explainMemberships() {
	p := &x.out.Plan
	add := func(group, address, change, code, id string) {
		if x.isMember(id) {
			p.MemberOf = append(p.MemberOf, MembershipStory{group, address, change, code})
		}
	}
	for _, c := range x.plan.Changes {
		if c.Members == nil {
			continue
		}
		for _, m := range c.Members.Add {
			add(c.Name, c.Address, "add", m.Reason, m.ID)
		}
		for _, m := range c.Members.Remove {
			add(c.Name, c.Address, "remove", m.Reason, m.ID)
		}
		for _, m := range c.Members.Skipped {
			add(c.Name, c.Address, "skip", m.Reason, m.ID)
		}
	}
	for _, s := range x.plan.Skipped {
		for _, m := range s.Members {
			add(s.Name, s.Address, "skip", m.Reason, m.ID)
		}
	}
}

// isMember reports whether the id of a member is the subject's; a member that the
// plan creates has its mark for an id.
func (x *explainer) isMember(id string) bool {
	return id != "" && (x.hasID(id) || slices.ContainsFunc(x.items, func(it *item) bool { return it.mark() == id }) ||
		x.f.Object.State == stateWords[Placeholder] && (id == x.f.Object.DN || id == x.f.Object.ID))
}
