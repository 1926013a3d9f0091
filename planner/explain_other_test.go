package planner_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// results are what becomes of the attributes that flow out, as
// "provider attribute: result values".
func results(e *planner.Explanation) []string {
	var out []string
	for _, s := range e.Outbound {
		out = append(out, strings.TrimSpace(s.Provider+" "+s.Attribute+": "+s.Result+" "+strings.Join(texts(s.Values), ",")))
	}
	return out
}

func states(e *planner.Explanation, direction string) []string {
	var out []string
	for _, r := range e.Rules {
		if r.Direction == direction {
			out = append(out, r.Rule+": "+r.State)
		}
	}
	return out
}

func TestExplainRulesThatNoWritebackStandsBefore(t *testing.T) {
	w := newWorld()
	ada := w.person("Ada")
	w.group("G", ada.id)
	for _, c := range []struct{ unmarked, want string }{{"report", "unmarked"}, {"write", "set"}} {
		cfg := load(t, preamble+writebackBlock(""), userRule(c.unmarked))
		e := explain(t, cfg, w, ada.id, "info")
		want := []string{"provider.ad.corp info: " + c.want + " in the cloud as User_" + ada.id}
		if diff := cmp.Diff(want, results(e)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"note: in"}, states(e, "outbound")); diff != "" {
			t.Error(diff)
		}
		if changes, left := len(e.Plan.Changes), len(e.Plan.NotWritten); changes != map[string]int{"set": 1}[c.want] || left != map[string]int{"unmarked": 1}[c.want] {
			t.Errorf("%s: %+v", c.unmarked, e.Plan)
		}
	}
}

// Only in AD, and found by the join of a rule out of the metaverse.
func TestExplainOutboundJoin(t *testing.T) {
	rule := strings.Replace(userRule("write"), "  scope {", "  join {\n    match {\n      space     = \"displayName\"\n      metaverse = \"displayName\"\n    }\n  }\n  scope {", 1)
	project := strings.NewReplacer(`object_type    = "group"`, `object_type    = "user"`, `metaverse_type = "group"`, `metaverse_type = "person"`, `link           = "join"`, `link           = "provision"`).
		Replace(inRule("persons", "12", `copy = ["cloudAnchor", "displayName"]`))
	w := newWorld()
	w.add("user", "CN=One,OU=People,"+base, map[string][]string{"displayName": {"One"}, "adminDescription": {"User_x"}})
	u := w.cloudOnly("One", "Member")
	w.group("G", u.id)
	e := explain(t, load(t, preamble+writebackBlock(""), rule, project), w, u.id, "")
	i := slices.IndexFunc(e.Read, func(r planner.ReadObject) bool { return r.Role == "matched" })
	if i < 0 || e.Read[i].Found == nil || e.Read[i].Found.By.Rule != "note" || e.Read[i].Name != "One" {
		t.Errorf("read: %+v", e.Read)
	}
	if len(e.Plan.Changes) != 1 {
		t.Errorf("plan: %+v", e.Plan)
	}
}

func entraRule(attribute string) string {
	return `
sync_rule "to_the_cloud" {
  direction      = "outbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 41
  flow "` + attribute + `" {
    value = "from here: ${source.displayName}"
  }
}
`
}

func TestExplainRulesOutToEntra(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	synced := w.group("Synced")
	synced.synced, synced.sid = true, sidText(7000)
	w.add("group", "CN=Synced,OU=People,"+base, map[string][]string{"groupType": {"-2147483640"}}).attrs["objectSid"] = []string{sid(7000)}
	for _, c := range []struct {
		g               *cloudGroup
		attribute, want string
	}{{g, "description", "set"}, {g, "mailNickname", "set"}, {g, "membershipRule", "set"}, {g, "mail", "private_interface"}, {synced, "description", "mastered_on_premises"}} {
		cfg := load(t, preamble+writebackBlock(""), entraRule(c.attribute))
		got := results(explain(t, cfg, w, c.g.id, c.attribute))
		if want := "provider.entra.contoso " + c.attribute + ": " + c.want + " from here: " + c.g.name; !slices.Contains(got, want) {
			t.Errorf("got %q, want among them %q", got, want)
		}
	}
}

func TestExplainJoinNoFlow(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("Coexist") })
	w.groups[0].description = "new"
	e := explain(t, load(t, preamble+writebackBlock(""), noFlowRule), w, w.groups[0].id, "description")
	if diff := cmp.Diff([]string{"provider.ad.corp description: no_flow"}, results(e)); diff != "" {
		t.Error(diff)
	}
	if len(e.Plan.Changes) != 0 {
		t.Errorf("plan: %+v", e.Plan)
	}
}

