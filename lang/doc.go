// Package lang reads the language: HCL files in, one checked and compiled
// Config out. It knows no directory and no network.
//
// A configuration takes this way: parse (load.go) → variables and locals
// (variables.go, scope.go) → blocks, each decoded into its struct of config.go
// (decode_*.go) → the standard rule pack and the writebacks expanded into sync
// rules (packs.go, assemble.go) → checks that need no directory (check.go).
// Whatever is wrong comes back as hcl.Diagnostics with the range in the file; a
// Config is returned only when no error is among them.
//
// Diagnostics have a fixed summary, and a detail that says what is wrong, why it
// matters and what to do, in that order. Values of sensitive variables are in
// none of them: a mark spreads from the variable to all that is computed from it
// and withholds what HCL would show, and whatever text came out of a marked value
// is taken out of every detail at the end.
//
// Expressions that read an object (expr.go) differ from Terraform's in one
// point, because attributes are absent more often than not: in a condition, a
// comparison with an absent value is false, and an absent condition counts as
// false, as in the clauses of a scope (operators.go). A flow that only passes an
// attribute on is no expression but Flow.From, and a condition that no object
// decides is decided at load. What ou and default of an ou_mapping give is
// relative to the root, also where it is written as a full name.
package lang
