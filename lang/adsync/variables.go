package adsync

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A reference to a variable of a script stands in a text as its name between two
// characters that no other text has: decodeText takes them out.
const (
	referenceStart = "\uE000"
	referenceEnd   = "\uE001"
)

// withoutReferences takes out what would pass for a reference. Escapes of XML and
// JSON can spell it even where decodeText found none.
func withoutReferences(text string) string {
	if !strings.ContainsAny(text, referenceStart+referenceEnd) {
		return text
	}
	return strings.NewReplacer(referenceStart, "", referenceEnd, "").Replace(text)
}

func reference(name string) string { return referenceStart + name + referenceEnd }

// part is a piece of a text: literal, or the name of a variable.
type part struct {
	text     string
	variable bool
}

func parts(text string) []part {
	var out []part
	for text != "" {
		before, rest, found := strings.Cut(text, referenceStart)
		if before != "" {
			out = append(out, part{text: before})
		}
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, referenceEnd)
		out = append(out, part{text: name, variable: true})
		text = after
	}
	return out
}

func hasReference(text string) bool { return strings.Contains(text, referenceStart) }

// plain is a text with every reference replaced: by the default of the variable
// where it has one, else by its name.
func (e *Export) plain(text string) string {
	if !hasReference(text) {
		return text
	}
	var b strings.Builder
	for _, p := range parts(text) {
		switch v := e.variable(p.text); {
		case !p.variable:
			b.WriteString(p.text)
		case v != nil && v.Default != nil:
			b.WriteString(*v.Default)
		default:
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// inlined is a text with the references replaced to variables that have a value.
func (e *Export) inlined(text string) string {
	var b strings.Builder
	for _, p := range parts(text) {
		switch v := e.variable(p.text); {
		case !p.variable:
			b.WriteString(p.text)
		case v != nil && v.Default != nil:
			b.WriteString(*v.Default)
		default:
			b.WriteString(reference(p.text))
		}
	}
	return b.String()
}

func (e *Export) variable(name string) *Variable {
	for _, v := range e.Variables {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// snake is a name of a script or an export as an HCL name: precedenceValue is
// precedence_value, "In from AD - User Join" is in_from_ad_user_join.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && isLower(runes[i-1]) && !strings.HasSuffix(b.String(), "_") {
			b.WriteByte('_')
		}
		switch {
		case upper:
			b.WriteRune(r - 'A' + 'a')
		case isLower(r), r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	out := strings.Trim(b.String(), "_")
	if len(out) > 80 {
		out = strings.TrimRight(out[:80], "_")
	}
	if !hclsyntax.ValidIdentifier(out) {
		out = strings.TrimRight("x_"+out, "_")
	}
	return out
}

func isLower(r rune) bool { return r >= 'a' && r <= 'z' }

// unique is a name that is not taken yet, and takes it.
func unique(name string, taken map[string]bool) string {
	out := name
	for n := 2; taken[out]; n++ {
		out = name + "_" + strconv.Itoa(n)
	}
	taken[out] = true
	return out
}
