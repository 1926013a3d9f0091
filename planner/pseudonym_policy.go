package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Readable is one attribute of one type of object whose values a pseudonymised
// snapshot keeps as they are, and why.
type Readable struct {
	Provider  string `json:"provider"`
	Type      string `json:"type"`
	Attribute string `json:"attribute"` // "name" is the last part of the DN
	// Ours: only of objects that carry a mark, or lie below a root.
	Ours bool   `json:"ours,omitempty"`
	Why  string `json:"why"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Pseudonymity says what a pseudonymised snapshot left as it is. It follows from
// the configuration alone, and not from what the directories hold.
type Pseudonymity struct {
	Readable []Readable `json:"readable"`
	Texts    []string   `json:"texts"`    // constants of the configuration: values that are one of them
	Prefixes []string   `json:"prefixes"` // constants of the configuration: values begin with them as before
	Cuts     []int      `json:"cuts"`     // lengths at which rules cut values
	Names    []string   `json:"names"`    // DNs of the configuration
}

// policy finds out what must stay readable: what conditions branch on, what
// expressions compute with, and what they have computed, so that a plan on the
// pseudonyms has the shape of the real one. All other values are only passed on,
// compared with each other and with constants, which pseudonyms serve as well.
type policy struct {
	cfg *lang.Config
	Pseudonymity
	// allOUs are the roots below which every OU keeps its name.
	allOUs []dn.DN
}

// PolicyOf is what stays readable in a snapshot that is pseudonymised with a
// configuration. keep names further attributes, of all types.
func PolicyOf(cfg *lang.Config, keep []string) (*Pseudonymity, error) {
	p, err := newPolicy(cfg, keep)
	if err != nil {
		return nil, err
	}
	return &p.Pseudonymity, nil
}

func newPolicy(cfg *lang.Config, keep []string) (*policy, error) {
	p := &policy{cfg: cfg}
	for _, r := range cfg.Rules {
		if !r.Disabled {
			p.rule(r)
		}
	}
	for _, w := range cfg.Writebacks {
		p.writeback(w)
	}
	for _, name := range keep {
		if err := p.keep(name); err != nil {
			return nil, err
		}
	}
	p.names()
	for _, provider := range cfg.Providers {
		for _, v := range parameters(cfg, provider) {
			p.Texts = append(p.Texts, v)
		}
	}
	p.Texts = append(p.Texts, "universalSecurityGroup", "universalDistributionGroup", "universalMailEnabledSecurityGroup") // of a declared state
	p.Texts, p.Prefixes, p.Names = union(p.Texts, nil), union(p.Prefixes, nil), union(p.Names, nil)
	slices.Sort(p.Cuts)
	p.Cuts = nonNil(slices.Compact(p.Cuts))
	slices.SortFunc(p.Readable, func(x, y Readable) int {
		return cmp.Or(strings.Compare(x.Provider, y.Provider), strings.Compare(x.Type, y.Type), strings.Compare(x.Attribute, y.Attribute), first(!x.Ours, !y.Ours))
	})
	p.Readable = slices.CompactFunc(p.Readable, func(x, y Readable) bool {
		return x.Provider == y.Provider && x.Type == y.Type && x.Attribute == y.Attribute
	})
	p.Readable, p.Texts, p.Prefixes, p.Names = nonNil(p.Readable), nonNil(p.Texts), nonNil(p.Prefixes), nonNil(p.Names)
	return p, nil
}

// read keeps an attribute of a connector space.
func (p *policy) read(provider *lang.Provider, objectType, attribute string, ours bool, why string, at hcl.Range) {
	a, ok := provider.Schema.Lookup(attribute)
	if !ok || a.Syntax == schema.Reference {
		return
	}
	if code(a) {
		return // readable anyway
	}
	p.Readable = append(p.Readable, Readable{Provider: provider.Address(), Type: objectType, Attribute: a.Name, Ours: ours, Why: why, File: at.Filename, Line: at.Start.Line})
	sources := derivedFrom[strings.ToLower(a.Name)]
	if strings.EqualFold(a.Name, "cloudAnchor") {
		sources = []string{"id"}
	}
	for _, from := range sources {
		p.read(provider, objectType, from, ours, why, at)
	}
}

// readMV keeps what flows into an attribute of the metaverse.
func (p *policy) readMV(metaverseType, attribute, why string, at hcl.Range) {
	for _, r := range p.cfg.Rules {
		if r.Direction != lang.Inbound || r.Disabled || !sameType(r.MetaverseType, metaverseType) {
			continue
		}
		for _, f := range r.Flows {
			if !strings.EqualFold(f.Attribute, attribute) {
				continue
			}
			for _, name := range inputs(f) {
				p.read(r.Provider, r.ObjectType, name, false, why, at)
			}
		}
	}
}

func sameType(x, y string) bool { return x == "*" || y == "*" || strings.EqualFold(x, y) }

// inputs are the attributes that a flow reads.
func inputs(f *lang.Flow) []string {
	if f.From != "" {
		return []string{f.From}
	}
	var out []string
	for _, u := range f.Value.Uses {
		if u.Kind != lang.UseParam {
			out = append(out, u.Name)
		}
	}
	return out
}

// reads keeps attributes of the source of a rule: of the connector space for an
// inbound one, of the metaverse for an outbound one.
func (p *policy) reads(r *lang.Rule, attribute, why string, at hcl.Range) {
	if r.Direction == lang.Inbound {
		p.read(r.Provider, r.ObjectType, attribute, false, why, at)
		return
	}
	p.readMV(r.MetaverseType, attribute, why, at)
}

// expression takes in what an expression says of itself.
func (p *policy) expression(r *lang.Rule, e *lang.Expr, what string) {
	if e == nil {
		return
	}
	for _, name := range e.Inspection.Computes {
		p.reads(r, name, what, e.Range)
	}
	p.Texts = append(p.Texts, e.Inspection.Texts...)
	p.Prefixes = append(p.Prefixes, e.Inspection.Prefixes...)
	p.Cuts = append(p.Cuts, e.Inspection.Cuts...)
}

// whole takes in an expression whose value is written as a name, or made readable:
// all of its inputs are.
func (p *policy) whole(r *lang.Rule, e *lang.Expr, what string) {
	p.expression(r, e, what)
	for _, u := range e.Uses {
		if u.Kind != lang.UseParam {
			p.reads(r, u.Name, what, e.Range)
		}
	}
}

func (p *policy) rule(r *lang.Rule) {
	for _, g := range r.Scope {
		for _, c := range g.Clauses {
			p.clause(r, c)
		}
		p.expression(r, g.When, "a condition of rule \""+r.Name+"\"")
	}
	for _, g := range r.Join {
		for _, m := range g.Matches {
			if p.made(r.MetaverseType, m.Metaverse) {
				p.read(r.Provider, r.ObjectType, m.Space, false, "rule \""+r.Name+"\" joins it with a computed value", m.Range)
			}
		}
	}
	for _, f := range r.Flows {
		if f.Value != nil {
			p.expression(r, f.Value, "rule \""+r.Name+"\" computes "+f.Attribute+" of it")
		}
		switch {
		case r.Direction == lang.Inbound || r.Writeback != nil:
		case strings.EqualFold(f.Attribute, "dn"):
			p.flowedName(r, f)
		case p.makes(r, f):
			p.read(r.Provider, r.ObjectType, f.Attribute, strings.EqualFold(r.ObjectType, "group"), "rule \""+r.Name+"\" computes it", f.Range)
		}
	}
}

// flowedName takes in a rule that decides on the names of objects.
func (p *policy) flowedName(r *lang.Rule, f *lang.Flow) {
	why := "rule \"" + r.Name + "\" makes names of it"
	for _, name := range inputs(f) {
		p.reads(r, name, why, f.Range)
	}
	p.Readable = append(p.Readable, Readable{Provider: r.Provider.Address(), Type: r.ObjectType, Attribute: "name", Ours: true,
		Why: "rule \"" + r.Name + "\" flows dn", File: f.Range.Filename, Line: f.Range.Start.Line})
	for _, m := range p.cfg.OUMappings {
		if root, err := dn.Parse(m.Root); err == nil {
			p.allOUs = append(p.allOUs, root)
		}
	}
}

// makes reports whether a flow may write a value that no attribute has as it is.
func (p *policy) makes(r *lang.Rule, f *lang.Flow) bool {
	if f.Value != nil && f.Value.Inspection.Makes {
		return true
	}
	return slices.ContainsFunc(inputs(f), func(name string) bool { return p.made(r.MetaverseType, name) })
}

// made reports whether an inbound rule computes an attribute of the metaverse.
func (p *policy) made(metaverseType, attribute string) bool {
	return slices.ContainsFunc(p.cfg.Rules, func(r *lang.Rule) bool {
		return r.Direction == lang.Inbound && !r.Disabled && sameType(r.MetaverseType, metaverseType) && slices.ContainsFunc(r.Flows, func(f *lang.Flow) bool {
			return strings.EqualFold(f.Attribute, attribute) && f.Value != nil && f.Value.Inspection.Makes
		})
	})
}

// clause takes in a clause of a scope. Equality with a constant holds for the
// pseudonyms, too, when the constant stays what it is.
func (p *policy) clause(r *lang.Rule, c lang.Clause) {
	switch strings.TrimPrefix(strings.Replace(c.Operator, "ISNOT", "IS", 1), "NOT") {
	case "ISNULL", "ISMEMBEROF":
	case "EQUAL", "ISIN":
		p.Texts = append(p.Texts, c.Value)
	case "STARTSWITH":
		p.Prefixes = append(p.Prefixes, c.Value)
	default:
		p.reads(r, c.Attribute, "a scope of rule \""+r.Name+"\" compares it", c.Range)
	}
}

// writeback takes in the conditions and names of a writeback.
func (p *policy) writeback(w *lang.Writeback) {
	at := w.Address()
	p.expression(w.Rule, w.When, "when of "+at)
	suffixed := w.OnCollision == "suffix"
	if w.CN.Inspection.Makes || suffixed {
		p.whole(w.Rule, w.CN, "cn of "+at+" is made of it")
		p.Readable = append(p.Readable, Readable{Provider: w.To.Address(), Type: w.ObjectType, Attribute: "name", Ours: true,
			Why: "cn of " + at + " computes it", File: w.CN.Range.Filename, Line: w.CN.Range.Start.Line})
	} else {
		p.expression(w.Rule, w.CN, "cn of "+at)
	}
	if w.SAMAccountName != nil { // it is sanitised, so it is always a computed one
		p.whole(w.Rule, w.SAMAccountName, "sam_account_name of "+at+" is made of it")
		p.read(w.To, w.ObjectType, "sAMAccountName", true, "sam_account_name of "+at+" computes it", w.SAMAccountName.Range)
	}
	if suffixed {
		p.readMV(w.Rule.MetaverseType, "cloudAnchor", "on_collision of "+at+" makes a suffix of it", w.Range)
	}
	computed := false
	for _, rule := range w.OU.Rules {
		p.expression(w.Rule, rule.When, "a rule of "+w.OU.Address())
		computed = computed || !rule.OU.Const
		p.whole(w.Rule, rule.OU, "an OU of "+w.OU.Address()+" is made of it")
	}
	p.whole(w.Rule, w.OU.Default, "an OU of "+w.OU.Address()+" is made of it")
	if root, err := dn.Parse(w.OU.Root); err == nil && (computed || !w.OU.Default.Const) {
		p.allOUs = append(p.allOUs, root)
	}
}

// keep keeps an attribute that the operator names, of every type.
func (p *policy) keep(name string) error {
	known := []string{}
	found := false
	for _, provider := range p.cfg.Providers {
		known = append(known, provider.Schema.Names()...)
		a, ok := provider.Schema.Lookup(name)
		if !ok {
			continue
		}
		found = true
		types := a.Types
		if len(types) == 0 {
			types = []string{"*"}
		}
		for _, t := range types {
			p.read(provider, t, a.Name, false, "-keep "+a.Name, hcl.Range{})
		}
	}
	if !found {
		return fmt.Errorf("-keep names %q, and no provider of this configuration has such an attribute.%s", name, lang.DidYouMean(name, known))
	}
	return nil
}

// names collects the DNs that the configuration itself names.
func (p *policy) names() {
	for _, provider := range p.cfg.Providers {
		if provider.AD != nil {
			p.Names = append(append(p.Names, provider.AD.BaseDN), provider.AD.SearchBases...)
		}
	}
	for _, m := range p.cfg.OUMappings {
		p.Names = append(p.Names, m.Root)
		p.Names = append(p.Names, constantOU(m.Default, m.Root)...)
		for _, rule := range m.Rules {
			p.Names = append(p.Names, constantOU(rule.OU, m.Root)...)
		}
	}
	for _, protected := range p.cfg.Protected {
		p.Names = append(p.Names, protected.DN)
	}
	for _, w := range p.cfg.Writebacks {
		for mark, a := range w.Adopt {
			p.Texts = append(p.Texts, mark, strings.Trim(a.Target, "{}"))
			if d, err := dn.Parse(a.Target); err == nil && d.Len() > 0 {
				p.Names = append(p.Names, a.Target)
			}
		}
	}
	for _, r := range p.cfg.Rules {
		for _, g := range r.Scope {
			for _, c := range g.Clauses {
				if asksMembership(c) && !r.Disabled {
					p.Names = append(p.Names, c.Value)
				}
			}
		}
	}
}

// constantOU is the DN of an OU expression that reads no object.
func constantOU(e *lang.Expr, root string) []string {
	if e == nil || !e.Const {
		return nil
	}
	v, err := e.Eval(nil)
	base, err2 := dn.Parse(root)
	ou, err3 := dn.Parse(v.LDAP())
	if err != nil || err2 != nil || err3 != nil || ou.Len() == 0 {
		return nil
	}
	if ou.IsBelow(base) {
		return []string{ou.String()}
	}
	return []string{ou.Under(base).String()}
}

// codes are attributes whose values are words and numbers of Windows and of
// Microsoft Graph, and not of an organisation. The planner itself looks at many of
// them.
var codes = []string{
	"objectClass", "instanceType", "groupType", "sAMAccountType", "userAccountControl", "adminCount", "garbageCollPeriod",
	"groupTypes", "visibility", "userType", "membershipRuleProcessingState", "trustType", "servicePrincipalType", "resourceProvisioningOptions",
	"resourceBehaviorOptions", attrGroupType, "targetWritebackType", "reasonFiltered", "memberCount",
	"msExchRecipientDisplayType", "msExchRecipientTypeDetails", "msExchModerationFlags", "msExchGroupDepartRestriction", "msExchGroupJoinRestriction",
	"msExchArchiveStatus", "msExchAuditAdmin", "msExchAuditDelegate", "msExchAuditOwner", "msExchELCMailboxFlags", "msRTCSIP-OptionFlags",
	"msRTCSIP-ApplicationOptions", "deviceTrustType", "deviceOSType", "operatingSystem",
}

// code reports an attribute that stays readable in every pseudonymised snapshot.
func code(a schema.Attribute) bool {
	return a.Syntax == schema.Bool || slices.ContainsFunc(codes, func(name string) bool { return strings.EqualFold(name, a.Name) })
}
