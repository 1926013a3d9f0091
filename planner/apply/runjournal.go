package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
)

// runsPrefix is where a storage has the journals.
const runsPrefix = "runs/"

// A part of a journal ends before it has more appends or bytes than that: Azure
// takes 50,000 blocks in a blob.
const (
	partAppends = 40_000
	partBytes   = 256 << 20
)

// The patience with a storage: attempts per append, and seconds for each.
const (
	appendAttempts = 3
	appendTimeout  = 20 * time.Second
	appendPause    = 500 * time.Millisecond
)

// linger is how long a result may wait for the next operation, to be written
// together with it.
const linger = 100 * time.Millisecond

// RunJournal is a journal in a log of a storage, one JSON object a line, each
// with the hash of the one before. What several operations record at the same
// time is written in one append.
type RunJournal struct {
	storage backend.Storage
	check   func() error
	run     string

	mu       sync.Mutex
	written  sync.Cond
	prev     string // hash of the last line
	pending  []byte
	queued   int // lines handed in
	durable  int // lines in the storage
	flushing bool
	err      error // the first failure; after it nothing more is written
	timer    *time.Timer
	started  map[int]time.Time // operations that were sent

	// Of the part that is written; used by the one flush at a time.
	part       int
	at         int64
	appends    int
	maxAppends int
	maxBytes   int64
}

// runIDLetters are what a run id is made of: it becomes the name of a log.
const runIDLetters = "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// validRun reports whether a text can be the name of a run.
func validRun(run string) bool { return run != "" && strings.Trim(run, runIDLetters) == "" }

// partName names a part of a journal, counted from 1.
func partName(run string, part int) string {
	if part == 1 {
		return runsPrefix + run + ".jsonl"
	}
	return fmt.Sprintf("%s%s.%d.jsonl", runsPrefix, run, part)
}

// CreateJournal starts the journal of a run. check says whether the run still has
// its lease: it is asked after every append and before an operation is sent.
func CreateJournal(s backend.Storage, check func() error, h Header) (*RunJournal, error) {
	if !validRun(h.Run) {
		return nil, fmt.Errorf("%q is not a run id", h.Run)
	}
	j := &RunJournal{storage: s, check: check, run: h.Run, part: 1, maxAppends: partAppends, maxBytes: partBytes, started: map[int]time.Time{}}
	j.written.L = &j.mu
	return j, j.add(line{Header: &h}, true)
}

// Path says where the journal is, for people.
func (j *RunJournal) Path() string { return j.storage.Where() + "/" + partName(j.run, 1) }

// Before records an operation that is about to be sent.
func (j *RunJournal) Before(e Entry) error {
	j.mu.Lock()
	j.started[e.Number] = time.Now()
	j.mu.Unlock()
	if err := j.add(line{Before: &e}, true); err != nil {
		return err
	}
	return j.check()
}

// After records how it ended, soon.
func (j *RunJournal) After(e Entry) error {
	j.mu.Lock()
	if began, ok := j.started[e.Number]; ok && e.Result != nil {
		result := *e.Result
		result.Duration = time.Since(began).Milliseconds()
		e.Result = &result
		delete(j.started, e.Number)
	}
	j.mu.Unlock()
	return j.add(line{After: &e}, false)
}

// Close records the end of the run.
func (j *RunJournal) Close(f Footer) error {
	if err := j.add(line{Footer: &f}, true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	for part := range j.part {
		if err := j.storage.Finish(ctx, partName(j.run, part+1)); err != nil {
			return err
		}
	}
	return nil
}

// add hands in a line. It waits until the line is in the storage, or, when that
// is not asked for, sees to it that it will be.
func (j *RunJournal) add(l line, wait bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	if err := j.queue(l); err != nil {
		return err
	}
	if !wait {
		if j.timer == nil {
			j.timer = time.AfterFunc(linger, j.flushSoon)
		}
		return nil
	}
	return j.flushTo(j.queued)
}

// queue chains a line to the one before. The caller holds mu.
func (j *RunJournal) queue(l line) error {
	l.Prev = j.prev
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	j.prev = hashLine(data)
	j.pending = append(append(j.pending, data...), '\n')
	j.queued++
	return nil
}

func hashLine(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (j *RunJournal) flushSoon() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.timer = nil
	_ = j.flushTo(j.queued) // kept in err, for the next call
}

// flushTo waits until n lines are in the storage; whoever finds nobody writing
// writes for all. The caller holds mu.
func (j *RunJournal) flushTo(n int) error {
	for j.durable < n && j.err == nil {
		if j.flushing {
			j.written.Wait()
			continue
		}
		if err := j.rotate(); err != nil {
			j.err = err
			break
		}
		data, lines := j.pending, j.queued
		j.pending, j.flushing = nil, true
		j.mu.Unlock()
		err := j.write(data)
		j.mu.Lock()
		j.flushing = false
		if err != nil {
			j.err = err
		} else {
			j.durable = lines
		}
		j.written.Broadcast()
	}
	return j.err
}

// rotate ends a part that has become long: its last line says that there is
// another. The caller holds mu, and nobody writes.
func (j *RunJournal) rotate() error {
	if j.appends < j.maxAppends && j.at < j.maxBytes {
		return nil
	}
	// The lines that wait are chained already; they end this part, and the next
	// begins after them.
	if err := j.queue(line{Continued: j.part + 1}); err != nil {
		return err
	}
	data, lines := j.pending, j.queued
	if err := j.write(data); err != nil {
		return err
	}
	j.pending, j.durable = nil, lines
	j.part, j.at, j.appends = j.part+1, 0, 0
	return nil
}

// write appends data to the part, in pieces that a storage takes.
func (j *RunJournal) write(data []byte) error {
	for len(data) > 0 {
		piece := data[:min(len(data), backend.MaxAppend)]
		if err := j.append(piece); err != nil {
			return err
		}
		j.at += int64(len(piece))
		j.appends++
		data = data[len(piece):]
	}
	return nil
}

// append tries again when the storage does not answer; not when somebody sealed
// the log.
func (j *RunJournal) append(data []byte) error {
	var err error
	for attempt := range appendAttempts {
		if attempt > 0 {
			time.Sleep(appendPause)
		}
		ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
		err = j.storage.Append(ctx, partName(j.run, j.part), j.at, data)
		cancel()
		if err == nil {
			return nil
		}
		if errors.Is(err, backend.ErrMoved) {
			return fmt.Errorf("%w: another run took it over and ended this run's journal", backend.ErrLost)
		}
	}
	return err
}
