// Package adsync imports the configuration of an Entra Connect server: what the
// server exports in, landfall's own HCL out. Nothing that it reads is executed.
//
// An import takes this way: find and decode the files (source.go) → one reader
// for each format (xml*.go, powershell*.go and ps*.go, tree*.go) → an Export, the
// normalised form of all formats (model.go) → checks (check.go) → what landfall
// says differently is changed, and noted (adapt.go) → HCL (hcl*.go) and a report
// of what was understood, approximated and left out (report.go). WriteXML goes
// back from an Export to the server's own form.
//
// Whatever is wrong with the input comes back as hcl.Diagnostics with file and
// line. The output holds no secret and no state of the server: readers take the
// elements they know and never see the others. It is a function of the rules and
// of the names of connectors; their GUIDs, which differ from server to server,
// do not show.
package adsync
