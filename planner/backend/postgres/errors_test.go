package postgres_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/postgres"
	"github.com/landfall-directory/landfall/planner/backend/postgres/postgrestest"
)

// wantError demands an error that says all of that, and no password.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is missing in:\n%v", text, err)
		}
	}
	if strings.Contains(err.Error(), postgrestest.Password) || strings.Contains(err.Error(), "horse") {
		t.Errorf("a password is in:\n%v", err)
	}
}

// TestSettings: what is refused before anything is sent.
func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		config postgres.Config
		want   string
	}{
		"no host":       {postgres.Config{Database: "d"}, "no host"},
		"no database":   {postgres.Config{Host: "db.example.com"}, "no database"},
		"no TLS":        {postgres.Config{Host: "db.example.com", Database: "d", SSLMode: "disable"}, "this machine only"},
		"perhaps TLS":   {postgres.Config{Host: "db.example.com", Database: "d", SSLMode: "prefer"}, "this machine only"},
		"one of two":    {postgres.Config{Host: "localhost,10.0.0.1", Database: "d", SSLMode: "allow"}, `"10.0.0.1"`},
		"looks local":   {postgres.Config{Host: "localhost.example.com", Database: "d", SSLMode: "disable"}, "this machine only"},
		"mode":          {postgres.Config{Host: "localhost", Database: "d", SSLMode: "verify_full"}, "verify-full"},
		"port":          {postgres.Config{Host: "localhost", Database: "d", Port: 70000}, "between 1 and 65535"},
		"schema":        {postgres.Config{Host: "localhost", Database: "d", Schema: strings.Repeat("s", 64)}, "63 bytes"},
		"prefix":        {postgres.Config{Host: "localhost", Database: "d", Prefix: "../x"}, "letters, digits"},
		"no authority":  {postgres.Config{Host: "localhost", Database: "d", CAFile: "/nonexistent/ca.crt"}, "/nonexistent/ca.crt"},
		"NUL":           {postgres.Config{Host: "localhost", Database: "d\x00", SSLMode: "disable"}, "NUL"},
		"another key":   {postgres.Config{Host: "localhost", Database: `d' service='x`, SSLMode: "disable"}, "reach"},
		"another key 2": {postgres.Config{Host: "localhost", Database: `d\' service=\'x`, SSLMode: "disable"}, "reach"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.config.Port == 0 {
				c.config.Port = closedPort(t)
			}
			c.config.Password = postgrestest.Password
			_, err := postgres.Open(t.Context(), c.config)
			wantError(t, err, c.want)
		})
	}
}

// closedPort is a port on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// testRefused: what the server does not let happen, with what to do about it.
func testRefused(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "refused")
	with := func(change func(c *postgres.Config)) postgres.Config {
		c := config
		change(&c)
		return c
	}
	server.Exec(t, "postgres", "CREATE ROLE nologin PASSWORD 'weak'; CREATE ROLE crowded LOGIN PASSWORD 'weak' CONNECTION LIMIT 0")
	for name, c := range map[string]struct {
		config postgres.Config
		want   []string
	}{
		"wrong password": {with(func(c *postgres.Config) { c.Password = "wrong horse" }),
			[]string{"refused", `role "admin"`, "PGPASSWORD", "PGPASSFILE"}},
		"no such role": {with(func(c *postgres.Config) { c.User = "nobody" }), []string{`role "nobody"`, "PGPASSWORD"}},
		"no login":     {with(func(c *postgres.Config) { c.User, c.Password = "nologin", "weak" }), []string{`role "nologin"`, "may log in"}},
		"crowded":      {with(func(c *postgres.Config) { c.User, c.Password = "crowded", "weak" }), []string{"the role's limit"}},
		"no database":  {with(func(c *postgres.Config) { c.Database = "nothing" }), []string{`"nothing"`, "createdb"}},
		"nobody there": {with(func(c *postgres.Config) { c.Port = closedPort(t) }), []string{"connection refused", "Check host and port"}},
		"no socket":    {with(func(c *postgres.Config) { c.Host = t.TempDir() }), []string{".s.PGSQL.", "cannot be reached"}},
		"unknown host": {with(func(c *postgres.Config) { c.Host, c.SSLMode = "nowhere.invalid", "" }), []string{"nowhere.invalid", "cannot be reached"}},
		"authority":    {with(func(c *postgres.Config) { c.SSLMode = "" }), []string{"certificate", "ca_file", "PGSSLROOTCERT"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), c.config)
			wantError(t, err, append(c.want, "schema landfall, prefix default")...)
			if errors.Is(err, fs.ErrNotExist) { // which says that a log does not exist
				t.Error("the error is fs.ErrNotExist")
			}
		})
	}
	verified := open(t, with(func(c *postgres.Config) { c.SSLMode, c.CAFile = "", server.CAFile }))
	must(t, verified.Append(t.Context(), "log", 0, []byte("over TLS")))

	server.Exec(t, "refused", "UPDATE landfall.version SET version = 2")
	_, err := postgres.Open(t.Context(), config)
	wantError(t, err, "newer version of landfall", "layout 2")
}

