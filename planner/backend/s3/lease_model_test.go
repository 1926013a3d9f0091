package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
)

// holding is what one client thinks of its lease: that it has it until then,
// counted from when it asked, as backend.Hold does.
type holding struct {
	client  int
	lease   backend.Lease
	until   time.Time
	counted bool // it was once sure of it
}

// holders are the clients that think so now.
type holders struct {
	w        *world
	now      map[int]*holding
	last     int64          // the highest token that anybody was sure of
	returned map[int64]bool // the tokens of leases that were given back, or may have been
}

// sure notes that a client has its lease, by a request that began then.
func (all *holders) sure(h *holding, asked time.Time) {
	all.w.mu.Lock()
	defer all.w.mu.Unlock()
	h.until = asked.Add(backend.MinTTL)
	if all.w.dead[h.client] || !time.Now().Before(h.until) {
		return
	}
	all.now[h.client] = h
	for _, o := range all.now {
		if o != h && !all.w.dead[o.client] && time.Now().Before(o.until) {
			all.w.broken = fmt.Sprintf("client %d has the lease with token %d, and client %d with token %d", h.client, h.lease.Token(), o.client, o.lease.Token())
		}
	}
	if h.counted {
		return
	}
	h.counted = true
	token, previous := h.lease.Token(), int64(0)
	if p := h.lease.Previous(); p != nil {
		previous = p.Token
	}
	before := all.w.below[token]
	if token <= all.last || previous != before && !(previous == 0 && all.returned[before]) {
		all.w.broken = fmt.Sprintf("token %d after %d, previous %d, and the lease below is %d", token, all.last, previous, before)
	}
	all.last = token
}

// leaseBelow is the highest number below a token that is not void, 0 if there is none.
func (w *world) leaseBelow(token int64) int64 {
	for n := token - 1; n > 0; n-- {
		if o, ok := w.objects[lockKey(n)]; ok && !strings.Contains(string(o.data), `"state":"void"`) {
			return n
		}
	}
	return 0
}

// done notes that a client does not count on its lease any more.
func (all *holders) done(h *holding, returns bool) {
	all.w.mu.Lock()
	defer all.w.mu.Unlock()
	all.returned[h.lease.Token()] = returns
	delete(all.now, h.client)
}

// TestLeaseModel: whatever the network does, no two clients count on the lease at
// the same time; tokens grow; whoever takes a lease over that was not given back is
// told so; and in the end the lease can be had.
func TestLeaseModel(t *testing.T) {
	t.Parallel()
	start := func(w *world) {
		all := &holders{w: w, now: map[int]*holding{}, returned: map[int64]bool{}}
		for id := range w.clients {
			go func() {
				for range 6 {
					take(client{w, id}, all)
				}
			}()
		}
	}
	checkWorlds(t, 1000, 300, start, func(w *world) {
		time.Sleep(backend.MaxTTL + 2*margin)
		l, err := w.storage(perfect).TryAcquire(context.Background(), backend.Holder{Run: "last", TTL: backend.MinTTL})
		if err != nil {
			w.breaks("when everybody is gone, the lease is not free: %v", err)
			return
		}
		if err := errors.Join(l.Renew(context.Background()), l.Release(context.Background())); err != nil {
			w.breaks("the last one: %v", err)
		}
	})
}

// take tries once to get the lease, and works with it for a while.
func take(c client, all *holders) {
	asked := time.Now()
	l, err := c.w.storage(c.id).TryAcquire(context.Background(), backend.Holder{Run: fmt.Sprint(c.id), TTL: backend.MinTTL})
	if err != nil {
		return
	}
	h := &holding{client: c.id, lease: l}
	all.sure(h, asked)
	for !c.isDead() {
		if c.decide()%5 == 0 {
			all.done(h, true)
			if l.Release(context.Background()) != nil {
				_ = l.Release(context.Background())
			}
			return
		}
		asked := time.Now()
		switch err := l.Renew(context.Background()); {
		case err == nil:
			all.sure(h, asked)
		case errors.Is(err, backend.ErrLost):
			all.done(h, false)
			return
		}
	}
}

// hooked is a client to whom something happens before it creates an object.
type hooked struct {
	client
	before func()
}

func (h hooked) create(ctx context.Context, key string, data []byte) (bool, error) {
	h.before()
	return h.client.create(ctx, key, data)
}

// TestChallengerSleeps: what happened while a challenger slept before it created
// its number, too rare for random worlds.
func TestChallengerSleeps(t *testing.T) {
	ctx := context.Background()
	holder := backend.Holder{Run: "r", TTL: backend.MinTTL}
	cases := map[string]func(w *world, first backend.Lease){
		"the last renewal arrives once more": func(w *world, _ backend.Lease) {
			same := w.objects[lockKey(1)].data
			client{w, perfect}.store(lockKey(1), same)
		},
		"the holder renews": func(_ *world, first backend.Lease) {
			if err := first.Renew(ctx); err != nil {
				t.Error(err)
			}
		},
		"others had it, and its number is free again": func(w *world, _ backend.Lease) {
			for range 4 {
				l, err := w.storage(perfect).TryAcquire(ctx, holder)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Release(ctx); err != nil {
					t.Error(err)
				}
			}
			if _, ok := w.objects[lockKey(2)]; ok {
				t.Error("lease 2 was not deleted: this tests nothing")
			}
		},
		"the same, and a deletion was lost": func(w *world, _ backend.Lease) {
			client{w, perfect}.store(lockKey(5), w.objects[lockKey(1)].data)
		},
		"the lease that it found was deleted": func(w *world, _ backend.Lease) {
			delete(w.objects, lockKey(1))
		},
	}
	for name, happens := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{objects: map[string]object{}, below: map[int64]int64{}}
				first, err := w.storage(perfect).TryAcquire(ctx, holder)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(backend.MinTTL + 2*margin)
				challenger := w.storage(perfect)
				challenger.objects = hooked{client{w, perfect}, func() { happens(w, first) }}
				l, err := challenger.TryAcquire(ctx, holder)
				var taken *backend.Taken
				if !errors.As(err, &taken) {
					t.Fatalf("it has the lease: %v, %v", l, err)
				}
				if strings.HasPrefix(name, "the holder") || strings.HasPrefix(name, "the last") {
					if err := first.Renew(ctx); err != nil {
						t.Errorf("the holder lost it for a challenger that withdrew: %v", err)
					}
				}
				if o := w.objects[lockKey(2)]; !strings.Contains(string(o.data), `"state":"void"`) {
					t.Errorf("its number is not void: %s", o.data)
				}
			})
		})
	}
}
