package forest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

// found are the names (cn or ou) that a filter finds, sorted.
func found(t testing.TB, conn *ldap.Conn, filter string) []string {
	t.Helper()
	var names []string
	for _, e := range search(t, conn, filter, "name") {
		names = append(names, e.GetAttributeValue("name"))
	}
	slices.Sort(names)
	return names
}

func TestFilters(t *testing.T) {
	f := load(t, smallDomain)
	conn := connect(t, f)
	guid := entry(t, conn, ann, "objectGUID").GetRawAttributeValue("objectGUID")
	sid := entry(t, conn, ann, "objectSid").GetRawAttributeValue("objectSid")
	for filter, want := range map[string]string{
		"(sAMAccountName=ANN)":    "Ann Lee",
		"(cn=ann lee)":            "Ann Lee",
		"(name=ann lee)":          "Ann Lee",
		"(ou=people)":             "People",
		"(cn=people)":             "",
		"(objectClass=group)":     "Global,Local,Outer,Sales",
		"(objectClass=person)":    "Ann Lee,Bob,Cy",
		"(objectCategory=person)": "Ann Lee,Bob,Cy",
		"(objectCategory=user)":   "Ann Lee,Bob,Cy",
		"(objectCategory=CN=Person,CN=Schema,CN=Configuration," + base + ")": "Ann Lee,Bob,Cy",
		"(&(objectClass=group)(adminDescription=Group_*))":                   "Sales",
		"(|(sAMAccountName=bob)(sAMAccountName=cy))":                         "Bob,Cy",
		"(&(objectClass=user)(!(mail=*)))":                                   "Bob,Cy",
		"(&(objectClass=user)(!(mail=ann@example.com)))":                     "Bob,Cy",
		"(&(objectClass=user)(!(noSuchAttribute=x)))":                        "",
		"(noSuchAttribute=*)":                                                "",
		"(|(noSuchAttribute=x)(cn=bob))":                                     "Bob",
		"(member=" + ann + ")":                                               "Sales",
		"(member=CN=ANN\\20Lee,ou=people," + base + ")":                      "Sales",
		"(member=<GUID=" + hex.EncodeToString(guid) + ">)":                   "Sales",
		"(member=<SID=" + formatSID(string(sid)) + ">)":                      "Sales",
		"(memberOf=" + sales + ")":                                           "Ann Lee,Bob",
		"(memberOf:1.2.840.113556.1.4.1941:=CN=Outer," + groups + ")":        "Ann Lee,Bob,Sales",
		"(member:1.2.840.113556.1.4.1941:=" + ann + ")":                      "Outer,Sales",
		"(member=CN=nobody," + people + ")":                                  "",
		"(memberOf=CN=*)":                                                    "",
		"(&(objectClass=user)(memberOf=*))":                                  "Ann Lee,Bob",
		"(groupType:1.2.840.113556.1.4.803:=2147483648)":                     "Global,Local,Outer,Sales",
		"(groupType:1.2.840.113556.1.4.803:=8)":                              "Outer,Sales",
		"(groupType:1.2.840.113556.1.4.804:=6)":                              "Global,Local",
		"(groupType=-2147483640)":                                            "Outer,Sales",
		"(groupType=2147483656)":                                             "Outer,Sales",
		"(&(objectClass=group)(groupType>=-2147483644))":                     "Local,Outer,Sales",
		"(&(objectClass=group)(groupType<=-2147483644))":                     "Global,Local",
		"(sAMAccountName>=l)":                                                "Local,Outer,Sales",
		"(sAMAccountName~=BOB)":                                              "Bob",
		"(userPrincipalName=*@corp.*.com)":                                   "Ann Lee",
		"(description=all*of*les)":                                           "Sales",
		"(description=all*all*les)":                                          "",
		"(description=*of*)":                                                 "Sales",
		"(objectGUID=" + ldap.EscapeFilter(string(guid)) + ")":               "Ann Lee",
		"(objectGUID=" + formatGUID(string(guid)) + ")":                      "Ann Lee",
		"(objectSid=" + ldap.EscapeFilter(string(sid)) + ")":                 "Ann Lee",
		"(objectSid=" + formatSID(string(sid)) + ")":                         "Ann Lee",
		"(distinguishedName=" + bob + ")":                                    "Bob",
		"(anr=ann)":                                                          "Ann Lee",
		"(anr==ann)":                                                         "Ann Lee",
		"(&)":                                                                "*",
		"(|)":                                                                "",
	} {
		got := found(t, conn, filter)
		if want == "*" {
			if len(got) < 10 {
				t.Errorf("%s: %v", filter, got)
			}
			continue
		}
		if diff := cmp.Diff(want, strings.Join(got, ",")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filter, diff)
		}
	}
	_, err := conn.Search(request(base, ldap.ScopeWholeSubtree, "(canonicalName=x)"))
	wantCode(t, "constructed attribute", err, 18)
	_, err = conn.Search(request(base, ldap.ScopeWholeSubtree, "(cn:1.2.3:=x)"))
	wantCode(t, "unknown matching rule", err, 18)
}

