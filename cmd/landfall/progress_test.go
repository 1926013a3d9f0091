package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/events"
)

// TestProgressWithoutTerminal: a line every ten seconds, at once for long waits,
// without control characters, and nothing for what takes less.
func TestProgressWithoutTerminal(t *testing.T) {
	var out strings.Builder
	var told []events.Event
	p := newProgress(&out, func(e events.Event) { told = append(told, e) })
	clock := p.last
	p.now = func() time.Time { return clock }
	report := p.provider("provider.ad.corp")
	for i := range 25 {
		clock = clock.Add(time.Second)
		report("reading groups", i*100, 0, 0)
	}
	clock = clock.Add(2 * time.Second)
	report("waiting for Microsoft Graph", 0, 0, 3*time.Second) // soon over
	report("waiting for Microsoft Graph", 0, 0, 70*time.Second)
	report("waiting for Microsoft Graph", 0, 0, 70*time.Second) // of another request
	op := planner.Operation{Verb: planner.VerbCreate}
	for i := range 25 {
		clock = clock.Add(time.Second)
		p.event(apply.Event{Kind: apply.EventStart, Finished: 4 * i, Total: 1200, Operation: op, Name: "x\u202e\x1b[2J"})
		p.event(apply.Event{Kind: apply.EventEnd, Finished: 4*i + 1, Total: 1200, Operation: op, Status: apply.StatusDone})
	}
	p.event(apply.Event{Kind: apply.EventRetry, Provider: "provider.ad.corp", Finished: 97, Total: 1200, Operation: op, Name: "x", Attempt: 1, Wait: 2 * time.Second})
	clock = clock.Add(time.Second)
	p.event(apply.Event{Kind: apply.EventRetry, Provider: "provider.ad.corp", Finished: 97, Total: 1200, Operation: op, Name: "x", Attempt: 2, Wait: 50 * time.Second})
	want := `provider.ad.corp: reading groups: 900 (100/s)
provider.ad.corp: reading groups: 1900 (100/s)
provider.ad.corp: waiting for Microsoft Graph, waiting 1m10s
[....................] 36 of 1200 (4.0/s, about 4m50s left)  writing: create x\u{202e}\u{1b}[2J
[#...................] 76 of 1200 (4.0/s, about 4m40s left)  writing: create x\u{202e}\u{1b}[2J
[#...................] 97 of 1200  provider.ad.corp: create x: no success, attempt 3 in 50s
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if last := told[len(told)-1]; len(told) != 28 || last != (events.Progress{Provider: "provider.ad.corp", Stage: "waiting for Microsoft Graph", WaitMS: 70000}) {
		t.Errorf("%d told, the last %+v", len(told), last)
	}
}

// TestProgressOnTerminal: one line that is drawn over and taken away.
func TestProgressOnTerminal(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out, func(events.Event) {})
	p.terminal = true
	clock := p.last
	p.now = func() time.Time { clock = clock.Add(time.Second); return clock }
	p.show("reading", "reading", 1, 2, 0)
	p.show("reading", "reading", 2, 2, 0)
	p.pause()
	p.pause()
	want := "\r\x1b[K[##########..........] 1 of 2  reading\r\x1b[K[####################] 2 of 2  reading\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPace(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		counts []int // one a second
		total  int
		want   string
	}{
		"too early":            {[]int{0, 5}, 100, ""},
		"nothing yet":          {[]int{0, 0, 0, 0}, 100, ""},
		"few":                  {[]int{0, 1, 1, 1, 1, 1, 1, 2}, 10, " (17/min, about 28s left)"},
		"the end is not known": {[]int{0, 1000, 2000, 3000}, 0, " (1000/s)"},
		"the last one":         {[]int{0, 2, 4, 6}, 6, " (2.0/s)"},
		"something new":        {[]int{500, 600, 700, 0, 10, 20, 30}, 90, " (10/s, about 6s left)"},
		"hours":                {[]int{0, 1, 2, 3}, 20000, " (1.0/s, about 5h33m left)"},
	} {
		var p pace
		got := ""
		for i, n := range test.counts {
			got = p.note(start.Add(time.Duration(i)*time.Second), n, test.total)
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	var p pace
	p.note(start, 0, 0)
	for i := range 3600 { // it was fast once, and is slow now
		p.note(start.Add(time.Duration(i)*time.Second), 100000+i, 0)
	}
	if got := p.note(start.Add(time.Hour), 103600, 0); got != " (1.0/s)" || len(p.samples) > 32 {
		t.Errorf("%q of %d samples", got, len(p.samples))
	}
}

// TestTwoRunsGiveTheSameBytes, but for the times of making and reading.
func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	times := regexp.MustCompile(`"(created|read_at|checksum)":"[^"]*"`)
	plan := func() string {
		return times.ReplaceAllString(landfall(t, "../../examples/quickstart", 0, "plan", "-json"), `"$1":""`)
	}
	first := plan()
	if second := plan(); first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}
