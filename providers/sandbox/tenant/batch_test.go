package tenant

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// responses are the answers of a batch by id.
func (a answer) responses() map[string]jsonObject {
	out := map[string]jsonObject{}
	list, _ := a.body["responses"].([]any)
	for _, v := range list {
		o, _ := v.(map[string]any)
		out[o["id"].(string)] = o
	}
	return out
}

func TestBatch(t *testing.T) {
	writes := 0
	c := start(t, Options{OnChange: func() { writes++ }})
	a := c.do("POST", "/v1.0/$batch", `{"requests":[
		{"id":"1","method":"GET","url":"/groups/`+azSG01+`/members?$select=id&$top=2"},
		{"id":"2","method":"GET","url":"groups/`+missing+`"},
		{"id":"3","method":"PATCH","url":"/groups/`+azSG01+`","headers":{"Content-Type":"application/json"},"body":{"description":"batched"}},
		{"id":"4","method":"GET","url":"/groups/$count","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"5","method":"GET","url":"/groups/`+azSG01+`","dependsOn":["2"]},
		{"id":"6","method":"GET","url":"/groups/`+azSG01+`?$select=description","dependsOn":["3"]},
		{"id":"7","method":"POST","url":"/directoryObjects/getByIds?$select=id","body":{"ids":["`+adele+`"]}},
		{"id":"8","method":"POST","url":"/$batch","body":{"requests":[{"id":"1","method":"GET","url":"/groups"}]}},
		{"id":"9","method":"GET","url":"/groups/%zz"}
	]}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	got := map[string]float64{}
	answers := a.responses()
	for id, r := range answers {
		got[id] = r["status"].(float64)
	}
	want := map[string]float64{"1": 200, "2": 404, "3": 204, "4": 200, "5": 424, "6": 200, "7": 200, "8": 400, "9": 400}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s\n%s", d, a.text)
	}
	body := answers["1"]["body"].(map[string]any)
	next, _ := body["@odata.nextLink"].(string)
	if !strings.HasPrefix(next, c.base+"/v1.0/groups/") || len(c.get(next).values()) != 2 {
		t.Errorf("nextLink in a batch: %q", next)
	}
	if body := answers["4"]["body"]; body != "Ng==" {
		t.Errorf("a body that is not JSON comes in base64: %v", body)
	}
	if d := answers["6"]["body"].(map[string]any)["description"]; d != "batched" || writes != 1 {
		t.Errorf("description %v, %d writes", d, writes)
	}
	if e := answers["2"]["body"].(map[string]any)["error"].(map[string]any); e["code"] != "Request_ResourceNotFound" {
		t.Errorf("%v", e)
	}
}

func TestBatchRefused(t *testing.T) {
	c := start(t, Options{})
	item := func(i int) string { return fmt.Sprintf(`{"id":"%d","method":"GET","url":"/groups"}`, i) }
	var many []string
	for i := range 21 {
		many = append(many, item(i))
	}
	for body, want := range map[string]string{
		`{"requests":[` + strings.Join(many, ",") + `]}`: "exceeds the maximum value of 20",
		`{"requests":[` + item(1) + "," + item(1) + `]}`: "unique",
		`{"requests":[]}`: "Invalid batch payload format.",
		`{`:               "Invalid batch payload format.",
		`{"requests":[{"id":"1","url":"/groups"}]}`:                                        "an id, a method and a url",
		`{"requests":[{"id":"1","method":"GET","url":"https://example.com/v1.0/groups"}]}`: "must be relative",
		`{"requests":[{"id":"1","method":"GET","url":"/groups","dependsOn":["2"]}]}`:       "does not stand before it",
	} {
		if a := c.do("POST", "/v1.0/$batch", body); a.status != 400 || !strings.Contains(a.message(), want) {
			t.Errorf("%s: %d %s", describe(body), a.status, a.text)
		}
	}
	if a := c.get("/v1.0/$batch"); a.status != 405 {
		t.Errorf("GET: %d", a.status)
	}
}

func TestBatchItemsFail(t *testing.T) {
	c := start(t, Options{Faults: []Fault{{Items: true, Every: 2, Status: 429, RetryAfter: "3"}}})
	a := c.do("POST", "/v1.0/$batch", `{"requests":[{"id":"a","method":"GET","url":"/groups"},{"id":"b","method":"GET","url":"/groups"}]}`)
	answers := a.responses()
	if a.status != 200 || answers["a"]["status"] != 200.0 || answers["b"]["status"] != 429.0 ||
		answers["b"]["headers"].(map[string]any)["Retry-After"] != "3" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

func TestGetByIDsRefused(t *testing.T) {
	c := start(t, Options{})
	ids := strings.TrimSuffix(strings.Repeat(`"`+adele+`",`, 1001), ",")
	for body, want := range map[string]string{
		`{"ids":[` + ids + `]}`: "between 1 and 1000",
		`{"ids":[]}`:            "between 1 and 1000",
		`{"ids":["x"]}`:         "Invalid GUID:x",
		`{"ids":["` + adele + `"],"types":["nonsense"]}`: "Invalid value 'nonsense'",
		`{"ids":"x"}`: "Unable to read JSON request payload",
		``:            "Unable to read JSON request payload",
	} {
		if a := c.do("POST", "/v1.0/directoryObjects/getByIds", body); a.status != 400 || !strings.Contains(a.message(), want) {
			t.Errorf("%s: %d %s", describe(body), a.status, a.text)
		}
	}
	a := c.do("POST", "/v1.0/directoryObjects/getByIds?$select=id", `{"ids":["`+extern+`","`+backup+`","`+adele+`","`+adele+`","`+pc01+`"]}`)
	want := []string{"#microsoft.graph.orgContact", "#microsoft.graph.servicePrincipal", "#microsoft.graph.user", "#microsoft.graph.device"}
	if d := cmp.Diff(want, a.each("@odata.type")); d != "" {
		t.Error(d)
	}
}
