package planner_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// someOfEach is the file of a plan with changes of several kinds, one of them
// blocked, with skipped members, a group that is not written, one that is frozen
// and diagnostics. One name holds a control character.
func someOfEach(t *testing.T) []byte {
	t.Helper()
	cfg := load(t, preamble+writebackBlock("unset = \"skip\""), "guard \"g\" {\n  action = \"create\"\n  max_count = 0\n}\n", anyType)
	w := newWorld()
	w.group("Old", w.person("Ada").id, w.cloudOnly("Pat", "Guest").id)
	off := w.group("Off")
	w.apply(t, build(t, load(t, preamble+writebackBlock("unset = \"skip\"")), w, planner.Options{}))
	off.enabled = "FALSE"
	w.groups[0].description = "a\x1bb"
	w.groups[0].members = []string{w.person("Bob").id, w.users[1].id}
	w.group("New")
	w.group("Unset").unified = true
	w.groups[3].enabled = ""
	p := build(t, cfg, w, planner.Options{})
	if p.Summary.Update != 1 || p.Summary.MembersAdd != 1 || p.Summary.Blocked == 0 || p.Summary.SkippedMembers == 0 || p.Summary.Frozen == 0 || p.Summary.NotWritten == 0 || len(p.Diagnostics) == 0 {
		t.Fatalf("the plan lacks something: %s", dump(p))
	}
	return encoded(t, p)
}

func encoded(t tester, p *planner.Plan) []byte {
	t.Helper()
	out, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAFlippedByteIsRefused flips one bit of every byte; and of every letter the
// one that makes it large or small.
func TestAFlippedByteIsRefused(t *testing.T) {
	file := someOfEach(t)
	if _, err := planner.Decode(file); err != nil {
		t.Fatal(err)
	}
	for i := range file {
		for _, bit := range []byte{1 << (i % 8), 0x20} {
			flipped := bytes.Clone(file)
			flipped[i] ^= bit
			if _, err := planner.Decode(flipped); !errors.Is(err, planner.ErrPlanFile) {
				t.Fatalf("byte %d (%q, bit %#x): %v\n%s", i, file[i], bit, err, file[max(0, i-60):min(len(file), i+20)])
			}
		}
	}
}

// TestWhateverIsDoneToAPlanFileIsRefused damages plans in several places, cuts
// pieces out, doubles them and puts bytes in.
func TestWhateverIsDoneToAPlanFileIsRefused(t *testing.T) {
	file := someOfEach(t)
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) int { return rapid.IntRange(0, len(file)-1).Draw(t, label) }
		damaged := bytes.Clone(file)
		for range rapid.IntRange(1, 5).Draw(t, "times") {
			from, to := at("from"), at("to")
			from, to = min(from, to, len(damaged)), min(max(from, to), len(damaged))
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				if from < len(damaged) {
					damaged[from] = rapid.Byte().Draw(t, "byte")
				}
			case 1:
				damaged = slices.Delete(damaged, from, to)
			case 2:
				damaged = slices.Insert(damaged, from, damaged[from:to]...)
			default:
				text := rapid.SampledFrom([]string{" ", "\n", `"name":"x",`, "\r", ",", "null", "\u00a0"}).Draw(t, "text")
				damaged = slices.Insert(damaged, from, []byte(text)...)
			}
		}
		if bytes.Equal(damaged, file) {
			t.Skip("not damaged after all")
		}
		if _, err := planner.Decode(damaged); !errors.Is(err, planner.ErrPlanFile) {
			t.Fatalf("%v: %s", err, damaged)
		}
	})
}

