package lang

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// Config is a whole configuration: loaded, evaluated, checked and compiled.
// Every list is sorted (rules by precedence, the rest by name), so that the
// order of files and of top-level blocks can never matter.
type Config struct {
	Providers  []*Provider
	Settings   Settings
	Metaverse  *schema.Schema // the built-in one with what the metaverse block adds
	Packs      []*StandardRules
	Rules      []*Rule // declared, expanded from packs, compiled from writebacks; disabled ones too
	OUMappings []*OUMapping
	Writebacks []*Writeback
	Guards     []*Guard
	Protected  []Protected
	Backend    *Backend // never nil: local, unless declared

	// Digest is "sha256:…" over file names, file contents and the digests of the
	// variable values, keyed when a variable is sensitive.
	Digest string
	// Files are the sources by name, for diagnostics that show the line.
	Files map[string]*hcl.File

	loader *loader // for CompileLine: the names of the configuration
}

// ProviderKind is "entra" or "ad".
type ProviderKind string

// The kinds of provider.
const (
	KindEntra ProviderKind = "entra"
	KindAD    ProviderKind = "ad"
)

// Provider is a connected directory. Exactly one of Entra and AD is set.
type Provider struct {
	Kind   ProviderKind
	Label  string
	Entra  *EntraProvider
	AD     *ADProvider
	Schema *schema.Schema // of its connector space
	Range  hcl.Range
}

// Address is "provider.KIND.LABEL".
func (p *Provider) Address() string { return "provider." + string(p.Kind) + "." + p.Label }

// EntraProvider is the body of provider "entra". Credentials are never in it.
type EntraProvider struct {
	TenantID string
	Cloud    string // public, usgov, china
	Auth     string // default, client_secret, certificate, workload_identity, managed_identity, github_oidc, azure_pipelines, cli
	ClientID string // optional; else AZURE_CLIENT_ID
	Endpoint string // optional: another Graph endpoint, loopback only (an emulator), e.g. https://127.0.0.1:8443
	CAFile   string // optional, with Endpoint; path relative to the configuration
	Sandbox  string // path of tenant.json relative to the configuration; "" is a real tenant
}

// ADProvider is the body of provider "ad".
type ADProvider struct {
	URL           string // ldaps://host[:port], or ldap:// with StartTLS; ldap:// to loopback with Plaintext
	StartTLS      bool
	Plaintext     bool // allow ldap:// without TLS; loopback only
	BaseDN        string
	CAFile        string
	ServerName    string // name in the server's certificate, when it is not the URL's host
	Auth          string // simple, gssapi
	SearchBases   []string
	GlobalCatalog string
	Timeout       int    // seconds per LDAP call; default 60
	Sandbox       string // path of corp.ldif relative to the configuration; "" is a real forest
}

// Backend is where the lock, the journals and the snapshots are. Credentials are
// never in it.
type Backend struct {
	Kind         string // local, azblob, s3, postgres
	Prefix       string // of the records of this configuration, without a slash at the end; shared kinds only
	LeaseSeconds int    // 15 to 60; 0 with local
	Range        hcl.Range

	Path string // local: a folder, relative to the configuration

	Account   string // azblob: a storage account, or Endpoint
	Container string // azblob
	Bucket    string // s3
	Region    string // s3; optional, else AWS_REGION
	PathStyle bool   // s3
	Endpoint  string // azblob, s3: another address than the cloud's own

	Host     string // postgres: a host, or the folder of a socket
	Port     int
	Database string
	User     string
	SSLMode  string // verify-full, verify-ca, require, disable
	CAFile   string
	Schema   string
}

// Settings are Entra Connect's global settings.
type Settings struct {
	StagingMode     bool
	SourceAnchor    string // objectGUID or mS-DS-ConsistencyGuid
	UPNAttribute    string
	DeleteThreshold int
	Redact          []string
	Parameters      map[string]string
	Range           hcl.Range // zero when the block is absent
}

// StandardRules is one use of a built-in pack.
type StandardRules struct {
	Name                string // block label
	Pack                string // the built-in pack; by default the one of that name
	Entra, AD           *Provider
	Disable             []string
	MemberLimitM365     int
	MemberLimitSecurity int
	Range               hcl.Range
}

// Direction of a rule, seen from the metaverse.
type Direction uint8

// The directions.
const (
	Inbound Direction = iota
	Outbound
)

// LinkType says what a rule may do to the link between an object and its
// metaverse object.
type LinkType uint8

// The link types of Entra Connect.
const (
	Join LinkType = iota
	Provision
	StickyJoin
	JoinNoFlow
)

// String is the word of the language.
func (l LinkType) String() string {
	return [...]string{"join", "provision", "sticky_join", "join_no_flow"}[l]
}

