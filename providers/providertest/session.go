package providertest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// callTimeout bounds every call: Samba leaves some requests unanswered.
const callTimeout = 60 * time.Second

// session is one case at work in an OU of its own. Names of objects are relative
// to that OU ("CN=a", "CN=a,OU=b"); "" is the OU itself.
//
// Operations append their result code to answers, questions append what they
// found. Within values, the DN of the OU is written as ~, that of the domain as ^.
type session struct {
	t       *testing.T
	target  Target
	conn    *ldap.Conn
	ou      string
	answers []string
	quiet   bool // does not log what the server says
}

func newSession(t *testing.T, target Target, conn *ldap.Conn, ou string) *session {
	t.Helper()
	s := &session{t: t, target: target, conn: conn, ou: ou}
	s.must(s.addRequest("", "objectClass: organizationalUnit"))
	return s
}

func dialURL(url string, config *tls.Config) (*ldap.Conn, error) {
	conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(config))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(callTimeout)
	return conn, nil
}

func trust(target Target) *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(target.CA)
	return &tls.Config{RootCAs: roots}
}

func dial(t *testing.T, target Target) *ldap.Conn {
	t.Helper()
	conn, err := dialURL(target.URL, trust(target))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func bind(t *testing.T, conn *ldap.Conn, a Account) {
	t.Helper()
	if err := conn.Bind(a.Name, a.Password); err != nil {
		t.Fatalf("bind as %s: %v", a.Name, err)
	}
}

// as runs the rest of the case as another account.
func (s *session) as(a Account) {
	s.t.Helper()
	if a.Name == "" {
		s.t.Skip("the target has no such account")
	}
	s.conn = dial(s.t, s.target)
	bind(s.t, s.conn, a)
}

// dn is the full name of an object. Names in angle brackets stay as they are.
func (s *session) dn(rel string) string {
	switch {
	case rel == "":
		return s.ou
	case strings.HasPrefix(rel, "<"):
		return rel
	default:
		return rel + "," + s.ou
	}
}

func (s *session) answer(format string, args ...any) {
	s.answers = append(s.answers, fmt.Sprintf(format, args...))
}

// code appends the result code of an operation.
func (s *session) code(err error) {
	s.t.Helper()
	var e *ldap.Error
	switch {
	case err == nil:
		s.answer("0")
	case errors.As(err, &e) && e.ResultCode < 200: // above are go-ldap's own
		s.answer("%d", e.ResultCode)
		if !s.quiet {
			s.t.Log(err) // the server's own words, shown when the case fails
		}
	default:
		s.t.Fatalf("no answer from the server: %v", err)
	}
}

// must ends the case if a preparation failed.
func (s *session) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("prepare the case: %v", err)
	}
}

// attributes collects lines of the form "name: value".
func attributes(lines []string) ([]string, map[string][]string) {
	var names []string
	values := map[string][]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], value)
	}
	return names, values
}

func (s *session) addRequest(rel string, lines ...string) error {
	req := ldap.NewAddRequest(s.dn(rel), nil)
	names, values := attributes(lines)
	for _, name := range names {
		req.Attribute(name, values[name])
	}
	return s.conn.Add(req)
}

// add is the add operation.
func (s *session) add(rel string, lines ...string) {
	s.t.Helper()
	s.code(s.addRequest(rel, lines...))
}

// group, contact and subOU prepare objects.
func (s *session) group(rel string, lines ...string) {
	s.t.Helper()
	s.must(s.addRequest(rel, append([]string{"objectClass: group"}, lines...)...))
}

func (s *session) contact(rels ...string) {
	s.t.Helper()
	for _, rel := range rels {
		s.must(s.addRequest(rel, "objectClass: contact"))
	}
}

func (s *session) subOU(rel string) {
	s.t.Helper()
	s.must(s.addRequest(rel, "objectClass: organizationalUnit"))
}

// drop and shift prepare by a delete and a rename.
func (s *session) drop(rel string) {
	s.t.Helper()
	s.must(s.conn.Del(ldap.NewDelRequest(s.dn(rel), nil)))
}

func (s *session) shift(rel, rdn string) {
	s.t.Helper()
	s.must(s.conn.ModifyDN(ldap.NewModifyDNRequest(s.dn(rel), rdn, true, "")))
}

// change is one part of a modify operation.
type change struct {
	operation uint
	attribute string
	values    []string
}

func plus(attribute string, values ...string) change {
	return change{ldap.AddAttribute, attribute, values}
}
func minus(attribute string, values ...string) change {
	return change{ldap.DeleteAttribute, attribute, values}
}
func set(attribute string, values ...string) change {
	return change{ldap.ReplaceAttribute, attribute, values}
}

func modifyRequest(dn string, changes []change, controls ...ldap.Control) *ldap.ModifyRequest {
	req := ldap.NewModifyRequest(dn, controls)
	for _, c := range changes {
		req.Changes = append(req.Changes, ldap.Change{
			Operation:    c.operation,
			Modification: ldap.PartialAttribute{Type: c.attribute, Vals: c.values},
		})
	}
	return req
}

// modify is the modify operation.
func (s *session) modify(rel string, changes ...change) {
	s.t.Helper()
	s.code(s.conn.Modify(modifyRequest(s.dn(rel), changes)))
}

