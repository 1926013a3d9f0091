# Harbourline bought Kestrel. A migration tool has copied Kestrel's groups into
# Harbourline's tenant, where they are cloud groups now. Their namesakes in Active
# Directory are older: file servers and printers have the SIDs of those groups in
# their access lists, so a new group of the same name would open no door.
#
# adopt takes such a group over: it keeps its SID and its sAMAccountName, and gets
# name, place, description and members from the cloud. Everything else that was
# migrated is created new.

landfall {
  required_version = ">= 0.1"
}

# The tool notes the wave in the description of each group. Add a wave when its
# memberships are complete in the tenant, not earlier: from then on the cloud says
# who is a member, and whoever is missing there loses access here.
variable "waves" {
  description = "Waves of the migration that are written back."
  type        = list(number)
  default     = [1]
}

locals {
  forest = "DC=corp,DC=harbourline,DC=example,DC=com"
  legacy = "OU=Groups,OU=Kestrel,${local.forest}"
}

provider "entra" "harbourline" {
  tenant_id = "b1c5a0de-5f0e-4c7b-9a64-2f9d3f1f7a10"
  sandbox   = "tenant.json"
}

provider "ad" "corp" {
  base_dn = local.forest
  sandbox = "corp.ldif"
}

standard_rules "group_writeback" {
  entra = provider.entra.harbourline
  ad    = provider.ad.corp
}

# Adopted groups move here, too. Access lists hold SIDs, so a move breaks none.
ou_mapping "kestrel" {
  root   = "OU=Cloud Groups,${local.forest}"
  create = true

  rule "microsoft_365" {
    when = contains(source.groupTypes, "Unified")
    ou   = "OU=Microsoft 365,OU=Kestrel"
  }
  default = "OU=Kestrel"
}

writeback "kestrel" {
  object_type = "group"
  from        = provider.entra.harbourline
  to          = provider.ad.corp
  ou          = ou_mapping.kestrel

  # Groups that were born in this tenant carry no such note and stay in the cloud.
  when = anytrue([for wave in var.waves : endswith(source.description, "(migrated from kestrel.example.org, wave ${wave})")])

  # The name that people know. In one OU it must be unique; landfall checks that
  # before anything is written. A later change of the displayName does not rename
  # the object, because scripts still use the old name.
  cn        = left(trimspace(source.displayName), 64)
  on_rename = "keep"

  # One line for each group that Active Directory already has: the cloud group's
  # anchor, and the group on-premises by its DN or, where it may have been moved or
  # renamed since, by its objectGUID. Groups that nobody lists are created.
  adopt = {
    "Group_9e2dadb9-4773-46a5-a532-25db46ea212f" = "CN=KST Finance,${local.legacy}"
    "Group_312638a4-a1c7-4cd6-9e35-4da7fb34f2e8" = "CN=KST File Server Admins,${local.legacy}"
    "Group_6bf5f08c-e506-4a1b-a758-4e57c5b9a437" = "7c86bd38-24cf-4b88-b220-67c5eb268f15" # CN=KST Warehouse Dublin
    "Group_2318c1b7-389c-47c3-b839-3399216717bb" = "CN=KST Sales,${local.legacy}"         # wave 2: waits until its wave is on
  }
}

# A group whose members the tool has not finished copying would be emptied here. So
# no plan may take more than half of a group's members away; which groups that
# concerns, and how to accept it once, is in the plan.
guard "half_migrated" {
  action      = "member_remove"
  max_percent = 50
  min_objects = 4
}

# Nothing is deleted while the migration runs.
guard "no_deletes" {
  action    = "delete"
  max_count = 0
}
