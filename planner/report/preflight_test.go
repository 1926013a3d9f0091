package report

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

func preflightText(t *testing.T, p *planner.Preflight, o TextOptions) string {
	t.Helper()
	p.Finish()
	var b strings.Builder
	if err := PreflightText(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func samplePreflight() *planner.Preflight {
	use := func(name string) planner.Use {
		return planner.Use{Address: "writeback.cloud_groups[\"" + name + "\"]", Name: name, File: "main.hcl", Line: 43}
	}
	const ou = "OU=Cloud Groups,DC=corp,DC=example,DC=com"
	return &planner.Preflight{Plan: "sha256:c56825b374b6aa", Providers: []planner.ProviderPreflight{
		{Address: adCorp, Kind: "ad", Facts: []planner.Fact{
			{Name: "address", Value: "ldaps://dc1.corp.example.com at 10.0.0.4:636"},
			{Name: "certificate", Value: "CN=dc1, issued by CN=x\x1b[2J, valid until 2026-11-30", Warning: "it ends in 7 days: renew it on the domain controller"},
		}, Checks: []planner.Check{
			{Status: planner.CheckOK, What: "create group objects in " + ou, Objects: 12},
			{Status: "later", What: "a status of another version"},
			{Status: planner.CheckExcess, What: "member of Domain Admins", Detail: "landfall needs no administrator", Fix: "use another user"},
			{Status: planner.CheckMissing, What: "write member of group objects in " + ou, Objects: 5, Uses: []planner.Use{use("a"), use("b"), use("c"), use("x\u202egnp.exe"), {Address: "provider.ad.corp"}},
				Fix: "dsacls \"" + ou + "\" /I:S /G \"CORP\\svc:RPWP;member;group\""},
			{Status: planner.CheckUnknown, What: "delete group objects in " + ou, Objects: 1, Detail: "this identity may not read the access list. Nobody knows"},
			{Status: planner.CheckOptional, What: "see deleted objects", Detail: "without it a deleted group cannot be brought back"},
		}},
		{Address: contoso, Kind: "entra"},
	}}
}

func TestPreflightText(t *testing.T) {
	golden(t, "preflight.txt", preflightText(t, samplePreflight(), TextOptions{}))
	golden(t, "preflight-full.txt", preflightText(t, samplePreflight(), TextOptions{View: ViewFull, ASCII: true, Color: true}))
	p := samplePreflight()
	p.Providers[0].Checks = p.Providers[0].Checks[:1]
	golden(t, "preflight-ok.txt", preflightText(t, p, TextOptions{}))
	p.Providers[0].Checks = append(p.Providers[0].Checks, planner.Check{Status: planner.CheckUnknown, What: "x"})
	if got := preflightText(t, p, TextOptions{}); !strings.HasPrefix(got, "Nothing is known to be missing; 1 unknown, 1 ok.\n") {
		t.Errorf("%s", got)
	}
	golden(t, "preflight-nothing.txt", preflightText(t, &planner.Preflight{}, TextOptions{}))
}
