package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

const (
	groups = "OU=Groups," + base
	people = "OU=People," + base
)

func ptr(s string) *string { return &s }

func below(cn, ou string) string { return "CN=" + cn + "," + ou }

// the changes that the tests are made of

func creation(name, dn string, members ...planner.MemberChange) planner.Change {
	c := planner.Change{
		Address: "writeback.w[" + name + "]", Provider: corp, ObjectType: "group", Name: name,
		Actions: []planner.Action{planner.ActionCreate}, DN: planner.DNChange{After: &dn},
		Edits: []planner.Edit{{Attribute: "adminDescription", After: planner.Texts("Group_" + name)}},
	}
	if len(members) > 0 {
		c.Actions = append(c.Actions, planner.ActionMembers)
		c.Members = &planner.Members{Add: members}
	}
	return c
}

func ouCreation(dn string) planner.Change {
	return planner.Change{
		Address: "ou_mapping.m[" + dn + "]", Provider: corp, ObjectType: objectTypeOU, Name: dn,
		Actions: []planner.Action{planner.ActionCreate}, DN: planner.DNChange{After: &dn},
	}
}

func of(e *entry, actions ...planner.Action) planner.Change {
	dn, anchor := e.dn, e.anchor
	return planner.Change{
		Address: "writeback.w[" + e.anchor + "]", Provider: corp, ObjectType: e.typ, Name: e.dn, Anchor: &anchor,
		Actions: actions, DN: planner.DNChange{Before: &dn, After: &dn},
	}
}

func move(e *entry, to string) planner.Change {
	c := of(e, planner.ActionMove)
	c.DN.After = &to
	return c
}

func update(e *entry, attribute, from, to string) planner.Change {
	c := of(e, planner.ActionUpdate)
	c.Edits = []planner.Edit{{Attribute: attribute, Before: data(from), After: data(to)}}
	return c
}

func data(s string) []planner.Datum {
	if s == "" {
		return nil
	}
	return planner.Texts(s)
}

func deletion(e *entry) planner.Change {
	c := of(e, planner.ActionDelete)
	c.DN.After = nil
	return c
}

func blocked(c planner.Change) planner.Change {
	c.Blocked = &planner.Blocked{Code: "guard", By: "guard.g", Detail: "too many"}
	return c
}

func member(e *entry) planner.MemberChange {
	return planner.MemberChange{DN: e.dn, ID: e.anchor, Name: e.dn, Reason: "in_cloud"}
}

func memberToBe(name, dn string) planner.MemberChange {
	return planner.MemberChange{DN: dn, ID: "Group_" + name, Name: name, Reason: "in_cloud"}
}

func plan(changes ...planner.Change) *planner.Plan { return &planner.Plan{Changes: changes} }

// atOnce is a backoff that keeps no test waiting.
func atOnce(int) time.Duration { return time.Nanosecond }

