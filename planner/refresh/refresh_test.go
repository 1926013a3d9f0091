package refresh_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/refresh"
)

const (
	base  = "DC=corp,DC=example,DC=com"
	known = "11111111-0000-4000-8000-000000000001"
	lost  = "11111111-0000-4000-8000-000000000002"
)

// directory is a connected directory as plain data, and what it was asked.
type directory struct {
	objects []object // within the search bases
	beyond  []object // only a look-up finds these
	members map[string][]string
	broken  string // the method that breaks off
	asked   []string
}

type object struct {
	kind, anchor, name string
	attrs              map[string]string
}

func (d *directory) call(method string, words ...string) error {
	d.asked = append(d.asked, method+" "+strings.Join(words, " "))
	if method == d.broken {
		return errors.New("the connection broke")
	}
	return nil
}

func (d *directory) add(s *planner.Space, o object) planner.ObjectID {
	id := s.Add(o.kind, o.anchor, o.name, planner.Live)
	for name, v := range o.attrs {
		s.Set(id, name, v)
	}
	return id
}

func (d *directory) Read(_ context.Context, _ planner.Request, s *planner.Space) error {
	for _, o := range d.objects {
		d.add(s, o)
	}
	return d.call("Read")
}

func (d *directory) ReadReferences(_ context.Context, _ planner.Request, objects []planner.ObjectID, attrs []string, s *planner.Space) error {
	var names []string
	for _, o := range objects {
		var ids []planner.ObjectID
		for _, name := range d.members[s.Name(o)] {
			ids = append(ids, s.Reference(name))
		}
		for _, attr := range attrs {
			s.SetReferences(o, attr, ids)
		}
		names = append(names, s.Name(o))
	}
	return d.call("ReadReferences", names...)
}

func (d *directory) Find(_ context.Context, _ planner.Request, attribute string, values []string, s *planner.Space) error {
	for _, v := range values {
		found := false
		for _, o := range d.beyond {
			if strings.EqualFold(o.attrs[attribute], v) || attribute == "id" && o.anchor == v {
				s.SetFound(attribute, v, d.add(s, o))
				found = true
			}
		}
		if !found {
			s.ProveAbsent(attribute, v)
		}
	}
	return d.call("Find", append([]string{attribute}, values...)...)
}

func cloudGroup(id string) object {
	return object{"group", id, id, map[string]string{"displayName": "G " + id[35:], "cloudAnchor": "Group_" + id, "cloudMastered": "TRUE",
		"securityEnabled": "TRUE", "mailEnabled": "FALSE", "writebackConfiguration/isEnabled": "TRUE"}}
}

func adGroup(name, mark string) object {
	return object{"group", "22222222-0000-4000-8000-0000000000" + mark[len(mark)-2:], name, map[string]string{"adminDescription": mark, "groupType": "-2147483640"}}
}

func ou(name string) object {
	return object{"organizationalUnit", "33333333-0000-4000-8000-" + (strings.Repeat("0", 12) + strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdef", r) {
			return r
		}
		return -1
	}, strings.ToLower(name)))[:12], name, nil}
}

const configuration = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn      = "DC=corp,DC=example,DC=com"
  search_bases = [SEARCH]
  sandbox      = "corp.ldif"
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
ou_mapping "cloud" {
  root    = "OU=Cloud,DC=corp,DC=example,DC=com"
  default = ""
}
writeback "cloud" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud
}
`

func load(t *testing.T, files ...string) *lang.Config {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, text := range files {
		fsys[string(rune('a'+i))+".hcl"] = &fstest.MapFile{Data: []byte(text)}
	}
	cfg, _, diags := lang.LoadFS(fsys, lang.LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

func readers(entra, ad *directory) map[string]planner.Reader {
	return map[string]planner.Reader{"provider.entra.contoso": entra, "provider.ad.corp": ad}
}

const everywhere, people = `"DC=corp,DC=example,DC=com"`, `"OU=People,DC=corp,DC=example,DC=com"`

func TestSteps(t *testing.T) {
	cfg := load(t, strings.Replace(configuration, "SEARCH", everywhere, 1))
	entra := &directory{objects: []object{cloudGroup(known)}, beyond: []object{cloudGroup(lost)}, members: map[string][]string{known: {"u1"}}}
	ad := &directory{objects: []object{ou("OU=Cloud," + base), adGroup("CN=one,OU=Cloud,"+base, "Group_"+known), adGroup("CN=two,OU=Cloud,"+base, "Group_"+lost)}}
	snap, err := refresh.Read(context.Background(), cfg, readers(entra, ad))
	if err != nil {
		t.Fatal(err)
	}
	// The list did not have one group, a look-up has: its members are read, too.
	want := []string{"Read ", "ReadReferences " + known, "Find id " + lost, "ReadReferences " + lost}
	if !slices.Equal(entra.asked, want) {
		t.Errorf("asked %q, want %q", entra.asked, want)
	}
	p, err := planner.Build(cfg, snap, planner.Options{})
	if err != nil || p.Summary.Delete > 0 || p.Summary.Errors > 0 {
		t.Errorf("%v %+v %+v", err, p.Summary, p.Diagnostics)
	}
}

func TestAReadThatBreaksOffIsAnError(t *testing.T) {
	for _, method := range []string{"Read", "ReadReferences", "Find"} {
		cfg := load(t, strings.Replace(configuration, "SEARCH", everywhere, 1))
		entra := &directory{objects: []object{cloudGroup(known)}, broken: method}
		ad := &directory{objects: []object{ou("OU=Cloud," + base), adGroup("CN=one,OU=Cloud,"+base, "Group_"+known), adGroup("CN=two,OU=Cloud,"+base, "Group_"+lost)}}
		if _, err := refresh.Read(context.Background(), cfg, readers(entra, ad)); err == nil || !strings.Contains(err.Error(), "provider.entra.contoso") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// An object of ours outside the search bases: a second one with its mark would be
// a conflict for good.
func TestObjectsBeyondTheSearchBases(t *testing.T) {
	cfg := load(t, strings.Replace(configuration, "SEARCH", people, 1))
	entra := &directory{objects: []object{cloudGroup(known)}}
	ad := &directory{objects: []object{ou("OU=Cloud," + base)}, beyond: []object{adGroup("CN=one,OU=Elsewhere,"+base, "Group_"+known)}}
	snap, err := refresh.Read(context.Background(), cfg, readers(entra, ad))
	if err != nil {
		t.Fatal(err)
	}
	p, err := planner.Build(cfg, snap, planner.Options{})
	if err != nil || p.Summary.Create > 0 || p.Summary.Move != 1 {
		t.Errorf("%v %+v", err, p.Summary)
	}
	if !slices.Contains(ad.asked, "Find adminDescription Group_"+known) {
		t.Errorf("asked %q", ad.asked)
	}
	// Nobody asks when the search bases are all there is: such a search is slow.
	cfg = load(t, strings.Replace(configuration, "SEARCH", everywhere, 1))
	ad.asked = nil
	if _, err := refresh.Read(context.Background(), cfg, readers(&directory{objects: entra.objects}, ad)); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(ad.asked, func(s string) bool { return strings.HasPrefix(s, "Find") }) {
		t.Errorf("asked %q", ad.asked)
	}
}

func TestAdoptBeyondTheSearchBases(t *testing.T) {
	const target = "CN=Legacy,OU=Elsewhere," + base
	text := strings.Replace(strings.Replace(configuration, "SEARCH", people, 1), "ou          =", "adopt = { \"Group_"+known+"\" = \""+target+"\" }\n  ou          =", 1)
	ad := &directory{objects: []object{ou("OU=Cloud," + base)}, beyond: []object{{"group", lost, target, map[string]string{"distinguishedName": target, "groupType": "8"}}}}
	cfg := load(t, text)
	snap, err := refresh.Read(context.Background(), cfg, readers(&directory{objects: []object{cloudGroup(known)}}, ad))
	if err != nil {
		t.Fatal(err)
	}
	p, err := planner.Build(cfg, snap, planner.Options{})
	if err != nil || p.Summary.Create > 0 || p.Summary.Blocked > 0 || p.Summary.Move != 1 {
		t.Errorf("%v %+v", err, p.Summary)
	}
}

func TestScopesByMembership(t *testing.T) {
	rule := func(operator, group string) string {
		return `
