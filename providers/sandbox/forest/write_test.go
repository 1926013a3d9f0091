package forest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
)

// addObject adds an object with "name: value" lines.
func addObject(conn *ldap.Conn, dn string, lines ...string) error {
	values := map[string][]string{}
	var order []string
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		if values[name] == nil {
			order = append(order, name)
		}
		values[name] = append(values[name], value)
	}
	req := ldap.NewAddRequest(dn, nil)
	for _, name := range order {
		req.Attribute(name, values[name])
	}
	return conn.Add(req)
}

// modifyObject carries out "+name: value", "-name: value", "-name" and
// "=name: value" lines as one request; lines of one attribute and sign that
// follow each other are one change.
func modifyObject(conn *ldap.Conn, dn string, controls []ldap.Control, lines ...string) error {
	req := ldap.NewModifyRequest(dn, controls)
	for i := 0; i < len(lines); {
		sign := lines[i][0]
		name, _, _ := strings.Cut(lines[i][1:], ": ")
		var values []string
		for ; i < len(lines) && lines[i][0] == sign; i++ {
			n, value, has := strings.Cut(lines[i][1:], ": ")
			if n != name {
				break
			}
			if has {
				values = append(values, value)
			}
		}
		switch sign {
		case '+':
			req.Add(name, values)
		case '-':
			req.Delete(name, values)
		case '=':
			req.Replace(name, values)
		}
	}
	return conn.Modify(req)
}

