package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// TestPrivilegedChangesAreMarked: what gives power is marked, and nothing else.
func TestPrivilegedChangesAreMarked(t *testing.T) {
	const security = "-2147483646"
	ad := func(w *world, name string, attrs map[string][]string, members ...*adObject) *adObject {
		if attrs == nil {
			attrs = map[string][]string{}
		}
		attrs["groupType"] = []string{security}
		o := w.add("group", name, attrs)
		for _, m := range members {
			o.members = append(o.members, m.guid)
		}
		return o
	}
	withSID := func(o *adObject, raw string) *adObject {
		o.attrs["objectSid"] = []string{raw}
		return o
	}
	builtin := func(rid byte) string {
		return "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00" + string(rid) + "\x02\x00\x00"
	}
	for _, test := range []struct {
		name  string
		setup func(w *world, g *cloudGroup, o *adObject)
		code  string
		notes string // part of them
	}{
		{"nothing", func(*world, *cloudGroup, *adObject) {}, "", ""},
		{"its own mark", func(_ *world, _ *cloudGroup, o *adObject) { o.attrs["adminCount"] = []string{"1"} }, "admin_count", ""},
		{"critical", func(_ *world, _ *cloudGroup, o *adObject) { o.attrs["isCriticalSystemObject"] = []string{"TRUE"} }, "critical", ""},
		{"well known", func(_ *world, _ *cloudGroup, o *adObject) { withSID(o, sid(512)) }, "well_known", ""},
		{"a member of Domain Admins", func(w *world, _ *cloudGroup, o *adObject) {
			withSID(ad(w, "CN=Domain Admins,OU=People,"+base, nil, o), sid(512))
		}, "nested", `PRIVILEGED: whoever is in it has the rights of "Domain Admins" (CN=Domain Admins,OU=People,` + base + ")"},
		{"a member of a member of Administrators", func(w *world, _ *cloudGroup, o *adObject) {
			withSID(ad(w, "CN=Administrators,OU=People,"+base, nil, ad(w, "CN=Between,OU=People,"+base, nil, o)), builtin(0x20))
		}, "nested", `"Administrators"`},
		{"a member of what AdminSDHolder marked", func(w *world, _ *cloudGroup, o *adObject) {
			ad(w, "CN=Marked,OU=People,"+base, map[string][]string{"adminCount": {"1"}}, o)
		}, "nested", `"Marked"`},
		{"a member of what the configuration protects", func(w *world, _ *cloudGroup, o *adObject) {
			w.add("organizationalUnit", "OU=Tier 0,"+base, nil)
			ad(w, "CN=Servers,OU=Tier 0,"+base, nil, o)
		}, "nested", `"Servers"`},
		{"members of each other", func(w *world, _ *cloudGroup, o *adObject) {
			o.members = append(o.members, ad(w, "CN=A,OU=People,"+base, nil, o).guid)
		}, "", ""},
		{"a member of Domain Users", func(w *world, _ *cloudGroup, o *adObject) {
			withSID(ad(w, "CN=Domain Users,OU=People,"+base, nil, o), sid(513))
		}, "", ""},
		{"a member of Users", func(w *world, _ *cloudGroup, o *adObject) {
			withSID(ad(w, "CN=Users,OU=People,"+base, nil, o), builtin(0x21))
		}, "", ""},
		{"no longer marked", func(w *world, _ *cloudGroup, o *adObject) {
			ad(w, "CN=Marked,OU=People,"+base, map[string][]string{"adminCount": {"0"}}, o)
		}, "", ""},
		{"roles", func(_ *world, g *cloudGroup, _ *adObject) { g.roles = true }, "role_assignable", "PRIVILEGED: roles of Entra ID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, _ := settled(t, "", func(w *world) { w.group("One"); w.group("Other") })
			test.setup(w, w.groups[0], w.marked(w.groups[0].id))
			ada := w.person("Ada").id
			for _, g := range w.groups {
				g.members = []string{ada}
			}
			p := build(t, load(t, preamble+writebackBlock(""), "protect {\n  dns = [\"OU=Tier 0,"+base+"\"]\n}\n"), w, planner.Options{})
			c := find1(t, p, address(w.groups[0]))
			if c.Privileged != test.code || !strings.Contains(strings.Join(c.Notes, "\n"), test.notes) || (test.notes == "") != (len(c.Notes) == 0) {
				t.Errorf("%q, want %q; notes %q", c.Privileged, test.code, c.Notes)
			}
			blocked := slices.Contains([]string{"admin_count", "critical", "well_known"}, test.code)
			if (c.Blocked != nil) != blocked {
				t.Errorf("blocked: %+v", c.Blocked)
			}
			if found := diagnosed(p, "privileged"); (len(found) == 1) != (test.code != "" && !blocked) || len(found) == 1 && !strings.Contains(found[0].Detail, `1 change gives or takes power over a directory: "One".`) {
				t.Errorf("diagnostics: %+v", found)
			}
			if c := find1(t, p, address(w.groups[1])); c.Privileged != "" || len(c.Notes) > 0 {
				t.Errorf("the other group: %+v", c)
			}
			digest := p.Digest
			for i := range p.Changes {
				p.Changes[i].Privileged = ""
			}
			if p.ComputeDigest() != digest {
				t.Error("the mark is in the digest")
			}
		})
	}
}

// TestPrivilegedGroupsThatAreMade: a new object, and the state in Entra ID.
func TestPrivilegedGroupsThatAreMade(t *testing.T) {
	w := newWorld()
	w.unifiedGroup("Roles", "FALSE", "").roles = true
	p := build(t, load(t, preamble+writebackBlock(`state = "security"`)), w, planner.Options{})
	providers := map[string]bool{}
	for _, c := range p.Changes {
		if c.ObjectType == "group" {
			providers[c.Provider] = c.Privileged == "role_assignable"
		}
	}
	if !providers["provider.entra.contoso"] || !providers["provider.ad.corp"] {
		t.Errorf("the state in Entra ID, and the new object: %s", dump(p))
	}
}

// TestWhatProtectsIsRead: what marks an object that rules write, whatever its type,
// is asked for.
func TestWhatProtectsIsRead(t *testing.T) {
	rule := strings.NewReplacer(`object_type    = "group"`, `object_type    = "user"`, `metaverse_type = "group"`, `metaverse_type = "person"`).
		Replace(outRule("persons", "10", "unmarked = \"write\"\njoin {\n match {\n space = \"mail\"\n metaverse = \"mail\"\n}\n}\n"+flow("info", `value = "x"`)))
	for _, test := range []struct {
		files []string
		kind  string
		want  []string
	}{
		{[]string{preamble, rule}, "user", []string{"adminCount", "isCriticalSystemObject", "objectSid"}},
		{[]string{preamble}, "user", nil},
		{[]string{preamble}, "group", []string{"adminCount", "isCriticalSystemObject", "memberOf", "objectSid"}},
	} {
		var got []string
		for _, q := range planner.Requests(load(t, test.files...))["provider.ad.corp"].Types {
			for _, name := range append(slices.Clone(q.Attributes), q.References...) {
				if q.Type == test.kind && slices.Contains([]string{"adminCount", "isCriticalSystemObject", "memberOf", "objectSid"}, name) {
					got = append(got, name)
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) && (test.want != nil || slices.Contains(got, "adminCount")) {
			t.Errorf("%s: asks for %v, want %v", test.kind, got, test.want)
		}
	}
}
