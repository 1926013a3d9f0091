package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// The run that is taken back here has every kind of operation: it makes an OU and
// a group, restores, moves and renames, changes single, multi-valued, binary and
// absent values and references, adds and removes members of a large group and a
// nested one, deletes, and changes a state in Entra ID.

const undoBase = "DC=corp,DC=example,DC=com"

// undoConfig is the configuration before (first) and for the run.
const undoConfig = `
variable "second" {
  type    = bool
  default = false
}
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
settings {
  source_anchor = "mS-DS-ConsistencyGuid"
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
sync_rule "more" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 50
  flow "mS-DS-ConsistencyGuid" {
    value = base64encode(left("${source.displayName}----------------", 16))
  }
  flow "info" {
    value = source.displayName == "Edited" ? null : "written"
  }
  flow "authOrig" {
    from = "owners"
  }
}
ou_mapping "cloud" {
  root   = "OU=Cloud,DC=corp,DC=example,DC=com"
  create = true
  rule "new" {
    when = startswith(source.displayName, "New")
    ou   = "OU=Inner,OU=Newcomers"
  }
  default = "OU=General"
}
writeback "cloud" {
  object_type     = "group"
  from            = provider.entra.contoso
  to              = provider.ad.corp
  ou              = ou_mapping.cloud
  cn              = left(source.displayName, 60)
  unset           = "write"
  when            = var.second ? source.displayName != "Leaving" : !startswith(source.displayName, "New")
  state           = var.second ? "security" : "distribution"
  on_out_of_scope = "delete"
}
`

const undoNew = `New, "quoted" + #1 <x>; \ ü`

// undoForest is the forest that it works on: people, and a group that nobody of
// ours writes.
func undoForest(people int) string {
	var b strings.Builder
	b.WriteString("version: 1\n")
	record := func(dn, class string, lines ...string) {
		fmt.Fprintf(&b, "\ndn: %s\nobjectClass: %s\n", dn, class)
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	record("OU=People,"+undoBase, "organizationalUnit")
	record("OU=Cloud,"+undoBase, "organizationalUnit")
	for i := range people {
		record(undoUser(i), "user", fmt.Sprintf("sAMAccountName: u%04d", i), fmt.Sprintf("displayName: User %04d", i),
			"mS-DS-ConsistencyGuid:: "+undoAnchor(i), "userAccountControl: 514")
	}
	record("CN=Local access,OU=People,"+undoBase, "group", "groupType: -2147483644", "sAMAccountName: local-access")
	return b.String()
}

func undoUser(i int) string { return fmt.Sprintf("CN=User %04d,OU=People,%s", i, undoBase) }

func undoAnchor(i int) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("anchor of u %04d", i)))
}

// undoTenant is the tenant: the same people, and groups.
func undoTenant(people int) string {
	group := func(n int, name string, unified bool, members []string) string {
		types, mail := "[]", `"mail": null, "proxyAddresses": []`
		if unified {
			types, mail = `["Unified"]`, fmt.Sprintf(`"mail": "g%d@example.com", "proxyAddresses": ["SMTP:g%d@example.com", "smtp:old%d@example.com"]`, n, n, n)
		}
		return fmt.Sprintf(`{"id": "%s", "displayName": %q, "description": "about %d", "groupTypes": %s, "securityEnabled": %t, "mailEnabled": %t,
			"mailNickname": "g%d", %s, "visibility": null, "onPremisesSyncEnabled": null, "createdDateTime": "2026-03-02T08:15:00Z",
			"writebackConfiguration": {"isEnabled": true, "onPremisesGroupType": %q}, "members": ["%s"], "owners": ["%s"]}`,
			undoGroupID(n), name, n, types, !unified, unified, n, mail, map[bool]string{true: "universalDistributionGroup", false: "universalSecurityGroup"}[unified],
			strings.Join(members, `", "`), undoUserID(n))
	}
	some := func(from, to int) []string {
		var out []string
		for i := from; i < to; i++ {
			out = append(out, undoUserID(i))
		}
		return out
	}
	groups := []string{
		group(1, "Big", false, some(0, people-60)),
		group(2, "Outer", false, append(some(0, 5), undoGroupID(3), undoGroupID(6))),
		group(3, "Inner", false, some(3, 9)),
		group(4, "Moved", false, some(0, 3)),
		group(5, "Edited", true, some(10, 14)),
		group(6, "Leaving", false, append(some(20, 25), undoGroupID(3))),
		group(7, undoNew, false, append(some(30, 33), undoGroupID(3))),
		group(8, "Gone", false, some(40, 44)),
	}
	var users []string
	for i := range people {
		users = append(users, fmt.Sprintf(`{"id": "%s", "displayName": "User %04d", "userPrincipalName": "u%04d@example.com", "userType": "Member", "accountEnabled": true,
			"onPremisesSyncEnabled": true, "onPremisesImmutableId": "%s"}`, undoUserID(i), i, i, undoAnchor(i)))
	}
	return `{"groups": [` + strings.Join(groups, ",\n") + `], "users": [` + strings.Join(users, ",\n") + `], "servicePrincipals": [], "devices": [], "deletedGroups": []}`
}

