package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// data is a tenant.json in the making.
type data map[string][]map[string]any

// guid makes ids that sort by n: g for groups, others by their letter.
func guid(letter byte, n int) string { return fmt.Sprintf("%c0000000-0000-4000-8000-%012x", letter, n) }

func group(n int, name string, more map[string]any) map[string]any {
	o := map[string]any{"id": guid('a', n), "displayName": name, "mailNickname": "g" + fmt.Sprint(n), "mailEnabled": false, "securityEnabled": true, "groupTypes": []string{}}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func user(n int, name string, more map[string]any) map[string]any {
	o := map[string]any{"id": guid('b', n), "displayName": name, "userPrincipalName": name + "@contoso.com", "userType": "Member"}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func serve(t testing.TB, d data, o tenant.Options) *tenant.Tenant {
	t.Helper()
	file, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	o.TenantID = testTenant
	tn, err := tenant.Load(strings.NewReader(string(file)), "tenant.json", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := tn.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tn.Close() })
	return tn
}

func connect(t testing.TB, tn *tenant.Tenant, progress planner.Progress) *Directory {
	t.Helper()
	d, err := Open(t.Context(), Config{Address: "provider.entra.contoso", TenantID: testTenant,
		Endpoint: tn.URL(), CA: tn.CA(), Token: tn.Token(), Schema: schema.Entra, Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func newSpace() *planner.Space {
	return planner.NewSpace("provider.entra.contoso", planner.KindEntra, schema.Entra)
}

// everything asks for what group writeback asks for.
func everything(groupAttributes ...string) planner.Request {
	return planner.Request{Types: []planner.TypeRequest{
		{Type: "group", All: true, Attributes: append([]string{"description", "mail", "mailEnabled", "securityEnabled", "proxyAddresses", attrEnabled, attrGroupType}, groupAttributes...),
			References: []string{"member", "owners"}},
		{Type: "user", Attributes: []string{"department", "extensionAttribute2"}},
		{Type: "device", Attributes: []string{"deviceId"}},
		{Type: "contact", Attributes: []string{"mail"}},
		{Type: "servicePrincipal"},
	}}
}

// dump renders a space for comparison: state, type and what was read, by id.
func dump(s *planner.Space, attrs ...string) []string {
	var out []string
	for o := range planner.ObjectID(s.Len()) {
		line := fmt.Sprintf("%s %s %d", s.Name(o), s.Type(o), s.State(o))
		for _, a := range attrs {
			if v := s.Values(o, a); v != nil {
				line += fmt.Sprintf(" %s=%s", a, strings.Join(v, ","))
			}
		}
		for _, a := range []string{attrMember, attrOwners} {
			if s.Unreadable(o, a) {
				line += " " + a + "=hidden"
			}
			refs, read := s.References(o, a)
			if !read {
				continue
			}
			var ids []string
			for _, r := range refs {
				ids = append(ids, s.Name(r))
			}
			slices.Sort(ids)
			line += fmt.Sprintf(" %s=%v", a, ids)
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func liveGroups(s *planner.Space) []planner.ObjectID {
	var out []planner.ObjectID
	for o := range planner.ObjectID(s.Len()) {
		if s.Type(o) == "group" && s.State(o) == planner.Live {
			out = append(out, o)
		}
	}
	return out
}

// read reads groups and all their references.
func read(t testing.TB, d *Directory, req planner.Request, s *planner.Space) error {
	t.Helper()
	if err := d.Read(t.Context(), req, s); err != nil {
		return err
	}
	return d.ReadReferences(t.Context(), req, liveGroups(s), []string{"member", "owners"}, s)
}

// small is a tenant with one of everything.
func small() data {
	return data{
		"groups": {
			group(1, "AZ SG01", map[string]any{"description": "first", "createdDateTime": "2024-01-02T03:04:05Z",
				"writebackConfiguration": map[string]any{"isEnabled": true, "onPremisesGroupType": nil},
				"members":                []string{guid('b', 1), guid('b', 2), guid('a', 2), guid('c', 1), guid('d', 1), guid('e', 1)}, "owners": []string{guid('b', 3)}}),
			group(2, "M365", map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false, "mail": "m365@contoso.com",
				"proxyAddresses": []string{"SMTP:m365@contoso.com", "smtp:m@contoso.com"}, "visibility": "Private",
				"writebackConfiguration": map[string]any{"isEnabled": false, "onPremisesGroupType": "universalDistributionGroup"}}),
			group(3, "Synced", map[string]any{"onPremisesSyncEnabled": true, "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1103", "members": []string{guid('b', 1)}}),
			group(4, "Never set", map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false, "visibility": "Public"}),
		},
		"users": {
			user(1, "anna", map[string]any{"onPremisesSyncEnabled": true, "onPremisesImmutableId": "AAECAwQFBgcICQoLDA0ODw==", "department": "IT",
				"onPremisesExtensionAttributes": map[string]any{"extensionAttribute2": "two"}}),
			user(2, "pat", map[string]any{"userType": "Guest"}),
			user(3, "owner", nil),
			user(4, "nobody's member", nil),
		},
		"servicePrincipals": {{"id": guid('c', 1), "displayName": "App", "appId": guid('f', 1)}},
		"devices":           {{"id": guid('d', 1), "displayName": "PC", "deviceId": guid('f', 2), "onPremisesSyncEnabled": true}},
		"contacts":          {{"id": guid('e', 1), "displayName": "Contact", "mail": "c@partner.example"}},
		"deletedGroups":     {group(9, "Gone", map[string]any{"deletedDateTime": "2026-01-01T00:00:00Z", "groupTypes": []string{"Unified"}, "mailEnabled": true, "securityEnabled": false})},
	}
}

func TestReadEverything(t *testing.T) {
	d := small()
	dir := connect(t, serve(t, d, tenant.Options{}), nil)
	s := newSpace()
	if err := read(t, dir, everything("createdDateTime"), s); err != nil {
		t.Fatal(err)
	}
	want := []string{
		guid('a', 1) + " group 1 displayName=AZ SG01 description=first securityEnabled=TRUE createdDateTime=20240102030405.0Z cloudMastered=TRUE memberCount=6 writebackConfiguration/isEnabled=TRUE" +
			" member=" + fmt.Sprint([]string{guid('a', 2), guid('b', 1), guid('b', 2), guid('c', 1), guid('d', 1), guid('e', 1)}) + " owners=" + fmt.Sprint([]string{guid('b', 3)}),
		guid('a', 2) + " group 1 displayName=M365 mail=m365@contoso.com proxyAddresses=SMTP:m365@contoso.com,smtp:m@contoso.com securityEnabled=FALSE cloudMastered=TRUE memberCount=0" +
			" writebackConfiguration/isEnabled=FALSE targetWritebackType=universalDistributionGroup reasonFiltered=WriteBackOutOfScope member=[] owners=[]",
		guid('a', 3) + " group 1 displayName=Synced securityEnabled=TRUE cloudMastered=FALSE memberCount=1 member=" + fmt.Sprint([]string{guid('b', 1)}) + " owners=[]",
		guid('a', 4) + " group 1 displayName=Never set securityEnabled=FALSE cloudMastered=TRUE memberCount=0 member=[] owners=[]",
		guid('a', 9) + " group 2 displayName=Gone securityEnabled=FALSE cloudMastered=TRUE reasonFiltered=SoftDelete",
		guid('b', 1) + " user 1 displayName=anna userPrincipalName=anna@contoso.com userType=Member department=IT extensionAttribute2=two cloudMastered=FALSE sourceAnchor=AAECAwQFBgcICQoLDA0ODw==",
		guid('b', 2) + " user 1 displayName=pat userPrincipalName=pat@contoso.com userType=Guest cloudMastered=TRUE",
		guid('b', 3) + " user 1 displayName=owner userPrincipalName=owner@contoso.com userType=Member cloudMastered=TRUE",
		guid('c', 1) + " servicePrincipal 1 displayName=App",
		guid('d', 1) + " device 1 displayName=PC cloudMastered=FALSE deviceId=" + guid('f', 2),
		guid('e', 1) + " contact 1 displayName=Contact mail=c@partner.example cloudMastered=TRUE",
	}
	got := dump(s, "displayName", "description", "mail", "proxyAddresses", "userPrincipalName", "userType", "department", "extensionAttribute2",
		"securityEnabled", "createdDateTime", "cloudMastered", "sourceAnchor", "memberCount", "deviceId", attrEnabled, "targetWritebackType", "reasonFiltered")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warnings: %v", s.Warnings)
	}
	if s.ReadAt.IsZero() {
		t.Error("no time of reading")
	}
}

func TestReadWholeTypes(t *testing.T) {
	d := small()
	dir := connect(t, serve(t, d, tenant.Options{}), nil)
	s := newSpace()
	req := planner.Request{}
	for _, kind := range []string{"user", "device", "contact", "servicePrincipal"} {
		req.Types = append(req.Types, planner.TypeRequest{Type: kind, All: true})
	}
	if err := dir.Read(t.Context(), req, s); err != nil {
		t.Fatal(err)
	}
	if s.Len() != 7 || s.ByAnchor(guid('b', 4)) == planner.NoObject {
		t.Errorf("%d objects: %v", s.Len(), dump(s))
	}
	req.Types = []planner.TypeRequest{{Type: "printer", All: true}}
	if err := dir.Read(t.Context(), req, s); err == nil {
		t.Error("an unknown type was read")
	}
}

// many is a tenant of n groups, in which each of m users is a member of every
// group whose number divides by the user's.
func many(n, m int) data {
	d := data{"groups": {}, "users": {}}
	for i := range m {
		d["users"] = append(d["users"], user(i+1, fmt.Sprintf("u%d", i+1), nil))
	}
	for i := range n {
		members := []string{}
		for j := 1; j <= m; j++ {
			if (i+1)%j == 0 {
				members = append(members, guid('b', j))
			}
		}
		d["groups"] = append(d["groups"], group(i+1, fmt.Sprintf("G%d", i+1), map[string]any{"members": members}))
	}
	return d
}

// More than one page of groups, members and ids, from a server that turns many
// requests away.
func TestPagesAndThrottling(t *testing.T) {
	d := many(1200, 20)
	all := []string{}
	for i := range 2300 {
		d["users"] = append(d["users"], user(i+100, fmt.Sprintf("x%d", i), nil))
		all = append(all, guid('b', i+100))
	}
	d["groups"][0]["members"] = all
	tn := serve(t, d, tenant.Options{Faults: []tenant.Fault{
		{Every: 97, Status: 429, RetryAfter: "0.001"}, {Every: 111, Status: 503, RetryAfter: "0"}, {Path: "/getByIds", Every: 2, Status: 429, RetryAfter: "0.01"},
		{Method: "GET", Path: "/members", Every: 101, CutAfter: 20, Times: 1},
	}})
	var mu sync.Mutex
	stages := map[string]int{}
	waits := 0
	dir := connect(t, tn, func(stage string, done, total int, wait time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		stages[stage] = max(stages[stage], done)
		if wait > 0 {
			waits++
		}
	})
	s := newSpace()
	if err := read(t, dir, everything(), s); err != nil {
		t.Fatal(err)
	}
	if n := len(liveGroups(s)); n != 1200 {
		t.Errorf("%d groups", n)
	}
	members, _ := s.References(s.ByAnchor(guid('a', 1)), attrMember)
	if len(members) != 2300 || s.First(s.ByAnchor(guid('a', 1)), "memberCount") != "2300" {
		t.Errorf("%d members", len(members))
	}
	for i := 2; i <= 1200; i++ {
		n := 0
		for j := 1; j <= 20; j++ {
			if i%j == 0 {
				n++
			}
		}
		if members, read := s.References(s.ByAnchor(guid('a', i)), attrMember); !read || len(members) != n {
			t.Fatalf("group %d has %d members, want %d", i, len(members), n)
		}
	}
	for o := range planner.ObjectID(s.Len()) {
		if s.State(o) != planner.Live {
			t.Fatalf("%s was not read", s.Name(o))
		}
	}
	if waits == 0 || stages["reading groups"] != 1200 || stages["reading members"] != 2400 || stages["reading users"] != 2320 {
		t.Errorf("progress: %d waits, %v", waits, stages)
	}
}

// The same tenant gives the same space, whoever answers first.
func TestReadIsDeterministic(t *testing.T) {
	d := many(60, 30)
	var first []string
	for range 3 {
		dir := connect(t, serve(t, d, tenant.Options{Faults: []tenant.Fault{{Every: 3, Delay: 2 * time.Millisecond}}}), nil)
		s := newSpace()
		if err := read(t, dir, everything(), s); err != nil {
			t.Fatal(err)
		}
		var order []string
		for o := range planner.ObjectID(s.Len()) {
			order = append(order, s.Name(o))
		}
		if first == nil {
			first = order
		}
		if diff := cmp.Diff(first, order); diff != "" {
			t.Fatal(diff)
		}
	}
}

// What breaks off is an error or read again, never a short read.
func TestBrokenReads(t *testing.T) {
	d := many(1100, 3)
	tests := []struct {
		name  string
		fault tenant.Fault
		want  string // "" is success
	}{
		{"cut once", tenant.Fault{Path: "/groups", CutAfter: 5000, Times: 1}, ""},
		{"cut before the answer", tenant.Fault{Path: "/groups", CutAfter: -1, Times: 1}, ""},
		{"a link to itself", tenant.Fault{Path: "/groups", LoopLink: true}, "in a circle"},
		{"no permission", tenant.Fault{Path: "/groups", Status: 403}, "Group.Read.All"},
		{"no permission for members", tenant.Fault{Path: "/members", Status: 403}, "GroupMember.Read.All"},
		{"no permission for deleted groups", tenant.Fault{Path: "/deletedItems", Status: 403}, "Group.Read.All"},
		{"a token that has expired", tenant.Fault{Path: "/members", Status: 401}, "Sign in again"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := connect(t, serve(t, d, tenant.Options{Faults: []tenant.Fault{test.fault}}), nil)
			s := newSpace()
			err := read(t, dir, everything(), s)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want == "" && len(liveGroups(s)) != 1100:
				t.Errorf("%d groups were read", len(liveGroups(s)))
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			case test.fault.Status == 403 && !errors.Is(err, planner.ErrPermission):
				t.Errorf("%v is not planner.ErrPermission", err)
			case test.fault.Status == 403 && (!strings.Contains(err.Error(), "request-id") || !strings.Contains(err.Error(), "This token carries")):
				t.Errorf("the error does not say enough: %v", err)
			}
		})
	}
}

func TestUnreadableUsersStopTheRun(t *testing.T) {
	d := small()
	dir := connect(t, serve(t, d, tenant.Options{WithoutUserRead: true, Roles: []string{"Group.Read.All", "Device.Read.All"}}), nil)
	err := read(t, dir, everything(), newSpace())
	if !errors.Is(err, planner.ErrPermission) || !strings.Contains(err.Error(), "User.Read.All") || !strings.Contains(err.Error(), "Grant admin consent") {
		t.Errorf("got %v, want planner.ErrPermission with User.Read.All and how to grant it", err)
	}
}

func TestLimitedMembersAreMarked(t *testing.T) {
	d := small()
	dir := connect(t, serve(t, d, tenant.Options{Roles: []string{"Group.Read.All", "User.Read.All"}}), nil)
	s := newSpace()
	if err := read(t, dir, everything(), s); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{guid('c', 1), guid('d', 1), guid('e', 1)} {
		o := s.ByAnchor(id)
		if o == planner.NoObject || s.State(o) != planner.Live || !s.Unreadable(o, attrSynchronised) || s.First(o, "cloudMastered") != "" {
			t.Errorf("%s: not marked as unreadable", id)
		}
	}
	var details []string
	for _, w := range s.Warnings {
		details = append(details, w.Code+w.Detail)
	}
	for _, want := range []string{"Device.Read.All", "OrgContact.Read.All", "Application.Read.All"} {
		if !strings.Contains(strings.Join(details, "\n"), want) {
			t.Errorf("no warning names %s: %q", want, details)
		}
	}
}

func TestHiddenMembership(t *testing.T) {
	hidden := map[string]any{"groupTypes": []string{"Unified"}, "mailEnabled": true, "visibility": "HiddenMembership", "members": []string{guid('b', 1)}}
	for _, test := range []struct {
		name string
		o    tenant.Options
		want string
	}{
		{"an empty list", tenant.Options{}, "member=hidden owners=[]"},
		{"a refusal", tenant.Options{DenyHidden: true}, "member=hidden owners=[]"},
		{"with the permission", tenant.Options{MemberReadHidden: true}, "member=" + fmt.Sprint([]string{guid('b', 1)}) + " owners=[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := connect(t, serve(t, data{"groups": {group(1, "H", hidden)}, "users": {user(1, "u", nil)}}, test.o), nil)
			s := newSpace()
			if err := read(t, dir, everything(), s); err != nil {
				t.Fatal(err)
			}
			if got := dump(s)[0]; got != guid('a', 1)+" group 1 "+test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFind(t *testing.T) {
	d := small()
	dir := connect(t, serve(t, d, tenant.Options{}), nil)
	s := newSpace()
	missing := guid('a', 77)
	ids := []string{strings.ToUpper(guid('a', 1)), guid('a', 9), missing, "../../users/x", "Group_x"}
	if err := dir.Find(t.Context(), everything(), "id", ids, s); err != nil {
		t.Fatal(err)
	}
	if !s.Absent("id", missing) || len(s.Found("id", missing)) > 0 {
		t.Error("the missing group was not proven absent")
	}
	for _, id := range []string{guid('a', 1), guid('a', 9)} {
		if found := s.Found("id", id); len(found) != 1 || s.Anchor(found[0]) != id || s.Absent("id", id) {
			t.Errorf("%s was not found", id)
		}
	}
	if o := s.ByAnchor(guid('a', 9)); s.State(o) != planner.Deleted || s.First(o, "reasonFiltered") != "SoftDelete" {
		t.Error("the soft-deleted group is not one")
	}
	if o := s.ByAnchor(guid('a', 1)); s.First(o, attrEnabled) != "TRUE" || s.First(o, "description") != "first" {
		t.Error("the group was not read with its attributes")
	}
	for _, id := range ids[3:] {
		if s.Absent("id", id) {
			t.Errorf("%q was proven absent without being asked for", id)
		}
	}
	if len(s.Warnings) != 2 {
		t.Errorf("%d warnings, want one for each value that is no id", len(s.Warnings))
	}
	if err := dir.Find(t.Context(), everything(), "displayName", []string{"x"}, s); err == nil {
		t.Error("found by displayName")
	}
}

func TestFindProvesNothingWithoutGraphsWord(t *testing.T) {
	for _, fault := range []tenant.Fault{{Status: 404}, {Status: 403}, {Status: 401}, {Path: "/deletedItems", Status: 403}, {Path: "/deletedItems", Status: 404}} {
		dir := connect(t, serve(t, data{}, tenant.Options{Faults: []tenant.Fault{fault}}), nil)
		s := newSpace()
		if err := dir.Find(t.Context(), everything(), "id", []string{guid('a', 1)}, s); err == nil || s.Absent("id", guid('a', 1)) {
			t.Errorf("%+v: %v, proven absent: %v", fault, err, s.Absent("id", guid('a', 1)))
		}
	}
}

// One page of groups, from the bytes of the answer into the space.
func BenchmarkPage(b *testing.B) {
	var objects []string
	for i := range 999 {
		objects = append(objects, fmt.Sprintf(`{"id":%q,"displayName":"Group number %d","description":"The group with the number %d","mailNickname":"group%d","mail":null,"mailEnabled":false,`+
			`"securityEnabled":true,"groupTypes":[],"proxyAddresses":[],"visibility":null,"onPremisesSyncEnabled":null,"onPremisesSecurityIdentifier":null,`+
			`"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":null}}`, guid('a', i), i, i, i))
	}
	answer := []byte(`{"value":[` + strings.Join(objects, ",") + `]}`)
	d := &Directory{schema: schema.Entra}
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		var p page[object]
		if err := decode(answer, &p); err != nil {
			b.Fatal(err)
		}
		r := d.reading(everything(), newSpace())
		for _, o := range *p.Value {
			if _, err := r.add(kindGroup, o, planner.Live); err != nil {
				b.Fatal(err)
			}
		}
	}
}
