package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/postgres"
	"github.com/landfall-directory/landfall/planner/backend/postgres/postgrestest"
)

// TestDurable: what was appended, written and acquired is there after the server
// crashed, even if the role's settings allow the server to lose it.
func TestDurable(t *testing.T) {
	server := postgrestest.Start(t)
	server.Exec(t, "postgres", "CREATE ROLE careless LOGIN PASSWORD 'weak'; ALTER ROLE careless SET synchronous_commit = off")
	server.Exec(t, "postgres", "CREATE DATABASE durable OWNER careless")
	config := server.Config("durable")
	config.User, config.Password = "careless", "weak"
	s := open(t, config)
	must(t, s.Append(t.Context(), "made", 0, []byte("tables\n")))
	crash := func() {
		server.Kill()
		server.Resume(t)
	}
	crash()

	// Each is the last that happens before a crash.
	want := ""
	for i, at := range []int64{0, 7} {
		line := fmt.Sprintf("line %d\n", i)
		must(t, s.Append(t.Context(), "log", at, []byte(line)))
		crash()
		want += line
		wantRead(t, s, "log", want)
	}
	must(t, s.Write(t.Context(), "file", []byte("content")))
	crash()
	wantRead(t, s, "file", "content")
	lease, err := s.TryAcquire(t.Context(), backend.Holder{Run: "r", TTL: time.Hour})
	must(t, err)
	crash()
	if h, err := s.Holder(t.Context()); err != nil || h == nil || h.Run != "r" {
		t.Errorf("Holder after the crash: %v, %v", h, err)
	}
	must(t, lease.Renew(t.Context()))
	must(t, lease.Release(t.Context()))
	crash()
	if h, err := s.Holder(t.Context()); err != nil || h != nil {
		t.Errorf("Holder after the release and a crash: %v, %v", h, err)
	}

	// A commit that the server may lose is lost, or the test would show nothing.
	conn := server.Connect(t, "durable")
	if _, err := conn.Exec(t.Context(), `SET synchronous_commit = off; UPDATE landfall.version SET version = 7`); err != nil {
		t.Fatal(err)
	}
	crash()
	wantTable(t, server, "durable", "SELECT version::text FROM landfall.version", "1")
}

// TestLostAnswer: the server does what it is asked for and the answer never
// arrives. What happened counts, once.
func TestLostAnswer(t *testing.T) {
	server := postgrestest.Start(t)
	config := server.Database(t, "lost")
	line := newLine(t, server.Port)
	config.Port = line.port
	ctx, s := t.Context(), open(t, config)

	must(t, s.Append(ctx, "log", 0, []byte("0\n"))) // the statements are known from here on
	must(t, s.Append(ctx, "log", 2, []byte("1\n")))
	line.loseAnswer(func() {})
	must(t, s.Append(ctx, "log", 4, []byte("2\n")))
	line.wantLost(t)
	wantRead(t, s, "log", "0\n1\n2\n")
	line.loseAnswer(func() {})
	if err := s.Append(ctx, "log", 2, []byte("1\n")); !errors.Is(err, backend.ErrMoved) { // somebody went on after them
		t.Errorf("append in the middle: %v", err)
	}
	line.wantLost(t)

	gone, err := s.TryAcquire(ctx, backend.Holder{Run: "gone", TTL: time.Millisecond})
	must(t, err)
	time.Sleep(10 * time.Millisecond) // by the clock of the server
	line.loseAnswer(func() {})
	lease, err := s.TryAcquire(ctx, backend.Holder{Run: "r", TTL: time.Hour})
	must(t, err)
	line.wantLost(t)
	if p := lease.Previous(); p == nil || p.Run != "gone" || p.Token != gone.Token() || lease.Token() <= gone.Token() {
		t.Errorf("previous: %v; tokens %d, %d", p, gone.Token(), lease.Token())
	}
	must(t, lease.Renew(ctx))
	line.loseAnswer(func() {})
	must(t, lease.Renew(ctx))
	line.wantLost(t)
	must(t, lease.Release(ctx))
	if h, err := s.Holder(ctx); h != nil || err != nil {
		t.Errorf("Holder: %v, %v", h, err)
	}

	// Who gives up waiting for the answer gives back what it may have got.
	lease, err = s.TryAcquire(ctx, backend.Holder{Run: "known", TTL: time.Hour}) // on the new connection
	must(t, err)
	must(t, lease.Release(ctx))
	ctx, cancel := context.WithCancel(ctx)
	line.loseAnswer(cancel)
	if _, err := s.TryAcquire(ctx, backend.Holder{Run: "given up", TTL: time.Hour}); !errors.Is(ctx.Err(), context.Canceled) || err == nil {
		t.Errorf("TryAcquire: %v", err)
	}
	line.wantLost(t)
	next, err := s.TryAcquire(t.Context(), backend.Holder{Run: "next", TTL: time.Hour})
	must(t, err)
	if next.Previous() != nil || next.Token() != lease.Token()+2 {
		t.Errorf("previous: %v, tokens %d, %d", next.Previous(), lease.Token(), next.Token())
	}
}

