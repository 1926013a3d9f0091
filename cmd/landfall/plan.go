package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/planner/report"
)

// planFlags are the flags of everything that makes a plan.
type planFlags struct {
	only, except, accept []string
	view                 string
	base                 bool // they were meant for another configuration than this one
}

func (f *planFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.only, "only", nil, "plan only what this `SELECTOR` takes: an address, a prefix or a pattern with *, rule=NAME, ou=DN or action=WORD; may be repeated")
	c.Flags().StringArrayVar(&f.except, "except", nil, "leave out what this `SELECTOR` takes, as in -only; may be repeated")
	c.Flags().StringArrayVar(&f.accept, "accept", nil, "lift a limit up to exactly this number: `guard.NAME=COUNT` or settings.delete_threshold=COUNT")
	c.Flags().StringVar(&f.view, "view", "default", "how much to show: `VIEW` is summary, default or full")
	words(c, "view", "summary", "default", "full")
	words(c, "only", "rule=", "ou=", "action=")
	words(c, "except", "rule=", "ou=", "action=")
}

// selectorHelp explains -only and -except.
const selectorHelp = "-only and -except take parts of a plan. A change is in it if one of -only takes it, or there is\n" +
	"none, and none of -except does; it stays or goes whole. They take\n\n" +
	"  ADDRESS      what has this address, or one that begins so; * stands for any text\n" +
	"  rule=NAME    what this rule decides: its name, its address (sync_rule.x, writeback.x), or a pattern with *\n" +
	"  ou=DN        what is in this OU or below it, or will be\n" +
	"  action=WORD  create, restore, move, rename, update, members, delete, member_add, member_remove, type_change\n\n" +
	"OUs stay that something needs; members that are not made are held back. The plan says what it leaves out."

// accepted parses -accept and checks that the names exist.
func (f *planFlags) accepted(cfg *lang.Config) (map[string]int, error) {
	known := map[string]bool{"settings.delete_threshold": true}
	for _, g := range cfg.Guards {
		known[g.Address()] = true
	}
	out := map[string]int{}
	for _, text := range f.accept {
		name, count, ok := strings.Cut(text, "=")
		n, err := strconv.Atoi(count)
		if !ok || err != nil || n < 0 {
			return nil, fmt.Errorf("-accept is %q; write the name of a guard and a number, as in guard.deletes=37", text)
		}
		if !known[name] {
			return nil, fmt.Errorf("-accept names %q, and the configuration has no such guard", name)
		}
		out[name] = n
	}
	return out, nil
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	var o offlineFlags
	var out string
	var detailed, asJSON bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and why",
		Long: "plan reads both directories, compares them with the configuration and shows what apply would do.\n" +
			"It writes nothing to any directory.\n\n" + selectorHelp + "\n\n" +
			"Exit status: 0, or 1 if no plan could be made. With -detailed-exitcode also 2 if there is any\n" +
			"change, and 6 if anything is blocked.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.plan(c.Context(), f, o, out, detailed, asJSON)
		},
	}
	f.register(c)
	c.Flags().StringVar(&o.snapshot, "snapshot", "", "plan on this `FILE` of \"landfall snapshot\", without network and credentials")
	c.Flags().DurationVar(&o.maxAge, "max-age", 0, "refuse a snapshot that is older than this `DURATION` (15m, 24h)")
	c.Flags().StringVar(&o.base, "base", "", "tell what this configuration causes from what was due before: compare with this `DIR` or Git reference")
	c.Flags().StringVar(&o.sign, "sign", "", "sign the saved plan with this `KEY`: a file with an SSH private key (ed25519), or env:NAME")
	c.Flags().StringVar(&out, "out", "", "save the plan to `FILE`, for apply; compressed if it ends in .zst")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there is any change, with 6 if anything is blocked")
	c.Flags().BoolVar(&asJSON, "json", false, "print the plan's JSON instead of the text")
	return c
}

// offlineFlags are what only plan has: it writes nothing, so it may plan on a
// file and for two configurations.
type offlineFlags struct {
	snapshot, base, sign string
	maxAge               time.Duration
}

func (a *app) plan(ctx context.Context, f planFlags, o offlineFlags, out string, detailed, asJSON bool) error {
	options, err := a.textOptions(f.view)
	if err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	p, err := a.planOn(ctx, cfg, f, o)
	if err != nil {
		return err
	}
	a.tellPlan(p)
	encoded, err := p.Encode()
	if err != nil {
		return err
	}
	file, err := planBytes(out, encoded)
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeFile(out, file); err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
		options.SavedTo = out
	}
	if o.sign != "" {
		if err := a.sign(o.sign, out, file); err != nil {
			return err
		}
	}
	options.Next = a.nextStep(p, f, out)
	err = a.printPlan(p, options, asJSON)
	if err == nil && detailed {
		return planStatus(p)
	}
	return err
}

// printPlan prints a plan as text, or as its JSON.
func (a *app) printPlan(p *planner.Plan, options report.TextOptions, asJSON bool) error {
	if !asJSON {
		return report.Text(a.stdout, p, options)
	}
	encoded, err := p.Encode()
	if err == nil {
		_, err = a.stdout.Write(encoded)
	}
	return err
}