func TestAddCodes(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	long := strings.Repeat("x", 65)
	for _, c := range []struct {
		name  string
		dn    string
		lines string
		code  uint16
	}{
		{"group", "CN=a", "objectClass: group", 0},
		{"same name, other case", "cn=A", "objectClass: group", 68},
		{"same name, other type", "OU=a", "objectClass: organizationalUnit", 68},
		{"name with a line break", `CN=a\0Ab`, "objectClass: group", 64},
		{"name with a NUL", `CN=a\00b`, "objectClass: group", 34},
		{"parent is missing", "CN=b,OU=none", "objectClass: group", 32},
		{"malformed name", "CN", "objectClass: group", 34},
		{"two-part name", "CN=b+SN=c", "objectClass: group", 34},
		{"no class", "CN=b", "description: x", 65},
		{"abstract class", "CN=b", "objectClass: person", 65},
		{"two classes", "CN=b", "objectClass: group\nobjectClass: user", 65},
		{"unknown class", "CN=b", "objectClass: nonsense", 16},
		{"name of another type", "OU=b", "objectClass: group", 64},
		{"below a group", "CN=b,CN=Sales", "objectClass: user", 64},
		{"class of the system", "CN=b", "objectClass: lostAndFound", 53},
		{"unknown attribute", "CN=b", "objectClass: group\nnonsense: x", 16},
		{"attribute of another class", "CN=b", "objectClass: group\ngivenName: x", 65},
		{"two values for one", "CN=b", "objectClass: group\ninfo: x\ninfo: y", 19},
		{"the same value twice", "CN=b", "objectClass: group\nproxyAddresses: x\nproxyAddresses: X", 20},
		{"empty value", "CN=b", "objectClass: group\ninfo: ", 21},
		{"bad integer", "CN=b", "objectClass: group\nmsExchRecipientDisplayType: x", 21},
		{"large integer in a small one", "CN=b", "objectClass: group\nmsExchRecipientDisplayType: 4294967296", 21},
		{"large integer", "CN=b", "objectClass: group\nmsExchRecipientTypeDetails: 8796093022208", 0},
		{"bad boolean", "CN=c", "objectClass: group\nmsExchRequireAuthToSendTo: true", 21},
		{"bad time", "CN=c", "objectClass: user\nmsExchLitigationHoldDate: yesterday", 21},
		{"bad text", "CN=c", "objectClass: group\ninfo: \xff", 21},
		{"long name", "CN=" + long, "objectClass: group", 19},
		{"long name of an OU", "OU=" + long, "objectClass: organizationalUnit", 19},
		{"64 units of name", "CN=" + long[1:], "objectClass: group", 0},
		{"long account name", "CN=c", "objectClass: group\nsAMAccountName: " + strings.Repeat("x", 257), 19},
		{"account name in use", "CN=c", "objectClass: group\nsAMAccountName: ANN", 68},
		{"account name with a slash", "CN=c", "objectClass: group\nsAMAccountName: a/b", 19},
		{"account name ends in a dot", "CN=c", "objectClass: group\nsAMAccountName: a.", 19},
		{"account name of spaces", "CN=c", "objectClass: group\nsAMAccountName:   ", 19},
		{"principal name in use", "CN=c", "objectClass: user\nuserPrincipalName: Ann@corp.example.com", 19},
		{"no scope", "CN=c", "objectClass: group\ngroupType: -2147483648", 53},
		{"two scopes", "CN=c", "objectClass: group\ngroupType: 6", 53},
		{"builtin group", "CN=c", "objectClass: group\ngroupType: -2147483643", 53},
		{"unknown flags", "CN=c", "objectClass: group\ngroupType: 12345", 53},
		{"missing member", "CN=c", "objectClass: group\nmember: CN=none," + base, 32},
		{"malformed member", "CN=c", "objectClass: group\nmember: none", 34},
		{"the same member twice", "CN=c", "objectClass: group\nmember: " + ann + "\nmember: " + strings.ToUpper(ann), 20},
		{"missing manager", "CN=c", "objectClass: group\nmanagedBy: CN=none," + base, 19},
		{"memberOf", "CN=c", "objectClass: user\nmemberOf: " + sales, 53},
		{"objectSid", "CN=c", "objectClass: group\nobjectSid: \x01\x01\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00", 53},
		{"objectGUID", "CN=c", "objectClass: group\nobjectGUID: 0123456789abcdef", 53},
		{"whenCreated", "CN=c", "objectClass: group\nwhenCreated: 20200101000000.0Z", 19},
		{"canonicalName", "CN=c", "objectClass: group\ncanonicalName: x", 17},
		{"other cn", "CN=c", "objectClass: group\ncn: d", 34},
		{"same cn", "CN=c", "objectClass: group\ncn: C", 0},
		{"domain local member of a universal group", "CN=d", "objectClass: group\ngroupType: 8\nmember: CN=Local," + groups, 53},
		{"universal member of a global group", "CN=d", "objectClass: group\ngroupType: 2\nmember: " + sales, 53},
		{"any member of a domain local group", "CN=d", "objectClass: group\ngroupType: 4\nmember: " + sales + "\nmember: CN=Global," + groups + "\nmember: CN=Local," + groups, 0},
		{"contact", "CN=e", "objectClass: contact\nmail: e@example.com", 0},
		{"account name of a contact", "CN=f", "objectClass: contact\nsAMAccountName: f", 65},
		{"auxiliary class", "CN=f", "objectClass: container\nobjectClass: mailRecipient\ninfo: x", 0},
	} {
		lines := strings.Split(c.lines, "\n")
		wantCode(t, c.name, addObject(conn, c.dn+","+groups, lines...), c.code)
	}
}

