package report

import _ "embed"

//go:embed plan.schema.json
var planSchema string

// Schema is the JSON Schema (draft 2020-12) of the plan file.
func Schema() string { return planSchema }
