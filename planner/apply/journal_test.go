package apply

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/backend/local"
)

var noon = time.Date(2026, 11, 22, 13, 0, 0, 0, time.FixedZone("CET", 3600))

// records is a storage in a folder of this test.
func records(t testing.TB) *local.Storage { return local.Open(filepath.Join(t.TempDir(), ".landfall")) }

// held is a lease that nobody takes away.
func held() error { return nil }

func TestJournalRoundTrip(t *testing.T) {
	s := records(t)
	p := plan()
	p.Digest, p.ConfigDigest = "sha256:aa", "sha256:bb"
	h := NewHeader("20261122T120000Z-0a1b2c", noon, p)
	h.Who, h.Commit, h.Lease, h.LandfallVersion = "kim@build", "3f9c2e1", 7, "0.1.0"
	j, err := CreateJournal(s, held, h)
	if err != nil {
		t.Fatal(err)
	}
	d := newDirectory(groups, people)
	user, g := d.put("user", below("kim", people)), d.put("group", below("g", groups))
	g.attributes["info"] = "old"
	c := update(g, "info", "old", "new\nline \xff")
	c.Members = &planner.Members{Add: []planner.MemberChange{member(user), {DN: below("nobody", people), Name: "nobody"}}}
	p.Changes = []planner.Change{c, creation("n", below("n", "OU=None,"+groups))}
	report, err := Run(context.Background(), p, Options{
		Writers: map[string]planner.Writer{corp: d}, Journal: j, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}

	rec, err := ReadRun(t.Context(), s, h.Run)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Header{
		Version: 1, Run: "20261122T120000Z-0a1b2c", Started: "2026-11-22T12:00:00Z", Digest: "sha256:aa",
		ConfigDigest: "sha256:bb", Who: "kim@build", Commit: "3f9c2e1", Lease: 7, LandfallVersion: "0.1.0",
	}, rec.Header); diff != "" {
		t.Error(diff)
	}
	if rec.Torn || rec.Footer == nil || rec.Footer.Counts != report.Counts() || rec.Footer.Finished != "2026-11-22T12:00:00Z" {
		t.Errorf("footer: %+v", rec.Footer)
	}
	if len(rec.Operations) != 3 || rec.Lines != 8 {
		t.Fatalf("%d lines, operations: %+v", rec.Lines, rec.Operations)
	}
	failed, updated, members := rec.Operations[0], rec.Operations[1], rec.Operations[2]
	if failed.Verb != planner.VerbCreate || failed.Result.Status != StatusFailed || failed.Result.Code != 32 || failed.Result.Error == "" {
		t.Errorf("the failure: %+v %+v", failed, failed.Result)
	}
	want := OperationEntry{
		Verb: planner.VerbUpdate, ObjectType: "group", Name: g.dn, Anchor: g.anchor, DNBefore: g.dn, DNAfter: g.dn,
		Edits: []planner.Edit{{Attribute: "info", Before: planner.Texts("old"), After: planner.Texts("new\nline \ufffd")}},
	}
	if diff := cmp.Diff(want, updated.OperationEntry); diff != "" || updated.Address != c.Address || updated.Provider != corp {
		t.Errorf("the update:\n%s", diff)
	}
	if len(members.Add) != 2 || len(members.Result.Refused) != 1 || members.Result.Refused[0].Member.Name != "nobody" {
		t.Errorf("the members: %+v %+v", members, members.Result)
	}
}

