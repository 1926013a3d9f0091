package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

var (
	mappingSchema = bodySchema("root! create default", hcl.BlockHeaderSchema{Type: "rule", LabelNames: []string{"name"}})
	ouRuleSchema  = bodySchema("when! ou!")
)

func (l *loader) decodeMappings() {
	l.mappings = map[string]*OUMapping{}
	for _, b := range l.blocks["ou_mapping"] {
		m := l.decodeMapping(b)
		l.mappings[m.Address()] = m
	}
	for _, address := range slices.Sorted(maps.Keys(l.mappings)) {
		l.config.OUMappings = append(l.config.OUMappings, l.mappings[address])
	}
}

func (l *loader) decodeMapping(b *hcl.Block) *OUMapping {
	a := l.read(l.scope, blockName(b), b.Body, mappingSchema)
	m := &OUMapping{Name: b.Labels[0], Root: a.text("root", ""), Create: a.flag("create", false), Range: b.DefRange}
	if m.Root != "" {
		l.parseDN(m.Root, a.at("root"), "root in "+a.what)
	} else if a.given("root") && !l.unreadable(a, "root") {
		l.parseDN("", a.at("root"), "root in "+a.what)
	}
	seen := map[string]hcl.Range{}
	for _, rb := range a.content.Blocks {
		r := l.read(l.scope, blockName(rb)+" of "+a.what, rb.Body, ouRuleSchema)
		rule := OURule{Name: rb.Labels[0], Range: rb.DefRange}
		if first, ok := seen[rule.Name]; ok {
			l.report(hcl.Diagnostics{problem(rb.DefRange, "Declared twice", "%s already has a rule %q at %s.", a.what, rule.Name, place(first))})
		}
		seen[rule.Name] = rb.DefRange
		rule.When = l.compileCondition(r, l.metaverse)
		rule.OU = l.compileOU(r, "ou", m)
		m.Rules = append(m.Rules, rule)
	}
	if !a.given("default") {
		l.report(hcl.Diagnostics{problem(b.DefRange, "OU mapping without default",
			"%s has no default, so an object that no rule takes would have no place. Add default = \"OU=General\", or default = \"\" for the root itself.", a.what)})
	}
	m.Default = l.compileOU(a, "default", m)
	return m
}
