package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
)

// snapshotFlags are the flags of snapshot.
type snapshotFlags struct {
	narrow bool
	key    string
	keep   []string
}

// pseudonymKey reads the key and checks the flags before anything else is read; nil
// without -pseudonymise.
func (a *app) pseudonymKey(cfg *lang.Config, f snapshotFlags) ([]byte, error) {
	if f.key == "" {
		if len(f.keep) > 0 {
			return nil, errors.New("-keep belongs to -pseudonymise: without that, everything is kept")
		}
		return nil, nil
	}
	key, err := a.key("-pseudonymise", f.key)
	if err != nil {
		return nil, err
	}
	key = bytes.TrimSpace(key)
	if err := planner.CheckPseudonymKey(key); err != nil {
		return nil, fmt.Errorf("-pseudonymise: %w", err)
	}
	_, err = planner.PolicyOf(cfg, f.keep)
	return key, err
}

func pseudonymise(cfg *lang.Config, snap planner.Snapshot, key []byte, keep []string) (planner.Snapshot, *planner.Pseudonymity, error) {
	p, err := planner.NewPseudonyms(cfg, snap, key, keep)
	if err != nil {
		return nil, nil, err
	}
	out, err := p.Snapshot(snap)
	return out, p.Policy(), err
}

// listReadable tells what the file shows all the same, before somebody publishes
// it.
func (a *app) listReadable(p *planner.Pseudonymity) error {
	var b strings.Builder
	b.WriteString("\nIt is pseudonymised. What can be read in it all the same:\n\n")
	if len(p.Readable) == 0 {
		b.WriteString("  no attribute: the rules of this configuration look into none\n")
	}
	for _, r := range p.Readable {
		of := r.Type + " objects"
		if r.Type == "*" {
			of = "all objects"
		}
		if r.Ours {
			of += " that are written back"
		}
		where := ""
		if r.File != "" {
			where = fmt.Sprintf(" (%s:%d)", r.File, r.Line)
		}
		fmt.Fprintf(&b, "  %s of %s in %s: %s%s\n", report.Escape(r.Attribute), report.Escape(of), report.Escape(r.Provider), report.Escape(r.Why), report.Escape(where))
	}
	if len(p.Prefixes) > 0 {
		fmt.Fprintf(&b, "  whether a value begins with %s\n", report.Escape(quoted(p.Prefixes)))
	}
	b.WriteString("  values that the configuration itself names, or that are the same as one of those above\n" +
		"  codes and flags (types and states of objects and groups, visibility, userType, …), the SIDs that every Windows has\n" +
		"  how many objects there are, who is a member of what, how deep OUs are nested, which values are the same, and how long they are\n")
	_, err := a.stdout.Write([]byte(b.String()))
	return err
}

func quoted(texts []string) string {
	parts := make([]string, len(texts))
	for i, t := range texts {
		parts[i] = fmt.Sprintf("%q", t)
	}
	return strings.Join(parts, " or ")
}
