package apply

import (
	"github.com/landfall-directory/landfall/planner"
)

// Status says what became of one operation.
type Status string

// The statuses: those of planner.Result, and not_done for what was never sent.
const (
	StatusDone    = Status(planner.StatusDone)
	StatusStale   = Status(planner.StatusStale)
	StatusFailed  = Status(planner.StatusFailed)
	StatusUnknown = Status(planner.StatusUnknown)
	StatusNotDone = Status("not_done")
)

// Outcome says what became of one change.
type Outcome string

// The outcomes of a change. Partly: something of it was done, and not all.
// Unknown: nothing of it is known to be done, and the answer to one operation
// was lost.
const (
	OutcomeDone    Outcome = "done"
	OutcomePartly  Outcome = "partly"
	OutcomeStale   Outcome = "stale"
	OutcomeFailed  Outcome = "failed"
	OutcomeUnknown Outcome = "unknown"
	OutcomeNotDone Outcome = "not_done"
	OutcomeBlocked Outcome = "blocked"
)

// StopReason says why a run, or the work at one provider, ended early.
type StopReason string

// The reasons to stop.
const (
	StopInterrupted StopReason = "interrupted" // first interrupt: what was in flight finished
	StopAborted     StopReason = "aborted"     // the context was cancelled
	StopStale       StopReason = "stale"       // -on-stale=fail
	StopOutage      StopReason = "outage"      // several failures in a row look like an outage
	StopJournal     StopReason = "journal"     // the journal cannot be written
	StopLock        StopReason = "lock"        // another run has, or may have, the lock
)

// Stop is one early end.
type Stop struct {
	Provider string     `json:"provider,omitempty"` // empty: the whole run
	Reason   StopReason `json:"reason"`
	Detail   string     `json:"detail"`
}

// Report says what happened to every change of the plan, in the plan's order.
type Report struct {
	Changes []ChangeReport
	Stops   []Stop
}

// ChangeReport is what happened to one change.
type ChangeReport struct {
	Change     *planner.Change
	Outcome    Outcome
	Cause      string // why it was not, or not all, done; empty when it was
	Operations []*OperationReport
}

// OperationReport is what happened to one operation.
type OperationReport struct {
	Number    int // in the journal; the order in which operations are sent
	Operation planner.Operation
	Status    Status
	Attempts  int    // how often it was sent
	Cause     string // why it was not sent, with StatusNotDone and failures of our own
	// Result is the writer's; its Refused also lists the members that were not
	// sent because the object they name could not be created.
	Result planner.Result
}

// Counts counts changes by outcome and the members that were refused.
type Counts struct {
	Done           int `json:"done"`
	Partly         int `json:"partly"`
	Stale          int `json:"stale"`
	Failed         int `json:"failed"`
	Unknown        int `json:"unknown"`
	NotDone        int `json:"not_done"`
	Blocked        int `json:"blocked"`
	RefusedMembers int `json:"refused_members"`
}

// Counts counts the changes.
func (r *Report) Counts() Counts {
	var n Counts
	for i := range r.Changes {
		c := &r.Changes[i]
		switch c.Outcome {
		case OutcomeDone:
			n.Done++
		case OutcomePartly:
			n.Partly++
		case OutcomeStale:
			n.Stale++
		case OutcomeFailed:
			n.Failed++
		case OutcomeUnknown:
			n.Unknown++
		case OutcomeNotDone:
			n.NotDone++
		case OutcomeBlocked:
			n.Blocked++
		}
		for _, o := range c.Operations {
			n.RefusedMembers += len(o.Result.Refused)
		}
	}
	return n
}

// Interrupted reports whether the run was interrupted or aborted.
func (r *Report) Interrupted() bool {
	return r.stopped(StopInterrupted) || r.stopped(StopAborted)
}

// StoppedStale reports whether -on-stale=fail ended the run.
func (r *Report) StoppedStale() bool { return r.stopped(StopStale) }

// Incomplete reports whether anything that was allowed is not done.
func (r *Report) Incomplete() bool {
	n := r.Counts()
	return n.Partly+n.Stale+n.Failed+n.Unknown+n.NotDone+n.RefusedMembers > 0
}

// Blocked reports whether anything was blocked.
func (r *Report) Blocked() bool { return r.Counts().Blocked > 0 }

func (r *Report) stopped(reason StopReason) bool {
	for _, s := range r.Stops {
		if s.Reason == reason {
			return true
		}
	}
	return false
}

// settle derives the outcome of every change from its operations.
func (r *Report) settle() {
	for i := range r.Changes {
		c := &r.Changes[i]
		if c.Outcome == "" {
			c.Outcome = c.settled()
		}
		if c.Outcome != OutcomeDone && c.Cause == "" {
			c.Cause = c.firstCause()
		}
	}
}

func (c *ChangeReport) settled() Outcome {
	var done, refused int
	has := map[Status]bool{}
	for _, o := range c.Operations {
		has[o.Status] = true
		if o.Status == StatusDone {
			done++
		}
		refused += len(o.Result.Refused)
	}
	switch {
	case done == len(c.Operations) && refused == 0:
		return OutcomeDone
	case done > 0:
		return OutcomePartly
	case has[StatusUnknown]:
		return OutcomeUnknown
	case has[StatusFailed]:
		return OutcomeFailed
	case has[StatusStale]:
		return OutcomeStale
	default:
		return OutcomeNotDone
	}
}

func (c *ChangeReport) firstCause() string {
	for _, o := range c.Operations {
		if o.Status == StatusDone && len(o.Result.Refused) == 0 {
			continue
		}
		return o.Reason()
	}
	return ""
}

// Reason says why the operation is not done, or which members were refused;
// empty when all of it is done.
func (o *OperationReport) Reason() string {
	switch {
	case o.Cause != "":
		return o.Cause
	case o.Result.Err != nil:
		return o.Result.Err.Error()
	case len(o.Result.Refused) > 0:
		return plural(len(o.Result.Refused), "member was refused", "members were refused")
	default:
		return ""
	}
}
