# The standard pack "group_writeback": what Entra Connect calls its standard
# rules, as far as group writeback needs them.
#
# No public export of the SOAInAAD rules exists. Their names, scopes, joins and
# results are documented; the transformations in lines marked "reconstructed"
# are ours, made so that the documented results come out.
#
# pack.* are the arguments of the standard_rules block, settings.* those of the
# settings block. Precedence is the order in this file.

# --- inbound: who exists in Active Directory --------------------------------

sync_rule "in_ad_user_join" {
  name           = "In from AD - User Join"
  direction      = "inbound"
  provider       = pack.ad
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"

  scope {
    clause {
      attribute = "adminDescription"
      operator  = "NOTSTARTSWITH"
      value     = "User_"
    }
  }
  join {
    match {
      space     = "objectGUID"
      metaverse = "sourceAnchorBinary"
    }
  }

  copy = ["displayName", "mail", "userPrincipalName", "objectSid"]
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
  flow "sourceAnchor" {
    # octets read as base64 text, which is the form of onPremisesImmutableId
    value = settings.source_anchor == "objectGUID" ? source.objectGUID : coalesce(source.mS-DS-ConsistencyGuid, source.objectGUID)
  }
  flow "objectSidString" {
    expression = "StringFromSid([objectSid])"
  }
  flow "accountName" {
    from = "sAMAccountName"
  }
}

sync_rule "in_ad_inetorgperson_join" {
  name           = "In from AD - InetOrgPerson Join"
  direction      = "inbound"
  provider       = pack.ad
  object_type    = "inetOrgPerson"
  metaverse_type = "person"
  link           = "provision"

  scope {
    clause {
      attribute = "adminDescription"
      operator  = "NOTSTARTSWITH"
      value     = "User_"
    }
  }
  join {
    match {
      space     = "objectGUID"
      metaverse = "sourceAnchorBinary"
    }
  }

  copy = ["displayName", "mail", "userPrincipalName", "objectSid"]
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
  flow "sourceAnchor" {
    value = settings.source_anchor == "objectGUID" ? source.objectGUID : coalesce(source.mS-DS-ConsistencyGuid, source.objectGUID)
  }
  flow "objectSidString" {
    expression = "StringFromSid([objectSid])"
  }
  flow "accountName" {
    from = "sAMAccountName"
  }
}

sync_rule "in_ad_group_join" {
  name           = "In from AD - Group Join"
  direction      = "inbound"
  provider       = pack.ad
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"

  scope {
    clause {
      attribute = "isCriticalSystemObject"
      operator  = "NOTEQUAL"
      value     = true
    }
    clause { # what landfall or Entra Connect wrote back never flows in again
      attribute = "adminDescription"
      operator  = "NOTSTARTSWITH"
      value     = "Group_"
    }
  }
  join {
    match {
      space     = "objectGUID"
      metaverse = "sourceAnchorBinary"
    }
  }

  copy = ["cn", "mail", "objectSid"]
  flow "displayName" {
    expression = "IIF(IsNullOrEmpty([displayName]),[cn],[displayName])"
  }
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
  flow "sourceAnchor" {
    expression = "ConvertToBase64([objectGUID])"
  }
  flow "objectSidString" {
    expression = "StringFromSid([objectSid])"
  }
}

sync_rule "in_ad_contact_join" {
  name           = "In from AD - Contact Join"
  direction      = "inbound"
  provider       = pack.ad
  object_type    = "contact"
  metaverse_type = "person"
  link           = "provision"

  join {
    match {
      space     = "objectGUID"
      metaverse = "sourceAnchorBinary"
    }
  }

  copy = ["displayName", "mail"]
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
}

sync_rule "in_ad_computer_join" {
  name           = "In from AD - Computer Join"
  direction      = "inbound"
  provider       = pack.ad
  object_type    = "computer"
  metaverse_type = "device"
  link           = "provision"

  join {
    match {
      space     = "objectGUID"
      metaverse = "sourceAnchorBinary"
    }
  }

  copy = ["displayName", "objectSid"]
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
  flow "deviceId" { # a hybrid joined device carries the computer's objectGUID
    value = guid(source.objectGUID)
  }
}

# --- inbound: who of them Entra ID knows -------------------------------------

sync_rule "in_aad_user_join" {
  name           = "In from AAD - User Join"
  direction      = "inbound"
  provider       = pack.entra
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"

  join {
    match {
      space          = "onPremisesImmutableId"
      metaverse      = "sourceAnchor"
      case_sensitive = true
    }
  }
  join { # reconstructed: the second way to a member that is synchronised
    match {
      space     = "onPremisesSecurityIdentifier"
      metaverse = "objectSidString"
    }
  }

  copy = ["cloudAnchor"]
}

sync_rule "in_aad_contact_join" {
  name           = "In from AAD - Contact Join"
  direction      = "inbound"
  provider       = pack.entra
  object_type    = "contact"
  metaverse_type = "person"
  link           = "join"

  join { # reconstructed: Graph shows no source anchor of a contact
    match {
      space     = "mail"
      metaverse = "mail"
    }
  }

  copy = ["cloudAnchor"]
}

