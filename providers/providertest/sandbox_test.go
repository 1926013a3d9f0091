package providertest_test

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/providers/providertest"
	"github.com/landfall-directory/landfall/providers/sandbox/forest"
)

const sandboxBase = "DC=corp,DC=example,DC=com"

// administrator is in every domain that Windows or Samba makes.
const administrator = `dn: CN=Administrator,CN=Users,` + sandboxBase + `
objectClass: user
sAMAccountName: Administrator

`

func TestSandbox(t *testing.T) { runSandbox(t, true) }

func TestSandboxWithoutRecycleBin(t *testing.T) { runSandbox(t, false) }

func runSandbox(t *testing.T, recycleBin bool) {
	accounts := map[string]string{}
	account := func(name string) providertest.Account {
		accounts[name] = "secret of " + name
		return providertest.Account{Name: name + "@corp.example.com", Password: accounts[name]}
	}
	admin, writer, reader := account("Administrator"), account("writer"), account("reader")
	f, err := forest.Load(strings.NewReader(administrator+providertest.Records(sandboxBase)), "records.ldif", forest.Options{
		Accounts:          accounts,
		ReadOnlyAccounts:  []string{"reader"},
		BaseDN:            sandboxBase,
		WithoutRecycleBin: !recycleBin,
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := f.Start("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	providertest.Run(t, providertest.Target{
		Label: "the sandbox", Directory: providertest.Sandbox,
		URL: server.URL(), PlainURL: server.PlainURL(), CA: f.CertificateAuthority(), BaseDN: f.BaseDN(),
		Admin: admin, Writer: writer, Reader: reader,
		RecycleBin: recycleBin,
	})
}
