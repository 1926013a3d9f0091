package providertest

import (
	"slices"
	"testing"
)

// difference is a place where a directory does not answer as Active Directory.
type difference struct {
	directory Directory
	name      string // of the case
	ad        string
	answer    string
	reason    string
}

// differences are all there are. Those of Samba were seen on Samba 4.17.
var differences = []difference{
	// Connections.
	{Samba, "bind/empty password", "0", "49",
		"Active Directory takes a name without a password for anonymous unless DenyUnauthenticatedBind is set"},
	{Samba, "bind/a failed bind ends the session", "49 1", "49 {session}",
		"Samba keeps the session that was there, against RFC 4511"},
	{Samba, "bind/who am I", "0", "2",
		"Samba has no extended operation but StartTLS"},

	// Searches.
	{Samba, "search/types only", "cn: ; description: ", "cn: a; description: d",
		"Samba ignores typesOnly"},
	{Samba, "search/size limit of the client", "4 2", "0 3",
		"Samba ignores the client's size limit"},
	{Samba, "paging/a search without pages", "4 1000", "0 5000",
		"Samba has no MaxPageSize"},
	{Samba, "paging/a page larger than the server's limit", "1000 1000 1000 1000 1000 end", "2000 2000 1000 end",
		"Samba has no MaxPageSize"},
	{Samba, "range/more values than the server gives at once", "member:0 member;range=0-1499:1500", "member:5000",
		"Samba has no MaxValRange"},
	{Samba, "range/more asked for than the server gives at once", "member;range=0-1499:1500", "member;range=0-*:5000",
		"Samba has no MaxValRange"},
	{Samba, "range/past the end", "1", "member;range=6000-*:0",
		"Samba answers with an empty range"},

	// Values.
	{Samba, "value/limits", "0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19 0 19", "0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21 0 21", tooLong},
	{Samba, "value/limits count UTF-16 units: é", "0 19", "0 21", tooLong},
	{Samba, "value/limits count UTF-16 units: emoji", "0 19", "0 21", tooLong},
	{Samba, "account name/length", "0 19", "0 21", tooLong},
	{Samba, "value/limit of cn", "0 19", "0 0", longName},
	{Samba, "value/limit of cn, renaming", "0 19", "0 0", longName},
	{Samba, "value/limit of ou", "0 19", "0 0", longName},
	{Samba, "value/200 emoji as a name", "19", "0", longName},
	{Samba, "value/integer too large", "21 [msExchRecipientDisplayType=-]", "0 [msExchRecipientDisplayType=0]",
		"Samba cuts an integer to 32 bits"},
	{Samba, "modify/two values for one", "19 [info=x]", "20 [info=x]",
		"Samba checks for a value that is there first"},

	// Members.
	{Samba, "modify/permissive members", "0 0 [member=CN=a,~]", "68 53 [member=CN=a,~]",
		"Samba does not apply permissive modify to links"},
	{Samba, "member/remove from an empty group", "53", "16",
		"Samba speaks of the attribute, which is not there, and not of the member"},
	{Samba, "member/the same twice in one batch", "20", "0",
		"Samba takes the value once"},
	{Samba, "member/of a contact", "65", "1",
		"Samba looks for the group's account data before it looks at the class"},
	{Samba, "member/itself", "53", "0", nesting},
	{Samba, "member/universal group in a global one", "53", "0", nesting},
	{Samba, "member/domain local group in a universal one", "53", "0", nesting},
	{Samba, "link/member is deleted", "0 0 [member=- managedBy=-]",
		`0 0 [member=CN=a\0ADEL:<guid>,CN=Deleted Objects,^ managedBy=CN=boss\0ADEL:<guid>,CN=Deleted Objects,^]`, deadLinks},
	{Samba, "link/group is deleted", "0 [memberOf=-] [managedObjects=-]",
		`0 [memberOf=CN=g\0ADEL:<guid>,CN=Deleted Objects,^] [managedObjects=CN=g\0ADEL:<guid>,CN=Deleted Objects,^]`, deadLinks},

	// Names.
	{Samba, "add/same name, another naming attribute", "68", "0",
		"Samba tells names of siblings apart by their naming attributes as well"},
	{Samba, "escape/line break", "64 64 [cn=g]", "0 0 [none]", anyName},
	{Samba, "escape/NUL", "34", "0", anyName},
	{Samba, "rename/by GUID", "0 [cn=h]", "32 [none]",
		"Samba takes the <GUID=> form of a name in a modify-DN operation only if the new parent is named, too"},
	{Samba, "rename/another naming attribute", "64", "53",
		"Samba is unwilling instead of calling it a naming violation"},
	{Samba, "rename/malformed name", "34", "80",
		"Samba answers \"other\""},

	// Deleted objects.
	{Samba, "tombstone/parent is missing", "80", "1",
		"Samba answers with an operations error"},
	{Samba, "tombstone/without the control", "32", "0",
		"Samba finds the deleted object without the control, too"},
	{Samba, "tombstone/account name in use by now", "refused", "0",
		"Samba does not look for the name again"},
	{Samba, "tombstone/addressed by GUID", "0 [cn=g]", "1 [none]",
		"Samba wants the name of the deleted object"},
	{Samba, "bin/restored with everything",
		"0 [description=x mailNickname=g member=CN=a,~ memberOf=CN=outer,~ isDeleted=- lastKnownParent=~] [member=CN=g,~] true",
		`16 [none] [member=CN=g\0ADEL:<guid>,CN=Deleted Objects,^] false`, noRestore},
	{Samba, "bin/restored elsewhere", "0 [cn=h name=h]", "16 [none]", noRestore},
	{Samba, "bin/restored and changed at once", "0 [description=y]", "16 [none]", noRestore},
	{Samba, "bin/name is taken", "68 [isDeleted=TRUE]", "16 [isDeleted=TRUE]", noRestore},
	{Samba, "bin/parent is missing", "80", "16", noRestore},
	{Samba, "bin/without the control", "32", "16", noRestore},
	{Samba, "bin/object that is not deleted", "16", "53",
		"Samba is unwilling instead of missing isDeleted"},
	{Samba, "bin/the writer may", "0 [description=x]", "16 [none]", noRestore},
	{Samba, "bin/addressed by GUID", "0 [cn=g]", "1 [none]",
		"Samba wants the name of the deleted object"},

	// The provider meets the same.
	{Samba, "read/a deleted member is no member", "[member=CN=b,~]", `[member=CN=a\0ADEL:<guid>,CN=Deleted Objects,^|CN=b,~]`, deadLinks},
	{Samba, "write/create with a value that is refused", "failed 19 [none]", "failed 21 [none]", tooLong},
	{Samba, "write/update with a value that is refused", "failed 19 [description=x]", "failed 21 [description=x]", tooLong},
	{Samba, "write/create with a line break in the name", "failed 64", "done", anyName},
	{Samba, "write/create with a name that is too long", "failed 19", "done", longName},
	{Samba, "members/one that may not be one", "done refused=1 [member=CN=b,~]", "done [member=CN=b,~|CN=universal,~]", nesting},
	{Samba, "restore/found and restored", "Group_restore done true [description=x member=CN=a,~]", "Group_restore failed 16 false [none]", noRestore},
	{Samba, "restore/twice", "done stale", "failed 16 failed", noRestore},
	{Samba, "restore/the name is taken", "stale", "failed", noRestore},

	// Replication metadata.
	{Samba, "metadata/constructed", "true true", "false false", noMetadata},
	{Samba, "metadata/swapped in one request", "displayName=2 info=1", "displayName=3 info=1",
		"Samba counts every part of a request"},
	{Samba, "history/attributes", "true description=2@DC1 info=- adminDescription=1@DC1", "false", noMetadata},
	{Samba, "history/members", "true CN=a,~=2gone CN=b,~=1 CN=c,~=3", "false", noMetadata},
	{Samba, "history/thousands of members", "true true 5000", "false", noMetadata},

	// Access control.
	{Sandbox, "rights/writer writes no users", "50 50", "0 0",
		"the sandbox has accounts that write everything and accounts that write nothing"},
}

