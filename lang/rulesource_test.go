package lang

import (
	"strings"
	"testing"
	"testing/fstest"
)

const cloneBase = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
standard_rules "group_writeback" {
  entra   = provider.entra.contoso
  ad      = provider.ad.corp
  disable = [DISABLE]
}
`

// TestCloneOfEveryStandardRule: each copy loads beside the pack in which the
// original is switched off, and does what the original does.
func TestCloneOfEveryStandardRule(t *testing.T) {
	load := func(files ...string) *Config {
		t.Helper()
		fsys := fstest.MapFS{}
		for i, text := range files {
			fsys[string(rune('a'+i))+".hcl"] = &fstest.MapFile{Data: []byte(text)}
		}
		cfg, _, diags := LoadFS(fsys, LoadOptions{Version: "0.1.0"})
		if diags.HasErrors() {
			t.Fatalf("%v\n%s", diags, files[len(files)-1])
		}
		return cfg
	}
	plain := load(strings.Replace(cloneBase, "DISABLE", "", 1))
	for _, r := range plain.Rules {
		text, err := plain.CloneRule(r)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(Format([]byte(text))) {
			t.Errorf("%s: the copy is not in the canonical form", r.Name)
		}
		cfg := load(strings.Replace(cloneBase, "DISABLE", `"`+r.Name+`"`, 1), text)
		copied, err := cfg.FindRule(r.Name + " (custom)")
		if err != nil {
			t.Fatal(err)
		}
		if copied.Precedence != 99 || len(copied.Flows) != len(r.Flows) || len(copied.Scope) != len(r.Scope) || len(copied.Join) != len(r.Join) ||
			copied.Provider.Address() != r.Provider.Address() || copied.Link != r.Link {
			t.Errorf("%s: the copy differs:\n%s", r.Name, text)
		}
		source, err := cfg.RuleSource(copied)
		if err != nil || strings.TrimSpace(source) != strings.TrimSpace(text) {
			t.Errorf("%s: its source is %v\n%s", r.Name, err, source)
		}
	}
	if _, err := plain.FindRule("In from AD - Usr Join"); err == nil || !strings.Contains(err.Error(), "In from AD - User Join") {
		t.Errorf("no suggestion: %v", err)
	}
}
