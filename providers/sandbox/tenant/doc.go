// Package tenant is an embedded Microsoft Entra tenant: an HTTPS server on
// loopback that speaks Microsoft Graph, loaded from a file tenant.json with
// objects as Graph returns them.
//
// It is honest rather than complete: what it accepts, Graph accepts, and what
// it refuses, Graph refuses with the same status and code. Names, types and
// default properties are in schema.go; what a query may ask is in query.go and
// filter.go; what an application may write is in patch.go.
package tenant
