// Package lang reads the language: HCL files in, one checked and compiled
// Config out. It knows no directory and no network.
//
// A configuration takes this way: parse (load.go) → variables and locals →
// blocks, each decoded into its struct of config.go → the standard rule pack and
// the writebacks expanded into sync rules → checks that need no directory
// (check.go). Whatever is wrong comes back as hcl.Diagnostics with the range in
// the file; a Config is returned only when no error is among them.
//
// Diagnostics have a fixed summary, and a detail that says what is wrong, why it
// matters and what to do, in that order.
package lang
