// Package events tells programs what landfall is doing: one JSON object a line,
// for -events FILE. docs/events.md describes the stream, events.schema.json each
// line of it.
//
// There is never a value of an attribute in it: names, attributes and counts are
// enough to follow a run, and what is redacted in a plan cannot leak here.
package events

import (
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

// Format is the version of the stream, MAJOR.MINOR. Within a major version fields
// and types are only added. A name means the same type of value in every event.
const Format = "1.0"

// Event is one of the types below.
type Event interface{ name() string }

// Version is the first line of every command.
type Version struct {
	Format          string `json:"format"`
	LandfallVersion string `json:"landfall_version"`
	Command         string `json:"command"` // "apply", "runs list"
}

// Diagnostic is a finding about the configuration or in the plan.
type Diagnostic planner.Diagnostic

// ReadStart says that a directory is about to be read.
type ReadStart struct {
	Provider string `json:"provider"`
}

// Progress is what a provider says of itself while it reads or writes.
type Progress struct {
	Provider string `json:"provider"`
	Stage    string `json:"stage"` // for people
	Done     int    `json:"done"`
	Total    int    `json:"total"`   // 0: unknown
	WaitMS   int64  `json:"wait_ms"` // how long it waits now; 0: it does not
}

// ReadComplete says that all that was needed of a directory was read.
type ReadComplete struct {
	Provider   string `json:"provider"`
	Objects    int    `json:"objects"`
	DurationMS int64  `json:"duration_ms"`
}

// PlannedChange is one change of the plan that the command made or was given.
type PlannedChange struct {
	Address       string           `json:"address"`
	Provider      string           `json:"provider"`
	ObjectType    string           `json:"object_type"`
	Name          string           `json:"name"`
	Actions       []planner.Action `json:"actions"`
	Anchor        *string          `json:"anchor"`
	DNBefore      *string          `json:"dn_before"`
	DNAfter       *string          `json:"dn_after"`
	Attributes    []string         `json:"attributes"`
	MembersAdd    int              `json:"members_add"`
	MembersRemove int              `json:"members_remove"`
	Blocked       *string          `json:"blocked"` // its code
	Cause         *string          `json:"cause"`
}

// PlanSummary follows the changes of a plan.
type PlanSummary struct {
	Digest  string          `json:"digest"`
	Changes int             `json:"changes"`
	Partial bool            `json:"partial"`
	Counts  planner.Summary `json:"counts"`
}

// ApplyStart says that a plan is about to be carried out.
type ApplyStart struct {
	Run     string `json:"run"`
	Digest  string `json:"digest"`
	Changes int    `json:"changes"`
}

// Operation names an operation in the events about it.
type Operation struct {
	Number     int          `json:"number"` // as in the journal
	Total      int          `json:"total"`
	Provider   string       `json:"provider"`
	Address    string       `json:"address"`
	ObjectType string       `json:"object_type"`
	Name       string       `json:"name"`
	Verb       planner.Verb `json:"verb"`
	DN         string       `json:"dn"` // where the object is, or will be; "" in Entra ID
}

// OperationStart says that an operation is being sent.
type OperationStart struct {
	Operation
	Attempt       int      `json:"attempt"`
	Attributes    []string `json:"attributes"`
	MembersAdd    int      `json:"members_add"`
	MembersRemove int      `json:"members_remove"`
}

// OperationRetry says that an attempt failed and that another one follows.
type OperationRetry struct {
	Operation
	Attempt   int          `json:"attempt"`
	Status    apply.Status `json:"status"`
	Code      int          `json:"result_code"` // LDAP result code, HTTP status; 0: no answer
	RequestID string       `json:"request_id"`
	Reason    string       `json:"reason"`
	WaitMS    int64        `json:"wait_ms"`
}

// OperationComplete says how an operation ended, or that it is not sent. There is
// one for every operation of a run.
type OperationComplete struct {
	Operation
	Finished   int          `json:"finished"` // operations of the run so far
	Attempts   int          `json:"attempts"` // 0: not sent
	Status     apply.Status `json:"status"`
	Anchor     string       `json:"anchor"`
	Code       int          `json:"result_code"`
	RequestID  string       `json:"request_id"`
	Reason     string       `json:"reason"` // "" when all of it is done
	Refused    int          `json:"refused"`
	Already    int          `json:"already"`
	DurationMS int64        `json:"duration_ms"`
}

// Stop says that nothing more is sent, or nothing more to one provider.
type Stop struct {
	Provider string           `json:"provider"` // "": the whole run
	Reason   apply.StopReason `json:"reason"`
	Detail   string           `json:"detail"`
}

// Interrupt says that somebody interrupted the command.
type Interrupt struct {
	Abort bool `json:"abort"` // false: what is in flight is finished first
}

// ConfirmStart says that the directories are read again after the last write.
type ConfirmStart struct{}

// ConfirmComplete says whether they show what was written.
type ConfirmComplete struct {
	Confirmed   bool          `json:"confirmed"`
	Unconfirmed []Unconfirmed `json:"unconfirmed"`
	Error       string        `json:"error"` // why they could not be read
}

// Unconfirmed is a change that was written and does not show.
type Unconfirmed struct {
	Provider string `json:"provider"`
	Address  string `json:"address"`
	Name     string `json:"name"`
}

// ApplySummary says what became of the plan.
type ApplySummary struct {
	Run    string       `json:"run"`
	Counts apply.Counts `json:"counts"`
}

// Error is what ended the command.
type Error struct {
	Message string `json:"message"`
}

// Exit is the last line of every command.
type Exit struct {
	Status int `json:"exit_status"`
}

// The names of the types.
func (Version) name() string           { return "version" }
func (Diagnostic) name() string        { return "diagnostic" }
func (ReadStart) name() string         { return "read_start" }
func (Progress) name() string          { return "progress" }
func (ReadComplete) name() string      { return "read_complete" }
func (PlannedChange) name() string     { return "planned_change" }
func (PlanSummary) name() string       { return "plan_summary" }
func (ApplyStart) name() string        { return "apply_start" }
func (OperationStart) name() string    { return "operation_start" }
func (OperationRetry) name() string    { return "operation_retry" }
func (OperationComplete) name() string { return "operation_complete" }
func (Stop) name() string              { return "stop" }
func (Interrupt) name() string         { return "interrupt" }
func (ConfirmStart) name() string      { return "confirm_start" }
func (ConfirmComplete) name() string   { return "confirm_complete" }
func (ApplySummary) name() string      { return "apply_summary" }
func (Error) name() string             { return "error" }
func (Exit) name() string              { return "exit" }
