package report

import (
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// asked reports whether the directory of a change was asked when its values
// changed, and tells such things at all. Where it does, what it does not tell is
// called unknown.
func (r *page) asked(c *planner.Change) bool {
	return c.Anchor != nil && slices.ContainsFunc(r.plan.History, func(u planner.HistoryUse) bool { return u.Provider == c.Provider && u.Told > 0 })
}

// historyGap says of a directory that it does not tell everything; "" when it does.
func (r *page) historyGap(u planner.HistoryUse) safe {
	if u.Told == u.Objects {
		return ""
	}
	return r.text("%s: when values changed is known for %s of %s", u.Provider, u.Told, count(u.Objects, "object", "objects"))
}

// when says when something was changed last, and where: "changed 2026-11-22
// 16:41 UTC on DC1". verb is what happened to it.
func (r *page) when(verb safe, c *planner.Changed) safe {
	at := verb + " " + r.clock(c.At)
	if c.DC == "" {
		at += ", on a domain controller that is no more"
	} else {
		at += r.text(" on %s", c.DC)
	}
	if r.view == ViewFull {
		at += r.text(", version %s", c.Version)
	}
	return at
}

// placeVerb is what happened to an object that the plan moves or brings back.
func placeVerb(c *planner.Change) safe {
	if slices.Contains(c.Actions, planner.ActionRestore) {
		return "deleted"
	}
	return "moved or renamed"
}

// placeWhen says when the object came to where it is; "" when there is nothing
// to say.
func (r *page) placeWhen(c *planner.Change) safe {
	moves := slices.ContainsFunc(c.Actions, func(a planner.Action) bool {
		return a == planner.ActionRestore || a == planner.ActionMove || a == planner.ActionRename
	})
	switch {
	case c.Pending && c.Changed != nil:
		return r.when("pending: in this place since", c.Changed)
	case c.Changed != nil:
		return r.when(placeVerb(c), c.Changed)
	case moves && r.asked(c):
		return placeVerb(c) + " at an unknown time"
	}
	return ""
}

// editWhen says when the value that an edit takes back came; "" when there is
// nothing to say.
func (r *page) editWhen(c *planner.Change, e planner.Edit) safe {
	switch {
	case e.Pending && e.Changed != nil:
		return r.when("pending: not changed in this directory since", e.Changed)
	case e.Pending:
		return "pending: never written in this directory"
	case e.Changed != nil:
		return r.when("changed", e.Changed)
	case r.asked(c):
		return "changed at an unknown time, if ever"
	}
	return ""
}

// memberWhen says when a member that is removed came, or one that is added went;
// "" when there is nothing to say.
func (r *page) memberWhen(c *planner.Change, m planner.MemberChange, add bool) safe {
	switch {
	case m.Changed != nil && add:
		return r.when("removed", m.Changed)
	case m.Changed != nil:
		return r.when("added", m.Changed)
	case m.Pending:
		return "pending: never was a member"
	case r.asked(c):
		return "unknown since when"
	}
	return ""
}

// memberReason is the reason of a member change, with when it came or went.
func (r *page) memberReason(c *planner.Change, m planner.MemberChange, add bool) safe {
	if when := r.memberWhen(c, m, add); when != "" {
		return r.reason(m.Reason) + "; " + when
	}
	return r.reason(m.Reason)
}
