package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

// liveRecords is the directory that the tests in this file start with.
func liveRecords() string {
	var b strings.Builder
	for _, ou := range []string{"People", "Groups", "Outside", "Back"} {
		fmt.Fprintf(&b, "dn: OU=%s,%s\nobjectClass: organizationalUnit\n\n", ou, samba.BaseDN)
	}
	for i := range 6 {
		ou := "People"
		if i >= 4 {
			ou = "Outside"
		}
		fmt.Fprintf(&b, "dn: CN=u%d,OU=%s,%s\nobjectClass: user\nsAMAccountName: u%d\nuserAccountControl: 512\ndisplayName: User %d\n\n", i, ou, samba.BaseDN, i, i)
	}
	fmt.Fprintf(&b, "dn: CN=c,OU=Outside,%s\nobjectClass: contact\nmail: c@example.com\n\n", samba.BaseDN)
	return b.String()
}

// testDirectory runs the tests that need a whole directory.
func testDirectory(t *testing.T, f *fixture, reader Config) {
	t.Run("read", func(t *testing.T) { testRead(t, f) })
	t.Run("deleted", func(t *testing.T) { testDeleted(t, f, reader) })
	t.Run("references", func(t *testing.T) { testReferences(t, f) })
	t.Run("find", func(t *testing.T) { testFind(t, f) })
	t.Run("create", func(t *testing.T) { testCreate(t, f) })
	t.Run("update", func(t *testing.T) { testUpdate(t, f) })
	t.Run("move", func(t *testing.T) { testMove(t, f) })
	t.Run("members", func(t *testing.T) { testMembers(t, f) })
	t.Run("delete", func(t *testing.T) { testDelete(t, f) })
	t.Run("denied", func(t *testing.T) { testDenied(t, f, reader) })
	t.Run("open", func(t *testing.T) { testOpen(t, f.d.config) })
	t.Run("cut reads", func(t *testing.T) { testCutRead(t, f.d.config) })
	t.Run("cut writes", func(t *testing.T) { testCutWrite(t, f, f.d.config) })
}

func TestSamba(t *testing.T) {
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(liveRecords())})
	config := func(a samba.Account) Config {
		return Config{Address: "provider.ad.corp", URL: dc.URL, BaseDN: dc.BaseDN, CA: dc.CA, Username: a.Name, Password: a.Password, Schema: planner.ADSchema}
	}
	f := &fixture{d: openTest(t, config(dc.Admin))}
	t.Run("tombstone", func(t *testing.T) { testTombstone(t, f) })
	if err := dc.EnableRecycleBin(); err != nil {
		t.Fatal(err)
	}
	testDirectory(t, f, config(dc.Reader))
	c := config(dc.Admin)
	c.URL, c.StartTLS = dc.PlainURL, true
	t.Run("StartTLS", func(t *testing.T) { openTest(t, c) })
	t.Run("catalog", func(t *testing.T) { testCatalog(t, config(dc.Admin)) })
}

