package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// Snapshot is every connected directory as it was read, by provider address.
type Snapshot map[string]*Space

// Options are what a run is told beside its configuration.
type Options struct {
	Now     time.Time // becomes Plan.Created
	Version string    // of landfall
	// Only and Except restrict the plan: addresses, prefixes of them, patterns
	// with *, rule=NAME, ou=DN or action=WORD. Empty Only is everything.
	Only, Except []string
	// Base says that another configuration is compared with this one: Only and
	// Except may name what only that one has.
	Base bool
	// Accept lifts limits: guard.NAME or settings.delete_threshold to a count.
	Accept map[string]int
	// Refresh says how the snapshot came to be: "full" when empty, "snapshot"
	// when it was read from a file.
	Refresh string
	// RedactKey keys the hashes of redacted values.
	RedactKey []byte
}

// Build computes the plan. It is pure: the same configuration and snapshot give
// the same bytes, whatever the order in which anything was read. What concerns
// single objects becomes a diagnostic of the plan; an error means that no plan
// can be trusted, and says why.
//
// The way through the files of this package: inbound.go joins every object to
// the metaverse and flows its attributes in; claim.go decides for each group and
// writeback what should become of it; naming.go names everything that will
// exist; outbound.go flows attributes out, members.go resolves memberships;
// diff.go compares with what is there; protect.go and guard.go block what must
// not happen.
func Build(cfg *lang.Config, snap Snapshot, o Options) (*Plan, error) {
	b, err := newBuild(cfg, snap)
	if err != nil {
		return nil, err
	}
	b.options = o
	return b.run()
}

// run takes every step from what was read to the plan.
func (b *build) run() (*Plan, error) {
	if _, err := ScopeGroups(b.cfg, b.snapshot); err != nil {
		return nil, err
	}
	b.inbound()
	b.claim()
	if err := b.leaving(); err != nil {
		return nil, err
	}
	b.name()
	b.outbound()
	b.diff()
	b.protect()
	if err := b.restrict(); err != nil {
		return nil, err
	}
	b.guards()
	return b.finish(), nil
}

// build is the state of one run of the planner.
type build struct {
	cfg      *lang.Config
	snapshot Snapshot
	spaces   []*Space // in the order of their addresses
	index    map[*lang.Provider]int
	options  Options
	params   map[*lang.Provider]map[string]string // %parameter% → value
	mv       *metaverse

	rules      []*inRule                // inbound
	byType     map[typeKey][]ObjectID   // see objects
	matched    map[*lang.Rule]int       // objects in scope
	mvErrors   map[mvID]objectError     // inbound errors
	broken     map[entraKey]objectError // objects for which a rule's scope fails
	doubts     map[entraKey][]mvID      // what joins found for an object beside nothing or too much
	doubted    map[mvID]bool            // objects for which somebody unjoined may stand
	kept       map[mvKey]bool           // IgnoreThisFlow inbound, and nobody else gave a value
	declared   map[entraKey]*item       // groups whose state in Entra ID a writeback declares
	failed     map[entraKey]bool        // objects of Entra ID whose change is left out
	roots      map[*lang.Writeback]dn.DN
	targets    []*target
	items      []*item
	byMV       map[mvID][]*item
	entra      map[entraKey]*Change
	valueIndex map[valueKey]map[string][]ObjectID // see byValue
	ahead      map[string]bool                    // see partition
	leftOut    map[string]bool                    // provider and mark of what a change would make that restrict left out
	plan       Plan
	trace      *trace             // nil, but for who looks inside
	addresses  map[string][]*item // see itemsByAddress
}

type scopeState uint8

const (
	scopeUnknown scopeState = iota
	scopeIn
	scopeOut
)

// objectError is an error that fails one object and nothing else.
type objectError struct {
	rule string
	rng  hcl.Range
	err  error
}

