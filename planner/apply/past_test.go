package apply

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// forest is a configuration that connects the directory and makes OUs in it.
func forest(t interface{ Fatal(...any) }) *lang.Config {
	const text = `
		provider "entra" "contoso" {
		  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
		  sandbox   = "tenant.json"
		}
		provider "ad" "corp" {
		  base_dn = "` + base + `"
		  sandbox = "corp.ldif"
		}
		ou_mapping "groups" {
		  root    = "` + groups + `"
		  create  = true
		  default = ""
		}`
	cfg, _, diags := lang.LoadFS(fstest.MapFS{"main.hcl": {Data: []byte(text)}}, lang.LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// snapshot is the directory as it would be read for a revert.
func (d *directory) snapshot(cfg *lang.Config, bin planner.RecycleBin) planner.Snapshot {
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		snap[p.Address()] = planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
	}
	s := snap[corp]
	s.RecycleBin = bin
	for _, e := range d.sorted() {
		mark := e.attributes[markAttribute]
		if e.typ == "domain" || e.deleted && (mark == "" || bin != planner.RecycleBinReadable) {
			continue
		}
		name, state := e.dn, planner.Live
		if e.deleted {
			name, state = below(`gone\0ADEL:`+e.anchor, "CN=Deleted Objects,"+base), planner.Deleted
		}
		o := s.Add(e.typ, e.anchor, name, state)
		for a, v := range e.attributes {
			if v != "" {
				s.Set(o, a, v)
			}
		}
		if e.typ == objectTypeOU {
			s.Set(o, "uSNCreated", "7")
			s.Set(o, "uSNChanged", "7")
		}
	}
	for _, e := range d.sorted() {
		if o := s.ByAnchor(e.anchor); o != planner.NoObject && e.typ == "group" {
			var ids []planner.ObjectID
			for m := range e.members {
				if member := d.entries[m]; !member.deleted {
					ids = append(ids, s.ByAnchor(m))
				}
			}
			s.SetReferences(o, "member", ids)
		}
	}
	return snap
}

// holdings are what the objects hold that p deletes.
func (d *directory) holdings(cfg *lang.Config, p *planner.Plan) map[planner.HoldingKey]planner.Holdings {
	s := d.snapshot(cfg, planner.RecycleBinReadable)[corp]
	held := map[planner.HoldingKey]planner.Holdings{}
	for _, anchor := range p.Doomed(corp) {
		o := s.ByAnchor(anchor)
		var groups []planner.ObjectID
		for g := range planner.ObjectID(s.Len()) {
			if ids, _ := s.References(g, "member"); s.State(g) == planner.Live && slices.Contains(ids, o) {
				groups = append(groups, g)
			}
		}
		s.SetReferences(o, "memberOf", groups)
		held[planner.HoldingKey{Provider: corp, Anchor: anchor}] = planner.HoldingsOf(cfg, s, o, nil)
	}
	return held
}

// dump is everything that lives, by name: what is in it, and who its members are.
func (d *directory) dump() []string {
	var out []string
	for _, e := range d.sorted() {
		if e.deleted {
			continue
		}
		out = append(out, e.dn)
		for _, a := range slices.Sorted(maps.Keys(e.attributes)) {
			if e.attributes[a] != "" {
				out = append(out, e.dn+" "+a+": "+e.attributes[a])
			}
		}
		for m := range e.members {
			if member := d.entries[m]; !member.deleted {
				out = append(out, e.dn+" member: "+member.dn)
			}
		}
	}
	slices.Sort(out)
	return out
}

// record carries a plan out and reads its journal back.
func (w *world) record(t *rapid.T, cfg *lang.Config, p *planner.Plan, forget bool) *Record {
	w.d.log = nil
	j := &journal{}
	_, err := Run(t.Context(), p, Options{Writers: map[string]planner.Writer{corp: w.d}, Journal: j, Held: w.d.holdings(cfg, p), backoff: atOnce})
	if err != nil {
		t.Fatal(err)
	}
	rec := &Record{Header: Header{Run: "run"}}
	started := map[int]int{}
	for _, e := range j.before {
		if e.Attempt > 1 {
			rec.Operations[started[e.Number]].Attempts = e.Attempt
		} else if err := rec.start(&e, started); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range j.after {
		i := started[e.Number]
		rec.Operations[i].Result = e.Result
		if forget && len(rec.Operations) > 0 && i == len(rec.Operations)-1 {
			rec.Operations[i].Result = nil // killed before this line was written
		}
	}
	return rec
}

// takeBack reverts a run until nothing is left to do, and returns the journals of
// the reverts. A name that becomes free by a delete takes a second one.
func (w *world) takeBack(t *rapid.T, cfg *lang.Config, rec *Record, bin planner.RecycleBin) []*Record {
	var undone []*Record
	for range 3 {
		p := w.revert(t, cfg, rec, bin)
		if len(p.Changes) == 0 {
			return undone
		}
		got := w.record(t, cfg, p, false)
		for _, o := range got.Operations {
			if o.Result.Status != StatusDone {
				t.Fatalf("%s of %s: %s %s", o.Verb, o.Name, o.Result.Status, o.Result.Error)
			}
		}
		undone = append(undone, got)
	}
	p := w.revert(t, cfg, rec, bin)
	t.Fatalf("still to take back: %+v", p.Changes)
	return nil
}

func (w *world) revert(t *rapid.T, cfg *lang.Config, rec *Record, bin planner.RecycleBin) *planner.Plan {
	p, err := planner.Revert(cfg, w.d.snapshot(cfg, bin), rec.Past(), false, planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A revert brings back all that a run changed, whatever became of its operations,
// and the revert of the revert all that it changed in turn.
func TestRevertBringsEverythingBack(t *testing.T) {
	cfg := forest(t)
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld().Draw(t, "world")
		bin := rapid.SampledFrom([]planner.RecycleBin{planner.RecycleBinReadable, planner.RecycleBinDisabled}).Draw(t, "bin")
		before := w.d.dump()
		seed := rapid.SliceOfN(rapid.IntRange(0, 9), 16, 16).Draw(t, "trouble")
		w.d.trouble = func(n int, op planner.Operation) (planner.Result, bool) {
			if op.ObjectType == objectTypeOU {
				return planner.Result{}, false
			}
			switch seed[n%len(seed)] {
			case 0:
				return refused(50, "insufficient access"), true
			case 1: // it happens, and the answer is lost
				return planner.Result{Status: planner.StatusUnknown, Err: w.d.carryOut(op).Err}, true
			case 2: // it does not happen, and nobody knows
				return planner.Result{Status: planner.StatusUnknown}, true
			}
			return planner.Result{}, false
		}
		rec := w.record(t, cfg, w.plan(), rapid.Bool().Draw(t, "killed"))
		after := w.d.dump()
		w.d.trouble = nil

		undone := w.takeBack(t, cfg, rec, bin)
		if diff := cmp.Diff(before, w.d.dump()); diff != "" {
			t.Fatalf("before the run (-), and after it was taken back (+):\n%s\n%s", diff, verbs(w.d))
		}
		for _, r := range slices.Backward(undone) {
			w.takeBack(t, cfg, r, bin)
		}
		if diff := cmp.Diff(after, w.d.dump()); diff != "" {
			t.Fatalf("after the run (-), and after its revert was taken back (+):\n%s", diff)
		}
	})
}

func TestPastKeepsWhatMayHaveHappened(t *testing.T) {
	member := func(name string) planner.MemberChange {
		return planner.MemberChange{DN: below(name, people), Name: name}
	}
	op := func(n int, verb planner.Verb, r *ResultEntry) Recorded {
		return Recorded{Number: n, Provider: corp, Result: r, OperationEntry: OperationEntry{Verb: verb, Name: fmt.Sprint(n),
			Add: []planner.MemberChange{member("a"), member("b"), member("c")}}}
	}
	rec := &Record{Operations: []Recorded{
		op(1, planner.VerbUpdate, &ResultEntry{Status: StatusDone}),
		op(2, planner.VerbUpdate, &ResultEntry{Status: StatusFailed}),
		op(3, planner.VerbUpdate, &ResultEntry{Status: StatusStale}),
		op(4, planner.VerbUpdate, &ResultEntry{Status: StatusUnknown}),
		op(5, planner.VerbUpdate, nil),
		op(6, planner.VerbUpdate, &ResultEntry{Status: StatusNotDone}),
		{OperationEntry: OperationEntry{Name: "again"}, Attempts: 2, Result: &ResultEntry{Status: StatusFailed}},
		op(7, planner.VerbMembers, &ResultEntry{Status: StatusFailed}),
		op(8, planner.VerbMembers, &ResultEntry{Status: StatusDone, Refused: []RefusedEntry{{Member: member("b"), Add: true}}, Unneeded: []planner.MemberChange{member("c")}}),
	}}
	var got []string
	for _, o := range rec.Past().Operations {
		line := o.Name
		if o.Doubt {
			line += "?"
		}
		if o.Verb == planner.VerbMembers {
			for _, m := range o.Add {
				line += " " + m.Name
			}
		}
		got = append(got, line)
	}
	if diff := cmp.Diff("1, 4?, 5?, again?, 7? a b c, 8 a", strings.Join(got, ", ")); diff != "" {
		t.Error(diff)
	}
}
