package ad

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

const someAnchor = "04030201-0605-0807-090a-0b0c0d0e0f10"

// Every swap names what it expects, whatever is edited.
func TestSwap(t *testing.T) {
	octets := planner.Edit{Attribute: "mS-DS-ConsistencyGuid", Encoding: "base64", Before: planner.Texts("AAE="), After: planner.Texts("//4=")}
	for _, c := range []struct {
		edit planner.Edit
		want string
	}{
		{edit("displayName", one("a"), one("b")), "delete displayName [a], add displayName [b]"},
		{edit("displayName", nil, one("b")), "add displayName [b]"},
		{edit("displayName", one("a"), nil), "delete displayName [a]"},
		{edit("displayName", one("a"), one("a")), ""},
		{edit("displayName", one("a"), one("A")), "delete displayName [a], add displayName [A]"},
		{edit("proxyAddresses", []string{"a", "b", "c"}, []string{"c", "d", "B"}), "delete proxyAddresses [a b], add proxyAddresses [d B]"},
		{edit("proxyAddresses", one("a"), nil), "delete proxyAddresses [a]"},
		{edit("dn", one("a"), one("b")), ""},
		{octets, "delete mS-DS-ConsistencyGuid [\x00\x01], add mS-DS-ConsistencyGuid [\xff\xfe]"},
	} {
		w := &write{d: &Directory{config: Config{Schema: planner.ADSchema}}, op: planner.Operation{Anchor: someAnchor, Edits: []planner.Edit{c.edit}}}
		if c.edit.Attribute == "dn" {
			w.op.Edits = nil // newWrite takes it out
		}
		request := w.swap()
		var got []string
		for _, change := range request.Changes {
			verb := map[uint]string{ldap.AddAttribute: "add", ldap.DeleteAttribute: "delete"}[change.Operation]
			got = append(got, fmt.Sprintf("%s %s %s", verb, change.Modification.Type, change.Modification.Vals))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Error(diff)
		}
		if request.DN != "<GUID="+someAnchor+">" || len(request.Controls) != 0 {
			t.Errorf("%s with controls %v", request.DN, request.Controls)
		}
	}
}

func TestSame(t *testing.T) {
	w := &write{d: &Directory{config: Config{Schema: planner.ADSchema}}}
	for _, c := range []struct {
		attr string
		a, b []string
		want bool
	}{
		{"displayName", one("Finance"), one("FINANCE"), true},
		{"displayName", one("Finance"), nil, false},
		{"proxyAddresses", []string{"SMTP:a", "smtp:b"}, []string{"smtp:b", "SMTP:a"}, true},
		{"proxyAddresses", []string{"SMTP:a"}, []string{"smtp:a"}, false},
		{"managedBy", one(`CN=a\,b,DC=x`), one(`cn=A\2cB,dc=x`), true},
		{"hideDLMembership", one("TRUE"), one("true"), true},
		{"objectSid", one("\x01"), one("\x01"), true},
		{"objectSid", one("a"), one("A"), false},
		{"unheardOf", one("a"), one("A"), true},
	} {
		if got := w.same(edit(c.attr, c.a, c.b), c.a, c.b); got != c.want {
			t.Errorf("%s: %q and %q: %v", c.attr, c.a, c.b, got)
		}
	}
}

// What makes no sense is refused before anything is sent.
func TestRefusedBeforeSending(t *testing.T) {
	base, err := planner.ParseDN("DC=corp,DC=example,DC=com")
	if err != nil {
		t.Fatal(err)
	}
	d := &Directory{base: base, writer: &link{config: &Config{}, target: target{addr: "127.0.0.1:1", loopback: true}}}
	good := planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: someAnchor, DNAfter: "CN=a,DC=corp,DC=example,DC=com"}
	for _, c := range []struct {
		want   string
		change func(*planner.Operation)
	}{
		{"not below base_dn", func(op *planner.Operation) { op.DNAfter = "CN=a,DC=example,DC=com" }},
		{"no distinguished name", func(op *planner.Operation) { op.DNAfter = "nonsense" }},
		{"no distinguished name", func(op *planner.Operation) { op.DNAfter = "" }},
		{"no objectGUID", func(op *planner.Operation) { op.Anchor = "x>" }},
		{"no objectGUID", func(op *planner.Operation) { op.Verb, op.Anchor = planner.VerbDelete, "" }},
		{"attributes only", func(op *planner.Operation) { op.ObjectType, op.Verb = "user", planner.VerbDelete }},
		{"never changes one", func(op *planner.Operation) { op.ObjectType = "organizationalUnit" }},
		{"redacted", func(op *planner.Operation) {
			op.Edits = []planner.Edit{{Attribute: "info", After: []planner.Datum{{Hash: "h", Length: 3}}}}
		}},
		{"base64", func(op *planner.Operation) {
			op.Edits = []planner.Edit{{Attribute: "info", Encoding: "base64", Before: planner.Texts("?")}}
		}},
	} {
		op := good
		c.change(&op)
		r := d.Write(context.Background(), op)
		if r.Status != planner.StatusFailed || r.Err == nil || !strings.Contains(r.Err.Error(), c.want) {
			t.Errorf("want %q: %s %v", c.want, r.Status, r.Err)
		}
	}
}
