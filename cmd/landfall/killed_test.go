package main

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

// allKinds is a crossing of more than 300 operations.
var allKinds = size{people: 30, added: 12, changed: 57, restored: 12, deleted: 12, stated: 12}

// crowds is a crossing whose operations take several requests each.
var crowds = size{people: 2300, crowds: true}

// The program is killed at every boundary between two operations: it has sent one
// and has not heard of it. Run again, it goes on, to be killed at the next one. In
// the end everything is as after a run that nobody killed; and after each kill the
// journal held everything that was sent, and called done only what was.
func TestKilledAtEveryOperation(t *testing.T) {
	eachServer(t, func(t *testing.T, k kills) {
		k.size, k.least, k.args = allKinds, 300, []string{"-parallelism", "1"}
		k.test(t)
	})
}

// The same with operations side by side.
func TestKilledSideBySide(t *testing.T) {
	eachServer(t, func(t *testing.T, k kills) {
		k.size, k.least, k.every = allKinds, 40, 5
		k.test(t)
	})
}

// The same between the requests of one operation: members go a thousand at a time.
func TestKilledAmongMembers(t *testing.T) {
	eachServer(t, func(t *testing.T, k kills) {
		k.size, k.least = crowds, 6
		k.test(t)
	})
}

// eachServer runs a test on the sandbox and on Samba, side by side: much of it is
// waiting.
func eachServer(t *testing.T, test func(*testing.T, kills)) {
	if raceDetector {
		t.Skip("hundreds of processes: not with the race detector; make test runs this without it")
	}
	for name, start := range map[string]func(*testing.T, size) sandbox.ADEndpoint{"sandbox": inSandbox, "samba": inSamba} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kills{start: start, samba: name == "samba"})
		})
	}
}

// kills is one test: how a crossing is made, and how often it must be possible to
// kill it.
type kills struct {
	size  size
	start func(*testing.T, size) sandbox.ADEndpoint
	samba bool
	least int
	every int // the program may come to that many writes before it is killed; 0 is one
	args  []string
}

// test kills apply again and again until it comes to its end.
func (k kills) test(t *testing.T) {
	if k.samba { // it takes nothing out of its Recycle Bin
		k.size.changed, k.size.restored = k.size.changed+k.size.restored, 0
	}
	whole := newCrossing(t, k.size, inSandbox(t, k.size))
	whole.run(t, 0, "apply", "-auto-approve")
	whole.run(t, 0, "plan", "-detailed-exitcode")

	c := newCrossing(t, k.size, k.start(t, k.size))
	was := c.guids(t)
	begin, n := time.Now(), 0
	for c.killed(t, n, 1+n%max(1, k.every), append([]string{"apply", "-auto-approve"}, k.args...)) {
		n++
	}
	took := time.Since(begin)
	t.Logf("%d kills in %s, %s each", n, took.Round(time.Millisecond), (took / time.Duration(max(n, 1))).Round(time.Millisecond))
	if n < k.least {
		t.Errorf("it was killed %d times only", n)
	}
	c.run(t, 0, "plan", "-detailed-exitcode")
	if diff := cmp.Diff(whole.everything(t), c.everything(t)); diff != "" {
		t.Errorf("in the end (-never killed +killed):\n%s", diff)
	}
	for mark, guid := range c.guids(t) {
		if old := was[mark]; old != "" && old != guid {
			t.Errorf("%s is another object now", mark)
		}
	}
}

