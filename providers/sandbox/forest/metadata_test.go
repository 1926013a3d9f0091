package forest

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// metadataField finds the elements of one value.
var metadataField = regexp.MustCompile(`\t<(\w+)>(.*)</\w+>\n`)

// metadata reads what a client sees of one object, a line for each value.
func metadata(t testing.TB, conn *ldap.Conn, dn, attr string) []string {
	t.Helper()
	var out []string
	for _, value := range entry(t, conn, dn, attr).GetAttributeValues(attr) {
		if !strings.HasSuffix(value, ">\n\x00") {
			t.Errorf("%q does not end as a domain controller ends it", value)
		}
		line := ""
		for _, f := range metadataField.FindAllStringSubmatch(value, -1) {
			switch f[1] {
			case "pszAttributeName":
				line = f[2]
			case "pszObjectDn", "dwVersion", "ftimeLastOriginatingChange", "ftimeDeleted", "ftimeCreated":
				line += " " + f[2]
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func TestAttributeMetadata(t *testing.T) {
	now := clock()
	f := load(t, smallDomain, func(o *Options) { o.Now = func() time.Time { return now } })
	conn := connect(t, f)
	if got := entry(t, conn, sales, "*"); len(got.GetAttributeValues("msDS-ReplAttributeMetaData")) > 0 {
		t.Error("a constructed attribute comes unasked")
	}
	now = now.Add(time.Hour)
	wantCode(t, "change", modifyObject(conn, sales, nil, "=description: x"), 0)
	now = now.Add(time.Hour)
	wantCode(t, "change again", modifyObject(conn, sales, nil, "-description", "+info: i"), 0)
	now = now.Add(time.Hour)
	wantCode(t, "rename", conn.ModifyDN(ldap.NewModifyDNRequest(sales, "CN=Sold", true, "")), 0)
	const made = " 1 2024-01-01T00:00:00Z"
	want := []string{
		"adminDescription" + made, "cn 2 2026-11-22T19:41:00Z", "description 3 2026-11-22T18:41:00Z", "groupType" + made, "info 1 2026-11-22T18:41:00Z",
		"instanceType" + made, "name 2 2026-11-22T19:41:00Z", "objectCategory" + made, "objectClass" + made, "objectSid" + made,
		"sAMAccountName" + made, "sAMAccountType" + made, "whenCreated" + made,
	}
	sold := "CN=Sold," + groups
	if diff := cmp.Diff(want, metadata(t, conn, sold, "msDS-ReplAttributeMetaData")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	guid := "<GUID=" + formatGUID(entry(t, conn, sold, "objectGUID").GetAttributeValue("objectGUID")) + ">"
	now = now.Add(time.Hour)
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest(sold, nil)), 0)
	q := request(guid, ldap.ScopeBaseObject, "(objectClass=*)", "msDS-ReplAttributeMetaData")
	q.Controls = append(q.Controls, ldap.NewControlMicrosoftShowDeleted())
	res, err := conn.Search(q)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(res.Entries[0].GetAttributeValues("msDS-ReplAttributeMetaData"), "")
	for _, want := range []string{"isDeleted</pszAttributeName>\n\t<dwVersion>1<", "lastKnownParent</pszAttributeName>\n\t<dwVersion>1<", "name</pszAttributeName>\n\t<dwVersion>3<"} {
		if !strings.Contains(all, want) {
			t.Errorf("the deleted object has no %q", want)
		}
	}
}

func TestValueMetadata(t *testing.T) {
	now := clock()
	f := load(t, smallDomain, func(o *Options) { o.Now = func() time.Time { return now } })
	conn := connect(t, f)
	step := func(lines ...string) {
		t.Helper()
		now = now.Add(time.Hour)
		wantCode(t, strings.Join(lines, ", "), modifyObject(conn, sales, nil, lines...), 0)
	}
	step("+member: "+cy, "=managedBy: "+cy)
	step("-member: "+ann, "-member: "+cy)
	step("+member: "+cy, "=managedBy: "+bob)
	const never, made = "1601-01-01T00:00:00Z", "2024-01-01T00:00:00Z"
	first, second, third := "2026-11-22T17:41:00Z", "2026-11-22T18:41:00Z", "2026-11-22T19:41:00Z"
	want := []string{
		"managedBy " + bob + " " + never + " " + third + " 1 " + third,
		"managedBy " + cy + " " + third + " " + first + " 2 " + third,
		"member " + ann + " " + second + " " + made + " 2 " + second,
		"member " + bob + " " + never + " " + made + " 1 " + made,
		"member " + cy + " " + never + " " + first + " 3 " + third,
	}
	if diff := cmp.Diff(want, metadata(t, conn, sales, "msDS-ReplValueMetaData")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Half a year later, what is gone is forgotten.
	now = now.Add(tombstoneLifetime)
	if diff := cmp.Diff([]string{want[0], want[3], want[4]}, metadata(t, conn, sales, "msDS-ReplValueMetaData")); diff != "" {
		t.Errorf("forgotten (-want +got):\n%s", diff)
	}
	// A name stands there as it is.
	odd := "CN=R&D \\<x\\>," + groups
	wantCode(t, "add", addObject(conn, odd, "objectClass: group"), 0)
	step("+member: " + odd)
	if got := strings.Join(entry(t, conn, sales, "msDS-ReplValueMetaData").GetAttributeValues("msDS-ReplValueMetaData"), ""); !strings.Contains(got, "<pszObjectDn>"+odd+"</pszObjectDn>") {
		t.Errorf("%s", got)
	}
}

// TestStampsOutlast: whatever was done, the file that is written has all of the
// metadata, and is written again to the byte.
func TestStampsOutlast(t *testing.T) {
	users := []string{ann, bob, cy}
	rapid.Check(t, func(rt *rapid.T) {
		now := clock()
		options := func(o *Options) { o.Now = func() time.Time { return now } }
		f := load(t, smallDomain, options)
		group, _ := f.resolve(sales)
		write := func(c change) {
			if d := f.draft(group); d.apply(c, false) == nil && d.check() == nil {
				d.commit()
			}
		}
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "hours")) * time.Hour)
			user := rapid.SampledFrom(users).Draw(rt, "user")
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				write(change{changeAdd, "member", []string{user}})
			case 1:
				write(change{changeDelete, "member", []string{user}})
			case 2:
				write(change{changeReplace, "managedBy", []string{user}})
			case 3:
				write(change{changeReplace, "description", []string{rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "text")}})
			case 4:
				if o, refused := f.resolve(user); refused == nil {
					f.bury(o)
				}
			}
		}
		var first, second bytes.Buffer
		if err := f.WriteLDIF(&first); err != nil {
			rt.Fatal(err)
		}
		again := load(t, first.String(), options)
		if err := again.WriteLDIF(&second); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			rt.Fatalf("written again (-first +second):\n%s", diff)
		}
		same, _ := again.resolve(sales)
		if diff := cmp.Diff(f.attributeMetadata(group), again.attributeMetadata(same)); diff != "" {
			rt.Fatalf("attributes (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(f.valueMetadata(group, view{}), again.valueMetadata(same, view{})); diff != "" {
			rt.Fatalf("values (-before +after):\n%s", diff)
		}
	})
}

