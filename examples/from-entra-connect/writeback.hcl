# Group writeback. In Entra Connect an outbound rule with the link type Provision creates the
# groups, in the one container that the wizard asks for. Here a writeback block creates, names,
# moves and deletes them; the outbound rules flow their attributes.

ou_mapping "group_writeback" {
  root    = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
  default = ""
}

writeback "group_writeback" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp_example_com
  ou          = ou_mapping.group_writeback
  unset       = "write" # as Entra Connect: Microsoft 365 groups whose writeback state was never set, too
}
