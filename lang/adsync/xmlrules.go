package adsync

import (
	"strconv"
	"strings"
)

// readServer reads a server configuration: a folder with SynchronizationRules,
// Connectors and GlobalSettings.
func (r *reader) readServer(files []string) {
	for _, name := range files {
		if extension(name) != ".xml" {
			continue
		}
		root := r.document(name)
		if root == nil {
			continue
		}
		switch root.name {
		case "synchronizationRule":
			before := len(r.diags)
			rule := r.xmlRule(root)
			r.markBroken([]*Rule{rule}, before)
			r.export.Rules = append(r.export.Rules, rule)
		case "ma-data":
			r.xmlConnector(root)
		case "saved-mv-configuration":
			r.xmlMetaverse(root)
		default:
			r.export.note(LeftOut, root.at, "", "the document "+quoted(root.name)+", which is no part of a configuration that landfall knows")
		}
	}
}

// xmlRule reads one rule. What its words mean is checked later.
func (r *reader) xmlRule(e *element) *Rule {
	rule := &Rule{
		Name:             e.value("name"),
		Identifier:       guid(e.value("id")),
		Tag:              e.value("immutable-tag"),
		Direction:        e.value("direction"),
		Connector:        guid(e.value("connector")),
		SourceObjectType: e.value("sourceObjectType"),
		TargetObjectType: e.value("targetObjectType"),
		LinkType:         e.value("linkType"),
		Disabled:         strings.EqualFold(e.value("disabled"), "true"),
		PasswordSync:     strings.EqualFold(e.value("EnablePasswordSync"), "true"),
		Version:          e.value("version"),
		PrecedenceAfter:  guid(e.value("precedence-after")),
		PrecedenceBefore: guid(e.value("precedence-before")),
		Scope:            [][]Condition{},
		Join:             [][]Match{},
		Mappings:         []Mapping{},
		At:               e.at,
	}
	if text := e.value("description"); text != "" {
		rule.Description = &text
	}
	var err error
	if rule.Precedence, err = strconv.Atoi(e.value("precedence")); err != nil {
		at := e.at
		if c := e.child("precedence"); c != nil {
			at = c.at
		}
		r.problem(at, "Rule without a precedence", "The precedence of the rule %q is %q, which is not a whole number.", rule.Name, e.value("precedence"))
	}
	for _, group := range e.all("synchronizationCriteria", "conditions") {
		conditions := []Condition{}
		for _, c := range group.all("scope") {
			conditions = append(conditions, Condition{Attribute: c.value("csAttribute"), Operator: c.value("csOperator"), Value: text(c.child("csValue")), At: c.at})
		}
		rule.Scope = append(rule.Scope, conditions)
	}
	for _, group := range e.all("relationshipCriteria", "conditions") {
		matches := []Match{}
		for _, c := range group.all("condition") {
			matches = append(matches, Match{Space: c.value("csAttribute"), Metaverse: c.value("ilmAttribute"), CaseSensitive: strings.EqualFold(c.value("caseSensitive"), "true"), At: c.at})
		}
		rule.Join = append(rule.Join, matches)
	}
	for _, m := range e.all("attribute-mappings", "mapping") {
		rule.Mappings = append(rule.Mappings, xmlMapping(m))
	}
	return rule
}

// xmlMapping reads one flow. An expression is kept as it stands, white space
// included.
func xmlMapping(e *element) Mapping {
	m := Mapping{
		Destination: e.value("dest"),
		Source:      []string{},
		MergeType:   e.value("valueMergeType"),
		ExecuteOnce: strings.EqualFold(e.attr("execute-once"), "true"),
		At:          e.at,
	}
	source := e.child("src")
	for _, a := range source.all("attr") {
		m.Source = append(m.Source, strings.TrimSpace(a.text))
	}
	expression := e.child("expression")
	switch {
	case strings.TrimSpace(text(expression)) != "":
		m.FlowType, m.Expression, m.At = "Expression", &expression.text, expression.at
	case len(m.Source) > 0:
		m.FlowType = "Direct"
	default:
		m.FlowType = "Constant"
		m.Source = append(m.Source, text(source))
	}
	return m
}

// text is the text of an element as it stands; "" for none.
func text(e *element) string {
	if e == nil {
		return ""
	}
	return e.text
}
