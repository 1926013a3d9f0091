# Outbound rules: from the metaverse to objects of the type group.

sync_rule "out_to_ad_group_classification" {
  name           = "Out to AD - Group Classification"
  direction      = "outbound"
  provider       = provider.ad.corp_example_com
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 41

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = "True"
    }
  }

  flow "info" {
    expression = <<-EXPR
      IIF(IsPresent([classification]),"Classification: " & [classification],NULL)
    EXPR
  }
}

sync_rule "out_to_ad_group_soainaad" {
  name           = "Out to AD - Group SOAInAAD"
  direction      = "outbound"
  provider       = provider.ad.corp_example_com
  object_type    = "group"
  metaverse_type = "group"
  link           = "provision"
  precedence     = 106
  tag            = "Microsoft.OuttoADGroupSOAInAAD.004"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = "True"
    }
  }

  join {
    match {
      space     = "adminDescription"
      metaverse = "cloudAnchor"
    }
  }

  copy = ["displayName", "member"]

  flow "dn" {
    expression = <<-EXPR
      "CN=" & [cloudAnchor] & "," & %Connector.GroupWriteBackContainerDn%
    EXPR
  }
  flow "description" {
    expression = <<-EXPR
      Left(Trim([description]),448)
    EXPR
  }
  flow "groupType" {
    expression = <<-EXPR
      IIF(Contains([groupTypes],"Unified",CaseInsensitive) = 0,-2147483640,
      IIF([targetWritebackType] = "universalSecurityGroup" || [targetWritebackType] = "universalMailEnabledSecurityGroup",-2147483640,8))
    EXPR
  }
  # flow "adminDescription" is left out: it carries the mark that says whose an object is, which
  # only a writeback writes
}

sync_rule "out_to_ad_group_exchange_hybrid" {
  name           = "Out to AD - Group Exchange Hybrid"
  direction      = "outbound"
  provider       = provider.ad.corp_example_com
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 107
  tag            = "Microsoft.OuttoADGroupExchangeHybrid.004"

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "NOTEQUAL"
      value     = "True"
    }
  }

  flow "proxyAddresses" {
    expression = <<-EXPR
      IIF(IsNullOrEmpty([cloudLegacyExchangeDN]),NULL,"x500:" & [cloudLegacyExchangeDN])
    EXPR
    merge      = "merge_case_insensitive"
  }
}

sync_rule "out_to_ad_group_display_name_suffix" {
  name           = "Out to AD - Group Display Name Suffix"
  direction      = "outbound"
  provider       = provider.ad.corp_example_com
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 43

  scope {
    clause {
      attribute = "cloudMastered"
      operator  = "EQUAL"
      value     = "True"
    }
  }

  flow "displayNamePrintable" {
    expression = <<-EXPR
      [displayName] & " (cloud)"
    EXPR
  }
}
