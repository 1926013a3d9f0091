package ad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// fault is what went wrong with one call, told to people: what was being done,
// to which object, what the server said, and what to do.
type fault struct {
	doing   string // "create group"
	object  string // DN or ""
	code    uint16 // LDAP result code, 0 when the server did not answer
	message string // the server's or the network's own words
	hint    string // what to do
	cause   error
}

// Error puts everything on one line that a terminal can take.
func (f *fault) Error() string {
	var b strings.Builder
	b.WriteString("cannot " + f.doing)
	if f.object != "" {
		b.WriteByte(' ')
		b.WriteString(printable(f.object))
	}
	b.WriteString(": ")
	if f.code != 0 {
		fmt.Fprintf(&b, "LDAP %d %s", f.code, codeName(f.code))
		if f.message != "" {
			fmt.Fprintf(&b, " (%s)", printable(f.message))
		}
	} else {
		b.WriteString(printable(f.message))
	}
	if f.hint != "" {
		b.WriteString(". ")
		b.WriteString(printable(f.hint))
	}
	return b.String()
}

func (f *fault) Unwrap() error { return f.cause }

// newFault tells err, which came from the server or from the way to it. hint is
// what to do, given the code; the general hints are used where it is silent.
func newFault(doing, object string, err error, hint string) *fault {
	f := &fault{doing: doing, object: object, hint: hint, cause: err}
	code, message, answered := answer(err)
	if !answered {
		f.message = err.Error()
		if f.hint == "" {
			f.hint = networkHint(err)
		}
		return f
	}
	f.code, f.message = code, message
	if code == ldap.LDAPResultInsufficientAccessRights {
		f.cause = errors.Join(planner.ErrPermission, err)
	}
	if f.hint == "" {
		f.hint = codeHint(code, message)
	}
	return f
}

// answer returns the result code and message of a server's answer; answered is
// false when the error means that no answer was understood.
func answer(err error) (code uint16, message string, answered bool) {
	var e *ldap.Error
	if !errors.As(err, &e) || e.ResultCode >= ldap.ErrorNetwork || e.ResultCode == 0 {
		return 0, "", false
	}
	if e.Err != nil {
		message = strings.Join(strings.Fields(strings.TrimRight(e.Err.Error(), "\x00")), " ")
	}
	return e.ResultCode, message, true
}

// codeOf is the result code of an answer, also where it was told already; 0 when
// no answer was understood.
func codeOf(err error) int {
	code, _, _ := answer(err)
	return int(code)
}

