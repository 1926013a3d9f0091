package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// flowed is what one flow gives for one object.
type flowed struct {
	values []string
	ignore bool // IgnoreThisFlow
	null   bool // AuthoritativeNull
}

// flow evaluates one flow for one source object into attribute a. What a rule
// ignored on the way into the metaverse is ignored on the way out, too: there is
// no metaverse of the last run, so the value in the target takes its place.
func (b *build) flow(r *lang.Rule, f *lang.Flow, src record, a schema.Attribute) (flowed, error) {
	if m, ok := src.(mvRecord); ok && len(b.kept) > 0 && b.keeps(m.m, f) {
		return flowed{ignore: true}, nil
	}
	if f.From != "" {
		if texts, ok := direct(src.schemaOf(f.From), a, src.texts(f.From)); ok {
			return flowed{values: texts}, nil
		}
		values, err := spell(a, src.attribute(f.From))
		if err != nil {
			err = b.hush(err, f.From, a.Name)
		}
		return flowed{values: values}, err
	}
	v, err := b.evaluate(f.Value, src, b.params[r.Provider])
	if err != nil {
		return flowed{}, err
	}
	switch v.Kind() {
	case value.Ignore:
		return flowed{ignore: true}, nil
	case value.AuthoritativeNull:
		return flowed{null: true}, nil
	}
	values, err := spell(a, v)
	if err != nil {
		err = b.hush(err, append(usedNames(f.Value), a.Name)...)
	}
	return flowed{values: values}, err
}

// direct are the values of a direct flow between attributes that spell them
// alike: as they are, at no cost. false: they must be converted.
func direct(from, into schema.Attribute, texts []string) ([]string, bool) {
	alike := from.Syntax == into.Syntax || isText(from.Syntax) && isText(into.Syntax)
	return texts, alike && (into.Multi || len(texts) <= 1)
}

// mvKey names one attribute of one metaverse object.
type mvKey struct {
	m         mvID
	attribute string // lower case
}

// keeps reports whether a flow reads an attribute that inbound rules ignored.
func (b *build) keeps(m mvID, f *lang.Flow) bool {
	kept := func(name string) bool { return b.kept[mvKey{m, strings.ToLower(name)}] }
	return f.From != "" && kept(f.From) || f.Value != nil && slices.ContainsFunc(f.Value.Uses, func(u lang.Use) bool { return kept(u.Name) })
}

func isText(s schema.Syntax) bool { return s == schema.Text || s == schema.Exact }

// winner collects the contributions to one attribute, in the order of
// precedence (sync-engine §1.8).
type winner struct {
	values  []string
	by      contributor // who gave the (first) value, or the authoritative null
	ignored bool        // somebody said IgnoreThisFlow
}

// keep reports that nobody gave a value and somebody said IgnoreThisFlow: what
// the target has stays.
func (w *winner) keep() bool { return w.by.rule == nil && w.ignored }

// source is who decided: the first contributor where nobody gave anything.
func (w *winner) source(contributors []contributor) contributor {
	if w.by.rule == nil {
		return contributors[0]
	}
	return w.by
}

// add takes the next contribution and reports whether the search is over.
func (w *winner) add(c contributor, got flowed) bool {
	if w.by.rule == nil && (got.null || len(got.values) > 0) {
		w.by = c
	}
	switch {
	case got.ignore:
		w.ignored = true
		return false
	case got.null:
		if w.by == c {
			w.values = nil
		}
		return true
	case len(got.values) == 0:
		return false
	case c.flow.Merge == lang.MergeUpdate:
		if len(w.values) == 0 {
			w.values = got.values
		}
		return true
	}
	w.values = mergeValues(w.values, got.values, c.flow.Merge)
	return false
}

// decide asks the contributors to one attribute of a target until it is decided;
// an error comes with the one that fails. What the target has takes part in a
// merge. seen, where there is one, is told what each of them says.
func decide(contributors []contributor, have []string, ask func(contributor) (flowed, error), seen func(contributor, flowed, error)) (winner, contributor, error) {
	var result winner
	for _, c := range contributors {
		if c.flow.Merge != contributors[0].flow.Merge {
			return winner{}, c, fmt.Errorf("the rules \"%s\" and \"%s\" flow into it with different values of merge, and an attribute has one way to merge",
				contributors[0].rule.Name, c.rule.Name)
		}
	}
	if contributors[0].flow.Merge != lang.MergeUpdate {
		result.values = have
	}
	for _, c := range contributors {
		got, err := ask(c)
		if seen != nil {
			seen(c, got, err)
		}
		if err != nil {
			return winner{}, c, err
		}
		if result.add(c, got) {
			break
		}
	}
	return result, contributor{}, nil
}

func mergeValues(into, more []string, how lang.Merge) []string {
	out := slices.Clone(into)
	for _, v := range more {
		if !slices.ContainsFunc(out, func(have string) bool {
			return have == v || how == lang.MergeCaseInsensitive && strings.EqualFold(have, v)
		}) {
			out = append(out, v)
		}
	}
	return out
}
