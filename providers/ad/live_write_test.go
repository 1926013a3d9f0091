package ad

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

func testCreate(t *testing.T, f *fixture) {
	ou := planner.Operation{Verb: planner.VerbCreate, ObjectType: "organizationalUnit", DNAfter: dnOf("OU=new,OU=Groups")}
	f.write(t, planner.StatusDone, ou)
	f.write(t, planner.StatusStale, ou)
	f.group(t, "CN=created,OU=new,OU=Groups")
	r := f.write(t, planner.StatusFailed, planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf("CN=x,OU=nowhere")})
	if r.Code != 32 || !strings.Contains(r.Err.Error(), "OU=nowhere") {
		t.Errorf("without parent: %d %v", r.Code, r.Err)
	}
	r = f.write(t, planner.StatusStale, planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf("CN=twin,OU=Groups"), Edits: []planner.Edit{edit("sAMAccountName", nil, one("u1"))}})
	if r.Code != 68 || !strings.Contains(r.Err.Error(), "CN=u1") {
		t.Errorf("sAMAccountName in use: %d %v", r.Code, r.Err)
	}
	for _, cn := range []string{"a,b+c\"d\\e<f>g;h=i", " #lead", "trail ", "#x", "Gr\u00f6\u00dfe \U0001F600", "a/b", "*()", "x\u202egnp.exe"} {
		dn := "CN=" + planner.EscapeDN(cn) + ",OU=new,OU=Groups"
		anchor := f.group(t, dn)
		at, values := f.attributes(t, anchor, "cn")
		if planner.DNKey(at) != planner.DNKey(dnOf(dn)) || values["cn"][0] != cn {
			t.Errorf("created %q, got %q at %q", cn, values["cn"], at)
		}
	}
}

func testUpdate(t *testing.T, f *fixture) {
	anchor := f.group(t, "CN=update,OU=Groups")
	update := func(want planner.Status, edits ...planner.Edit) planner.Result {
		t.Helper()
		return f.write(t, want, planner.Operation{Verb: planner.VerbUpdate, Anchor: anchor, DNAfter: dnOf("CN=update,OU=Groups"), Edits: edits})
	}
	update(planner.StatusDone, edit("displayName", one("Old"), one("old")), edit("mail", nil, one("m@example.com")))
	update(planner.StatusDone, edit("displayName", one("old"), one("New")), edit("mail", one("m@example.com"), nil), edit("groupType", one("-2147483640"), one("8")))
	r := update(planner.StatusStale, edit("displayName", one("Old"), one("Newer")), edit("info", nil, one("i")))
	for _, word := range []string{"displayName", `"Old"`, `"Newer"`, `"New"`} {
		if !strings.Contains(r.Err.Error(), word) {
			t.Errorf("stale: %s missing in %v", word, r.Err)
		}
	}
	update(planner.StatusStale, edit("displayName", nil, one("Newer")))
	update(planner.StatusStale, edit("mail", one("m@example.com"), nil))
	update(planner.StatusDone, edit("proxyAddresses", []string{"smtp:b@example.com", "SMTP:a@example.com"}, []string{"smtp:a@example.com", "SMTP:b@example.com", "x500:c"}))
	update(planner.StatusStale, edit("proxyAddresses", []string{"smtp:a@example.com"}, one("x500:d")))
	update(planner.StatusFailed, edit("displayName", one("New"), one(strings.Repeat("x", 300))))
	_, values := f.attributes(t, anchor, "displayName", "mail", "groupType", "proxyAddresses", "info")
	want := map[string][]string{"displayName": one("New"), "groupType": one("8"), "proxyAddresses": {"SMTP:b@example.com", "smtp:a@example.com", "x500:c"}}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	f.write(t, planner.StatusStale, planner.Operation{Verb: planner.VerbUpdate, Anchor: "00000000-1111-2222-3333-444444444444", DNAfter: dnOf("CN=gone,OU=Groups"),
		Edits: []planner.Edit{edit("info", nil, one("i"))}})
}

func testMove(t *testing.T, f *fixture) {
	anchor := f.group(t, "CN=move,OU=Groups")
	f.group(t, "CN=taken,OU=Groups")
	move := func(want planner.Status, before, after string) planner.Result {
		t.Helper()
		return f.write(t, want, planner.Operation{Verb: planner.VerbMove, Anchor: anchor, DNBefore: dnOf(before), DNAfter: dnOf(after)})
	}
	move(planner.StatusDone, "CN=move,OU=Groups", "CN=move,OU=Outside")
	move(planner.StatusDone, "cn=MOVE,ou=outside", "CN=Move,OU=Outside")
	move(planner.StatusDone, "CN=move,OU=Outside", "CN=moved\\=\\,too,OU=Groups")
	r := move(planner.StatusStale, "CN=move,OU=Outside", "CN=x,OU=Groups")
	if !strings.Contains(r.Err.Error(), "CN=move,OU=Outside") {
		t.Error(r.Err)
	}
	move(planner.StatusStale, "CN=moved\\=\\,too,OU=Groups", "CN=taken,OU=Groups")
	r = move(planner.StatusFailed, "CN=moved\\=\\,too,OU=Groups", "CN=x,OU=nowhere")
	if !strings.Contains(r.Err.Error(), "OU=nowhere") {
		t.Error(r.Err)
	}
	if dn, _ := f.attributes(t, anchor); planner.DNKey(dn) != planner.DNKey(dnOf("CN=moved\\=\\,too,OU=Groups")) {
		t.Errorf("at %s", dn)
	}
}

