package entra

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
)

// against connects to a server that answers as the test says. The handler sees
// the path without its version.
func against(t testing.TB, claims map[string]any, handler http.HandlerFunc) *Directory {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			t.Errorf("%s %s came without a token", r.Method, r.URL)
		}
		for _, version := range []string{"/v1.0", "/beta"} {
			r.URL.Path = strings.TrimPrefix(r.URL.Path, version)
		}
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal")
		handler(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it breaks off on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	all := map[string]any{"tid": testTenant}
	for k, v := range claims {
		all[k] = v
	}
	d, err := Open(t.Context(), Config{Address: "provider.entra.contoso", TenantID: testTenant, Endpoint: server.URL, Schema: schema.Entra,
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), Token: jwt(t, all)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// say answers with JSON.
func say(w http.ResponseWriter, status int, format string, args ...any) {
	w.WriteHeader(status)
	fmt.Fprintf(w, format, args...)
}

func notFound(w http.ResponseWriter) {
	say(w, 404, `{"error":{"code":"Request_ResourceNotFound","message":"Resource does not exist."}}`)
}

// list answers with one page.
func list(w http.ResponseWriter, objects ...string) {
	say(w, 200, `{"value":[%s]}`, strings.Join(objects, ","))
}

func TestHostileLists(t *testing.T) {
	one := fmt.Sprintf(`{"id":%q,"displayName":"x"}`, guid('a', 1))
	tests := []struct{ name, answer, want string }{
		{"not JSON", `<html>Sign in</html>`, "not the JSON expected"},
		{"nothing", ``, "is empty"},
		{"half a page", `{"value":[` + one, "not the JSON expected"},
		{"something behind", `{"value":[` + one + `]} {"value":[]}`, "after its end"},
		{"no values", `{"@odata.context":"x"}`, "no list of values"},
		{"values that are null", `{"value":null}`, "no list of values"},
		{"an object that is null", `{"value":[null]}`, "not a GUID"},
		{"an object that is text", `{"value":["x"]}`, "not the JSON expected"},
		{"an id that is none", `{"value":[{"id":"../users"}]}`, "not a GUID"},
		{"an id that is a number", `{"value":[{"id":5}]}`, "not a GUID"},
		{"a value of another type", `{"value":[{"id":"` + guid('a', 1) + `","displayName":{"x":1}}]}`, "displayName"},
		{"a link elsewhere", `{"value":[],"@odata.nextLink":"https://evil.example/v1.0/groups?$skiptoken=x"}`, "not followed"},
		{"a link without TLS", `{"value":[],"@odata.nextLink":"http://127.0.0.1/v1.0/groups"}`, "not followed"},
		{"a relative link", `{"value":[],"@odata.nextLink":"/v1.0/groups?$skiptoken=x"}`, "not followed"},
		{"a link that does not parse", `{"value":[],"@odata.nextLink":"https://[::1"}`, "not followed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := against(t, nil, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, test.answer) })
			err := d.Read(t.Context(), everything(), newSpace())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "list the groups") {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestPagesInACircle(t *testing.T) {
	var n atomic.Int32
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		say(w, 200, `{"value":[],"@odata.nextLink":"https://%s/beta/groups?$skiptoken=%d"}`, r.Host, n.Add(1)%3)
	})
	if err := d.Read(t.Context(), everything(), newSpace()); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Errorf("got %v", err)
	}
}

// Empty pages with a link are legal.
func TestEmptyPages(t *testing.T) {
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/directory"):
			list(w)
		case r.URL.Query().Get("$skiptoken") == "":
			say(w, 200, `{"value":[],"@odata.nextLink":"https://%s/v1.0/groups?$skiptoken=a-b%%24~.%%2F"}`, r.Host)
		case r.URL.Query().Get("$skiptoken") == "a-b$~./":
			list(w, fmt.Sprintf(`{"id":%q,"displayName":"x"}`, guid('a', 1)))
		default:
			t.Errorf("asked for %s", r.URL)
		}
	})
	s := newSpace()
	if err := d.Read(t.Context(), everything(), s); err != nil || len(liveGroups(s)) != 1 {
		t.Errorf("%v, %d groups", err, len(liveGroups(s)))
	}
}

// A redirect is not followed: the token would go along.
func TestRedirects(t *testing.T) {
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/groups" {
			t.Errorf("%s was followed", r.URL)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if err := d.Read(t.Context(), everything(), newSpace()); err == nil {
		t.Error("a redirect was taken for a list")
	}
}

