package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/local"
)

// TestTwoAppliesDoNotInterleave: the second one says who is at work, and writes
// nothing.
func TestTwoAppliesDoNotInterleave(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	s := local.Open(filepath.Join(dir, ".landfall"))
	held, err := backend.Hold(t.Context(), s, backend.Holder{Run: "run-1", Who: "somebody"}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	landfall(t, dir, exitError, "apply", "-auto-approve", "-lock-timeout", "10ms")
	if out := landfall(t, dir, 0, "lock", "show"); !strings.Contains(out, "run run-1 by somebody") {
		t.Errorf("lock show: %s", out)
	}
	landfall(t, dir, exitChanges, "plan", "-detailed-exitcode")
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out := landfall(t, dir, 0, "lock", "show"); !strings.Contains(out, "Nobody") {
		t.Errorf("lock show: %s", out)
	}
	landfall(t, dir, 0, "apply", "-auto-approve")
	landfall(t, dir, 0, "plan", "-detailed-exitcode")
}
