package adsync

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// ruleOf is the rule that a command works on: that of -SynchronizationRule, that
// of the pipeline, else the last one, because functions hand rules around in ways
// that the text does not show.
func (s *script) ruleOf(a arguments, input psValue) *Rule {
	if v, _, ok := a.get("synchronizationrule"); ok {
		if rule := v.one().rule; rule != nil {
			return rule
		}
	}
	if rule := input.one().rule; rule != nil {
		return rule
	}
	if len(s.rules) > 0 {
		return s.rules[len(s.rules)-1]
	}
	s.warning(a.at, "No rule to work on", "This command adds to a rule, and no New-ADSyncRule stands before it. It is left out.")
	return nil
}

// addMapping adds a flow.
func (s *script) addMapping(a arguments, input psValue) psValue {
	rule := s.ruleOf(a, input)
	if rule == nil {
		return psValue{kind: psNull}
	}
	if v, _, ok := a.get("attributeflowmappings"); ok {
		for _, item := range v.list() {
			rule.Mappings = append(rule.Mappings, s.mapping(rule, item.at, func(name string) (psValue, bool) {
				f, ok := item.fields[name]
				return f, ok
			}))
		}
		return psValue{kind: psObject, rule: rule}
	}
	at := a.at
	if expression := a.named["expression"]; expression.value != nil {
		at = expression.value.at
	}
	rule.Mappings = append(rule.Mappings, s.mapping(rule, at, func(name string) (psValue, bool) {
		v, _, ok := a.get(name)
		return v, ok
	}))
	return psValue{kind: psObject, rule: rule}
}

// mapping makes a flow of properties.
func (s *script) mapping(rule *Rule, at hcl.Range, get func(string) (psValue, bool)) Mapping {
	m := Mapping{Source: []string{}, At: at}
	word := func(name, what string) string {
		v, ok := get(name)
		if !ok {
			return ""
		}
		return s.word(what, v, at)
	}
	m.Destination = word("destination", "Destination")
	m.FlowType = word("flowtype", "FlowType")
	m.MergeType = word("valuemergetype", "ValueMergeType")
	if v, ok := get("executeonce"); ok {
		m.ExecuteOnce = v.truth()
	}
	if v, ok := get("source"); ok {
		for _, item := range v.list() {
			if text := s.freeText("Source", item, at); text != "" {
				m.Source = append(m.Source, text)
			}
		}
	}
	if v, ok := get("expression"); ok {
		text, known := s.argumentText(v, nil)
		if !known {
			text = s.declare(rule.Name+" "+m.Destination, nil, false, fmt.Sprintf("The expression that flows to %s in the rule %s of %s.", m.Destination, s.export.plain(rule.Name), s.file), at)
		}
		if p := parts(text); len(p) == 1 && p[0].variable {
			text = s.export.inlined(text)
		}
		if strings.TrimSpace(text) != "" {
			m.Expression = &text
		}
	}
	if v, ok := get("constantvalue"); ok && len(m.Source) == 0 {
		m.Source = []string{s.freeText("ConstantValue", v, at)}
	}
	switch {
	case m.FlowType == "" && m.Expression != nil:
		m.FlowType = "Expression"
	case m.FlowType == "":
		m.FlowType = "Direct"
	case !strings.EqualFold(m.FlowType, "Expression"):
		m.Expression = nil
	}
	if strings.EqualFold(m.FlowType, "Constant") && len(m.Source) == 0 {
		m.Source = []string{""}
	}
	return m
}

// conditions are the objects that an argument names. The script uses the
// variables of conditions again for the next group, so they are read now.
func (s *script) conditions(a arguments, name, typ string) []psValue {
	v, _, _ := a.get(name)
	var out []psValue
	for _, item := range v.list() {
		item = item.one()
		if item.kind != psObject || item.typ != typ && item.typ != "" {
			s.problem(a.at, "Condition is not in the script", "A condition of this group is computed when the script runs, and scripts are never executed. Without it the rule would take other objects: write the condition into the script.")
			continue
		}
		out = append(out, item)
	}
	return out
}

func (s *script) addScope(a arguments, input psValue) psValue {
	rule := s.ruleOf(a, input)
	if rule == nil {
		return psValue{kind: psNull}
	}
	var group []Condition
	for _, c := range s.conditions(a, "scopeconditions", "scopecondition") {
		at := c.at
		if at.Filename == "" {
			at = a.at
		}
		group = append(group, Condition{
			Attribute: s.freeText("The attribute of a scope condition", c.field("attribute"), at),
			Operator:  s.word("The operator of a scope condition", c.field("comparisonoperator"), at),
			Value:     s.freeText("The value of a scope condition", c.field("comparisonvalue"), at),
			At:        at,
		})
	}
	if group != nil {
		rule.Scope = append(rule.Scope, group)
	}
	return psValue{kind: psObject, rule: rule}
}

func (s *script) addJoin(a arguments, input psValue) psValue {
	rule := s.ruleOf(a, input)
	if rule == nil {
		return psValue{kind: psNull}
	}
	var group []Match
	for _, c := range s.conditions(a, "joinconditions", "joincondition") {
		at := c.at
		if at.Filename == "" {
			at = a.at
		}
		group = append(group, Match{
			Space:         s.freeText("The attribute of a join condition", c.field("csattribute"), at),
			Metaverse:     s.freeText("The attribute of a join condition", c.field("mvattribute"), at),
			CaseSensitive: c.field("casesensitive").truth(),
			At:            at,
		})
	}
	if group != nil {
		rule.Join = append(rule.Join, group)
	}
	return psValue{kind: psObject, rule: rule}
}
