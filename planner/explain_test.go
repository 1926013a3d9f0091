package planner_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

func explain(t tester, cfg *lang.Config, w *world, object, attribute string) *planner.Explanation {
	t.Helper()
	e, err := planner.Explain(cfg, w.read(t, cfg, nil), explainOptions, object, attribute)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var explainOptions = planner.Options{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Version: "0.1.0", RedactKey: []byte("key")}

// story finds what an explanation tells of one attribute.
func story(t tester, stories []planner.AttributeStory, attribute string) planner.AttributeStory {
	t.Helper()
	i := slices.IndexFunc(stories, func(s planner.AttributeStory) bool { return s.Attribute == attribute })
	if i < 0 {
		t.Fatalf("nothing is told of %s", attribute)
	}
	return stories[i]
}

// contributors are those of a story, as "rule: outcome values".
func contributors(s planner.AttributeStory) []string {
	var out []string
	for _, c := range s.Contributors {
		out = append(out, strings.TrimSpace(c.Rule+": "+c.Outcome+" "+strings.Join(texts(c.Values), ",")))
	}
	return out
}

// customRules are rules of every kind of outcome.
var customRules = strings.Join([]string{
	outRule("first", "10", flow("info", `value = "1"`)+"\nscope {\nclause {\nattribute = \"mail\"\noperator = \"ISNOTNULL\"\n}\n}"),
	outRule("nothing", "11", flow("info", "value = source.classification")),
	outRule("ignores", "12", flow("info", `expression = "IgnoreThisFlow"`)),
	outRule("wins", "13", flow("info", `value = "2 ${source.displayName}"`)),
	outRule("late", "14", flow("info", `value = "3"`)),
	outRule("off", "15", "disabled = true\n"+flow("info", `value = "4"`)),
	outRule("created", "16", flow("info", `value = "5"`, "once = true")),
	inRule("description", "17", flow("description", `expression = "IIF([displayName] = \"x\",\"no\",NULL)"`)),
}, "")

func TestExplainContributors(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	g.description = "Money"
	cfg := load(t, preamble+writebackBlock(""), customRules)
	check := func(want ...string) {
		t.Helper()
		s := story(t, explain(t, cfg, w, g.id, "info").Outbound, "info")
		if diff := cmp.Diff(want, contributors(s)); diff != "" {
			t.Error(diff)
		}
		if s.Result != "set" && s.Result != "same" || strings.Join(texts(s.Values), ",") != "2 Finance" || s.By == nil || s.By.Rule != "wins" {
			t.Errorf("the outcome is %s %v by %v", s.Result, s.Values, s.By)
		}
	}
	check("first: out", "nothing: no_value", "ignores: ignored", "wins: wins 2 Finance", "late: not_asked 3", "off: disabled", "created: not_asked 5")
	w.apply(t, build(t, cfg, w, planner.Options{}))
	check("first: out", "nothing: no_value", "ignores: ignored", "wins: wins 2 Finance", "late: not_asked 3", "off: disabled", "created: once")

	s := story(t, explain(t, cfg, w, g.id, "description").Inbound, "description")
	want := []string{"description: no_value", "In from AAD - Group SOAInAAD: wins Money"}
	if diff := cmp.Diff(want, contributors(s)); diff != "" {
		t.Error(diff)
	}
}

// What the metaverse is asked for leads to what is computed from it, and back.
func TestExplainFollowsTheFlow(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	cfg := load(t, preamble+writebackBlock(""))
	attributes := func(stories []planner.AttributeStory) string {
		var out []string
		for _, s := range stories {
			out = append(out, s.Attribute)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ attribute, in, out string }{
		{"displayName", "displayName", "displayName"},
		{"grouptype", "groupTypes targetWritebackType", "groupType"},
		{"groupTypes", "groupTypes", "groupType mail mailNickname member msExchRecipientDisplayType msExchRecipientTypeDetails proxyAddresses"},
		{"alias", "mailNickname", ""},
		{"sAMAccountName", "", ""},
	} {
		e := explain(t, cfg, w, g.id, c.attribute)
		if got := attributes(e.Inbound); got != c.in {
			t.Errorf("%s: tells %q of the metaverse, want %q", c.attribute, got, c.in)
		}
		if got := attributes(e.Outbound); got != c.out {
			t.Errorf("%s: tells %q of AD, want %q", c.attribute, got, c.out)
		}
	}
	if _, err := planner.Explain(cfg, w.read(t, cfg, nil), explainOptions, g.id, "displayNam"); err == nil || !strings.Contains(err.Error(), `Did you mean "displayName"?`) {
		t.Errorf("an unknown attribute: %v", err)
	}
}

func TestExplainRulesAndJoins(t *testing.T) {
	w := newWorld()
	ada := w.person("Ada")
	lost := w.person("Lost")
	lost.immutableID = "nobody"
	w.group("Finance", ada.id, lost.id)
	cfg := load(t, preamble+writebackBlock(""))
	e := explain(t, cfg, w, "Ada", "")
	var got []string
	for _, r := range e.Rules {
		got = append(got, r.Direction+" "+r.Rule+": "+r.State)
	}
	for _, j := range e.Joins {
		got = append(got, j.Object.Provider+" "+j.By.Rule+": "+j.Outcome)
	}
	for _, r := range e.Read {
		got = append(got, r.Provider+" "+r.Role)
	}
	want := []string{
		"inbound In from AD - User Join: in", "inbound In from AAD - User Join: in",
		"provider.ad.corp In from AD - User Join: none", "provider.ad.corp In from AD - User Join: projected",
		"provider.entra.contoso In from AAD - User Join: joined",
		"provider.ad.corp projected", "provider.entra.contoso joined",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := []planner.MembershipStory{{"Finance", address(w.groups[0]), "add", "in_cloud"}}; !cmp.Equal(want, e.Plan.MemberOf) {
		t.Errorf("member of %v", e.Plan.MemberOf)
	}

	e = explain(t, cfg, w, lost.id, "")
	if e.Number != 0 || len(e.Joins) != 2 || e.Joins[0].Outcome != "none" || e.Joins[1].Outcome != "no_value" {
		t.Errorf("the joins of a lost user: %+v", e.Joins)
	}
	if len(e.Plan.MemberOf) != 1 || e.Plan.MemberOf[0].Code != "unresolved" {
		t.Errorf("member of %v", e.Plan.MemberOf)
	}
}

func TestExplainAmbiguousJoin(t *testing.T) {
	w := newWorld()
	ada := w.person("Ada")
	twin := w.cloudOnly("Twin", "Member")
	twin.synced, twin.immutableID = true, ada.immutableID
	w.group("Finance", ada.id, twin.id)
	cfg := load(t, preamble+writebackBlock(""))
	taken := 0
	for _, u := range []*cloudUser{ada, twin} {
		for _, j := range explain(t, cfg, w, u.id, "").Joins {
			if j.Outcome == "taken" {
				taken++
			}
		}
	}
	if taken != 1 {
		t.Errorf("%d of two users with one anchor find it taken, want 1", taken)
	}
}

func TestExplainWritebacks(t *testing.T) {
	w := newWorld()
	on, off, unset, synced, mine := w.group("On"), w.group("Off"), w.group("Unset"), w.group("Synced"), w.group("tmp-1")
	off.enabled, unset.enabled, unset.unified, synced.synced = "FALSE", "", true, true
	cfg := load(t, preamble+writebackBlock(`when = !startswith(source.displayName, "tmp-")`))
	for _, c := range []struct {
		g                   *cloudGroup
		verdict, code       string
		holds               bool
		changes, notWritten int
	}{
		{on, "write", "", true, 2, 0},
		{off, "not_written", "writeback_off", true, 0, 1},
		{unset, "not_written", "unset", true, 0, 1},
		{mine, "not_written", "when", false, 0, 1},
	} {
		e := explain(t, cfg, w, c.g.id, "")
		if len(e.Writebacks) != 1 {
			t.Fatalf("%s: %d writebacks", c.g.name, len(e.Writebacks))
		}
		wb := e.Writebacks[0]
		if wb.Verdict != c.verdict || wb.Code != c.code || wb.Holds != c.holds || len(e.Plan.Changes) != c.changes || len(e.Plan.NotWritten) != c.notWritten {
			t.Errorf("%s: %+v, plan %+v", c.g.name, wb, e.Plan)
		}
	}
	e := explain(t, cfg, w, synced.id, "")
	if len(e.Plan.NotWritten) != 1 || e.Plan.NotWritten[0].Reason != "mastered_on_premises" {
		t.Errorf("a synchronised group: %+v", e.Plan)
	}
	n := explain(t, cfg, w, on.id, "dn").Writebacks[0].Naming
	if n == nil || len(n.Rules) != 2 || n.Rules[0].Holds || !n.Rules[1].Holds || n.Desired != n.After || !strings.HasPrefix(n.After, "CN=On_") {
		t.Errorf("the name of a group: %+v", n)
	}
}

// A group whose source was deleted for good is in AD alone.
func TestExplainWhatIsLeft(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("Gone"); w.group("Stays") })
	id := w.groups[0].id
	w.groups = w.groups[1:]
	cfg := load(t, preamble+writebackBlock(""))
	snap := w.read(t, cfg, nil)
	snap["provider.entra.contoso"].ProveAbsent("id", id)
	e, err := planner.Explain(cfg, snap, explainOptions, "Group_"+id, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Plan.Changes) != 1 || e.Plan.Changes[0].Actions[0] != planner.ActionDelete {
		t.Errorf("the plan for an object whose source is gone: %+v", e.Plan)
	}
	if len(e.Writebacks) != 1 || e.Writebacks[0].Verdict != "gone" {
		t.Errorf("writebacks: %+v", e.Writebacks)
	}
}

func TestFindObjects(t *testing.T) {
	w := newWorld()
	one := w.group("Finance")
	w.groups = append(w.groups, &cloudGroup{id: guid("another"), name: "Finance", enabled: "TRUE", groupType: "universalSecurityGroup"})
	w.group("Group_" + one.id) // a liar
	ada := w.person("Ada")
	w.group("Members", ada.id)
	cfg := load(t, preamble+writebackBlock(""))
	w.apply(t, build(t, cfg, w, planner.Options{}))
	user := w.objects[slices.IndexFunc(w.objects, func(o *adObject) bool { return o.class == "user" })]
	for _, name := range []string{one.id, strings.ToUpper(one.id), "Group_" + one.id, "GROUP_" + one.id, w.marked(one.id).guid, "{" + w.marked(one.id).guid + "}", w.marked(one.id).dn,
		strings.ToUpper(w.marked(one.id).dn), first(w.marked(one.id), "sAMAccountName")} {
		e := explain(t, cfg, w, name, "")
		if i := slices.IndexFunc(e.Read, func(r planner.ReadObject) bool { return r.ID == one.id }); i < 0 {
			t.Errorf("%s finds %+v", name, e.Read)
		}
	}
	for _, name := range []string{"ada", first(user, "sAMAccountName"), ada.id, "User_" + ada.id} {
		if e := explain(t, cfg, w, name, ""); len(e.Read) != 2 {
			t.Errorf("%s finds %+v", name, e.Read)
		}
	}
	_, err := planner.Explain(cfg, w.read(t, cfg, nil), explainOptions, "finance", "")
	var several *planner.Ambiguous
	if !errors.As(err, &several) || len(several.Candidates) != 2 || several.Candidates[0].ID == several.Candidates[1].ID {
		t.Errorf("a name of two groups: %v", err)
	}
	for _, name := range []string{"", "Fin", "CN=x,", "\x00", strings.Repeat("a", 1<<16)} {
		var none *planner.NotFound
		if _, err := planner.Explain(cfg, w.read(t, cfg, nil), explainOptions, name, ""); !errors.As(err, &none) || (name == "Fin") != (len(none.Similar) > 0) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

func TestExplainHidesRedactedValues(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	g.description = "top secret"
	cfg := load(t, "settings {\nredact = [\"description\"]\n}\n"+preamble+writebackBlock(""),
		outRule("in", "10", "scope {\nclause {\nattribute = \"description\"\noperator = \"EQUAL\"\nvalue = \"top secret\"\n}\n}\n"+flow("info", `value = "x"`)))
	for _, attribute := range []string{"", "description", "info"} {
		raw, err := json.Marshal(explain(t, cfg, w, g.id, attribute))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "top secret") {
			t.Errorf("%q: a redacted value is shown: %s", attribute, raw)
		}
		if !strings.Contains(string(raw), "hmac-sha256:") {
			t.Errorf("%q: nothing stands for the redacted value", attribute)
		}
	}
	v, err := planner.Metaverse(cfg, w.read(t, cfg, nil), explainOptions)
	if err != nil {
		t.Fatal(err)
	}
	for number := range v.Len() {
		if raw, _ := json.Marshal(v.Object(number + 1)); strings.Contains(string(raw), "top secret") {
			t.Errorf("the metaverse shows a redacted value: %s", raw)
		}
	}
}

// An explanation says what the engine did: the values of the metaverse are those
// that the rules see, what it says will be set is what the plan sets, and nothing
// else is in the plan.
func TestExplanationsAgreeWithThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, cfg := drawWorld(t), load(t, preamble+writebackBlock(drawArguments(t)), customRules)
		w.apply(t, plannable(t, cfg, w, nil))
		tamper(t, w)
		plannable(t, cfg, w, nil)
		snap := w.read(t, cfg, nil)
		p, err := buildFrom(cfg, snap, w, planner.Options{}) // proves absences in snap
		if err != nil {
			t.Fatal(err)
		}
		v, err := planner.Metaverse(cfg, snap, explainOptions)
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for _, id := range someIDs(w) {
			e, err := planner.Explain(cfg, snap, explainOptions, id, "")
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			if e.Number > 0 {
				agreeInbound(t, v.Object(e.Number), e)
			}
			for _, c := range e.Plan.Changes {
				told[c.Provider+c.Address] = true
				agreeOutbound(t, p, c, e)
			}
		}
		for _, c := range p.Changes {
			if !told[c.Provider+c.Address] {
				t.Fatalf("no explanation tells of %s", c.Address)
			}
		}
	})
}

