package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/report"
)

// How often progress is shown at most: on a terminal, where it is not one, and
// for waits that people wonder about.
const (
	lively = 100 * time.Millisecond
	quiet  = 10 * time.Second
	urgent = time.Second

	longWait = 5 * time.Second
)

// progress shows on stderr what is being read and written: a bar on a terminal,
// a line every ten seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time
	tell     func(events.Event)

	mu    sync.Mutex
	last  time.Time
	drawn bool
	paces map[string]*pace // by what is counted
}

func newProgress(w io.Writer, tell func(events.Event)) *progress {
	return &progress{w: w, terminal: isTerminal(w), now: time.Now, tell: tell, last: time.Now(), paces: map[string]*pace{}}
}

// provider returns what a provider reports its progress to.
func (p *progress) provider(address string) planner.Progress {
	return func(stage string, done, total int, wait time.Duration) {
		p.tell(events.Progress{Provider: address, Stage: stage, Done: done, Total: total, WaitMS: wait.Milliseconds()})
		text := address + ": " + stage
		if wait > 0 {
			p.show(text+", waiting "+inWords(wait), "", done, total, wait)
			return
		}
		p.show(text, text, done, total, 0)
	}
}

// event shows one operation of an apply.
func (p *progress) event(e apply.Event) {
	what := string(e.Operation.Verb) + " " + e.Name
	switch e.Kind {
	case apply.EventStart:
		p.show("writing: "+what, "writing", e.Finished, e.Total, 0)
	case apply.EventRetry:
		p.show(fmt.Sprintf("%s: %s: no success, attempt %d in %s", e.Provider, what, e.Attempt+1, inWords(e.Wait)), "", e.Finished, e.Total, e.Wait)
	}
}

// show writes a line, unless there was one not long ago. counted names what done
// counts, "" for nothing that grows.
func (p *progress) show(text, counted string, done, total int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	speed := ""
	if counted != "" {
		speed = p.pace(counted).note(now, done, total)
	}
	every := quiet
	switch {
	case p.terminal:
		every = lively
	case wait >= longWait:
		every = urgent
	}
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	line := report.Escape(text)
	switch {
	case total > 0:
		line = fmt.Sprintf("%s %d of %d%s  %s", bar(done, total), done, total, speed, line)
	case done > 0:
		line = fmt.Sprintf("%s: %d%s", line, done, speed)
	}
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	if limit := width(p.w) - 1; len([]rune(line)) > limit {
		line = string([]rune(line)[:limit])
	}
	fmt.Fprint(p.w, "\r\x1b[K"+line)
	p.drawn = true
}

func (p *progress) pace(counted string) *pace {
	if p.paces[counted] == nil {
		p.paces[counted] = &pace{}
	}
	return p.paces[counted]
}

// pace tells how fast a count grows, by the last half minute.
type pace struct{ samples []sample }

type sample struct {
	at   time.Time
	done int
}

// note takes in a count and says its rate and, when the end is known, the time
// that is left; "" as long as that would be a guess.
func (p *pace) note(now time.Time, done, total int) string {
	if n := len(p.samples); n > 0 && done < p.samples[n-1].done {
		p.samples = nil // it counts something new
	}
	if n := len(p.samples); n == 0 || now.Sub(p.samples[n-1].at) >= time.Second {
		p.samples = append(p.samples, sample{now, done})
	}
	for len(p.samples) > 2 && now.Sub(p.samples[1].at) >= 30*time.Second {
		p.samples = p.samples[1:]
	}
	first := p.samples[0]
	passed, grown := now.Sub(first.at), done-first.done
	if passed < 2*time.Second || grown <= 0 {
		return ""
	}
	rate := float64(grown) / passed.Seconds()
	text := fmt.Sprintf(" (%.0f/s", rate)
	switch {
	case rate < 1:
		text = fmt.Sprintf(" (%.0f/min", rate*60)
	case rate < 10:
		text = fmt.Sprintf(" (%.1f/s", rate)
	}
	if left := total - done; left > 0 {
		text += ", about " + inWords(time.Duration(float64(left)/rate*float64(time.Second))) + " left"
	}
	return text + ")"
}

// inWords is a duration as exact as people want it.
func inWords(d time.Duration) string {
	switch {
	case d < time.Minute:
		return max(d.Round(time.Second), time.Second).String()
	case d < 10*time.Minute:
		return d.Round(10 * time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

func bar(done, total int) string {
	const cells = 20
	n := min(cells, done*cells/total)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", cells-n) + "]"
}

// pause takes the bar off the terminal, so that something else can be printed.
func (p *progress) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
