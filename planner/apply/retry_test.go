package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// answering makes d give these results first, one for each attempt. A result of
// unknown stands for an operation that happened.
func answering(d *directory, results ...planner.Result) {
	d.trouble = func(n int, op planner.Operation) (planner.Result, bool) {
		if n >= len(results) || results[n].Status == planner.StatusDone {
			return planner.Result{}, false
		}
		if results[n].Status == planner.StatusUnknown {
			d.carryOut(op)
		}
		return results[n], true
	}
}

var (
	busy = planner.Result{Status: planner.StatusFailed, Code: 51, Err: errors.New("busy")}
	lost = planner.Result{Status: planner.StatusUnknown, Err: io.ErrUnexpectedEOF}
	cut  = planner.Result{Status: planner.StatusFailed, Err: io.ErrUnexpectedEOF}
	shut = planner.Result{Status: planner.StatusFailed, Code: 49, Err: errors.New("wrong password")}
	deny = planner.Result{Status: planner.StatusFailed, Code: 50, Err: errors.New("denied")}
)

func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		answers  []planner.Result
		attempts int
		again    bool // the last attempt was to look first
		want     Outcome
	}{
		"busy":                    {[]planner.Result{busy, busy}, 3, false, OutcomeDone},
		"busy for good":           {[]planner.Result{busy, busy, busy, busy}, 4, false, OutcomeFailed},
		"the answer was lost":     {[]planner.Result{lost}, 2, true, OutcomeDone},
		"lost before it was sent": {[]planner.Result{cut, busy}, 3, true, OutcomeDone},
		"lost, then denied":       {[]planner.Result{cut, deny}, 2, true, OutcomeFailed},
		"lost for good":           {[]planner.Result{lost, lost, lost, lost}, 4, true, OutcomeUnknown},
		"the login is refused":    {[]planner.Result{shut}, 1, false, OutcomeFailed},
		"denied":                  {[]planner.Result{deny}, 1, false, OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory(groups)
			answering(d, test.answers...)
			r := carryOut(t, plan(creation("a", below("a", groups))), d, nil)
			wantOutcomes(t, r, test.want)
			if got := r.Changes[0].Operations[0].Attempts; got != test.attempts || len(d.log) != got {
				t.Errorf("%d attempts are reported, %d arrived, want %d", got, len(d.log), test.attempts)
			}
			if got := d.log[len(d.log)-1].op.Again; got != test.again {
				t.Errorf("the last attempt has Again %v", got)
			}
		})
	}
}

// The waits grow, differ from run to run, and all of it ends within two minutes.
func TestRetryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(groups)
		answering(d, busy, busy, busy, busy)
		var waits []time.Duration
		start := time.Now()
		r, err := Run(t.Context(), plan(creation("a", below("a", groups))), Options{
			Writers: map[string]planner.Writer{corp: d}, Journal: &journal{},
			Progress: func(e Event) {
				if e.Kind == EventRetry {
					waits = append(waits, e.Wait)
				}
			},
		})
		if err != nil || r.Counts().Failed != 1 {
			t.Fatal(err, r.Counts())
		}
		if took := time.Since(start); len(waits) != 3 || took > patience || waits[0] < time.Second || waits[1] <= waits[0] || waits[2] <= waits[1] {
			t.Errorf("waits %v, in all %v", waits, took)
		}
	})
}

// As soon as one operation is answered, those that wait because none was go on.
func TestRetryAtOnceWhenTheProviderIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(groups)
		answering(d, cut, cut)
		start, waits := time.Now(), []time.Duration{time.Minute, 10 * time.Second}
		r := carryOut(t, plan(creation("a", below("a", groups)), creation("b", below("b", groups))), d, func(o *Options) {
			o.Parallelism = map[string]int{corp: 2}
			o.backoff = func(int) (wait time.Duration) {
				wait, waits = waits[0], waits[1:]
				return wait
			}
		})
		if r.Counts().Done != 2 || time.Since(start) != 10*time.Second {
			t.Errorf("%+v after %v", r.Counts(), time.Since(start))
		}
	})
}

// An attempt that itself takes long uses up the patience.
func TestRetryEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(groups)
		answering(d, lost, lost, lost, lost)
		d.sent = func(int) { time.Sleep(100 * time.Second) }
		r := carryOut(t, plan(creation("a", below("a", groups))), d, func(o *Options) { o.backoff = nil })
		if n := r.Changes[0].Operations[0].Attempts; n != 2 {
			t.Errorf("%d attempts", n)
		}
	})
}

// Whoever interrupts or aborts waits for no further attempt.
func TestInterruptEndsTheWait(t *testing.T) {
	for _, name := range []string{"interrupt", "abort"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDirectory(groups)
				answering(d, lost)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				interrupt := make(chan struct{}, 1)
				j := &journal{}
				o := Options{Writers: map[string]planner.Writer{corp: d}, Journal: j, Parallelism: map[string]int{corp: 2}}
				o.Interrupt = interrupt
				o.Progress = func(e Event) {
					if e.Kind != EventRetry {
						return
					}
					if name == "abort" {
						cancel()
					} else {
						interrupt <- struct{}{}
					}
				}
				start := time.Now()
				r, err := Run(ctx, plan(creation("a", below("a", groups)), of(d.put("group", below("b", groups)), planner.ActionMembers)), o)
				if err != nil || !r.Interrupted() || time.Since(start) != 0 {
					t.Errorf("%v, %+v, after %v", err, r.Stops, time.Since(start))
				}
				if r.Changes[0].Outcome != OutcomeUnknown {
					t.Errorf("%s: %s", r.Changes[0].Outcome, r.Changes[0].Cause)
				}
			})
		})
	}
}

