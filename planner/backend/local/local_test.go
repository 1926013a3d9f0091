package local_test

import (
	"path/filepath"
	"testing"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/backendtest"
	"github.com/landfall-directory/landfall/planner/backend/local"
)

func TestStorage(t *testing.T) {
	backendtest.Run(t, backendtest.Target{Open: func(t *testing.T) func() backend.Storage {
		dir := filepath.Join(t.TempDir(), "sub", ".landfall")
		return func() backend.Storage { return local.Open(dir) }
	}})
}
