package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// untruthful compares report, journal and what the directory saw; it returns the
// first contradiction.
func untruthful(r *Report, j *journal, d *directory) string {
	if len(j.before) != len(d.log) || len(j.after) != len(d.log) || len(j.footers) != 1 {
		return fmt.Sprintf("%d operations arrived; the journal has %d starts, %d ends and %d footers", len(d.log), len(j.before), len(j.after), len(j.footers))
	}
	place, attempts := map[int]int{}, map[int]int{}
	for i, e := range j.before {
		if attempts[e.Number]++; e.Number == 0 || max(e.Attempt, 1) != attempts[e.Number] || (e.Attempt == 0) != (e.Operation != nil) {
			return fmt.Sprintf("attempt %d of operation %d starts as %+v", attempts[e.Number], e.Number, e)
		}
		place[e.Number] = i
	}
	ended := map[int]Entry{}
	for _, e := range j.after {
		ended[e.Number] = e
	}
	seen := 0
	for _, c := range r.Changes {
		if c.Change.Blocked != nil && (c.Outcome != OutcomeBlocked || len(c.Operations) > 0) {
			return c.Change.Address + " is blocked, and reported as " + string(c.Outcome)
		}
		for _, o := range c.Operations {
			i, sent := place[o.Number]
			if !sent {
				if o.Status != StatusNotDone && o.Status != StatusFailed || o.Cause == "" {
					return fmt.Sprintf("operation %d never arrived and is %q (%s)", o.Number, o.Status, o.Cause)
				}
				continue
			}
			seen += o.Attempts
			arrived := d.log[i]
			if o.Attempts != attempts[o.Number] || arrived.op.Again && o.Attempts == 1 {
				return fmt.Sprintf("operation %d started %d times, and %d attempts are reported", o.Number, attempts[o.Number], o.Attempts)
			}
			if arrived.op.Verb != o.Operation.Verb || arrived.op.Anchor != o.Operation.Anchor || arrived.op.DNAfter != o.Operation.DNAfter {
				return fmt.Sprintf("operation %d arrived as %+v, and is reported as %+v", o.Number, arrived.op, o.Operation)
			}
			if known := Status(arrived.result.Status); known != o.Status && o.Status != StatusUnknown || ended[o.Number].Result.Status != o.Status {
				return fmt.Sprintf("operation %d ended %s, and is reported as %s and recorded as %s", o.Number, known, o.Status, ended[o.Number].Result.Status)
			}
		}
		if c.Outcome == OutcomeDone != (c.Cause == "") {
			return fmt.Sprintf("%s is %s with the cause %q", c.Change.Address, c.Outcome, c.Cause)
		}
	}
	if seen != len(d.log) {
		return fmt.Sprintf("%d operations arrived, %d are reported", len(d.log), seen)
	}
	return ""
}

// wanted is one group as it should be.
type wanted struct {
	mark    string
	dn      string
	info    string
	members []string // marks, or anchors of users
}

// world is a directory and what it should become.
type world struct {
	d    *directory
	ous  []string
	want []wanted
}

const markAttribute = "adminDescription"

// markOf is the mark of the nth group.
func markOf(n int) string { return fmt.Sprintf("Group_11111111-0000-4000-8000-%012d", n) }

// anyWorld draws few names, so that they are exchanged, freed and taken often.
func anyWorld() *rapid.Generator[*world] {
	return rapid.Custom(func(t *rapid.T) *world {
		w := &world{d: newDirectory(groups, people), ous: []string{groups}}
		ous := []string{groups, "OU=A," + groups, "OU=B,OU=A," + groups}
		for _, ou := range ous[1:] {
			switch rapid.IntRange(0, 2).Draw(t, "ou") {
			case 0:
				if w.d.at(strings.SplitN(ou, ",", 2)[1]) != nil {
					w.d.put(objectTypeOU, ou)
				}
			}
		}
		var users []string
		for i := range 3 {
			users = append(users, w.d.put("user", below(fmt.Sprint("user", i), people)).anchor)
		}
		var names []string
		for _, ou := range ous {
			for i := range 3 {
				names = append(names, below(fmt.Sprint(i), ou))
			}
		}
		n := rapid.IntRange(1, 7).Draw(t, "groups")
		w.present(t, rapid.Permutation(names).Draw(t, "present"), users, n)
		w.future(t, rapid.Permutation(names).Draw(t, "future"), users, n)
		return w
	})
}

