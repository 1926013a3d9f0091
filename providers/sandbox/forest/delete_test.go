package forest

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

var (
	showDeleted = []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}
	showAll     = []ldap.Control{ldap.NewControlMicrosoftShowDeleted(), ldap.NewControlString(controlShowDeactivated, true, "")}
)

// deletedObject reads a deleted object by its GUID.
func deletedObject(t testing.TB, conn *ldap.Conn, guid []byte, controls []ldap.Control) *ldap.Entry {
	t.Helper()
	req := request("<GUID="+formatGUID(string(guid))+">", ldap.ScopeBaseObject, "(objectClass=*)", "*")
	req.Controls = controls
	res, err := conn.Search(req)
	if err != nil {
		t.Fatal(err)
	}
	return res.Entries[0]
}

func restore(conn *ldap.Conn, dn, to string, lines ...string) error {
	return modifyObject(conn, dn, showDeleted, append([]string{"-isDeleted", "=distinguishedName: " + to}, lines...)...)
}

func TestDeleteCodes(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	for _, c := range []struct {
		dn   string
		code uint16
	}{
		{"CN=none," + base, 32}, {"nonsense", 34}, {groups, 66}, {base, 66}, {"CN=Users," + base, 53},
		{"CN=Deleted Objects," + base, 32}, {"CN=Partitions,CN=Configuration," + base, 66}, {bob, 0}, {bob, 32},
	} {
		wantCode(t, c.dn, conn.Del(ldap.NewDelRequest(c.dn, nil)), c.code)
	}
	tree := []ldap.Control{ldap.NewControlString(controlTreeDelete, true, "")}
	wantCode(t, "the domain", conn.Del(ldap.NewDelRequest(base, tree)), 53)
	guid := entry(t, conn, sales, "objectGUID").GetRawAttributeValue("objectGUID")
	wantCode(t, "tree", conn.Del(ldap.NewDelRequest(groups, tree)), 0)
	if got := found(t, conn, "(objectClass=group)"); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	e := deletedObject(t, conn, guid, showDeleted)
	if parent := e.GetAttributeValue("lastKnownParent"); !strings.HasPrefix(parent, `OU=Groups\0ADEL:`) {
		t.Errorf("lastKnownParent %s", parent)
	}
	wantCode(t, "parent is deleted, too", restore(conn, e.DN, sales), 80)
	wantCode(t, "elsewhere", restore(conn, e.DN, "CN=Sales,"+people), 0)
}

