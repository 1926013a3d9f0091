package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// evaluated is what the expressions of one configuration gave for the objects of
// one estate: for each distinct text, up to four different outcomes.
type evaluated map[string][]evaluation

type evaluation struct{ object, attribute, outcome string }

func (all evaluated) add(b *build, r *lang.Rule, f *lang.Flow, src record, a schema.Attribute, object string) {
	if f.Value == nil {
		return
	}
	got, err := b.flow(r, f, src, a)
	outcome := ""
	switch {
	case err != nil:
		outcome = "error: " + err.Error()
	case got.ignore:
		outcome = "IgnoreThisFlow"
	case got.null:
		outcome = "AuthoritativeNull"
	case len(got.values) == 0:
		outcome = "NULL"
	default:
		outcome = b.shownTexts(a, got.values)
	}
	text := strings.Join(strings.Fields(f.Value.Text), " ")
	have := all[text]
	if len(have) < 4 && !slices.ContainsFunc(have, func(e evaluation) bool { return e.outcome == outcome }) {
		all[text] = append(have, evaluation{object, a.Name, outcome})
	}
}

// evaluateAll evaluates every expression of every rule for every object that the
// rule takes, whether or not another rule comes before it.
func (b *build) evaluateAll() evaluated {
	all := evaluated{}
	for _, r := range b.rules {
		for m := range mvID(len(b.mv.types)) {
			o := b.mv.links[r.space][m]
			if o == NoObject || !b.flows(r.Rule, m) || !b.takes(r, o) {
				continue
			}
			for _, f := range r.flows {
				all.add(b, r.Rule, f.flow, spaceRecord{b.spaces[r.space], o}, f.into.Attribute, displayName(b.spaces[r.space], o))
			}
		}
	}
	for i, s := range b.spaces {
		for _, e := range b.exports(i) {
			for _, r := range b.exportRules(i) {
				src := mvRecord{b, e.m}
				if in, _ := b.inScope(r, src); !in || !strings.EqualFold(r.ObjectType, e.objectType) {
					continue
				}
				for _, f := range r.Flows {
					a, ok := s.Schema.Lookup(f.Attribute)
					if !ok {
						a = Attribute{Name: f.Attribute}
					}
					all.add(b, r, f, src, a, b.exportName(e))
				}
			}
		}
	}
	return all
}

// expressionsText lists outcomes by a digest of the expression.
func expressionsText(t *testing.T, texts map[string]bool, b *build) string {
	t.Helper()
	if len(texts) != 86 {
		t.Errorf("%d distinct expressions, want 86", len(texts))
	}
	all := b.evaluateAll()
	var lines []string
	for text, list := range all {
		sum := sha256.Sum256([]byte(text))
		for _, e := range list {
			lines = append(lines, fmt.Sprintf("%s %s of %q: %s", hex.EncodeToString(sum[:6]), e.attribute, e.object, e.outcome))
		}
	}
	for text := range texts {
		if list := all[text]; !slices.ContainsFunc(list, func(e evaluation) bool { return e.outcome != "NULL" }) {
			t.Errorf("evaluated for %d outcomes, none of them a value: %s", len(list), text)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