// change prepares an object by a modify operation.
func (s *session) change(rel string, changes ...change) {
	s.t.Helper()
	s.must(s.conn.Modify(modifyRequest(s.dn(rel), changes)))
}

const permissiveModify = "1.2.840.113556.1.4.1413"

// permissive is the modify operation with the permissive-modify control.
func (s *session) permissive(rel string, changes ...change) {
	s.t.Helper()
	s.code(s.conn.Modify(modifyRequest(s.dn(rel), changes, ldap.NewControlString(permissiveModify, false, ""))))
}

// rename is the modify-DN operation; parent "" leaves the object where it is.
func (s *session) rename(rel, rdn, parent string) {
	s.t.Helper()
	s.code(s.conn.ModifyDN(ldap.NewModifyDNRequest(s.dn(rel), rdn, true, parent)))
}

// delete is the delete operation.
func (s *session) delete(rel string) {
	s.t.Helper()
	s.code(s.conn.Del(ldap.NewDelRequest(s.dn(rel), nil)))
}

// members are full names for use as values.
func (s *session) members(rels ...string) []string {
	out := make([]string, len(rels))
	for i, rel := range rels {
		out[i] = s.dn(rel)
	}
	return out
}

// search asks below the OU, or at base if it is given.
func (s *session) search(base string, scope int, filter string, attributes ...string) (*ldap.SearchResult, error) {
	return s.conn.Search(&ldap.SearchRequest{BaseDN: base, Scope: scope, Filter: filter, Attributes: attributes})
}

// lookup reads one object; nil if there is none.
func (s *session) lookup(rel string, attributes ...string) *ldap.Entry {
	s.t.Helper()
	r, err := s.search(s.dn(rel), ldap.ScopeBaseObject, "(objectClass=*)", attributes...)
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	s.must(err)
	return first(r)
}

// first is the first entry of a result, nil if there is none.
func first(r *ldap.SearchResult) *ldap.Entry {
	if len(r.Entries) == 0 {
		return nil
	}
	return r.Entries[0]
}

// entry reads one object that the case cannot do without.
func (s *session) entry(rel string, attributes ...string) *ldap.Entry {
	s.t.Helper()
	e := s.lookup(rel, attributes...)
	if e == nil {
		s.t.Fatalf("there is no object %s", s.dn(rel))
	}
	return e
}

// entryAt is entry by full name; "" is the rootDSE.
func (s *session) entryAt(dn string, attributes ...string) *ldap.Entry {
	s.t.Helper()
	r, err := s.search(dn, ldap.ScopeBaseObject, "(objectClass=*)", attributes...)
	s.must(err)
	e := first(r)
	if e == nil {
		s.t.Fatalf("there is no object %q", dn)
	}
	return e
}

// guid is the objectGUID as the bytes of a filter or of a <GUID=> name.
func (s *session) guid(rel string) []byte {
	s.t.Helper()
	guid := s.entry(rel, "objectGUID").GetRawAttributeValue("objectGUID")
	if len(guid) != 16 {
		s.t.Fatalf("%s has no objectGUID", rel)
	}
	return guid
}

// generatedName is the form of a sAMAccountName that the directory made up.
var generatedName = regexp.MustCompile(`^\$[0-9A-Z]{6,8}-[0-9A-Z]{12,16}$`)

// deletedName is how the name of a deleted object goes on.
var deletedName = regexp.MustCompile(`\\0ADEL:[0-9a-f-]{36}`)

// show appends [attribute=value|value …] of an object, "-" for an absent
// attribute, or [none].
func (s *session) show(rel string, attributes ...string) {
	s.t.Helper()
	e := s.lookup(rel, attributes...)
	if e == nil {
		s.answer("[none]")
		return
	}
	s.showEntry(e, attributes)
}

func (s *session) showEntry(e *ldap.Entry, attributes []string) {
	parts := make([]string, len(attributes))
	for i, name := range attributes {
		values := slices.Clone(e.GetEqualFoldAttributeValues(name))
		for j, v := range values {
			if generatedName.MatchString(v) {
				v = "<generated>"
			}
			values[j] = s.short(v)
		}
		slices.Sort(values)
		parts[i] = name + "=" + strings.Join(values, "|")
		if len(values) == 0 {
			parts[i] = name + "=-"
		}
	}
	s.answer("[%s]", strings.Join(parts, " "))
}

// short writes the names of the OU and of the domain as ~ and ^, and without
// what differs in each run.
func (s *session) short(value string) string {
	value = strings.ReplaceAll(value, s.ou, "~")
	value = strings.ReplaceAll(value, s.target.BaseDN, "^")
	return deletedName.ReplaceAllString(value, `\0ADEL:<guid>`)
}

// find appends {name name …} of what a filter finds below the OU, or the code.
func (s *session) find(filter string) {
	s.t.Helper()
	s.findAt(s.ou, ldap.ScopeWholeSubtree, filter)
}

func (s *session) findAt(base string, scope int, filter string) {
	s.t.Helper()
	r, err := s.search(base, scope, filter, "name")
	if err != nil {
		s.code(err)
		return
	}
	s.answer("{%s}", strings.Join(names(r.Entries), " "))
}

func names(entries []*ldap.Entry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.GetAttributeValue("name")
	}
	slices.Sort(out)
	return out
}
