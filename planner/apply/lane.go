package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/landfall-directory/landfall/planner"
)

// lane is the work at one provider: levels of steps, one after the other. Its
// maps are guarded by run.mu.
type lane struct {
	r        *run
	provider string
	steps    []*step
	levels   [][]*step

	stop    *Stop
	halt    chan struct{} // closed with stop
	outages int           // attempts in a row that point at an outage
	down    bool          // an operation has used up its attempts, and nothing was answered since
	back    chan struct{} // closed when the provider answers after an outage
	// missing: names at which this run should have made an object and did not,
	// with the cause.
	missing map[string]string
	// held: names that are not free although a step counts on it, with the cause.
	held map[string]string
	// where: anchors of the objects that the plan moves, and where they are.
	where map[string]string
}

func newLane(r *run, provider string) *lane {
	return &lane{r: r, provider: provider, halt: make(chan struct{}), back: make(chan struct{}), missing: map[string]string{}, held: map[string]string{}, where: map[string]string{}}
}

// add takes in a change: its steps, or why there are none.
func (l *lane) add(c *planner.Change, report *ChangeReport) {
	o := &object{change: c, report: report, anchor: text(c.Anchor), dn: cmp.Or(text(c.DN.Before), text(c.DN.After))}
	o.held = l.r.options.Held[planner.HoldingKey{Provider: c.Provider, Anchor: o.anchor}]
	if c.Blocked != nil {
		report.Outcome = OutcomeBlocked
		report.Cause = fmt.Sprintf("blocked by %s: %s", cmp.Or(c.Blocked.By, c.Blocked.Code), c.Blocked.Detail)
		l.unavailable(c, "blocked by "+cmp.Or(c.Blocked.By, c.Blocked.Code))
		return
	}
	steps, err := o.steps()
	if err != nil {
		report.Outcome, report.Cause = OutcomeFailed, err.Error()
		l.unavailable(c, err.Error())
		return
	}
	for _, s := range steps {
		report.Operations = append(report.Operations, s.report)
		switch s.op.Verb {
		case planner.VerbMove:
			l.where[strings.ToLower(o.anchor)] = s.op.DNBefore
		case planner.VerbDelete:
			note(l.held, s.op.DNBefore, fmt.Sprintf("it belongs to %q until that is deleted at the end of the run; plan and apply again", c.Name))
		}
	}
	l.steps = append(l.steps, steps...)
}

// unavailable notes what a change that is never sent leaves undone.
func (l *lane) unavailable(c *planner.Change, cause string) {
	for _, a := range c.Actions {
		switch a {
		case planner.ActionCreate, planner.ActionRestore:
			note(l.missing, text(c.DN.After), "was not made: "+cause)
		case planner.ActionMove, planner.ActionRename, planner.ActionDelete:
			note(l.held, text(c.DN.Before), fmt.Sprintf("it still belongs to %q: %s", c.Name, cause))
			if a != planner.ActionDelete {
				l.where[strings.ToLower(text(c.Anchor))] = text(c.DN.Before)
			}
		}
	}
}

// note keeps a cause under a name; objects of Entra have none.
func note(causes map[string]string, name, cause string) {
	if name != "" {
		causes[planner.DNKey(name)] = cause
	}
}

func (l *lane) run(ctx context.Context) {
	for _, level := range l.levels {
		var g errgroup.Group
		g.SetLimit(max(1, l.r.options.Parallelism[l.provider]))
		for _, s := range level {
			g.Go(func() error {
				l.execute(ctx, s)
				return nil
			})
		}
		_ = g.Wait() // execute reports, it does not fail
	}
}

// execute carries out one step: decide, and then, once or several times, record,
// send, record. The journal is called without mu, because a durable line may take
// a round trip.
func (l *lane) execute(ctx context.Context, s *step) {
	if !l.begin(ctx, s) {
		return
	}
	journal := l.r.options.Journal
	for again := true; again; {
		if err := journal.Before(l.announce(s)); err != nil {
			l.unrecorded(s, err)
			break
		}
		if entry, ok := l.release(ctx, s); !ok {
			l.recorded(journal.After(entry))
			break
		}
		result := normal(l.r.options.Writers[l.provider].Write(ctx, s.op))
		entry, wait := l.result(ctx, s, result)
		l.recorded(journal.After(entry))
		again = wait > 0 && l.pause(ctx, s, wait)
	}
	l.end(ctx, s)
}

