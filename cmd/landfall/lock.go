package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) lockCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lock",
		Short: "Who is applying",
		Args:  subcommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use: "show", Short: "Show who holds the lock of this configuration", Args: noArgs,
		Long: "show says who is applying with the backend of this configuration. There is no command to break a lock: that of a process that\n" +
			"ended is free by itself, at once on this machine, and after the backend's lease_seconds elsewhere.",
		RunE: func(c *cobra.Command, _ []string) error { return a.showLock(c.Context()) },
	})
	return c
}

func (a *app) showLock(ctx context.Context) error {
	s, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	h, err := s.Holder(ctx)
	if err != nil {
		return err
	}
	if h == nil {
		_, err = fmt.Fprintf(a.stdout, "Nobody is applying (%s).\n", escapeLines(s.Where()))
		return err
	}
	ends := "It is free as soon as that process ends."
	if h.TTL > 0 {
		ends = fmt.Sprintf("It is free at most %s after that process ended.", h.TTL)
	}
	_, err = fmt.Fprintf(a.stdout, "Held by %s (%s, lease %d).\n%s\n", escapeLines(h.String()), escapeLines(s.Where()), h.Token, ends)
	return err
}
