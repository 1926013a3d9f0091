package apply

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/local"
)

func create(t testing.TB, s backend.Storage, run string) *RunJournal {
	t.Helper()
	j, err := CreateJournal(s, held, Header{Version: 1, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func starts(n int) Entry {
	return Entry{Number: n, Operation: &OperationEntry{Verb: planner.VerbDelete, Name: fmt.Sprintf("group %d", n)}}
}

func ends(n int) Entry { return Entry{Number: n, Result: &ResultEntry{Status: StatusDone}} }

func read(t testing.TB, s backend.Storage, run string) *Record {
	t.Helper()
	rec, err := ReadRun(t.Context(), s, run)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestRunJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".landfall")
	s := local.Open(dir)
	j := create(t, s, "r")
	if want := filepath.ToSlash(dir) + "/runs/r.jsonl"; j.Path() != want {
		t.Errorf("%s is not %s", j.Path(), want)
	}
	info, err := os.Stat(filepath.FromSlash(j.Path()))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the journal: %v, %v", info.Mode(), err)
	}
	if _, err := CreateJournal(s, held, Header{Version: 1, Run: "r", Who: "another"}); !errors.Is(err, backend.ErrLost) {
		t.Errorf("a journal was overwritten: %v", err)
	}
	for _, run := range []string{"", "..", "a/b", "../x", "a.2"} {
		if _, err := CreateJournal(s, held, Header{Version: 1, Run: run}); err == nil {
			t.Errorf("the run id %q was accepted", run)
		}
	}
	if err := j.Before(starts(1)); err != nil {
		t.Fatal(err)
	}
	// Nothing was closed: what is recorded is in the storage all the same.
	rec := read(t, s, "r")
	if len(rec.Operations) != 1 || rec.Operations[0].Result != nil || rec.Footer != nil || rec.Torn {
		t.Errorf("after a crash: %+v", rec)
	}
	if err := errors.Join(j.After(ends(1)), j.Close(Footer{})); err != nil {
		t.Fatal(err)
	}
	if rec := read(t, s, "r"); rec.Footer == nil || rec.Operations[0].Result == nil {
		t.Errorf("after the end: %+v", rec)
	}
	create(t, s, "a-newer-one")
	create(t, s, "s")
	if runs, err := ListRuns(t.Context(), s); err != nil || strings.Join(runs, " ") != "s r a-newer-one" {
		t.Errorf("%q, %v", runs, err)
	}
}

// TestJournalOfManyAtOnce: operations in flight at the same time share appends and
// lose nothing.
func TestJournalOfManyAtOnce(t *testing.T) {
	s := records(t)
	j := create(t, s, "r")
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 25 {
				n := worker*25 + i + 1
				if err := j.Before(starts(n)); err != nil {
					t.Error(err)
				}
				if err := j.After(ends(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := j.Close(Footer{}); err != nil {
		t.Fatal(err)
	}
	rec := read(t, s, "r")
	if len(rec.Operations) != 200 || rec.Lines != 402 {
		t.Fatalf("%d operations in %d lines", len(rec.Operations), rec.Lines)
	}
	for _, o := range rec.Operations {
		if o.Result == nil {
			t.Errorf("operation %d has no result", o.Number)
		}
	}
}

// TestJournalWasChanged: no byte before the last line can be changed without notice.
func TestJournalWasChanged(t *testing.T) {
	whole := journalText(t)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n')
	for i := range whole[:last] {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		if rec, err := ReadJournal(bytes.NewReader(changed)); err == nil {
			t.Fatalf("byte %d of %q was changed, and the journal reads: %+v", i, whole[max(0, i-20):i+1], rec)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for i := range lines[:len(lines)-2] {
		without := append(bytes.Join(lines[:i], nil), bytes.Join(lines[i+1:], nil)...)
		if _, err := ReadJournal(bytes.NewReader(without)); err == nil {
			t.Errorf("line %d was taken out, and the journal reads", i+1)
		}
	}
}

// TestLongJournal: a journal goes on in further parts and reads as one.
func TestLongJournal(t *testing.T) {
	s := records(t)
	j := create(t, s, "r")
	j.maxAppends = 3
	for n := range 20 {
		if err := errors.Join(j.Before(starts(n+1)), j.After(ends(n+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(Footer{}); err != nil {
		t.Fatal(err)
	}
	rec := read(t, s, "r")
	if len(rec.Operations) != 20 || rec.Footer == nil || j.part < 5 {
		t.Errorf("%d operations in %d parts", len(rec.Operations), j.part)
	}
	if runs, err := ListRuns(t.Context(), s); err != nil || len(runs) != 1 {
		t.Errorf("%q, %v", runs, err)
	}
}

// TestLargeOperation: what is larger than one append is written in pieces.
func TestLargeOperation(t *testing.T) {
	s := records(t)
	j := create(t, s, "r")
	e := starts(1)
	for n := range 60_000 {
		e.Operation.Add = append(e.Operation.Add, planner.MemberChange{DN: below(fmt.Sprintf("person %d with a name", n), people), Name: "somebody", ID: "id"})
	}
	if err := errors.Join(j.Before(e), j.Close(Footer{})); err != nil {
		t.Fatal(err)
	}
	if rec := read(t, s, "r"); len(rec.Operations[0].Add) != 60_000 || j.appends < 3 {
		t.Errorf("%d members in %d appends", len(rec.Operations[0].Add), j.appends)
	}
}

var taker = Sealed{At: "2026-11-22T12:00:00Z", By: "next", Who: "lee@build", Lease: 8}

// TestSeal: whoever takes a lease over ends the other's journal, wherever that is,
// and the other can record nothing more.
func TestSeal(t *testing.T) {
	for name, c := range map[string]struct {
		lines int
		tear  bool
	}{"after the header": {lines: 0}, "between": {lines: 5}, "at the end of a part": {lines: 6}, "in a further part": {lines: 14}, "after a cut line": {lines: 4, tear: true}} {
		t.Run(name, func(t *testing.T) {
			s := records(t)
			j := create(t, s, "gone")
			j.maxAppends = 7
			for n := range c.lines {
				if err := j.Before(starts(n + 1)); err != nil {
					t.Fatal(err)
				}
			}
			if c.tear {
				if err := s.Append(t.Context(), partName("gone", j.part), j.at, []byte(`{"prev":"12`)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second time there is nothing to do
				if err := Seal(t.Context(), s, "gone", taker); err != nil {
					t.Fatal(err)
				}
			}
			if err := j.Before(starts(c.lines + 1)); !errors.Is(err, backend.ErrLost) {
				t.Errorf("the run that was sealed records: %v", err)
			}
			if err := j.Close(Footer{}); !errors.Is(err, backend.ErrLost) {
				t.Errorf("the run that was sealed ends: %v", err)
			}
			rec := read(t, s, "gone")
			if len(rec.Operations) != c.lines || rec.Footer != nil || rec.Sealed == nil || *rec.Sealed != taker || rec.Torn != c.tear {
				t.Errorf("%+v", rec)
			}
		})
	}
}

// TestSealBeforeTheBeginning: a run that has the lease and is late with its
// journal never begins.
func TestSealBeforeTheBeginning(t *testing.T) {
	s := records(t)
	if err := Seal(t.Context(), s, "late", taker); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateJournal(s, held, Header{Version: 1, Run: "late"}); !errors.Is(err, backend.ErrLost) {
		t.Errorf("it begins: %v", err)
	}
	if rec, err := ReadRun(t.Context(), s, "late"); err == nil || !strings.Contains(err.Error(), "before it began") {
		t.Errorf("%+v, %v", rec, err)
	}
}

// TestSealOfAFinishedRun: it has its end already.
func TestSealOfAFinishedRun(t *testing.T) {
	s := records(t)
	if err := create(t, s, "r").Close(Footer{}); err != nil {
		t.Fatal(err)
	}
	if err := Seal(t.Context(), s, "r", taker); err != nil {
		t.Fatal(err)
	}
	if rec := read(t, s, "r"); rec.Sealed != nil || rec.Footer == nil {
		t.Errorf("%+v", rec)
	}
}

// TestSealRaces: the run writes on while it is sealed; it is sealed in the end, and
// what it was told to be recorded is.
func TestSealRaces(t *testing.T) {
	s := records(t)
	j := create(t, s, "r")
	j.maxAppends = 10
	recorded := make(chan int)
	go func() {
		n := 0
		for n < 300 && j.Before(starts(n+1)) == nil {
			n++
		}
		recorded <- n
	}()
	if err := Seal(t.Context(), s, "r", taker); err != nil {
		t.Fatal(err)
	}
	n := <-recorded
	if rec := read(t, s, "r"); len(rec.Operations) != n || rec.Sealed == nil {
		t.Errorf("%d operations are in the journal, %d were recorded", len(rec.Operations), n)
	}
}

// TestLostLease: an operation is not sent when the lease is gone after it was
// recorded.
func TestLostLease(t *testing.T) {
	j, err := CreateJournal(records(t), func() error { return backend.ErrLost }, Header{Version: 1, Run: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Before(starts(1)); !errors.Is(err, backend.ErrLost) {
		t.Errorf("Before: %v", err)
	}
}

// TestJournalFails: a storage that cannot be written stops the run, and says why
// every time.
func TestJournalFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".landfall")
	j := create(t, local.Open(dir), "r")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := j.Before(starts(1)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Before: %v", err)
		}
	}
	if err := j.Close(Footer{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Close: %v", err)
	}
}
