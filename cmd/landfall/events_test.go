package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landfall-directory/landfall/planner/events"
)

// followVariable names the folder to which each run of the program writes its
// events in tests, a file for each process.
const followVariable = "LANDFALL_TEST_EVENTS"

// followedMain is the program with -events.
func followedMain() {
	if dir := os.Getenv(followVariable); dir != "" && !slices.ContainsFunc(os.Args, func(a string) bool { return strings.Contains(a, "-events") }) {
		file := filepath.Join(dir, fmt.Sprint(os.Getpid(), ".jsonl"))
		os.Args = slices.Insert(os.Args, 1, "-events", file)
	}
	main()
}

// checkFollowed checks every line of every file of a folder, and that the lines
// of each file tell a whole story.
func checkFollowed(t *testing.T, dir string) {
	schema := eventSchema(t)
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no events: %v", err)
	}
	seen := map[string]int{}
	for _, name := range names {
		checkEvents(t, schema, name, seen)
	}
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // some of the scripts
	}
	for _, kind := range []string{"version", "diagnostic", "read_start", "progress", "read_complete", "planned_change", "plan_summary", "apply_start",
		"operation_start", "operation_complete", "stop", "confirm_start", "confirm_complete", "apply_summary", "error", "exit"} {
		if seen[kind] == 0 {
			t.Errorf("no script saw an event of type %s", kind)
		}
	}
}

func eventSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(events.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("events.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// followedEvent is what the tests look at.
type followedEvent struct {
	Time       string `json:"@time"`
	Type       string
	Command    string
	Number     int
	Total      int
	Attempt    int
	Status     string
	Reason     string
	ResultCode int `json:"result_code"`
	ExitStatus int `json:"exit_status"`
}

// readEvents checks the lines of a file and returns them.
func readEvents(t *testing.T, schema *jsonschema.Schema, name string) []followedEvent {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []followedEvent
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(lines.Text()))
		if err == nil {
			err = schema.Validate(v)
		}
		var e followedEvent
		if err == nil {
			err = json.Unmarshal(lines.Bytes(), &e)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, lines.Text())
		}
		out = append(out, e)
	}
	if lines.Err() != nil {
		t.Error(lines.Err())
	}
	return out
}

func checkEvents(t *testing.T, schema *jsonschema.Schema, name string, seen map[string]int) {
	t.Helper()
	list := readEvents(t, schema, name)
	ended, total := map[int]bool{}, 0
	for i, e := range list {
		seen[e.Type]++
		if (e.Type == "version") != (i == 0) || i > 0 && e.Time < list[i-1].Time {
			t.Errorf("%s: line %d (%s at %s) is out of order", name, i+1, e.Type, e.Time)
		}
		if e.Type == "operation_complete" {
			if ended[e.Number] {
				t.Errorf("%s: operation %d ends twice", name, e.Number)
			}
			ended[e.Number], total = true, e.Total
		}
	}
	if len(list) == 0 || list[len(list)-1].Type != "exit" {
		t.Errorf("%s: there is no exit at the end", name)
	}
	if len(ended) != total {
		t.Errorf("%s: %d of %d operations end", name, len(ended), total)
	}
}
