package entra

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		next := 0
		err := inOrder(t.Context(), 3, 200, func(ctx context.Context, i int) (int, error) {
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			defer running.Add(-1)
			return i * i, sleep(ctx, time.Duration((i*7)%5)*time.Second)
		}, func(i, square int) error {
			if i != next || square != i*i {
				t.Errorf("got %d: %d, want %d", i, square, next)
			}
			next++
			return nil
		})
		if err != nil || next != 200 || most.Load() != 3 {
			t.Errorf("%v, %d of 200 things, %d at once", err, next, most.Load())
		}
	})
}

func TestInOrderStops(t *testing.T) {
	broken := errors.New("broken")
	fetch := func(_ context.Context, i int) (int, error) {
		if i == 20 {
			return 0, broken
		}
		return i, nil
	}
	used := 0
	if err := inOrder(t.Context(), 4, 100, fetch, func(int, int) error { used++; return nil }); !errors.Is(err, broken) || used != 20 {
		t.Errorf("fetch: %v after %d", err, used)
	}
	if err := inOrder(t.Context(), 4, 100, fetch, func(i, _ int) error {
		if i == 5 {
			return broken
		}
		return nil
	}); !errors.Is(err, broken) {
		t.Errorf("use: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	deaf := func(context.Context, int) (int, error) { return 0, nil }
	if err := inOrder(ctx, 4, 100, deaf, func(int, int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if err := inOrder(t.Context(), 4, 0, deaf, func(int, int) error { return broken }); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}
