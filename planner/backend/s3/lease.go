package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
)

// What a lease's object says of it.
const (
	held     = "held"
	released = "released" // its holder gave it back
	void     = "void"     // its challenger did not take it in the end; the next lower one counts
)

// record is the content of a lease's object.
type record struct {
	Holder   backend.Holder `json:"holder"`
	State    string         `json:"state"`
	ID       string         `json:"id"`       // of this lease, random: the same bytes are our own
	Renewals int            `json:"renewals"` // so that every renewal differs
}

// margin is what the age of a lease must be beyond its TTL: two times of whole
// seconds are compared.
const margin = 2 * time.Second

func lockKey(n int64) string { return "lock/" + number(n) }

// found is a lease as it was read.
type found struct {
	number int64
	object object
	record record
}

// current returns the lease, nil if there is none, and the numbers that exist.
func (s *Storage) current(ctx context.Context) (*found, []int64, error) {
	numbers, err := s.numbers(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	for i := len(numbers) - 1; i >= 0; i-- {
		f, err := s.lookAt(ctx, numbers[i])
		if errors.Is(err, fs.ErrNotExist) { // deleted: there is a much higher one by now
			return nil, nil, &backend.Taken{}
		}
		if err != nil {
			return nil, nil, err
		}
		if f.record.State != void {
			return f, numbers, nil
		}
	}
	return nil, numbers, nil
}

// numbers lists the leases after a key, in order.
func (s *Storage) numbers(ctx context.Context, after string) ([]int64, error) {
	entries, err := s.objects.list(ctx, "lock/", after, true)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for _, e := range entries {
		if n, ok := parseNumber(strings.TrimPrefix(e.key, "lock/")); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

func (s *Storage) lookAt(ctx context.Context, n int64) (*found, error) {
	o, err := s.objects.get(ctx, lockKey(n))
	if err != nil {
		return nil, err
	}
	f := &found{number: n, object: o}
	if err := json.Unmarshal(o.data, &f.record); err != nil || f.record.State != held && f.record.State != released && f.record.State != void {
		return nil, fmt.Errorf("%s%s: this is no lease of landfall, something else wrote it: delete the object when no run is under way", s.where, lockKey(n))
	}
	return f, nil
}

// isFree tells whether a lease was given back or is older than its TTL, by the
// server's clock.
func (s *Storage) isFree(ctx context.Context, f *found) (bool, error) {
	if f == nil || f.record.State == released {
		return true, nil
	}
	if err := s.objects.put(ctx, "clock", []byte("when this was modified is the server's time\n")); err != nil {
		return false, err
	}
	now, err := s.objects.modified(ctx, "clock")
	if err != nil {
		return false, err
	}
	ttl := f.record.Holder.TTL
	if ttl <= 0 || ttl > backend.MaxTTL {
		ttl = backend.MaxTTL
	}
	return now.Sub(f.object.modified) >= ttl+margin, nil
}

// Holder reads the lease.
func (s *Storage) Holder(ctx context.Context) (*backend.Holder, error) {
	f, _, err := s.current(ctx)
	var taken *backend.Taken
	if errors.As(err, &taken) {
		return &taken.Holder, nil
	}
	if err != nil {
		return nil, err
	}
	free, err := s.isFree(ctx, f)
	if err != nil || free {
		return nil, err
	}
	return &f.record.Holder, nil
}

// TryAcquire is a challenger, in the four steps of the package's comment.
func (s *Storage) TryAcquire(ctx context.Context, h backend.Holder) (backend.Lease, error) {
	if h.TTL < backend.MinTTL || h.TTL > backend.MaxTTL {
		return nil, fmt.Errorf("s3: a lease lasts %s to %s, not %s", backend.MinTTL, backend.MaxTTL, h.TTL)
	}
	if err := s.prove(ctx); err != nil {
		return nil, err
	}
	before, numbers, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	free, err := s.isFree(ctx, before)
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, &backend.Taken{Holder: before.record.Holder}
	}
	h.Token = 1
	if len(numbers) > 0 {
		h.Token = numbers[len(numbers)-1] + 1
	}
	l := &lease{storage: s, record: record{Holder: h, State: held, ID: rand.Text()}}
	if before != nil && before.record.State == held {
		l.previous = &before.record.Holder
	}
	if err := l.create(ctx); err != nil {
		return nil, err
	}
	alone, err := s.isAlone(ctx, h.Token, before)
	if err != nil || !alone {
		l.withdraw(ctx)
		if err == nil {
			err = &backend.Taken{}
		}
		return nil, err
	}
	for _, n := range numbers {
		if n < h.Token-s.kept {
			_ = s.objects.remove(ctx, lockKey(n)) // the next one tries again
		}
	}
	return l, nil
}

// isAlone is C3 and C4: nobody created a number above ours, and the lease that we
// found free is as we found it.
func (s *Storage) isAlone(ctx context.Context, ours int64, before *found) (bool, error) {
	higher, err := s.numbers(ctx, lockKey(ours))
	if err != nil || len(higher) > 0 {
		return false, err
	}
	if before == nil {
		return true, nil
	}
	now, err := s.objects.get(ctx, lockKey(before.number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return now.modified.Equal(before.object.modified) && bytes.Equal(now.data, before.object.data), nil
}

type lease struct {
	storage  *Storage
	record   record
	previous *backend.Holder
	ended    bool
}

func (l *lease) Token() int64              { return l.record.Holder.Token }
func (l *lease) Previous() *backend.Holder { return l.previous }
func (l *lease) key() string               { return lockKey(l.record.Holder.Token) }

// create is C2.
func (l *lease) create(ctx context.Context) error {
	data, err := json.Marshal(l.record)
	if err != nil {
		return err
	}
	created, err := l.storage.objects.create(ctx, l.key(), data)
	if err != nil { // it may have been created
		l.withdraw(ctx)
		return err
	}
	if created {
		return nil
	}
	there, err := l.storage.lookAt(ctx, l.record.Holder.Token)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &backend.Taken{}
	case err != nil:
		return err
	case bytes.Equal(there.object.data, data): // an earlier try of the same request
		return nil
	case there.record.State != held:
		return &backend.Taken{}
	}
	return &backend.Taken{Holder: there.record.Holder}
}

// withdraw marks our number void, if it is ours, as far as that is possible: the
// context may have ended. Otherwise it runs out.
func (l *lease) withdraw(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	there, err := l.storage.lookAt(ctx, l.record.Holder.Token)
	if err == nil && there.record.ID == l.record.ID {
		l.record.State = void
		_ = l.write(ctx)
	}
}

func (l *lease) write(ctx context.Context) error {
	data, err := json.Marshal(l.record)
	if err != nil {
		return err
	}
	return l.storage.objects.put(ctx, l.key(), data)
}

// Renew is a holder, in the two steps of the package's comment.
func (l *lease) Renew(ctx context.Context) error {
	if l.ended {
		return backend.ErrLost
	}
	l.record.Renewals++
	if err := l.write(ctx); err != nil {
		return err
	}
	higher, err := l.storage.numbers(ctx, l.key())
	if err != nil {
		return err
	}
	for _, n := range higher {
		f, err := l.storage.lookAt(ctx, n)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && f.record.State == void {
			continue
		}
		l.ended = true
		return fmt.Errorf("%s%s: %w", l.storage.where, l.key(), backend.ErrLost)
	}
	return nil
}

// Release writes that the lease was given back. If it was lost, nobody reads that.
func (l *lease) Release(ctx context.Context) error {
	if l.ended {
		return nil
	}
	l.record.State = released
	if err := l.write(ctx); err != nil {
		l.record.State = held
		return err
	}
	l.ended = true
	return nil
}