// present fills the directory with marked groups, some of them deleted.
func (w *world) present(t *rapid.T, names, users []string, n int) {
	for i := range n {
		if w.d.at(strings.SplitN(names[i], ",", 2)[1]) == nil || rapid.IntRange(0, 3).Draw(t, "absent") == 0 {
			continue
		}
		e := w.d.put("group", names[i])
		e.attributes[markAttribute] = markOf(i)
		e.attributes["info"] = rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "info")
		for _, u := range rapid.SliceOfDistinct(rapid.SampledFrom(users), rapid.ID).Draw(t, "members") {
			e.members[u] = true
		}
		if rapid.IntRange(0, 4).Draw(t, "deleted") == 0 {
			e.deleted = true
		}
	}
}

// future draws what should be. A name whose holder is to be deleted is not given
// away: that takes a second run.
func (w *world) future(t *rapid.T, names, users []string, n int) {
	doomed := map[string]bool{}
	live := map[string]bool{}
	for i := range n {
		live[markOf(i)] = rapid.IntRange(0, 4).Draw(t, "wanted") > 0
	}
	for _, e := range w.d.entries {
		if mark := e.attributes[markAttribute]; mark != "" && !e.deleted && !live[mark] {
			doomed[planner.DNKey(e.dn)] = true
		}
	}
	var marks []string
	for _, dn := range names {
		mark := markOf(len(marks))
		if doomed[planner.DNKey(dn)] || len(marks) == n {
			continue
		}
		marks = append(marks, mark)
		if !live[mark] {
			continue
		}
		w.want = append(w.want, wanted{mark: mark, dn: dn, info: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "info")})
		for d, _ := planner.ParseDN(dn); d.Parent().Len() > 3; d = d.Parent() {
			if ou := d.Parent().String(); !slices.Contains(w.ous, ou) {
				w.ous = append(w.ous, ou)
			}
		}
	}
	for i := range w.want {
		pool := slices.Clone(users)
		for _, other := range w.want {
			pool = append(pool, other.mark)
		}
		w.want[i].members = rapid.SliceOfDistinct(rapid.SampledFrom(pool), rapid.ID).Draw(t, "wanted members")
	}
}

// plan is the difference between what is and what should be.
func (w *world) plan() *planner.Plan {
	p := &planner.Plan{}
	for _, ou := range w.ous {
		if w.d.at(ou) == nil {
			p.Changes = append(p.Changes, ouCreation(ou))
		}
	}
	holder := map[string]*entry{}
	for _, e := range w.d.sorted() {
		if mark := e.attributes[markAttribute]; mark != "" && (holder[mark] == nil || !e.deleted) {
			holder[mark] = e
		}
	}
	names := map[string]string{}
	for _, v := range w.want {
		names[v.mark] = v.dn
	}
	for _, v := range w.want {
		if c := w.difference(v, holder, names); len(c.Actions) > 0 {
			p.Changes = append(p.Changes, c)
		}
	}
	for _, e := range w.d.sorted() {
		if mark := e.attributes[markAttribute]; mark != "" && !e.deleted && names[mark] == "" {
			c := deletion(e)
			c.Address = "writeback.w[" + mark + "]"
			p.Changes = append(p.Changes, c)
		}
	}
	return p
}

