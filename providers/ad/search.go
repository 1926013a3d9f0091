package ad

import (
	"context"
	"errors"

	"github.com/go-ldap/ldap/v3"
)

// pageSize is AD's own limit, MaxPageSize.
const pageSize = 1000

// showDeactivatedLink is the control that shows the links of deleted objects.
const showDeactivatedLink = "1.2.840.113556.1.4.2065"

// query is a paged search of a subtree.
type query struct {
	base    string
	filter  string
	attrs   []string
	deleted bool // deleted objects, too
}

// pages runs a paged search and calls visit for every entry. It returns nil only
// after the last page ended with success and an empty cookie; what was visited
// before an error counts for nothing. Continuation references are passed over:
// what they name lies in other naming contexts.
func (c *conn) pages(ctx context.Context, q query, visit func(*ldap.Entry) error, onPage func()) error {
	paging := ldap.NewControlPaging(pageSize)
	request := c.request(q.base, ldap.ScopeWholeSubtree, q.filter, q.attrs, q.deleted)
	request.Controls = append(request.Controls, paging)
	if c.root.controls[ldap.ControlTypeMicrosoftDomainScope] {
		request.Controls = append(request.Controls, ldap.NewControlString(ldap.ControlTypeMicrosoftDomainScope, false, ""))
	}
	for {
		page, err := c.search(ctx, request)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if err := visit(e); err != nil {
				return err
			}
		}
		next, ok := ldap.FindControl(page.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok {
			return errors.New("the server ended a paged search without a cookie, so nobody knows whether it was the end")
		}
		if onPage != nil {
			onPage()
		}
		if len(next.Cookie) == 0 {
			return nil
		}
		paging.SetCookie(next.Cookie)
	}
}

// search runs one search to its SearchResultDone.
func (c *conn) search(ctx context.Context, request *ldap.SearchRequest) (*ldap.SearchResult, error) {
	var result *ldap.SearchResult
	err := c.retry(ctx, func(l *ldap.Conn) (err error) {
		result, err = l.Search(request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// entry reads one object; dn may be <GUID=…>. It is nil when the server says
// that the name exists and shows nothing of it. A name that does not exist is
// the error noSuchObject.
func (c *conn) entry(ctx context.Context, dn string, deleted bool, attrs ...string) (*ldap.Entry, error) {
	result, err := c.search(ctx, c.request(dn, ldap.ScopeBaseObject, "(objectClass=*)", attrs, deleted))
	if err != nil || len(result.Entries) == 0 {
		return nil, err
	}
	return result.Entries[0], nil
}

func (c *conn) request(base string, scope int, filter string, attrs []string, deleted bool) *ldap.SearchRequest {
	var controls []ldap.Control
	if deleted {
		controls = append(controls, ldap.NewControlMicrosoftShowDeleted())
		if c.root.controls[showDeactivatedLink] {
			controls = append(controls, ldap.NewControlString(showDeactivatedLink, false, ""))
		}
	}
	return ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attrs, controls)
}
