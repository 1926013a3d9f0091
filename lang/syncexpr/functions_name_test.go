package syncexpr

import (
	"testing"

	"github.com/landfall-directory/landfall/lang/value"
)

var nameObject = object{
	"dn":       value.Str(`CN=Smith\, John,OU=Sales,DC=contoso,DC=com`),
	"manager":  value.Reference("CN=Boss,DC=contoso,DC=com"),
	"conflict": value.Str(`CN=Finance\0ACNF:6f9619ff-8b86-d011-b42d-00c04fc964ff,OU=CORP,DC=contoso,DC=com`),
}

var nameVectors = []vector{
	{`DNComponent(CRef("cn=Joe,ou=Atlanta,ou=GA,ou=US, dc=contoso,dc=com"),1)`, `"Joe"`},
	{`DNComponent(CRef([dn]),1)`, `"Smith\, John"`},
	{`DNComponent(CRef([dn]),2)`, `"Sales"`},
	{`DNComponent([manager],1)`, `"Boss"`},
	{`DNComponent([manager],4)`, `NULL`},
	{`DNComponent([manager],0)`, `error: DNComponent: components count from 1; here is 0`},
	{`DNComponent([absent],1)`, `NULL`},
	{`DNComponent(CRef("6f9619ff"),1)`, `error: DNComponent: "6f9619ff" is not a distinguished name`},
	{`DNComponent(CRef("CN=""a,b"",DC=x"),1)`, `"""a,b"""`},
	{`DNComponent(CRef("CN= a\\ ,DC=x"),1)`, `"a\ "`},
	{`DNComponent(CRef("CN=a\\"),1)`, `error: DNComponent: "CN=a\\" is not a distinguished name`},
	{`DNComponent("CN=x,DC=y",1)`, `compile: Wrong type`},
	// Replication conflicts are recognised by the spelling of the name.
	{`InStr(DNComponent(CRef([conflict]),1),"\\0ACNF:")`, `8`},
	{`CBool(InStr(DNComponent(CRef([dn]),1),"\\0ACNF:")>0)`, `False`},
	{`DNComponentRev(CRef([dn]),1)`, `"com"`},
	{`DNComponentRev(CRef([dn]),1,DC)`, `"Sales"`},
	{`DNComponentRev(CRef([dn]),2,"DC")`, `"Smith\, John"`},
	{`DNComponentRev(CRef([dn]),3,DC)`, `NULL`},
	{`DNComponentRev(CRef([dn]),0)`, `error: DNComponentRev: components count from 1; here is 0`},
	{`DNComponentRev(CRef("x"),1)`, `error: DNComponentRev: "x" is not a distinguished name`},
	{`EscapeDNComponent("CN=Smith, John")`, `"CN=Smith\, John"`},
	{`EscapeDNComponent("Smith, John")`, `"Smith\, John"`},
	{`EscapeDNComponent([absent])`, `NULL`},
	{`EscapeDNComponent("cn=" & "a/b") & ",OU=x"`, `"cn=a/b,OU=x"`},
}

func TestNameFunctions(t *testing.T) { check(t, nameObject, nameVectors) }
