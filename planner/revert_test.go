package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

const (
	adCorp  = "provider.ad.corp"
	contoso = "provider.entra.contoso"
	root    = "OU=Cloud Groups," + base
)

// past is a run with these operations.
func past(operations ...planner.Recorded) planner.PastRun {
	return planner.PastRun{ID: "r1", Started: "2026-11-23T10:00:00Z", Who: "kim", Operations: operations}
}

// recorded is an operation on an object of AD.
func recorded(verb planner.Verb, o *adObject, change func(*planner.Recorded)) planner.Recorded {
	op := planner.Recorded{Provider: adCorp, Address: "writeback.cloud[\"x\"]", Name: "the group"}
	op.Verb, op.ObjectType, op.Anchor, op.DNBefore, op.DNAfter = verb, o.class, o.guid, o.dn, o.dn
	if verb == planner.VerbCreate {
		op.Created, op.Anchor, op.DNBefore = o.guid, "", ""
	}
	if change != nil {
		change(&op)
	}
	return op
}

func edited(attribute string, before, after []string) planner.Edit {
	return planner.Edit{Attribute: attribute, Before: planner.Texts(before...), After: planner.Texts(after...)}
}

func withEdits(list ...planner.Edit) func(*planner.Recorded) {
	return func(op *planner.Recorded) { op.Edits = list }
}

func memberOf(o *adObject) planner.MemberChange {
	return planner.MemberChange{DN: o.dn, Name: o.dn, ID: o.guid}
}

// written is a group that carries a mark.
func (w *world) written(name string, attrs map[string][]string) *adObject {
	if attrs == nil {
		attrs = map[string][]string{}
	}
	attrs["adminDescription"] = []string{"Group_" + guid("group "+name)}
	return w.add("group", "CN="+name+","+root, attrs)
}

