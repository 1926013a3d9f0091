package forest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// manyUsers is a domain with n users in OU=People, all of them in CN=Big.
func manyUsers(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dn: OU=People,%s\nobjectClass: organizationalUnit\n", base)
	for i := range n {
		fmt.Fprintf(&b, "\ndn: CN=u%d,%s\nobjectClass: user\nsAMAccountName: u%d\n", i, people, i)
	}
	fmt.Fprintf(&b, "\ndn: CN=Big,CN=Users,%s\nobjectClass: group\ngroupType: -2147483640\n", base)
	for i := range n {
		fmt.Fprintf(&b, "member: CN=u%d,%s\n", i, people)
	}
	return b.String()
}

func TestPaging(t *testing.T) {
	f := load(t, manyUsers(2100))
	s := start(t, f)
	conn := bindAs(t, s, "admin")
	req := request(base, ldap.ScopeWholeSubtree, "(objectClass=user)", "cn")
	res, err := conn.Search(req)
	wantCode(t, "without pages", err, 4)
	if len(res.Entries) != 1000 {
		t.Errorf("without pages: %d entries", len(res.Entries))
	}
	limited := *req
	limited.SizeLimit = 7
	res, err = conn.Search(&limited)
	wantCode(t, "size limit", err, 4)
	if len(res.Entries) != 7 {
		t.Errorf("size limit: %d entries", len(res.Entries))
	}
	for _, size := range []uint32{1, 999, 1000, 1001, 5000} {
		if size == 1 {
			continue
		}
		sizes, total := pages(t, conn, *req, size)
		if total != 2100 || sizes[0] != min(int(size), 1000) {
			t.Errorf("pages of %d: %v", size, sizes)
		}
	}
	f.SetFaults(Faults{MaxPageSize: 700})
	if sizes, _ := pages(t, conn, *req, 1000); !slices.Equal(sizes, []int{700, 700, 700}) {
		t.Errorf("pages with MaxPageSize 700: %v", sizes)
	}
	f.SetFaults(Faults{})

	// A cookie belongs to its search and its connection.
	first := *req
	control := ldap.NewControlPaging(10)
	first.Controls = []ldap.Control{control}
	res, err = conn.Search(&first)
	if err != nil {
		t.Fatal(err)
	}
	control.SetCookie(ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging).Cookie)
	_, err = bindAs(t, s, "admin").Search(&first)
	wantCode(t, "cookie on another connection", err, 12)
	other := first
	other.Filter = "(objectClass=group)"
	_, err = conn.Search(&other)
	wantCode(t, "cookie with another filter", err, 12)
	_, err = conn.Search(&first)
	wantCode(t, "cookie", err, 0)
	control.SetCookie([]byte("nonsense"))
	_, err = conn.Search(&first)
	wantCode(t, "invented cookie", err, 12)
}

// pages reads a search page by page: the sizes of the pages and their sum.
func pages(t *testing.T, conn *ldap.Conn, req ldap.SearchRequest, size uint32) (sizes []int, total int) {
	t.Helper()
	control := ldap.NewControlPaging(size)
	req.Controls = []ldap.Control{control}
	seen := map[string]bool{}
	for {
		res, err := conn.Search(&req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range res.Entries {
			seen[e.DN] = true
		}
		sizes, total = append(sizes, len(res.Entries)), total+len(res.Entries)
		cookie := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging).Cookie
		if len(cookie) == 0 {
			if len(seen) != total {
				t.Errorf("pages of %d: %d entries, %d different ones", size, total, len(seen))
			}
			return sizes, total
		}
		control.SetCookie(cookie)
	}
}

func TestPagingWhileObjectsChange(t *testing.T) {
	conn := connect(t, load(t, manyUsers(30)))
	control := ldap.NewControlPaging(10)
	req := request(people, ldap.ScopeSingleLevel, "(objectClass=user)", "cn")
	req.Controls = []ldap.Control{control}
	seen := map[string]int{}
	for page := 0; ; page++ {
		res, err := conn.Search(req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range res.Entries {
			seen[e.GetAttributeValue("cn")]++
		}
		control.SetCookie(ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging).Cookie)
		if len(control.Cookie) == 0 {
			break
		}
		wantCode(t, "delete", conn.Del(ldap.NewDelRequest(fmt.Sprintf("CN=u%d,%s", page, people), nil)), 0)
		wantCode(t, "rename", conn.ModifyDN(ldap.NewModifyDNRequest(fmt.Sprintf("CN=u%d,%s", 28+page, people), fmt.Sprintf("CN=a%d", page), true, "")), 0)
	}
	if len(seen) != 30 {
		t.Errorf("%d users seen", len(seen))
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s seen %d times", name, n)
		}
	}
}

func TestRanges(t *testing.T) {
	f := load(t, manyUsers(3001))
	conn := connect(t, f)
	big := "CN=Big,CN=Users," + base
	for _, c := range []struct{ ask, want string }{
		{"member", "member:0 member;range=0-1499:1500"},
		{"member;range=0-*", "member;range=0-1499:1500"},
		{"member;range=0-9", "member;range=0-9:10"},
		{"member;range=0-4999", "member;range=0-1499:1500"},
		{"MEMBER;Range=1500-*", "member;range=1500-2999:1500"},
		{"member;range=3000-*", "member;range=3000-*:1"},
		{"member;range=2990-3000", "member;range=2990-*:11"},
		{"member;range=2990-2999", "member;range=2990-2999:10"},
	} {
		if got := names(entry(t, conn, big, c.ask)); got != c.want {
			t.Errorf("%s: %s, want %s", c.ask, got, c.want)
		}
	}
	_, err := conn.Search(request(big, ldap.ScopeBaseObject, "(objectClass=*)", "member;range=3001-*"))
	wantCode(t, "past the end", err, 1)
	_, err = conn.Search(request(big, ldap.ScopeBaseObject, "(objectClass=*)", "member;range=9-1"))
	wantCode(t, "no range", err, 2)
	if got := names(entry(t, conn, "CN=u1,"+people, "member;range=0-*", "cn")); got != "cn:1" {
		t.Errorf("nothing to cut: %s", got)
	}
	seen := map[string]bool{}
	for low := 0; low < 3001; low += 1500 {
		for _, a := range entry(t, conn, big, fmt.Sprintf("member;range=%d-*", low)).Attributes {
			for _, v := range a.Values {
				seen[v] = true
			}
		}
	}
	if len(seen) != 3001 {
		t.Errorf("%d members", len(seen))
	}
	f.SetFaults(Faults{MaxValRange: 5})
	if got := names(entry(t, conn, big, "member")); got != "member:0 member;range=0-4:5" {
		t.Errorf("MaxValRange 5: %s", got)
	}
}
