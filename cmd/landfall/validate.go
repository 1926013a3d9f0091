package main

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
)

func (a *app) validateCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration, without any network",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "text":
				cfg, err := a.load()
				if err == nil {
					err = a.checkFiles(cfg)
				}
				if err == nil {
					_, err = fmt.Fprintf(a.stdout, "The configuration is valid: %s, %s, %s.\n",
						count(len(cfg.Providers), "provider"), count(len(cfg.Rules), "rule"), count(len(cfg.Writebacks), "writeback"))
				}
				return err
			case "json":
				return a.validateJSON()
			}
			return fmt.Errorf("-format is %q; it may be text or json", format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "`FORMAT` is text or json")
	words(c, "format", "text", "json")
	return c
}

// checkFiles prints which files that the configuration names are not there.
func (a *app) checkFiles(cfg *lang.Config) error {
	diags := lang.CheckFiles(workingDirectory(), cfg)
	if err := a.diagnostics(cfg.Files, diags); err != nil {
		return err
	}
	if diags.HasErrors() {
		return &exit{status: exitError}
	}
	return nil
}

// finding is one diagnostic in the output of validate -format json.
type finding struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

func (a *app) validateJSON() error {
	vars, err := a.variables()
	if err != nil {
		return err
	}
	cfg, _, diags := lang.Load(workingDirectory(), vars)
	if cfg != nil {
		diags = append(diags, lang.CheckFiles(workingDirectory(), cfg)...)
	}
	out := struct {
		Valid       bool      `json:"valid"`
		Diagnostics []finding `json:"diagnostics"`
	}{Valid: !diags.HasErrors(), Diagnostics: []finding{}}
	for _, d := range diags {
		f := finding{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			f.Severity = "warning"
		}
		if d.Subject != nil {
			f.File, f.Line, f.Column = d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column
		}
		out.Diagnostics = append(out.Diagnostics, f)
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	if !out.Valid {
		return &exit{status: exitError}
	}
	return nil
}