// startForest serves the sandbox's directory.
func startForest(t *testing.T, ldif string, options forest.Options) (*forest.Forest, Config, Config) {
	t.Helper()
	options.Accounts = map[string]string{"admin": "secret-1", "reader": "secret-2"}
	options.ReadOnlyAccounts = one("reader")
	options.BaseDN = samba.BaseDN
	f, err := forest.Load(strings.NewReader(ldif), "test.ldif", options)
	if err != nil {
		t.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	config := func(name, password string) Config {
		return Config{Address: "provider.ad.corp", URL: server.URL(), BaseDN: samba.BaseDN, CA: f.CertificateAuthority(), Username: name, Password: password, Schema: planner.ADSchema}
	}
	return f, config("admin@corp.example.com", "secret-1"), config("reader@corp.example.com", "secret-2")
}

func TestSandbox(t *testing.T) {
	_, admin, reader := startForest(t, liveRecords(), forest.Options{})
	testDirectory(t, &fixture{d: openTest(t, admin), restores: true}, reader)
}

func TestSandboxTombstone(t *testing.T) {
	_, admin, _ := startForest(t, liveRecords(), forest.Options{WithoutRecycleBin: true})
	testTombstone(t, &fixture{d: openTest(t, admin)})
}

func openTest(t *testing.T, c Config) *Directory {
	t.Helper()
	d, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// fixture makes objects for one test.
type fixture struct {
	d        *Directory
	restores bool // from the Recycle Bin; Samba restores tombstones only
}

func dnOf(relative string) string { return relative + "," + samba.BaseDN }

func edit(attr string, before, after []string) planner.Edit {
	return planner.Edit{Attribute: attr, Before: planner.Texts(before...), After: planner.Texts(after...)}
}

func one(v string) []string { return []string{v} }

// write carries out an operation that must end as wanted.
func (f *fixture) write(t *testing.T, want planner.Status, op planner.Operation) planner.Result {
	t.Helper()
	if op.ObjectType == "" {
		op.ObjectType = "group"
	}
	r := f.d.Write(t.Context(), op)
	if r.Status != want {
		t.Fatalf("%s %s: %s, want %s: %v", op.Verb, op.DNAfter, r.Status, want, r.Err)
	}
	if (r.Err == nil) != (want == planner.StatusDone) {
		t.Fatalf("%s: error %v", r.Status, r.Err)
	}
	return r
}

// group makes a marked group and returns its anchor.
func (f *fixture) group(t *testing.T, relative string) string {
	t.Helper()
	r := f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbCreate, DNAfter: dnOf(relative), Edits: []planner.Edit{
		edit("adminDescription", nil, one("Group_"+relative)),
		edit("groupType", nil, one("-2147483640")),
		edit("displayName", nil, one("Old")),
		edit("proxyAddresses", nil, []string{"SMTP:a@example.com", "smtp:b@example.com"}),
	}})
	if r.Anchor == "" {
		t.Fatal("no anchor")
	}
	return r.Anchor
}

func groupRequest(all bool, attrs ...string) planner.Request {
	return planner.Request{Types: []planner.TypeRequest{{Type: "group", All: all, Attributes: attrs, References: one("member")}}}
}

// attributes reads one object's attributes past everything.
func (f *fixture) attributes(t *testing.T, anchor string, attrs ...string) (dn string, values map[string][]string) {
	t.Helper()
	s := newSpace()
	if err := f.d.Find(t.Context(), groupRequest(false, attrs...), "objectGUID", one(anchor), s); err != nil {
		t.Fatal(err)
	}
	found := s.Found("objectGUID", anchor)
	if len(found) != 1 {
		t.Fatalf("%d objects have the anchor %s", len(found), anchor)
	}
	values = map[string][]string{}
	for _, a := range attrs {
		if v := s.Values(found[0], a); v != nil {
			slices.Sort(v)
			values[a] = v
		}
	}
	return s.Name(found[0]), values
}

func newSpace() *planner.Space {
	return planner.NewSpace("provider.ad.corp", planner.KindAD, planner.ADSchema)
}

