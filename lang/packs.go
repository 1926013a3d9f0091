package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/landfall-directory/landfall/lang/standard"
)

var packSchema = bodySchema("pack entra! ad! disable member_limit_m365 member_limit_security")

func (l *loader) decodePacks() {
	for _, b := range l.blocks["standard_rules"] {
		a := l.read(l.scope, blockName(b), b.Body, packSchema)
		name := a.text("pack", b.Labels[0])
		src, ok := standard.Source(name)
		if !ok {
			l.report(hcl.Diagnostics{unknownPack(a, b, name)})
			continue
		}
		p := &StandardRules{
			Name:                b.Labels[0],
			Pack:                name,
			Entra:               a.provider("entra", "provider.entra"),
			AD:                  a.provider("ad", "provider.ad"),
			MemberLimitM365:     a.countOr("member_limit_m365", 50000, 1, maxCount),
			MemberLimitSecurity: a.countOr("member_limit_security", 250000, 1, maxCount),
			Range:               b.DefRange,
		}
		disable := a.items("disable")
		for _, item := range disable {
			p.Disable = append(p.Disable, item.text)
		}
		l.config.Packs = append(l.config.Packs, p)
		if p.Entra != nil && p.AD != nil && !l.repeatsPack(p, blockName(b)) {
			l.expandPack(p, src, disable)
		}
	}
	slices.SortFunc(l.config.Packs, func(a, b *StandardRules) int { return strings.Compare(a.Name, b.Name) })
}

func unknownPack(a *arguments, b *hcl.Block, name string) *hcl.Diagnostic {
	at, other := b.LabelRanges[0], fmt.Sprintf(" A block with another label says which pack it uses: pack = %q.", standard.Names()[0])
	if a.given("pack") {
		at, other = a.at("pack"), ""
	}
	if near := didYouMean(name, standard.Names()); near != "" {
		other = near
	}
	return problem(at, "Unknown pack of standard rules", "There is no pack %q; there is %s.%s", name, list(standard.Names()), other)
}

// repeatsPack reports a pack that an earlier block already applies to the same
// two directories: each of its rules would do its work twice.
func (l *loader) repeatsPack(p *StandardRules, what string) bool {
	for _, other := range l.config.Packs {
		if other != p && other.Pack == p.Pack && other.Entra == p.Entra && other.AD == p.AD {
			l.report(hcl.Diagnostics{problem(p.Range, "Standard rules applied twice", "%s applies %s to %s and %s, and standard_rules %q at %s does that already. Remove one of them.",
				what, p.Pack, p.Entra.Address(), p.AD.Address(), other.Name, place(other.Range))})
			return true
		}
	}
	return false
}

// ruleName is the name of a pack's rule in one use of the pack. A label that is
// not the pack's own name is added, so that the names of several uses differ.
func (p *StandardRules) ruleName(name string) string {
	if p.Name == p.Pack {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, p.Name)
}

// expandPack decodes the rules of a pack with the ordinary decoder.
func (l *loader) expandPack(p *StandardRules, src []byte, disable []item) {
	f, ok := l.parseFile(standard.FileName(p.Pack), src)
	if !ok {
		return
	}
	content, diags := f.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "sync_rule", LabelNames: []string{"label"}}}})
	l.report(diags)
	s := l.packScope(p)
	byName := map[string]*declaredRule{}
	for _, b := range content.Blocks {
		d := l.decodeRule(s, b, packRuleSchema)
		d.Address = fmt.Sprintf("standard_rules.%s[%q]", p.Name, d.Name)
		d.Standard, d.pack = true, p
		byName[d.Name] = d
		d.Name = p.ruleName(d.Name)
		l.rules = append(l.rules, d)
	}
	for _, item := range disable {
		d := byName[item.text]
		if d == nil {
			l.report(hcl.Diagnostics{problem(item.at, "Unknown standard rule", "The pack %s has no rule %q, so there is nothing to disable.%s", p.Pack, item.text, didYouMean(item.text, slices.Collect(maps.Keys(byName))))})
			continue
		}
		d.Disabled = true
	}
}

// packScope is what the rules of a pack can refer to: pack.* and settings.*.
func (l *loader) packScope(p *StandardRules) *scope {
	s := newScope(l)
	s.set("pack.entra", p.Range, cty.CapsuleVal(blockType, &blockRef{address: p.Entra.Address()}))
	s.set("pack.ad", p.Range, cty.CapsuleVal(blockType, &blockRef{address: p.AD.Address()}))
	s.set("pack.member_limit_m365", p.Range, cty.NumberIntVal(int64(p.MemberLimitM365)))
	s.set("pack.member_limit_security", p.Range, cty.NumberIntVal(int64(p.MemberLimitSecurity)))
	s.root.kids["settings"] = l.scope.root.kids["settings"]
	return s
}
