package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	abs "github.com/microsoft/kiota-abstractions-go"
)

const testTenant = "5d1c7a52-0000-4000-8000-000000000001"

// jwt makes a token with the given claims; its signature is nonsense.
func jwt(t testing.TB, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".e30"
}

// authority answers like Entra's token service and notes what it was asked.
type authority struct {
	t    *testing.T
	asks []string
	form url.Values
}

func (a *authority) Do(req *http.Request) (*http.Response, error) {
	a.asks = append(a.asks, req.URL.Host+req.URL.Path)
	answer := map[string]any{}
	switch {
	case strings.HasSuffix(req.URL.Path, "/discovery/instance"):
		answer["tenant_discovery_endpoint"] = "https://" + req.URL.Host + "/" + testTenant + "/v2.0/.well-known/openid-configuration"
	case strings.HasSuffix(req.URL.Path, "/openid-configuration"):
		base := "https://" + req.URL.Host + "/" + testTenant
		answer["authorization_endpoint"], answer["token_endpoint"], answer["issuer"] = base+"/oauth2/v2.0/authorize", base+"/oauth2/v2.0/token", base+"/v2.0"
	case strings.HasSuffix(req.URL.Path, "/token"):
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		a.form, _ = url.ParseQuery(string(body))
		answer["token_type"], answer["expires_in"] = "Bearer", 3600
		answer["access_token"] = jwt(a.t, map[string]any{"tid": testTenant, "roles": []string{"Group.Read.All"}})
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func TestClouds(t *testing.T) {
	t.Setenv("AZURE_CLIENT_ID", "0b0b0b0b-0000-4000-8000-000000000001")
	t.Setenv("AZURE_CLIENT_SECRET", "s3cret")
	t.Setenv("AZURE_AUTHORITY_HOST", "https://elsewhere.example") // the configuration decides
	tests := []struct{ cloud, login, graph, exchange string }{
		{"", "login.microsoftonline.com", "graph.microsoft.com", "api://AzureADTokenExchange"},
		{"public", "login.microsoftonline.com", "graph.microsoft.com", "api://AzureADTokenExchange"},
		{"usgov", "login.microsoftonline.us", "graph.microsoft.us", "api://AzureADTokenExchangeUSGov"},
		{"china", "login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina"},
	}
	for _, test := range tests {
		t.Run("cloud "+test.cloud, func(t *testing.T) {
			cfg := Config{TenantID: testTenant, Cloud: test.cloud, Auth: "client_secret"}
			n, err := nationalCloud(test.cloud)
			if err != nil {
				t.Fatal(err)
			}
			endpoint, err := endpointURL(cfg, n)
			if err != nil {
				t.Fatal(err)
			}
			if want := "https://" + test.graph; endpoint.String() != want || n.exchange != test.exchange {
				t.Errorf("endpoint %s, audience %s", endpoint, n.exchange)
			}
			a := &authority{t: t}
			cred, err := credential(cfg, n, azcore.ClientOptions{Transport: a})
			if err != nil {
				t.Fatal(err)
			}
			ts := &tokens{credential: cred, tenant: testTenant, host: endpoint.Host, scope: "https://" + n.graph + "/.default"}
			if _, err := ts.get(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			if got := a.form.Get("scope"); !strings.Contains(got, "https://"+test.graph+"/.default") {
				t.Errorf("asked for the scope %q", got)
			}
			for _, ask := range a.asks {
				if !strings.HasPrefix(ask, test.login+"/") && !strings.Contains(ask, "/discovery/instance") {
					t.Errorf("asked %s, want %s only", ask, test.login)
				}
			}
		})
	}
	if _, err := nationalCloud("germany"); err == nil {
		t.Error("an unknown cloud was taken")
	}
}

func TestCredentialsNameWhatIsMissing(t *testing.T) {
	for _, v := range []string{"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE",
		"AZURESUBSCRIPTION_CLIENT_ID", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "SYSTEM_ACCESSTOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} {
		t.Setenv(v, "")
	}
	const id = "0b0b0b0b-0000-4000-8000-000000000001"
	nowhere := filepath.Join(t.TempDir(), "missing.pem")
	tests := []struct {
		auth, clientID string
		env            map[string]string
		want           string
	}{
		{"client_secret", "", nil, "AZURE_CLIENT_ID"},
		{"client_secret", id, nil, "AZURE_CLIENT_SECRET"},
		{"certificate", id, nil, "AZURE_CLIENT_CERTIFICATE_PATH"},
		{"certificate", id, map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": nowhere}, "missing.pem"},
		{"certificate", id, map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": "auth_test.go"}, "no certificate"},
		{"workload_identity", id, nil, "AZURE_FEDERATED_TOKEN_FILE"},
		{"github_oidc", id, nil, "id-token: write"},
		{"azure_pipelines", "", map[string]string{"AZURESUBSCRIPTION_CLIENT_ID": id}, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"},
		{"azure_pipelines", id, map[string]string{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "c"}, "SYSTEM_ACCESSTOKEN"},
		{"cli", id, nil, "client_id has no effect"},
		{"default", id, nil, "client_id has no effect"},
		{"password", id, nil, `unknown auth "password"`},
		{"", "", nil, ""},
		{"cli", "", nil, ""},
		{"managed_identity", "", nil, ""},
		{"client_secret", id, map[string]string{"AZURE_CLIENT_SECRET": "x"}, ""},
	}
	n, err := nationalCloud("public")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.auth+" "+test.want, func(t *testing.T) {
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			_, err := credential(Config{TenantID: testTenant, Auth: test.auth, ClientID: test.clientID}, n, azcore.ClientOptions{})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestGitHubAssertion(t *testing.T) {
	status, answer := http.StatusOK, `{"value":"assertion"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer job" || r.URL.Query().Get("audience") != "api://AzureADTokenExchange" || r.URL.Query().Get("api-version") != "2.0" {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", server.URL+"/token?api-version=2.0")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job")
	assertion, err := githubAssertion("api://AzureADTokenExchange")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := assertion(t.Context()); got != "assertion" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{`{}`, `not JSON`, `{"value":5}`} {
		answer = bad
		if got, err := assertion(t.Context()); err == nil {
			t.Errorf("%s gave %q", bad, got)
		}
	}
	status, answer = http.StatusForbidden, `{"value":"assertion"}`
	if got, err := assertion(t.Context()); err == nil {
		t.Errorf("403 gave %q", got)
	}
}

func TestParseIdentity(t *testing.T) {
	who, err := parseIdentity(jwt(t, map[string]any{"tid": testTenant, "appid": "app", "roles": []string{"A", "B"}, "scp": "C D"}))
	if err != nil {
		t.Fatal(err)
	}
	want := identity{tenant: testTenant, application: "app", permissions: []string{"A", "B", "C", "D"}, roles: []string{"A", "B"}, scopes: []string{"C", "D"}}
	if diff := cmp.Diff(want, who, cmp.AllowUnexported(identity{})); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "opaque", "a.b", "a.b.c", "e30.!.e30", jwt(t, map[string]any{"oid": "x"}), jwt(t, map[string]any{"tid": 5})} {
		if who, err := parseIdentity(bad); err == nil {
			t.Errorf("parseIdentity(%q) gave %v", bad, who)
		}
	}
}

func FuzzParseIdentity(f *testing.F) {
	f.Add("e30.eyJ0aWQiOiJ4In0.e30")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if who, err := parseIdentity(token); err == nil && who.tenant == "" {
			t.Error("an identity without a tenant")
		}
	})
}

// counter is a credential that counts, and gives tokens of a given lifetime.
type counter struct {
	t        *testing.T
	lifetime time.Duration
	tenant   string
	n        int
	claims   string
	empty    bool
}

func (c *counter) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.n++
	c.claims = o.Claims
	if c.empty {
		return azcore.AccessToken{}, nil
	}
	return azcore.AccessToken{Token: jwt(c.t, map[string]any{"tid": c.tenant}), ExpiresOn: time.Now().Add(c.lifetime)}, nil
}

func TestTokensAreKept(t *testing.T) {
	c := &counter{t: t, lifetime: time.Hour, tenant: strings.ToUpper(testTenant)}
	ts := &tokens{credential: c, tenant: testTenant}
	for range 3 {
		if _, err := ts.get(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if c.n != 1 {
		t.Errorf("signed in %d times, want once", c.n)
	}
	if _, err := ts.get(t.Context(), `{"a":1}`); err != nil || c.n != 2 || c.claims != `{"a":1}` {
		t.Errorf("with claims: %v, signed in %d times, claims %q", err, c.n, c.claims)
	}
	c.lifetime = time.Minute // shorter than what is kept back
	ts.current = azcore.AccessToken{}
	for range 2 {
		if _, err := ts.get(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if c.n != 4 {
		t.Errorf("signed in %d times, want 4", c.n)
	}
}

func TestTokensOfAnotherTenant(t *testing.T) {
	const other = "5d1c7a52-0000-4000-8000-000000000002"
	ts := &tokens{credential: &counter{t: t, lifetime: time.Hour, tenant: other}, tenant: testTenant}
	_, err := ts.get(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), testTenant) {
		t.Errorf("got %v, want an error that names both tenants", err)
	}
	ts = &tokens{credential: &counter{t: t, empty: true}, tenant: testTenant}
	if _, err := ts.get(t.Context(), ""); err == nil {
		t.Error("an empty token was taken")
	}
}

// A token goes to its host and nowhere else, and no request goes without one.
func TestTokensStayAtHome(t *testing.T) {
	ts := &tokens{credential: &counter{t: t, lifetime: time.Hour, tenant: testTenant}, tenant: testTenant, host: "graph.microsoft.com"}
	for address, good := range map[string]bool{
		"https://graph.microsoft.com/v1.0/groups":      true,
		"https://GRAPH.microsoft.com/v1.0/groups":      true,
		"http://graph.microsoft.com/v1.0/groups":       false,
		"https://graph.microsoft.com:8443/v1.0/groups": false,
		"https://graph.microsoft.com.evil.example/":    false,
		"https://evil.example/v1.0/groups":             false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		r := abs.NewRequestInformation()
		r.SetUri(*u)
		err = ts.AuthenticateRequest(t.Context(), r, nil)
		sent := r.Headers.Get("Authorization")
		if (err == nil) != good || (len(sent) == 1) != good {
			t.Errorf("%s: %v, Authorization %q", address, err, sent)
		}
	}
	u, _ := url.Parse("https://graph.microsoft.com/")
	r := abs.NewRequestInformation()
	r.SetUri(*u)
	if err := ts.AuthenticateRequest(t.Context(), r, map[string]any{"claims": "%%%"}); err == nil {
		t.Error("claims that are not base64 were taken")
	}
}

func TestOpenRefuses(t *testing.T) {
	token := jwt(t, map[string]any{"tid": testTenant})
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"a domain for a tenant", Config{TenantID: "contoso.com"}, "not a GUID"},
		{"an unknown cloud", Config{TenantID: testTenant, Cloud: "moon"}, `unknown cloud "moon"`},
		{"an endpoint elsewhere", Config{TenantID: testTenant, Endpoint: "https://graph.example:8443", Token: token}, "on loopback"},
		{"an endpoint without TLS", Config{TenantID: testTenant, Endpoint: "http://127.0.0.1:8443", Token: token}, "on loopback"},
		{"a name that only looks like loopback", Config{TenantID: testTenant, Endpoint: "https://127.0.0.1.evil.example", Token: token}, "on loopback"},
		{"nonsense", Config{TenantID: testTenant, Endpoint: "://", Token: token}, "endpoint"},
		{"a token without an endpoint", Config{TenantID: testTenant, Token: token}, "loopback only"},
		{"no certificate in CA", Config{TenantID: testTenant, Endpoint: "https://127.0.0.1:1", Token: token, CA: []byte("x")}, "no certificate"},
		{"a token that is none", Config{TenantID: testTenant, Endpoint: "https://127.0.0.1:1", Token: "opaque"}, "not a JSON web token"},
		{"a token of another tenant", Config{TenantID: strings.Replace(testTenant, "1", "2", 1), Endpoint: "https://127.0.0.1:1", Token: token}, "is of tenant " + testTenant},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Address = "provider.entra.contoso"
			_, err := Open(t.Context(), test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "provider.entra.contoso: ") {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
