package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

// every type once, filled with something.
func samples() []Event {
	text := "x"
	of := Operation{Number: 1, Total: 2, Provider: "p", Address: "a", ObjectType: "group", Name: "n", Verb: planner.VerbCreate, DN: "CN=x"}
	return []Event{
		Version{Format: Format, LandfallVersion: "1", Command: "apply"},
		Diagnostic{Severity: "warning", Code: "c", Summary: "s", Detail: "d", File: "f", Line: 3},
		ReadStart{Provider: "p"}, Progress{Provider: "p", Stage: "s", Done: 1, Total: 2, WaitMS: 3}, ReadComplete{Provider: "p", Objects: 1, DurationMS: 2},
		PlannedChange{Address: "a", Provider: "p", ObjectType: "group", Name: "n", Actions: []planner.Action{planner.ActionUpdate}, Anchor: &text,
			DNBefore: &text, Attributes: []string{"info"}, Blocked: &text, Cause: &text},
		PlanSummary{Digest: "sha256:" + strings.Repeat("0", 64), Changes: 1, Partial: true}, ApplyStart{Run: "r", Digest: "d", Changes: 1},
		OperationStart{Operation: of, Attempt: 1, Attributes: []string{}},
		OperationRetry{Operation: of, Attempt: 1, Status: apply.StatusUnknown, Reason: "r", WaitMS: 4},
		OperationComplete{Operation: of, Finished: 1, Attempts: 2, Status: apply.StatusDone, Anchor: "a", Code: 204, RequestID: "i"},
		Stop{Provider: "p", Reason: apply.StopOutage, Detail: "d"}, Interrupt{Abort: true}, ConfirmStart{},
		ConfirmComplete{Unconfirmed: []Unconfirmed{{"p", "a", "n"}}, Error: "e"},
		ApplySummary{Run: "r"}, Error{Message: "m"}, Exit{Status: 5},
	}
}

func compiled(t *testing.T) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("events.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	return s, doc.(map[string]any)
}

// The schema describes exactly what is written: every type, and in each every
// field and no other.
func TestSchema(t *testing.T) {
	s, doc := compiled(t)
	var known []string
	for _, name := range doc["properties"].(map[string]any)["type"].(map[string]any)["enum"].([]any) {
		known = append(known, name.(string))
	}
	var written []string
	for _, e := range samples() {
		var out bytes.Buffer
		New(&out, time.Now, func(err error) { t.Error(err) }).Emit(e)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", out.String(), err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", out.String(), err)
		}
		written = append(written, e.name())
		def := doc["$defs"].(map[string]any)[e.name()].(map[string]any)
		if diff := cmp.Diff(keys(def["properties"].(map[string]any)), fields(reflect.TypeOf(e))); diff != "" {
			t.Errorf("%s (-schema +type):\n%s", e.name(), diff)
		}
		line := v.(map[string]any)
		for _, name := range keys(line) {
			was := line[name]
			delete(line, name)
			if err := s.Validate(v); err == nil {
				t.Errorf("%s without %s is valid", e.name(), name)
			}
			line[name] = was
		}
	}
	if diff := cmp.Diff(known, written); diff != "" {
		t.Errorf("types (-schema +code):\n%s", diff)
	}
}

// A name has one type of value, whatever event it is in, so that a database of
// events needs no mapping.
func TestNamesHaveOneType(t *testing.T) {
	_, doc := compiled(t)
	types := map[string]string{}
	for event, def := range doc["$defs"].(map[string]any) {
		for name, property := range def.(map[string]any)["properties"].(map[string]any) {
			is := fmt.Sprint(property.(map[string]any)["type"])
			is = strings.Trim(strings.TrimSuffix(is, " null]"), "[")
			if was := types[name]; was != "" && was != is {
				t.Errorf("%s is %s in %s and %s elsewhere", name, is, event, was)
			}
			types[name] = is
		}
	}
}

