package tenant

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

// group is a minimal group with further members.
func group(id, more string) string {
	return `{"id":"` + id + `","displayName":"G","mailEnabled":false,"securityEnabled":true` + more + `}`
}

func TestLoadErrors(t *testing.T) {
	files := []struct{ name, text string }{
		{"empty", ``},
		{"not JSON", "{\n  \"groups\": [\n    {\"id\": }\n]}"},
		{"not UTF-8", "{\"groups\": [{\"displayName\": \"\xff\"}]}"},
		{"trailing", `{} {}`},
		{"array", `[]`},
		{"unknown list", `{"group": []}`},
		{"list twice", `{"groups": [], "groups": []}`},
		{"not a list", `{"groups": {}}`},
		{"not an object", "{\"groups\": [1]}"},
		{"bad id", "{\"groups\": [" + group("x", "") + "]}"},
		{"no id", `{"users": [{"displayName": "Pat"}]}`},
		{"duplicate id", "{\"groups\": [" + group(azSG01, "") + "],\n\"users\": [{\"id\": \"" + strings.ToUpper(azSG01) + "\", \"displayName\": \"Pat\"}]}"},
		{"unknown member", "{\"groups\": [" + group(azSG01, `,"members":["`+missing+`"]`) + "]}"},
		{"deleted member", "{\"groups\": [" + group(azSG01, `,"members":["`+gone+`"]`) + "], \"deletedGroups\": [" + group(gone, `,"deletedDateTime":"2024-01-01T00:00:00Z"`) + "]}"},
		{"member twice", "{\"groups\": [" + group(azSG01, `,"members":["`+adele+`","`+adele+`"]`) + "], \"users\": [{\"id\": \"" + adele + "\"}]}"},
		{"itself", "{\"groups\": [" + group(azSG01, `,"owners":["`+azSG01+`"]`) + "]}"},
		{"members of wrong type", "{\"groups\": [" + group(azSG01, `,"members":"x"`) + "]}"},
		{"member of wrong type", "{\"groups\": [" + group(azSG01, `,"members":[{"id":"`+adele+`"}]`) + "], \"users\": [{\"id\": \"" + adele + "\"}]}"},
		{"unknown property", "{\"groups\": [" + group(azSG01, `,"displayname":"x"`) + "]}"},
		{"property of another type", `{"users": [{"id": "` + adele + `", "groupTypes": []}]}`},
		{"property twice", `{"users": [{"id": "` + adele + `", "mail": "a", "mail": "b"}]}`},
		{"wrong type", "{\"groups\": [" + group(azSG01, `,"mailNickname":5,"groupTypes":"Unified","onPremisesSyncEnabled":"true","createdDateTime":"yesterday"`) + "]}"},
		{"wrong element", "{\"groups\": [" + group(azSG01, `,"proxyAddresses":["a",1]`) + "]}"},
		{"wrong field", "{\"groups\": [" + group(azSG01, `,"writebackConfiguration":{"enabled":true}`) + "]}"},
		{"wrong field type", "{\"groups\": [" + group(azSG01, `,"writebackConfiguration":{"isEnabled":1}`) + "]}"},
		{"wrong group type", "{\"groups\": [" + group(azSG01, `,"writebackConfiguration":{"onPremisesGroupType":"globalGroup"}`) + "]}"},
		{"group type of M365", "{\"groups\": [" + group(azSG01, `,"writebackConfiguration":{"onPremisesGroupType":"universalDistributionGroup"}`) + "]}"},
		{"missing properties", `{"groups": [{"id": "` + azSG01 + `"}]}`},
		{"deleted without date", "{\"deletedGroups\": [" + group(gone, "") + "]}"},
		{"date without deleted", "{\"groups\": [" + group(gone, `,"deletedDateTime":"2024-01-01T00:00:00Z"`) + "]}"},
		{"same UPN", `{"users": [{"id": "` + adele + `", "userPrincipalName": "Pat@contoso.com"}, {"id": "` + bob + `", "userPrincipalName": "pat@contoso.com"}]}`},
		{"control characters", `{"groups": [{"id": "\u001b[2J", "displayName": "a\u001b[31m\nb` + "\u202e" + `", "mailEnabled": "` + "\u202e\x7f" + `"}]}`},
		{"many", `{"users": [` + strings.TrimSuffix(strings.Repeat(`{"nonsense": 1},`, 30), ",") + `]}`},
	}
	var got strings.Builder
	for _, f := range files {
		_, err := Load(strings.NewReader(f.text), "tenant.json", Options{})
		if err == nil {
			t.Errorf("%s: no error", f.name)
		}
		fmt.Fprintf(&got, "# %s\n%v\n\n", f.name, err)
	}
	const golden = "testdata/errors.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Error(d)
	}
	if strings.ContainsAny(got.String(), "\u001b\u202e") {
		t.Error("an error repeats control characters of the file")
	}
}

// TestAnnotationsAreSkipped: a file may be what Graph returned, as it stands.
func TestAnnotationsAreSkipped(t *testing.T) {
	file := `{"@odata.context":"x","$schema":"y","comment":"z","groups":[` +
		group(azSG01, `,"@odata.type":"#microsoft.graph.group","members@odata.context":"x","creationOptions":["a"],"onPremisesProvisioningErrors":[],"theme":null`) + `]}`
	if _, err := Load(strings.NewReader(file), "t.json", Options{}); err != nil {
		t.Error(err)
	}
}

func TestWriteJSONGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/tenant.json")
	if err != nil {
		t.Fatal(err)
	}
	once := reload(t, data)
	if d := cmp.Diff(string(once), string(reload(t, once))); d != "" {
		t.Error(d)
	}
	const golden = "testdata/written.json"
	if *update {
		if err := os.WriteFile(golden, once, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(once)); d != "" {
		t.Error(d)
	}
}

// reload loads a file and writes it.
func reload(t interface{ Fatal(...any) }, data []byte) []byte {
	tenant, err := Load(bytes.NewReader(data), "t.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tenant.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawFile makes a file with hostile texts.
func drawFile(t *rapid.T) string {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<b>&\"\\", "\u202Egnp.exe", "\u001b[2J", "😀", " trail ", "]]>", "O'Neil"}))
	var b strings.Builder
	users := rapid.IntRange(0, 5).Draw(t, "users")
	b.WriteString(`{ "users" : [`)
	for i := range users {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"2a000000-0000-4000-8000-%012d", "displayName":%s, "accountEnabled": %t, "otherMails":[ %s ]}`,
			i, quote(text.Draw(t, "name")), rapid.Bool().Draw(t, "enabled"), quote(text.Draw(t, "mail")))
	}
	b.WriteString(`], "groups" : [`)
	for i := range rapid.IntRange(0, 5).Draw(t, "groups") {
		if i > 0 {
			b.WriteByte(',')
		}
		unified := rapid.Bool().Draw(t, "unified")
		fmt.Fprintf(&b, `{"id":"1f0c0000-0000-4000-8000-%012d","displayName":%s,"mailEnabled":%t,"securityEnabled":%t`,
			i, quote(text.Draw(t, "group")), unified, !unified)
		if unified {
			b.WriteString(`,"groupTypes":["Unified"],"writebackConfiguration":{"onPremisesGroupType":"universalDistributionGroup"}`)
		}
		if rapid.Bool().Draw(t, "description") {
			fmt.Fprintf(&b, `,"description":%s`, quote(text.Draw(t, "text")))
		}
		var members []string
		for m := range users {
			if rapid.Bool().Draw(t, "member") {
				members = append(members, fmt.Sprintf(`"2A000000-0000-4000-8000-%012d"`, m))
			}
		}
		fmt.Fprintf(&b, `,"members":[ %s ]}`, strings.Join(members, " , "))
	}
	b.WriteString("]}")
	return b.String()
}

func TestWriteThenLoadIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := reload(t, []byte(drawFile(t)))
		if d := cmp.Diff(string(once), string(reload(t, once))); d != "" {
			t.Fatal(d)
		}
	})
}

func TestSecurityIdentifier(t *testing.T) {
	// From the samples of Graph's documentation.
	for id, want := range map[string]string{
		"4de51a22-3289-4ea5-bbdb-8503ea644f1b": "S-1-12-1-1306860066-1319449225-59104187-458188010",
		"":                                     "",
	} {
		if got := securityIdentifier(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	data, err := os.ReadFile("testdata/tenant.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, s := range []string{``, `{}`, `[`, `{"groups":[{}]}`, `{"groups":[` + group(azSG01, `,"members":[1,"x"]`) + `]}`, `{"users":[{"id":{}}]}`, `{"a":{"b":["]"]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tenant, err := Load(bytes.NewReader(data), "t.json", Options{})
		if err != nil {
			return
		}
		var once bytes.Buffer
		if err := tenant.WriteJSON(&once); err != nil {
			t.Fatal(err)
		}
		if again := reload(t, once.Bytes()); !bytes.Equal(once.Bytes(), again) {
			t.Fatalf("%s became %s", once.Bytes(), again)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		"displayName eq 'x'", "groupTypes/any(c:c eq 'Unified')", "not (a or b)", "id in ('a','b')", "startswith(mail,'a''b')",
		"renewedDateTime ge 2024-01-01T00:00:00Z", "proxyAddresses/$count eq 0", "((((", "'", "onPremisesExtensionAttributes/extensionAttribute1 eq 'x'",
		"assignedLicenses/any(l:l/skuId eq 1f0c0000-0000-4000-8000-000000000001)",
	} {
		f.Add(s)
	}
	data, err := os.ReadFile("testdata/tenant.json")
	if err != nil {
		f.Fatal(err)
	}
	tenant, err := Load(bytes.NewReader(data), "t.json", Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kinds := range [][]kind{{kindGroup}, {kindUser}, allKinds} {
			match, err := parseFilter(text, &collection{kinds: kinds}, &request{beta: true, query: &query{eventual: true, count: true}})
			if err != nil {
				continue
			}
			for i := range tenant.objects {
				match(&tenant.objects[i])
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "/v1.0/groups?$top=1&$filter=displayName eq 'x'&$skiptoken=MQ", "")
	f.Add("POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/groups"}]}`)
	f.Add("PATCH", "/beta/groups('"+azSG01+"')", `{"writebackConfiguration":{"isEnabled":null}}`)
	data, err := os.ReadFile("testdata/tenant.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		tenant, err := Load(bytes.NewReader(data), "t.json", Options{})
		if err != nil {
			t.Fatal(err)
		}
		fuzzOne(t, tenant, method, target, body)
	})
}
