package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/report"
)

// quiet is how often progress is shown where it is not a terminal.
const quiet = 10 * time.Second

// progress shows on stderr what is being read and written: a bar on a terminal,
// a line every ten seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	last  time.Time
	drawn bool
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, terminal: isTerminal(w), now: time.Now, last: time.Now()}
}

// provider returns what a provider reports its progress to.
func (p *progress) provider(address string) planner.Progress {
	return func(stage string, done, total int, wait time.Duration) {
		text := address + ": " + stage
		if wait > 0 {
			text += fmt.Sprintf(", waiting %s because the server asks for it", wait.Round(time.Second))
		}
		p.show(text, done, total)
	}
}

// event shows one operation of an apply.
func (p *progress) event(e apply.Event) {
	if e.Kind == apply.EventStart {
		p.show("writing: "+string(e.Operation.Verb)+" "+e.Name, e.Finished, e.Total)
	}
}

func (p *progress) show(text string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	every := quiet
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if p.now().Sub(p.last) < every {
		return
	}
	p.last = p.now()
	line := report.Escape(text)
	switch {
	case total > 0:
		line = fmt.Sprintf("%s %d of %d  %s", bar(done, total), done, total, line)
	case done > 0:
		line = fmt.Sprintf("%s: %d", line, done)
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
