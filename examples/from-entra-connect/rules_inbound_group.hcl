# Inbound rules: from objects of the type group into the metaverse.

sync_rule "in_from_ad_group_join" {
  name           = "In from AD - Group Join"
  direction      = "inbound"
  provider       = provider.ad.corp_example_com
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 102
  tag            = "Microsoft.InfromADGroupJoin.006"

  scope {
    clause {
      attribute = "isCriticalSystemObject"
      operator  = "NOTEQUAL"
      value     = "True"
    }
    clause {
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

  copy = ["cn", "member", "objectSid"]

  flow "displayName" {
    expression = <<-EXPR
      IIF(IsNullOrEmpty([displayName]),[cn],[displayName])
    EXPR
  }
  flow "memberCount" {
    expression = <<-EXPR
      ValueCount("member")
    EXPR
  }
  flow "objectSidString" {
    expression = <<-EXPR
      StringFromSid([objectSid])
    EXPR
  }
  flow "securityEnabled" {
    expression = <<-EXPR
      CBool(BitAnd([groupType],-2147483648))
    EXPR
  }
  flow "sourceAnchorBinary" {
    from = "objectGUID"
  }
  flow "sourceAnchor" {
    expression = <<-EXPR
      ConvertToBase64([objectGUID])
    EXPR
  }
}

# Groups that are managed in the cloud.
sync_rule "in_from_aad_group_soainaad" {
  name           = "In from AAD - Group SOAInAAD"
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 104
  tag            = "Microsoft.InfromAADGroupSOAInAAD.003"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = "True"
    }
  }

  join {
    match {
      space     = "cloudAnchor"
      metaverse = "cloudAnchor"
    }
  }

  copy = [
    "cloudAnchor", "cloudMastered", "classification", "description", "displayName",
    "groupTypes", "mail", "mailEnabled", "member", "proxyAddresses", "reasonFiltered",
    "securityEnabled", "targetWritebackType",
  ]

  flow "mailNickname" {
    from = "alias"
  }
  flow "memberCount" {
    expression = <<-EXPR
      ValueCount("member")
    EXPR
  }
}
