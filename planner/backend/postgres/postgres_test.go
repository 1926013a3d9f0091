package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/backendtest"
	"github.com/landfall-directory/landfall/planner/backend/postgres"
	"github.com/landfall-directory/landfall/planner/backend/postgres/postgrestest"
)

func open(t testing.TB, c postgres.Config) *postgres.Storage {
	t.Helper()
	s, err := postgres.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRead(t *testing.T, s backend.Storage, name, want string) {
	t.Helper()
	got, err := s.Read(t.Context(), name)
	must(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Fatalf("%s:\n%s", name, diff)
	}
}

// wantTable compares what a statement returns, one value for each row.
func wantTable(t *testing.T, server *postgrestest.Server, database, sql string, want ...string) {
	t.Helper()
	rows, err := server.Connect(t, database).Query(t.Context(), sql)
	must(t, err)
	var got []string
	for rows.Next() {
		var value string
		must(t, rows.Scan(&value))
		got = append(got, value)
	}
	must(t, rows.Err())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", sql, diff)
	}
}

// TestServer runs the cases that leave the server as it is.
func TestServer(t *testing.T) {
	server := postgrestest.Start(t)
	for _, c := range []struct {
		name string
		run  func(t *testing.T, server *postgrestest.Server)
	}{
		{"storage", testStorage}, {"first users", testFirstUsers}, {"looking makes nothing", testLookingMakesNothing},
		{"apart", testApart}, {"late claim", testLateClaim}, {"large file", testLargeFile},
		{"refused", testRefused}, {"password", testPassword}, {"rights", testRights}, {"cancelled", testCancelled},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, server) })
	}
}

// testStorage: the same cases as every storage, once as most people connect, and
// once as a role whose settings and ways are the most awkward ones.
func testStorage(t *testing.T, server *postgrestest.Server) {
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		backendtest.Run(t, backendtest.Target{TTL: 3 * time.Second, Open: func(t *testing.T) func() backend.Storage {
			config := server.Database(t, t.Name())
			return func() backend.Storage { return open(t, config) }
		}})
	})
	t.Run("awkward", func(t *testing.T) {
		t.Parallel()
		server.Exec(t, "postgres", `CREATE ROLE "we ""run'\ it" LOGIN PASSWORD 'weak';
			ALTER ROLE "we ""run'\ it" SET default_transaction_isolation = 'serializable';
			ALTER ROLE "we ""run'\ it" SET synchronous_commit = off;
			ALTER ROLE "we ""run'\ it" SET search_path = 'nowhere';
			ALTER ROLE "we ""run'\ it" SET DateStyle = 'German'`)
		backendtest.Run(t, backendtest.Target{TTL: 3 * time.Second, Open: func(t *testing.T) func() backend.Storage {
			server.Exec(t, "postgres", `CREATE DATABASE "`+t.Name()+`" OWNER "we ""run'\ it" TEMPLATE template0 ENCODING 'LATIN1'`)
			config := postgres.Config{
				Host: server.Socket, Port: server.Port, Database: t.Name(), User: `we "run'\ it`, Password: "weak",
				Schema: `Odd "Schema'`, Prefix: "target/a_b",
			}
			return func() backend.Storage { return open(t, config) }
		}})
	})
}

// testFirstUsers: many first users make the tables once.
func testFirstUsers(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "first")
	var wg sync.WaitGroup
	for i := range 12 {
		s := open(t, config)
		wg.Go(func() {
			if err := s.Append(t.Context(), fmt.Sprintf("log-%d", i), 0, []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantTable(t, server, "first", "SELECT version::text FROM landfall.version", "1")
	items, err := open(t, config).List(t.Context(), "log-")
	if err != nil || len(items) != 12 {
		t.Errorf("%d logs: %v, %v", len(items), items, err)
	}
}

// testLookingMakesNothing: who only looks leaves an empty database empty.
func testLookingMakesNothing(t *testing.T, server *postgrestest.Server) {
	s := open(t, server.Database(t, "empty"))
	_, err1 := s.Holder(t.Context())
	_, err2 := s.List(t.Context(), "")
	must(t, errors.Join(err1, err2))
	wantTable(t, server, "empty", "SELECT nspname FROM pg_namespace WHERE nspname = 'landfall'")
}

// testApart: targets in one schema, and schemas in one database, know nothing of
// each other.
func testApart(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "apart")
	for _, at := range []struct{ schema, prefix string }{{"", ""}, {"", "b"}, {"s", ""}, {"s", "b"}} {
		config.Schema, config.Prefix = at.schema, at.prefix
		s := open(t, config)
		if items, err := s.List(t.Context(), ""); err != nil || len(items) > 0 {
			t.Errorf("%+v: %v, %v", at, items, err)
		}
		must(t, s.Append(t.Context(), "log", 0, []byte(at.schema+"/"+at.prefix)))
		must(t, s.Write(t.Context(), "file", []byte(at.schema+"+"+at.prefix)))
		lease, err := s.TryAcquire(t.Context(), backend.Holder{Run: "r", TTL: backend.MinTTL})
		must(t, err)
		if lease.Token() != 1 || lease.Previous() != nil {
			t.Errorf("%+v: token %d, previous %v", at, lease.Token(), lease.Previous())
		}
		wantRead(t, s, "log", at.schema+"/"+at.prefix)
		wantRead(t, s, "file", at.schema+"+"+at.prefix)
	}
}

// testLateClaim: somebody deletes the row of the lock, against all advice, so that
// the numbers of leases begin again; who had the lease before still does not.
func testLateClaim(t *testing.T, server *postgrestest.Server) {
	config := server.Database(t, "late")
	before, err := open(t, config).TryAcquire(t.Context(), backend.Holder{Run: "before", TTL: backend.MinTTL})
	must(t, err)
	server.Exec(t, "late", "DELETE FROM landfall.lock")
	after, err := open(t, config).TryAcquire(t.Context(), backend.Holder{Run: "after", TTL: backend.MinTTL})
	must(t, err)
	if before.Token() != after.Token() {
		t.Fatalf("tokens %d and %d: the test tests nothing", before.Token(), after.Token())
	}
	if err := before.Renew(t.Context()); !errors.Is(err, backend.ErrLost) {
		t.Errorf("Renew: %v", err)
	}
	must(t, before.Release(t.Context()))
	must(t, after.Renew(t.Context()))
}

// testLargeFile: a file of many pieces, and one of exactly one.
func testLargeFile(t *testing.T, server *postgrestest.Server) {
	s := open(t, server.Database(t, "large"))
	data := make([]byte, 12<<20+1)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	for _, size := range []int{len(data), 1 << 20, 1<<20 + 1, 1<<20 - 1} {
		must(t, s.Write(t.Context(), "file", data[:size]))
		got, err := s.Read(t.Context(), "file")
		must(t, err)
		if string(got) != string(data[:size]) {
			t.Errorf("%d bytes: others came back", size)
		}
	}
	wantTable(t, server, "large", "SELECT count(*)::text FROM landfall.piece", "1")

	server.Exec(t, "large", "DELETE FROM landfall.piece")
	if data, err := s.Read(t.Context(), "file"); err == nil {
		t.Errorf("a file whose bytes are gone reads as %d bytes", len(data))
	}
}
