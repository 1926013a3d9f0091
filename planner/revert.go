package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
)

// Recorded is one operation of a past run, as its journal has it.
type Recorded struct {
	Operation
	Provider string
	Address  string
	Name     string
	// Created is the anchor of the object that a create made.
	Created string
	// MemberOf are, for a delete, the groups that the object was a member of. Its
	// Edits and Remove are what else it held; see Holdings.
	MemberOf []MemberChange
	// Doubt says that the journal does not know whether, or how much of it, was
	// carried out. What the directory holds decides.
	Doubt bool
}

// PastRun is a recorded run that is to be taken back.
type PastRun struct {
	ID      string
	Started string // RFC 3339, UTC
	Who     string
	Reverts string // the run that it took back itself, if it did
	// Directories says what the providers were connected to; see DirectoryIDs.
	Directories map[string]string
	// Operations are those that were carried out, or may have been, in the order in
	// which they were sent.
	Operations []Recorded
}

// Reverted names the run that a plan takes back.
type Reverted struct {
	Run        string `json:"run"`
	Started    string `json:"started"`
	Who        string `json:"who"`
	Operations int    `json:"operations"` // that the run carried out, as far as is known
	Already    int    `json:"already"`    // of them: those whose effect is gone already
}

// DirectoryIDs says what each provider of a configuration is connected to.
func DirectoryIDs(cfg *lang.Config) map[string]string {
	ids := map[string]string{}
	for _, p := range cfg.Providers {
		switch p.Kind {
		case lang.KindEntra:
			ids[p.Address()] = "tenant " + strings.ToLower(p.Entra.TenantID)
		case lang.KindAD:
			ids[p.Address()] = "domain " + DNKey(p.AD.BaseDN)
		}
	}
	return ids
}

// CheckRun refuses a run that wrote to other directories than cfg connects.
func CheckRun(cfg *lang.Config, run PastRun) error {
	have := DirectoryIDs(cfg)
	for _, op := range run.Operations {
		is, connected := have[op.Provider]
		was := run.Directories[op.Provider]
		switch {
		case !connected:
			return fmt.Errorf("run %s wrote to %s, which this configuration does not connect: the journal is that of another configuration, or the provider was renamed since", run.ID, op.Provider)
		case was != "" && was != is:
			return fmt.Errorf("run %s wrote to %s when it was connected to the %s, and now it is connected to the %s: the journal is that of another directory", run.ID, op.Provider, was, is)
		}
	}
	return nil
}

// Revert plans what takes a recorded run back, as far as it still stands: an
// ordinary plan, with guards, review and digest. It goes through the operations
// from the last to the first. Where the directory holds what an operation made, it
// plans what was before; where it holds that already, nothing is left to do; what
// somebody changed since is left as it is and listed, like everything that cannot
// be taken back, with the code not_revertible.
//
// With anew, deleted groups are made anew even where the Recycle Bin has them.
func Revert(cfg *lang.Config, snap Snapshot, run PastRun, anew bool, o Options) (*Plan, error) {
	if err := CheckRun(cfg, run); err != nil {
		return nil, err
	}
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options = o
	b.inbound()
	b.claim() // guards count by the writeback that an object belongs to
	b.plan = Plan{}
	v := &reverter{b: b, run: run, anew: anew, objects: map[HoldingKey]*reverted{}, anewBy: map[HoldingKey]*reverted{}, told: map[HoldingKey]bool{}, ous: map[string]Change{}, own: map[HoldingKey]bool{}}
	for _, op := range run.Operations {
		if op.Created != "" && op.Verb == VerbCreate {
			v.own[HoldingKey{op.Provider, op.Created}] = true
		}
	}
	v.remake()
	for _, op := range slices.Backward(run.Operations) {
		v.undo(op)
	}
	v.links()
	v.settle()
	v.collect()
	v.protect()
	if err := b.restrict(); err != nil {
		return nil, err
	}
	b.guards()
	v.onlyMade()
	v.keepFilled()
	v.notice()
	return b.complete(), nil
}

// reverter collects the inverse of a run.
type reverter struct {
	b    *build
	run  PastRun
	anew bool
	// objects by provider and anchor: that of the object, or, of one that is made
	// anew, the anchor that it had. list has them in order.
	objects map[HoldingKey]*reverted
	list    []*reverted
	anewBy  map[HoldingKey]*reverted // what is made anew, by provider and folded mark
	made    []ouMade
	ous     map[string]Change // OUs to make, by placeKey
	told    map[HoldingKey]bool
	already int
	own     map[HoldingKey]bool          // what the run made
	byMark  map[*target]map[string]*item // see itemByMark
}

