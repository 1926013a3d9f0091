package report

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/planner"
)

// skipping is an object with members that have no place in the target.
type skipping struct {
	title   safe
	members []planner.SkippedMember
}

// skipped lists the members that were left out, by object and reason.
func (r *page) skipped() {
	if r.tally.skipped == 0 {
		return
	}
	r.heading(bold, r.text("SKIPPED MEMBERS (%s): in the cloud group, without a place in the directory", r.tally.skipped))
	objects := r.skippingObjects()
	var all []planner.SkippedMember
	for _, o := range objects {
		all = append(all, o.members...)
	}
	if len(objects) > 1 || r.view == ViewSummary {
		for _, g := range bySkipReason(all) {
			r.line(2, plain, r.text("%s: %s %s", r.code(g.reason), len(g.members), safe("in all")))
		}
	}
	if r.view == ViewSummary {
		return
	}
	shown := len(objects)
	if r.view != ViewFull && shown > 20 {
		shown = 20
	}
	for _, o := range objects[:shown] {
		r.line(2, plain, o.title)
		for _, g := range bySkipReason(o.members) {
			r.cutList(6, r.text("%s (%s):", r.code(g.reason), len(g.members)), len(g.members), func(i int) safe {
				return r.text("%s", name(cmp.Or(g.members[i].Name, g.members[i].ID)))
			})
		}
	}
	if more := len(objects) - shown; more > 0 {
		r.linef(2, "%s with skipped members: %s", count(more, "more object", "more objects"), r.hint)
	}
}

// skippingObjects lists the objects with a change first, then the others.
func (r *page) skippingObjects() []skipping {
	var out []skipping
	for _, blocked := range []bool{true, false} {
		for _, c := range r.tally.sorted(r.plan, blocked) {
			if c.Members != nil && len(c.Members.Skipped) > 0 {
				t := r.text("%s: %s %s", r.tally.label[c.Provider], objectType(c.ObjectType), name(cmp.Or(c.Name, c.Address)))
				out = append(out, skipping{t, c.Members.Skipped})
			}
		}
	}
	for _, s := range r.plan.Skipped {
		if len(s.Members) > 0 {
			title := r.text("%s", s.Address)
			if s.Name != "" {
				title = r.text("group %s", name(s.Name))
			}
			out = append(out, skipping{title, s.Members})
		}
	}
	return out
}

// code is a reason in words with its code, for those who search for it.
func (p *printer) code(reason string) safe {
	words := p.reason(reason)
	if bare := p.text("%s", reason); words != bare {
		return words + " [" + bare + "]"
	}
	return words
}

// cutList writes the first of n items after a title and counts the rest; what
// does not fit beside the title goes below it.
func (r *page) cutList(indent int, title safe, n int, item func(int) safe) {
	shown := r.atMost(n)
	items := make([]safe, shown)
	for i := range items {
		items[i] = item(i)
	}
	if more := n - shown; more > 0 {
		items = append(items, r.text("%s more: %s", more, r.hint))
	}
	if row := title + " " + join(items, ", "); indent+utf8.RuneCountInString(string(row)) <= r.width {
		r.line(indent, plain, row)
		return
	}
	r.line(indent, plain, title)
	r.list(indent+4, items)
}

// notWritten lists source objects that are deliberately not written.
func (r *page) notWritten() {
	if len(r.plan.NotWritten) == 0 {
		return
	}
	r.heading(bold, r.text("NOT WRITTEN (%s)", len(r.plan.NotWritten)))
	groups := map[string][]planner.NotWritten{}
	for _, n := range r.plan.NotWritten {
		groups[n.Reason] = append(groups[n.Reason], n)
	}
	for _, reason := range byNumber(groups) {
		g := groups[reason]
		if r.view == ViewSummary {
			r.line(2, plain, r.text("%s (%s)", r.code(reason), len(g)))
			continue
		}
		r.cutList(2, r.text("%s (%s):", r.code(reason), len(g)), len(g), func(i int) safe { return r.text("%s", name(cmp.Or(g[i].Name, g[i].ID))) })
	}
}

// frozen lists objects of ours that are left as they are.
func (r *page) frozen() {
	if len(r.plan.Frozen) == 0 {
		return
	}
	r.heading(bold, r.text("FROZEN (%s): left as they are", len(r.plan.Frozen)))
	groups := map[string][]planner.Frozen{}
	for _, f := range r.plan.Frozen {
		groups[f.Reason] = append(groups[f.Reason], f)
	}
	for _, reason := range byNumber(groups) {
		g := groups[reason]
		if r.view == ViewSummary {
			r.line(2, plain, r.text("%s (%s)", r.code(reason), len(g)))
			continue
		}
		r.line(2, plain, r.text("%s (%s):", r.code(reason), len(g)))
		shown := r.atMost(len(g))
		for _, f := range g[:shown] {
			r.linef(6, "%s", cmp.Or(f.DN, f.Address))
			if r.view == ViewFull && f.DN != "" {
				r.linef(8, "address %s", f.Address)
			}
		}
		if more := len(g) - shown; more > 0 {
			r.linef(6, "%s more: %s", more, r.hint)
		}
	}
}

// byNumber sorts reasons by the number of objects, the most frequent first.
func byNumber[T any](groups map[string][]T) []string {
	var reasons []string
	for reason := range groups {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[b]), len(groups[a])), cmp.Compare(a, b))
	})
	return reasons
}

// findings lists the diagnostics of one severity.
func (r *page) findings(severity string) []planner.Diagnostic {
	var found []planner.Diagnostic
	for _, d := range r.plan.Diagnostics {
		if (d.Severity == "error") == (severity == "error") {
			found = append(found, d)
		}
	}
	return found
}

// diagnostics writes the findings of one severity. Errors are always written
// whole; of many warnings with one code, the first ones are.
func (r *page) diagnostics(severity string) {
	found := r.findings(severity)
	perCode := map[string]int{}
	for _, d := range found {
		perCode[d.Code]++
	}
	if len(found) == 0 {
		return
	}
	title, word, how := "WARNINGS", safe("Warning"), yellow
	if severity == "error" {
		title, word, how = "ERRORS", "Error", redder
	}
	r.heading(how, r.text("%s (%s)", safe(title), len(found)))
	written := map[string]int{}
	for i, d := range found {
		limit := perCode[d.Code]
		if severity != "error" {
			limit = r.atMost(limit)
		}
		written[d.Code]++
		switch {
		case written[d.Code] <= limit:
			if i > 0 && r.view != ViewSummary {
				r.blank()
			}
			r.diagnostic(word, how, d)
		case written[d.Code] == perCode[d.Code]:
			r.linef(2, "%s with the code [%s]: %s", count(perCode[d.Code]-limit, "more warning", "more warnings"), d.Code, r.hint)
		}
	}
}

func (r *page) diagnostic(word safe, how style, d planner.Diagnostic) {
	code := safe("")
	if d.Code != "" {
		code = r.text(" [%s]", d.Code)
	}
	r.line(2, how, word+": "+r.text("%s", d.Summary)+code)
	if r.view == ViewSummary && word != "Error" {
		return
	}
	if d.File != "" {
		r.line(6, plain, "on "+r.place(d.File, d.Line))
	}
	r.prose(8, plain, "", d.Detail)
}