func TestUnknownGroupType(t *testing.T) {
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/groups" {
			list(w)
			return
		}
		list(w, fmt.Sprintf(`{"id":%q,"displayName":"a\u001b[2J","groupTypes":["Unified"],"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":"universalHologramGroup"}}`, guid('a', 1)))
	})
	s := newSpace()
	if err := d.Read(t.Context(), everything(), s); err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 1 || s.Warnings[0].Code != "unknown_group_type" || !strings.Contains(s.Warnings[0].Detail, guid('a', 1)) || strings.Contains(s.Warnings[0].Detail, "\x1b") {
		t.Errorf("warnings: %+v", s.Warnings)
	}
	if got := s.First(0, attrGroupType); got != "universalHologramGroup" {
		t.Errorf("the value became %q", got)
	}
}

// members serves one group with the given members, and objects as they are.
func members(refs []string, objects map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/groups":
			list(w, fmt.Sprintf(`{"id":%q,"displayName":"G"}`, guid('a', 1)))
		case strings.HasSuffix(path, "/members"):
			list(w, refs...)
		case path == "/directoryObjects/getByIds":
			var body struct{ IDs []string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				say(w, 400, "{}")
				return
			}
			var found []string
			for _, id := range body.IDs {
				if o, ok := objects["byIds "+id]; ok {
					found = append(found, o)
				}
			}
			list(w, found...)
		case strings.HasPrefix(path, "/users/"), strings.HasPrefix(path, "/devices/"):
			o, ok := objects[path[strings.LastIndex(path, "/")+1:]]
			switch {
			case !ok:
				notFound(w)
			case o == "403":
				say(w, 403, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}`)
			default:
				say(w, 200, "%s", o)
			}
		default:
			list(w)
		}
	}
}

func ref(id, odataType string) string {
	return fmt.Sprintf(`{"@odata.type":%q,"id":%q}`, odataType, id)
}

const (
	userType   = "#microsoft.graph.user"
	deviceType = "#microsoft.graph.device"
)

func TestMembersOfUnknownTypes(t *testing.T) {
	d := against(t, nil, members([]string{ref(guid('f', 1), "#microsoft.graph.hologram")}, nil))
	s := newSpace()
	if err := read(t, d, everything(), s); err != nil {
		t.Fatal(err)
	}
	if o := s.ByAnchor(guid('f', 1)); o == planner.NoObject || s.Type(o) != "other" || s.State(o) != planner.Live {
		t.Errorf("got %v", dump(s))
	}
	for _, bad := range []string{`{"id":"` + guid('f', 1) + `"}`, ref("x", userType), `null`, `{}`} {
		d := against(t, nil, members([]string{bad}, nil))
		if err := read(t, d, everything(), newSpace()); err == nil {
			t.Errorf("the member %s was taken", bad)
		}
	}
}

func TestMembersThatDoNotCome(t *testing.T) {
	id := guid('b', 1)
	whole := fmt.Sprintf(`"id":%q,"displayName":"U","userPrincipalName":"u@contoso.com","onPremisesSyncEnabled":true,"mail":null`, id)
	tests := []struct {
		name       string
		refs       []string
		objects    map[string]string
		err        string
		permission bool
		want       string
	}{
		{"deleted meanwhile", []string{ref(id, userType)}, nil, "", false, id + "  0"},
		{"left out although there", []string{ref(id, userType)}, map[string]string{id: "{" + whole + "}"}, "", false, id + " user 1 cloudMastered=FALSE"},
		{"without a property that was asked for", []string{ref(id, userType)},
			map[string]string{"byIds " + id: `{"@odata.type":"` + userType + `","id":"` + id + `","displayName":"U","userPrincipalName":"u"}`, id: "{" + whole + "}"}, "", false, id + " user 1 cloudMastered=FALSE"},
		{"by its id alone", []string{ref(id, userType)}, map[string]string{"byIds " + id: `{"@odata.type":"` + userType + `","id":"` + id + `"}`}, "User.Read.All", true, ""},
		{"as nulls", []string{ref(id, userType)},
			map[string]string{"byIds " + id: `{"@odata.type":"` + userType + `","id":"` + id + `","displayName":null,"userPrincipalName":null,"onPremisesSyncEnabled":null}`}, "User.Read.All", true, ""},
		{"left out and refused", []string{ref(id, userType)}, map[string]string{id: "403"}, "User.Read.All", true, ""},
		{"left out and empty", []string{ref(id, userType)}, map[string]string{id: `{"id":"` + id + `"}`}, "User.Read.All", true, ""},
		{"another one", []string{ref(id, userType)}, map[string]string{"byIds " + id: `{"@odata.type":"` + userType + `","id":"` + guid('b', 2) + `","displayName":"x"}`}, "not asked for", false, ""},
		{"another type", []string{ref(id, userType)}, map[string]string{"byIds " + id: `{"@odata.type":"` + deviceType + `","id":"` + id + `","displayName":"x"}`}, "not asked for", false, ""},
		{"another one directly", []string{ref(id, userType)}, map[string]string{id: `{"id":"` + guid('b', 2) + `","displayName":"x"}`}, "instead", false, ""},
		{"a device that is refused", []string{ref(id, deviceType)}, map[string]string{id: "403"}, "", false, id + " device 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := against(t, nil, members(test.refs, test.objects))
			s := newSpace()
			err := read(t, d, everything(), s)
			if (err == nil) != (test.err == "") || (err != nil && !strings.Contains(err.Error(), test.err)) || errors.Is(err, planner.ErrPermission) != test.permission {
				t.Fatalf("got %v, want an error with %q", err, test.err)
			}
			if got := dump(s, "cloudMastered"); err == nil && (len(got) != 2 || got[1] != test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A group that vanishes between the list and its members.
func TestVanishingGroups(t *testing.T) {
	tests := []struct {
		name           string
		live, deleted  bool
		again          bool // the members come at the second try
		err            string
		state          planner.State
		absent, warned bool
	}{
		{"soft-deleted", false, true, false, "", planner.Deleted, false, true},
		{"gone for good", false, false, false, "", planner.Deleted, true, true},
		{"replicas disagree for a moment", true, false, true, "", planner.Live, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id := guid('a', 1)
			asked := map[string]bool{}
			d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
				item := fmt.Sprintf(`{"@odata.type":"#microsoft.graph.group","id":%q,"displayName":"G","mailNickname":"g"}`, id)
				first := !asked[r.URL.Path]
				asked[r.URL.Path] = true
				switch r.URL.Path {
				case "/groups":
					list(w, item)
				case "/groups/" + id + "/members":
					if test.again && !first {
						list(w)
						return
					}
					notFound(w)
				case "/groups/" + id:
					if test.live {
						say(w, 200, "%s", item)
						return
					}
					notFound(w)
				case "/directory/deletedItems/" + id:
					if test.deleted {
						say(w, 200, "%s", item)
						return
					}
					notFound(w)
				default:
					list(w)
				}
			})
			d.parallel = 1 // the handler's map has no lock
			s := newSpace()
			if err := d.Read(t.Context(), everything(), s); err != nil {
				t.Fatal(err)
			}
			err := d.ReadReferences(t.Context(), everything(), liveGroups(s), []string{"member"}, s)
			if err != nil {
				t.Fatal(err)
			}
			o := s.ByAnchor(id)
			if s.State(o) != test.state || s.Absent("id", id) != test.absent || (len(s.Warnings) == 1) != test.warned || s.First(o, "alias") != "g" {
				t.Errorf("state %d, absent %v, warnings %v, %v", s.State(o), s.Absent("id", id), s.Warnings, dump(s, "alias"))
			}
			if _, read := s.References(o, attrMember); read != (test.state == planner.Live) {
				t.Errorf("members read: %v", read)
			}
		})
	}
}

// A token that does not list its permissions: an empty hidden membership says
// nothing, and neither does a refusal.
func TestHiddenMembershipOfAnUnknownToken(t *testing.T) {
	for _, status := range []int{200, 403} {
		d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/groups":
				list(w, fmt.Sprintf(`{"id":%q,"displayName":"H","visibility":"HiddenMembership"}`, guid('a', 1)))
			case strings.HasSuffix(r.URL.Path, "/members"):
				say(w, status, `{"value":[],"error":{"code":"Authorization_RequestDenied","message":"no"}}`)
			default:
				list(w)
			}
		})
		s := newSpace()
		if err := read(t, d, everything(), s); err != nil {
			t.Fatal(err)
		}
		if _, read := s.References(0, attrMember); read || !s.Unreadable(0, attrMember) {
			t.Errorf("%d: the hidden membership was believed", status)
		}
	}
}

// Whatever a gateway answers instead of Graph's error is an error with its
// status, and never a panic.
func TestForeignErrors(t *testing.T) {
	tests := []struct {
		name, challenge, body string
		status                int
		want                  string
	}{
		{"HTML", "", "<html>blocked by proxy</html>", 403, "blocked by proxy"},
		{"nothing", "", "", 403, "403 Forbidden"},
		{"the form of OAuth", "", `{"error":"denied"}`, 400, "400 Bad Request"},
		{"null", "", `{"error":null}`, 400, "400 Bad Request"},
		{"a message that is a number", "", `{"error":{"code":1,"message":2}}`, 400, "400 Bad Request"},
		{"terminal codes", "", `{"error":{"code":"x","message":"\u001b[2Jgone"}}`, 400, "x:  [2Jgone"},
		{"claims that are cut", `Bearer error="insufficient_claims", claims="abc`, `{}`, 401, "Sign in again"},
		{"claims without quotes", `Bearer claims=abc`, `{}`, 401, "Sign in again"},
		{"claims", `Bearer error="insufficient_claims", claims="e30="`, `{}`, 401, "Sign in again"},
		{"teapot", "", `{}`, 418, "418"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				if test.challenge != "" {
					w.Header().Set("WWW-Authenticate", test.challenge)
				}
				say(w, test.status, "%s", test.body)
			})
			err := d.Read(t.Context(), everything(), newSpace())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("got %q, want %q", err, test.want)
			}
		})
	}
}