func TestRecycleBin(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	before := entry(t, conn, sales)
	guid := before.GetRawAttributeValue("objectGUID")
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest(sales, nil)), 0)
	if got := len(entry(t, conn, ann, "memberOf").Attributes); got != 0 {
		t.Error("the member still has memberOf")
	}
	if got := len(entry(t, conn, "CN=Outer,"+groups, "member").Attributes); got != 0 {
		t.Error("the outer group still has the member")
	}
	_, err := conn.Search(request("<GUID="+formatGUID(string(guid))+">", ldap.ScopeBaseObject, "(objectClass=*)"))
	wantCode(t, "without the control", err, 32)

	e := deletedObject(t, conn, guid, showDeleted)
	wantDN := `CN=Sales\0ADEL:` + formatGUID(string(guid)) + ",CN=Deleted Objects," + base
	if e.DN != wantDN || e.GetAttributeValue("isDeleted") != "TRUE" || e.GetAttributeValue("lastKnownParent") != groups ||
		e.GetAttributeValue("msDS-LastKnownRDN") != "Sales" || e.GetAttributeValue("description") != "all of sales" {
		e.PrettyPrint(1)
		t.Error("the deleted object")
	}
	if len(e.GetAttributeValues("member")) != 0 || len(deletedObject(t, conn, guid, showAll).GetAttributeValues("member")) != 2 {
		t.Error("members of the deleted object are there with the control for inactive links only")
	}
	find := request("CN=Deleted Objects,"+base, ldap.ScopeSingleLevel, "(adminDescription=Group_6f9619ff-8b86-d011-b42d-00c04fc964ff)", "cn")
	find.Controls = showDeleted
	if res, err := conn.Search(find); err != nil || len(res.Entries) != 1 {
		t.Errorf("by its mark: %v", err)
	}

	wantCode(t, "modify", modifyObject(conn, e.DN, showDeleted, "=description: x"), 53)
	wantCode(t, "modify without the control", modifyObject(conn, e.DN, nil, "=description: x"), 32)
	wantCode(t, "add as a member", modifyObject(conn, "CN=Outer,"+groups, nil, "+member: "+e.DN), 32)
	wantCode(t, "parent is missing", restore(conn, e.DN, "CN=Sales,OU=none,"+base), 80)
	wantCode(t, "name in use", restore(conn, e.DN, "CN=Outer,"+groups), 68)
	wantCode(t, "another naming attribute", restore(conn, e.DN, "OU=Sales,"+groups), 64)
	wantCode(t, "refused change", restore(conn, e.DN, sales, "=givenName: x"), 65)
	wantCode(t, "restore", restore(conn, e.DN, "CN=Sales2,"+groups, "=description: back"), 0)

	after := entry(t, conn, "CN=Sales2,"+groups)
	for _, attr := range []string{"objectGUID", "objectSid", "sAMAccountName", "adminDescription", "groupType"} {
		if string(after.GetRawAttributeValue(attr)) != string(before.GetRawAttributeValue(attr)) {
			t.Errorf("%s differs", attr)
		}
	}
	if len(after.GetAttributeValues("member")) != 2 || after.GetAttributeValue("memberOf") != "CN=Outer,"+groups || after.GetAttributeValue("description") != "back" ||
		after.GetAttributeValue("isDeleted") != "" {
		after.PrettyPrint(1)
		t.Error("the restored object")
	}
	if got := entry(t, conn, ann, "memberOf").GetAttributeValue("memberOf"); got != after.DN {
		t.Errorf("memberOf %s", got)
	}
}

func TestDeletedMembers(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	guid := entry(t, conn, ann, "objectGUID").GetRawAttributeValue("objectGUID")
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest(ann, nil)), 0)
	if got := entry(t, conn, sales, "member").GetAttributeValues("member"); len(got) != 1 {
		t.Errorf("members %v", got)
	}
	wantCode(t, "replace the members that are left", modifyObject(conn, sales, nil, "=member: "+cy), 0)
	wantCode(t, "take the account name", modifyObject(conn, cy, nil, "=sAMAccountName: ann"), 0)
	gone := deletedObject(t, conn, guid, showDeleted).DN
	wantCode(t, "restore", restore(conn, gone, ann), 68)
	wantCode(t, "give it back", modifyObject(conn, cy, nil, "=sAMAccountName: cy"), 0)
	wantCode(t, "restore", restore(conn, gone, ann), 0)
	if got := entry(t, conn, sales, "member").GetAttributeValues("member"); len(got) != 2 {
		t.Errorf("members %v", got)
	}
}

func TestTombstones(t *testing.T) {
	conn := connect(t, load(t, smallDomain, func(o *Options) { o.WithoutRecycleBin = true }))
	guid := entry(t, conn, sales, "objectGUID").GetRawAttributeValue("objectGUID")
	if got := len(entry(t, conn, "CN=Partitions,CN=Configuration,"+base, "msDS-EnabledFeature").Attributes); got != 0 {
		t.Error("the Recycle Bin is enabled")
	}
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest(sales, nil)), 0)
	e := deletedObject(t, conn, guid, showAll)
	want := "objectClass:2 cn:1 distinguishedName:1 instanceType:1 whenCreated:1 whenChanged:1 uSNCreated:1 isDeleted:1 lastKnownParent:1 msDS-LastKnownRDN:1 uSNChanged:1 name:1 objectGUID:1 objectSid:1 sAMAccountName:1 objectCategory:1 groupType:1"
	if got := names(e); got != want {
		t.Errorf("%s", got)
	}
	wantCode(t, "restore", restore(conn, e.DN, sales), 0)
	after := entry(t, conn, sales)
	if after.GetAttributeValue("sAMAccountType") == "" || len(after.GetAttributeValues("member")) != 0 || after.GetAttributeValue("memberOf") != "" {
		t.Errorf("%s", names(after))
	}
}
