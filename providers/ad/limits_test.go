package ad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

// crowd is n users and one group of them all, with many addresses.
func crowd(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dn: OU=Crowd,%s\nobjectClass: organizationalUnit\n\n", samba.BaseDN)
	for i := range n {
		fmt.Fprintf(&b, "dn: CN=p%d,OU=Crowd,%s\nobjectClass: user\nsAMAccountName: p%d\n\n", i, samba.BaseDN, i)
	}
	fmt.Fprintf(&b, "dn: CN=all,OU=Crowd,%s\nobjectClass: group\ngroupType: 8\nadminDescription: Group_all\n", samba.BaseDN)
	for i := range n {
		fmt.Fprintf(&b, "member: CN=p%d,OU=Crowd,%s\nproxyAddresses: smtp:p%d@example.com\n", i, samba.BaseDN, i)
	}
	return b.String() + "\n"
}

func crowdRequest() planner.Request {
	return planner.Request{Types: []planner.TypeRequest{
		{Type: "group", All: true, Attributes: one("proxyAddresses"), References: one("member")},
		{Type: "user", All: true, Attributes: one("sAMAccountName")},
	}}
}

// readCrowd reads everything and returns the group.
func readCrowd(ctx context.Context, d *Directory) (*planner.Space, planner.ObjectID, error) {
	s := newSpace()
	if err := d.Read(ctx, crowdRequest(), s); err != nil {
		return nil, 0, err
	}
	g := s.ByName(dnOf("CN=all,OU=Crowd"))
	if g == planner.NoObject {
		return s, g, errors.New("the group was not read")
	}
	return s, g, d.ReadReferences(ctx, crowdRequest(), []planner.ObjectID{g}, one("member"), s)
}

func TestPagesAndRanges(t *testing.T) {
	for _, faults := range []forest.Faults{{MaxPageSize: 3, MaxValRange: 5}, {MaxPageSize: 1, MaxValRange: 6}, {MaxPageSize: 26, MaxValRange: 26}, {}} {
		_, c, _ := startForest(t, crowd(26), forest.Options{Faults: faults})
		s, g, err := readCrowd(t.Context(), openTest(t, c))
		if err != nil {
			t.Fatal(err)
		}
		members, read := s.References(g, "member")
		if !read || len(members) != 26 {
			t.Errorf("%+v: %d members", faults, len(members))
		}
		for _, m := range members {
			if s.Type(m) != "user" {
				t.Errorf("%+v: %s is a %q", faults, s.Name(m), s.Type(m))
			}
		}
		addresses := s.Values(g, "proxyAddresses")
		slices.Sort(addresses)
		if len(slices.Compact(addresses)) != 26 {
			t.Errorf("%+v: %d addresses", faults, len(addresses))
		}
	}
}