func TestAddedObjects(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	wantCode(t, "add", addObject(conn, "CN=g,"+groups, "objectClass: group"), 0)
	e := entry(t, conn, "CN=g,"+groups)
	sam := e.GetAttributeValue("sAMAccountName")
	if len(sam) != 20 || sam[0] != '$' || sam[7] != '-' || strings.Trim(sam[1:7]+sam[8:], "0123456789ABCDEFGHIJKLMNOPQRSTUV") != "" {
		t.Errorf("generated account name %q", sam)
	}
	for attr, want := range map[string]string{
		"groupType": "-2147483646", "sAMAccountType": "268435456", "whenCreated": "20261122164100.0Z", "name": "g", "instanceType": "4",
	} {
		if got := e.GetAttributeValue(attr); got != want {
			t.Errorf("%s %q, want %q", attr, got, want)
		}
	}
	wantCode(t, "user", addObject(conn, "CN=u,"+people, "objectClass: user"), 0)
	u := entry(t, conn, "CN=u,"+people)
	if u.GetAttributeValue("userAccountControl") != "546" || u.GetAttributeValue("primaryGroupID") != "513" {
		t.Error("defaults of a user")
	}
	sid, other := e.GetRawAttributeValue("objectSid"), u.GetRawAttributeValue("objectSid")
	if string(sid[:24]) != string(other[:24]) || string(sid) == string(other) {
		t.Errorf("SIDs %s %s", formatSID(string(sid)), formatSID(string(other)))
	}

	// The same name again is another object with another SID.
	wantCode(t, "delete", conn.Del(ldap.NewDelRequest("CN=g,"+groups, nil)), 0)
	wantCode(t, "add", addObject(conn, "CN=g,"+groups, "objectClass: group"), 0)
	again := entry(t, conn, "CN=g,"+groups)
	for _, attr := range []string{"objectGUID", "objectSid", "sAMAccountName"} {
		if string(again.GetRawAttributeValue(attr)) == string(e.GetRawAttributeValue(attr)) {
			t.Errorf("%s is the old one", attr)
		}
	}
}

// permissive is the permissive-modify control.
var permissive = []ldap.Control{ldap.NewControlString(controlPermissive, false, "")}

