package lang

import (
	"cmp"
	"slices"
	"strings"
)

// firstStandard is the first precedence of the standard range.
const firstStandard = 100

// assemble numbers the rules that have no declared precedence and puts
// everything into its order: first the writebacks by name, then the packs by
// name, each in the order of its file. Numbers that imported rules have are left
// to them.
func (l *loader) assemble() {
	taken := map[int]bool{}
	for _, d := range l.rules {
		if d.pack == nil {
			taken[d.Precedence] = true
		}
	}
	next := firstStandard
	number := func(r *Rule) {
		for taken[next] {
			next++
		}
		r.Precedence = next
		next++
	}
	for _, w := range l.config.Writebacks {
		number(w.Rule)
		l.config.Rules = append(l.config.Rules, w.Rule)
	}
	for _, p := range l.config.Packs {
		for _, d := range l.rules {
			if d.pack == p {
				number(d.Rule)
			}
		}
	}
	for _, d := range l.rules {
		l.config.Rules = append(l.config.Rules, d.Rule)
	}
	slices.SortFunc(l.config.Rules, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.Precedence, b.Precedence), strings.Compare(a.Address, b.Address))
	})
	slices.SortFunc(l.config.Guards, func(a, b *Guard) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(l.config.Protected, func(a, b Protected) int { return strings.Compare(a.DN, b.DN) })
}
