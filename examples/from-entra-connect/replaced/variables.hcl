# What the export does not say, or a script computes. Set values in a *.auto.vars.hcl file,
# with -var, or in LANDFALL_VAR_<name>.

variable "contoso_tenant_id" {
  type        = string
  description = "The id of the tenant that the connector contoso.onmicrosoft.com - AAD connects: Microsoft Entra admin center, Overview."
  default     = "00000000-0000-0000-0000-000000000000"
}

variable "corp_example_com_url" {
  type        = string
  description = "A domain controller of corp.example.com. The name of the domain finds any of them, if its certificate has that name."
  default     = "ldaps://corp.example.com"
}
