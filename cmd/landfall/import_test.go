package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The import of an exported server validates, is formatted, and plans as soon as
// its providers have directories.
func TestImportPlans(t *testing.T) {
	const real = "../../../shared/data/aadconnect/contoso"
	for name, tt := range map[string]struct{ export, rules, domain string }{
		"example":     {"../../examples/from-entra-connect/export", "13 rules, 1 writeback", "DC=corp,DC=example,DC=com"},
		"real server": {real, "62 rules, 0 writebacks", "DC=contoso,DC=com"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(tt.export); errors.Is(err, fs.ErrNotExist) {
				t.Skipf("%s is absent: the import of a real server's configuration is not planned", tt.export)
			}
			dir := filepath.Join(t.TempDir(), "out")
			report := landfall(t, ".", 0, "import", "aadconnect", tt.export, "-out", dir)
			written, err := os.ReadFile(filepath.Join(dir, "report.txt"))
			if err != nil || string(written) != report {
				t.Errorf("the report that is printed is not the one in the folder: %v", err)
			}
			got := landfall(t, dir, 0, "validate")
			if !strings.Contains(got, tt.rules) {
				t.Errorf("validate: got %q, want %s", got, tt.rules)
			}
			landfall(t, dir, 0, "fmt", "-check")

			playWith(t, dir, tt.domain)
			plan := landfall(t, dir, 0, "plan", "-view", "full")
			if strings.Contains(plan, "ERROR") || !strings.Contains(plan, "[mastered_on_premises]") {
				t.Errorf("plan:\n%s", plan)
			}
		})
	}
}

var (
	urlLine    = regexp.MustCompile(`(?m)^  url .*$`)
	tenantLine = regexp.MustCompile(`(?m)^  tenant_id .*$`)
	bases      = regexp.MustCompile(`(?ms)^  search_bases = \[.*?\]\n`)
)

// playWith gives imported providers the embedded directories of the example.
func playWith(t *testing.T, dir, domain string) {
	t.Helper()
	const example = "../../examples/from-entra-connect"
	read := func(name string) string {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	providers := read(filepath.Join(dir, "providers.hcl"))
	providers = urlLine.ReplaceAllString(providers, "  sandbox = \"corp.ldif\"")
	providers = tenantLine.ReplaceAllString(providers, "  tenant_id = \"5d1c7a52-0000-4000-8000-000000000001\"\n  sandbox = \"tenant.json\"")
	providers = bases.ReplaceAllString(providers, "")
	forest := strings.ReplaceAll(read(example+"/corp.ldif"), "DC=corp,DC=example,DC=com", domain)
	if !strings.Contains(providers, "badgeNumber") {
		forest = regexp.MustCompile(`(?m)^badgeNumber:.*\n`).ReplaceAllString(forest, "")
	}
	for name, text := range map[string]string{"providers.hcl": providers, "corp.ldif": forest, "tenant.json": read(example + "/tenant.json")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