func testMembers(t *testing.T, f *fixture) {
	anchor := f.group(t, "CN=members,OU=Groups")
	var users []planner.MemberChange
	for i := range 4 {
		users = append(users, planner.MemberChange{DN: dnOf(fmt.Sprintf("CN=u%d,OU=People", i))})
	}
	missing := planner.MemberChange{DN: dnOf("CN=nobody,OU=People")}
	write := func(add, remove []planner.MemberChange) planner.Result {
		t.Helper()
		return f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbMembers, Anchor: anchor, DNAfter: dnOf("CN=members,OU=Groups"), Add: add, Remove: remove})
	}
	if r := write(users[:2], nil); r.Already != 0 || len(r.Refused) != 0 {
		t.Errorf("first: %+v", r)
	}
	r := write(append(slices.Clone(users), missing), nil)
	if r.Already != 2 || len(r.Refused) != 1 || r.Refused[0].Member != missing || r.Refused[0].Err == nil || !r.Refused[0].Add {
		t.Errorf("some there, one missing: %+v", r)
	}
	r = write([]planner.MemberChange{{DN: dnOf("CN=c,OU=Outside")}}, []planner.MemberChange{users[0], missing, {DN: dnOf("CN=u5,OU=Outside")}})
	if r.Already != 2 || len(r.Refused) != 0 {
		t.Errorf("removing: %+v", r)
	}
	s := newSpace()
	o := s.Add("group", anchor, dnOf("CN=members,OU=Groups"), planner.Live)
	if err := f.d.ReadReferences(t.Context(), groupRequest(false), []planner.ObjectID{o}, one("member"), s); err != nil {
		t.Fatal(err)
	}
	if members, _ := s.References(o, "member"); len(members) != 4 {
		t.Errorf("%d members", len(members))
	}
	f.write(t, planner.StatusStale, planner.Operation{Verb: planner.VerbMembers, Anchor: "00000000-1111-2222-3333-444444444444", DNAfter: dnOf("CN=gone,OU=Groups"), Add: users})
}

func testDelete(t *testing.T, f *fixture) {
	anchor := f.group(t, "CN=delete,OU=Groups")
	remove := planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=delete,OU=Groups"), Mark: "Group_1"}
	elsewhere := remove
	elsewhere.DNBefore = dnOf("CN=delete,OU=Outside")
	f.write(t, planner.StatusStale, elsewhere)
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbUpdate, Anchor: anchor, DNAfter: remove.DNBefore,
		Edits: []planner.Edit{edit("adminDescription", one("Group_CN=delete,OU=Groups"), nil)}})
	if r := f.write(t, planner.StatusStale, remove); !strings.Contains(r.Err.Error(), "mark") {
		t.Error(r.Err)
	}
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbUpdate, Anchor: anchor, DNAfter: remove.DNBefore,
		Edits: []planner.Edit{edit("adminDescription", nil, one("Group_1"))}})
	another := remove
	another.Mark = "Group_2"
	if r := f.write(t, planner.StatusStale, another); !strings.Contains(r.Err.Error(), "mark of another group") {
		t.Error(r.Err)
	}
	another.Mark = ""
	f.write(t, planner.StatusStale, another)
	f.write(t, planner.StatusDone, remove)
	f.write(t, planner.StatusStale, remove)
}

func testDenied(t *testing.T, f *fixture, reader Config) {
	anchor := f.group(t, "CN=denied,OU=Groups")
	at := dnOf("CN=denied,OU=Groups")
	denied := &fixture{d: openTest(t, reader)}
	for _, c := range []struct {
		op   planner.Operation
		want string
	}{
		{planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf("CN=x,OU=Groups")}, `"Create group objects" on OU=Groups`},
		{planner.Operation{Verb: planner.VerbUpdate, Anchor: anchor, DNAfter: at, Edits: []planner.Edit{edit("info", nil, one("x"))}}, "write info"},
		{planner.Operation{Verb: planner.VerbMove, Anchor: anchor, DNBefore: at, DNAfter: dnOf("CN=denied,OU=Outside")}, `"Create group objects" on OU=Outside`},
		{planner.Operation{Verb: planner.VerbMembers, Anchor: anchor, DNAfter: at, Add: []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}}}, `"Write Members"`},
		{planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: at, Mark: "Group_CN=denied,OU=Groups"}, `"Delete group objects" on OU=Groups`},
	} {
		r := denied.write(t, planner.StatusFailed, c.op)
		if r.Code != 50 || !strings.Contains(r.Err.Error(), c.want) || !errors.Is(r.Err, planner.ErrPermission) {
			t.Errorf("%s: %d %v", c.op.Verb, r.Code, r.Err)
		}
	}
}
