package syncexpr

import (
	"os"
	"strings"
	"testing"
)

// TestReference: docs/language.md names every function.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range functionNames() {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/language.md does not mention %s", name)
		}
	}
}
