package tenant

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMembersCanBeWritten(t *testing.T) {
	writes := 0
	c := start(t, Options{OnChange: func() { writes++ }})
	members := "/v1.0/groups/" + azSG01 + "/members"
	ref := func(id string) string {
		return `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/` + id + `"}`
	}
	for _, test := range []struct {
		method, target, body string
		status               int
		message              string
	}{
		{"POST", members + "/$ref", ref(guest), 204, ""},
		{"POST", members + "/$ref", ref(guest), 400, "already exist for the following modified properties: 'members'."},
		{"POST", members + "/$ref", ref(missing), 404, "does not exist"},
		{"POST", members + "/$ref", ref(azSG01), 400, "Invalid object reference"},
		{"POST", members + "/$ref", `{"id":"x"}`, 400, "@odata.id"},
		{"POST", members + "/$ref", ref("x"), 400, "Invalid object identifier"},
		{"POST", members, ref(guest), 405, ""},
		{"DELETE", members + "/" + bob + "/$ref", "", 204, ""},
		{"DELETE", members + "/" + bob + "/$ref", "", 404, "does not exist"},
		{"DELETE", members + "/" + bob, "", 405, ""},
		{"POST", "/v1.0/groups/" + m365 + "/members/$ref", ref(azSG01), 400, "Invalid object reference"},
		{"POST", "/v1.0/groups/" + synced + "/members/$ref", ref(guest), 400, "on-premises mastered"},
		{"POST", "/v1.0/groups/" + list + "/members/$ref", ref(guest), 400, "distribution list"},
		{"POST", "/v1.0/groups/" + missing + "/members/$ref", ref(guest), 404, "does not exist"},
		{"POST", "/v1.0/groups/" + azSG01 + "/transitiveMembers/$ref", ref(guest), 405, ""},
		{"POST", "/v1.0/groups/" + azSG01 + "/owners/$ref", ref(pc01), 400, "Invalid object reference"},
		{"POST", "/v1.0/groups/" + azSG01 + "/owners/$ref", ref(bob), 204, ""},
	} {
		a := c.do(test.method, test.target, test.body)
		if a.status != test.status || !strings.Contains(a.message(), test.message) {
			t.Errorf("%s %s %s: %d %s", test.method, test.target, test.body, a.status, a.text)
		}
	}
	if d := cmp.Diff([]string{adele, cloud, m365, backup, pc01, guest}, c.get(members).each("id")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{adele, bob}, c.get("/v1.0/groups/"+azSG01+"/owners").each("id")); d != "" || writes != 3 {
		t.Errorf("%s, %d writes", d, writes)
	}
}

func TestGroupsCanBeDeletedAndRestored(t *testing.T) {
	c := start(t, Options{})
	for _, id := range []string{m365, azSG01} {
		if a := c.do("DELETE", "/v1.0/groups/"+id, ""); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.text)
		}
		if a := c.get("/v1.0/groups/" + id); a.status != 404 {
			t.Errorf("%s: %d", id, a.status)
		}
	}
	// A Microsoft 365 group can be restored, a security group is gone for good.
	deleted := "/v1.0/directory/deletedItems/"
	if d := cmp.Diff([]string{gone, m365}, c.get(deleted+"microsoft.graph.group").each("id")); d != "" {
		t.Error(d)
	}
	if a := c.do("POST", deleted+azSG01+"/restore", ""); a.status != 404 {
		t.Errorf("%d", a.status)
	}
	if a := c.do("POST", deleted+m365+"/restore", ""); a.status != 200 || a.body["id"] != m365 || a.body["deletedDateTime"] != nil {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := c.get("/v1.0/groups/" + m365 + "/members"); len(a.values()) != 3 {
		t.Errorf("a restored group has its members: %s", a.text)
	}
	if a := c.do("DELETE", deleted+gone, ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.text)
	}
	for _, id := range []string{synced, list} {
		if a := c.do("DELETE", "/v1.0/groups/"+id, ""); a.status != 400 {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
}

func TestDeletedMembersLeaveGroups(t *testing.T) {
	data, err := os.ReadFile("testdata/tenant.json")
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := Load(bytes.NewReader(data), "t.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := serveTenant(t, tenant)
	if a := c.do("DELETE", "/v1.0/groups/"+m365, ""); a.status != 204 {
		t.Fatalf("%d", a.status)
	}
	var b bytes.Buffer
	if err := tenant.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	reload(t, b.Bytes()) // refuses references to what is deleted
}

func TestGroupsCanBeCreated(t *testing.T) {
	c := start(t, Options{})
	a := c.do("POST", "/v1.0/groups", `{"displayName":"New","mailEnabled":false,"mailNickname":"new","securityEnabled":true,"description":"d"}`)
	id, _ := a.body["id"].(string)
	if a.status != 201 || !isGUID(id) || a.body["displayName"] != "New" || a.body["securityIdentifier"] == nil {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if a := c.get("/v1.0/groups/" + id); a.status != 200 || a.body["description"] != "d" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := c.get("/v1.0/groups?$orderby=displayName&$filter=displayName eq 'New'&$count=true", eventual); len(a.values()) != 1 {
		t.Errorf("%s", a.text)
	}
	a = c.do("POST", "/beta/groups", `{"displayName":"M","mailEnabled":true,"mailNickname":"m","securityEnabled":false,"writebackConfiguration":{"onPremisesGroupType":"universalDistributionGroup"},"groupTypes":["Unified"],"visibility":"HiddenMembership"}`)
	if a.status != 201 {
		t.Errorf("%d %s", a.status, a.text)
	}
	for body, want := range map[string]string{
		`{}`: "A value is required for property 'displayName'",
		`{"displayName":"x","mailEnabled":false,"mailNickname":"x","securityEnabled":false}`:                                "must be one of them",
		`{"displayName":"x","mailEnabled":true,"mailNickname":"x","securityEnabled":true}`:                                  "does not currently support writes of mail-enabled groups",
		`{"displayName":"x","mailEnabled":false,"mailNickname":"x","securityEnabled":true,"groupTypes":["Unified"]}`:        "'mailEnabled'",
		`{"displayName":"x","mailEnabled":false,"mailNickname":"x","securityEnabled":true,"groupTypes":["Nonsense"]}`:       "'groupTypes'",
		`{"displayName":"x","mailEnabled":false,"mailNickname":"x","securityEnabled":true,"visibility":"HiddenMembership"}`: "'visibility'",
		`{"displayName":"x","mailEnabled":"no"}`:                                                                            "Cannot convert",
		`{"displayName":"x","mail":"x"}`:                                                                                    "read-only",
		`{"displayName":"x","writebackConfiguration":null}`:                                                                 "does not exist",
		`[`: "Unable to read JSON",
	} {
		if a := c.do("POST", "/v1.0/groups", body); a.status != 400 || !strings.Contains(a.message(), want) {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	if a := c.do("POST", "/v1.0/groups", `{"members@odata.bind":[]}`); a.status != 501 {
		t.Errorf("%d %s", a.status, a.text)
	}
}