// Rule is one sync rule.
type Rule struct {
	Name      string // as Entra Connect shows it
	Address   string // sync_rule.LABEL, writeback.NAME, standard_rules.LABEL["NAME"]
	Direction Direction
	Provider  *Provider
	// ObjectType is the type in the connector space, MetaverseType that in the
	// metaverse; "*" there is any.
	ObjectType    string
	MetaverseType string
	Link          LinkType
	Precedence    int
	Disabled      bool
	// Unmarked allows an outbound rule to write to joined objects that do not
	// carry our mark.
	Unmarked bool
	Scope    []ScopeGroup // OR-ed; none is every object
	Join     []JoinGroup  // tried in order
	Flows    []*Flow
	// Standard is true for rules of the built-in pack.
	Standard bool
	// Writeback is set on the one rule that a writeback block compiles to.
	Writeback *Writeback
	Range     hcl.Range
}

// ScopeGroup is one scope block: all clauses hold, or the expression does.
type ScopeGroup struct {
	Clauses []Clause
	When    *Expr
	Range   hcl.Range
}

// Clause compares one attribute of the source object. Operator is in the
// spelling of Entra Connect's XML (EQUAL, NOTEQUAL, ISBITNOTSET, …).
type Clause struct {
	Attribute string
	Operator  string
	Value     string
	Range     hcl.Range
}

// JoinGroup is one join block: all its matches must hold.
type JoinGroup struct {
	Matches []Match
	Range   hcl.Range
}

// Match equates an attribute of the connector space with one of the metaverse,
// in both directions of a rule.
type Match struct {
	Space         string
	Metaverse     string
	CaseSensitive bool
	Range         hcl.Range
}

// Merge says how several contributors to one attribute combine.
type Merge uint8

// The merge types.
const (
	MergeUpdate Merge = iota
	MergeAll
	MergeCaseInsensitive
)

// Flow is one attribute flow. Exactly one of From and Value is set.
type Flow struct {
	Attribute string // destination
	From      string // direct: source attribute
	Value     *Expr  // constant, HCL expression or sync-rule expression
	Merge     Merge
	Once      bool // only when the object is created
	Range     hcl.Range
}

// UseKind says what of the source object an expression reads.
type UseKind uint8

// The uses. UseImported is ImportedValue("a"), UseCount is ValueCount("a"),
// UseParam is a %Connector.Parameter%.
const (
	UseAttribute UseKind = iota
	UseImported
	UseCount
	UseParam
)

// Use is one input of an expression.
type Use struct {
	Name string
	Kind UseKind
}

// Expr is a compiled expression, from either front end.
type Expr struct {
	Text  string // as written
	Uses  []Use  // the inputs, in the order of Eval's arguments
	Const bool   // no inputs and deterministic: Eval(nil) is always the same
	Range hcl.Range
	// Inspection says how the value depends on those of the inputs.
	Inspection Inspection
	// Eval computes the value for one object; args[i] is the value of Uses[i].
	// It is safe for concurrent use. An error concerns this object alone.
	Eval func(args []value.Value) (value.Value, error)
}

// OUMapping says below which OU an object belongs.
type OUMapping struct {
	Name    string
	Root    string // DN; must exist in the directory
	Create  bool   // create missing OUs below Root
	Rules   []OURule
	Default *Expr
	Range   hcl.Range
}

// Address is "ou_mapping.NAME".
func (m *OUMapping) Address() string { return "ou_mapping." + m.Name }

// OURule is one rule of a mapping; the first whose When holds decides. OU is DN
// syntax relative to the mapping's root; "" is the root itself.
type OURule struct {
	Name  string
	When  *Expr
	OU    *Expr
	Range hcl.Range
}

// Writeback says which metaverse objects exist in which directory, as what. The
// strings hold the words of the language (design: "freeze", "move_back", …).
type Writeback struct {
	Name       string
	ObjectType string // group
	From, To   *Provider
	OU         *OUMapping
	Absent     bool // ensure = "absent"

	When  *Expr  // may be nil
	Unset string // skip, write
	State string // "" (unmanaged), none, distribution, security, mail_enabled_security

	CN                  *Expr
	SAMAccountName      *Expr  // nil: the domain controller generates it
	SAMAccountNameScope string // domain, forest
	OnRename            string // follow, keep

	CloudOnlyMembers string // report, error, ignore
	OnOutOfScope     string // freeze, empty, delete
	OnSourceDeleted  string // delete, freeze
	OUDrift          string // move_back, adopt, report
	OutsideRoot      string // move_back, block
	OnCollision      string // error, suffix
	Adopt            map[string]Adoption
	Rule             *Rule // the outbound rule it compiles to
	Range            hcl.Range
}

// Address is "writeback.NAME".
func (w *Writeback) Address() string { return "writeback." + w.Name }

// Adoption names an unmarked object to take over, by DN or objectGUID.
type Adoption struct {
	Target string
	Range  hcl.Range
}

// Guard limits how many changes of one kind a plan may hold.
type Guard struct {
	Name       string
	Action     string // create, update, move, rename, restore, delete, type_change, member_add, member_remove
	MaxCount   *int
	MaxPercent *float64
	MinObjects int
	Writeback  *Writeback // nil: every writeback, each counted by itself
	Range      hcl.Range
}

// Address is "guard.NAME".
func (g *Guard) Address() string { return "guard." + g.Name }

// Protected is a DN that nothing may touch, with everything below it.
type Protected struct {
	DN    string
	Range hcl.Range
}
