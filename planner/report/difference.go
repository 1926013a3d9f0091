package report

import (
	"io"
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// DifferenceOptions says how the difference of two plans becomes text.
type DifferenceOptions struct {
	TextOptions
	// Before and After name the two plans, for sentences: "the approved plan".
	Before, After string
}

// Difference writes what two plans do not have in common, and nothing else: what
// only one of them does, and of objects that both change, the edits and members
// that only one of them has, each with its reason.
func Difference(w io.Writer, before, after *planner.Plan, o DifferenceOptions) error {
	if o.View == "" {
		o.View = ViewDefault
	}
	out := newPrinter(w, o.TextOptions)
	as := func(p *planner.Plan) *page {
		return &page{printer: out, plan: p, view: o.View, tally: newTally(p), hint: "-view full"}
	}
	d := comparison{Difference: planner.Compare(before, after), old: as(before), now: as(after), o: o}
	d.heads()
	d.plans("NEW (%s): not in %s", d.New, d.now, o.Before)
	d.plans("GONE (%s): not in %s", d.Gone, d.old, o.After)
	d.pairs()
	return out.out.Flush()
}

type comparison struct {
	planner.Difference
	old, now *page
	o        DifferenceOptions
}

// heads says what is compared, and what it comes to.
func (d *comparison) heads() {
	r := d.now
	if d.Empty() {
		r.line(0, green, r.text("No difference: %s does what %s does.", d.o.After, d.o.Before))
	} else {
		r.line(0, redder, r.text("%s new, %s gone, %s, %s the same.", count(len(d.New), "change is", "changes are"),
			count(len(d.Gone), "is", "are"), count(len(d.Other), "differs", "differ"), count(d.Same, "is", "are")))
	}
	r.blank()
	for _, p := range []struct {
		*page
		name string
	}{{d.old, d.o.Before}, {d.now, d.o.After}} {
		r.linef(2, "%s: made %s, configuration %s, digest %s", p.name, r.clock(p.plan.Created), shortDigest(p.plan.ConfigDigest), p.plan.Digest)
		p.terms()
	}
}

// terms are what a plan was made with besides its configuration.
func (r *page) terms() {
	if part := r.plan.Partial; part != nil {
		for _, a := range part.Only {
			r.linef(4, "only   %s", a)
		}
		for _, a := range part.Except {
			r.linef(4, "except %s", a)
		}
	}
	for _, a := range r.plan.Accepted {
		r.linef(4, "accepted: %s up to %s", a.Name, a.Count)
	}
}

// plans writes changes that only one of the plans has.
func (d *comparison) plans(heading string, changes []*planner.Change, r *page, missingIn string) {
	if len(changes) == 0 {
		return
	}
	r.heading(bold, r.text(heading, len(changes), missingIn))
	ordered := r.tally.ordered(changes)
	if r.view == ViewSummary {
		r.dangerous(ordered)
		return
	}
	r.objects(ordered)
}

// pairs writes what differs between changes of one object.
func (d *comparison) pairs() {
	if len(d.Other) == 0 {
		return
	}
	r := d.now
	r.heading(bold, r.text("DIFFERENT (%s): both plans change the object, not in the same way", len(d.Other)))
	at := map[*planner.Change]planner.Pair{}
	var changes []*planner.Change
	for _, p := range d.Other {
		at[p.After] = p
		changes = append(changes, p.After)
	}
	changes = r.tally.ordered(changes)
	for i, c := range changes {
		if r.view == ViewSummary || r.view == ViewDefault && i >= wholeChanges {
			if i >= titledChanges {
				r.linef(2, "%s: %s shows them", count(len(changes)-i, "more change", "more changes"), r.hint)
				return
			}
			r.title(c)
			continue
		}
		if i > 0 {
			r.blank()
		}
		d.pair(at[c])
	}
}

// pair writes what only one of two changes of an object does.
func (d *comparison) pair(p planner.Pair) {
	before, after := p.Parts()
	d.now.title(p.After)
	d.part(d.old, "only in "+d.o.Before, p.Before, p.After, &before)
	d.part(d.now, "only in "+d.o.After, p.After, p.Before, &after)
}

// part writes one side of a pair; nothing when the other side does all of it.
func (d *comparison) part(r *page, title string, whole, other, part *planner.Change) {
	var lines []safe
	if part.Actions != nil {
		lines = append(lines, "would "+r.doing(part.Actions)+" it")
	}
	if anchor := r.shortID(part); anchor != "" {
		lines = append(lines, "the object is "+anchor)
	} else if whole.Anchor == nil && other.Anchor != nil {
		lines = append(lines, "the object does not exist")
	}
	if whole.Blocked == nil && other.Blocked != nil {
		lines = append(lines, "not blocked")
	}
	if len(lines) == 0 && part.DN.Before == nil && part.DN.After == nil && len(part.Edits) == 0 && part.Members == nil && part.Blocked == nil {
		return
	}
	r.line(6, bold, r.text("%s", title))
	r.shift = 2
	defer func() { r.shift = 0 }()
	for _, l := range lines {
		r.line(6, plain, l)
	}
	if part.Blocked != nil {
		r.why(part.Blocked)
	}
	r.names(part)
	r.edits(part)
	if part.Members != nil {
		r.memberLines(part)
	}
	r.reasons(part)
}

// ordered is a copy of changes in the order of reading.
func (t *tally) ordered(changes []*planner.Change) []*planner.Change {
	out := slices.Clone(changes)
	slices.SortStableFunc(out, t.compare)
	return out
}
