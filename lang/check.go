package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// lastCustom is the last precedence of the range for rules of one's own.
const lastCustom = 99

// objectTypes are the types of objects that rules can be about.
var objectTypes = map[ProviderKind][]string{
	KindEntra: {"user", "group", "device", "contact", "servicePrincipal"},
	KindAD:    {"user", "inetOrgPerson", "group", "contact", "computer", "foreignSecurityPrincipal", "msDS-Device"},
}

var metaverseTypes = []string{"person", "group", "device", "*"}

// check finds what is wrong between blocks that are right by themselves.
func (l *loader) check() {
	for _, d := range l.rules {
		if d.target.schema != nil {
			l.checkRule(d)
		}
	}
	l.checkPrecedences()
	l.checkRuleNames()
	for _, w := range l.config.Writebacks {
		l.checkWriteback(w)
	}
	l.checkRoots()
	l.checkWritebackType()
	l.checkSettings()
}

// destination is the attribute that a flow of a rule writes; false when it does
// not exist or must not be written.
func (l *loader) destination(d *declaredRule, name string, at hcl.Range) (schema.Attribute, bool) {
	attr, ok := l.attribute(d.target, name, at)
	if !ok || d.Direction == Inbound {
		return attr, ok
	}
	refuse := func(format string, args ...any) (schema.Attribute, bool) {
		l.report(hcl.Diagnostics{problem(at, "Attribute cannot be written", format, args...)})
		return attr, false
	}
	if d.Provider.Kind == KindEntra {
		if (attr.ReadOnly || d.ObjectType != "group") && !d.imported() {
			l.report(hcl.Diagnostics{warning(at, "Attribute is not written", "In Entra ID landfall writes groups, and of them what Microsoft Graph lets an application write. What flows to %s of a %s is evaluated and explained, and not written.", attr.Name, d.ObjectType)})
		}
		return attr, true
	}
	switch {
	case attr.Name == "dn":
		return attr, true // the name of the object: where it is and what it is called
	case attr.Name == "cn":
		return refuse("cn is part of the object's name and changes only with it. Set cn in the writeback, or flow dn.")
	case attr.Name == "adminDescription":
		return refuse("adminDescription carries the mark that says which cloud group an object belongs to. Only a writeback may write it.")
	case attr.ReadOnly:
		return refuse("%s is maintained by the directory itself; nothing can flow into it.", attr.Name)
	}
	return attr, true
}

func (l *loader) checkRule(d *declaredRule) {
	at := d.args.at
	l.checkObjectType(d)
	if !slices.Contains(metaverseTypes, d.MetaverseType) {
		l.report(hcl.Diagnostics{problem(at("metaverse_type"), "Unknown metaverse type", "metaverse_type in %s must be %s, not %q.%s", d.args.what, list(metaverseTypes), d.MetaverseType, didYouMean(d.MetaverseType, metaverseTypes))})
	}
	switch {
	case d.Direction == Inbound && d.Link == Provision && d.MetaverseType == "*":
		l.report(hcl.Diagnostics{problem(at("metaverse_type"), "Type of the new object is open", "%s makes metaverse objects, and \"*\" does not say of which type.", d.args.what)})
	case d.Direction == Inbound && d.Link == JoinNoFlow:
		l.report(hcl.Diagnostics{problem(at("link"), "Link type of the other direction", "join_no_flow is a link type of outbound rules, as in Entra Connect.")})
	case d.Direction == Outbound && d.Link == StickyJoin:
		l.report(hcl.Diagnostics{problem(at("link"), "Link type of the other direction", "sticky_join is a link type of inbound rules, as in Entra Connect.")})
	case d.Direction == Outbound && d.Link == Provision && !slices.ContainsFunc(d.Flows, func(f *Flow) bool { return f.Attribute == "dn" }):
		l.report(hcl.Diagnostics{problem(at("link"), "Provisioning without a name", "%s would create objects and flows no dn to them. Groups are created by a writeback; here, use link = \"join\".", d.args.what)})
	}
	if d.Direction == Inbound && d.args.given("unmarked") {
		l.report(hcl.Diagnostics{problem(at("unmarked"), "Inbound rule writes nothing", "unmarked says what an outbound rule may write to; %s is inbound. Leave it out.", d.args.what)})
	}
	if len(d.Flows) == 0 && len(d.Join) == 0 && len(d.args.content.Blocks) == 0 && !d.args.given("copy") {
		l.report(hcl.Diagnostics{problem(d.Range, "Empty rule", "%s has no join and no flow, so it would do nothing.", d.args.what)})
	}
	l.checkMemberships(d)
	l.checkFlows(d)
}

