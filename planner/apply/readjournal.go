package apply

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Record is a journal that was read back.
type Record struct {
	Header     Header
	Operations []Recorded // in the order in which they were sent
	Footer     *Footer    // nil: the run did not come to its end
	Torn       bool       // the last line was cut off and left out
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

// ReadJournal reads what FileJournal writes. A last line that was cut off, as a
// crash leaves it, is left out; anything else that is wrong is an error with the
// number of the line.
func ReadJournal(r io.Reader) (*Record, error) {
	in := bufio.NewReader(r)
	rec := &Record{}
	started := map[int]int{} // number of an operation → its place
	for n := 1; ; n++ {
		data, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if err != nil { // no newline: the end, or a line that was cut off
			rec.Torn = len(bytes.TrimSpace(data)) > 0
			if n == 1 {
				return nil, errors.New("line 1: a journal starts with a header")
			}
			return rec, nil
		}
		if err := rec.add(n, data, started); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func (rec *Record) add(n int, data []byte, started map[int]int) error {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	if (n == 1) != (l.Header != nil) {
		return errors.New("a journal starts with one header")
	}
	if rec.Footer != nil {
		return errors.New("there is something after the footer")
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
