package backend_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
)

// place is a storage in memory that has a lease and nothing else. Its server may
// be out of reach.
type place struct {
	backend.Storage
	mu      sync.Mutex
	held    bool
	down    bool
	renewed time.Time
	token   int64
}

var errDown = errors.New("out of reach")

func (p *place) TryAcquire(_ context.Context, h backend.Holder) (backend.Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held && time.Since(p.renewed) < h.TTL {
		return nil, &backend.Taken{Holder: backend.Holder{Run: "other"}}
	}
	p.token++
	p.held, p.renewed = true, time.Now()
	return &grant{p: p, token: p.token, ttl: h.TTL}, nil
}

// change changes what the server is like.
func (p *place) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
}

type grant struct {
	p     *place
	token int64
	ttl   time.Duration
}

func (g *grant) Token() int64              { return g.token }
func (g *grant) Previous() *backend.Holder { return nil }

func (g *grant) Renew(context.Context) error {
	g.p.mu.Lock()
	defer g.p.mu.Unlock()
	switch {
	case g.p.down:
		return errDown
	case g.token != g.p.token:
		return backend.ErrLost
	}
	g.p.renewed = time.Now()
	return nil
}

func (g *grant) Release(context.Context) error {
	g.p.mu.Lock()
	defer g.p.mu.Unlock()
	if g.token == g.p.token {
		g.p.held = false
	}
	return nil
}

func hold(t *testing.T, p *place, wait time.Duration) *backend.Held {
	t.Helper()
	h, err := backend.Hold(t.Context(), p, backend.Holder{Run: "r", TTL: time.Minute}, wait)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHeldForHours: a lease is renewed as long as the run works.
func TestHeldForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		h := hold(t, p, 0)
		for range 200 {
			time.Sleep(time.Minute)
			if err := h.Check(); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Release(t.Context()); err != nil || p.held {
			t.Errorf("released: %v, held: %v", err, p.held)
		}
	})
}

// TestStorageOutOfReach: a lease that cannot be renewed is not counted on to its
// very end, and is counted on again when a renewal succeeds after all.
func TestStorageOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		h := hold(t, p, 0)
		p.change(func() { p.down = true })
		time.Sleep(49 * time.Second)
		if err := h.Check(); err != nil {
			t.Errorf("while it lasts: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := h.Check(); !errors.Is(err, backend.ErrLost) {
			t.Errorf("ten seconds before its end: %v", err)
		}
		p.change(func() { p.down = false })
		time.Sleep(15 * time.Second)
		if err := h.Check(); err != nil {
			t.Errorf("renewed: %v", err)
		}
		h.Abandon()
		if !p.held {
			t.Error("what is abandoned was given back")
		}
	})
}

// TestTakenOver: once another has it, it is lost for good.
func TestTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		h := hold(t, p, 0)
		p.change(func() { p.token++ }) // another's
		time.Sleep(16 * time.Second)
		if err := h.Check(); !errors.Is(err, backend.ErrLost) {
			t.Errorf("taken over: %v", err)
		}
		p.change(func() { p.token-- })
		time.Sleep(time.Minute)
		if err := h.Check(); !errors.Is(err, backend.ErrLost) {
			t.Errorf("and back: %v", err)
		}
		h.Abandon()
	})
}

// TestWaiting: who waits long enough gets a lease that ran out; who does not, is
// told whose it is.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{held: true, renewed: time.Now()}
		var taken *backend.Taken
		if _, err := backend.Hold(t.Context(), p, backend.Holder{TTL: time.Minute}, 20*time.Second); !errors.As(err, &taken) || taken.Holder.Run != "other" {
			t.Errorf("after 20 seconds: %v", err)
		}
		if h := hold(t, p, time.Minute); h.Token() != 1 {
			t.Errorf("token %d", h.Token())
		} else {
			h.Abandon()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := backend.Hold(ctx, p, backend.Holder{TTL: time.Hour}, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted: %v", err)
		}
	})
}
