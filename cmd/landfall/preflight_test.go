package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// TestPreflight: whatever the identity lacks is said with what needs it and how
// to give it, and nothing is written.
func TestPreflight(t *testing.T) {
	reads := []string{"GroupMember.Read.All", "Group.Read.All", "User.Read.All"}
	for _, test := range []struct {
		name   string
		site   site
		args   []string
		status int
		want   []string
		not    []string
	}{
		{"all is there", site{tenant: tenant.Options{Roles: reads}}, nil, 0,
			[]string{"Nothing is missing", "What is needed is that of the plan sha256:", "svc@corp.example.com (S-1-5-21-", "TLS 1.3", "ok                create group objects in OU=Security", "landfall sandbox ("}, []string{"MISSING", "eyJ"}},
		{"a reader", site{forest: forest.Options{ReadOnlyAccounts: []string{"svc@corp.example.com"}}}, nil, exitError,
			[]string{
				"5 missing", "MISSING           create organizationalUnit objects in OU=Cloud Groups,DC=corp,DC=example,DC=com (2)",
				`needed by ou_mapping.cloud_groups["OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com"] "Security" (main.hcl:`,
				`to do: dsacls "OU=Cloud Groups,DC=corp,DC=example,DC=com" /I:T /G "svc@corp.example.com:CC;group"`, `:RPWP;member;group"`,
				"not given         see deleted objects", `dsacls "CN=Deleted Objects,DC=corp,DC=example,DC=com" /takeownership`,
			}, []string{"more than needed  member of"}},
		{"a place that nobody may write", site{forest: forest.Options{ReadOnlyDNs: []string{"OU=Cloud Groups,DC=corp,DC=example,DC=com"}}}, nil, exitError,
			[]string{"MISSING           create organizationalUnit objects", "unknown           create group objects in OU=Security", "what the schema gives administrators"}, nil},
		{"groups may not be read", site{tenant: tenant.Options{Roles: []string{"User.Read.All", "Mail.Send"}}}, nil, exitError,
			[]string{"MISSING           GroupMember.Read.All", "Grant admin consent", "no plan could be made: ", "more than needed  Mail.Send", "ok                see deleted objects"}, nil},
		{"wrong password", site{environ: []string{"LANDFALL_AD_CORP_PASSWORD=wrong"}}, nil, exitError,
			[]string{"MISSING           reach the directory", "52e", "main.hcl:", "not every directory could be reached", "ok                list groups"}, nil},
		{"a certificate that ends", site{forest: forest.Options{CertificateNotAfter: time.Now().Add(50 * time.Hour)}}, nil, 0,
			[]string{"WARNING: it ends in 2 days"}, nil},
		{"as JSON", site{}, []string{"-format", "json"}, 0,
			[]string{`"status": "ok"`, `"missing": 0`, `"name": "certificate"`, `"needed_by": [`, `"address": "writeback.cloud_groups[`}, []string{"eyJ"}},
		{"another format", site{}, []string{"-format", "html"}, exitError, []string{"it may be text or json"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, output, wrote := test.site.run(t, append([]string{"preflight"}, test.args...)...)
			if status != test.status || wrote {
				t.Errorf("exit status %d, wrote %t", status, wrote)
			}
			for _, want := range test.want {
				if !strings.Contains(output, want) {
					t.Errorf("nothing about %q", want)
				}
			}
			for _, not := range test.not {
				if strings.Contains(output, not) {
					t.Errorf("says %q", not)
				}
			}
			if t.Failed() {
				t.Log(output)
			}
		})
	}
}

// TestPreflightOnSamba asks a real domain controller, as the user that may write
// and as the one that may only read, and lets both try.
func TestPreflightOnSamba(t *testing.T) {
	const source = "../../examples/quickstart"
	records, err := os.Open(filepath.Join(source, "corp.ldif"))
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	dc := samba.Start(t, samba.Options{LDIF: records, RecycleBin: true})
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	main, err := os.ReadFile(filepath.Join(dir, "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(main), `sandbox = "corp.ldif"`, "url     = \""+dc.URL+"\"\n  ca_file = \""+dc.CAFile+"\"", 1)
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	as := func(a samba.Account) {
		t.Setenv("LANDFALL_AD_CORP_USERNAME", a.Name)
		t.Setenv("LANDFALL_AD_CORP_PASSWORD", a.Password)
	}
	as(dc.Reader)
	landfall(t, dir, 0, "plan", "-out", "plan.json")
	got := landfall(t, dir, exitError, "preflight", "plan.json")
	for _, want := range []string{
		"svc-reader@corp.example.com (S-1-5-21-", "5 missing", "MISSING           create group objects in OU=Security,OU=Cloud Groups",
		`:RPWP;member;group"`, "not given         see deleted objects",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the reader: nothing about %q:\n%s", want, got)
		}
	}
	landfall(t, dir, exitIncomplete, "apply", "plan.json")

	as(dc.Writer)
	if got := landfall(t, dir, 0, "preflight", "plan.json"); !strings.Contains(got, "Nothing is missing") || strings.Contains(got, "unknown ") {
		t.Errorf("the writer:\n%s", got)
	}
	landfall(t, dir, 0, "apply", "plan.json")
	if got := landfall(t, dir, 0, "preflight"); !strings.Contains(got, "ok                create, write and delete groups below OU=Cloud Groups") {
		t.Errorf("the writer, with nothing to do:\n%s", got)
	}
}
