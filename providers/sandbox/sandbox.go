// Package sandbox starts the embedded directories of a configuration: a tenant
// that speaks Microsoft Graph and a forest that speaks LDAP, both on loopback and
// over TLS, each loaded from a file. The providers talk to them as they talk to
// the real ones.
//
// What is written to a sandbox is kept in a state directory, so that it is there
// in the next run; see state.go. generate.go makes tenants and forests of any
// size for measurements.
package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// Options say what to start.
type Options struct {
	// StateDir keeps what is written (.landfall/sandbox); "" keeps nothing.
	StateDir string
	Entra    []EntraSource
	AD       []ADSource
}

// EntraSource is a provider "entra" with sandbox = "tenant.json".
type EntraSource struct {
	Label    string
	File     string // path of tenant.json
	TenantID string
	// Addr to listen on; "" is a free port of 127.0.0.1.
	Addr string
	// Token is a bearer token to accept beside the one that is issued.
	Token string
}

// ADSource is a provider "ad" with sandbox = "corp.ldif".
type ADSource struct {
	Label  string
	File   string // path of the LDIF
	BaseDN string
	// Schema is the provider's, with the attributes that the configuration adds;
	// nil is the built-in one.
	Schema *planner.Schema
	// LDAPSAddr and LDAPAddr to listen on; "" is a free port of 127.0.0.1.
	LDAPSAddr, LDAPAddr string
	// Password of the account; "" is a random one.
	Password string
}

// EntraEndpoint is where a tenant is served.
type EntraEndpoint struct {
	URL      string // https://127.0.0.1:port, without a version
	CA       []byte // PEM
	Token    string
	TenantID string
}

// ADEndpoint is where a forest is served.
type ADEndpoint struct {
	URL        string // ldaps://127.0.0.1:port
	PlainURL   string // ldap://127.0.0.1:port, for StartTLS
	CA         []byte // PEM
	ServerName string
	Username   string
	Password   string
	BaseDN     string
}

// Sandbox is a set of running servers.
type Sandbox struct {
	Entra map[string]EntraEndpoint // by label
	AD    map[string]ADEndpoint
	// Warnings are for people.
	Warnings []string

	stops  []func() error // of the servers, then of what they write to
	unlock func() error
}

// account is the name that the sandbox's forest lets in.
const account = "Administrator"

// Start loads and serves every directory of opts. ctx bounds the start alone,
// with the wait for another process that uses the state directory; the servers
// run until Close. Labels are unique within Entra and within AD.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	s := &Sandbox{Entra: map[string]EntraEndpoint{}, AD: map[string]ADEndpoint{}, unlock: func() error { return nil }}
	err := s.start(ctx, opts)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context, opts Options) error {
	if opts.StateDir != "" {
		unlock, err := lockState(ctx, opts.StateDir)
		if err != nil {
			return err
		}
		s.unlock = unlock
	}
	for _, source := range opts.Entra {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.startTenant(source, newStore(opts.StateDir, "entra", source.Label, source.File)); err != nil {
			return fmt.Errorf("provider.entra.%s: sandbox: %w", source.Label, err)
		}
	}
	for _, source := range opts.AD {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.startForest(source, newStore(opts.StateDir, "ad", source.Label, source.File)); err != nil {
			return fmt.Errorf("provider.ad.%s: sandbox: %w", source.Label, err)
		}
	}
	return nil
}

func (s *Sandbox) startTenant(source EntraSource, st *store) error {
	data, name, err := s.read(st)
	if err != nil {
		return err
	}
	t, err := tenant.Load(bytes.NewReader(data), name, tenant.Options{TenantID: source.TenantID, Token: source.Token, OnChange: st.changed})
	if err != nil {
		return st.explain(err)
	}
	if err := t.Start(orFreePort(source.Addr)); err != nil {
		return err
	}
	st.run(t.WriteJSON)
	s.stops = append(s.stops, t.Close, st.close)
	s.Entra[source.Label] = EntraEndpoint{URL: t.URL(), CA: t.CA(), Token: t.Token(), TenantID: t.ID()}
	return nil
}

func (s *Sandbox) startForest(source ADSource, st *store) error {
	data, name, err := s.read(st)
	if err != nil {
		return err
	}
	password := source.Password
	if password == "" {
		password = rand.Text()
	}
	f, err := forest.Load(bytes.NewReader(data), name, forest.Options{
		BaseDN: source.BaseDN, Schema: source.Schema, Accounts: map[string]string{account: password}, OnChange: st.changed,
	})
	if err != nil {
		return st.explain(err)
	}
	server, err := f.Start(orFreePort(source.LDAPSAddr), orFreePort(source.LDAPAddr))
	if err != nil {
		return err
	}
	st.run(f.WriteLDIF)
	s.stops = append(s.stops, server.Close, st.close)
	s.AD[source.Label] = ADEndpoint{
		URL: server.URL(), PlainURL: server.PlainURL(), CA: f.CertificateAuthority(), ServerName: f.HostName(),
		Username: account + "@" + f.DNSName(), Password: password, BaseDN: f.BaseDN(),
	}
	return nil
}

// read reads the state of a provider, or else the file of its configuration.
func (s *Sandbox) read(st *store) (data []byte, name string, err error) {
	data, name, warning, err := st.read()
	if warning != "" {
		s.Warnings = append(s.Warnings, warning)
	}
	return data, name, err
}

func orFreePort(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

// Close stops the servers and writes what is not written yet.
func (s *Sandbox) Close() error {
	var errs []error
	for _, stop := range s.stops {
		errs = append(errs, stop())
	}
	s.stops = nil
	errs = append(errs, s.unlock())
	s.unlock = func() error { return nil }
	return errors.Join(errs...)
}

// Reset forgets everything that was written: the next Start loads the files of
// the configuration. It returns the names of the files that it removed.
func Reset(ctx context.Context, stateDir string) ([]string, error) {
	if _, err := os.Stat(stateDir); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	unlock, err := lockState(ctx, stateDir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(stateDir)
	var removed []string
	for _, e := range entries {
		if !isStateFile(e.Name()) {
			continue
		}
		if removeErr := os.Remove(filepath.Join(stateDir, e.Name())); removeErr != nil {
			err = errors.Join(err, removeErr)
			continue
		}
		removed = append(removed, e.Name())
	}
	slices.Sort(removed)
	return removed, errors.Join(err, unlock())
}
