package planner

import (
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/identifier"
	"github.com/landfall-directory/landfall/lang/schema"
)

// Providers see distinguished names and schemas through these aliases, because
// they import nothing of lang.
type (
	// DN is a parsed distinguished name.
	DN = dn.DN
	// Schema describes the attributes of a space.
	Schema = schema.Schema
	// Attribute is one attribute of a schema.
	Attribute = schema.Attribute
)

// ParseDN, DNKey and EscapeDN are those of package dn.
var (
	ParseDN  = dn.Parse
	DNKey    = dn.Key
	EscapeDN = dn.Escape
)

// FormatGUID, ParseGUID, FormatSID and ParseSID are those of package identifier.
var (
	FormatGUID = identifier.FormatGUID
	ParseGUID  = identifier.ParseGUID
	FormatSID  = identifier.FormatSID
	ParseSID   = identifier.ParseSID
)

// The syntaxes of attributes, for providers.
const (
	SyntaxText      = schema.Text
	SyntaxExact     = schema.Exact
	SyntaxBool      = schema.Bool
	SyntaxInt       = schema.Int
	SyntaxOctets    = schema.Octets
	SyntaxTime      = schema.Time
	SyntaxReference = schema.Reference
)

// ADSchema is the schema of Active Directory that landfall knows.
var ADSchema = schema.AD
