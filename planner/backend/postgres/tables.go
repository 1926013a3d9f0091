package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// layout is the version of the tables. A later version of landfall that changes
// them adds one.
const layout = 1

// createSchema and createTables are also shown to people whose role may not
// execute them; nothing happens when they are executed twice.
//
// Names are compared byte by byte (COLLATE "C"), so that their order does not
// depend on the server and an index survives a new version of its C library.
const (
	createSchema = `CREATE SCHEMA IF NOT EXISTS $schema;
`
	createTables = `CREATE TABLE IF NOT EXISTS $schema.item ( -- a log or a file
  target text COLLATE "C", name text COLLATE "C",
  size bigint NOT NULL,
  PRIMARY KEY (target, name)
);
CREATE TABLE IF NOT EXISTS $schema.piece ( -- of its bytes, from position at
  target text COLLATE "C", name text COLLATE "C", at bigint,
  data bytea NOT NULL,
  PRIMARY KEY (target, name, at)
);
CREATE TABLE IF NOT EXISTS $schema.lock (
  target text COLLATE "C" PRIMARY KEY,
  token bigint NOT NULL,  -- the number of the last lease
  claim bytea NOT NULL,   -- known to its holder alone
  holder bytea NOT NULL,  -- JSON
  expires timestamptz NOT NULL,
  released boolean NOT NULL,
  previous bytea,         -- the holder before, if it did not release
  previous_token bigint
);
CREATE TABLE IF NOT EXISTS $schema.version (version integer NOT NULL);
INSERT INTO $schema.version SELECT $layout WHERE NOT EXISTS (SELECT FROM $schema.version);
`
	grantRights = `GRANT USAGE ON SCHEMA $schema TO $role;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA $schema TO $role;
`
)

// sql puts names into a statement.
func (s *Storage) sql(text string) string {
	return strings.NewReplacer("$schema", s.schema, "$role", pgx.Identifier{s.role}.Sanitize(), "$layout", fmt.Sprint(layout)).Replace(text)
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// look reports whether the tables exist, and refuses those that a newer landfall
// made.
func (s *Storage) look(ctx context.Context, q querier) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	var version int
	err := q.QueryRow(ctx, s.sql(`SELECT version FROM $schema.version`)).Scan(&version)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, err
	case version > layout:
		return false, fmt.Errorf("a newer version of landfall made its tables (layout %d, this one knows %d): use that version", version, layout)
	}
	return true, nil
}

// missing reports whether an error says that there is no such table or schema.
func missing(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == undefinedTable || refused.Code == invalidSchemaName) || errors.Is(err, pgx.ErrNoRows)
}

// prepare makes the tables unless they exist.
func (s *Storage) prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made {
		return nil
	}
	err := s.persist(ctx, s.make)
	s.made = err == nil
	return err
}

// make makes the tables, or waits for another first user who does.
func (s *Storage) make(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('landfall'), hashtext($1))`, s.config.Schema); err != nil {
			return err
		}
		var schema, tables bool
		err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '.version') IS NOT NULL`, s.schema).Scan(&schema, &tables)
		if err != nil {
			return err
		}
		if tables {
			_, err = s.look(ctx, tx)
			return err
		}
		text := createTables
		if !schema { // CREATE SCHEMA asks for a right even where nothing is to be done
			text = createSchema + createTables
		}
		_, err = tx.Exec(ctx, s.sql(text))
		return err
	})
}
