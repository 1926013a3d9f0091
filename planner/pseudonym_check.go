package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// refreshPseudonymised is the ProviderInfo.Refresh of pseudonyms.
const refreshPseudonymised = "pseudonymised"

// Pseudonymised reports whether the names and values of a plan are pseudonyms.
func (p *Plan) Pseudonymised() bool {
	return slices.ContainsFunc(p.Providers, func(i ProviderInfo) bool { return i.Refresh == refreshPseudonymised })
}

// pseudonyms says what a plan on pseudonyms is worth: it has the shape of the real
// one as far as the configuration asks for no more than the one that the snapshot
// was made with.
func (b *build) pseudonyms() {
	i := slices.IndexFunc(b.spaces, func(s *Space) bool { return s.Pseudonyms != nil })
	if i < 0 {
		return
	}
	b.diagnose("warning", "pseudonymised", "The names in this plan are not the real ones",
		"It was made on a pseudonymised snapshot: it shows how many changes of which kind there would be and which rules cause them, not whom they concern. It cannot be applied.", hcl.Range{})
	asks, err := newPolicy(b.cfg, nil)
	if err != nil {
		return
	}
	for _, lack := range b.spaces[i].Pseudonyms.lacks(&asks.Pseudonymity) {
		b.diagnose("warning", "pseudonymised_value", "A rule depends on values that the snapshot hides", lack.text+
			", and the snapshot holds pseudonyms there. So this plan may differ from the real one. A snapshot that is made with this configuration will do.", rangeAt(lack.file, lack.line))
	}
}

// lack is one thing that a configuration needs and a snapshot does not keep.
type lack struct {
	text, file string
	line       int
}

// lacks compares what a snapshot keeps with what a configuration asks for.
func (p *Pseudonymity) lacks(asks *Pseudonymity) []lack {
	var out []lack
	for _, r := range asks.Readable {
		if !slices.ContainsFunc(p.Readable, func(have Readable) bool {
			return have.Provider == r.Provider && (have.Type == "*" || strings.EqualFold(have.Type, r.Type)) && strings.EqualFold(have.Attribute, r.Attribute) && (!have.Ours || r.Ours)
		}) {
			out = append(out, lack{fmt.Sprintf("It needs %s of %s objects of %s: %s", r.Attribute, r.Type, r.Provider, r.Why), r.File, r.Line})
		}
	}
	missing := func(have, want []string) []string {
		return slices.DeleteFunc(slices.Clone(want), func(w string) bool {
			return slices.ContainsFunc(have, func(h string) bool { return dn.Fold(h) == dn.Fold(w) })
		})
	}
	for _, text := range missing(p.Texts, asks.Texts) {
		out = append(out, lack{text: fmt.Sprintf("It compares values with %q, or writes that", text)})
	}
	for _, text := range missing(p.Prefixes, asks.Prefixes) {
		out = append(out, lack{text: fmt.Sprintf("It asks whether values begin with %q", text)})
	}
	for _, name := range asks.Names {
		if !slices.ContainsFunc(p.Names, func(h string) bool { return below(h, name) }) {
			out = append(out, lack{text: "It names " + name})
		}
	}
	for _, n := range asks.Cuts {
		if !slices.Contains(p.Cuts, n) {
			out = append(out, lack{text: fmt.Sprintf("It cuts values after %d characters", n)})
		}
	}
	return out
}

// covers refuses a configuration that names objects which a pseudonymised snapshot
// has under pseudonyms: nothing could be found below them. A nil p is that of a
// snapshot with the real names.
func (p *Pseudonymity) covers(cfg *lang.Config) error {
	if p == nil {
		return nil
	}
	known := map[string]bool{}
	for _, name := range p.Names {
		for d, err := dn.Parse(name); err == nil && d.Len() > 0; d = d.Parent() {
			known[d.Key()] = true
		}
	}
	for _, m := range cfg.OUMappings {
		if !known[dn.Key(m.Root)] {
			return fmt.Errorf("it is pseudonymised, and holds the root %s of %s under another name. Make it again with this configuration", m.Root, m.Address())
		}
	}
	for _, r := range cfg.Rules {
		for _, g := range r.Scope {
			for _, c := range g.Clauses {
				if !r.Disabled && asksMembership(c) && !known[dn.Key(c.Value)] {
					return fmt.Errorf("it is pseudonymised, and holds the group %s of rule %q under another name. Make it again with this configuration", c.Value, r.Name)
				}
			}
		}
	}
	return nil
}