// TestBrokenLines: two writers whose connections break again and again, at any
// byte in either direction, append to one log. Every line that a writer knows to be
// in the log is there, once; and no other.
func TestBrokenLines(t *testing.T) {
	server := postgrestest.Start(t)
	config := server.Database(t, "broken")
	line := newLine(t, server.Port)
	config.Port = line.port
	a, b := open(t, config), open(t, config)
	must(t, a.Append(t.Context(), "log", 0, []byte("start\n")))
	line.breakAfter(6000) // a connection costs 2000 bytes, an append 1000
	server.Exec(t, "postgres", endAll)
	config.Port = server.Port
	whole := open(t, config)
	wantLines(t, whole, rivals(t, 40, whole, a, b))
	if broken := line.broken(); broken < 10 {
		t.Errorf("only %d connections broke", broken)
	}
	t.Logf("%d connections broke", line.broken())
}

// rivals append to the log "log", which has its first line, that many lines each.
// Whoever is told that the other was faster looks whether its line got in before,
// and the answer was lost. They return the lines that are in the log as far as
// they know.
func rivals(t *testing.T, lines int, look *postgres.Storage, clients ...*postgres.Storage) (told []string) {
	var mu sync.Mutex
	told = []string{"start"}
	var wg sync.WaitGroup
	for i, s := range clients {
		wg.Go(func() {
			at := int64(len("start\n"))
			for n := 0; n < lines; {
				text := fmt.Sprintf("writer %d line %d %x", i, n, rand.Uint64())
				err := s.Append(t.Context(), "log", at, []byte(text+"\n"))
				at += int64(len(text) + 1)
				in := err == nil
				if errors.Is(err, backend.ErrMoved) {
					var all []byte
					all, err = look.Read(t.Context(), "log")
					in, at = strings.Contains(string(all), text), int64(len(all))
				}
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				if in {
					mu.Lock()
					told = append(told, text)
					mu.Unlock()
					n++
				}
			}
		})
	}
	wg.Wait()
	return told
}

// wantLines demands that a log consists of these lines, in any order.
func wantLines(t *testing.T, s *postgres.Storage, told []string) {
	t.Helper()
	all, err := s.Read(t.Context(), "log")
	must(t, err)
	got := strings.Split(strings.TrimSuffix(string(all), "\n"), "\n")
	slices.Sort(got)
	slices.Sort(told)
	if !slices.Equal(got, told) {
		t.Errorf("the log has %d lines, and the writers know of %d", len(got), len(told))
	}
}

// TestKilledServer: processes of the server are killed while two writers append,
// which makes it throw all connections away and recover; then it is restarted.
func TestKilledServer(t *testing.T) {
	server := postgrestest.Start(t)
	config := server.Database(t, "killed")
	a, b := open(t, config), open(t, config)
	must(t, a.Append(t.Context(), "log", 0, []byte("start\n")))
	done := make(chan []string)
	go func() { done <- rivals(t, 400, a, a, b) }()
	for round := 0; ; round++ {
		select {
		case told := <-done:
			wantLines(t, a, told)
			if round < 4 {
				t.Errorf("only %d interruptions", round)
			}
			return
		case <-time.After(time.Duration(20+rand.IntN(80)) * time.Millisecond):
		}
		switch round % 4 {
		case 0, 1:
			server.Exec(t, "postgres", endAll)
		case 2:
			killBackend(t, server)
		case 3:
			server.Stop()
			server.Resume(t)
		}
	}
}

// endAll ends the connections of all clients.
const endAll = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'landfall'"

// killBackend kills one process of the server that works for us, as the kernel
// does when memory runs out.
func killBackend(t *testing.T, server *postgrestest.Server) {
	t.Helper()
	conn := server.Connect(t, "postgres")
	var pid int
	err := conn.QueryRow(t.Context(), "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE application_name = 'landfall'").Scan(&pid)
	if err != nil || pid == 0 {
		return // they are all on their way back
	}
	p, err := os.FindProcess(pid)
	must(t, err)
	_ = p.Kill() // it may have ended
	server.Recovered(t)
}
