package main

import (
	"context"
	"fmt"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/report"
)

// confirm reads the directories again after a run that came to its end, and
// reports whether they show what was done. What Graph answers may be some seconds
// old, so a tenant that does not show it is given time.
func (a *app) confirm(ctx context.Context, cfg *lang.Config, dirs *directories, f planFlags, rep *apply.Report, result *report.ApplyOptions) bool {
	if rep.Interrupted() {
		return false
	}
	a.tell(events.ConfirmStart{})
	for _, lag := range []time.Duration{3 * time.Second, 10 * time.Second, 20 * time.Second, 0} {
		fresh, err := a.planAfter(ctx, cfg, dirs, result.Plan, f)
		if err != nil {
			a.tell(events.OfConfirm(nil, err))
			fmt.Fprintf(a.stderr, "The directories could not be read again to confirm: %s\n", escapeLines(err.Error()))
			return false
		}
		result.Confirmed, result.Unconfirmed = true, apply.Confirm(result.Plan, rep, fresh)
		tenant := writtenTenant(rep, result.Plan)
		if len(result.Unconfirmed) == 0 || tenant == "" || lag == 0 {
			break
		}
		dirs.progress.provider(tenant)("it does not show yet what was written; reading it again", 0, 0, lag)
		select {
		case <-time.After(lag):
		case <-ctx.Done():
		}
	}
	a.tell(events.OfConfirm(result.Unconfirmed, nil))
	return len(result.Unconfirmed) == 0
}

// writtenTenant is a tenant that the run wrote to; "" if there is none.
func writtenTenant(rep *apply.Report, p *planner.Plan) string {
	for _, c := range rep.Changes {
		for _, read := range p.Providers {
			if read.Address == c.Change.Provider && read.Kind == string(planner.KindEntra) && c.Outcome == apply.OutcomeDone {
				return read.Address
			}
		}
	}
	return ""
}
