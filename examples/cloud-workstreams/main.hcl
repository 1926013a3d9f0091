# Alder & Finch keep their groups where the work is: in Intune, SharePoint, Teams and
# Power Apps. Some of them are needed on-premises as well: group policies are
# filtered by the device groups, file shares and print queues open for the others.
# The naming convention says what a group is for, and so where it belongs.

landfall {
  required_version = ">= 0.1"
}

locals {
  forest = "DC=corp,DC=alderfinch,DC=example,DC=com"

  # prefix of the name → OU. Whoever opens a new workstream adds a line; the rest of
  # this file follows.
  workstreams = {
    INT = "Intune"
    SPO = "SharePoint"
    PWR = "Power Apps"
  }
}

provider "entra" "alderfinch" {
  tenant_id = "0d3f6f52-7b1d-4a35-8f0e-6c1f60c1a3e8"
  sandbox   = "tenant.json"
}

provider "ad" "corp" {
  base_dn = local.forest
  sandbox = "corp.ldif"
}

standard_rules "group_writeback" {
  entra = provider.entra.alderfinch
  ad    = provider.ad.corp

  # Nobody sends mail to these groups on-premises. Without this rule they carry no
  # Exchange attributes, and no Update-Recipient is needed.
  disable = ["Out to AD - Group SOAInAAD - Exchange"]
}

ou_mapping "workstreams" {
  root   = "OU=Cloud Groups,${local.forest}"
  create = true

  rule "teams" {
    when = contains(source.resourceProvisioningOptions, "Team")
    ou   = "OU=Teams"
  }
  rule "intune_devices" { # security filters of group policies look here
    when = startswith(source.displayName, "INT-D-")
    ou   = "OU=Devices,OU=Intune"
  }
  rule "by_prefix" {
    when = can(local.workstreams[split("-", source.displayName)[0]])
    ou   = "OU=${dn_escape(local.workstreams[split("-", source.displayName)[0]])}"
  }
  # Nothing should arrive here; what does has a name that no line above knows.
  default = "OU=Unsorted"
}

# Security groups by prefix. Licence groups and everything else stay in the cloud.
writeback "workstreams" {
  object_type = "group"
  from        = provider.entra.alderfinch
  to          = provider.ad.corp
  ou          = ou_mapping.workstreams

  when = can(local.workstreams[split("-", source.displayName)[0]])
  cn   = left(source.displayName, 64)

  # Scripts and access lists ask for groups by this name. It is unique in the domain;
  # a newcomer whose name is taken gets a suffix, and the plan shows it.
  sam_account_name = upper(source.mailNickname)
  on_collision     = "suffix"
}

# Teams, whatever they are called. Their owners never open the writeback settings, so
# unset is the rule: landfall sets the state "security" in Entra ID itself, and writes
# the team as a security group that can be put on an access list.
writeback "teams" {
  object_type = "group"
  from        = provider.entra.alderfinch
  to          = provider.ad.corp
  ou          = ou_mapping.workstreams

  when  = contains(source.resourceProvisioningOptions, "Team")
  state = "security"
  unset = "write"
  cn    = "${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"
}

# The workstream stands in the object, too, for everybody who finds the group in
# Active Directory Users and Computers. A precedence below 100 is ours; the standard
# rules have the numbers from 100 on.
sync_rule "workstream_note" {
  name           = "Out to AD - Group workstream note"
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 50

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }

  flow "info" {
    value = "Managed in the cloud (${try(local.workstreams[split("-", source.displayName)[0]], "Teams")}). Changes made here are taken back."
  }
}

# A renamed convention would move everything at once. That is worth a second look.
guard "moves" {
  action      = "move"
  max_count   = 20
  max_percent = 25
}

protect {
  dns = ["OU=Sites,${local.forest}"]
}