// guids are the objectGUIDs of the marked groups, also of deleted ones. A mark
// that two live groups carry fails the test.
func (c *crossing) guids(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	deleted := ldap.NewSearchRequest(crossingBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(&(isDeleted=TRUE)(adminDescription=Group_*))",
		[]string{"objectGUID", "adminDescription"}, []ldap.Control{ldap.NewControlMicrosoftShowDeleted()})
	if found, err := c.conn.SearchWithPaging(deleted, 500); err == nil {
		for _, e := range found.Entries {
			out[e.GetAttributeValue("adminDescription")] = e.GetAttributeValue("objectGUID")
		}
	}
	for mark, entries := range c.byMark(t) {
		if mark == "" {
			continue
		}
		if len(entries) > 1 {
			t.Errorf("%s is there %d times", mark, len(entries))
		}
		out[mark] = entries[0].GetAttributeValue("objectGUID")
	}
	return out
}

// killed runs apply and kills it when the server has answered a number of writes,
// and has not been heard yet; every tenth time instead when a write has not yet
// reached the server. It reports whether there was anything to be killed at.
func (c *crossing) killed(t *testing.T, n, at int, args []string) bool {
	t.Helper()
	cmd, out := c.command(args...)
	from, earlier := c.observer.count(), c.journals(t)
	answered := n%10 != 9
	var mu sync.Mutex
	seen, struck, dead := 0, false, make(chan struct{})
	strike := func() bool {
		mu.Lock()
		seen++
		mine := !struck && seen == at
		struck = struck || mine
		mu.Unlock()
		if mine {
			_ = cmd.Process.Kill()
		}
		return mine
	}
	c.observer.set(func(w *seenWrite, isAnswer bool) bool {
		if isAnswer != answered {
			return true
		}
		if strike() {
			<-dead
			return false
		}
		return true
	})
	c.mu.Lock()
	c.onEdit = func() {
		if strike() {
			<-dead
		}
	}
	c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	close(dead)
	c.observer.settle()
	c.observer.set(nil)
	c.mu.Lock()
	c.onEdit = nil
	c.mu.Unlock()
	c.checkJournal(t, earlier, c.observer.taken(from), struck)
	if !struck && err != nil {
		t.Fatalf("run %d, not killed: %v\n%s", n, err, out)
	}
	return struck && cmd.ProcessState.ExitCode() < 0
}

// journals are the files of all runs.
func (c *crossing) journals(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, ".landfall/runs/*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// checkJournal compares the newest journal with what the server saw: every write
// was announced, and what is called done was answered with success.
func (c *crossing) checkJournal(t *testing.T, earlier []string, writes []seenWrite, killed bool) {
	t.Helper()
	if len(c.journals(t)) == len(earlier) && len(writes) == 0 && !killed {
		return // nothing was left to do
	}
	rec := c.newJournal(t, earlier)
	if killed != (rec.Footer == nil) {
		t.Errorf("killed: %v, footer: %v", killed, rec.Footer)
	}
	for _, w := range writes {
		if !slices.ContainsFunc(rec.Operations, func(o apply.Recorded) bool { return means(o, w) }) {
			t.Errorf("%s %s was sent, and the journal does not know of it", w.verb, w.target)
		}
	}
	for _, o := range rec.Operations {
		if o.Provider != "provider.ad.corp" || o.Result == nil || o.Result.Status != apply.StatusDone {
			continue
		}
		if !slices.ContainsFunc(writes, func(w seenWrite) bool { return means(o, w) && w.code == 0 }) {
			t.Errorf("operation %d, %s %q, is called done, and the server did not do it", o.Number, o.Verb, o.Name)
		}
	}
}

// means reports whether a write belongs to an operation.
func means(o apply.Recorded, w seenWrite) bool {
	target := strings.ToLower(w.target)
	object := target == strings.ToLower("<GUID="+o.Anchor+">")
	switch o.Verb {
	case planner.VerbCreate:
		return w.verb == "add" && strings.EqualFold(w.target, o.DNAfter)
	case planner.VerbMove:
		return w.verb == "rename" && object
	case planner.VerbDelete:
		return w.verb == "delete" && object
	case planner.VerbRestore:
		return w.verb == "modify" && strings.Contains(target, strings.ToLower(o.Anchor))
	}
	return w.verb == "modify" && object
}
