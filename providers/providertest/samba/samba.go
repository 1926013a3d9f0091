// Package samba runs a real Active Directory domain controller for tests: Samba,
// LDAP only, on a loopback address of its own, with the Exchange attributes in
// its schema and a certificate authority of its own.
//
// The domain is made once and kept, stopped, in the user's cache directory under
// a digest of everything that went into it. Every Start copies that directory,
// which takes a tenth of a second, and starts the copy. Samba's ports are fixed
// (389 and 636), so each copy gets another address in 127.77.0.0/24; lock files
// keep test processes apart that run at the same time.
//
// A controller ends with the test that started it. When the test process dies
// before it can clean up, the kernel ends the controller, and the next Start
// removes its directory.
package samba

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Packages are the Debian packages that a controller needs. The script
// .ci/install installs them.
const Packages = "samba samba-dsdb-modules samba-ad-provision"

// RequireVariable names the environment variable that, set to 1, makes a test
// fail where it would otherwise be skipped because there is no Samba.
const RequireVariable = "LANDFALL_REQUIRE_SAMBA"

// The domain. Objects that the controller makes get RIDs from FirstRID up, so
// that records loaded by Options.LDIF may state objectSids of DomainSID below.
const (
	Realm     = "CORP.EXAMPLE.COM"
	Domain    = "CORP"
	BaseDN    = "DC=corp,DC=example,DC=com"
	DomainSID = "S-1-5-21-1180699209-877415012-3182924384"
	FirstRID  = 500000
)

// Account is a user of the domain that can bind.
type Account struct {
	Name     string // userPrincipalName
	Password string
}

// DC is a running domain controller.
type DC struct {
	URL      string // ldaps://127.77.0.n
	PlainURL string // ldap://127.77.0.n, which demands StartTLS before a bind
	CA       []byte // certificate of the authority, PEM
	CAFile   string // the same in a file
	BaseDN   string

	Admin  Account // Domain Admins
	Writer Account // may write groups and OUs anywhere in the domain, and restore them
	Reader Account // may read

	// System is the URL of a socket on which a connection that does not bind is
	// the system itself: no access checks, features that LDAPS refuses.
	System string

	stop func()
}

// Options of a controller. The zero value is an empty domain.
type Options struct {
	// LDIF holds content records to load before the start, for BaseDN. Stated
	// values of objectGUID, objectSid and sAMAccountName are kept.
	LDIF io.Reader
	// RecycleBin switches the Recycle Bin on.
	RecycleBin bool
}

// errUnavailable marks reasons that lie in the machine and not in the test.
var errUnavailable = errors.New("no Samba domain controller on this machine")

// Start runs a domain controller until the test ends. Without Samba the test is
// skipped, or fails if RequireVariable is set.
func Start(t testing.TB, o Options) *DC {
	t.Helper()
	dc, err := start(o)
	if errors.Is(err, errUnavailable) && os.Getenv(RequireVariable) != "1" {
		t.Skipf("%v; .ci/install installs the packages %s", err, Packages)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dc.stop)
	if o.RecycleBin {
		if err := dc.EnableRecycleBin(); err != nil {
			t.Fatal(err)
		}
	}
	return dc
}

// recycleBinFeature is the GUID of the optional feature.
const recycleBinFeature = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a"

// EnableRecycleBin switches the Recycle Bin on; there is no way back. Samba
// takes this from the system only, not from an administrator.
func (dc *DC) EnableRecycleBin() error {
	conn, err := ldap.DialURL(dc.System)
	if err != nil {
		return fmt.Errorf("enable the Recycle Bin: %w", err)
	}
	defer conn.Close()
	conn.SetTimeout(30 * time.Second)
	m := ldap.NewModifyRequest("", nil)
	m.Add("enableOptionalFeature", []string{"CN=Partitions,CN=Configuration," + dc.BaseDN + ":" + recycleBinFeature})
	if err := conn.Modify(m); err != nil {
		return fmt.Errorf("enable the Recycle Bin: %w", err)
	}
	return nil
}
