package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// storm is a plan of n changes of every kind, as a directory of many units would
// have it: deletes first, then blocked changes, then everything else in turn, a
// few of it with names that mean harm. One group has thousands of members.
func storm(n, deletes, blocked, errors int) *planner.Plan {
	p := empty()
	for i := range n {
		var c planner.Change
		switch {
		case i < deletes:
			c = stormDelete(i)
		case i < deletes+blocked:
			c = stormBlocked(i)
		default:
			c = stormChange(i)
		}
		p.Changes = append(p.Changes, c)
	}
	for i := range errors {
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{
			Severity: "error", Code: "object_error", Summary: "A rule fails for one object", File: "main.hcl", Line: 22,
			Detail: fmt.Sprintf("\"Broken %05d\" has no mailNickname. Left() needs text. The group is left as it is.", i),
		})
		p.Diagnostics = append(p.Diagnostics, planner.Diagnostic{
			Severity: "warning", Code: "ambiguous_join", Summary: "Two objects join one", Detail: fmt.Sprintf("Object %d joins twice.", i),
		})
		p.NotWritten = append(p.NotWritten, planner.NotWritten{ID: fmt.Sprint(i), Name: fmt.Sprintf("Team %d", i), Provider: contoso, Reason: "unset"})
		p.Frozen = append(p.Frozen, planner.Frozen{Address: fmt.Sprintf("writeback.cloud_groups[\"Group_f%d\"]", i), DN: fmt.Sprintf("CN=Old %d,%s", i, cloudOU), Reason: "writeback_off"})
	}
	big := stormChange(deletes + blocked)
	big.Name, big.Actions, big.Edits = "All staff of all units", []planner.Action{planner.ActionMembers}, nil
	big.DN = group(deletes+blocked, "").DN
	big.Members = &planner.Members{Before: 61_000, After: 64_500}
	for i := range 4000 {
		big.Members.Add = append(big.Members.Add, added(fmt.Sprintf("new.person.%04d@corp.example.com", i))...)
	}
	for i := range 500 {
		big.Members.Remove = append(big.Members.Remove, removed(fmt.Sprintf("old.person.%04d@corp.example.com", i))...)
	}
	p.Changes[deletes+blocked] = big
	return limits(p)
}

// inUnit is a group as one of the units of the storm has it.
func inUnit(i int, what string, actions ...planner.Action) planner.Change {
	c := group(i, fmt.Sprintf("Unit %02d %s %05d", i%40, what, i), actions...)
	dn := fmt.Sprintf("CN=Unit %02d %s %05d,OU=Unit %02d,%s", i%40, what, i, i%40, cloudOU)
	c.DN = planner.DNChange{Before: &dn, After: &dn}
	return c
}

func stormDelete(i int) planner.Change {
	c := inUnit(i, "deleted", planner.ActionDelete)
	c.DN.After = nil
	c.Notes = []string{"SID LOST: access granted to this group ends, and a new group of that name does not get it back"}
	return c
}

func stormBlocked(i int) planner.Change {
	switch i % 4 {
	case 0:
		c := stormDelete(i)
		c.Name = fmt.Sprintf("Unit %02d blocked %05d", i%40, i)
		c.Blocked = blockedDelete(0).Blocked
		return c
	case 1:
		c := inUnit(i, "blocked", planner.ActionUpdate)
		c.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts("new"), 31)}
		c.Blocked = &planner.Blocked{Code: "protected", By: "protect", Detail: "It lies in OU=Tier 0,DC=corp,DC=example,DC=com, which is protected.", File: "main.hcl", Line: 9}
		return c
	case 2:
		c := inUnit(i, "blocked", planner.ActionCreate)
		c.Anchor, c.DN.Before = nil, nil
		c.Blocked = &planner.Blocked{Code: "collision", By: "writeback.cloud_groups", Detail: fmt.Sprintf("CN=Unit %d is taken by an object without our mark.", i), File: "main.hcl", Line: 40}
		return c
	default:
		c := inUnit(i, "blocked", planner.ActionMembers)
		c.Members = &planner.Members{Before: 9, After: 8, Remove: removed("dan@corp.example.com")}
		c.Privileged, c.Notes = powerful(i).Privileged, powerful(i).Notes
		c.Blocked = &planner.Blocked{Code: "foreign_writer", By: "writeback.cloud_groups", Detail: "Cloud Sync writes this group, too.", File: "main.hcl", Line: 40}
		return c
	}
}

func stormChange(i int) planner.Change {
	switch {
	case i%200 == 5:
		return stormOU(i)
	case i%400 == 9:
		return stormPrivileged(i)
	}
	kinds := []func(int) planner.Change{
		stormCreated, stormRenamed, stormRestored, stormMoved, stormTypeLoss, stormCreated, stormEntra, stormSecret, stormHostile, stormMembers,
		stormMembers, stormUpdated, stormMembers, stormUpdated, stormMembers, stormUpdated, stormMembers, stormUpdated, stormMembers, stormUpdated,
	}
	return kinds[i%len(kinds)](i)
}