func TestReadJournalTornAtEveryByte(t *testing.T) {
	whole := journalText(t)
	lines := bytes.Count(whole, []byte("\n"))
	for n := range len(whole) {
		rec, err := ReadJournal(bytes.NewReader(whole[:n]))
		first := bytes.IndexByte(whole, '\n')
		if n <= first {
			if err == nil {
				t.Fatalf("%d bytes are no journal", n)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if torn := whole[n-1] != '\n'; rec.Torn != torn {
			t.Fatalf("%d bytes: torn is %v", n, rec.Torn)
		}
		if complete := bytes.Count(whole[:n], []byte("\n")) == lines; (rec.Footer != nil) != complete {
			t.Fatalf("%d bytes: footer is %v", n, rec.Footer)
		}
	}
}

// journalText is a journal of two operations.
func journalText(t testing.TB) []byte {
	s := records(t)
	j, err := CreateJournal(s, held, Header{Version: 1, Run: "r"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		err = errors.Join(err, j.Before(Entry{Number: n + 1, Operation: &OperationEntry{Verb: planner.VerbDelete}}),
			j.After(Entry{Number: n + 1, Result: &ResultEntry{Status: StatusDone}}))
	}
	if err = errors.Join(err, j.Close(Footer{})); err != nil {
		t.Fatal(err)
	}
	data, err := s.Read(t.Context(), "runs/r.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadJournalRefusesWhatIsWrong(t *testing.T) {
	const (
		header = `{"header":{"version":1,"run":"r"}}` + "\n"
		start  = `{"before":{"number":1,"operation":{"verb":"delete"}}}` + "\n"
		end    = `{"after":{"number":1,"result":{"status":"done"}}}` + "\n"
		footer = `{"footer":{}}` + "\n"
	)
	tests := map[string]struct{ text, want string }{
		"empty":            {"", "line 1"},
		"no header":        {start, "line 1"},
		"two headers":      {header + header, "line 2"},
		"newer":            {`{"header":{"version":2}}` + "\n", "version 2"},
		"not JSON":         {header + "x\n" + start, "line 2"},
		"nothing":          {header + "{}\n", "line 2"},
		"starts twice":     {header + start + start, "starts twice"},
		"no operation":     {header + `{"before":{"number":1}}` + "\n", "says nothing"},
		"ends twice":       {header + start + end + end, "ends twice"},
		"ends first":       {header + end, "without a start"},
		"no result":        {header + start + `{"after":{"number":1}}` + "\n", "without a result"},
		"after the footer": {header + footer + start, "after the end"},
		"after the seal":   {header + `{"sealed":{"by":"s"}}` + "\n" + start, "after the end"},
		"only a seal":      {`{"sealed":{"by":"s"}}` + "\n", "run s took its lock over before it began"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if rec, err := ReadJournal(strings.NewReader(chain(test.text))); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v, %v", rec, err)
			}
		})
	}
}

// chain gives every line of a journal the hash of the one before.
func chain(text string) string {
	var out strings.Builder
	prev := ""
	for l := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(l, "{"); ok {
			l = strings.Replace(`{"prev":"`+prev+`",`+rest, ",}", "}", 1)
		}
		prev = hashLine([]byte(strings.TrimSuffix(l, "\n")))
		out.WriteString(l)
	}
	return out.String()
}

func FuzzReadJournal(f *testing.F) {
	f.Add(journalText(f))
	f.Add([]byte(chain(`{"header":{"version":1}}` + "\n" + `{"before":{"number":1,"operation":{"edits":[{"before":[{"hash":"h","length":1}]}]}}}` + "\n")))
	f.Add([]byte(chain(`{"header":{"version":1}}` + "\n" + `{"continued":2}` + "\n" + `{"sealed":{"by":"s"}}` + "\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := ReadJournal(bytes.NewReader(data))
		if (rec == nil) == (err == nil) {
			t.Fatalf("%v, %v", rec, err)
		}
	})
}

func TestNewRunID(t *testing.T) {
	id, err := NewRunID(noon, bytes.NewReader([]byte{0x0a, 0x1b, 0x2c}))
	if err != nil || id != "20261122T120000Z-0a1b2c" {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := NewRunID(noon, bytes.NewReader(nil)); err == nil {
		t.Error("an id without randomness")
	}
}

func TestJournalOfADelete(t *testing.T) {
	d := newDirectory(groups)
	g := d.put("group", below("g", groups))
	held := planner.Holdings{
		Edits:    []planner.Edit{{Attribute: "info", Before: planner.Texts("x")}},
		Members:  []planner.MemberChange{{DN: below("kim", people), Name: "kim", ID: "k"}},
		MemberOf: []planner.MemberChange{{DN: below("outer", groups), Name: "outer", ID: "o"}},
	}
	j := &journal{}
	r, err := Run(t.Context(), plan(deletion(g)), Options{
		Writers: map[string]planner.Writer{corp: d}, Journal: j,
		Held: map[planner.HoldingKey]planner.Holdings{{Provider: corp, Anchor: g.anchor}: held},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, r, OutcomeDone)
	want := &OperationEntry{
		Verb: planner.VerbDelete, ObjectType: "group", Name: g.dn, Anchor: g.anchor, DNBefore: g.dn,
		Edits: held.Edits, Remove: held.Members, MemberOf: held.MemberOf,
	}
	if diff := cmp.Diff(want, j.before[0].Operation); diff != "" {
		t.Errorf("in the journal:\n%s", diff)
	}
	if op := d.log[0].op; len(op.Edits)+len(op.Remove) > 0 {
		t.Errorf("what is for the journal alone was sent: %+v", op)
	}
}