// A membership that changes while it is read in parts is read anew: half of the
// old one with half of the new one is a membership that never was.
func TestRangeRestarts(t *testing.T) {
	_, c, _ := startForest(t, crowd(20), forest.Options{Faults: forest.Faults{MaxValRange: 3}})
	direct := openTest(t, c)
	s, g, err := readCrowd(t.Context(), direct)
	if err != nil {
		t.Fatal(err)
	}
	writes, person := 0, 0
	change := func() {
		op := planner.Operation{Verb: planner.VerbMembers, ObjectType: "group", Anchor: s.Anchor(g), DNAfter: s.Name(g),
			Remove: []planner.MemberChange{{DN: dnOf(fmt.Sprintf("CN=p%d,OU=Crowd", person))}}}
		if r := direct.Write(t.Context(), op); r.Status != planner.StatusDone {
			t.Error(r.Err)
		}
		writes++
		person++
	}
	p := newCutter(t, &c)
	d := openTest(t, c)
	for _, limit := range []int{1, 2, 100} {
		writes = 0
		space := newSpace()
		o := space.Add("group", s.Anchor(g), s.Name(g), planner.Live)
		p.mu.Lock()
		p.change = func(n int, message []byte) []byte {
			if writes < limit && strings.Contains(string(message), ";range=3-") {
				change()
			}
			return message
		}
		p.mu.Unlock()
		err := d.ReadReferences(t.Context(), crowdRequest(), []planner.ObjectID{o}, one("member"), space)
		if limit == 100 {
			if err == nil || !strings.Contains(err.Error(), "keeps changing") {
				t.Errorf("a group that never is quiet: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		fresh, group, err := readCrowd(t.Context(), direct)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := fresh.References(group, "member")
		if got, _ := space.References(o, "member"); len(got) != len(want) || writes != limit {
			t.Errorf("%d members after %d changes, want %d", len(got), writes, len(want))
		}
	}
}

func TestMemberBatches(t *testing.T) {
	const people = 2500
	_, c, _ := startForest(t, crowd(people), forest.Options{})
	f := &fixture{d: openTest(t, c)}
	r := f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf("CN=batches,OU=Crowd"), Edits: []planner.Edit{edit("groupType", nil, one("8"))}})
	var all []planner.MemberChange
	for i := range people {
		all = append(all, planner.MemberChange{DN: dnOf(fmt.Sprintf("CN=p%d,OU=Crowd", i))})
	}
	bad := []planner.MemberChange{{DN: dnOf("CN=nobody,OU=Crowd")}, {DN: "this is no name"}, {DN: dnOf("CN=nobody2,OU=Crowd")}}
	list := slices.Concat(all[:7], bad[:1], all[7:1500], bad[1:2], all[1500:], bad[2:])
	op := planner.Operation{Verb: planner.VerbMembers, Anchor: r.Anchor, DNAfter: dnOf("CN=batches,OU=Crowd"), Add: list}
	refused := func(r planner.Result) (names []string) {
		for _, m := range r.Refused {
			names = append(names, m.Member.DN)
		}
		return names
	}
	want := []string{bad[0].DN, bad[1].DN, bad[2].DN}
	if r := f.write(t, planner.StatusDone, op); !slices.Equal(refused(r), want) || r.Already != 0 {
		t.Errorf("first: refused %q, already %d", refused(r), r.Already)
	}
	if r := f.write(t, planner.StatusDone, op); !slices.Equal(refused(r), want) || r.Already != people {
		t.Errorf("again: refused %q, already %d", refused(r), r.Already)
	}
	op.Add, op.Remove = nil, slices.Concat(all[:1200], bad[:1], all[1200:])
	if r := f.write(t, planner.StatusDone, op); len(r.Refused) != 0 || r.Already != 1 {
		t.Errorf("removal: refused %q, already %d", refused(r), r.Already)
	}
	if r := f.write(t, planner.StatusDone, op); len(r.Refused) != 0 || r.Already != people+1 {
		t.Errorf("removal again: refused %q, already %d", refused(r), r.Already)
	}
}

func TestBusy(t *testing.T) {
	server, c, _ := startForest(t, liveRecords(), forest.Options{})
	var mu sync.Mutex
	waits := 0
	c.pause = time.Millisecond
	c.Progress = func(_ string, _, _ int, wait time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		if wait > 0 {
			waits++
		}
	}
	f := &fixture{d: openTest(t, c)}
	server.SetFaults(forest.Faults{Busy: 3})
	f.group(t, "CN=busy,OU=Groups")
	if waits != 3 {
		t.Errorf("%d waits", waits)
	}
	server.SetFaults(forest.Faults{Busy: 100})
	r := f.write(t, planner.StatusFailed, planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf("CN=busier,OU=Groups"), Edits: []planner.Edit{edit("groupType", nil, one("8"))}})
	if r.Code != 51 || !strings.Contains(r.Err.Error(), "busy") {
		t.Errorf("%d %v", r.Code, r.Err)
	}
}

// A server that falls silent ends in an error after the timeout, and a cancelled
// call at once.
func TestSilence(t *testing.T) {
	_, c, _ := startForest(t, crowd(5), forest.Options{})
	c.Timeout = 200 * time.Millisecond
	p := newCutter(t, &c)
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	silent := func(n int, message []byte) []byte {
		if n > 3 {
			<-hold
		}
		return message
	}
	d := openTest(t, c)
	p.arm(0, false, false)
	p.mu.Lock()
	p.change = silent
	p.mu.Unlock()
	_, _, err := readCrowd(t.Context(), d)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("silence: %v", err)
	}
	c.Timeout = time.Hour
	p.mu.Lock()
	p.change = nil
	p.mu.Unlock()
	d = openTest(t, c)
	p.arm(0, false, false)
	ctx, cancel := context.WithCancel(t.Context())
	p.mu.Lock()
	p.change = func(n int, message []byte) []byte {
		if n > 3 {
			cancel()
			<-hold
		}
		return message
	}
	p.mu.Unlock()
	if _, _, err := readCrowd(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Whatever a server sends, a read ends, with an error or without, and nothing
// panics.
func TestGarbage(t *testing.T) {
	_, c, _ := startForest(t, crowd(5), forest.Options{})
	c.Timeout = 250 * time.Millisecond
	p := newCutter(t, &c)
	random := rand.New(rand.NewSource(1))
	for range 30 {
		at, kind := 1+random.Intn(25), random.Intn(3)
		p.mu.Lock()
		p.messages = 0
		p.change = func(n int, message []byte) []byte {
			if n != at {
				return message
			}
			switch kind {
			case 0: // rubbish
				_, _ = io.ReadFull(random, message)
			case 1: // one octet
				message[random.Intn(len(message))] = byte(random.Intn(256))
			default: // the end is missing, the message says so
				message = message[:2+random.Intn(len(message)-1)]
				if message[1] < 0x80 {
					message[1] = byte(len(message) - 2)
				}
			}
			return message
		}
		p.mu.Unlock()
		d, err := Open(t.Context(), c)
		if err != nil {
			continue
		}
		_, _, _ = readCrowd(t.Context(), d)
		d.Close()
	}
}
