variable "forest" {
  default = "DC=corp,DC=example,DC=com"
}

variable "limit" {
  type    = number
  default = 7
}

locals {
  groups = "OU=Groups,${var.forest}"
}

locals {
  staff  = "OU=Staff,${local.groups}"
  target = provider.ad.corp
}

landfall {
  required_version = "~> 0.1"
}

settings {
  source_anchor = "mS-DS-ConsistencyGuid"
  redact        = ["employeeID", "extensionAttribute1"]
}

provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
}

provider "entra" "fabrikam" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000002"
}

provider "ad" "corp" {
  url            = "ldaps://dc1.corp.example.com"
  base_dn        = var.forest
  global_catalog = "ldaps://gc.corp.example.com:3269"
  attributes = {
    badge = "text"
  }
}

standard_rules "group_writeback" {
  entra   = provider.entra.contoso
  ad      = provider.ad.corp
  disable = ["Out to AD - Group SOAInAAD - Exchange"]
}

ou_mapping "staff" {
  root    = local.staff
  default = ""
}

ou_mapping "others" {
  root = "OU=Others,${provider.ad.corp.base_dn}"
  rule "b" {
    when = startswith(source.displayName, "B")
    ou   = "OU=B"
  }
  rule "a" {
    when = startswith(source.displayName, "A")
    ou   = "OU=A"
  }
  default = "OU=Rest"
}

writeback "staff" {
  object_type      = "group"
  from             = provider.entra.contoso
  to               = provider.ad.corp
  ou               = ou_mapping.staff
  sam_account_name = left(source.displayName, 20)
}

writeback "others" {
  object_type            = "group"
  from                   = provider.entra.fabrikam
  to                     = provider.ad.corp
  ou                     = ou_mapping.others
  sam_account_name_scope = "forest"
  adopt = {
    "Group_5d1c7a52-0000-4000-8000-00000000000a" = "CN=A,${var.forest}"
  }
}

sync_rule "groups_of_fabrikam" {
  direction      = "inbound"
  provider       = provider.entra.fabrikam
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 20
  copy           = ["displayName", "cloudAnchor"]
}

sync_rule "badge" {
  direction      = "outbound"
  provider       = var.limit > 5 ? local.target : provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 10
  flow "badge" {
    value = upper(source.extensionAttribute2)
  }
}

sync_rule "imported" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 101
  tag            = "Microsoft.OuttoADGroup.001"
  flow "info" {
    expression = "Trim([info])"
  }
}

guard "moves" {
  action    = "move"
  max_count = var.limit
}

guard "deletes" {
  action      = "delete"
  max_percent = 2.5
  writeback   = writeback.staff
}

protect {
  dns = ["OU=Tier 0,${var.forest}"]
}

protect {
  dns = ["OU=Break Glass,${var.forest}", "CN=Users,${var.forest}"]
}
