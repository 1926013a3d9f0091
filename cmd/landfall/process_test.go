package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
)

// The acceptance cases about the process, by their numbers in docs/acceptance.md.

// The program is killed after each of its writes, before it hears that the write
// was done. Run again, it comes to the very result of a run that nobody killed:
// no group is there twice, none is left half made.
func TestCase42_KilledAtEveryWrite(t *testing.T) {
	whole := newEstate(t, unchanged)
	whole.run(t, 0, "apply", "-auto-approve")
	want, writes := whole.everything(t), whole.writes.Load()
	if writes < 8 {
		t.Fatalf("%d writes; the quickstart has become too small for this test", writes)
	}
	for at := int64(1); at <= writes; at++ {
		e := newEstate(t, unchanged)
		if out := e.killedAt(t, at, "apply", "-auto-approve", "-parallelism", "1"); out != "" {
			t.Fatalf("write %d: not killed:\n%s", at, out)
		}
		e.run(t, 0, "apply", "-auto-approve")
		e.run(t, 0, "plan", "-detailed-exitcode")
		if diff := cmp.Diff(want, e.everything(t)); diff != "" {
			t.Errorf("killed after write %d (-want +got):\n%s", at, diff)
		}
	}
}

// In staging mode everything is read and planned, and nothing is written.
func TestCase36_StagingMode(t *testing.T) {
	e := newEstate(t, func(config string) string {
		return strings.Replace(config, "settings {", "settings {\n  staging_mode = true", 1)
	})
	e.run(t, 2, "plan", "-detailed-exitcode", "-out", "plan.json")
	for _, args := range [][]string{{"apply", "-auto-approve"}, {"apply", "plan.json"}} {
		if out := e.run(t, 6, args...); !strings.Contains(out, "staging_mode") {
			t.Errorf("%v: %s", args, out)
		}
	}
	if n := e.writes.Load(); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// One of the groups cannot be made, because somebody takes its name while the
// plan is carried out. All others are written; the next run has that one left.
func TestCase38_OneOfManyFails(t *testing.T) {
	e := newEstate(t, unchanged)
	const taken = "CN=AZ SG01_3b3a3be0b2d7,OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com"
	contact := ldap.NewAddRequest(taken, nil)
	contact.Attribute("objectClass", []string{"contact"})
	var trying, done atomic.Bool
	e.mu.Lock()
	e.onWrite = func(int64) { // it succeeds as soon as its OU is there
		if !done.Load() && trying.CompareAndSwap(false, true) {
			done.Store(e.conn.Add(contact) == nil)
			trying.Store(false)
		}
	}
	e.mu.Unlock()
	if out := e.run(t, 5, "apply", "-auto-approve", "-parallelism", "1"); !done.Load() || !strings.Contains(out, "AZ SG01") {
		t.Errorf("what failed:\n%s", out)
	}
	if err := e.conn.Del(ldap.NewDelRequest(taken, nil)); err != nil {
		t.Fatal(err)
	}
	if out := e.run(t, 2, "plan", "-detailed-exitcode"); !strings.Contains(out, "Plan: 1 to create") {
		t.Errorf("what is left:\n%s", out)
	}
	e.run(t, 0, "apply", "-auto-approve")
	e.run(t, 0, "plan", "-detailed-exitcode")
	whole := newEstate(t, unchanged)
	whole.run(t, 0, "apply", "-auto-approve")
	if diff := cmp.Diff(whole.everything(t), e.everything(t)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

// A value that comes back other than it was written is reported and no success,
// and the next run writes it again; then all is quiet.
func TestCase37_ExportedChangeNotReimported(t *testing.T) {
	e := newEstate(t, unchanged)
	const group = "CN=AZ SG01_3b3a3be0b2d7,OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com"
	other := ldap.NewModifyRequest(group, nil)
	other.Replace("description", []string{"another program's"})
	var trying, done atomic.Bool
	e.mu.Lock()
	e.onWrite = func(int64) {
		if !done.Load() && trying.CompareAndSwap(false, true) {
			done.Store(e.conn.Modify(other) == nil)
			trying.Store(false)
		}
	}
	e.mu.Unlock()
	if out := e.run(t, 5, "apply", "-auto-approve", "-parallelism", "1"); !done.Load() || !strings.Contains(out, "NOT CONFIRMED (1)") {
		t.Errorf("not reported:\n%s", out)
	}
	if out := e.run(t, 2, "plan", "-detailed-exitcode"); !strings.Contains(out, "another program's") || !strings.Contains(out, "1 to update") {
		t.Errorf("not written again:\n%s", out)
	}
	e.run(t, 0, "apply", "-auto-approve")
	e.run(t, 0, "plan", "-detailed-exitcode")
}

// Each plan applies every rule to everything that it knows, so a changed rule
// needs no full synchronisation that somebody has to think of.
func TestCase40_ChangedRule(t *testing.T) {
	e := newEstate(t, unchanged)
	e.run(t, 0, "apply", "-auto-approve")
	e.run(t, 0, "plan", "-detailed-exitcode")
	rule := filepath.Join(e.dir, "rule.hcl")
	if err := os.WriteFile(rule, []byte(`
sync_rule "note" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 50
  flow "info" {
    value = "by a rule"
  }
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := e.run(t, 2, "plan", "-detailed-exitcode"); !strings.Contains(out, "4 to update") {
		t.Errorf("every group:\n%s", out)
	}
	e.run(t, 0, "apply", "-auto-approve")
	e.run(t, 0, "plan", "-detailed-exitcode")
}
