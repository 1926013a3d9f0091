// Package refresh reads every connected directory for one plan. It waits for
// networks; what to read is decided by package planner, in steps, because which
// memberships are needed depends on which groups are in scope.
package refresh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// Read reads what cfg needs of all its providers, side by side, and returns a
// snapshot that is complete: any read that broke off is an error.
func Read(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader) (planner.Snapshot, error) {
	return read(ctx, cfg, readers, planner.Requests(cfg), planner.NeededReferences)
}

// ReadBoth reads what either of two configurations needs, for a comparison of
// their plans on one read. Both must connect the same providers.
func ReadBoth(ctx context.Context, cfg, base *lang.Config, readers map[string]planner.Reader) (planner.Snapshot, error) {
	requests := planner.MergeRequests(planner.Requests(cfg), planner.Requests(base))
	snap, err := read(ctx, cfg, readers, requests, func(_ *lang.Config, snap planner.Snapshot) (map[string]planner.References, error) {
		x, err := planner.NeededReferences(cfg, snap)
		if err != nil {
			return nil, err
		}
		y, err := planner.NeededReferences(base, snap)
		if err != nil {
			return nil, fmt.Errorf("the base configuration: %w", err)
		}
		return planner.MergeReferences(x, y), nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := find(ctx, base, readers, requests, snap); err != nil {
		return nil, err
	}
	return snap, nil
}

// Everything reads more than cfg needs, so that changed configurations can be
// planned on the snapshot, too. It returns what was asked of every provider.
func Everything(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader) (planner.Snapshot, map[string]planner.Request, error) {
	requests := planner.Everything(cfg)
	snap, err := read(ctx, cfg, readers, requests, planner.EveryReference)
	return snap, requests, err
}

// needs says whose references are to be read.
type needs func(*lang.Config, planner.Snapshot) (map[string]planner.References, error)

func read(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader, requests map[string]planner.Request, needed needs) (planner.Snapshot, error) {
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		snap[p.Address()] = planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
	}
	err := each(ctx, cfg, func(ctx context.Context, address string) error {
		return readers[address].Read(ctx, requests[address], snap[address])
	})
	if err != nil {
		return nil, err
	}
	scope, err := planner.ScopeGroups(cfg, snap)
	if err == nil {
		err = readReferences(ctx, cfg, readers, requests, snap, scope)
	}
	if err != nil {
		return nil, err
	}
	// What a look-up finds can be a group with members of its own.
	for range maxRounds {
		references, err := needed(cfg, snap)
		if err == nil {
			err = readReferences(ctx, cfg, readers, requests, snap, references)
		}
		if err != nil {
			return nil, err
		}
		asked, err := find(ctx, cfg, readers, requests, snap)
		if err != nil || asked == 0 {
			return snap, err
		}
	}
	return nil, errors.New("the directories keep changing while they are read; run again")
}

// maxRounds is how often members are read and look-ups are made. The second round
// is for what the look-ups found; a third has work only if groups come and go.
const maxRounds = 4

// readReferences reads those of the references that are not read yet.
func readReferences(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader, requests map[string]planner.Request, snap planner.Snapshot, references map[string]planner.References) error {
	return each(ctx, cfg, func(ctx context.Context, address string) error {
		need := references[address].Unread(snap[address])
		if len(need.Objects) == 0 {
			return nil
		}
		return readers[address].ReadReferences(ctx, requests[address], need.Objects, need.Attributes, snap[address])
	})
}

// find carries out the look-ups that a plan needs and nobody made, and says how
// many values were asked for.
func find(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader, requests map[string]planner.Request, snap planner.Snapshot) (int, error) {
	proofs, err := planner.NeededProofs(cfg, snap)
	if err != nil {
		return 0, err
	}
	asked := 0
	for _, q := range proofs {
		q = q.Unanswered(snap[q.Provider])
		if len(q.Values) == 0 {
			continue
		}
		if err := readers[q.Provider].Find(ctx, requests[q.Provider], q.Attribute, q.Values, snap[q.Provider]); err != nil {
			return 0, fmt.Errorf("%s: looking up %s directly: %w", q.Provider, q.Attribute, err)
		}
		asked += len(q.Values)
	}
	return asked, nil
}

// each runs f for every provider at once and waits for all. The error of the
// first provider by address is returned; the others are told to stop.
func each(ctx context.Context, cfg *lang.Config, f func(context.Context, string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(cfg.Providers))
	var wg sync.WaitGroup
	for i, p := range cfg.Providers {
		wg.Go(func() {
			if err := f(ctx, p.Address()); err != nil {
				errs[i] = fmt.Errorf("%s: %w", p.Address(), err)
				cancel()
			}
		})
	}
	wg.Wait()
	own := slices.IndexFunc(errs, func(err error) bool { return err != nil && !errors.Is(err, context.Canceled) })
	if own >= 0 {
		return errs[own]
	}
	return errors.Join(errs...)
}
