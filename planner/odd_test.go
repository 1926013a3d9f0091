package planner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

// Whatever directories answer: a plan, or an error, and never a panic. What is
// planned can be saved and read.
func TestOddData(t *testing.T) {
	ids := []string{guid("1"), guid("2"), guid("3"), "", "x", "00000000-0000-0000-0000-000000000000"}
	names := []string{
		"", " ", "x", "=", "CN=", "CN=a", "CN=a+OU=b,OU=Cloud Groups," + base, "OU=Cloud Groups," + base, "cn=G,ou=cloud groups,dc=CORP,DC=example,DC=com",
		"CN=G,OU=Cloud Groups," + base, "CN=G\\0ACNF:1,OU=Security,OU=Cloud Groups," + base, "CN=\\ ,OU=Cloud Groups," + base, "OU=Security,OU=Cloud Groups," + base,
		"CN=Security,OU=Cloud Groups," + base, "CN=far,DC=other", "\\", "CN=\xff,OU=Cloud Groups," + base,
	}
	texts := []string{"", " ", "TRUE", "false", "-2147483640", "8", "nine", "Group_" + guid("1"), "GROUP_" + guid("2"), "Group_", "Group_" + guid("nobody"), "S-1-5-21", sidText(1), "\x01", sid(512), "Unified", "\xff\x00", "a\nb"}
	attributes := []string{
		"adminDescription", "objectSid", "groupType", "adminCount", "isCriticalSystemObject", "sAMAccountName", "displayName", "description", "objectGUID", "cn", "mail",
		"proxyAddresses", "groupTypes", "securityEnabled", "mailEnabled", "onPremisesSyncEnabled", "onPremisesSecurityIdentifier", "onPremisesImmutableId", "cloudAnchor", "cloudMastered",
		"writebackConfiguration/isEnabled", "writebackConfiguration/onPremisesGroupType", "targetWritebackType", "memberCount", "whenChanged", "msDS-ExternalDirectoryObjectId",
	}
	usual := map[string]string{"securityEnabled": "TRUE", "mailEnabled": "FALSE", "cloudMastered": "TRUE", "writebackConfiguration/isEnabled": "TRUE", "displayName": "G"}
	types := []string{"group", "group", "group", "GROUP", "user", "computer", "organizationalUnit", "container", "", "device", "contact"}
	rapid.Check(t, func(t *rapid.T) {
		cfg := load(t, drawConfig(t)...)
		snap := planner.Snapshot{}
		for _, p := range cfg.Providers {
			s := planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
			snap[p.Address()] = s
			s.RecycleBin = rapid.SampledFrom([]planner.RecycleBin{planner.RecycleBinReadable, planner.RecycleBinUnknown}).Draw(t, "bin")
			if s.Kind == planner.KindAD {
				s.Add("organizationalUnit", guid("root"), "OU=Cloud Groups,"+base, planner.Live)
			}
			for range rapid.IntRange(0, 12).Draw(t, "objects") {
				name := rapid.SampledFrom(names)
				if s.Kind == planner.KindEntra {
					name = rapid.SampledFrom(ids)
				}
				state := rapid.SampledFrom([]planner.State{planner.Live, planner.Live, planner.Deleted, planner.Placeholder}).Draw(t, "state")
				o := s.Add(rapid.SampledFrom(types).Draw(t, "type"), rapid.SampledFrom(ids).Draw(t, "anchor"), name.Draw(t, "name"), state)
				if s.Kind == planner.KindEntra { // mostly groups that are written, each with something odd
					for name, v := range usual {
						s.Set(o, name, v)
					}
					s.Set(o, "cloudAnchor", "Group_"+s.Anchor(o))
					s.SetReferences(o, "member", nil)
				}
				for range rapid.IntRange(0, 3).Draw(t, "values") {
					s.Set(o, rapid.SampledFrom(attributes).Draw(t, "attribute"), rapid.SliceOfN(rapid.SampledFrom(texts), 0, 3).Draw(t, "texts")...)
				}
				if rapid.Bool().Draw(t, "members") {
					var members []planner.ObjectID
					for range rapid.IntRange(0, 3).Draw(t, "count") {
						members = append(members, s.Reference(name.Draw(t, "member")))
					}
					s.SetReferences(o, "member", members)
				}
				if rapid.IntRange(0, 5).Draw(t, "hidden") == 0 {
					s.SetUnreadable(o, "onPremisesSyncEnabled")
				}
			}
			for _, id := range ids {
				if rapid.Bool().Draw(t, "absent") {
					s.ProveAbsent("id", id)
				}
			}
		}
		_, _ = planner.NeededReferences(cfg, snap)
		_, _ = planner.NeededProofs(cfg, snap)
		p, err := planner.Build(cfg, snap, planner.Options{})
		if err != nil {
			return
		}
		raw, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := planner.Decode(raw); err != nil {
			t.Fatal(err)
		}
	})
}
