package ad

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

// testAgain sends each operation as one that was tried before: when it has not
// happened, when it has, and when something else has happened instead.
func testAgain(t *testing.T, f *fixture) {
	for name, operation := range cutOperations() {
		op, happened := operation(t, f, "again-"+name)
		op.Again = true
		first := f.write(t, planner.StatusDone, op)
		if !happened(first) {
			t.Errorf("%s: reported, and not done", name)
		}
		if second := f.write(t, planner.StatusDone, op); second.Anchor != first.Anchor || !happened(second) {
			t.Errorf("%s a second time: anchor %q, first %q", name, second.Anchor, first.Anchor)
		}
	}
	anchor := f.group(t, "CN=again,OU=Groups")
	at := dnOf("CN=again,OU=Groups")
	update := planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: anchor, DNAfter: at, Again: true,
		Edits: []planner.Edit{edit("displayName", one("Older"), one("Newer"))}}
	if r := f.d.Write(t.Context(), update); r.Status != planner.StatusUnknown || r.Err == nil {
		t.Errorf("a value that is neither the old nor the new one: %s %v", r.Status, r.Err)
	}
	create := planner.Operation{Verb: planner.VerbCreate, ObjectType: "group", DNAfter: at, Again: true, Edits: []planner.Edit{edit("adminDescription", nil, one("Group_other"))}}
	if r := f.d.Write(t.Context(), create); r.Status != planner.StatusStale {
		t.Errorf("the name is another object's: %s %v", r.Status, r.Err)
	}
	away := planner.Operation{Verb: planner.VerbMove, ObjectType: "group", Anchor: anchor, DNBefore: dnOf("CN=elsewhere,OU=Groups"), DNAfter: dnOf("CN=again,OU=Back"), Again: true}
	if r := f.d.Write(t.Context(), away); r.Status != planner.StatusUnknown {
		t.Errorf("it is neither here nor there: %s %v", r.Status, r.Err)
	}
}

// testSideBySide writes from several goroutines on one connection: each operation
// ends as it would alone, and of those that want to change one value from the same
// state, one does.
func testSideBySide(t *testing.T, f *fixture) {
	const n = 8
	anchor := f.group(t, "CN=contested,OU=Groups")
	var wg sync.WaitGroup
	results := make([]planner.Result, n)
	for i := range n {
		wg.Go(func() {
			at := fmt.Sprintf("CN=side%d,OU=Groups", i)
			created := f.d.Write(t.Context(), planner.Operation{Verb: planner.VerbCreate, ObjectType: "group", DNAfter: dnOf(at), Edits: []planner.Edit{
				edit("adminDescription", nil, one("Group_"+at)), edit("groupType", nil, one("8"))}})
			for step, op := range []planner.Operation{
				{Verb: planner.VerbUpdate, DNAfter: dnOf(at), Edits: []planner.Edit{edit("displayName", nil, one("New"))}},
				{Verb: planner.VerbMembers, DNAfter: dnOf(at), Add: []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}, {DN: dnOf("CN=u1,OU=People")}}},
				{Verb: planner.VerbMembers, DNAfter: dnOf(at), Remove: []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}}},
				{Verb: planner.VerbMove, DNBefore: dnOf(at), DNAfter: dnOf(fmt.Sprintf("CN=side%d,OU=Back", i))},
				{Verb: planner.VerbDelete, DNBefore: dnOf(fmt.Sprintf("CN=side%d,OU=Back", i)), Mark: "Group_" + at},
			} {
				op.ObjectType, op.Anchor = "group", created.Anchor
				if r := f.d.Write(t.Context(), op); r.Status != planner.StatusDone || len(r.Refused) > 0 {
					t.Errorf("%s, step %d: %s %v", at, step, r.Status, r.Err)
				}
			}
			results[i] = f.d.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: anchor, DNAfter: dnOf("CN=contested,OU=Groups"),
				Edits: []planner.Edit{edit("displayName", one("Old"), one(fmt.Sprint("New ", i)))}})
		})
	}
	wg.Wait()
	_, values := f.attributes(t, anchor, "displayName")
	won := 0
	for i, r := range results {
		switch r.Status {
		case planner.StatusDone:
			won++
			if got := values["displayName"][0]; got != fmt.Sprint("New ", i) {
				t.Errorf("writer %d was told that it is done, and the value is %q", i, got)
			}
		case planner.StatusStale:
		default:
			t.Errorf("writer %d: %s %v", i, r.Status, r.Err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d writers were told that they changed the same value", won, n)
	}
}

// When the connection breaks under several operations, each of them learns for
// itself what became of it.
func TestSideBySideCut(t *testing.T) {
	server, c, _ := startForest(t, liveRecords(), forest.Options{})
	p := newCutter(t, &c)
	d, direct := openTest(t, c), &fixture{d: openTest(t, c)}
	for round := range 12 {
		const n = 6
		server.SetFaults(forest.Faults{Delay: time.Millisecond})
		p.arm(3+round, round%2 == 0, false)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				at := fmt.Sprintf("CN=cut%d-%d,OU=Groups", round, i)
				op := planner.Operation{Verb: planner.VerbCreate, ObjectType: "group", DNAfter: dnOf(at), Edits: []planner.Edit{
					edit("adminDescription", nil, one("Group_"+at)), edit("groupType", nil, one("8"))}}
				for attempt := 0; ; attempt++ {
					r := d.Write(t.Context(), op)
					if r.Status == planner.StatusDone {
						return
					}
					if r.Status == planner.StatusStale || attempt == 10 {
						t.Errorf("%s: %s %v", at, r.Status, r.Err)
						return
					}
					op.Again = true
				}
			})
		}
		wg.Wait()
		p.arm(0, false, false)
		for i := range n {
			s := newSpace()
			dn := dnOf(fmt.Sprintf("CN=cut%d-%d,OU=Groups", round, i))
			if err := direct.d.Find(t.Context(), groupRequest(false), "distinguishedName", one(dn), s); err != nil || s.Absent("distinguishedName", dn) {
				t.Errorf("%s is not there: %v", dn, err)
			}
		}
	}
}

// Of many operations that find the connection broken, one asks the server, and a
// login that was refused is not tried again.
func TestReconnecting(t *testing.T) {
	_, c, _ := startForest(t, liveRecords(), forest.Options{})
	p := newCutter(t, &c)
	d := openTest(t, c)
	f := &fixture{d: d}
	anchor := f.group(t, "CN=reconnect,OU=Groups")
	op := planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: anchor, DNAfter: dnOf("CN=reconnect,OU=Groups"), Edits: []planner.Edit{edit("info", nil, one("x"))}}
	d.config.Password = "changed meanwhile"
	d.writer.conn.close()
	p.arm(0, false, false)
	for range 5 {
		r := d.Write(t.Context(), op)
		if r.Status != planner.StatusFailed || r.Code != 49 || !strings.Contains(r.Err.Error(), "password") {
			t.Errorf("%s %d %v", r.Status, r.Code, r.Err)
		}
	}
	if answers, _ := p.count(); answers != 1 {
		t.Errorf("%d answers to logins with the wrong password", answers)
	}
}
