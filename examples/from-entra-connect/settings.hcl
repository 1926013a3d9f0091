# Entra Connect's global settings. Those that landfall acts on have names of their own;
# the others are kept under the names of Get-ADSyncGlobalSettings.

settings {
  staging_mode     = false
  source_anchor    = "objectGUID"
  upn_attribute    = "userPrincipalName"
  delete_threshold = 200
  parameters = {
    "Contoso.Owner"                                     = "Directory team"
    "Microsoft.GroupWriteBack.Container"                = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
    "Microsoft.GroupWriteBack.Forest"                   = "corp.example.com"
    "Microsoft.OptionalFeature.AutoUpgradeState"        = "Enabled"
    "Microsoft.OptionalFeature.ExportDeletionThreshold" = "True"
    "Microsoft.OptionalFeature.GroupWriteBack"          = "True"
    "Microsoft.Synchronize.ServerConfigurationVersion"  = "2.3.6.0"
    "Microsoft.Synchronize.TimeInterval"                = "00:30:00"
  }
}
