package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// outRule is an outbound rule over groups.
func outRule(name string, precedence, body string) string {
	return `
sync_rule "` + name + `" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = ` + precedence + `
` + body + "\n}\n"
}

// inRule is an inbound rule over the groups of the tenant.
func inRule(name string, precedence, body string) string {
	return `
sync_rule "` + name + `" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = ` + precedence + `
` + body + "\n}\n"
}

// flow is a flow block.
func flow(attribute string, arguments ...string) string {
	return "flow \"" + attribute + "\" {\n" + strings.Join(arguments, "\n") + "\n}"
}

// edits are the edits of one change, as "attribute: before -> after".
func edits(c planner.Change) []string {
	var out []string
	for _, e := range c.Edits {
		out = append(out, e.Attribute+": "+strings.Join(texts(e.Before), ",")+" -> "+strings.Join(texts(e.After), ","))
	}
	return out
}

func TestContributors(t *testing.T) {
	for _, test := range []struct {
		name  string
		rules []string
		have  map[string][]string
		want  []string
	}{
		{"the lower number wins", []string{
			outRule("a", "10", flow("info", `value = "a"`)), outRule("b", "20", flow("info", `value = "b"`)),
		}, nil, []string{"info:  -> a"}},
		{"null leaves it to the next", []string{
			outRule("a", "10", flow("info", `expression = "NULL"`)), outRule("b", "20", flow("info", `value = "b"`)),
		}, nil, []string{"info:  -> b"}},
		{"an empty text is null", []string{
			outRule("a", "10", flow("info", `value = ""`)), outRule("b", "20", flow("info", `value = "b"`)),
		}, nil, []string{"info:  -> b"}},
		{"IgnoreThisFlow leaves it to the next", []string{
			outRule("a", "10", flow("info", `expression = "IgnoreThisFlow"`)), outRule("b", "20", flow("info", `value = "b"`)),
		}, nil, []string{"info:  -> b"}},
		{"IgnoreThisFlow alone keeps what is there", []string{
			outRule("a", "10", flow("info", `expression = "IgnoreThisFlow"`)),
		}, map[string][]string{"info": {"by hand"}}, nil},
		{"null alone removes what is there", []string{
			outRule("a", "10", flow("info", `expression = "NULL"`)),
		}, map[string][]string{"info": {"by hand"}}, []string{"info: by hand -> "}},
		{"AuthoritativeNull ends the search", []string{
			outRule("a", "10", flow("info", `expression = "AuthoritativeNull"`)), outRule("b", "20", flow("info", `value = "b"`)),
		}, map[string][]string{"info": {"by hand"}}, []string{"info: by hand -> "}},
		{"once is for new objects only", []string{
			outRule("a", "10", flow("info", `value = "a"`, `once = true`)),
		}, map[string][]string{"info": {"by hand"}}, nil},
		{"what no rule maps is not touched", nil, map[string][]string{"info": {"by hand"}, "managedBy": {"x"}}, nil},
		{"merge adds to what is there", []string{
			outRule("a", "10", flow("url", `value = ["a"]`, `merge = "merge"`)),
			outRule("b", "20", flow("url", `value = ["b", "A"]`, `merge = "merge"`)),
		}, map[string][]string{"url": {"mine"}}, []string{"url: mine -> A,a,b,mine"}},
		{"merge without case", []string{
			outRule("a", "10", flow("url", `value = ["MINE", "b"]`, `merge = "merge_case_insensitive"`)),
		}, map[string][]string{"url": {"mine"}}, []string{"url: mine -> b,mine"}},
		{"merge of nothing takes nothing away", []string{
			outRule("a", "10", flow("url", `expression = "NULL"`, `merge = "merge"`)),
		}, map[string][]string{"url": {"mine"}}, nil},
		{"a disabled rule does nothing", []string{
			outRule("a", "10", "disabled = true\n"+flow("info", `value = "a"`)),
		}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, plan := settled(t, "", func(w *world) { w.group("G") })
			for name, values := range test.have {
				w.marked(w.groups[0].id).attrs[name] = values
			}
			p := plan(test.rules...)
			var got []string
			for _, c := range p.Changes {
				got = append(got, edits(c)...)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			w.apply(t, p)
			if again := plan(test.rules...); len(again.Changes) > 0 {
				t.Errorf("not stable: %s", dump(again))
			}
		})
	}
}

func TestOneMergeTypeForAnAttribute(t *testing.T) {
	_, plan := settled(t, "", func(w *world) { w.group("G") })
	p := plan(outRule("a", "10", flow("url", `value = ["a"]`, `merge = "merge"`)), outRule("b", "20", flow("url", `value = ["b"]`)))
	if len(p.Changes) > 0 || p.Summary.Errors != 1 || !strings.Contains(p.Diagnostics[0].Detail, "merge") {
		t.Errorf("got %s", dump(p))
	}
}

