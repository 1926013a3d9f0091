package forest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// bigDomain is a domain with so many users and groups, each group with ten
// members.
func bigDomain(users, groupCount int) string {
	var b strings.Builder
	b.WriteString("version: 1\n\ndn: OU=People," + base + "\nobjectClass: organizationalUnit\n\ndn: OU=Groups," + base + "\nobjectClass: organizationalUnit\n")
	for i := range users {
		fmt.Fprintf(&b, "\ndn: CN=User %d,%s\nobjectClass: user\nsAMAccountName: u%d\nuserPrincipalName: u%d@corp.example.com\nmail: u%d@corp.example.com\ndisplayName: User %d\n", i, people, i, i, i, i)
	}
	for g := range groupCount {
		fmt.Fprintf(&b, "\ndn: CN=Group %d,%s\nobjectClass: group\nsAMAccountName: g%d\ngroupType: -2147483640\nadminDescription: Group_%d\n", g, groups, g, g)
		for m := range 10 {
			fmt.Fprintf(&b, "member: CN=User %d,%s\n", (g*7+m)%users, people)
		}
	}
	return b.String()
}

func TestScaleManual(t *testing.T) {
	text := bigDomain(50000, 10000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	t0 := time.Now()
	f := load(t, text)
	t.Log("load", time.Since(t0))
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("heap %d MB", (after.HeapAlloc-before.HeapAlloc)>>20)
	conn := connect(t, f)
	for _, filter := range []string{"(objectClass=user)", "(objectClass=group)", "(&(objectCategory=person)(mail=*))", "(groupType:1.2.840.113556.1.4.803:=8)"} {
		t0 = time.Now()
		res, err := conn.SearchWithPaging(request(base, ldap.ScopeWholeSubtree, filter, "objectGUID", "sAMAccountName", "member", "mail", "objectClass"), 1000)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(filter, len(res.Entries), time.Since(t0))
	}
	t0 = time.Now()
	for i := range 2000 {
		search(t, conn, fmt.Sprintf("(adminDescription=Group_%d)", i), "cn")
	}
	t.Log("2000 lookups", time.Since(t0))
	t0 = time.Now()
	for i := range 2000 {
		m := ldap.NewModifyRequest(fmt.Sprintf("CN=Group %d,%s", i, groups), nil)
		m.Replace("description", []string{fmt.Sprint(i)})
		if err := conn.Modify(m); err != nil {
			t.Fatal(err)
		}
	}
	t.Log("2000 modifies", time.Since(t0))
	t0 = time.Now()
	var b strings.Builder
	_ = f.WriteLDIF(&b)
	t.Log("dump", time.Since(t0), b.Len()>>20)
}
