package tenant

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAuthorization(t *testing.T) {
	c := start(t, Options{Token: "secret-token", TenantID: "5d1c7a52-0000-4000-8000-000000000001", Roles: []string{"Group.Read.All"}})
	issued := c.token
	parts := strings.Split(issued, ".")
	for name, test := range map[string]struct {
		header  string
		status  int
		message string
	}{
		"issued":          {"Bearer " + issued, 200, ""},
		"given":           {"bearer secret-token", 200, ""},
		"none":            {"", 401, "Access token is empty."},
		"basic":           {"Basic " + issued, 401, "Access token is empty."},
		"other":           {"Bearer nonsense", 401, "JWT is not well formed"},
		"prefix of given": {"Bearer secret-toke", 401, "JWT is not well formed"},
		"forged":          {"Bearer " + parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":99999999999}`)) + "." + parts[2], 401, "Invalid signature"},
		"unsigned":        {"Bearer " + parts[0] + "." + parts[1] + ".", 401, "Invalid signature"},
	} {
		c.token = ""
		var headers []string
		if test.header != "" {
			headers = append(headers, "Authorization: "+test.header)
		}
		a := c.get("/v1.0/groups", headers...)
		if a.status != test.status || !strings.Contains(a.message(), test.message) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
		if a.status == 401 && (a.code() != "InvalidAuthenticationToken" || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ")) {
			t.Errorf("%s: %v %s", name, a.header, a.text)
		}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var got claims
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.TenantID != "5d1c7a52-0000-4000-8000-000000000001" || !cmp.Equal(got.Roles, []string{"Group.Read.All"}) || got.Expires <= time.Now().Unix() {
		t.Errorf("claims %+v", got)
	}
}

func TestExpiredToken(t *testing.T) {
	tenant, err := Load(strings.NewReader("{}"), "t.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Authorization": {"Bearer " + tenant.token(time.Now().Add(-2*tokenLifetime))}}
	if no := tenant.authorize(header); no == nil || no.status != 401 || !strings.Contains(no.message, "expired") {
		t.Errorf("an expired token: %v", no)
	}
}

func TestPermissions(t *testing.T) {
	least := []string{"GroupMember.Read.All", "User.Read.All"}
	for _, test := range []struct {
		roles  []string
		target string
		status int
	}{
		{least, "/v1.0/groups", 200},
		{least, "/v1.0/groups/" + azSG01 + "/members", 200},
		{least, "/v1.0/users", 200},
		{least, "/v1.0/devices", 403},
		{least, "/v1.0/servicePrincipals", 403},
		{least, "/v1.0/contacts", 403},
		{least, "/v1.0/directoryObjects/" + pc01, 403},
		{least, "/v1.0/organization", 403},
		{least, "/v1.0/directory/deletedItems/microsoft.graph.group", 403},
		{least, "/beta/groups?$select=writebackConfiguration", 403},
		{least, "/v1.0/groups?$select=onPremisesExtensionAttributes", 403},
		{least, "/v1.0/directory/onPremisesSynchronization", 403},
		{[]string{"Group.Read.All"}, "/beta/groups?$select=writebackConfiguration", 200},
		{[]string{"Group.Read.All"}, "/v1.0/users", 403},
		{[]string{"User.Read.All"}, "/v1.0/groups", 403},
		{[]string{}, "/v1.0/groups", 403},
		{[]string{"Directory.Read.All"}, "/v1.0/contacts", 200},
		{nil, "/v1.0/organization", 200},
		{nil, "/v1.0/directory/onPremisesSynchronization", 403},
	} {
		c := start(t, Options{Roles: test.roles})
		a := c.get(test.target)
		if a.status != test.status || (a.status == 403 && a.code() != "Authorization_RequestDenied") {
			t.Errorf("%v %s: %d %s", test.roles, test.target, a.status, a.text)
		}
	}
	c := start(t, Options{Roles: []string{"Group.Read.All"}})
	if a := c.do("PATCH", "/v1.0/groups/"+azSG01, `{"description":"x"}`); a.status != 403 {
		t.Errorf("PATCH without a permission to write: %d", a.status)
	}
}

// TestLimitedMembers: members that the identity may not read come back with id
// and type, and null for everything else.
func TestLimitedMembers(t *testing.T) {
	for name, opts := range map[string]Options{
		"WithoutUserRead": {WithoutUserRead: true},
		"roles":           {Roles: []string{"GroupMember.Read.All", "Device.Read.All", "Application.Read.All"}},
	} {
		c := start(t, opts)
		target := "/v1.0/groups/" + azSG01 + "/members?$select=id,displayName,userPrincipalName,proxyAddresses"
		want := jsonObject{"@odata.type": "#microsoft.graph.user", "id": adele, "displayName": nil, "userPrincipalName": nil, "proxyAddresses": []any{}}
		a := c.get(target)
		if d := cmp.Diff(want, a.values()[0]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if got := a.values()[3]["displayName"]; got != "M365 - SG01" {
			t.Errorf("%s: a group among the members: %v", name, got)
		}
		a = c.do("POST", "/v1.0/directoryObjects/getByIds?$select=id,displayName", `{"ids":["`+adele+`"]}`)
		if got := a.values(); len(got) != 1 || got[0]["displayName"] != nil {
			t.Errorf("%s: getByIds: %s", name, a.text)
		}
		if a := c.get("/v1.0/users/" + adele); a.status != 403 {
			t.Errorf("%s: the user directly: %d", name, a.status)
		}
	}
}

func TestHiddenMembership(t *testing.T) {
	for _, test := range []struct {
		opts    Options
		status  int
		members int
	}{
		{Options{}, 200, 0},
		{Options{DenyHidden: true}, 403, 0},
		{Options{MemberReadHidden: true}, 200, 1},
		{Options{Roles: []string{"GroupMember.Read.All", "User.Read.All", "Member.Read.Hidden"}}, 200, 1},
	} {
		c := start(t, test.opts)
		for _, relation := range []string{"members", "transitiveMembers"} {
			a := c.get("/v1.0/groups/" + hidden + "/" + relation)
			if a.status != test.status || len(a.values()) != test.members {
				t.Errorf("%+v %s: %d %s", test.opts, relation, a.status, a.text)
			}
		}
		a := c.get("/v1.0/groups/" + hidden + "?$expand=members")
		if items, _ := a.body["members"].([]any); len(items) != test.members {
			t.Errorf("%+v $expand: %s", test.opts, a.text)
		}
		if a := c.get("/v1.0/users/" + adele + "/memberOf"); len(a.values()) != 1+test.members {
			t.Errorf("%+v memberOf: %s", test.opts, a.text)
		}
	}
}

func TestErrorsAndHeaders(t *testing.T) {
	c := start(t, Options{})
	id := "11111111-2222-4333-8444-555555555555"
	a := c.get("/v1.0/groups/"+missing, "client-request-id: "+id)
	e, _ := a.body["error"].(map[string]any)
	inner, _ := e["innerError"].(map[string]any)
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if a.status != 404 || inner["client-request-id"] != id || a.header.Get("client-request-id") != id ||
		inner["request-id"] != a.header.Get("request-id") || !guid.MatchString(a.header.Get("request-id")) {
		t.Errorf("%d %v\n%s", a.status, a.header, a.text)
	}
	if want := "Resource '" + missing + "' does not exist or one of its queried reference-property objects are not present."; e["message"] != want {
		t.Errorf("message %q", e["message"])
	}
	if _, err := time.Parse("2006-01-02T15:04:05", inner["date"].(string)); err != nil {
		t.Error(err)
	}
	if a := c.get("/v1.0/groups", "client-request-id: <script>"); a.header.Get("client-request-id") != a.header.Get("request-id") {
		t.Errorf("a client-request-id that is none is not echoed: %v", a.header)
	}
	for _, test := range []struct{ method, target string }{
		{"POST", "/v1.0/users"}, {"DELETE", "/v1.0/groups"}, {"POST", "/v1.0/groups/" + azSG01}, {"PUT", "/v1.0/groups/" + azSG01}, {"DELETE", "/v1.0/users/" + adele},
		{"PATCH", "/v1.0/devices/" + pc01}, {"POST", "/v1.0/organization"}, {"PATCH", "/v1.0/groups"},
	} {
		if a := c.do(test.method, test.target, "{}"); a.status != 405 {
			t.Errorf("%s %s: %d %s", test.method, test.target, a.status, a.text)
		}
	}
}

func TestGzip(t *testing.T) {
	c := start(t, Options{})
	// Go's transport asks for gzip by itself unless the header is set.
	a := c.get("/beta/users", "Accept-Encoding: gzip")
	z, err := gzip.NewReader(strings.NewReader(a.text))
	if a.header.Get("Content-Encoding") != "gzip" || err != nil {
		t.Fatalf("%v %v", a.header, err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(plain), "Adele Vance") {
		t.Fatalf("%v %s", err, plain)
	}
	if a := c.get("/v1.0/users", "Accept-Encoding: identity"); a.header.Get("Content-Encoding") != "" || len(a.values()) != 4 {
		t.Errorf("%v", a.header)
	}
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	io.WriteString(w, `{"description":"compressed"}`)
	w.Close()
	if a := c.do("PATCH", "/v1.0/groups/"+azSG01, body.String(), "Content-Encoding: gzip"); a.status != 204 {
		t.Errorf("compressed PATCH: %d %s", a.status, a.text)
	}
	if a := c.get("/v1.0/groups/" + azSG01); a.body["description"] != "compressed" {
		t.Errorf("description %v", a.body["description"])
	}
	for encoding, status := range map[string]int{"gzip": 400, "br": 415} {
		if a := c.do("PATCH", "/v1.0/groups/"+azSG01, `{"description":"x"}`, "Content-Encoding: "+encoding); a.status != status {
			t.Errorf("a body that is not %s: %d %s", encoding, a.status, a.text)
		}
	}
	if a := c.do("PATCH", "/v1.0/groups/"+azSG01, `{"description":"`+strings.Repeat("x", maxBody)+`"}`); a.status != 413 {
		t.Errorf("a huge body: %d", a.status)
	}
}

func TestFaults(t *testing.T) {
	c := start(t, Options{Faults: []Fault{
		{Path: "/users", Every: 2, Status: 429, RetryAfter: "2.128"},
		{Path: "/devices", Times: 1, Status: 503},
		{Path: "/contacts", Status: 429},
		{Path: "/organization", CutAfter: 20},
		{Path: "/servicePrincipals", CutAfter: -1},
		{Path: "/owners", LoopLink: true},
		{Path: "/members", DropLink: true},
		{Path: "deletedItems", Delay: time.Hour},
		{Method: "PATCH", Status: 504},
	}})
	for i, want := range []int{200, 429, 200, 429} {
		a := c.get("/v1.0/users")
		if a.status != want || (want == 429 && (a.header.Get("Retry-After") != "2.128" || a.code() != "TooManyRequests")) {
			t.Errorf("request %d: %d %v", i, a.status, a.header)
		}
	}
	for i, want := range []int{503, 200, 200} {
		if a := c.get("/v1.0/devices"); a.status != want {
			t.Errorf("request %d: %d", i, a.status)
		}
	}
	if a := c.get("/v1.0/contacts"); a.status != 429 || a.header["Retry-After"] != nil {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := c.do("PATCH", "/v1.0/groups/"+azSG01, `{"description":"x"}`); a.status != 504 {
		t.Errorf("%d", a.status)
	}
	for _, target := range []string{"/v1.0/organization", "/v1.0/servicePrincipals"} {
		if text, err := c.raw(t.Context(), target); err == nil || len(text) > 20 {
			t.Errorf("%s must break off: %v %q", target, err, text)
		}
	}
	first := c.get("/v1.0/groups/" + azSG01 + "/owners")
	if second := c.get(first.next()); second.next() != first.next() || first.next() == "" {
		t.Errorf("nextLinks %q and %q must loop", first.next(), second.next())
	}
	if a := c.get("/v1.0/groups/" + azSG01 + "/members?$top=1"); a.next() != "" || len(a.values()) != 1 {
		t.Errorf("the nextLink must be missing: %s", a.text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := c.raw(ctx, "/v1.0/directory/deletedItems/microsoft.graph.group"); !errors.Is(err, context.Canceled) {
		t.Errorf("a slow answer: %v", err)
	}
}

// raw reads what comes of an answer.
func (c *client) raw(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	w, err := c.http.Do(r)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	return string(data), err
}

func TestStartRefusesOtherInterfaces(t *testing.T) {
	tenant, err := Load(strings.NewReader("{}"), "t.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "example.com:0", "192.0.2.1:0", "nonsense"} {
		if err := tenant.Start(addr); err == nil {
			t.Errorf("Start(%q) must fail", addr)
			tenant.Close()
		}
	}
	if err := tenant.Close(); err != nil {
		t.Error(err)
	}
}