func (w *world) difference(v wanted, holder map[string]*entry, names map[string]string) planner.Change {
	e := holder[v.mark]
	members := &planner.Members{}
	is := map[string]bool{}
	if e != nil {
		is = e.members
	}
	should := map[string]bool{}
	for _, m := range v.members {
		if o := w.d.entries[m]; o != nil {
			should[m] = true
			if !is[m] {
				members.Add = append(members.Add, member(o))
			}
			continue
		}
		id := m
		if o := holder[m]; o != nil {
			id, should[o.anchor] = o.anchor, true
			if is[o.anchor] {
				continue
			}
		}
		members.Add = append(members.Add, planner.MemberChange{DN: names[m], ID: id, Name: m})
	}
	for _, o := range w.d.sorted() {
		if is[o.anchor] && !should[o.anchor] && !o.deleted {
			members.Remove = append(members.Remove, member(o))
		}
	}
	var c planner.Change
	switch {
	case e == nil:
		c = creation(v.mark, v.dn)
		c.Edits = []planner.Edit{{Attribute: markAttribute, After: planner.Texts(v.mark)}}
		if v.info != "" {
			c.Edits = append(c.Edits, planner.Edit{Attribute: "info", After: planner.Texts(v.info)})
		}
	default:
		c = of(e)
		if e.deleted {
			c.Actions = append(c.Actions, planner.ActionRestore)
		} else if e.dn != v.dn {
			c.Actions = append(c.Actions, planner.ActionMove)
		}
		dn := v.dn
		c.DN.After = &dn
		if e.attributes["info"] != v.info {
			c.Actions = append(c.Actions, planner.ActionUpdate)
			c.Edits = []planner.Edit{{Attribute: "info", Before: data(e.attributes["info"]), After: data(v.info)}}
		}
	}
	c.Address = "writeback.w[" + v.mark + "]"
	if len(members.Add)+len(members.Remove) > 0 {
		c.Actions = append(c.Actions, planner.ActionMembers)
		c.Members = members
	}
	return c
}

// run carries out a plan and fails the test at any contradiction.
func (w *world) run(t *rapid.T, p *planner.Plan, change func(*Options)) *Report {
	w.d.log = nil
	j := &journal{}
	o := Options{Writers: map[string]planner.Writer{corp: w.d}, Journal: j, Parallelism: map[string]int{corp: rapid.SampledFrom([]int{0, 1, 8}).Draw(t, "parallelism")}, backoff: atOnce}
	if change != nil {
		change(&o)
	}
	r, err := Run(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if o.Parallelism[corp] <= 1 { // else the order of arrival is not the order of the journal
		if problem := untruthful(r, j, w.d); problem != "" {
			t.Fatal(problem)
		}
	}
	if problem := disorder(w.d.log); problem != "" {
		t.Fatalf("%s: %s", problem, verbs(w.d))
	}
	if left := Confirm(p, r, w.plan()); len(left) > 0 {
		t.Fatalf("reported as done, and still to do: %s %+v", left[0].Address, left[0].Pending)
	}
	return r
}

// disorder finds an operation that came too early.
func disorder(log []logged) string {
	rank := func(op planner.Operation) int {
		switch op.Verb {
		case planner.VerbCreate, planner.VerbRestore, planner.VerbMove:
			if op.ObjectType == objectTypeOU {
				return 0
			}
			return 1
		case planner.VerbUpdate:
			return 2
		case planner.VerbMembers:
			if len(op.Add) > 0 {
				return 3
			}
			return 4
		default:
			return 5
		}
	}
	for i, l := range log[min(1, len(log)):] {
		before := log[i]
		if rank(before.op) > rank(l.op) {
			return fmt.Sprintf("%s came after %s", l.op.Verb, before.op.Verb)
		}
		if rank(l.op) == 0 && depth(before.op.DNAfter) > depth(l.op.DNAfter) {
			return "a child came before its parent"
		}
	}
	return ""
}

func TestRunReachesWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld().Draw(t, "world")
		r := w.run(t, w.plan(), nil)
		for _, c := range r.Changes {
			if c.Outcome != OutcomeDone {
				t.Fatalf("%s is %s: %s", c.Change.Address, c.Outcome, c.Cause)
			}
		}
		if left := w.plan(); len(left.Changes) > 0 {
			t.Fatalf("still to do: %+v", left.Changes[0])
		}
	})
}

func TestBlockedChangesStayUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld().Draw(t, "world")
		p := w.plan()
		untouched := map[string]string{}
		for i := range p.Changes {
			if rapid.Bool().Draw(t, "blocked") {
				p.Changes[i] = blocked(p.Changes[i])
				if a := p.Changes[i].Anchor; a != nil {
					untouched[*a] = w.d.entries[*a].String()
				}
			}
		}
		r := w.run(t, p, nil)
		for anchor, was := range untouched {
			if is := w.d.entries[anchor].String(); is != was {
				t.Fatalf("blocked, and changed from %s to %s", was, is)
			}
		}
		for _, c := range r.Changes {
			if c.Outcome == OutcomeFailed || c.Outcome == OutcomeStale {
				t.Fatalf("%s was sent to be refused: %s", c.Change.Address, c.Cause)
			}
		}
		w.converge(t)
	})
}

func (e *entry) String() string {
	return fmt.Sprint(e.dn, e.deleted, e.attributes, len(e.members))
}

// converge runs again until nothing differs; circles that were cut open and
// names of failed deletes may need more than one run.
func (w *world) converge(t *rapid.T) {
	w.d.sent, w.d.trouble = nil, nil
	for range 3 {
		p := w.plan()
		if len(p.Changes) == 0 {
			return
		}
		w.run(t, p, nil)
	}
	if p := w.plan(); len(p.Changes) > 0 {
		t.Fatalf("does not converge: %+v", p.Changes[0])
	}
}

func TestInterruptAtEveryOperation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld().Draw(t, "world")
		p := w.plan()
		total := 0
		for i := range p.Changes {
			o := &object{change: &p.Changes[i], report: &ChangeReport{}}
			steps, err := o.steps()
			if err != nil {
				t.Fatal(err)
			}
			total += len(steps)
		}
		at := rapid.IntRange(0, total).Draw(t, "at")
		interrupt := make(chan struct{})
		w.d.sent = func(n int) {
			if n == at {
				close(interrupt)
			}
		}
		r := w.run(t, p, func(o *Options) { o.Interrupt, o.Parallelism = interrupt, nil })
		if len(w.d.log) > at+1 {
			t.Fatalf("interrupted during operation %d, and %d were sent", at, len(w.d.log))
		}
		if r.Interrupted() != (r.Counts().NotDone+r.Counts().Partly > 0) {
			t.Fatalf("interrupted: %v, counts: %+v", r.Interrupted(), r.Counts())
		}
		w.converge(t)
	})
}

func TestTroubleAtAnyOperation(t *testing.T) {
	answers := []planner.Result{
		refused(50, "insufficient access"), stale("somebody was faster"), {Status: planner.StatusUnknown}, refused(52, "unavailable"), {},
	}
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld().Draw(t, "world")
		seed := rapid.SliceOfN(rapid.IntRange(0, 12), 40, 40).Draw(t, "trouble")
		w.d.trouble = func(n int, op planner.Operation) (planner.Result, bool) {
			i := seed[n%len(seed)]
			if i >= len(answers) {
				return planner.Result{}, false
			}
			if answers[i].Status == planner.StatusUnknown && n%2 == 0 {
				w.d.carryOut(op) // done, and the answer was lost
			}
			return answers[i], true
		}
		onStale := rapid.SampledFrom([]string{OnStaleSkip, OnStaleFail}).Draw(t, "on stale")
		r := w.run(t, w.plan(), func(o *Options) { o.OnStale, o.OutageLimit = onStale, 2 })
		if n := r.Counts(); onStale == OnStaleFail && n.Stale > 0 && !r.StoppedStale() && len(r.Stops) == 0 {
			t.Fatalf("stale, and not stopped: %+v", n)
		}
		w.converge(t)
	})
}
