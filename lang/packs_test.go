package lang

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

const twoForests = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
provider "ad" "plant" {
  base_dn = "DC=plant,DC=example,DC=net"
  sandbox = "plant.ldif"
}
standard_rules "plant" {
  pack    = "group_writeback"
  entra   = provider.entra.contoso
  ad      = provider.ad.plant
  disable = ["Out to AD - Group SOAInAAD - Exchange"]
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
`

func loadText(t *testing.T, text string) *Config {
	t.Helper()
	cfg, _, diags := LoadFS(fstest.MapFS{"main.hcl": {Data: []byte(text)}}, LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// TestPackForEachForest: one pack serves several pairs of directories, sorted by
// label, each under addresses and names of its own.
func TestPackForEachForest(t *testing.T) {
	cfg := loadText(t, twoForests)
	var out strings.Builder
	names := map[string]bool{}
	for _, r := range cfg.Rules {
		if names[r.Name] {
			t.Errorf("two rules are called %q", r.Name)
		}
		names[r.Name] = true
		fmt.Fprintf(&out, "%d %s\n    %s at %s:%d on %s", r.Precedence, r.Name, r.Address, r.Range.Filename, r.Range.Start.Line, r.Provider.Address())
		if r.Disabled {
			out.WriteString(", disabled")
		}
		out.WriteString("\n")
	}
	golden(t, "testdata/packs.txt", out.String())
}

// TestCloneFromSeveralUses: a copy belongs to the use of the pack that it was
// made from.
func TestCloneFromSeveralUses(t *testing.T) {
	cfg := loadText(t, twoForests)
	r, err := cfg.FindRule("Out to AD - Group SOAInAAD (plant)")
	if err != nil {
		t.Fatal(err)
	}
	text, err := cfg.CloneRule(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`standard_rules "plant": disable = ["Out to AD - Group SOAInAAD"]`, `sync_rule "custom_plant_out_ad_group_soainaad" {`,
		`"Out to AD - Group SOAInAAD (plant) (custom)"`, `= provider.ad.plant`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the copy lacks %s:\n%s", want, text)
		}
	}
	other, err := cfg.FindRule("Out to AD - Group SOAInAAD")
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadText(t, twoForests+text).CloneRule(other)
	if err != nil {
		t.Fatal(err)
	}
	loadText(t, twoForests+text+second)
}