// IgnoreThisFlow on the way in: there is no metaverse of the last run, so the
// value in the target takes its place.
func TestIgnoredInboundFlowsKeepTheTarget(t *testing.T) {
	w, plan := settled(t, "", func(w *world) { w.group("G").description = "first" })
	pack := strings.Replace(preamble, "ad    = provider.ad.corp\n", "ad    = provider.ad.corp\n  disable = [\"In from AAD - Group SOAInAAD\"]\n", 1)
	custom := strings.Replace(inRule("clone", "10", `
  copy = ["cloudAnchor", "cloudMastered", "displayName", "securityEnabled", "groupTypes", "targetWritebackType", "member"]
  flow "description" {
    expression = "IIF([description] = \"first\",IgnoreThisFlow,[description])"
  }`), `link           = "join"`, `link           = "provision"`, 1)
	w.marked(w.groups[0].id).attrs["description"] = []string{"by hand"}
	p := build(t, load(t, pack+writebackBlock(""), custom), w, planner.Options{})
	if len(p.Changes) > 0 {
		t.Errorf("the value is not kept: %s", dump(p))
	}
	w.groups[0].description = "second"
	if c := find1(t, plan(), address(w.groups[0])); !slices.Equal(edits(c), []string{"description: by hand -> second"}) {
		t.Errorf("got %q", edits(c))
	}
}

func TestOnceIsNotForWhatTheRecycleBinGivesBack(t *testing.T) {
	w, plan := settled(t, "", func(w *world) { w.group("G"); w.group("H") })
	o := w.marked(w.groups[0].id)
	o.attrs["info"] = []string{"by hand"}
	w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
	o.dn = "CN=gone,CN=Deleted Objects," + base
	w.bin = append(w.bin, o)
	c := find1(t, plan(outRule("a", "10", flow("info", `value = "a"`, `once = true`))), address(w.groups[0]))
	if !slices.Equal(c.Actions, []planner.Action{planner.ActionRestore}) {
		t.Errorf("got %+v", c)
	}
}

// A rule that fails for an object brings nothing of it anywhere: what it would
// have brought is unknown, and unknown is not "absent".
func TestAFailingRuleClearsNothing(t *testing.T) {
	entra := `
sync_rule "back" {
  direction      = "outbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 20
  flow "description" {
    from = "description"
  }
}
`
	w, plan := settled(t, "", func(w *world) {
		w.group("G").description = "first"
		w.person("Ada")
	})
	w.find("CN=Ada,OU=People," + base).attrs["info"] = []string{"in the cloud as User_" + w.users[0].id}
	failing := `
sync_rule "failing" {
  direction      = "inbound"
  provider       = provider.ad.corp
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 11
  flow "department" {
    expression = "Error(\"no\")"
  }
}
`
	p := plan(inRule("bad", "10", flow("classification", `expression = "Error(\"no\")"`)), entra, failing, userRule("write"))
	if len(p.Changes) > 0 || p.Summary.Errors == 0 {
		t.Errorf("got %s", dump(p))
	}
}

// Two forests get the same group, and their blocks declare its state in Entra ID.
func TestDeclaredStates(t *testing.T) {
	second := func(state string) string {
		return `
provider "ad" "other" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "other.ldif"
}
writeback "other" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.other
  ou          = ou_mapping.cloud
  state       = "` + state + `"
}
` + strings.Replace(outRule("type", "10", flow("groupType", `value = -2147483640`)), "provider.ad.corp", "provider.ad.other", 1)
	}
	w := newWorld()
	w.elsewhere = map[string]*world{"provider.ad.other": newWorld()}
	g := w.group("G")
	g.unified, g.enabled, g.groupType = true, "", ""
	entra := func(p *planner.Plan) []string {
		var out []string
		for _, c := range p.Changes {
			if c.Provider == "provider.entra.contoso" {
				out = append(out, edits(c)...)
			}
		}
		return out
	}
	p := build(t, load(t, preamble+writebackBlock(`state = "distribution"`), second("distribution")), w, planner.Options{})
	want := []string{"writebackConfiguration/isEnabled:  -> TRUE", "writebackConfiguration/onPremisesGroupType:  -> universalDistributionGroup"}
	if got := entra(p); !slices.Equal(got, want) {
		t.Errorf("the same state twice: %q", got)
	}
	p = build(t, load(t, preamble+writebackBlock(`state = "distribution"`), second("none")), w, planner.Options{})
	if len(p.Changes) > 0 || p.Summary.Errors == 0 {
		t.Errorf("two states: %s", dump(p))
	}
	// A rule that fails for the group fails its state, too.
	back := `
sync_rule "back" {
  direction      = "outbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 20
  flow "description" {
    expression = "Error(\"no\")"
  }
}
`
	p = build(t, load(t, preamble+writebackBlock(`state = "distribution"`), back), w, planner.Options{})
	if got := entra(p); len(got) > 0 {
		t.Errorf("a failed object is written: %q", got)
	}
	// A rule and the block disagree.
	back = strings.Replace(strings.Replace(back, `"description"`, `"writebackConfiguration/isEnabled"`, 1), `expression = "Error(\"no\")"`, "value = false", 1)
	p = build(t, load(t, preamble+writebackBlock(`state = "distribution"`), back), w, planner.Options{})
	if got := entra(p); len(got) > 0 || p.Summary.Errors == 0 {
		t.Errorf("a rule against the state: %q", got)
	}
}

