package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("landfall %s (plan format %s, %s, %s/%s)\n", version, planner.FormatVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func completionCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a completion script for bash, zsh, fish or powershell",
		Long:      "completion prints a script for the shell. For bash: source <(landfall completion bash)",
		Args:      cobra.MatchAll(args(1, 1), cobra.OnlyValidArgs),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, shell []string) error {
			out := c.OutOrStdout()
			switch shell[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return root.GenPowerShellCompletionWithDesc(out)
		},
	}
}