sync_rule "pilot" {
  direction      = "inbound"
  provider       = provider.ad.corp
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 10
  scope {
    clause {
      attribute = "memberOf"
      operator  = "` + operator + `"
      value     = "` + group + `"
    }
  }
  join {
    match {
      space     = "displayName"
      metaverse = "displayName"
    }
  }
  copy = ["displayName"]
}
`
	}
	const pilot = "CN=Pilot,OU=People," + base
	user := object{"user", "44444444-0000-4000-8000-000000000001", "CN=Ada,OU=People," + base, map[string]string{"displayName": "Ada"}}
	other := object{"user", "44444444-0000-4000-8000-000000000002", "CN=Bruno,OU=People," + base, map[string]string{"displayName": "Bruno"}}
	ad := &directory{
		objects: []object{ou("OU=Cloud," + base), user, other, {"group", "44444444-0000-4000-8000-000000000003", pilot, nil}},
		members: map[string][]string{pilot: {user.name}},
	}
	for operator, want := range map[string]int{"ISMEMBEROF": 1, "ISNOTMEMBEROF": 1} {
		cfg := load(t, strings.Replace(configuration, "SEARCH", everywhere, 1), rule(operator, pilot))
		snap, err := refresh.Read(context.Background(), cfg, readers(&directory{objects: []object{cloudGroup(known)}}, ad))
		if err != nil {
			t.Fatal(err)
		}
		matches, err := planner.Matches(cfg, snap)
		if err != nil {
			t.Fatal(err)
		}
		for r, n := range matches {
			if r.Name == "pilot" && n != want {
				t.Errorf("%s takes %d objects, want %d", operator, n, want)
			}
		}
	}
	for _, operator := range []string{"ISMEMBEROF", "ISNOTMEMBEROF"} {
		cfg := load(t, strings.Replace(configuration, "SEARCH", everywhere, 1), rule(operator, "CN=Nobody,OU=People,"+base))
		_, err := refresh.Read(context.Background(), cfg, readers(&directory{}, ad))
		if err == nil || !strings.Contains(err.Error(), "CN=Nobody") || !strings.Contains(err.Error(), "b.hcl:") {
			t.Errorf("%s of a group that does not exist: %v", operator, err)
		}
	}
}

// A condition that counts members needs them before it can be decided.
func TestConditionsThatCountMembers(t *testing.T) {
	text := strings.Replace(strings.Replace(configuration, "SEARCH", everywhere, 1), "ou          =", "when = source.memberCount > 1\n  ou          =", 1)
	entra := &directory{objects: []object{cloudGroup(known), cloudGroup(lost)}, members: map[string][]string{known: {"u1", "u2"}, lost: {"u1"}}}
	cfg := load(t, text)
	snap, err := refresh.Read(context.Background(), cfg, readers(entra, &directory{objects: []object{ou("OU=Cloud," + base)}}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := planner.Build(cfg, snap, planner.Options{})
	if err != nil || p.Summary.Create != 1 || p.Summary.Errors > 0 {
		t.Errorf("%v %+v %+v", err, p.Summary, p.Diagnostics)
	}
}