func TestModifyCodes(t *testing.T) {
	local, global, outer := "CN=Local,"+groups, "CN=Global,"+groups, "CN=Outer,"+groups
	for _, c := range []struct {
		name  string
		dn    string
		lines string
		code  uint16
	}{
		{"compare and swap", sales, "-description: ALL of Sales\n+description: new", 0},
		{"stale", sales, "-description: old\n+description: new", 16},
		{"only the case", sales, "-description: all of sales\n+description: All of Sales", 0},
		{"add to a single value", sales, "+adminDescription: x", 20},
		{"two values for one", bob, "+info: x\n+info: y", 19},
		{"two values for one, replaced", bob, "=info: x\n=info: y", 19},
		{"second description of an account", sales, "+description: x", 20},
		{"two descriptions of an OU", groups, "+description: x\n+description: y", 0},
		{"same value again", ann, "+mail: ann@example.com", 20},
		{"absent attribute", bob, "-mail", 16},
		{"absent value", ann, "-mail: x@example.com", 16},
		{"replace by nothing", bob, "=mail", 0},
		{"replace by the same", ann, "=mail: ann@example.com", 0},
		{"nothing", ann, "", 0},
		{"empty value", bob, "+info: ", 21},
		{"empty value to delete", bob, "-info: ", 21},
		{"too long", bob, "+info: " + strings.Repeat("x", 1025), 19},
		{"longest", bob, "+info: " + strings.Repeat("é", 1024), 0},
		{"unknown attribute", bob, "+nonsense: x", 16},
		{"attribute of another class", sales, "+givenName: x", 65},
		{"missing object", "CN=none," + people, "+info: x", 32},
		{"object class", sales, "+objectClass: user", 69},
		{"cn", sales, "=cn: x", 67},
		{"name", sales, "=name: x", 67},
		{"cn of an OU", groups, "=cn: x", 0},
		{"objectGUID", sales, "=objectGUID: 0123456789abcdef", 19},
		{"objectSid", sales, "=objectSid: \x01\x01\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00", 53},
		{"sAMAccountType", sales, "=sAMAccountType: 1", 53},
		{"uSNChanged", sales, "=uSNChanged: 1", 19},
		{"isDeleted", sales, "+isDeleted: TRUE", 19},
		{"restore a live object", sales, "-isDeleted\n=distinguishedName: CN=x," + base, 16},
		{"memberOf", ann, "+memberOf: " + sales, 53},
		{"managedObjects", ann, "+managedObjects: " + sales, 53},
		{"account name removed", sales, "-sAMAccountName", 53},
		{"account name changed", sales, "-sAMAccountName: SALES\n+sAMAccountName: sales2", 0},
		{"account name in use", sales, "=sAMAccountName: Ann", 68},
		{"own account name, other case", sales, "=sAMAccountName: Sales", 0},
		{"account control removed", ann, "-userAccountControl", 53},
		{"principal name in use", bob, "=userPrincipalName: ann@CORP.example.com", 19},
		{"member there", sales, "+member: " + strings.ToLower(ann), 68},
		{"member added", sales, "+member: " + cy, 0},
		{"members added and removed", sales, "+member: " + cy + "\n-member: " + ann, 0},
		{"member not there", sales, "-member: " + cy, 53},
		{"member missing", sales, "+member: CN=none," + base, 32},
		{"missing member to remove", sales, "-member: CN=none," + base, 53},
		{"malformed member", sales, "+member: none", 34},
		{"the same member twice", sales, "+member: " + cy + "\n+member: " + cy, 20},
		{"one bad value in a batch", sales, "+member: " + cy + "\n+member: CN=none," + base, 32},
		{"all members of an empty group", global, "-member", 16},
		{"members replaced", sales, "=member: " + cy + "\n=member: " + ann, 0},
		{"itself", sales, "+member: " + sales, 53},
		{"circle", sales, "+member: " + outer, 0},
		{"domain local member of a universal group", sales, "+member: " + local, 53},
		{"domain local member of a global group", global, "+member: " + local, 53},
		{"universal member of a global group", global, "+member: " + sales, 53},
		{"global member of a universal group", sales, "+member: " + global, 0},
		{"manager missing", sales, "=managedBy: CN=none," + base, 19},
		{"manager", sales, "=managedBy: " + ann, 0},
		{"member of a user", ann, "+member: " + bob, 65},
		{"to distribution", sales, "=groupType: 8", 0},
		{"to global", sales, "=groupType: -2147483646", 0},
		{"to domain local, member of a universal group", sales, "=groupType: -2147483644", 53},
		{"from global to domain local", global, "=groupType: -2147483644", 53},
		{"from global to universal", global, "=groupType: -2147483640", 0},
		{"from domain local to universal", local, "=groupType: -2147483640", 0},
		{"to global with a universal member", outer, "=groupType: -2147483646", 53},
		{"to domain local", outer, "=groupType: -2147483644", 0},
		{"builtin", outer, "=groupType: -2147483643", 53},
		{"no type", outer, "-groupType", 53},
		{"type swapped", outer, "-groupType: -2147483640\n+groupType: 8", 0},
		{"type spelt without sign", outer, "=groupType: 2147483656", 0},
	} {
		conn := connect(t, load(t, smallDomain))
		var lines []string
		if c.lines != "" {
			lines = strings.Split(c.lines, "\n")
		}
		before := entryText(t, conn)
		wantCode(t, c.name, modifyObject(conn, c.dn, nil, lines...), c.code)
		if c.code != 0 {
			if diff := cmp.Diff(before, entryText(t, conn)); diff != "" {
				t.Errorf("%s: refused and done all the same (-before +after):\n%s", c.name, diff)
			}
		}
	}
}

// entryText is everything that a client can read of the domain.
func entryText(t testing.TB, conn *ldap.Conn) string {
	t.Helper()
	req := request(base, ldap.ScopeWholeSubtree, "(objectClass=*)", "*")
	req.Controls = []ldap.Control{ldap.NewControlMicrosoftShowDeleted(), ldap.NewControlString(controlShowDeactivated, false, "")}
	res, err := conn.Search(req)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range res.Entries {
		fmt.Fprintf(&b, "%s\n", e.DN)
		for _, a := range e.Attributes {
			fmt.Fprintf(&b, "  %s %q\n", a.Name, a.Values)
		}
	}
	return b.String()
}

