package adsync

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// psTokenKind is what a token of PowerShell is.
type psTokenKind uint8

const (
	psEnd      psTokenKind = iota
	psNewline              // a line break, or ;
	psWord                 // a bare word: a command, a number, an argument
	psString               // parts holds what is in it
	psVariable             // text is the name
	psParam                // -Name
	psMark                 // punctuation; text is the mark
)

// psToken is one token. space says that white space stands before it, which
// decides in PowerShell whether it belongs to the one before.
type psToken struct {
	kind  psTokenKind
	text  string
	parts []psPiece
	space bool
	at    hcl.Range
	end   int // byte behind the token
}

// psPiece is a piece of a string: literal text, or source of an expression.
type psPiece struct {
	text   string
	source bool
	offset int // of the source in the file
}

// psLexer makes tokens of a script. It follows PowerShell where scripts that make
// rules need it: line continuation, strings and here-strings with interpolation,
// comments, the typographic quotes and dashes that word processors put in.
type psLexer struct {
	file string
	src  string
	pos  int
	line int
	bol  int // where the line begins
	out  []psToken
}

// maxName is the longest name of a variable in braces.
const maxName = 200

// psError is a mistake after which the rest of a script cannot be read.
type psError struct {
	at   hcl.Range
	text string
}

func (e *psError) Error() string { return e.text }

// lexScript makes the tokens of src from a place on; src ends where they do.
func lexScript(file, src string, from hcl.Pos) ([]psToken, error) {
	l := &psLexer{file: file, src: src, pos: from.Byte, line: from.Line, bol: from.Byte - from.Column + 1}
	for l.pos < len(l.src) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	return append(l.out, psToken{kind: psEnd, at: l.here()}), nil
}

func (l *psLexer) here() hcl.Range {
	pos := hcl.Pos{Line: l.line, Column: l.pos - l.bol + 1, Byte: l.pos}
	return hcl.Range{Filename: l.file, Start: pos, End: pos}
}

func (l *psLexer) fail(at hcl.Range, text string) error { return &psError{at, text} }

func (l *psLexer) peek(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// advance goes n bytes on and counts the lines.
func (l *psLexer) advance(n int) {
	for range n {
		if l.pos >= len(l.src) {
			return
		}
		if l.src[l.pos] == '\n' {
			l.line++
			l.bol = l.pos + 1
		}
		l.pos++
	}
}

func (l *psLexer) add(kind psTokenKind, text string, n int, space bool) {
	at := l.here()
	l.advance(n)
	at.End = l.here().Start
	l.out = append(l.out, psToken{kind: kind, text: text, space: space, at: at, end: l.pos})
}

// next makes the next token.
func (l *psLexer) next() error {
	before := l.pos
	if err := l.skipSpace(); err != nil {
		return err
	}
	space := l.pos > before || l.pos == 0
	if l.pos >= len(l.src) {
		return nil
	}
	c, size := utf8.DecodeRuneInString(l.src[l.pos:])
	switch {
	case c == '\n' || c == ';':
		l.add(psNewline, string(c), 1, space)
	case isSingleQuote(c):
		return l.verbatim(size, space)
	case isDoubleQuote(c):
		return l.expandable(size, space)
	case c == '@':
		return l.at(space)
	case c == '$':
		l.dollar(space)
	case isDash(c) && isNameStart(l.src[l.pos+size:]):
		n := size + nameLength(l.src[l.pos+size:])
		l.add(psParam, l.src[l.pos+size:l.pos+n], n, space)
	case isDash(c):
		l.add(psMark, "-", size, space)
	case c == '.' && !space && l.afterValue():
		l.add(psMark, ".", 1, space)
		if n := nameLength(l.src[l.pos:]); n > 0 {
			l.add(psWord, l.src[l.pos:l.pos+n], n, false)
		}
	case c == ':' && l.peek(1) == ':':
		l.add(psMark, "::", 2, space)
		if n := nameLength(l.src[l.pos:]); n > 0 {
			l.add(psWord, l.src[l.pos:l.pos+n], n, false)
		}
	case strings.ContainsRune("(){}[],|=&+*/%!<>:", c):
		n := 1
		if l.peek(1) == '=' && strings.ContainsRune("+*/%", c) {
			n = 2
		}
		l.add(psMark, l.src[l.pos:l.pos+n], n, space)
	default:
		n := wordLength(l.src[l.pos:])
		l.add(psWord, strings.ReplaceAll(l.src[l.pos:l.pos+n], "`", ""), n, space)
	}
	return nil
}

// skipSpace skips blanks, comments and continued line ends. A backtick with
// blanks behind it continues the line, too: PowerShell does not see it that way,
// and published scripts are full of it.
func (l *psLexer) skipSpace() error {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		c, size := utf8.DecodeRuneInString(rest)
		switch {
		case c != '\n' && unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff':
			l.advance(size)
		case c == '`':
			blanks := len(rest) - 1 - len(strings.TrimLeft(rest[1:], " \t\u00a0"))
			if 1+blanks < len(rest) && rest[1+blanks] != '\n' {
				return nil
			}
			l.advance(2 + blanks)
		case c == '#':
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.advance(n)
		case strings.HasPrefix(rest, "<#"):
			n := strings.Index(rest, "#>")
			if n < 0 {
				return l.fail(l.here(), "a comment begins here with <# and never ends")
			}
			l.advance(n + 2)
		default:
			return nil
		}
	}
	return nil
}