func TestStampsInTheFile(t *testing.T) {
	const group = "\n\ndn: CN=g,DC=corp,DC=example,DC=com\nobjectClass: group\nmember: CN=a,DC=corp,DC=example,DC=com\nlandfallStamp: "
	const user = "dn: CN=a,DC=corp,DC=example,DC=com\nobjectClass: user"
	for line, want := range map[string]string{
		"description 2 5 6":   "",
		"member 2 5 6 4 at 0": "",
		"member 2 5 6 4 gone CN=a,DC=corp,DC=example,DC=com":         "",
		"member 2 5 6 4 gone CN=forgotten,DC=corp,DC=example,DC=com": "",
		"description 2 5":            "has 3 words",
		"nonesuch 2 5 6":             "no attribute",
		"description 0 5 6":          "not a number",
		"description 4294967296 5 6": "not a number",
		"description 2 x 6":          "not a number",
		"description 2 -5 6":         "not a number",
		"member 2 5 6 4 at 1":        "values that are not there",
		"member 2 5 6 4 at 0-1":      "values that are not there",
		"member 2 5 6 4 at 1-0":      "values that are not there",
		"member 2 5 6 4 at -":        "values that are not there",
	} {
		_, err := Load(strings.NewReader(user+group+line+"\n"), "test.ldif", Options{})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "test.ldif:7: ")) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
	if got := ranges([]int{0, 1, 2, 5, 7, 8}); got != "0-2,5,7-8" {
		t.Errorf("ranges %s", got)
	}
}
