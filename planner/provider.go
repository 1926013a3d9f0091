package planner

import (
	"context"
	"errors"
	"time"
)

// A connected directory is read through Reader and written through Writer. Both
// are implemented by every provider; the sandbox is reached through the same
// two, because it is a server and not a provider of its own.

// Reader reads one connected directory into its connector space.
//
// A read counts only when its end was seen: a method that returns nil has read
// everything it was asked for, proven by the protocol's own end (an LDAP success
// with an empty paging cookie, a Graph page without nextLink). A read that broke
// off returns an error, and whatever it left in the space must not be used.
//
// Errors do not name the provider; the caller adds its address.
//
// The methods of one Reader are called one after the other. Inside, a provider
// may work in parallel, but it calls the space from one goroutine at a time.
type Reader interface {
	// Read fills s with the objects of req, without the values of reference
	// attributes, and with what the provider derives (see the provider's doc).
	Read(ctx context.Context, req Request, s *Space) error

	// ReadReferences adds the values of the reference attributes attrs (member,
	// owners, …) of the given objects, and reads those objects they name that s
	// has only as placeholders, with the attributes req asks for their type.
	// An object whose references this identity may not read is marked with
	// Space.SetUnreadable and is no error.
	ReadReferences(ctx context.Context, req Request, objects []ObjectID, attrs []string, s *Space) error

	// Find looks for objects by exact values of one attribute, directly and
	// beyond the search bases: past caches and past the scope of Read. What
	// exists is added to s; for each value that proved absent,
	// Space.ProveAbsent(attribute, value) is called. With attribute "id" this is
	// the direct read of one object that answers "not found" (Graph: 404).
	Find(ctx context.Context, req Request, attribute string, values []string, s *Space) error
}

// HistoryReader is implemented by directories that remember when a value was
// changed, and on which server.
type HistoryReader interface {
	// ReadHistory asks the directory about some objects. What it does not tell, or
	// does not tell this identity, is missing in the answer and is no error; an
	// object that is gone by now is neither. It asks nothing of other objects, and
	// ends early rather than read without bound (Histories.Missing says so).
	ReadHistory(ctx context.Context, objects []HistoryRequest) (Histories, error)
}

// HistoryRequest asks for the history of one object.
type HistoryRequest struct {
	Anchor  string
	DN      string // for messages
	Deleted bool   // it lies in the Recycle Bin
	// Links are attributes whose values are references and are remembered one by
	// one; none spares that part of the read.
	Links []string
}

// Histories is what a directory told.
type Histories struct {
	Objects map[string]*History // by anchor
	// Forgotten is the time before which removals of values are not remembered;
	// the zero time when that is not known.
	Forgotten time.Time
	// Missing says for people why objects are missing; "" when none is.
	Missing string
}

// History is what a directory remembers of one object.
type History struct {
	// Attributes are the last changes, by attribute in lower case. An attribute
	// that was never written has none; if EveryAttribute is set, only such ones
	// have none.
	Attributes     map[string]Stamp
	EveryAttribute bool
	// Values are the last changes of single values, of links; if EveryValue is
	// set, all there are. Values from before the directory kept track have none.
	Values     []ValueStamp
	EveryValue bool
}

// Stamp is the last change of one thing.
type Stamp struct {
	At      time.Time // by the clock of the server that made the change
	DC      string    // its name; "" when the directory does not know it any more
	Version int       // how often it was changed
	Origin  string    // identifies the server's database, "" unknown
	USN     int64     // number of the change there: later changes have higher ones
}

// ValueStamp is the last change of one value: that it came, or that it went.
type ValueStamp struct {
	Attribute string
	DN        string // the value
	Gone      bool
	Stamp
}

// Inspector is implemented by directories that can tell who we are there and
// what this identity may do.
type Inspector interface {
	// Inspect looks at the connection, at the identity and at every need, and
	// writes nothing. What cannot be told is a check with status unknown; an error
	// means that the directory could not be asked.
	Inspect(ctx context.Context, what Inspection) ([]Fact, []Check, error)
}

// Inspection says what to look at.
type Inspection struct {
	Read  Request // what plans read there
	Roots []Root  // where the configuration writes
	Needs []Need  // of the plan
	// Writes says that the configuration writes there, with or without a plan.
	Writes bool
}

