package planner

// Plan is what a run would do, complete and with reasons. Its JSON form is the
// plan file (planfile.go); every rendering is a function of it.
type Plan struct {
	FormatVersion   string         `json:"format_version"`
	LandfallVersion string         `json:"landfall_version"`
	Created         string         `json:"created"` // RFC 3339, UTC
	ConfigDigest    string         `json:"config_digest"`
	Digest          string         `json:"digest"`
	Partial         *Partial       `json:"partial"`
	Accepted        []Accepted     `json:"accepted"`
	Guards          []GuardUse     `json:"guards"`
	Providers       []ProviderInfo `json:"providers"`
	Summary         Summary        `json:"summary"`
	Changes         []Change       `json:"changes"`
	Skipped         []Skipped      `json:"skipped"`
	NotWritten      []NotWritten   `json:"not_written"`
	Frozen          []Frozen       `json:"frozen"`
	Diagnostics     []Diagnostic   `json:"diagnostics"`
	// Revert names the run that the plan takes back.
	Revert *Reverted `json:"revert,omitempty"`
	// Base is the configuration that the plan was compared with, and Withdrawn
	// what only that one would do; see MarkCauses.
	Base      *string     `json:"base,omitempty"`
	Withdrawn []Withdrawn `json:"withdrawn,omitempty"`
	// History says of which objects the plan knows when they changed; see AddHistory.
	History []HistoryUse `json:"history,omitempty"`
	// Checksum is over everything else in the plan file; Encode writes it, and
	// Decode refuses a file that does not have it.
	Checksum string `json:"checksum"`
}

// Partial says that the plan was restricted, and what that leaves out.
type Partial struct {
	Only    []string `json:"only"`
	Except  []string `json:"except"`
	LeftOut int      `json:"left_out"` // changes
	// LeftOutActions counts the changes that are left out by their actions; one
	// with several counts in each.
	LeftOutActions map[Action]int `json:"left_out_actions"`
	// Needed are the addresses of OUs that were not selected and stay, because a
	// change that was selected needs them.
	Needed []string `json:"needed"`
}

// Accepted is one limit that was lifted to an exact number.
type Accepted struct {
	Name  string `json:"name"` // guard.NAME or settings.delete_threshold
	Count int    `json:"count"`
}

// GuardUse says how far a limit is used up, in one of the places where it is
// counted. Limits that are not near stand here, too: a reviewer sees the room.
type GuardUse struct {
	Guard  string `json:"guard"`  // guard.NAME or settings.delete_threshold
	Action string `json:"action"` // what is counted
	In     string `json:"in"`     // the writeback; for rules outside writebacks and the threshold, the provider
	// Object is the address of the group that comes closest, where each group
	// is counted by itself; else "".
	Object     string  `json:"object"`
	Count      int     `json:"count"`
	Of         int     `json:"of"`          // what percent is of
	MaxCount   *int    `json:"max_count"`   // nil: no such limit
	MaxPercent *string `json:"max_percent"` // decimal; nil: no such limit
	MinObjects int     `json:"min_objects"` // percent is not looked at below
	Exceeded   bool    `json:"exceeded"`    // and not accepted: it blocks
	File       string  `json:"file"`
	Line       int     `json:"line"`
}

// ProviderInfo says what was read.
type ProviderInfo struct {
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Objects int    `json:"objects"`
	ReadAt  string `json:"read_at"`
	Refresh string `json:"refresh"` // full, snapshot, pseudonymised
}

// Summary counts the plan. Blocked changes are counted in Blocked and not in
// their action; errors count diagnostics of severity error.
type Summary struct {
	Create         int `json:"create"`
	Update         int `json:"update"`
	Move           int `json:"move"`
	Rename         int `json:"rename"`
	Delete         int `json:"delete"`
	Restore        int `json:"restore"`
	MembersAdd     int `json:"members_add"`
	MembersRemove  int `json:"members_remove"`
	Blocked        int `json:"blocked"`
	SkippedMembers int `json:"skipped_members"`
	NotWritten     int `json:"not_written"`
	Frozen         int `json:"frozen"`
	Errors         int `json:"errors"`
}

// Action is one kind of change to one object.
type Action string

