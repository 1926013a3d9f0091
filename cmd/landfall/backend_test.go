package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/backend/azblob/azblobtest"
	"github.com/landfall-directory/landfall/planner/backend/postgres/postgrestest"
	"github.com/landfall-directory/landfall/planner/backend/s3/s3test"
)

// storage is a backend that two machines share in these tests.
type storage struct {
	declare string   // the backend block
	environ []string // its credentials
	expires bool     // the lock of a killed run is free after its lease, not at once
}

// storages are started for a test, each empty.
var storages = map[string]func(t *testing.T) storage{
	"local": func(t *testing.T) storage {
		return storage{declare: `backend "local" { path = "` + filepath.ToSlash(t.TempDir()) + `/records" }`}
	},
	"postgres": func(t *testing.T) storage {
		c := postgrestest.Start(t).Database(t, "landfall")
		return storage{
			declare: fmt.Sprintf("backend %q {\n    host = %q\n    port = %d\n    database = %q\n    user = %q\n    sslmode = %q\n    prefix = %q\n    lease_seconds = 15\n  }",
				"postgres", c.Host, c.Port, c.Database, c.User, c.SSLMode, "corp"),
			environ: []string{"PGPASSWORD=" + c.Password}, expires: true,
		}
	},
	"azblob": func(t *testing.T) storage {
		c := azblobtest.Start(t).Config(t)
		return storage{
			declare: fmt.Sprintf("backend %q {\n    account = %q\n    endpoint = %q\n    container = %q\n    prefix = %q\n    lease_seconds = 15\n  }", "azblob", c.Account, c.Endpoint, c.Container, "corp"),
			environ: []string{"AZURE_STORAGE_KEY=" + c.Environment.Key}, expires: true,
		}
	},
	"s3": func(t *testing.T) storage {
		c := s3test.Start(t).Config(t)
		return storage{
			declare: fmt.Sprintf("backend %q {\n    bucket = %q\n    region = %q\n    endpoint = %q\n    path_style = true\n    prefix = %q\n    lease_seconds = 15\n  }", "s3", c.Bucket, c.Region, c.Endpoint, "corp"),
			environ: s3test.Environ(), expires: true,
		}
	},
}