// planStatus is the exit status of plan -detailed-exitcode.
func planStatus(p *planner.Plan) error {
	switch {
	case p.Summary.Blocked > 0:
		return &exit{status: exitBlocked}
	case len(p.Changes) > 0:
		return &exit{status: exitChanges}
	}
	return nil
}

// nextStep is the command that carries out this plan and no other: with the
// directory and the variables that it was made with. The value of a variable may
// be a secret and is left out.
func (a *app) nextStep(p *planner.Plan, f planFlags, out string) string {
	if len(p.Changes) == 0 || p.Summary.Blocked == len(p.Changes) || p.Pseudonymised() {
		return ""
	}
	words := []string{"landfall"}
	flag := func(name string, values ...string) {
		for _, v := range values {
			words = append(words, name, quote(v))
		}
	}
	if a.chdir != "" {
		flag("-chdir", a.chdir)
	}
	for _, v := range a.vars {
		name, _, _ := strings.Cut(v, "=")
		words = append(words, "-var", name+"=...")
	}
	flag("-var-file", a.varFiles...)
	words = append(words, "apply")
	if out != "" {
		return strings.Join(append(words, quote(out)), " ")
	}
	flag("-only", f.only...)
	flag("-except", f.except...)
	flag("-accept", f.accept...)
	return strings.Join(words, " ")
}

// planOn plans on the directories or on a snapshot, against a base or not.
func (a *app) planOn(ctx context.Context, cfg *lang.Config, f planFlags, o offlineFlags) (*planner.Plan, error) {
	if o.maxAge != 0 && o.snapshot == "" {
		return nil, errors.New("-max-age belongs to -snapshot")
	}
	var base *lang.Config
	if o.base != "" {
		var err error
		if base, err = a.loadBase(ctx, o.base); err != nil {
			return nil, err
		}
		if err := sameProviders(cfg, base); err != nil {
			return nil, err
		}
	}
	snap, err := a.snapshot(ctx, cfg, base, o)
	if err != nil {
		return nil, a.explain(err)
	}
	p, err := a.build(cfg, snap, f, o.snapshot != "")
	if err != nil || base == nil {
		return p, err
	}
	old, err := a.build(base, snap, planFlags{only: f.only, except: f.except, base: true}, o.snapshot != "")
	if err != nil {
		return nil, fmt.Errorf("the base configuration: %w", err)
	}
	planner.MarkCauses(p, old)
	return p, nil
}

// snapshot reads the directories, or the file that stands for them.
func (a *app) snapshot(ctx context.Context, cfg, base *lang.Config, o offlineFlags) (planner.Snapshot, error) {
	if o.snapshot != "" {
		snap, err := a.loadSnapshot(ctx, o.snapshot, cfg, o.maxAge)
		if err == nil && base != nil {
			err = planner.CheckSnapshot(base, snap)
		}
		return snap, err
	}
	dirs, err := a.connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer dirs.close()
	if base != nil {
		return a.reading(dirs, func() (planner.Snapshot, error) { return refresh.ReadBoth(ctx, cfg, base, dirs.readers) })
	}
	return a.read(ctx, cfg, dirs)
}

// makePlan reads the directories and plans.
func (a *app) makePlan(ctx context.Context, cfg *lang.Config, dirs *directories, f planFlags) (*planner.Plan, error) {
	snap, err := a.read(ctx, cfg, dirs)
	if err != nil {
		return nil, a.explain(err)
	}
	return a.build(cfg, snap, f, false)
}

func (a *app) build(cfg *lang.Config, snap planner.Snapshot, f planFlags, offline bool) (*planner.Plan, error) {
	accept, err := f.accepted(cfg)
	if err != nil {
		return nil, err
	}
	o := planner.Options{Now: time.Now(), Version: version, Only: f.only, Except: f.except, Base: f.base, Accept: accept, RedactKey: a.redactKey(cfg)}
	if offline {
		o.Refresh = "snapshot"
	}
	return planner.Build(cfg, snap, o)
}

// explain adds where the configuration says so to errors that know it.
func (a *app) explain(err error) error {
	var missing *planner.MissingContainer
	if errors.As(err, &missing) {
		return fmt.Errorf("%w (%s:%d)", err, missing.File, missing.Line)
	}
	return err
}

// redactKey keys the hashes of redacted values. Without LANDFALL_REDACT_KEY it
// is made of the tenants' ids: the same in every run, and no secret.
func (a *app) redactKey(cfg *lang.Config) []byte {
	if key := a.getenv("LANDFALL_REDACT_KEY"); key != "" {
		return []byte(key)
	}
	h := sha256.New()
	for _, p := range cfg.Providers {
		if p.Entra != nil {
			h.Write([]byte(p.Entra.TenantID))
		}
	}
	return h.Sum(nil)
}

// writeFile writes a file whole or not at all. Through a symbolic link it writes
// the file behind it, and a device or pipe is written to, not replaced.
func writeFile(name string, data []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, data, 0o600)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o600), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