// begin decides whether the step is sent and completes its operation.
func (l *lane) begin(ctx context.Context, s *step) bool {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.stopped(ctx, s) {
		r.finished++
		s.tell(r, EventEnd, 0)
		return false
	}
	if status, cause := l.obstacle(s); cause != "" {
		l.refuse(s, status, cause)
		return false
	}
	l.complete(s)
	if s.op.Verb == planner.VerbMembers && len(s.op.Add)+len(s.op.Remove) == 0 {
		l.refuse(s, StatusNotDone, plural(len(s.report.Result.Refused), "member was", "members were")+" not sent")
		return false
	}
	s.kept = s.report.Result.Refused
	s.report.Operation = s.op
	return true
}

// announce is what the journal must hold before the next attempt.
func (l *lane) announce(s *step) Entry {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	return before(s, s.report.Attempts+1, l.r.options.Now())
}

// unrecorded ends the run: the journal does not hold the attempt, so neither it
// nor anything else is sent.
func (l *lane) unrecorded(s *step, err error) {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journalErr = errors.Join(r.journalErr, err)
	r.stopUnrecorded(err)
	s.notSent(r.stop)
}

// release looks again whether the run goes on, after the wait for the journal.
// When it does not, it returns what the journal must hold: that the attempt it
// announced was not sent, and how the one before ended, if there was one.
func (l *lane) release(ctx context.Context, s *step) (Entry, bool) {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.stopped(ctx, s) {
		return after(s, s.report.Attempts+1, r.options.Now()), false
	}
	s.report.Attempts++
	if s.report.Attempts == 1 {
		s.sent = r.options.Now()
	}
	s.tell(r, EventStart, 0)
	return Entry{}, true
}

// recorded takes note of what After returned.
func (l *lane) recorded(err error) {
	if err == nil {
		return
	}
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journalErr = errors.Join(r.journalErr, err)
	r.stopUnrecorded(err)
}

// stopped reports whether nothing more may be sent, and notes the cause in the
// step.
func (l *lane) stopped(ctx context.Context, s *step) bool {
	r := l.r
	if err := ctx.Err(); err != nil {
		r.stopAll(StopAborted, "aborted: "+err.Error())
	}
	select {
	case <-r.options.Interrupt:
		r.interrupt()
	default:
	}
	stop := r.stop
	if stop == nil {
		stop = l.stop
	}
	if stop == nil {
		return false
	}
	s.notSent(stop)
	return true
}

// notSent notes why a step is not sent; one that was sent before has a result.
func (s *step) notSent(stop *Stop) {
	if s.report.Attempts == 0 {
		s.report.Cause = "not sent: " + stopWords(stop)
	}
}

func stopWords(s *Stop) string {
	switch s.Reason {
	case StopInterrupted:
		return "the run was interrupted before"
	case StopAborted:
		return "the run was aborted before"
	case StopStale:
		return "the run had stopped at a stale change (-on-stale=fail)"
	case StopOutage:
		return "the directory had stopped answering"
	case StopLock:
		return "the run had lost its lock"
	default:
		return "the journal could not be written"
	}
}

// obstacle says why a step cannot be sent; an empty cause means that it can.
func (l *lane) obstacle(s *step) (Status, string) {
	if s.object.cause != "" {
		return StatusNotDone, "not sent: " + s.object.cause
	}
	switch s.op.Verb {
	case planner.VerbCreate, planner.VerbRestore, planner.VerbMove:
		if s.op.DNAfter == "" {
			return StatusFailed, "not sent: the names of this change cannot be read"
		}
		if d, err := planner.ParseDN(s.op.DNAfter); err == nil {
			parent := d.Parent()
			if cause := l.missing[parent.Key()]; cause != "" {
				return StatusNotDone, fmt.Sprintf("not sent: its container %s %s", parent, cause)
			}
		}
		if cause := l.held[planner.DNKey(s.op.DNAfter)]; cause != "" {
			return StatusNotDone, fmt.Sprintf("not sent: the name %s is not free: %s", s.op.DNAfter, cause)
		}
	}
	if attribute := hidden(s.op.Edits); attribute != "" {
		return StatusFailed, fmt.Sprintf("not sent: %s is redacted, and the plan has its value only as a hash; plan and apply in one run, or take the attribute out of settings.redact", attribute)
	}
	return "", ""
}