func testRead(t *testing.T, f *fixture) {
	f.group(t, "CN=read,OU=Groups")
	c := f.d.config
	c.SearchBases = []string{dnOf("OU=Groups"), dnOf("OU=People")}
	d := openTest(t, c)
	req := groupRequest(true, "adminDescription", "proxyAddresses", "objectSid", "noSuchAttribute", "dn")
	req.Types = append(req.Types, planner.TypeRequest{Type: "user", All: true, Attributes: []string{"displayName"}},
		planner.TypeRequest{Type: "contact", Attributes: []string{"mail"}})
	req.Subtrees = []string{dnOf("OU=Outside"), dnOf("OU=Missing"), dnOf("OU=Groups")}
	s := newSpace()
	if err := d.Read(t.Context(), req, s); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for o := range planner.ObjectID(s.Len()) {
		if s.State(o) == planner.Live {
			got[s.Name(o)] = s.Type(o)
		}
	}
	want := map[string]string{
		dnOf("OU=Groups"): "organizationalUnit", dnOf("CN=read,OU=Groups"): "group",
		dnOf("OU=Outside"): "organizationalUnit", dnOf("CN=c,OU=Outside"): "contact",
	}
	for i := range 6 {
		want[dnOf(fmt.Sprintf("CN=u%d,OU=%s", i, []string{"People", "Outside"}[i/4]))] = "user"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	g := s.ByName(dnOf("CN=read,OU=Groups"))
	if got := s.Values(g, "proxyAddresses"); len(got) != 2 {
		t.Errorf("proxyAddresses %q", got)
	}
	if sid := s.First(g, "objectSid"); len(sid) != 28 || sid[0] != 1 {
		t.Errorf("objectSid %x", sid)
	}
	if s.First(s.ByName(dnOf("CN=c,OU=Outside")), "mail") != "c@example.com" || s.First(s.ByName(dnOf("CN=u5,OU=Outside")), "displayName") != "User 5" {
		t.Error("an object below a subtree lacks attributes")
	}
	if s.First(g, "dn") != s.Name(g) {
		t.Errorf("dn %q", s.First(g, "dn"))
	}
	if !s.HasAttribute["proxyaddresses"] || s.HasAttribute["nosuchattribute"] {
		t.Errorf("HasAttribute %v", s.HasAttribute)
	}
	if time.Since(s.ReadAt).Abs() > time.Hour {
		t.Errorf("ReadAt %v", s.ReadAt)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warnings %v", s.Warnings)
	}
	c.SearchBases = []string{dnOf("OU=Missing")}
	err := openTest(t, c).Read(t.Context(), req, newSpace())
	if err == nil || !strings.Contains(err.Error(), "OU=Missing") || !strings.Contains(err.Error(), "search_bases") {
		t.Errorf("missing search base: %v", err)
	}
}

func testDeleted(t *testing.T, f *fixture, reader Config) {
	anchor := f.group(t, "CN=deleted,OU=Groups")
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbMembers, Anchor: anchor, DNAfter: dnOf("CN=deleted,OU=Groups"),
		Add: []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}}})
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=deleted,OU=Groups")})
	req := groupRequest(true, "adminDescription", "displayName")
	req.Mark = "adminDescription"
	s := newSpace()
	if err := f.d.Read(t.Context(), req, s); err != nil {
		t.Fatal(err)
	}
	if s.RecycleBin != planner.RecycleBinReadable {
		t.Fatalf("Recycle Bin %v", s.RecycleBin)
	}
	o := s.ByAnchor(anchor)
	if o == planner.NoObject || s.State(o) != planner.Deleted || s.Type(o) != "group" ||
		s.First(o, "adminDescription") != "Group_CN=deleted,OU=Groups" || s.First(o, "displayName") != "Old" ||
		planner.DNKey(s.First(o, "lastKnownParent")) != planner.DNKey(dnOf("OU=Groups")) {
		t.Fatalf("deleted object %v: %q %q %q", o, s.Type(o), s.First(o, "adminDescription"), s.First(o, "lastKnownParent"))
	}
	if err := f.d.ReadReferences(t.Context(), req, []planner.ObjectID{o}, one("member"), s); err != nil {
		t.Fatal(err)
	}
	if members, read := s.References(o, "member"); !read || len(members) != 1 {
		t.Errorf("members of the deleted group: %v, read %v", members, read)
	}

	unprivileged := newSpace()
	if err := openTest(t, reader).Read(t.Context(), req, unprivileged); err != nil {
		t.Fatal(err)
	}
	if unprivileged.RecycleBin != planner.RecycleBinUnreadable || unprivileged.ByAnchor(anchor) != planner.NoObject {
		t.Errorf("an unprivileged reader: Recycle Bin %v", unprivileged.RecycleBin)
	}

	if !f.restores {
		return
	}
	restore := planner.Operation{Verb: planner.VerbRestore, Anchor: anchor, DNBefore: s.Name(o), DNAfter: dnOf("CN=restored,OU=Groups")}
	f.write(t, planner.StatusDone, restore)
	dn, values := f.attributes(t, anchor, "adminDescription", "displayName")
	if dn != dnOf("CN=restored,OU=Groups") || len(values) != 2 {
		t.Errorf("restored as %s with %v", dn, values)
	}
	f.write(t, planner.StatusStale, restore)
}

