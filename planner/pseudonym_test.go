package planner_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/planner"
)

var pseudonymKey = []byte("a key of forty characters or so, not less")

func pseudonyms(t tester, cfg *lang.Config, snap planner.Snapshot) *planner.Pseudonyms {
	t.Helper()
	p, err := planner.NewPseudonyms(cfg, snap, pseudonymKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// renaming says what a plan on pseudonyms has in place of a text, of a name, and of
// the value of an attribute.
type renaming struct {
	text, name func(string) string
	value      func(attribute, text string) string
}

// renamed is a plan with every name and value put through a renaming: what a plan
// on pseudonyms must be like.
func renamed(p *planner.Plan, r renaming) []string {
	text, name := r.text, r.name
	var out []string
	mark := regexp.MustCompile(`\["(.*)"\]`)
	address := func(a string) string {
		m := mark.FindStringSubmatchIndex(a)
		if m == nil {
			return a
		}
		inner := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(a[m[2]:m[3]])
		if strings.Contains(inner, "=") {
			inner = name(inner)
		} else {
			inner = text(inner)
		}
		return a[:m[2]] + inner + a[m[3]:]
	}
	place := func(d *string) string {
		if d == nil {
			return "-"
		}
		return name(*d)
	}
	for _, c := range p.Changes {
		anchor := ""
		if c.Anchor != nil {
			anchor = text(*c.Anchor)
		}
		label := text(c.Name)
		if c.ObjectType == "organizationalUnit" {
			label = dn.MustParse(name(*c.DN.After)).Leaf().Value
		}
		line := fmt.Sprintf("%s %s %s %v %q %s: %s -> %s", address(c.Address), c.Provider, c.ObjectType, c.Actions, label, anchor, place(c.DN.Before), place(c.DN.After))
		if c.Blocked != nil {
			line += " blocked " + c.Blocked.Code + " by " + c.Blocked.By
		}
		out = append(out, line)
		for _, e := range c.Edits {
			out = append(out, line+" | "+e.Attribute+" by "+e.Reason.Rule+": "+data(r, e, e.Before)+" -> "+data(r, e, e.After))
		}
		if c.Members != nil {
			for _, m := range c.Members.Add {
				out = append(out, fmt.Sprintf("%s | + %s %q %s %s", line, name(m.DN), text(m.Name), text(m.ID), m.Reason))
			}
			for _, m := range c.Members.Remove {
				out = append(out, fmt.Sprintf("%s | - %s %q %s %s", line, name(m.DN), text(m.Name), text(m.ID), m.Reason))
			}
			for _, m := range c.Members.Skipped {
				out = append(out, fmt.Sprintf("%s | skipped %s %q %s", line, either(m.ID, text, name), text(m.Name), m.Reason))
			}
		}
	}
	for _, n := range p.NotWritten {
		out = append(out, fmt.Sprintf("not written %s %q %s %s", text(n.ID), text(n.Name), n.Provider, n.Reason))
	}
	for _, f := range p.Frozen {
		out = append(out, fmt.Sprintf("frozen %s %s %s", address(f.Address), name(f.DN), f.Reason))
	}
	for _, s := range p.Skipped {
		for _, m := range s.Members {
			out = append(out, fmt.Sprintf("skipped %s %q: %s %q %s", address(s.Address), text(s.Name), either(m.ID, text, name), text(m.Name), m.Reason))
		}
	}
	for _, d := range p.Diagnostics {
		if d.Code != "pseudonymised" {
			out = append(out, fmt.Sprintf("%s %s %s:%d", d.Severity, d.Code, d.File, d.Line))
		}
	}
	for _, g := range p.Guards {
		out = append(out, fmt.Sprintf("%s in %s: %d of %d", g.Guard, g.In, g.Count, g.Of))
	}
	slices.Sort(out)
	return out
}

// either is the name of an AD object, or the id of one in Entra ID.
func either(id string, text, name func(string) string) string {
	if strings.Contains(id, "=") {
		return name(id)
	}
	return text(id)
}

func data(r renaming, e planner.Edit, values []planner.Datum) string {
	var out []string
	for _, d := range values {
		out = append(out, r.value(e.Attribute, d.Text))
	}
	slices.Sort(out)
	return fmt.Sprintf("%q", out)
}

func same(s string) string { return s }

// unchanged renames nothing.
var unchanged = renaming{same, same, func(_, s string) string { return s }}

// pseudonymous is the renaming of a plan. What rules compute is computed once more,
// of what is readable, so it is in both plans.
func pseudonymous(p *planner.Pseudonyms, snap planner.Snapshot) renaming {
	readable := func(attribute string) bool {
		return slices.ContainsFunc(p.Policy().Readable, func(r planner.Readable) bool { return r.Provider == adCorp && r.Attribute == attribute && r.Ours })
	}
	return renaming{
		text: p.Text,
		name: func(s string) string {
			if snap[adCorp].ByName(s) != planner.NoObject || !readable("name") {
				return p.Name(s)
			}
			d := dn.MustParse(s)
			return dn.MustParse(p.Name(d.Parent().String())).Child(d.Leaf().Type, d.Leaf().Value).String()
		},
		value: func(attribute, s string) string {
			if readable(attribute) {
				return s
			}
			return p.Text(s)
		},
	}
}

// A plan on pseudonyms is the plan with its names and values replaced.
func TestPlanOnPseudonymsHasTheSameShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		if slices.ContainsFunc(w.groups, func(g *cloudGroup) bool { return strings.Contains(g.name, "\u0301") }) {
			t.Skip("HCL composes what is written with a combining accent, and pseudonyms have none")
		}
		cfg := load(t, drawConfig(t)...)
		if rapid.Bool().Draw(t, "written before") {
			settle(t, cfg, w)
		}
		tamper(t, w)
		snap := w.read(t, cfg, nil)
		plan, err := buildFrom(cfg, snap, w, planner.Options{})
		if err != nil {
			t.Skip(err)
		}
		if slices.ContainsFunc(plan.Diagnostics, func(d planner.Diagnostic) bool { return d.Code == "mark_conflict" }) {
			t.Skip("of objects with one mark, the ids decide which is shown, and those are others")
		}
		p := pseudonyms(t, cfg, snap)
		changed, err := p.Snapshot(snap)
		if err != nil {
			t.Fatal(err)
		}
		got, err := planner.Build(cfg, changed, planner.Options{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Version: "0.1.0"})
		if err != nil {
			t.Fatalf("the plan works on the real snapshot, and on the pseudonyms: %v", err)
		}
		want, is := renamed(plan, pseudonymous(p, snap)), renamed(got, unchanged)
		if diff := cmp.Diff(want, is); diff != "" {
			t.Fatalf("the plan, renamed (-), and the plan on pseudonyms (+):\n%s", diff)
		}
		if !got.Pseudonymised() || got.CheckApplicable() == nil || plan.Pseudonymised() {
			t.Fatal("the plan does not say what it is")
		}
	})
}

