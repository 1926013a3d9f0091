package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

// serveVariable makes this test binary serve a tenant and a forest instead of
// running tests: its value is a directory that holds size.json.
const serveVariable = "LANDFALL_BENCH_SERVE"

// size of a generated tenant.
type size struct{ Groups, Users, Memberships int }

// servers is a process that serves both directories until its standard input
// ends.
type servers struct {
	cfg   *lang.Config
	dir   string
	Entra sandbox.EntraEndpoint
	AD    sandbox.ADEndpoint
}

func startServers(tb testing.TB, z size) *servers {
	tb.Helper()
	s := &servers{dir: tb.TempDir()}
	var err error
	if s.cfg, err = loadConfiguration(); err != nil {
		tb.Fatal(err)
	}
	raw, err := json.Marshal(z)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "size.json"), raw, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
	start := time.Now()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serveVariable+"="+s.dir)
	c.Stderr = os.Stderr
	stdin, err1 := c.StdinPipe()
	stdout, err2 := c.StdoutPipe()
	if err := errors.Join(err1, err2, c.Start()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(stdin.Close(), c.Wait()); err != nil {
			tb.Error("servers: ", err)
		}
	})
	if err := json.NewDecoder(bufio.NewReader(stdout)).Decode(s); err != nil {
		tb.Fatal("servers: ", err)
	}
	tb.Logf("servers were ready after %.1f s", time.Since(start).Seconds())
	return s
}

// serve is the process of the servers.
func serve(dir string) error {
	var z size
	raw, err := os.ReadFile(filepath.Join(dir, "size.json"))
	if err == nil {
		err = json.Unmarshal(raw, &z)
	}
	if err != nil {
		return err
	}
	cfg, err := loadConfiguration()
	if err != nil {
		return err
	}
	if err := generate(cfg, dir, z); err != nil {
		return err
	}
	s, stop, err := startSandbox(cfg, dir)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return errors.Join(err, stop())
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, stop())
}

func startSandbox(cfg *lang.Config, dir string) (*servers, func() error, error) {
	var o sandbox.Options
	for _, p := range cfg.Providers {
		if p.Kind == lang.KindEntra {
			o.Entra = append(o.Entra, sandbox.EntraSource{Label: p.Label, File: filepath.Join(dir, p.Entra.Sandbox), TenantID: p.Entra.TenantID})
		} else {
			o.AD = append(o.AD, sandbox.ADSource{Label: p.Label, File: filepath.Join(dir, p.AD.Sandbox), BaseDN: p.AD.BaseDN})
		}
	}
	box, err := sandbox.Start(context.Background(), o)
	if err != nil {
		return nil, nil, err
	}
	return &servers{cfg: cfg, Entra: box.Entra[o.Entra[0].Label], AD: box.AD[o.AD[0].Label]}, box.Close, nil
}

// generate writes tenant.json and corp.ldif: a generated tenant, and the forest
// as it is once the tenant's groups are written. What to write is what a first
// plan says.
func generate(cfg *lang.Config, dir string, z size) error {
	tenant, forest := sandbox.Generate(sandbox.GenerateOptions{
		Seed: 1, BaseDN: "DC=corp,DC=example,DC=com", Groups: z.Groups, Users: z.Users, Memberships: z.Memberships,
		OUs: 20, UnifiedShare: 0.2, NestedShare: 0.02,
	})
	ldif := filepath.Join(dir, "corp.ldif")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "tenant.json"), tenant, 0o600), os.WriteFile(ldif, forest, 0o600)); err != nil {
		return err
	}
	s, stop, err := startSandbox(cfg, dir)
	if err != nil {
		return err
	}
	r, err := openRun(context.Background(), s)
	if err != nil {
		return errors.Join(err, stop())
	}
	p, err := r.makePlan(context.Background())
	if err := errors.Join(err, r.close(), stop()); err != nil {
		return err
	}
	if p.Summary.Create < z.Groups || p.Summary.Errors+p.Summary.Blocked > 0 {
		return fmt.Errorf("the first plan does not create all %d groups: %+v %+v", z.Groups, p.Summary, p.Diagnostics)
	}
	return os.WriteFile(ldif, appendCreated(forest, p), 0o600)
}

// appendCreated adds what a plan creates to a forest.
func appendCreated(forest []byte, p *planner.Plan) []byte {
	b := bytes.NewBuffer(forest)
	line := func(attribute, text string) {
		b.WriteString(attribute + ":: " + base64.StdEncoding.EncodeToString([]byte(text)) + "\n")
	}
	for _, c := range p.Changes {
		if !slices.Contains(c.Actions, planner.ActionCreate) {
			continue
		}
		b.WriteByte('\n')
		line("dn", *c.DN.After)
		b.WriteString("objectClass: top\nobjectClass: " + c.ObjectType + "\n")
		for _, e := range c.Edits {
			for _, v := range e.After {
				if e.Encoding == "base64" {
					b.WriteString(e.Attribute + ":: " + v.Text + "\n")
				} else {
					line(e.Attribute, v.Text)
				}
			}
		}
		if c.Members != nil {
			for _, m := range c.Members.Add {
				line("member", m.DN)
			}
		}
	}
	return b.Bytes()
}
