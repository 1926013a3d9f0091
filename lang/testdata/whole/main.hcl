landfall {
  required_version = ">= 0.1"
}

variable "container" { # type, default, description, sensitive, validation as in Terraform
  type    = string
  default = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
}

locals {
  forest = "DC=corp,DC=example,DC=com"
}

provider "entra" "contoso" { # credentials never stand in files
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  cloud     = "public"  # public | usgov | china
  auth      = "default" # default | client_secret | certificate | workload_identity | managed_identity | github_oidc | azure_pipelines | cli
}

provider "ad" "corp" {
  url            = "ldaps://dc1.corp.example.com" # ldap:// needs start_tls = true
  base_dn        = local.forest
  ca_file        = "corp-ca.pem"
  auth           = "simple" # simple | gssapi
  search_bases   = [local.forest]
  global_catalog = null # "ldaps://gc.corp.example.com:3269": members and names of the whole forest
}

settings { # Entra Connect's global settings
  staging_mode     = false
  source_anchor    = "objectGUID" # or "mS-DS-ConsistencyGuid": users only, falls back to objectGUID when empty
  upn_attribute    = "userPrincipalName"
  delete_threshold = 500
  redact           = ["extensionAttribute9"] # shown as keyed hashes
  parameters = {
    "Microsoft.OptionalFeature.GroupFiltering" = "False" # any other name of Get-ADSyncGlobalSettings, kept and shown
  }
}

metaverse {
  attributes = { # beside the built-in schema
    badge   = "text"
    mentors = "multi ref"
  }
}

standard_rules "group_writeback" { # the built-in pack, immutable, expands to sync rules
  entra                 = provider.entra.contoso
  ad                    = provider.ad.corp
  disable               = [] # e.g. ["Out to AD - Group SOAInAAD - Exchange"]
  member_limit_m365     = 50000
  member_limit_security = 250000
}

sync_rule "description_prefix" {
  name           = "Out to AD - Group description prefix" # optional, default: the label
  direction      = "outbound"                             # inbound | outbound
  provider       = provider.ad.corp                       # always required
  object_type    = "group"                                # type in the connector space
  metaverse_type = "group"                                # "*" = any
  link           = "join"                                 # provision | join | sticky_join | join_no_flow
  precedence     = 50                                     # 0-99 yours; 100 and up: standard, or imported with a "Microsoft." tag
  disabled       = false
  unmarked       = "report" # report | write: what an outbound rule may do to joined objects without our mark

  scope { # scope blocks are OR-ed, clauses AND-ed; no scope = every object; clauses or when, not both
    clause {
      attribute = "cloudMastered" # of the source object
      operator  = "EQUAL"         # Entra Connect's operators
      value     = true
    }
  }
  scope {
    when = source.securityEnabled && !startswith(source.displayName, "tmp-")
  }

  join { # join blocks are tried in order
    match {
      space          = "adminDescription" # the connector-space side, in both directions
      metaverse      = "cloudAnchor"
      case_sensitive = false
    }
  }

  copy = ["displayName", "mail"] # direct flows under the same name

  flow "info" {
    from = "description" # direct
  }
  flow "description" {
    value = "Cloud: ${source.displayName}" # HCL expression
  }
  flow "extensionAttribute1" {
    expression = "Left(Trim([mailNickname]),448)" # Entra Connect's expression language, verbatim
    merge      = "update"                         # update | merge | merge_case_insensitive
    once       = false                            # only when the object is created
  }
}

ou_mapping "cloud_groups" {
  root   = var.container # must exist
  create = true          # create missing OUs below root

  rule "finance" { # first match wins
    when = startswith(source.displayName, "FIN-")
    ou   = "OU=Finance"
  }
  rule "by_department" {
    when = source.extensionAttribute1 != null
    ou   = "OU=${dn_escape(source.extensionAttribute1)},OU=Departments"
  }
  default = "OU=General" # required; "" = root itself
}

writeback "cloud_groups" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud_groups
  ensure      = "present" # absent: delete what this block wrote, under threshold and guards

  when  = source.visibility != "HiddenMembership" # a further condition over the metaverse object
  unset = "skip"                                  # Microsoft 365 groups whose writeback state was never set: skip | write
  state = null                                    # manage Entra's own writeback state: none | distribution | security | mail_enabled_security

  cn                     = "${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}" # default: source.cloudAnchor
  sam_account_name       = null                                                                          # unmanaged: the domain controller generates it
  sam_account_name_scope = "domain"                                                                      # domain | forest (needs global_catalog)
  on_rename              = "follow"                                                                      # follow | keep: what a new cn does to an object that exists

  cloud_only_members = "report"    # report | error | ignore
  on_out_of_scope    = "freeze"    # freeze | empty | delete: writeback switched off, soft-deleted, out of the rules' scope
  on_source_deleted  = "delete"    # delete | freeze: deleted for good
  ou_drift           = "move_back" # move_back | adopt | report
  outside_root       = "move_back" # move_back | block: a marked object found outside the root
  on_collision       = "error"     # error | suffix
  adopt              = {}          # { "Group_<objectId>" = "DN or objectGUID" }: unmarked groups to take over, one by one
}

guard "deletes" {
  action      = "delete" # create | update | move | rename | restore | delete | type_change | member_add | member_remove
  max_count   = 50
  max_percent = 10
  min_objects = 10 # below this, percent is ignored
  writeback   = writeback.cloud_groups
}

protect { # added to the built-in list; each DN and everything below it
  dns = ["OU=Tier 0,DC=corp,DC=example,DC=com"]
}
