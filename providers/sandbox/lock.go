package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/landfall-directory/landfall/planner/lock"
)

// lockWait is how long Start waits for another process to leave the state.
const lockWait = 10 * time.Second

// lockState takes the state directory for this process.
func lockState(ctx context.Context, dir string) (unlock func() error, err error) {
	unlock, err = lock.Take(ctx, filepath.Join(dir, lockName), fmt.Sprintf("process %d", os.Getpid()), lockWait)
	var taken *lock.Taken
	if errors.As(err, &taken) {
		who := taken.Holder
		if who == "" {
			who = "another process"
		}
		return nil, fmt.Errorf("the sandbox in %s is in use by %s (landfall sandbox serve, or another plan or apply); wait for it or stop it: two of them would overwrite each other's state", dir, who)
	}
	return unlock, err
}
