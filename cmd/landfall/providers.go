package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/ad"
	"github.com/landfall-directory/landfall/providers/entra"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

// sandboxDir is where the embedded servers keep what was written to them.
const sandboxDir = ".landfall/sandbox"

// directories are the connected providers of a configuration, by address.
type directories struct {
	readers  map[string]planner.Reader
	writers  map[string]planner.Writer
	flight   map[string]int // writes that may be under way at once
	progress *progress
	sandbox  *sandbox.Sandbox
	open     []func() error
	stderr   func(string)
}

// connect opens every provider. Those with sandbox = … talk to an embedded
// server, through the same client code and over the same wire.
func (a *app) connect(ctx context.Context, cfg *lang.Config) (*directories, error) {
	d := a.newDirectories()
	err := d.startSandbox(ctx, cfg)
	for _, p := range cfg.Providers {
		if err == nil {
			err = a.open(ctx, d, p)
		}
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (a *app) newDirectories() *directories {
	return &directories{
		readers: map[string]planner.Reader{}, writers: map[string]planner.Writer{}, flight: map[string]int{}, progress: newProgress(a.stderr, a.tell),
		stderr: func(text string) { fmt.Fprintln(a.stderr, escapeLines(text)) },
	}
}

func (a *app) open(ctx context.Context, d *directories, p *lang.Provider) error {
	switch p.Kind {
	case lang.KindEntra:
		c, err := a.entraConfig(d, p)
		if err != nil {
			return err
		}
		dir, err := entra.Open(ctx, c)
		if err != nil {
			return err
		}
		d.open = append(d.open, func() error { dir.Close(); return nil })
		d.readers[p.Address()], d.writers[p.Address()] = dir, dir
		d.flight[p.Address()] = cmp.Or(a.parallelism, entra.DefaultWrites)
	case lang.KindAD:
		c, err := a.adConfig(d, p)
		if err != nil {
			return err
		}
		dir, err := ad.Open(ctx, c)
		if err != nil {
			return err
		}
		d.open = append(d.open, dir.Close)
		d.readers[p.Address()], d.writers[p.Address()] = dir, dir
		d.flight[p.Address()] = cmp.Or(a.parallelism, ad.DefaultWrites)
	}
	return nil
}

func (a *app) entraConfig(d *directories, p *lang.Provider) (entra.Config, error) {
	c := entra.Config{
		Address: p.Address(), TenantID: p.Entra.TenantID, Cloud: p.Entra.Cloud, Auth: p.Entra.Auth, ClientID: p.Entra.ClientID,
		Endpoint: p.Entra.Endpoint, Schema: p.Schema, Parallelism: a.parallelism, Progress: d.progress.provider(p.Address()),
	}
	if p.Entra.Sandbox != "" {
		e := d.sandbox.Entra[p.Label]
		c.Endpoint, c.CA, c.Token = e.URL, e.CA, e.Token
		return c, nil
	}
	if p.Entra.Endpoint != "" {
		c.Token = a.getenv("LANDFALL_ENTRA_" + envLabel(p.Label) + "_TOKEN")
	}
	var err error
	c.CA, err = readCA(p, p.Entra.CAFile)
	return c, err
}

func (a *app) adConfig(d *directories, p *lang.Provider) (ad.Config, error) {
	c := ad.Config{
		Address: p.Address(), URL: p.AD.URL, StartTLS: p.AD.StartTLS, Plaintext: p.AD.Plaintext, BaseDN: p.AD.BaseDN,
		ServerName: p.AD.ServerName, SearchBases: p.AD.SearchBases, GlobalCatalog: p.AD.GlobalCatalog,
		Timeout: time.Duration(p.AD.Timeout) * time.Second, Schema: p.Schema, Progress: d.progress.provider(p.Address()),
	}
	if p.AD.Sandbox != "" {
		e := d.sandbox.AD[p.Label]
		c.URL, c.CA, c.ServerName, c.Username, c.Password = e.URL, e.CA, e.ServerName, e.Username, e.Password
		return c, nil
	}
	if p.AD.Auth == "gssapi" {
		return c, fmt.Errorf("%s: auth = \"gssapi\" is not supported yet; use auth = \"simple\" over TLS (%s:%d)", p.Address(), p.Range.Filename, p.Range.Start.Line)
	}
	var err error
	if c.CA, err = readCA(p, p.AD.CAFile); err != nil {
		return c, err
	}
	prefix := "LANDFALL_AD_" + envLabel(p.Label)
	c.Username, c.Password = a.getenv(prefix+"_USERNAME"), a.getenv(prefix+"_PASSWORD")
	if file := a.getenv(prefix + "_PASSWORD_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("%s: %s_PASSWORD_FILE: %w", p.Address(), prefix, err)
		}
		c.Password = strings.TrimRight(string(text), "\r\n")
	}
	if c.Username == "" || c.Password == "" {
		return c, fmt.Errorf("%s: no credentials. Set %s_USERNAME (user@domain) and %s_PASSWORD or %s_PASSWORD_FILE in the environment", p.Address(), prefix, prefix, prefix)
	}
	return c, nil
}

// envLabel is a provider's label as environment variables spell it.
func envLabel(label string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(label))
}

func readCA(p *lang.Provider, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: ca_file: %w (%s:%d)", p.Address(), err, p.Range.Filename, p.Range.Start.Line)
	}
	return pem, nil
}

// close disconnects everything. What the sandbox holds is written to disk.
func (d *directories) close() {
	d.progress.pause()
	var errs []error
	for _, f := range d.open {
		errs = append(errs, f())
	}
	if d.sandbox != nil {
		errs = append(errs, d.sandbox.Close())
	}
	if err := errors.Join(errs...); err != nil {
		d.stderr("Closing: " + err.Error())
	}
}
