provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
}

provider "ad" "corp" {
  url     = "ldaps://dc1.corp.example.com"
  base_dn = "DC=corp,DC=example,DC=com"
}

standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
