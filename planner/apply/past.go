package apply

import "github.com/landfall-directory/landfall/planner"

// Past is the run as revert takes it back: the operations that were carried out,
// and those of which the journal does not know it. Of members, those that were
// refused were not written, and those that were there, or gone, before stay.
func (rec *Record) Past() planner.PastRun {
	run := planner.PastRun{ID: rec.Header.Run, Started: rec.Header.Started, Who: rec.Header.Who, Reverts: rec.Header.Reverts, Directories: rec.Header.Directories}
	for _, o := range rec.Operations {
		carriedOut, known := o.outcome()
		if !carriedOut {
			continue
		}
		op := planner.Recorded{Provider: o.Provider, Address: o.Address, Name: o.Name, MemberOf: o.MemberOf, Doubt: !known}
		op.Operation = planner.Operation{Verb: o.Verb, ObjectType: o.ObjectType, Anchor: o.Anchor, DNBefore: o.DNBefore, DNAfter: o.DNAfter,
			Edits: o.Edits, Add: o.Add, Remove: o.Remove}
		if o.Result != nil {
			op.Created = o.Result.Anchor
			op.Add, op.Remove = o.written(o.Add, true), o.written(o.Remove, false)
		}
		run.Operations = append(run.Operations, op)
	}
	return run
}

// outcome says whether the operation was carried out, or may have been, and
// whether the journal knows it. Members are written in several requests, of which
// the first may have got through when the operation failed; and so may an earlier
// attempt.
func (o *Recorded) outcome() (carriedOut, known bool) {
	switch {
	case o.Result == nil, o.Result.Status == StatusUnknown:
		return true, false
	case o.Result.Status == StatusDone:
		return true, true
	case o.Verb == planner.VerbMembers && o.Result.Status == StatusFailed, o.Attempts > 1:
		return true, false
	}
	return false, true
}

// written are the members of one list that the operation wrote.
func (o *Recorded) written(members []planner.MemberChange, add bool) []planner.MemberChange {
	if o.Verb != planner.VerbMembers {
		return members
	}
	// A name alone does not tell members apart: one that could not be made may have
	// the name of one that could not be moved away.
	type value struct{ id, dn string }
	not := map[value]bool{}
	for _, r := range o.Result.Refused {
		if r.Add == add {
			not[value{r.Member.ID, r.Member.DN}] = true
		}
	}
	for _, m := range o.Result.Unneeded {
		not[value{m.ID, m.DN}] = true
	}
	var out []planner.MemberChange
	for _, m := range members {
		if !not[value{m.ID, m.DN}] {
			out = append(out, m)
		}
	}
	return out
}