func TestExplainWhatTheSchemaLacks(t *testing.T) {
	w := newWorld()
	g := w.group("M365")
	g.unified = true
	cfg := load(t, preamble+writebackBlock(""))
	snap := w.read(t, cfg, nil)
	known := map[string]bool{}
	for _, name := range planner.ADSchema.Names() {
		known[strings.ToLower(name)] = !strings.HasPrefix(name, "msExch")
	}
	snap["provider.ad.corp"].HasAttribute = known
	e, err := planner.Explain(cfg, snap, explainOptions, g.id, "msExchRecipientTypeDetails")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"provider.ad.corp msExchRecipientTypeDetails: schema_missing"}, results(e)); diff != "" {
		t.Error(diff)
	}
}

func TestExplainWhatIsRestoredAndAdopted(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("Back"); w.group("Other") })
	g := w.groups[0]
	o := w.marked(g.id)
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=" + o.guid + ",CN=Deleted Objects," + base
	w.bin = append(w.bin, o)
	role := func(cfg *lang.Config, g *cloudGroup) string {
		e := explain(t, cfg, w, g.id, "")
		i := slices.IndexFunc(e.Read, func(r planner.ReadObject) bool { return r.Provider == "provider.ad.corp" })
		if i < 0 || len(e.Plan.Changes) != 1 {
			t.Fatalf("read %+v, plan %+v", e.Read, e.Plan)
		}
		return fmt.Sprint(e.Read[i].Role, " ", e.Plan.Changes[0].Actions)
	}
	if got, want := role(load(t, preamble+writebackBlock("")), g), "restorable [restore]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	mine := w.group("Mine")
	there := w.add("group", "CN=There,OU=Security,OU=Cloud Groups,"+base, map[string][]string{"groupType": {"-2147483640"}})
	cfg := load(t, preamble+writebackBlock(fmt.Sprintf("adopt = { %q = %q }", "Group_"+mine.id, there.guid)))
	if got, want := role(cfg, mine), "adopted [rename update]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What fails for an object is told with the rule that fails.
func TestExplainFailures(t *testing.T) {
	for _, c := range []struct{ name, rule, attribute, text string }{
		{"scope", outRule("bad", "10", "scope {\nwhen = element(source.groupTypes, 0) == \"x\"\n}\n"+flow("info", `value = "x"`)), "info", "empty"},
		{"flow", outRule("bad", "10", flow("info", `expression = "Error(\"no: \" & [displayName])"`)), "info", "no: Finance"},
		{"length", outRule("bad", "10", flow("extensionAttribute1", `value = join("", [for i in range(1000) : source.displayName])`)), "extensionAttribute1", "long"},
		{"inbound", inRule("bad", "10", flow("classification", `expression = "Error(\"in\")"`)), "classification", "in"},
		{"members", outRule("bad", "10", flow("member", `expression = "Error(\"never\")"`)), "member", "never"},
	} {
		w := newWorld()
		g := w.group("Finance")
		e := explain(t, load(t, preamble+writebackBlock(""), c.rule), w, g.id, c.attribute)
		if len(e.Plan.Errors) == 0 || e.Plan.Errors[0].Rule != "bad" || !strings.Contains(e.Plan.Errors[0].Text, c.text) || len(e.Plan.Changes) != 0 {
			t.Errorf("%s: %+v", c.name, e.Plan)
		}
		told := slices.ContainsFunc(e.Rules, func(r planner.RuleStory) bool { return r.State == "failed" && r.Rule == "bad" && r.Error != "" })
		for _, s := range slices.Concat(e.Inbound, e.Outbound) {
			told = told || slices.ContainsFunc(s.Contributors, func(x planner.ContributorStory) bool {
				return x.Outcome == "failed" && x.Rule == "bad" && x.Error != ""
			})
		}
		if !told {
			t.Errorf("%s: no rule or contributor is told to fail: %v", c.name, states(e, "outbound"))
		}
	}
}

func TestExplainDeclaredState(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	g.unified, g.groupType = true, "universalDistributionGroup"
	s := story(t, explain(t, load(t, preamble+writebackBlock(`state = "security"`)), w, g.id, "targetWritebackType").Inbound, "targetWritebackType")
	if got := contributors(s); !slices.Contains(got, "In from AAD - Group SOAInAAD: overridden universalDistributionGroup") || s.By == nil || s.By.Rule != "writeback.cloud" || texts(s.Values)[0] != "universalSecurityGroup" {
		t.Errorf("%v by %+v: %v", got, s.By, s.Values)
	}
}

