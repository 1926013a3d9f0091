package adsync

import (
	"strings"
	"unicode/utf8"
)

// verbatim is a string in single quotes, in which a doubled quote is one.
func (l *psLexer) verbatim(quote int, space bool) error {
	start := l.here()
	var b strings.Builder
	i := l.pos + quote
	for i < len(l.src) {
		c, size := utf8.DecodeRuneInString(l.src[i:])
		if !isSingleQuote(c) {
			b.WriteString(l.src[i : i+size])
			i += size
			continue
		}
		next, nextSize := utf8.DecodeRuneInString(l.src[i+size:])
		if nextSize > 0 && isSingleQuote(next) {
			b.WriteString(l.src[i : i+size])
			i += size + nextSize
			continue
		}
		l.addString([]psPiece{{text: b.String()}}, i+size-l.pos, space)
		return nil
	}
	return l.fail(start, "a text begins here with a single quote and never ends")
}

// expandable is a string in double quotes.
func (l *psLexer) expandable(quote int, space bool) error {
	start := l.here()
	i := l.pos + quote
	for i < len(l.src) {
		c, size := utf8.DecodeRuneInString(l.src[i:])
		switch {
		case c == '`':
			_, escaped := utf8.DecodeRuneInString(l.src[i+1:])
			i += 1 + escaped
		case strings.HasPrefix(l.src[i:], "$("):
			n := balanced(l.src[i+1:])
			if n == 0 {
				return l.fail(start, "a text begins here with a double quote; a $( in it never ends")
			}
			i += 1 + n
		case isDoubleQuote(c):
			next, nextSize := utf8.DecodeRuneInString(l.src[i+size:])
			if nextSize > 0 && isDoubleQuote(next) {
				i += size + nextSize
				continue
			}
			l.addString(expand(l.src[l.pos+quote:i], l.pos+quote, true), i+size-l.pos, space)
			return nil
		default:
			i += size
		}
	}
	return l.fail(start, "a text begins here with a double quote and never ends")
}

// hereString is a text between @' and '@, or @" and "@, on lines of its own.
func (l *psLexer) hereString(quote rune, space bool) error {
	start := l.here()
	lineEnd := strings.IndexByte(l.src[l.pos:], '\n')
	if lineEnd < 0 || strings.TrimSpace(l.src[l.pos+1+utf8.RuneLen(quote):l.pos+lineEnd]) != "" {
		l.add(psMark, "@", 1, space)
		return nil
	}
	body := l.pos + lineEnd + 1
	for i := body; i < len(l.src); {
		c, size := utf8.DecodeRuneInString(l.src[i:])
		if (isSingleQuote(quote) && isSingleQuote(c) || isDoubleQuote(quote) && isDoubleQuote(c)) && strings.HasPrefix(l.src[i+size:], "@") {
			text := strings.TrimSuffix(l.src[body:max(body, i)], "\n")
			pieces := []psPiece{{text: text}}
			if isDoubleQuote(quote) {
				pieces = expand(text, body, false)
			}
			l.addString(pieces, i+size+1-l.pos, space)
			return nil
		}
		next := strings.IndexByte(l.src[i:], '\n')
		if next < 0 {
			break
		}
		i += next + 1
	}
	return l.fail(start, "a here-string begins here and never ends")
}

func (l *psLexer) addString(pieces []psPiece, n int, space bool) {
	l.add(psString, "", n, space)
	l.out[len(l.out)-1].parts = pieces
}

// expand finds the variables and subexpressions in a string in double quotes.
func expand(text string, offset int, quotes bool) []psPiece {
	var out []psPiece
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, psPiece{text: b.String()})
			b.Reset()
		}
	}
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == '`' && i+1 < len(text):
			e, escaped := utf8.DecodeRuneInString(text[i+1:])
			b.WriteString(backtick(e))
			i += 1 + escaped
		case quotes && isDoubleQuote(c):
			b.WriteString(text[i : i+size]) // the first of two
			_, second := utf8.DecodeRuneInString(text[i+size:])
			i += size + second
		case c == '$':
			n := 0
			rest := text[i+1:]
			switch {
			case strings.HasPrefix(rest, "("):
				n = balanced(rest)
			case strings.HasPrefix(rest, "{"):
				n = strings.IndexByte(rest, '}') + 1
			default:
				n = variableLength(rest)
			}
			if n == 0 {
				b.WriteByte('$')
				i++
				continue
			}
			flush()
			out = append(out, psPiece{text: text[i : i+1+n], source: true, offset: offset + i})
			i += 1 + n
		default:
			b.WriteString(text[i : i+size])
			i += size
		}
	}
	flush()
	return out
}

// backtick is what a character behind a backtick stands for.
func backtick(c rune) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\n"
	case 't':
		return "\t"
	case '0':
		return ""
	}
	return string(c)
}

// balanced is the length of s up to the parenthesis that closes its first one; 0
// when none does. Quotes inside are skipped.
func balanced(s string) int {
	depth := 0
	var quote rune
	for i, c := range s {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