func keys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// fields are the names of a type's fields in JSON.
func fields(typ reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(typ) {
		if !f.Anonymous {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func TestLine(t *testing.T) {
	var out strings.Builder
	clock := time.Date(2026, 11, 23, 9, 0, 0, 1500, time.FixedZone("", 3600))
	s := New(&out, func() time.Time { return clock }, func(err error) { t.Error(err) })
	s.Emit(ConfirmStart{})
	s.Emit(Error{Message: "a\nb\x1b[2J\u202e\u0085\U000E0001 ü"})
	s.Emit(Stop{Reason: "stale", Detail: "d"})
	want := `{"@time":"2026-11-23T08:00:00.000001Z","type":"confirm_start"}
{"@time":"2026-11-23T08:00:00.000001Z","type":"error","message":"a\nb\u001b[2J\u202e\u0085\udb40\udc01 ü"}
{"@time":"2026-11-23T08:00:00.000001Z","type":"stop","provider":"","reason":"stale","detail":"d"}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	var back struct{ Message string }
	if err := json.Unmarshal([]byte(strings.Split(out.String(), "\n")[1]), &back); err != nil || back.Message != "a\nb\x1b[2J\u202e\u0085\U000E0001 ü" {
		t.Errorf("read back as %q: %v", back.Message, err)
	}
}

// What a provider repeats is told once a second; waits and ends always.
func TestProgressIsNoFlood(t *testing.T) {
	var out strings.Builder
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := New(&out, func() time.Time { return clock }, func(err error) { t.Error(err) })
	for i := range 30 {
		s.Emit(Progress{Provider: "a", Stage: "reading", Done: i, Total: 29})
		s.Emit(Progress{Provider: "b", Stage: "reading", Done: i})
		if i == 17 {
			s.Emit(Progress{Provider: "a", Stage: "reading", Done: i, Total: 29, WaitMS: 10})
		}
		clock = clock.Add(100 * time.Millisecond)
	}
	if n := strings.Count(out.String(), "\n"); n != 3+1+3+1 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// A stream that cannot be written ends, and says so once.
func TestFailure(t *testing.T) {
	full := &limited{left: 2}
	failures := 0
	s := New(full, time.Now, func(error) { failures++ })
	for range 5 {
		s.Emit(ConfirmStart{})
	}
	if failures != 1 || full.calls != 3 {
		t.Errorf("%d failures after %d writes", failures, full.calls)
	}
	var none *Stream
	none.Emit(ConfirmStart{})
}

type limited struct{ left, calls int }

func (l *limited) Write(p []byte) (int, error) {
	l.calls++
	if l.left == 0 {
		return 0, errors.New("no space left on device")
	}
	l.left--
	return len(p), nil
}

// Nothing that the plan or an operation holds as a value is in the stream.
func TestNoValues(t *testing.T) {
	secret := []planner.Datum{{Text: "hunter2", Hash: "h", Length: 7}, {Text: "hunter2"}}
	edits := []planner.Edit{{Attribute: "info", Before: secret, After: secret}}
	p := &planner.Plan{Changes: []planner.Change{{Address: "a", Actions: []planner.Action{planner.ActionUpdate}, Edits: edits,
		Members: &planner.Members{Add: []planner.MemberChange{{Name: "kim"}}}, Blocked: &planner.Blocked{Code: "guard"}}}}
	var out strings.Builder
	s := New(&out, time.Now, func(err error) { t.Error(err) })
	for _, e := range OfPlan(p) {
		s.Emit(e)
	}
	for _, kind := range []apply.EventKind{apply.EventStart, apply.EventRetry, apply.EventEnd} {
		s.Emit(OfRun(apply.Event{Kind: kind, Operation: planner.Operation{Verb: planner.VerbUpdate, Edits: edits}}))
	}
	s.Emit(OfConfirm([]apply.Unconfirmed{{Address: "a", Pending: &p.Changes[0]}}, nil))
	s.Emit(OfConfirm(nil, io.EOF))
	text := out.String()
	if strings.Contains(text, "hunter2") || strings.Contains(text, "kim") {
		t.Errorf("a value is in the stream:\n%s", text)
	}
	for _, want := range []string{`"attributes":["info"]`, `"members_add":1`, `"blocked":"guard"`, `"confirmed":false`, `"error":"EOF"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n != 7 {
		t.Error(fmt.Sprint(n), "lines")
	}
}