// afterValue reports whether the last token is something that can have members.
func (l *psLexer) afterValue() bool {
	if len(l.out) == 0 {
		return false
	}
	last := l.out[len(l.out)-1]
	if last.kind == psWord && len(l.out) > 1 {
		before := l.out[len(l.out)-2]
		return before.kind == psMark && (before.text == "." || before.text == "::")
	}
	return last.kind == psVariable || last.kind == psString || last.kind == psMark && (last.text == ")" || last.text == "]")
}

// dollar is a variable, or $( of a subexpression.
func (l *psLexer) dollar(space bool) {
	rest := l.src[l.pos+1:]
	switch {
	case strings.HasPrefix(rest, "("):
		l.add(psMark, "$(", 2, space)
	case strings.HasPrefix(rest, "{") && strings.Contains(rest[:min(len(rest), maxName)], "}"):
		n := strings.IndexByte(rest, '}')
		l.add(psVariable, rest[1:n], n+2, space)
	case variableLength(rest) > 0:
		n := variableLength(rest)
		l.add(psVariable, rest[:n], n+1, space)
	default:
		l.add(psWord, "$", 1, space)
	}
}

// at is @( of an array, @{ of a table, @name of a splatted table, or a
// here-string.
func (l *psLexer) at(space bool) error {
	rest := l.src[l.pos+1:]
	c, _ := utf8.DecodeRuneInString(rest)
	switch {
	case strings.HasPrefix(rest, "("), strings.HasPrefix(rest, "{"):
		l.add(psMark, "@"+rest[:1], 2, space)
	case isSingleQuote(c) || isDoubleQuote(c):
		return l.hereString(c, space)
	case variableLength(rest) > 0:
		n := variableLength(rest)
		l.add(psMark, "@", 1, space)
		l.add(psVariable, rest[:n], n, false)
	default:
		l.add(psMark, "@", 1, space)
	}
	return nil
}

func isSingleQuote(c rune) bool { return c == '\'' || c >= '\u2018' && c <= '\u201b' }
func isDoubleQuote(c rune) bool { return c == '"' || c >= '\u201c' && c <= '\u201e' }
func isDash(c rune) bool        { return c == '-' || c >= '\u2013' && c <= '\u2015' }

func isNameChar(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isNameStart(s string) bool {
	return s != "" && isNameChar(s[0]) && (s[0] < '0' || s[0] > '9')
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && isNameChar(s[n]) {
		n++
	}
	return n
}

// variableLength is the length of a variable's name with its scope, as in
// script:name; $_ and $? are names, too.
func variableLength(s string) int {
	n := nameLength(s)
	if n == 0 && s != "" && (s[0] == '?' || s[0] == '^' || s[0] == '$') {
		return 1
	}
	if n > 0 && n+1 < len(s) && s[n] == ':' && isNameStart(s[n+1:]) {
		n += 1 + nameLength(s[n+1:])
	}
	return n
}

// wordLength is the length of a bare word, at least one character.
func wordLength(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		c, size := utf8.DecodeRuneInString(s[n:])
		if unicode.IsSpace(c) || strings.ContainsRune("(){}[],|=&;\n'\"$", c) || isSingleQuote(c) || isDoubleQuote(c) {
			break
		}
		if c == '`' {
			next, nextSize := utf8.DecodeRuneInString(s[n+1:])
			if nextSize == 0 || unicode.IsSpace(next) {
				break
			}
			size += nextSize
		}
		if c == ':' && strings.HasPrefix(s[n:], "::") {
			break
		}
		n += size
	}
	return n
}
