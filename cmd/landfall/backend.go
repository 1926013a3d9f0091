package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/apply"
	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/azblob"
	"github.com/landfall-directory/landfall/planner/backend/local"
	"github.com/landfall-directory/landfall/planner/backend/postgres"
	"github.com/landfall-directory/landfall/planner/backend/s3"
)

// openBackend connects to where a configuration keeps its lock and records.
func (a *app) openBackend(ctx context.Context, b *lang.Backend) (backend.Storage, error) {
	var s backend.Storage
	var err error
	switch b.Kind {
	case "local":
		return local.Open(b.Path), nil
	case "azblob":
		s, err = azblob.Open(ctx, azblob.Config{
			Account: b.Account, Endpoint: b.Endpoint, Container: b.Container, Prefix: b.Prefix,
			Environment: azblob.Environment{
				ConnectionString: a.getenv("AZURE_STORAGE_CONNECTION_STRING"), Account: a.getenv("AZURE_STORAGE_ACCOUNT"),
				Key: a.getenv("AZURE_STORAGE_KEY"), SAS: a.getenv("AZURE_STORAGE_SAS_TOKEN"),
			},
		})
	case "s3":
		s, err = s3.Open(ctx, s3.Config{Bucket: b.Bucket, Prefix: b.Prefix, Region: b.Region, Endpoint: b.Endpoint, PathStyle: b.PathStyle})
	case "postgres":
		s, err = postgres.Open(ctx, postgres.Config{
			Host: b.Host, Port: b.Port, Database: b.Database, User: b.User, SSLMode: b.SSLMode, CAFile: b.CAFile, Schema: b.Schema, Prefix: b.Prefix,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("the backend (%s:%d) cannot be used: %w", b.Range.Filename, b.Range.Start.Line, err)
	}
	return s, nil
}

// records connects to the backend of the working directory's configuration, also
// when something else is wrong with that.
func (a *app) records(ctx context.Context) (backend.Storage, error) {
	options, err := a.variables()
	if err != nil {
		return nil, err
	}
	b, files, diags := lang.LoadBackend(workingDirectory(), options)
	if err := a.diagnostics(files, diags); err != nil {
		return nil, err
	}
	if b == nil {
		return nil, &exit{status: exitError}
	}
	return a.openBackend(ctx, b)
}

// readRun reads the journal of a run.
func (a *app) readRun(ctx context.Context, run string) (*apply.Record, error) {
	s, err := a.records(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rec, err := apply.ReadRun(ctx, s, run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noRun(ctx, s, run)
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	return rec, nil
}

// noRun is the error of a run that a storage does not have. It names those that may
// have been meant.
func noRun(ctx context.Context, s backend.Storage, run string) error {
	runs, err := apply.ListRuns(ctx, s)
	switch {
	case err != nil:
		return err
	case len(runs) == 0:
		return fmt.Errorf("there is no run %q in %s, nor any other. A journal that a pipeline kept elsewhere belongs there first", run, s.Where())
	}
	newest := runs[:min(len(runs), 5)]
	return fmt.Errorf("there is no run %q in %s.%s The newest are %s; \"landfall runs list\" shows all", run, s.Where(), lang.DidYouMean(run, runs), strings.Join(newest, ", "))
}

// workplace is what a run of apply holds while it writes: the lock, and a journal.
type workplace struct {
	run     string
	storage backend.Storage
	held    *backend.Held
	journal *apply.RunJournal
}

// enterWorkplace takes the lock of the target and begins the journal of a run.
func (a *app) enterWorkplace(ctx context.Context, cfg *lang.Config, p *planner.Plan) (*workplace, error) {
	storage, err := a.openBackend(ctx, cfg.Backend)
	if err != nil {
		return nil, err
	}
	w := &workplace{storage: storage}
	if err := a.begin(ctx, w, cfg, p); err != nil {
		a.leave(w)
		return nil, err
	}
	return w, nil
}

func (a *app) begin(ctx context.Context, w *workplace, cfg *lang.Config, p *planner.Plan) error {
	b := cfg.Backend
	now := time.Now()
	var err error
	if w.run, err = apply.NewRunID(now, rand.Reader); err != nil {
		return err
	}
	holder := backend.Holder{Run: w.run, Who: a.who(), Since: now.UTC().Truncate(time.Second), TTL: time.Duration(b.LeaseSeconds) * time.Second}
	w.held, err = backend.Hold(ctx, w.storage, holder, a.lockTimeout)
	var taken *backend.Taken
	if errors.As(err, &taken) {
		return fmt.Errorf("another apply is at work (%s): %w. Nothing was written. Wait for it, or let this one wait with -lock-timeout. "+
			"The lock of a process that ended is free by itself%s", w.storage.Where(), err, within(b))
	}
	if err != nil {
		return fmt.Errorf("nothing was written: the lock in %s: %w", w.storage.Where(), err)
	}
	if gone := w.held.Previous(); gone != nil {
		seal := apply.Sealed{At: now.UTC().Format(time.RFC3339), By: w.run, Who: holder.Who, Lease: w.held.Token()}
		if err := sealOthers(ctx, w.storage, gone.Run, seal); err != nil {
			// The lock is kept until it runs out, so that the next run tries again.
			w.held.Abandon()
			w.held = nil
			return fmt.Errorf("nothing was written: the journal of run %s, whose lock ran out, cannot be ended: %w", gone.Run, err)
		}
		fmt.Fprintf(a.stderr, "%s did not give its lock back, and it ran out. Its journal was ended: it writes nothing more. \"landfall runs show %s\" says what it did.\n",
			escapeLines(strings.ToUpper(gone.String()[:1])+gone.String()[1:]), escapeLines(gone.Run))
	}
	h := apply.NewHeader(w.run, now, p)
	h.Who, h.Commit, h.Lease, h.LandfallVersion = holder.Who, a.commit(ctx), w.held.Token(), version
	h.Directories = planner.DirectoryIDs(cfg)
	if w.journal, err = apply.CreateJournal(w.storage, w.held.Check, h); err != nil {
		return fmt.Errorf("nothing was written: the journal in %s: %w", w.storage.Where(), err)
	}
	return nil
}

func within(b *lang.Backend) string {
	if b.LeaseSeconds == 0 {
		return ""
	}
	return fmt.Sprintf(" within %d seconds", b.LeaseSeconds)
}

// recent is how many journals are looked at when a lock ran out.
const recent = 20

// sealOthers ends the journal of the run whose lock ran out, and those of the
// newest runs that have no end: one of them may have lost its lock to a run that
// died before it could end them.
func sealOthers(ctx context.Context, s backend.Storage, gone string, by apply.Sealed) error {
	runs, err := apply.ListRuns(ctx, s)
	if err != nil {
		return err
	}
	for _, run := range append([]string{gone}, runs[:min(len(runs), recent)]...) {
		if err := apply.Seal(ctx, s, run, by); err != nil {
			return err
		}
	}
	return nil
}

// abandon ends the journal of a run that could not begin to write.
func (w *workplace) abandon(cause error) error {
	end := apply.Footer{Finished: time.Now().UTC().Format(time.RFC3339Nano), Stops: []apply.Stop{{Reason: apply.StopAborted, Detail: cause.Error()}}}
	return errors.Join(cause, w.journal.Close(end))
}

// leave gives the lock back, also after an abort.
func (a *app) leave(w *workplace) {
	if w.held != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.held.Release(ctx); err != nil {
			fmt.Fprintf(a.stderr, "The lock could not be given back; it ends by itself: %s\n", escapeLines(err.Error()))
		}
	}
	if err := w.storage.Close(); err != nil {
		fmt.Fprintf(a.stderr, "Closing %s: %s\n", escapeLines(w.storage.Where()), escapeLines(err.Error()))
	}
}

// commit is the commit of the configuration: what the pipeline says, or Git.
func (a *app) commit(ctx context.Context) string {
	for _, name := range []string{"LANDFALL_COMMIT", "GITHUB_SHA", "BUILD_SOURCEVERSION", "CI_COMMIT_SHA"} {
		if v := a.getenv(name); v != "" {
			return v
		}
	}
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return "" // no repository, or no Git: that is no obstacle
	}
	commit := strings.TrimSpace(string(head))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ".").Output(); err == nil && len(changed) > 0 {
		commit += " with changes"
	}
	return commit
}
