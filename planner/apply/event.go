package apply

import (
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds of events. For every operation of the run there is one EventEnd,
// whether it was sent or not; before it, one EventStart and an EventRetry for each
// further attempt if it was.
const (
	EventStart EventKind = "start" // an operation is being sent
	EventRetry EventKind = "retry" // an attempt failed, and another follows after Wait
	EventEnd   EventKind = "end"   // an operation ended, or is given up
	EventStop  EventKind = "stop"  // nothing more is sent, or nothing more to one provider
)

// Event tells how a run goes on.
type Event struct {
	Kind     EventKind
	Total    int // operations of the run
	Finished int // operations that ended or were given up so far

	// Of EventStart, EventRetry and EventEnd.
	Number    int // of the operation, from 1
	Attempt   int // from 1; of EventRetry the one that failed
	Provider  string
	Address   string
	Name      string
	Operation planner.Operation
	// Of EventRetry and EventEnd: how it ended, why, and how long it took since it
	// was first sent.
	Status Status
	Reason string
	Result planner.Result
	Took   time.Duration
	Wait   time.Duration // of EventRetry

	Stop *Stop // of EventStop
}

// emit reports progress. The caller holds mu, so that events come one at a time
// and their counts never go back.
func (r *run) emit(e Event) {
	if r.options.Progress == nil {
		return
	}
	e.Total, e.Finished = r.total, r.finished
	r.options.Progress(e)
}

// tell reports progress of one operation. The caller holds mu.
func (s *step) tell(r *run, kind EventKind, wait time.Duration) {
	c := s.object.change
	e := Event{
		Kind: kind, Number: s.report.Number, Attempt: s.report.Attempts, Provider: c.Provider, Address: c.Address, Name: c.Name,
		Operation: s.op, Wait: wait,
	}
	if kind != EventStart {
		e.Status, e.Reason, e.Result = s.report.Status, s.report.Reason(), s.report.Result
		if !s.sent.IsZero() {
			e.Took = r.options.Now().Sub(s.sent)
		}
	}
	r.emit(e)
}
