package forest

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// bigDomain is a domain with so many users and groups, each group with ten
// members.
func bigDomain(users, groupCount int) string {
	var b strings.Builder
	b.WriteString("dn: OU=People," + base + "\nobjectClass: organizationalUnit\n\ndn: OU=Groups," + base + "\nobjectClass: organizationalUnit\n")
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

func BenchmarkLoad(b *testing.B) {
	text := bigDomain(10000, 2000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var f *Forest
	for b.Loop() {
		f = load(b, text)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(f.Len()), "heapB/object")
	b.ReportMetric(float64(f.Len()*b.N)/b.Elapsed().Seconds(), "objects/s")
}

func BenchmarkPagedRead(b *testing.B) {
	f := load(b, bigDomain(10000, 2000))
	conn := connect(b, f)
	for name, filter := range map[string]string{"users": "(objectClass=user)", "groups": "(&(objectClass=group)(adminDescription=Group_*))"} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				res, err := conn.SearchWithPaging(request(base, ldap.ScopeWholeSubtree, filter, "objectClass", "objectGUID", "sAMAccountName", "mail", "member", "uSNChanged"), 1000)
				if err != nil {
					b.Fatal(err)
				}
				n += len(res.Entries)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "objects/s")
		})
	}
}

func BenchmarkModify(b *testing.B) {
	f := load(b, bigDomain(10000, 2000))
	conn := connect(b, f)
	for i := 0; b.Loop(); i++ {
		if err := modifyObject(conn, fmt.Sprintf("CN=Group %d,%s", i%2000, groups), nil, fmt.Sprintf("=description: %d", i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteLDIF(b *testing.B) {
	f := load(b, bigDomain(10000, 2000))
	for b.Loop() {
		if err := f.WriteLDIF(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.Len()*b.N)/b.Elapsed().Seconds(), "objects/s")
}
