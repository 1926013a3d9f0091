package planner

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// diff turns every item into a change, a frozen object, or nothing.
func (b *build) diff() {
	for _, it := range b.items {
		if it.failed {
			continue
		}
		switch it.verdict {
		case verdictWrite:
			b.diffWritten(it)
		case verdictNone:
			b.listNotWritten(it)
		case verdictLeave:
			b.leave(it, it.w.OnOutOfScope, frozenReason(it.reason))
		case verdictGone:
			b.leave(it, it.w.OnSourceDeleted, "source_deleted")
		case verdictAbsent:
			if it.exists() {
				b.leave(it, "delete", "ensure")
			}
		}
	}
	b.createOUs()
}

// frozenReason maps why a group is not written to why its object is frozen.
func frozenReason(reason string) string {
	switch reason {
	case "writeback_off", "soft_deleted", "orphan":
		return reason
	}
	return "out_of_scope"
}

func (b *build) reason(it *item, rng hcl.Range) *Reason {
	precedence := 0
	if it.w.Rule != nil {
		precedence = it.w.Rule.Precedence
	}
	return &Reason{Rule: it.w.Address(), Precedence: precedence, File: rng.Filename, Line: rng.Start.Line}
}

func (b *build) newChange(it *item) Change {
	return Change{
		Address: it.address(), Provider: it.t.space.Provider, ObjectType: "group", Name: it.label,
		Blocked: it.blocked, Notes: it.notes, Reason: b.reason(it, it.w.Range),
	}
}

func (b *build) diffWritten(it *item) {
	c := b.newChange(it)
	after := it.after.String()
	switch {
	case it.exists():
		before := it.t.space.Name(it.object)
		c.Anchor, c.DN.Before, c.DN.After = ptr(it.t.space.Anchor(it.object)), &before, &after
		if !it.before.Parent().Equal(it.after.Parent()) {
			c.Actions = append(c.Actions, ActionMove)
		}
		if it.before.Leaf().Value != it.after.Leaf().Value {
			c.Actions = append(c.Actions, ActionRename)
		}
		if len(c.Actions) == 0 {
			c.DN.After = &before
		}
	case it.restore != NoObject:
		before := it.t.space.Name(it.restore)
		c.Actions = append(c.Actions, ActionRestore)
		c.Anchor, c.DN.Before, c.DN.After = ptr(it.t.space.Anchor(it.restore)), &before, &after
		c.Notes = append(c.Notes, "restored from the Recycle Bin: it keeps its SID, and the access that was given to it")
	default:
		c.Actions = append(c.Actions, ActionCreate)
		c.DN.After = &after
	}
	c.Edits = it.edits
	if len(c.Edits) > 0 && (it.exists() || it.restore != NoObject) {
		c.Actions = append(c.Actions, ActionUpdate)
	}
	if m := it.members; m != nil && len(m.Add)+len(m.Remove) > 0 {
		c.Actions = append(c.Actions, ActionMembers)
		c.Members = m
	}
	if len(c.Actions) == 0 {
		b.skipOnly(it)
		b.blockedWithoutChange(it)
		return
	}
	if c.Members == nil {
		b.skipOnly(it)
	}
	c.Notes = append(c.Notes, notesOf(it, c.Edits)...)
	b.plan.Changes = append(b.plan.Changes, c)
}

// notesOf are the facts about a written group that a reviewer must know.
func notesOf(it *item, edits []Edit) []string {
	var notes []string
	if losesSecurity(edits) {
		notes = append(notes, "SECURITY LOST: it stops being a security group, and access given to it stops working")
	}
	if it.adopted {
		a, _ := adoption(it.w, it.mark())
		notes = append(notes, fmt.Sprintf("taken over, because adopt names it (%s:%d)", a.Range.Filename, a.Range.Start.Line))
	}
	if it.suffixed {
		notes = append(notes, "the name that it should have is taken; a suffix keeps the two apart (on_collision)")
	}
	return notes
}

// blockedWithoutChange tells what stands in the way of a group that needs no
// change today: a reviewer must hear of it before it does. Conflicts of marks
// are reported for the directory as a whole.
func (b *build) blockedWithoutChange(it *item) {
	if it.blocked != nil && it.blocked.Code != "mark_conflict" {
		b.diagnose("warning", it.blocked.Code, "A group is blocked, and needs no change so far",
			"\""+it.label+"\" ("+it.mark()+"): "+it.blocked.Detail, rangeAt(it.blocked.File, it.blocked.Line))
	}
}

// skipOnly lists the skipped members of an object whose members do not change.
func (b *build) skipOnly(it *item) {
	if it.members != nil && len(it.members.Skipped) > 0 {
		b.plan.Skipped = append(b.plan.Skipped, Skipped{Address: it.address(), Name: it.label, Members: it.members.Skipped})
	}
}

// losesSecurity reports an edit of groupType that takes the security bit away.
func losesSecurity(edits []Edit) bool {
	for _, e := range edits {
		if strings.EqualFold(e.Attribute, "groupType") && len(e.Before) == 1 && len(e.After) == 1 {
			return isSecurity(e.Before[0].Text) && !isSecurity(e.After[0].Text)
		}
	}
	return false
}

func isSecurity(groupType string) bool {
	n, err := strconv.ParseInt(groupType, 10, 64)
	return err == nil && n < 0
}

func (b *build) listNotWritten(it *item) {
	b.plan.NotWritten = append(b.plan.NotWritten, NotWritten{
		ID: it.id, Name: it.label, Provider: it.t.space.Provider, Reason: it.reason,
	})
}

