package providertest

import (
	"slices"
	"testing"
)

// difference is a place where Samba does not do what Active Directory does. The
// sandbox does what Active Directory does.
type difference struct {
	name   string // of the case
	ad     string
	samba  string
	reason string
}

// differences were seen on Samba 4.17. Active Directory's side is Microsoft's
// documentation where the reason cites it, else common knowledge of the field.
var differences = []difference{
	// Connections.
	{"bind/empty password", "0", "49",
		"Active Directory takes a name without a password for anonymous unless DenyUnauthenticatedBind is set"},
	{"bind/a failed bind ends the session", "49 1", "49 {session}",
		"Samba keeps the session that was there, against RFC 4511"},
	{"bind/who am I", "0", "2",
		"Samba has no extended operation but StartTLS"},

	// Searches.
	{"search/types only", "cn: ; description: ", "cn: a; description: d",
		"Samba ignores typesOnly"},
	{"search/size limit of the client", "4 2", "0 3",
		"Samba ignores the client's size limit"},
	{"paging/a search without pages", "4 1000", "0 5000",
		"Samba has no MaxPageSize"},
	{"paging/a page larger than the server's limit", "1000 1000 1000 1000 1000 end", "2000 2000 1000 end",
		"Samba has no MaxPageSize"},
	{"range/more values than the server gives at once", "member:0 member;range=0-1499:1500", "member:5000",
		"Samba has no MaxValRange"},
	{"range/more asked for than the server gives at once", "member;range=0-1499:1500", "member;range=0-*:5000",
		"Samba has no MaxValRange"},
	{"range/past the end", "1", "member;range=6000-*:0",
		"Samba answers with an empty range"},

	// Values.
	{"value/limits", "0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19", "0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21", tooLong},
	{"value/limits count UTF-16 units: é", "0 19", "0 21", tooLong},
	{"value/limits count UTF-16 units: emoji", "0 19", "0 21", tooLong},
	{"account name/length", "0 19", "0 21", tooLong},
	{"value/limit of cn", "0 19", "0 0", longName},
	{"value/limit of cn, renaming", "0 19", "0 0", longName},
	{"value/limit of ou", "0 19", "0 0", longName},
	{"value/200 emoji as a name", "19", "0", longName},
	{"value/integer too large", "21 [msExchRecipientDisplayType=-]", "0 [msExchRecipientDisplayType=0]",
		"Samba cuts an integer to 32 bits"},
	{"modify/two values for one", "19 [info=x]", "20 [info=x]",
		"Samba checks for a value that is there first"},

	// Members.
	{"modify/permissive members", "0 0 [member=CN=a,~]", "68 53 [member=CN=a,~]",
		"Samba does not apply permissive modify to links"},
	{"member/remove from an empty group", "53", "16",
		"Samba speaks of the attribute, which is not there, and not of the member"},
	{"member/the same twice in one batch", "20", "0",
		"Samba takes the value once"},
	{"member/of a contact", "65", "1",
		"Samba looks for the group's account data before it looks at the class"},
	{"member/itself", "53", "0", nesting},
	{"member/universal group in a global one", "53", "0", nesting},
	{"member/domain local group in a universal one", "53", "0", nesting},
	{"link/member is deleted", "0 0 [member=- managedBy=-]",
		`0 0 [member=CN=a\0ADEL:<guid>,CN=Deleted Objects,^ managedBy=CN=boss\0ADEL:<guid>,CN=Deleted Objects,^]`, deadLinks},
	{"link/group is deleted", "0 [memberOf=-] [managedObjects=-]",
		`0 [memberOf=CN=g\0ADEL:<guid>,CN=Deleted Objects,^] [managedObjects=CN=g\0ADEL:<guid>,CN=Deleted Objects,^]`, deadLinks},

	// Names.
	{"rename/by GUID", "0 [cn=h]", "32 [none]",
		"Samba takes the <GUID=> form of a name in a modify-DN operation only if the new parent is named, too"},
	{"rename/missing parent", "32", "80",
		"Samba answers \"other\""},
	{"rename/another naming attribute", "64", "53",
		"Samba is unwilling instead of calling it a naming violation"},
	{"rename/malformed name", "34", "80",
		"Samba answers \"other\""},

	// Deleted objects.
	{"tombstone/parent is missing", "32", "1",
		"Samba answers with an operations error"},
	{"tombstone/without the control", "32", "0",
		"Samba finds the deleted object without the control, too"},
	{"tombstone/account name in use by now", "68", "0",
		"Samba does not look for the name again"},
	{"tombstone/addressed by GUID", "0 [cn=g]", "1 [none]",
		"Samba wants the name of the deleted object"},
	{"bin/restored with everything",
		"0 [description=x mailNickname=g member=CN=a,~ memberOf=CN=outer,~ isDeleted=- lastKnownParent=~] [member=CN=g,~] true",
		`16 [none] [member=CN=g\0ADEL:<guid>,CN=Deleted Objects,^] false`, noRestore},
	{"bin/restored elsewhere", "0 [cn=h name=h]", "16 [none]", noRestore},
	{"bin/restored and changed at once", "0 [description=y]", "16 [none]", noRestore},
	{"bin/name is taken", "68 [isDeleted=TRUE]", "16 [isDeleted=TRUE]", noRestore},
	{"bin/parent is missing", "32", "16", noRestore},
	{"bin/without the control", "32", "16", noRestore},
	{"bin/account name in use by now", "68", "16", noRestore},
	{"bin/the writer may", "0 [description=x]", "16 [none]", noRestore},
	{"bin/addressed by GUID", "0 [cn=g]", "1 [none]",
		"Samba wants the name of the deleted object"},

	// The provider meets the same.
	{"read/a deleted member is no member", "[member=CN=b,~]", `[member=CN=a\0ADEL:<guid>,CN=Deleted Objects,^|CN=b,~]`, deadLinks},
	{"write/create with a value that is refused", "failed 19 [none]", "failed 21 [none]", tooLong},
	{"write/update with a value that is refused", "failed 19 [description=x]", "failed 21 [description=x]", tooLong},
	{"write/create with a name that is too long", "failed 19", "done", longName},
	{"members/one that may not be one", "done refused=1 [member=CN=b,~]", "done [member=CN=b,~|CN=universal,~]", nesting},
	{"restore/found and restored", "Group_restore done true [description=x member=CN=a,~]", "Group_restore failed 16 false [none]", noRestore},
	{"restore/twice", "done stale", "failed 16 failed", noRestore},
	{"restore/the name is taken", "stale", "failed", noRestore},
}

