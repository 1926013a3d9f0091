# The quickstart: five groups of a small tenant, written back into a small
# forest. Both directories are embedded (sandbox = …), so that this runs without
# network and without credentials; replace the two lines to connect to real ones.

landfall {
  required_version = ">= 0.1"
}

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

settings {
  source_anchor = "mS-DS-ConsistencyGuid"
}

standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}

ou_mapping "cloud_groups" {
  root   = "OU=Cloud Groups,${local.forest}"
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
  unset = "write" # Microsoft 365 groups that never had a writeback state, too
}

guard "deletes" {
  action    = "delete"
  max_count = 2
}
