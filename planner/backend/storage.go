// Package backend is where runs meet: the lease that keeps two applies of one
// target apart, the journals of runs, and snapshots. A Storage keeps them on this
// machine (package local) or where several machines see them (azblob, s3,
// postgres); Hold keeps the lease alive while a run works.
//
// What protects a directory from two writers is the journal: an operation is sent
// only after its line was appended to the journal of its run, an append succeeds
// only at the very end of a log, and whoever takes an expired lease over appends a
// last line to the journal of the run that had it. From then on the storage itself
// refuses every line of that run, however late it wakes up.
package backend

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Storage keeps logs, files and one lease. Its methods may be called from several
// goroutines. Names are relative, with slashes and letters, digits, '.', '-' and
// '_' between them; ValidName says which.
//
// An error that wraps fs.ErrNotExist says that a log or file does not exist. Other
// errors say what happened where, without credentials.
type Storage interface {
	// Append adds data, at most MaxAppend bytes, to the log name, which ends at byte
	// position at as far as the caller knows; position 0 starts a log. It returns nil
	// when the data is durable: no crash of any machine loses it. When somebody else
	// appended there first, the error wraps ErrMoved and the log is unchanged; the
	// same data there counts as an earlier attempt that got through. After any other
	// error the data may or may not be in the log, and the caller may try again.
	Append(ctx context.Context, name string, at int64, data []byte) error

	// Finish says that its only writer appends nothing more to a log, so that the
	// storage may pack it. A log that was sealed is never finished.
	Finish(ctx context.Context, name string) error

	// Write replaces a whole file, or nothing of it.
	Write(ctx context.Context, name string, data []byte) error

	// Read returns a whole log or file.
	Read(ctx context.Context, name string) ([]byte, error)

	// List names the logs and files whose names begin with prefix, sorted by name.
	List(ctx context.Context, prefix string) ([]Item, error)

	// TryAcquire takes the lease for h.TTL, if nobody has it. Otherwise the error is
	// a *Taken. The storage's clock decides, never the caller's; h.Token is set by
	// the storage and larger than that of every lease before.
	TryAcquire(ctx context.Context, h Holder) (Lease, error)

	// Holder tells who has the lease, nil if nobody has.
	Holder(ctx context.Context) (*Holder, error)

	// Where says where this storage is, for people.
	Where() string

	Close() error
}

// MaxAppend is how much one Append may add: Azure's limit for a block.
const MaxAppend = 4 << 20

// Item is a log or a file.
type Item struct {
	Name string
	Size int64
}

// Lease is what TryAcquire gives. One goroutine uses it at a time.
type Lease interface {
	// Token is the number of this lease.
	Token() int64
	// Previous is the holder that did not give its lease back and may still believe
	// that it has it; nil if there is none.
	Previous() *Holder
	// Renew extends the lease by its TTL from now. An error that wraps ErrLost says
	// that it is another's, or ended; every other error says nothing about that.
	Renew(ctx context.Context) error
	// Release gives the lease back; after a loss it does nothing.
	Release(ctx context.Context) error
}

// Holder is who has a lease.
type Holder struct {
	Run   string        `json:"run"`
	Who   string        `json:"who"`
	Since time.Time     `json:"since"` // by the holder's clock, for people
	TTL   time.Duration `json:"ttl"`   // nanoseconds; 0: it ends with its process
	Token int64         `json:"token"`
}

func (h Holder) String() string {
	return fmt.Sprintf("run %s by %s since %s", h.Run, h.Who, h.Since.UTC().Format(time.RFC3339))
}

// The errors that callers act on.
var (
	ErrMoved = errors.New("somebody else wrote to this log")
	ErrLost  = errors.New("the lock is not held any more")
)

// Taken is the error of a lease that another run has.
type Taken struct {
	Holder Holder // zero if the storage cannot tell
}

func (e *Taken) Error() string {
	if e.Holder.Run == "" {
		return "the lock is held by another run"
	}
	return "the lock is held by " + e.Holder.String()
}

// ValidName reports whether a name of a log or file is usable everywhere.
func ValidName(name string) bool {
	if name == "" || len(name) > 200 {
		return false
	}
	start := true // of a part between slashes, which no part begins with a dot
	for _, r := range name {
		switch {
		case r == '/':
			if start {
				return false
			}
			start = true
			continue
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		case r == '.' && !start:
		default:
			return false
		}
		start = false
	}
	return !start
}
