package refresh

import (
	"context"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// Touched reads what operations touched, beside what cfg needs: for a revert of
// them, and for the check of one.
func Touched(ctx context.Context, cfg *lang.Config, readers map[string]planner.Reader, operations []planner.Recorded) (planner.Snapshot, error) {
	requests := planner.RevertRequests(cfg, operations)
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		snap[p.Address()] = planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
	}
	err := each(ctx, cfg, func(ctx context.Context, address string) error {
		s, r, req := snap[address], readers[address], requests[address]
		if err := r.Read(ctx, req, s); err != nil {
			return err
		}
		// Links are read last, so that they find the objects that they name; what they
		// name beyond that is read with them.
		for _, look := range []string{"id", "distinguishedName"} {
			anchors, names := planner.RevertLookups(s, operations)
			values := anchors
			if look != "id" {
				values = names
			}
			if len(values) == 0 {
				continue
			}
			if err := r.Find(ctx, req, look, values, s); err != nil {
				return err
			}
		}
		need := planner.RevertReferences(s, operations)
		if len(need.Objects) == 0 {
			return nil
		}
		return r.ReadReferences(ctx, req, need.Objects, need.Attributes, s)
	})
	if err != nil {
		return nil, err
	}
	return snap, nil
}
