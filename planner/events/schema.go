package events

import _ "embed"

//go:embed events.schema.json
var schema string

// Schema is the JSON Schema (draft 2020-12) of one line of the stream.
func Schema() string { return schema }
