package planner

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/lang"
)

// The table of sync-engine §1.4: every operator with values that hold, values
// that do not, and an absent attribute. A negated operator is the exact negation
// of its positive one, so it holds for an absent attribute.
func TestOperatorsOfScopeClauses(t *testing.T) {
	s := NewSpace("provider.ad.corp", KindAD, ADSchema)
	ada := s.Add("user", "11111111-0000-4000-8000-000000000001", "CN=Ada,DC=corp", Live)
	nobody := s.Add("user", "11111111-0000-4000-8000-000000000002", "CN=Nobody,DC=corp", Live)
	pilot := s.Add("group", "11111111-0000-4000-8000-000000000003", "CN=Pilot\\, one,DC=corp", Live)
	s.SetReferences(pilot, "member", []ObjectID{ada})
	s.Set(ada, "displayName", "Ada Brandt")
	s.Set(ada, "isCriticalSystemObject", "TRUE")
	s.Set(ada, "userAccountControl", "514")
	s.Set(ada, "msExchRecipientTypeDetails", "9")
	s.Set(ada, "employeeID", "9")
	s.Set(ada, "proxyAddresses", "SMTP:ada@example.com", "smtp:old@example.com")
	s.Set(ada, "objectGUID", "\x01\x02")
	s.SetReferences(ada, "memberOf", []ObjectID{pilot})
	for _, test := range []struct {
		operator, attribute, value string
		holds, absent              bool // for Ada, who has the attribute, and for Nobody
	}{
		{"EQUAL", "displayName", "ada BRANDT", true, false},
		{"EQUAL", "displayName", "Ada", false, false},
		{"EQUAL", "isCriticalSystemObject", "True", true, false},
		{"EQUAL", "isCriticalSystemObject", "false", false, false},
		{"EQUAL", "userAccountControl", "0514", true, false},
		{"EQUAL", "proxyAddresses", "SMTP:OLD@example.com", true, false},
		{"EQUAL", "objectGUID", "AQI=", true, false},
		{"NOTEQUAL", "displayName", "ada brandt", false, true},
		{"NOTEQUAL", "isCriticalSystemObject", "True", false, true},
		{"NOTEQUAL", "isCriticalSystemObject", "False", true, true},
		{"LESSTHAN", "msExchRecipientTypeDetails", "50000", true, false}, // a number, not a text
		{"LESSTHAN", "msExchRecipientTypeDetails", "9", false, false},
		{"LESSTHAN_OR_EQUAL", "msExchRecipientTypeDetails", "9", true, false},
		{"GREATERTHAN", "msExchRecipientTypeDetails", "10", false, false},
		{"GREATERTHAN", "msExchRecipientTypeDetails", "8", true, false},
		{"GREATERTHAN", "msExchRecipientTypeDetails", "9", false, false},
		{"GREATERTHAN_OR_EQUAL", "msExchRecipientTypeDetails", "10", false, false},
		{"LESSTHAN_OR_EQUAL", "msExchRecipientTypeDetails", "8", false, false},
		{"LESSTHAN", "employeeID", "50000", false, false}, // a text, not a number
		{"GREATERTHAN", "employeeID", "50000", true, false},
		{"ISBITSET", "employeeID", "x", false, false},
		{"GREATERTHAN_OR_EQUAL", "msExchRecipientTypeDetails", "9", true, false},
		{"LESSTHAN", "displayName", "B", true, false},
		{"CONTAINS", "displayName", "a b", true, false},
		{"CONTAINS", "displayName", "x", false, false},
		{"NOTCONTAINS", "displayName", "A B", false, true},
		{"STARTSWITH", "displayName", "ADA", true, false},
		{"STARTSWITH", "displayName", "Brandt", false, false},
		{"NOTSTARTSWITH", "displayName", "ada", false, true},
		{"NOTSTARTSWITH", "displayName", "Group_", true, true},
		{"ENDSWITH", "displayName", "BRANDT", true, false},
		{"NOTENDSWITH", "displayName", "brandt", false, true},
		{"ISNULL", "displayName", "", false, true},
		{"ISNOTNULL", "displayName", "", true, false},
		{"ISNULL", "memberOf", "", false, true},
		{"ISNOTNULL", "memberOf", "", true, false},
		{"ISIN", "proxyAddresses", "smtp:ada@example.com", true, false},
		{"ISIN", "proxyAddresses", "smtp:ada", false, false},
		{"ISNOTIN", "proxyAddresses", "smtp:ada@example.com", false, true},
		{"ISBITSET", "userAccountControl", "2", true, false},
		{"ISBITSET", "userAccountControl", "3", true, false}, // any of the bits
		{"ISBITSET", "userAccountControl", "16", false, false},
		{"ISBITNOTSET", "userAccountControl", "2", false, true},
		{"ISBITNOTSET", "userAccountControl", "16", true, true},
		{"ISMEMBEROF", "memberOf", `cn=pilot\2C one,dc=CORP`, true, false},
		{"ISNOTMEMBEROF", "memberOf", `CN=Pilot\, one,DC=corp`, false, true},
		{"ISMEMBEROF", "memberOf", "CN=Another,DC=corp", false, false},
	} {
		c := lang.Clause{Attribute: test.attribute, Operator: test.operator, Value: test.value}
		if got := clauseHolds(c, spaceRecord{s, ada}); got != test.holds {
			t.Errorf("%s %s %q: %v for Ada", test.attribute, test.operator, test.value, got)
		}
		if got := clauseHolds(c, spaceRecord{s, nobody}); got != test.absent {
			t.Errorf("%s %s %q: %v where the attribute is absent", test.attribute, test.operator, test.value, got)
		}
		if negated := negation(test.operator); negated != "" {
			c.Operator = negated
			if clauseHolds(c, spaceRecord{s, ada}) == test.holds || clauseHolds(c, spaceRecord{s, nobody}) == test.absent {
				t.Errorf("%s %s %q is not the negation of %s", test.attribute, negated, test.value, test.operator)
			}
		}
	}
}

func negation(operator string) string {
	switch {
	case operator == "ISBITSET":
		return "ISBITNOTSET"
	case strings.HasPrefix(operator, "ISNOT"), strings.HasPrefix(operator, "NOT"), strings.HasPrefix(operator, "LESS"), strings.HasPrefix(operator, "GREATER"), operator == "ISBITNOTSET":
		return ""
	case operator == "ISNULL":
		return "ISNOTNULL"
	case strings.HasPrefix(operator, "IS"):
		return "ISNOT" + operator[2:]
	}
	return "NOT" + operator
}
