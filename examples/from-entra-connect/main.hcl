# The way in from Entra Connect, at its end. Folder export is what the server gave
# (Get-ADSyncServerConfiguration -Path export), and
#
#     landfall import aadconnect export -out imported
#
# made everything here but this file: rules_*.hcl, settings.hcl, metaverse.hcl,
# writeback.hcl and report.txt stand as they came out. This file takes the place of
# the imported providers.hcl and variables.hcl (both in folder replaced), so that
# the example runs without a domain controller and without a tenant.

provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
  attributes = {
    badge = "private text"
  }
}

provider "ad" "corp_example_com" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
  search_bases = [
    "OU=Cloud Groups,DC=corp,DC=example,DC=com",
    "OU=People,DC=corp,DC=example,DC=com",
  ]
  attributes = {
    badgeNumber = "text"
  }
}
