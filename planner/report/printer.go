package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// safe is text that may be shown as it is: our own words, or already escaped.
type safe string

// name is text that is shown in quotes.
type name string

// style is one of the 16 colours of a terminal; it only repeats what words say.
type style string

const (
	plain  style = ""
	bold   style = "1"
	red    style = "31"
	redder style = "1;31"
	green  style = "32"
	yellow style = "33"
)

// dialect is how untrusted text is made safe for where it goes.
type dialect int

const (
	terminal dialect = iota // and code blocks, and everything that escapes once more
	markdown                // a code span: nothing in it means anything, nobody is mentioned
	summary                 // an HTML element within Markdown
)

// printer writes lines. Whatever reaches it as a string is escaped; there is no
// other way to the output than line.
type printer struct {
	out   *bufio.Writer
	how   dialect
	ascii bool
	color bool
	width int
	shift int // columns that every line is indented further
}

const defaultWidth = 100

func newPrinter(w io.Writer, o TextOptions) *printer {
	width := o.Width
	if width <= 0 {
		width = defaultWidth
	}
	return &printer{out: bufio.NewWriter(w), ascii: o.ASCII, color: o.Color, width: max(width, 40)}
}

// text formats facts: strings are escaped, names quoted, numbers get thousands
// separators.
func (p *printer) text(format string, facts ...any) safe {
	shown := make([]any, len(facts))
	for i, f := range facts {
		switch f := f.(type) {
		case safe:
			shown[i] = string(f)
		case name:
			shown[i] = p.named(string(f))
		case string:
			shown[i] = p.show(f)
		case int:
			shown[i] = thousands(f)
		default:
			panic(fmt.Sprintf("report: a fact of type %T", f))
		}
	}
	return safe(fmt.Sprintf(format, shown...))
}

// show makes untrusted text safe.
func (p *printer) show(s string) string {
	t := escape(s, p.ascii)
	switch p.how {
	case markdown:
		return codeSpan(t)
	case summary:
		return codeElement(t)
	default:
		return t
	}
}

// word is untrusted text that is a word as a rule, and then stands as it is: of
// letters, digits and spaces nothing means anything anywhere.
func (p *printer) word(s string) safe {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' {
			return p.text("%s", s)
		}
	}
	if strings.TrimSpace(s) != s || s == "" {
		return p.text("%s", s)
	}
	return safe(s)
}

// named is show for names: where their ends cannot be seen, in quotes.
func (p *printer) named(s string) string {
	if p.how != terminal && s != "" {
		return p.show(s)
	}
	return quote(s, p.ascii)
}

// line writes one line, indented. An empty text makes an empty line.
func (p *printer) line(indent int, s style, text safe) {
	t := strings.TrimRight(string(text), " ")
	if t != "" {
		p.out.WriteString(strings.Repeat(" ", indent+p.shift))
		if p.color && s != plain {
			t = "\x1b[" + string(s) + "m" + t + "\x1b[0m"
		}
		p.out.WriteString(t)
	}
	p.out.WriteByte('\n')
}

// linef is text and line in one, without style.
func (p *printer) linef(indent int, format string, facts ...any) {
	p.line(indent, plain, p.text(format, facts...))
}

// blank writes an empty line.
func (p *printer) blank() { p.line(0, plain, "") }

// heading starts a section.
func (p *printer) heading(s style, text safe) {
	p.blank()
	p.line(0, s, text)
	p.blank()
}

// prose writes untrusted prose after first, one sentence a line: it may hold
// distinguished names, which must stay in one piece. Lines without our words
// before them are indented more than ours, so that no name passes for one.
func (p *printer) prose(indent int, how style, first safe, text string) {
	for i, s := range sentences(text) {
		p.line(indent, how, first+p.text("%s", s))
		if i == 0 && first != "" {
			indent, first = indent+2, ""
		}
	}
}

// sentences splits prose at line ends, and where a full stop, outside of quotes,
// is followed by a space and a capital letter.
func sentences(text string) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		start, quoted := 0, false
		for i := 0; i < len(l); i++ {
			switch {
			case l[i] == '"':
				quoted = !quoted
			case !quoted && l[i] == '.' && i+2 < len(l) && l[i+1] == ' ' && l[i+2] >= 'A' && l[i+2] <= 'Z':
				out = append(out, l[start:i+1])
				start = i + 2
			}
		}
		if s := strings.TrimRight(l[start:], " \r\t"); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// list writes items separated by commas, and starts a new line only between two
// of them.
func (p *printer) list(indent int, items []safe) {
	var row strings.Builder
	width := 0
	flush := func() {
		p.line(indent, plain, safe(row.String()))
		row.Reset()
		width = 0
	}
	for i, item := range items {
		t := string(item)
		if i < len(items)-1 {
			t += ","
		}
		n := utf8.RuneCountInString(t)
		if width > 0 && indent+width+1+n > p.width {
			flush()
		}
		if width > 0 {
			row.WriteByte(' ')
			width++
		}
		row.WriteString(t)
		width += n
	}
	if width > 0 {
		flush()
	}
}

// pad fills text up to a column with spaces, at least two.
func pad(text safe, column int) safe {
	return text + safe(strings.Repeat(" ", max(column-utf8.RuneCountInString(string(text)), 2)))
}

// thousands writes a number with separators: 4,120.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// count writes a number with its noun.
func count(n int, one, many string) safe {
	if n == 1 {
		return safe("1 " + one)
	}
	return safe(thousands(n) + " " + many)
}

// clock writes a time of the plan in UTC, to the minute; what is no time stays.
func (p *printer) clock(stamp string) safe {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return p.text("%s", stamp)
	}
	return safe(t.UTC().Format("2006-01-02 15:04 UTC"))
}

// join puts parts between separators.
func join(parts []safe, separator string) safe {
	texts := make([]string, len(parts))
	for i, t := range parts {
		texts[i] = string(t)
	}
	return safe(strings.Join(texts, separator))
}

// enumerate joins words: a, b and c.
func enumerate(words []safe) safe {
	if len(words) < 2 {
		return join(words, "")
	}
	last := len(words) - 1
	return join(words[:last], ", ") + " and " + words[last]
}