// The change was made, but its answer was lost.
func TestWriteWhoseAnswerIsLost(t *testing.T) {
	name, patches := "Old", 0
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			say(w, 200, `{"id":%q,"displayName":%q}`, guid('a', 1), name)
			return
		}
		var body struct{ DisplayName string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		name = body.DisplayName
		patches++
		panic(http.ErrAbortHandler)
	})
	result := d.Write(t.Context(), planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: guid('a', 1), Edits: []planner.Edit{change("displayName", "Old", "New")}})
	if result.Status != planner.StatusDone || result.Err != nil || patches != 1 {
		t.Errorf("got %s (%v) after %d PATCH requests", result.Status, result.Err, patches)
	}
}

func TestInterruptedRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := against(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/members") {
			cancel()
			<-r.Context().Done()
			return
		}
		if r.URL.Path == "/groups" {
			list(w, fmt.Sprintf(`{"id":%q,"displayName":"a"}`, guid('a', 1)), fmt.Sprintf(`{"id":%q,"displayName":"b"}`, guid('a', 2)))
			return
		}
		list(w)
	})
	s := newSpace()
	if err := d.Read(ctx, everything(), s); err != nil {
		t.Fatal(err)
	}
	if err := d.ReadReferences(ctx, everything(), liveGroups(s), []string{"member"}, s); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestCertificateOfAnother(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	d, err := Open(t.Context(), Config{Address: "provider.entra.contoso", TenantID: testTenant, Endpoint: server.URL, Token: jwt(t, map[string]any{"tid": testTenant}), Schema: schema.Entra})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Read(t.Context(), everything(), newSpace()); err == nil || !strings.Contains(err.Error(), "not trusted") {
		t.Errorf("got %v", err)
	}
}

