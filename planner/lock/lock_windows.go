package lock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockOffset is a byte beyond the text of the lock file, which stays readable.
const lockOffset = 1 << 20

// try locks a file, or returns errTaken.
func try(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: lockOffset})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errTaken
	}
	return err
}