// checkMemberships refuses a question that an outbound rule cannot be asked.
func (l *loader) checkMemberships(d *declaredRule) {
	if d.Direction == Inbound || d.Disabled {
		return
	}
	for _, g := range d.Scope {
		for _, c := range g.Clauses {
			if operators[c.Operator] == belongs {
				l.report(hcl.Diagnostics{problem(c.Range, "Operator of the other direction",
					"%s asks for a group of the connector space that the object comes from, and an outbound rule has none. Flow the answer into the metaverse by an inbound rule.", c.Operator)})
			}
		}
	}
}

// checkObjectType reports a type of which no objects are read. AD's are its object
// classes, of which any may be meant.
func (l *loader) checkObjectType(d *declaredRule) {
	types := objectTypes[d.Provider.Kind]
	if slices.Contains(types, d.ObjectType) {
		return
	}
	at, meant := d.args.at("object_type"), didYouMean(d.ObjectType, types)
	if d.Provider.Kind == KindAD && meant == "" {
		l.report(hcl.Diagnostics{warning(at, "Unusual object type", "object_type in %s is usually %s. %q is taken for an object class of the forest's own schema.", d.args.what, list(types), d.ObjectType)})
		return
	}
	l.report(hcl.Diagnostics{problem(at, "Unknown object type", "object_type in %s must be %s, not %q.%s", d.args.what, list(types), d.ObjectType, meant)})
}

// checkFlows finds attributes that one rule writes twice.
func (l *loader) checkFlows(d *declaredRule) {
	first := map[string]hcl.Range{}
	for _, f := range d.Flows {
		key := strings.ToLower(f.Attribute)
		if other, ok := first[key]; ok {
			l.report(hcl.Diagnostics{problem(f.Range, "Attribute written twice", "%s already writes %s at %s. One rule has one flow for an attribute; which of two would win is open.", d.args.what, f.Attribute, place(other))})
			continue
		}
		first[key] = f.Range
		if f.Attribute == "dn" && d.Direction == Outbound && d.pack == nil && d.Precedence <= lastCustom && l.writesTo(d.Provider) {
			l.report(hcl.Diagnostics{warning(f.Range, "Flow to dn", "%s flows dn and wins over the cn and ou of the writeback, for every group in its scope.", d.args.what)})
		}
	}
}

// writesTo reports whether a writeback creates objects in the provider.
func (l *loader) writesTo(p *Provider) bool {
	return slices.ContainsFunc(l.config.Writebacks, func(w *Writeback) bool { return w.To == p })
}

func (l *loader) checkPrecedences() {
	first := map[int]*declaredRule{}
	for _, d := range l.rules {
		if d.pack != nil || d.args.number("precedence", 0, maxCount) == nil {
			continue
		}
		at := d.args.at("precedence")
		if d.tag != "" && !d.imported() {
			l.report(hcl.Diagnostics{problem(d.args.at("tag"), "Not the tag of a standard rule", "tag marks a standard rule that was imported from Entra Connect and begins with \"Microsoft.\". Leave it out of rules of your own.")})
		}
		if d.Precedence > lastCustom && !d.imported() {
			l.report(hcl.Diagnostics{problem(at, "Precedence of the standard range", "Rules of your own have a precedence from 0 to %d; 100 and up belong to writebacks, standard packs and imported standard rules.", lastCustom)})
		}
		if other := first[d.Precedence]; other != nil {
			l.report(hcl.Diagnostics{problem(at, "Precedence used twice", "%s at %s already has the precedence %d. The lower number wins where two rules write one attribute, so each needs its own, disabled rules too.", other.args.what, place(other.args.at("precedence")), d.Precedence)})
			continue
		}
		first[d.Precedence] = d
	}
}

// checkRuleNames finds rules that plans could not tell apart.
func (l *loader) checkRuleNames() {
	first := map[string]*declaredRule{}
	for _, d := range l.rules {
		if d.pack != nil && !d.Disabled {
			first[d.Name] = d
		}
	}
	for _, d := range l.rules {
		if d.pack != nil {
			continue
		}
		if other := first[d.Name]; other != nil {
			hint := ""
			if other.pack != nil {
				hint = " To replace a standard rule, disable it in the standard_rules block."
			}
			l.report(hcl.Diagnostics{problem(d.args.at("name"), "Name used twice", "%s at %s is already called %q, and plans name rules.%s", other.Address, place(other.Range), d.Name, hint)})
			continue
		}
		first[d.Name] = d
	}
}

