// Package entra reads and writes a Microsoft Entra ID tenant through Microsoft
// Graph. Directory is both the planner.Reader and the planner.Writer.
//
// It uses the packages of msgraph-sdk-go that concern groups and directory
// objects, with two request adapters, one for v1.0 and one for beta: only beta
// knows a group's writebackConfiguration. Answers are decoded here, not into the
// SDK's models, because those drop JSON nulls, which the writeback state needs
// (unset is not the same as off), and hold several times the memory.
//
// What is read
//
//   - Read lists the types that are asked for whole. Groups come with the
//     soft-deleted ones, state Deleted.
//   - ReadReferences reads members and owners of given groups, and then the
//     objects these name, 1,000 at a time.
//   - Find reads groups directly by id; two answers "not found" (live and
//     soft-deleted) prove that a group is gone.
//
// Object types in the space are group, user, device, servicePrincipal, contact
// and other. Anchor and name of every object are its id. Values have LDAP's
// spelling (TRUE, generalized time). Attributes are requested only for the types
// on which they exist. Besides the requested ones each type has a few that
// landfall itself needs (properties.go). derive.go computes the derived ones.
//
// An object that only its id and type could be read of, because the identity
// lacks a permission, is marked with Space.SetUnreadable(object,
// "onPremisesSyncEnabled"): nobody knows whether it is synchronised. For users
// this is an error instead, because a synchronised user that looks cloud-only
// would lose memberships.
//
// # Transport
//
// transport.go retries what may be retried, waits as long as the server asks for
// and shares that wait between all requests in flight. The SDK's default
// middleware is not used: its order is random, and in most orders a retried body
// is corrupt.
package entra
