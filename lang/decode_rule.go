package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
)

var (
	ruleBlocks = []hcl.BlockHeaderSchema{{Type: "scope"}, {Type: "join"}, {Type: "flow", LabelNames: []string{"attribute"}}}
	ruleSchema = bodySchema("name direction! provider! object_type! metaverse_type! link! precedence! disabled unmarked tag copy", ruleBlocks...)
	// packRuleSchema is that of rules in a pack, whose precedence is their order.
	packRuleSchema = bodySchema("name! direction! provider! object_type! metaverse_type! link! copy", ruleBlocks...)

	scopeSchema  = bodySchema("when", hcl.BlockHeaderSchema{Type: "clause"})
	clauseSchema = bodySchema("attribute! operator! value")
	joinSchema   = bodySchema("", hcl.BlockHeaderSchema{Type: "match"})
	matchSchema  = bodySchema("space! metaverse! case_sensitive")
	flowSchema   = bodySchema("from value expression merge once")
)

// linkWords are the words for link types.
var linkWords = map[string]LinkType{"join": Join, "provision": Provision, "sticky_join": StickyJoin, "join_no_flow": JoinNoFlow}

// declaredRule is a rule with what only the loader needs to know of it.
type declaredRule struct {
	*Rule
	args   *arguments
	tag    string
	pack   *StandardRules // nil in the user's files
	source space          // what the rule reads
	target space          // what it writes
}

func (l *loader) decodeRules() {
	for _, b := range l.blocks["sync_rule"] {
		d := l.decodeRule(l.scope, b, ruleSchema)
		d.Address = "sync_rule." + b.Labels[0]
		if d.Name == "" {
			d.Name = b.Labels[0]
		}
		l.rules = append(l.rules, d)
	}
}

// decodeRule decodes a sync_rule block of the user's files or of a pack.
func (l *loader) decodeRule(s *scope, b *hcl.Block, schema *hcl.BodySchema) *declaredRule {
	a := l.read(s, blockName(b), b.Body, schema)
	r := &Rule{
		Name:          a.text("name", ""),
		ObjectType:    a.text("object_type", ""),
		MetaverseType: a.text("metaverse_type", ""),
		Link:          linkWords[a.word("link", "join", "join", "provision", "sticky_join", "join_no_flow")],
		Precedence:    a.countOr("precedence", 0, 0, maxCount),
		Disabled:      a.flag("disabled", false),
		Unmarked:      a.word("unmarked", "report", "report", "write") == "write",
		Provider:      a.provider("provider", "provider"),
		Range:         b.DefRange,
	}
	direction := a.word("direction", "", "inbound", "outbound")
	if direction == "outbound" {
		r.Direction = Outbound
	}
	d := &declaredRule{Rule: r, args: a, tag: a.text("tag", "")}
	if r.Provider == nil || direction == "" || r.ObjectType == "" || r.MetaverseType == "" {
		return d // reported; without these nothing in the rule can be checked
	}
	connected := space{schema: r.Provider.Schema, name: r.Provider.Address(), objectType: r.ObjectType}
	d.source, d.target = connected, l.metaverse
	if r.Direction == Outbound {
		d.source, d.target = l.metaverse, connected
	}
	for _, inner := range a.content.Blocks {
		switch inner.Type {
		case "scope":
			r.Scope = append(r.Scope, l.decodeScope(s, a.what, inner, d.source))
		case "join":
			r.Join = append(r.Join, l.decodeJoin(s, a.what, inner, connected))
		case "flow":
			if f := l.decodeFlow(d, inner); f != nil {
				r.Flows = append(r.Flows, f)
			}
		}
	}
	r.Flows = append(l.decodeCopies(d), r.Flows...)
	return d
}

func (l *loader) decodeScope(s *scope, rule string, b *hcl.Block, source space) ScopeGroup {
	a := l.read(s, "scope of "+rule, b.Body, scopeSchema)
	g := ScopeGroup{Range: b.DefRange}
	g.When = l.compileCondition(a, source)
	for _, cb := range a.content.Blocks {
		c := l.read(s, "clause of "+rule, cb.Body, clauseSchema)
		if clause, ok := l.decodeClause(c, cb, source); ok {
			g.Clauses = append(g.Clauses, clause)
		}
	}
	switch {
	case a.given("when") && len(a.content.Blocks) > 0:
		l.report(hcl.Diagnostics{problem(b.DefRange, "Clauses and when in one scope", "A scope block has either clauses or when: both together could be read as AND or as OR. Say it all in when, or write two scope blocks, of which one must hold.")})
	case !a.given("when") && len(a.content.Blocks) == 0:
		l.report(hcl.Diagnostics{problem(b.DefRange, "Empty scope", "This scope block has neither a clause nor when, so it would hold for every object. Leave it out if that is meant.")})
	}
	return g
}

