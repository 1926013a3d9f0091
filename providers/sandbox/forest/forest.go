// Package forest is an embedded LDAP server that behaves like a domain
// controller of Active Directory with one domain, loaded from LDIF.
//
// It is the product's sandbox and the fake of its tests: what it accepts, a
// real domain controller accepts, and what it refuses, a real one refuses with
// the same result code and a text of the same shape. Where Samba and Active
// Directory differ, it follows Active Directory.
//
// The wire is in wire.go, server.go and bind.go; each operation has a file of
// its own; what the operations have in common is the object tree (object.go),
// its index (index.go), the schema (schema.go, attributes.go, classes.go) and
// the rules of links (links.go). Everything that is generated (objectGUID,
// objectSid, names) is a function of the distinguished name, so that the same
// LDIF makes the same directory everywhere.
//
// It has no access control beyond Options: a bound account may do everything,
// and what administrators cannot change, nobody can.
package forest

import (
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// Options of a forest. The zero value is a directory that nobody can bind to.
type Options struct {
	// Accounts maps names to passwords. A name is a sAMAccountName, a user
	// principal name or a distinguished name; it need not exist in the LDIF.
	Accounts map[string]string
	// ReadOnlyAccounts may read, and get 50 (insufficient access rights) for
	// every write; they do not see deleted objects.
	ReadOnlyAccounts []string
	// ReadOnlyDNs and everything below them refuse every write with 50.
	ReadOnlyDNs []string
	// BaseDN is the domain, needed only when the LDIF has no record.
	BaseDN string
	// Schema is the planner's schema of AD with the attributes that the
	// configuration adds; planner.ADSchema by default.
	Schema *planner.Schema
	// WithoutExchangeSchema leaves out the attributes that Exchange adds.
	WithoutExchangeSchema bool
	// WithoutRecycleBin turns deleted objects into tombstones.
	WithoutRecycleBin bool
	// Now is the clock; time.Now by default.
	Now func() time.Time
	// OnChange is called after each committed write, before the client has its
	// answer, without any lock held; calls may overlap.
	OnChange func()
	// CertificateNotAfter is when the server's certificate expires, a year from
	// now by default. A time in the past is for tests of clients.
	CertificateNotAfter time.Time
	// Faults to begin with; SetFaults replaces them.
	Faults Faults
}

// Forest is a directory. All methods may be called from any goroutine.
type Forest struct {
	file   string // name of the LDIF, for messages
	opts   Options
	now    func() time.Time
	schema *schema
	tls    *authority
	faults faultState

	// Facts of the domain, fixed after Load.
	base       planner.DN
	suffix     string // what follows the root's own RDN, with its comma
	dnsName    string
	netBIOS    string
	hostName   string
	domainSID  string
	recycleBin bool
	schemaKey  string // key of the schema container's name

	mu         sync.RWMutex
	objects    []*object // by sequence number
	index      *index
	root       *object
	configRoot *object
	schemaRoot *object
	bin        *object // CN=Deleted Objects of the domain
	usn        int64   // highestCommittedUSN
	nextRID    uint32
}

// DNSName is the DNS name of the domain.
func (f *Forest) DNSName() string { return f.dnsName }

// HostName is the domain controller's DNS name.
func (f *Forest) HostName() string { return f.hostName }

// BaseDN is the domain's distinguished name.
func (f *Forest) BaseDN() string { return f.base.String() }

// NetBIOSName is the domain's short name, the one before the backslash.
func (f *Forest) NetBIOSName() string { return f.netBIOS }

// Len counts the objects, deleted ones and containers included, without the schema's.
func (f *Forest) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := 0
	for _, o := range f.objects {
		if !o.generated {
			n++
		}
	}
	return n
}
