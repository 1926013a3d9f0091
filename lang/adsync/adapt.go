package adsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/syncexpr"
)

// target is a configuration as landfall is told it: the export with everything
// changed or taken out that landfall says differently.
type target struct {
	export    *Export
	providers []*hclProvider
	rules     []*hclRule
	metaverse []Attribute // beside the built-in schema
	mvSchema  *schema.Schema
	notes     []Note
}

// hclProvider is a connector as a provider block.
type hclProvider struct {
	connector  *Connector
	kind       string // ad, entra
	label      string
	prefix     string // of its variables
	attributes []Attribute
	schema     *schema.Schema
}

func (p *hclProvider) address() string { return "provider." + p.kind + "." + p.label }

// hclRule is a rule as a sync_rule block.
type hclRule struct {
	*Rule
	label      string
	name       string
	provider   *hclProvider
	link       string
	precedence string
	copies     []string
	flows      []hclFlow
	omitted    []string // flows that are left out, with the reason
}

// hclFlow is a flow block.
type hclFlow struct {
	attribute string
	argument  string // from, value, expression
	text      string // in HCL, but of an expression as Entra Connect writes it
	merge     string
	once      bool
}

// adapt makes a target of an export that passed the checks.
func adapt(e *Export) *target {
	t := &target{export: e, notes: slices.Clone(e.Notes)}
	t.nameProviders()
	kept := t.supportedRules()
	t.declareAttributes(kept)
	labels, names := map[string]bool{}, map[string]bool{}
	precedences := t.precedences(kept)
	for _, r := range kept {
		t.rules = append(t.rules, t.rule(r, labels, names, precedences[r]))
	}
	return t
}

func (t *target) note(kind NoteKind, r *Rule, at hcl.Range, format string, args ...any) {
	name := ""
	if r != nil {
		name = r.Name
	}
	t.notes = append(t.notes, Note{kind, name, fmt.Sprintf(format, args...), at})
}

// nameProviders gives every connector a label that does not depend on its GUID.
func (t *target) nameProviders() {
	taken := map[string]bool{}
	prefixes := map[string]bool{}
	for _, c := range t.export.Connectors {
		p := &hclProvider{connector: c, kind: "ad", schema: schema.AD}
		name := c.Name
		if c.Kind == KindEntra {
			p.kind, p.schema = "entra", schema.Entra
			name, _, _ = strings.Cut(name, " - ")
			name = strings.TrimSuffix(strings.ToLower(name), ".onmicrosoft.com")
		}
		if name == "" {
			name = p.kind
		}
		if c.Kind == "" {
			continue
		}
		base := snake(strings.ToLower(name))
		p.label = strings.TrimPrefix(unique(p.kind+"."+base, taken), p.kind+".")
		p.prefix = unique(p.label, prefixes)
		t.providers = append(t.providers, p)
	}
}

func (t *target) provider(r *Rule) *hclProvider {
	c := t.export.connector(r)
	for _, p := range t.providers {
		if p.connector == c {
			return p
		}
	}
	return nil
}

// The object types of which landfall reads objects.
var (
	entraTypes     = []string{"user", "group", "device", "contact", "servicePrincipal"}
	metaverseTypes = []string{"person", "group", "device", "*"}
)

// supportedRules leaves out the rules about what landfall does not have.
func (t *target) supportedRules() []*Rule {
	var kept []*Rule
	for _, r := range t.export.Rules {
		p := t.provider(r)
		switch {
		case p == nil:
			t.note(LeftOut, r, r.At, "the rule: its connector is of a kind that landfall does not connect")
		case p.kind == "entra" && !slices.Contains(entraTypes, r.SpaceType()):
			t.note(LeftOut, r, r.At, "the rule: landfall reads no objects of the type %q in Entra ID", r.SpaceType())
		case !slices.Contains(metaverseTypes, r.MetaverseType()):
			t.note(LeftOut, r, r.At, "the rule: landfall's metaverse has no objects of the type %q", r.MetaverseType())
		case r.Inbound() && r.LinkType == "Provision" && r.MetaverseType() == "*":
			t.note(LeftOut, r, r.At, "the rule: it makes metaverse objects without saying of which type")
		case len(r.Scope) == 0 && len(r.Join) == 0 && len(r.Mappings) == 0:
			t.note(LeftOut, r, r.At, "the rule: it has neither scope, join nor flow and does nothing")
		default:
			kept = append(kept, r)
		}
	}
	return kept
}

