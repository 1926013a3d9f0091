// Package postgrestest runs a real PostgreSQL server for tests: an empty cluster
// of its own in a temporary folder, on a free port of 127.0.0.1 and on a Unix
// socket, with passwords and TLS.
//
// It does not force anything to the disk (fsync = off), so it says nothing about a
// machine that loses power; a killed server process is recovered from as always.
//
// The server ends with the test that started it. When the test process is killed,
// the kernel ends the server, and the folder stays in the temporary folder.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/landfall-directory/landfall/planner/backend/postgres"
)

// Package is the Debian package that the tests need. The script .ci/install
// installs it.
const Package = "postgresql"

// RequireVariable names the environment variable that, set to 1, makes a test fail
// where it would otherwise be skipped because there is no server to test with.
const RequireVariable = "LANDFALL_REQUIRE_BACKENDS"

// The role that may do everything.
const (
	User     = "admin"
	Password = "correct horse ' \\ battery"
)

// recoverTimeout is how long the recovery from a crash may take.
const recoverTimeout = 60 * time.Second

// errUnavailable marks reasons that lie in the machine and not in the test.
var errUnavailable = errors.New("no PostgreSQL on this machine")

// Server is a running server.
type Server struct {
	Host   string // an address of this machine
	Port   int
	Socket string // the folder of its Unix socket
	CAFile string // the authority of its certificate, which is for localhost and 127.0.0.1

	folder  string
	bin     string
	process *process
}

// Start runs a server until the test ends. Without PostgreSQL the test is skipped,
// or fails if RequireVariable is set.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if errors.Is(err, errUnavailable) && os.Getenv(RequireVariable) != "1" {
		t.Skipf("%v; .ci/install installs the package %s", err, Package)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// Database makes a new, empty database and says how to open it, over TCP without
// TLS and as the role that may do everything.
func (s *Server) Database(t testing.TB, name string) postgres.Config {
	t.Helper()
	s.Exec(t, "postgres", "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE template0 ENCODING 'UTF8'")
	return s.Config(name)
}

// Config says how to open a database that exists.
func (s *Server) Config(database string) postgres.Config {
	return postgres.Config{Host: s.Host, Port: s.Port, Database: database, User: User, Password: Password, SSLMode: "disable"}
}

// Exec executes SQL in a database as the role that may do everything.
func (s *Server) Exec(t testing.TB, database, sql string) {
	t.Helper()
	conn := s.Connect(t, database)
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Connect is a connection for questions to the server, closed when the test ends.
func (s *Server) Connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), s.settings(t, database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // a second time for some
	return conn
}

func (s *Server) settings(t testing.TB, database string) *pgx.ConnConfig {
	t.Helper()
	c, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d user=%s sslmode=disable", s.Host, s.Port, User))
	if err != nil {
		t.Fatal(err)
	}
	c.Database, c.Password = database, Password
	return c
}

// Stop ends the server as an administrator would: it closes the connections.
func (s *Server) Stop() { s.process.stop() }

// Kill ends the server and all its processes without any chance to write what they
// have in memory, as a crash does.
func (s *Server) Kill() { s.process.kill() }

// Resume starts a server that was stopped or killed on the same port.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Standby runs a read-only copy of a server that was stopped, until the test ends,
// with another address and the same port.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	standby, err := s.standby()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.end)
	return standby
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) end() {
	s.process.kill() // what it would write is removed at once
	_ = os.RemoveAll(s.folder)
}

// Recovered waits until the server takes connections again after one of its
// processes was killed.
func (s *Server) Recovered(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(recoverTimeout)
	for {
		conn, err := pgx.ConnectConfig(t.Context(), s.settings(t, "postgres"))
		if err == nil {
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
