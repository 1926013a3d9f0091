package adsync

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// tree is a value of a YAML or JSON document with its place: a scalar, a list or
// a map.
type tree struct {
	kind   treeKind
	text   string  // of a scalar
	items  []*tree // of a list
	keys   []string
	values []*tree // of a map, as keys
	at     hcl.Range
}

type treeKind uint8

const (
	treeNull treeKind = iota
	treeText
	treeNumber
	treeBool
	treeList
	treeMap
)

// get is the value of a key, without regard to case, as PowerShell has it; nil
// when it is absent or null.
func (t *tree) get(key string) *tree {
	if t == nil || t.kind != treeMap {
		return nil
	}
	for i, k := range t.keys {
		if strings.EqualFold(k, key) && t.values[i].kind != treeNull {
			return t.values[i]
		}
	}
	return nil
}

// list are the items of a list; a scalar or a map is a list of itself, as
// PowerShell writes lists of one.
func (t *tree) list() []*tree {
	switch {
	case t == nil || t.kind == treeNull:
		return nil
	case t.kind == treeList:
		return t.items
	}
	return []*tree{t}
}

// readTrees reads files of DSC YAML or of JSON, which have the property names of
// PowerShell's objects.
func (r *reader) readTrees(files []string) {
	for _, name := range files {
		text, ok := r.read(name)
		if !ok {
			continue
		}
		parse := parseYAML
		if r.export.Format == FormatJSON {
			parse = parseJSON
		}
		root, at, err := parse(name, text)
		if err != nil {
			r.problem(at, "Malformed "+strings.TrimPrefix(strings.ToUpper(extension(name)), "."), "The file could not be understood: %s.", err)
			continue
		}
		found := false
		for _, t := range ruleTrees(root, 0) {
			found = true
			if standard := t.get("IsStandardRule"); standard != nil && strings.EqualFold(standard.text, "true") && t.get("LinkType") == nil {
				r.export.note(LeftOut, t.at, fields{r, t}.text("Name"), "the rule: it is a standard one, of which the export says only whether it is disabled")
				continue
			}
			before := len(r.diags)
			rule := r.treeRule(t)
			r.markBroken([]*Rule{rule}, before)
			r.export.Rules = append(r.export.Rules, rule)
		}
		if !found {
			r.export.note(LeftOut, root.at, "", "the file: it has no sync rules")
		}
	}
	r.nameConnectors()
}

// ruleTrees finds the rules in a document: maps with a name and a direction, in
// lists, below Items or deeper.
func ruleTrees(t *tree, depth int) []*tree {
	if t == nil || depth > 8 {
		return nil
	}
	if t.kind == treeMap && t.get("Name") != nil && (t.get("Direction") != nil || t.get("IsStandardRule") != nil) {
		return []*tree{t}
	}
	var out []*tree
	for _, item := range append(t.items, t.values...) {
		out = append(out, ruleTrees(item, depth+1)...)
	}
	return out
}

// treeRule reads one rule.
func (r *reader) treeRule(t *tree) *Rule {
	f := fields{r, t}
	rule := &Rule{
		Name:             f.text("Name"),
		Identifier:       guid(f.text("Identifier")),
		Tag:              f.text("ImmutableTag"),
		Direction:        f.word("Direction"),
		Connector:        guid(f.text("Connector")),
		SourceObjectType: f.text("SourceObjectType"),
		TargetObjectType: f.text("TargetObjectType"),
		LinkType:         f.word("LinkType"),
		Precedence:       f.number("Precedence"),
		Disabled:         f.flag("Disabled"),
		PasswordSync:     f.flag("EnablePasswordSync"),
		Version:          f.text("Version"),
		PrecedenceAfter:  guid(f.text("PrecedenceAfter")),
		PrecedenceBefore: guid(f.text("PrecedenceBefore")),
		Scope:            [][]Condition{},
		Join:             [][]Match{},
		Mappings:         []Mapping{},
		At:               t.at,
	}
	if name := f.text("ConnectorName"); name != "" {
		rule.Connector = name
	}
	if text := f.text("Description"); text != "" {
		rule.Description = &text
	}
	for _, g := range t.get("ScopeFilter").list() {
		var group []Condition
		for _, c := range r.conditions(g, "ScopeConditionList") {
			cf := fields{r, c}
			group = append(group, Condition{Attribute: cf.text("Attribute"), Operator: cf.word("ComparisonOperator"), Value: cf.text("ComparisonValue"), At: c.at})
		}
		if group != nil {
			rule.Scope = append(rule.Scope, group)
		}
	}
	for _, g := range t.get("JoinFilter").list() {
		var group []Match
		for _, c := range r.conditions(g, "JoinConditionList") {
			cf := fields{r, c}
			group = append(group, Match{Space: cf.text("CSAttribute"), Metaverse: cf.text("MVAttribute"), CaseSensitive: cf.flag("CaseSensitive"), At: c.at})
		}
		if group != nil {
			rule.Join = append(rule.Join, group)
		}
	}
	for _, m := range t.get("AttributeFlowMappings").list() {
		if r.cut(m) {
			continue
		}
		rule.Mappings = append(rule.Mappings, r.treeMapping(m))
	}
	return rule
}