// carryOut runs the plan against d and demands that the journal is truthful.
func carryOut(t *testing.T, p *planner.Plan, d *directory, change func(*Options)) *Report {
	t.Helper()
	j := &journal{}
	o := Options{Writers: map[string]planner.Writer{corp: d}, Journal: j, backoff: atOnce}
	if change != nil {
		change(&o)
	}
	report, err := Run(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if problem := untruthful(report, j, d); problem != "" {
		t.Fatal(problem)
	}
	return report
}

func outcomes(r *Report) []Outcome {
	var out []Outcome
	for _, c := range r.Changes {
		out = append(out, c.Outcome)
	}
	return out
}

func verbs(d *directory) string {
	var out []string
	for _, l := range d.log {
		v := string(l.op.Verb)
		if l.op.Verb == planner.VerbMembers {
			v = fmt.Sprintf("members+%d-%d", len(l.op.Add), len(l.op.Remove))
		}
		out = append(out, v)
	}
	return strings.Join(out, " ")
}

func wantOutcomes(t *testing.T, r *Report, want ...Outcome) {
	t.Helper()
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		for _, c := range r.Changes {
			t.Logf("%s: %s: %s", c.Change.Address, c.Outcome, c.Cause)
		}
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestPhases(t *testing.T) {
	d := newDirectory(groups, people)
	user := d.put("user", below("kim", people))
	g := d.put("group", below("g", groups))
	old := d.put("group", below("old", groups))
	g.members[user.anchor] = true
	inner := "OU=Inner,OU=Outer," + groups

	change := of(g, planner.ActionMove, planner.ActionUpdate, planner.ActionMembers)
	change.DN.After = ptr(below("g", inner))
	change.Edits = []planner.Edit{{Attribute: "info", After: planner.Texts("x")}}
	change.Members = &planner.Members{Add: []planner.MemberChange{memberToBe("n", below("n", inner))}, Remove: []planner.MemberChange{member(user)}}

	r := carryOut(t, plan(deletion(old), change, creation("n", below("n", inner), member(user)), ouCreation(inner), ouCreation("OU=Outer,"+groups)), d, nil)
	wantOutcomes(t, r, OutcomeDone, OutcomeDone, OutcomeDone, OutcomeDone, OutcomeDone)
	if got, want := verbs(d), "create create create move update members+1-0 members+1-0 members+0-1 delete"; got != want {
		t.Errorf("operations:\n got %s\nwant %s", got, want)
	}
	if d.log[0].op.DNAfter != "OU=Outer,"+groups {
		t.Errorf("the inner OU came first: %s", d.log[0].op.DNAfter)
	}
	n := d.at(below("n", inner))
	if n == nil || !n.members[user.anchor] || !g.members[n.anchor] || g.members[user.anchor] {
		t.Error("members are wrong")
	}
	if last := d.log[6].op; last.Anchor != n.anchor {
		t.Errorf("the members of the new object were sent to %q, it is %q", last.Anchor, n.anchor)
	}
	if c := r.Counts(); c != (Counts{Done: 5}) || r.Incomplete() || r.Blocked() || r.Interrupted() {
		t.Errorf("counts: %+v", c)
	}
}

func TestRestore(t *testing.T) {
	d := newDirectory(groups)
	g := d.put("group", below("g", groups))
	g.deleted, g.dn = true, `CN=g\0ADEL:1,CN=Deleted Objects,`+base
	c := of(g, planner.ActionRestore, planner.ActionUpdate)
	c.DN.After = ptr(below("g2", groups))
	c.Edits = []planner.Edit{{Attribute: "info", After: planner.Texts("x")}}
	wantOutcomes(t, carryOut(t, plan(c), d, nil), OutcomeDone)
	if got := d.at(below("g2", groups)); got != g || g.attributes["info"] != "x" {
		t.Error("it was not restored")
	}
}

func TestNamesAreFreeBeforeTheyAreTaken(t *testing.T) {
	d := newDirectory(groups)
	a, b, c := d.put("group", below("a", groups)), d.put("group", below("b", groups)), d.put("group", below("c", groups))
	r := carryOut(t, plan(creation("n", below("a", groups)), move(a, below("b", groups)), move(b, below("c", groups)), move(c, below("d", groups))), d, nil)
	wantOutcomes(t, r, OutcomeDone, OutcomeDone, OutcomeDone, OutcomeDone)
	if a.dn != below("b", groups) || b.dn != below("c", groups) || c.dn != below("d", groups) {
		t.Errorf("names: %s, %s, %s", a.dn, b.dn, c.dn)
	}
}

func TestNamesExchangedInACircle(t *testing.T) {
	d := newDirectory(groups)
	var circle []*entry
	var changes []planner.Change
	for i := range 4 {
		circle = append(circle, d.put("group", below(fmt.Sprint(i), groups)))
	}
	for i, e := range circle {
		changes = append(changes, move(e, below(fmt.Sprint((i+1)%4), groups)))
	}
	r := carryOut(t, plan(changes...), d, nil)
	wantOutcomes(t, r, OutcomeDone, OutcomeDone, OutcomeDone, OutcomeDone)
	for i, e := range circle {
		if want := below(fmt.Sprint((i+1)%4), groups); e.dn != want {
			t.Errorf("%d is at %s", i, e.dn)
		}
	}
	if len(d.log) != 5 || len(r.Changes[0].Operations) != 2 {
		t.Errorf("one step aside is enough: %s", verbs(d))
	}
}

func TestBlockedIsNeverSent(t *testing.T) {
	d := newDirectory(groups, people)
	user, g, stays := d.put("user", below("kim", people)), d.put("group", below("g", groups)), d.put("group", below("stays", groups))
	members := of(g, planner.ActionMembers)
	members.Members = &planner.Members{Add: []planner.MemberChange{member(user), memberToBe("n", below("n", groups))}}
	r := carryOut(t, plan(
		blocked(creation("n", below("n", groups))), blocked(move(stays, below("gone", groups))),
		creation("taken", below("stays", groups)), blocked(ouCreation("OU=X,"+groups)), creation("inside", below("i", "OU=X,"+groups)), members,
	), d, nil)
	wantOutcomes(t, r, OutcomeBlocked, OutcomeBlocked, OutcomeNotDone, OutcomeBlocked, OutcomeNotDone, OutcomePartly)
	if got := verbs(d); got != "members+1-0" {
		t.Errorf("sent: %s", got)
	}
	if c := r.Counts(); c.RefusedMembers != 1 || !r.Blocked() || !r.Incomplete() {
		t.Errorf("counts: %+v", c)
	}
	for i, want := range map[int]string{
		2: `the name CN=stays,OU=Groups,DC=corp,DC=example,DC=com is not free: it still belongs to`,
		4: "its container OU=X,OU=Groups,DC=corp,DC=example,DC=com was not made: blocked by guard.g",
		5: "1 member was refused",
	} {
		if !strings.Contains(r.Changes[i].Cause, want) {
			t.Errorf("cause of %d: %s", i, r.Changes[i].Cause)
		}
	}
}

func TestStale(t *testing.T) {
	setUp := func() (*directory, *planner.Plan, []*entry) {
		d := newDirectory(groups)
		var changes []planner.Change
		var entries []*entry
		for i := range 3 {
			e := d.put("group", below(fmt.Sprint(i), groups))
			e.attributes["info"] = "old"
			entries = append(entries, e)
			changes = append(changes, update(e, "info", "old", "new"))
		}
		entries[1].attributes["info"] = "by hand"
		return d, plan(changes...), entries
	}
	t.Run("skip", func(t *testing.T) {
		d, p, entries := setUp()
		r := carryOut(t, p, d, nil)
		wantOutcomes(t, r, OutcomeDone, OutcomeStale, OutcomeDone)
		if entries[1].attributes["info"] != "by hand" || r.StoppedStale() || !r.Incomplete() {
			t.Error("the stale change was written, or stopped the run")
		}
	})
	t.Run("fail", func(t *testing.T) {
		d, p, _ := setUp()
		r := carryOut(t, p, d, func(o *Options) { o.OnStale = OnStaleFail })
		wantOutcomes(t, r, OutcomeDone, OutcomeStale, OutcomeNotDone)
		if !r.StoppedStale() || !strings.Contains(r.Changes[2].Cause, "stale") {
			t.Errorf("stops: %+v, cause: %s", r.Stops, r.Changes[2].Cause)
		}
	})
}

func TestLaterOperationsOfAnObjectNeedTheEarlierOnes(t *testing.T) {
	d := newDirectory(groups, people)
	user, g := d.put("user", below("kim", people)), d.put("group", below("g", groups))
	other := d.put("group", below("other", groups))
	c := move(g, below("h", groups))
	c.Members = &planner.Members{Add: []planner.MemberChange{member(user)}}
	nested := of(other, planner.ActionMembers)
	nested.Members = &planner.Members{Add: []planner.MemberChange{{DN: below("h", groups), ID: g.anchor}}}
	d.trouble = func(_ int, op planner.Operation) (planner.Result, bool) {
		return refused(50, "insufficient access"), op.Verb == planner.VerbMove
	}
	r := carryOut(t, plan(c, nested), d, nil)
	wantOutcomes(t, r, OutcomeFailed, OutcomeDone)
	if got := r.Changes[0].Operations[1]; got.Status != StatusNotDone || !strings.Contains(got.Cause, "its move failed") {
		t.Errorf("members after a failed move: %+v", got)
	}
	if !other.members[g.anchor] {
		t.Error("the member that stayed where it was is not added under its old name")
	}
}

func TestMembersUnderTheirPresentName(t *testing.T) {
	d := newDirectory(groups)
	a, b, g := d.put("group", below("a", groups)), d.put("group", below("b", groups)), d.put("group", below("g", groups))
	g.members[a.anchor] = true
	c := of(g, planner.ActionMembers)
	c.Members = &planner.Members{Remove: []planner.MemberChange{member(a)}, Add: []planner.MemberChange{{DN: below("a", groups), ID: b.anchor}}}
	// a and b exchange their names: the removal names a as it was, the addition b as it will be.
	wantOutcomes(t, carryOut(t, plan(move(a, below("b", groups)), move(b, below("a", groups)), c), d, nil), OutcomeDone, OutcomeDone, OutcomeDone)
	if g.members[a.anchor] || !g.members[b.anchor] {
		t.Errorf("members: %v", g.members)
	}
}

func TestFailedCreation(t *testing.T) {
	d := newDirectory(groups)
	g := d.put("group", below("g", groups))
	ou := "OU=X," + groups
	all := of(g, planner.ActionMembers)
	all.Members = &planner.Members{Add: []planner.MemberChange{memberToBe("n", below("n", ou))}}
	d.trouble = func(_ int, op planner.Operation) (planner.Result, bool) {
		return refused(50, "insufficient access"), op.ObjectType == objectTypeOU
	}
	r := carryOut(t, plan(ouCreation(ou), creation("n", below("n", ou), member(g)), all), d, nil)
	wantOutcomes(t, r, OutcomeFailed, OutcomeNotDone, OutcomeNotDone)
	if len(d.log) != 1 {
		t.Errorf("sent: %s", verbs(d))
	}
	refused := r.Changes[2].Operations[0].Result.Refused
	if len(refused) != 1 || !strings.Contains(refused[0].Err.Error(), "was not made") {
		t.Errorf("refused: %+v", refused)
	}
}

func TestRedactedValuesAreNotSent(t *testing.T) {
	d := newDirectory(groups)
	g := d.put("group", below("g", groups))
	c := update(g, "extensionAttribute9", "", "x")
	c.Edits[0].After = []planner.Datum{{Hash: "hmac:1", Length: 3}}
	before := update(g, "extensionAttribute9", "", "x")
	before.Address, before.Edits[0].Before = "writeback.w[2]", []planner.Datum{{Hash: "hmac:1", Length: 3}}
	r := carryOut(t, plan(c, before), d, nil)
	wantOutcomes(t, r, OutcomeFailed, OutcomeFailed)
	if len(d.log) != 0 || !strings.Contains(r.Changes[0].Cause, "extensionAttribute9 is redacted") {
		t.Errorf("sent %s; %s", verbs(d), r.Changes[0].Cause)
	}
}

func TestNameOfAnObjectThatIsDeletedLater(t *testing.T) {
	d := newDirectory(groups)
	old := d.put("group", below("g", groups))
	p := plan(creation("n", below("g", groups)), deletion(old))
	r := carryOut(t, p, d, nil)
	wantOutcomes(t, r, OutcomeNotDone, OutcomeDone)
	if !strings.Contains(r.Changes[0].Cause, "plan and apply again") {
		t.Errorf("cause: %s", r.Changes[0].Cause)
	}
	wantOutcomes(t, carryOut(t, plan(p.Changes[0]), &directory{entries: d.entries, next: d.next}, nil), OutcomeDone)
}

func TestDeletesChildrenFirst(t *testing.T) {
	d := newDirectory(groups, "OU=X,"+groups)
	ou := d.at("OU=X," + groups)
	child := d.put("group", below("c", ou.dn))
	wantOutcomes(t, carryOut(t, plan(deletion(ou), deletion(child)), d, nil), OutcomeDone, OutcomeDone)
}

func TestOutage(t *testing.T) {
	d, elsewhere := newDirectory(groups), newDirectory(groups)
	var changes []planner.Change
	for i := range 20 {
		changes = append(changes, creation(fmt.Sprint(i), below(fmt.Sprint(i), groups)))
	}
	for i := range 10 {
		c := creation(fmt.Sprint("e", i), below(fmt.Sprint(i), groups))
		c.Provider = "provider.ad.emea"
		changes = append(changes, c)
	}
	answers := []planner.Result{
		{Status: planner.StatusUnknown, Err: io.ErrUnexpectedEOF},
		{Status: planner.StatusFailed, Err: io.EOF},
		{Status: planner.StatusFailed, Code: 52, Err: errors.New("unavailable")},
	}
	d.trouble = func(n int, _ planner.Operation) (planner.Result, bool) { return answers[n%3], n > 3 }
	j := &journal{}
	r, err := Run(context.Background(), plan(changes...), Options{
		Writers: map[string]planner.Writer{corp: d, "provider.ad.emea": elsewhere}, Journal: j, backoff: atOnce,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.log) != 4+defaultOutageLimit || len(elsewhere.log) != 10 {
		t.Errorf("%d attempts here, %d elsewhere", len(d.log), len(elsewhere.log))
	}
	if len(r.Stops) != 1 || r.Stops[0].Reason != StopOutage || r.Stops[0].Provider != corp {
		t.Errorf("stops: %+v", r.Stops)
	}
	// Four attempts of one operation, and one of the next.
	if c := r.Counts(); c.Done != 14 || c.Failed+c.Unknown != 2 || c.NotDone != 14 {
		t.Errorf("counts: %+v", c)
	}
	if len(j.footers) != 1 || len(j.footers[0].Stops) != 1 {
		t.Errorf("footers: %+v", j.footers)
	}
}

func TestRefusalsAreNoOutage(t *testing.T) {
	d := newDirectory(groups)
	var changes []planner.Change
	for i := range 20 {
		changes = append(changes, creation(fmt.Sprint(i), below(fmt.Sprint(i), groups)))
	}
	d.trouble = func(int, planner.Operation) (planner.Result, bool) { return refused(50, "insufficient access"), true }
	if r := carryOut(t, plan(changes...), d, nil); len(r.Stops) != 0 || len(d.log) != 20 {
		t.Errorf("stops: %+v after %d operations", r.Stops, len(d.log))
	}
}

func TestNonsenseFromAWriterIsUnknown(t *testing.T) {
	d := newDirectory(groups)
	answers := map[string]planner.Result{below("a", groups): {}, below("b", groups): {Status: "maybe"}, below("c", groups): {Status: planner.StatusFailed}}
	d.trouble = func(_ int, op planner.Operation) (planner.Result, bool) { return answers[op.DNAfter], true }
	r := carryOut(t, plan(creation("a", below("a", groups)), creation("b", below("b", groups)), creation("c", below("c", groups))), d,
		func(o *Options) { o.OutageLimit = 100 })
	wantOutcomes(t, r, OutcomeUnknown, OutcomeUnknown, OutcomeFailed)
	for _, c := range r.Changes {
		if c.Cause == "" {
			t.Errorf("%s has no cause", c.Change.Address)
		}
	}
}

func TestDamagedChangesAreNotSent(t *testing.T) {
	d := newDirectory(groups)
	g := d.put("group", below("g", groups))
	damaged := map[string]func() planner.Change{
		"unknown action": func() planner.Change { return of(g, "explode") },
		"no action":      func() planner.Change { return of(g) },
		"both":           func() planner.Change { return of(g, planner.ActionCreate, planner.ActionDelete) },
		"delete, update": func() planner.Change { return of(g, planner.ActionUpdate, planner.ActionDelete) },
		"no anchor":      func() planner.Change { c := deletion(g); c.Anchor = nil; return c },
		"nowhere":        func() planner.Change { c := move(g, "x"); c.DN.After = nil; return c },
		"from nowhere":   func() planner.Change { c := move(g, "x"); c.DN.Before = nil; return c },
		"no place":       func() planner.Change { return creation("n", "") },
	}
	for name, change := range damaged {
		t.Run(name, func(t *testing.T) {
			r := carryOut(t, plan(change()), d, nil)
			wantOutcomes(t, r, OutcomeFailed)
			if len(d.log) != 0 || r.Changes[0].Cause == "" {
				t.Errorf("sent %s; cause %q", verbs(d), r.Changes[0].Cause)
			}
		})
	}
}

func TestUnusableOptions(t *testing.T) {
	d := newDirectory(groups)
	p := plan(creation("n", below("n", groups)))
	good := func() Options {
		return Options{Writers: map[string]planner.Writer{corp: d}, Journal: &journal{}}
	}
	tests := map[string]struct {
		change func(*Options)
		want   string
	}{
		"no journal":  {func(o *Options) { o.Journal = nil }, "journal"},
		"no writer":   {func(o *Options) { o.Writers = nil }, corp},
		"bad onstale": {func(o *Options) { o.OnStale = "ask" }, "ask"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := good()
			test.change(&o)
			r, err := Run(context.Background(), p, o)
			if err == nil || r != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
	o := good()
	o.Writers = nil
	if _, err := Run(context.Background(), plan(blocked(p.Changes[0])), o); err != nil {
		t.Errorf("a blocked change needs no writer: %v", err)
	}
	if len(d.log) != 0 {
		t.Error("something was sent")
	}
}

func TestNothingIsSentWithoutARecord(t *testing.T) {
	d := newDirectory(groups)
	j := &journal{failAt: 2}
	r, err := Run(context.Background(), plan(creation("a", below("a", groups)), creation("b", below("b", groups)), creation("c", below("c", groups))),
		Options{Writers: map[string]planner.Writer{corp: d}, Journal: j})
	if err == nil || r == nil {
		t.Fatalf("%v, %v", r, err)
	}
	wantOutcomes(t, r, OutcomeDone, OutcomeNotDone, OutcomeNotDone)
	if len(d.log) != 1 || r.Stops[0].Reason != StopJournal {
		t.Errorf("sent %s; %+v", verbs(d), r.Stops)
	}
}

func TestEntriesWaitForTheJournalTogether(t *testing.T) {
	const n = 4
	d := newDirectory(groups)
	var waiting sync.WaitGroup
	waiting.Add(n)
	j := &journal{hold: func(Entry) {
		waiting.Done()
		waiting.Wait() // goes on when all of them are here: it would hang if one held the others up
	}}
	var changes []planner.Change
	for i := range n {
		changes = append(changes, creation(fmt.Sprint(i), below(fmt.Sprint(i), groups)))
	}
	r, err := Run(t.Context(), plan(changes...), Options{Writers: map[string]planner.Writer{corp: d}, Journal: j, Parallelism: map[string]int{corp: n}})
	if err != nil || r.Counts().Done != n {
		t.Errorf("%v, %+v", err, r.Counts())
	}
}

func TestWhatWaitsForTheJournalIsNotSentAfterAStop(t *testing.T) {
	d := newDirectory(groups)
	ctx, cancel := context.WithCancel(t.Context())
	j := &journal{hold: func(Entry) { cancel() }}
	r, err := Run(ctx, plan(creation("a", below("a", groups))), Options{Writers: map[string]planner.Writer{corp: d}, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, r, OutcomeNotDone)
	if len(d.log) != 0 || len(j.after) != 1 || j.after[0].Result.Status != StatusNotDone || j.after[0].Result.Error == "" {
		t.Errorf("sent %s; the journal ends with %+v", verbs(d), j.after)
	}
}

func TestAbort(t *testing.T) {
	d := newDirectory(groups)
	ctx, cancel := context.WithCancel(context.Background())
	d.sent = func(n int) {
		if n == 1 {
			cancel()
		}
	}
	r, err := Run(ctx, plan(creation("a", below("a", groups)), creation("b", below("b", groups)), creation("c", below("c", groups))),
		Options{Writers: map[string]planner.Writer{corp: d}, Journal: &journal{}})
	if err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, r, OutcomeDone, OutcomeFailed, OutcomeNotDone)
	if !r.Interrupted() || r.Stops[0].Reason != StopAborted {
		t.Errorf("stops: %+v", r.Stops)
	}
}

func TestOutagesCountOnlyInARow(t *testing.T) {
	d := newDirectory(groups)
	var changes []planner.Change
	for i := range 20 {
		changes = append(changes, creation(fmt.Sprint(i), below(fmt.Sprint(i), groups)))
	}
	// Every operation but the first one is answered when it is sent for the fourth time.
	d.trouble = func(n int, _ planner.Operation) (planner.Result, bool) {
		return planner.Result{Status: planner.StatusUnknown, Err: io.EOF}, n%tries != 0
	}
	r := carryOut(t, plan(changes...), d, nil)
	if len(r.Stops) != 0 || r.Counts().Done != 20 || len(d.log) != 1+19*tries {
		t.Errorf("stops: %+v, counts %+v after %d attempts", r.Stops, r.Counts(), len(d.log))
	}
}

func TestMembersAfterAMoveWithoutAnswer(t *testing.T) {
	d := newDirectory(groups)
	g, nested := d.put("group", below("g", groups)), d.put("group", below("nested", groups))
	to := below("elsewhere", groups)
	c := of(g, planner.ActionMembers)
	c.Members = &planner.Members{Add: []planner.MemberChange{{DN: to, ID: nested.anchor}}}
	d.trouble = func(_ int, op planner.Operation) (planner.Result, bool) {
		if op.Verb != planner.VerbMove {
			return planner.Result{}, false
		}
		d.carryOut(op)
		return planner.Result{Status: planner.StatusUnknown}, true
	}
	wantOutcomes(t, carryOut(t, plan(move(nested, to), c), d, func(o *Options) { o.OutageLimit = 100 }), OutcomeUnknown, OutcomeDone)
	if !g.members[nested.anchor] {
		t.Error("nobody knows where the member is; the plan's name was the best guess")
	}
}