func TestPermissiveModify(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	for _, lines := range [][]string{
		{"+member: " + ann, "+member: " + cy}, {"-member: CN=Global," + groups}, {"-member: CN=none," + base},
		{"+proxyAddresses: a", "+proxyAddresses: b"}, {"+proxyAddresses: B", "+proxyAddresses: c"}, {"-proxyAddresses: x", "-proxyAddresses: a"},
		{"-info: x"}, {"-info"},
	} {
		wantCode(t, strings.Join(lines, ", "), modifyObject(conn, sales, permissive, lines...), 0)
	}
	e := entry(t, conn, sales, "member", "proxyAddresses")
	if got := names(e); got != "member:3 proxyAddresses:2" {
		t.Error(got)
	}
	wantCode(t, "missing member", modifyObject(conn, sales, permissive, "+member: CN=none,"+base), 32)
	wantCode(t, "a swap loses its condition", modifyObject(conn, sales, permissive, "-description: old", "+description: new"), 20)
}

func TestNestingText(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	err := modifyObject(conn, sales, nil, "+member: CN=Local,"+groups)
	if err == nil || !strings.Contains(err.Error(), "00002146: SvcErr: ") || !strings.Contains(err.Error(), "A universal group cannot have a local group as a member.") {
		t.Errorf("%v", err)
	}
}

func TestChangesAreStamped(t *testing.T) {
	f := load(t, smallDomain)
	calls := 0
	f.opts.OnChange = func() { calls++ }
	conn := connect(t, f)
	stamp := func(dn string) string { return entry(t, conn, dn, "uSNChanged").GetAttributeValue("uSNChanged") }
	group, user := stamp(sales), stamp(cy)
	wantCode(t, "replace by the same", modifyObject(conn, sales, nil, "=description: all of sales"), 0)
	if stamp(sales) != group || calls != 0 {
		t.Error("a change that changes nothing is stamped")
	}
	wantCode(t, "member", modifyObject(conn, sales, nil, "+member: "+cy), 0)
	if stamp(sales) == group || stamp(cy) != user || calls != 1 {
		t.Error("a new member stamps the group and not the member")
	}
	wantCode(t, "refused", modifyObject(conn, sales, nil, "+member: "+cy), 68)
	if calls != 1 {
		t.Errorf("%d calls of OnChange", calls)
	}
	if got := entry(t, conn, sales, "whenChanged").GetAttributeValue("whenChanged"); got != "20261122164100.0Z" {
		t.Errorf("whenChanged %s", got)
	}
}

func TestRename(t *testing.T) {
	inner := "OU=Inner," + groups
	for _, c := range []struct {
		name, dn, rdn, superior string
		keep                    bool
		code                    uint16
	}{
		{"rename", sales, "CN=New", "", false, 0},
		{"move", sales, "CN=Sales", inner, false, 0},
		{"both", sales, "CN=New", inner, false, 0},
		{"case only", sales, "CN=SALES", "", false, 0},
		{"nothing", sales, "CN=Sales", groups, false, 0},
		{"name in use", sales, "CN=outer", "", false, 68},
		{"missing object", "CN=none," + groups, "CN=x", "", false, 32},
		{"missing parent", sales, "CN=x", "OU=none," + base, false, 80},
		{"malformed parent", sales, "CN=x", "none", false, 34},
		{"malformed name", sales, "x", "", false, 34},
		{"two-part name", sales, "CN=x,CN=y", "", false, 34},
		{"keep the old name", sales, "CN=x", "", true, 53},
		{"too long", sales, "CN=" + strings.Repeat("x", 65), "", false, 19},
		{"another naming attribute", sales, "OU=x", "", false, 64},
		{"below itself", groups, "OU=Groups", inner, false, 53},
		{"below a user", sales, "CN=x", ann, false, 64},
		{"into another naming context", sales, "CN=x", "CN=Services,CN=Configuration," + base, false, 53},
		{"the domain", base, "DC=x", "", false, 53},
		{"into the deleted objects", sales, "CN=x", "CN=Deleted Objects," + base, false, 80},
		{"every special character", sales, `CN=\ a\,b\+c\"d\\e\<f\>g\;h\=i\#j\0Dk\ `, "", false, 0},
		{"line break", sales, `CN=a\0Ab`, "", false, 64},
		{"name of an OU", sales, "CN=Inner", "", false, 68},
	} {
		conn := connect(t, load(t, smallDomain))
		wantCode(t, c.name, conn.ModifyDN(ldap.NewModifyDNRequest(c.dn, c.rdn, !c.keep, c.superior)), c.code)
	}
}

