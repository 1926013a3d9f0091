package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema plan",
		Short: "Print the JSON Schema of a file format",
		Long:  "schema prints a JSON Schema (draft 2020-12). \"schema plan\" describes the plan file, and what readers of a newer one may rely on.",
		Args:  args(1, 1), ValidArgs: []string{"plan"},
		RunE: func(_ *cobra.Command, names []string) error {
			if names[0] != "plan" {
				return fmt.Errorf("there is no schema %q; there is one of: plan", names[0])
			}
			_, err := io.WriteString(a.stdout, report.Schema())
			return err
		},
	}
}
