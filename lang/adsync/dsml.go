package adsync

import (
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
)

// syntaxOIDs are the syntaxes of LDAP and AD that exports name.
var syntaxOIDs = map[string]schema.Syntax{
	"1.3.6.1.4.1.1466.115.121.1.15": schema.Text,      // Directory String
	"1.3.6.1.4.1.1466.115.121.1.26": schema.Text,      // IA5 String
	"1.3.6.1.4.1.1466.115.121.1.44": schema.Text,      // Printable String
	"1.3.6.1.4.1.1466.115.121.1.36": schema.Text,      // Numeric String
	"1.3.6.1.4.1.1466.115.121.1.38": schema.Text,      // OID
	"1.2.840.113556.1.4.905":        schema.Text,      // case-ignore string of AD
	"1.2.840.113556.1.4.1362":       schema.Exact,     // case-exact string of AD
	"1.3.6.1.4.1.1466.115.121.1.12": schema.Reference, // DN
	"1.2.840.113556.1.4.903":        schema.Reference, // DN with octets
	"1.2.840.113556.1.4.904":        schema.Reference, // DN with string
	"1.2.840.113556.1.4.1221":       schema.Reference, // OR-name
	"1.3.6.1.4.1.1466.115.121.1.7":  schema.Bool,
	"1.3.6.1.4.1.1466.115.121.1.27": schema.Int,
	"1.2.840.113556.1.4.906":        schema.Int, // large integer
	"1.3.6.1.4.1.1466.115.121.1.5":  schema.Octets,
	"1.3.6.1.4.1.1466.115.121.1.40": schema.Octets,
	"1.2.840.113556.1.4.907":        schema.Octets, // security descriptor
	"1.3.6.1.4.1.1466.115.121.1.24": schema.Time,   // generalized time
	"1.3.6.1.4.1.1466.115.121.1.53": schema.Time,   // UTC time
}

// syntaxOID is the syntax that WriteXML uses for one of ours.
func syntaxOID(s schema.Syntax) string {
	switch s {
	case schema.Exact:
		return "1.2.840.113556.1.4.1362"
	case schema.Bool:
		return "1.3.6.1.4.1.1466.115.121.1.7"
	case schema.Int:
		return "1.3.6.1.4.1.1466.115.121.1.27"
	case schema.Octets:
		return "1.3.6.1.4.1.1466.115.121.1.40"
	case schema.Time:
		return "1.3.6.1.4.1.1466.115.121.1.24"
	case schema.Reference:
		return "1.3.6.1.4.1.1466.115.121.1.12"
	}
	return "1.3.6.1.4.1.1466.115.121.1.15"
}

// dsmlAttributes are the attributes of a schema in DSML. One of an unknown syntax
// is text.
func dsmlAttributes(e *element) []Attribute {
	var out []Attribute
	for _, dsml := range e.all("schema", "dsml", "directory-schema") {
		for _, a := range dsml.all("attribute-type") {
			out = append(out, Attribute{
				Name:   a.value("name"),
				Syntax: syntaxOIDs[a.value("syntax")],
				Multi:  !strings.EqualFold(a.attr("single-value"), "true"),
			})
		}
	}
	return out
}
