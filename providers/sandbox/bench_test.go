package sandbox

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/landfall-directory/landfall/providers/sandbox/tenant"
)

// benchmarkSize is the tenant that the speed of the program is measured on.
func benchmarkSize() GenerateOptions {
	return GenerateOptions{Seed: 1, Groups: 10_000, Users: 50_000, Memberships: 100_000, OUs: 50, UnifiedShare: 0.3, CloudOnlyShare: 0.05, NestedShare: 0.02}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		tenantJSON, ldif := Generate(benchmarkSize())
		b.SetBytes(int64(len(tenantJSON) + len(ldif)))
	}
}

func BenchmarkLoadTenant(b *testing.B) {
	data, _ := Generate(benchmarkSize())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tenant.Load(bytes.NewReader(data), "tenant.json", tenant.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteTenant(b *testing.B) {
	data, _ := Generate(benchmarkSize())
	t, err := tenant.Load(bytes.NewReader(data), "tenant.json", tenant.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := t.WriteJSON(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServeTenant reads all groups and users in pages of 999 and the
// members of every tenth group, one request after the other.
func BenchmarkServeTenant(b *testing.B) {
	o := benchmarkSize()
	data, _ := Generate(o)
	t, err := tenant.Load(bytes.NewReader(data), "tenant.json", tenant.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := t.Start("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	roots := &tls.Config{RootCAs: rootsOf(b, t.CA())}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: roots, ForceAttemptHTTP2: true}}
	objects := 0
	read := func(target string) {
		for target != "" {
			r, err := http.NewRequest(http.MethodGet, target, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+t.Token())
			w, err := client.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			var page struct {
				Next  string            `json:"@odata.nextLink"`
				Value []json.RawMessage `json:"value"`
			}
			if err := json.NewDecoder(w.Body).Decode(&page); err != nil || w.StatusCode != http.StatusOK {
				b.Fatal(w.Status, err)
			}
			w.Body.Close()
			objects += len(page.Value)
			target = page.Next
		}
	}
	for b.Loop() {
		read(t.URL() + "/beta/groups?$top=999&$select=id,displayName,groupTypes,securityEnabled,mailEnabled,writebackConfiguration")
		read(t.URL() + "/v1.0/users?$top=999&$select=id,displayName,userPrincipalName,onPremisesImmutableId,onPremisesSyncEnabled")
		for n := 0; n < o.Groups; n += 10 {
			id, _ := guid(idGroup, n)
			read(fmt.Sprintf("%s/v1.0/groups/%s/members?$select=id&$top=999", t.URL(), id))
		}
	}
	b.ReportMetric(float64(objects)/b.Elapsed().Seconds(), "objects/s")
}
