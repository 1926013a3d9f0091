package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/lock"
)

// lockFile keeps two applies of one folder apart.
const lockFile = ".landfall/apply.lock"

// lock takes the folder for one apply.
func (a *app) lock(ctx context.Context, run string) (unlock func(), err error) {
	holder := fmt.Sprintf("run %s by %s since %s", run, a.who(), time.Now().UTC().Format(time.RFC3339))
	release, err := lock.Take(ctx, lockFile, holder, a.lockTimeout)
	var taken *lock.Taken
	if errors.As(err, &taken) {
		return nil, fmt.Errorf("another apply is at work in this folder: %s. Nothing was written. Wait for it, or let this one wait with -lock-timeout. "+
			"The lock of a process that ended is free by itself", taken.Holder)
	}
	if err != nil {
		return nil, fmt.Errorf("nothing was written: %w", err)
	}
	return func() {
		if err := release(); err != nil {
			fmt.Fprintf(a.stderr, "The lock could not be given back: %s\n", escapeLines(err.Error()))
		}
	}, nil
}

func (a *app) lockCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lock",
		Short: "Who is applying in this folder",
		Args:  subcommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use: "show", Short: "Show who holds the lock of this folder", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			holder, held, err := lock.Show(lockFile)
			switch {
			case err != nil:
				return err
			case held:
				_, err = fmt.Fprintln(a.stdout, "Held by "+escapeLines(holder)+".")
			default:
				_, err = fmt.Fprintln(a.stdout, "Nobody is applying in this folder.")
			}
			return err
		},
	})
	return c
}
