package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/providers/sandbox"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// output is what a process says, to be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more sync.Cond
}

func newOutput() *output {
	o := &output{}
	o.more.L = &o.mu
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.more.Broadcast()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the process has said something.
func (o *output) await(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !strings.Contains(o.text.String(), text) {
		o.more.Wait()
	}
}

// small has every kind of operation once or more.
var small = size{people: 6, added: 4, changed: 12, restored: 2, deleted: 3, stated: 3}

// onServers runs a test on the sandbox and on Samba.
func onServers(t *testing.T, test func(*testing.T, *crossing, []string)) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, size) sandbox.ADEndpoint{"sandbox": inSandbox, "samba": inSamba} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := small
			if name == "samba" {
				s.changed, s.restored = s.changed+s.restored, 0
			}
			whole := newCrossing(t, s, inSandbox(t, s))
			whole.run(t, 0, "apply", "-auto-approve")
			test(t, newCrossing(t, s, start(t, s)), whole.everything(t))
		})
	}
}

// converges runs apply once more; then all is as if nothing had happened before.
func (c *crossing) converges(t *testing.T, want []string) {
	t.Helper()
	c.observer.settle()
	c.run(t, 0, "apply", "-auto-approve")
	c.run(t, 0, "plan", "-detailed-exitcode")
	if diff := cmp.Diff(want, c.everything(t)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

// interrupted runs apply, keeps back every answer from the fifth write on, and
// interrupts it then: once, or twice. The answers come after the first interrupt
// was heard, or never.
func (c *crossing) interrupted(t *testing.T, twice bool) (*output, *apply.Record) {
	t.Helper()
	earlier := c.journals(t)
	cmd, _ := c.command("apply", "-auto-approve", "-events", "events.jsonl")
	out := newOutput()
	cmd.Stdout, cmd.Stderr = out, out
	held, release := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	answers := 0
	hold := func() {
		mu.Lock()
		answers++
		n := answers
		mu.Unlock()
		if n == 5 {
			close(held)
		}
		if n >= 5 {
			<-release
		}
	}
	c.observer.set(func(_ *seenWrite, answered bool) bool {
		if answered {
			hold()
		}
		return true
	})
	defer c.observer.set(nil)
	c.mu.Lock()
	c.onEdit = hold
	c.mu.Unlock()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-held
	signal := func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	signal()
	out.await("Interrupted: finishing what is in flight")
	if twice {
		signal()
	} else {
		close(release)
	}
	_ = cmd.Wait() // the status says more
	if twice {
		close(release)
	}
	c.mu.Lock()
	c.onEdit = nil
	c.mu.Unlock()
	if status := cmd.ProcessState.ExitCode(); status != exitInterrupted {
		t.Errorf("exit status %d\n%s", status, out)
	}
	return out, c.newJournal(t, earlier)
}

// newJournal is the journal that has come since.
func (c *crossing) newJournal(t *testing.T, earlier []string) *apply.Record {
	t.Helper()
	names := slices.DeleteFunc(c.journals(t), func(name string) bool { return slices.Contains(earlier, name) })
	if len(names) != 1 {
		t.Fatalf("%d new journals", len(names))
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	rec, err := apply.ReadJournal(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func statuses(rec *apply.Record) map[apply.Status]int {
	n := map[apply.Status]int{}
	for _, o := range rec.Operations {
		if o.Result == nil {
			n["no result"]++
		} else {
			n[o.Result.Status]++
		}
	}
	return n
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in\n%s", p, text)
		}
	}
}

// An interrupt lets what is in flight finish, and nothing more is sent.
func TestInterruptedOnce(t *testing.T) {
	onServers(t, func(t *testing.T, c *crossing, want []string) {
		out, rec := c.interrupted(t, false)
		n := statuses(rec)
		if n[apply.StatusDone] < 5 || n[apply.StatusDone]+n[apply.StatusNotDone] != len(rec.Operations) {
			t.Errorf("in the journal: %v", n)
		}
		if rec.Footer == nil || len(rec.Footer.Stops) != 1 || rec.Footer.Stops[0].Reason != apply.StopInterrupted || rec.Footer.Counts.NotDone == 0 {
			t.Errorf("footer: %+v", rec.Footer)
		}
		wantAll(t, out.String(), "STOPPED: interrupted", "NOT DONE (", "DONE (", "Run 2")
		c.checkFollowing(t, "interrupt", "stop", "apply_summary", "exit")
		c.converges(t, want)
	})
}

// A second one aborts the requests: nobody knows what became of them, and that is
// what report and journal say.
func TestInterruptedTwice(t *testing.T) {
	onServers(t, func(t *testing.T, c *crossing, want []string) {
		from := c.observer.count()
		out, rec := c.interrupted(t, true)
		n, writes := statuses(rec), c.observer.taken(from)
		if n[apply.StatusUnknown] == 0 || n["no result"] > 0 {
			t.Errorf("in the journal: %v", n)
		}
		for _, o := range rec.Operations { // failed are those whose object was still being read
			if o.Result != nil && o.Result.Status == apply.StatusFailed && slices.ContainsFunc(writes, func(w seenWrite) bool { return means(o, w) }) {
				t.Errorf("%s %q was sent, and is called failed: %s", o.Verb, o.Name, o.Result.Error)
			}
		}
		if rec.Footer == nil || rec.Footer.Counts.Unknown == 0 || rec.Footer.Counts.NotDone == 0 || !slices.ContainsFunc(rec.Footer.Stops, func(s apply.Stop) bool { return s.Reason == apply.StopAborted || s.Reason == apply.StopInterrupted }) {
			t.Errorf("footer: %+v", rec.Footer)
		}
		wantAll(t, out.String(), "UNKNOWN (", "NOT DONE (")
		c.checkFollowing(t, "interrupt", "stop", "apply_summary", "exit")
		c.converges(t, want)
	})
}

// checkFollowing checks the events of the last run against the schema.
func (c *crossing) checkFollowing(t *testing.T, types ...string) {
	t.Helper()
	seen := map[string]int{}
	checkEvents(t, eventSchema(t), c.dir+"/events.jsonl", seen)
	for _, kind := range types {
		if seen[kind] == 0 {
			t.Errorf("there is no event of type %s", kind)
		}
	}
}

// A domain controller that dies in the middle of a run: the run stops there, says
// what is done and what is not, and the next one has the rest.
func TestOutage(t *testing.T) {
	onServers(t, func(t *testing.T, c *crossing, want []string) {
		earlier := c.journals(t)
		c.dieAt(6, nil)
		out := c.run(t, 5, "apply", "-auto-approve", "-events", "events.jsonl")
		rec := c.newJournal(t, earlier)
		c.observer.set(nil)
		c.observer.die(false)
		if rec.Footer == nil || len(rec.Footer.Stops) != 1 || rec.Footer.Stops[0].Reason != apply.StopOutage || rec.Footer.Counts.NotDone == 0 || rec.Footer.Counts.Done == 0 {
			t.Errorf("footer: %+v", rec.Footer)
		}
		attempts := 0
		for _, o := range rec.Operations {
			attempts = max(attempts, o.Attempts)
		}
		if attempts != 4 {
			t.Errorf("an operation was tried %d times", attempts)
		}
		wantAll(t, out, "STOPPED at provider.ad.corp: ", "attempts in a row got no answer", "NOT DONE (", "DONE (", "could not be read again")
		c.checkFollowing(t, "operation_retry", "stop", "confirm_complete", "exit")
		c.converges(t, want)
	})
}

// dieAt lets the connection die at the answer to a write, which is lost.
func (c *crossing) dieAt(at int, then func()) {
	var mu sync.Mutex
	answers := 0
	c.observer.set(func(_ *seenWrite, answered bool) bool {
		if !answered {
			return true
		}
		mu.Lock()
		defer mu.Unlock()
		if answers++; answers == at {
			c.observer.die(true)
			if then != nil {
				then()
			}
			return false
		}
		return true
	})
}

// One that comes back in time, and a tenant that is overloaded for a while, cost
// some seconds and nothing else.
func TestBlips(t *testing.T) {
	onServers(t, func(t *testing.T, c *crossing, want []string) {
		c.faults = []tenant.Fault{{Method: "PATCH", Status: 503, RetryAfter: "1", Times: 2}, {Method: "PATCH", Status: 504, Times: 1}}
		small.serve(t, c, c.groups)
		earlier := c.journals(t)
		c.dieAt(6, func() { time.AfterFunc(10*time.Second, func() { c.observer.die(false) }) })
		out := c.run(t, 0, "apply", "-auto-approve", "-events", "events.jsonl")
		c.observer.set(nil)
		rec, again := c.newJournal(t, earlier), 0
		for _, o := range rec.Operations {
			if o.Attempts > 1 {
				again++
			}
		}
		if n := statuses(rec); n[apply.StatusDone] != len(rec.Operations) || again == 0 || rec.Footer == nil || len(rec.Footer.Stops) > 0 {
			t.Errorf("in the journal: %v, %d more than once, %+v", n, again, rec.Footer)
		}
		wantAll(t, out, "read back and is as planned")
		wantAll(t, c.run(t, 0, "runs", "show", rec.Header.Run), ", attempt ")
		c.checkFollowing(t, "operation_retry", "confirm_complete", "exit")
		c.run(t, 0, "plan", "-detailed-exitcode")
		if diff := cmp.Diff(want, c.everything(t)); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
	})
}
