package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
)

func applyText(t *testing.T, r *apply.Report, o ApplyOptions) string {
	t.Helper()
	var b strings.Builder
	if err := ApplyText(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func operation(verb planner.Verb, status apply.Status, cause string) *apply.OperationReport {
	return &apply.OperationReport{Operation: planner.Operation{Verb: verb}, Status: status, Cause: cause}
}

// answered is an operation that the server answered with an error.
func answered(verb planner.Verb, status apply.Status, code int, err string) *apply.OperationReport {
	o := operation(verb, status, "")
	o.Result = planner.Result{Status: planner.Status(status), Code: code, Err: errors.New(err)}
	return o
}

// mixed is a run in which everything happened.
func mixed() (*apply.Report, ApplyOptions) {
	p := changesOf(created(), deletion(), typeLoss(), moved(), renamed(), bigMembership(), entraUpdate(), blockedDelete(50), secret())
	r := &apply.Report{Changes: make([]apply.ChangeReport, len(p.Changes))}
	for i := range p.Changes {
		r.Changes[i] = apply.ChangeReport{Change: &p.Changes[i], Outcome: apply.OutcomeDone}
	}
	set := func(i int, outcome apply.Outcome, cause string, operations ...*apply.OperationReport) {
		r.Changes[i].Outcome, r.Changes[i].Cause, r.Changes[i].Operations = outcome, cause, operations
	}

	failed := answered(planner.VerbCreate, apply.StatusFailed, 50, "create group \"Engineering Platform\": insufficient access. Grant Create Group objects on the OU.")
	set(0, apply.OutcomeFailed, "", failed, operation(planner.VerbMembers, apply.StatusNotDone, "not sent: its creation failed"))
	r.Changes[0].Operations[1].Operation.Add = p.Changes[0].Members.Add
	lost := answered(planner.VerbDelete, apply.StatusUnknown, 0, "the connection broke after the request was sent")
	lost.Attempts = 4
	set(1, apply.OutcomeUnknown, "", lost)
	changed := answered(planner.VerbUpdate, apply.StatusStale, 16, "groupType is 8 by now")
	changed.Operation.Edits = p.Changes[2].Edits
	set(2, apply.OutcomeStale, "", changed)

	place := operation(planner.VerbMove, apply.StatusDone, "")
	place.Operation.DNAfter = *p.Changes[3].DN.After
	place.Result.RequestID = "req-1"
	members := operation(planner.VerbMembers, apply.StatusDone, "")
	members.Operation.Add = p.Changes[3].Members.Add
	members.Result = planner.Result{Status: planner.StatusDone, Already: 1, Refused: []planner.RefusedMember{
		{Member: p.Changes[3].Members.Add[0], Add: true, Err: errors.New("LDAP 32: no such object")},
		{Member: p.Changes[3].Members.Remove[0]},
	}}
	set(3, apply.OutcomePartly, "2 members were refused", place, members)
	set(5, apply.OutcomeNotDone, "not sent: the run was interrupted before", operation(planner.VerbMembers, apply.StatusNotDone, "not sent: the run was interrupted before"))
	set(7, apply.OutcomeBlocked, "blocked by guard.leavers: It allows 10 (5 %), and the plan has 37 of 212 (17.5 %).")
	set(8, apply.OutcomeFailed, "not sent: extensionAttribute9 is redacted", operation(planner.VerbUpdate, apply.StatusFailed, "not sent: extensionAttribute9 is redacted"))
	r.Changes[8].Operations[0].Operation.Edits = p.Changes[8].Edits
	r.Stops = []apply.Stop{
		{Reason: apply.StopInterrupted, Detail: "interrupted: what was in flight was finished, nothing more was sent"},
		{Provider: contoso, Reason: apply.StopOutage, Detail: "5 operations in a row got no answer"},
	}

	pending := renamed()
	pending.Members = &planner.Members{Before: 1, After: 2, Add: added("kim"), Skipped: []planner.SkippedMember{{Name: "pat", Reason: "guest"}}}
	return r, ApplyOptions{
		Plan: p, Confirmed: true, Unconfirmed: []apply.Unconfirmed{{Address: pending.Address, Name: pending.Name, Pending: &pending}},
		Run: "20261122T164100Z-0a1b2c", Journal: ".landfall/runs/20261122T164100Z-0a1b2c.jsonl",
		TextOptions: TextOptions{Next: "landfall plan"},
	}
}

// allDone is a run without a fault.
func allDone(n int) (*apply.Report, ApplyOptions) {
	p := empty()
	for i := range n {
		p.Changes = append(p.Changes, group(i, fmt.Sprintf("Group %02d", i), planner.ActionUpdate))
	}
	r := &apply.Report{}
	for i := range p.Changes {
		r.Changes = append(r.Changes, apply.ChangeReport{
			Change: &p.Changes[i], Outcome: apply.OutcomeDone,
			Operations: []*apply.OperationReport{operation(planner.VerbUpdate, apply.StatusDone, "")},
		})
	}
	return r, ApplyOptions{Plan: p, Confirmed: true}
}

func TestApplyTextGolden(t *testing.T) {
	everyRun, everyOption := mixed()
	full := everyOption
	full.View = ViewFull
	done, doneOptions := allDone(30)
	nothing, nothingOptions := allDone(0)
	tests := []struct {
		file    string
		report  *apply.Report
		options ApplyOptions
	}{
		{"apply-mixed.txt", everyRun, everyOption},
		{"apply-mixed-full.txt", everyRun, full},
		{"apply-done.txt", done, doneOptions},
		{"apply-nothing.txt", nothing, nothingOptions},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) { golden(t, test.file, applyText(t, test.report, test.options)) })
	}
}

func TestApplyTextIsSafe(t *testing.T) {
	outcomes := []apply.Outcome{
		apply.OutcomeDone, apply.OutcomePartly, apply.OutcomeStale, apply.OutcomeFailed, apply.OutcomeUnknown,
		apply.OutcomeNotDone, apply.OutcomeBlocked,
	}
	rapid.Check(t, func(t *rapid.T) {
		p := anyPlan(anyText()).Draw(t, "plan")
		r := &apply.Report{Stops: []apply.Stop{{Provider: anyText().Draw(t, "provider"), Detail: anyText().Draw(t, "detail")}}}
		o := ApplyOptions{Plan: p, Run: anyText().Draw(t, "run"), Journal: anyText().Draw(t, "journal"), TextOptions: anyOptions(false).Draw(t, "options")}
		for i := range p.Changes {
			c := &p.Changes[i]
			op := answered(planner.VerbMove, apply.StatusFailed, 1, anyText().Draw(t, "error"))
			op.Operation.DNAfter, op.Operation.Edits = anyText().Draw(t, "dn"), c.Edits
			op.Result.RequestID = anyText().Draw(t, "request")
			if c.Members != nil {
				for _, m := range c.Members.Add {
					op.Result.Refused = append(op.Result.Refused, planner.RefusedMember{Member: m, Err: errors.New(m.DN)})
				}
			}
			r.Changes = append(r.Changes, apply.ChangeReport{
				Change: c, Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"), Cause: anyText().Draw(t, "cause"),
				Operations: []*apply.OperationReport{op},
			})
			o.Unconfirmed = append(o.Unconfirmed, apply.Unconfirmed{Address: c.Address, Name: c.Name, Pending: c})
		}
		var b strings.Builder
		if err := ApplyText(&b, r, o); err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(b.String(), "\n") {
			for _, c := range l {
				if !unicode.IsPrint(c) || o.ASCII && c > unicode.MaxASCII {
					t.Fatalf("%U in %q", c, l)
				}
			}
		}
	})
}
