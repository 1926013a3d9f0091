package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// crossing is an estate on its way from one state to another, with every kind of
// operation between them. The first state was made by landfall, too.
type crossing struct {
	dir      string
	environ  []string
	observer *observer
	conn     *ldap.Conn // past the observer
	tenant   *tenant.Tenant

	groups []cloudGroup
	faults []tenant.Fault

	mu     sync.Mutex
	onEdit func() // after each committed write to the tenant, before its answer
}

// size says how many groups there are of each kind.
type size struct {
	people   int
	added    int // created, each with members
	changed  int // in another OU or under another name, with other values and other members
	restored int // deleted by somebody meanwhile, and changed
	deleted  int
	stated   int  // with a state in Entra ID
	crowds   bool // a group that all people join, and one that all leave
}

const crossingBase = "DC=corp,DC=example,DC=com"

const crossingConfig = `
provider "entra" "contoso" {
  tenant_id = "` + quickstartTenant + `"
  endpoint  = "%s"
  ca_file   = "graph.pem"
}
provider "ad" "corp" {
  base_dn   = "` + crossingBase + `"
  url       = "%s"
  plaintext = true
}
settings {
  source_anchor = "mS-DS-ConsistencyGuid"
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
ou_mapping "groups" {
  root   = "OU=Cloud Groups,` + crossingBase + `"
  create = true
  rule "department" {
    when = startswith(source.displayName, "D")
    ou   = "OU=${dn_escape(left(source.displayName, 3))}"
  }
  default = ""
}
writeback "groups" {
  object_type     = "group"
  from            = provider.entra.contoso
  to              = provider.ad.corp
  ou              = ou_mapping.groups
  when            = startswith(source.displayName, "D")
  cn              = "${substr(source.displayName, 4, 40)}_${right(source.cloudAnchor, 12)}"
  on_out_of_scope = "delete"
}
writeback "stated" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.groups
  when        = startswith(source.displayName, "S")
  state       = "none"
}
`

// cloudGroup is a group in the tenant before and after; nil is no group.
type cloudGroup map[string]any

// states are the tenant's groups before and after, and the marks of the groups
// that somebody deletes in the forest in between.
func (s size) states() (before, after []cloudGroup, lost []string) {
	n := 0
	group := func(name string, members ...int) cloudGroup {
		id := fmt.Sprintf("a0000000-0000-4000-8000-%012x", n)
		list := []string{}
		for _, m := range members {
			list = append(list, personID(m))
		}
		return cloudGroup{"id": id, "displayName": name, "description": "as it was", "groupTypes": []string{}, "securityEnabled": true, "mailEnabled": false,
			"mailNickname": fmt.Sprint("g", n), "writebackConfiguration": map[string]any{"isEnabled": true, "onPremisesGroupType": "universalSecurityGroup"}, "members": list}
	}
	pair := func(old, new cloudGroup) {
		if old != nil {
			before = append(before, old)
		}
		if new != nil {
			after = append(after, new)
		}
		n++
	}
	few := func() (x, y, z int) { return n % s.people, (n + 1) % s.people, (n + 2) % s.people }
	for i := range s.added {
		x, y, _ := few()
		pair(nil, group(fmt.Sprintf("D%02d Added %d", i%10, i), x, y))
	}
	for i := range s.changed + s.restored {
		x, y, z := few()
		old, new := group(fmt.Sprintf("D51 Group %d", i), x, y), group(fmt.Sprintf("D52 Group %d", i), y, z)
		if i%2 == 0 {
			new = group(fmt.Sprintf("D51 New name of group %d", i), y, z)
		}
		new["description"] = "as it will be"
		if i >= s.changed {
			lost = append(lost, "Group_"+old["id"].(string))
		}
		pair(old, new)
	}
	for i := range s.deleted {
		old, new := group(fmt.Sprintf("D56 Deleted %d", i)), group(fmt.Sprintf("D56 Deleted %d", i))
		new["writebackConfiguration"] = map[string]any{"isEnabled": false, "onPremisesGroupType": nil}
		pair(old, new)
	}
	for i := range s.stated {
		g := group(fmt.Sprintf("S00 Stated %d", i))
		g["groupTypes"], g["mailEnabled"], g["securityEnabled"], g["writebackConfiguration"] = []string{"Unified"}, true, false, nil
		pair(nil, g)
	}
	if s.crowds {
		var all []int
		for i := range s.people {
			all = append(all, i)
		}
		pair(group("D57 Filled", 0), group("D57 Filled", all...))
		pair(group("D57 Emptied", all...), group("D57 Emptied", 1))
	}
	return before, after, lost
}

func personID(i int) string { return fmt.Sprintf("b0000000-0000-4000-8000-%012x", i) }

func personAnchor(i int) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("anchor-%09d", i)))
}

func (s size) ldif() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\n\ndn: OU=People,%s\nobjectClass: organizationalUnit\n\ndn: OU=Cloud Groups,%s\nobjectClass: organizationalUnit\n\n", crossingBase, crossingBase)
	for i := range s.people {
		fmt.Fprintf(&b, "dn: CN=Person %d,OU=People,%s\nobjectClass: user\nsAMAccountName: p%d\nuserAccountControl: 514\nmS-DS-ConsistencyGuid:: %s\n\n", i, crossingBase, i, personAnchor(i))
	}
	return b.String()
}

