package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/providers/providertest/samba"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

// TestQuickstartOnSamba runs the quickstart, changed in nothing but the address
// of the ad provider, against a real domain controller: the same plan, the same
// result, and nothing to do afterwards.
func TestQuickstartOnSamba(t *testing.T) {
	const source = "../../examples/quickstart"
	records, err := os.Open(filepath.Join(source, "corp.ldif"))
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	dc := samba.Start(t, samba.Options{LDIF: records, RecycleBin: true})

	embedded, real := t.TempDir(), t.TempDir()
	for _, dir := range []string{embedded, real} {
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
	main, err := os.ReadFile(filepath.Join(real, "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(main), `sandbox = "corp.ldif"`, "url     = \""+dc.URL+"\"\n  ca_file = \""+dc.CAFile+"\"", 1)
	if err := os.WriteFile(filepath.Join(real, "main.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LANDFALL_AD_CORP_USERNAME", dc.Writer.Name)
	t.Setenv("LANDFALL_AD_CORP_PASSWORD", dc.Writer.Password)

	planned := func(dir string) []string {
		landfall(t, dir, 0, "plan", "-out", "plan.json")
		data, err := os.ReadFile(filepath.Join(dir, "plan.json"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := planner.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		return withoutGUIDs(p)
	}
	if diff := cmp.Diff(planned(embedded), planned(real)); diff != "" {
		t.Errorf("plan (-sandbox +samba):\n%s", diff)
	}
	landfall(t, embedded, 0, "apply", "plan.json")
	landfall(t, real, 0, "apply", "plan.json")
	landfall(t, real, 0, "plan", "-detailed-exitcode")

	var fromSandbox []string
	err = withForest(embedded, func(c *ldap.Conn) (err error) {
		fromSandbox, err = written(c, dc.BaseDN)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := dialSandbox(sandbox.ADEndpoint{URL: dc.URL, CA: dc.CA, Username: dc.Admin.Name, Password: dc.Admin.Password, ServerName: strings.TrimPrefix(dc.URL, "ldaps://")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fromSamba, err := written(c, dc.BaseDN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromSandbox, fromSamba); diff != "" {
		t.Errorf("what was written (-sandbox +samba):\n%s", diff)
	}

	// Somebody moves one group and changes another; the plan takes both back.
	group := "CN=AZ SG01_3b3a3be0b2d7,OU=Security,OU=Cloud Groups," + dc.BaseDN
	if err := c.ModifyDN(ldap.NewModifyDNRequest(group, "CN=AZ SG01_3b3a3be0b2d7", true, "OU=People,"+dc.BaseDN)); err != nil {
		t.Fatal(err)
	}
	m := ldap.NewModifyRequest("CN=M365 - SG01_84928a3d1560,OU=Microsoft 365,OU=Cloud Groups,"+dc.BaseDN, nil)
	m.Replace("description", []string{"by hand"})
	if err := c.Modify(m); err != nil {
		t.Fatal(err)
	}
	if got := landfall(t, real, 2, "drift"); !strings.Contains(got, "when values changed is known for 0 of 2 objects") {
		t.Errorf("Samba does not tell when values changed, and drift does not say so:\n%s", got)
	}
	landfall(t, real, 0, "apply", "-auto-approve")
	landfall(t, real, 0, "plan", "-detailed-exitcode")
	again, err := written(c, dc.BaseDN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromSamba, again); diff != "" {
		t.Errorf("after taking back (-before +after):\n%s", diff)
	}
}

// withoutGUIDs is what a plan does, without what each directory chooses itself.
func withoutGUIDs(p *planner.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		line := c.Address + " " + c.Name
		for _, a := range c.Actions {
			line += " " + string(a)
		}
		out = append(out, line, "  after "+*c.DN.After)
		for _, e := range c.Edits {
			for _, d := range e.After {
				out = append(out, "  "+e.Attribute+" = "+d.Text+" by "+e.Reason.Rule)
			}
		}
		if c.Members != nil {
			for _, m := range c.Members.Add {
				out = append(out, "  + "+m.DN+" "+m.Name)
			}
			for _, s := range c.Members.Skipped {
				out = append(out, "  skipped "+s.Name+" "+s.Reason)
			}
		}
	}
	for _, d := range p.Diagnostics {
		out = append(out, d.Code)
	}
	return out
}

// written lists the groups below the root with every attribute that landfall
// writes.
func written(c *ldap.Conn, base string) ([]string, error) {
	attributes := []string{"adminDescription", "groupType", "displayName", "description", "mail", "mailNickname", "proxyAddresses",
		"msExchRecipientDisplayType", "msExchRecipientTypeDetails", "member"}
	res, err := c.Search(ldap.NewSearchRequest("OU=Cloud Groups,"+base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=group)", attributes, nil))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range res.Entries {
		for _, a := range e.Attributes {
			for _, v := range a.Values {
				out = append(out, e.DN+" "+a.Name+": "+v)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
