package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

func (a *app) showCommand() *cobra.Command {
	var view, format string
	c := &cobra.Command{
		Use:   "show PLAN",
		Short: "Show a saved plan",
		Args:  args(1, 1),
		RunE: func(_ *cobra.Command, names []string) error {
			data, err := os.ReadFile(names[0])
			if err != nil {
				return err
			}
			p, err := planner.Decode(data)
			if err != nil {
				return fmt.Errorf("%s: %w", names[0], err)
			}
			switch format {
			case "json":
				encoded, err := p.Encode()
				if err == nil {
					_, err = a.stdout.Write(encoded)
				}
				return err
			case "text":
				options, err := a.textOptions(view)
				if err != nil {
					return err
				}
				return report.Text(a.stdout, p, options)
			}
			return fmt.Errorf("-format is %q; it may be text or json", format)
		},
	}
	c.Flags().StringVar(&view, "view", "default", "how much to show: `VIEW` is summary, default or full")
	c.Flags().StringVar(&format, "format", "text", "`FORMAT` is text or json")
	return c
}
