package tenant

import (
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