func TestPseudonyms(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	snap := w.read(t, cfg, nil)
	p := pseudonyms(t, cfg, snap)
	other, err := planner.NewPseudonyms(cfg, snap, []byte("another key of more than sixteen"), nil)
	if err != nil {
		t.Fatal(err)
	}
	g := guid("x")
	octetsText := base64.StdEncoding.EncodeToString([]byte(octets(g)))
	for value, form := range map[string]string{
		"Marta Sousa": `^[A-Za-z]{11}$`, "marta.sousa@Example.com": `^[A-Za-z]{11}@[A-Za-z]{7}\.[A-Za-z]{3}$`,
		"SMTP:a@b.example": `^SMTP:[A-Za-z]@[A-Za-z]\.[A-Za-z]{7}$`, "X500:/o=Org/cn=x": `^X500:[A-Za-z]{11}$`,
		g: `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, "Group_" + g: `^Group_[0-9a-f-]{36}$`, strings.ToUpper(g): `^[0-9A-F-]{36}$`,
		octetsText: `^[A-Za-z0-9+/]{22}==$`, "12345": `^[1-9][0-9]{4}$`, "0012": `^[0-9]{4}$`, "-7": `^-[0-9]{1,2}$`,
		"20261123120000.0Z": `^(19|20)[0-9]{12}\.0Z$`, "S-1-5-21-1-2-3-4567": `^S-1-5-21-[0-9]+-[0-9]+-[0-9]+-[0-9]{4,}$`, "S-1-5-21-1-2-3-512": `^S-1-5-21-[0-9]+-[0-9]+-[0-9]+-512$`,
		"  Trim me  ": `^  [A-Za-z]{7}  $`, "Pörtal 🙂": `^[A-Za-z]{9}$`, "line\nbreak": "^[A-Za-z]{4}\n[A-Za-z]{5}$",
		"CN=Ada Brandt,OU=Berlin,DC=corp,DC=example,DC=com": `^CN=[A-Za-z]{10},OU=[A-Za-z]{6},DC=corp,DC=example,DC=com$`,
		"CN=x,CN=Users,DC=corp,DC=example,DC=com":           `^CN=[A-Za-z],CN=Users,DC=corp,DC=example,DC=com$`,
		"CN=x,OU=y,DC=elsewhere,DC=org":                     `^CN=[A-Za-z],OU=[A-Za-z],DC=[A-Za-z]{9},DC=[A-Za-z]{3}$`,
		`a\b,c=d`:                                           `^[A-Za-z]{7}$`,
	} {
		got := p.Text(value)
		if !regexp.MustCompile(form).MatchString(got) || got == value {
			t.Errorf("%q becomes %q, and should look like %s", value, got, form)
		}
		if got == other.Text(value) && !strings.HasPrefix(value, "-") {
			t.Errorf("%q becomes %q with any key", value, got)
		}
		if len(utf16.Encode([]rune(got))) != len(utf16.Encode([]rune(value))) && !strings.HasPrefix(value, "S-1-") && value != "-7" {
			t.Errorf("%q becomes %q, of another length", value, got)
		}
	}
	if got := p.Name("OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com"); got != "OU=Security,OU=Cloud Groups,DC=corp,DC=example,DC=com" {
		t.Errorf("the configuration names it, and it becomes %s", got)
	}
	for _, stays := range []string{"", "  ", "S-1-5-32-544", "S-1-1-0"} {
		if got := p.Text(stays); got != stays {
			t.Errorf("%q becomes %q", stays, got)
		}
	}
	// One thing in all its spellings.
	id := p.Text(g)
	for spelling, want := range map[string]string{"Group_" + g: "Group_" + id, "{" + g + "}": "{" + id + "}", strings.ToUpper(g): strings.ToUpper(id),
		octetsText: base64.StdEncoding.EncodeToString([]byte(octets(id)))} {
		if got := p.Text(spelling); got != want {
			t.Errorf("%s becomes %s, want %s", spelling, got, want)
		}
	}
	if got := p.Octets(octets(g)); got != octets(id) {
		t.Errorf("the octets of a GUID become %x", got)
	}
	if got, want := p.Octets(sid(4567)), p.Text(sidText(4567)); !strings.HasSuffix(want, fmt.Sprint(ridOf(got))) {
		t.Errorf("the octets of a SID become those of …-%d, its text %s", ridOf(got), want)
	}
}

func ridOf(raw string) uint32 {
	b := []byte(raw[len(raw)-4:])
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// What is the same to a directory is the same, and nothing else is.
func TestPseudonymsKeepEquality(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""), `
sync_rule "cut" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 7
  scope {
    when = startswith(source.description, "FIN-")
  }
  flow "info" {
    value = left(trimspace(source.description), 6)
  }
}
`)
	letters := rapid.SampledFrom([]string{"a", "A", "b", "B", "ß", "é", "É", "1", "-", " ", "🙂", "FIN-", "fin-", "@x.de", "\n", ","})
	value := rapid.Map(rapid.SliceOfN(letters, 1, 9), func(parts []string) string { return strings.Join(parts, "") })
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(value, 2, 40).Draw(t, "values")
		w := newWorld()
		for i, v := range values {
			w.add("user", fmt.Sprintf("CN=%d,OU=People,%s", i, base), map[string][]string{"title": {v}})
		}
		snap := w.read(t, cfg, nil)
		p := pseudonyms(t, cfg, snap)
		for i, v := range values {
			for _, u := range values[:i] {
				a, b := p.Text(u), p.Text(v)
				if (u == v) != (a == b) || (dn.Fold(u) == dn.Fold(v)) != (dn.Fold(a) == dn.Fold(b)) {
					t.Fatalf("%q and %q become %q and %q", u, v, a, b)
				}
			}
			left := func(s string) string {
				units := utf16.Encode([]rune(strings.TrimSpace(s)))
				return string(utf16.Decode(units[:min(6, len(units))]))
			}
			if cut := left(v); !strings.ContainsRune(cut, '\uFFFD') && !strings.Contains(v, "@") && left(p.Text(v)) != p.Text(cut) {
				t.Fatalf("%q becomes %q; cut, %q becomes %q", v, p.Text(v), cut, p.Text(cut))
			}
			if begins := func(s string) bool { return strings.HasPrefix(s, "FIN-") }; begins(v) != begins(p.Text(v)) {
				t.Fatalf("%q becomes %q", v, p.Text(v))
			}
		}
	})
}

// The policy keeps what conditions look into, and nothing else.
func TestPseudonymPolicy(t *testing.T) {
	named := func(cn string) string {
		return strings.Replace(writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, cn, 1)
	}
	rule := func(direction, objectType, body string) string {
		metaverse := map[string]string{"user": "person", "group": "group"}[objectType]
		return fmt.Sprintf("sync_rule \"%s_mine\" {\n  direction = %q\n  provider = provider.ad.corp\n  object_type = %q\n  metaverse_type = %q\n  link = \"join\"\n  precedence = 9\n%s\n}\n", direction, direction, objectType, metaverse, body)
	}
	for name, test := range map[string]struct {
		extra []string
		keep  []string
		want  string // beside that of the pack: prefixes Group_ and User_, cut at 448
	}{
		"groups named after their id": {[]string{named("source.cloudAnchor")}, nil, ""},
		"a name that is computed": {[]string{writebackBlock("")}, nil, `ad group cn
ad group displayName
ad group name of ours
entra group cloudAnchor
entra group displayName
entra group id`},
		"a name that is passed on": {[]string{named("source.displayName")}, nil, ""},
		"a name with suffixes": {[]string{strings.Replace(named("source.displayName"), "object_type", "on_collision = \"suffix\"\n  object_type", 1)}, nil, `ad group cn
ad group displayName
ad group name of ours
entra group cloudAnchor
entra group displayName
entra group id`},
		"a sAMAccountName": {[]string{strings.Replace(named("source.cloudAnchor"), "object_type", "sam_account_name = source.mailNickname\n  object_type", 1)}, nil, `ad group sAMAccountName of ours
entra group alias
entra group mailNickname`},
		"a condition that looks into it": {[]string{named("source.cloudAnchor"), rule("inbound", "user", `scope {
  when = endswith(source.title, "manager")
}
flow "title" {
  from = "title"
}`)}, nil, "ad user title"},
		"a condition that compares it": {[]string{named("source.cloudAnchor"), rule("inbound", "user", `scope {
  when = source.title == "Manager" || source.department != null
}
flow "title" {
  from = "title"
}`)}, nil, `text Manager`},
		"clauses": {[]string{named("source.cloudAnchor"), rule("inbound", "user", `scope {
  clause {
    attribute = "title"
    operator  = "EQUAL"
    value     = "Manager"
  }
  clause {
    attribute = "department"
    operator  = "CONTAINS"
    value     = "Sales"
  }
  clause {
    attribute = "company"
    operator  = "NOTSTARTSWITH"
    value     = "Ex-"
  }
}
flow "title" {
  from = "title"
}`)}, nil, "ad user department\nprefix Ex-\ntext Manager"},
		"a value that is computed, and joined and written": {[]string{named("source.cloudAnchor"), rule("inbound", "user", `flow "division" {
  value = upper(source.title)
}`), strings.Replace(rule("outbound", "user", `unmarked = "write"
join {
  match {
    space     = "employeeID"
    metaverse = "division"
  }
}
copy = ["division"]
flow "info" {
  value = left(source.displayName, 20)
}`), `precedence = 9`, `precedence = 8`, 1)}, nil, "ad user division\nad user employeeID\nad user title\ncut 20"},
		"-keep": {[]string{named("source.cloudAnchor")}, []string{"department", "groupType"}, "ad * department\nentra contact department\nentra user department"},
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := planner.PolicyOf(load(t, preamble, named("source.cloudAnchor")), nil)
			if err != nil {
				t.Fatal(err)
			}
			policy, err := planner.PolicyOf(load(t, append([]string{preamble}, test.extra...)...), test.keep)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range policy.Readable {
				line := fmt.Sprintf("%s %s %s", strings.Split(r.Provider, ".")[1], r.Type, r.Attribute)
				if r.Ours {
					line += " of ours"
				}
				if r.Why == "" || r.Line == 0 && test.keep == nil {
					t.Errorf("%s: why %q, line %d", line, r.Why, r.Line)
				}
				got = append(got, line)
			}
			for _, n := range policy.Cuts {
				if n != 448 {
					got = append(got, fmt.Sprintf("cut %d", n))
				}
			}
			for _, prefix := range policy.Prefixes {
				if prefix != "Group_" && prefix != "User_" {
					got = append(got, "prefix "+prefix)
				}
			}
			for _, text := range policy.Texts {
				if !slices.Contains(plain.Texts, text) && len(text) > 2 && text != "Sales" && text != "manager" {
					got = append(got, "text "+text)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A configuration that asks for more than the snapshot keeps is told so.
func TestPlanOnPseudonymsThatHideTooMuch(t *testing.T) {
	plain := strings.Replace(writebackBlock(""), `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, "source.cloudAnchor", 1)
	cfg := load(t, preamble, plain)
	w := newWorld()
	w.group("A group", w.person("Ada").id)
	snap := w.read(t, cfg, nil)
	changed, err := pseudonyms(t, cfg, snap).Snapshot(snap)
	if err != nil {
		t.Fatal(err)
	}
	found := func(files ...string) []string {
		t.Helper()
		p, err := planner.Build(load(t, files...), changed, planner.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, d := range p.Diagnostics {
			if strings.HasPrefix(d.Code, "pseudonymised") {
				out = append(out, d.Code+" "+d.Detail)
			}
		}
		return out
	}
	if got := found(preamble, plain); len(got) != 1 {
		t.Errorf("the same configuration: %q", got)
	}
	got := strings.Join(found(preamble, strings.Replace(plain, "object_type", `when = source.description == "secret" || strcontains(source.displayName, "x")
  object_type`, 1)), "\n")
	for _, want := range []string{`It compares values with "secret"`, "displayName of group objects of provider.entra.contoso: when of writeback.cloud"} {
		if !strings.Contains(got, want) {
			t.Errorf("not told: %s in\n%s", want, got)
		}
	}
	other := strings.Replace(preamble, `default = "OU=Security"`, `default = "OU=Other"`, 1)
	if got := strings.Join(found(other, plain), "\n"); !strings.Contains(got, "OU=Other") {
		t.Errorf("an OU that the snapshot may hide is not told:\n%s", got)
	}
}