func undoGroupID(n int) string { return fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", n) }
func undoUserID(i int) string  { return fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", i) }

// undoEstate is a configuration, and a way to its forest by hand.
type undoEstate struct {
	dir  string
	with func(func(*ldap.Conn) error) error
}

func (e *undoEstate) hand(t *testing.T, f func(*ldap.Conn) error) {
	t.Helper()
	if err := e.with(f); err != nil {
		t.Fatal(err)
	}
}

func undoGroup(name string) string { return "CN=" + name + ",OU=General,OU=Cloud," + undoBase }

// prepare writes the first state, and changes by hand what the run will put right.
func (e *undoEstate) prepare(t *testing.T, people int) {
	t.Helper()
	landfall(t, e.dir, 0, "apply", "-auto-approve", "-view", "summary")
	e.hand(t, func(c *ldap.Conn) error {
		change := func(name string, f func(*ldap.ModifyRequest)) error {
			m := ldap.NewModifyRequest(undoGroup(name), nil)
			f(m)
			if err := c.Modify(m); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}
		if err := c.Add(ouRequest("OU=Elsewhere,OU=Cloud," + undoBase)); err != nil {
			return err
		}
		if err := c.ModifyDN(ldap.NewModifyDNRequest(undoGroup("Moved"), "CN=moved by hand", true, "OU=Elsewhere,OU=Cloud,"+undoBase)); err != nil {
			return err
		}
		err := change("Edited", func(m *ldap.ModifyRequest) {
			m.Replace("description", []string{"by hand"})
			m.Replace("displayName", nil)
			m.Replace("info", []string{"two\nlines"})
			m.Replace("mS-DS-ConsistencyGuid", []string{"\x00\xff\x80binary"})
			m.Replace("authOrig", []string{undoUser(50), undoUser(51)})
			m.Replace("proxyAddresses", []string{"SMTP:hand@example.com", "smtp:g5@example.com", "X500:/o=x"})
		})
		if err != nil {
			return err
		}
		err = change("Leaving", func(m *ldap.ModifyRequest) {
			m.Replace("extensionAttribute7", []string{"set by hand"})
			m.Replace("msExchHideFromAddressLists", []string{"TRUE"})
			m.Replace("wWWHomePage", []string{"https://example.com/ü"})
			m.Replace("managedBy", []string{undoUser(52)})
			m.Add("member", []string{undoUser(53)})
		})
		if err != nil {
			return err
		}
		m := ldap.NewModifyRequest("CN=Local access,OU=People,"+undoBase, nil)
		m.Add("member", []string{undoGroup("Leaving")})
		if err := c.Modify(m); err != nil {
			return err
		}
		if err := change("Outer", func(m *ldap.ModifyRequest) { m.Delete("member", []string{undoGroup("Inner")}) }); err != nil {
			return err
		}
		var gone, extra []string
		for i := range 300 {
			gone = append(gone, undoUser(2*i))
		}
		for i := people - 40; i < people; i++ {
			extra = append(extra, undoUser(i))
		}
		err = change("Big", func(m *ldap.ModifyRequest) { m.Delete("member", gone); m.Add("member", extra) })
		if err != nil {
			return err
		}
		return c.Del(ldap.NewDelRequest(undoGroup("Gone"), nil))
	})
}

func ouRequest(name string) *ldap.AddRequest {
	a := ldap.NewAddRequest(name, nil)
	a.Attribute("objectClass", []string{"organizationalUnit"})
	return a
}

// undoExempt are the attributes that no revert can bring back, or that say nothing
// about the state of the directory: counters and times of the directory itself, and
// what Active Directory notes about a restored object.
var undoExempt = []string{"uSNChanged", "whenChanged", "dSCorePropagationData", "lastKnownParent", "msDS-LastKnownRDN"}

// dump is every attribute of every object of the domain, but for those exempt.
func (e *undoEstate) dump(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	e.hand(t, func(c *ldap.Conn) error {
		for _, base := range []string{"OU=Cloud," + undoBase, "OU=People," + undoBase} {
			res, err := c.SearchWithPaging(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
				"(objectClass=*)", []string{"*", "memberOf"}, nil), 500)
			if err != nil {
				return err
			}
			for _, entry := range res.Entries {
				for _, a := range entry.Attributes {
					name, _, ranged := strings.Cut(a.Name, ";range=")
					if ranged || slices.Contains(undoExempt, name) {
						continue
					}
					values := slices.Clone(a.Values)
					slices.Sort(values)
					out[entry.DN+" | "+name] = strings.Join(values, "\x1f")
				}
				if entry.GetAttributeValue("adminDescription") != "" { // members may come in ranges
					members, err := allMembers(c, entry.DN)
					if err != nil {
						return err
					}
					out[entry.DN+" | member"] = strings.Join(members, "\x1f")
				}
			}
		}
		return nil
	})
	for _, g := range e.tenantGroups(t) {
		key, _, _ := strings.Cut(g, ",")
		out[key] = g
	}
	return out
}

// tenantGroups are the lines of the tenant's file, one an object.
func (e *undoEstate) tenantGroups(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(e.dir, sandboxDir, "entra.contoso.json"))
	if err != nil { // nothing was written to it so far
		file, err = os.Open(filepath.Join(e.dir, "tenant.json"))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	g, err := tenant.Load(file, "tenant.json", tenant.Options{TenantID: quickstartTenant})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := g.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return strings.Split(b.String(), "\n")
}

func allMembers(c *ldap.Conn, name string) ([]string, error) {
	var out []string
	for low := 0; ; {
		res, err := c.Search(ldap.NewSearchRequest(name, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
			[]string{fmt.Sprintf("member;range=%d-*", low)}, nil))
		if err != nil {
			return nil, err
		}
		more := false
		for _, a := range res.Entries[0].Attributes {
			out = append(out, a.Values...)
			low += len(a.Values)
			more = len(a.Values) > 0 && !strings.HasSuffix(a.Name, "-*")
		}
		if !more {
			slices.Sort(out)
			return out, nil
		}
	}
}

// differences are the keys of what two dumps do not share.
func differences(x, y map[string]string) []string {
	var out []string
	for k, v := range x {
		if w, ok := y[k]; !ok || v != w {
			out = append(out, k)
		}
	}
	for k := range y {
		if _, ok := x[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// newest is the id of the run that was recorded last.
func (e *undoEstate) newest(t *testing.T) string {
	t.Helper()
	runs := strings.Split(landfall(t, e.dir, 0, "runs", "list"), "\n")
	id, _, _ := strings.Cut(runs[1], " ")
	return id
}

func (e *undoEstate) revert(t *testing.T, run string, flags ...string) *planner.Plan {
	t.Helper()
	file := filepath.Join(e.dir, "back.json.zst")
	landfall(t, e.dir, 0, append([]string{"-var", "second=true", "revert", run, "-out", file}, flags...)...)
	p, _, err := readPlan(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) > 0 {
		if out := landfall(t, e.dir, 0, "-var", "second=true", "apply", file); !strings.Contains(out, "read back and is as planned") {
			t.Errorf("not confirmed:\n%s", out)
		}
	}
	return p
}

func notRevertible(p *planner.Plan) []string {
	var out []string
	for _, d := range p.Diagnostics {
		if d.Code == "not_revertible" {
			out = append(out, d.Detail)
		}
	}
	return out
}

func TestRevertEveryKindOfOperation(t *testing.T) {
	const people = 1700 // more members than a domain controller sends at once
	e := newUndoEstate(t, people)
	before := e.dump(t)
	landfall(t, e.dir, 0, "-var", "second=true", "plan", "-out", filepath.Join(e.dir, "plan.json"))
	checkEveryKind(t, filepath.Join(e.dir, "plan.json"), true)
	landfall(t, e.dir, 0, "-var", "second=true", "apply", "plan.json")
	after, run := e.dump(t), e.newest(t)
	if n := len(differences(before, after)); n < 30 {
		t.Fatalf("the run changed %d attributes only", n)
	}

	copied := &undoEstate{dir: t.TempDir()}
	copied.with = func(f func(*ldap.Conn) error) error { return withForest(copied.dir, f) }
	if err := os.CopyFS(copied.dir, os.DirFS(e.dir)); err != nil {
		t.Fatal(err)
	}
	anew := copied.revert(t, run, "-anew")
	checkMadeAnew(t, anew, before, copied.dump(t))

	p := e.revert(t, run)
	if diff := cmp.Diff([]string(nil), notRevertible(p)); diff != "" {
		t.Errorf("what is not taken back:\n%s", diff)
	}
	restored := e.dump(t)
	for _, k := range differences(before, restored) {
		t.Errorf("%s\n  before %q\n  after the revert %q", k, short(before[k]), short(restored[k]))
	}

	back := e.newest(t)
	e.revert(t, back)
	again := e.dump(t)
	for _, k := range differences(after, again) {
		if name := k[strings.LastIndex(k, " ")+1:]; strings.HasPrefix(k, "OU=") && strings.Contains(k, "Newcomers") && slices.Contains([]string{"objectGUID", "uSNCreated", "whenCreated"}, name) {
			continue // an OU is made anew
		}
		t.Errorf("%s\n  after the run %q\n  after its revert was taken back %q", k, short(after[k]), short(again[k]))
	}
	if twice := e.revert(t, back); len(twice.Changes) > 0 {
		t.Errorf("a second time there should be nothing to do: %d changes", len(twice.Changes))
	}
}

func short(s string) string { return s[:min(len(s), 300)] }

// checkEveryKind makes sure that the test has what it is about.
func checkEveryKind(t *testing.T, file string, restores bool) {
	t.Helper()
	p, _, err := readPlan(file)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, c := range p.Changes {
		for _, a := range c.Actions {
			got[c.Provider+" "+c.ObjectType+" "+string(a)] = true
		}
		for _, e := range c.Edits {
			switch {
			case c.Actions[0] == planner.ActionCreate:
			case e.Encoding != "":
				got["binary"] = true
			case len(e.Before) > 1:
				got["multi"] = true
			case len(e.Before) == 0:
				got["absent before"] = true
			case len(e.After) == 0:
				got["absent after"] = true
			}
		}
		if c.Members != nil && len(c.Members.Add) > 200 && len(c.Members.Remove) > 30 {
			got["large"] = true
		}
	}
	want := []string{"binary", "multi", "absent before", "absent after", "large", "provider.entra.contoso group update", "provider.ad.corp organizationalUnit create"}
	for _, a := range []string{"create", "move", "rename", "update", "members", "delete"} {
		want = append(want, "provider.ad.corp group "+a)
	}
	if restores {
		want = append(want, "provider.ad.corp group restore")
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("the plan has no %q", w)
		}
	}
}

func newUndoEstate(t *testing.T, people int) *undoEstate {
	t.Helper()
	e := &undoEstate{dir: t.TempDir()}
	e.with = func(f func(*ldap.Conn) error) error { return withForest(e.dir, f) }
	e.write(t, undoConfig, people)
	e.prepare(t, people)
	return e
}

func (e *undoEstate) write(t *testing.T, config string, people int) {
	t.Helper()
	for name, text := range map[string]string{"main.hcl": config, "tenant.json": undoTenant(people), "corp.ldif": undoForest(people)} {
		if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRevertOnSamba is the same on a real domain controller, without Recycle Bin:
// the deleted group comes back as a new one, and that is said.
func TestRevertOnSamba(t *testing.T) {
	const people = 700
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(undoForest(people))})
	e := &undoEstate{dir: t.TempDir()}
	e.with = func(f func(*ldap.Conn) error) error {
		c, err := dialSandbox(sandbox.ADEndpoint{URL: dc.URL, CA: dc.CA, Username: dc.Admin.Name, Password: dc.Admin.Password, ServerName: strings.TrimPrefix(dc.URL, "ldaps://")})
		if err != nil {
			return err
		}
		defer c.Close()
		return f(c)
	}
	e.write(t, strings.Replace(undoConfig, `sandbox = "corp.ldif"`, "url     = \""+dc.URL+"\"\n  ca_file = \""+dc.CAFile+"\"", 1), people)
	t.Setenv("LANDFALL_AD_CORP_USERNAME", dc.Writer.Name)
	t.Setenv("LANDFALL_AD_CORP_PASSWORD", dc.Writer.Password)
	e.prepare(t, people)

	before := e.dump(t)
	landfall(t, e.dir, 0, "-var", "second=true", "plan", "-out", filepath.Join(e.dir, "plan.json"))
	checkEveryKind(t, filepath.Join(e.dir, "plan.json"), false)
	landfall(t, e.dir, 0, "-var", "second=true", "apply", "plan.json")
	checkMadeAnew(t, e.revert(t, e.newest(t)), before, e.dump(t))

	// With the Recycle Bin the plan is to restore it, which Samba 4.17 cannot; -anew
	// is the way out.
	if err := dc.EnableRecycleBin(); err != nil {
		t.Fatal(err)
	}
	landfall(t, e.dir, 0, "-var", "second=true", "apply", "-auto-approve", "-view", "summary")
	run, file := e.newest(t), filepath.Join(e.dir, "back.json")
	if out := landfall(t, e.dir, 0, "-var", "second=true", "revert", run, "-out", file); !strings.Contains(out, `restore group "Leaving"`) {
		t.Errorf("the deleted group should be restored:\n%s", out)
	}
	if out := landfall(t, e.dir, 5, "-var", "second=true", "apply", file); !strings.Contains(out, "1 FAILED") {
		t.Errorf("restoring should fail, and nothing else:\n%s", out)
	}
	var names []string
	for _, c := range e.revert(t, run, "-anew").Changes {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"Outer", "Leaving"}, names); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// checkMadeAnew checks a revert that makes the deleted group anew: it has all that
// it had, but for what makes it another object, and that is listed.
func checkMadeAnew(t *testing.T, p *planner.Plan, before, restored map[string]string) {
	t.Helper()
	listed := strings.Join(notRevertible(p), "\n")
	for _, want := range []string{"gets another SID", "Local access"} {
		if !strings.Contains(listed, want) {
			t.Errorf("not listed: %s in\n%s", want, listed)
		}
	}
	if n := len(notRevertible(p)); n != 2 {
		t.Errorf("%d things are not taken back:\n%s", n, listed)
	}
	anew := undoGroup("Leaving") + " | "
	var left []string
	for _, k := range differences(before, restored) {
		switch k {
		case anew + "objectGUID", anew + "objectSid", anew + "uSNCreated", anew + "whenCreated", // it is another object
			anew + "memberOf", "CN=Local access,OU=People," + undoBase + " | member": // listed
		default:
			left = append(left, fmt.Sprintf("%s\n  before %q\n  after the revert %q", k, short(before[k]), short(restored[k])))
		}
	}
	if len(left) > 0 {
		t.Errorf("%s", strings.Join(left, "\n"))
	}
}
