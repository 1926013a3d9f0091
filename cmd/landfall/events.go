package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/events"
	"github.com/landfall-directory/landfall/planner/refresh"
)

// eventsPatience is how long a reader of the events may keep the command waiting.
const eventsPatience = 2 * time.Second

// openEvents starts the stream of -events. A file is appended to, so that the
// commands of one job can share it.
func (a *app) openEvents(command string) error {
	switch a.eventsFile {
	case "":
		return nil
	case "-":
		return errors.New("-events needs a file or a named pipe: stdout is for the plan, and stderr for people. /dev/stderr or /dev/fd/3 work where the system has them")
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if info, err := os.Stat(a.eventsFile); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		flags = os.O_WRONLY | syscall.O_NONBLOCK // without a reader it is an error, and not a wait without end
	}
	f, err := os.OpenFile(a.eventsFile, flags, 0o600)
	if errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("-events: nobody reads %s; start its reader first", a.eventsFile)
	}
	if err != nil {
		return fmt.Errorf("-events: %w", err)
	}
	a.events.Store(events.New(&patientFile{f}, time.Now, func(err error) {
		fmt.Fprintf(a.stderr, "%s the events of this command are incomplete: %s\n", a.paint("Warning:"), escapeLines(err.Error()))
	}))
	a.tell(events.Version{Format: events.Format, LandfallVersion: version, Command: command})
	return nil
}

// patientFile gives each line some time; files and devices that know no deadlines
// need none.
type patientFile struct{ *os.File }

func (f *patientFile) Write(line []byte) (int, error) {
	_ = f.SetWriteDeadline(time.Now().Add(eventsPatience))
	return f.File.Write(line)
}

// tell writes one event, if somebody wants events.
func (a *app) tell(e events.Event) { a.events.Load().Emit(e) }

// tellPlan tells the plan that a command made or was given.
func (a *app) tellPlan(p *planner.Plan) {
	if a.eventsFile == "" {
		return
	}
	for _, e := range events.OfPlan(p) {
		a.tell(e)
	}
}

// tellDiagnostics tells findings about the configuration.
func (a *app) tellDiagnostics(diags hcl.Diagnostics) {
	for _, d := range diags {
		e := events.Diagnostic{Severity: "error", Code: "configuration", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			e.Severity = "warning"
		}
		if d.Subject != nil {
			e.File, e.Line = d.Subject.Filename, d.Subject.Start.Line
		}
		a.tell(e)
	}
}

// reading runs a read of all directories, and tells its start and its end.
func (a *app) reading(dirs *directories, read func() (planner.Snapshot, error)) (planner.Snapshot, error) {
	start, addresses := time.Now(), slices.Sorted(maps.Keys(dirs.readers))
	for _, address := range addresses {
		a.tell(events.ReadStart{Provider: address})
	}
	snap, err := read()
	dirs.progress.pause()
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		if s := snap[address]; s != nil {
			a.tell(events.ReadComplete{Provider: address, Objects: s.Len(), DurationMS: time.Since(start).Milliseconds()})
		}
	}
	return snap, nil
}

// read reads what a configuration needs.
func (a *app) read(ctx context.Context, cfg *lang.Config, dirs *directories) (planner.Snapshot, error) {
	return a.reading(dirs, func() (planner.Snapshot, error) { return refresh.Read(ctx, cfg, dirs.readers) })
}

// watch is where a run tells how it goes on.
func (a *app) watch(dirs *directories) func(apply.Event) {
	return func(e apply.Event) {
		a.tell(events.OfRun(e))
		dirs.progress.event(e)
	}
}