// testTombstone needs a directory without Recycle Bin.
func testTombstone(t *testing.T, f *fixture) {
	anchor := f.group(t, "CN=tombstone,OU=Groups")
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=tombstone,OU=Groups")})
	req := groupRequest(true, "adminDescription")
	req.Mark = "adminDescription"
	s := newSpace()
	if err := f.d.Read(t.Context(), req, s); err != nil {
		t.Fatal(err)
	}
	if s.RecycleBin != planner.RecycleBinDisabled || s.ByAnchor(anchor) != planner.NoObject {
		t.Errorf("Recycle Bin %v", s.RecycleBin)
	}
	restore := planner.Operation{Verb: planner.VerbRestore, Anchor: anchor, DNAfter: dnOf("CN=back,OU=Back")}
	f.write(t, planner.StatusDone, restore)
	if dn, _ := f.attributes(t, anchor); dn != dnOf("CN=back,OU=Back") {
		t.Errorf("restored as %s", dn)
	}
	f.write(t, planner.StatusStale, restore)
}

func testReferences(t *testing.T, f *fixture) {
	var anchors []string
	for i := range 3 {
		anchors = append(anchors, f.group(t, fmt.Sprintf("CN=refs%d,OU=Groups", i)))
	}
	members := []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}, {DN: dnOf("CN=u4,OU=Outside")}, {DN: dnOf("CN=c,OU=Outside")}, {DN: dnOf("CN=refs1,OU=Groups"), ID: anchors[1]}}
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbMembers, Anchor: anchors[0], DNAfter: dnOf("CN=refs0,OU=Groups"), Add: members})

	c := f.d.config
	c.SearchBases = []string{dnOf("OU=Groups")}
	d := openTest(t, c)
	req := groupRequest(true, "adminDescription")
	req.Types = append(req.Types, planner.TypeRequest{Type: "user", Attributes: []string{"displayName"}}, planner.TypeRequest{Type: "contact", Attributes: []string{"mail"}})
	s := newSpace()
	if err := d.Read(t.Context(), req, s); err != nil {
		t.Fatal(err)
	}
	var groups []planner.ObjectID
	for _, a := range anchors {
		groups = append(groups, s.ByAnchor(a))
	}
	gone := s.Add("group", "00000000-1111-2222-3333-444444444444", dnOf("CN=gone,OU=Groups"), planner.Live)
	if err := d.ReadReferences(t.Context(), req, append(groups, gone), one("member"), s); err != nil {
		t.Fatal(err)
	}
	got, read := s.References(groups[0], "member")
	var names []string
	for _, o := range got {
		names = append(names, s.Type(o)+" "+s.First(o, "displayName")+s.First(o, "mail"))
	}
	slices.Sort(names)
	want := []string{"contact c@example.com", "group ", "user User 0", "user User 4"}
	if diff := cmp.Diff(want, names); diff != "" || !read {
		t.Error(diff)
	}
	if got, read := s.References(groups[2], "member"); !read || len(got) != 0 {
		t.Errorf("an empty group: %v, read %v", got, read)
	}
	if _, read := s.References(gone, "member"); read || !s.Unreadable(gone, "member") || len(s.Warnings) != 1 {
		t.Errorf("a group that is gone: read %v, warnings %v", read, s.Warnings)
	}
}

