package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/term"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/report"
)

// app is what every command shares: the global flags and the outside world.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string

	chdir       string
	vars        []string
	varFiles    []string
	color       string
	parallelism int
	lockTimeout time.Duration
	eventsFile  string

	events atomic.Pointer[events.Stream]

	interrupt   chan struct{} // closed by the first interrupt while graceful
	graceful    atomic.Bool   // an interrupt lets running operations finish
	interrupted atomic.Bool
}

// enter applies the global flags.
func (a *app) enter(command string) error {
	switch a.color {
	case "auto", "always", "never":
	default:
		return fmt.Errorf("-color is %q; it may be auto, always or never", a.color)
	}
	if a.parallelism < 0 {
		return fmt.Errorf("-parallelism is %d; it may be 0 or more", a.parallelism)
	}
	if a.chdir != "" {
		if err := os.Chdir(a.chdir); err != nil {
			return fmt.Errorf("-chdir: %w", err)
		}
	}
	return a.openEvents(command)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(a.environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// variables are the flags and the environment as lang takes them.
func (a *app) variables() (lang.LoadOptions, error) {
	vars := map[string]string{}
	for _, v := range a.vars {
		name, text, ok := strings.Cut(v, "=")
		if !ok {
			return lang.LoadOptions{}, fmt.Errorf("-var is %q; write NAME=VALUE", v)
		}
		vars[name] = text
	}
	return lang.LoadOptions{Vars: vars, VarFiles: a.varFiles, Environ: a.environ, Version: version}, nil
}

// load reads the configuration of the working directory and prints what is
// wrong with it.
func (a *app) load() (*lang.Config, error) {
	options, err := a.variables()
	if err != nil {
		return nil, err
	}
	cfg, files, diags := lang.Load(workingDirectory(), options)
	if err := a.diagnostics(files, diags); err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, &exit{status: exitError}
	}
	return cfg, nil
}

// workingDirectory is the configuration's directory under its full name, so that
// messages about it say which one it is.
func workingDirectory() string {
	if dir, err := os.Getwd(); err == nil {
		return dir
	}
	return "."
}

// diagnostics prints findings about the configuration to stderr.
func (a *app) diagnostics(files map[string]*hcl.File, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	a.tellDiagnostics(diags)
	return lang.WriteDiagnostics(a.stderr, files, diags, width(a.stderr), a.colored(a.stderr))
}

// colored decides on colour: -color, then NO_COLOR, FORCE_COLOR, then whether
// the output is a terminal that understands it.
func (a *app) colored(w io.Writer) bool {
	switch {
	case a.color == "always":
		return true
	case a.color == "never", a.getenv("NO_COLOR") != "":
		return false
	case a.getenv("FORCE_COLOR") != "", a.getenv("CLICOLOR_FORCE") != "":
		return true
	}
	return isTerminal(w) && a.getenv("TERM") != "dumb"
}

func (a *app) paint(word string) string {
	if a.colored(a.stderr) {
		return "\x1b[1;31m" + word + "\x1b[0m"
	}
	return word
}

// ascii: a locale that is not UTF-8 gets nothing beyond ASCII.
func (a *app) ascii() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(a.getenv(name)); v != "" {
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return false
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width of a terminal in columns, 100 for everything else.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 20 {
			return n
		}
	}
	return 100
}

func (a *app) textOptions(view string) (report.TextOptions, error) {
	for _, v := range report.Views {
		if string(v) == view {
			return report.TextOptions{View: v, Color: a.colored(a.stdout), ASCII: a.ascii(), Width: width(a.stdout)}, nil
		}
	}
	return report.TextOptions{}, fmt.Errorf("-view is %q; it may be summary, default or full", view)
}
