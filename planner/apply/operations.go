package apply

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// phase is when an operation may run: all of one phase before the next.
type phase int

const (
	phaseOUs    phase = iota // parents first
	phaseCreate              // created and restored objects
	phaseMove                // a name is free before another object takes it
	phaseUpdate              //
	phaseAdd                 // member values, after every object exists
	phaseRemove              // member values
	phaseDelete              // children before parents
)

// object is one object on its way: where it is now, under which anchor, and why
// it goes no further.
type object struct {
	change *planner.Change
	report *ChangeReport
	anchor string
	dn     string
	cause  string           // an earlier operation of this object was not done
	held   planner.Holdings // what it holds, if the plan deletes it
}

// step is one operation of an object.
type step struct {
	object *object
	phase  phase
	op     planner.Operation // anchor and names are filled in when it is sent
	report *OperationReport
	sent   time.Time               // for the first time
	kept   []planner.RefusedMember // members that are not sent
	back   <-chan struct{}         // closed when it is worth trying again at once
}

func (o *object) step(p phase, op planner.Operation) *step {
	op.ObjectType = o.change.ObjectType
	s := &step{object: o, phase: p, op: op, report: &OperationReport{Operation: op, Status: StatusNotDone}}
	return s
}

const objectTypeOU = "organizationalUnit"

// steps splits a change into operations, in the order of the phases. A change
// that does not make sense as a whole is an error, and nothing of it is sent.
func (o *object) steps() ([]*step, error) {
	c := o.change
	if err := checkChange(c); err != nil {
		return nil, err
	}
	has := func(a planner.Action) bool { return slices.Contains(c.Actions, a) }
	before, after := text(c.DN.Before), text(c.DN.After)
	if has(planner.ActionDelete) {
		return []*step{o.step(phaseDelete, planner.Operation{Verb: planner.VerbDelete, DNBefore: before, Mark: c.Mark()})}, nil
	}

	var steps []*step
	appear := phaseCreate
	if c.ObjectType == objectTypeOU {
		appear = phaseOUs
	}
	switch {
	case has(planner.ActionCreate):
		steps = append(steps, o.step(appear, planner.Operation{Verb: planner.VerbCreate, DNAfter: after, Edits: c.Edits}))
	case has(planner.ActionRestore):
		steps = append(steps, o.step(appear, planner.Operation{Verb: planner.VerbRestore, DNBefore: before, DNAfter: after}))
	case has(planner.ActionMove), has(planner.ActionRename):
		steps = append(steps, o.step(phaseMove, planner.Operation{Verb: planner.VerbMove, DNBefore: before, DNAfter: after}))
	}
	if len(c.Edits) > 0 && !has(planner.ActionCreate) {
		steps = append(steps, o.step(phaseUpdate, planner.Operation{Verb: planner.VerbUpdate, Edits: c.Edits}))
	}
	if c.Members != nil && len(c.Members.Add) > 0 {
		steps = append(steps, o.step(phaseAdd, planner.Operation{Verb: planner.VerbMembers, Add: c.Members.Add}))
	}
	if c.Members != nil && len(c.Members.Remove) > 0 {
		steps = append(steps, o.step(phaseRemove, planner.Operation{Verb: planner.VerbMembers, Remove: c.Members.Remove}))
	}
	if len(steps) == 0 {
		return nil, errors.New("the plan names no operation for it: the plan file is damaged, plan again")
	}
	return steps, nil
}

// checkChange finds changes that no planner of this version makes.
func checkChange(c *planner.Change) error {
	exclusive := 0
	for _, a := range c.Actions {
		switch a {
		case planner.ActionCreate, planner.ActionRestore, planner.ActionDelete:
			exclusive++
		case planner.ActionMove, planner.ActionRename, planner.ActionUpdate, planner.ActionMembers:
		default:
			return fmt.Errorf("this version does not know the action %q: nothing of this change was sent", a)
		}
	}
	has := func(a planner.Action) bool { return slices.Contains(c.Actions, a) }
	placed := has(planner.ActionMove) || has(planner.ActionRename)
	switch {
	case exclusive > 1:
		return errors.New("the plan creates, restores or deletes it at once: the plan file is damaged, plan again")
	case has(planner.ActionDelete) && (len(c.Actions) > 1 || len(c.Edits) > 0):
		return errors.New("the plan deletes and changes it at once: the plan file is damaged, plan again")
	case !has(planner.ActionCreate) && text(c.Anchor) == "":
		return errors.New("the plan does not say which object it is (no anchor): the plan file is damaged, plan again")
	case (has(planner.ActionCreate) || has(planner.ActionRestore) || placed) && text(c.DN.After) == "":
		return errors.New("the plan does not say where to (no dn.after): the plan file is damaged, plan again")
	case placed && !has(planner.ActionCreate) && !has(planner.ActionRestore) && text(c.DN.Before) == "":
		return errors.New("the plan does not say where from (no dn.before): the plan file is damaged, plan again")
	}
	return nil
}

// hidden returns the first attribute of edits whose value is known here only as
// a hash.
func hidden(edits []planner.Edit) string {
	redacted := planner.Datum.Hidden
	for _, e := range edits {
		if slices.ContainsFunc(e.Before, redacted) || slices.ContainsFunc(e.After, redacted) {
			return e.Attribute
		}
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
