package ad

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

func TestDescriptor(t *testing.T) {
	me, other := mustSID("S-1-5-21-1-2-3-1000"), mustSID("S-1-5-21-1-2-3-2000")
	mine := map[string]bool{me: true}
	member, _ := planner.ParseGUID(guidMember)
	group, _ := planner.ParseGUID(guidGroup)
	for _, c := range []struct {
		what    string
		entries []ace
		types   []string
		want    access
	}{
		{"an empty list", nil, nil, denied},
		{"somebody else", []ace{{mask: 0xf01ff, sid: other}}, nil, denied},
		{"another right", []ace{{mask: rightDelete, sid: me}}, nil, denied},
		{"plain", []ace{{mask: rightWriteProperty, sid: me}}, nil, granted},
		{"everything", []ace{{mask: genericAll, sid: me}}, nil, granted},
		{"written in general", []ace{{mask: genericWrite, sid: me}}, nil, granted},
		{"read in general", []ace{{mask: genericRead, sid: me}}, nil, denied},
		{"for what is below only", []ace{{mask: rightWriteProperty, sid: me, flags: aceContainerInherit | aceInheritOnly}}, nil, denied},
		{"denied first", []ace{{kind: 1, mask: rightWriteProperty, sid: me}, {mask: rightWriteProperty, sid: me}}, nil, denied},
		{"allowed first", []ace{{mask: rightWriteProperty, sid: me}, {kind: 1, mask: rightWriteProperty, sid: me}}, nil, granted},
		{"of the attribute", []ace{{kind: 5, mask: rightWriteProperty, object: guidMember, sid: me}}, []string{member}, granted},
		{"of another attribute", []ace{{kind: 5, mask: rightWriteProperty, object: guidDescription, sid: me}}, []string{member}, denied},
		{"of the class", []ace{{kind: 5, mask: rightWriteProperty, object: guidGroup, sid: me}}, []string{member, group}, granted},
		{"of any attribute", []ace{{kind: 5, mask: rightWriteProperty, sid: me}}, []string{member}, granted},
		{"with a condition", []ace{{kind: 9, mask: rightWriteProperty, sid: me}}, nil, unsure},
		{"with a condition, and without", []ace{{kind: 9, mask: rightWriteProperty, sid: me}, {mask: rightWriteProperty, sid: me}}, nil, granted},
		{"with a condition, then denied", []ace{{kind: 9, mask: rightWriteProperty, sid: me}, {kind: 1, mask: rightWriteProperty, sid: me}}, nil, unsure},
		{"denied on a condition", []ace{{kind: 10, mask: rightWriteProperty, sid: me}, {mask: rightWriteProperty, sid: me}}, nil, unsure},
		{"denied on a condition, and anyway", []ace{{kind: 12, mask: rightWriteProperty, sid: me}}, nil, denied},
		{"an audit entry", []ace{{kind: 2, mask: rightWriteProperty, sid: me}}, nil, denied},
	} {
		d, err := parseDescriptor(accessList(c.entries...))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if got := d.check(mine, rightWriteProperty, c.types...); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	none, err := parseDescriptor(strings.Replace(accessList(), "\x04\x90", "\x00\x90", 1))
	if err != nil || none.check(mine, rightDelete) != granted {
		t.Errorf("no list at all: %v, %v", none, err)
	}
	owned := &descriptor{owner: me, entries: []entry{{mask: rightDelete, sid: sidOwnerRights}}}
	if owned.check(mine, rightDelete) != granted || owned.check(map[string]bool{other: true}, rightDelete) != denied {
		t.Error("rights of the owner")
	}
}

func TestInherited(t *testing.T) {
	me := mustSID("S-1-5-21-1-2-3-1000")
	group, _ := planner.ParseGUID(guidGroup)
	ou, _ := planner.ParseGUID(guidOU)
	const ci, np, io = aceContainerInherit, aceNoPropagate, aceInheritOnly
	for _, c := range []struct {
		what                  string
		entry                 ace
		inOU, inGroup, inDeep bool // granted on a new OU, on a new group beside it, on a group in the new OU
	}{
		{"not handed on", ace{flags: 0, sid: me}, false, false, false},
		{"handed on", ace{flags: ci, sid: me}, true, true, true},
		{"to what is below only", ace{flags: ci | io, sid: me}, true, true, true},
		{"one level", ace{flags: ci | np, sid: me}, true, true, false},
		{"to groups", ace{kind: 5, flags: ci | io, inheritor: guidGroup, sid: me}, false, true, true},
		{"to groups on one level", ace{kind: 5, flags: ci | np, inheritor: guidGroup, sid: me}, false, true, false},
		{"to OUs", ace{kind: 5, flags: ci, inheritor: guidOU, sid: me}, true, false, false},
		{"to the creator", ace{flags: ci | io, sid: sidCreatorOwner}, true, true, true},
		{"to the creator of groups", ace{kind: 5, flags: ci | io, inheritor: guidGroup, sid: sidCreatorOwner}, false, true, true},
	} {
		c.entry.mask = rightWriteProperty
		d, err := parseDescriptor(accessList(c.entry))
		if err != nil {
			t.Fatal(err)
		}
		may := func(d *descriptor) bool { return d.check(map[string]bool{me: true}, rightWriteProperty) == granted }
		newOU := d.inherited(ou, me)
		if may(newOU) != c.inOU || may(d.inherited(group, me)) != c.inGroup || may(newOU.inherited(group, me)) != c.inDeep {
			t.Errorf("%s: %t %t %t", c.what, may(newOU), may(d.inherited(group, me)), may(newOU.inherited(group, me)))
		}
	}
}

// FuzzDescriptor: octets that are no security descriptor are refused, and never
// read past their end.
func FuzzDescriptor(f *testing.F) {
	f.Add(accessList())
	f.Add(accessList(ace{kind: 5, flags: 2, mask: 32, object: guidMember, inheritor: guidGroup, sid: sidOwnerRights}))
	f.Add("\x01\x00\x04\x80\x14\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00\x04\x00\x08\x00\xff\xff\x00\x00")
	f.Fuzz(func(t *testing.T, raw string) {
		d, err := parseDescriptor(raw)
		if err != nil {
			return
		}
		for _, e := range d.entries {
			if len(e.sid) < 8 || len(e.object)%16 != 0 || len(e.inheritor)%16 != 0 {
				t.Errorf("%+v", e)
			}
		}
		d.inherited("", sidCreatorOwner).check(map[string]bool{sidCreatorOwner: true}, rightDelete)
	})
}