func testFind(t *testing.T, f *fixture) {
	s := newSpace()
	req := groupRequest(false)
	req.Types = append(req.Types, planner.TypeRequest{Type: "user", Attributes: []string{"sAMAccountName", "objectSid"}})
	values := []string{"u1", "U4", "nobody", "u(*", ""}
	if err := f.d.Find(t.Context(), req, "sAMAccountName", values, s); err != nil {
		t.Fatal(err)
	}
	u4 := s.Found("sAMAccountName", "u4")
	if len(s.Found("sAMAccountName", "u1")) != 1 || len(u4) != 1 || s.Name(u4[0]) != dnOf("CN=u4,OU=Outside") {
		t.Errorf("found %v", u4)
	}
	for i, v := range values {
		if s.Absent("sAMAccountName", v) != (i > 1) {
			t.Errorf("absent %q: %v", v, s.Absent("sAMAccountName", v))
		}
	}
	sid := s.First(u4[0], "objectSid")
	for attr, value := range map[string]string{"objectGUID": s.Anchor(u4[0]), "id": s.Anchor(u4[0]), "distinguishedName": strings.ToUpper(s.Name(u4[0])), "objectSid": sid, "cn": "u4"} {
		s := newSpace()
		if err := f.d.Find(t.Context(), req, attr, []string{value, "00000000-1111-2222-3333-444444444444"}, s); err != nil {
			t.Fatal(err)
		}
		if found := s.Found(attr, value); len(found) != 1 || s.First(found[0], "sAMAccountName") != "u4" {
			t.Errorf("by %s: %v", attr, found)
		}
		if !s.Absent(attr, "00000000-1111-2222-3333-444444444444") || s.Absent(attr, value) {
			t.Errorf("by %s: wrong absence", attr)
		}
	}
}

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
	for _, cn := range []string{"a,b+c\"d\\e<f>g;h=i", " #lead", "trail ", "#x", "Gr\u00f6\u00dfe \U0001F600", "a/b", "*()", "x\u202egnp.exe", "line\nbreak"} {
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
	remove := planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=delete,OU=Groups")}
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
		{planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: at}, `"Delete group objects" on OU=Groups`},
	} {
		r := denied.write(t, planner.StatusFailed, c.op)
		if r.Code != 50 || !strings.Contains(r.Err.Error(), c.want) || !errors.Is(r.Err, planner.ErrPermission) {
			t.Errorf("%s: %d %v", c.op.Verb, r.Code, r.Err)
		}
	}
}

func testOpen(t *testing.T, c Config) {
	for _, test := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Password = "wrong" }, "the user name or the password is wrong"},
		{func(c *Config) { c.CA = nil }, "set ca_file"},
		{func(c *Config) { c.ServerName = "dc9.corp.example.com" }, "set server_name"},
		{func(c *Config) { c.BaseDN = "OU=nowhere," + c.BaseDN }, "base_dn"},
		{func(c *Config) { c.BaseDN = "DC=other,DC=example" }, "base_dn"},
		{func(c *Config) { c.Password = "" }, "password is missing"},
		{func(c *Config) { c.URL = strings.Replace(c.URL, "ldaps:", "ldap:", 1) }, "start_tls"},
		{func(c *Config) { c.URL = strings.Replace(c.URL, "ldaps:", "http:", 1) }, "scheme"},
	} {
		bad := c
		test.change(&bad)
		_, err := Open(t.Context(), bad)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "provider.ad.corp: ") {
			t.Errorf("want %q, got %v", test.want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, c); err == nil {
		t.Error("opened although cancelled")
	}
}

func testCatalog(t *testing.T, c Config) {
	c.GlobalCatalog = c.URL + ":3269"
	c.BaseDN = dnOf("OU=Groups")
	d := openTest(t, c)
	s := newSpace()
	req := groupRequest(false)
	req.Types = append(req.Types, planner.TypeRequest{Type: "user", Attributes: []string{"sAMAccountName"}})
	if err := d.Find(t.Context(), req, "sAMAccountName", []string{"u1", "nobody"}, s); err != nil {
		t.Fatal(err)
	}
	if found := s.Found("sAMAccountName", "u1"); len(found) != 1 || !s.Absent("sAMAccountName", "nobody") {
		t.Errorf("found %v", found)
	}
	if err := d.Find(t.Context(), req, "sAMAccountName", []string{"nobody"}, s); err != nil {
		t.Fatal(err)
	}
}
