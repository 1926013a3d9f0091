package report

import (
	"bufio"
	"cmp"
	"io"

	"github.com/landfall-directory/landfall/planner"
)

// finding is something that a pipeline should show beside the configuration: an
// error, a change that is blocked, or a warning.
type finding struct {
	level   string // error, warning
	code    string
	summary string
	detail  string
	file    string
	line    int
	// key tells findings apart, and stays the same from plan to plan as long as
	// the cause does. It holds no line and no count.
	key string
}

// mostCode is how long a code may be where it names a rule.
const mostCode = 200

// newPage is a page whose text another format escapes once more.
func newPage(p *planner.Plan) *page {
	return &page{printer: &printer{out: bufio.NewWriter(io.Discard), width: defaultWidth}, plan: p, view: ViewDefault, tally: newTally(p), hint: "in the plan"}
}

// allFindings lists the findings, the worst first. Blocked changes that one and the
// same limit stops are one finding if joined is set.
func (r *page) allFindings(joined bool) []finding {
	var out []finding
	for _, d := range r.findings("error") {
		out = append(out, r.ofDiagnostic(d, "error"))
	}
	groups := together(r.tally.sorted(r.plan, true), !joined)
	for _, g := range groups {
		out = append(out, r.ofBlocked(g))
	}
	for _, d := range r.findings("warning") {
		out = append(out, r.ofDiagnostic(d, "warning"))
	}
	return out
}

func (r *page) ofDiagnostic(d planner.Diagnostic, level string) finding {
	return finding{
		level: level, code: cut(cmp.Or(r.show(d.Code), "diagnostic"), mostCode), summary: r.show(d.Summary), detail: lines(r.prosed(d.Detail)),
		file: d.File, line: d.Line, key: withoutNumbers(d.Code + "\x00" + d.Summary + "\x00" + d.Detail),
	}
}

func (r *page) ofBlocked(g []*planner.Change) finding {
	c, b := g[0], g[0].Blocked
	f := finding{
		level: "error", code: cut(cmp.Or(r.show(b.Code), "blocked"), mostCode), detail: lines(r.prosed(b.Detail)), file: b.File, line: b.Line,
		key: b.Code + "\x00" + b.By + "\x00" + c.Provider + "\x00" + c.Address,
	}
	by := r.text(" is blocked by %s", cmp.Or(b.By, b.Code))
	if len(g) == 1 {
		f.summary = string(r.subject(c, r.doing(c.Actions)) + by)
		return f
	}
	f.summary = string(r.text("%s: ", r.word(r.tally.label[c.Provider])) + r.number(g) + by)
	var list []safe
	shown := r.atMost(len(g))
	for _, one := range g[:shown] {
		list = append(list, r.text("%s", name(cmp.Or(one.Name, one.Address))))
	}
	if more := len(g) - shown; more > 0 {
		list = append(list, r.text("%s more", more))
	}
	f.detail = lines([]string{f.detail, string(join(list, ", "))})
	return f
}

// lines joins lines that are not empty.
func lines(texts []string) string {
	out := ""
	for _, t := range texts {
		if t != "" && out != "" {
			out += "\n"
		}
		out += t
	}
	return out
}

// withoutNumbers replaces numbers, so that a text that counts something else
// today is still the same finding.
func withoutNumbers(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch digit := s[i] >= '0' && s[i] <= '9'; {
		case !digit:
			out = append(out, s[i])
		case i == 0 || s[i-1] < '0' || s[i-1] > '9':
			out = append(out, '#')
		}
	}
	return string(out)
}

// message is a finding in one text.
func (f finding) message() string { return lines([]string{f.summary, f.detail}) }
