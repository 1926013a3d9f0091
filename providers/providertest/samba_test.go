package providertest_test

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/providers/providertest"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
)

func TestSamba(t *testing.T) {
	dc := samba.Start(t, samba.Options{LDIF: strings.NewReader(providertest.Records(samba.BaseDN))})
	account := func(a samba.Account) providertest.Account {
		return providertest.Account{Name: a.Name, Password: a.Password}
	}
	target := providertest.Target{
		Label: "Samba", Directory: providertest.Samba,
		URL: dc.URL, PlainURL: dc.PlainURL, CA: dc.CA, BaseDN: dc.BaseDN,
		Admin: account(dc.Admin), Writer: account(dc.Writer), Reader: account(dc.Reader),
	}
	providertest.Run(t, target)
	if err := dc.EnableRecycleBin(); err != nil {
		t.Fatal(err)
	}
	target.RecycleBin = true
	providertest.Run(t, target)
}