// TestEditedPlansSayWhy: what neither digest nor counts cover is refused, too.
func TestEditedPlansSayWhy(t *testing.T) {
	file := string(someOfEach(t))
	for _, change := range [][2]string{
		{`"name":"Old"`, `"name":"New"`}, {`"reason":"not_in_cloud"`, `"reason":"in_cloud"`}, {`"file":"a.hcl"`, `"file":"c.hcl"`},
		{`"reason":"guest"`, `"reason":"device"`}, {`"severity":"warning"`, `"severity":"info"`}, {`"created":"`, `"created":"1`},
		{`"reason":"unset"`, `"reason":"when"`}, {`"notes":[]`, `"notes":["harmless"]`}, {`"landfall_version":"0.1.0"`, `"landfall_version":"0.1.1"`},
	} {
		edited := strings.Replace(file, change[0], change[1], 1)
		if edited == file {
			t.Errorf("the plan has no %s", change[0])
		} else if _, err := planner.Decode([]byte(edited)); err == nil || !strings.Contains(err.Error(), "edited or damaged") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(file), "", " "); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"indented": pretty.String(), "no line end": strings.TrimSpace(file), "line end of Windows": strings.TrimSpace(file) + "\r\n",
		"a name twice": strings.Replace(file, `"created":`, `"created":"1999","created":`, 1), "escapes": strings.Replace(file, "a.hcl", `\u0061.hcl`, 1),
		"the other hexadecimal digits": strings.Replace(file, `\u001b`, `\u001B`, 1),
	} {
		if _, err := planner.Decode([]byte(other)); other == file || err == nil || !strings.Contains(err.Error(), "another form") {
			t.Errorf("%s: %v", name, err)
		}
	}
	none := strings.Replace(file, `"checksum":`, `"checksun":`, 1)
	if _, err := planner.Decode([]byte(none)); err == nil || !strings.Contains(err.Error(), "no checksum") {
		t.Errorf("without a checksum: %v", err)
	}
}

// sealed gives a plan a field and a format_version that this program does not
// know, and the checksum that fits, without the code that is tested.
func sealed(t *testing.T, file []byte) []byte {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(file, &tree); err != nil {
		t.Fatal(err)
	}
	tree["format_version"], tree["later"] = "1.9", map[string]any{"b": []any{"<x>"}, "a": true}
	write := func() []byte {
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(tree); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	delete(tree, "checksum")
	tree["checksum"] = fmt.Sprintf("sha256:%x", sha256.Sum256(bytes.TrimSpace(write())))
	return write()
}

// TestPlansOfLaterVersions: one that has more in it is checked as a whole, read as
// far as it is known, and not applied.
func TestPlansOfLaterVersions(t *testing.T) {
	file := sealed(t, someOfEach(t))
	p, err := planner.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.CheckApplicable(); !errors.Is(err, planner.ErrPlanFile) {
		t.Errorf("applicable: %v", err)
	}
	if _, err := planner.Decode(bytes.Replace(file, []byte("<x>"), []byte("<y>"), 1)); err == nil || !strings.Contains(err.Error(), "edited or damaged") {
		t.Errorf("a field that is not known was edited: %v", err)
	}
}

// TestDigestKnowsNoNames: a member that is called otherwise stands elsewhere in the
// list, and the plan does the same.
func TestDigestKnowsNoNames(t *testing.T) {
	cfg := load(t, preamble+writebackBlock(""))
	plan := func(rename bool) *planner.Plan {
		w := newWorld()
		ada, bob := w.person("Ada"), w.person("Bob")
		w.group("Team", ada.id, bob.id)
		if rename {
			for _, o := range w.objects {
				if first(o, "displayName") == "Ada" {
					o.attrs["displayName"] = []string{"Zoe"}
				}
			}
		}
		return build(t, cfg, w, planner.Options{})
	}
	before, after := plan(false), plan(true)
	m, n := find1(t, before, before.Changes[len(before.Changes)-1].Address).Members, find1(t, after, after.Changes[len(after.Changes)-1].Address).Members
	if m == nil || n == nil || m.Add[0].Name != "Ada" || n.Add[1].Name != "Zoe" {
		t.Fatalf("the order is the same: %s\n%s", dump(before), dump(after))
	}
	if before.Digest != after.Digest {
		t.Error("a name changed the digest")
	}
}
