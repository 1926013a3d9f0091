package backend

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// The limits of a lease's TTL: what Azure allows, used everywhere.
const (
	MinTTL     = 15 * time.Second
	MaxTTL     = 60 * time.Second
	DefaultTTL = 60 * time.Second
)

// poll is how often a lease that somebody has is asked for again.
const poll = time.Second

// Held is a lease that is kept alive until Release.
type Held struct {
	lease Lease
	ttl   time.Duration

	mu       sync.Mutex
	deadline time.Time // until when the lease is certainly ours, by this process's clock
	wall     time.Time // the same by the clock on the wall, which goes on while a machine sleeps
	lost     error

	stop context.CancelFunc
	done chan struct{}
}

// Hold takes the lease, waits for another holder at most that long (the error is a
// *Taken then), and renews it until Release.
func Hold(ctx context.Context, s Storage, h Holder, wait time.Duration) (*Held, error) {
	until := time.Now().Add(wait)
	for {
		asked := time.Now()
		lease, err := s.TryAcquire(ctx, h)
		if err == nil {
			return keep(lease, h.TTL, asked), nil
		}
		var taken *Taken
		if !errors.As(err, &taken) || !time.Now().Before(until) {
			return nil, err
		}
		pause := min(poll+rand.N(poll/4), time.Until(until))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func keep(lease Lease, ttl time.Duration, asked time.Time) *Held {
	// Renewal outlives the context of the command: an aborted run still has to
	// record how it ended.
	ctx, stop := context.WithCancel(context.Background())
	h := &Held{lease: lease, ttl: ttl, stop: stop, done: make(chan struct{})}
	h.extend(asked)
	go h.renew(ctx)
	return h
}

// extend notes that the lease was ours at a request that began then. A sixth of
// the TTL is kept as a margin for what is on its way and for clocks that run at
// different speeds.
func (h *Held) extend(asked time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deadline = asked.Add(h.ttl - h.ttl/6)
	h.wall = h.deadline.Round(0)
}

func (h *Held) renew(ctx context.Context) {
	defer close(h.done)
	if h.ttl == 0 {
		return
	}
	every := time.NewTicker(h.ttl / 4)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		asked := time.Now()
		attempt, cancel := context.WithTimeout(ctx, h.ttl/4)
		err := h.lease.Renew(attempt)
		cancel()
		switch {
		case err == nil:
			h.extend(asked)
		case errors.Is(err, ErrLost):
			h.mu.Lock()
			h.lost = err
			h.mu.Unlock()
			return
		}
	}
}

// Check returns nil while the lease is certainly ours, and an error that wraps
// ErrLost when it is another's or could not be renewed in time.
func (h *Held) Check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.lost != nil:
		return h.lost
	case h.ttl > 0 && !h.certain(time.Now()):
		return fmt.Errorf("%w: it could not be renewed within %s", ErrLost, h.ttl)
	}
	return nil
}

// certain reports whether the lease is ours by both clocks: the process's own stands
// still while a machine is suspended, and the wall's may be set.
func (h *Held) certain(now time.Time) bool {
	return now.Before(h.deadline) && now.Round(0).Before(h.wall)
}

// Token is the number of the lease.
func (h *Held) Token() int64 { return h.lease.Token() }

// Previous is the holder whose lease ran out, nil if the last one gave it back.
func (h *Held) Previous() *Holder { return h.lease.Previous() }

// Abandon stops renewing and gives nothing back: the lease runs out, and its next
// holder learns whose it was.
func (h *Held) Abandon() {
	h.stop()
	<-h.done
}

// Release stops renewing and gives the lease back.
func (h *Held) Release(ctx context.Context) error {
	h.stop()
	<-h.done
	return h.lease.Release(ctx)
}
