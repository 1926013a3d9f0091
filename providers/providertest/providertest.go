// Package providertest is the conformance suite of directories that behave like
// Active Directory. The same scripts run against the embedded sandbox and
// against a real Samba domain controller: what one accepts, the other accepts,
// and what one refuses, the other refuses with the same result code.
//
// There are two levels. The cases of cases_*.go are raw LDAP: a script of
// operations and what Active Directory answers. The provider level drives
// providers/ad, the code that landfall itself uses, through planner.Reader and
// planner.Writer.
//
// Samba differs from Active Directory in places, and the sandbox sides with
// Active Directory. Every difference stands in the table of differences.go with
// both answers and the reason. One that is not in the table fails, and so does
// one that is in it and no longer exists.
//
// No Windows domain controller was at hand: what Active Directory answers is
// what Microsoft documents, and otherwise what the field knows.
package providertest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// Account can bind. An account without a name does not exist in the target;
// what needs it is skipped.
type Account struct {
	Name     string
	Password string
}

// Directory says whose answers are expected.
type Directory int

// The directories.
const (
	ActiveDirectory Directory = iota
	Samba
	Sandbox
)

// Target is a directory under test. It was loaded with Records.
type Target struct {
	Label     string
	Directory Directory
	URL       string // ldaps://
	PlainURL  string // ldap://, demands StartTLS
	CA        []byte // PEM
	BaseDN    string

	Admin  Account // may do everything
	Writer Account // may write groups and OUs, and restore them
	Reader Account // may read only

	// RecycleBin says whether it is on. Without it, Run looks at tombstones only.
	RecycleBin bool
}

// The OU that Records makes, with LargeSize contacts and one group of them all.
const (
	LargeOU    = "OU=Conformance Large"
	LargeGroup = "CN=Everybody"
	LargeSize  = 5000
)

// Records are the LDIF records that a target has to be loaded with: what would
// take too long to write over LDAP.
func Records(baseDN string) string {
	ou := LargeOU + "," + baseDN
	var records, members strings.Builder
	fmt.Fprintf(&records, "dn: %s\nobjectClass: organizationalUnit\n\n", ou)
	for n := range LargeSize {
		dn := fmt.Sprintf("CN=c%04d,%s", n, ou)
		fmt.Fprintf(&records, "dn: %s\nobjectClass: contact\n\n", dn)
		fmt.Fprintf(&members, "member: %s\n", dn)
	}
	fmt.Fprintf(&records, "dn: %s,%s\nobjectClass: group\ngroupType: 8\nsAMAccountName: conformance-everybody\n%s\n", LargeGroup, ou, &members)
	return records.String()
}

// Run runs the suite: with Recycle Bin everything but the cases about
// tombstones, without it those. It makes an OU of its own below BaseDN and leaves
// it there.
func Run(t *testing.T, target Target) {
	t.Run("differences", checkDifferences)
	if !target.RecycleBin {
		runCases(t, target, makeRoot(t, target), tombstoneCases())
		return
	}
	runCases(t, target, makeRoot(t, target), cases())
	t.Run("provider", func(t *testing.T) {
		runCases(t, target, makeRoot(t, target), providerCases())
	})
}

// makeRoot makes the OU that everything happens in.
func makeRoot(t *testing.T, target Target) string {
	t.Helper()
	conn := dial(t, target)
	bind(t, conn, target.Admin)
	root := fmt.Sprintf("OU=Conformance %d-%d,%s", os.Getpid(), rand.Uint32(), target.BaseDN)
	req := ldap.NewAddRequest(root, nil)
	req.Attribute("objectClass", []string{"organizationalUnit"})
	if err := conn.Add(req); err != nil {
		t.Fatalf("create the suite's OU: %v", err)
	}
	return root
}

// testCase is a script and what Active Directory answers to it: result codes and
// values in the order in which the script asked for them (see session).
type testCase struct {
	name string
	want string
	run  func(s *session)
}

// cases are the raw ones, of a target with Recycle Bin.
func cases() []testCase {
	return slices.Concat(
		bindCases(), rootCases(),
		searchCases(), searchBaseCases(), searchResultCases(), filterCases(), pagingCases(), rangeCases(),
		addCases(), addValueCases(), valueCases(), syntaxCases(), accountNameCases(), groupTypeCases(),
		modifyCases(), modifyRefusalCases(), modifyWholeCases(), swapCases(),
		memberCases(), memberBatchCases(), nestingCases(), linkCases(),
		renameCases(), renameRefusalCases(), escapeCases(), deleteCases(), recycleBinCases(), rightsCases(), metadataCases(), metadataBinCases(),
	)
}

// providerCases are those of the provider level.
func providerCases() []testCase {
	return slices.Concat(
		openCases(), readCases(), findCases(),
		createCases(), updateCases(), updateValueCases(), updateRefusalCases(),
		moveCases(), removeCases(), restoreCases(), membershipCases(), hostileCases(), historyCases(),
	)
}

// runCases runs each case in an OU of its own below parent.
func runCases(t *testing.T, target Target, parent string, list []testCase) {
	conn := dial(t, target)
	bind(t, conn, target.Admin)
	for i, c := range list {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t, target, conn, fmt.Sprintf("OU=%d,%s", i, parent))
			c.run(s)
			got := strings.Join(s.answers, " ")
			if want, source := expected(target.Directory, c); got != want {
				t.Errorf("%s answers\n  %s\nand not as %s:\n  %s", target.Label, got, source, want)
			}
		})
	}
}
