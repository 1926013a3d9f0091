package tenant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// fuzzOne sends one request past the network. Whatever it is, there must be an
// answer, in JSON where it says so, and the tenant must still be one.
func fuzzOne(t *testing.T, tenant *Tenant, method, target, body string) {
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Host != "" || strings.ContainsAny(method, " \r\n\t") || method == "" {
		return
	}
	r := &http.Request{Method: method, URL: u, Host: "127.0.0.1", Header: http.Header{"Authorization": {"Bearer " + tenant.Token()}, "Consistencylevel": {"eventual"}},
		Body: http.NoBody, ContentLength: int64(len(body))}
	if body != "" {
		r.Body = readCloser{strings.NewReader(body)}
	}
	w := httptest.NewRecorder()
	tenant.handle(w, r.WithContext(t.Context()))
	if w.Code >= 500 {
		t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
		t.Fatalf("%s %s: not JSON: %s", method, target, w.Body)
	}
	var b bytes.Buffer
	if err := tenant.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	reload(t, b.Bytes())
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
