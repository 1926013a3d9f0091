package azblob_test

import (
	"testing"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/azblob"
	"github.com/landfall-directory/landfall/planner/backend/azblob/azblobtest"
	"github.com/landfall-directory/landfall/planner/backend/backendtest"
)

func open(t testing.TB, cfg azblob.Config) *azblob.Storage {
	t.Helper()
	s, err := azblob.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStorage(t *testing.T) {
	t.Parallel()
	server := azblobtest.Start(t)
	backendtest.Run(t, backendtest.Target{TTL: backend.MinTTL, Open: func(t *testing.T) func() backend.Storage {
		cfg := server.Config(t)
		cfg.Prefix = "landfall/prod"
		return func() backend.Storage { return open(t, cfg) }
	}})
}
