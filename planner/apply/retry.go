package apply

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

const (
	// tries is how often one operation is sent at most.
	tries = 4
	// patience is how long after it was first sent an operation is sent again at
	// most.
	patience = 2 * time.Minute
)

// backoff is the wait after the nth attempt: 2, 10 and 50 seconds, give or take a
// third, so that operations that failed together do not come back together.
func backoff(n int) time.Duration {
	d := 2 * time.Second
	for range n - 1 {
		d *= 5
	}
	return d*2/3 + rand.N(d*2/3)
}

// retry decides whether a step is sent again after its last attempt, and when.
// Only results that say more about the connection than about the object are worth
// it, and the writer looks first whether the step has happened (Operation.Again).
// While the provider seems to be down (an operation has used up its attempts),
// others get one each. The caller holds mu.
func (l *lane) retry(ctx context.Context, s *step) (time.Duration, bool) {
	r := l.r
	if s.report.Attempts >= tries || !transient(s.report.Result) || l.down || ctx.Err() != nil || r.stop != nil || l.stop != nil {
		return 0, false
	}
	wait := r.options.backoff(s.report.Attempts)
	if r.options.Now().Add(wait).Sub(s.sent) > patience {
		return 0, false
	}
	// With a code, the server itself said that it did nothing; of members, that it
	// did nothing more.
	if result := s.report.Result; result.Status == planner.StatusUnknown || result.Code == 0 || s.op.Verb == planner.VerbMembers {
		s.op.Again = true
	}
	s.back = nil
	if s.report.Result.Code == 0 { // it did not answer; a server that is busy is given its time
		s.back = l.back
	}
	s.tell(r, EventRetry, wait)
	return wait, true
}

// pause waits before another attempt, at most until the provider answers others
// again. It reports whether the attempt is still wanted.
func (l *lane) pause(ctx context.Context, s *step, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.back:
		return true
	case <-ctx.Done():
	case <-l.r.halt:
	case <-l.halt:
	case <-l.r.options.Interrupt:
		l.r.mu.Lock()
		defer l.r.mu.Unlock()
		l.r.interrupt()
	}
	return false
}