func stormCreated(i int) planner.Change {
	c := inUnit(i, "created", planner.ActionCreate, planner.ActionMembers)
	c.Anchor, c.DN.Before = nil, nil
	c.Edits = []planner.Edit{
		edit("displayName", nil, planner.Texts(c.Name), 31), edit("groupType", nil, planner.Texts("-2147483640"), 60), edit("description", nil, planner.Texts("A new group"), 33),
	}
	c.Members = &planner.Members{After: 3, Add: added("ada@corp.example.com", "bob@corp.example.com", "cy@corp.example.com")}
	return c
}

func stormRenamed(i int) planner.Change {
	c := inUnit(i, "renamed", planner.ActionRename)
	c.DN.After = ptr(fmt.Sprintf("CN=Renamed %05d,OU=Unit %02d,%s", i, i%40, cloudOU))
	return c
}

func stormRestored(i int) planner.Change {
	c := inUnit(i, "restored", planner.ActionRestore)
	c.DN.Before = ptr(fmt.Sprintf(`CN=Unit %d\0ADEL:6f96,CN=Deleted Objects,DC=corp,DC=example,DC=com`, i))
	return c
}

func stormMoved(i int) planner.Change {
	c := inUnit(i, "moved", planner.ActionMove, planner.ActionUpdate)
	c.DN.After = ptr(fmt.Sprintf("CN=Unit %02d moved %05d,OU=Unit %02d,%s", i%40, i, (i/7)%40, cloudOU))
	c.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts("new"), 31)}
	return c
}

func stormTypeLoss(i int) planner.Change {
	c := inUnit(i, "was secure", planner.ActionUpdate)
	c.Notes = []string{"SECURITY LOST: it stops being a security group, and access given to it stops working"}
	c.Edits = []planner.Edit{edit("groupType", planner.Texts("-2147483640"), planner.Texts("8"), 60)}
	return c
}

func stormOU(i int) planner.Change {
	c := createdOU()
	c.Name = fmt.Sprintf("New unit %05d", i)
	dn := fmt.Sprintf("OU=New unit %05d,OU=Unit %02d,%s", i, i%40, cloudOU)
	c.Address, c.DN = fmt.Sprintf("ou_mapping.cloud_groups[%q]", dn), planner.DNChange{After: &dn}
	return c
}

func stormEntra(i int) planner.Change {
	c := entraUpdate()
	c.Address, c.Name = fmt.Sprintf("writeback.cloud_groups[\"e%d\"]", i), fmt.Sprintf("Project %05d", i)
	return c
}

func stormSecret(i int) planner.Change {
	c := inUnit(i, "secretive", planner.ActionUpdate)
	c.Edits = secret().Edits
	return c
}

func stormHostile(i int) planner.Change {
	c := inUnit(i, "named", planner.ActionUpdate)
	c.Name = fmt.Sprintf("%s %d", hostileNames[i/20%len(hostileNames)], i)
	c.Edits = []planner.Edit{edit("displayName", planner.Texts("harmless"), planner.Texts(c.Name), 31)}
	return c
}

func stormPrivileged(i int) planner.Change {
	c := inUnit(i, "privileged", planner.ActionMembers)
	c.Privileged, c.Notes = powerful(i).Privileged, powerful(i).Notes
	c.Members = &planner.Members{Before: 4, After: 5, Add: added("eve@corp.example.com")}
	return c
}

func stormMembers(i int) planner.Change {
	c := inUnit(i, "members", planner.ActionMembers)
	c.Members = &planner.Members{
		Before: 10, After: 12, Add: added("ada@corp.example.com", "bob@corp.example.com", fmt.Sprintf("person.%05d@corp.example.com", i)),
		Remove: removed("dan@corp.example.com"), Skipped: []planner.SkippedMember{{ID: fmt.Sprint(i), Name: "guest#EXT#@contoso.com", Reason: "guest"}},
	}
	return c
}

func stormUpdated(i int) planner.Change {
	c := inUnit(i, "updated", planner.ActionUpdate)
	c.Edits = []planner.Edit{
		edit("description", planner.Texts("old"), planner.Texts(strings.Repeat("new text ", 5)), 31),
		edit("mail", planner.Texts("old@contoso.com"), planner.Texts(fmt.Sprintf("group%05d@contoso.com", i)), 33),
	}
	return c
}

// grave is what of a plan must stand in every comment that has room for it: what is
// deleted, blocked or privileged, and what has an error.
func grave(p *planner.Plan) []string {
	var out []string
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Blocked != nil || dangerOf(c) <= dangerDelete {
			out = append(out, c.Name)
		}
	}
	for _, d := range p.Diagnostics {
		if name, _, _ := strings.Cut(d.Detail, " has"); d.Severity == "error" {
			out = append(out, name)
		}
	}
	return out
}

// large keeps tests of the largest plans away from the race detector, under which
// they take minutes; nothing in them runs side by side.
func large(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("a large plan: not with the race detector; make test runs this without it")
	}
}
