package forest

import (
	"context"
	"sync"
	"time"
)

// Faults make the server misbehave, for tests of clients. The zero value is a
// server in good order.
type Faults struct {
	// CloseAfter closes each connection after so many response messages (search
	// entries count); 0 never does.
	CloseAfter int
	// Delay comes before the answer to each request.
	Delay time.Duration
	// Busy answers so many writes with 51 (busy) before it carries one out.
	Busy int
	// LoseResponse closes the connection instead of answering, after so many
	// writes were committed: 1 is the next one. 0 never does.
	LoseResponse int
	// MaxPageSize and MaxValRange replace AD's 1000 and 1500 when not 0.
	MaxPageSize int
	MaxValRange int
}

// faultState are the faults with what is left of their counters.
type faultState struct {
	mu   sync.Mutex
	left Faults
}

// SetFaults replaces the faults; counters begin anew. The number of messages
// that a connection has seen stays.
func (f *Forest) SetFaults(faults Faults) { f.faults.set(faults) }

func (s *faultState) set(faults Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = faults
}

func (s *faultState) get() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func (s *faultState) closeAfter() int { return s.get().CloseAfter }

// wait sleeps for the delay; false when the server ends meanwhile.
func (s *faultState) wait(ctx context.Context) bool {
	delay := s.get().Delay
	if delay <= 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *faultState) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left.Busy == 0 {
		return false
	}
	s.left.Busy--
	return true
}

func (s *faultState) loseResponse() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left.LoseResponse == 0 {
		return false
	}
	s.left.LoseResponse--
	return s.left.LoseResponse == 0
}

func (f *Forest) maxPageSize() int64 {
	if n := f.faults.get().MaxPageSize; n > 0 {
		return int64(n)
	}
	return maxPageSize
}

func (f *Forest) maxValRange() int {
	if n := f.faults.get().MaxValRange; n > 0 {
		return n
	}
	return maxValRange
}