// hasCode reports whether err is the server's answer with one of the codes.
func hasCode(err error, codes ...uint16) bool {
	code, _, ok := answer(err)
	if !ok {
		return false
	}
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// errTimeout is the cause of a call that took too long.
var errTimeout error = timeout{}

type timeout struct{}

func (timeout) Error() string { return "no answer in time" }
func (timeout) Unwrap() error { return context.DeadlineExceeded }

// lost is a connection that broke, or whose data made no sense, before an answer
// was complete.
type lost struct{ err error }

// Error is the library's text without the library's prefixes.
func (l *lost) Error() string {
	text := l.err.Error()
	for _, prefix := range []string{`LDAP Result Code 200 "Network Error": `, "ldap: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return "the connection was lost: " + text
}

// Unwrap makes it an end that came too early, whatever the library called it.
func (l *lost) Unwrap() []error { return []error{io.ErrUnexpectedEOF, l.err} }

func networkHint(err error) string {
	var l *lost
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "The domain controller or the way to it is too slow: look at its load, or raise timeout in the provider block"
	case errors.As(err, &l):
		return "Nothing that was read so far is used: run again"
	}
	return ""
}

// codeName is the name of an LDAP result code in RFC 4511.
func codeName(code uint16) string {
	names := map[uint16]string{
		1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded",
		7: "authMethodNotSupported", 8: "strongerAuthRequired", 10: "referral", 11: "adminLimitExceeded",
		12: "unavailableCriticalExtension", 13: "confidentialityRequired", 16: "noSuchAttribute",
		17: "undefinedAttributeType", 18: "inappropriateMatching", 19: "constraintViolation",
		20: "attributeOrValueExists", 21: "invalidAttributeSyntax", 32: "noSuchObject", 33: "aliasProblem",
		34: "invalidDNSyntax", 48: "inappropriateAuthentication", 49: "invalidCredentials",
		50: "insufficientAccessRights", 51: "busy", 52: "unavailable", 53: "unwillingToPerform",
		54: "loopDetect", 64: "namingViolation", 65: "objectClassViolation", 66: "notAllowedOnNonLeaf",
		67: "notAllowedOnRDN", 68: "entryAlreadyExists", 69: "objectClassModsProhibited",
		71: "affectsMultipleDSAs", 80: "other",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return "unknown result code"
}

// codeHint says what to do about a result code, whatever was being done.
func codeHint(code uint16, message string) string {
	switch code {
	case ldap.LDAPResultTimeLimitExceeded:
		return "The server's time limit for one search (MaxQueryDuration) is too short for this directory: narrow search_bases, or raise the limit"
	case ldap.LDAPResultSizeLimitExceeded:
		return "The server ended the search although it was paged, so the result is incomplete and nothing of it is used: look at its LDAP policies (MaxPageSize, MaxResultSetSize), or narrow search_bases"
	case ldap.LDAPResultAdminLimitExceeded:
		return "A limit of the server's LDAP policy was reached: narrow search_bases, or raise the limit"
	case ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired:
		return "The domain controller insists on encryption: use ldaps://, or ldap:// with start_tls = true"
	case ldap.LDAPResultReferral:
		return "This domain controller does not hold that name, or may only be read: set url to a writable domain controller of the domain that holds base_dn and search_bases"
	case ldap.LDAPResultUnavailableCriticalExtension:
		return "The server lacks a control that landfall needs: is it an Active Directory domain controller?"
	case ldap.LDAPResultInvalidCredentials:
		return credentialsHint(message)
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return "The domain controller stayed busy: run again later"
	case ldap.LDAPResultInsufficientAccessRights:
		return "The identity that landfall binds as may not do this: grant it the permission, or use another one"
	case ldap.LDAPResultOperationsError:
		if strings.Contains(message, "000004DC") {
			return "The server takes this connection for anonymous: check user name and password"
		}
	}
	return windowsHint(message)
}

// credentialsHint explains the "data" that AD adds to invalidCredentials.
func credentialsHint(message string) string {
	reasons := map[string]string{
		"525": "there is no such user",
		"52e": "the user name or the password is wrong",
		"530": "the account may not log on at this time",
		"531": "the account may not log on at this workstation",
		"532": "the password has expired",
		"533": "the account is disabled",
		"701": "the account has expired",
		"773": "the password must be changed before the first logon",
		"775": "the account is locked out",
	}
	_, data, _ := strings.Cut(message, "data ")
	data, _, _ = strings.Cut(data, ",")
	reason, ok := reasons[strings.ToLower(strings.TrimSpace(data))]
	if !ok {
		reason = "user name and password were not accepted"
	}
	return "This means: " + reason + ". landfall takes them from LANDFALL_AD_<LABEL>_USERNAME (user@domain, DOMAIN\\user or a DN) and LANDFALL_AD_<LABEL>_PASSWORD or _PASSWORD_FILE"
}

// windowsHint explains the Windows error with which AD's messages begin.
func windowsHint(message string) string {
	code, err := strconv.ParseUint(strings.TrimSpace(head(message, 8)), 16, 32)
	if err != nil {
		return ""
	}
	switch code {
	case 0x524, 0x526, 0x2071:
		return "Another object of the domain has this sAMAccountName"
	case 0x525:
		return "The object that the value names does not exist on this domain controller"
	case 0x2141:
		return "The groupType is none that a group can have, or none that this group can change to"
	case 0x2144:
		return "A global group cannot have a domain local group as a member"
	case 0x2145:
		return "A global group cannot have a universal group as a member"
	case 0x2146:
		return "A universal group cannot have a domain local group as a member"
	case 0x2147:
		return "A global group can only have members of its own domain"
	case 0x2148:
		return "A domain local group cannot have a domain local group of another domain as a member"
	case 0x2149:
		return "A group that is the primary group of some account cannot be changed like this"
	}
	return ""
}

func head(s string, n int) string {
	if len(s) < n {
		return s
	}
	return s[:n]
}

// printable makes text of unknown origin safe for a terminal: what does not
// print, changes the direction of writing or is no UTF-8 becomes an escape.
func printable(s string) string {
	clean := true
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}
