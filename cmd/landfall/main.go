// Command landfall is plan and apply for hybrid identity: it compares what HCL
// files declare with Microsoft Entra ID and Active Directory, shows what would
// change, and changes exactly that.
//
// This package turns flags into data, makes one call for each command and prints
// the result. It decides nothing about directories.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/report"
)

// version is set by the release build.
var version = "0.1.0"

// The exit statuses (design §8). Everything else is 0 or 1.
const (
	exitError       = 1
	exitChanges     = 2 // plan -detailed-exitcode
	exitUnformatted = 3 // fmt -check
	exitRefused     = 4 // apply: nothing was written
	exitIncomplete  = 5 // apply: something failed or was stale
	exitBlocked     = 6 // something is blocked
	exitInterrupted = 130
)

// exit ends a command with a status. err may be nil when all is said already.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// run is the whole program.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, environ: environ, interrupt: make(chan struct{})}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		for range signals {
			if a.graceful.Load() && a.interrupted.CompareAndSwap(false, true) {
				a.tell(events.Interrupt{})
				fmt.Fprintln(stderr, "Interrupted: finishing what is in flight, then stopping. Interrupt again to abort.")
				close(a.interrupt)
				continue
			}
			a.tell(events.Interrupt{Abort: true})
			a.interrupted.Store(true)
			cancel()
		}
	}()
	root := a.command()
	root.SetArgs(doubleDashes(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	status := a.status(root.ExecuteContext(ctx))
	a.tell(events.Exit{Status: status})
	return status
}

// status prints an error and returns the exit status.
func (a *app) status(err error) int {
	if err == nil {
		return 0
	}
	status := exitError
	var e *exit
	if errors.As(err, &e) {
		status, err = e.status, e.err
	}
	if err != nil {
		a.tell(events.Error{Message: err.Error()})
	}
	if a.interrupted.Load() && errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.stderr, "Interrupted. Nothing was written.")
		return exitInterrupted
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "%s %s\n", a.paint("Error:"), escapeLines(err.Error()))
	}
	return status
}

// escapeLines escapes every line for the terminal and keeps the line breaks and
// tabs of our own messages.
func escapeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		cells := strings.Split(l, "\t")
		for j, c := range cells {
			cells[j] = report.Escape(c)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// command builds the tree of commands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "landfall",
		Short: "Plan and apply for hybrid identity",
		Long: "landfall compares what HCL files declare with Microsoft Entra ID and Active Directory,\n" +
			"shows what would change and why, and changes exactly that.",
		Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },

		Version:      version,
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			return a.enter(strings.TrimPrefix(c.CommandPath(), "landfall "))
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w\nRun \"%s -h\" for the flags", err, c.CommandPath())
	})
	root.SetVersionTemplate(versionLine())
	f := root.PersistentFlags()
	f.StringVar(&a.chdir, "chdir", "", "work in `DIR`, as if landfall had been started there")
	f.StringArrayVar(&a.vars, "var", nil, "set a variable: `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&a.varFiles, "var-file", nil, "read variables from `FILE`; may be repeated")
	f.StringVar(&a.color, "color", "auto", "colour the output: `WHEN` is auto, always or never")
	f.IntVar(&a.parallelism, "parallelism", 0, "how many requests each provider may have in flight, reading and writing: `COUNT`; 0 is its own default")
	f.StringVar(&a.eventsFile, "events", "", "append what happens to `FILE`, one JSON object a line; \"landfall schema events\" describes them")
	f.DurationVar(&a.lockTimeout, "lock-timeout", 10*time.Second, "how long apply waits for another apply")
	cobra.EnableCommandSorting = false // in the order in which they are used
	words(root, "color", "auto", "always", "never")
	addGroup(root, "work", "Plan and apply:",
		a.planCommand(), a.showCommand(), a.preflightCommand(), a.applyCommand(), a.driftCommand(), a.revertCommand())
	addGroup(root, "look", "Look into it:",
		a.runsCommand(), a.lockCommand(), a.explainCommand(), a.metaverseCommand(), a.rulesCommand(), a.settingsCommand(), a.consoleCommand())
	addGroup(root, "files", "Files:",
		a.importCommand(), a.fmtCommand(), a.validateCommand(), a.snapshotCommand(), a.sandboxCommand(), a.schemaCommand())
	root.AddCommand(a.versionCommand(), completionCommand(root))
	return root
}

// addGroup adds commands under a heading of their own.
func addGroup(root *cobra.Command, id, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: id, Title: title})
	for _, c := range commands {
		c.GroupID = id
		root.AddCommand(c)
	}
}

// doubleDashes lets every flag be written with one dash or two.
func doubleDashes(args []string) []string {
	out := make([]string, len(args))
	literal := false
	for i, arg := range args {
		literal = literal || arg == "--"
		if !literal && len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && (arg[1] < '0' || arg[1] > '9') {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}