// leave carries out on_out_of_scope, on_source_deleted or ensure = "absent". An
// object outside the root is frozen: another configuration, or Entra Connect, may
// have written it there.
func (b *build) leave(it *item, policy, reason string) {
	if it.keep || b.noFlow(it) || !it.before.IsBelow(b.roots[it.w]) {
		policy = "freeze"
		if unwritable(it.reason) {
			b.listNotWritten(it) // frozen does not say why
		}
	}
	if policy != "freeze" {
		b.foreignWriter(it)
	}
	switch policy {
	case "delete":
		b.remove(it, reason)
	case "empty":
		b.empty(it, reason)
	default:
		b.freeze(it, reason)
	}
}

func (b *build) remove(it *item, reason string) {
	c := b.newChange(it)
	before := it.t.space.Name(it.object)
	c.Actions = []Action{ActionDelete}
	c.Anchor, c.DN.Before = ptr(it.t.space.Anchor(it.object)), &before
	switch reason {
	case "ensure":
		c.Notes = append(c.Notes, "ensure = \"absent\"")
	default:
		c.Notes = append(c.Notes, "because: "+strings.ReplaceAll(reason, "_", " "))
	}
	c.Notes = append(c.Notes, binNote(it.t.space))
	b.plan.Changes = append(b.plan.Changes, c)
}

// binNote says whether a delete can be taken back.
func binNote(s *Space) string {
	switch s.RecycleBin {
	case RecycleBinReadable:
		return "can be restored from the Recycle Bin"
	case RecycleBinDisabled:
		return "SID LOST: the Recycle Bin is off, and a group made anew has another SID"
	}
	return "recycle bin unreadable: it is not known whether this can be taken back"
}

func (b *build) empty(it *item, reason string) {
	have := b.currentMembers(it)
	if len(have) == 0 {
		b.freeze(it, reason)
		return
	}
	c := b.newChange(it)
	before := it.t.space.Name(it.object)
	c.Actions = []Action{ActionMembers}
	c.Anchor, c.DN.Before, c.DN.After = ptr(it.t.space.Anchor(it.object)), &before, &before
	c.Members = &Members{Before: len(have)}
	for _, o := range have {
		c.Members.Remove = append(c.Members.Remove, b.memberChange(it.t, o, "not_in_cloud"))
	}
	sortMembers(c.Members)
	c.Notes = append(c.Notes, "emptied, because: "+strings.ReplaceAll(reason, "_", " "))
	b.plan.Changes = append(b.plan.Changes, c)
}

// createOUs adds the OUs that changes need and the directory lacks.
func (b *build) createOUs() {
	done := map[string]bool{}
	var ous []Change
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		if c.DN.After == nil || c.ObjectType != "group" || c.Blocked != nil {
			continue
		}
		it := b.itemOf(c)
		if it == nil || it.verdict != verdictWrite {
			continue
		}
		missing := b.missingOUs(it)
		if why := cannotMake(it, missing); why != "" {
			it.block("object_error", it.w.OU.Address(), why, it.w.OU.Range.Filename, it.w.OU.Range.Start.Line)
			c.Blocked = it.blocked
			continue
		}
		for _, d := range missing {
			if key := it.t.space.Provider + "\x00" + d.Key(); !done[key] {
				done[key] = true
				ous = append(ous, newOU(it.w.OU, it.t.space.Provider, d))
			}
		}
	}
	b.plan.Changes = append(b.plan.Changes, ous...)
}

// missingOUs are the OUs between an item's new place and what exists.
func (b *build) missingOUs(it *item) []dn.DN {
	var missing []dn.DN
	for d := it.after.Parent(); d.Len() > b.roots[it.w].Len(); d = d.Parent() {
		if o := it.t.space.named(d.Key()); o != NoObject && it.t.space.State(o) == Live {
			break
		}
		missing = append(missing, d)
	}
	return missing
}

// cannotMake says why one of the missing OUs cannot be made, "" if all can.
func cannotMake(it *item, missing []dn.DN) string {
	for _, d := range missing {
		holders := it.t.namesakes(d.Key())
		switch {
		case !it.w.OU.Create:
			return d.String() + " does not exist, and create = false. Create it, or let landfall do so."
		case !strings.EqualFold(d.Leaf().Type, "OU"):
			return d.String() + " does not exist, and landfall creates organizational units only."
		case len(holders) > 0:
			return d.String() + " does not exist, and cannot be made, because its name is taken by " + it.t.names(holders) + "."
		}
	}
	return ""
}

func newOU(m *lang.OUMapping, provider string, d dn.DN) Change {
	after := d.String()
	return Change{
		Address: m.Address() + "[" + fmt.Sprintf("%q", after) + "]", Provider: provider, ObjectType: "organizationalUnit",
		Actions: []Action{ActionCreate}, Name: d.Leaf().Value, DN: DNChange{After: &after},
		Reason: &Reason{Rule: m.Address(), File: m.Range.Filename, Line: m.Range.Start.Line},
	}
}

// itemOf is the item that a change is about. Objects that carry one mark have
// one address, so the anchor counts, too.
func (b *build) itemOf(c *Change) *item {
	for _, it := range b.itemsByAddress()[c.Address] {
		if it.t.space.Provider == c.Provider && (c.Anchor == nil && it.anchor() == "" || c.Anchor != nil && it.anchor() == *c.Anchor) {
			return it
		}
	}
	return nil
}

func (b *build) itemsByAddress() map[string][]*item {
	if b.addresses == nil {
		b.addresses = map[string][]*item{}
		for _, it := range b.items {
			b.addresses[it.address()] = append(b.addresses[it.address()], it)
		}
	}
	return b.addresses
}

func ptr[T any](v T) *T { return &v }
