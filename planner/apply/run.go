// Package apply carries out a plan: it turns changes into operations, orders
// them, sends them through the providers' writers, records each one in a journal
// before and after, and reports what happened to every change.
//
// It decides nothing about directories. What a plan does not say is not done, a
// blocked change is never sent, and whatever was not done is reported with its
// cause. Package apply is the only part of the planner that waits.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/backend"
)

// What happens after a change turned out to be stale.
const (
	OnStaleSkip = "skip" // the others go on
	OnStaleFail = "fail" // nothing more is sent
)

const defaultOutageLimit = 5

// Options says how a plan is carried out.
type Options struct {
	// Writers by provider address; every provider with a change that is not
	// blocked needs one.
	Writers map[string]planner.Writer
	// OnStale is OnStaleSkip, also when empty, or OnStaleFail.
	OnStale string
	// Journal records every operation. It is required, and Run closes it.
	Journal Journal
	// Progress may be nil. It is called from one goroutine at a time.
	Progress func(Event)
	// Parallelism is how many operations may be in flight at a provider, by its
	// address; none or 0 means one.
	Parallelism map[string]int
	// Held is what the objects hold that the plan deletes, for the journal.
	Held map[planner.HoldingKey]planner.Holdings
	// Interrupt, by a value or by closing, lets what is in flight finish and
	// sends nothing more. Cancelling the context of Run aborts what is in flight.
	Interrupt <-chan struct{}
	// Now is the clock of the journal; nil is time.Now.
	Now func() time.Time
	// OutageLimit is after how many attempts in a row that point at an outage a
	// provider is given up, once an operation has used up its attempts; 0 means 5.
	OutageLimit int

	backoff func(attempt int) time.Duration // nil is backoff; tests wait for less
}

// Run carries out p. The report is complete whatever happened; it is nil only
// when the options are unusable and nothing was sent. An error beside a report
// says that the journal could not be written.
func Run(ctx context.Context, p *planner.Plan, o Options) (*Report, error) {
	if err := o.complete(p); err != nil {
		return nil, err
	}
	r := newRun(p, o)
	var lanes sync.WaitGroup
	for _, l := range r.lanes {
		lanes.Go(func() { l.run(ctx) })
	}
	lanes.Wait()
	r.report.settle()
	err := errors.Join(r.journalErr, o.Journal.Close(r.footer()))
	if err != nil {
		return r.report, fmt.Errorf("journal of this run: %w", err)
	}
	return r.report, nil
}

// complete fills in defaults and refuses what cannot work.
func (o *Options) complete(p *planner.Plan) error {
	switch o.OnStale {
	case "":
		o.OnStale = OnStaleSkip
	case OnStaleSkip, OnStaleFail:
	default:
		return fmt.Errorf("-on-stale is %q; it may be %q or %q", o.OnStale, OnStaleSkip, OnStaleFail)
	}
	if o.Journal == nil {
		return errors.New("apply needs a journal: nothing is written without a record")
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Blocked == nil && o.Writers[c.Provider] == nil {
			return fmt.Errorf("the plan changes %s in %q, which this configuration does not connect; nothing was written", c.Address, c.Provider)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.backoff == nil {
		o.backoff = backoff
	}
	if o.OutageLimit <= 0 {
		o.OutageLimit = defaultOutageLimit
	}
	return nil
}

// run is one execution. mu guards everything below it and the state of lanes.
type run struct {
	options Options
	total   int
	lanes   []*lane

	halt chan struct{} // closed when the whole run stops

	mu         sync.Mutex
	report     *Report
	finished   int
	stop       *Stop // of the whole run
	journalErr error
}

func newRun(p *planner.Plan, o Options) *run {
	r := &run{options: o, halt: make(chan struct{}), report: &Report{Changes: make([]ChangeReport, len(p.Changes))}}
	lanes := map[string]*lane{}
	var addresses []string
	for i := range p.Changes {
		c := &p.Changes[i]
		r.report.Changes[i] = ChangeReport{Change: c}
		l := lanes[c.Provider]
		if l == nil {
			l = newLane(r, c.Provider)
			lanes[c.Provider] = l
			addresses = append(addresses, c.Provider)
		}
		l.add(c, &r.report.Changes[i])
	}
	slices.Sort(addresses)
	for _, a := range addresses {
		l := lanes[a]
		l.levels = order(l.steps)
		for _, level := range l.levels {
			for _, s := range level {
				r.total++
				s.report.Number = r.total
			}
		}
		r.lanes = append(r.lanes, l)
	}
	return r
}

// stopUnrecorded ends the whole run because the journal did not take a line. The
// caller holds mu.
func (r *run) stopUnrecorded(err error) {
	reason := StopJournal
	if errors.Is(err, backend.ErrLost) {
		reason = StopLock
	}
	r.stopAll(reason, err.Error())
}

// stopAll ends the whole run; the first reason counts. The caller holds mu.
func (r *run) stopAll(reason StopReason, detail string) {
	if r.stop == nil {
		r.stop = &Stop{Reason: reason, Detail: detail}
		r.report.Stops = append(r.report.Stops, *r.stop)
		r.emit(Event{Kind: EventStop, Stop: r.stop})
		close(r.halt)
	}
}

// interrupt ends the whole run because somebody asked for it. The caller holds mu.
func (r *run) interrupt() {
	r.stopAll(StopInterrupted, "interrupted: what was in flight was finished, nothing more was sent")
}

func (r *run) footer() Footer {
	return Footer{Finished: stamp(r.options.Now()), Counts: r.report.Counts(), Stops: r.report.Stops}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
