package lang

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
)

// In color, the only escape characters are those of the colors.
func TestColoredDiagnostics(t *testing.T) {
	_, files, diags := LoadFS(fstest.MapFS{"a\x1b[2J.hcl": {Data: []byte("guard \"g\" {\n  action = \"\x1b[2J\u202e\"\n  max_count = 1\n}\n")}}, LoadOptions{})
	var out bytes.Buffer
	if err := WriteDiagnostics(&out, files, diags, 80, true); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, color := range []string{"\x1b[31m", "\x1b[0m", "\x1b[1;4m"} {
		if !strings.Contains(got, color) {
			t.Errorf("no color %q", color)
		}
		got = strings.ReplaceAll(got, color, "")
	}
	if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && hidden(r) }); i >= 0 {
		t.Errorf("%q holds a hidden character at %d", got, i)
	}
	for _, want := range []string{`a\u001b[2J.hcl`, `\u001b[2J\u202e`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ä 𝒜":       "plain ä 𝒜",
		"a\nb\tc":         `a\u000ab\u0009c`,
		"\x1b[2J":         `\u001b[2J`,
		"x\u202egnp.exe":  `x\u202egnp.exe`,
		"\xff\ufffd":      `\xff` + "\ufffd",
		"zero\u200bwidth": `zero\u200bwidth`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q): got %q, want %q", in, got, want)
		}
	}
}

// Problems of a sync-rule expression point at the very text, through escapes,
// indentation and interpolation.
func TestPlacesInsideExpressions(t *testing.T) {
	for name, tt := range map[string]struct{ expression, want string }{
		"plain":                 {`"Trim([desription])"`, "[desription]"},
		"quotes":                {`"IIF([mail] = \"a\\\\b\", [desription], \"\u00e4\")"`, "[desription]"},
		"after an escape":       {`"\"\u00e4\" & Nix(\"x\")"`, `Nix`},
		"dollar":                {`"\"$${x}%%{y}\" & [desription]"`, "[desription]"},
		"heredoc":               {"<<EOT\nTrim(\n  [desription])\nEOT", "[desription]"},
		"indented heredoc":      {"<<-EOT\n      IIF([mail]=\"\",\n          [mail],\n\n        [desription])\n    EOT", "[desription]"},
		"after interpolation":   {`"Left([${lower("MAIL")}],${1 + 2}) & [desription]"`, "[desription]"},
		"in interpolation":      {`"[${"desription"}]"`, `[${"desription"}]`},
		"not UTF-8 normal form": {"\"\\\"a\u0308\\\" & [desription]\"", "\\\"a\u0308\\\" & [desription]"},
		"end":                   {`"[mail] &"`, "&"},
	} {
		src := `sync_rule "x" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 1
  flow "description" {
    expression = ` + tt.expression + `
  }
}
`
		_, files, diags := LoadFS(fstest.MapFS{"base.hcl": readBase(t), "main.hcl": {Data: []byte(src)}}, LoadOptions{})
		if len(diags) != 1 {
			t.Errorf("%s: got %v", name, diags)
			continue
		}
		at := *diags[0].Subject
		got := string(at.SliceBytes(files["main.hcl"].Bytes))
		if name == "end" {
			got = strings.Trim(got, `"`)
		}
		if got != tt.want || at != rangeOf(src, at) {
			t.Errorf("%s: %s points at %q (%v), want %q at %v", name, diags[0].Summary, got, at, tt.want, rangeOf(src, at))
		}
	}
}

// rangeOf computes lines and columns of a range from its bytes.
func rangeOf(src string, at hcl.Range) hcl.Range {
	pos := func(byteAt int) hcl.Pos {
		before := src[:byteAt]
		line := before[strings.LastIndexByte(before, '\n')+1:]
		return hcl.Pos{Line: strings.Count(before, "\n") + 1, Column: len([]rune(strings.ReplaceAll(line, "a\u0308", "a"))) + 1, Byte: byteAt}
	}
	return hcl.Range{Filename: at.Filename, Start: pos(at.Start.Byte), End: pos(at.End.Byte)}
}