func TestSearch(t *testing.T) {
	w := newWorld()
	ada := w.person("Ada")
	w.person("Bruno")
	g := w.group("Finance", ada.id)
	g.description = "Money"
	w.group("finances")
	unified := w.group("M365")
	unified.unified = true
	cfg := load(t, preamble+writebackBlock(""))
	v, err := planner.Metaverse(cfg, w.read(t, cfg, nil), explainOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
		failed     int
	}{
		{`type = group`, "Finance finances M365", 0},
		{`displayName startswith FIN`, "Finance finances", 0},
		{`displayName startswith FIN and description present`, "Finance", 0},
		{`displayName startswith FIN and not description present`, "finances", 0},
		{`description != Money and type = group`, "finances M365", 0},
		{`memberCount = 1 or memberCount < 1 and displayName = M365`, "Finance M365", 0},
		{`proxyAddresses contains old-`, "M365", 0},
		{`provider = provider.entra.contoso and type = person`, "Ada Bruno", 0},
		{`member present`, "Finance", 0},
		{`length(source.proxyAddresses) == 2`, "M365", 0},
		{`element(source.proxyAddresses, 0) != ""`, "M365", 4},
		{`mail = nobody`, "", 0},
	} {
		s, _, diags := cfg.ParseSearch(lang.Line{File: "test", Text: c.text})
		if s == nil {
			t.Fatal(diags)
		}
		found, failed, _ := v.Search(s)
		var names []string
		for _, number := range found {
			names = append(names, v.Object(number).Name)
		}
		if got := strings.Join(names, " "); got != c.want || failed != c.failed {
			t.Errorf("%s: found %q and %d failed, want %q and %d", c.text, got, failed, c.want, c.failed)
		}
	}
}

// A rule that flows dn names the object in place of the writeback.
func TestExplainFlowedNames(t *testing.T) {
	w := newWorld()
	g := w.group("Finance")
	cfg := load(t, preamble+writebackBlock(""),
		outRule("nothing", "10", flow("dn", "value = source.classification")),
		outRule("names", "11", flow("dn", `value = "CN=${dn_escape(source.displayName)},OU=Cloud Groups,DC=corp,DC=example,DC=com"`)),
		outRule("late", "12", flow("dn", `value = "CN=x,OU=Cloud Groups,DC=corp,DC=example,DC=com"`)))
	e := explain(t, cfg, w, g.id, "dn")
	want := []string{"nothing: no_value", "names: wins CN=Finance,OU=Cloud Groups," + base, "late: not_asked"}
	if diff := cmp.Diff(want, contributors(story(t, e.Outbound, "dn"))); diff != "" {
		t.Error(diff)
	}
	if n := e.Writebacks[0].Naming; !n.Flowed || n.After != "CN=Finance,OU=Cloud Groups,"+base {
		t.Errorf("naming: %+v", n)
	}
}

func TestExplainReferences(t *testing.T) {
	w := newWorld()
	ada, nora := w.person("Ada"), w.cloudOnly("Nora", "Member")
	g := w.group("Finance")
	cfg := load(t, preamble+writebackBlock(""), outRule("owner", "10", flow("msExchCoManagedByLink", `from = "owners"`)),
		outRule("none", "11", flow("msExchCoManagedByLink", `expression = "NULL"`)))
	snap := w.read(t, cfg, nil)
	s := snap["provider.entra.contoso"]
	s.SetReferences(s.ByAnchor(g.id), "owners", []planner.ObjectID{s.Reference(ada.id), s.Reference(nora.id)})
	e, err := planner.Explain(cfg, snap, explainOptions, g.id, "msExchCoManagedByLink")
	if err != nil {
		t.Fatal(err)
	}
	got := story(t, e.Outbound, "msExchCoManagedByLink")
	if got.Result != "set" || got.References == nil || *got.References.Count != 2 || strings.Join(texts(got.Values), ";") != "CN=Ada,OU=People,"+base {
		t.Errorf("%+v", got)
	}
	if in := story(t, e.Inbound, "owners"); in.References == nil || in.Contributors[len(in.Contributors)-1].Outcome != "wins" {
		t.Errorf("%+v", in)
	}
}

// An object that is only named by others has no story, but for who names it.
func TestExplainPlaceholder(t *testing.T) {
	w := newWorld()
	w.group("Finance", guid("nobody"))
	e := explain(t, load(t, preamble+writebackBlock("")), w, guid("nobody"), "")
	if e.Object.State != "placeholder" || len(e.Rules) != 0 || len(e.Plan.MemberOf) != 1 || e.Plan.MemberOf[0].Code != "unresolved" {
		t.Errorf("%+v", e)
	}
}

// The JSON of an explanation is an interface: other programs read it.
func TestExplanationGolden(t *testing.T) {
	w := newWorld()
	ada, nora := w.person("Ada"), w.cloudOnly("Nora", "Member")
	g := w.group("Finance", ada.id, nora.id)
	g.unified, g.description = true, "Money"
	cfg := load(t, preamble+writebackBlock(`when = source.visibility != "HiddenMembership"`))
	w.apply(t, build(t, cfg, w, planner.Options{}))
	w.marked(g.id).attrs["description"] = []string{"by hand"}
	for file, attribute := range map[string]string{"explain-description.json": "description", "explain-member.json": "member"} {
		got, err := json.MarshalIndent(explain(t, cfg, w, "Finance", attribute), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, file, string(got)+"\n")
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if flag.Lookup("update").Value.String() == "true" { // declared in package planner
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
