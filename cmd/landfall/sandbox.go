package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

// startSandbox starts the embedded servers that the configuration asks for.
func (d *directories) startSandbox(ctx context.Context, cfg *lang.Config) error {
	o := sandboxOptions(cfg, 0, 0)
	if len(o.Entra)+len(o.AD) == 0 {
		return nil
	}
	s, err := sandbox.Start(ctx, o)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w. The embedded servers keep what is written to them in %s of the configuration; this user must be able to write there", err, sandboxDir)
	}
	if err != nil {
		return err
	}
	d.sandbox = s
	for _, w := range s.Warnings {
		d.stderr("Sandbox: " + w)
	}
	return nil
}

// sandboxOptions lists the servers of a configuration. With ports, each server
// of a kind gets the next one, beginning there.
func sandboxOptions(cfg *lang.Config, graphPort, ldapPort int) sandbox.Options {
	o := sandbox.Options{StateDir: sandboxDir}
	for _, p := range cfg.Providers {
		switch {
		case p.Entra != nil && p.Entra.Sandbox != "":
			s := sandbox.EntraSource{Label: p.Label, File: p.Entra.Sandbox, TenantID: p.Entra.TenantID}
			if graphPort > 0 {
				s.Addr = fmt.Sprintf("127.0.0.1:%d", graphPort+len(o.Entra))
			}
			o.Entra = append(o.Entra, s)
		case p.AD != nil && p.AD.Sandbox != "":
			s := sandbox.ADSource{Label: p.Label, File: p.AD.Sandbox, BaseDN: p.AD.BaseDN, Schema: p.Schema}
			if ldapPort > 0 {
				s.LDAPSAddr = fmt.Sprintf("127.0.0.1:%d", ldapPort+2*len(o.AD))
				s.LDAPAddr = fmt.Sprintf("127.0.0.1:%d", ldapPort+2*len(o.AD)+1)
			}
			o.AD = append(o.AD, s)
		}
	}
	return o
}

func (a *app) sandboxCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "The embedded directories of a configuration",
		Long: "A provider with sandbox = FILE talks to an embedded server that is loaded from that file.\n" +
			"What is written to it is kept in " + sandboxDir + ".",
		Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var graphPort, ldapPort int
	serve := &cobra.Command{
		Use:   "serve",
		Short: "Keep the embedded servers running, for other clients",
		Long: "serve starts the embedded servers of the configuration on fixed ports of this machine, prints how to reach\n" +
			"them, and runs until it is interrupted. Credentials and certificates are new each time. What other clients\n" +
			"write is kept, and plan shows it as drift; plan and apply need the sandbox for themselves, so stop serve first.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.serve(c.Context(), sandboxOptions(cfg, graphPort, ldapPort))
		},
	}
	serve.Flags().IntVar(&graphPort, "graph-port", 8443, "first `PORT` for Microsoft Graph (HTTPS)")
	serve.Flags().IntVar(&ldapPort, "ldap-port", 8636, "first `PORT` for LDAPS; LDAP with StartTLS is one above")
	reset := &cobra.Command{
		Use:   "reset",
		Short: "Forget everything that was written to the embedded servers",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			removed, err := sandbox.Reset(c.Context(), sandboxDir)
			for _, name := range removed {
				fmt.Fprintln(a.stdout, "removed "+escapeLines(name))
			}
			if err == nil && len(removed) == 0 {
				fmt.Fprintln(a.stdout, "Nothing to reset.")
			}
			return err
		},
	}
	c.AddCommand(serve, reset, a.generateCommand())
	return c
}

// serve runs the servers until it is interrupted.
func (a *app) serve(ctx context.Context, o sandbox.Options) error {
	if len(o.Entra)+len(o.AD) == 0 {
		return errors.New("no provider of this configuration has a sandbox")
	}
	s, err := sandbox.Start(ctx, o)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w. Choose other ports with -graph-port and -ldap-port", err)
	}
	if err != nil {
		return err
	}
	for _, w := range s.Warnings {
		fmt.Fprintln(a.stderr, "Sandbox: "+escapeLines(w))
	}
	files, err := a.printEndpoints(s, o)
	if err == nil {
		fmt.Fprintln(a.stderr, "Serving. Interrupt to stop.")
		<-ctx.Done()
	}
	for _, name := range files { // of no use any more
		err = errors.Join(err, os.Remove(name))
	}
	return errors.Join(err, s.Close())
}

// printEndpoints says how to reach the servers, with a command to try, and puts
// the certificates of their authorities into files, which it returns.
func (a *app) printEndpoints(s *sandbox.Sandbox, o sandbox.Options) (files []string, err error) {
	save := func(name string, pem []byte) string {
		name = filepath.Join(sandboxDir, name+".ca.pem")
		if writeErr := writeFile(name, pem); writeErr != nil {
			err = errors.Join(err, writeErr)
			return ""
		}
		files = append(files, name)
		full, absErr := filepath.Abs(name)
		err = errors.Join(err, absErr)
		return full
	}
	for _, e := range o.Entra {
		x, ca := s.Entra[e.Label], save("entra."+e.Label, s.Entra[e.Label].CA)
		fmt.Fprintf(a.stdout, "provider.entra.%s\n  Graph     %s/v1.0  and  %s/beta\n  tenant    %s\n  CA        %s\n  token     %s\n", e.Label, x.URL, x.URL, x.TenantID, ca, x.Token)
		fmt.Fprintf(a.stdout, "  try       curl --cacert %s -H \"Authorization: Bearer $TOKEN\" %s/v1.0/groups\n\n", quote(ca), x.URL)
	}
	for _, e := range o.AD {
		x, ca := s.AD[e.Label], save("ad."+e.Label, s.AD[e.Label].CA)
		fmt.Fprintf(a.stdout, "provider.ad.%s\n  LDAPS     %s\n  StartTLS  %s\n  base      %s\n  CA        %s\n  user      %s\n  password  %s\n", e.Label, x.URL, x.PlainURL, x.BaseDN, ca, x.Username, x.Password)
		fmt.Fprintf(a.stdout, "  try       LDAPTLS_CACERT=%s ldapsearch -H %s -x -D %s -w %s -b %s '(adminDescription=Group_*)'\n\n", quote(ca), x.URL, quote(x.Username), x.Password, quote(x.BaseDN))
	}
	return files, err
}
