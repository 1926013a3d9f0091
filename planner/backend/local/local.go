// Package local keeps locks, journals and snapshots in a folder of this machine.
// The operating system keeps the lock: it is free as soon as its holder ended,
// however it ended.
package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/lock"
)

// The files of the lock: who has it, and the number of the last lease.
const (
	lockName   = "apply.lock"
	tokenName  = "apply.token"
	appendName = "append.lock" // held while a log grows: looking and writing are two steps
)

// appendPatience is how long an append waits for another one.
const appendPatience = 10 * time.Second

// Storage is a folder.
type Storage struct{ dir string }

// Open keeps everything in dir, which is made when something is written.
func Open(dir string) *Storage { return &Storage{dir: dir} }

var _ backend.Storage = (*Storage)(nil)

// Where is the folder.
func (s *Storage) Where() string { return filepath.ToSlash(s.dir) }

// Close does nothing.
func (s *Storage) Close() error { return nil }

// path is where a log or file is.
func (s *Storage) path(name string) (string, error) {
	if !backend.ValidName(name) {
		return "", fmt.Errorf("%q is no name of a log or file", name)
	}
	return filepath.Join(s.dir, filepath.FromSlash(name)), nil
}

// Append writes at the end of a file and forces it to the disk.
func (s *Storage) Append(ctx context.Context, name string, at int64, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if at > 0 {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	release, err := lock.Take(ctx, filepath.Join(s.dir, appendName), "an append", appendPatience)
	if err != nil {
		return err
	}
	return errors.Join(appendTo(path, name, at, data), release())
}

// appendTo is Append while nobody else appends.
func appendTo(path, name string, at int64, data []byte) error {
	flags := os.O_WRONLY
	if at == 0 {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if same, err := hasAt(path, at, data); err != nil || same {
			return err
		}
		return fmt.Errorf("%s: %w", name, backend.ErrMoved)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != at {
		if same, err := hasAt(path, at, data); err != nil || same {
			return err
		}
		return fmt.Errorf("%s: %w: it has %d bytes and not %d", name, backend.ErrMoved, info.Size(), at)
	}
	_, err = f.WriteAt(data, at)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(at)) // a full disk leaves no half line
	}
	if at == 0 {
		return syncFolder(filepath.Dir(path))
	}
	return nil
}

// hasAt reports whether a file ends with data, at this position.
func hasAt(path string, at int64, data []byte) (bool, error) {
	whole, err := os.ReadFile(path)
	return err == nil && int64(len(whole)) == at+int64(len(data)) && bytes.Equal(whole[at:], data), err
}

// syncFolder makes a new name in a folder durable, where the system can.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = f.Sync() // Windows refuses it for folders and does not need it
	return f.Close()
}

// Finish does nothing: a file is packed already.
func (s *Storage) Finish(context.Context, string) error { return nil }

// Write replaces a file.
func (s *Storage) Write(_ context.Context, name string, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Read reads a file.
func (s *Storage) Read(_ context.Context, name string) ([]byte, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// List walks the folder.
func (s *Storage) List(_ context.Context, prefix string) ([]backend.Item, error) {
	var items []backend.Item
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if d.IsDir() {
			if name != "." && !strings.HasPrefix(prefix, name+"/") && !strings.HasPrefix(name+"/", prefix) {
				return fs.SkipDir
			}
			return nil
		}
		if !backend.ValidName(name) || !strings.HasPrefix(name, prefix) || name == lockName || name == tokenName || name == appendName {
			return nil
		}
		info, err := d.Info()
		if err == nil {
			items = append(items, backend.Item{Name: name, Size: info.Size()})
		}
		return err
	})
	slices.SortFunc(items, func(a, b backend.Item) int { return strings.Compare(a.Name, b.Name) })
	return items, err
}

// TryAcquire takes the lock of the folder.
func (s *Storage) TryAcquire(ctx context.Context, h backend.Holder) (backend.Lease, error) {
	h.TTL = 0
	h.Token = s.lastToken() + 1
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	release, err := lock.Take(ctx, filepath.Join(s.dir, lockName), string(text), 0)
	var taken *lock.Taken
	if errors.As(err, &taken) {
		return nil, &backend.Taken{Holder: parseHolder(taken.Holder)}
	}
	if err != nil {
		return nil, err
	}
	// Read again: only now nobody else counts.
	h.Token = s.lastToken() + 1
	if err := os.WriteFile(filepath.Join(s.dir, tokenName), []byte(strconv.FormatInt(h.Token, 10)+"\n"), 0o600); err != nil {
		return nil, errors.Join(err, release())
	}
	return &lease{token: h.Token, release: release}, nil
}

func (s *Storage) lastToken() int64 {
	data, err := os.ReadFile(filepath.Join(s.dir, tokenName))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Holder asks the operating system.
func (s *Storage) Holder(context.Context) (*backend.Holder, error) {
	text, held, err := lock.Show(filepath.Join(s.dir, lockName))
	if err != nil || !held {
		return nil, err
	}
	h := parseHolder(text)
	return &h, nil
}

// parseHolder reads what a holder wrote of itself; it may have been cut off.
func parseHolder(text string) backend.Holder {
	var h backend.Holder
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return backend.Holder{}
	}
	return h
}

type lease struct {
	token   int64
	release func() error
}

func (l *lease) Token() int64              { return l.token }
func (l *lease) Previous() *backend.Holder { return nil } // the system has seen its end
func (l *lease) Renew(context.Context) error {
	if l.release == nil {
		return backend.ErrLost
	}
	return nil
}

func (l *lease) Release(context.Context) error {
	release := l.release
	l.release = nil
	if release == nil {
		return nil
	}
	return release()
}
