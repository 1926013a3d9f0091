package adsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/syncexpr"
)

// The words that rules use. All are matched without regard to case and kept in
// this spelling.
var (
	directions = []string{"Inbound", "Outbound"}
	linkTypes  = []string{"Join", "JoinNoFlow", "Provision", "StickyJoin"}
	flowTypes  = []string{"Constant", "Direct", "Expression"}
	mergeTypes = []string{"Update", "Merge", "MergeCaseInsensitive"}
	operators  = []string{
		"EQUAL", "NOTEQUAL", "LESSTHAN", "LESSTHAN_OR_EQUAL", "GREATERTHAN", "GREATERTHAN_OR_EQUAL",
		"CONTAINS", "NOTCONTAINS", "STARTSWITH", "NOTSTARTSWITH", "ENDSWITH", "NOTENDSWITH",
		"ISNULL", "ISNOTNULL", "ISIN", "ISNOTIN", "ISBITSET", "ISBITNOTSET", "ISMEMBEROF", "ISNOTMEMBEROF",
	}
)

// maxShown is how many problems of one rule are shown.
const maxShown = 20

// check reports what makes rules unusable, whatever format they come from, and
// brings their words into one spelling.
func (r *reader) check() {
	r.checkIdentifiers()
	for _, rule := range r.export.Rules {
		if !rule.broken {
			c := ruleCheck{reader: r, rule: rule}
			c.check()
		}
	}
}

// checkIdentifiers finds rules that were read twice.
func (r *reader) checkIdentifiers() {
	first := map[string]*Rule{}
	for _, rule := range r.export.Rules {
		if rule.Identifier == "" || hasReference(rule.Identifier) {
			continue
		}
		if other := first[rule.Identifier]; other != nil {
			r.problem(rule.At, "Rule identifier used twice", "The rule %q has the identifier {%s}, which %q at %s:%d has, too. An identifier names one rule, so which of the two holds is open: remove one of them.",
				rule.Name, rule.Identifier, other.Name, other.At.Filename, other.At.Start.Line)
			continue
		}
		first[rule.Identifier] = rule
	}
}

// ruleCheck checks one rule.
type ruleCheck struct {
	*reader
	rule *Rule
}

func (c *ruleCheck) check() {
	rule := c.rule
	if rule.Name == "" {
		c.problem(rule.At, "Rule without a name", "This rule has no name. Plans name the rule behind every change.")
		rule.Name = "rule without a name"
	}
	c.word(rule.At, "the direction", &rule.Direction, directions)
	c.word(rule.At, "the link type", &rule.LinkType, linkTypes)
	if rule.SourceObjectType == "" || rule.TargetObjectType == "" {
		c.problem(rule.At, "Rule without an object type", "The rule %q flows from objects of the type %q to objects of the type %q. Both must be named.", rule.Name, rule.SourceObjectType, rule.TargetObjectType)
	}
	if rule.Precedence < 0 {
		c.problem(rule.At, "Precedence out of range", "The precedence of the rule %q is %d; it counts from 0.", rule.Name, rule.Precedence)
	}
	if c.export.connector(rule) == nil {
		c.missingConnector()
	}
	for _, group := range rule.Scope {
		for i := range group {
			c.condition(&group[i])
		}
	}
	for _, group := range rule.Join {
		for _, m := range group {
			if m.Space == "" || m.Metaverse == "" {
				c.problem(m.At, "Join without an attribute", "A join condition of the rule %q equates %q of the connected directory with %q of the metaverse. Both must be named.", rule.Name, m.Space, m.Metaverse)
			}
		}
	}
	first := map[string]hcl.Range{}
	for i := range rule.Mappings {
		m := &rule.Mappings[i]
		c.mapping(m)
		key := strings.ToLower(m.Destination)
		if other, twice := first[key]; twice && key != "" {
			c.problem(m.At, "Attribute written twice", "The rule %q has two flows to %s, the other at %s:%d. Which of them would win is open: remove one of them.", rule.Name, m.Destination, other.Filename, other.Start.Line)
		}
		first[key] = m.At
	}
}

func (c *ruleCheck) missingConnector() {
	name := c.rule.Connector
	if name == "" {
		c.problem(c.rule.At, "Rule without a connector", "The rule %q does not say which connected directory it belongs to.", c.rule.Name)
		return
	}
	c.problem(c.rule.At, "Connector is missing", "The rule %q belongs to the connector {%s}, and no file of the export describes it, so neither the directory nor its attributes are known. Copy the folder Connectors into the export, or export again with Get-ADSyncServerConfiguration.", c.rule.Name, name)
}

// word brings a word into the spelling of a list and reports one that is not in
// it.
func (c *ruleCheck) word(at hcl.Range, what string, word *string, words []string) {
	for _, w := range words {
		if strings.EqualFold(w, *word) {
			*word = w
			return
		}
	}
	c.problem(at, "Unknown word in a rule", "In the rule %q, %s is %q; it must be %s.%s", c.rule.Name, what, c.export.plain(*word), list(words), didYouMean(*word, words))
}

