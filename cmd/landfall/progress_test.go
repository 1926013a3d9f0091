package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

// TestProgressWithoutTerminal: a line every ten seconds, without control
// characters, and nothing for what takes less.
func TestProgressWithoutTerminal(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out)
	clock := p.last
	p.now = func() time.Time { return clock }
	report := p.provider("provider.ad.corp")
	for i := range 25 {
		clock = clock.Add(time.Second)
		report("reading groups", i*100, 0, 0)
	}
	clock = clock.Add(10 * time.Second)
	report("waiting for Microsoft Graph", 0, 0, 7*time.Second)
	clock = clock.Add(10 * time.Second)
	op := planner.Operation{Verb: planner.VerbCreate}
	p.event(apply.Event{Kind: apply.EventStart, Finished: 3, Total: 12, Operation: op, Name: "x\u202e\x1b[2J"})
	p.event(apply.Event{Kind: apply.EventEnd, Finished: 4, Total: 12, Operation: op, Status: apply.StatusDone})
	want := `provider.ad.corp: reading groups: 900
provider.ad.corp: reading groups: 1900
provider.ad.corp: waiting for Microsoft Graph, waiting 7s because the server asks for it
[#####...............] 3 of 12  writing: create x\u{202e}\u{1b}[2J
`
	if got := out.String(); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// TestProgressOnTerminal: one line that is drawn over and taken away.
func TestProgressOnTerminal(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out)
	p.terminal = true
	clock := p.last
	p.now = func() time.Time { clock = clock.Add(time.Second); return clock }
	p.show("reading", 1, 2)
	p.show("reading", 2, 2)
	p.pause()
	p.pause()
	want := "\r\x1b[K[##########..........] 1 of 2  reading\r\x1b[K[####################] 2 of 2  reading\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTwoRunsGiveTheSameBytes, but for the times of making and reading.
func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	times := regexp.MustCompile(`"(created|read_at)":"[^"]*"`)
	plan := func() string {
		return times.ReplaceAllString(landfall(t, "../../examples/quickstart", 0, "plan", "-json"), `"$1":""`)
	}
	first := plan()
	if second := plan(); first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}
