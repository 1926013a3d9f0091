package apply

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// Journal records a run. Before and After may be called from several goroutines
// at once; for one operation they are called one after the other, and once each
// for every attempt. Before returns when the entry is durable, and only then the
// operation is sent. When it returns an error, neither this operation nor any
// other is sent, and the run stops.
// After may return before the entry is durable; Close, which is called once and
// last, makes all of it durable.
type Journal interface {
	Before(Entry) error
	After(Entry) error
	Close(Footer) error
}

// Header is the first line of a journal.
type Header struct {
	Version         int    `json:"version"` // of this format: 1
	Run             string `json:"run"`
	Started         string `json:"started"` // RFC 3339, UTC
	Digest          string `json:"digest"`
	ConfigDigest    string `json:"config_digest"`
	Who             string `json:"who"`
	LandfallVersion string `json:"landfall_version"`
	// Directories says what the providers of the run are connected to: the id of
	// the tenant, the base DN.
	Directories map[string]string `json:"directories,omitempty"`
}

// NewHeader is the header of a run that carries out p.
func NewHeader(run string, started time.Time, p *planner.Plan, who, version string) Header {
	return Header{
		Version: journalVersion, Run: run, Started: stamp(started), Digest: p.Digest,
		ConfigDigest: p.ConfigDigest, Who: who, LandfallVersion: version,
	}
}

const journalVersion = 1

// Entry is one line about one attempt of an operation: Operation is set before it
// is sent for the first time, Result after each time.
type Entry struct {
	Number    int             `json:"number"`
	Attempt   int             `json:"attempt,omitempty"` // from 2; absent in lines about the first
	At        string          `json:"at"`
	Provider  string          `json:"provider"`
	Address   string          `json:"address"`
	Operation *OperationEntry `json:"operation,omitempty"`
	Result    *ResultEntry    `json:"result,omitempty"`
}

// OperationEntry is the operation as it is sent, with the values it replaces.
type OperationEntry struct {
	Verb       planner.Verb           `json:"verb"`
	ObjectType string                 `json:"object_type"`
	Name       string                 `json:"name"`
	Anchor     string                 `json:"anchor,omitempty"`
	DNBefore   string                 `json:"dn_before,omitempty"`
	DNAfter    string                 `json:"dn_after,omitempty"`
	Edits      []planner.Edit         `json:"edits,omitempty"`
	Add        []planner.MemberChange `json:"add,omitempty"`
	Remove     []planner.MemberChange `json:"remove,omitempty"`
	// MemberOf are the groups that an object which is deleted was a member of. Its
	// Edits and Remove are everything else that it held; see planner.Holdings.
	MemberOf []planner.MemberChange `json:"member_of,omitempty"`
}

// ResultEntry is how it ended.
type ResultEntry struct {
	Status    Status         `json:"status"`
	Anchor    string         `json:"anchor,omitempty"`
	Code      int            `json:"code,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Error     string         `json:"error,omitempty"`
	Refused   []RefusedEntry `json:"refused,omitempty"`
	Already   int            `json:"already,omitempty"`
	// Unneeded are the members that were there, or gone, before.
	Unneeded []planner.MemberChange `json:"unneeded,omitempty"`
}

// RefusedEntry is one member that was not written.
type RefusedEntry struct {
	Member planner.MemberChange `json:"member"`
	Add    bool                 `json:"add"`
	Error  string               `json:"error"`
}

// Footer is the last line: how the run ended.
type Footer struct {
	Finished string `json:"finished"`
	Counts   Counts `json:"counts"`
	Stops    []Stop `json:"stops"`
}

// line is one line of the file; exactly one field is set.
type line struct {
	Header *Header `json:"header,omitempty"`
	Before *Entry  `json:"before,omitempty"`
	After  *Entry  `json:"after,omitempty"`
	Footer *Footer `json:"footer,omitempty"`
}

// before is the entry before the nth attempt of s.
func before(s *step, n int, now time.Time) Entry {
	e := newEntry(s, n, now)
	if n > 1 {
		return e
	}
	op, held := s.op, planner.Holdings{}
	if op.Verb == planner.VerbDelete {
		held = s.object.held
		op.Edits, op.Remove = held.Edits, held.Members
	}
	e.Operation = &OperationEntry{
		Verb: op.Verb, ObjectType: op.ObjectType, Name: s.object.change.Name, Anchor: op.Anchor,
		DNBefore: op.DNBefore, DNAfter: op.DNAfter, Edits: op.Edits, Add: op.Add, Remove: op.Remove, MemberOf: held.MemberOf,
	}
	return e
}

// after is the entry after the nth attempt of s.
func after(s *step, n int, now time.Time) Entry {
	e, result := newEntry(s, n, now), s.report.Result
	e.Result = &ResultEntry{
		Status: s.report.Status, Anchor: result.Anchor, Code: result.Code,
		RequestID: result.RequestID, Error: errorText(result.Err), Already: result.Already, Unneeded: result.Unneeded,
	}
	for _, m := range result.Refused {
		e.Result.Refused = append(e.Result.Refused, RefusedEntry{Member: m.Member, Add: m.Add, Error: errorText(m.Err)})
	}
	if e.Result.Error == "" {
		e.Result.Error = s.report.Cause
	}
	return e
}

func newEntry(s *step, attempt int, now time.Time) Entry {
	e := Entry{Number: s.report.Number, At: stamp(now), Provider: s.object.change.Provider, Address: s.object.change.Address}
	if attempt > 1 {
		e.Attempt = attempt
	}
	return e
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FileJournal is a journal in a file of its own, one JSON object a line. Only
// its owner may read it. Each line is written at once; the file is forced to the
// disk before an operation is sent and at the end, so that a crash of the machine
// can lose no more than the results of operations whose start is recorded.
type FileJournal struct {
	mu   sync.Mutex // one line at a time
	file *os.File
	path string
}

// runIDLetters are what a run id is made of: it becomes the name of a file.
const runIDLetters = "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// CreateJournal starts dir/RUN.jsonl, and dir if it does not exist.
func CreateJournal(dir string, h Header) (*FileJournal, error) {
	if h.Run == "" || strings.Trim(h.Run, runIDLetters) != "" {
		return nil, fmt.Errorf("%q is not a run id", h.Run)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, h.Run+".jsonl")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &FileJournal{file: file, path: path}
	if err := errors.Join(j.write(line{Header: &h}), file.Sync()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// Path is where the journal is.
func (j *FileJournal) Path() string { return j.path }

// Before records an operation that is about to be sent.
func (j *FileJournal) Before(e Entry) error {
	if err := j.write(line{Before: &e}); err != nil {
		return err
	}
	return j.file.Sync()
}

// After records how it ended.
func (j *FileJournal) After(e Entry) error { return j.write(line{After: &e}) }

// Close records the end of the run and closes the file.
func (j *FileJournal) Close(f Footer) error {
	return errors.Join(j.write(line{Footer: &f}), j.file.Sync(), j.file.Close())
}

func (j *FileJournal) write(l line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.file.Write(append(data, '\n'))
	return err
}

// NewRunID makes the name of a run: the time in UTC, and six random digits.
func NewRunID(now time.Time, random io.Reader) (string, error) {
	var b [3]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("run id: %w", err)
	}
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:]), nil
}
