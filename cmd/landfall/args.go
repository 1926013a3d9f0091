package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noArgs is for commands that take flags only.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, and %q is one\nRun \"%s -h\" for the flags", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// args is for commands that take what their usage line names.
func args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		if len(given) < least || len(given) > most {
			return fmt.Errorf("write it as: %s", strings.TrimSuffix(c.UseLine(), " [flags]"))
		}
		return nil
	}
}

// subcommand is for commands that only hold others.
func subcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf(" Did you mean %q?", near[0])
	}
	return fmt.Errorf("%s has no command %q.%s\nRun \"%s -h\" for the commands", c.CommandPath(), args[0], hint, c.CommandPath())
}

// quote makes an argument safe to paste into a shell.
func quote(arg string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@%+", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