// Reasons of several entries.
const (
	tooLong    = "Samba calls a value that is too long a syntax error; Active Directory a violation of a constraint"
	longName   = "Samba does not hold names to 64 units"
	anyName    = "Samba takes control characters in names"
	nesting    = "Samba lets groups nest that Active Directory keeps apart"
	deadLinks  = "with the Recycle Bin, Samba shows links that lead to deleted objects"
	noMetadata = "Samba 4.17 has the metadata and does not construct the attributes that show it"
	noRestore  = "Samba 4.17 restores tombstones only: it wants to remove isRecycled, which an object in the Recycle Bin does not have"
)

func findDifference(directory Directory, name string) (difference, bool) {
	for _, d := range differences {
		if d.directory == directory && d.name == name {
			return d, true
		}
	}
	return difference{}, false
}

// expected is what the directory has to answer, and for messages who says so.
func expected(directory Directory, c testCase) (want, source string) {
	if d, ok := findDifference(directory, c.name); ok {
		return d.answer, "the table of differences says (remove the entry if it is as Active Directory by now)"
	}
	return c.want, "Active Directory"
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
	for i, d := range differences {
		want, ok := known[d.name]
		first, _ := findDifference(d.directory, d.name)
		switch {
		case !ok:
			t.Errorf("difference %q: no such case", d.name)
		case first != differences[i]:
			t.Errorf("difference %q stands there twice", d.name)
		case d.ad != want:
			t.Errorf("difference %q: Active Directory answers %q here and %q in the case", d.name, d.ad, want)
		case d.ad == d.answer:
			t.Errorf("difference %q: both answers are the same", d.name)
		case d.reason == "":
			t.Errorf("difference %q: no reason", d.name)
		}
	}
}
