package report

import (
	"html"
	"strings"
)

// codeSpan puts text that Escape made safe into a code span of Markdown. Nothing
// in it means anything: no mention, no reference, no link, no HTML.
func codeSpan(s string) string {
	if s == "" {
		s = `""`
	}
	ticks := strings.Repeat("`", longestRun(s)+1)
	// One space on each side belongs to the fence, not to the text.
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") && strings.Trim(s, " ") != "" {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// codeElement is codeSpan for text within HTML, where Markdown is not parsed.
func codeElement(s string) string {
	if s == "" {
		s = `""`
	}
	return "<code>" + html.EscapeString(s) + "</code>"
}

// fence puts lines that Escape made safe into a code block that they cannot
// close.
func fence(language, lines string) string {
	ticks := strings.Repeat("`", max(3, longestRun(lines)+1))
	if lines != "" && !strings.HasSuffix(lines, "\n") {
		lines += "\n"
	}
	return ticks + language + "\n" + lines + ticks + "\n"
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// tableCell keeps a bar from ending a cell; GFM takes the backslash away again,
// in code spans, too.
func tableCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
