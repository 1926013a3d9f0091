package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// site is a configuration that connects to servers of the test, as it would to
// real ones: with addresses, certificates and credentials.
type site struct {
	forest  forest.Options
	tenant  tenant.Options
	ldif    func(string) string // changes corp.ldif
	groups  func(string) string // changes tenant.json
	config  func(string) string // changes main.hcl
	environ []string            // added last
}

const quickstartTenant = "5d1c7a52-0000-4000-8000-000000000001"

// run starts the servers, runs landfall with args in a configuration that
// connects to them and returns the exit status, what it printed, and whether
// anything was written to the forest.
func (s site) run(t *testing.T, args ...string) (status int, output string, wrote bool) {
	t.Helper()
	dir := t.TempDir()
	read := func(name string, change func(string) string) string {
		data, err := os.ReadFile(filepath.Join("../../examples/quickstart", name))
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			return change(string(data))
		}
		return string(data)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.forest.Accounts = map[string]string{"svc@corp.example.com": "right"}
	s.forest.OnChange = func() { wrote = true }
	s.forest.BaseDN = "DC=corp,DC=example,DC=com"
	f, err := forest.Load(strings.NewReader(read("corp.ldif", s.ldif)), "corp.ldif", s.forest)
	if err != nil {
		t.Fatal(err)
	}
	ldap, err := f.Start("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ldap.Close()
	if s.tenant.TenantID == "" {
		s.tenant.TenantID = quickstartTenant
	}
	g, err := tenant.Load(strings.NewReader(read("tenant.json", s.groups)), "tenant.json", s.tenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	write("ca.pem", string(f.CertificateAuthority()))
	write("graph.pem", string(g.CA()))
	config := read("main.hcl", nil)
	config = strings.Replace(config, `sandbox = "corp.ldif"`, `url = "`+ldap.URL()+"\"\n  ca_file = \"ca.pem\"", 1)
	config = strings.Replace(config, `sandbox   = "tenant.json"`, `endpoint = "`+g.URL()+"\"\n  ca_file = \"graph.pem\"", 1)
	if s.config != nil {
		config = s.config(config)
	}
	write("main.hcl", config)
	environ := append([]string{
		"TERM=dumb", "LANDFALL_ENTRA_CONTOSO_TOKEN=" + g.Token(),
		"LANDFALL_AD_CORP_USERNAME=svc@corp.example.com", "LANDFALL_AD_CORP_PASSWORD=right",
	}, s.environ...)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(here)
	var out bytes.Buffer
	status = run(append([]string{"-chdir", dir}, args...), strings.NewReader(""), &out, &out, environ)
	return status, out.String(), wrote
}

func replace(old, replacement string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, replacement) }
}

func TestConnectsAndWrites(t *testing.T) {
	status, output, wrote := site{}.run(t, "apply", "-auto-approve")
	if status != 0 || !wrote {
		t.Fatalf("exit status %d, wrote %v\n%s", status, wrote, output)
	}
}

// TestBadSurroundings: each gives one clear message and its exit status, and
// nothing is written.
func TestBadSurroundings(t *testing.T) {
	for _, test := range []struct {
		name string
		site site
		want []string
	}{
		{"wrong password", site{environ: []string{"LANDFALL_AD_CORP_PASSWORD=wrong"}}, []string{"provider.ad.corp", "52e"}},
		{"no credentials", site{environ: []string{"LANDFALL_AD_CORP_PASSWORD="}}, []string{"LANDFALL_AD_CORP_PASSWORD_FILE"}},
		{"password file is missing", site{environ: []string{"LANDFALL_AD_CORP_PASSWORD_FILE=nowhere"}}, []string{"PASSWORD_FILE", "nowhere"}},
		{"unreachable domain controller", site{config: replace("127.0.0.1:", "127.0.0.9:")}, []string{"provider.", "connection refused"}},
		{"expired certificate", site{forest: forest.Options{CertificateNotAfter: time.Now().Add(-time.Hour)}}, []string{"provider.ad.corp", "expired"}},
		{"wrong authority", site{config: replace(`"ca.pem"`, `"graph.pem"`)}, []string{"provider.ad.corp", "certificate"}},
		{"authority file is missing", site{config: replace(`"ca.pem"`, `"nowhere.pem"`)}, []string{"ca_file", "nowhere.pem", "main.hcl:"}},
		{"another tenant's token", site{tenant: tenant.Options{TenantID: "11111111-0000-4000-8000-000000000001"}},
			[]string{quickstartTenant, "11111111-0000-4000-8000-000000000001"}},
		{"wrong token", site{environ: []string{"LANDFALL_ENTRA_CONTOSO_TOKEN=nonsense"}}, []string{"provider.entra.contoso", "token"}},
		{"users may not be read", site{tenant: tenant.Options{WithoutUserRead: true}}, []string{"User.Read.All"}},
		{"groups may not be read", site{tenant: tenant.Options{Roles: []string{"User.Read.All"}}}, []string{"Group.Read.All", "Grant admin consent"}},
		{"missing container", site{ldif: replace("OU=Cloud Groups", "OU=Other Groups")}, []string{"OU=Cloud Groups", "main.hcl:34"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, output, wrote := test.site.run(t, "apply", "-auto-approve")
			if status != exitError || wrote {
				t.Errorf("exit status %d, wrote %v", status, wrote)
			}
			for _, want := range test.want {
				if !strings.Contains(output, want) {
					t.Errorf("nothing about %q", want)
				}
			}
			if t.Failed() || testing.Verbose() {
				t.Log(output)
			}
		})
	}
}

// TestPoorSurroundings: the run goes on without what is missing, and says so.
func TestPoorSurroundings(t *testing.T) {
	for _, test := range []struct {
		name   string
		site   site
		status int
		want   string
	}{
		{"no Exchange schema", site{forest: forest.Options{WithoutExchangeSchema: true}}, 0, "schema_missing"},
		{"no group in scope", site{groups: func(string) string { return `{"groups": [], "users": []}` }}, 0, "writeback_matched_nothing"},
		{"a reader may not write", site{forest: forest.Options{ReadOnlyAccounts: []string{"svc@corp.example.com"}}}, exitIncomplete, "Create"},
		{"an empty forest", site{ldif: func(string) string {
			return "dn: OU=Cloud Groups,DC=corp,DC=example,DC=com\nobjectClass: organizationalUnit\n"
		}}, 0, "unresolved"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, output, _ := test.site.run(t, "apply", "-auto-approve")
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			if !strings.Contains(output, test.want) {
				t.Errorf("nothing about %q", test.want)
			}
			if t.Failed() || testing.Verbose() {
				t.Log(output)
			}
		})
	}
}
