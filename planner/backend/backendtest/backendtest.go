// Package backendtest is what every storage of runs must do. Run it against the
// real thing.
package backendtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/backend"
)

// Target is a storage under test.
type Target struct {
	// Open connects to an empty storage of its own for each test; calling the
	// function it returns again connects a second client to the same storage.
	Open func(t *testing.T) (connect func() backend.Storage)
	// TTL is the shortest lease that the storage gives; 0: a lease ends with its
	// process, and nothing expires.
	TTL time.Duration
}

// Run runs every case.
func Run(t *testing.T, target Target) {
	cases := []struct {
		name string
		run  func(t *testing.T, target Target, connect func() backend.Storage)
	}{
		{"log", testLog}, {"log of bytes", testBytes}, {"concurrent appends", testConcurrentAppends}, {"finish", testFinish},
		{"long log", testLongLog}, {"files", testFiles}, {"list", testList}, {"nothing there", testNothing}, {"names", testNames},
		{"lease", testLease}, {"one of many", testOneOfMany}, {"expiry", testExpiry}, {"renewal", testRenewal},
		{"late renewal", testLateRenewal}, {"cancelled", testCancelled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, target, target.Open(t))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRead(t *testing.T, s backend.Storage, name, want string) {
	t.Helper()
	got, err := s.Read(t.Context(), name)
	must(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Fatalf("%s:\n%s", name, diff)
	}
}

// testLog: a log grows at its end only, whoever appends.
func testLog(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, a, b := t.Context(), connect(), connect()
	must(t, a.Append(ctx, "runs/one.jsonl", 0, []byte("first\n")))
	must(t, a.Append(ctx, "runs/one.jsonl", 6, []byte("second\n")))
	wantRead(t, b, "runs/one.jsonl", "first\nsecond\n")
	for _, at := range []int64{0, 6} {
		if err := b.Append(ctx, "runs/one.jsonl", at, []byte("late\n")); !errors.Is(err, backend.ErrMoved) {
			t.Errorf("append at %d: %v", at, err)
		}
	}
	must(t, a.Append(ctx, "runs/one.jsonl", 6, []byte("second\n"))) // again, because the answer was lost
	must(t, a.Append(ctx, "runs/two.jsonl", 0, []byte("x\n")))
	must(t, a.Append(ctx, "runs/two.jsonl", 0, []byte("x\n")))
	must(t, b.Append(ctx, "runs/one.jsonl", 13, []byte("sealed\n")))
	if err := a.Append(ctx, "runs/one.jsonl", 13, []byte("I was paused\n")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("the writer of a sealed log: %v", err)
	}
	wantRead(t, a, "runs/one.jsonl", "first\nsecond\nsealed\n")
}

func testBytes(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := bytes.Repeat([]byte("0123456789abcde\n"), backend.MaxAppend/16)
	must(t, s.Append(ctx, "log", 0, every))
	must(t, s.Append(ctx, "log", 256, large))
	wantRead(t, s, "log", string(every)+string(large))
}

// testConcurrentAppends: of many appends at one position exactly one happens.
func testConcurrentAppends(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	at := int64(0)
	for round := range 3 {
		var mu sync.Mutex
		var won []string
		var wg sync.WaitGroup
		for i := range 6 {
			client, data := connect(), fmt.Sprintf("round %d writer %d\n", round, i)
			wg.Go(func() {
				err := client.Append(ctx, "log", at, []byte(data))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = append(won, data)
				case !errors.Is(err, backend.ErrMoved):
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("round %d: %d writers won: %q", round, len(won), won)
		}
		all, err := s.Read(ctx, "log")
		must(t, err)
		if got := string(all[at:]); got != won[0] {
			t.Fatalf("round %d: %q is in the log, and %q won", round, got, won[0])
		}
		at = int64(len(all))
	}
}

// testFinish: a finished log reads and lists as before.
func testFinish(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	want := ""
	for i := range 30 {
		line := fmt.Sprintf("line %d\n", i)
		must(t, s.Append(ctx, "runs/r.jsonl", int64(len(want)), []byte(line)))
		want += line
	}
	must(t, s.Finish(ctx, "runs/r.jsonl"))
	wantRead(t, connect(), "runs/r.jsonl", want)
	items, err := s.List(ctx, "runs/")
	must(t, err)
	if diff := cmp.Diff([]backend.Item{{Name: "runs/r.jsonl", Size: int64(len(want))}}, items); diff != "" {
		t.Error(diff)
	}
	must(t, s.Finish(ctx, "runs/r.jsonl")) // twice
	wantRead(t, s, "runs/r.jsonl", want)
}

// testLongLog: more pieces than a page of a listing has are out of reach here; a
// few hundred show that order does not depend on their number.
func testLongLog(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	var want bytes.Buffer
	for i := range 300 {
		line := fmt.Sprintf("%d\n", i)
		must(t, s.Append(ctx, "log", int64(want.Len()), []byte(line)))
		want.WriteString(line)
	}
	wantRead(t, s, "log", want.String())
}

func testFiles(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, a, b := t.Context(), connect(), connect()
	large := bytes.Repeat([]byte{0, 1, 2, 255}, 3<<20) // 12 MB
	must(t, a.Write(ctx, "snapshots/pr.zst", large))
	got, err := b.Read(ctx, "snapshots/pr.zst")
	must(t, err)
	if !bytes.Equal(got, large) {
		t.Fatalf("%d bytes came back of %d", len(got), len(large))
	}
	must(t, b.Write(ctx, "snapshots/pr.zst", []byte("small")))
	wantRead(t, a, "snapshots/pr.zst", "small")
	must(t, b.Write(ctx, "snapshots/pr.zst", nil))
	wantRead(t, a, "snapshots/pr.zst", "")
}

func testList(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	for _, name := range []string{"runs/b.jsonl", "runs/a.jsonl", "runs/a.2.jsonl", "runsother"} {
		must(t, s.Append(ctx, name, 0, []byte("12345")))
		must(t, s.Append(ctx, name, 5, []byte("67")))
	}
	must(t, s.Write(ctx, "snapshots/x", []byte("abc")))
	lease, err := s.TryAcquire(ctx, holder("r", DefaultTTL))
	must(t, err)
	defer lease.Release(ctx)
	for prefix, want := range map[string][]backend.Item{
		"runs/":        {{Name: "runs/a.2.jsonl", Size: 7}, {Name: "runs/a.jsonl", Size: 7}, {Name: "runs/b.jsonl", Size: 7}},
		"runs/a":       {{Name: "runs/a.2.jsonl", Size: 7}, {Name: "runs/a.jsonl", Size: 7}},
		"runs/a.jsonl": {{Name: "runs/a.jsonl", Size: 7}},
		"snapshots/":   {{Name: "snapshots/x", Size: 3}},
		"nothing/":     nil,
	} {
		items, err := connect().List(ctx, prefix)
		must(t, err)
		if diff := cmp.Diff(want, items); diff != "" {
			t.Errorf("%s:\n%s", prefix, diff)
		}
	}
}

func testNothing(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	if _, err := s.Read(ctx, "runs/none.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read: %v", err)
	}
	if h, err := s.Holder(ctx); h != nil || err != nil {
		t.Errorf("Holder: %v, %v", h, err)
	}
	if items, err := s.List(ctx, ""); len(items) > 0 || err != nil {
		t.Errorf("List: %v, %v", items, err)
	}
	must(t, s.Close())
}

// testNames: what could leave the storage's own folder is refused.
func testNames(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, s := t.Context(), connect()
	for _, name := range []string{"", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a\x00b", "a b", "ä", `a\b`} {
		_, err := s.Read(ctx, name)
		if err == nil || errors.Is(err, fs.ErrNotExist) || s.Append(ctx, name, 0, []byte("x")) == nil || s.Write(ctx, name, []byte("x")) == nil {
			t.Errorf("%q was taken as a name (%v)", name, err)
		}
	}
}

// DefaultTTL is long enough for every test that waits for no expiry.
const DefaultTTL = backend.DefaultTTL

func holder(run string, ttl time.Duration) backend.Holder {
	return backend.Holder{Run: run, Who: "kim <kim@contoso.com> \x1b[1m", Since: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), TTL: ttl}
}

func testLease(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx, a, b := t.Context(), connect(), connect()
	first, err := a.TryAcquire(ctx, holder("run-a", DefaultTTL))
	must(t, err)
	if first.Previous() != nil {
		t.Errorf("the first has a previous: %v", first.Previous())
	}
	wantTaken(t, b, "run-a")
	wantTaken(t, a, "run-a")
	h, err := b.Holder(ctx)
	if err != nil || h == nil || h.Run != "run-a" || h.Who != holder("", 0).Who || !h.Since.Equal(holder("", 0).Since) {
		t.Errorf("Holder: %+v, %v", h, err)
	}
	must(t, first.Renew(ctx))
	must(t, first.Release(ctx))
	if h, err := b.Holder(ctx); h != nil || err != nil {
		t.Errorf("Holder after the release: %+v, %v", h, err)
	}
	second, err := b.TryAcquire(ctx, holder("run-b", DefaultTTL))
	must(t, err)
	if second.Token() <= first.Token() || second.Previous() != nil {
		t.Errorf("tokens %d then %d, previous %v", first.Token(), second.Token(), second.Previous())
	}
	if err := first.Renew(ctx); !errors.Is(err, backend.ErrLost) {
		t.Errorf("renewing what was given back: %v", err)
	}
	must(t, first.Release(ctx))
	wantTaken(t, a, "run-b") // the late release did not free it
	must(t, second.Release(ctx))
}

func wantTaken(t *testing.T, s backend.Storage, run string) {
	t.Helper()
	var taken *backend.Taken
	if lease, err := s.TryAcquire(t.Context(), holder("other", DefaultTTL)); !errors.As(err, &taken) || taken.Holder.Run != run {
		t.Fatalf("TryAcquire: %v, %v; %s holds it", lease, err, run)
	}
}

// testOneOfMany: of those who ask at once exactly one gets the lease, again and again.
func testOneOfMany(t *testing.T, _ Target, connect func() backend.Storage) {
	ctx := t.Context()
	last := int64(0)
	for round := range 4 {
		var mu sync.Mutex
		var won []backend.Lease
		var wg sync.WaitGroup
		for i := range 6 {
			client := connect()
			wg.Go(func() {
				lease, err := client.TryAcquire(ctx, holder(fmt.Sprintf("run-%d-%d", round, i), DefaultTTL))
				var taken *backend.Taken
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = append(won, lease)
				case !errors.As(err, &taken):
					t.Errorf("client %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 || won[0].Token() <= last {
			t.Fatalf("round %d: %d have the lease (token before: %d)", round, len(won), last)
		}
		last = won[0].Token()
		must(t, won[0].Release(ctx))
	}
}

// testExpiry: the lease of a holder that vanished is free after its TTL, not
// before, and the next one learns whose it was.
func testExpiry(t *testing.T, target Target, connect func() backend.Storage) {
	if target.TTL == 0 {
		t.Skip("a lease ends with its process here")
	}
	ctx, a, b := t.Context(), connect(), connect()
	asked := time.Now()
	gone, err := a.TryAcquire(ctx, holder("run-gone", target.TTL))
	must(t, err)
	next := waitFor(t, b, "run-next", target.TTL)
	if waited := time.Since(asked); waited < target.TTL {
		t.Errorf("the lease was given again after %s; its TTL is %s", waited, target.TTL)
	}
	if p := next.Previous(); p == nil || p.Run != "run-gone" || p.Token != gone.Token() || next.Token() <= gone.Token() {
		t.Errorf("previous: %+v, tokens %d then %d", p, gone.Token(), next.Token())
	}
	if err := gone.Renew(ctx); !errors.Is(err, backend.ErrLost) {
		t.Errorf("the vanished holder renews: %v", err)
	}
	must(t, gone.Release(ctx))
	wantTaken(t, a, "run-next")
	must(t, next.Renew(ctx))
	must(t, next.Release(ctx))
}

// waitFor asks until the lease is free, at most five TTLs and ten seconds.
func waitFor(t *testing.T, s backend.Storage, run string, ttl time.Duration) backend.Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*ttl+10*time.Second)
	defer cancel()
	for {
		lease, err := s.TryAcquire(ctx, holder(run, ttl))
		var taken *backend.Taken
		if err == nil {
			return lease
		}
		if !errors.As(err, &taken) {
			t.Fatal(err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the lease never became free: %v", err)
		}
	}
}

// testRenewal: a renewed lease outlives its TTL.
func testRenewal(t *testing.T, target Target, connect func() backend.Storage) {
	if target.TTL == 0 {
		t.Skip("a lease ends with its process here")
	}
	ctx, a, b := t.Context(), connect(), connect()
	held, err := a.TryAcquire(ctx, holder("run-a", target.TTL))
	must(t, err)
	for until := time.Now().Add(target.TTL * 2); time.Now().Before(until); {
		must(t, held.Renew(ctx))
		wantTaken(t, b, "run-a")
		time.Sleep(target.TTL / 5) // the clock of the storage is what is tested
	}
	must(t, held.Release(ctx))
}

// testLateRenewal: a holder that slept beyond its TTL has its lease again only if
// nobody took it, and with the same token.
func testLateRenewal(t *testing.T, target Target, connect func() backend.Storage) {
	if target.TTL == 0 {
		t.Skip("a lease ends with its process here")
	}
	ctx, a, b := t.Context(), connect(), connect()
	held, err := a.TryAcquire(ctx, holder("run-a", target.TTL))
	must(t, err)
	next := waitFor(t, b, "run-b", target.TTL)
	must(t, next.Release(ctx))
	if err := held.Renew(ctx); !errors.Is(err, backend.ErrLost) {
		t.Errorf("another had the lease in between: %v", err)
	}
}

// testCancelled: a cancelled request ends with an error and holds nothing.
func testCancelled(t *testing.T, target Target, connect func() backend.Storage) {
	if target.TTL == 0 {
		t.Skip("nothing waits for a network here")
	}
	s := connect()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ctx, "log", 0, []byte("x")); err == nil {
		t.Error("an append with a cancelled context")
	}
	if _, err := s.TryAcquire(ctx, holder("r", DefaultTTL)); err == nil {
		t.Error("a lease with a cancelled context")
	}
	lease, err := s.TryAcquire(t.Context(), holder("r", DefaultTTL))
	must(t, err)
	must(t, lease.Release(t.Context()))
}
