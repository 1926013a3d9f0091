# What the benchmark plans: a tenant whose groups are all written back already,
# compared whole. The servers are started beside it; see servers_test.go.

provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}

provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}

standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}

ou_mapping "cloud_groups" {
  root   = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
  create = true

  rule "microsoft_365" {
    when = startswith(source.displayName, "M365 - ")
    ou   = "OU=Microsoft 365"
  }
  default = "OU=Security"
}

writeback "cloud_groups" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud_groups

  cn    = "${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"
  unset = "write"
}