// testPassword: without one in the configuration, the environment has it, as with
// every client of PostgreSQL.
func testPassword(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "password")
	config.Password = ""
	t.Setenv("PGHOST", "nowhere.invalid") // which storage it is comes from the configuration alone
	t.Setenv("PGPORT", "1")
	t.Setenv("PGDATABASE", "nothing")
	t.Setenv("PGSSLMODE", "verify-full")
	t.Setenv("PGTARGETSESSIONATTRS", "standby")
	t.Setenv("PGPASSWORD", "wrong")
	_, err := postgres.Open(t.Context(), config)
	wantError(t, err, "PGPASSWORD")
	t.Setenv("PGPASSWORD", postgrestest.Password)
	open(t, config)
}

// testRights: a role without rights is told what somebody else has to execute, and
// that is enough.
func testRights(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "rights")
	server.Exec(t, "postgres", `CREATE ROLE "the-runner" LOGIN PASSWORD 'weak'`)
	config.User, config.Password = "the-runner", "weak"
	s := open(t, config)
	if h, err := s.Holder(t.Context()); h != nil || err != nil { // looking at nothing needs no right
		t.Errorf("Holder: %v, %v", h, err)
	}
	err := s.Append(t.Context(), "log", 0, []byte("x"))
	wantError(t, err, "append to log", `Role "the-runner" lacks a right`, `database "rights"`, "permission denied")
	_, sql, found := strings.Cut(err.Error(), ":\nCREATE SCHEMA")
	if !found {
		t.Fatalf("no SQL in:\n%v", err)
	}
	sql = "CREATE SCHEMA" + sql
	_, grants, _ := strings.Cut(sql, "\nGRANT")

	server.Exec(t, "rights", strings.TrimSuffix(sql, "GRANT"+grants))
	wantError(t, s.Append(t.Context(), "log", 0, []byte("x")), "lacks a right", "GRANT")
	_, err = s.Read(t.Context(), "log")
	wantError(t, err, "read log", "lacks a right")
	_, err = s.TryAcquire(t.Context(), backend.Holder{Run: "r", TTL: backend.MinTTL})
	wantError(t, err, "take the lock", "lacks a right")
	_, err = postgres.Open(t.Context(), config)
	wantError(t, err, "lacks a right")

	server.Exec(t, "rights", sql)
	server.Exec(t, "rights", sql) // twice
	must(t, s.Append(t.Context(), "log", 0, []byte("x")))
	wantRead(t, open(t, config), "log", "x")
	lease, err := s.TryAcquire(t.Context(), backend.Holder{Run: "r", TTL: backend.MinTTL})
	must(t, err)
	must(t, errors.Join(lease.Renew(t.Context()), lease.Release(t.Context())))
	must(t, s.Write(t.Context(), "file", []byte("x")))
}

// TestReplica: a replica is refused with its reason; of several servers the one
// that can be written is found.
func TestReplica(t *testing.T) {
	server := postgrestest.Start(t)
	config := server.Database(t, "replicated")
	must(t, open(t, config).Append(t.Context(), "log", 0, []byte("x")))
	server.Stop()
	standby := server.Standby(t)
	server.Resume(t)

	replica := standby.Config("replicated")
	_, err := postgres.Open(t.Context(), replica)
	wantError(t, err, "read-only replica", "Name the primary")
	wantTable(t, standby, "replicated", "SELECT convert_from(data, 'UTF8') FROM landfall.piece", "x") // it is one that works

	both := config
	both.Host = standby.Host + "," + server.Host
	s := open(t, both)
	must(t, s.Append(t.Context(), "log", 1, []byte("y")))
	wantTable(t, server, "replicated", "SELECT convert_from(data, 'UTF8') FROM landfall.piece ORDER BY at", "x", "y")
}

// testCancelled: a request that is given up in the middle ends at once, and its
// lease is given back.
func testCancelled(t *testing.T, server *postgrestest.Server) {
	s := open(t, server.Database(t, "cancelled"))
	lease, err := s.TryAcquire(t.Context(), backend.Holder{Run: "before", TTL: backend.MinTTL})
	must(t, err)
	must(t, lease.Release(t.Context()))

	// Somebody has the row, so that the request waits on the server.
	blocker, err := server.Connect(t, "cancelled").Begin(t.Context())
	must(t, err)
	if _, err := blocker.Exec(t.Context(), "SELECT * FROM landfall.lock FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		lease, err := s.TryAcquire(ctx, backend.Holder{Run: "given up", TTL: backend.MinTTL})
		if err == nil { // the row was free before the server heard that nobody waits any more
			err = errors.Join(context.Canceled, lease.Release(context.Background()))
		}
		failed <- err
	}()
	waits := server.Connect(t, "cancelled")
	for waiting := 0; waiting == 0; {
		must(t, waits.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").Scan(&waiting))
	}
	cancel()
	// What gives the lease back waits for the row, too, so the row is needed now.
	must(t, blocker.Rollback(t.Context()))
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("TryAcquire: %v", err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		next, err := s.TryAcquire(t.Context(), backend.Holder{Run: "next", TTL: backend.MinTTL})
		if err == nil {
			if next.Previous() != nil {
				t.Errorf("previous: %v", next.Previous())
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
