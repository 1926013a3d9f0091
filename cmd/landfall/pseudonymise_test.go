package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// No value that a pseudonymised snapshot hides stands anywhere in its file, in any
// case, of all that the directories of the examples hold. What has fewer than seven
// characters may well stand in the middle of something else.
func TestPseudonymisedExamplesHoldNothingHidden(t *testing.T) {
	t.Setenv("LANDFALL_TEST_KEY", "a secret of the examples")
	dirs, err := filepath.Glob("../../examples/*/main.hcl")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, main := range dirs {
		source := filepath.Dir(main)
		t.Run(filepath.Base(source), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
				t.Fatal(err)
			}
			landfall(t, dir, 0, "snapshot", "plain.zst")
			landfall(t, dir, 0, "snapshot", "hidden.zst", "-pseudonymise", "env:LANDFALL_TEST_KEY")
			cfg, _, diags := lang.Load(dir, lang.LoadOptions{Version: version})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			_, plain := unpackSnapshot(t, cfg, filepath.Join(dir, "plain.zst"))
			file, hidden := unpackSnapshot(t, cfg, filepath.Join(dir, "hidden.zst"))
			text := withoutReadable(strings.ToLower(file), plain, hidden)
			seen, looked := map[string]bool{}, 0
			for address, s := range plain {
				for o := range planner.ObjectID(s.Len()) {
					values, others := s.Everything(o), hidden[address].Everything(o)
					for at, v := range values {
						if at < len(others) && others[at] == v || seen[v] || utf8.RuneCountInString(v) < 7 || !utf8.ValidString(v) {
							continue
						}
						seen[v], looked = true, looked+1
						if strings.Contains(text, strings.ToLower(v)) {
							t.Errorf("the file holds %q of %s of %s", v, s.Name(o), address)
						}
					}
				}
			}
			if looked < 40 {
				t.Errorf("only %d values are hidden: this test looks at too little", looked)
			}
			if diff := cmp.Diff(shapeOfPlan(t, dir, "plain.zst"), shapeOfPlan(t, dir, "hidden.zst")); diff != "" {
				t.Errorf("the plan on the values (-), and on the pseudonyms (+):\n%s", diff)
			}
		})
	}
}

// shapeOfPlan is what a plan on a snapshot says beside names and values.
func shapeOfPlan(t *testing.T, dir, snapshot string) []string {
	t.Helper()
	p, err := planner.Decode([]byte(landfall(t, dir, 0, "plan", "-snapshot", snapshot, "-json")))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{fmt.Sprintf("%+v", p.Summary)}
	for _, c := range p.Changes {
		line := fmt.Sprintf("%s %s %v", c.Provider, c.ObjectType, c.Actions)
		for _, e := range c.Edits {
			line += fmt.Sprintf(" %s(%d, %d) by %s", e.Attribute, len(e.Before), len(e.After), e.Reason.Rule)
		}
		if c.Members != nil {
			line += fmt.Sprintf(" +%d -%d skipped %d", len(c.Members.Add), len(c.Members.Remove), len(c.Members.Skipped))
		}
		out = append(out, line)
	}
	for _, d := range p.Diagnostics {
		if d.Code != "pseudonymised" {
			out = append(out, fmt.Sprintf("%s %s %s:%d", d.Severity, d.Code, d.File, d.Line))
		}
	}
	slices.Sort(out)
	return out
}

// withoutReadable takes the values out of a text that both snapshots have, and which
// may hold a hidden one: a name within an address.
func withoutReadable(text string, plain, hidden planner.Snapshot) string {
	readable := map[string]bool{}
	for address, s := range plain {
		for o := range planner.ObjectID(s.Len()) {
			others := hidden[address].Everything(o)
			for at, v := range s.Everything(o) {
				if at < len(others) && others[at] == v && v != "" {
					readable[strings.ToLower(v)] = true
				}
			}
		}
	}
	longest := slices.SortedFunc(maps.Keys(readable), func(x, y string) int { return len(y) - len(x) })
	for _, v := range longest {
		text = strings.ReplaceAll(text, `"`+v+`"`, `""`)
	}
	return text
}

func unpackSnapshot(t *testing.T, cfg *lang.Config, name string) (string, planner.Snapshot) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	snap, _, err := planner.DecodeSnapshot(bytes.NewReader(data), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), snap
}