func TestScopesAndBases(t *testing.T) {
	f := load(t, smallDomain)
	conn := connect(t, f)
	guid := entry(t, conn, groups, "objectGUID").GetRawAttributeValue("objectGUID")
	sid := entry(t, conn, sales, "objectSid").GetRawAttributeValue("objectSid")
	count := func(base string, scope int, filter string) int {
		t.Helper()
		res, err := conn.Search(request(base, scope, filter, "cn"))
		if err != nil {
			t.Fatalf("%s: %v", base, err)
		}
		return len(res.Entries)
	}
	for _, c := range []struct {
		base   string
		scope  int
		filter string
		want   int
	}{
		{groups, ldap.ScopeBaseObject, "(objectClass=*)", 1},
		{groups, ldap.ScopeBaseObject, "(objectClass=group)", 0},
		{groups, ldap.ScopeSingleLevel, "(objectClass=*)", 5},
		{groups, ldap.ScopeWholeSubtree, "(objectClass=*)", 6},
		{groups, ldap.ScopeWholeSubtree, "(objectClass=user)", 0},
		{groups, ldap.ScopeSingleLevel, "(sAMAccountName=sales)", 1},
		{base, ldap.ScopeSingleLevel, "(sAMAccountName=sales)", 0},
		{strings.ToUpper(groups), ldap.ScopeSingleLevel, "(objectClass=group)", 4},
		{"<GUID=" + formatGUID(string(guid)) + ">", ldap.ScopeSingleLevel, "(objectClass=group)", 4},
		{"<GUID=" + hex.EncodeToString(guid) + ">", ldap.ScopeSingleLevel, "(objectClass=group)", 4},
		{"<SID=" + formatSID(string(sid)) + ">", ldap.ScopeBaseObject, "(objectClass=group)", 1},
		{"<SID=" + hex.EncodeToString(sid) + ">", ldap.ScopeBaseObject, "(objectClass=group)", 1},
		{"<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd," + base + ">", ldap.ScopeBaseObject, "(cn=Users)", 1},
	} {
		if got := count(c.base, c.scope, c.filter); got != c.want {
			t.Errorf("%s scope %d %s: %d entries, want %d", c.base, c.scope, c.filter, got, c.want)
		}
	}
	for base, code := range map[string]uint16{
		"OU=None," + base: 32, "DC=other,DC=com": 32, "nonsense": 34, "CN=a=b," + base: 34, "CN=a+OU=b," + base: 34,
		"<GUID=xyz>": 34, "<SID=S-1>": 34, "<GUID=00000000-0000-0000-0000-000000000000>": 32, "<NONE=1>": 34,
		"CN=Deleted Objects," + base: 32,
	} {
		_, err := conn.Search(request(base, ldap.ScopeBaseObject, "(objectClass=*)"))
		wantCode(t, base, err, code)
	}
	_, err := conn.Search(request("", ldap.ScopeWholeSubtree, "(objectClass=*)"))
	wantCode(t, "the whole forest", err, 32)
	_, err = conn.Search(request("OU=none,"+groups, ldap.ScopeBaseObject, "(objectClass=*)"))
	if e, ok := err.(*ldap.Error); !ok || e.MatchedDN != groups {
		t.Errorf("matched DN: %v", err)
	}
}