func TestGuardsCountWhatIsWrittenInEntra(t *testing.T) {
	w := newWorld()
	for _, name := range []string{"A", "B", "C"} {
		g := w.group(name)
		g.unified, g.enabled, g.groupType = true, "", ""
	}
	p := build(t, load(t, preamble+writebackBlock(`state = "none"`), "guard \"g\" {\n  action = \"update\"\n  max_count = 2\n}\n"), w, planner.Options{})
	if p.Summary.Blocked != 3 {
		t.Errorf("got %s", dump(p))
	}
}

func TestNamesThatRulesGive(t *testing.T) {
	const fin = `"CN=FIN" & Right([cloudAnchor],4) & ",OU=Finance,OU=Cloud Groups,DC=corp,DC=example,DC=com"`
	rule := func(precedence, expression string) string {
		return outRule("names", precedence, flow("dn", `expression = "`+strings.ReplaceAll(expression, `"`, `\"`)+`"`))
	}
	w, plan := settled(t, "", func(w *world) { w.group("FIN"); w.group("Sales") })
	w.add("organizationalUnit", "OU=Finance,OU=Cloud Groups,"+base, nil)
	p := plan(rule("10", `IIF([displayName] = "FIN",`+fin+`,NULL)`))
	if got := touched(p); !slices.Equal(got, []string{"FIN: move", "FIN: rename"}) || p.Summary.Errors > 0 {
		t.Errorf("null leaves the name to the writeback: %q %s", got, dump(p))
	}
	for name, expression := range map[string]string{
		"outside the root":       `"CN=" & [displayName] & ",OU=People,DC=corp,DC=example,DC=com"`,
		"not a name":             `"nothing"`,
		"not a CN":               `"OU=" & [displayName] & ",OU=Cloud Groups,DC=corp,DC=example,DC=com"`,
		"longer than AD takes":   `"CN=" & PadLeft([displayName],65,"x") & ",OU=Cloud Groups,DC=corp,DC=example,DC=com"`,
		"an OU that is too long": `"CN=" & [displayName] & ",OU=" & PadLeft([displayName],65,"x") & ",OU=Cloud Groups,DC=corp,DC=example,DC=com"`,
	} {
		if p := plan(rule("10", expression)); len(p.Changes) > 0 || p.Summary.Errors != 2 {
			t.Errorf("%s: %s", name, dump(p))
		}
	}
	// The range of standard rules does not win over a writeback.
	tagged := strings.Replace(rule("140", fin), "direction ", "tag = \"Microsoft.Test.001\"\n  direction ", 1)
	if p := plan(tagged); len(p.Changes) > 0 {
		t.Errorf("a rule of the standard range: %s", dump(p))
	}
}

func TestReferencesThatWereNotReadAreNotRemoved(t *testing.T) {
	w, _ := settled(t, "", func(w *world) { w.group("G") })
	o := w.marked(w.groups[0].id)
	cfg := load(t, preamble+writebackBlock(""), outRule("owner", "10", flow("msExchCoManagedByLink", `from = "owners"`)))
	snap := w.read(t, cfg, nil)
	ad, entra := snap["provider.ad.corp"], snap["provider.entra.contoso"]
	ad.SetReferences(ad.ByAnchor(o.guid), "msExchCoManagedByLink", []planner.ObjectID{ad.Reference("CN=Somebody," + base)})
	entra.SetUnreadable(entra.ByAnchor(w.groups[0].id), "owners")
	p, err := buildFrom(cfg, snap, w, planner.Options{})
	if err != nil || len(p.Changes) > 0 || p.Summary.Errors != 1 {
		t.Errorf("got %v %s", err, dump(p))
	}
}

// Two persons find one AD object by a join rule; it stands for neither.
func TestJoinsOutward(t *testing.T) {
	rule := strings.Replace(userRule("write"), "  scope {", `  join {
    match {
      space     = "displayName"
      metaverse = "displayName"
    }
  }
  scope {`, 1)
	w := newWorld()
	w.add("user", "CN=Twin,OU=People,"+base, map[string][]string{"displayName": {"Twin"}, "adminDescription": {"User_x"}})
	for i := range 2 {
		u := w.cloudOnly("Twin", "Member")
		u.id = guid("twin" + string(rune('0'+i)))
	}
	project := strings.Replace(strings.Replace(inRule("persons", "12", `copy = ["cloudAnchor", "displayName"]`), `object_type    = "group"`, `object_type    = "user"`, 1), `metaverse_type = "group"`, `metaverse_type = "person"`, 1)
	project = strings.Replace(project, `link           = "join"`, `link           = "provision"`, 1)
	w.group("G")
	p := build(t, load(t, preamble+writebackBlock(""), rule, project), w, planner.Options{})
	if got := slices.DeleteFunc(touched(p), func(word string) bool { return !strings.HasPrefix(word, "Twin") }); len(got) > 0 {
		t.Errorf("touched %q", got)
	}
	if len(diagnosed(p, "ambiguous_join")) == 0 {
		t.Errorf("not reported: %s", dump(p))
	}
}
