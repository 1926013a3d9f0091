package lang

import (
	"strings"
	"testing"
	"testing/fstest"
)

// The documented trap of upgrades: a copy of "In from AAD - Group SOAInAAD" that
// is older than targetWritebackType.
func TestCase31_CloneWithoutTargetWritebackType(t *testing.T) {
	const pair = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
ou_mapping "cloud" {
  root    = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
  default = ""
}
`
	pack := func(more string) string {
		return "standard_rules \"group_writeback\" {\n  entra = provider.entra.contoso\n  ad    = provider.ad.corp\n" + more + "}\n"
	}
	const off = "  disable = [\"In from AAD - Group SOAInAAD\"]\n"
	clone := func(copied, more string) string {
		return `
sync_rule "clone" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 50
  copy           = ["cloudAnchor", "cloudMastered", "displayName"` + copied + `]
` + more + "}\n"
	}
	writeback := func(more string) string {
		return `
writeback "cloud" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud
` + more + "}\n"
	}
	for _, test := range []struct {
		name, text string
		trap       bool
	}{
		{"in its place, without it", pack(off) + clone("", "") + writeback(""), true},
		{"in its place, with it", pack(off) + clone(`, "targetWritebackType"`, "") + writeback(""), false},
		{"beside the original", pack("") + clone("", "") + writeback(""), false},
		{"disabled itself", pack(off) + clone("", "  disabled = true\n") + writeback(""), false},
		{"another rule brings it", pack(off) + clone("", "") + strings.Replace(strings.Replace(clone(`, "targetWritebackType"`, ""), "\"clone\"", "\"type\"", 1), "50", "51", 1) + writeback(""), false},
		{"the type is declared", pack(off) + clone("", "") + writeback("  state = \"security\"\n"), false},
		{"nobody makes a type of it", pack("  disable = [\"In from AAD - Group SOAInAAD\", \"Out to AD - Group SOAInAAD\"]\n") + clone("", "") + writeback(""), false},
		{"nothing is written", pack(off) + clone("", ""), false},
	} {
		_, _, diags := LoadFS(fstest.MapFS{"main.hcl": {Data: []byte(pair + test.text)}}, LoadOptions{Version: "0.1.0"})
		if got := strings.Contains(diags.Error(), "every Microsoft 365 group becomes a distribution group"); got != test.trap || diags.HasErrors() != test.trap {
			t.Errorf("%s: %v", test.name, diags)
		}
	}
}