// someIDs are those of all groups, which plans are about, and of a few others.
func someIDs(w *world) []string {
	var ids []string
	for _, g := range w.groups {
		ids = append(ids, g.id)
	}
	for i, u := range w.users {
		if i%4 == 0 {
			ids = append(ids, u.id)
		}
	}
	for i, o := range w.objects {
		if o.class == "group" || i%4 == 0 {
			ids = append(ids, o.guid)
		}
	}
	return ids
}

func agreeInbound(t *rapid.T, o planner.MetaverseObject, e *planner.Explanation) {
	t.Helper()
	have := map[string]string{}
	for _, a := range o.Attributes {
		have[a.Attribute] = a.By.Rule + "=" + strings.Join(texts(a.Values), "\n")
	}
	for _, s := range e.Inbound {
		if s.References != nil {
			continue
		}
		got := ""
		if s.By != nil && len(s.Values) > 0 {
			got = s.By.Rule + "=" + strings.Join(texts(s.Values), "\n")
		}
		if want := have[s.Attribute]; got != want {
			t.Fatalf("%s %s: told %q, and the metaverse has %q", e.Object.Name, s.Attribute, got, want)
		}
		delete(have, s.Attribute)
		winners := 0
		for _, c := range s.Contributors {
			if c.Outcome == "wins" {
				winners++
			}
		}
		if want := len(s.Values); winners != min(want, 1) {
			t.Fatalf("%s %s: %d contributors win, with %d values: %v", e.Object.Name, s.Attribute, winners, want, contributors(s))
		}
	}
	if len(have) > 0 {
		t.Fatalf("%s: nothing is told of %v", e.Object.Name, have)
	}
}

func agreeOutbound(t *rapid.T, p *planner.Plan, c planner.Change, e *planner.Explanation) {
	t.Helper()
	i := slices.IndexFunc(p.Changes, func(x planner.Change) bool { return x.Provider == c.Provider && x.Address == c.Address })
	if i < 0 {
		t.Fatalf("%s is told and not planned", c.Address)
	}
	if diff := cmp.Diff(p.Changes[i].Edits, c.Edits); diff != "" {
		t.Fatalf("%s: %s", c.Address, diff)
	}
	if c.ObjectType != "group" || c.Provider != "provider.ad.corp" {
		return
	}
	will := map[string]string{}
	for _, s := range e.Outbound {
		if s.Result == "set" || s.Result == "removed" {
			values := texts(s.Values)
			slices.Sort(values)
			will[s.Attribute] = s.By.Rule + "=" + strings.Join(values, "\n")
		}
	}
	planned := map[string]string{}
	for _, edit := range c.Edits {
		planned[edit.Attribute] = edit.Reason.Rule + "=" + strings.Join(texts(edit.After), "\n")
	}
	if diff := cmp.Diff(planned, will); diff != "" {
		t.Fatalf("%s: planned and told: %s", c.Address, diff)
	}
}
