package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/landfall-directory/landfall/lang"
)

// FuzzDecode: a plan file from anywhere is read or refused with ErrPlanFile, and
// what is read is written and read again as the same plan.
func FuzzDecode(f *testing.F) {
	p := Plan{FormatVersion: FormatVersion, Changes: []Change{{Address: `writeback.g["Group_1"]`, ObjectType: "group", Actions: []Action{ActionUpdate},
		Edits: []Edit{{Attribute: "info", Before: Texts(), After: Texts("a\x00b")}}}}}
	p.Digest, p.Summary = p.ComputeDigest(), summarise(&p)
	whole, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(append(bytes.Clone(whole), "{}"...))
	f.Add([]byte(`{"format_version":"1.99","changes":null}`))
	f.Add([]byte(`{"format_version":"1.","changes":[{"dn":{"before":1}}]}`))
	f.Add([]byte(strings.Repeat(`{"format_version":`, 50)))
	same := func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrPlanFile) {
				t.Fatalf("not marked as a plan file's error: %v", err)
			}
			return
		}
		out, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(out)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(out, second) {
			t.Fatalf("%v: not the same:\n%s\n%s", err, out, second)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		same(t, data)
		// With numbers that fit, so that more than the checksum is tried.
		var p Plan
		if err := json.Unmarshal(data, &p); err == nil {
			p.Digest, p.Summary = p.ComputeDigest(), summarise(&p)
			fitting, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(fitting); err != nil && strings.HasPrefix(p.FormatVersion, "1.0") && len(p.FormatVersion) == 3 {
				t.Fatalf("%v: %s", err, fitting)
			}
			same(t, fitting)
		}
		// And with unknown fields.
		if tree, err := parseJSON(data); err == nil {
			if plan, ok := tree.(map[string]any); ok {
				plan[checksumField] = checksumOf(plan)
				same(t, append(appendCanonical(nil, plan), '\n'))
			}
		}
	})
}

// FuzzDecodeSnapshot: a snapshot from anywhere is read or refused with
// ErrSnapshot; what is read can be looked at, planned and written again.
func FuzzDecodeSnapshot(f *testing.F) {
	cfg, _, diags := lang.LoadFS(fstest.MapFS{"main.hcl": &fstest.MapFile{Data: []byte(`
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
`)}}, lang.LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		f.Fatal(diags)
	}
	s := NewSpace("provider.ad.corp", KindAD, cfg.Providers[0].Schema)
	ada := s.Add("user", "11111111-0000-4000-8000-000000000001", "CN=Ada,DC=corp", Live)
	s.Set(ada, "displayName", "Ada")
	s.Set(ada, "objectGUID", "\x00\xff")
	g := s.Add("group", "11111111-0000-4000-8000-000000000002", "CN=G,DC=corp", Deleted)
	s.SetReferences(g, "member", []ObjectID{ada, s.Reference("CN=Somebody,DC=corp")})
	s.SetUnreadable(g, "memberOf")
	s.ProveAbsent("id", "x")
	s.SetFound("mail", "a@b", ada)
	s.ReadAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var whole bytes.Buffer
	if err := EncodeSnapshot(&whole, Snapshot{s.Provider: s}, SnapshotInfo{FormatVersion: snapshotFormat, Requests: Requests(cfg)}); err != nil {
		f.Fatal(err)
	}
	if _, _, err := DecodeSnapshot(bytes.NewReader(whole.Bytes()), cfg); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add(bytes.Replace(whole.Bytes(), []byte(`"member":[`), []byte(`"member":[4000000000,`), 1))
	f.Add(bytes.Replace(whole.Bytes(), []byte("provider.ad.corp"), []byte("provider.ad.other"), -1))
	f.Add([]byte("{\"info\":{\"format_version\":\"1.0\"}}\n{\"end\":{\"lines\":1}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		snap, info, err := DecodeSnapshot(bytes.NewReader(data), cfg)
		if err != nil {
			if !errors.Is(err, ErrSnapshot) {
				t.Fatalf("not marked as a snapshot's error: %v", err)
			}
			return
		}
		var out bytes.Buffer
		if err := EncodeSnapshot(&out, snap, info); err != nil {
			t.Fatal(err)
		}
		if _, _, err := DecodeSnapshot(&out, cfg); err != nil {
			t.Fatalf("what was read is not read again: %v", err)
		}
		if _, err := Build(cfg, snap, Options{Version: "0.1.0"}); err != nil {
			return // it may not hold what a plan needs; it must not panic
		}
	})
}

