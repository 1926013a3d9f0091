// Package postgres keeps leases, journals and snapshots in a PostgreSQL database.
//
// One schema holds everything (tables.go); the column target keeps several targets
// in one schema apart. Every change is one statement that commits by itself, or a
// short transaction: the server decides who was first, by its own clock, and a
// client that vanishes leaves nothing locked. A commit is durable when the server
// says so, even if the role's settings say otherwise; with an asynchronous replica
// a failover still loses what the replica had not received, which synchronous
// replication prevents.
package postgres

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/landfall-directory/landfall/planner/backend"
)

// The limits of waiting. A server that is away for longer than the longest lease
// cannot save the run anyway.
const (
	connectTimeout = 10 * time.Second
	attemptTimeout = 30 * time.Second // for one statement
	outage         = backend.MaxTTL   // how long an established storage may be away
)

// Storage is one target in a database.
type Storage struct {
	pool   *pgxpool.Pool
	config Config // with defaults filled in
	role   string
	schema string // quoted

	mu   sync.Mutex
	made bool // the tables exist
}

var _ backend.Storage = (*Storage)(nil)

// Open connects. The tables are made when something is written first, so that who
// only looks needs no right to make them.
func Open(ctx context.Context, c Config) (*Storage, error) {
	c = c.withDefaults()
	settings, err := c.pool()
	if err != nil {
		return nil, err
	}
	settings.AfterConnect = noticeLostClients
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, err
	}
	s := &Storage{pool: pool, config: c, role: settings.ConnConfig.User, schema: pgx.Identifier{c.Schema}.Sanitize()}
	s.made, err = s.look(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, s.explain("open", err)
	}
	return s, nil
}

// Where is the database, without the role.
func (s *Storage) Where() string {
	c := s.config
	return fmt.Sprintf("PostgreSQL database %s on %s (schema %s, prefix %s)", c.Database, c.address(), c.Schema, c.Prefix)
}

// Close ends the connections.
func (s *Storage) Close() error {
	s.pool.Close()
	return nil
}

// noticeLostClients makes the server notice within half a minute that this
// machine vanished in the middle of a request, whose locks would block others.
func noticeLostClients(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('tcp_keepalives_idle', '10', false),
		set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '4', false)`)
	return err
}

// dialer notices the same about the server.
func dialer() *net.Dialer {
	return &net.Dialer{Timeout: connectTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4,
	}}
}

func checkName(name string) error {
	if !backend.ValidName(name) {
		return fmt.Errorf("%q is no name of a log or file", name)
	}
	return nil
}