// rule says one rule in landfall's words.
func (t *target) rule(r *Rule, labels, names map[string]bool, precedence string) *hclRule {
	h := &hclRule{Rule: r, provider: t.provider(r), precedence: precedence, name: r.Name}
	h.label = unique(snake(strings.ToLower(t.export.plain(r.Name))), labels)
	if names[h.name] {
		h.name = fmt.Sprintf("%s (%s)", r.Name, h.provider.connector.Name)
		for n := 2; names[h.name]; n++ {
			h.name = fmt.Sprintf("%s (%s %d)", r.Name, h.provider.connector.Name, n)
		}
		t.note(Approximated, r, r.At, "the name is %q: landfall's plans name rules, so each name stands for one", h.name)
	}
	names[h.name] = true
	h.link = t.link(r)
	if r.PasswordSync {
		t.note(LeftOut, r, r.At, "EnablePasswordSync: landfall synchronises no passwords")
	}
	if h.provider.kind == "ad" && !r.Inbound() && h.link != "provision" && len(r.Mappings) > 0 {
		t.note(Approximated, r, r.At, "what it writes to objects without landfall's mark is reported and not written, until the rule says unmarked = \"write\"")
	}
	t.noteJoins(r, h.provider)
	for _, m := range r.Mappings {
		f, why := t.flow(r, h.provider, m)
		switch {
		case why != "":
			h.omitted = append(h.omitted, fmt.Sprintf("flow %q is left out: %s", m.Destination, why))
			t.note(LeftOut, r, m.At, "the flow to %s: %s", m.Destination, why)
		case f.argument == "":
			h.copies = append(h.copies, f.attribute)
		default:
			h.flows = append(h.flows, f)
		}
	}
	return h
}

// noteJoins notes joins whose two sides are spelt differently here.
func (t *target) noteJoins(r *Rule, p *hclProvider) {
	for _, g := range r.Join {
		for _, m := range g {
			space, _ := p.schema.Lookup(m.Space)
			mv, _ := t.mvSchema.Lookup(m.Metaverse)
			if (space.Syntax == schema.Octets) != (mv.Syntax == schema.Octets) {
				t.note(Approximated, r, m.At, "the join of %s with %s finds nothing: %s has %s, %s has %s", space.Name, mv.Name, space.Name, values(space), mv.Name, values(mv))
			}
		}
	}
}

// link is the link type in landfall's words.
func (t *target) link(r *Rule) string {
	words := map[string]string{"Join": "join", "Provision": "provision", "StickyJoin": "sticky_join", "JoinNoFlow": "join_no_flow"}
	names := func(m Mapping) bool { return strings.EqualFold(m.Destination, "dn") }
	switch {
	case !r.Inbound() && r.LinkType == "Provision" && !slices.ContainsFunc(r.Mappings, names):
		t.note(Approximated, r, r.At, "the link type is join, not Provision: the rule flows no dn, so what it would create has no name")
		return "join"
	case r.Inbound() && r.LinkType == "JoinNoFlow":
		t.note(Approximated, r, r.At, "the link type is join: JoinNoFlow is one of outbound rules")
		return "join"
	case !r.Inbound() && r.LinkType == "StickyJoin":
		t.note(Approximated, r, r.At, "the link type is join: StickyJoin is one of inbound rules")
		return "join"
	}
	return words[r.LinkType]
}

// firstStandard is the first precedence that rules of one's own cannot have.
const firstStandard = 100

