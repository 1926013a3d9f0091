package adsync

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// hclString is a text as an HCL string, references to variables as
// interpolations. A text that is one reference is the variable itself.
func hclString(text string) string {
	pieces := parts(text)
	if len(pieces) == 1 && pieces[0].variable {
		return "var." + pieces[0].text
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, p := range pieces {
		if p.variable {
			b.WriteString("${var." + p.text + "}")
			continue
		}
		literal, tail := p.text, ""
		if trimmed := strings.TrimRight(literal, "$"); i+1 < len(pieces) && trimmed != literal {
			// before the next interpolation they would make an escape
			literal, tail = trimmed, `${"`+literal[len(trimmed):]+`"}`
		}
		quoted := string(hclwrite.TokensForValue(cty.StringVal(literal)).Bytes())
		b.WriteString(quoted[1:len(quoted)-1] + tail)
	}
	b.WriteByte('"')
	return b.String()
}

// hclExpression is a sync-rule expression as an HCL heredoc, word for word; only
// what would begin an interpolation is doubled. A text that no heredoc gives back
// is a quoted string.
func hclExpression(text, indent string) string {
	if !fitsHeredoc(text) {
		return hclString(text)
	}
	marker := "EXPR"
	for strings.Contains(text, marker) {
		marker += "X"
	}
	var b strings.Builder
	b.WriteString("<<-" + marker + "\n")
	var escaped strings.Builder
	for _, p := range parts(text) {
		if p.variable {
			escaped.WriteString("${var." + p.text + "}")
			continue
		}
		escaped.WriteString(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(p.text))
	}
	for line := range strings.Lines(escaped.String()) {
		b.WriteString(indent + "  " + strings.TrimSuffix(line, "\n") + "\n")
	}
	b.WriteString(indent + marker)
	return b.String()
}

// fitsHeredoc reports whether an indented heredoc gives the text back: HCL takes
// away the indentation that all lines share, and keeps everything else.
func fitsHeredoc(text string) bool {
	if text == "" || strings.HasSuffix(text, "\n") {
		return false
	}
	for _, doubled := range []string{"$${", "%%{"} {
		if strings.Contains(text, doubled) {
			return false
		}
	}
	for i, p := range parts(text) {
		if p.variable && i > 0 && strings.HasSuffix(parts(text)[i-1].text, "$") {
			return false
		}
	}
	flush := false // some line begins without white space
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Trim(line, " \t") == "" {
			return false
		}
		if strings.TrimLeft(line, " \t")[0] >= utf8.RuneSelf {
			return false // HCL might take it for a part of the indentation
		}
		flush = flush || line[0] != ' ' && line[0] != '\t'
	}
	return flush && strings.IndexFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) || r == unicode.ReplacementChar
	}) < 0
}

// comment writes a text as comment lines of at most about 100 characters.
func comment(indent, text string) string {
	var b strings.Builder
	for _, paragraph := range strings.Split(text, "\n") {
		line := indent + "#"
		for _, word := range strings.Fields(paragraph) {
			if len(line)+1+len(word) > 100 && line != indent+"#" {
				b.WriteString(line + "\n")
				line = indent + "#"
			}
			line += " " + printable(word)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// printable takes the characters out of a text that could hide others.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
			return '\uFFFD'
		}
		return r
	}, text)
}
