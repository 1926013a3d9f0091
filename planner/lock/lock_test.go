package lock_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner/lock"
)

// TestMain lets the test binary be another process that takes a lock and waits.
func TestMain(m *testing.M) {
	if path := os.Getenv("HOLD_LOCK"); path != "" {
		if _, err := lock.Take(context.Background(), path, "the child", time.Minute); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("held\n")
		select {}
	}
	os.Exit(m.Run())
}

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "apply.lock")
	if _, held, err := lock.Show(path); held || err != nil {
		t.Fatalf("nobody has it, and Show says %v, %v", held, err)
	}
	release, err := lock.Take(t.Context(), path, "run 1", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if who, held, err := lock.Show(path); !held || who != "run 1" || err != nil {
		t.Fatalf("Show: %q, %v, %v", who, held, err)
	}
	var taken *lock.Taken
	if _, err := lock.Take(t.Context(), path, "run 2", time.Millisecond); !errors.As(err, &taken) || taken.Holder != "run 1" {
		t.Fatalf("a second holder: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := lock.Take(t.Context(), path, "run 3", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}

// TestKilledHolder: the lock of a process that was killed is free at once.
func TestKilledHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apply.lock")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "HOLD_LOCK="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if who, held, err := lock.Show(path); !held || who != "the child" || err != nil {
		t.Errorf("Show: %q, %v, %v", who, held, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	release, err := lock.Take(t.Context(), path, "after it", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}
