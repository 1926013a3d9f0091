package ad

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

func ldapError(code uint16, message string) error {
	return &ldap.Error{ResultCode: code, Err: errors.New(message)}
}

func TestFaults(t *testing.T) {
	bind := "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data %s, v1db1\x00"
	for _, c := range []struct {
		err  error
		want []string
	}{
		{ldapError(49, fmt.Sprintf(bind, "52e")), []string{"LDAP 49 invalidCredentials", "the user name or the password is wrong"}},
		{ldapError(49, fmt.Sprintf(bind, "525")), []string{"there is no such user"}},
		{ldapError(49, fmt.Sprintf(bind, "530")), []string{"at this time"}},
		{ldapError(49, fmt.Sprintf(bind, "532")), []string{"the password has expired"}},
		{ldapError(49, fmt.Sprintf(bind, "533")), []string{"the account is disabled"}},
		{ldapError(49, fmt.Sprintf(bind, "701")), []string{"the account has expired"}},
		{ldapError(49, fmt.Sprintf(bind, "773")), []string{"must be changed"}},
		{ldapError(49, fmt.Sprintf(bind, "775")), []string{"locked out"}},
		{ldapError(49, ""), []string{"were not accepted"}},
		{ldapError(8, "BindSimple: Transport encryption required."), []string{"LDAP 8", "start_tls = true"}},
		{ldapError(4, ""), []string{"sizeLimitExceeded", "nothing of it is used"}},
		{ldapError(10, "ldap://child.corp.example.com"), []string{"referral", "set url to a writable domain controller of the domain"}},
		{ldapError(50, "00002098: SecErr"), []string{"insufficientAccessRights (00002098: SecErr)", "grant it the permission"}},
		{ldapError(53, "00002146: SvcErr"), []string{"A universal group cannot have a domain local group"}},
		{ldapError(53, "0000"), []string{"LDAP 53 unwillingToPerform (0000)"}},
		{ldapError(77, "x"), []string{"LDAP 77 unknown result code (x)"}},
		{&lost{ldapError(200, "ldap: connection closed")}, []string{"the connection was lost: connection closed", "run again"}},
		{errTimeout, []string{"no answer in time", "raise timeout"}},
	} {
		got := newFault("read", "CN=x\x1b[2J", c.err, "")
		for _, want := range c.want {
			if !strings.Contains(got.Error(), want) {
				t.Errorf("%q lacks %q", got, want)
			}
		}
		if !strings.HasPrefix(got.Error(), `cannot read CN=x\u{1b}[2J: `) || strings.ContainsAny(got.Error(), "\x00\n\x1b") {
			t.Errorf("%q", got)
		}
		if errors.Is(got, planner.ErrPermission) != strings.Contains(got.Error(), "LDAP 50") {
			t.Errorf("%q: permission %v", got, errors.Is(got, planner.ErrPermission))
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[2J", "a\u202eb", "\xff\xfe", "\ufffd", "\u200b", "\n\r\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }) {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
