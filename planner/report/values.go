package report

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
)

// edits writes the values of a change: what is set on a new object, old and new
// where one exists.
func (r *page) edits(c *planner.Change) {
	width := 0
	for _, e := range c.Edits {
		width = max(width, utf8.RuneCountInString(string(r.text("%s", e.Attribute))))
	}
	width = min(width, 40)
	created := slices.Contains(c.Actions, planner.ActionCreate)
	for _, e := range c.Edits {
		v := values{r, schemaOf(r.tally.kind[c.Provider]), e}
		label := r.text("%s", e.Attribute)
		label += safe(strings.Repeat(" ", max(width-utf8.RuneCountInString(string(label)), 0)))
		switch {
		case len(e.Before) > 1 || len(e.After) > 1:
			v.delta(label)
		case created && len(e.Before) == 0 && len(e.After) == 1:
			r.line(6, plain, label+" = "+v.show(e.After[0]))
		case redacted(e.Before) && redacted(e.After):
			r.line(6, plain, label+safe(fmt.Sprintf(" : changed, value hidden (%s -> %s characters)",
				thousands(e.Before[0].Length), thousands(e.After[0].Length))))
		default:
			r.line(6, plain, label+" : "+v.one(e.Before)+" -> "+v.one(e.After))
		}
		if when := r.editWhen(c, e); when != "" {
			r.line(8, plain, when)
		}
	}
}

// values renders the values of one edit.
type values struct {
	r      *page
	schema *schema.Schema
	edit   planner.Edit
}

func schemaOf(k planner.Kind) *schema.Schema {
	switch k {
	case planner.KindAD:
		return schema.AD
	case planner.KindEntra:
		return schema.Entra
	default:
		return schema.New(string(k))
	}
}

func redacted(data []planner.Datum) bool { return len(data) == 1 && data[0].Hash != "" }

// one is a list of at most one value.
func (v values) one(data []planner.Datum) safe {
	if len(data) == 0 {
		return "(none)"
	}
	return v.show(data[0])
}

// delta writes a list of values as what goes and what comes.
func (v values) delta(label safe) {
	gone, come := difference(v.edit.Before, v.edit.After), difference(v.edit.After, v.edit.Before)
	r := v.r
	r.line(6, plain, r.text("%s : %s now, %s after", label, count(len(v.edit.Before), "value", "values"), len(v.edit.After)))
	r.signed(8, len(gone), len(come), func(i int) safe { return v.show(gone[i]) }, func(i int) safe { return v.show(come[i]) })
}

// difference lists the values of a that are not in b.
func difference(a, b []planner.Datum) []planner.Datum {
	in := map[planner.Datum]bool{}
	for _, d := range b {
		in[d] = true
	}
	var out []planner.Datum
	for _, d := range a {
		if !in[d] {
			out = append(out, d)
		}
	}
	return out
}

// signed writes what goes, then what comes, a line each, as many as fit the view.
func (r *page) signed(indent, gone, come int, goes, comes func(int) safe) {
	shown := r.atMost(gone + come)
	minus := min(gone, shown)
	for i := range minus {
		r.line(indent, plain, "- "+goes(i))
	}
	plus := shown - minus
	for i := range plus {
		r.line(indent, plain, "+ "+comes(i))
	}
	if more := gone + come - shown; more > 0 {
		r.line(indent, plain, r.text("%s more (%s): %s", more, delta(come-plus, gone-minus), r.hint))
	}
}

// show is one value: text in quotes, numbers and truth values without, octets
// shortened, redacted values as their length.
func (v values) show(d planner.Datum) safe {
	r := v.r
	switch {
	case d.Hash != "":
		return r.text("(value hidden, %s)", count(d.Length, "character", "characters"))
	case v.edit.Encoding == "base64":
		return r.octets(d.Text)
	}
	if v.bare(d.Text) {
		if strings.EqualFold(v.edit.Attribute, "groupType") {
			return r.text("%s", d.Text) + groupTypeWords(d.Text)
		}
		return r.text("%s", d.Text)
	}
	const longest, head, tail = 160, 100, 40
	runes := []rune(d.Text)
	if r.view == ViewFull || len(runes) <= longest || !utf8.ValidString(d.Text) {
		return r.text("%s", name(d.Text))
	}
	return r.text("%s%s%s (%s)", name(string(runes[:head])), safe(r.dots()), name(string(runes[len(runes)-tail:])),
		count(len(runes), "character", "characters"))
}

// bare reports whether a value is what the schema calls a number or a truth
// value, and looks like one.
func (v values) bare(text string) bool {
	a, ok := v.schema.Lookup(v.edit.Attribute)
	if !ok {
		return false
	}
	switch a.Syntax {
	case planner.SyntaxInt:
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case planner.SyntaxBool:
		return text == "TRUE" || text == "FALSE"
	default:
		return false
	}
}

func (p *printer) dots() string {
	if p.ascii {
		return "..."
	}
	return "…"
}

// octets are shown as base64, shortened, with their number.
func (r *page) octets(text string) safe {
	size := safe("not base64")
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		size = count(len(raw), "byte", "bytes")
	}
	if len(text) > 24 && r.view != ViewFull && plainASCII(text) {
		return r.text("base64 %s%s%s (%s)", name(text[:10]), safe(r.dots()), name(text[len(text)-6:]), size)
	}
	return r.text("base64 %s (%s)", name(text), size)
}

const groupTypeSecurity = 1 << 31

// groupTypeWords says what the bits of groupType mean.
func groupTypeWords(text string) safe {
	bits, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return ""
	}
	words := "Distribution"
	if bits&groupTypeSecurity != 0 {
		words = "Security"
	}
	switch {
	case bits&2 != 0:
		words += ", Global"
	case bits&4 != 0:
		words += ", Domain local"
	case bits&8 != 0:
		words += ", Universal"
	}
	return safe(" (" + words + ")")
}
