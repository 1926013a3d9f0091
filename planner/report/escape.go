package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes untrusted text safe to show on a terminal: control characters,
// bidirectional controls, and every other character that cannot be seen become
// \u{202e}, bytes that are not UTF-8 become \x{ff}. So does a combining mark that
// has nothing to combine with, or stands in a heap that would paint over other
// lines. Visible text, in whatever script, stays as it is; only what the log of a
// pipeline would take for a command (::stop-commands::, ##vso[…], ##[…]) is broken.
func Escape(s string) string { return escape(s, false) }

// maxMarks is how many combining marks one character may carry. Living scripts
// need fewer.
const maxMarks = 4

// escape also replaces everything beyond ASCII if ascii is set.
func escape(s string, ascii bool) string {
	s = withoutCommands(s)
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := maxMarks // nothing to combine with at the start
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x{%02x}`, s[i])
			marks = 0
		case unicode.Is(unicode.M, r) && marks < maxMarks && visible(r) && !ascii:
			b.WriteRune(r)
			marks++
		case unicode.Is(unicode.M, r), !visible(r), ascii && r > unicode.MaxASCII:
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
			marks = 0
		}
		i += size
	}
	return b.String()
}

// withoutCommands breaks the commands that GitHub's and Azure's runners look for
// in whatever a step prints: "::" at the start of a line, "##[" and "##vso["
// anywhere in it.
func withoutCommands(s string) string {
	if strings.HasPrefix(strings.TrimLeft(s, " "), "::") {
		s = strings.Replace(s, "::", `\u{3a}:`, 1)
	}
	if strings.Contains(s, "##") {
		s = commands.Replace(s)
	}
	return s
}

var commands = strings.NewReplacer("##[", `#\u{23}[`, "##v", `#\u{23}v`, "##V", `#\u{23}V`)

func plainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// visible reports whether a character shows itself. IsPrint leaves out controls,
// formats (bidi, zero width), every space but the common one, and what is not
// assigned; the rest of the invisible ones are letters and marks by category.
func visible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.IsPrint(r) && r != brailleBlank &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) &&
		!unicode.Is(unicode.Variation_Selector, r)
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quote puts text into quotes, so that its end and its outer spaces can be seen.
func quote(s string, ascii bool) string {
	return `"` + escape(quoting.Replace(s), ascii) + `"`
}
