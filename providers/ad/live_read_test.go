package ad

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

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
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=deleted,OU=Groups"), Mark: "Group_CN=deleted,OU=Groups"})
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
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: anchor, DNBefore: dnOf("CN=tombstone,OU=Groups"), Mark: "Group_CN=tombstone,OU=Groups"})
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