// Writer carries out operations. An operation either happened whole, or did not
// happen, or its Result says what is unknown; nothing is retried blindly.
//
// Write may be called from several goroutines at once, for different objects.
type Writer interface {
	Write(ctx context.Context, op Operation) Result
}

// Request says what a Reader reads.
type Request struct {
	// Types are the object types to read with the attributes that some rule uses.
	Types []TypeRequest
	// Subtrees are DNs below which objects of every type are read at least by
	// name, so that name collisions are seen (AD only).
	Subtrees []string
	// Mark is the attribute that carries our mark (adminDescription); with it,
	// deleted objects that carry a mark are looked for (AD), state Deleted.
	Mark string
}

// TypeRequest asks for one object type (group, user, contact, computer, …).
type TypeRequest struct {
	Type string
	// All asks for every object of the type within the search bases. Otherwise
	// only those that references of other objects name are read.
	All bool
	// Attributes to request; never derived ones, never references.
	Attributes []string
	// References of this type that ReadReferences may be asked for.
	References []string
}

// Attributes returns the attributes to request for an object type, nil if the
// type is not in the request.
func (r Request) Attributes(objectType string) []string {
	for _, t := range r.Types {
		if t.Type == objectType {
			return t.Attributes
		}
	}
	return nil
}

// Verb is one kind of write operation.
type Verb string

// The verbs. Create of an organizationalUnit creates an OU.
const (
	VerbCreate  Verb = "create"  // object at DNAfter with Edits' after-values
	VerbRestore Verb = "restore" // deleted object Anchor to DNAfter
	VerbMove    Verb = "move"    // DNBefore → DNAfter: another parent, another RDN or both
	VerbUpdate  Verb = "update"  // Edits, compare-and-swap
	VerbMembers Verb = "members" // Add and Remove values of member
	VerbDelete  Verb = "delete"
)

// Operation is one write to one object. Before-values and DNBefore are
// preconditions.
type Operation struct {
	Verb       Verb
	ObjectType string // group, organizationalUnit
	Anchor     string // objectGUID or Graph id; "" on create
	Mark       string // delete of a group in AD: the mark it must still carry
	DNBefore   string
	DNAfter    string // where the object is after the plan's move; for update and members, where it is now
	Edits      []Edit // for create: Before empty; in Entra: Graph properties
	Add        []MemberChange
	Remove     []MemberChange
	// Again says that this operation was tried before and that nobody knows
	// whether it happened. The writer looks first: what it finds done is done, and
	// only what has not happened is sent. A result of failed then says that no
	// attempt did anything. Of members, none that is there is said to be unneeded.
	Again bool
}

// Status says how an operation ended.
type Status string

// The outcomes. Stale: the precondition no longer held, and nothing was
// changed. Unknown: the connection broke after the request was sent and a
// re-read could not tell.
const (
	StatusDone    Status = "done"
	StatusStale   Status = "stale"
	StatusFailed  Status = "failed"
	StatusUnknown Status = "unknown"
)

// Result is the outcome of one operation.
type Result struct {
	Status Status
	// Anchor of the object that was created.
	Anchor string
	// Code is the result code (LDAP) or status code (HTTP); 0 when none came.
	Code int
	// RequestID identifies the request at the server (Graph's request-id).
	RequestID string
	// Err says what happened to which object, with the server's own message;
	// nil when Status is done.
	Err error
	// Refused are the members that could not be written, each with its reason;
	// the others of the operation were.
	Refused []RefusedMember
	// Already counts member values that were there, or gone, before.
	Already int
	// Unneeded are those of them that are known to have been so before the
	// operation, and not because of a request of its own whose answer was lost.
	Unneeded []MemberChange
}

// RefusedMember is one member value that the directory did not take.
type RefusedMember struct {
	Member MemberChange
	Add    bool
	Err    error
}

// ErrPermission marks errors that mean "this identity may not"; the text names
// the permission that is missing.
var ErrPermission = errors.New("permission missing")

// Progress receives what a provider is doing, for people. It may be called from
// any goroutine. Stage is fixed text ("reading groups"), done and total are
// counts (total 0: unknown), wait is how long the provider sleeps because the
// server asked for it.
type Progress func(stage string, done, total int, wait time.Duration)
