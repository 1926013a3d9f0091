package s3_test

import (
	"log"
	"os"
	"testing"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/backendtest"
	"github.com/landfall-directory/landfall/planner/backend/s3"
	"github.com/landfall-directory/landfall/planner/backend/s3/s3test"
)

func open(t testing.TB, cfg s3.Config) *s3.Storage {
	t.Helper()
	s, err := s3.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMain(m *testing.M) {
	if err := s3test.SignIn(); err != nil {
		log.Fatal(err)
	}
	os.Exit(m.Run())
}

func TestStorage(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	backendtest.Run(t, backendtest.Target{TTL: backend.MinTTL, Open: func(t *testing.T) func() backend.Storage {
		cfg := server.Config(t)
		cfg.Prefix = "landfall/prod"
		return func() backend.Storage { return open(t, cfg) }
	}})
}
