package main

import (
	"context"
	"errors"
	"fmt"

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
			s := sandbox.ADSource{Label: p.Label, File: p.AD.Sandbox, BaseDN: p.AD.BaseDN}
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
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var graphPort, ldapPort int
	serve := &cobra.Command{
		Use:   "serve",
		Short: "Keep the embedded servers running, for other clients",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.serve(c.Context(), sandboxOptions(cfg, graphPort, ldapPort))
		},
	}
	serve.Flags().IntVar(&graphPort, "graph-port", 8443, "first port for Microsoft Graph (HTTPS)")
	serve.Flags().IntVar(&ldapPort, "ldap-port", 8636, "first port for LDAPS; LDAP with StartTLS is one above")
	reset := &cobra.Command{
		Use:   "reset",
		Short: "Forget everything that was written to the embedded servers",
		Args:  cobra.NoArgs,
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
	c.AddCommand(serve, reset)
	return c
}

// serve runs the servers until it is interrupted.
func (a *app) serve(ctx context.Context, o sandbox.Options) error {
	if len(o.Entra)+len(o.AD) == 0 {
		return errors.New("no provider of this configuration has a sandbox")
	}
	s, err := sandbox.Start(ctx, o)
	if err != nil {
		return err
	}
	for _, w := range s.Warnings {
		fmt.Fprintln(a.stderr, "Sandbox: "+escapeLines(w))
	}
	for _, e := range o.Entra {
		x := s.Entra[e.Label]
		fmt.Fprintf(a.stdout, "provider.entra.%s\n  Graph     %s/v1.0  and  %s/beta\n  tenant    %s\n  token     %s\n%s", e.Label, x.URL, x.URL, x.TenantID, x.Token, x.CA)
	}
	for _, e := range o.AD {
		x := s.AD[e.Label]
		fmt.Fprintf(a.stdout, "provider.ad.%s\n  LDAPS     %s\n  StartTLS  %s\n  base      %s\n  user      %s\n  password  %s\n%s", e.Label, x.URL, x.PlainURL, x.BaseDN, x.Username, x.Password, x.CA)
	}
	fmt.Fprintln(a.stderr, "Serving. Interrupt to stop.")
	<-ctx.Done()
	return s.Close()
}