// A member that an earlier attempt added was not there before the run.
func TestMembersOfEarlierAttempts(t *testing.T) {
	d := newDirectory(groups)
	g, kim, pat, sam := d.put("group", below("g", groups)), d.put("user", below("kim", people)), d.put("user", below("pat", people)), d.put("user", below("sam", people))
	g.members[kim.anchor] = true
	c := of(g, planner.ActionMembers)
	c.Members = &planner.Members{Add: []planner.MemberChange{member(kim), member(pat), member(sam)}}
	d.trouble = func(n int, op planner.Operation) (planner.Result, bool) {
		if n > 0 {
			r := d.carryOut(op)
			r.Unneeded = nil // as the contract of Again demands
			return r, true
		}
		g.members[pat.anchor] = true
		return planner.Result{Status: planner.StatusFailed, Code: 51, Err: io.EOF, Already: 1, Unneeded: op.Add[:1]}, true
	}
	r := carryOut(t, plan(c), d, nil)
	wantOutcomes(t, r, OutcomeDone)
	op := r.Changes[0].Operations[0]
	if !d.log[1].op.Again || len(op.Result.Unneeded) != 1 || op.Result.Already != 1 || len(g.members) != 3 {
		t.Errorf("%+v", op.Result)
	}
}

// The journal is asked before each attempt: it may have been lost meanwhile.
func TestEachAttemptIsRecorded(t *testing.T) {
	d := newDirectory(groups)
	answering(d, lost, lost)
	j := &journal{failAt: 3}
	r, err := Run(t.Context(), plan(creation("a", below("a", groups)), creation("b", below("b", groups))),
		Options{Writers: map[string]planner.Writer{corp: d}, Journal: j, backoff: atOnce})
	if err == nil || len(d.log) != 2 {
		t.Fatalf("%v after %d attempts", err, len(d.log))
	}
	wantOutcomes(t, r, OutcomeUnknown, OutcomeNotDone)
	if len(j.after) != 2 || j.after[1].Attempt != 2 || j.before[1].Operation != nil {
		t.Errorf("before %+v, after %+v", j.before, j.after)
	}
}

// A server may put a value into its message; a redacted one is not told.
func TestErrorsTellNoRedactedValue(t *testing.T) {
	d := newDirectory(groups)
	c := update(d.put("group", below("a", groups)), "info", "", "hunter2")
	c.Edits[0].After[0].Hash = "h"
	d.trouble = func(int, planner.Operation) (planner.Result, bool) {
		return planner.Result{Status: planner.StatusFailed, Code: 19, Err: fmt.Errorf("info must not be %q: %w", "hunter2", io.ErrShortWrite)}, true
	}
	r := carryOut(t, plan(c), d, nil)
	err := r.Changes[0].Operations[0].Result.Err
	if err.Error() != `info must not be "(redacted)": short write` || !errors.Is(err, io.ErrShortWrite) || r.Changes[0].Cause != err.Error() {
		t.Errorf("%v, cause %s", err, r.Changes[0].Cause)
	}
}

func TestParallelism(t *testing.T) {
	const elsewhere = "provider.ad.emea"
	here, there := newDirectory(groups), newDirectory(groups)
	var changes []planner.Change
	for i := range 12 {
		changes = append(changes, creation(fmt.Sprint(i), below(fmt.Sprint(i), groups)))
		c := creation(fmt.Sprint(i), below(fmt.Sprint(i), groups))
		c.Provider = elsewhere
		changes = append(changes, c)
	}
	flight, most := map[string]int{}, map[string]int{}
	_, err := Run(t.Context(), plan(changes...), Options{
		Writers: map[string]planner.Writer{corp: here, elsewhere: there}, Journal: &journal{}, Parallelism: map[string]int{corp: 3},
		Progress: func(e Event) {
			switch e.Kind {
			case EventStart:
				flight[e.Provider]++
			case EventEnd:
				flight[e.Provider]--
			}
			most[e.Provider] = max(most[e.Provider], flight[e.Provider])
		},
	})
	if err != nil || most[corp] > 3 || most[elsewhere] != 1 || len(here.log)+len(there.log) != 24 {
		t.Errorf("%v: at most %v at once", err, most)
	}
}

// For every operation there is one end, whatever happens to it.
func TestEvents(t *testing.T) {
	d := newDirectory(groups)
	answering(d, planner.Result{Status: planner.StatusDone}, busy, stale("somebody was faster"))
	var got []string
	carryOut(t, plan(creation("a", below("a", groups)), creation("b", below("b", groups)), creation("c", below("c", groups)), blocked(creation("d", below("d", groups)))), d,
		func(o *Options) {
			o.OnStale = OnStaleFail
			o.Progress = func(e Event) {
				line := string(e.Kind)
				if e.Kind == EventStop {
					line += " " + string(e.Stop.Reason)
				} else {
					line += fmt.Sprintf(" %d/%d %s %d %s", e.Number, e.Total, e.Name, e.Attempt, e.Status)
				}
				got = append(got, fmt.Sprintf("%s, %d finished", line, e.Finished))
			}
		})
	want := []string{
		"start 1/3 a 1 , 0 finished", "end 1/3 a 1 done, 1 finished",
		"start 2/3 b 1 , 1 finished", "retry 2/3 b 1 failed, 1 finished", "start 2/3 b 2 , 1 finished",
		"stop stale, 1 finished", "end 2/3 b 2 stale, 2 finished", "end 3/3 c 0 not_done, 3 finished",
	}
	if !slices.Equal(got, want) {
		t.Errorf("events:\n got %q\nwant %q", got, want)
	}
}
