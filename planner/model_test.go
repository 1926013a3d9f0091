package planner_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/planner"
)

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a tenant and a forest as plain data: what the directories hold. Tests
// read it into spaces, plan, and carry the plan out on it. It takes every plan
// literally and fails the test where a real directory would refuse.
type world struct {
	groups  []*cloudGroup
	users   []*cloudUser
	objects []*adObject
	// principals are the service principals of the tenant.
	principals []*cloudUser
	bin        []*adObject
	serial     int
	// elsewhere are the directories of further providers, by address.
	elsewhere map[string]*world
}

// at is the world that a provider is connected to.
func (w *world) at(provider string) *world {
	if other := w.elsewhere[provider]; other != nil {
		return other
	}
	return w
}

type cloudGroup struct {
	id, name, description string
	unified               bool
	mail                  bool
	synced                bool
	sid                   string // onPremisesSecurityIdentifier
	enabled, groupType    string // writebackConfiguration; "" is null
	deleted               bool
	hidden                bool
	roles                 bool // isAssignableToRole
	members               []string
}

type cloudUser struct {
	id, name, immutableID, userType string
	sid                             string // onPremisesSecurityIdentifier
	synced                          bool
}

type adObject struct {
	guid, dn, class string
	attrs           map[string][]string
	members         []string // GUIDs
}

const base = "DC=corp,DC=example,DC=com"

// guid is a stable GUID for a word.
func guid(word string) string {
	h := sha256.Sum256([]byte(word))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// octets are the 16 bytes of a GUID as AD stores them.
func octets(g string) string {
	h := strings.ReplaceAll(g, "-", "")
	raw := make([]byte, 16)
	for i := range raw {
		n, _ := strconv.ParseUint(h[2*i:2*i+2], 16, 8)
		raw[i] = byte(n)
	}
	slices.Reverse(raw[0:4])
	slices.Reverse(raw[4:6])
	slices.Reverse(raw[6:8])
	return string(raw)
}

func sid(rid uint32) string {
	raw := []byte{1, 5, 0, 0, 0, 0, 0, 5}
	for _, n := range []uint32{21, 111, 222, 333, rid} {
		raw = binary.LittleEndian.AppendUint32(raw, n)
	}
	return string(raw)
}

func sidText(rid uint32) string { return fmt.Sprintf("S-1-5-21-111-222-333-%d", rid) }

func newWorld() *world {
	w := &world{serial: 5000}
	for _, ou := range []string{"OU=People", "OU=Cloud Groups"} {
		w.add("organizationalUnit", ou+","+base, nil)
	}
	return w
}

func (w *world) add(class, name string, attrs map[string][]string) *adObject {
	w.serial++
	if attrs == nil {
		attrs = map[string][]string{}
	}
	o := &adObject{guid: guid(fmt.Sprint("ad", w.serial)), dn: name, class: class, attrs: attrs}
	if class != "organizationalUnit" {
		o.attrs["objectSid"] = []string{sid(uint32(w.serial))}
	}
	w.objects = append(w.objects, o)
	return o
}

// person adds a synchronised user to both directories.
func (w *world) person(name string) *cloudUser {
	o := w.add("user", "CN="+dn.Escape(name)+",OU=People,"+base, map[string][]string{"displayName": {name}, "sAMAccountName": {"u" + strconv.Itoa(w.serial)}})
	u := &cloudUser{id: guid("user " + name), name: name, synced: true, userType: "Member", immutableID: base64.StdEncoding.EncodeToString([]byte(octets(o.guid)))}
	w.users = append(w.users, u)
	return u
}

func (w *world) cloudOnly(name, userType string) *cloudUser {
	u := &cloudUser{id: guid("user " + name), name: name, userType: userType}
	w.users = append(w.users, u)
	return u
}

func (w *world) group(name string, members ...string) *cloudGroup {
	g := &cloudGroup{id: guid("group " + name), name: name, enabled: "TRUE", groupType: "universalSecurityGroup", members: members}
	w.groups = append(w.groups, g)
	return g
}

func (w *world) find(name string) *adObject {
	for _, o := range w.objects {
		if dn.Key(o.dn) == dn.Key(name) {
			return o
		}
	}
	return nil
}

func (w *world) marked(id string) *adObject {
	for _, o := range w.objects {
		if slices.Contains(o.attrs["adminDescription"], "Group_"+id) {
			return o
		}
	}
	return nil
}

func (w *world) byGUID(list []*adObject, g string) *adObject {
	for _, o := range list {
		if o.guid == g {
			return o
		}
	}
	return nil
}

// read fills spaces as the providers would. order shuffles the answers of the
// directories; nil keeps them as they are.
func (w *world) read(t tester, cfg *lang.Config, order *rand.Rand) planner.Snapshot {
	t.Helper()
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		s := planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
		s.ReadAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		if p.Kind == lang.KindEntra {
			w.at(p.Address()).readEntra(s, order)
		} else {
			w.at(p.Address()).readAD(s, order)
		}
		snap[p.Address()] = s
	}
	return snap
}

