package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, diff bool
	c := &cobra.Command{
		Use:   "fmt [FILE …]",
		Short: "Format configuration files",
		Long: "fmt rewrites every *.hcl file of the working directory, or the given files, in the canonical form,\n" +
			"and prints the names of those that changed.\n\nExit status: 0; with -check 3 if a file is not in the canonical form; 1 error.",
		RunE: func(_ *cobra.Command, args []string) error { return a.format(args, check, diff) },
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit with 3 if a file would change")
	c.Flags().BoolVar(&diff, "diff", false, "print what changes")
	return c
}

func (a *app) format(names []string, check, diff bool) error {
	if len(names) == 0 {
		var err error
		if names, err = filepath.Glob("*.hcl"); err != nil {
			return err
		}
	}
	changed, broken := false, false
	for _, name := range names {
		before, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, diags := hclsyntax.ParseConfig(before, name, hcl.InitialPos)
		if diags.HasErrors() {
			broken = true
			if err := a.diagnostics(map[string]*hcl.File{name: file}, diags); err != nil {
				return err
			}
			continue
		}
		after := lang.Format(before)
		if bytes.Equal(before, after) {
			continue
		}
		changed = true
		fmt.Fprintln(a.stdout, escapeLines(name))
		if diff {
			fmt.Fprint(a.stdout, strings.TrimRight(lang.Diff(name, before, after), "\n")+"\n")
		}
		if !check {
			if err := rewrite(name, after); err != nil {
				return err
			}
		}
	}
	switch {
	case broken:
		return &exit{status: exitError}
	case check && changed:
		return &exit{status: exitUnformatted}
	}
	return nil
}

// rewrite replaces a file whole and keeps its permissions.
func rewrite(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if err := writeFile(name, data); err != nil {
		return err
	}
	return os.Chmod(name, info.Mode().Perm())
}