func TestContinuationReferences(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	config := "ldap://corp.example.com/CN=Configuration," + base
	for scope, want := range map[int][]string{
		ldap.ScopeBaseObject: {}, ldap.ScopeSingleLevel: {config},
		ldap.ScopeWholeSubtree: {config},
	} {
		res, err := conn.Search(request(base, scope, "(objectClass=user)", "cn"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, res.Referrals); diff != "" {
			t.Errorf("scope %d (-want +got):\n%s", scope, diff)
		}
	}
	req := request(base, ldap.ScopeWholeSubtree, "(objectClass=crossRef)", "cn")
	req.Controls = []ldap.Control{ldap.NewControlString(controlDomainScope, false, "")}
	res, err := conn.Search(req)
	if err != nil || len(res.Referrals) != 0 || len(res.Entries) != 0 {
		t.Errorf("domain scope: %v %v %v", err, res.Referrals, res.Entries)
	}
	res, err = conn.Search(request("CN=Configuration,"+base, ldap.ScopeWholeSubtree, "(objectClass=crossRef)", "nETBIOSName"))
	if err != nil || len(res.Entries) != 3 || len(res.Referrals) != 1 {
		t.Errorf("configuration: %v %v %v", err, res.Referrals, res.Entries)
	}
}

// names are the attributes of an entry with the number of their values.
func names(e *ldap.Entry) string {
	var out []string
	for _, a := range e.Attributes {
		out = append(out, fmt.Sprintf("%s:%d", a.Name, len(a.Values)))
	}
	return strings.Join(out, " ")
}

func TestAttributeSelection(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	for _, c := range []struct {
		attrs []string
		want  string
	}{
		{[]string{"1.1"}, ""},
		{[]string{"cn", "MEMBER", "noSuchAttribute", "mail"}, "cn:1 member:2"},
		{[]string{"objectClass"}, "objectClass:2"},
		{[]string{"canonicalName"}, "canonicalName:1"},
		{[]string{"memberOf"}, "memberOf:1"},
		{nil, "objectClass:2 cn:1 description:1 distinguishedName:1 instanceType:1 whenCreated:1 whenChanged:1 uSNCreated:1 uSNChanged:1 name:1 objectGUID:1 objectSid:1 sAMAccountName:1 objectCategory:1 adminDescription:1 groupType:1 member:2 memberOf:1 sAMAccountType:1"},
		{[]string{"*"}, "objectClass:2 cn:1 description:1 distinguishedName:1 instanceType:1 whenCreated:1 whenChanged:1 uSNCreated:1 uSNChanged:1 name:1 objectGUID:1 objectSid:1 sAMAccountName:1 objectCategory:1 adminDescription:1 groupType:1 member:2 memberOf:1 sAMAccountType:1"},
	} {
		if diff := cmp.Diff(c.want, names(entry(t, conn, sales, c.attrs...))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.attrs, diff)
		}
	}
	all := entry(t, conn, sales, "+")
	if all.GetAttributeValue("canonicalName") != "corp.example.com/Groups/Sales" || all.GetAttributeValue("msDS-PrincipalName") != `CORP\sales` {
		t.Errorf("constructed attributes: %v", names(all))
	}
	if got := entry(t, conn, sales, "objectCategory").GetAttributeValue("objectCategory"); got != "CN=Group,CN=Schema,CN=Configuration,"+base {
		t.Errorf("objectCategory %q", got)
	}
	req := request(sales, ldap.ScopeBaseObject, "(objectClass=*)", "member", "cn", "mail")
	req.TypesOnly = true
	res, err := conn.Search(req)
	if err != nil || names(res.Entries[0]) != "member:0 cn:0" {
		t.Errorf("types only: %v %v", err, names(res.Entries[0]))
	}
}

func TestExtendedDN(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	e := entry(t, conn, ann, "objectGUID", "objectSid")
	guid, sid := e.GetRawAttributeValue("objectGUID"), e.GetRawAttributeValue("objectSid")
	for value, want := range map[string]string{
		"":                     "<GUID=" + hex.EncodeToString(guid) + ">;<SID=" + hex.EncodeToString(sid) + ">;" + ann,
		"\x30\x03\x02\x01\x00": "<GUID=" + hex.EncodeToString(guid) + ">;<SID=" + hex.EncodeToString(sid) + ">;" + ann,
		"\x30\x03\x02\x01\x01": "<GUID=" + formatGUID(string(guid)) + ">;<SID=" + formatSID(string(sid)) + ">;" + ann,
	} {
		req := request(ann, ldap.ScopeBaseObject, "(objectClass=*)", "cn")
		req.Controls = []ldap.Control{ldap.NewControlString(controlExtendedDN, true, value)}
		res, err := conn.Search(req)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, res.Entries[0].DN); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	req := request(people, ldap.ScopeBaseObject, "(objectClass=*)", "cn")
	req.Controls = []ldap.Control{ldap.NewControlString(controlExtendedDN, false, "")}
	res, err := conn.Search(req)
	if err != nil || strings.Contains(res.Entries[0].DN, "SID") {
		t.Errorf("%v %v", res.Entries[0].DN, err)
	}
}

