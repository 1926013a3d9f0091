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

// Read reads all providers of cfg, side by side, and returns a snapshot that is
// complete: any read that broke off is an error.
func Read(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader) (planner.Snapshot, error) {
	requests := planner.Requests(cfg)
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
	references, err := planner.NeededReferences(cfg, snap)
	if err != nil {
		return nil, err
	}
	err = each(ctx, cfg, func(ctx context.Context, address string) error {
		need, ok := references[address]
		if !ok || len(need.Objects) == 0 {
			return nil
		}
		return readers[address].ReadReferences(ctx, requests[address], need.Objects, need.Attributes, snap[address])
	})
	if err != nil {
		return nil, err
	}
	proofs, err := planner.NeededProofs(cfg, snap)
	if err != nil {
		return nil, err
	}
	for _, q := range proofs {
		if err := readers[q.Provider].Find(ctx, requests[q.Provider], q.Attribute, q.Values, snap[q.Provider]); err != nil {
			return nil, fmt.Errorf("%s: looking up %s directly: %w", q.Provider, q.Attribute, err)
		}
	}
	return snap, nil
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
