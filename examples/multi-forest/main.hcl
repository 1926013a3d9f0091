# Meridian have one tenant and two forests: the head office, and a plant that came
# with a merger. People of both are synchronised into the tenant. Groups are kept
# there, and each forest gets those that it needs.

landfall {
  required_version = ">= 0.1"
}

locals {
  hq    = "DC=hq,DC=meridian,DC=example,DC=com"
  plant = "DC=plant,DC=example,DC=net"
}

provider "entra" "meridian" {
  tenant_id = "c2a4e8f0-1b3d-4f5a-9c7e-8d6b4a2f0e1c"
  sandbox   = "tenant.json"
}

provider "ad" "hq" {
  base_dn = local.hq
  sandbox = "hq.ldif"
}

provider "ad" "plant" {
  base_dn = local.plant
  sandbox = "plant.ldif"
}

# The standard rules connect one tenant with one forest, so each forest has a use of
# the pack of its own. A label other than the pack's name needs pack, and appears
# behind the rules' names in plans: "Out to AD - Group SOAInAAD (plant)".
#
# All of them feed one metaverse. A person of the tenant is joined to the account
# with the same source anchor, in whichever forest that is.
standard_rules "hq" {
  pack  = "group_writeback"
  entra = provider.entra.meridian
  ad    = provider.ad.hq
}

standard_rules "plant" {
  pack  = "group_writeback"
  entra = provider.entra.meridian
  ad    = provider.ad.plant

  # The plant's schema never had Exchange.
  disable = ["Out to AD - Group SOAInAAD - Exchange"]
}

ou_mapping "hq" {
  root    = "OU=Cloud Groups,${local.hq}"
  default = ""
}

ou_mapping "plant" {
  root    = "OU=Cloud,OU=Gruppen,${local.plant}"
  default = ""
}

# Groups that both forests need are written twice, once in each. Each of the two
# objects has the members of its own forest; those of the other one are listed in the
# plan as other_forest. Nothing is lost silently, and no foreign security principals
# are made.
writeback "hq" {
  object_type = "group"
  from        = provider.entra.meridian
  to          = provider.ad.hq
  ou          = ou_mapping.hq

  when = startswith(source.displayName, "HQ ") || startswith(source.displayName, "ALL ")
  cn   = left(source.displayName, 64)
}

writeback "plant" {
  object_type = "group"
  from        = provider.entra.meridian
  to          = provider.ad.plant
  ou          = ou_mapping.plant

  when = startswith(source.displayName, "PLANT ") || startswith(source.displayName, "ALL ")
  cn   = left(source.displayName, 64)

  # The plant's administrators sort groups into OUs of their own below the root.
  # landfall leaves each group where it finds it.
  ou_drift = "adopt"
}

# A limit for each forest: the plant is smaller.
guard "deletes_hq" {
  action    = "delete"
  max_count = 10
  writeback = writeback.hq
}

guard "deletes_plant" {
  action    = "delete"
  max_count = 2
  writeback = writeback.plant
}