func TestExplain(t *testing.T) {
	d := &Directory{tokens: &tokens{}}
	op := operation{doing: "list the groups", permission: "GroupMember.Read.All"}
	wrapped := func(err error) error {
		return &url.Error{Op: "Get", URL: "https://graph.microsoft.com/v1.0/groups?$skiptoken=secret", Err: err}
	}
	tests := []struct {
		name string
		err  error
		want []string
	}{
		{"unreachable", wrapped(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}), []string{"cannot list the groups", "connection refused", "HTTPS_PROXY"}},
		{"a certificate that has expired", wrapped(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}}}), []string{"expired", "not trusted"}},
		{"throttled", wrapped(throttled{status: 429, attempts: 9, waited: time.Minute, more: time.Hour, requestID: "r1"}), []string{"429 Too Many Requests", "9 attempts", "1h0m0s", "r1", "-parallelism"}},
		{"interrupted", wrapped(context.Canceled), []string{"stopped while trying to list the groups"}},
		{"cut", wrapped(errReset), []string{"connection reset by peer"}},
	}
	for _, test := range tests {
		got := d.explain(test.err, op).Error()
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", test.name, got, want)
			}
		}
		if strings.Contains(got, "skiptoken") {
			t.Errorf("%s: %q shows the address", test.name, got)
		}
	}
}
