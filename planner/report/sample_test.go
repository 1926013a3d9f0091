package report

import (
	"fmt"

	"github.com/landfall-directory/landfall/planner"
)

const (
	adCorp  = "provider.ad.corp"
	contoso = "provider.entra.contoso"
	cloudOU = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
)

func ptr(s string) *string { return &s }

func why(rule, file string, line int) planner.Reason {
	return planner.Reason{Rule: rule, Precedence: 120, File: file, Line: line}
}

func edit(attribute string, before, after []planner.Datum, line int) planner.Edit {
	return planner.Edit{
		Attribute: attribute, Before: before, After: after,
		Reason: why("Out to AD - Group SOAInAAD", "standard/group_writeback.hcl", line),
	}
}

// empty is a plan that read both directories and changes nothing.
func empty() *planner.Plan {
	return &planner.Plan{
		FormatVersion: "1.0", LandfallVersion: "0.1.0", Created: "2026-11-22T17:41:00+01:00",
		ConfigDigest: "sha256:3f9c2e1a77d0aa10b3f9c2e1a77d0aa10b3f9c2e1a77d0aa10b3f9c2e1a77d0aa",
		Digest:       "sha256:9b1fc07e11223344556677889900aabbccddeeff9b1fc07e1122334455667788",
		Providers: []planner.ProviderInfo{
			{Address: adCorp, Kind: "ad", Objects: 55000, ReadAt: "2026-11-22T16:40:30Z", Refresh: "full"},
			{Address: contoso, Kind: "entra", Objects: 6204, ReadAt: "2026-11-22T16:40:31Z", Refresh: "full"},
		},
	}
}

// group is a change of one written-back group.
func group(n int, title string, actions ...planner.Action) planner.Change {
	id := fmt.Sprintf("1f0c22b7-0000-4000-8000-%012d", n)
	guid := fmt.Sprintf("6f9619ff-8b86-d011-b42d-%012d", n)
	dn := fmt.Sprintf("CN=Group_%s,%s", id, cloudOU)
	reason := why("writeback.cloud_groups", "main.hcl", 40)
	return planner.Change{
		Address: fmt.Sprintf(`writeback.cloud_groups["Group_%s"]`, id), Provider: adCorp, ObjectType: "group",
		Actions: actions, Name: title, Anchor: &guid, DN: planner.DNChange{Before: &dn, After: &dn}, Reason: &reason,
	}
}

func added(names ...string) []planner.MemberChange {
	return memberChanges("in_cloud", names)
}

func removed(names ...string) []planner.MemberChange {
	return memberChanges("not_in_cloud", names)
}

func memberChanges(reason string, names []string) []planner.MemberChange {
	var out []planner.MemberChange
	for _, n := range names {
		out = append(out, planner.MemberChange{DN: "CN=" + n + ",OU=People,DC=corp,DC=example,DC=com", Name: n, ID: "id-" + n, Reason: reason})
	}
	return out
}

func blockedDelete(n int) planner.Change {
	c := group(n, fmt.Sprintf("Leaver %02d", n), planner.ActionDelete)
	c.DN.After = nil
	c.Blocked = &planner.Blocked{
		Code: "guard", By: "guard.leavers", File: "guards.hcl", Line: 12,
		Detail: "the plan has 37 × delete in writeback.cloud_groups, which is 17.5 % of 212 objects with a mark, and guard.leavers allows 5 %. " +
			"To accept exactly this number: -accept guard.leavers=37",
	}
	c.Notes = []string{"SID LOST: access granted to this group ends, and a new group of that name does not get it back"}
	return c
}

