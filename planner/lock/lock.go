// Package lock keeps processes apart that must not work in one folder at the same
// time. The operating system gives a lock back when its holder ends, however it
// ends, so that there is never one to remove by hand.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// retry is how often a taken lock is looked at again.
const retry = 50 * time.Millisecond

// errTaken is what try returns when another process has the lock.
var errTaken = errors.New("taken")

// Taken is the error of a lock that another process has.
type Taken struct {
	Path   string
	Holder string // what the holder said of itself; "" if it cannot be read
}

func (e *Taken) Error() string {
	who := e.Holder
	if who == "" {
		who = "another process"
	}
	return fmt.Sprintf("%s is held by %s", e.Path, who)
}

// Take takes the lock in the file path for this process, and waits for another
// holder at most that long; after that the error is a *Taken. holder is one line
// about this process, for those who find the lock taken.
func Take(ctx context.Context, path, holder string, wait time.Duration) (release func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(retry)
	defer tick.Stop()
	for {
		err := try(f)
		if err == nil {
			break
		}
		if !errors.Is(err, errTaken) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(&Taken{Path: path, Holder: read(path)}, f.Close())
		}
	}
	// For people who find the lock taken; the lock itself does not need it.
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(holder+"\n"), 0)
	return func() error {
		_ = f.Truncate(0)
		return f.Close() // which gives the lock back
	}, nil
}

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// Show tells who has the lock; held is false when nobody has.
func Show(path string) (holder string, held bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	err = try(f)
	if errors.Is(err, errTaken) {
		return read(path), true, nil
	}
	return "", false, err
}
