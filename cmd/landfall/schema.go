package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema plan|events",
		Short: "Print the JSON Schema of a file format",
		Long: "schema prints a JSON Schema (draft 2020-12), and in it what readers of a newer version may rely on. \"schema plan\"\n" +
			"describes the plan file, \"schema events\" one line of what -events writes.",
		Args: args(1, 1), ValidArgs: []string{"plan", "events"},
		RunE: func(_ *cobra.Command, names []string) error {
			var text string
			switch names[0] {
			case "plan":
				text = report.Schema()
			case "events":
				text = events.Schema()
			default:
				return fmt.Errorf("there is no schema %q; there is one of: plan, events", names[0])
			}
			_, err := io.WriteString(a.stdout, text)
			return err
		},
	}
}
