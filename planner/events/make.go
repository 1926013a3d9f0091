package events

import (
	"cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

// OfPlan are the events that tell a plan.
func OfPlan(p *planner.Plan) []Event {
	var out []Event
	for _, d := range p.Diagnostics {
		out = append(out, Diagnostic(d))
	}
	for i := range p.Changes {
		out = append(out, ofChange(&p.Changes[i]))
	}
	return append(out, PlanSummary{Digest: p.Digest, Changes: len(p.Changes), Partial: p.Partial != nil, Counts: p.Summary})
}

func ofChange(c *planner.Change) PlannedChange {
	e := PlannedChange{
		Address: c.Address, Provider: c.Provider, ObjectType: c.ObjectType, Name: c.Name, Actions: append([]planner.Action{}, c.Actions...),
		Anchor: c.Anchor, DNBefore: c.DN.Before, DNAfter: c.DN.After, Attributes: attributes(c.Edits), Cause: c.Cause,
	}
	if c.Members != nil {
		e.MembersAdd, e.MembersRemove = len(c.Members.Add), len(c.Members.Remove)
	}
	if c.Blocked != nil {
		e.Blocked = &c.Blocked.Code
	}
	return e
}

// attributes are the names of what is edited; never nil.
func attributes(edits []planner.Edit) []string {
	names := make([]string, len(edits))
	for i, e := range edits {
		names[i] = e.Attribute
	}
	return names
}

// OfRun is the event that tells one of a run's.
func OfRun(e apply.Event) Event {
	op, r := e.Operation, e.Result
	of := Operation{
		Number: e.Number, Total: e.Total, Provider: e.Provider, Address: e.Address, ObjectType: op.ObjectType,
		Name: e.Name, Verb: op.Verb, DN: cmp.Or(op.DNAfter, op.DNBefore),
	}
	switch e.Kind {
	case apply.EventStart:
		return OperationStart{Operation: of, Attempt: e.Attempt, Attributes: attributes(op.Edits), MembersAdd: len(op.Add), MembersRemove: len(op.Remove)}
	case apply.EventRetry:
		return OperationRetry{Operation: of, Attempt: e.Attempt, Status: e.Status, Code: r.Code, RequestID: r.RequestID, Reason: e.Reason, WaitMS: e.Wait.Milliseconds()}
	case apply.EventStop:
		return Stop{Provider: e.Stop.Provider, Reason: e.Stop.Reason, Detail: e.Stop.Detail}
	default:
		return OperationComplete{
			Operation: of, Finished: e.Finished, Attempts: e.Attempt, Status: e.Status, Anchor: cmp.Or(r.Anchor, op.Anchor), Code: r.Code, RequestID: r.RequestID,
			Reason: e.Reason, Refused: len(r.Refused), Already: r.Already, DurationMS: e.Took.Milliseconds(),
		}
	}
}

// OfConfirm is the end of the read that confirms a run; err is why it broke off.
func OfConfirm(list []apply.Unconfirmed, err error) ConfirmComplete {
	e := ConfirmComplete{Confirmed: err == nil && len(list) == 0, Unconfirmed: []Unconfirmed{}}
	if err != nil {
		e.Error = err.Error()
	}
	for _, u := range list {
		e.Unconfirmed = append(e.Unconfirmed, Unconfirmed{Provider: u.Pending.Provider, Address: u.Address, Name: u.Name})
	}
	return e
}