// complete fills in what earlier steps have changed: the anchor, the present
// name, and the members' present names. Members that do not exist because this
// run failed to create them are taken out and noted as refused.
func (l *lane) complete(s *step) {
	o := s.object
	s.op.Anchor = o.anchor
	switch s.op.Verb {
	case planner.VerbMove:
		s.op.DNBefore = o.dn
	case planner.VerbUpdate, planner.VerbMembers:
		s.op.DNBefore, s.op.DNAfter = o.dn, o.dn
	}
	var add []planner.MemberChange
	for _, m := range s.op.Add {
		if cause := l.missing[planner.DNKey(m.DN)]; cause != "" {
			err := errors.New("not sent: the member " + cause)
			s.report.Result.Refused = append(s.report.Result.Refused, planner.RefusedMember{Member: m, Add: true, Err: err})
			continue
		}
		add = append(add, l.current(m))
	}
	s.op.Add = add
	var remove []planner.MemberChange
	for _, m := range s.op.Remove {
		remove = append(remove, l.current(m))
	}
	s.op.Remove = remove
}

// current is the member under the name that it has by now.
func (l *lane) current(m planner.MemberChange) planner.MemberChange {
	if name := l.where[strings.ToLower(m.ID)]; name != "" {
		m.DN = name
	}
	return m
}

// normal makes sense of what a writer returned.
func normal(result planner.Result) planner.Result {
	switch result.Status {
	case planner.StatusDone:
		result.Err = nil
		return result
	case planner.StatusStale, planner.StatusFailed, planner.StatusUnknown:
	default:
		result.Status = planner.StatusUnknown
	}
	if result.Err == nil {
		result.Err = errors.New("the provider gave no reason")
	}
	return result
}

// result notes how an attempt ended. It returns what the journal must hold after,
// and how long to wait before another attempt, 0 for none.
func (l *lane) result(ctx context.Context, s *step, result planner.Result) (Entry, time.Duration) {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	result.Err = hush(result.Err, s.op.Edits)
	result.Refused = slices.Concat(s.kept, result.Refused)
	if s.report.Attempts > 1 { // what an earlier attempt did was not there before
		result.Unneeded = slices.Concat(s.report.Result.Unneeded, result.Unneeded)
		result.Already = len(result.Unneeded)
	}
	s.report.Result, s.report.Status = result, Status(result.Status)
	l.watch(result)
	entry := after(s, s.report.Attempts, r.options.Now())
	wait, _ := l.retry(ctx, s)
	return entry, wait
}

// end draws the conclusions.
func (l *lane) end(ctx context.Context, s *step) {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil && s.report.Status != StatusDone {
		r.stopAll(StopAborted, "aborted: "+err.Error())
	}
	if s.report.Attempts > 0 {
		l.conclude(s)
		l.giveUp(s.report.Result)
	}
	if s.report.Status == StatusStale && r.options.OnStale == OnStaleFail {
		r.stopAll(StopStale, fmt.Sprintf("%s was stale, and -on-stale=fail was given: nothing more was sent", s.object.change.Address))
	}
	r.finished++
	s.tell(r, EventEnd, 0)
}

// refuse notes that a step is not sent. The caller holds mu.
func (l *lane) refuse(s *step, status Status, cause string) {
	s.report.Status, s.report.Cause = status, cause
	l.conclude(s)
	l.r.finished++
	s.tell(l.r, EventEnd, 0)
}

// conclude keeps what later steps must know.
func (l *lane) conclude(s *step) {
	o := s.object
	if s.report.Status == StatusDone {
		switch s.op.Verb {
		case planner.VerbCreate:
			o.anchor, o.dn = s.report.Result.Anchor, s.op.DNAfter
		case planner.VerbRestore:
			o.dn = s.op.DNAfter
		case planner.VerbMove:
			o.dn = s.op.DNAfter
			l.where[strings.ToLower(o.anchor)] = o.dn
		}
		return
	}
	why := s.noun() + " " + ended(s.report.Status)
	if o.cause == "" {
		o.cause = "its " + why
	}
	if s.report.Status == StatusUnknown {
		delete(l.where, strings.ToLower(o.anchor))
		return // it may have happened: let the directory decide about the rest
	}
	switch s.op.Verb {
	case planner.VerbCreate, planner.VerbRestore:
		note(l.missing, s.op.DNAfter, "was not made: its "+why)
	case planner.VerbMove:
		note(l.held, o.dn, fmt.Sprintf("it still belongs to %q, whose %s", o.change.Name, why))
	}
}

// noun names what a step does, for "its creation failed".
func (s *step) noun() string {
	switch s.op.Verb {
	case planner.VerbCreate:
		return "creation"
	case planner.VerbMembers:
		return "change of members"
	case planner.VerbDelete:
		return "deletion"
	default:
		return string(s.op.Verb)
	}
}

// ended says how a step ended that is not done.
func ended(s Status) string {
	switch s {
	case StatusFailed:
		return "failed"
	case StatusStale:
		return "was stale"
	case StatusUnknown:
		return "got no answer"
	default:
		return "was not done"
	}
}
