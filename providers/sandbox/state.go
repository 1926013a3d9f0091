package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The state of a provider is one file, entra.LABEL.json or ad.LABEL.ldif. It is
// written a moment after a write and at Close, whole, beside the old one, and
// takes its place in one step: it is never torn, and at most the last moment is
// lost when the process is killed. Beside it stands LABEL.source with the digest
// of the file that the state began from.

const (
	lockName     = "lock"
	sourceSuffix = ".source"
	tempSuffix   = ".tmp"
)

// minWait is how long writes are gathered before the state is written.
const minWait = 200 * time.Millisecond

// patience is the least pause between two writes of the state, in multiples of
// what the last one took, so that a large directory is not always being written.
const patience = 10

// store is the state file of one provider.
type store struct {
	address string // of the provider, for messages
	source  string // file of the configuration
	path    string // state file; "" keeps nothing
	origin  string // file with the digest of source
	digest  string // of source as it is now
	resumed bool   // the state file was read
	write   func(io.Writer) error

	mu    sync.Mutex
	dirty bool
	wake  chan struct{}
	stop  chan struct{}
	done  chan struct{}
}

func newStore(stateDir, kind, label, source string) *store {
	s := &store{address: "provider." + kind + "." + label, source: source,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	if stateDir != "" {
		name := kind + "." + url.PathEscape(label)
		s.path = filepath.Join(stateDir, name+stateSuffix(kind))
		s.origin = filepath.Join(stateDir, name+sourceSuffix)
	}
	return s
}

// stateSuffix is the end of the state file's name, which is that of the source.
func stateSuffix(kind string) string {
	if kind == "ad" {
		return ".ldif"
	}
	return ".json"
}

func isStateFile(name string) bool {
	name = strings.TrimSuffix(name, tempSuffix)
	kind, rest, ok := strings.Cut(name, ".")
	if !ok || (kind != "entra" && kind != "ad") {
		return false
	}
	return strings.HasSuffix(rest, sourceSuffix) || strings.HasSuffix(rest, stateSuffix(kind))
}

// read returns what the directory begins with: the state, or else the source.
func (s *store) read() (data []byte, name, warning string, err error) {
	source, sourceErr := os.ReadFile(s.source)
	if sourceErr == nil {
		sum := sha256.Sum256(source)
		s.digest = hex.EncodeToString(sum[:])
	}
	if s.path == "" {
		return source, s.source, "", sourceErr
	}
	data, err = os.ReadFile(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return source, s.source, "", sourceErr
	case err != nil:
		return nil, "", "", err
	}
	s.resumed = true
	origin, err := os.ReadFile(s.origin)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, "", "", err
	}
	const keeps = "the sandbox goes on with what was written to it before (%s); to begin again from the file, run: landfall sandbox reset"
	switch began := strings.TrimSpace(string(origin)); {
	case sourceErr != nil:
		warning = fmt.Sprintf("%s: the file %s cannot be read (%v), but "+keeps, s.address, s.source, sourceErr, s.path)
	case began == "":
		// The digest was lost; nothing can be said.
	case began != s.digest:
		warning = fmt.Sprintf("%s: the file %s has changed since the sandbox began from it, but "+keeps, s.address, s.source, s.path)
		s.digest = began
	}
	return data, s.path, warning, nil
}

// explain adds what to do when a state file cannot be loaded.
func (s *store) explain(err error) error {
	if !s.resumed {
		return err
	}
	return fmt.Errorf("%w\n(this is what the sandbox wrote; to begin again from %s, run: landfall sandbox reset)", err, s.source)
}

// changed notes that there is something to write.
func (s *store) changed() {
	s.mu.Lock()
	s.dirty = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run begins to write the state, with what write writes, whenever it changed.
func (s *store) run(write func(io.Writer) error) {
	s.write = write
	go func() {
		defer close(s.done)
		pause := minWait
		for {
			select {
			case <-s.stop:
				return
			case <-s.wake:
			}
			timer := time.NewTimer(pause)
			select {
			case <-s.stop:
				timer.Stop()
				return
			case <-timer.C:
			}
			begin := time.Now()
			_ = s.save() // what fails here stays to be written, and close reports it
			pause = max(minWait, patience*time.Since(begin))
		}
	}()
}

// close writes what is not written yet.
func (s *store) close() error {
	close(s.stop)
	<-s.done
	return s.save()
}

// save writes the state if it changed since it was written last.
func (s *store) save() error {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = false
	s.mu.Unlock()
	if !dirty || s.path == "" {
		return nil
	}
	err := s.replace()
	if err != nil {
		s.mu.Lock()
		s.dirty = true
		s.mu.Unlock()
		return fmt.Errorf("%s: sandbox: the state could not be written: %w", s.address, err)
	}
	return nil
}

func (s *store) replace() error {
	if s.digest != "" {
		err := atomically(s.origin, func(w io.Writer) error {
			_, err := io.WriteString(w, s.digest+"\n")
			return err
		})
		if err != nil {
			return err
		}
	}
	return atomically(s.path, s.write)
}

// atomically writes a file beside its place and then puts it there.
func atomically(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path+tempSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}