func (l *loader) decodeJoin(s *scope, rule string, b *hcl.Block, connected space) JoinGroup {
	a := l.read(s, "join of "+rule, b.Body, joinSchema)
	g := JoinGroup{Range: b.DefRange}
	for _, mb := range a.content.Blocks {
		m := l.read(s, "match of "+rule, mb.Body, matchSchema)
		match := Match{Space: m.text("space", ""), Metaverse: m.text("metaverse", ""), CaseSensitive: m.flag("case_sensitive", false), Range: mb.DefRange}
		match.Space = l.joinAttribute(m, "space", match.Space, connected)
		match.Metaverse = l.joinAttribute(m, "metaverse", match.Metaverse, l.metaverse)
		g.Matches = append(g.Matches, match)
	}
	if len(g.Matches) == 0 {
		l.report(hcl.Diagnostics{problem(b.DefRange, "Empty join", "This join block has no match, so it would join nothing. Add a match block with space and metaverse.")})
	}
	return g
}

func (l *loader) joinAttribute(a *arguments, argument, name string, in space) string {
	if name == "" {
		return ""
	}
	attr, ok := l.attribute(in, name, a.at(argument))
	if ok && attr.Syntax == schema.Reference {
		l.report(hcl.Diagnostics{problem(a.at(argument), "Join over references", "%s holds references to other objects and cannot be compared with another attribute.", attr.Name)})
	}
	return attr.Name
}

// attribute looks an attribute up in a space and reports when it is not there.
// The result has the name as given when it is unknown.
func (l *loader) attribute(in space, name string, at hcl.Range) (schema.Attribute, bool) {
	attr, d := in.lookup(name, at)
	if d != nil {
		l.report(hcl.Diagnostics{d})
		return schema.Attribute{Name: name}, false
	}
	return attr, true
}

// decodeCopies are the direct flows of the argument copy.
func (l *loader) decodeCopies(d *declaredRule) []*Flow {
	var flows []*Flow
	for _, item := range d.args.items("copy") {
		from, ok := l.attribute(d.source, item.text, item.at)
		to, found := l.destination(d, item.text, item.at)
		if !ok || !found {
			continue
		}
		if why := notDirect(from, to); why != "" {
			l.report(hcl.Diagnostics{problem(item.at, "Wrong type", "%s cannot be copied to %s: %s.", from.Name, d.target.name, why)})
			continue
		}
		flows = append(flows, &Flow{Attribute: to.Name, From: from.Name, Range: item.at})
	}
	return flows
}

// decodeFlow decodes a flow block; nil when it cannot be understood.
func (l *loader) decodeFlow(d *declaredRule, b *hcl.Block) *Flow {
	a := l.read(d.args.scope, blockName(b)+" of "+d.args.what, b.Body, flowSchema)
	f := &Flow{Range: b.DefRange, Once: a.flag("once", false)}
	switch a.word("merge", "update", "update", "merge", "merge_case_insensitive") {
	case "merge":
		f.Merge = MergeAll
	case "merge_case_insensitive":
		f.Merge = MergeCaseInsensitive
	}
	var given []string
	for _, argument := range []string{"from", "value", "expression"} {
		if a.given(argument) {
			given = append(given, argument)
		}
	}
	if len(given) != 1 {
		l.report(hcl.Diagnostics{problem(b.DefRange, "Flow needs one source", "A flow has exactly one of from (an attribute), value (an expression) and expression (a sync-rule expression); this one has %d.", len(given))})
		return nil
	}
	to, ok := l.destination(d, b.Labels[0], b.LabelRanges[0])
	if !ok {
		return nil
	}
	f.Attribute = to.Name
	if f.Merge != MergeUpdate && !to.Multi {
		l.report(hcl.Diagnostics{problem(a.at("merge"), "Merge of a single value", "%s has one value, so the values of several rules cannot be merged in it.", to.Name)})
	}
	switch given[0] {
	case "from":
		name := a.text("from", "")
		if name == "" {
			return nil
		}
		from, ok := l.attribute(d.source, name, a.at("from"))
		if !ok {
			return nil
		}
		if why := notDirect(from, to); why != "" {
			l.report(hcl.Diagnostics{problem(a.at("from"), "Wrong type", "%s cannot flow to %s as it is: %s.", from.Name, to.Name, why)})
		}
		f.From = from.Name
	case "value":
		value, from := l.compileOrPass(a, "value", d.source, wantValue(to))
		if value == nil {
			return nil
		}
		if from != nil {
			f.From = from.Name
		} else {
			f.Value = value
		}
	case "expression":
		if f.From = l.directSyncRule(a, d.source, to); f.From != "" {
			return f
		}
		if f.Value = l.compileSyncRule(a, d, f.Once); f.Value == nil {
			return nil
		}
	}
	return f
}

// imported reports whether a rule carries the tag of a standard rule that was
// exported from Entra Connect.
func (d *declaredRule) imported() bool { return strings.HasPrefix(d.tag, "Microsoft.") }
