// Package ad reads and writes Active Directory over LDAP.
//
// Everything goes to one domain controller: the one that answered first, by its
// address and its dnsHostName, so that what was written is read back from the
// same place. Reading and writing use a connection each, because go-ldap hands
// the answers of one connection over one after the other.
//
// A search counts only when the server's SearchResultDone came with success and,
// for a paged search, with an empty cookie. So searches go through conn.search
// and conn.pages and never through go-ldap's SearchAsync or SearchWithPaging,
// which end some broken searches without an error, and never with go-ldap's own
// timeout, which drops entries: conn.call closes the connection instead.
//
// What is derived: the anchor is the objectGUID as text, the name is the DN, and
// the type is the most special of the object classes that landfall knows. Values
// are stored as the server spells them.
//
// Existing objects are addressed as <GUID=…>, so that a rename in between does
// not matter. Names are compared after parsing and never as text.
package ad