// precedences gives rules of one's own that Entra Connect numbers among the
// standard rules, or that share a number, a free number below 100, in their
// order.
func (t *target) precedences(rules []*Rule) map[*Rule]string {
	out := map[*Rule]string{}
	taken := map[int]bool{}
	var moved []*Rule
	for _, r := range rules {
		switch {
		case r.PrecedenceText != "":
			out[r] = hclString(r.PrecedenceText)
		case r.Precedence >= firstStandard && !r.Standard(), taken[r.Precedence]:
			moved = append(moved, r)
		default:
			taken[r.Precedence] = true
			out[r] = strconv.Itoa(r.Precedence)
		}
	}
	next := 0
	for n := range firstStandard {
		if taken[n] {
			next = n + 1
		}
	}
	for i, r := range moved {
		free := next
		if next+len(moved)-i > firstStandard { // no room behind the others
			for free = 0; taken[free] && free < firstStandard; free++ {
			}
		}
		if r.Standard() {
			for free = firstStandard; taken[free]; free++ {
			}
		}
		taken[free] = true
		next = max(next, free+1)
		out[r] = strconv.Itoa(free)
		why := "two rules have the number"
		if r.Precedence >= firstStandard && !r.Standard() {
			why = "100 and up belong to standard rules, so it now comes before all of them"
		}
		t.note(Approximated, r, r.At, "the precedence is %d instead of %d: %s", free, r.Precedence, why)
	}
	return out
}

// usedAttributes are the names that a rule uses in the connector space and in the
// metaverse.
func (t *target) usedAttributes(r *Rule) (space, metaverse []string) {
	var source, destination []string
	for _, g := range r.Scope {
		for _, c := range g {
			source = append(source, c.Attribute)
		}
	}
	for _, m := range r.Mappings {
		destination = append(destination, m.Destination)
		if m.FlowType == "Direct" {
			source = append(source, m.Source...)
		}
		if m.Expression != nil {
			source = append(source, t.inputs(&m)...)
		}
	}
	space, metaverse = source, destination
	if !r.Inbound() {
		space, metaverse = destination, source
	}
	for _, g := range r.Join {
		for _, m := range g {
			space, metaverse = append(space, m.Space), append(metaverse, m.Metaverse)
		}
	}
	return space, metaverse
}

// inputs are the attributes that the expression of a flow reads.
func (t *target) inputs(m *Mapping) []string {
	_, program, _ := t.export.compile(m)
	if program == nil {
		return nil
	}
	var out []string
	for _, in := range program.Inputs {
		if in.Kind != syncexpr.InputParam && !t.open(in.Name) {
			out = append(out, in.Name)
		}
	}
	return out
}

// open reports whether a name only stands for a variable without a value.
func (t *target) open(name string) bool {
	v := t.export.variable(name)
	return v != nil && v.Default == nil
}

// declareAttributes finds the attributes that landfall's schemas lack, with the
// types that the export gives them.
func (t *target) declareAttributes(rules []*Rule) {
	t.mvSchema = schema.Metaverse
	for _, r := range rules {
		p := t.provider(r)
		space, metaverse := t.usedAttributes(r)
		for _, name := range space {
			if a, ok := t.missing(p.schema, p.connector.Schema, name, r, p.address()); ok {
				p.attributes = append(p.attributes, a)
				private := p.kind == "entra" && !strings.HasPrefix(name, "extension_")
				p.schema = p.schema.Extend(schema.Attribute{Name: a.Name, Syntax: a.Syntax, Multi: a.Multi, Derived: private, ReadOnly: private})
			}
		}
		for _, name := range metaverse {
			if a, ok := t.missing(t.mvSchema, t.export.Metaverse, name, r, "the metaverse"); ok {
				t.metaverse = append(t.metaverse, a)
				t.mvSchema = t.mvSchema.Extend(schema.Attribute{Name: a.Name, Syntax: a.Syntax, Multi: a.Multi})
			}
		}
	}
	byName := func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(t.metaverse, byName)
	for _, p := range t.providers {
		slices.SortFunc(p.attributes, byName)
	}
}

// missing is the declaration of an attribute that a schema lacks.
func (t *target) missing(known *schema.Schema, exported []Attribute, name string, r *Rule, where string) (Attribute, bool) {
	if hasReference(name) || name == "" {
		return Attribute{}, false
	}
	if _, ok := known.Lookup(name); ok {
		return Attribute{}, false
	}
	if a, ok := lookup(exported, name); ok {
		return a, true
	}
	t.note(Approximated, r, r.At, "the attribute %s of %s is declared as one text: the export does not say what it holds", name, where)
	return Attribute{Name: name}, true
}
