package lang

import (
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

var writebackSchema = bodySchema(`object_type! from! to! ou! ensure when unset state
	cn sam_account_name sam_account_name_scope on_rename
	cloud_only_members on_out_of_scope on_source_deleted ou_drift outside_root on_collision adopt`)

// markPattern is the mark of an object that is ours: Entra Connect's anchor.
var markPattern = regexp.MustCompile(`^Group_[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)

func (l *loader) decodeWritebacks() {
	l.writebacks, l.writebackArguments = map[string]*Writeback{}, map[*Writeback]*arguments{}
	for _, b := range l.blocks["writeback"] {
		w := l.decodeWriteback(b)
		l.writebacks[w.Address()] = w
	}
	for _, address := range slices.Sorted(maps.Keys(l.writebacks)) {
		l.config.Writebacks = append(l.config.Writebacks, l.writebacks[address])
	}
}

func (l *loader) decodeWriteback(b *hcl.Block) *Writeback {
	a := l.read(l.scope, blockName(b), b.Body, writebackSchema)
	w := &Writeback{
		Name:       b.Labels[0],
		ObjectType: a.word("object_type", "group", "group"),
		From:       a.provider("from", "provider.entra"),
		To:         a.provider("to", "provider.ad"),
		OU:         l.mappings[a.reference("ou", "ou_mapping")],
		Absent:     a.word("ensure", "present", "present", "absent") == "absent",
		Unset:      a.word("unset", "skip", "skip", "write"),
		State:      a.word("state", "", "none", "distribution", "security", "mail_enabled_security"),

		SAMAccountNameScope: a.word("sam_account_name_scope", "domain", "domain", "forest"),
		OnRename:            a.word("on_rename", "follow", "follow", "keep"),

		CloudOnlyMembers: a.word("cloud_only_members", "report", "report", "error", "ignore"),
		OnOutOfScope:     a.word("on_out_of_scope", "freeze", "freeze", "empty", "delete"),
		OnSourceDeleted:  a.word("on_source_deleted", "delete", "delete", "freeze"),
		OUDrift:          a.word("ou_drift", "move_back", "move_back", "adopt", "report"),
		OutsideRoot:      a.word("outside_root", "move_back", "move_back", "block"),
		OnCollision:      a.word("on_collision", "error", "error", "suffix"),
		Adopt:            map[string]Adoption{},
		Range:            b.DefRange,
	}
	if w.When = l.compile(a, "when", l.metaverse, wantCondition); w.When != nil && w.When.Const && isNull(w.When) {
		w.When = nil // as if it were not written
	}
	w.CN = l.compile(a, "cn", l.metaverse, wantText("cn"))
	if w.CN == nil || w.CN.Const && isNull(w.CN) {
		w.CN = cloudAnchorExpr(b.DefRange)
	} else if w.CN.Const {
		l.report(hcl.Diagnostics{problem(a.at("cn"), "Same cn for every object", "cn in %s does not depend on source, so all objects would have the same name. Use for example source.cloudAnchor.", a.what)})
	}
	w.SAMAccountName = l.compile(a, "sam_account_name", l.metaverse, wantText("sam_account_name"))
	if w.SAMAccountName != nil && w.SAMAccountName.Const {
		if !isNull(w.SAMAccountName) {
			l.report(hcl.Diagnostics{problem(a.at("sam_account_name"), "Same sam_account_name for every object", "sam_account_name in %s does not depend on source, and AD allows it once in a domain. Leave it out to let the domain controller choose.", a.what)})
		}
		w.SAMAccountName = nil
	}
	l.decodeAdopt(a, w)
	l.writebackArguments[w] = a
	w.Rule = writebackRule(w)
	return w
}

func (l *loader) decodeAdopt(a *arguments, w *Writeback) {
	targets := map[string]string{}
	for _, p := range a.pairs("adopt") {
		if !markPattern.MatchString(p.key) {
			l.report(hcl.Diagnostics{problem(p.at, "Not a mark", "%q in adopt of %s must be Group_ and the object id of a cloud group, such as Group_1f0c7a52-0000-4000-8000-000000000001.", p.key, a.what)})
		}
		key := p.text
		if !guidPattern.MatchString(p.text) {
			name, err := dn.Parse(p.text)
			if err != nil || name.Len() == 0 {
				l.report(hcl.Diagnostics{problem(p.at, "Not an object in AD", "adopt of %s gives %q for %s; it must be the distinguished name or the objectGUID of one group.", a.what, p.text, p.key)})
				continue
			}
			key = name.Key()
		}
		if other, ok := targets[key]; ok {
			l.report(hcl.Diagnostics{problem(p.at, "One object adopted twice", "adopt of %s gives the same object to %s and %s; an object carries one mark.", a.what, other, p.key)})
		}
		targets[key] = p.key
		w.Adopt[p.key] = Adoption{Target: p.text, Range: p.at}
	}
}

// writebackRule is the sync rule that a writeback compiles to: it alone
// provisions, and it flows the mark and a declared sAMAccountName.
func writebackRule(w *Writeback) *Rule {
	r := &Rule{
		Name: w.Address(), Address: w.Address(),
		Direction: Outbound, Provider: w.To, ObjectType: "group", MetaverseType: "group", Link: Provision,
		Scope:     []ScopeGroup{{Clauses: []Clause{{Attribute: "cloudMastered", Operator: "EQUAL", Value: "True", Range: w.Range}}, Range: w.Range}},
		Join:      []JoinGroup{{Matches: []Match{{Space: "adminDescription", Metaverse: "cloudAnchor", Range: w.Range}}, Range: w.Range}},
		Flows:     []*Flow{{Attribute: "adminDescription", From: "cloudAnchor", Range: w.Range}},
		Writeback: w,
		Range:     w.Range,
	}
	if w.SAMAccountName != nil {
		r.Flows = append(r.Flows, &Flow{Attribute: "sAMAccountName", Value: w.SAMAccountName, Range: w.SAMAccountName.Range})
	}
	return r
}

// cloudAnchorExpr is the default of cn.
func cloudAnchorExpr(at hcl.Range) *Expr {
	attr, _ := schema.Metaverse.Lookup("cloudAnchor")
	return passExpr("source.cloudAnchor", attr, at)
}

// passExpr reads one attribute and nothing else.
func passExpr(text string, attr schema.Attribute, at hcl.Range) *Expr {
	return &Expr{Text: text, Uses: []Use{{Name: attr.Name}}, Range: at, Eval: func(args []value.Value) (value.Value, error) {
		if len(args) != 1 {
			return value.Value{}, errArguments
		}
		return args[0], nil
	}}
}

// isNull reports whether a constant expression is null.
func isNull(e *Expr) bool {
	v, err := e.Eval(nil)
	return err == nil && v.IsNull()
}