func (s size) serve(t *testing.T, c *crossing, groups []cloudGroup) {
	t.Helper()
	people := []map[string]any{}
	for i := range s.people {
		people = append(people, map[string]any{"id": personID(i), "displayName": fmt.Sprint("Person ", i), "userPrincipalName": fmt.Sprintf("p%d@example.com", i),
			"userType": "Member", "onPremisesSyncEnabled": true, "onPremisesImmutableId": personAnchor(i)})
	}
	text, err := json.Marshal(map[string]any{"groups": groups, "users": people})
	if err != nil {
		t.Fatal(err)
	}
	c.tenant, err = tenant.Load(bytes.NewReader(text), "tenant.json", tenant.Options{TenantID: quickstartTenant, Faults: c.faults, OnChange: func() {
		c.mu.Lock()
		f := c.onEdit
		c.mu.Unlock()
		if f != nil {
			f()
		}
	}})
	if err == nil {
		err = c.tenant.Start("127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.tenant.Close() })
	config := fmt.Sprintf(crossingConfig, c.tenant.URL(), c.observer.url())
	for name, text := range map[string]string{"main.hcl": config, "graph.pem": string(c.tenant.CA())} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.environ = slices.DeleteFunc(c.environ, func(v string) bool { return strings.HasPrefix(v, "LANDFALL_ENTRA_") })
	c.environ = append(c.environ, "LANDFALL_ENTRA_CONTOSO_TOKEN="+c.tenant.Token())
}

// newCrossing brings an estate to where it waits for the second state.
func newCrossing(t *testing.T, s size, at sandbox.ADEndpoint) *crossing {
	t.Helper()
	c := &crossing{dir: t.TempDir(), environ: append(os.Environ(), "TERM=dumb", "GOGC=off", "LANDFALL_AD_CORP_USERNAME="+at.Username, "LANDFALL_AD_CORP_PASSWORD="+at.Password)}
	c.observer = newObserver(t, at.URL, at.CA, at.ServerName)
	var err error
	if c.conn, err = dialSandbox(at); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.conn.Close() })
	before, after, lost := s.states()
	s.serve(t, c, before)
	c.run(t, 0, "apply", "-auto-approve")
	for _, mark := range lost {
		if err := c.conn.Del(ldap.NewDelRequest(c.byMark(t)[mark][0].DN, nil)); err != nil {
			t.Fatal(err)
		}
	}
	c.tenant.Close()
	c.groups = after
	s.serve(t, c, after)
	return c
}

// inSandbox starts the embedded domain controller for a crossing.
func inSandbox(t *testing.T, s size) sandbox.ADEndpoint {
	t.Helper()
	f, err := forest.Load(strings.NewReader(s.ldif()), "corp.ldif", forest.Options{Accounts: map[string]string{"svc@corp.example.com": "right"}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return sandbox.ADEndpoint{URL: server.URL(), CA: f.CertificateAuthority(), ServerName: "127.0.0.1", Username: "svc@corp.example.com", Password: "right"}
}

// inSamba starts a real one.
func inSamba(t *testing.T, s size) sandbox.ADEndpoint {
	t.Helper()
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(s.ldif()), RecycleBin: true})
	return sandbox.ADEndpoint{URL: dc.URL, CA: dc.CA, ServerName: strings.TrimPrefix(dc.URL, "ldaps://"), Username: dc.Writer.Name, Password: dc.Writer.Password}
}

// command is the real program, as a process of its own.
func (c *crossing) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command("landfall", args...)
	out := &bytes.Buffer{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.environ, out, out
	return cmd, out
}

func (c *crossing) run(t *testing.T, want int, args ...string) string {
	t.Helper()
	cmd, out := c.command(args...)
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want {
		t.Fatalf("landfall %s: %v, want status %d\n%s", strings.Join(args, " "), err, want, out)
	}
	return out.String()
}

// byMark are the live groups below the root, by the mark that they carry.
func (c *crossing) byMark(t *testing.T) map[string][]*ldap.Entry {
	t.Helper()
	found, err := c.conn.SearchWithPaging(ldap.NewSearchRequest("OU=Cloud Groups,"+crossingBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"objectGUID", "adminDescription", "groupType", "displayName", "description", "member"}, nil), 500)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]*ldap.Entry{}
	for _, e := range found.Entries {
		out[e.GetAttributeValue("adminDescription")] = append(out[e.GetAttributeValue("adminDescription")], e)
	}
	return out
}

// everything is what lies below the root, and what the tenant's groups say of
// their state, as text that does not depend on what a server chose itself.
func (c *crossing) everything(t *testing.T) []string {
	t.Helper()
	var lines []string
	for mark, entries := range c.byMark(t) {
		for _, e := range entries {
			line := e.DN + " " + mark
			for _, name := range []string{"groupType", "displayName", "description"} {
				line += fmt.Sprintf(" %s=%q", name, e.GetAttributeValues(name))
			}
			lines = append(lines, line)
			for _, m := range c.members(t, e) {
				lines = append(lines, e.DN+" member "+m)
			}
		}
	}
	var state bytes.Buffer
	if err := c.tenant.WriteJSON(&state); err != nil {
		t.Fatal(err)
	}
	lines = append(lines, state.String())
	slices.Sort(lines)
	return lines
}

// members reads all members, however many.
func (c *crossing) members(t *testing.T, e *ldap.Entry) []string {
	t.Helper()
	var out []string
	for low := 0; ; low = len(out) {
		res, err := c.conn.Search(ldap.NewSearchRequest(e.DN, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
			[]string{fmt.Sprintf("member;range=%d-*", low)}, nil))
		if err != nil {
			t.Fatal(err)
		}
		last := true
		for _, a := range res.Entries[0].Attributes {
			out = append(out, a.Values...)
			last = last && strings.HasSuffix(a.Name, "-*")
		}
		if last {
			return out
		}
	}
}
