// Package syncexpr is the sync-rule expression language of Entra Connect:
// compiled once per rule, evaluated for each object.
//
// A text takes this way: lexer.go → parse.go (a tree, ast.go) → check.go (types,
// and where a multi-valued attribute is evaluated value by value) → compile.go
// (closures). The functions are tables of signatures with their implementation,
// one file per subject (functions_*.go).
//
// The language is Entra Connect's as its documentation and its own standard
// rules show it:
//
//   - "||", "&&", the comparisons and the group "+ - * / &" bind ever tighter;
//     inside the last group everything goes from left to right.
//   - Names of functions, attributes and parameters are case-sensitive, comparing
//     strings is not.
//   - A comparison with an absent attribute is False, except "<>", which is True.
//   - IIF and the values of Switch are lazy, "&&" and "||" stop early.
//   - An expression over a multi-valued attribute is evaluated once per value,
//     and values that come out as NULL are dropped; functions of collections
//     (Contains, Item, Count, …) see the whole set.
//   - An empty string as the final result is no value.
//
// Strings are measured in UTF-16 units, as .NET and Active Directory do; a
// character that needs two is never split.
package syncexpr
