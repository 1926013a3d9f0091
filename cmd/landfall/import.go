package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang/adsync"
)

func (a *app) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Make a configuration of one that another program has",
	}
	c.AddCommand(a.importAADConnectCommand())
	return c
}

func (a *app) importAADConnectCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "aadconnect PATH",
		Short: "Import the configuration of an Entra Connect server",
		Long: "aadconnect reads an exported configuration of Entra Connect (Azure AD Connect) and writes what landfall\n" +
			"makes of it into a new folder: HCL files by topic, and a report of what was understood, approximated and\n" +
			"left out, which is printed, too. PATH is a folder or a file; its format is recognised by its content:\n\n" +
			"  the folder that Get-ADSyncServerConfiguration writes\n" +
			"  PowerShell scripts with New-ADSyncRule (they are never executed)\n" +
			"  DSC YAML of AADConnectDsc\n" +
			"  JSON of Get-ADSyncRule\n\n" +
			"-var gives a value that a script computes or asks for, by its name there: -var precedenceValue=50.\n\n" +
			"Exit status: 0; 1 error, and nothing is written.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.importAADConnect(args[0], out) },
	}
	c.Flags().StringVar(&out, "out", "", "write to `DIR`, which must not exist or be empty (required)")
	return c
}

func (a *app) importAADConnect(path, out string) error {
	if out == "" {
		return fmt.Errorf("-out is missing: name a folder for the configuration, which must not exist yet or be empty")
	}
	options := adsync.Options{Vars: map[string]string{}}
	for _, v := range a.vars {
		name, text, ok := strings.Cut(v, "=")
		if !ok {
			return fmt.Errorf("-var is %q; write NAME=VALUE", v)
		}
		options.Vars[name] = text
	}
	report, sources, diags := adsync.Import(path, out, options)
	if err := a.diagnostics(sources, diags); err != nil {
		return err
	}
	if diags.HasErrors() {
		return &exit{status: exitError}
	}
	_, err := fmt.Fprint(a.stdout, report)
	return err
}
