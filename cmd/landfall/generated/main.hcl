# A synthetic tenant and forest. The files were made by landfall sandbox generate; the
# same numbers make the same files.

locals {
  forest = "DC=corp,DC=example,DC=com"
}

provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}

provider "ad" "corp" {
  base_dn = local.forest
  sandbox = "corp.ldif"
}

standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}

ou_mapping "cloud_groups" {
  root    = "OU=Cloud Groups,${local.forest}"
  default = ""
}

writeback "cloud_groups" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud_groups
  unset       = "write"
}

guard "deletes" {
  action      = "delete"
  max_percent = 5
  writeback   = writeback.cloud_groups
}