func (c *ruleCheck) condition(s *Condition) {
	if s.Attribute == "" {
		c.problem(s.At, "Scope condition without an attribute", "A scope condition of the rule %q does not name the attribute that it compares.", c.rule.Name)
	}
	if strings.EqualFold(s.Operator, "ISNOTBITSET") {
		s.Operator = "ISBITNOTSET" // the documentation and the export differ
	}
	for _, o := range operators {
		if strings.EqualFold(o, s.Operator) {
			s.Operator = o
			return
		}
	}
	c.problem(s.At, "Unknown operator", "The rule %q compares %s with the operator %q, which scope conditions do not have.%s The operators are %s.",
		c.rule.Name, s.Attribute, c.export.plain(s.Operator), didYouMean(s.Operator, operators), list(operators))
}

func (c *ruleCheck) mapping(m *Mapping) {
	if m.Destination == "" || hasReference(m.Destination) {
		c.problem(m.At, "Flow without a destination", "A flow of the rule %q does not say which attribute it writes.", c.rule.Name)
	}
	c.word(m.At, "the flow type to "+m.Destination, &m.FlowType, flowTypes)
	if strings.EqualFold(m.MergeType, "Replace") || m.MergeType == "" {
		m.MergeType = "Update" // its old name, and the default
	}
	c.word(m.At, "the merge type of "+m.Destination, &m.MergeType, mergeTypes)
	switch m.FlowType {
	case "Direct":
		if len(m.Source) != 1 || m.Source[0] == "" {
			c.problem(m.At, "Direct flow without one source", "The flow to %s of the rule %q is direct, so it copies exactly one attribute; it names %d.", m.Destination, c.rule.Name, len(m.Source))
		}
	case "Constant":
		if len(m.Source) != 1 {
			c.problem(m.At, "Constant flow without one value", "The flow to %s of the rule %q is a constant and has %d values.", m.Destination, c.rule.Name, len(m.Source))
		}
	case "Expression":
		if m.Expression == nil {
			c.problem(m.At, "Flow without its expression", "The flow to %s of the rule %q is an expression, and there is none.", m.Destination, c.rule.Name)
			return
		}
		c.expression(m)
	}
}

// expression reports what is wrong with the text of an expression: syntax,
// functions, numbers of arguments. Attributes are checked where their schema is.
func (c *ruleCheck) expression(m *Mapping) {
	text, _, problems := c.export.compile(m)
	shown := 0
	for _, p := range problems {
		if p.Warning {
			continue
		}
		if shown++; shown > maxShown {
			return
		}
		at := c.down(m.At, strings.Count(text[:min(max(p.Offset, 0), len(text))], "\n"))
		c.problem(at, p.Summary, "In the flow to %s of the rule %q: %s%s", m.Destination, c.rule.Name, p.Detail, where(text, p.Offset, p.Length))
	}
}

// compile compiles the expression of a flow without a schema. A variable whose
// value nobody knows may stand for a name, a text or a number; while it is open
// which, nothing is wrong with the expression.
func (e *Export) compile(m *Mapping) (string, *syncexpr.Program, []syncexpr.Problem) {
	opts := syncexpr.Options{ExecuteOnce: m.ExecuteOnce}
	text := e.plain(*m.Expression)
	program, problems := syncexpr.Compile(text, opts)
	if program != nil || !slices.ContainsFunc(parts(*m.Expression), func(p part) bool {
		v := e.variable(p.text)
		return p.variable && (v == nil || v.Default == nil)
	}) {
		return text, program, problems
	}
	return text, nil, nil
}

// down is the place a number of lines further down.
func (c *ruleCheck) down(at hcl.Range, lines int) hcl.Range {
	f := c.export.Sources[at.Filename]
	if lines == 0 || f == nil {
		return at
	}
	at.Start.Line += lines
	at.Start.Column = 1
	at.Start.Byte = newLineOffsets(string(f.Bytes)).offset(at.Start.Line)
	at.End = at.Start
	return at
}

// where shows the piece of an expression that a problem is about.
func where(text string, offset, length int) string {
	if offset < 0 || length <= 0 || offset+length > len(text) || length > 80 || length == len(text) {
		return ""
	}
	return fmt.Sprintf(" It is about %s.", quoted(text[offset:offset+length]))
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }

// list writes words for a sentence: a, b or c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// didYouMean is a sentence that suggests the nearest of some words, with a space
// before it; "" when none is near.
func didYouMean(given string, words []string) string {
	if len(given) > 100 {
		return ""
	}
	best, least := "", 1+len(given)/3
	for _, w := range slices.Sorted(slices.Values(words)) {
		if d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(w), nil); d < least {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}
