package planner_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain asks rapid for more cases than its default of 100.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("200"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