// conditions are the conditions of a group.
func (r *reader) conditions(g *tree, key string) []*tree {
	if r.cut(g) {
		return nil
	}
	var out []*tree
	for _, c := range g.get(key).list() {
		if !r.cut(c) {
			out = append(out, c)
		}
	}
	return out
}

// cut reports an object that ConvertTo-Json replaced by its name, because it was
// nested deeper than the two levels that are its default.
func (r *reader) cut(t *tree) bool {
	if t.kind == treeMap {
		return false
	}
	r.problem(t.at, "Object was cut off", "There is %s where an object with properties must be. ConvertTo-Json writes two levels and cuts off what is deeper; export again with ConvertTo-Json -Depth 10.", quoted(t.text))
	return true
}

func (r *reader) treeMapping(t *tree) Mapping {
	f := fields{r, t}
	m := Mapping{
		Destination: f.text("Destination"),
		FlowType:    f.word("FlowType"),
		Source:      []string{},
		MergeType:   f.word("ValueMergeType"),
		ExecuteOnce: f.flag("ExecuteOnce"),
		At:          t.at,
	}
	for _, s := range t.get("Source").list() {
		if s.kind == treeMap {
			s = s.get("Name")
		}
		if s != nil {
			m.Source = append(m.Source, s.text)
		}
	}
	if e := t.get("Expression"); e != nil && strings.TrimSpace(e.text) != "" {
		m.Expression = &e.text
		m.At = e.at
	}
	if m.FlowType == "" {
		switch {
		case m.Expression != nil:
			m.FlowType = "Expression"
		default:
			m.FlowType = "Direct"
		}
	}
	if m.FlowType != "Expression" {
		m.Expression = nil
	}
	if constant := f.text("ConstantValue"); m.FlowType == "Constant" && len(m.Source) == 0 {
		m.Source = []string{constant}
	}
	return m
}

// fields reads the properties of one object.
type fields struct {
	r *reader
	t *tree
}

func (f fields) text(key string) string {
	t := f.t.get(key)
	switch {
	case t == nil:
		return ""
	case t.kind == treeList || t.kind == treeMap:
		if guid := t.get("Guid"); guid != nil {
			return guid.text // a GUID as an object
		}
		f.r.problem(t.at, "Text expected", "%s must be text and is %s.", key, t.describe())
		return ""
	}
	return t.text
}

// word is a value of an enumeration. Windows PowerShell writes those as numbers,
// which differ between versions of the server.
func (f fields) word(key string) string {
	t := f.t.get(key)
	if t != nil && t.kind == treeNumber {
		f.r.problem(t.at, "Number in place of a word", "%s is the number %s. ConvertTo-Json of Windows PowerShell writes the words of enumerations as numbers, and what they mean depends on the server's version. Export with Get-ADSyncServerConfiguration, or convert the words to text first; see docs/from-entra-connect.md.", key, t.text)
		return ""
	}
	return f.text(key)
}

func (f fields) flag(key string) bool { return strings.EqualFold(f.text(key), "true") }

func (f fields) number(key string) int {
	t := f.t.get(key)
	var n int
	if t == nil {
		return 0
	}
	if _, err := fmt.Sscanf(t.text, "%d", &n); err != nil || fmt.Sprint(n) != t.text {
		f.r.problem(t.at, "Whole number expected", "%s must be a whole number and is %s.", key, quoted(t.text))
	}
	return n
}

func (t *tree) describe() string {
	switch t.kind {
	case treeList:
		return "a list"
	case treeMap:
		return "an object"
	}
	return quoted(t.text)
}