// Reasons of several entries.
const (
	tooLong   = "Samba calls a value that is too long a syntax error; Active Directory a violation of a constraint"
	longName  = "Samba does not hold names to 64 units"
	nesting   = "Samba lets groups nest that Active Directory keeps apart"
	deadLinks = "with the Recycle Bin, Samba shows links that lead to deleted objects"
	noRestore = "Samba 4.17 restores tombstones only: it wants to remove isRecycled, which an object in the Recycle Bin does not have"
)

func findDifference(name string) (difference, bool) {
	for _, d := range differences {
		if d.name == name {
			return d, true
		}
	}
	return difference{}, false
}

// expected is what the directory has to answer.
func expected(directory Directory, c testCase) string {
	if d, ok := findDifference(c.name); ok && directory == Samba {
		return d.samba
	}
	return c.want
}

// source says for a message where expected took its answer from.
func source(directory Directory, c testCase) string {
	if _, ok := findDifference(c.name); ok && directory == Samba {
		return "the table of differences says (remove the entry if Samba does what Active Directory does)"
	}
	return "Active Directory"
}

// checkDifferences finds entries that mean nothing.
func checkDifferences(t *testing.T) {
	known := map[string]string{}
	for _, c := range slices.Concat(tombstoneCases(), cases(), providerCases()) {
		if _, twice := known[c.name]; twice {
			t.Errorf("two cases are called %q", c.name)
		}
		known[c.name] = c.want
	}
	for _, d := range differences {
		want, ok := known[d.name]
		switch {
		case !ok:
			t.Errorf("difference %q: no such case", d.name)
		case d.ad != want:
			t.Errorf("difference %q: Active Directory answers %q here and %q in the case", d.name, d.ad, want)
		case d.ad == d.samba:
			t.Errorf("difference %q: both answers are the same", d.name)
		case d.reason == "":
			t.Errorf("difference %q: no reason", d.name)
		}
		delete(known, d.name)
	}
}
