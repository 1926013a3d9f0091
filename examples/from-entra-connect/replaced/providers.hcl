# The connected directories: what Entra Connect calls connectors. Credentials come from
# the environment and stand in no file.

provider "entra" "contoso" { # connector "contoso.onmicrosoft.com - AAD"
  tenant_id = var.contoso_tenant_id
  attributes = {
    badge = "private text"
  }
}

provider "ad" "corp_example_com" { # connector "corp.example.com"
  url     = var.corp_example_com_url
  base_dn = "DC=corp,DC=example,DC=com"
  search_bases = [
    "OU=Cloud Groups,DC=corp,DC=example,DC=com",
    "OU=People,DC=corp,DC=example,DC=com",
  ]
  attributes = {
    badgeNumber = "text"
  }
}
