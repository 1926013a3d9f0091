package lang

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func TestInspect(t *testing.T) {
	const config = `
locals {
  team = "Sales"
}
provider "entra" "e" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "t.json"
}
provider "ad" "a" {
  base_dn = "DC=x"
  sandbox = "a.ldif"
}
sync_rule "r" {
  direction      = "inbound"
  provider       = provider.ad.a
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 5
  flow "description" {
    value = %s
  }
}
`
	for text, want := range map[string]string{
		`coalesce(source.mail, source.cn)`:                                  "computes [] texts [] cuts []",
		`source.mail != null ? source.mail : "none"`:                        `computes [] texts ["none"] cuts []`,
		`source.department == local.team ? source.sn : null`:                `computes [] texts ["Sales"] cuts []`,
		`source.department == source.company ? source.sn : null`:            "computes [] texts [] cuts []",
		`!(source.department == "a") || source.sn != null ? "x" : "y"`:      `computes [] texts ["a" "x" "y"] cuts []`,
		`left(trimspace(source.description), 4 + 4)`:                        "computes [] texts [] cuts [8]",
		`left(source.description, length(source.sn))`:                       "makes: computes [description sn] texts [] cuts []",
		`"${source.givenName} ${source.sn}"`:                                `makes: computes [givenName sn] texts [" "] cuts []`,
		`startswith(source.department, "FIN-") ? source.sn : source.sn`:     `computes [] texts [] cuts [] prefixes ["FIN-"]`,
		`guid(source.objectGUID)`:                                           "computes [] texts [] cuts []",
		`lower(source.mail)`:                                                "makes: computes [mail] texts [] cuts []",
		`source.mail == lower(source.userPrincipalName) ? "a" : "b"`:        `computes [mail userPrincipalName] texts ["a" "b"] cuts []`,
		`true ? source.mail : lower(source.cn)`:                             "computes [] texts [] cuts []",
		`[for p in source.proxyAddresses : p if startswith(p, "SMTP:")][0]`: `makes: computes [proxyAddresses] texts ["SMTP:"] cuts []`,
		`source["mail"] == null ? "a" : source["mail"]`:                     `computes [] texts ["a"] cuts []`,
		`try(source.mail, "x")`:                                             `makes: computes [mail] texts ["x"] cuts []`,
		`"fixed"`:                                                           `computes [] texts ["fixed"] cuts []`,
	} {
		cfg, _, diags := LoadFS(fstest.MapFS{"a.hcl": {Data: fmt.Appendf(nil, config, text)}}, LoadOptions{Version: "0.1.0"})
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
			continue
		}
		got := ""
		for _, r := range cfg.Rules {
			for _, f := range r.Flows {
				if f.Value != nil {
					i := f.Value.Inspection
					got = fmt.Sprintf("computes %v texts %q cuts %v", i.Computes, i.Texts, i.Cuts)
					if i.Makes {
						got = "makes: " + got
					}
					if len(i.Prefixes) > 0 {
						got += fmt.Sprintf(" prefixes %q", i.Prefixes)
					}
				} else {
					got = "computes [] texts [] cuts []"
				}
			}
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
