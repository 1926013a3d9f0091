package identifier

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGUID(t *testing.T) {
	const text, raw = "6f9619ff-8b86-d011-b42d-00c04fc964ff", "\xff\x19\x96\x6f\x86\x8b\x11\xd0\xb4\x2d\x00\xc0\x4f\xc9\x64\xff"
	if got := FormatGUID(raw); got != text {
		t.Errorf("FormatGUID: %q", got)
	}
	for _, spelling := range []string{text, strings.ToUpper(text)} {
		if got, ok := ParseGUID(spelling); !ok || got != raw {
			t.Errorf("ParseGUID(%q): %q, %v", spelling, got, ok)
		}
	}
	for _, bad := range []string{"", "x", text[1:], text + "0", "{" + text + "}", strings.ReplaceAll(text, "-", ""), strings.Replace(text, "f", "g", 1), strings.Replace(text, "-", "_", 1)} {
		if got, ok := ParseGUID(bad); ok {
			t.Errorf("ParseGUID(%q): %q", bad, got)
		}
	}
	if got := FormatGUID(raw[1:]); got != "" {
		t.Errorf("of 15 octets: %q", got)
	}
}

func TestSID(t *testing.T) {
	for text, raw := range map[string]string{
		"S-1-5-32-544":                 "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00",
		"S-1-5-21-1-2-4294967295-1106": "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\xff\xff\xff\xff\x52\x04\x00\x00",
		"S-1-5":                        "\x01\x00\x00\x00\x00\x00\x00\x05",
		"S-1-1-0":                      "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00",
		"S-1-281474976710655-7":        "\x01\x01\xff\xff\xff\xff\xff\xff\x07\x00\x00\x00",
	} {
		if got := FormatSID(raw); got != text {
			t.Errorf("FormatSID(%q): %q, want %q", raw, got, text)
		}
		for _, spelling := range []string{text, strings.ToLower(text)} {
			if got, ok := ParseSID(spelling); !ok || got != raw {
				t.Errorf("ParseSID(%q): %q, %v", spelling, got, ok)
			}
		}
	}
	for _, bad := range []string{"", "S", "S-1", "S-2-5-32", "S-1-x", "S-1-5-", "S-1-5--1", "S-1-5-4294967296", "S-1-281474976710656", "X-1-5-32", "S-1-5" + strings.Repeat("-1", 16)} {
		if got, ok := ParseSID(bad); ok {
			t.Errorf("ParseSID(%q): %q", bad, got)
		}
	}
	for _, bad := range []string{"", "\x01", "\x02\x01\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00", "\x01\x01\x00\x00\x00\x00\x00\x05", "\x01\x00\x00\x00\x00\x00\x00\x05\x00", "\x01\x10" + strings.Repeat("\x00", 70)} {
		if got := FormatSID(bad); got != "" {
			t.Errorf("FormatSID(%q): %q", bad, got)
		}
	}
}

// TestThereAndBack: what one writes the other reads, and what is read is written
// back as it was, but for case and zeros in front.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		guid := string(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid"))
		if got, ok := ParseGUID(FormatGUID(guid)); !ok || got != guid {
			t.Fatalf("%q: %q, %v", guid, got, ok)
		}
		n := rapid.IntRange(0, 15).Draw(t, "n")
		sid := "\x01" + string(rune(n)) + string(rapid.SliceOfN(rapid.Byte(), 6+4*n, 6+4*n).Draw(t, "sid"))
		if got, ok := ParseSID(FormatSID(sid)); !ok || got != sid {
			t.Fatalf("%q: %q, %v", sid, got, ok)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("S-1-5-32-544")
	f.Add("6f9619ff-8b86-d011-b42d-00c04fc964ff")
	f.Fuzz(func(t *testing.T, text string) {
		if raw, ok := ParseSID(text); ok {
			if again, ok := ParseSID(FormatSID(raw)); !ok || again != raw {
				t.Errorf("%q: %q, %v", text, again, ok)
			}
		}
		if raw, ok := ParseGUID(text); ok && FormatGUID(raw) != strings.ToLower(text) {
			t.Errorf("%q: %q", text, FormatGUID(raw))
		}
	})
}