// everything is a plan with one of each.
func everything() *planner.Plan {
	p := empty()
	for n := range 37 {
		p.Changes = append(p.Changes, blockedDelete(100+n))
	}
	p.Changes = append(p.Changes, collision(), deletion(), typeLoss(), restored(), moved(), renamed(),
		bigMembership(), manyValues(), createdOU(), created(), entraUpdate(), secret())
	p.Skipped = []planner.Skipped{{
		Address: `writeback.cloud_groups["Group_1f0c22b7-0000-4000-8000-000000000099"]`,
		Members: []planner.SkippedMember{{ID: "u9", Name: "pat.fox@contoso.com", Reason: "cloud_only"}, {ID: "u8", Reason: "device"}},
	}}
	for n := range 11 {
		p.NotWritten = append(p.NotWritten, planner.NotWritten{ID: fmt.Sprint(n), Name: fmt.Sprintf("Team %d", n), Provider: contoso, Reason: "unset"})
	}
	p.NotWritten = append(p.NotWritten, planner.NotWritten{ID: "x1", Name: "Sales, all", Provider: contoso, Reason: "exchange_list"})
	p.Frozen = []planner.Frozen{{Address: `writeback.cloud_groups["Group_f1"]`, DN: "CN=Old,OU=General," + cloudOU, Reason: "writeback_off"}}
	p.Diagnostics = []planner.Diagnostic{
		{
			Severity: "error", Code: "object_error", Summary: "A rule fails for one object", File: "main.hcl", Line: 22,
			Detail: "\"Broken\" has no mailNickname. Left() needs text.\nThe group is left as it is.",
		},
		{
			Severity: "warning", Code: "schema_missing", Summary: "Active Directory's schema lacks attributes that rules flow",
			Detail: "msExchRecipientDisplayType is left out. Extend the schema with Exchange's setup, or disable the Exchange rule.",
			File:   "standard/group_writeback.hcl", Line: 400,
		},
	}
	return p
}

func collision() planner.Change {
	c := group(1, "Twin", planner.ActionCreate)
	c.Anchor, c.DN.Before = nil, nil
	c.DN.After = ptr("CN=Twin,OU=General," + cloudOU)
	c.Blocked = &planner.Blocked{Code: "collision", By: "writeback.cloud_groups", File: "main.hcl", Line: 40, Detail: "CN=Twin,OU=General," + cloudOU + " is taken by an object without our mark."}
	return c
}

func deletion() planner.Change {
	c := group(2, "Gone", planner.ActionDelete)
	c.DN.After = nil
	c.Notes = []string{"SID LOST: the Recycle Bin is disabled"}
	return c
}

func typeLoss() planner.Change {
	c := group(3, "Was secure", planner.ActionUpdate)
	c.Reason = nil
	c.Notes = []string{"SECURITY LOST: it stops being a security group, and access given to it stops working"}
	c.Edits = []planner.Edit{edit("groupType", planner.Texts("-2147483640"), planner.Texts("8"), 60)}
	return c
}

func restored() planner.Change {
	c := group(4, "Back again", planner.ActionRestore, planner.ActionUpdate, planner.ActionMembers)
	c.DN = planner.DNChange{Before: ptr(`CN=Back again\0ADEL:6f96,CN=Deleted Objects,DC=corp,DC=example,DC=com`), After: ptr("CN=Back again," + cloudOU)}
	c.Edits = []planner.Edit{edit("description", nil, planner.Texts("Back"), 31)}
	c.Members = &planner.Members{After: 1, Add: added("kim")}
	return c
}

func moved() planner.Change {
	c := group(5, "Finance", planner.ActionMove, planner.ActionUpdate, planner.ActionMembers)
	c.DN.Before = ptr("CN=Finance,OU=Servers,DC=corp,DC=example,DC=com")
	c.DN.After = ptr("CN=Finance,OU=Finance," + cloudOU)
	c.Reason = &planner.Reason{Rule: "ou_mapping.cloud_groups", File: "main.hcl", Line: 12}
	c.Edits = []planner.Edit{
		edit("description", planner.Texts("old"), planner.Texts("new"), 31),
		edit("info", planner.Texts("x"), nil, 45),
		{Attribute: "displayName", Before: nil, After: planner.Texts("Finance"), Reason: why("description prefix", "main.hcl", 80)},
	}
	c.Members = &planner.Members{
		Before: 4120, After: 4121,
		Add: added("alice.ng@contoso.com", "bob.lee@contoso.com", "zed.cole@contoso.com"), Remove: removed("irvin.sayers@contoso.com", "lee.gu@contoso.com"),
		Skipped: []planner.SkippedMember{
			{ID: "1", Name: "joni.sherman@contoso.com", Reason: "cloud_only"}, {ID: "2", Name: "lynne.robbins@contoso.com", Reason: "cloud_only"},
			{ID: "3", Name: "guest_gmail.com#EXT#@contoso.com", Reason: "guest"},
		},
	}
	return c
}