func TestVersionConstraints(t *testing.T) {
	for _, tt := range []struct {
		running, constraint string
		want                bool
	}{
		{"0.1.0", ">= 0.1", true},
		{"0.1.0", "0.1", true},
		{"0.1.0", "= 0.1.1", false},
		{"0.1.0", "!= 0.1.0", false},
		{"0.2.0", "> 0.1, < 0.3", true},
		{"0.3.0", "> 0.1, < 0.3", false},
		{"1.9.9", "~> 1.2", true},
		{"2.0.0", "~> 1.2", false},
		{"1.2.9", "~> 1.2.3", true},
		{"1.3.0", "~> 1.2.3", false},
		{"1.2.2", "~> 1.2.3", false},
		{"1.0.0-rc1", ">= 1.0", false},
		{"1.0.0-rc1", "<= 1.0.0", true},
		{"v1.2.3+meta", "= 1.2.3", true},
	} {
		got, err := satisfies(tt.running, tt.constraint)
		if err != nil || got != tt.want {
			t.Errorf("%s satisfies %q: got %v, %v", tt.running, tt.constraint, got, err)
		}
	}
	for _, constraint := range []string{"", ">=", "=> 1", "x", "1.2.3.4", ">= 1,", "1.-2"} {
		if _, err := satisfies("1.0", constraint); err == nil {
			t.Errorf("%q is taken as a constraint", constraint)
		}
	}
}

func TestFormat(t *testing.T) {
	before := "guard \"g\" {\naction=\"delete\"\n  max_count   =  1\n}\n"
	after := "guard \"g\" {\n  action    = \"delete\"\n  max_count = 1\n}\n"
	if got := string(Format([]byte(before))); got != after {
		t.Errorf("got %q", got)
	}
	if got := string(Format([]byte(after))); got != after {
		t.Errorf("formatting again: got %q", got)
	}
	d := Diff("main.hcl", []byte(before), []byte(after))
	for _, want := range []string{"-action=\"delete\"\n", "+  action    = \"delete\"\n", "main.hcl"} {
		if !strings.Contains(d, want) {
			t.Errorf("%q lacks %q", d, want)
		}
	}
	if Diff("main.hcl", []byte(after), []byte(after)) != "" {
		t.Error("equal texts differ")
	}
}

// Input that nests without bound is refused before HCL recurses into it.
func TestDeepNesting(t *testing.T) {
	deep := strings.Repeat("(", 100_000)
	for _, src := range []string{
		"locals {\n  a = " + deep + "\n}\n",
		"locals {\n  a = " + strings.Repeat("!", 100_000) + "true\n}\n",
		"locals {\n  a = " + strings.Repeat("true ? 1 : ", 100_000) + "1\n}\n",
		"locals {\n  a = " + strings.Repeat(`"${`, 100_000) + "\n}\n",
		strings.Repeat("a {\n", 100_000),
		"locals {\n  a = 1" + strings.Repeat("+1", 100_000) + "\n}\n",
		"locals {\n  a = local.b" + strings.Repeat("[0]", 100_000) + "\n}\n",
	} {
		cfg, _ := rendered(t, fstest.MapFS{"main.hcl": {Data: []byte(src)}}, LoadOptions{})
		if cfg != nil {
			t.Error("taken")
		}
	}
	long := "locals {\n  a = 1" + strings.Repeat("+1", maxChain/2) + "\n}\n"
	if cfg, text := rendered(t, fstest.MapFS{"main.hcl": {Data: []byte(long)}}, LoadOptions{}); cfg == nil {
		t.Errorf("a long sum is refused: %s", text)
	}
	cfg, _ := rendered(t, fstest.MapFS{"main.hcl": {Data: []byte("variable \"a\" {\n  type = any\n}\n")}}, LoadOptions{Vars: map[string]string{"a": deep}})
	if cfg != nil {
		t.Error("taken as the value of a variable")
	}
}