func shuffled[T any](list []T, order *rand.Rand) []T {
	out := slices.Clone(list)
	if order != nil {
		order.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

func (w *world) readEntra(s *planner.Space, order *rand.Rand) {
	for _, g := range shuffled(w.groups, order) {
		state := planner.Live
		if g.deleted {
			state = planner.Deleted
		}
		o := s.Add("group", g.id, g.id, state)
		set := func(attr string, values ...string) {
			if len(values) > 0 && values[0] != "" {
				s.Set(o, attr, values...)
			}
		}
		set("id", g.id)
		set("displayName", g.name)
		set("description", g.description)
		set("cloudAnchor", "Group_"+g.id)
		set("alias", "nick-"+g.id[:8])
		set("securityEnabled", boolText(!g.unified && !g.mail))
		set("mailEnabled", boolText(g.unified || g.mail))
		set("cloudMastered", boolText(!g.synced))
		set("onPremisesSecurityIdentifier", g.sid)
		set("writebackConfiguration/isEnabled", g.enabled)
		set("writebackConfiguration/onPremisesGroupType", g.groupType)
		if g.synced {
			set("onPremisesSyncEnabled", "TRUE")
		}
		if g.roles {
			set("isAssignableToRole", "TRUE")
		}
		switch { // as providers/entra derives it
		case g.deleted:
			set("reasonFiltered", "SoftDelete")
		case g.enabled == "FALSE":
			set("reasonFiltered", "WriteBackOutOfScope")
		}
		if g.unified {
			set("groupTypes", "Unified")
			set("mail", g.id[:8]+"@example.com")
			set("proxyAddresses", "SMTP:"+g.id[:8]+"@example.com", "smtp:old-"+g.id[:8]+"@example.com")
			set("targetWritebackType", g.groupType)
		}
		if g.hidden {
			s.SetUnreadable(o, "member")
		}
		if !g.deleted {
			var ids []planner.ObjectID
			for _, m := range shuffled(g.members, order) {
				ids = append(ids, s.Reference(m))
			}
			s.SetReferences(o, "member", ids)
			s.Set(o, "memberCount", strconv.Itoa(len(ids)))
		}
	}
	for _, u := range shuffled(w.users, order) {
		o := s.Add("user", u.id, u.id, planner.Live)
		s.Set(o, "displayName", u.name)
		s.Set(o, "userType", u.userType)
		if u.sid != "" {
			s.Set(o, "onPremisesSecurityIdentifier", u.sid)
		}
		s.Set(o, "cloudAnchor", "User_"+u.id)
		if u.synced {
			s.Set(o, "onPremisesSyncEnabled", "TRUE")
			s.Set(o, "onPremisesImmutableId", u.immutableID)
		}
	}
	for _, p := range shuffled(w.principals, order) {
		s.Set(s.Add("servicePrincipal", p.id, p.id, planner.Live), "displayName", p.name)
	}
}

func boolText(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func (w *world) readAD(s *planner.Space, order *rand.Rand) {
	s.RecycleBin = planner.RecycleBinReadable
	above := map[string][]string{} // GUID → names of its groups
	for _, o := range w.objects {
		for _, m := range o.members {
			above[m] = append(above[m], o.dn)
		}
	}
	fill := func(list []*adObject, state planner.State) {
		for _, o := range shuffled(list, order) {
			id := s.Add(o.class, o.guid, o.dn, state)
			s.Set(id, "objectGUID", octets(o.guid))
			s.Set(id, "cn", dn.MustParse(o.dn).Leaf().Value)
			for name, values := range o.attrs {
				s.Set(id, name, shuffled(values, order)...)
			}
			if o.class == "group" && state == planner.Live {
				var ids []planner.ObjectID
				for _, m := range shuffled(o.members, order) {
					ids = append(ids, s.Reference(w.byGUID(w.objects, m).dn))
				}
				s.SetReferences(id, "member", ids)
				ids = nil
				for _, name := range shuffled(above[o.guid], order) {
					ids = append(ids, s.Reference(name))
				}
				s.SetReferences(id, "memberOf", ids)
			}
		}
	}
	fill(w.objects, planner.Live)
	fill(w.bin, planner.Deleted)
}

// apply carries a plan out, in the phases of the real executor.
func (w *world) apply(t tester, p *planner.Plan) {
	t.Helper()
	each := func(f func(planner.Change)) {
		for _, c := range p.Changes {
			if c.Blocked == nil {
				f(c)
			}
		}
	}
	has := func(c planner.Change, a planner.Action) bool { return slices.Contains(c.Actions, a) }
	var ous []planner.Change
	each(func(c planner.Change) {
		if c.ObjectType == "organizationalUnit" {
			ous = append(ous, c)
		}
	})
	slices.SortFunc(ous, func(x, y planner.Change) int { return len(*x.DN.After) - len(*y.DN.After) })
	for _, c := range ous {
		w.mustParent(t, *c.DN.After)
		w.add("organizationalUnit", *c.DN.After, nil)
	}
	vacated := map[*adObject]string{}
	each(func(c planner.Change) { // free the names first
		if has(c, planner.ActionMove) || has(c, planner.ActionRename) {
			o := w.byGUID(w.objects, *c.Anchor)
			vacated[o] = *c.DN.After
			o.dn = "CN=moving " + o.guid + "," + base
		}
	})
	for o, after := range vacated {
		w.mustParent(t, after)
		w.mustBeFree(t, after)
		o.dn = after
	}
	each(func(c planner.Change) {
		switch {
		case c.ObjectType == "organizationalUnit":
		case c.ObjectType == "group" && strings.HasPrefix(c.Provider, "provider.entra."):
			w.writeEntra(t, c)
		case has(c, planner.ActionCreate):
			w.mustParent(t, *c.DN.After)
			w.mustBeFree(t, *c.DN.After)
			o := w.add("group", *c.DN.After, nil)
			w.edit(t, o, c)
			if o.attrs["sAMAccountName"] == nil {
				o.attrs["sAMAccountName"] = []string{fmt.Sprintf("$%06d-GENERATED000", w.serial)}
			}
		case has(c, planner.ActionRestore):
			o := w.byGUID(w.bin, *c.Anchor)
			w.bin = slices.DeleteFunc(w.bin, func(x *adObject) bool { return x == o })
			w.mustBeFree(t, *c.DN.After)
			o.dn = *c.DN.After
			w.objects = append(w.objects, o)
			w.edit(t, o, c)
		case has(c, planner.ActionUpdate):
			w.edit(t, w.byGUID(w.objects, *c.Anchor), c)
		}
	})
	each(func(c planner.Change) {
		if c.Members == nil {
			return
		}
		o := w.find(*c.DN.After)
		if o == nil {
			t.Fatalf("members of %s, which does not exist", *c.DN.After)
		}
		for _, m := range c.Members.Add {
			member := w.find(m.DN)
			if member == nil {
				t.Fatalf("%s: member %s does not exist", c.Address, m.DN)
			}
			if !slices.Contains(o.members, member.guid) {
				o.members = append(o.members, member.guid)
			}
		}
		for _, m := range c.Members.Remove {
			o.members = slices.DeleteFunc(o.members, func(g string) bool { return g == m.ID })
		}
	})
	each(func(c planner.Change) {
		if has(c, planner.ActionDelete) {
			o := w.byGUID(w.objects, *c.Anchor)
			w.objects = slices.DeleteFunc(w.objects, func(x *adObject) bool { return x == o })
			for _, other := range w.objects {
				other.members = slices.DeleteFunc(other.members, func(g string) bool { return g == o.guid })
			}
			o.dn = "CN=" + o.guid + ",CN=Deleted Objects," + base
			w.bin = append(w.bin, o)
		}
	})
}

func (w *world) mustParent(t tester, name string) {
	t.Helper()
	if w.find(dn.MustParse(name).Parent().String()) == nil {
		t.Fatalf("%s: its parent does not exist", name)
	}
}

func (w *world) mustBeFree(t tester, name string) {
	t.Helper()
	if o := w.find(name); o != nil {
		t.Fatalf("%s: the name is taken", name)
	}
}

// edit compares and swaps.
func (w *world) edit(t tester, o *adObject, c planner.Change) {
	t.Helper()
	for _, e := range c.Edits {
		have := slices.Clone(o.attrs[e.Attribute])
		slices.Sort(have)
		if !slices.Equal(have, texts(e.Before)) && !(len(have) == 0 && len(e.Before) == 0) {
			t.Fatalf("%s %s: before is %q, and the directory has %q", c.Address, e.Attribute, texts(e.Before), have)
		}
		o.attrs[e.Attribute] = texts(e.After)
	}
}

func texts(data []planner.Datum) []string {
	var out []string
	for _, d := range data {
		out = append(out, d.Text)
	}
	return out
}

func (w *world) writeEntra(t tester, c planner.Change) {
	t.Helper()
	for _, g := range w.groups {
		if g.id != *c.Anchor {
			continue
		}
		for _, e := range c.Edits {
			after := ""
			if len(e.After) > 0 {
				after = e.After[0].Text
			}
			switch e.Attribute {
			case "writebackConfiguration/isEnabled":
				g.enabled = after
			case "writebackConfiguration/onPremisesGroupType":
				g.groupType = after
			case "description":
				g.description = after
			default:
				t.Fatalf("no such property in this world: %s", e.Attribute)
			}
		}
	}
}

// preamble declares the two directories, the pack and an OU mapping.
const preamble = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
ou_mapping "cloud" {
  root   = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
  create = true
  rule "m365" {
    when = contains(source.groupTypes, "Unified")
    ou   = "OU=M365"
  }
  default = "OU=Security"
}
`

// writebackBlock is a writeback with further arguments.
func writebackBlock(arguments string) string {
	return `
writeback "cloud" {
  object_type = "group"
  from        = provider.entra.contoso
  to          = provider.ad.corp
  ou          = ou_mapping.cloud
  cn          = "${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"
` + arguments + "\n}\n"
}

func load(t tester, files ...string) *lang.Config {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, text := range files {
		fsys[fmt.Sprintf("%c.hcl", 'a'+i)] = &fstest.MapFile{Data: []byte(text)}
	}
	cfg, _, diags := lang.LoadFS(fsys, lang.LoadOptions{Version: "0.1.0"})
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			t.Fatalf("configuration: %s", d.Error())
		}
	}
	return cfg
}

func build(t tester, cfg *lang.Config, w *world, o planner.Options) *planner.Plan {
	t.Helper()
	p, err := buildFrom(cfg, w.read(t, cfg, nil), w, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// buildFrom answers the planner's look-ups as the directories would.
func buildFrom(cfg *lang.Config, snap planner.Snapshot, w *world, o planner.Options) (*planner.Plan, error) {
	if _, err := planner.NeededReferences(cfg, snap); err != nil {
		return nil, err
	}
	queries, err := planner.NeededProofs(cfg, snap)
	if err != nil {
		return nil, err
	}
	for _, q := range queries {
		for _, v := range q.Values {
			if q.Attribute == "id" && !slices.ContainsFunc(w.at(q.Provider).groups, func(g *cloudGroup) bool { return g.id == v }) {
				snap[q.Provider].ProveAbsent("id", v)
			}
		}
	}
	o.Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	o.Version = "0.1.0"
	return planner.Build(cfg, snap, o)
}

// find1 returns the one change of an address.
func find1(t tester, p *planner.Plan, address string) planner.Change {
	t.Helper()
	for _, c := range p.Changes {
		if c.Address == address {
			return c
		}
	}
	t.Fatalf("no change of %s in %s", address, dump(p))
	return planner.Change{}
}

func dump(p *planner.Plan) string {
	raw, err := p.Encode()
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func address(g *cloudGroup) string { return `writeback.cloud["Group_` + g.id + `"]` }
