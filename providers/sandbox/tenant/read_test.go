package tenant

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroups(t *testing.T) {
	c := start(t, Options{})
	for _, version := range []string{"/v1.0", "/beta", "/v1.0/" + defaultTenantID, "/v1.0/myorganization"} {
		a := c.get(version + "/groups?$select=id,displayName")
		if a.status != 200 {
			t.Fatalf("%s: %d %s", version, a.status, a.text)
		}
		want := []string{"AZ SG01", "M365 - SG01", "M365 - MESG01", "Synced", "Hidden", "List"}
		if d := cmp.Diff(want, a.each("displayName")); d != "" {
			t.Errorf("%s: %s", version, d)
		}
	}
	a := c.get("/beta/groups/" + m365 + "?$select=writebackConfiguration,mail,description,proxyAddresses,onPremisesSyncEnabled")
	want := jsonObject{
		"@odata.context":         c.base + "/beta/$metadata#groups(writebackConfiguration,mail,description,proxyAddresses,onPremisesSyncEnabled)/$entity",
		"writebackConfiguration": map[string]any{"isEnabled": nil, "onPremisesGroupType": nil},
		"mail":                   "m365sg01@contoso.com", "description": nil, "onPremisesSyncEnabled": nil,
		"proxyAddresses": []any{"SMTP:m365sg01@contoso.com", "smtp:m365sg01@contoso.onmicrosoft.com"},
	}
	if d := cmp.Diff(want, a.body); d != "" {
		t.Error(d)
	}
	if a := c.get("/v1.0/groups?$select=writebackConfiguration"); a.status != 400 ||
		a.message() != "Parsing OData Select and Expand failed: Could not find a property named 'writebackConfiguration' on type 'microsoft.graph.group'." {
		t.Errorf("v1.0 must not know writebackConfiguration: %s", a.text)
	}
}

func TestMembers(t *testing.T) {
	c := start(t, Options{})
	a := c.get("/v1.0/groups/" + azSG01 + "/members?$select=id,userPrincipalName,onPremisesImmutableId")
	want := []jsonObject{
		{"@odata.type": "#microsoft.graph.user", "id": adele, "userPrincipalName": "adele@contoso.com", "onPremisesImmutableId": "AAECAwQFBgcICQoLDA0ODw=="},
		{"@odata.type": "#microsoft.graph.user", "id": bob, "userPrincipalName": "bob@contoso.com", "onPremisesImmutableId": "EAECAwQFBgcICQoLDA0ODw=="},
		{"@odata.type": "#microsoft.graph.user", "id": cloud, "userPrincipalName": "cloud@contoso.com", "onPremisesImmutableId": nil},
		{"@odata.type": "#microsoft.graph.group", "id": m365},
		{"@odata.type": "#microsoft.graph.servicePrincipal", "id": backup},
		{"@odata.type": "#microsoft.graph.device", "id": pc01},
	}
	if d := cmp.Diff(want, a.values()); d != "" {
		t.Errorf("%s\n%s", d, a.text)
	}
}

func TestPatch(t *testing.T) {
	writes := 0
	c := start(t, Options{OnChange: func() { writes++ }})
	path := "/beta/groups/" + m365
	if a := c.do("PATCH", path, `{"writebackConfiguration":{"isEnabled":false}}`); a.status != 204 || a.text != "" {
		t.Fatalf("%d %s", a.status, a.text)
	}
	a := c.get(path + "?$select=writebackConfiguration")
	want := map[string]any{"isEnabled": false, "onPremisesGroupType": nil}
	if d := cmp.Diff(want, a.body["writebackConfiguration"]); d != "" {
		t.Error(d)
	}
	if writes != 1 {
		t.Errorf("OnChange was called %d times", writes)
	}
}

