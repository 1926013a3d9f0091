package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner/backend"
)

// book is what the clients of one log know of it.
type book struct {
	w *world
	known
}

type known struct {
	seen     string // the longest that anybody has read
	appended string // what was reported as appended by its writer
	sealed   string // the line of whoever sealed it
}

// TestLogModel: whatever the network does, every read is the log as it was at
// some moment of it, nothing that was reported is lost, and nothing comes after a
// seal or an end, while the log is being finished as well.
func TestLogModel(t *testing.T) {
	t.Parallel()
	start := func(w *world) {
		b := &book{w: w}
		go b.write(client{w, 0})
		for id := 1; id < w.clients; id++ {
			go b.watch(client{w, id})
		}
		w.finally = func() {
			_, _ = b.read(client{w, perfect})
		}
	}
	checkWorlds(t, 1000, 400, start, func(w *world) { w.finally() })
}

// write is a run: it appends lines, each again until it knows, then the end, and
// finishes the log.
func (b *book) write(c client) {
	ctx, s := context.Background(), b.w.storage(c.id)
	text := ""
	for i := range 5 {
		line := fmt.Sprintf("line %d\n", i)
		if i == 4 {
			line = "end\n"
		}
		err := errNoAnswer
		for err != nil {
			b.w.mu.Lock()
			sealed := b.sealed
			b.w.mu.Unlock()
			err = s.Append(ctx, "log", int64(len(text)), []byte(line))
			if c.isDead() || errors.Is(err, backend.ErrMoved) {
				return
			}
			if err == nil && sealed != "" {
				b.w.breaks("%q was appended after %q", line, sealed)
			}
		}
		text += line
		b.w.mu.Lock()
		b.appended = text
		b.w.mu.Unlock()
		switch c.decide() % 4 {
		case 0:
			s = b.w.storage(c.id) // as after a restart: it looks where the log ends
		case 1:
			b.wrong(c, s, len(text)-2)
		}
	}
	for !c.isDead() && s.Finish(ctx, "log") != nil {
	}
}

// wrong appends where the log does not end.
func (b *book) wrong(c client, s *Storage, at int) {
	if at > 0 && s.Append(context.Background(), "log", int64(at), []byte("in between\n")) == nil && !c.isDead() {
		b.w.breaks("an append at %d, where the log does not end", at)
	}
}

// watch is everybody else: it reads and lists, at some time seals the log, as a
// run does that took the lease over, and may be late or wrong about where it ends.
func (b *book) watch(c client) {
	text, sealing := "", true
	for !c.isDead() {
		if got, err := b.read(c); err == nil && c.decide()%4 > 0 {
			text = got // and otherwise it goes by what it read before
		}
		switch c.decide() % 10 {
		case 0, 1:
			b.list(c)
		case 2, 3:
			sealing = sealing && !b.seal(c, text)
		case 4:
			b.wrong(c, b.w.storage(c.id), len(text)-2)
			b.wrong(c, b.w.storage(c.id), len(text)+2)
		}
	}
}

// seal tries to append the last line where this text ends, and tells whether it
// need not be tried again.
func (b *book) seal(c client, text string) bool {
	if strings.Contains(text, "sealed") {
		return true
	}
	line := fmt.Sprintf("sealed by %d\n", c.id)
	s, err := b.w.storage(c.id), errNoAnswer
	for err != nil {
		err = s.Append(context.Background(), "log", int64(len(text)), []byte(line))
		if errors.Is(err, backend.ErrMoved) || c.isDead() {
			return false
		}
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.sealed = line
	return true
}

// read reads the log, and compares it with what was known when it began.
func (b *book) read(c client) (string, error) {
	b.w.mu.Lock()
	before := b.known
	b.w.mu.Unlock()
	data, err := b.w.storage(c.id).Read(context.Background(), "log")
	if errors.Is(err, errNoAnswer) {
		return "", err
	}
	b.check(string(data), before, err)
	return string(data), err
}

func (b *book) check(text string, before known, err error) {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	absent := errors.Is(err, fs.ErrNotExist) && before == (known{})
	_, tail, sealed := strings.Cut(text, "sealed")
	switch {
	case b.w.broken != "":
	case err != nil && !absent:
		b.w.broken = fmt.Sprintf("it cannot be read: %v", err)
	case !strings.HasPrefix(text, before.seen) || !strings.HasPrefix(text, before.appended):
		b.w.broken = fmt.Sprintf("it reads %q; before it read %q, and %q was reported", text, before.seen, before.appended)
	case strings.Contains(text, "between") || sealed && strings.Count(tail, "\n") != 1 || !strings.HasSuffix(text, before.sealed):
		b.w.broken = fmt.Sprintf("it reads %q, and %q sealed it", text, before.sealed)
	}
	if len(text) > len(b.seen) {
		b.seen = text
	}
}

// list compares the size.
func (b *book) list(c client) {
	b.w.mu.Lock()
	known := len(b.appended)
	b.w.mu.Unlock()
	items, err := b.w.storage(c.id).List(context.Background(), "")
	switch {
	case err != nil:
	case len(items) == 0 && known == 0:
	case len(items) != 1 || items[0].Name != "log" || items[0].Size < int64(known) || items[0].Size > 100:
		b.w.breaks("%d bytes were appended, and the listing says %v", known, items)
	}
}