// No value that is hidden stands anywhere in the file.
func TestNothingHiddenIsInTheFile(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	w := newWorld()
	var people []string
	for _, name := range []string{"Marta Sousa", "Ada Brandt", "Élodie Ñandú"} {
		people = append(people, w.person(name).id)
	}
	w.group("Payroll of Lisbon", people...).description = "who is paid how much, and when"
	snap := w.read(t, cfg, nil)
	p := pseudonyms(t, cfg, snap)
	changed, err := p.Snapshot(snap)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := planner.EncodeSnapshot(&file, changed, planner.SnapshotInfo{Requests: planner.Requests(cfg), Pseudonymised: p.Policy()}); err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"Marta", "Sousa", "Brandt", "Élodie", "who is paid", w.users[0].id, w.users[0].immutableID, w.find("CN=Ada Brandt,OU=People," + base).guid, sidText(5003), base64.StdEncoding.EncodeToString([]byte(sid(5003)))} {
		if strings.Contains(strings.ToLower(file.String()), strings.ToLower(hidden)) {
			t.Errorf("the file holds %q", hidden)
		}
	}
	if !strings.Contains(file.String(), "Payroll of Lisbon") {
		t.Error("the name of the group, of which cn is made, is not in the file: this test looks at nothing")
	}
	back, info, err := planner.DecodeSnapshot(&file, cfg)
	if err != nil || info.Pseudonymised == nil || back["provider.ad.corp"].Pseudonyms == nil {
		t.Fatalf("%v %+v", err, info.Pseudonymised)
	}
}

func TestPseudonymsNeedAKey(t *testing.T) {
	cfg := load(t, preamble, writebackBlock(""))
	snap := newWorld().read(t, cfg, nil)
	if _, err := planner.NewPseudonyms(cfg, snap, []byte("short"), nil); err == nil || !strings.Contains(err.Error(), "openssl rand") {
		t.Errorf("%v", err)
	}
	if _, err := planner.NewPseudonyms(cfg, snap, pseudonymKey, []string{"displayNam"}); err == nil || !strings.Contains(err.Error(), "displayName") {
		t.Errorf("%v", err)
	}
}
