package syncexpr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lexer cuts a text into tokens. The parser asks for one at a time, because
// "&H1F" is a number where an operand may stand and the operator "&" elsewhere.
type lexer struct {
	text string
	pos  int
}

// next returns the token at the current position. operand says that the grammar
// expects an operand there.
func (l *lexer) next(operand bool) (token, *Problem) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n\v\f", l.text[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos == len(l.text) {
		return token{kind: tokenEnd, pos: l.pos, end: l.pos}, nil
	}
	c := l.text[l.pos]
	switch {
	case c == '"':
		return l.str()
	case c == '[':
		return l.delimited(tokenAttribute, ']', "attribute", "[displayName]")
	case c == '%':
		return l.delimited(tokenParameter, '%', "parameter", "%Domain.FQDN%")
	case c == '$':
		return l.variable()
	case c == '&' && operand:
		return l.hex()
	case isDigit(c):
		return l.run(tokenNumber, 0, isDigit), nil
	case isLetter(c):
		return l.run(tokenName, 0, isWord), nil
	}
	return l.operator()
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// isNameByte reports whether c may stand in the name of an attribute or
// parameter. Graph's nested properties have slashes.
func isNameByte(c byte) bool { return isWord(c) || strings.IndexByte("-./:;", c) >= 0 }

// run makes a token of the bytes that ok accepts, after skip bytes of prefix.
func (l *lexer) run(kind tokenKind, skip int, ok func(byte) bool) token {
	start := l.pos
	end := start + skip
	for end < len(l.text) && ok(l.text[end]) {
		end++
	}
	l.pos = end
	return token{kind: kind, text: l.text[start+skip : end], pos: start, end: end}
}

// str reads a string literal. "" inside it is a quote, \\ a backslash; a
// backslash before anything else stands for itself.
func (l *lexer) str() (token, *Problem) {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.text); i++ {
		c := l.text[i]
		pair := i+1 < len(l.text) && l.text[i+1] == c
		switch {
		case c == '"' && !pair:
			t := token{kind: tokenString, text: b.String(), pos: l.pos, end: i + 1}
			l.pos = i + 1
			return t, nil
		case (c == '"' || c == '\\') && pair:
			i++
		}
		b.WriteByte(c)
	}
	return token{}, syntaxProblem(l.pos, len(l.text), `The string that starts here has no closing quote, so the rest of the expression is lost in it. Add the closing ", and write a quote inside a string twice ("").`)
}

// delimited reads a name between its delimiters, the first at l.pos.
func (l *lexer) delimited(kind tokenKind, closing byte, what, example string) (token, *Problem) {
	end := l.pos + 1
	for end < len(l.text) && isNameByte(l.text[end]) {
		end++
	}
	if end == len(l.text) || l.text[end] != closing || end == l.pos+1 {
		return token{}, syntaxProblem(l.pos, min(end+1, len(l.text)), fmt.Sprintf("This is not the name of %s. Names consist of letters, digits, \"-\", \"_\" and \".\", and are written like %s.", article(what), example))
	}
	t := token{kind: kind, text: l.text[l.pos+1 : end], pos: l.pos, end: end + 1}
	l.pos = end + 1
	return t, nil
}

func (l *lexer) variable() (token, *Problem) {
	if l.pos+1 == len(l.text) || !isLetter(l.text[l.pos+1]) {
		return token{}, syntaxProblem(l.pos, l.pos+1, "\"$\" must be followed by the name of a variable, like $item.")
	}
	return l.run(tokenVariable, 1, isWord), nil
}

func (l *lexer) hex() (token, *Problem) {
	if l.pos+2 >= len(l.text) || l.text[l.pos+1]|0x20 != 'h' || !isHex(l.text[l.pos+2]) {
		return token{}, syntaxProblem(l.pos, l.pos+1, "Expected an operand here, not \"&\". A hexadecimal number is written like &H1F; \"&\" joins two operands.")
	}
	return l.run(tokenHex, 2, isHex), nil
}

func (l *lexer) operator() (token, *Problem) {
	rest := l.text[l.pos:]
	kind, n := tokenOperator, 1
	switch {
	case strings.HasPrefix(rest, "||"), strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "<>"),
		strings.HasPrefix(rest, "<="), strings.HasPrefix(rest, ">="):
		n = 2
	case strings.IndexByte("=<>+-*/&", rest[0]) >= 0:
	case rest[0] == '(':
		kind = tokenOpen
	case rest[0] == ')':
		kind = tokenClose
	case rest[0] == ',':
		kind = tokenComma
	default:
		return token{}, l.stray(rest)
	}
	t := token{kind: kind, text: rest[:n], pos: l.pos, end: l.pos + n}
	l.pos += n
	return t, nil
}

// stray explains a character that starts nothing.
func (l *lexer) stray(rest string) *Problem {
	r, n := utf8.DecodeRuneInString(rest)
	detail := fmt.Sprintf("The character %q has no meaning here.", r)
	switch r {
	case '“', '”', '„':
		detail = "Typographic quotes do not delimit strings; use straight ones: \"text\"."
	case '|':
		detail = "\"|\" is no operator; \"or\" is written \"||\"."
	case '\'':
		detail = "Strings stand in double quotes: \"text\"."
	}
	return syntaxProblem(l.pos, l.pos+n, detail)
}
