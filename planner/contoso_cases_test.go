package planner

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
)

// The acceptance cases of the engine with the rules of a real server, by their
// numbers in docs/acceptance.md.

const contosoGroups = "OU=Groups," + corp

// outcome is what became of one object of a small estate.
type outcome struct {
	t      *testing.T
	b      *build
	object object
	m      mvID
}

// contosoOutcome takes an estate through the rules and looks at one object.
func contosoOutcome(t *testing.T, cfg *lang.Config, e *estate, o object) outcome {
	t.Helper()
	b := contosoRun(t, cfg, e.snapshot())
	return outcome{t, b, o, b.mv.objectOf(slices.Index(b.spaces, e.ad), o.id)}
}

// metaverse is an attribute of the metaverse object.
func (o outcome) metaverse(attribute string) string {
	o.t.Helper()
	if o.m == noMV {
		o.t.Fatalf("%s is not in the metaverse", o.object.dn)
	}
	return strings.Join(o.b.mv.values(o.m, attribute), "|")
}

// export is what goes to a directory, nil if nothing does.
func (o outcome) export(provider string) *export {
	for i, s := range o.b.spaces {
		if s.Provider == provider {
			for _, e := range o.b.exports(i) {
				if e.m == o.m {
					return &e
				}
			}
		}
	}
	return nil
}

func (e *export) text(attribute string) string {
	for _, x := range e.values {
		if x.attribute.Name == attribute {
			return strings.Join(x.texts, "|")
		}
	}
	return ""
}

// securityGroup are the attributes of an ordinary group.
func securityGroup(name string) attrs {
	return attrs{"sAMAccountName": text(name), "groupType": text("-2147483640")}
}

func TestCase09_SecurityGroup(t *testing.T) {
	cfg := contosoConfig(t, nil)
	e := newEstate(cfg)
	a := securityGroup("g")
	var members []string
	for i := range 3 {
		u := e.add("user", fmt.Sprint("u", i), corp, account(fmt.Sprint("u", i), normal))
		a["member"] = append(a["member"], u.dn)
		members = append(members, guid(octets(fmt.Sprint("cloud", u.number))))
		e.cloud(u, "user", "User", nil)
	}
	o := contosoOutcome(t, cfg, e, e.add("group", "g", contosoGroups, a))
	if got := o.metaverse("securityEnabled"); got != "TRUE" {
		t.Errorf("securityEnabled is %q", got)
	}
	anchor := anchorOf(o.object)
	if got := o.metaverse("sourceAnchor"); got != anchor {
		t.Errorf("sourceAnchor is %q, want %q", got, anchor)
	}
	x := o.export(entraAddress)
	if x == nil || x.object != NoObject || x.failed != nil {
		t.Fatalf("not provisioned: %+v", x)
	}
	if got, want := x.text("dn"), "CN={"+strings.ToUpper(hex.EncodeToString([]byte(anchor)))+"}"; got != want {
		t.Errorf("dn is %q, want %q", got, want)
	}
	slices.Sort(members)
	if got := x.text("member"); got != strings.Join(members, "|") {
		t.Errorf("member is %q, want %q", got, members)
	}
	v, err := Metaverse(cfg, e.snapshot(), contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	if by := v.Object(int(o.m) + 1).Connectors[0]; by.Role != "projected" || by.By == nil || by.By.Precedence != 112 {
		t.Errorf("projected by %+v", by)
	}
}

func TestCase10_DistributionList(t *testing.T) {
	cfg := contosoConfig(t, nil)
	e := newEstate(cfg)
	o := contosoOutcome(t, cfg, e, e.add("group", "dl", contosoGroups, attrs{"groupType": text("8"), "proxyAddresses": text("SMTP:dl@contoso.com")}))
	if o.metaverse("mailEnabled") != "TRUE" || o.metaverse("securityEnabled") != "FALSE" {
		t.Errorf("mailEnabled %s, securityEnabled %s", o.metaverse("mailEnabled"), o.metaverse("securityEnabled"))
	}
	if x := o.export(entraAddress); x == nil || x.text("securityEnabled") != "FALSE" || x.text("proxyAddresses") != "SMTP:dl@contoso.com" {
		t.Errorf("export: %+v", x)
	}
	plain := contosoOutcome(t, cfg, e, e.add("group", "no mail", contosoGroups, attrs{"groupType": text("8")}))
	if x := plain.export(entraAddress); x != nil {
		t.Errorf("neither security nor mail, and exported: %+v", x)
	}
}

func TestCase11To14_GroupsThatAreKeptOut(t *testing.T) {
	cfg := contosoConfig(t, nil)
	for _, test := range []struct {
		name, cn  string
		more      attrs
		metaverse bool
	}{
		{"11: a role group is filtered", "Role", attrs{"msExchRecipientTypeDetails": text("1073741824")}, true},
		{"12: a critical system object is out of scope", "Critical", attrs{"isCriticalSystemObject": text("TRUE")}, false},
		{"13: a conflict object is filtered", "Twin\nCNF:8ae0b581-df1a-31e9-3609-9393effcdf2c", nil, true},
		{"14: a written back group is out of scope", "Back", attrs{"adminDescription": text("Group_8ae0b581-df1a-31e9-3609-9393effcdf2c")}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEstate(cfg)
			o := contosoOutcome(t, cfg, e, e.add("group", test.cn, contosoGroups, with(securityGroup("g"), test.more)))
			switch {
			case (o.m != noMV) != test.metaverse:
				t.Fatalf("in the metaverse: %v", o.m != noMV)
			case test.metaverse && o.metaverse("cloudFiltered") != "TRUE":
				t.Errorf("cloudFiltered is %q", o.metaverse("cloudFiltered"))
			}
			if o.m != noMV {
				if x := o.export(entraAddress); x != nil {
					t.Errorf("exported: %+v", x)
				}
			}
		})
	}
}

