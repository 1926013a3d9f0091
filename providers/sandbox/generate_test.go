package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/providers/sandbox/forest"
	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
	"pgregory.net/rapid"
)

// counted is what the tests look at of a generated tenant.
type counted struct {
	Groups []struct {
		GroupTypes []string
		Members    []string
	}
	Users []struct{ OnPremisesSyncEnabled *bool }
}

func count(t interface{ Fatal(...any) }, data []byte) counted {
	var c counted
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGenerateIsWhatWasAskedFor(t *testing.T) {
	o := GenerateOptions{Seed: 7, Groups: 200, Users: 500, Memberships: 3000, OUs: 5, UnifiedShare: 0.25, CloudOnlyShare: 0.1, NestedShare: 0.05}
	first, ldif := Generate(o)
	again, ldifAgain := Generate(o)
	if !bytes.Equal(first, again) || !bytes.Equal(ldif, ldifAgain) {
		t.Error("the same options must give the same bytes")
	}
	o.Seed++
	if other, _ := Generate(o); bytes.Equal(first, other) {
		t.Error("another seed must give another tenant")
	}
	c := count(t, first)
	members, unified, synced := 0, 0, 0
	for _, g := range c.Groups {
		members += len(g.Members)
		unified += len(g.GroupTypes)
	}
	for _, u := range c.Users {
		if u.OnPremisesSyncEnabled != nil {
			synced++
		}
	}
	if len(c.Groups) != 200 || len(c.Users) != 500 || members != 3000 || unified != 50 || synced != 450 {
		t.Errorf("%d groups, %d users, %d members, %d unified, %d synchronised", len(c.Groups), len(c.Users), members, unified, synced)
	}
	if n := strings.Count(string(ldif), "\nobjectClass: user\n"); n != 450 {
		t.Errorf("%d users in the forest", n)
	}
	if n := strings.Count(string(ldif), "\nobjectClass: organizationalUnit\n"); n != 7 {
		t.Errorf("%d OUs in the forest", n)
	}
}

func TestGeneratedFilesLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := GenerateOptions{
			Seed: rapid.Uint64().Draw(t, "seed"), Groups: rapid.IntRange(0, 30).Draw(t, "groups"), Users: rapid.IntRange(0, 30).Draw(t, "users"),
			Memberships: rapid.IntRange(0, 300).Draw(t, "memberships"), OUs: rapid.IntRange(0, 4).Draw(t, "OUs"),
			UnifiedShare: rapid.Float64Range(0, 1).Draw(t, "unified"), CloudOnlyShare: rapid.Float64Range(0, 1).Draw(t, "cloud"),
			NestedShare: rapid.Float64Range(0, 1).Draw(t, "nested"),
		}
		tenantJSON, ldif := Generate(o)
		if _, err := tenant.Load(bytes.NewReader(tenantJSON), "generated", tenant.Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := forest.Load(bytes.NewReader(ldif), "generated", forest.Options{BaseDN: "DC=corp,DC=example,DC=com"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestGeneratedGUIDs(t *testing.T) {
	// The text form reads the first three fields backwards.
	for _, n := range []int{0, 1, 255, 70000} {
		text, o := guid(idDirectory, n)
		want := fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", o[3], o[2], o[1], o[0], o[5], o[4], o[7], o[6], o[8:10], o[10:])
		if text != want {
			t.Errorf("%s, but its octets are %s", text, want)
		}
	}
}
