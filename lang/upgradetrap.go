package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// writebackType says in the metaverse as what Entra ID wants a group written.
const writebackType = "targetWritebackType"

// checkWritebackType finds the trap of Entra Connect's own upgrades: a copy of
// the rule that brings cloud groups in, made before targetWritebackType existed,
// takes the place of the standard one. Every Microsoft 365 group would become a
// distribution group.
func (l *loader) checkWritebackType() {
	for _, d := range l.rules {
		if d.pack == nil || !d.Disabled || d.Direction != Inbound || !flowsInto(d, writebackType) {
			continue
		}
		enters := func(x *declaredRule) bool {
			return !x.Disabled && x.Direction == Inbound && x.Provider == d.Provider && (x.MetaverseType == "group" || x.MetaverseType == "*")
		}
		i := slices.IndexFunc(l.rules, func(x *declaredRule) bool { return enters(x) && x.Link == Provision })
		if i < 0 || slices.ContainsFunc(l.rules, func(x *declaredRule) bool { return enters(x) && flowsInto(x, writebackType) }) {
			continue
		}
		if reader := l.readsWritebackType(d.Provider); reader != nil {
			x := l.rules[i]
			l.report(hcl.Diagnostics{problem(x.Range, "Groups would lose their type",
				"%s stands in for the standard rule %q, which is disabled, and does not flow %s. %q makes groupType from it: without it every Microsoft 365 group becomes "+
					"a distribution group, and access given to it stops working. Add \"%s\" to copy.", x.args.what, d.Name, writebackType, reader.Name, writebackType)})
		}
	}
}

func flowsInto(d *declaredRule, attribute string) bool {
	return slices.ContainsFunc(d.Flows, func(f *Flow) bool { return strings.EqualFold(f.Attribute, attribute) })
}

// readsWritebackType is the rule that computes the type of groups of p from it,
// for a writeback that does not declare the state itself.
func (l *loader) readsWritebackType(p *Provider) *declaredRule {
	for _, w := range l.config.Writebacks {
		if w.From != p || w.State != "" || w.Absent {
			continue
		}
		for _, d := range l.rules {
			if d.Disabled || d.Direction != Outbound || d.Provider != w.To {
				continue
			}
			if slices.ContainsFunc(d.Flows, func(f *Flow) bool {
				return strings.EqualFold(f.Attribute, "groupType") && f.Value != nil &&
					slices.ContainsFunc(f.Value.Uses, func(u Use) bool { return strings.EqualFold(u.Name, writebackType) })
			}) {
				return d
			}
		}
	}
	return nil
}