// A group of 50,000 is not provisioned any more; one that is in the tenant fails
// from 50,001, and only it.
func TestCase15_MemberLimit(t *testing.T) {
	cfg := contosoConfig(t, nil)
	e := newEstate(cfg)
	var many []string
	for i := range 50001 {
		many = append(many, fmt.Sprintf("CN=%d,%s", i, corp))
	}
	sized := func(name string, n int, inCloud bool) object {
		o := e.add("group", name, contosoGroups, with(securityGroup(name), attrs{"member": many[:n]}))
		if inCloud {
			e.cloud(o, "group", "Group", nil)
		}
		return o
	}
	nine, below, at := sized("nine", 9, false), sized("below", 49999, false), sized("at", 50000, false) // as texts, 9 is more than 50000
	there, over := sized("there", 50000, true), sized("over", 50001, true)
	b := contosoRun(t, cfg, e.snapshot())
	state := func(o object) string {
		x := (outcome{t, b, o, b.mv.objectOf(slices.Index(b.spaces, e.ad), o.id)}).export(entraAddress)
		switch {
		case x == nil:
			return "none"
		case x.failed != nil:
			return x.failed.err.Error()
		}
		return "exported"
	}
	got := []string{state(nine), state(below), state(at), state(there), state(over)}
	if diff := cmp.Diff([]string{"exported", "exported", "none", "exported", "Maximum Group member count exceeded"}, trimmed(got)); diff != "" {
		t.Errorf("9 · 49,999 · 50,000 · 50,000 in the tenant · 50,001 there (-want +got):\n%s", diff)
	}
	p, err := Build(cfg, e.snapshot(), contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	if p.Summary.Errors != 1 {
		t.Errorf("%d errors", p.Summary.Errors)
	}
}

// trimmed takes the name of the attribute off errors.
func trimmed(texts []string) []string {
	for i, text := range texts {
		if _, rest, found := strings.Cut(text, ": "); found {
			texts[i] = rest
		}
	}
	return texts
}

// Without a metaverse of the last run, a changed anchor joins nothing; where
// something else joins the two, as the standard pack does by SID, the rule's own
// check fails the object, and no other.
func TestCase16_SourceAnchorChanged(t *testing.T) {
	bySID := `
sync_rule "join_by_sid" {
  direction      = "inbound"
  provider       = provider.entra.contoso
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 90
  join {
    match {
      space     = "onPremisesSecurityIdentifier"
      metaverse = "objectSidString"
    }
  }
}
`
	estates := func(cfg *lang.Config) (*estate, object, object) {
		e := newEstate(cfg)
		moved, stays := e.add("group", "moved", contosoGroups, securityGroup("moved")), e.add("group", "stays", contosoGroups, securityGroup("stays"))
		for _, o := range []object{moved, stays} {
			e.cloud(o, "group", "Group", attrs{"onPremisesSecurityIdentifier": text(sidText(111, o.number))})
		}
		e.entra.Set(e.entra.ByAnchor(guid(octets(fmt.Sprint("cloud", moved.number)))), "sourceAnchor", base64.StdEncoding.EncodeToString([]byte(octets("before"))))
		return e, moved, stays
	}
	cfg := contosoConfig(t, nil)
	e, moved, _ := estates(cfg)
	if x := contosoOutcome(t, cfg, e, moved).export(entraAddress); x == nil || x.object != NoObject || x.failed != nil {
		t.Errorf("as imported, it is another object: %+v", x)
	}
	cfg = contosoConfig(t, nil, bySID)
	e, moved, stays := estates(cfg)
	if x := contosoOutcome(t, cfg, e, moved).export(entraAddress); x == nil || x.failed == nil || !strings.Contains(x.failed.err.Error(), "SourceAnchor attribute has changed.") {
		t.Errorf("joined by SID: %+v", x)
	}
	if x := contosoOutcome(t, cfg, e, stays).export(entraAddress); x == nil || x.failed != nil || x.object == NoObject {
		t.Errorf("the other group: %+v", x)
	}
}

const fabrikam = `
provider "ad" "fabrikam" {
  base_dn = "DC=fabrikam,DC=com"
  url     = "ldaps://fabrikam.com"
}
sync_rule "in_from_fabrikam_user" {
  direction      = "inbound"
  provider       = provider.ad.fabrikam
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 91
  join {
    match {
      space     = "objectSid"
      metaverse = "objectSid"
    }
  }
  copy = ["displayName", "objectSid"]
  flow "objectSidString" {
    expression = "StringFromSid([objectSid])"
  }
  flow "sourceAnchor" {
    expression = "ConvertToBase64([objectGUID])"
  }
}
`

// A member from another forest is a foreign security principal here; the rules
// join it to its person, and the export finds the person in the tenant. Where
// the container of these principals is not read, the member is in nobody's view:
// it is not exported, and explain names the reference that stands for nothing.
func TestCase17_MemberOfAnotherForest(t *testing.T) {
	cfg := contosoConfig(t, nil, fabrikam)
	for _, excluded := range []bool{false, true} {
		e := newEstate(cfg)
		var far *Space
		for _, p := range cfg.Providers {
			if p.Label == "fabrikam" {
				far = NewSpace(p.Address(), Kind(p.Kind), p.Schema)
			}
		}
		u := object{number: 7, guid: octets("far user"), dn: "CN=Far,DC=fabrikam,DC=com"}
		u.id = far.Add("user", guid(u.guid), u.dn, Live)
		far.Set(u.id, "objectGUID", u.guid)
		far.Set(u.id, "objectSid", sid(999, 7))
		e.cloud(u, "user", "User", nil)
		principal := "CN=" + sidText(999, 7) + ",CN=ForeignSecurityPrincipals," + corp
		if !excluded {
			e.add("foreignSecurityPrincipal", sidText(999, 7), "CN=ForeignSecurityPrincipals,"+corp, nil)
		}
		g := e.add("group", "g", contosoGroups, with(securityGroup("g"), attrs{"member": text(principal)}))
		snap := e.snapshot()
		snap[far.Provider] = far
		b := contosoRun(t, cfg, snap)
		o := outcome{t, b, g, b.mv.objectOf(slices.Index(b.spaces, e.ad), g.id)}
		want := guid(octets("cloud7"))
		if excluded {
			want = ""
		}
		if x := o.export(entraAddress); x == nil || x.failed != nil || x.text("member") != want {
			t.Errorf("excluded %v: want member %q: %+v", excluded, want, x)
		}
		v, err := Metaverse(cfg, snap, contosoOptions)
		if err != nil {
			t.Fatal(err)
		}
		refs := v.Object(int(o.m) + 1).References
		i := slices.IndexFunc(refs, func(r MetaverseReferences) bool { return r.Attribute == "member" })
		if i < 0 || len(refs[i].Objects) != 1 || (refs[i].Objects[0].Number == 0) != excluded || refs[i].Objects[0].Object.DN != principal {
			t.Errorf("excluded %v: references %+v", excluded, refs)
		}
	}
}

// The legacy name of the cloud is added to the addresses that AD has, once.
func TestCase18_LegacyExchangeDN(t *testing.T) {
	cfg := contosoConfig(t, func(text string) string {
		return strings.Replace(text, "sync_rule \"out_to_ad_group_exchange_hybrid\" {", "sync_rule \"out_to_ad_group_exchange_hybrid\" {\n  unmarked = \"write\"", 1)
	})
	e := newEstate(cfg)
	g := e.add("group", "g", contosoGroups, with(securityGroup("g"), attrs{"proxyAddresses": text("SMTP:g@contoso.com", "smtp:G2@contoso.com")}))
	e.cloud(g, "group", "Group", attrs{"cloudLegacyExchangeDN": text("/o=cloud/cn=g")})
	p, err := Build(cfg, e.snapshot(), contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SMTP:g@contoso.com", "smtp:G2@contoso.com", "x500:/o=cloud/cn=g"}
	if len(p.Changes) != 1 || len(p.Changes[0].Edits) != 1 || p.Changes[0].Edits[0].Attribute != "proxyAddresses" {
		t.Fatalf("changes: %+v", p.Changes)
	}
	var got []string
	for _, d := range p.Changes[0].Edits[0].After {
		got = append(got, d.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	e.ad.Set(g.id, "proxyAddresses", "SMTP:g@contoso.com", "smtp:G2@contoso.com", "X500:/o=cloud/cn=g")
	if p, err = Build(cfg, e.snapshot(), contosoOptions); err != nil || len(p.Changes) != 0 {
		t.Errorf("the second run: %v, %+v", err, p.Changes)
	}
}

func TestCase19_Description(t *testing.T) {
	cfg := contosoConfig(t, nil)
	e := newEstate(cfg)
	long := "   begins " + strings.Repeat("x", 600)
	o := contosoOutcome(t, cfg, e, e.add("group", "g", contosoGroups, with(securityGroup("g"), attrs{"description": text(long, "zz second")})))
	if got, want := o.metaverse("description"), strings.TrimSpace(long)[:448]; got != want {
		t.Errorf("description is %q (%d)", got, len(got))
	}
}

// A custom copy with a number of the administrator's own, beside the standard
// rule switched off, gives the same, and the same flows have another origin.
func TestCase20_CustomCopy(t *testing.T) {
	const label = `sync_rule "in_from_ad_group_common" {`
	copied := func(text string) string {
		i := strings.Index(text, label)
		if i < 0 {
			return text
		}
		rule := text[i : i+strings.Index(text[i:], "\n}\n")+3]
		clone := strings.Replace(rule, label, `sync_rule "custom" {`, 1)
		clone = strings.Replace(clone, "In from AD - Group Common", "Custom", 1)
		clone = strings.Replace(clone, "= 114", "= 90", 1)
		clone = clone[:strings.Index(clone, "  tag ")] + clone[strings.Index(clone, "  tag ")+strings.Index(clone[strings.Index(clone, "  tag "):], "\n")+1:]
		return strings.Replace(text, label, label+"\n  disabled = true", 1) + "\n" + clone
	}
	var exports []string
	var origin []int
	for _, change := range []func(string) string{nil, copied} {
		cfg := contosoConfig(t, change)
		e := newEstate(cfg)
		populate(e)
		snap := e.snapshot()
		b := contosoRun(t, cfg, snap)
		exports = append(exports, b.exportsText())
		v, err := Metaverse(cfg, snap, contosoOptions)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= v.Len(); n++ {
			o := v.Object(n)
			for _, a := range o.Attributes {
				if o.Type == "group" && a.Attribute == "memberCount" && !slices.Contains(origin, a.By.Precedence) {
					origin = append(origin, a.By.Precedence)
				}
			}
		}
	}
	if diff := cmp.Diff(strings.Split(exports[0], "\n"), strings.Split(exports[1], "\n")); diff != "" {
		t.Errorf("the copy gives something else (-standard +copy):\n%s", diff)
	}
	if !slices.Equal(origin, []int{114, 90}) {
		t.Errorf("memberCount comes from the rules %v", origin)
	}
}

// landfall numbers nothing anew: a number that is taken is refused, and both
// places are shown.
func TestCase21_PrecedenceIsTaken(t *testing.T) {
	_, diags := contosoLoad(t, nil, strings.Replace(fabrikam, "= 91", "= 112", 1))
	i := slices.IndexFunc(diags, func(d *hcl.Diagnostic) bool { return strings.Contains(d.Error(), "112") })
	if i < 0 || !strings.Contains(diags[i].Error(), "z0.hcl") || !strings.Contains(diags[i].Error(), "rules_inbound_group.hcl") {
		t.Errorf("got %v", diags)
	}
}
