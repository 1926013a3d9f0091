package syncexpr

import (
	"fmt"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang/value"
)

// standardFormats are .NET's formats of one letter, in its invariant culture.
var standardFormats = map[string]string{
	"d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "f": "dddd, dd MMMM yyyy HH:mm", "F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss", "m": "MMMM dd", "M": "MMMM dd",
	"o": "yyyy-MM-ddTHH:mm:ss.fffffffK", "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
	"r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
	"s": "yyyy-MM-ddTHH:mm:ss", "t": "HH:mm", "T": "HH:mm:ss", "u": "yyyy-MM-dd HH:mm:ss'Z'",
	"U": "dddd, dd MMMM yyyy HH:mm:ss", "y": "yyyy MMMM", "Y": "yyyy MMMM",
}

// formatDateTime writes a date in a .NET format.
func formatDateTime(date, format value.Value) (value.Value, *Error) {
	f := format.Text()
	if len(f) > 1000 {
		return fail("the format is longer than 1000 bytes")
	}
	if len(f) == 1 {
		standard, ok := standardFormats[f]
		if !ok {
			return fail("%q is no format; a custom format of one letter is written %%%s", f, f)
		}
		f = standard
	}
	var b strings.Builder
	for i := 0; i < len(f); {
		n, err := formatPart(&b, f[i:], date.When())
		if err != nil {
			return value.Value{}, err
		}
		i += n
	}
	return value.Str(b.String()), nil
}

// formatPart writes what the beginning of format f stands for, and tells how
// much of f that was.
func formatPart(b *strings.Builder, f string, t time.Time) (int, *Error) {
	run := 1
	for run < len(f) && f[run] == f[0] {
		run++
	}
	switch f[0] {
	case '\'', '"':
		end := strings.IndexByte(f[1:], f[0])
		if end < 0 {
			_, err := fail("the format has a quote that is not closed")
			return 0, err
		}
		b.WriteString(f[1 : 1+end])
		return end + 2, nil
	case '\\':
		if len(f) == 1 {
			_, err := fail("the format ends with a backslash that escapes nothing")
			return 0, err
		}
		b.WriteByte(f[1])
		return 2, nil
	case '%':
		return 1, nil // marks a single letter as a custom format
	case 'd', 'M', 'y', 'g':
		formatDay(b, f[0], run, t)
	case 'h', 'H', 'm', 's', 't':
		formatClock(b, f[0], run, t)
	case 'f', 'F':
		if run > 7 {
			_, err := fail("a fraction has at most 7 digits")
			return 0, err
		}
		formatFraction(b, f[0] == 'F', run, t)
	case 'K':
		b.WriteString(strings.Repeat("Z", run))
	case 'z':
		b.WriteString([]string{"+0", "+00", "+00:00"}[min(run, 3)-1])
	default:
		b.WriteByte(f[0])
		return 1, nil
	}
	return run, nil
}

func formatDay(b *strings.Builder, letter byte, run int, t time.Time) {
	switch {
	case letter == 'g':
		b.WriteString("A.D.")
	case letter == 'y' && run <= 2:
		fmt.Fprintf(b, "%0*d", run, t.Year()%100)
	case letter == 'y':
		fmt.Fprintf(b, "%0*d", run, t.Year())
	case letter == 'd' && run <= 2:
		fmt.Fprintf(b, "%0*d", run, t.Day())
	case letter == 'd' && run == 3:
		b.WriteString(t.Weekday().String()[:3])
	case letter == 'd':
		b.WriteString(t.Weekday().String())
	case run <= 2:
		fmt.Fprintf(b, "%0*d", run, int(t.Month()))
	case run == 3:
		b.WriteString(t.Month().String()[:3])
	default:
		b.WriteString(t.Month().String())
	}
}

func formatClock(b *strings.Builder, letter byte, run int, t time.Time) {
	width := min(run, 2)
	switch letter {
	case 'h':
		fmt.Fprintf(b, "%0*d", width, (t.Hour()+11)%12+1)
	case 'H':
		fmt.Fprintf(b, "%0*d", width, t.Hour())
	case 'm':
		fmt.Fprintf(b, "%0*d", width, t.Minute())
	case 's':
		fmt.Fprintf(b, "%0*d", width, t.Second())
	default:
		half := "AM"
		if t.Hour() >= 12 {
			half = "PM"
		}
		b.WriteString(half[:width])
	}
}

// formatFraction writes a fraction of a second; optional drops zeros at its end,
// and the point before it when nothing is left.
func formatFraction(b *strings.Builder, optional bool, run int, t time.Time) {
	text := fmt.Sprintf("%09d", t.Nanosecond())[:run]
	if !optional {
		b.WriteString(text)
		return
	}
	text = strings.TrimRight(text, "0")
	if text == "" && strings.HasSuffix(b.String(), ".") {
		before := strings.TrimSuffix(b.String(), ".")
		b.Reset()
		b.WriteString(before)
	}
	b.WriteString(text)
}