func (l *loader) checkWriteback(w *Writeback) {
	a := l.writebackArguments[w]
	if w.To != nil && w.SAMAccountNameScope == "forest" && w.To.AD.GlobalCatalog == "" {
		l.report(hcl.Diagnostics{problem(a.at("sam_account_name_scope"), "No global catalog", "sam_account_name_scope = \"forest\" in %s compares with the names of the whole forest, and %s has no global_catalog to read them from.", a.what, w.To.Address())})
	}
	if w.To != nil && w.OU != nil {
		root, err := dn.Parse(w.OU.Root)
		base, baseErr := dn.Parse(w.To.AD.BaseDN)
		if err == nil && baseErr == nil && root.Len() > 0 && !root.IsBelow(base) {
			l.report(hcl.Diagnostics{problem(a.at("ou"), "Root outside base_dn", "The root %q of %s is not below the base_dn %q of %s, to which %s writes.", w.OU.Root, w.OU.Address(), w.To.AD.BaseDN, w.To.Address(), a.what)})
		}
	}
	if w.From != nil && !slices.ContainsFunc(l.rules, func(d *declaredRule) bool {
		return d.Direction == Inbound && d.Provider == w.From && d.MetaverseType == "group" && !d.Disabled && (d.Link == Provision || d.Link == StickyJoin)
	}) {
		l.report(hcl.Diagnostics{warning(w.Range, "Nothing to write back", "No enabled inbound rule brings groups of %s into the metaverse, so %s has nothing to write. Use standard_rules \"group_writeback\".", w.From.Address(), a.what)})
	}
}

// checkRoots finds writebacks of two tenants that would take each other's
// objects for foreign ones.
func (l *loader) checkRoots() {
	for i, w := range l.config.Writebacks {
		for _, other := range l.config.Writebacks[:i] {
			if w.To == nil || w.To != other.To || w.From == nil || other.From == nil || w.From == other.From || w.OU == nil || other.OU == nil {
				continue
			}
			mine, err := dn.Parse(w.OU.Root)
			theirs, otherErr := dn.Parse(other.OU.Root)
			if err == nil && otherErr == nil && (mine.IsBelow(theirs) || theirs.IsBelow(mine)) {
				a := l.writebackArguments[w]
				l.report(hcl.Diagnostics{problem(a.at("ou"), "Overlapping roots", "%s and %s at %s write groups of two tenants below %q and %q. Each would find marks of the other below its root. Give them disjoint roots.",
					a.what, other.Address(), place(other.Range), w.OU.Root, other.OU.Root)})
			}
		}
	}
}

// checkSettings looks the attributes that settings name up in every schema.
func (l *loader) checkSettings() {
	s := l.config.Settings
	find := func(name string, kinds ...string) bool {
		schemas := []*schema.Schema{schema.AD, schema.Entra, l.metaverse.schema}
		for _, p := range l.config.Providers {
			schemas = append(schemas, p.Schema)
		}
		return slices.ContainsFunc(schemas, func(s *schema.Schema) bool {
			attr, ok := s.Lookup(name)
			return ok && slices.Contains(kinds, s.Kind()) && attr.Syntax != schema.Reference
		})
	}
	names := map[string]bool{}
	for _, s := range []*schema.Schema{schema.AD, schema.Entra, l.metaverse.schema} {
		for _, name := range s.Names() {
			names[name] = true
		}
	}
	for _, item := range l.redacted {
		if !find(item.text, "ad", "entra", "metaverse") {
			l.report(hcl.Diagnostics{problem(item.at, "Unknown attribute", "redact in settings names %q, and no directory has an attribute of that name that could be hidden, so its values would be shown.%s", item.text, didYouMean(item.text, slices.Collect(maps.Keys(names))))})
		}
	}
	if !find(s.UPNAttribute, "ad") {
		l.report(hcl.Diagnostics{problem(l.upnAttribute, "Unknown attribute", "upn_attribute in settings is %q, which is not an attribute of AD.%s", s.UPNAttribute, didYouMean(s.UPNAttribute, schema.AD.Names()))})
	}
}
