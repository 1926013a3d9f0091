package planner

import (
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Reading goes in steps, because which memberships are needed depends on which
// groups are in scope. Each step is a function of what was read before:
//
//	Requests          → Reader.Read of every provider
//	NeededReferences  → Reader.ReadReferences
//	NeededProofs      → Reader.Find
//
// and then Build.

// alwaysAD are the attributes of AD's objects that the planner itself looks at.
var alwaysAD = map[string][]string{
	"group": {markAttribute, "objectSid", "groupType", "sAMAccountName", "displayName", "adminCount", "isCriticalSystemObject", "memberOf", "msDS-ExternalDirectoryObjectId", "whenChanged"},
	"user":  {"displayName", "userPrincipalName", "sAMAccountName"}, "inetOrgPerson": {"displayName", "userPrincipalName", "sAMAccountName"},
	"contact": {"displayName", "mail"}, "computer": {"displayName"}, "foreignSecurityPrincipal": {"objectSid"},
	"organizationalUnit": {},
}

// alwaysEntra are the properties of Entra's objects that the planner itself
// looks at.
var alwaysEntra = map[string][]string{
	"group": {"id", "displayName", "groupTypes", "securityEnabled", "mailEnabled", "onPremisesSyncEnabled", "onPremisesSecurityIdentifier",
		"visibility", "isAssignableToRole", attrEnabled, attrGroupType, "mailNickname"},
	"user":    {"id", "displayName", "userPrincipalName", "userType", "onPremisesSyncEnabled"},
	"contact": {"id", "displayName", "mail", "onPremisesSyncEnabled"}, "device": {"id", "displayName"}, "servicePrincipal": {"id", "displayName"},
}

// Requests says what to read of every provider, by address.
func Requests(cfg *lang.Config) map[string]Request {
	out := map[string]Request{}
	for _, p := range cfg.Providers {
		q := newRequestBuilder(p)
		for _, r := range cfg.Rules {
			if !r.Disabled {
				q.rule(cfg, r)
			}
		}
		out[p.Address()] = q.request(cfg)
	}
	return out
}

type requestBuilder struct {
	p     *lang.Provider
	types map[string]*wanted // by object type
}

type wanted struct {
	all        bool
	attributes map[string]bool
	references map[string]bool
}

func newRequestBuilder(p *lang.Provider) *requestBuilder {
	q := &requestBuilder{p: p, types: map[string]*wanted{}}
	always := alwaysAD
	if p.Kind == lang.KindEntra {
		always = alwaysEntra
	}
	for objectType, attrs := range always {
		w := q.want(objectType)
		for _, a := range attrs {
			q.attribute(w, a)
		}
	}
	q.want("group").all = true
	if p.Kind == lang.KindAD {
		q.want("organizationalUnit").all = true
	}
	return q
}

func (q *requestBuilder) want(objectType string) *wanted {
	for t, w := range q.types {
		if strings.EqualFold(t, objectType) {
			return w
		}
	}
	w := &wanted{attributes: map[string]bool{}, references: map[string]bool{}}
	q.types[objectType] = w
	return w
}

func (q *requestBuilder) attribute(w *wanted, name string) {
	a, ok := q.p.Schema.Lookup(name)
	switch {
	case !ok || a.Derived || strings.EqualFold(a.Name, "dn"):
	case a.Syntax == schema.Reference:
		w.references[a.Name] = true
	default:
		w.attributes[a.Name] = true
	}
}

// sources of derived attributes, which are requested in their place.
var derivedFrom = map[string][]string{
	"alias": {"mailNickname"}, "commonname": {"displayName"}, "sourceanchor": {"onPremisesImmutableId"},
	"onpremisesecurityidentifier": {"onPremisesSecurityIdentifier"}, "cloudmastered": {"onPremisesSyncEnabled"},
	"membercount": {"member"}, "targetwritebacktype": {attrGroupType, "groupTypes"}, "reasonfiltered": {attrEnabled},
}

func (q *requestBuilder) use(w *wanted, name string) {
	q.attribute(w, name)
	if a, ok := q.p.Schema.Lookup(name); ok && a.Derived {
		for _, from := range derivedFrom[strings.ToLower(name)] {
			q.attribute(w, from)
		}
	}
}

func (q *requestBuilder) rule(cfg *lang.Config, r *lang.Rule) {
	if r.Provider != q.p {
		return
	}
	w := q.want(r.ObjectType)
	if r.Direction == lang.Inbound && (r.Link == lang.Provision || q.p.Kind == lang.KindAD || flowsOut(cfg, r.MetaverseType)) {
		w.all = true
	}
	for _, g := range r.Join {
		for _, m := range g.Matches {
			q.use(w, m.Space)
		}
	}
	if r.Direction == lang.Outbound {
		if r.Unmarked && q.p.Kind == lang.KindAD { // see wellKnown
			for _, a := range []string{"objectSid", "adminCount", "isCriticalSystemObject"} {
				q.attribute(w, a)
			}
		}
		for _, f := range r.Flows {
			q.use(w, f.Attribute)
		}
		return
	}
	for _, g := range r.Scope {
		for _, c := range g.Clauses {
			q.use(w, c.Attribute)
			if asksMembership(c) {
				q.want("group").references["member"] = true
			}
		}
		q.expression(w, g.When)
	}
	for _, f := range r.Flows {
		if f.From != "" && (flowsOn(cfg, r, f) || !q.isReference(f.From)) {
			q.use(w, f.From)
		}
		q.expression(w, f.Value)
	}
}

func (q *requestBuilder) isReference(name string) bool {
	a, ok := q.p.Schema.Lookup(name)
	return ok && a.Syntax == schema.Reference
}

// flowsOn reports whether an outbound rule takes what an inbound flow brings into
// the metaverse. References cost a request for each object, so they are read
// only then.
func flowsOn(cfg *lang.Config, in *lang.Rule, f *lang.Flow) bool {
	for _, r := range cfg.Rules {
		if r.Direction != lang.Outbound || r.Disabled || in.MetaverseType != "*" && r.MetaverseType != "*" && r.MetaverseType != in.MetaverseType {
			continue
		}
		for _, out := range r.Flows {
			if strings.EqualFold(out.From, f.Attribute) || out.Value != nil && slices.ContainsFunc(out.Value.Uses, func(u lang.Use) bool { return strings.EqualFold(u.Name, f.Attribute) }) {
				return true
			}
		}
	}
	return false
}

func (q *requestBuilder) expression(w *wanted, e *lang.Expr) {
	if e == nil {
		return
	}
	for _, u := range e.Uses {
		if u.Kind != lang.UseParam {
			q.use(w, u.Name)
		}
	}
}

// flowsOut reports whether some outbound rule writes objects of the metaverse
// type other than groups: only then every source object is needed, and not only
// those that groups have as members.
func flowsOut(cfg *lang.Config, metaverseType string) bool {
	for _, r := range cfg.Rules {
		if r.Direction == lang.Outbound && !r.Disabled && len(r.Flows) > 0 && r.MetaverseType == metaverseType && metaverseType != "group" {
			return true
		}
	}
	return false
}

func (q *requestBuilder) request(cfg *lang.Config) Request {
	var req Request
	for _, t := range sortedKeys(q.types) {
		w := q.types[t]
		req.Types = append(req.Types, TypeRequest{Type: t, All: w.all, Attributes: sortedKeys(w.attributes), References: sortedKeys(w.references)})
	}
	if q.p.Kind == lang.KindAD {
		req.Mark = markAttribute
		for _, m := range cfg.OUMappings {
			if below(m.Root, q.p.AD.BaseDN) && !slices.Contains(req.Subtrees, m.Root) {
				req.Subtrees = append(req.Subtrees, m.Root)
			}
		}
	}
	return req
}

// References is a set of objects of one space whose references are needed.
type References struct {
	Objects    []ObjectID
	Attributes []string
}

// NeededReferences says whose memberships a plan needs, by provider address:
// those of the groups that are written, on both sides, and of objects of ours
// that are emptied. It is an error if a writeback's container does not exist.
func NeededReferences(cfg *lang.Config, snap Snapshot) (map[string]References, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	if err := b.containers(); err != nil {
		return nil, err
	}
	if _, err := ScopeGroups(cfg, snap); err != nil {
		return nil, err
	}
	b.inboundGroups()
	b.claim()
	if err := b.sameTenants(); err != nil {
		return nil, err
	}
	requests := Requests(cfg)
	out := map[string]References{}
	add := func(s *Space, o ObjectID) {
		r := out[s.Provider]
		if r.Attributes == nil {
			for _, t := range requests[s.Provider].Types {
				if t.Type == "group" || t.All && s.Kind == KindAD {
					r.Attributes = append(r.Attributes, t.References...)
				}
			}
			slices.Sort(r.Attributes)
			r.Attributes = slices.Compact(r.Attributes)
		}
		r.Objects = append(r.Objects, o)
		out[s.Provider] = r
	}
	counts := b.countsMembers()
	for _, it := range b.items {
		if it.verdict == verdictWrite || counts && it.reason == "when" {
			s, _ := b.space(it.w.From)
			add(s, it.source)
		}
		if it.exists() && it.verdict != verdictNone {
			add(it.t.space, it.object)
		}
		if it.verdict == verdictWrite && it.restore != NoObject {
			add(it.t.space, it.restore) // its links come back with it
		}
	}
	b.referencesOfRules(add)
	for address, r := range out {
		slices.Sort(r.Objects)
		r.Objects = slices.Compact(r.Objects)
		out[address] = r
	}
	return out, nil
}

// countsMembers reports whether a condition reads memberCount. It is not known
// before members are read, so the groups that such a condition may still take
// are read, too.
func (b *build) countsMembers() bool {
	counts := func(e *lang.Expr) bool {
		return e != nil && slices.ContainsFunc(e.Uses, func(u lang.Use) bool {
			return u.Kind == lang.UseCount || strings.EqualFold(u.Name, "memberCount")
		})
	}
	if slices.ContainsFunc(b.cfg.Writebacks, func(w *lang.Writeback) bool { return counts(w.When) }) {
		return true
	}
	return slices.ContainsFunc(b.rules, func(r *inRule) bool {
		return slices.ContainsFunc(r.Scope, func(g lang.ScopeGroup) bool {
			return counts(g.When) || slices.ContainsFunc(g.Clauses, func(c lang.Clause) bool {
				return strings.EqualFold(c.Attribute, "memberCount") || strings.EqualFold(c.Attribute, "member") && !asksMembership(c)
			})
		})
	})
}

// referencesOfRules adds the objects of AD whose references an inbound rule reads,
// or an outbound rule writes: there is no way to know what depends on them. In
// Entra ID only groups that are written count, because each costs a request.
func (b *build) referencesOfRules(add func(*Space, ObjectID)) {
	for _, r := range b.rules {
		s := b.spaces[r.space]
		if s.Kind != KindAD || !readsReferences(s, r.Rule) {
			continue
		}
		for o := range ObjectID(s.Len()) {
			if s.State(o) == Live && b.takes(r, o) {
				add(s, o)
			}
		}
	}
	for _, r := range b.cfg.Rules {
		s, _ := b.space(r.Provider)
		if r.Direction != lang.Outbound || r.Disabled || !r.Unmarked || s.Kind != KindAD || !writesReferences(s, r) {
			continue
		}
		for o := range ObjectID(s.Len()) {
			if s.State(o) == Live && strings.EqualFold(s.Type(o), r.ObjectType) {
				add(s, o)
			}
		}
	}
}

func writesReferences(s *Space, r *lang.Rule) bool {
	return slices.ContainsFunc(r.Flows, func(f *lang.Flow) bool {
		a, ok := s.Schema.Lookup(f.Attribute)
		return ok && a.Syntax == schema.Reference
	})
}

func readsReferences(s *Space, r *lang.Rule) bool {
	isReference := func(name string) bool {
		a, ok := s.Schema.Lookup(name)
		return ok && a.Syntax == schema.Reference
	}
	return slices.ContainsFunc(r.Flows, func(f *lang.Flow) bool {
		return isReference(f.From) || f.Value != nil && slices.ContainsFunc(f.Value.Uses, func(u lang.Use) bool { return isReference(u.Name) })
	})
}

// containers checks that the root of every writeback exists.
func (b *build) containers() error {
	for _, w := range b.cfg.Writebacks {
		s, _ := b.space(w.To)
		root, err := dn.Parse(w.OU.Root)
		if err != nil {
			return err
		}
		o := s.named(root.Key())
		if o == NoObject || s.State(o) != Live {
			return &MissingContainer{Writeback: w.Address(), Mapping: w.OU.Address(), Root: w.OU.Root, Provider: s.Provider,
				File: w.OU.Range.Filename, Line: w.OU.Range.Start.Line}
		}
	}
	return nil
}

// MissingContainer says that the root of a writeback does not exist.
type MissingContainer struct {
	Writeback, Mapping, Root, Provider string
	File                               string
	Line                               int
}

func (e *MissingContainer) Error() string {
	return "the container " + e.Root + " of " + e.Mapping + " does not exist in " + e.Provider + ", or this identity may not see it; " +
		e.Writeback + " would have nowhere to write. Create it, or correct root"
}

// EveryReference is NeededReferences for a snapshot on which changed
// configurations are planned: the memberships of every group of a tenant, and of
// every group of ours in AD.
func EveryReference(cfg *lang.Config, snap Snapshot) (map[string]References, error) {
	out, err := NeededReferences(cfg, snap)
	if err != nil {
		return nil, err
	}
	for address, s := range snap {
		r := out[address]
		if !slices.Contains(r.Attributes, "member") {
			r.Attributes = append(r.Attributes, "member")
		}
		for o := range ObjectID(s.Len()) {
			if s.State(o) == Live && strings.EqualFold(s.Type(o), "group") && (s.Kind == KindEntra || isMark(s.First(o, markAttribute))) {
				r.Objects = append(r.Objects, o)
			}
		}
		slices.Sort(r.Objects)
		r.Objects = slices.Compact(r.Objects)
		out[address] = r
	}
	return out, nil
}

// MergeReferences is the union of what two configurations need.
func MergeReferences(x, y map[string]References) map[string]References {
	out := map[string]References{}
	for _, m := range []map[string]References{x, y} {
		for address, r := range m {
			have := out[address]
			have.Objects = append(have.Objects, r.Objects...)
			have.Attributes = union(have.Attributes, r.Attributes)
			slices.Sort(have.Objects)
			have.Objects = slices.Compact(have.Objects)
			out[address] = have
		}
	}
	return out
}
