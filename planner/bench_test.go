package planner_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// settledSnapshot is a tenant and the forest that it is written to already, so
// that a plan compares everything and finds one change: the normal case.
func settledSnapshot(b *testing.B, cfg *lang.Config, groups, users, memberships int) planner.Snapshot {
	return snapshot(b, cfg, groups, users, memberships, true)
}

// snapshot is a tenant and its forest. Memberships are spread evenly and every
// member is synchronised.
func snapshot(b *testing.B, cfg *lang.Config, groups, users, memberships int, written bool) planner.Snapshot {
	b.Helper()
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		snap[p.Address()] = planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
	}
	entra, ad := snap["provider.entra.contoso"], snap["provider.ad.corp"]
	for _, ou := range []string{"OU=People,", "OU=Cloud Groups,", "OU=Security,OU=Cloud Groups,", ""} {
		ad.Add("organizationalUnit", guid("ou "+ou), ou+base, planner.Live)
	}
	person := func(i int) (cloud, local string) {
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", i), fmt.Sprintf("00000000-0000-4000-9000-%012x", i)
	}
	userDN := func(i int) string { return "CN=User Number " + strconv.Itoa(i) + ",OU=People," + base }
	for i := range users {
		cloud, local := person(i)
		o := ad.Add("user", local, userDN(i), planner.Live)
		ad.Set(o, "objectGUID", octets(local))
		ad.Set(o, "objectSid", sid(uint32(100000+i)))
		ad.Set(o, "displayName", "User Number "+strconv.Itoa(i))
		ad.Set(o, "userPrincipalName", "user"+strconv.Itoa(i)+"@corp.example.com")
		e := entra.Add("user", cloud, cloud, planner.Live)
		entra.Set(e, "displayName", "User Number "+strconv.Itoa(i))
		entra.Set(e, "userPrincipalName", "user"+strconv.Itoa(i)+"@example.com")
		entra.Set(e, "onPremisesSyncEnabled", "TRUE")
		entra.Set(e, "onPremisesImmutableId", base64.StdEncoding.EncodeToString([]byte(octets(local))))
	}
	order := rand.New(rand.NewPCG(1, 2))
	each := memberships / groups
	cloudIDs, adIDs := make([]planner.ObjectID, each), make([]planner.ObjectID, each)
	for i := range groups {
		id := guid("group " + strconv.Itoa(i))
		name := "Group Number " + strconv.Itoa(i)
		e := entra.Add("group", id, id, planner.Live)
		for attr, v := range map[string]string{"id": id, "displayName": name, "cloudAnchor": "Group_" + id, "cloudMastered": "TRUE",
			"securityEnabled": "TRUE", "mailEnabled": "FALSE", "writebackConfiguration/isEnabled": "TRUE", "memberCount": strconv.Itoa(each)} {
			entra.Set(e, attr, v)
		}
		for k := range each {
			n := order.IntN(users)
			cloud, local := person(n)
			cloudIDs[k], adIDs[k] = entra.ByAnchor(cloud), ad.ByAnchor(local)
		}
		entra.SetReferences(e, "member", append([]planner.ObjectID(nil), cloudIDs...))
		if !written {
			continue
		}
		o := ad.Add("group", guid("ad group "+strconv.Itoa(i)), "CN="+name+"_"+id[24:]+",OU=Security,OU=Cloud Groups,"+base, planner.Live)
		for attr, v := range map[string]string{"adminDescription": "Group_" + id, "displayName": name, "groupType": "-2147483640",
			"objectSid": sid(uint32(1000000 + i)), "sAMAccountName": "$" + id[:13]} {
			ad.Set(o, attr, v)
		}
		if i == 0 && each > 0 {
			adIDs[0] = ad.ByAnchor(guid("ou ")) // one group has drifted
		}
		ad.SetReferences(o, "member", append([]planner.ObjectID(nil), adIDs...))
	}
	return snap
}

