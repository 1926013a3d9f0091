# Inbound rules: from objects of the type user into the metaverse.

# Badge numbers come from the door system.
sync_rule "in_from_ad_user_badge" {
  name           = "In from AD - User Badge"
  direction      = "inbound"
  provider       = provider.ad.corp_example_com
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 40

  scope {
    clause {
      attribute = "badgeNumber"
      operator  = "ISNOTNULL"
    }
    clause {
      attribute = "department"
      operator  = "EQUAL"
      value     = "Production"
    }
  }

  scope {
    clause {
      attribute = "badgeNumber"
      operator  = "ISNOTNULL"
    }
    clause {
      attribute = "department"
      operator  = "EQUAL"
      value     = "Logistics"
    }
  }

  flow "badgeNumber" {
    expression = <<-EXPR
      Replace([badgeNumber],"$${site}","")
    EXPR
  }
  flow "usageLocation" {
    value = "DE"
    once  = true
  }
}

sync_rule "in_from_ad_user_mail_from_extension" {
  name           = "In from AD - User Mail from Extension"
  direction      = "inbound"
  provider       = provider.ad.corp_example_com
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 42
  disabled       = true

  flow "mail" {
    expression = <<-EXPR
      IIF(IsPresent([extensionAttribute1]),[extensionAttribute1],IgnoreThisFlow)
    EXPR
  }
}

# Every user that is not part of the system.
sync_rule "in_from_ad_user_join" {
  name           = "In from AD - User Join"
  direction      = "inbound"
  provider       = provider.ad.corp_example_com
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 100
  tag            = "Microsoft.InfromADUserJoin.009"

  scope {
    clause {
      attribute = "isCriticalSystemObject"
      operator  = "NOTEQUAL"
      value     = "True"
    }
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

  copy = ["objectSid"]

  flow "cloudFiltered" {
    expression = <<-EXPR
      IIF(IsPresent([isCriticalSystemObject]) || Left([sAMAccountName], 4) = "svc_", True, NULL)
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
  flow "objectSidString" {
    expression = <<-EXPR
      StringFromSid([objectSid])
    EXPR
  }
}

sync_rule "in_from_ad_user_common" {
  name           = "In from AD - User Common"
  direction      = "inbound"
  provider       = provider.ad.corp_example_com
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 101
  tag            = "Microsoft.InfromADUserCommon.012"

  scope {
    clause {
      attribute = "isCriticalSystemObject"
      operator  = "NOTEQUAL"
      value     = "True"
    }
  }

  copy = ["givenName", "sn", "mail", "department"]

  flow "accountEnabled" {
    expression = <<-EXPR
      IIF(BitAnd([userAccountControl],2)=0,True,False)
    EXPR
  }
  flow "accountName" {
    from = "sAMAccountName"
  }
  flow "displayName" {
    expression = <<-EXPR
      Trim([displayName])
    EXPR
  }
  flow "userPrincipalName" {
    expression = <<-EXPR
      IIF(IsPresent([userPrincipalName]),[userPrincipalName],[sAMAccountName] & "@" & %Domain.FQDN%)
    EXPR
  }
  flow "sourceObjectType" {
    value = "User"
  }
  flow "domainFQDN" {
    expression = <<-EXPR
      %Domain.FQDN%
    EXPR
  }
}

sync_rule "in_from_aad_user_join" {
  name           = "In from AAD - User Join"
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 103
  tag            = "Microsoft.InfromAADUserJoin.004"

  join {
    match {
      space          = "sourceAnchor"
      metaverse      = "sourceAnchor"
      case_sensitive = true
    }
  }

  copy = ["cloudAnchor"]

  flow "cloudSourceAnchor" {
    expression = <<-EXPR
      ImportedValue("sourceAnchor")
    EXPR
  }
}
