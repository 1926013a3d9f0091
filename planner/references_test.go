package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// referring is a settled world of a group G, a second one and three persons, one
// of them cloud-only, with the rules of a test, and the plan of what fill says.
func referring(t *testing.T, rules []string, fill func(refs referrer)) *planner.Plan {
	t.Helper()
	w, _ := settled(t, "", func(w *world) {
		w.group("G")
		w.group("H")
		w.person("Ada")
		w.person("Bea")
		w.cloudOnly("Cloud", "Member")
	})
	cfg := load(t, append([]string{preamble + writebackBlock("")}, rules...)...)
	snap := w.read(t, cfg, nil)
	r := referrer{w, snap["provider.entra.contoso"], snap["provider.ad.corp"]}
	for _, u := range w.users {
		r.entra.SetReferences(r.cloud("user "+u.name), "manager", nil)
	}
	for _, name := range []string{"Ada", "Bea"} {
		r.ad.SetReferences(r.local(name), "manager", nil)
	}
	for _, g := range w.groups {
		for _, attr := range []string{"owners", "managedBy"} {
			r.entra.SetReferences(r.cloud("group "+g.name), attr, nil)
		}
		for _, attr := range []string{"msExchCoManagedByLink", "managedBy"} {
			r.ad.SetReferences(r.ad.ByAnchor(w.marked(g.id).guid), attr, nil)
		}
	}
	fill(r)
	p, err := buildFrom(cfg, snap, w, planner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// referrer sets references of a world that was read.
type referrer struct {
	w         *world
	entra, ad *planner.Space
}

func (r referrer) cloud(word string) planner.ObjectID { return r.entra.ByAnchor(guid(word)) }

func (r referrer) local(person string) planner.ObjectID {
	return r.ad.ByName("CN=" + person + ",OU=People," + base)
}

func (r referrer) written(i int) planner.ObjectID {
	return r.ad.ByAnchor(r.w.marked(r.w.groups[i].id).guid)
}

func (r referrer) owners(words ...string) { r.refer("owners", words...) }

func (r referrer) refer(attr string, words ...string) {
	var ids []planner.ObjectID
	for _, word := range words {
		ids = append(ids, r.cloud(word))
	}
	r.entra.SetReferences(r.cloud("group G"), attr, ids)
}

// allEdits are the edits of a plan and its object errors.
func allEdits(p *planner.Plan) string {
	var out []string
	for _, c := range p.Changes {
		for _, e := range edits(c) {
			out = append(out, c.Name+" "+strings.ReplaceAll(e, ","+base, ""))
		}
	}
	for _, d := range diagnosed(p, "object_error") {
		out = append(out, "error: "+d.Detail)
	}
	return strings.Join(out, "; ")
}

// Of the objects that a group refers to, those are written that the target has.
func TestReferencesOfWrittenGroups(t *testing.T) {
	several := []string{outRule("owner", "10", flow("msExchCoManagedByLink", `from = "owners"`))}
	one := []string{inRule("manager", "11", `copy = ["managedBy"]`), outRule("manage", "10", flow("managedBy", `from = "managedBy"`))}
	for _, test := range []struct {
		name  string
		rules []string
		fill  func(referrer)
		want  string
	}{
		{"nobody", several, func(referrer) {}, ""},
		{"a person", several, func(r referrer) { r.owners("user Ada") }, "G msExchCoManagedByLink:  -> CN=Ada,OU=People"},
		{"several, the cloud-only left out", several, func(r referrer) { r.owners("user Bea", "user Cloud", "user Ada") },
			"G msExchCoManagedByLink:  -> CN=Ada,OU=People,CN=Bea,OU=People"},
		{"as it is", several, func(r referrer) {
			r.owners("user Ada")
			r.ad.SetReferences(r.written(0), "msExchCoManagedByLink", []planner.ObjectID{r.local("Ada")})
		}, ""},
		{"another one", several, func(r referrer) {
			r.owners("user Ada")
			r.ad.SetReferences(r.written(0), "msExchCoManagedByLink", []planner.ObjectID{r.local("Bea")})
		}, "G msExchCoManagedByLink: CN=Bea,OU=People -> CN=Ada,OU=People"},
		{"no more", several, func(r referrer) {
			r.ad.SetReferences(r.written(0), "msExchCoManagedByLink", []planner.ObjectID{r.local("Bea")})
		}, "G msExchCoManagedByLink: CN=Bea,OU=People -> "},
		{"one into one", one, func(r referrer) { r.refer("managedBy", "user Ada") }, "G managedBy:  -> CN=Ada,OU=People"},
		{"a rule that reads nothing leaves it to the next", []string{
			outRule("none", "9", flow("managedBy", `from = "manager"`)), one[0], one[1],
		}, func(r referrer) { r.refer("managedBy", "user Ada") }, "G managedBy:  -> CN=Ada,OU=People"},
		{"nobody contributes", []string{outRule("none", "9", flow("managedBy", `from = "manager"`))}, func(r referrer) {
			r.ad.SetReferences(r.written(0), "managedBy", []planner.ObjectID{r.local("Bea")})
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allEdits(referring(t, test.rules, test.fill)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	p := referring(t, several, func(r referrer) { r.owners("group H") })
	if got := allEdits(p); !strings.HasPrefix(got, "G msExchCoManagedByLink:  -> CN=H_") {
		t.Errorf("a group that is written back: %q", got)
	}
	p = referring(t, one, func(r referrer) { r.refer("managedBy", "user Ada", "user Bea") })
	if got := allEdits(p); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "managedBy: it holds one object, and 2 came out") {
		t.Errorf("two into one: %q", got)
	}
}

// person of the tenant and the AD user: the manager of the one for the other.
const managers = `
sync_rule "managers" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 12
  copy           = ["manager"]
}
`

// onPersons is userRule with other flows.
func onPersons(unmarked, flows string) string {
	return strings.Replace(userRule(unmarked), `flow "info" {
    value = "in the cloud as ${source.cloudAnchor}"
  }`, flows, 1)
}

func TestReferencesOfJoinedObjects(t *testing.T) {
	manager := func(r referrer, of string, words ...string) {
		var ids []planner.ObjectID
		for _, word := range words {
			ids = append(ids, r.cloud(word))
		}
		r.entra.SetReferences(r.cloud("user "+of), "manager", ids)
	}
	rules := []string{managers, onPersons("write", flow("manager", `from = "manager"`))}
	for _, test := range []struct {
		name string
		fill func(referrer)
		want string
	}{
		{"set", func(r referrer) { manager(r, "Ada", "user Bea") }, "Ada manager:  -> CN=Bea,OU=People"},
		{"as it is", func(r referrer) {
			manager(r, "Ada", "user Bea")
			r.ad.SetReferences(r.local("Ada"), "manager", []planner.ObjectID{r.local("Bea")})
		}, ""},
		{"removed", func(r referrer) {
			r.ad.SetReferences(r.local("Ada"), "manager", []planner.ObjectID{r.local("Bea")})
		}, "Ada manager: CN=Bea,OU=People -> "},
		{"without an object in the target", func(r referrer) { manager(r, "Ada", "user Cloud") }, ""},
		{"somebody who was not read", func(r referrer) {
			r.entra.SetReferences(r.cloud("user Ada"), "manager", []planner.ObjectID{r.entra.Reference(guid("nobody"))})
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allEdits(referring(t, rules, test.fill)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	if got := allEdits(referring(t, rules, func(r referrer) { manager(r, "Ada", "user Ada", "user Bea") })); !strings.Contains(got, "holds one object, and 2 came out") {
		t.Errorf("two into one: %q", got)
	}
	held := referring(t, []string{managers, onPersons("report", flow("manager", `from = "manager"`))}, func(r referrer) { manager(r, "Ada", "user Bea") })
	if got := allEdits(held); got != "" || !slices.ContainsFunc(held.NotWritten, func(n planner.NotWritten) bool { return n.Name == "Ada" && n.Reason == "unmarked" }) {
		t.Errorf("a rule that may not write: %q %s", got, dump(held))
	}
	// Nobody contributes the attribute to the metaverse.
	if got := allEdits(referring(t, rules[1:], func(referrer) {})); got != "" {
		t.Errorf("no contributor: %q", got)
	}
}

func TestFlowsToJoinedObjects(t *testing.T) {
	info := func(text string) string { return flow("info", `value = "`+text+`"`) }
	contact := strings.NewReplacer(`"note"`, `"contacts"`, `"user"`, `"contact"`, "= 40", "= 39").Replace(onPersons("write", info("for contacts")))
	noFlow := strings.NewReplacer(`"note"`, `"keep"`, `"join"`, `"join_no_flow"`, "= 40", "= 39").Replace(onPersons("write", ""))
	for _, test := range []struct {
		name  string
		rules []string
		want  string
	}{
		{"written", []string{onPersons("write", info("x"))}, "Ada info:  -> x; Bea info:  -> x"},
		{"once is for new objects only", []string{onPersons("write", flow("info", `value = "x"`, "once = true"))}, ""},
		{"rules for another type", []string{onPersons("write", info("x")), contact}, "Ada info:  -> x; Bea info:  -> x"},
		{"join_no_flow", []string{onPersons("write", info("x")), noFlow}, ""},
		{"ignored", []string{onPersons("write", flow("info", `expression = "IgnoreThisFlow"`))}, ""},
		{"the name is the writeback's alone", []string{onPersons("write", flow("dn", `value = "CN=Other,DC=corp"`))}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := allEdits(referring(t, test.rules, func(referrer) {})); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	p := referring(t, []string{onPersons("write", info(strings.Repeat("x", 1025)))}, func(referrer) {})
	if got := allEdits(p); !strings.Contains(got, "info is 1025 characters") {
		t.Errorf("too long: %q", got)
	}
	failing := strings.Replace(onPersons("write", info("x")), "scope {", "scope {\n when = source.displayName > 1\n }\n scope {", 1)
	if got := allEdits(referring(t, []string{failing}, func(referrer) {})); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a scope that fails: %q", got)
	}
	p = referring(t, []string{onPersons("write", info("x"))}, func(r referrer) { r.ad.HasAttribute = map[string]bool{"displayname": true} })
	if got := allEdits(p); strings.Contains(got, "info") || len(diagnosed(p, "schema_missing")) == 0 {
		t.Errorf("what the schema lacks: %q", got)
	}
}
