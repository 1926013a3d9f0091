package forest

import (
	"crypto/subtle"
	"crypto/tls"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// The extended operations.
const (
	extendedStartTLS = "1.3.6.1.4.1.1466.20037"
	extendedWhoAmI   = "1.3.6.1.4.1.4203.1.11.3"
)

// bind answers a BindRequest. Whatever happens, the earlier identity is gone
// (RFC 4511 §4.2.1).
func (s *session) bind(m message) {
	s.account, s.readOnly = "", false
	r := &reader{rest: m.op.content}
	version := r.integer(tagInteger)
	name := r.text(tagOctetString)
	method := r.next()
	switch {
	case r.err != nil || version < 2 || version > 3:
		s.result(m.id, opBindResponse, errProtocol("The bind request cannot be read"), nil)
	case method.tag != 0x80:
		s.result(m.id, opBindResponse, ldapError(resultAuthMethod, 0x57, "The authentication method is not supported"), nil)
	default:
		_, refused := s.forest.readControls(m.controls, nil)
		if refused == nil {
			refused = s.simpleBind(name, string(method.content))
		}
		s.result(m.id, opBindResponse, refused, nil)
	}
}

func (s *session) simpleBind(name, password string) *refusal {
	if password == "" {
		// Anonymous, or a name without a password, which a domain controller
		// takes for anonymous: it reads the rootDSE and nothing else. Clients
		// must refuse empty passwords themselves.
		return nil
	}
	if !s.secure {
		return ldapError(resultStrongAuthRequired, 0x2028, "The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection")
	}
	account, readOnly, ok := s.forest.authenticate(name, password)
	if !ok {
		return ldapError(resultInvalidCredentials, 0x80090308, "AcceptSecurityContext error, data 52e")
	}
	s.account, s.readOnly = account, readOnly
	return nil
}

// authenticate finds the account that a bind name means and compares passwords.
// A domain controller takes distinguished names, user principal names and
// DOMAIN\name; the bare account name it does not take.
func (f *Forest) authenticate(name, password string) (account string, readOnly, ok bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for account, want := range f.opts.Accounts {
		if !f.means(name, account) {
			continue
		}
		for _, reader := range f.opts.ReadOnlyAccounts {
			readOnly = readOnly || f.sameAccount(reader, account)
		}
		return account, readOnly, subtle.ConstantTimeCompare([]byte(want), []byte(password)) == 1
	}
	return "", false, false
}

// means reports whether a bind name names the account. The lock is held.
func (f *Forest) means(name, account string) bool {
	o := f.accountObject(account)
	sam := account
	if o != nil {
		sam = o.first(f.schema.sAMAccountName)
	}
	if domain, user, ok := strings.Cut(name, `\`); ok && !strings.Contains(domain, "=") {
		return (strings.EqualFold(domain, f.netBIOS) || strings.EqualFold(domain, f.dnsName)) && fold(user) == fold(sam)
	}
	if strings.Contains(name, "=") {
		named, refused := f.resolve(name)
		return refused == nil && !named.deleted && named == o || planner.DNKey(name) == planner.DNKey(account)
	}
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		if o != nil && fold(o.first(f.schema.userPrincipalName)) == fold(name) || fold(name) == fold(account) {
			return true
		}
		return strings.EqualFold(name[at+1:], f.dnsName) && fold(name[:at]) == fold(sam)
	}
	return false
}

// accountObject finds the live object of an account of Options, nil if the
// directory has none. The lock is held.
func (f *Forest) accountObject(account string) *object {
	if strings.Contains(account, "=") {
		if o, refused := f.resolve(account); refused == nil && !o.deleted {
			return o
		}
		return nil
	}
	user := account
	if _, after, ok := strings.Cut(account, `\`); ok {
		user = after
	}
	for _, def := range []*attributeDef{f.schema.sAMAccountName, f.schema.userPrincipalName} {
		for _, o := range f.index.lookup(def, fold(user)) {
			if !o.deleted {
				return o
			}
		}
	}
	if sam, ok := strings.CutSuffix(strings.ToLower(user), "@"+f.dnsName); ok {
		return f.accountObject(sam) // the name that every account has
	}
	return nil
}

// sameAccount reports whether two names of Options mean one account.
func (f *Forest) sameAccount(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	o := f.accountObject(a)
	return o != nil && o == f.accountObject(b)
}

// extended answers an ExtendedRequest; false ends the connection.
func (s *session) extended(m message) bool {
	r := &reader{rest: m.op.content}
	switch oid := r.text(0x80); {
	case r.err != nil:
		s.result(m.id, opExtendedResponse, errProtocol("The extended request cannot be read"), nil)
	case oid == extendedStartTLS:
		return s.startTLS(m)
	case oid == extendedWhoAmI:
		who := ""
		if s.account != "" {
			who = "u:" + s.forest.shortName(s.account)
		}
		s.result(m.id, opExtendedResponse, nil, appendText(nil, 0x8b, who))
	default:
		s.result(m.id, opExtendedResponse, ldapError(resultProtocolError, 0x203D, "Unknown extended request OID"), nil)
	}
	return true
}

// shortName is DOMAIN\name of an account.
func (f *Forest) shortName(account string) string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if o := f.accountObject(account); o != nil {
		if sam := o.first(f.schema.sAMAccountName); sam != "" {
			return f.netBIOS + `\` + sam
		}
	}
	if strings.ContainsAny(account, `\@=`) {
		return account
	}
	return f.netBIOS + `\` + account
}

// startTLS turns the connection into a TLS connection. Requests sent before the
// handshake would be read as plain text, so there must be none.
func (s *session) startTLS(m message) bool {
	name := appendText(nil, 0x8a, extendedStartTLS)
	if s.secure {
		s.result(m.id, opExtendedResponse, ldapError(resultOperationsError, 0x57, "TLS is already active"), name)
		return true
	}
	if s.in.Buffered() > 0 {
		return false
	}
	s.result(m.id, opExtendedResponse, nil, name)
	if s.broken || s.flush() != nil {
		return false
	}
	conn := tls.Server(s.conn, s.forest.tls.config())
	_ = conn.SetDeadline(time.Now().Add(requestTimeout))
	if conn.Handshake() != nil {
		return false
	}
	s.use(conn)
	s.secure, s.account, s.readOnly = true, "", false
	return true
}
