package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
)

const (
	tenantFile = `{"groups": [{"id": "1f0c0000-0000-4000-8000-000000000001", "displayName": "SG", "mailEnabled": false, "securityEnabled": true}]}`
	forestFile = "version: 1\n\ndn: OU=People,DC=corp,DC=example,DC=com\nobjectClass: organizationalUnit\nou: People\n"
	groupPath  = "/beta/groups/1f0c0000-0000-4000-8000-000000000001"
	ouDN       = "OU=People,DC=corp,DC=example,DC=com"
)

// place is a configuration directory with both files.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) *place {
	p := &place{t: t, dir: t.TempDir()}
	p.write("tenant.json", tenantFile)
	p.write("corp.ldif", forestFile)
	return p
}

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) options() Options {
	return Options{
		StateDir: filepath.Join(p.dir, ".landfall", "sandbox"),
		Entra:    []EntraSource{{Label: "contoso", File: filepath.Join(p.dir, "tenant.json"), TenantID: "5d1c7a52-0000-4000-8000-000000000001"}},
		AD:       []ADSource{{Label: "corp", File: filepath.Join(p.dir, "corp.ldif"), BaseDN: "DC=corp,DC=example,DC=com"}},
	}
}

func (p *place) start() *Sandbox {
	p.t.Helper()
	s, err := Start(p.t.Context(), p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return s
}

func (p *place) close(s *Sandbox) {
	p.t.Helper()
	if err := s.Close(); err != nil {
		p.t.Fatal(err)
	}
}

func rootsOf(t testing.TB, ca []byte) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("not a certificate: %s", ca)
	}
	return pool
}

// graph sends one request to a tenant.
func (p *place) graph(e EntraEndpoint, method, path, body string) map[string]any {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, e.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+e.Token)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: rootsOf(p.t, e.CA)}}
	defer transport.CloseIdleConnections()
	w, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %v %s %s", method, path, err, w.Status, data)
	}
	out := map[string]any{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &out); err != nil {
			p.t.Fatal(err)
		}
	}
	return out
}

// bind opens a connection to a forest.
func (p *place) bind(e ADEndpoint) *ldap.Conn {
	p.t.Helper()
	config := &tls.Config{RootCAs: rootsOf(p.t, e.CA), ServerName: e.ServerName}
	c, err := ldap.DialURL(e.URL, ldap.DialWithTLSConfig(config))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	if err := c.Bind(e.Username, e.Password); err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *place) description(e ADEndpoint) string {
	p.t.Helper()
	r, err := p.bind(e).Search(ldap.NewSearchRequest(ouDN, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"description"}, nil))
	if err != nil || len(r.Entries) != 1 {
		p.t.Fatal(err, r)
	}
	return r.Entries[0].GetAttributeValue("description")
}

func (p *place) describe(e ADEndpoint, text string) {
	p.t.Helper()
	m := ldap.NewModifyRequest(ouDN, nil)
	m.Replace("description", []string{text})
	if err := p.bind(e).Modify(m); err != nil {
		p.t.Fatal(err)
	}
}

func TestWritesPersist(t *testing.T) {
	p := newPlace(t)
	s := p.start()
	p.graph(s.Entra["contoso"], "PATCH", groupPath, `{"description":"written"}`)
	p.describe(s.AD["corp"], "written")
	p.close(s)

	s = p.start()
	if got := p.graph(s.Entra["contoso"], "GET", groupPath, "")["description"]; got != "written" {
		t.Errorf("tenant: %v", got)
	}
	if got := p.description(s.AD["corp"]); got != "written" {
		t.Errorf("forest: %q", got)
	}
	if len(s.Warnings) > 0 {
		t.Errorf("warnings %q", s.Warnings)
	}
	if e := s.Entra["contoso"]; e.TenantID != "5d1c7a52-0000-4000-8000-000000000001" {
		t.Errorf("tenant id %q", e.TenantID)
	}
	p.close(s)

	removed, err := Reset(t.Context(), p.options().StateDir)
	want := []string{"ad.corp.ldif", "ad.corp.source", "entra.contoso.json", "entra.contoso.source"}
	if d := cmp.Diff(want, removed); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	s = p.start()
	if got := p.graph(s.Entra["contoso"], "GET", groupPath, "")["description"]; got != nil {
		t.Errorf("tenant after reset: %v", got)
	}
	if got := p.description(s.AD["corp"]); got != "" {
		t.Errorf("forest after reset: %q", got)
	}
}

