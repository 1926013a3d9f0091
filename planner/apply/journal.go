package apply

import (
	"encoding/hex"
	"fmt"
	"io"
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
	Commit          string `json:"commit,omitempty"` // of the configuration, where it is known
	Lease           int64  `json:"lease"`            // number of the lease that this run works under
	LandfallVersion string `json:"landfall_version"`
	// Reverts is the run that this one takes back, if it does.
	Reverts string `json:"reverts,omitempty"`
	// Directories says what the providers of the run are connected to: the id of
	// the tenant, the base DN.
	Directories map[string]string `json:"directories,omitempty"`
}

// NewHeader is the header of a run that carries out p. Who, Commit, Lease and
// LandfallVersion are the caller's to fill in.
func NewHeader(run string, started time.Time, p *planner.Plan) Header {
	h := Header{Version: journalVersion, Run: run, Started: stamp(started), Digest: p.Digest, ConfigDigest: p.ConfigDigest}
	if p.Revert != nil {
		h.Reverts = p.Revert.Run
	}
	return h
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
	Duration  int64          `json:"duration_ms"`
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

// Sealed is the last line of a run that lost its lease, written by the run that
// took it over. It keeps the other one from recording anything, and with that from
// sending anything.
type Sealed struct {
	At    string `json:"at"`
	By    string `json:"by"` // the run that took over
	Who   string `json:"who"`
	Lease int64  `json:"lease"`
}

// line is one line of a journal. Prev is the SHA-256 of the line before, without
// its end, in hexadecimal; so no line can be changed, taken out or put in later
// without notice. One of the other fields is set.
type line struct {
	Prev      string  `json:"prev"`
	Header    *Header `json:"header,omitempty"`
	Before    *Entry  `json:"before,omitempty"`
	After     *Entry  `json:"after,omitempty"`
	Footer    *Footer `json:"footer,omitempty"`
	Sealed    *Sealed `json:"sealed,omitempty"`
	Continued int     `json:"continued,omitempty"` // the journal goes on in this part
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

// NewRunID makes the name of a run: the time in UTC, and six random digits.
func NewRunID(now time.Time, random io.Reader) (string, error) {
	var b [3]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("run id: %w", err)
	}
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:]), nil
}
