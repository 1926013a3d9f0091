package forest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// record is one content record of RFC 2849.
type record struct {
	line   int
	dn     string
	values []recordValue
}

type recordValue struct {
	line  int
	name  string // as written, without options
	value string
}

// ldifError is a mistake in the file, with its place.
type ldifError struct {
	file string
	line int
	text string
}

func (e *ldifError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %s", e.file, e.text)
	}
	return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.text)
}

// maxLDIFLine bounds one logical line: a photo in base64 fits, a file that is no
// LDIF at all does not fill the memory.
const maxLDIFLine = 16 << 20

// ldifReader reads logical lines: folded ones joined, comments left out.
type ldifReader struct {
	file string
	in   *bufio.Reader
	line int    // of the physical line read last
	peek []byte // physical line that begins the next logical one
	end  bool
}

// parseLDIF reads content records. name is what messages call the file.
func parseLDIF(in io.Reader, name string) ([]record, error) {
	r := &ldifReader{file: name, in: bufio.NewReaderSize(in, 64<<10)}
	if bom, _ := r.in.Peek(3); bytes.Equal(bom, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = r.in.Discard(3)
	}
	var records []record
	var current *record
	first := true
	for {
		text, line, err := r.logical()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if text == "" {
			current = nil
			continue
		}
		v, err := r.parse(text, line)
		if err != nil {
			return nil, err
		}
		switch {
		case first && strings.EqualFold(v.name, "version"):
			if v.value != "1" {
				return nil, r.errorf(line, "LDIF version %q; only version 1 is defined", v.value)
			}
		case current == nil:
			if !strings.EqualFold(v.name, "dn") {
				return nil, r.errorf(line, "a record begins with %q; it must begin with \"dn:\"", v.name)
			}
			records = append(records, record{line: line, dn: v.value})
			current = &records[len(records)-1]
		case strings.EqualFold(v.name, "changetype"):
			if !strings.EqualFold(v.value, "add") || len(current.values) > 0 {
				return nil, r.errorf(line, "changetype %q; this file holds the content of a directory, not changes to one", v.value)
			}
		default:
			current.values = append(current.values, v)
		}
		first = false
	}
}

func (r *ldifReader) errorf(line int, format string, args ...any) error {
	return &ldifError{r.file, line, fmt.Sprintf(format, args...)}
}

// physical reads one line without its end.
func (r *ldifReader) physical() ([]byte, error) {
	if r.peek != nil {
		line := r.peek
		r.peek = nil
		return line, nil
	}
	if r.end {
		return nil, io.EOF
	}
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLDIFLine {
			return nil, r.errorf(r.line+1, "a line of more than %d bytes", maxLDIFLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", r.file, err)
		}
		if err != nil {
			r.end = true
			if len(line) == 0 {
				return nil, io.EOF
			}
		}
		break
	}
	r.line++
	line = bytes.TrimSuffix(line, []byte("\n"))
	return append([]byte{}, bytes.TrimSuffix(line, []byte("\r"))...), nil
}

// logical reads one line with its continuations; "" is the line that ends a
// record. Comments are skipped.
func (r *ldifReader) logical() (text string, line int, err error) {
	for {
		first, err := r.physical()
		if err != nil {
			return "", 0, err
		}
		line = r.line
		if len(first) > 0 && first[0] == ' ' {
			return "", 0, r.errorf(line, "a continuation line (it begins with a space) without a line before it")
		}
		if len(first) == 0 {
			return "", line, nil
		}
		for {
			next, err := r.physical()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return "", 0, err
			}
			if len(next) == 0 || next[0] != ' ' {
				r.peek = next
				break
			}
			if len(first)+len(next) > maxLDIFLine {
				return "", 0, r.errorf(line, "a value of more than %d bytes", maxLDIFLine)
			}
			first = append(first, next[1:]...)
		}
		if first[0] != '#' {
			return string(first), line, nil
		}
	}
}

// parse takes a logical line apart: NAME: text, NAME:: base64.
func (r *ldifReader) parse(text string, line int) (recordValue, error) {
	name, rest, found := strings.Cut(text, ":")
	name, option, _ := strings.Cut(name, ";")
	if !found || name == "" || strings.ContainsAny(name, " \t") {
		return recordValue{}, r.errorf(line, "no attribute name and colon in %q", shorten(text))
	}
	if option != "" && !strings.EqualFold(option, "binary") {
		return recordValue{}, r.errorf(line, "attribute option %q of %s is not supported", option, name)
	}
	v := recordValue{line: line, name: name}
	switch {
	case strings.HasPrefix(rest, ":"):
		raw, err := base64.StdEncoding.DecodeString(strings.Trim(rest[1:], " "))
		if err != nil {
			return recordValue{}, r.errorf(line, "the value of %s is not base64: %v", name, err)
		}
		v.value = string(raw)
	case strings.HasPrefix(rest, "<"):
		return recordValue{}, r.errorf(line, "the value of %s is a URL; values are read from the file itself only", name)
	default:
		v.value = strings.TrimLeft(rest, " ")
	}
	if !utf8Valid(name) || strings.EqualFold(name, "dn") && !utf8Valid(v.value) {
		return recordValue{}, r.errorf(line, "not UTF-8")
	}
	return v, nil
}

// shorten cuts a text for a message.
func shorten(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