// The actions, in the order in which a change lists them.
const (
	ActionCreate  Action = "create"
	ActionRestore Action = "restore"
	ActionMove    Action = "move"   // another parent
	ActionRename  Action = "rename" // another RDN
	ActionUpdate  Action = "update"
	ActionMembers Action = "members"
	ActionDelete  Action = "delete"
)

// Change is everything that happens to one object.
type Change struct {
	Address    string   `json:"address"`
	Provider   string   `json:"provider"`
	ObjectType string   `json:"object_type"`
	Actions    []Action `json:"actions"`
	Name       string   `json:"name"` // display name, for people
	Anchor     *string  `json:"anchor"`
	DN         DNChange `json:"dn"`
	// Edits are sorted by attribute. A create lists every value it sets.
	Edits   []Edit   `json:"edits"`
	Members *Members `json:"members"`
	Cause   *string  `json:"cause"` // caused, changed, pending; null without a base
	Blocked *Blocked `json:"blocked"`
	// Privileged says why the object gives power over a directory: well_known,
	// admin_count, critical, nested, role_assignable; "" where it does not, as far
	// as was read. A note explains it.
	Privileged string `json:"privileged,omitempty"`
	// Notes are facts a reviewer must know ("SID LOST"), fixed words first.
	Notes []string `json:"notes"`
	// Reason of the actions that are not edits: create, move, rename, delete.
	Reason *Reason `json:"reason"`
	// Changed is when the object was moved, renamed or, before a restore, deleted;
	// nil is unknown. Pending: not since the object is ours, see AddHistory.
	Changed *Changed `json:"changed,omitempty"`
	Pending bool     `json:"pending,omitempty"`
}

// DNChange is where the object is and where it will be; Graph objects have none.
type DNChange struct {
	Before *string `json:"before"`
	After  *string `json:"after"`
}

// Edit is the change of one attribute. Before is the precondition.
type Edit struct {
	Attribute string  `json:"attribute"`
	Encoding  string  `json:"encoding,omitempty"` // "base64" for octets
	Before    []Datum `json:"before"`
	After     []Datum `json:"after"`
	Reason    Reason  `json:"reason"`
	// Changed is the last change in the directory; nil is unknown. Pending: it was
	// not changed there since the object is ours, see AddHistory.
	Changed *Changed `json:"changed,omitempty"`
	Pending bool     `json:"pending,omitempty"`
}

// Reason is the rule that says so and where it stands.
type Reason struct {
	Rule       string `json:"rule"`
	Precedence int    `json:"precedence"`
	File       string `json:"file"`
	Line       int    `json:"line"`
}

// Members is a membership change as a set delta.
type Members struct {
	Before  int             `json:"before"`
	After   int             `json:"after"`
	Add     []MemberChange  `json:"add"`
	Remove  []MemberChange  `json:"remove"`
	Skipped []SkippedMember `json:"skipped"`
}

// MemberChange is one member value. ID is the member's anchor in the target
// directory, or its mark when this plan creates it.
type MemberChange struct {
	DN     string `json:"dn"`
	Name   string `json:"name"`
	ID     string `json:"id"`
	Reason string `json:"reason"` // in_cloud, not_in_cloud, reverted
	// Changed is when a value to add was removed, or one to remove was added; nil
	// is unknown. Pending: it was never a member since the object is ours.
	Changed *Changed `json:"changed,omitempty"`
	Pending bool     `json:"pending,omitempty"`
}

// SkippedMember is a member of the source that has no place in the target.
type SkippedMember struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Blocked says why a change is not carried out.
type Blocked struct {
	Code   string `json:"code"` // guard, threshold, protected, collision, mark_conflict, outside_root, foreign_writer, object_error
	By     string `json:"by"`
	Detail string `json:"detail"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

// Skipped lists the skipped members of an object that has no change.
type Skipped struct {
	Address string          `json:"address"`
	Name    string          `json:"name"`
	Members []SkippedMember `json:"members"`
}

// NotWritten is a source object that is deliberately not written.
type NotWritten struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Provider string `json:"provider"`
	Reason   string `json:"reason"`
}

// Frozen is an object of ours that is left as it is.
type Frozen struct {
	Address string `json:"address"`
	DN      string `json:"dn"`
	Reason  string `json:"reason"`
}

// Diagnostic is a finding that people should read.
type Diagnostic struct {
	Severity string `json:"severity"` // error, warning
	Code     string `json:"code"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}