sync_rule "in_aad_group_join" {
  name           = "In from AAD - Group Join"
  direction      = "inbound"
  provider       = pack.entra
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "NOTEQUAL"
      value     = true
    }
  }
  join { # reconstructed: Graph shows no source anchor of a group
    match {
      space     = "onPremisesSecurityIdentifier"
      metaverse = "objectSidString"
    }
  }

  copy = ["cloudAnchor"]
}

sync_rule "in_aad_device_join" {
  name           = "In from AAD - Device Join"
  direction      = "inbound"
  provider       = pack.entra
  object_type    = "device"
  metaverse_type = "device"
  link           = "join"

  join { # reconstructed
    match {
      space     = "deviceId"
      metaverse = "deviceId"
    }
  }

  copy = ["cloudAnchor"]
}

# --- inbound: groups whose authority is the cloud -----------------------------

sync_rule "in_aad_group_soainaad" {
  name           = "In from AAD - Group SOAInAAD"
  direction      = "inbound"
  provider       = pack.entra
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision" # reconstructed: something must project cloud groups

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }
  join {
    match {
      space     = "cloudAnchor"
      metaverse = "cloudAnchor"
    }
  }

  # cloudAnchor, cloudMastered and targetWritebackType are documented; without
  # targetWritebackType every group would become a distribution group.
  copy = ["cloudAnchor", "cloudMastered", "targetWritebackType", "reasonFiltered",
    "displayName", "description", "mail", "mailEnabled", "securityEnabled", "proxyAddresses",
    "groupTypes", "visibility", "classification", "membershipRule", "createdDateTime",
    "resourceProvisioningOptions", "isAssignableToRole", "preferredDataLocation",
    "extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4",
    "extensionAttribute5", "extensionAttribute6", "extensionAttribute7", "extensionAttribute8",
    "extensionAttribute9", "extensionAttribute10", "extensionAttribute11", "extensionAttribute12",
  "extensionAttribute13", "extensionAttribute14", "extensionAttribute15", "member", "owners"]
  flow "mailNickname" {
    from = "alias"
  }
  flow "memberCount" { # reconstructed: the member limit needs it
    expression = "ValueCount(\"member\")"
  }
}

# --- outbound: what a written-back group looks like ---------------------------

sync_rule "out_ad_group_member_limit" {
  name           = "Out to AD - Group Writeback Member Limit"
  direction      = "outbound"
  provider       = pack.ad
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }

  flow "member" { # reconstructed, after the member limit of "Out to AAD - Group Join"
    expression = "IIF([memberCount] > IIF(Contains([groupTypes],\"Unified\",CaseInsensitive)>0,${pack.member_limit_m365},${pack.member_limit_security}),Error(\"Maximum Group member count exceeded\"),IgnoreThisFlow)"
  }
}

sync_rule "out_ad_group_soainaad" {
  name           = "Out to AD - Group SOAInAAD"
  direction      = "outbound"
  provider       = pack.ad
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }
  join {
    match {
      space     = "adminDescription"
      metaverse = "cloudAnchor"
    }
  }

  copy = ["displayName", "member"]
  flow "description" { # reconstructed: cut as "In from AD - Group Common" cuts
    expression = "Left(Trim([description]),448)"
  }
  flow "groupType" { # the values are documented, the formula is reconstructed
    expression = <<-EXPR
      IIF(Contains([groupTypes],"Unified",CaseInsensitive) = 0,-2147483640,
      IIF([targetWritebackType] = "universalSecurityGroup" || [targetWritebackType] = "universalMailEnabledSecurityGroup",-2147483640,8))
    EXPR
  }
}

sync_rule "out_ad_group_soainaad_exchange" {
  name           = "Out to AD - Group SOAInAAD - Exchange"
  direction      = "outbound"
  provider       = pack.ad
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = true
    }
  }

  # The values are documented; that they are absent from everything but
  # Microsoft 365 groups of the types Distribution and Mail-enabled security is
  # documented for security groups and reconstructed for the type Security.
  flow "msExchRecipientDisplayType" {
    expression = "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) > 0 && [targetWritebackType] <> \"universalSecurityGroup\",17,NULL)"
  }
  flow "msExchRecipientTypeDetails" {
    expression = "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) > 0 && [targetWritebackType] <> \"universalSecurityGroup\",8796093022208,NULL)"
  }
  flow "mail" {
    expression = "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) > 0 && [targetWritebackType] <> \"universalSecurityGroup\",[mail],NULL)"
  }
  flow "mailNickname" {
    expression = "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) > 0 && [targetWritebackType] <> \"universalSecurityGroup\",[mailNickname],NULL)"
  }
  flow "proxyAddresses" {
    expression = "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) > 0 && [targetWritebackType] <> \"universalSecurityGroup\",[proxyAddresses],NULL)"
  }
}