func TestReadingLeavesNoState(t *testing.T) {
	p := newPlace(t)
	s := p.start()
	p.graph(s.Entra["contoso"], "GET", groupPath, "")
	p.description(s.AD["corp"])
	p.close(s)
	entries, err := os.ReadDir(p.options().StateDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != lockName {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	// So a changed file counts.
	p.write("tenant.json", strings.Replace(tenantFile, `"SG"`, `"Renamed"`, 1))
	s = p.start()
	if got := p.graph(s.Entra["contoso"], "GET", groupPath, "")["displayName"]; got != "Renamed" || len(s.Warnings) > 0 {
		t.Errorf("%v %q", got, s.Warnings)
	}
}

func TestChangedSourceIsReported(t *testing.T) {
	p := newPlace(t)
	s := p.start()
	p.graph(s.Entra["contoso"], "PATCH", groupPath, `{"description":"written"}`)
	p.close(s)
	p.write("tenant.json", strings.Replace(tenantFile, `"SG"`, `"Renamed"`, 1))
	for range 2 { // and again after another write
		s = p.start()
		if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "has changed since the sandbox began from it") || !strings.Contains(s.Warnings[0], "landfall sandbox reset") {
			t.Fatalf("warnings %q", s.Warnings)
		}
		if got := p.graph(s.Entra["contoso"], "GET", groupPath, "")["displayName"]; got != "SG" {
			t.Errorf("displayName %v: the state must be kept", got)
		}
		p.graph(s.Entra["contoso"], "PATCH", groupPath, `{"description":"again"}`)
		p.close(s)
	}
	if err := os.Remove(filepath.Join(p.dir, "tenant.json")); err != nil {
		t.Fatal(err)
	}
	s = p.start()
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "cannot be read") {
		t.Errorf("warnings %q", s.Warnings)
	}
}

func TestStateIsWrittenWithoutClose(t *testing.T) {
	p := newPlace(t)
	s := p.start()
	p.graph(s.Entra["contoso"], "PATCH", groupPath, `{"description":"written"}`)
	path := filepath.Join(p.options().StateDir, "entra.contoso.json")
	for { // the test's own time limit ends this
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || !json.Valid(data) || !strings.Contains(string(data), "written") {
			t.Fatalf("%v: %s", err, data)
		}
		break
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	p := newPlace(t)
	s := p.start()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, p.options()); err == nil || !strings.Contains(err.Error(), "is in use by process") {
		t.Errorf("second start: %v", err)
	}
	if _, err := Reset(ctx, p.options().StateDir); err == nil || !strings.Contains(err.Error(), "is in use by process") {
		t.Errorf("reset: %v", err)
	}
	p.close(s)
	if _, err := Reset(t.Context(), p.options().StateDir); err != nil {
		t.Error(err)
	}
	if removed, err := Reset(t.Context(), filepath.Join(p.dir, "nowhere")); err != nil || removed != nil {
		t.Errorf("%v %v", removed, err)
	}
}

func TestWithoutState(t *testing.T) {
	p := newPlace(t)
	o := p.options()
	o.StateDir = ""
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p.graph(s.Entra["contoso"], "PATCH", groupPath, `{"description":"written"}`)
	p.close(s)
	p.close(s) // twice is as good as once
	if _, err := os.Stat(filepath.Join(p.dir, ".landfall")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("state was kept: %v", err)
	}
}

func TestStartErrors(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*place, *Options)
		want   string
	}{
		"no tenant file": {func(p *place, o *Options) { o.Entra[0].File += "x" }, "provider.entra.contoso: sandbox: "},
		"bad tenant":     {func(p *place, _ *Options) { p.write("tenant.json", `{"group":[]}`) }, `did you mean "groups"?`},
		"bad forest":     {func(p *place, _ *Options) { p.write("corp.ldif", "nonsense") }, "provider.ad.corp: sandbox: "},
		"address":        {func(_ *place, o *Options) { o.Entra[0].Addr = "0.0.0.0:0" }, "loopback"},
		"bad state": {func(p *place, o *Options) {
			if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
				p.t.Fatal(err)
			}
			p.write(".landfall/sandbox/entra.contoso.json", "{")
		}, "landfall sandbox reset"},
	} {
		p := newPlace(t)
		o := p.options()
		test.change(p, &o)
		s, err := Start(t.Context(), o)
		if err == nil {
			t.Errorf("%s: no error", name)
			p.close(s)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		// Nothing is left running or locked.
		if _, err := Reset(t.Context(), o.StateDir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStateFileNames(t *testing.T) {
	dir := t.TempDir()
	for _, label := range []string{"contoso", "../../x", "a/b", "..", "C:\\x", "Ä \u202e"} {
		s := newStore(dir, "entra", label, "t.json")
		if filepath.Dir(s.path) != dir || !isStateFile(filepath.Base(s.path)) || !isStateFile(filepath.Base(s.origin)) {
			t.Errorf("%q: %s", label, s.path)
		}
	}
	for _, name := range []string{"lock", "notes.txt", "entra.x.ldif", "other.json"} {
		if isStateFile(name) {
			t.Errorf("%s is not ours", name)
		}
	}
}

// TestFailedWriteLeavesTheOldState: a state that cannot be written whole never
// takes the place of one that was.
func TestFailedWriteLeavesTheOldState(t *testing.T) {
	dir := t.TempDir()
	s := newStore(dir, "entra", "x", "t.json")
	if err := os.WriteFile(s.path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	s.run(func(w io.Writer) error {
		fmt.Fprint(w, "half of ")
		return broken
	})
	s.changed()
	if err := s.close(); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
	if data, err := os.ReadFile(s.path); string(data) != "old" {
		t.Errorf("%q %v", data, err)
	}
}
