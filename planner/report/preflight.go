package report

import (
	"cmp"
	"io"

	"github.com/landfall-directory/landfall/planner"
)

// checkWords says the status of a check, and the colour that repeats it.
var checkWords = map[planner.CheckStatus]struct {
	word safe
	how  style
}{
	planner.CheckMissing:  {"MISSING", redder},
	planner.CheckUnknown:  {"unknown", yellow},
	planner.CheckExcess:   {"more than needed", yellow},
	planner.CheckOptional: {"not given", plain},
	planner.CheckOK:       {"ok", green},
}

// PreflightText writes what an identity may do, and what a plan needs: the answer
// first, then a part for every directory, what is missing at its head.
func PreflightText(w io.Writer, p *planner.Preflight, o TextOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	r := &page{printer: newPrinter(w, o), plan: &planner.Plan{}, view: o.View, hint: "-format json"}
	n := p.Summary
	missing, unknown := n[string(planner.CheckMissing)], n[string(planner.CheckUnknown)]
	switch {
	case missing > 0:
		r.line(0, redder, r.text("%s missing, %s unknown, %s ok.", missing, unknown, n[string(planner.CheckOK)]))
	case unknown > 0:
		r.line(0, yellow, r.text("Nothing is known to be missing; %s unknown, %s ok.", unknown, n[string(planner.CheckOK)]))
	default:
		r.line(0, green, r.text("Nothing is missing; %s ok.", n[string(planner.CheckOK)]))
	}
	if p.Plan != "" {
		r.linef(0, "What is needed is that of the plan %s.", shortDigest(p.Plan))
	}
	for _, v := range p.Providers {
		r.blank()
		r.line(0, bold, r.text("%s", v.Address))
		r.directoryFacts(v.Facts)
		if len(v.Facts) > 0 {
			r.blank()
		}
		for i := range v.Checks {
			r.check(&v.Checks[i])
		}
	}
	return r.out.Flush()
}

// directoryFacts is a table of what a directory says of the connection and of us.
func (r *page) directoryFacts(facts []planner.Fact) {
	for _, f := range facts {
		r.line(2, plain, pad(r.text("%s", f.Name), 20)+r.text("%s", f.Value))
		if f.Warning != "" {
			r.prose(22, yellow, "WARNING: ", f.Warning)
		}
	}
}

const checkColumn = 18

func (r *page) check(c *planner.Check) {
	known, ok := checkWords[c.Status]
	if !ok {
		known.word = r.text("%s", string(c.Status))
	}
	t := pad(known.word, checkColumn) + r.text("%s", c.What)
	if c.Objects > 1 {
		t += r.text(" (%s)", c.Objects)
	}
	r.line(2, known.how, t)
	if c.Detail != "" {
		r.prose(2+checkColumn, plain, "", c.Detail)
	}
	if c.Status == planner.CheckMissing || c.Status == planner.CheckUnknown {
		r.neededBy(c.Uses)
	}
	if c.Fix != "" && c.Status != planner.CheckOK {
		r.prose(2+checkColumn, plain, "to do: ", c.Fix)
	}
}

// neededBy names a few of the objects that need something.
func (r *page) neededBy(uses []planner.Use) {
	const few = 3
	shown := min(len(uses), few)
	if r.view == ViewFull {
		shown = len(uses)
	}
	for _, u := range uses[:shown] {
		t := r.text("needed by %s", cmp.Or(u.Address, u.Name))
		if u.Name != "" && u.Address != "" {
			t += r.text(" %s", name(u.Name))
		}
		if u.File != "" {
			t += " (" + r.place(u.File, u.Line) + ")"
		}
		r.line(2+checkColumn, plain, t)
	}
	if more := len(uses) - shown; more > 0 {
		r.linef(2+checkColumn, "and by %s more: %s", more, r.hint)
	}
}