// eachStorage runs a test on every backend, side by side: most of it is waiting.
func eachStorage(t *testing.T, test func(t *testing.T, s storage)) {
	t.Parallel()
	for name, start := range storages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

// machines are two computers with the same configuration, the same servers and
// the same backend.
func machines(t *testing.T, s storage) (a, b *estate) {
	t.Helper()
	a = newEstate(t, func(config string) string {
		const line = `required_version = ">= 0.1"`
		if !strings.Contains(config, line) {
			t.Fatal("the quickstart has changed")
		}
		return strings.Replace(config, line, line+"\n  "+s.declare, 1)
	})
	a.environ = append(a.environ, s.environ...)
	b = &estate{dir: t.TempDir(), environ: a.environ, conn: a.conn}
	if err := os.CopyFS(b.dir, os.DirFS(a.dir)); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// process is a run of landfall that goes on beside the test.
type process struct {
	cmd   *exec.Cmd
	out   *bytes.Buffer
	ended chan struct{} // closed when it has
}

// status waits for the end and returns the exit status, -1 after a signal.
func (p *process) status() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// startUntil starts landfall and waits until the forest has committed its write
// number at. The answer to that write comes when then has returned.
func (e *estate) startUntil(t *testing.T, at int64, then func(p *process), args ...string) *process {
	t.Helper()
	c, out := e.command(args...)
	p := &process{c, out, make(chan struct{})}
	// A group of its own: the kernel wakes stopped processes of a group that another
	// process leaves as an orphan.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	reached := make(chan struct{})
	e.mu.Lock()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	e.onWrite = func(n int64) {
		if n == at {
			close(reached)
			then(p)
		}
	}
	e.mu.Unlock()
	go func() {
		_ = c.Wait() // its status is asked for
		close(p.ended)
	}()
	t.Cleanup(func() { _ = c.Process.Kill(); <-p.ended }) // it ended, unless the test failed
	select {
	case <-reached:
	case <-p.ended:
		t.Fatalf("landfall %s ended before write %d:\n%s", strings.Join(args, " "), at, out)
	}
	return p
}

func (p *process) signal(t *testing.T, s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// TestTwoAppliesAtOnce: one works, the other one writes nothing and says who does;
// afterwards it sees what was done, from the other machine.
func TestTwoAppliesAtOnce(t *testing.T) {
	eachStorage(t, func(t *testing.T, s storage) {
		a, b := machines(t, s)
		goOn := make(chan struct{})
		first := a.startUntil(t, 2, func(*process) { <-goOn }, "apply", "-auto-approve")
		if out := b.run(t, exitError, "apply", "-auto-approve", "-lock-timeout", "100ms"); !strings.Contains(out, "another apply is at work") || !strings.Contains(out, "Nothing was written") {
			t.Errorf("the second:\n%s", out)
		}
		if out := b.run(t, 0, "lock", "show"); !strings.Contains(out, "Held by run ") {
			t.Errorf("lock show:\n%s", out)
		}
		close(goOn)
		if status := first.status(); status != 0 {
			t.Errorf("the first: status %d\n%s", status, first.out)
		}
		writes := a.writes.Load()
		b.run(t, 0, "plan", "-detailed-exitcode")
		b.run(t, 0, "apply", "-auto-approve")
		if n := a.writes.Load(); n != writes {
			t.Errorf("%d writes of a run with nothing to do", n-writes)
		}
		runs := b.run(t, 0, "runs", "list")
		id := runID.FindString(runs)
		if strings.Count(runs, "6 done") != 1 || id == "" {
			t.Fatalf("runs list:\n%s", runs)
		}
		if out := b.run(t, 0, "lock", "show"); !strings.Contains(out, "Nobody") {
			t.Errorf("lock show:\n%s", out)
		}
		// Journals and snapshots are where the lock is: the other machine has them.
		a.run(t, 0, "snapshot", "backend:now.zst")
		b.run(t, 0, "plan", "-snapshot", "backend:now.zst", "-detailed-exitcode")
		b.run(t, 0, "revert", id, "-out", "back.json", "-accept", "guard.deletes=4")
		b.run(t, 0, "apply", "back.json")
		if left := strings.Join(b.everything(t), "\n"); strings.Contains(left, "CN=") {
			t.Errorf("after taking the run back: %q", left)
		}
	})
}

var runID = regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{6}`)

// TestHolderIsKilled: the lock of a run that was killed is free by itself, and the
// next run finishes the work.
func TestHolderIsKilled(t *testing.T) {
	eachStorage(t, func(t *testing.T, s storage) {
		whole := newEstate(t, unchanged)
		whole.run(t, 0, "apply", "-auto-approve")
		a, b := machines(t, s)
		gone := a.startUntil(t, 3, func(p *process) { p.signal(t, os.Kill) }, "apply", "-auto-approve")
		gone.status() // it was killed
		out := b.run(t, 0, "apply", "-auto-approve", "-lock-timeout", "120s")
		if s.expires != strings.Contains(out, "did not give its lock back") {
			t.Errorf("the next run:\n%s", out)
		}
		if diff := cmp.Diff(whole.everything(t), b.everything(t)); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
		b.run(t, 0, "plan", "-detailed-exitcode")
		want := "did not end"
		if s.expires {
			want = "lost its lock"
		}
		if out := b.run(t, 0, "runs", "list"); strings.Count(out, want) != 1 {
			t.Errorf("runs list:\n%s", out)
		}
	})
}

// TestHolderWakesUpLate: a run that slept longer than its lease, while another one
// had it, writes nothing more, although there is much that it could still write.
func TestHolderWakesUpLate(t *testing.T) {
	eachStorage(t, func(t *testing.T, s storage) {
		if !s.expires {
			t.Skip("the operating system keeps the lock as long as the process is there")
		}
		a, b := machines(t, s)
		asleep := a.startUntil(t, 1, func(p *process) { p.signal(t, syscall.SIGSTOP) }, "apply", "-auto-approve", "-parallelism", "1")
		out := b.run(t, 0, "apply", "-auto-approve", "-lock-timeout", "120s", "-only", `ou_mapping.cloud_groups["OU=Security*`)
		if !strings.Contains(out, "did not give its lock back") {
			t.Errorf("the next run:\n%s", out)
		}
		writes := a.writes.Load()
		b.run(t, 2, "plan", "-detailed-exitcode") // there is something left
		asleep.signal(t, syscall.SIGCONT)
		if status := asleep.status(); status != exitIncomplete || !strings.Contains(asleep.out.String(), "lock is not held any more") {
			t.Errorf("it woke up, status %d:\n%s", status, asleep.out)
		}
		if n := a.writes.Load(); n != writes {
			t.Errorf("it wrote %d times after it had lost its lock:\n%s", n-writes, asleep.out)
		}
		if out := b.run(t, 0, "runs", "list"); strings.Count(out, "lost its lock") != 1 {
			t.Errorf("runs list:\n%s", out)
		}
		b.run(t, 0, "apply", "-auto-approve")
		b.run(t, 0, "plan", "-detailed-exitcode")
	})
}
