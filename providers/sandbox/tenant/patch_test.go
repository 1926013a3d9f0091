package tenant

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatchStores(t *testing.T) {
	c := start(t, Options{})
	for _, test := range []struct {
		target, body string
		property     string
		want         any
	}{
		{"/v1.0/groups/" + azSG01, `{"displayName":"Renamed \u00e4"}`, "displayName", "Renamed ä"},
		{"/v1.0/groups/" + azSG01, `{"description":null}`, "description", nil},
		{"/v1.0/groups/" + azSG01, `{"@odata.type":"#microsoft.graph.group","description":"<b>\"x\"</b>"}`, "description", `<b>"x"</b>`},
		{"/v1.0/groups/" + m365, `{"visibility":"Private"}`, "visibility", "Private"},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":{"isEnabled":false}}`, "writebackConfiguration", map[string]any{"isEnabled": false, "onPremisesGroupType": "universalSecurityGroup"}},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":{"onPremisesGroupType":null}}`, "writebackConfiguration", map[string]any{"isEnabled": false, "onPremisesGroupType": nil}},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":null}`, "writebackConfiguration", map[string]any{"isEnabled": nil, "onPremisesGroupType": nil}},
		{"/beta/groups/" + m365, `{"writebackConfiguration":{"@odata.type":"#microsoft.graph.groupWritebackConfiguration","isEnabled":true,"onPremisesGroupType":"universalDistributionGroup"}}`,
			"writebackConfiguration", map[string]any{"isEnabled": true, "onPremisesGroupType": "universalDistributionGroup"}},
		{"/v1.0/users/" + cloud, `{"department":"IT","businessPhones":["1"]}`, "department", "IT"},
		{"/v1.0/users/cloud@contoso.com", `{"onPremisesImmutableId":"x"}`, "onPremisesImmutableId", "x"},
	} {
		if a := c.do("PATCH", test.target, test.body); a.status != 204 || a.text != "" {
			t.Errorf("%s: %d %s", test.body, a.status, a.text)
			continue
		}
		a := c.get(test.target + "?$select=" + test.property)
		if d := cmp.Diff(test.want, a.body[test.property]); d != "" {
			t.Errorf("%s: %s", test.body, d)
		}
	}
}

func TestPatchRefused(t *testing.T) {
	writes := 0
	c := start(t, Options{OnChange: func() { writes++ }})
	for _, test := range []struct{ target, body, want string }{
		{"/v1.0/groups/" + azSG01, ``, "Unable to read JSON request payload"},
		{"/v1.0/groups/" + azSG01, `[]`, "must be a JSON object"},
		{"/v1.0/groups/" + azSG01, `{}`, "at least one property"},
		{"/v1.0/groups/" + azSG01, "{\"description\":\"\xff\"}", "Unable to read JSON request payload"},
		{"/v1.0/groups/" + azSG01, `{"description":"x","nonsense":1}`, "The property 'nonsense' does not exist on type 'microsoft.graph.group'."},
		{"/v1.0/groups/" + azSG01, `{"Description":"x"}`, "The property 'Description' does not exist"},
		{"/v1.0/groups/" + azSG01, `{"writebackConfiguration":{"isEnabled":true}}`, "The property 'writebackConfiguration' does not exist"},
		{"/v1.0/groups/" + azSG01, `{"id":"` + missing + `"}`, "Property 'id' is read-only and cannot be set."},
		{"/v1.0/groups/" + azSG01, `{"mail":"x@contoso.com"}`, "Property 'mail' is read-only and cannot be set."},
		{"/v1.0/groups/" + azSG01, `{"members":[]}`, "The property 'members' does not exist"},
		{"/v1.0/groups/" + azSG01, `{"onPremisesSyncEnabled":true}`, "Property 'onPremisesSyncEnabled' is read-only and cannot be set."},
		{"/v1.0/groups/" + azSG01, `{"description":""}`, "Invalid value specified for property 'description' of resource 'Group'."},
		{"/v1.0/groups/" + azSG01, `{"displayName":null}`, "required"},
		{"/v1.0/groups/" + azSG01, `{"displayName":"` + strings.Repeat("x", 257) + `"}`, "Invalid value specified for property 'displayName'"},
		{"/v1.0/groups/" + azSG01, `{"displayName":"` + strings.Repeat("😀", 129) + `"}`, "Invalid value specified for property 'displayName'"},
		{"/v1.0/groups/" + azSG01, `{"mailNickname":"a b"}`, "Invalid value specified for property 'mailNickname'"},
		{"/v1.0/groups/" + azSG01, `{"mailNickname":"ä"}`, "Invalid value specified for property 'mailNickname'"},
		{"/v1.0/groups/" + azSG01, `{"visibility":"HiddenMembership"}`, "Invalid value specified for property 'visibility'"},
		{"/v1.0/groups/" + azSG01, `{"theme":"Black"}`, "Invalid value specified for property 'theme'"},
		{"/v1.0/groups/" + azSG01, `{"securityEnabled":"yes"}`, "Cannot convert a value to target type 'Edm.Boolean'"},
		{"/v1.0/groups/" + azSG01, `{"description":5}`, "Cannot convert a value to target type 'Edm.String'"},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":{"nonsense":true}}`, "unknown field \"nonsense\""},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":true}`, "Cannot convert a value to target type 'graph.groupWritebackConfiguration'"},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":{"isEnabled":"true"}}`, "Cannot convert a value"},
		{"/beta/groups/" + azSG01, `{"writebackConfiguration":{"onPremisesGroupType":"universalDistributionGroup"}}`, "which only Microsoft 365 groups take"},
		{"/beta/groups/" + m365, `{"writebackConfiguration":{"onPremisesGroupType":"globalGroup"}}`, "it must be universalDistributionGroup"},
		{"/v1.0/groups/" + synced, `{"description":"x"}`, "Unable to update the specified properties for on-premises mastered Directory Sync objects"},
		{"/v1.0/groups/" + list, `{"description":"x"}`, "Cannot Update a mail-enabled security groups and or distribution list."},
		{"/v1.0/users/" + adele, `{"department":"x"}`, "on-premises mastered Directory Sync objects"},
		{"/v1.0/groups/not-an-id", `{"description":"x"}`, "Invalid object identifier"},
	} {
		before := c.get(test.target).text
		if a := c.do("PATCH", test.target, test.body); a.status != 400 || !strings.Contains(a.message(), test.want) {
			t.Errorf("%s %s: %d %s", test.target, describe(test.body), a.status, a.text)
		}
		if after := c.get(test.target).text; !strings.Contains(after, "error") && before != after {
			t.Errorf("%s changed the object although it was refused", describe(test.body))
		}
	}
	for _, id := range []string{missing, gone, adele} {
		if a := c.do("PATCH", "/v1.0/groups/"+id, `{"description":"x"}`); a.status != 404 {
			t.Errorf("%s: %d", id, a.status)
		}
	}
	if writes != 0 {
		t.Errorf("OnChange was called %d times for writes that were refused", writes)
	}
}