// FuzzParseSID: what is taken is a SID with a RID, and is one text only (but for
// zeros in front and the case of the S).
func FuzzParseSID(f *testing.F) {
	for _, s := range []string{"S-1-5-21-1-2-3-1105", "s-1-5-32-544", "S-1-5", "S-2-5-1", "S-1-281474976710656-1", "S-1-5-4294967296", "S-1-5--1", "S-1-5-1" + strings.Repeat("-1", 15)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, ok := parseSID(s)
		if !ok {
			return
		}
		domain, rid, ok := sidRID(raw)
		if !ok || len(domain) != len(raw)-4 {
			t.Fatalf("%q gives the octets %x, which have no RID", s, raw)
		}
		last := strings.TrimLeft(s[strings.LastIndexByte(s, '-')+1:], "0")
		if again := decimal(rid); again != last && (last != "" || rid != 0) {
			t.Fatalf("%q has the RID %s", s, again)
		}
	})
}

func decimal(n uint32) string {
	out := ""
	for ; n > 0; n /= 10 {
		out = string(rune('0'+n%10)) + out
	}
	return out
}

// FuzzIsMark: a mark is the prefix and a GUID, in either case, and nothing else.
func FuzzIsMark(f *testing.F) {
	for _, s := range []string{"Group_11111111-0000-4000-8000-00000000000f", "GROUP_ABCDEFAB-0000-4000-8000-00000000000F", "Group_", "User_11111111-0000-4000-8000-00000000000f",
		"Group_{11111111-0000-4000-8000-00000000000}", "Group_11111111-0000-4000-8000-00000000000\u0130", "group_111111110-000-4000-8000-00000000000f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isMark(s) {
			return
		}
		if len(s) != len("Group_")+36 || strings.Count(s, "-") != 4 || strings.Trim(strings.ToLower(s[6:]), "0123456789abcdef-") != "" {
			t.Fatalf("%q is taken for a mark", s)
		}
		if !isMark(strings.ToUpper(s)) || isMark(s+"0") || isMark(s[1:]) {
			t.Fatalf("%q: case or length decides", s)
		}
	})
}

// FuzzMatchAddress: a pattern takes what it spells out, and prefixes of it.
func FuzzMatchAddress(f *testing.F) {
	f.Add("writeback.cloud", `writeback.cloud["Group_1"]`)
	f.Add(`writeback.*["Group_1"]`, `writeback.cloud["Group_1"]`)
	f.Add("*a*a", "a")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, address string) {
		got := matchAddress(pattern, address)
		if want := globbed(pattern, address); got != want {
			t.Fatalf("%q on %q: %v, want %v", pattern, address, got, want)
		}
	})
}

// globbed is matchAddress as its definition has it: a * is any text, and without
// one the pattern is a prefix.
func globbed(pattern, address string) bool {
	if !strings.Contains(pattern, "*") {
		pattern += "*"
	}
	at := map[int]bool{0: true} // where the part so far may end
	for i := range len(pattern) {
		next := map[int]bool{}
		for p := range at {
			if pattern[i] == '*' {
				for q := p; q <= len(address); q++ {
					next[q] = true
				}
			} else if p < len(address) && address[p] == pattern[i] {
				next[p+1] = true
			}
		}
		at = next
	}
	return at[len(address)]
}
