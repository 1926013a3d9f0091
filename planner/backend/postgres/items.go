package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/landfall-directory/landfall/planner/backend"
)

// pieceSize is how much of a file one row holds, and one statement carries.
const pieceSize = 1 << 20

// An append makes the log longer if it ends where the caller thinks, and adds the
// piece if it did. The row of the log is locked meanwhile: a concurrent append
// waits, and looks at the new size then. set_config holds for this transaction,
// that is, for this statement.
const (
	appendFirst = `WITH durable AS (SELECT set_config('synchronous_commit', 'on', true)),
grown AS (
  INSERT INTO $schema.item (target, name, size) SELECT $1, $2, $3::bigint + octet_length($4::bytea) FROM durable
  ON CONFLICT DO NOTHING RETURNING 1
),
written AS (
  INSERT INTO $schema.piece (target, name, at, data) SELECT $1, $2, $3, $4 FROM grown WHERE octet_length($4) > 0
)
SELECT count(*) FROM grown`

	appendNext = `WITH durable AS (SELECT set_config('synchronous_commit', 'on', true)),
grown AS (
  UPDATE $schema.item SET size = size + octet_length($4::bytea) FROM durable
  WHERE target = $1 AND name = $2 AND size = $3 RETURNING 1
),
written AS (
  INSERT INTO $schema.piece (target, name, at, data) SELECT $1, $2, $3, $4 FROM grown WHERE octet_length($4) > 0
)
SELECT count(*) FROM grown`

	lookAtEnd = `SELECT i.size, i.size = $3 + octet_length($4::bytea) AND p.data IS NOT DISTINCT FROM nullif($4, '') FROM $schema.item i
LEFT JOIN $schema.piece p ON p.target = i.target AND p.name = i.name AND p.at = $3
WHERE i.target = $1 AND i.name = $2`
)

// Append adds a piece to a log.
func (s *Storage) Append(ctx context.Context, name string, at int64, data []byte) error {
	err := checkName(name)
	if err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = s.persist(ctx, func(ctx context.Context) error { return s.append(ctx, name, at, data) })
	}
	return s.explain("append to "+name, err)
}

func (s *Storage) append(ctx context.Context, name string, at int64, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	statement := appendNext
	if at == 0 {
		statement = appendFirst
	}
	if data == nil {
		data = []byte{} // nil is NULL
	}
	var grown int
	err := s.pool.QueryRow(ctx, s.sql(statement), s.config.Prefix, name, at, data).Scan(&grown)
	if err != nil || grown == 1 {
		return err
	}
	var size int64
	var ours bool
	err = s.pool.QueryRow(ctx, s.sql(lookAtEnd), s.config.Prefix, name, at, data).Scan(&size, &ours)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%w: it does not exist", backend.ErrMoved)
	case err != nil:
		return err
	case ours: // an attempt got through whose answer was lost; if something followed, we must not go on either
		return nil
	}
	return fmt.Errorf("%w: it has %d bytes and not %d", backend.ErrMoved, size, at)
}

// Write replaces a file in one transaction.
func (s *Storage) Write(ctx context.Context, name string, data []byte) error {
	err := checkName(name)
	if err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = s.persist(ctx, func(ctx context.Context) error { return s.write(ctx, name, data) })
	}
	return s.explain("write "+name, err)
}

func (s *Storage) write(ctx context.Context, name string, data []byte) error {
	return s.change(ctx, func(tx pgx.Tx) error {
		// The row of the file is locked from here on, so that two who write it do so
		// one after the other.
		err := s.exec(ctx, tx, `INSERT INTO $schema.item (target, name, size) VALUES ($1, $2, $3)
ON CONFLICT (target, name) DO UPDATE SET size = excluded.size`, s.config.Prefix, name, int64(len(data)))
		if err != nil {
			return err
		}
		return s.replacePieces(ctx, tx, name, data)
	})
}

func (s *Storage) replacePieces(ctx context.Context, tx pgx.Tx, name string, data []byte) error {
	if err := s.exec(ctx, tx, `DELETE FROM $schema.piece WHERE target = $1 AND name = $2`, s.config.Prefix, name); err != nil {
		return err
	}
	for at := 0; at < len(data); at += pieceSize {
		err := s.exec(ctx, tx, `INSERT INTO $schema.piece (target, name, at, data) VALUES ($1, $2, $3, $4)`,
			s.config.Prefix, name, int64(at), data[at:min(at+pieceSize, len(data))])
		if err != nil {
			return err
		}
	}
	return nil
}

// change runs a durable transaction. The server ends it when the client falls
// silent, so that nobody waits for a row it locked.
func (s *Storage) change(ctx context.Context, do func(tx pgx.Tx) error) error {
	var tx pgx.Tx
	err := within(ctx, func(ctx context.Context) (err error) {
		tx, err = s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
		return err
	})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) // nothing after a commit
	err = s.exec(ctx, tx, `SELECT set_config('synchronous_commit', 'on', true), set_config('idle_in_transaction_session_timeout', $1, true)`,
		fmt.Sprint(attemptTimeout.Milliseconds()))
	if err == nil {
		err = do(tx)
	}
	if err == nil {
		err = within(ctx, tx.Commit)
	}
	return err
}

func (s *Storage) exec(ctx context.Context, tx pgx.Tx, statement string, args ...any) error {
	return within(ctx, func(ctx context.Context) error {
		_, err := tx.Exec(ctx, s.sql(statement), args...)
		return err
	})
}

// within bounds one step of a transaction.
func within(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return do(ctx)
}

// Finish does nothing: a log is not read notably faster in larger pieces.
func (s *Storage) Finish(context.Context, string) error { return nil }

// Read reads all pieces in one statement, which sees one state of them.
func (s *Storage) Read(ctx context.Context, name string) ([]byte, error) {
	err := checkName(name)
	var data []byte
	if err == nil {
		err = s.persist(ctx, func(ctx context.Context) error {
			data, err = s.read(ctx, name)
			return err
		})
	}
	return data, s.explain("read "+name, err)
}

func (s *Storage) read(ctx context.Context, name string) ([]byte, error) {
	rows, err := s.pool.Query(ctx, s.sql(`SELECT i.size, p.data FROM $schema.item i LEFT JOIN $schema.piece p USING (target, name)
WHERE i.target = $1 AND i.name = $2 ORDER BY p.at`), s.config.Prefix, name)
	var size int64
	var piece pgtype.DriverBytes // read before the next row comes
	var data []byte
	found := false
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&size, &piece}, func() error {
			if !found {
				data, found = make([]byte, 0, size), true
			}
			data = append(data, piece...)
			return nil
		})
	}
	switch {
	case missing(err) || err == nil && !found:
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case int64(len(data)) != size:
		return nil, fmt.Errorf("%d of its %d bytes are in the database", len(data), size)
	}
	return data, nil
}

// List looks at the rows of logs and files, not at their pieces.
func (s *Storage) List(ctx context.Context, prefix string) ([]backend.Item, error) {
	var items []backend.Item
	err := s.persist(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, s.sql(`SELECT name, size FROM $schema.item WHERE target = $1 AND starts_with(name, $2) ORDER BY name`),
			s.config.Prefix, prefix)
		if err == nil {
			items, err = pgx.AppendRows(items[:0], rows, pgx.RowToStructByPos[backend.Item])
		}
		if missing(err) {
			return nil
		}
		return err
	})
	return items, s.explain("list", err)
}