func TestRootDSE(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	e := entry(t, conn, "")
	for attr, want := range map[string]string{
		"defaultNamingContext": base, "rootDomainNamingContext": base, "configurationNamingContext": "CN=Configuration," + base,
		"schemaNamingContext": "CN=Schema,CN=Configuration," + base, "dnsHostName": "dc1.corp.example.com",
		"currentTime": "20261122164100.0Z", "isGlobalCatalogReady": "TRUE", "vendorName": "",
	} {
		if got := e.GetAttributeValue(attr); got != want {
			t.Errorf("%s %q, want %q", attr, got, want)
		}
	}
	if !slices.Contains(e.GetAttributeValues("supportedControl"), controlPaging) || !slices.Contains(e.GetAttributeValues("supportedLDAPVersion"), "3") {
		t.Error("supportedControl or supportedLDAPVersion")
	}
	before := e.GetAttributeValue("highestCommittedUSN")
	mod := ldap.NewModifyRequest(ann, nil)
	mod.Replace("info", []string{"x"})
	wantCode(t, "modify", conn.Modify(mod), 0)
	after := entry(t, conn, "", "highestCommittedUSN").GetAttributeValue("highestCommittedUSN")
	if number(after) != number(before)+1 || entry(t, conn, ann, "uSNChanged").GetAttributeValue("uSNChanged") != after {
		t.Errorf("highestCommittedUSN %s after %s", after, before)
	}
	if got := entry(t, conn, "", "vendorname"); len(got.Attributes) != 1 {
		t.Errorf("named attribute: %v", got.Attributes)
	}
	wantCode(t, "compare", func() error { _, err := conn.Compare(ann, "mail", "ANN@example.com"); return err }(), 0)
	if ok, _ := conn.Compare(ann, "mail", "other"); ok {
		t.Error("compare")
	}
}

func TestSchemaContainer(t *testing.T) {
	for _, without := range []bool{false, true} {
		f := load(t, smallDomain, func(o *Options) { o.WithoutExchangeSchema = without })
		conn := connect(t, f)
		res, err := conn.Search(request("CN=Schema,CN=Configuration,"+base, ldap.ScopeSingleLevel,
			"(&(objectClass=attributeSchema)(|(lDAPDisplayName=mailNickname)(lDAPDisplayName=msExchRecipientTypeDetails)(lDAPDisplayName=msDS-ExternalDirectoryObjectId)))", "lDAPDisplayName", "rangeUpper", "isSingleValued"))
		want := 3
		if without {
			want = 1
		}
		if err != nil || len(res.Entries) != want {
			t.Errorf("without Exchange %t: %d attributes, %v", without, len(res.Entries), err)
		}
		mod := ldap.NewModifyRequest(sales, nil)
		mod.Replace("mailNickname", []string{"sales"})
		code := uint16(0)
		if without {
			code = 16
		}
		wantCode(t, "mailNickname", conn.Modify(mod), code)
		all, err := conn.SearchWithPaging(request("CN=Schema,CN=Configuration,"+base, ldap.ScopeSingleLevel, "(objectClass=attributeSchema)", "lDAPDisplayName", "cn"), 500)
		if err != nil || len(all.Entries) != len(f.schema.ordered) {
			t.Errorf("%d attributes in the schema container, %d in the schema (%v)", len(all.Entries), len(f.schema.ordered), err)
		}
		wantCode(t, "delete", conn.Del(ldap.NewDelRequest(all.Entries[0].DN, nil)), 53)
		features := entry(t, conn, "CN=Partitions,CN=Configuration,"+base, "msDS-EnabledFeature").GetAttributeValues("msDS-EnabledFeature")
		if len(features) != 1 || !strings.HasPrefix(features[0], "CN=Recycle Bin Feature,CN=Optional Features,") {
			t.Errorf("features %v", features)
		}
	}
}

// TestEveryAttributeHasAClass: an attribute that no class has could not be written.
func TestEveryAttributeHasAClass(t *testing.T) {
	s := newSchema(planner.ADSchema, false)
	for _, def := range s.ordered {
		if !slices.ContainsFunc(s.classList, func(c *class) bool { return c.may[def] }) && !def.constructed {
			t.Errorf("%s is in no class of the class table", def.name)
		}
	}
}

func TestOwnAttributes(t *testing.T) {
	own := planner.ADSchema.Extend(planner.Attribute{Name: "corpRing", Syntax: planner.SyntaxInt})
	conn := connect(t, load(t, smallDomain+"\ndn: CN=r,"+groups+"\nobjectClass: group\ncorpRing: 7\n", func(o *Options) { o.Schema = own }))
	if got := entry(t, conn, "CN=r,"+groups, "corpring").GetAttributeValue("corpRing"); got != "7" {
		t.Errorf("corpRing %q", got)
	}
	wantCode(t, "write", modifyObject(conn, sales, nil, "=corpRing: 8"), 0)
	wantCode(t, "write text", modifyObject(conn, sales, nil, "=corpRing: x"), 21)
}
