package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
)

// timeFormat has a fixed width, so that lines sort as text.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// Stream writes events. It is safe for concurrent use. The nil Stream writes
// nothing, so that nobody has to ask whether there is one.
type Stream struct {
	now    func() time.Time
	failed func(error)

	mu     sync.Mutex
	w      io.Writer // nil after a failure
	spoken map[saying]time.Time
}

// saying is what a provider repeats.
type saying struct{ provider, stage string }

// New starts a stream. Each event is one Write of one line. When a Write fails,
// failed is called once and the stream ends: whoever follows a run never disturbs it.
func New(w io.Writer, now func() time.Time, failed func(error)) *Stream {
	return &Stream{now: now, failed: failed, w: w, spoken: map[saying]time.Time{}}
}

// Emit writes one event.
func (s *Stream) Emit(e Event) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil || s.repeats(e) {
		return
	}
	line, err := s.line(e)
	if err == nil {
		_, err = s.w.Write(line)
	}
	if err != nil {
		s.w = nil
		s.failed(err)
	}
}

// repeats reports whether a provider said the same less than a second ago. Waits
// and ends are always told.
func (s *Stream) repeats(e Event) bool {
	p, ok := e.(Progress)
	if !ok || p.WaitMS > 0 || p.Total > 0 && p.Done >= p.Total {
		return false
	}
	key := saying{p.Provider, p.Stage}
	if last, ok := s.spoken[key]; ok && s.now().Sub(last) < time.Second {
		return true
	}
	s.spoken[key] = s.now()
	return false
}

// line is the event with its time and type before everything else.
func (s *Stream) line(e Event) ([]byte, error) {
	head, err := json.Marshal(struct {
		Time string `json:"@time"`
		Type string `json:"type"`
	}{s.now().UTC().Format(timeFormat), e.name()})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	line := head[:len(head)-1]
	if len(body) > len("{}") {
		line = append(append(line, ','), body[1:len(body)-1]...)
	}
	return append(visible(append(line, '}')), '\n'), nil
}

// visible writes characters that a terminal obeys instead of showing, such as
// those that change the direction of writing, in JSON's other spelling.
func visible(line []byte) []byte {
	invisible := func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
	if bytes.IndexFunc(line, invisible) < 0 {
		return line
	}
	var out bytes.Buffer
	for _, r := range string(line) {
		if !invisible(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	return out.Bytes()
}
