package lang

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// Sources are the files of a configuration by name, for diagnostics that show
// the line.
type Sources map[string]*hcl.File

// problem makes an error with a fixed summary and a detail that says what is
// wrong, why it matters and what to do.
func problem(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}

// warning is problem for what does not prevent a run.
func warning(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	d := problem(at, summary, format, args...)
	d.Severity = hcl.DiagWarning
	return d
}

// didYouMean is a sentence that suggests the name nearest to given, with a space
// before it; "" when none is near.
func didYouMean(given string, names []string) string {
	best, least := "", 0
	if len(given) > 200 {
		return "" // no slip of the finger, and costly to compare
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil)
		limit := max(2, max(len(given), len(name))/3)
		if d <= limit && d < len(given) && (best == "" || d < least) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// place is how a detail names another place: file:line.
func place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// list writes words for a sentence: a, b or c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// sorted orders by place, so that the order of files and blocks does not show,
// and leaves out repetitions.
func sorted(diags hcl.Diagnostics) hcl.Diagnostics {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		if a.Subject == nil || b.Subject == nil {
			switch {
			case a.Subject == b.Subject:
				return strings.Compare(a.Summary+a.Detail, b.Summary+b.Detail)
			case a.Subject == nil:
				return -1
			}
			return 1
		}
		if c := strings.Compare(a.Subject.Filename, b.Subject.Filename); c != 0 {
			return c
		}
		if c := a.Subject.Start.Byte - b.Subject.Start.Byte; c != 0 {
			return c
		}
		return strings.Compare(a.Summary+a.Detail, b.Summary+b.Detail)
	})
	return slices.CompactFunc(diags, func(a, b *hcl.Diagnostic) bool {
		return a.Summary == b.Summary && a.Detail == b.Detail && (a.Subject == b.Subject || a.Subject != nil && b.Subject != nil && *a.Subject == *b.Subject)
	})
}

// escapedMark stands for an escape character of a source file while HCL's writer
// renders it: one byte, as the ranges count bytes, and never part of UTF-8.
const escapedMark = 0xFF

// WriteDiagnostics writes diagnostics for people, with the source line, as HCL
// does. Whatever could move the cursor or reorder text comes out escaped: names
// in files are not to be trusted. Width 0 does not wrap.
func WriteDiagnostics(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics, width int, color bool) error {
	safe := make(map[string]*hcl.File, len(files))
	for name, f := range files {
		if f != nil {
			safe[Printable(name)] = &hcl.File{Body: f.Body, Bytes: bytes.ReplaceAll(f.Bytes, []byte{0x1b}, []byte{escapedMark}), Nav: safeNav{f}}
		}
	}
	var out bytes.Buffer
	writer := hcl.NewDiagnosticTextWriter(&out, safe, uint(max(0, width)), color)
	for _, d := range diags {
		shown := *d
		shown.Summary, shown.Detail = printableText(d.Summary), printableText(d.Detail)
		shown.Subject, shown.Context = safeRange(d.Subject), safeRange(d.Context)
		if err := writer.WriteDiagnostic(&shown); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, escapeRendered(out.String()))
	return err
}

// safeNav names the block a place is in, as HCL's navigation does.
type safeNav struct{ file *hcl.File }

// ContextString implements the interface that HCL's writer looks for.
func (n safeNav) ContextString(offset int) string {
	nav, ok := n.file.Nav.(interface{ ContextString(offset int) string })
	if !ok {
		return ""
	}
	return Printable(nav.ContextString(offset))
}

func safeRange(r *hcl.Range) *hcl.Range {
	if r == nil {
		return nil
	}
	out := *r
	out.Filename = Printable(r.Filename)
	return &out
}

// Printable escapes control, format and bidirectional characters, line breaks
// included, and bytes that are not UTF-8.
func Printable(s string) string { return escape(s, false) }

// printableText is Printable for text that may have several lines.
func printableText(s string) string { return escape(s, true) }

func escape(s string, lines bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether a character can change how a terminal shows the others.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// escapeRendered escapes what HCL's writer copied from source files. The escape
// characters left are its own colors.
func escapeRendered(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == 0x1b:
			b.WriteRune(r)
		case r == utf8.RuneError && s[i] == escapedMark:
			b.WriteString(`\u001b`)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
