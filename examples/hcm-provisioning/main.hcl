# Lindgren Components' HCM system knows every unit of the company. It provisions a
# group for each into Entra ID, by SCIM, and keeps the members right. This is the
# last step: the same groups in Active Directory, for everything that still asks
# there.
#
# What the HCM system sends:
#   displayName   "Department / Unit / Site"
#   mailNickname  "hcm-" and three short codes
#   description   the number of the unit, then text

landfall {
  required_version = ">= 0.1"
}

locals {
  forest = "DC=corp,DC=lindgren,DC=example,DC=net"
}

provider "entra" "lindgren" {
  tenant_id = "7e0d1c34-93a5-4f0b-b6c1-0c5d4be2a9f7"
  sandbox   = "tenant.json"
}

provider "ad" "corp" {
  base_dn = local.forest
  sandbox = "corp.ldif"
}

standard_rules "group_writeback" {
  entra = provider.entra.lindgren
  ad    = provider.ad.corp
}

# One OU for each department, made when its first unit appears. dn_escape keeps a
# comma or a plus in a department's name from becoming part of the path.
ou_mapping "departments" {
  root   = "OU=HCM,${local.forest}"
  create = true

  rule "by_department" {
    when = length(split(" / ", source.displayName)) == 3
    ou   = "OU=${dn_escape(split(" / ", source.displayName)[0])}"
  }
  # A unit that does not follow the convention is written, not lost, and easy to
  # find.
  default = "OU=Unassigned"
}

writeback "hcm" {
  object_type = "group"
  from        = provider.entra.lindgren
  to          = provider.ad.corp
  ou          = ou_mapping.departments

  # Only what the HCM system made, and nothing that is still a draft there.
  when = startswith(source.mailNickname, "hcm-") && !startswith(source.displayName, "DRAFT ")

  # Slashes are legal in a name, but many scripts stumble over them.
  cn               = left(replace(trimspace(source.displayName), " / ", " - "), 51)
  sam_account_name = upper(source.mailNickname)

  # HR may have two units of one name, and some names are older than this
  # configuration. suffix: an object that exists keeps its name; each new claimant
  # gets "_" and the end of its object id, and keeps that. With "error" the groups in
  # question would be left out until somebody renames one.
  on_collision = "suffix"
  on_rename    = "keep" # a department that is renamed gets a new OU, its groups keep their names

  # The HCM system deletes a unit's group when the unit is closed. Access must end
  # then, but a closed unit is sometimes opened again within the 30 days for which
  # Entra ID keeps a deleted group: empty takes the members away and leaves the
  # object, with its SID, until the deletion is final.
  on_out_of_scope   = "empty"
  on_source_deleted = "delete"
}

# The unit's number, in Entra Connect's own expression language: such rules run here
# as they are.
sync_rule "hcm_unit" {
  name           = "Out to AD - Group HCM unit"
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 40

  scope {
    clause {
      attribute = "mailNickname"
      operator  = "STARTSWITH"
      value     = "hcm-"
    }
  }

  flow "info" {
    expression = <<-EXPR
      IIF(IsNullOrEmpty([description]), NULL, "HCM unit " & Word([description], 1, " "))
    EXPR
  }
}

# An HCM export that breaks off halfway looks like a reorganisation. These stop the
# run before it believes that.
guard "closures" {
  action      = "delete"
  max_count   = 5
  max_percent = 5
}

guard "departures" {
  action      = "member_remove"
  max_percent = 40 # of one group's members, where it has min_objects or more
  min_objects = 10
}
