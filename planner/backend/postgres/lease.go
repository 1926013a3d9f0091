package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/landfall-directory/landfall/planner/backend"
)

// acquire takes the lease if it is free. Who asks again because the answer was
// lost has the same claim, and gets it again; the holder before stays the same.
const acquire = `WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
INSERT INTO $schema.lock AS l (target, token, claim, holder, expires, released)
SELECT $1, 1, $2::bytea, $3::bytea, clock_timestamp() + $4::bigint * interval '1 microsecond', false FROM durable
ON CONFLICT (target) DO UPDATE SET
  token = l.token + 1, claim = excluded.claim, holder = excluded.holder, released = false,
  expires = clock_timestamp() + $4::bigint * interval '1 microsecond',
  previous = CASE WHEN l.claim = excluded.claim THEN l.previous WHEN NOT l.released THEN l.holder END,
  previous_token = CASE WHEN l.claim = excluded.claim THEN l.previous_token WHEN NOT l.released THEN l.token END
WHERE l.released OR l.expires < clock_timestamp() OR l.claim = excluded.claim
RETURNING token, previous, previous_token`

// TryAcquire takes the lease of the target.
func (s *Storage) TryAcquire(ctx context.Context, h backend.Holder) (backend.Lease, error) {
	text, err := json.Marshal(h)
	if err == nil && h.TTL <= 0 {
		err = errors.New("a lease needs a TTL")
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, s.explain("take the lock", err)
	}
	l := &lease{storage: s, claim: []byte(rand.Text()), ttl: h.TTL}
	var taken *backend.Taken
	err = s.persist(ctx, func(ctx context.Context) error { return l.acquire(ctx, text) })
	if errors.As(err, &taken) {
		return nil, taken
	}
	if err != nil {
		l.forget(ctx)
		return nil, s.explain("take the lock", err)
	}
	return l, nil
}

// Holder asks who has the lease now.
func (s *Storage) Holder(ctx context.Context) (*backend.Holder, error) {
	var h *backend.Holder
	err := s.persist(ctx, func(ctx context.Context) error {
		var err error
		h, err = s.holder(ctx)
		return err
	})
	return h, s.explain("look at the lock", err)
}

func (s *Storage) holder(ctx context.Context) (*backend.Holder, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	var text []byte
	var token int64
	err := s.pool.QueryRow(ctx, s.sql(`SELECT holder, token FROM $schema.lock
WHERE target = $1 AND NOT released AND expires >= clock_timestamp()`), s.config.Prefix).Scan(&text, &token)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseHolder(text, token), nil
}

func parseHolder(text []byte, token int64) *backend.Holder {
	var h backend.Holder
	if err := json.Unmarshal(text, &h); err != nil {
		h = backend.Holder{} // nobody but landfall writes there; the lock holds all the same
	}
	h.Token = token
	return &h
}

// lease is a lease. Its claim, which nobody else knows, is what identifies it: a
// number would be given twice if somebody deleted the row.
type lease struct {
	storage  *Storage
	claim    []byte
	ttl      time.Duration
	token    int64
	previous *backend.Holder
}

func (l *lease) Token() int64              { return l.token }
func (l *lease) Previous() *backend.Holder { return l.previous }

func (l *lease) acquire(ctx context.Context, holder []byte) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	s := l.storage
	var previous []byte
	var token *int64
	err := s.pool.QueryRow(ctx, s.sql(acquire), s.config.Prefix, l.claim, holder, l.ttl.Microseconds()).Scan(&l.token, &previous, &token)
	if errors.Is(err, pgx.ErrNoRows) {
		// Who has it may have given it back since; then nobody is named.
		taken := &backend.Taken{}
		h, err := s.holder(ctx)
		if err != nil {
			return err
		}
		if h != nil {
			taken.Holder = *h
		}
		return taken
	}
	if err == nil && token != nil {
		l.previous = parseHolder(previous, *token)
	}
	return err
}

// Renew extends the lease, also one that ran out, unless another took it.
func (l *lease) Renew(ctx context.Context) error {
	const renew = `WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
UPDATE $schema.lock SET expires = clock_timestamp() + $3::bigint * interval '1 microsecond' FROM durable
WHERE target = $1 AND claim = $2 AND NOT released`
	n, err := l.change(ctx, renew, l.ttl.Microseconds())
	if err == nil && n == 0 {
		return fmt.Errorf("%w: another run took it, or it was given back", backend.ErrLost)
	}
	return l.storage.explain("renew the lock", err)
}

// Release gives the lease back.
func (l *lease) Release(ctx context.Context) error {
	const release = `WITH durable AS (SELECT set_config('synchronous_commit', 'on', true))
UPDATE $schema.lock SET released = true FROM durable WHERE target = $1 AND claim = $2 AND NOT released`
	_, err := l.change(ctx, release)
	return l.storage.explain("give the lock back", err)
}

func (l *lease) change(ctx context.Context, statement string, args ...any) (rows int64, err error) {
	s := l.storage
	err = s.persist(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		tag, err := s.pool.Exec(ctx, s.sql(statement), append([]any{s.config.Prefix, l.claim}, args...)...)
		rows = tag.RowsAffected()
		return err
	})
	return rows, err
}

// forget gives back what a request may have got that was given up; if that fails,
// the lease runs out by itself.
func (l *lease) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = l.Release(ctx)
}
