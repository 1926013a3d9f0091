package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/providers/sandbox"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// estate is the quickstart's tenant and forest, served by the test, and outliving
// every run of landfall.
type estate struct {
	dir     string
	environ []string
	conn    *ldap.Conn
	writes  atomic.Int64
	mu      sync.Mutex
	onWrite func(number int64) // after each committed write, before its answer
}

func newEstate(t *testing.T, change func(string) string) *estate {
	t.Helper()
	e := &estate{dir: t.TempDir()}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("../../examples/quickstart", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	f, err := forest.Load(strings.NewReader(read("corp.ldif")), "corp.ldif", forest.Options{
		Accounts: map[string]string{"svc@corp.example.com": "right"},
		OnChange: func() {
			n := e.writes.Add(1)
			e.mu.Lock()
			f := e.onWrite
			e.mu.Unlock()
			if f != nil {
				f(n)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	g, err := tenant.Load(strings.NewReader(read("tenant.json")), "tenant.json", tenant.Options{TenantID: quickstartTenant})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	config := change(read("main.hcl"))
	config = strings.Replace(config, `sandbox = "corp.ldif"`, `url = "`+server.URL()+"\"\n  ca_file = \"ca.pem\"", 1)
	config = strings.Replace(config, `sandbox   = "tenant.json"`, `endpoint = "`+g.URL()+"\"\n  ca_file = \"graph.pem\"", 1)
	for name, text := range map[string]string{"main.hcl": config, "ca.pem": string(f.CertificateAuthority()), "graph.pem": string(g.CA())} {
		if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e.environ = append(os.Environ(), "TERM=dumb", "LANDFALL_ENTRA_CONTOSO_TOKEN="+g.Token(),
		"LANDFALL_AD_CORP_USERNAME=svc@corp.example.com", "LANDFALL_AD_CORP_PASSWORD=right")
	e.conn, err = dialSandbox(sandbox.ADEndpoint{URL: server.URL(), CA: f.CertificateAuthority(), ServerName: "127.0.0.1", Username: "svc@corp.example.com", Password: "right"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.conn.Close() })
	return e
}

// command is the real program, as a process of its own.
func (e *estate) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	c := exec.Command("landfall", args...)
	out := &bytes.Buffer{}
	c.Dir, c.Env, c.Stdout, c.Stderr = e.dir, e.environ, out, out
	return c, out
}

func (e *estate) run(t *testing.T, want int, args ...string) string {
	t.Helper()
	c, out := e.command(args...)
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != want {
		t.Fatalf("landfall %s: %v, want status %d\n%s", strings.Join(args, " "), err, want, out)
	}
	return out.String()
}

// everything is what the forest holds below the root of the mapping: names,
// marks and members.
func (e *estate) everything(t *testing.T) []string {
	t.Helper()
	res, err := e.conn.Search(ldap.NewSearchRequest("OU=Cloud Groups,DC=corp,DC=example,DC=com", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"adminDescription", "groupType", "displayName", "description", "mail", "proxyAddresses", "member"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, entry := range res.Entries {
		line := entry.DN
		for _, name := range []string{"adminDescription", "groupType", "displayName", "description", "mail", "proxyAddresses", "member"} {
			values := entry.GetAttributeValues(name)
			slices.Sort(values)
			line += fmt.Sprintf(" %s=%q", name, values)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// killedAt runs the program and kills it after a number of writes; if it ends
// before, killedAt returns what it said.
func (e *estate) killedAt(t *testing.T, at int64, args ...string) string {
	t.Helper()
	c, out := e.command(args...)
	dead := make(chan struct{})
	e.mu.Lock()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	e.onWrite = func(n int64) {
		if n == at {
			if err := c.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-dead
		}
	}
	e.mu.Unlock()
	err := c.Wait()
	close(dead)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.onWrite = nil
	if c.ProcessState.ExitCode() >= 0 { // it ended by itself
		return fmt.Sprintf("%v\n%s", err, out)
	}
	return ""
}

func unchanged(text string) string { return text }
