package forest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseLDIF(t *testing.T) {
	text := "\ufeffversion: 1\r\n# a comment\r\n  that goes on\r\n\r\ndn: CN=a,\r\n  OU=b\r\nobjectClass: group\r\ndescription:: " +
		base64.StdEncoding.EncodeToString([]byte("ä\n")) + "\r\nuserCertificate;binary:: AAA=\r\ninfo:   spaces before\r\ncn:a\r\nempty:\r\n\r\n\r\ndn:: " +
		base64.StdEncoding.EncodeToString([]byte("CN=é")) + "\nchangetype: add\n# another\nx: last line without an end"
	got, err := parseLDIF(strings.NewReader(text), "x.ldif")
	if err != nil {
		t.Fatal(err)
	}
	want := []record{
		{line: 5, dn: "CN=a, OU=b", values: []recordValue{
			{7, "objectClass", "group"}, {8, "description", "ä\n"}, {9, "userCertificate", "\x00\x00"}, {10, "info", "spaces before"},
			{11, "cn", "a"}, {12, "empty", ""},
		}},
		{line: 15, dn: "CN=é", values: []recordValue{{18, "x", "last line without an end"}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{}, recordValue{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadErrors(t *testing.T) {
	domain := "dn: " + base + "\nobjectClass: domainDNS\n\n" // 3 lines
	group := "dn: CN=g," + base + "\nobjectClass: group\n"
	for name, c := range map[string]struct{ ldif, want string }{
		"empty":                {"", "x.ldif: no records"},
		"no dn":                {"objectClass: group\n", `x.ldif:1: a record begins with "objectClass"`},
		"version":              {"version: 2\n", `x.ldif:1: LDIF version "2"`},
		"continuation":         {" x\n", "x.ldif:1: a continuation line"},
		"no colon":             {domain + "dn CN=a\n", `x.ldif:4: no attribute name and colon in "dn CN=a"`},
		"base64":               {domain + "dn: CN=a," + base + "\ninfo:: ***\n", "x.ldif:5: the value of info is not base64"},
		"URL":                  {domain + "dn: CN=a," + base + "\ninfo:< file:///etc/passwd\n", "x.ldif:5: the value of info is a URL"},
		"option":               {domain + "dn: CN=a," + base + "\ninfo;lang-de: x\n", `x.ldif:5: attribute option "lang-de"`},
		"changes":              {domain + "dn: CN=a," + base + "\nchangetype: modify\nadd: x\n", `x.ldif:5: changetype "modify"`},
		"name":                 {domain + "dn: nonsense\nobjectClass: group\n", `x.ldif:4: "nonsense" is not a distinguished name`},
		"no domain":            {"dn: O=x\nobjectClass: group\n", "does not end in DC components"},
		"another domain":       {domain + "dn: CN=a,DC=other,DC=com\nobjectClass: group\n", "x.ldif:4:"},
		"no class":             {domain + "dn: CN=a," + base + "\ninfo: x\n", "has no objectClass"},
		"unknown class":        {domain + "dn: CN=a," + base + "\nobjectClass: robot\n", `x.ldif:5: objectClass: the schema has no class "robot"`},
		"abstract class":       {domain + "dn: CN=a," + base + "\nobjectClass: person\n", "x.ldif:5: objectClass: no structural class"},
		"two classes":          {domain + "dn: CN=a," + base + "\nobjectClass: group\nobjectClass: user\n", "user and group at once"},
		"naming attribute":     {domain + "dn: OU=a," + base + "\nobjectClass: group\n", "begins with CN="},
		"unknown attribute":    {domain + group + "colour: red\nsize: 1\nCOLOUR: blue\n", "x.ldif:6: colour: the schema has no attribute of this name; remove the line, or declare the attribute with the provider (also size)"},
		"foreign attribute":    {domain + group + "givenName: x\n", "x.ldif:6: givenName: objects of class group do not have this attribute"},
		"two values":           {domain + group + "info: x\ninfo: y\n", "x.ldif:7: info: a second value"},
		"same value":           {domain + group + "proxyAddresses: x\nproxyAddresses: X\n", "x.ldif:7: proxyAddresses: the same value twice"},
		"empty value":          {domain + group + "info:\n", "x.ldif:6: info: not a value of this attribute's syntax"},
		"too long":             {domain + group + "info: " + strings.Repeat("x", 1025) + "\n", "x.ldif:6: info: outside the limits of the attribute (1024 at most)"},
		"not a number":         {domain + group + "groupType: x\n", "x.ldif:6: groupType: not a value"},
		"group type":           {domain + group + "groupType: 14\n", "groupType 14: not a combination of flags"},
		"account name":         {domain + group + "sAMAccountName: a/b\n", "a character that account names cannot have"},
		"same name":            {domain + group + "\n" + strings.ToLower(group), "line 4 has it, too"},
		"parent":               {domain + "dn: CN=a,OU=x," + base + "\nobjectClass: group\n", "there is no object OU=x," + base},
		"name of an OU":        {domain + group + "\ndn: OU=G," + base + "\nobjectClass: organizationalUnit\n", "line 4 has an object of the same name in the same place"},
		"place":                {domain + group + "\ndn: CN=a,CN=g," + base + "\nobjectClass: user\n", "cannot lie below"},
		"schema":               {domain + "dn: CN=a,CN=Schema,CN=Configuration," + base + "\nobjectClass: attributeSchema\nlDAPDisplayName: a\n", "has a schema of its own"},
		"deleted":              {domain + group + "isDeleted: TRUE\n", "does not lie in CN=Deleted Objects"},
		"reference":            {domain + group + "member: CN=nobody," + base + "\n", `x.ldif:6: member: there is no object "CN=nobody,` + base},
		"reference twice":      {domain + group + "managedBy: " + base + "\nmember: CN=Users," + base + "\nmember: cn=users," + base + "\n", "x.ldif:8: member:"},
		"back link":            {domain + group + "memberOf: CN=Users," + base + "\n", "x.ldif:6: memberOf:"},
		"cn":                   {domain + group + "cn: h\n", "x.ldif:6: cn:"},
		"distinguishedName":    {domain + group + "distinguishedName: CN=h," + base + "\n", "x.ldif:6: distinguishedName:"},
		"objectCategory":       {domain + group + "objectCategory: CN=Person,CN=Schema,CN=Configuration," + base + "\n", "x.ldif:6: objectCategory:"},
		"account name in use":  {domain + group + "sAMAccountName: x\n\ndn: CN=u," + base + "\nobjectClass: user\nsAMAccountName: X\n", "sAMAccountName of"},
		"SID in use":           {domain + group + "objectSid: S-1-5-21-1-2-3-1200\n\ndn: CN=u," + base + "\nobjectClass: user\nobjectSid: S-1-5-21-1-2-3-1200\n", "objectSid of"},
		"nesting":              {domain + group + "groupType: 2\nmember: CN=h," + base + "\n\ndn: CN=h," + base + "\nobjectClass: group\ngroupType: 8\n", "the scopes of the two groups"},
		"member of itself":     {domain + group + "member: CN=g," + base + "\n", "a group cannot be a member of itself"},
		"SID of the domain":    {"dn: " + base + "\nobjectClass: domainDNS\nobjectSid: S-1-5-32-544\n", "is not the SID of a domain"},
		"control characters":   {domain + "dn: CN=a," + base + "\nobjectClass: \x1b[31mred\n", `\x1b[31mred`},
		"Exchange not in here": {domain + group + "mailNickname: g\n", ""},
	} {
		_, err := Load(strings.NewReader(c.ldif), "x.ldif", Options{})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		case err != nil && strings.ContainsRune(err.Error(), '\x1b'):
			t.Errorf("%s: %q holds control characters", name, err)
		}
	}
	_, err := Load(strings.NewReader(group+"mailNickname: g\n"), "x.ldif", Options{WithoutExchangeSchema: true})
	if err == nil || !strings.Contains(err.Error(), "mailNickname") {
		t.Errorf("without Exchange's schema: %v", err)
	}
	if _, err = Load(strings.NewReader(""), "x.ldif", Options{BaseDN: base}); err != nil {
		t.Errorf("no records but a base: %v", err)
	}
}

// dump writes the state of a forest.
func dump(t testing.TB, f *Forest) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteLDIF(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOrderOfRecords: generated identifiers do not depend on the order of records.
func TestOrderOfRecords(t *testing.T) {
	records := strings.Split(strings.TrimPrefix(smallDomain, "version: 1\n\n"), "\n\n")
	shuffled := slices.Clone(records)
	slices.Reverse(shuffled)
	ids := func(f *Forest) map[string]string {
		out := map[string]string{}
		for _, o := range f.objects {
			if !o.generated {
				out[f.dn(o)] = o.first(f.schema.objectGUID) + o.first(f.schema.objectSid) + o.first(f.schema.sAMAccountName)
			}
		}
		return out
	}
	first := load(t, strings.Join(records, "\n\n")+"\n")
	second := load(t, strings.Join(shuffled, "\n\n")+"\n")
	if diff := cmp.Diff(ids(first), ids(second)); diff != "" {
		t.Error(diff)
	}
	if len(ids(first)) != first.Len() {
		t.Errorf("%d names, %d objects", len(ids(first)), first.Len())
	}
}

func TestFilledIn(t *testing.T) {
	f := load(t, `dn: CN=Domain Admins,CN=Users,DC=corp,DC=example,DC=com
objectClass: group

dn: CN=Administrators,CN=Builtin,DC=corp,DC=example,DC=com
objectClass: group

dn: CN=x,CN=Users,DC=corp,DC=example,DC=com
objectClass: user
objectSid: S-1-5-21-10-20-30-4000
objectGUID: 6f9619ff-8b86-d011-b42d-00c04fc964ff

dn: CN=y,CN=Users,DC=corp,DC=example,DC=com
objectClass: computer
`)
	conn := connect(t, f)
	sids := map[string]string{}
	for _, e := range search(t, conn, "(|(objectClass=group)(objectClass=user))", "sAMAccountName", "objectSid", "groupType", "sAMAccountType", "cn") {
		sids[e.GetAttributeValue("cn")] = formatSID(string(e.GetRawAttributeValue("objectSid")))
		if e.GetAttributeValue("sAMAccountType") == "" {
			t.Errorf("%s has no sAMAccountType", e.DN)
		}
	}
	if sids["Domain Admins"] != "S-1-5-21-10-20-30-512" || sids["Administrators"] != "S-1-5-32-544" || sids["x"] != "S-1-5-21-10-20-30-4000" ||
		!strings.HasPrefix(sids["y"], "S-1-5-21-10-20-30-") {
		t.Errorf("%v", sids)
	}
	e := entry(t, conn, "CN=Administrators,CN=Builtin,"+base, "groupType", "sAMAccountName")
	if e.GetAttributeValue("groupType") != "-2147483643" || e.GetAttributeValue("sAMAccountName") != "Administrators" {
		e.PrettyPrint(1)
		t.Error("Administrators")
	}
	if got := formatGUID(string(entry(t, conn, "CN=x,CN=Users,"+base, "objectGUID").GetRawAttributeValue("objectGUID"))); got != "6f9619ff-8b86-d011-b42d-00c04fc964ff" {
		t.Errorf("objectGUID %s", got)
	}
	// The next account gets a RID of its own.
	wantCode(t, "add", addObject(conn, "CN=z,CN=Users,"+base, "objectClass: user"), 0)
	if got := formatSID(string(entry(t, conn, "CN=z,CN=Users,"+base, "objectSid").GetRawAttributeValue("objectSid"))); !strings.HasPrefix(got, "S-1-5-21-10-20-30-") {
		t.Errorf("objectSid %s", got)
	}
}

// TestLDIFRoundTrip: whatever was done to a directory, its LDIF loads as the same
// directory, and goes on in the same way.
func TestLDIFRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		withoutBin := rapid.Bool().Draw(rt, "without recycle bin")
		option := func(o *Options) { o.WithoutRecycleBin = withoutBin }
		f := load(t, smallDomain, option)
		for range rapid.IntRange(0, 25).Draw(rt, "operations") {
			randomOperation(rt, f)
		}
		first := dump(t, f)
		g := load(t, first, option)
		if diff := cmp.Diff(first, dump(t, g)); diff != "" {
			rt.Fatalf("(-written +loaded and written):\n%s", diff)
		}
		op := drawOperation(rt)
		if a, b := runOperation(f, op), runOperation(g, op); (a == nil) != (b == nil) || a != nil && a.code != b.code {
			rt.Fatalf("%v: %v, after loading %v", op, a, b)
		}
		if diff := cmp.Diff(dump(t, f), dump(t, g)); diff != "" {
			rt.Fatalf("after %v (-original +loaded):\n%s", op, diff)
		}
	})
}

// operation is one random request, as its protocol operation.
type operation struct {
	tag      byte
	content  []byte
	controls []control
	text     string
}

func (o operation) String() string { return o.text }

func randomOperation(rt *rapid.T, f *Forest) { runOperation(f, drawOperation(rt)) }

func runOperation(f *Forest, op operation) *refusal {
	m := message{id: 1, op: element{op.tag, op.content}, controls: op.controls}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch op.tag {
	case opAddRequest:
		return f.add(m, writer{})
	case opModifyRequest:
		return f.modify(m, writer{})
	case opModifyDNRequest:
		return f.rename(m, writer{})
	}
	return f.remove(m, writer{})
}

func drawOperation(rt *rapid.T) operation {
	names := []string{"CN=Sales", "CN=Outer", "CN=Global", "CN=Local", "CN=n1", "CN=n2\\,x", "OU=Inner", "CN=Ann Lee", "CN=Bob"}
	parents := []string{groups, people, "OU=Inner," + groups}
	drawDN := func(what string) string {
		return rapid.SampledFrom(names).Draw(rt, what) + "," + rapid.SampledFrom(parents).Draw(rt, what+" parent")
	}
	dn := drawDN("object")
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0:
		class := rapid.SampledFrom([]string{"group", "user", "contact", "organizationalUnit"}).Draw(rt, "class")
		content := appendText(nil, tagOctetString, dn)
		content, list := open(content, tagSequence)
		content = appendValues(content, "objectClass", class)
		if rapid.Bool().Draw(rt, "described") {
			content = appendValues(content, "description", rapid.StringN(1, 100, -1).Draw(rt, "description"))
		}
		return operation{opAddRequest, shut(content, list), nil, "add " + class + " " + dn}
	case 1, 2:
		kind := rapid.SampledFrom([]int64{changeAdd, changeDelete, changeReplace}).Draw(rt, "change")
		attr := rapid.SampledFrom([]string{"member", "managedBy", "description", "proxyAddresses", "groupType", "sAMAccountName", "thumbnailPhoto", "manager"}).Draw(rt, "attribute")
		value := rapid.StringN(1, 30, -1).Draw(rt, "value")
		switch attr {
		case "member", "managedBy", "manager":
			value = drawDN("value")
		case "groupType":
			value = rapid.SampledFrom([]string{"2", "4", "8", "-2147483640"}).Draw(rt, "type")
		}
		content := appendText(nil, tagOctetString, dn)
		content, list := open(content, tagSequence)
		content, one := open(content, tagSequence)
		content = appendInteger(content, tagEnumerated, kind)
		content = shut(shut(appendValues(content, attr, value), one), list)
		return operation{opModifyRequest, content, nil, fmt.Sprintf("modify %s %d %s %q", dn, kind, attr, value)}
	case 3:
		content := appendText(nil, tagOctetString, dn)
		rdn := rapid.SampledFrom(names).Draw(rt, "new name")
		content = appendText(content, tagOctetString, rdn)
		content = append(content, tagBoolean, 1, 0xff)
		superior := rapid.SampledFrom(parents).Draw(rt, "new parent")
		return operation{opModifyDNRequest, appendText(content, 0x80, superior), nil, "rename " + dn + " " + rdn + " " + superior}
	case 4:
		return operation{opDeleteRequest, []byte(dn), []control{{oid: controlTreeDelete}}, "delete " + dn}
	}
	// Restores address a name that is deleted only if its GUID was the loaded one.
	guid := formatGUID(guidFrom(strings.ToLower("CN=Sales," + groups)))
	content := appendText(nil, tagOctetString, "<GUID="+guid+">")
	content, list := open(content, tagSequence)
	content, one := open(content, tagSequence)
	content = appendInteger(content, tagEnumerated, changeDelete)
	content = shut(appendValues(content, "isDeleted"), one)
	content, one = open(content, tagSequence)
	content = appendInteger(content, tagEnumerated, changeReplace)
	content = shut(shut(appendValues(content, "distinguishedName", dn), one), list)
	return operation{opModifyRequest, content, []control{{oid: controlShowDeleted}}, "restore " + dn}
}

// appendValues writes an attribute with its set of values.
func appendValues(out []byte, name string, values ...string) []byte {
	out, one := open(out, tagSequence)
	out = appendText(out, tagOctetString, name)
	out, set := open(out, tagSet)
	for _, v := range values {
		out = appendText(out, tagOctetString, v)
	}
	return shut(shut(out, set), one)
}

// TestRestoredGUID: the property above restores an object that exists.
func TestRestoredGUID(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest(sales, nil)), 0)
	guid := formatGUID(guidFrom(strings.ToLower("CN=Sales," + groups)))
	wantCode(t, "restore", restore(conn, "<GUID="+guid+">", sales), 0)
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{smallDomain, "version: 1\n", "dn:: Q049YQ==\n x\n", "dn: " + base + "\nobjectClass: domainDNS\nobjectSid:: AQQAAAAAAAUVAAAAAQAAAAIAAAADAAAA\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		forest, err := Load(strings.NewReader(text), "fuzz.ldif", Options{Now: clock})
		if err != nil {
			return
		}
		first := dump(t, forest)
		again, err := Load(strings.NewReader(first), "again.ldif", Options{Now: clock})
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if diff := cmp.Diff(first, dump(t, again)); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