func (v *reverter) space(provider string) *Space { return v.b.snapshot[provider] }

// reason names the run that is taken back.
func (v *reverter) reason() Reason { return Reason{Rule: "revert " + v.run.ID} }

// cannot reports what stays as it is. what names the object.
func (v *reverter) cannot(what, why string) {
	v.b.diagnose("warning", "not_revertible", "Something is not taken back", fmt.Sprintf("%s: %s.", what, why), hcl.Range{})
}

// who names the object of an operation for messages.
func who(op Recorded) string {
	name := op.DNAfter
	if name == "" {
		name = op.DNBefore
	}
	if name == "" {
		name = op.Anchor
	}
	return fmt.Sprintf("%q (%s)", op.Name, name)
}

// undo takes one operation back. Deletes were dealt with before, by remake.
func (v *reverter) undo(op Recorded) {
	if op.Verb == VerbDelete {
		return
	}
	s := v.space(op.Provider)
	o := s.ByAnchor(op.Anchor)
	if op.Verb == VerbCreate {
		o = v.created(s, op)
	}
	switch {
	case o != NoObject && s.State(o) == Live:
	case op.Verb == VerbCreate, op.Verb == VerbRestore, v.own[HoldingKey{op.Provider, op.Anchor}]:
		v.already++ // it is gone, or was never made
		return
	default:
		if key := (HoldingKey{s.Provider, op.Anchor}); !v.told[key] {
			v.told[key] = true
			v.cannot(who(op), "it is no longer there")
		}
		return
	}
	if op.ObjectType == "organizationalUnit" {
		v.made = append(v.made, ouMade{op, s, o})
		return
	}
	x := v.object(op, s, o)
	switch op.Verb {
	case VerbCreate, VerbRestore:
		x.undoMaking(op)
	case VerbMove:
		x.undoMove(op)
	case VerbUpdate:
		x.undoEdits(op)
	case VerbMembers:
		x.undoMembers(op)
	}
}

// created is the object that a create made. When its anchor is not known, because
// the answer was lost, a group is known by its mark; an OU has none.
func (v *reverter) created(s *Space, op Recorded) ObjectID {
	if op.Created != "" {
		return s.ByAnchor(op.Created)
	}
	if op.ObjectType == "organizationalUnit" {
		if o := s.ByName(op.DNAfter); o != NoObject && s.State(o) == Live {
			v.cannot(who(op), "the journal does not know whether this run made it; delete it by hand if nobody needs it")
		}
		return NoObject
	}
	return v.marked(s, markIn(op.Edits))
}

// marked is the live object that carries a mark, NoObject if there is none or if
// there are several.
func (v *reverter) marked(s *Space, mark string) ObjectID {
	if t := v.target(s); t != nil && isMark(mark) {
		if list := t.marks[foldMark(mark)]; len(list) == 1 {
			return list[0]
		}
	}
	return NoObject
}

// target is the AD space as writebacks see it; nil for Entra ID.
func (v *reverter) target(s *Space) *target {
	i := slices.IndexFunc(v.b.targets, func(t *target) bool { return t.space == s })
	if i < 0 {
		return nil
	}
	return v.b.targets[i]
}

// notice says what the next plan will want.
func (v *reverter) notice() {
	p := &v.b.plan
	p.Revert = &Reverted{Run: v.run.ID, Started: v.run.Started, Who: v.run.Who, Operations: len(v.run.Operations), Already: v.already}
	if len(p.Changes) > 0 && v.run.Reverts == "" {
		v.b.diagnose("warning", "revert_files", "The files still declare what this plan takes back",
			"As long as the configuration declares what run "+v.run.ID+" did, the next plan wants it again. Take the commit back, too, before the next apply.", hcl.Range{})
	}
}

// protect blocks changes of what nothing may touch, also of objects that no
// writeback claims any more.
func (v *reverter) protect() {
	v.b.protect()
	for i := range v.b.plan.Changes {
		c := &v.b.plan.Changes[i]
		s := v.space(c.Provider)
		if c.Blocked != nil || c.Anchor == nil || s.Kind != KindAD {
			continue
		}
		if _, why := wellKnown(s, s.ByAnchor(*c.Anchor)); why != "" {
			c.Blocked = &Blocked{Code: "protected", By: "built-in", Detail: why + ". landfall never changes such an object."}
		}
	}
}