// BenchmarkBuild plans over spaces in memory. ns/membership and B/membership are
// what memberships add: the difference to a plan of the same groups and users
// without any. B/object is what users and groups take in the two spaces.
func BenchmarkBuild(b *testing.B) {
	cfg := load(b, preamble+writebackBlock(""))
	for _, size := range []struct{ groups, users, memberships int }{
		{1000, 5000, 10000}, {10000, 50000, 100000}, {10000, 50000, 1000000},
	} {
		b.Run(fmt.Sprintf("groups=%d/users=%d/memberships=%d", size.groups, size.users, size.memberships), func(b *testing.B) {
			before := heap()
			empty := settledSnapshot(b, cfg, size.groups, size.users, 0)
			bare := heap() - before
			snap := settledSnapshot(b, cfg, size.groups, size.users, size.memberships)
			full := heap() - before - bare
			without := time.Duration(math.MaxInt64)
			for range 3 {
				start := time.Now()
				plan(b, cfg, empty)
				without = min(without, time.Since(start))
			}
			for b.Loop() {
				if p := plan(b, cfg, snap); len(p.Changes) != 1 {
					b.Fatalf("%d changes, want the one that drifted", len(p.Changes))
				}
			}
			per := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(per-without)/float64(size.memberships), "ns/membership")
			b.ReportMetric(float64(full-bare)/float64(size.memberships), "B/membership")
			b.ReportMetric(float64(bare)/float64(size.groups+size.users)/2, "B/object")
			b.ReportMetric(float64(size.groups+size.users)*2/per.Seconds(), "objects/s")
			runtime.KeepAlive(empty)
			runtime.KeepAlive(snap)
		})
	}
}

// BenchmarkBuildNew plans a tenant of which nothing is written yet: every group
// is created, with all its members.
func BenchmarkBuildNew(b *testing.B) {
	cfg := load(b, preamble+writebackBlock(""))
	snap := snapshot(b, cfg, 10000, 50000, 100000, false)
	for b.Loop() {
		if p := plan(b, cfg, snap); p.Summary.Create != 10000 {
			b.Fatalf("%d creations, want one for each group", p.Summary.Create)
		}
	}
}

func plan(b *testing.B, cfg *lang.Config, snap planner.Snapshot) *planner.Plan {
	p, err := planner.Build(cfg, snap, planner.Options{Version: "0.1.0"})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkRevert takes back a run that updated 10,000 groups and gave each of them
// its 100 members.
func BenchmarkRevert(b *testing.B) {
	cfg := load(b, preamble, writebackBlock(""))
	snap := settledSnapshot(b, cfg, 10_000, 50_000, 1_000_000)
	s := snap["provider.ad.corp"]
	run := planner.PastRun{ID: "r"}
	for o := range planner.ObjectID(s.Len()) {
		if s.Type(o) != "group" {
			continue
		}
		op := planner.Recorded{Provider: s.Provider, Address: "writeback.cloud[\"x\"]", Name: s.First(o, "displayName")}
		op.ObjectType, op.Anchor, op.DNAfter, op.DNBefore = "group", s.Anchor(o), s.Name(o), s.Name(o)
		update, members := op, op
		update.Verb = planner.VerbUpdate
		update.Edits = []planner.Edit{{Attribute: "displayName", Before: planner.Texts("former name"), After: planner.Texts(s.First(o, "displayName"))}}
		members.Verb = planner.VerbMembers
		ids, _ := s.References(o, "member")
		for _, m := range ids {
			members.Add = append(members.Add, planner.MemberChange{DN: s.Name(m), ID: s.Anchor(m), Name: s.First(m, "displayName")})
		}
		run.Operations = append(run.Operations, update, members)
	}
	b.ResetTimer()
	for range b.N {
		p, err := planner.Revert(cfg, snap, run, false, planner.Options{})
		if err != nil || p.Summary.Update != 10_000 || p.Summary.MembersRemove < 990_000 {
			b.Fatalf("%v, %+v", err, p.Summary)
		}
	}
}

// BenchmarkPseudonyms replaces the names and values of 5,000 groups and 55,000
// people in two directories, with 20 values each, and writes the file.
func BenchmarkPseudonyms(b *testing.B) {
	cfg := load(b, preamble, writebackBlock(""))
	snap := settledSnapshot(b, cfg, 5_000, 55_000, 500_000)
	for _, s := range snap {
		for o := range planner.ObjectID(s.Len()) {
			if s.Type(o) != "user" {
				continue
			}
			n := strconv.Itoa(int(o))
			for _, name := range []string{"givenName", "surname", "sn", "title", "department", "company", "mobile", "telephoneNumber", "city", "l", "employeeID", "streetAddress"} {
				s.Set(o, name, name+" "+n)
			}
			s.Set(o, "mail", "someone."+n+"@example.com")
			s.Set(o, "proxyAddresses", "SMTP:someone."+n+"@example.com", "smtp:alias."+n+"@example.com", "smtp:n"+n+"@mail.example.com")
		}
	}
	b.ResetTimer()
	for range b.N {
		p, err := planner.NewPseudonyms(cfg, snap, pseudonymKey, nil)
		if err != nil {
			b.Fatal(err)
		}
		out, err := p.Snapshot(snap)
		if err == nil {
			err = planner.EncodeSnapshot(io.Discard, out, planner.SnapshotInfo{Pseudonymised: p.Policy()})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
