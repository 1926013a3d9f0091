package providertest

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// pagingCases are about results in pages.
func pagingCases() []testCase {
	seven := func(s *session) { s.contact("CN=1", "CN=2", "CN=3", "CN=4", "CN=5", "CN=6", "CN=7") }
	return []testCase{
		{"paging/pages", "3 3 1 end", func(s *session) {
			seven(s)
			s.pages(s.ou, 3)
		}},
		{"paging/one page", "7 end", func(s *session) {
			seven(s)
			s.pages(s.ou, 7)
		}},
		{"paging/no results", "0 end", func(s *session) {
			seven(s)
			s.pages(s.dn("CN=7"), 2)
		}},
		{"paging/another search in between", "3 7 4 end", func(s *session) {
			seven(s)
			paging := ldap.NewControlPaging(3)
			s.page(s.ou, paging)
			r, err := s.search(s.ou, ldap.ScopeSingleLevel, "(objectClass=*)", "cn")
			s.must(err)
			s.answer("%d", len(r.Entries))
			paging.PagingSize = 5
			s.page(s.ou, paging)
			s.answer("end")
		}},
		{"paging/a search without pages", "4 1000", func(s *session) {
			r, err := s.search(largeOU(s), ldap.ScopeSingleLevel, "(objectClass=contact)", "cn")
			s.code(err)
			s.answer("%d", len(r.Entries))
		}},
		{"paging/a page larger than the server's limit", "1000 1000 1000 1000 1000 end", func(s *session) {
			s.pagesOf(largeOU(s), 2000, "(objectClass=contact)")
		}},
		{"paging/large", "1000 1000 1000 1000 1000 end", func(s *session) {
			s.pagesOf(largeOU(s), 1000, "(objectClass=contact)")
		}},
	}
}

func largeOU(s *session) string { return LargeOU + "," + s.target.BaseDN }

func largeGroup(s *session) string { return LargeGroup + "," + largeOU(s) }

// pages appends the number of entries of every page, and "end".
func (s *session) pages(base string, size uint32) {
	s.t.Helper()
	s.pagesOf(base, size, "(objectClass=*)")
}

func (s *session) pagesOf(base string, size uint32, filter string) {
	s.t.Helper()
	paging := ldap.NewControlPaging(size)
	for range 100 {
		if !s.pageOf(base, paging, filter) {
			// The last page may be empty: a server need not know that a full
			// one was the last.
			if n := len(s.answers); n > 1 && s.answers[n-1] == "0" {
				s.answers = s.answers[:n-1]
			}
			s.answer("end")
			return
		}
	}
	s.answer("endless")
}

// page reads one page and says whether there is another one.
func (s *session) page(base string, paging *ldap.ControlPaging) bool {
	s.t.Helper()
	return s.pageOf(base, paging, "(objectClass=*)")
}

func (s *session) pageOf(base string, paging *ldap.ControlPaging, filter string) bool {
	s.t.Helper()
	r, err := s.conn.Search(&ldap.SearchRequest{BaseDN: base, Scope: ldap.ScopeSingleLevel, Filter: filter,
		Attributes: []string{"cn"}, Controls: []ldap.Control{paging}})
	s.must(err)
	s.answer("%d", len(r.Entries))
	answer, ok := ldap.FindControl(r.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	if !ok {
		s.t.Fatal("a page came back without the paging control")
	}
	paging.SetCookie(answer.Cookie)
	return len(answer.Cookie) > 0
}

// rangeCases are about attributes with very many values.
func rangeCases() []testCase {
	return []testCase{
		{"range/asked for", "member;range=0-999:1000 member;range=1000-1499:500 member;range=4990-*:10", func(s *session) {
			s.ranges(largeGroup(s), "member;range=0-999", "member;range=1000-1499", "member;range=4990-*")
		}},
		{"range/a small group", "member;range=0-*:2 member;range=1-*:1 member;range=0-0:1", func(s *session) {
			s.contact("CN=a", "CN=b")
			s.group("CN=g")
			s.change("CN=g", plus("member", s.members("CN=a", "CN=b")...))
			s.ranges(s.dn("CN=g"), "member;range=0-*", "member;range=1-*", "member;range=0-0")
		}},
		{"range/an empty group", "none", func(s *session) {
			s.group("CN=g")
			s.ranges(s.dn("CN=g"), "member;range=0-*")
		}},
		{"range/more values than the server gives at once", "member:0 member;range=0-1499:1500", func(s *session) {
			s.ranges(largeGroup(s), "member")
		}},
		{"range/more asked for than the server gives at once", "member;range=0-1499:1500", func(s *session) {
			s.ranges(largeGroup(s), "member;range=0-*")
		}},
		{"range/past the end", "1", func(s *session) {
			s.ranges(largeGroup(s), "member;range=6000-*")
		}},
		{"range/read to the end", "5000 5000", func(s *session) {
			values := map[string]bool{}
			total := 0
			for next := 0; next >= 0; {
				name := fmt.Sprintf("member;range=%d-%d", next, next+1499)
				next = -1
				for _, a := range s.entryAt(largeGroup(s), name).Attributes {
					for _, v := range a.Values {
						values[v] = true
					}
					total += len(a.Values)
					if len(a.Values) > 0 && !strings.HasSuffix(a.Name, "-*") {
						next = total
					}
				}
			}
			s.answer("%d %d", total, len(values))
		}},
	}
}

// ranges appends name:count of what comes back for each attribute asked for.
func (s *session) ranges(dn string, attributes ...string) {
	s.t.Helper()
	for _, name := range attributes {
		r, err := s.search(dn, ldap.ScopeBaseObject, "(objectClass=*)", name)
		if err != nil {
			s.code(err)
			continue
		}
		e := first(r)
		if e == nil || len(e.Attributes) == 0 {
			s.answer("none")
			continue
		}
		for _, a := range e.Attributes {
			s.answer("%s:%d", a.Name, len(a.Values))
		}
	}
}