func TestDeletedItems(t *testing.T) {
	c := start(t, Options{})
	if a := c.get("/v1.0/groups/" + gone); a.status != 404 || a.code() != "Request_ResourceNotFound" {
		t.Errorf("%d %s", a.status, a.text)
	}
	a := c.get("/v1.0/directory/deletedItems/microsoft.graph.group?$select=id,deletedDateTime")
	if d := cmp.Diff([]jsonObject{{"id": gone, "deletedDateTime": "2024-06-01T00:00:00Z"}}, a.values()); d != "" {
		t.Error(d)
	}
	if a := c.get("/v1.0/directory/deletedItems/" + gone); a.status != 200 || a.body["@odata.type"] != "#microsoft.graph.group" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

func TestGetByIDs(t *testing.T) {
	c := start(t, Options{})
	a := c.do("POST", "/v1.0/directoryObjects/getByIds?$select=id", `{"ids":["`+adele+`","`+missing+`","`+m365+`","`+gone+`"],"types":["user"]}`)
	if d := cmp.Diff([]jsonObject{{"@odata.type": "#microsoft.graph.user", "id": adele}}, a.values()); d != "" {
		t.Errorf("%s\n%s", d, a.text)
	}
}

func TestOrganization(t *testing.T) {
	c := start(t, Options{TenantID: "5d1c7a52-0000-4000-8000-000000000001"})
	a := c.get("/v1.0/organization?$select=id")
	if d := cmp.Diff([]jsonObject{{"id": "5d1c7a52-0000-4000-8000-000000000001"}}, a.values()); d != "" {
		t.Errorf("%s\n%s", d, a.text)
	}
	if a := c.get("/v1.0/organization/5d1c7a52-0000-4000-8000-000000000001"); a.body["displayName"] != "landfall sandbox" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := c.get("/v1.0/organization/" + missing); a.status != 404 {
		t.Errorf("%d", a.status)
	}
	if a := c.get("/v1.0/organization?$select=nonsense"); a.status != 400 {
		t.Errorf("%d", a.status)
	}
}

func TestTransitiveMembersAndCasts(t *testing.T) {
	c := start(t, Options{})
	group := "/v1.0/groups/" + azSG01
	for target, want := range map[string][]string{
		group + "/transitiveMembers":                                   {adele, bob, cloud, m365, backup, pc01, guest, extern},
		group + "/transitiveMembers/microsoft.graph.user?$count=true":  {adele, bob, cloud, guest},
		group + "/members/microsoft.graph.group":                       {m365},
		group + "/members/microsoft.graph.device":                      {pc01},
		group + "/members/microsoft.graph.servicePrincipal":            {backup},
		"/v1.0/groups/" + m365 + "/members/microsoft.graph.orgContact": {extern},
		"/v1.0/groups('" + azSG01 + "')/owners":                        {adele},
		"/v1.0/users/" + bob + "/memberOf":                             {azSG01, m365},
		"/v1.0/users/adele@contoso.com/memberOf/microsoft.graph.group": {azSG01},
		"/v1.0/groups/" + strings.ToUpper(m365) + "/memberOf":          {azSG01},
	} {
		if d := cmp.Diff(want, c.get(target, eventual).each("id")); d != "" {
			t.Errorf("%s: %s", target, d)
		}
	}
	if a := c.get(group + "/members/" + adele); a.status != 200 || a.body["@odata.type"] != "#microsoft.graph.user" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := c.get(group + "/members/" + guest); a.status != 404 {
		t.Errorf("%d", a.status)
	}
	if a := c.get(group + "/members/$ref"); a.values()[0]["@odata.id"] != c.base+"/v1.0/directoryObjects/"+adele {
		t.Errorf("%s", a.text)
	}
	for _, id := range []string{adele, m365, pc01, backup, extern} {
		if a := c.get("/v1.0/directoryObjects/" + id); a.status != 200 || a.body["id"] != id {
			t.Errorf("%s: %d %s", id, a.status, a.text)
		}
	}
}

// TestDefaultProperties: without $select, v1.0 returns fewer properties than
// beta, and neither returns what must be asked for.
func TestDefaultProperties(t *testing.T) {
	c := start(t, Options{})
	v1 := c.get("/v1.0/users/" + adele).body
	for _, name := range []string{"businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "@odata.context"} {
		if _, ok := v1[name]; !ok {
			t.Errorf("v1.0 must return %s by default", name)
		}
		delete(v1, name)
	}
	if len(v1) > 0 {
		t.Errorf("v1.0 returns more than its default properties: %v", v1)
	}
	for version, want := range map[string]bool{"v1.0": false, "beta": true} {
		a := c.get("/" + version + "/groups/" + azSG01)
		if _, ok := a.body["writebackConfiguration"]; ok != want {
			t.Errorf("%s: writebackConfiguration by default: %t", version, ok)
		}
		if _, ok := a.body["onPremisesExtensionAttributes"]; ok {
			t.Errorf("%s: onPremisesExtensionAttributes must be asked for", version)
		}
	}
}