func revert(t tester, cfg *lang.Config, w *world, run planner.PastRun, o planner.Options) *planner.Plan {
	t.Helper()
	o.Now, o.Version = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), "0.1.0"
	p, err := planner.Revert(cfg, w.read(t, cfg, nil), run, false, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outline says what a plan does and what it leaves, a line each.
func outline(p *planner.Plan) string {
	var lines []string
	for _, c := range p.Changes {
		line := c.Name + ":"
		for _, a := range c.Actions {
			line += " " + string(a)
		}
		if c.DN.After != nil && c.DN.Before != nil && *c.DN.Before != *c.DN.After {
			line += " to " + *c.DN.After
		}
		for _, e := range c.Edits {
			line += fmt.Sprintf(" %s=%q", e.Attribute, texts(e.After))
		}
		if c.Members != nil {
			for _, m := range c.Members.Add {
				line += " +" + m.DN
			}
			for _, m := range c.Members.Remove {
				line += " -" + m.DN
			}
		}
		for _, n := range c.Notes {
			if strings.Contains(n, "SINCE") || strings.Contains(n, "LOST") {
				line += " {" + n + "}"
			}
		}
		if c.Blocked != nil {
			line += " blocked " + c.Blocked.Code
		}
		lines = append(lines, line)
	}
	for _, d := range p.Diagnostics {
		if d.Code == "not_revertible" {
			lines = append(lines, "left: "+d.Detail)
		}
	}
	slices.Sort(lines)
	return strings.ReplaceAll(strings.Join(lines, "\n"), ","+base, "")
}

func TestRevert(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	for name, test := range map[string]struct {
		run  func(w *world) planner.PastRun
		want string
	}{
		"an edit that stands": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"description": {"new"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("description", []string{"old"}, []string{"new"}))))
		}, `the group: update description=["old"]`},
		"an edit that is back already": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"description": {"old"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("description", []string{"old"}, []string{"new"}))))
		}, ""},
		"one of two values was changed since": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"description": {"by hand"}, "info": {"new"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("description", nil, []string{"new"}), edited("info", nil, []string{"new"}))))
		}, `left: "g" (CN=g,OU=Cloud Groups): somebody changed description since; that is left as it is.
the group: update info=[]`},
		"a list is one value": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"proxyAddresses": {"SMTP:b", "smtp:a", "smtp:hand"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("proxyAddresses", []string{"SMTP:a"}, []string{"SMTP:b", "smtp:a"}))))
		}, `left: "g" (CN=g,OU=Cloud Groups): somebody changed proxyAddresses since; that is left as it is.`},
		"values in another order and spelling": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"proxyAddresses": {"smtp:a", "SMTP:b"}, "msExchHideFromAddressLists": {"TRUE"}, "groupType": {"8"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("groupType", []string{"2"}, []string{"08"}),
				edited("msExchHideFromAddressLists", nil, []string{"true"}), edited("proxyAddresses", nil, []string{"SMTP:b", "smtp:a"}))))
		}, `the group: update groupType=["2"] msExchHideFromAddressLists=[] proxyAddresses=[]`},
		"two edits of one attribute in one run": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"info": {"c"}})
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("info", []string{"a"}, []string{"b"}))),
				recorded(planner.VerbUpdate, g, withEdits(edited("info", []string{"b"}, []string{"c"}))))
		}, `the group: update info=["a"]`},
		"it is gone": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			w.objects = slices.DeleteFunc(w.objects, func(o *adObject) bool { return o == g })
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("info", nil, []string{"b"}))), recorded(planner.VerbMembers, g, nil))
		}, `left: "the group" (CN=g,OU=Cloud Groups): it is no longer there.`},
		"a name that is taken by now": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			w.add("user", "CN=old,"+root, nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore = "CN=old," + root }))
		}, `left: "g" (CN=g,OU=Cloud Groups): its former name CN=old,OU=Cloud Groups belongs to "old" (CN=old,OU=Cloud Groups) by now.`},
		"moved again since": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore, op.DNAfter = "CN=old,"+root, "CN=then,"+root }))
		}, `left: "g" (CN=g,OU=Cloud Groups): somebody changed its name or place since; that is left as it is.`},
		"an exchange of names": {func(w *world) planner.PastRun {
			g, h := w.written("g", nil), w.written("h", nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore, op.DNAfter = "CN=h,"+root, "CN=aside,"+root }),
				recorded(planner.VerbMove, h, func(op *planner.Recorded) { op.DNBefore = "CN=g," + root }),
				recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore = "CN=aside," + root }))
		}, "the group: rename to CN=g,OU=Cloud Groups\nthe group: rename to CN=h,OU=Cloud Groups"},
		"into an OU that is gone by now": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore = "CN=g,OU=Old," + root }))
		}, "Old: create\nthe group: move to CN=g,OU=Old,OU=Cloud Groups"},
		"into an OU that landfall does not make": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore = "CN=g,OU=Old," + base }))
		}, `left: "g" (CN=g,OU=Cloud Groups): its former place OU=Old does not exist any more, or this identity does not see it.`},
		"a group that the run made": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"info": {"x"}})
			return past(recorded(planner.VerbCreate, g, withEdits(edited("adminDescription", nil, g.attrs["adminDescription"]), edited("info", nil, []string{"x"}))))
		}, "the group: delete"},
		"a group that the run made, and that was changed since": {func(w *world) planner.PastRun {
			g, u := w.written("g", map[string][]string{"info": {"y"}}), w.add("user", "CN=u,OU=People,"+base, nil)
			g.members = []string{u.guid}
			return past(recorded(planner.VerbCreate, g, withEdits(edited("adminDescription", nil, g.attrs["adminDescription"]), edited("info", nil, []string{"x"}))))
		}, "the group: delete {CHANGED SINCE: 1 member that the run did not add, info; that goes, too}"},
		"a group that the run made, and that was moved since": {func(w *world) planner.PastRun {
			g := w.written("g", nil)
			return past(recorded(planner.VerbCreate, g, func(op *planner.Recorded) { op.DNAfter = "CN=g,OU=Old," + root }))
		}, `left: "g" (CN=g,OU=Cloud Groups): this run made it at CN=g,OU=Old,OU=Cloud Groups, and somebody moved or renamed it since; it stays. Take back the later run first, or delete it by hand.`},
		"a group that the run made, without our mark by now": {func(w *world) planner.PastRun {
			g := w.add("group", "CN=g,"+root, nil)
			return past(recorded(planner.VerbCreate, g, nil))
		}, `left: "g" (CN=g,OU=Cloud Groups): this run made it, but it does not carry landfall's mark any more (adminDescription); it stays.`},
		"a group that the run made, and that Cloud Sync writes by now": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"msDS-ExternalDirectoryObjectId": {"Group_1"}})
			return past(recorded(planner.VerbCreate, g, nil))
		}, `left: "g" (CN=g,OU=Cloud Groups): this run made it, but Entra Cloud Sync writes it by now; it stays.`},
		"what Windows itself made": {func(w *world) planner.PastRun {
			g := w.written("g", map[string][]string{"info": {"new"}})
			g.attrs["objectSid"] = []string{sid(512)}
			return past(recorded(planner.VerbUpdate, g, withEdits(edited("info", nil, []string{"new"}))))
		}, "the group: update info=[] blocked protected"},
		"hostile names": {func(w *world) planner.PastRun {
			g := w.written(`a\, \"b\" \+ \0A\E2\80\AE`, nil)
			return past(recorded(planner.VerbMove, g, func(op *planner.Recorded) { op.DNBefore = `CN=\#1\, =x\\,` + root }))
		}, `the group: rename to CN=\#1\, \=x\\,OU=Cloud Groups`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			if diff := cmp.Diff(test.want, outline(revert(t, cfg, w, test.run(w), planner.Options{}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevertMembers(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	user := func(name string) *adObject { return w.add("user", "CN="+name+",OU=People,"+base, nil) }
	g, made := w.written("g", nil), w.written("made", nil)
	added, back, removed, again, renamed := user("added"), user("back"), user("removed"), user("again"), user("renamed")
	g.members = []string{added.guid, again.guid, made.guid}
	gone := &adObject{guid: guid("gone"), dn: "CN=gone,OU=People," + base}
	byMark := memberOf(made)
	byMark.ID = made.attrs["adminDescription"][0]
	before := memberOf(renamed)
	before.DN = "CN=former name,OU=People," + base
	run := past(
		recorded(planner.VerbMembers, g, func(op *planner.Recorded) {
			op.Add = []planner.MemberChange{memberOf(added), memberOf(back), memberOf(gone), byMark}
		}),
		recorded(planner.VerbMembers, g, func(op *planner.Recorded) {
			op.Remove = []planner.MemberChange{memberOf(removed), memberOf(again), before, memberOf(gone)}
		}))
	want := `left: "g" (CN=g,OU=Cloud Groups): its member "CN=gone,OU=People" (CN=gone,OU=People) is no longer there.
the group: members +CN=removed,OU=People +CN=renamed,OU=People -CN=added,OU=People -CN=made,OU=Cloud Groups`
	if diff := cmp.Diff(want, outline(revert(t, cfg, w, run, planner.Options{}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Deleted groups that were members of one another come back as members of one
// another, whether the Recycle Bin has them or not.
func TestRevertDeletes(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	user := w.add("user", "CN=u,OU=People,"+base, nil)
	ours, theirs := w.written("ours", nil), w.add("group", "CN=theirs,OU=People,"+base, nil)
	binned := w.written("binned", nil)
	lost := &adObject{guid: guid("lost"), dn: "CN=lost," + root, class: "group"}
	w.objects = slices.DeleteFunc(w.objects, func(o *adObject) bool { return o == binned })
	held := func(o *adObject, more ...planner.Edit) func(*planner.Recorded) {
		return func(op *planner.Recorded) {
			op.DNAfter = ""
			op.Edits = append(more, edited("adminDescription", []string{"Group_" + guid("group "+o.dn)}, nil))
			op.MemberOf = []planner.MemberChange{memberOf(ours), memberOf(theirs), memberOf(binned)}
			op.Remove = []planner.MemberChange{memberOf(user), memberOf(binned), memberOf(lost)}
		}
	}
	run := past(
		recorded(planner.VerbDelete, binned, held(binned)),
		recorded(planner.VerbDelete, lost, held(lost, edited("description", []string{"d"}, nil), edited("managedBy", []string{user.dn}, nil),
			edited("authOrig", []string{"CN=who,OU=People," + base}, nil), edited("objectSid", []string{"x"}, nil))))
	binned.dn = `CN=binned\0ADEL:` + binned.guid + ",CN=Deleted Objects," + base
	w.bin = []*adObject{binned}
	mark := "Group_" + guid("group CN=lost,"+root)
	want := `CN=ours,OU=Cloud Groups: members +CN=lost,OU=Cloud Groups
left: "the group" (CN=lost,OU=Cloud Groups): authOrig was CN=who,OU=People, which is no longer there.
left: "the group" (CN=lost,OU=Cloud Groups): it cannot come back as the object that it was: the Recycle Bin does not have it any more. It is made anew with what the journal holds, gets another SID and objectGUID, and access that was given to the old one, and other objects' references to it but memberships, stay lost.
left: "the group" (CN=lost,OU=Cloud Groups): it was a member of "CN=theirs,OU=People" (CN=theirs,OU=People), which landfall does not write; add it by hand.
the group: create members adminDescription=["` + mark + `"] description=["d"] managedBy=["CN=u,OU=People"] +CN=binned,OU=Cloud Groups +CN=lost,OU=Cloud Groups +CN=u,OU=People {SID LOST: it is made anew, and access that was given to the group that was deleted does not come back}
the group: restore members to CN=binned,OU=Cloud Groups +CN=lost,OU=Cloud Groups`
	if diff := cmp.Diff(want, outline(revert(t, cfg, w, run, planner.Options{}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRevertOUs(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""), "guard \"deletes\" {\n  action    = \"delete\"\n  max_count = 1\n}\n")
	w := newWorld()
	ou := func(name, created, changed string) *adObject {
		return w.add("organizationalUnit", name+","+root, map[string][]string{"uSNCreated": {created}, "uSNChanged": {changed}})
	}
	empty, outer, touched, filled, unknown := ou("OU=Empty", "5", "5"), ou("OU=Outer", "5", "5"), ou("OU=Touched", "5", "6"), ou("OU=Filled", "5", "5"), ou("OU=Unknown", "", "")
	inner, blocked := ou("OU=Inner,OU=Outer", "5", "5"), ou("OU=Blocked", "5", "5")
	w.add("user", "CN=somebody,OU=Filled,"+root, nil)
	moved := w.written("moved,OU=Inner,OU=Outer", nil)
	g, h := w.written("g,OU=Blocked", nil), w.written("h,OU=Blocked", nil)
	run := past(
		recorded(planner.VerbCreate, empty, nil), recorded(planner.VerbCreate, outer, nil), recorded(planner.VerbCreate, touched, nil),
		recorded(planner.VerbCreate, filled, nil), recorded(planner.VerbCreate, unknown, nil), recorded(planner.VerbCreate, inner, nil), recorded(planner.VerbCreate, blocked, nil),
		recorded(planner.VerbMove, moved, func(op *planner.Recorded) { op.DNBefore = "CN=moved," + root }),
		recorded(planner.VerbCreate, g, nil), recorded(planner.VerbCreate, h, nil))
	var got []string
	p := revert(t, cfg, w, run, planner.Options{})
	for _, c := range p.Changes {
		line := string(c.Actions[0]) + " " + *c.DN.Before
		if c.Blocked != nil {
			line += " blocked"
		}
		got = append(got, strings.TrimSuffix(line, ","+root))
	}
	for _, d := range p.Diagnostics {
		if d.Code == "not_revertible" {
			_, why, _ := strings.Cut(d.Detail, "organizational unit, and it stays")
			got = append(got, why)
		}
	}
	slices.Sort(got)
	want := []string{
		", because something in it is blocked or left out.",
		": it is not empty any more: CN=somebody,OU=Filled," + root + ".",
		": somebody changed it since (a description, a group policy, permissions, …).",
		": this identity cannot read whether somebody changed it since (uSNCreated, uSNChanged).",
		"delete CN=g,OU=Blocked," + root + " blocked",
		"delete CN=h,OU=Blocked," + root + " blocked",
		"delete OU=Empty", "delete OU=Inner,OU=Outer", "delete OU=Outer",
		"move CN=moved,OU=Inner,OU=Outer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A redacted value is not in the journal. What the run made of nothing can be made
// nothing again, and what stands is known by its hash.
func TestRevertRedacted(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""), "settings {\n  redact = [\"info\", \"description\"]\n}\n")
	o := planner.Options{RedactKey: []byte("k")}
	w := newWorld()
	g := w.written("g", map[string][]string{"info": {"secret"}, "description": {"new"}})
	hidden := hashes(t, cfg, w, g, o)
	run := past(recorded(planner.VerbUpdate, g, withEdits(
		planner.Edit{Attribute: "info", After: []planner.Datum{{Hash: hidden["secret"], Length: 6}}},
		planner.Edit{Attribute: "description", Before: []planner.Datum{{Hash: "hmac-sha256:00", Length: 3}}, After: []planner.Datum{{Hash: hidden["new"], Length: 3}}})))
	p := revert(t, cfg, w, run, o)
	want := `left: "g" (CN=g,OU=Cloud Groups): description is redacted, so the journal does not hold the value from before.
the group: update info=[]`
	if diff := cmp.Diff(want, outline(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := dump(p); strings.Contains(text, "secret") {
		t.Error("the plan shows the value")
	}
	saved, err := planner.Decode([]byte(dump(p)))
	if err != nil {
		t.Fatal(err)
	}
	if err := saved.RevealFrom(cfg, w.read(t, cfg, nil), o.RedactKey); err != nil || saved.Changes[0].Edits[0].Before[0].Text != "secret" {
		t.Errorf("a saved revert does not get the value back from the directory: %v %+v", err, saved.Changes[0].Edits)
	}

	other := revert(t, cfg, w, run, planner.Options{RedactKey: []byte("another key")})
	if len(other.Changes) > 0 {
		t.Errorf("with another key nobody knows what stands: %s", outline(other))
	}
}

// hashes are those of an object's values, as a journal has them.
func hashes(t *testing.T, cfg *lang.Config, w *world, o *adObject, options planner.Options) map[string]string {
	t.Helper()
	s := w.read(t, cfg, nil)[adCorp]
	out := map[string]string{}
	for _, e := range planner.HoldingsOf(cfg, s, s.ByAnchor(o.guid), options.RedactKey).Edits {
		for _, d := range e.Before {
			if d.Hash != "" {
				out[d.Text] = d.Hash
			}
		}
	}
	return out
}

// Guards count what a revert does, by the writeback that has the objects now.
func TestRevertIsGuarded(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""), "guard \"updates\" {\n  action    = \"update\"\n  max_count = 1\n  writeback = writeback.cloud\n}\n")
	w := newWorld()
	var ops []planner.Recorded
	for _, name := range []string{"a", "b"} {
		source := w.group(name)
		g := w.add("group", "CN="+name+","+root, map[string][]string{"info": {"new"}, "adminDescription": {"Group_" + source.id}})
		op := recorded(planner.VerbUpdate, g, withEdits(edited("info", nil, []string{"new"})))
		op.Address = "writeback.former_name[\"Group_" + source.id + "\"]"
		ops = append(ops, op)
	}
	p := revert(t, cfg, w, past(ops...), planner.Options{})
	for _, c := range p.Changes {
		if c.Blocked == nil || c.Blocked.By != "guard.updates" || !strings.HasPrefix(c.Address, "writeback.cloud[") {
			t.Errorf("%s: %+v", c.Address, c.Blocked)
		}
	}
	if len(p.Changes) != 2 {
		t.Errorf("%d changes", len(p.Changes))
	}
	accepted := revert(t, cfg, w, past(ops...), planner.Options{Accept: map[string]int{"guard.updates": 2}})
	if accepted.Summary.Blocked > 0 {
		t.Errorf("accepted, and %d blocked", accepted.Summary.Blocked)
	}
}

func TestRevertRefusesOtherDirectories(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	g := w.written("g", nil)
	op := recorded(planner.VerbUpdate, g, nil)
	elsewhere := op
	elsewhere.Provider = "provider.ad.other"
	for _, run := range []planner.PastRun{
		past(op, elsewhere),
		{ID: "r1", Operations: []planner.Recorded{op}, Directories: map[string]string{adCorp: "domain dc=lab"}},
	} {
		if _, err := planner.Revert(cfg, w.read(t, cfg, nil), run, false, planner.Options{}); err == nil || !strings.Contains(err.Error(), "run r1 wrote to") {
			t.Errorf("%v", err)
		}
	}
	same := planner.PastRun{ID: "r1", Operations: []planner.Recorded{op}, Directories: planner.DirectoryIDs(cfg)}
	if _, err := planner.Revert(cfg, w.read(t, cfg, nil), same, false, planner.Options{}); err != nil {
		t.Error(err)
	}
}

// The state of a group in Entra ID goes back, too.
func TestRevertInEntra(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	g := w.group("g")
	op := planner.Recorded{Provider: contoso, Address: "writeback.cloud[\"x\"]", Name: "g"}
	op.Verb, op.ObjectType, op.Anchor = planner.VerbUpdate, "group", g.id
	op.Edits = []planner.Edit{edited("writebackConfiguration/isEnabled", nil, []string{"TRUE"}), edited("writebackConfiguration/onPremisesGroupType", []string{"universalDistributionGroup"}, []string{"universalSecurityGroup"})}
	p := revert(t, cfg, w, past(op), planner.Options{})
	want := `g: update writebackConfiguration/isEnabled=[] writebackConfiguration/onPremisesGroupType=["universalDistributionGroup"]`
	if diff := cmp.Diff(want, outline(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.Revert == nil || p.Revert.Run != "r1" || p.Revert.Operations != 1 {
		t.Errorf("the plan does not say what it takes back: %+v", p.Revert)
	}
}
