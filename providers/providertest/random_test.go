package providertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

// TestRandomScripts runs random scripts on the sandbox and on Samba: every
// operation has to end with the same code, and the same objects have to be there
// afterwards. The scripts keep away from what the table of differences lists.
func TestRandomScripts(t *testing.T) {
	dc := samba.Start(t, samba.Options{})
	real := Target{URL: dc.URL, CA: dc.CA, BaseDN: dc.BaseDN, Admin: Account{Name: dc.Admin.Name, Password: dc.Admin.Password}}
	admin := Account{Name: "Administrator@corp.example.com", Password: "secret"}
	f, err := forest.Load(strings.NewReader(""), "empty.ldif", forest.Options{
		Accounts: map[string]string{"Administrator": admin.Password}, BaseDN: samba.BaseDN, WithoutRecycleBin: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	fake := Target{URL: server.URL(), CA: f.CertificateAuthority(), BaseDN: f.BaseDN(), Admin: admin}

	connect := func(target Target) *ldap.Conn {
		conn := dial(t, target)
		bind(t, conn, target.Admin)
		return conn
	}
	conns := []*ldap.Conn{connect(real), connect(fake)}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.Custom(drawOperation), 1, 15).Draw(rt, "script")
		run++
		var sides [2][]string
		for i, target := range []Target{real, fake} {
			s := newSession(t, target, conns[i], fmt.Sprintf("OU=random %d,%s", run, target.BaseDN))
			s.quiet = true
			for _, op := range script {
				op.run(s)
			}
			s.dump()
			sides[i] = s.answers
		}
		for i, op := range script {
			if sides[0][i] != sides[1][i] {
				rt.Fatalf("operation %d, %v: Samba answers %s, the sandbox %s", i+1, op, sides[0][i], sides[1][i])
			}
		}
		if !slices.Equal(sides[0], sides[1]) {
			rt.Fatalf("after the script Samba has\n%s\nand the sandbox\n%s",
				strings.Join(sides[0][len(script):], "\n"), strings.Join(sides[1][len(script):], "\n"))
		}
	})
}

// operation is one step of a random script.
type operation struct {
	verb   string
	object string
	other  string // a name: the member, the new name, …
	value  string
}

// names are few, so that operations meet the same objects. The first letter says
// what is made under the name: a group, a contact, an OU.
var scriptNames = []string{
	"CN=g1", "CN=g2", "CN=G1", "CN=c1", "OU=o1", "OU=o2",
	"CN=g1,OU=o1", "CN=g2,OU=o1", "CN=c1,OU=o1", "OU=o2,OU=o1", "CN=g1,OU=o2", "CN=g3,OU=o2,OU=o1",
}

func drawOperation(t *rapid.T) operation {
	op := operation{
		verb: rapid.SampledFrom([]string{"add", "add", "add", "delete", "rename", "describe", "undescribe", "replace", "swap",
			"join", "join", "leave", "manage", "unmanage", "type"}).Draw(t, "verb"),
		object: rapid.SampledFrom(scriptNames).Draw(t, "object"),
		value:  rapid.SampledFrom([]string{"x", "X", "y"}).Draw(t, "value"),
	}
	others := scriptNames
	switch op.verb {
	case "rename": // keeps the letter
		others = ofKind(op.object)
	case "join", "leave", "manage", "unmanage", "type": // of groups only
		op.object = rapid.SampledFrom(ofKind("CN=g1")).Draw(t, "group")
	}
	op.other = rapid.SampledFrom(others).Draw(t, "other")
	return op
}

// ofKind are the names under which the same class of objects is made.
func ofKind(rel string) []string {
	return slices.DeleteFunc(slices.Clone(scriptNames), func(name string) bool { return !strings.EqualFold(name[:4], rel[:4]) })
}

func (op operation) run(s *session) {
	s.t.Helper()
	switch op.verb {
	case "add":
		s.add(op.object, classOf(op.object)...)
	case "delete":
		s.delete(op.object)
	case "rename":
		rdn, parent, _ := strings.Cut(op.other, ",")
		s.rename(op.object, rdn, s.dn(parent))
		s.same("80", "32") // which of the two missing objects is noticed first
	case "describe":
		s.modify(op.object, plus("description", op.value))
	case "undescribe":
		s.modify(op.object, minus("description", op.value))
	case "replace":
		s.modify(op.object, set("description", op.value), set("displayName", op.value))
	case "swap":
		s.modify(op.object, minus("description", "x"), plus("description", op.value), plus("info", op.value))
	case "join":
		if strings.EqualFold(op.object, op.other) {
			op.other = "CN=nobody" // a group in itself is in the table
		}
		s.modify(op.object, plus("member", s.dn(op.other)))
	case "leave":
		s.modify(op.object, minus("member", s.dn(op.other)))
		s.same("16", "53") // no members at all is in the table
	case "manage":
		s.modify(op.object, set("managedBy", s.dn(op.other)))
		s.same("32", "19") // which of the two missing objects is noticed first
	case "unmanage":
		s.modify(op.object, minus("managedBy"))
	case "type":
		s.modify(op.object, set("groupType", map[string]string{"x": "8", "X": "-2147483640", "y": "12345"}[op.value]))
	}
}

// same takes one code for another in the last answer.
func (s *session) same(code, as string) {
	if last := len(s.answers) - 1; s.answers[last] == code {
		s.answers[last] = as
	}
}

func classOf(rel string) []string {
	switch rel[3] {
	case 'c':
		return []string{"objectClass: contact"}
	case 'o':
		return []string{"objectClass: organizationalUnit"}
	}
	return []string{"objectClass: group", "groupType: 8"}
}

// dump appends every object below the OU.
func (s *session) dump() {
	s.t.Helper()
	attributes := []string{"objectClass", "name", "description", "displayName", "info", "member", "memberOf", "managedBy", "managedObjects", "groupType", "sAMAccountType"}
	r, err := s.search(s.ou, ldap.ScopeWholeSubtree, "(objectClass=*)", attributes...)
	s.must(err)
	slices.SortFunc(r.Entries, func(a, b *ldap.Entry) int { return strings.Compare(strings.ToLower(a.DN), strings.ToLower(b.DN)) })
	for _, e := range r.Entries[1:] {
		s.answer("%s", s.short(e.DN))
		s.showEntry(e, attributes)
	}
}
