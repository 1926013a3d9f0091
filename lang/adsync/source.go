package adsync

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/text/encoding/charmap"
)

const (
	// maxFileSize bounds an input file. Connectors with large schemas have some
	// megabytes.
	maxFileSize = 64 << 20
	// maxFiles bounds what is read of a folder.
	maxFiles = 20_000
	// maxDepth bounds the nesting of elements, lists and blocks, far above what
	// exports have.
	maxDepth = 200
	// maxShownLine is the longest line that a diagnostic shows.
	maxShownLine = 1000
)

// Sources are the files that were read, for diagnostics that show the line.
type Sources map[string]*hcl.File

// reader collects what the readers of the formats find.
type reader struct {
	fsys   fs.FS
	opts   Options
	export *Export
	diags  hcl.Diagnostics
}

func (r *reader) problem(at hcl.Range, summary, format string, args ...any) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: place(at)})
}

func (r *reader) warning(at hcl.Range, summary, format string, args ...any) {
	r.problem(at, summary, format, args...)
	r.diags[len(r.diags)-1].Severity = hcl.DiagWarning
}

// markBroken marks the rules from the index on, if errors were reported since
// there were that many diagnostics. What is wrong with them is said already.
func (r *reader) markBroken(rules []*Rule, diagnostics int) {
	if !r.diags[diagnostics:].HasErrors() {
		return
	}
	for _, rule := range rules {
		rule.broken = true
	}
}

// place is a range as the subject of a diagnostic; nil for none.
func place(at hcl.Range) *hcl.Range {
	if at.Filename == "" {
		return nil
	}
	return &at
}

// inputFiles lists the files of an export in the order of their names: that of
// the path itself, or those of a folder, two levels deep.
func inputFiles(root string) (fs.FS, []string, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		return os.DirFS(dirOf(root)), []string{baseOf(root)}, nil
	}
	fsys := os.DirFS(root)
	var names []string
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.Count(name, "/") >= 2:
			return fs.SkipDir
		case d.Type().IsRegular():
			names = append(names, name)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("it has more than %d files", maxFiles)
		}
		return nil
	})
	slices.Sort(names)
	return fsys, names, err
}

func dirOf(name string) string {
	if i := strings.LastIndexAny(name, pathSeparators); i >= 0 {
		return name[:i+1]
	}
	return "."
}

func baseOf(name string) string { return name[strings.LastIndexAny(name, pathSeparators)+1:] }

const pathSeparators = "/" + string(os.PathSeparator)

// read reads one file as text; false when it cannot be read, which is reported.
func (r *reader) read(name string) (string, bool) {
	at := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
	info, err := fs.Stat(r.fsys, name)
	if err == nil && info.Size() > maxFileSize {
		r.problem(at, "File too large", "The file has %d bytes; %d is the most that is read. No export of rules is that large.", info.Size(), maxFileSize)
		return "", false
	}
	var raw []byte
	if err == nil {
		raw, err = fs.ReadFile(r.fsys, name)
	}
	if err != nil {
		r.problem(at, "File not readable", "The file could not be read: %s.", plainError(err))
		return "", false
	}
	text, guessed := decodeText(raw)
	if guessed {
		r.warning(at, "File is not Unicode", "The file holds bytes that are not UTF-8 and is read as Windows-1252, as PowerShell does. Check names with letters beyond ASCII, or save it as UTF-8.")
	}
	if shortLines(text) {
		r.export.Sources[name] = &hcl.File{Bytes: []byte(text)}
	}
	return text, true
}

// plainError takes the path of the machine out of an error.
func plainError(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// decodeText turns the encodings that Windows writes into UTF-8 with line feeds.
// guessed says that the encoding could not be told.
func decodeText(raw []byte) (text string, guessed bool) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xEF, 0xBB, 0xBF}):
		raw = raw[3:]
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
		raw = fromUTF16(raw[2:], binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		raw = fromUTF16(raw[2:], binary.BigEndian)
	}
	if !utf8.Valid(raw) {
		guessed = true
		raw, _ = charmap.Windows1252.NewDecoder().Bytes(raw)
	}
	text = strings.ReplaceAll(string(raw), "\r\n", "\n")
	return withoutReferences(strings.ReplaceAll(text, "\r", "\n")), guessed
}

func fromUTF16(raw []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func shortLines(text string) bool {
	for line := range strings.Lines(text) {
		if len(line) > maxShownLine {
			return false
		}
	}
	return true
}

// lineOffsets are the bytes at which the lines of a text begin.
type lineOffsets []int

func newLineOffsets(text string) lineOffsets {
	l := lineOffsets{0}
	for i := range len(text) {
		if text[i] == '\n' {
			l = append(l, i+1)
		}
	}
	return l
}

// offset is where a line begins, counted from 1.
func (l lineOffsets) offset(line int) int {
	return l[min(max(line, 1), len(l))-1]
}

// pos is the place of a byte.
func (l lineOffsets) pos(offset int) hcl.Pos {
	line := sort.SearchInts(l, offset+1)
	return hcl.Pos{Line: line, Column: offset - l[line-1] + 1, Byte: offset}
}

// extension is the ending of a file name in lower case.
func extension(name string) string { return strings.ToLower(path.Ext(name)) }
