package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lockWait is how long Start waits for another process to leave the state.
const lockWait = 10 * time.Second

// lockRetry is how often it looks.
const lockRetry = 50 * time.Millisecond

// errLocked is what tryLock returns when another process has the lock.
var errLocked = errors.New("locked")

// lock takes the state directory for this process. The operating system gives
// the lock back when the process ends, however it ends.
func lock(ctx context.Context, dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for {
		err := tryLock(f)
		if err == nil {
			break
		}
		if !errors.Is(err, errLocked) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(inUse(dir, path), f.Close())
		}
	}
	// For people who find the lock taken; the lock itself does not need it.
	_ = f.Truncate(0)
	_, _ = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return f.Close, nil // closing the file gives the lock back
}

func inUse(dir, path string) error {
	who := "another process"
	if data, err := os.ReadFile(path); err == nil {
		if pid := strings.TrimSpace(string(data)); pid != "" {
			who = fmt.Sprintf("process %q", pid)
		}
	}
	return fmt.Errorf("the sandbox in %s is in use by %s (landfall sandbox serve, or another plan or apply); wait for it or stop it: two of them would overwrite each other's state", dir, who)
}
