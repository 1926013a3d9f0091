package ad

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

// manyMembers is a domain with a group of so many members, and another one.
func manyMembers(n int) string {
	var b strings.Builder
	b.WriteString(liveRecords())
	fmt.Fprintf(&b, "dn: CN=small,OU=Groups,%s\nobjectClass: group\nadminDescription: Group_small\n\n", samba.BaseDN)
	fmt.Fprintf(&b, "dn: CN=big,OU=Groups,%s\nobjectClass: group\nadminDescription: Group_big\n", samba.BaseDN)
	for i := range n {
		fmt.Fprintf(&b, "member: CN=m%d,OU=People,%s\n", i, samba.BaseDN)
	}
	for i := range n {
		fmt.Fprintf(&b, "\ndn: CN=m%d,OU=People,%s\nobjectClass: contact\n", i, samba.BaseDN)
	}
	return b.String()
}

func (f *fixture) request(t testing.TB, relative string, links ...string) planner.HistoryRequest {
	t.Helper()
	c, err := f.d.reader.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.entry(t.Context(), dnOf(relative), false, "objectGUID")
	if err != nil || e == nil {
		t.Fatal(relative, err)
	}
	return planner.HistoryRequest{Anchor: planner.FormatGUID(e.GetAttributeValue("objectGUID")), DN: dnOf(relative), Links: links}
}

func TestHistoryIsBounded(t *testing.T) {
	_, admin, _ := startForest(t, manyMembers(4000), forest.Options{})
	for _, c := range []struct {
		objects, values int
		told, big       int // objects; values of the big group
		every           bool
		missing         string
	}{
		{10, 100_000, 2, 4000, true, ""},
		{1, 100_000, 1, 4000, true, "first 1 objects only"},
		{10, 1000, 2, 1500, false, ""}, // a part is read whole
	} {
		admin.historyObjects, admin.historyValues = c.objects, c.values
		f := &fixture{d: openTest(t, admin)}
		big := f.request(t, "CN=big,OU=Groups", "member")
		h, err := f.d.ReadHistory(t.Context(), []planner.HistoryRequest{big, f.request(t, "CN=small,OU=Groups", "member")})
		if err != nil {
			t.Fatal(err)
		}
		got := h.Objects[big.Anchor]
		if len(h.Objects) != c.told || got == nil || len(got.Values) != c.big || got.EveryValue != c.every || !strings.Contains(h.Missing, c.missing) || (h.Missing == "") != (c.missing == "") {
			t.Errorf("%+v: %d objects, %d values, every %t, missing %q", c, len(h.Objects), len(got.Values), got.EveryValue, h.Missing)
		}
	}
}

func TestHistory(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	_, admin, _ := startForest(t, manyMembers(3), forest.Options{Now: func() time.Time { return now }})
	f := &fixture{d: openTest(t, admin)}
	small := f.request(t, "CN=small,OU=Groups")
	now = now.Add(time.Hour)
	f.write(t, planner.StatusDone, planner.Operation{Verb: planner.VerbDelete, Anchor: small.Anchor, DNBefore: small.DN, Mark: "Group_small"})
	small.Deleted = true
	big := f.request(t, "CN=big,OU=Groups") // nobody asks for links
	h, err := f.d.ReadHistory(t.Context(), []planner.HistoryRequest{small, big, {Anchor: "00000000-1111-2222-3333-444444444444", DN: dnOf("CN=gone")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Objects[small.Anchor].Attributes["isdeleted"]; !got.At.Equal(now) || got.DC != "DC1" || got.Version != 1 || got.Origin == "" || got.USN == 0 {
		t.Errorf("deleted %+v", got)
	}
	if got := h.Objects[big.Anchor]; len(got.Values) > 0 || got.EveryValue || !got.EveryAttribute {
		t.Errorf("links that nobody asked for: %+v", got)
	}
	if len(h.Objects) != 2 || !strings.Contains(h.Missing, "some objects are gone") || !h.Forgotten.Equal(now.AddDate(0, 0, -180)) {
		t.Errorf("%d objects, missing %q, forgotten %s", len(h.Objects), h.Missing, h.Forgotten)
	}
	if none, err := f.d.ReadHistory(t.Context(), nil); err != nil || none.Missing != "" {
		t.Errorf("nothing asked: %+v, %v", none, err)
	}
}

// BenchmarkReadHistory reads the history of a thousand groups.
func BenchmarkReadHistory(b *testing.B) {
	var ldif strings.Builder
	ldif.WriteString(liveRecords())
	for i := range maxHistoryObjects {
		fmt.Fprintf(&ldif, "dn: CN=g%d,OU=Groups,%s\nobjectClass: group\nmember: CN=u0,OU=People,%s\n\n", i, samba.BaseDN, samba.BaseDN)
	}
	fst, err := forest.Load(strings.NewReader(ldif.String()), "bench.ldif", forest.Options{Accounts: map[string]string{"admin": "secret"}, BaseDN: samba.BaseDN})
	if err != nil {
		b.Fatal(err)
	}
	server, err := fst.Start("127.0.0.1:0", "")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	d, err := Open(b.Context(), Config{URL: server.URL(), BaseDN: samba.BaseDN, CA: fst.CertificateAuthority(), Username: "admin@corp.example.com", Password: "secret"})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	f := &fixture{d: d}
	var asked []planner.HistoryRequest
	for i := range maxHistoryObjects {
		asked = append(asked, f.request(b, fmt.Sprintf("CN=g%d,OU=Groups", i), "member"))
	}
	for b.Loop() {
		h, err := d.ReadHistory(b.Context(), asked)
		if err != nil || len(h.Objects) != len(asked) {
			b.Fatal(len(h.Objects), err)
		}
	}
	b.ReportMetric(float64(len(asked)*b.N)/b.Elapsed().Seconds(), "objects/s")
}