func TestReferencesFollowRenames(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	wantCode(t, "manager", modifyObject(conn, sales, nil, "=managedBy: "+ann), 0)
	wantCode(t, "rename the user", conn.ModifyDN(ldap.NewModifyDNRequest(ann, "CN=Anna", true, "")), 0)
	wantCode(t, "rename the OU", conn.ModifyDN(ldap.NewModifyDNRequest(people, "OU=Staff", true, groups)), 0)
	e := entry(t, conn, sales, "member", "managedBy")
	want := []string{"CN=Anna,OU=Staff," + groups, "CN=Bob,OU=Staff," + groups}
	if diff := cmp.Diff(want, e.GetAttributeValues("member")); diff != "" {
		t.Errorf("member (-want +got):\n%s", diff)
	}
	if got := e.GetAttributeValue("managedBy"); got != want[0] {
		t.Errorf("managedBy %s", got)
	}
	e = entry(t, conn, want[0], "memberOf", "managedObjects", "cn", "name", "distinguishedName")
	if got := names(e); got != "memberOf:1 managedObjects:1 cn:1 name:1 distinguishedName:1" || e.GetAttributeValue("cn") != "Anna" || e.GetAttributeValue("distinguishedName") != want[0] {
		t.Errorf("%s", got)
	}
	if got := found(t, conn, "(cn=Anna)"); len(got) != 1 {
		t.Errorf("by the new name: %v", got)
	}
	if got := found(t, conn, "(cn=Ann Lee)"); len(got) != 0 {
		t.Errorf("by the old name: %v", got)
	}
}

func TestHostileNames(t *testing.T) {
	conn := connect(t, load(t, smallDomain))
	for _, name := range []string{
		`a,b+c"d\e<f>g;h=i`, " #lead", "trail ", "#", strings.Repeat("😀", 32), "x\u202Egnp.exe", "\x1b[2J", "]]>", "a\rb", "*", "(x)(cn=*)", "ß", "é", "e\u0301",
	} {
		dn := "CN=" + ldap.EscapeDN(name) + "," + groups
		if strings.Contains(name, "=") {
			dn = "CN=" + strings.ReplaceAll(ldap.EscapeDN(name), "=", `\=`) + "," + groups
		}
		wantCode(t, name, addObject(conn, dn, "objectClass: group"), 0)
		e := entry(t, conn, dn, "cn", "distinguishedName")
		if e.GetAttributeValue("cn") != name {
			t.Errorf("%q became %q", name, e.GetAttributeValue("cn"))
		}
		if again := entry(t, conn, e.DN, "cn"); again.DN != e.DN {
			t.Errorf("%q is not found by the name it has", name)
		}
		if got := found(t, conn, "(cn="+ldap.EscapeFilter(name)+")"); !slices.Equal(got, []string{name}) {
			t.Errorf("%q by its cn: %q", name, got)
		}
		wantCode(t, name, modifyObject(conn, sales, nil, "+member: "+e.DN), 0)
		wantCode(t, name, conn.Del(ldap.NewDelRequest(e.DN, nil)), 0)
	}
	wantCode(t, "200 emoji", addObject(conn, "CN="+strings.Repeat("😀", 200)+","+groups, "objectClass: group"), 19)
}

func TestBigChanges(t *testing.T) {
	conn := connect(t, load(t, manyUsers(5000)))
	big := "CN=Big,CN=Users," + base
	var minus, plus []string
	for i := range 5000 {
		minus = append(minus, fmt.Sprintf("-member: CN=u%d,%s", i, people))
		plus = append(plus, fmt.Sprintf("+member: CN=u%d,%s", i, people))
	}
	wantCode(t, "remove", modifyObject(conn, big, nil, minus[:4999]...), 0)
	wantCode(t, "add", modifyObject(conn, big, nil, plus[:4999]...), 0)
	wantCode(t, "swap", modifyObject(conn, big, nil, append(slices.Clone(minus), plus...)...), 0)
}
