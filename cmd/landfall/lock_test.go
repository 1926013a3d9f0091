package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"os"

	"github.com/landfall-directory/landfall/planner/lock"
)

// TestTwoAppliesDoNotInterleave: the second one says who is at work, and writes
// nothing.
func TestTwoAppliesDoNotInterleave(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	release, err := lock.Take(t.Context(), filepath.Join(dir, lockFile), "run 1 by somebody", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	landfall(t, dir, exitError, "apply", "-auto-approve", "-lock-timeout", "10ms")
	if out := landfall(t, dir, 0, "lock", "show"); !strings.Contains(out, "run 1 by somebody") {
		t.Errorf("lock show: %s", out)
	}
	landfall(t, dir, exitChanges, "plan", "-detailed-exitcode")
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if out := landfall(t, dir, 0, "lock", "show"); !strings.Contains(out, "Nobody") {
		t.Errorf("lock show: %s", out)
	}
	landfall(t, dir, 0, "apply", "-auto-approve")
	landfall(t, dir, 0, "plan", "-detailed-exitcode")
}
