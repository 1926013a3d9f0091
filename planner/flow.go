package planner

import (
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

// flow evaluates one flow for one source object into attribute a.
func (b *build) flow(r *lang.Rule, f *lang.Flow, src record, a schema.Attribute) (flowed, error) {
	if f.From != "" {
		from := src.schemaOf(f.From)
		if from.Syntax == a.Syntax || isText(from.Syntax) && isText(a.Syntax) {
			if texts := src.texts(f.From); a.Multi || len(texts) <= 1 {
				return flowed{values: texts}, nil
			}
		}
		values, err := spell(a, src.attribute(f.From))
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
	return flowed{values: values}, err
}

func isText(s schema.Syntax) bool { return s == schema.Text || s == schema.Exact }

// winner collects the contributions to one attribute, in the order of
// precedence (sync-engine §1.8).
type winner struct {
	values  []string
	by      contributor // who gave the (first) value, or the authoritative null
	ignored bool        // somebody said IgnoreThisFlow, and nobody gave a value
	any     bool        // at least one flow was evaluated
}

// add takes the next contribution and reports whether the search is over.
func (w *winner) add(c contributor, got flowed) bool {
	w.any = true
	if w.by.rule == nil && (got.null || len(got.values) > 0) {
		w.by = c
	}
	switch {
	case got.ignore:
		w.ignored = true
		return false
	case got.null:
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
		got, err := ask(c)
		if seen != nil {
			seen(c, got, err)
		}
		if err != nil {
			return winner{}, c, err
		}
		if c.flow.Merge != lang.MergeUpdate && len(got.values) > 0 && len(result.values) == 0 {
			result.values = have
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
