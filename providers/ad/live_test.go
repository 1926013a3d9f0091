package ad

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
	t.Run("again", func(t *testing.T) { testAgain(t, f) })
	t.Run("side by side", func(t *testing.T) { testSideBySide(t, f) })
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
	t.Run("inspect", func(t *testing.T) { testInspect(t, f, config(dc.Writer), config(dc.Reader), planner.CheckOK) })
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
	f := &fixture{d: openTest(t, admin), restores: true}
	testDirectory(t, f, reader)
	t.Run("inspect", func(t *testing.T) { testInspect(t, f, admin, reader, planner.CheckOK) })
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
