package tenant

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

const (
	azSG01  = "1f0c0000-0000-4000-8000-000000000001"
	m365    = "1f0c0000-0000-4000-8000-000000000002"
	mesg01  = "1f0c0000-0000-4000-8000-000000000003"
	synced  = "1f0c0000-0000-4000-8000-000000000004"
	hidden  = "1f0c0000-0000-4000-8000-000000000005"
	list    = "1f0c0000-0000-4000-8000-000000000006"
	gone    = "1f0c0000-0000-4000-8000-0000000000ff"
	adele   = "2a000000-0000-4000-8000-000000000001"
	bob     = "2a000000-0000-4000-8000-000000000002"
	cloud   = "2a000000-0000-4000-8000-000000000003"
	guest   = "2a000000-0000-4000-8000-000000000004"
	backup  = "5e000000-0000-4000-8000-000000000001"
	pc01    = "de000000-0000-4000-8000-000000000001"
	extern  = "c0000000-0000-4000-8000-000000000001"
	missing = "99999999-0000-4000-8000-000000000001"
)

// client talks to one tenant as any HTTP client does.
type client struct {
	t     *testing.T
	http  *http.Client
	base  string
	token string
}

// object is a decoded JSON object.
type jsonObject map[string]any

// start serves the tenant of testdata.
func start(t *testing.T, opts Options) *client {
	t.Helper()
	f, err := os.Open("testdata/tenant.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tenant, err := Load(f, "tenant.json", opts)
	if err != nil {
		t.Fatal(err)
	}
	return serveTenant(t, tenant)
}

func serveTenant(t *testing.T, tenant *Tenant) *client {
	t.Helper()
	if err := tenant.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(tenant.CA()) {
		t.Fatal("the CA is not a PEM certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := tenant.Close(); err != nil {
			t.Error(err)
		}
	})
	return &client{t: t, http: &http.Client{Transport: transport}, base: tenant.URL(), token: tenant.Token()}
}

// answer is one decoded answer.
type answer struct {
	status int
	header http.Header
	text   string
	body   jsonObject
}

// do sends a request. target is an absolute URL, or a path whose query is
// escaped here. Headers are "Name: value".
func (c *client) do(method, target string, body string, headers ...string) answer {
	c.t.Helper()
	if !strings.HasPrefix(target, "https://") {
		path, query, ok := strings.Cut(target, "?")
		target = c.base + path
		if ok {
			var pairs []string
			for pair := range strings.SplitSeq(query, "&") {
				name, value, _ := strings.Cut(pair, "=")
				pairs = append(pairs, name+"="+url.QueryEscape(value))
			}
			target += "?" + strings.Join(pairs, "&")
		}
	}
	r, err := http.NewRequest(method, target, bytes.NewReader([]byte(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w, err := c.http.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	a := answer{status: w.StatusCode, header: w.Header, text: string(data)}
	if strings.HasPrefix(w.Header.Get("Content-Type"), "application/json") && w.Header.Get("Content-Encoding") == "" {
		if err := json.Unmarshal(data, &a.body); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, target, err, data)
		}
	}
	return a
}

func (c *client) get(target string, headers ...string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, target, "", headers...)
}

// code is the error code of an answer, "" when it is none.
func (a answer) code() string {
	e, _ := a.body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (a answer) message() string {
	e, _ := a.body["error"].(map[string]any)
	message, _ := e["message"].(string)
	return message
}

// values are the items of a collection.
func (a answer) values() []jsonObject {
	list, _ := a.body["value"].([]any)
	var out []jsonObject
	for _, v := range list {
		o, _ := v.(map[string]any)
		out = append(out, o)
	}
	return out
}

// each lists one property of the items, as texts.
func (a answer) each(property string) []string {
	out := []string{}
	for _, v := range a.values() {
		s, _ := v[property].(string)
		out = append(out, s)
	}
	return out
}

func (a answer) next() string {
	s, _ := a.body["@odata.nextLink"].(string)
	return s
}