func renamed() planner.Change {
	c := group(6, "Marketing EMEA", planner.ActionRename)
	c.DN.Before = ptr("CN=Marketing," + cloudOU)
	c.DN.After = ptr("CN=Marketing EMEA," + cloudOU)
	return c
}

func bigMembership() planner.Change {
	c := group(7, "All staff", planner.ActionMembers)
	c.Members = &planner.Members{Before: 1203, After: 1232, Remove: removed("one", "two", "three")}
	for n := range 32 {
		c.Members.Add = append(c.Members.Add, added(fmt.Sprintf("new %02d", n))...)
	}
	return c
}

func manyValues() planner.Change {
	c := group(8, "Mail", planner.ActionUpdate)
	c.Reason = nil
	c.Edits = []planner.Edit{
		edit("proxyAddresses", planner.Texts("SMTP:a@contoso.com", "smtp:b@contoso.com", "smtp:c@contoso.com"), planner.Texts("SMTP:z@contoso.com", "smtp:b@contoso.com"), 90),
		edit("mail", planner.Texts(`"quoted" \ slash`), planner.Texts(longText()), 91),
		{Attribute: "thumbnailPhoto", Encoding: "base64", After: planner.Texts("MIIDAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), Reason: why("Out to AD - Group SOAInAAD", "standard/group_writeback.hcl", 92)},
		edit("msExchRecipientDisplayType", planner.Texts("17"), nil, 93),
		edit("msExchHideFromAddressLists", nil, planner.Texts("TRUE"), 93),
	}
	return c
}

func longText() string {
	s := ""
	for len(s) < 400 {
		s += "a long value, "
	}
	return s
}

func createdOU() planner.Change {
	c := group(9, "Legal", planner.ActionCreate)
	c.ObjectType, c.Anchor = "organizationalUnit", nil
	c.Address = `ou_mapping.cloud_groups["OU=Legal,` + cloudOU + `"]`
	c.DN = planner.DNChange{After: ptr("OU=Legal," + cloudOU)}
	c.Reason = &planner.Reason{Rule: "ou_mapping.cloud_groups", File: "main.hcl", Line: 12}
	return c
}

func created() planner.Change {
	c := group(10, "Engineering Platform", planner.ActionCreate, planner.ActionMembers)
	c.Anchor = nil
	c.DN = planner.DNChange{After: ptr("CN=Engineering Platform,OU=Legal," + cloudOU)}
	c.Edits = []planner.Edit{
		{Attribute: "adminDescription", After: planner.Texts("Group_1f0c22b7-0000-4000-8000-000000000010"), Reason: *c.Reason},
		edit("displayName", nil, planner.Texts("Engineering Platform"), 31),
		edit("groupType", nil, planner.Texts("-2147483640"), 60),
		edit("extensionAttribute9", nil, []planner.Datum{{Hash: "hmac:77", Length: 14}}, 33),
	}
	c.Members = &planner.Members{After: 2, Add: added("kim", "lou")}
	return c
}

func entraUpdate() planner.Change {
	return planner.Change{
		Address: `writeback.cloud_groups["e1"]`, Provider: contoso, ObjectType: "group", Actions: []planner.Action{planner.ActionUpdate},
		Name: "Project X", Anchor: ptr("87d349ed-0000-4000-8000-000000000001"),
		Edits: []planner.Edit{{Attribute: "writebackConfiguration/isEnabled", Before: planner.Texts("FALSE"), After: planner.Texts("TRUE"), Reason: why("writeback.cloud_groups", "main.hcl", 47)}},
	}
}

func secret() planner.Change {
	c := group(11, "Secretive", planner.ActionUpdate)
	c.Reason = nil
	c.Edits = []planner.Edit{
		edit("extensionAttribute9", []planner.Datum{{Hash: "hmac:11", Length: 12}}, []planner.Datum{{Hash: "hmac:22", Length: 1400}}, 33),
		edit("extensionAttribute8", []planner.Datum{{Hash: "hmac:33", Length: 1}}, nil, 34),
		edit("otherMailbox", []planner.Datum{{Hash: "hmac:44", Length: 5}, {Hash: "hmac:55", Length: 6}}, []planner.Datum{{Hash: "hmac:55", Length: 6}}, 35),
	}
	return c
}

// drifted is a plan for which the directory was asked when values changed.
func drifted() *planner.Plan {
	at := func(hour string, version int) *planner.Changed {
		return &planner.Changed{At: "2026-11-22T" + hour + ":05:00Z", DC: "DC1", Version: version}
	}
	update := group(21, "Finance", planner.ActionMove, planner.ActionUpdate, planner.ActionMembers)
	update.DN.Before = ptr("CN=Finance,OU=Servers,DC=corp,DC=example,DC=com")
	update.Changed = at("03", 2)
	update.Edits = []planner.Edit{
		edit("description", planner.Texts("by hand"), planner.Texts("new"), 31),
		edit("displayName", planner.Texts("Finance"), planner.Texts("Finances"), 32),
		edit("info", nil, planner.Texts("never there"), 33),
		edit("mail", planner.Texts("a@contoso.com"), nil, 34),
		edit("proxyAddresses", planner.Texts("a", "b"), planner.Texts("b", "c"), 35),
	}
	update.Edits[0].Changed = at("09", 7)
	update.Edits[1].Changed, update.Edits[1].Pending = at("01", 1), true
	update.Edits[2].Pending = true
	update.Edits[4].Changed = &planner.Changed{At: "2026-11-21T00:00:00Z", Version: 3}
	update.Members = &planner.Members{Before: 3, After: 4, Add: added("went", "new", "silent"), Remove: removed("came", "old")}
	update.Members.Add[0].Changed, update.Members.Add[1].Pending = at("04", 2), true
	update.Members.Remove[0].Changed = at("05", 1)
	back := restored()
	back.Changed = at("06", 1)
	kept := renamed()
	kept.Changed, kept.Pending = at("01", 1), true
	untold := renamed()
	untold.Provider = "provider.ad.emea"
	p := changesOf(update, back, kept, renamed(), untold, created(), entraUpdate())
	p.Providers = append(p.Providers, planner.ProviderInfo{Address: "provider.ad.emea", Kind: "ad", Objects: 7, ReadAt: "2026-11-22T16:40:30Z"})
	p.History = []planner.HistoryUse{
		{Provider: adCorp, Objects: 4, Told: 4},
		{Provider: "provider.ad.emea", Objects: 1, Detail: "the domain controller does not say"},
	}
	return p
}

// based is a plan that was compared with a base.
func based() *planner.Plan {
	p := changesOf(deletion(), renamed(), entraUpdate(), blockedDelete(1), blockedDelete(2))
	for i, cause := range []string{planner.CausePending, planner.CauseCaused, planner.CauseChanged, planner.CauseCaused, planner.CausePending} {
		p.Changes[i].Cause = &cause
	}
	p.Base = ptr("sha256:5f9c2e1a77d0aa10b3f9c2e1a77d0aa10b3f9c2e1a77d0aa10b3f9c2e1a77d0aa")
	p.Withdrawn = []planner.Withdrawn{{Address: `writeback.cloud_groups["Group_w"]`, Provider: adCorp, Name: "Was to go", Actions: []planner.Action{planner.ActionDelete}}}
	return p
}
