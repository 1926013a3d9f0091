package adsync

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// noteConnectors notes what of the connectors does not come through.
func (t *target) noteConnectors() {
	for _, p := range t.providers {
		c := p.connector
		if p.kind == "entra" {
			t.note(Approximated, nil, noPlace, "connector %q: attributes that only Entra Connect's own interface has are known by name and always absent; what flows to them is evaluated, explained and not written", c.Name)
			continue
		}
		main, ok := mainPartition(c)
		if !ok {
			continue
		}
		for _, part := range c.Partitions {
			if part.DN != main.DN {
				t.note(LeftOut, nil, noPlace, "connector %q: the domain %s. One provider reads one domain; declare another provider \"ad\" for it, and the rules that it needs", c.Name, part.DN)
				continue
			}
			for _, excluded := range part.Exclusions {
				if slices.ContainsFunc(searchBases(part), func(base string) bool { return below(excluded, base) && !sameDN(excluded, part.DN) }) {
					t.note(Approximated, nil, noPlace, "connector %q: the container %s is excluded there and read here: landfall reads everything below a search base", c.Name, excluded)
				}
			}
		}
	}
	if t.export.Format == FormatServer {
		t.note(LeftOut, nil, noPlace, "credentials, cookies, water marks, run profiles, password synchronisation, the lists of selected attributes and object classes: landfall reads what rules use, and keeps no state")
	}
}

// report says what was understood, approximated and left out.
func (t *target) report(files map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Imported from %s: %s.\n", t.export.Format, plural(len(t.export.Rules), "rule"))
	b.WriteString(section("Understood", t.understood()))
	b.WriteString(section("Approximated", t.lines(Approximated)))
	b.WriteString(section("Left out", t.lines(LeftOut)))
	b.WriteString(section("Statements that make no rules, and were not executed", t.lines(NotARule)))
	b.WriteString(section("Files", slices.Sorted(maps.Keys(files))))
	return b.String()
}

func (t *target) understood() []string {
	var out []string
	for _, p := range t.providers {
		out = append(out, fmt.Sprintf("connector %q as %s", p.connector.Name, p.address()))
	}
	counts := map[string]int{}
	expressions := map[string]bool{}
	var inbound, standard, disabled int
	for _, r := range t.rules {
		if r.Inbound() {
			inbound++
		}
		if r.Standard() {
			standard++
		}
		if r.Disabled {
			disabled++
		}
		for _, m := range r.Mappings {
			counts[m.FlowType]++
			if m.Expression != nil {
				expressions[*m.Expression] = true
			}
		}
	}
	out = append(out, fmt.Sprintf("%s: %d inbound, %d outbound; %d standard, %d of your own; %d disabled",
		plural(len(t.rules), "rule"), inbound, len(t.rules)-inbound, standard, len(t.rules)-standard, disabled))
	out = append(out, fmt.Sprintf("%s: %d direct, %d constant, %d with an expression (%s)",
		plural(counts["Direct"]+counts["Constant"]+counts["Expression"], "flow"), counts["Direct"], counts["Constant"], counts["Expression"], plural(len(expressions), "different text")))
	if n := len(t.export.Settings); n > 0 {
		out = append(out, fmt.Sprintf("%s, of which landfall acts on %d; the others are kept", plural(n, "global setting"), len(t.settings().typed)))
	}
	if n := len(t.metaverse); n > 0 {
		out = append(out, fmt.Sprintf("%s of the metaverse that landfall's own schema lacks", plural(n, "attribute")))
	}
	if n := len(t.export.Variables); n > 0 {
		out = append(out, fmt.Sprintf("%s of scripts", plural(n, "variable")))
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lines are the notes of one kind. Notes of the same text about several rules are
// one line.
func (t *target) lines(kind NoteKind) []string {
	type group struct {
		text  string
		rules []string
		first hcl.Range
	}
	var groups []*group
	byText := map[string]*group{}
	for _, n := range t.notes {
		if n.Kind != kind {
			continue
		}
		g := byText[n.Text]
		if g == nil || n.Rule == "" {
			g = &group{text: n.Text, first: n.At}
			byText[n.Text] = g
			groups = append(groups, g)
		}
		if n.Rule != "" && !slices.Contains(g.rules, t.export.plain(n.Rule)) {
			g.rules = append(g.rules, t.export.plain(n.Rule))
		}
	}
	var out []string
	for _, g := range groups {
		line := g.text
		switch {
		case len(g.rules) == 1:
			line = fmt.Sprintf("rule %q: %s", g.rules[0], line)
		case len(g.rules) > 1:
			line = fmt.Sprintf("%d rules: %s. %s", len(g.rules), line, sample(g.rules))
		}
		if g.first.Filename != "" && len(g.rules) <= 1 {
			line += fmt.Sprintf(" (%s:%d)", g.first.Filename, g.first.Start.Line)
		}
		out = append(out, line)
	}
	return out
}

// sample names the first few of many.
func sample(names []string) string {
	const most = 5
	shown := make([]string, 0, most)
	for _, n := range names[:min(most, len(names))] {
		shown = append(shown, quoted(n))
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// maxLines is how many lines a section of the report has.
const maxLines = 200

// section is a headline with lines under it; "" without lines.
func section(headline string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", headline)
	for _, line := range lines[:min(len(lines), maxLines)] {
		fmt.Fprintf(&b, "  - %s\n", printable(strings.ReplaceAll(line, "\n", " ")))
	}
	if more := len(lines) - maxLines; more > 0 {
		fmt.Fprintf(&b, "  and %d more\n", more)
	}
	return b.String()
}
