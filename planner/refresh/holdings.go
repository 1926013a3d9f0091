package refresh

import (
	"context"
	"fmt"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// Holdings reads what the objects hold that p deletes, all of it, so that the
// journal can say what it took away. Objects that are gone by now have none.
func Holdings(ctx context.Context, cfg *lang.Config, p *planner.Plan, readers map[string]planner.Reader, redactKey []byte) (map[planner.HoldingKey]planner.Holdings, error) {
	held := map[planner.HoldingKey]planner.Holdings{}
	for _, provider := range cfg.Providers {
		address := provider.Address()
		anchors := p.Doomed(address)
		if len(anchors) == 0 || provider.Kind != lang.KindAD {
			continue
		}
		s := planner.NewSpace(address, planner.Kind(provider.Kind), provider.Schema)
		req := planner.HoldingsRequest(provider)
		err := readers[address].Find(ctx, req, "id", anchors, s)
		var objects []planner.ObjectID
		for _, anchor := range anchors {
			if o := s.ByAnchor(anchor); o != planner.NoObject {
				objects = append(objects, o)
			}
		}
		if err == nil && len(objects) > 0 {
			err = readers[address].ReadReferences(ctx, req, objects, references(req), s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: reading what the objects hold that are to be deleted: %w", address, err)
		}
		for _, o := range objects {
			held[planner.HoldingKey{Provider: address, Anchor: s.Anchor(o)}] = planner.HoldingsOf(cfg, s, o, redactKey)
		}
	}
	return held, nil
}

func references(req planner.Request) []string {
	for _, t := range req.Types {
		if t.Type == "group" {
			return t.References
		}
	}
	return nil
}
