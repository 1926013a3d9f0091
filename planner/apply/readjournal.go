package apply

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner/backend"
)

// Record is a journal that was read back.
type Record struct {
	Header     Header
	Operations []Recorded // in the order in which they were sent
	Footer     *Footer    // nil: the run did not come to its end
	Sealed     *Sealed    // another run took the lease over
	Torn       bool       // the last line was cut off and left out
	Lines      int
	Head       string // hash of the last line: it stands for the whole journal
}

// Recorded is one operation. Result is nil when the journal does not know how it
// ended.
type Recorded struct {
	Number   int
	Provider string
	Address  string
	Sent     string // RFC 3339, UTC; the first time
	Ended    string
	Attempts int // how often it was sent
	OperationEntry
	Result *ResultEntry
}

// ListRuns names the runs that a storage has, the newest first.
func ListRuns(ctx context.Context, s backend.Storage) ([]string, error) {
	items, err := s.List(ctx, runsPrefix)
	if err != nil {
		return nil, err
	}
	var runs []string
	for _, item := range items {
		run, ok := strings.CutSuffix(strings.TrimPrefix(item.Name, runsPrefix), ".jsonl")
		if ok && validRun(run) {
			runs = append(runs, run)
		}
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	return runs, nil
}

// ReadRun reads the journal of a run, with all its parts. A run that does not
// exist is an error that wraps fs.ErrNotExist.
func ReadRun(ctx context.Context, s backend.Storage, run string) (*Record, error) {
	w, err := readParts(ctx, s, run)
	if err != nil {
		return nil, err
	}
	return ReadJournal(bytes.NewReader(w.data))
}

// written is what a storage has of a journal: all of it, and where it ends.
type written struct {
	data []byte
	part int // the last part, from 1
	at   int64
}

// readParts reads the parts of a journal one after the other. A part that was
// announced and not begun has no bytes.
func readParts(ctx context.Context, s backend.Storage, run string) (written, error) {
	if !validRun(run) {
		return written{}, fmt.Errorf("%q is not the name of a run", run)
	}
	w := written{}
	for {
		w.part++
		data, err := s.Read(ctx, partName(run, w.part))
		if err != nil && (w.part == 1 || !errors.Is(err, fs.ErrNotExist)) {
			return written{}, err
		}
		w.data, w.at = append(w.data, data...), int64(len(data))
		if continuedIn(data) != w.part+1 {
			return w, nil
		}
	}
}

// continuedIn is the part that the last line of a part names, 0 if it names none.
func continuedIn(data []byte) int {
	var l line
	if json.Unmarshal(lastLine(data), &l) != nil {
		return 0
	}
	return l.Continued
}

// lastLine is the last complete line, without its end.
func lastLine(data []byte) []byte {
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	data = bytes.TrimSuffix(data, []byte("\n"))
	return data[bytes.LastIndexByte(data, '\n')+1:]
}

// ReadJournal reads what RunJournal writes. A last line that was cut off, as a
// crash leaves it, is left out; anything else that is wrong is an error with the
// number of the line.
func ReadJournal(r io.Reader) (*Record, error) {
	in := bufio.NewReader(r)
	rec := &Record{}
	started := map[int]int{} // number of an operation → its place
	var odd error            // of the last line, if it may have been cut off
	for n := 1; ; n++ {
		data, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if err != nil { // no newline: the end, or a line that was cut off
			rec.Torn = rec.Torn || len(bytes.TrimSpace(data)) > 0
			return rec, errors.Join(odd, rec.begun())
		}
		data = bytes.TrimSuffix(data, []byte("\n"))
		var l line
		if err := json.Unmarshal(data, &l); err != nil && odd == nil {
			// Only the seal of a run that took over may follow a cut line.
			odd, rec.Torn = fmt.Errorf("line %d: %w", n, err), true
			continue
		}
		if odd != nil && l.Sealed == nil {
			return nil, odd
		}
		odd = nil
		if err := rec.add(n, &l, started); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rec.Lines, rec.Head = rec.Lines+1, hashLine(data)
	}
}

// begun refuses what has no header.
func (rec *Record) begun() error {
	switch {
	case rec.Header.Version != 0:
		return nil
	case rec.Sealed != nil:
		return fmt.Errorf("this run wrote nothing: run %s took its lock over before it began", rec.Sealed.By)
	}
	return errors.New("line 1: a journal starts with a header")
}

func (rec *Record) add(n int, l *line, started map[int]int) error {
	if l.Prev != rec.Head {
		return errors.New("it does not follow the line before: the journal was changed after it was written")
	}
	if (n == 1) != (l.Header != nil) && l.Sealed == nil {
		return errors.New("a journal starts with one header")
	}
	if rec.Footer != nil || rec.Sealed != nil {
		return errors.New("there is something after the end of the journal")
	}
	switch {
	case l.Header != nil:
		if l.Header.Version != journalVersion {
			return fmt.Errorf("this is version %d of the journal's format; this version of landfall reads %d", l.Header.Version, journalVersion)
		}
		rec.Header = *l.Header
	case l.Before != nil:
		return rec.start(l.Before, started)
	case l.After != nil:
		return rec.finish(l.After, started)
	case l.Footer != nil:
		rec.Footer = l.Footer
	case l.Sealed != nil:
		rec.Sealed = l.Sealed
	case l.Continued > 0:
	default:
		return errors.New("neither header nor operation nor footer")
	}
	return nil
}

func (rec *Record) start(e *Entry, started map[int]int) error {
	i, known := started[e.Number]
	if known && e.Operation == nil && rec.Operations[i].Result != nil && e.Attempt == rec.Operations[i].Attempts+1 {
		rec.Operations[i].Attempts, rec.Operations[i].Result, rec.Operations[i].Ended = e.Attempt, nil, ""
		return nil
	}
	if known || e.Operation == nil {
		return fmt.Errorf("operation %d starts twice or says nothing", e.Number)
	}
	started[e.Number] = len(rec.Operations)
	rec.Operations = append(rec.Operations, Recorded{
		Number: e.Number, Provider: e.Provider, Address: e.Address, Sent: e.At, Attempts: 1, OperationEntry: *e.Operation,
	})
	return nil
}

func (rec *Record) finish(e *Entry, started map[int]int) error {
	i, ok := started[e.Number]
	if !ok || e.Result == nil || rec.Operations[i].Result != nil || max(e.Attempt, 1) != rec.Operations[i].Attempts {
		return fmt.Errorf("operation %d ends twice, without a start or without a result", e.Number)
	}
	rec.Operations[i].Result, rec.Operations[i].Ended = e.Result, e.At
	return nil
}
