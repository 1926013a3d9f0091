# Outbound rules: from the metaverse to objects of the type user.

sync_rule "out_to_aad_user_join" {
  name           = "Out to AAD - User Join"
  direction      = "outbound"
  provider       = provider.entra.contoso
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 105
  tag            = "Microsoft.OuttoAADUserJoin.012"

  scope {
    clause {
      attribute = "cloudFiltered"
      operator  = "NOTEQUAL"
      value     = "True"
    }
    clause {
      attribute = "sourceAnchor"
      operator  = "ISNOTNULL"
    }
    clause {
      attribute = "sourceObjectType"
      operator  = "EQUAL"
      value     = "User"
    }
  }

  join {
    match {
      space          = "sourceAnchor"
      metaverse      = "sourceAnchor"
      case_sensitive = true
    }
  }

  copy = ["accountEnabled", "displayName", "title", "userPrincipalName"]

  flow "dn" {
    expression = <<-EXPR
      "CN={" & ConvertToUTF8Hex([sourceAnchor]) & "}"
    EXPR
  }
  flow "sourceAnchor" {
    expression = <<-EXPR
      IIF(IsPresent([cloudSourceAnchor]),IIF([cloudSourceAnchor] = [sourceAnchor],[sourceAnchor],Error("The source anchor has changed.")),[sourceAnchor])
    EXPR
  }
  flow "badge" {
    from = "badgeNumber"
  }
}