func newBuild(cfg *lang.Config, snap Snapshot) (*build, error) {
	b := &build{
		cfg: cfg, snapshot: snap, index: map[*lang.Provider]int{}, params: map[*lang.Provider]map[string]string{},
		byType: map[typeKey][]ObjectID{}, matched: map[*lang.Rule]int{}, mvErrors: map[mvID]objectError{},
		byMV: map[mvID][]*item{}, entra: map[entraKey]*Change{}, valueIndex: map[valueKey]map[string][]ObjectID{},
		broken: map[entraKey]objectError{}, kept: map[mvKey]bool{}, doubts: map[entraKey][]mvID{}, doubted: map[mvID]bool{}, declared: map[entraKey]*item{}, failed: map[entraKey]bool{},
		roots: map[*lang.Writeback]dn.DN{},
	}
	for _, w := range cfg.Writebacks {
		root, err := dn.Parse(w.OU.Root)
		if err != nil {
			return nil, fmt.Errorf("%s: root: %w", w.OU.Address(), err)
		}
		b.roots[w] = root
	}
	for _, p := range cfg.Providers {
		s := snap[p.Address()]
		if s == nil {
			return nil, fmt.Errorf("%s was not read", p.Address())
		}
		b.index[p] = len(b.spaces)
		b.spaces = append(b.spaces, s)
		b.params[p] = parameters(cfg, p)
	}
	b.mv = newMetaverse(cfg.Metaverse, b.spaces)
	b.rules = b.inboundRules()
	return b, nil
}

// space returns the space of a provider and its index.
func (b *build) space(p *lang.Provider) (*Space, int) {
	i := b.index[p]
	return b.spaces[i], i
}

// parameters are the %values% that sync-rule expressions may use for one AD
// provider (sync-engine: Domain.* per domain, Forest.* and Connector.* per
// connector). landfall knows them from base_dn and the writeback's mapping.
func parameters(cfg *lang.Config, p *lang.Provider) map[string]string {
	m := map[string]string{
		"Connector.ID":                p.Address(),
		"ADS_UF_ACCOUNTDISABLE":       "2",
		"ADS_GROUP_TYPE_GLOBAL_GROUP": "2", "ADS_GROUP_TYPE_DOMAIN_LOCAL_GROUP": "4", "ADS_GROUP_TYPE_LOCAL_GROUP": "4",
		"ADS_GROUP_TYPE_UNIVERSAL_GROUP": "8", "ADS_GROUP_TYPE_SECURITY_ENABLED": "-2147483648",
	}
	if p.AD == nil {
		return m
	}
	var labels []string
	if base, err := dn.Parse(p.AD.BaseDN); err == nil {
		for _, r := range base.RDNs() {
			if strings.EqualFold(r.Type, "DC") {
				labels = append(labels, r.Value)
			}
		}
	}
	fqdn := strings.Join(labels, ".")
	netbios := ""
	if len(labels) > 0 {
		netbios = strings.ToUpper(labels[0])
	}
	for _, scope := range []string{"Domain", "Forest"} {
		m[scope+".FQDN"], m[scope+".LDAP"], m[scope+".Netbios"] = fqdn, p.AD.BaseDN, netbios
	}
	for _, w := range cfg.Writebacks {
		if w.To == p {
			m["Connector.GroupWriteBackContainerDn"] = w.OU.Root
			break
		}
	}
	return m
}

// diagnose adds a diagnostic to the plan.
func (b *build) diagnose(severity, code, summary, detail string, rng hcl.Range) {
	b.plan.Diagnostics = append(b.plan.Diagnostics, Diagnostic{
		Severity: severity, Code: code, Summary: summary, Detail: detail, File: rng.Filename, Line: rng.Start.Line,
	})
}

// rangeAt is the place of a line, for diagnose.
func rangeAt(file string, line int) hcl.Range {
	return hcl.Range{Filename: file, Start: hcl.Pos{Line: line}}
}

// reasonOf names a rule as the reason of an edit.
func reasonOf(r *lang.Rule, rng hcl.Range) Reason {
	name := r.Name
	if r.Writeback != nil {
		name = r.Writeback.Address()
	}
	return Reason{Rule: name, Precedence: r.Precedence, File: rng.Filename, Line: rng.Start.Line}
}
