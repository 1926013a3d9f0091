package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"Finance", "Finance"},
		{`a,b+c"d\e<f>g;h=i`, `a,b+c"d\e<f>g;h=i`},
		{"Größe 東京 ελ עברית", "Größe 東京 ελ עברית"},
		{"👩\u200d🚀", `👩\u{200d}🚀`},
		{"\x1b[2J", `\u{1b}[2J`},
		{"a\nb\tc\rd\x00", `a\u{a}b\u{9}c\u{d}d\u{0}`},
		{"x\u202egnp.exe", `x\u{202e}gnp.exe`},
		{"\u2066a\u2069\u200f", `\u{2066}a\u{2069}\u{200f}`},
		{"a\u00a0b\u3000c", `a\u{a0}b\u{3000}c`},
		{"a\u00adb\ufeffc\u200b", `a\u{ad}b\u{feff}c\u{200b}`},
		{"\u3164\u115f\u2800\u034f\ufe0f\U000e0041", `\u{3164}\u{115f}\u{2800}\u{34f}\u{fe0f}\u{e0041}`},
		{"a\u2028b\u0085c\u009b2J", `a\u{2028}b\u{85}c\u{9b}2J`},
		{"bad \xff\xc3 end", `bad \x{ff}\x{c3} end`},
		{"\ufffd", "\ufffd"},
		{"\ue000", `\u{e000}`},
		{"e\u0301", "e\u0301"},
		{"\u0301e", `\u{301}e`},
		{"e" + strings.Repeat("\u0301", 6), "e" + strings.Repeat("\u0301", 4) + `\u{301}\u{301}`},
	}
	for _, test := range tests {
		if got := Escape(test.in); got != test.want {
			t.Errorf("Escape(%+q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestQuoteShowsWhereTextEnds(t *testing.T) {
	tests := []struct{ in, want string }{
		{"trail ", `"trail "`},
		{`say "x"`, `"say \"x\""`},
		{`back\`, `"back\\"`},
		{`\u{1b}`, `"\\u{1b}"`}, // written so in the name itself, unlike an escaped control
		{"\x1b", `"\u{1b}"`},
	}
	for _, test := range tests {
		if got := quote(test.in, false); got != test.want {
			t.Errorf("quote(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[2J", "x\u202eg", "bad \xff", "e\u0301\u0301", "\u2028", "👩\u200d🚀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Escape(s)
		if !utf8.ValidString(out) {
			t.Fatalf("Escape(%q) is not UTF-8: %q", s, out)
		}
		for _, r := range out {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("Escape(%q) left %U", s, r)
			}
		}
		if again := Escape(out); again != out {
			t.Fatalf("Escape is not stable: %q, then %q", out, again)
		}
		for _, r := range escape(s, true) {
			if r < 0x20 || r > 0x7e {
				t.Fatalf("escape(%q, true) left %U", s, r)
			}
		}
	})
}
