package azblob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/azblob"
	"github.com/landfall-directory/landfall/planner/backend/azblob/azblobtest"
)

// proxy stands between a storage and Azurite. It passes every request on, and
// loses the answer to the next one that lose names; then it calls after.
type proxy struct {
	lose  atomic.Pointer[func(*http.Request) bool]
	after func()
	lost  atomic.Int32
}

// through returns the configuration of the same container behind a proxy.
func through(t *testing.T, cfg azblob.Config) (*proxy, azblob.Config) {
	t.Helper()
	target, err := url.Parse(cfg.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lose := p.lose.Load()
		if lose == nil || !(*lose)(r) || !p.lose.CompareAndSwap(lose, nil) {
			forward.ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(httptest.NewRecorder(), r)
		p.lost.Add(1)
		if p.after != nil {
			p.after()
		}
		panic(http.ErrAbortHandler) // hangs up
	}))
	t.Cleanup(server.Close)
	cfg.Endpoint = server.URL + target.Path
	return p, cfg
}

// loseNext loses the answer to the next request of this kind, then calls after.
func (p *proxy) loseNext(lose func(*http.Request) bool, after func()) {
	p.after = after
	p.lose.Store(&lose)
}

func isAppend(r *http.Request) bool { return r.URL.Query().Get("comp") == "appendblock" }
func isCreation(r *http.Request) bool {
	return r.Method == http.MethodPut && r.Header.Get("x-ms-blob-type") == "AppendBlob"
}
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPut && r.Header.Get("x-ms-blob-type") == "BlockBlob"
}
func isLease(action string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Header.Get("x-ms-lease-action") == action }
}

func holder(run string) backend.Holder {
	return backend.Holder{Run: run, Who: "kim", Since: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), TTL: backend.MinTTL}
}

func wantContent(t *testing.T, s backend.Storage, name, want string) {
	t.Helper()
	got, err := s.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}

// TestFaults needs one Azurite for all its cases.
func TestFaults(t *testing.T) {
	t.Parallel()
	server := azblobtest.Start(t)
	for name, run := range map[string]func(*testing.T, *azblobtest.Server){
		"lost answers to appends": testLostAppend, "lost answers to lease requests": testLostLease,
		"a log without a first block": testEmptyLog, "sizes": testSizes, "kinds": testKinds, "other blobs": testOthers,
		"the blob of the lock": testLock, "a lease in doubt": testDoubt, "TTL": testTTL, "errors": testErrors, "SAS": testSAS,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, server) })
	}
}

// testLostAppend: an append whose answer was lost is made once, and is only
// reported as made when nobody wrote after it.
func testLostAppend(t *testing.T, server *azblobtest.Server) {
	ctx := t.Context()
	p, cfg := through(t, server.Config(t))
	s := open(t, cfg)

	p.loseNext(isCreation, nil)
	if err := s.Append(ctx, "log", 0, []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	p.loseNext(isAppend, nil)
	if err := s.Append(ctx, "log", 4, []byte("two\n")); err != nil {
		t.Fatal(err)
	}
	p.loseNext(isAppend, nil)
	if err := s.Append(ctx, "other", 0, []byte("first\n")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "log", "one\ntwo\n")
	wantContent(t, s, "other", "first\n")

	p.loseNext(isAppend, func() {
		if err := s.Append(context.Background(), "log", 14, []byte("sealed\n")); err != nil {
			t.Error(err)
		}
	})
	if err := s.Append(ctx, "log", 8, []byte("three\n")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("another wrote after it: %v", err)
	}
	wantContent(t, s, "log", "one\ntwo\nthree\nsealed\n")
	if got := p.lost.Load(); got != 4 {
		t.Errorf("%d answers were lost, not 4: the test tests nothing", got)
	}
}

// testLostLease: every request about the lease may be answered into the void.
func testLostLease(t *testing.T, server *azblobtest.Server) {
	ctx := t.Context()
	p, cfg := through(t, server.Config(t))
	s := open(t, cfg)
	last := int64(0)
	take := func() backend.Lease {
		t.Helper()
		l, err := s.TryAcquire(ctx, holder("r"))
		if err != nil {
			t.Fatal(err)
		}
		if l.Token() != last+1 || l.Previous() != nil {
			t.Errorf("token %d after %d, previous %v", l.Token(), last, l.Previous())
		}
		last = l.Token()
		return l
	}
	release := func(l backend.Lease) {
		t.Helper()
		if err := l.Release(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, lose := range []func(*http.Request) bool{isUpload, isLease("acquire")} {
		p.loseNext(lose, nil) // the first one: the blob is made
		release(take())
	}
	p.loseNext(isUpload, nil)
	l := take()
	p.loseNext(isLease("renew"), nil)
	if err := l.Renew(ctx); err != nil {
		t.Error(err)
	}
	p.loseNext(isUpload, nil)
	release(l)
	l = take()
	p.loseNext(isLease("release"), nil)
	release(l)
	release(take())
	if got := p.lost.Load(); got != 6 {
		t.Errorf("%d answers were lost, not 6: the test tests nothing", got)
	}
}

// testEmptyLog: a writer that died between creating the blob and the first block
// left no log.
func testEmptyLog(t *testing.T, server *azblobtest.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	s := open(t, cfg)
	if _, err := azblobtest.Container(t, cfg).NewAppendBlobClient("log").Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(ctx, "log"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read: %v", err)
	}
	if items, err := s.List(ctx, ""); err != nil || items != nil {
		t.Errorf("List: %v, %v", items, err)
	}
	if err := s.Append(ctx, "log", 3, []byte("x")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("beyond the end: %v", err)
	}
	if err := s.Append(ctx, "log", 0, []byte("begun\n")); err != nil {
		t.Error(err)
	}
	wantContent(t, s, "log", "begun\n")
	if err := s.Append(ctx, "none", 3, []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log that does not exist: %v", err)
	}
}

// testSizes: an append is one block, whatever its size, or refused.
func testSizes(t *testing.T, server *azblobtest.Server) {
	ctx, s := t.Context(), open(t, server.Config(t))
	large := bytes.Repeat([]byte("0123456789abcdef"), backend.MaxAppend/16)
	if err := s.Append(ctx, "log", 0, large); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{nil, make([]byte, backend.MaxAppend+1)} {
		if err := s.Append(ctx, "log", int64(len(large)), data); err == nil || errors.Is(err, backend.ErrMoved) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
	if got, err := s.Read(ctx, "log"); err != nil || !bytes.Equal(got, large) {
		t.Errorf("%d bytes came back of %d, %v", len(got), len(large), err)
	}
}

func testKinds(t *testing.T, server *azblobtest.Server) {
	ctx, s := t.Context(), open(t, server.Config(t))
	if err := s.Write(ctx, "file", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 1} {
		if err := s.Append(ctx, "file", at, []byte("y")); err == nil || errors.Is(err, backend.ErrMoved) || !strings.Contains(err.Error(), "another kind") {
			t.Errorf("append to a file at %d: %v", at, err)
		}
	}
	wantContent(t, s, "file", "x")
}

// testOthers: a container may hold more than ours.
func testOthers(t *testing.T, server *azblobtest.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	for _, name := range []string{"ours/.hidden", "ours/a b", "oursother", "other/x", "ours/runs/a"} {
		if _, err := azblobtest.Container(t, cfg).NewBlockBlobClient(name).UploadBuffer(ctx, []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Prefix = "ours"
	items, err := open(t, cfg).List(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]backend.Item{{Name: "runs/a", Size: 1}}, items); diff != "" {
		t.Error(diff)
	}
}

// testLock: the lock is no file, and what is no lock is not overwritten.
func testLock(t *testing.T, server *azblobtest.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	s := open(t, cfg)
	if err := s.Write(ctx, "apply.lock", []byte("x")); err == nil {
		t.Error("the lock was written as a file")
	}
	raw := azblobtest.Container(t, cfg).NewBlockBlobClient("apply.lock")
	if _, err := raw.UploadBuffer(ctx, []byte("not ours"), nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time: the first one gave the lease back
		if _, err := s.TryAcquire(ctx, holder("r")); err == nil || !strings.Contains(err.Error(), "no lock of landfall") {
			t.Errorf("a lock that is none: %v", err)
		}
	}
}

// testDoubt: between taking Azure's lease and saying so nobody knows whose it is.
func testDoubt(t *testing.T, server *azblobtest.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	s := open(t, cfg)
	first, err := s.TryAcquire(ctx, holder("first"))
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Release(ctx); err != nil {
		t.Fatal(err)
	}
	raw, err := lease.NewBlobClient(azblobtest.Container(t, cfg).NewBlobClient("apply.lock"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.AcquireLease(ctx, 60, nil); err != nil {
		t.Fatal(err)
	}
	var taken *backend.Taken
	if _, err := s.TryAcquire(ctx, holder("second")); !errors.As(err, &taken) || taken.Holder != (backend.Holder{}) {
		t.Errorf("TryAcquire: %v", err)
	}
	if h, err := s.Holder(ctx); err != nil || h == nil || *h != (backend.Holder{}) {
		t.Errorf("Holder: %v, %v", h, err)
	}
	if _, err := raw.ReleaseLease(ctx, nil); err != nil {
		t.Fatal(err)
	}
	second, err := s.TryAcquire(ctx, holder("second"))
	if err != nil {
		t.Fatal(err)
	}
	if second.Previous() != nil || second.Token() != 2 {
		t.Errorf("previous %v, token %d", second.Previous(), second.Token())
	}
	// Whoever breaks the lease by hand ends it, and the next one learns whose it was.
	if _, err := raw.BreakLease(ctx, &lease.BlobBreakOptions{BreakPeriod: new(int32)}); err != nil {
		t.Fatal(err)
	}
	if err := second.Renew(ctx); !errors.Is(err, backend.ErrLost) {
		t.Errorf("a broken lease was renewed: %v", err)
	}
	third, err := s.TryAcquire(ctx, holder("third"))
	if err != nil || third.Previous() == nil || third.Previous().Run != "second" {
		t.Fatalf("%v, %v", third, err)
	}
}

func testTTL(t *testing.T, server *azblobtest.Server) {
	s := open(t, server.Config(t))
	for _, ttl := range []time.Duration{0, backend.MinTTL - 1, backend.MaxTTL + 1} {
		h := holder("r")
		h.TTL = ttl
		if _, err := s.TryAcquire(t.Context(), h); err == nil {
			t.Errorf("a lease of %s", ttl)
		}
	}
}

// testErrors: a message says what to do and holds no credential.
func testErrors(t *testing.T, server *azblobtest.Server) {
	good := server.Config(t)
	nobody := httptest.NewServer(nil)
	nobody.Close()
	url, err := azblobtest.Container(t, good).GetSASURL(sas.ContainerPermissions{Read: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, readOnly, _ := strings.Cut(url, "?")
	for name, c := range map[string]struct {
		change func(*azblob.Config)
		want   []string
	}{
		"no container": {func(c *azblob.Config) { c.Container = "absent" }, []string{good.Endpoint + "/absent", "ContainerNotFound", "create it"}},
		"a wrong key":  {func(c *azblob.Config) { c.Environment.Key = "c2VjcmV0" }, []string{"403", "the key must be one of this account"}},
		"a SAS token of another account": {func(c *azblob.Config) { c.Environment = azblob.Environment{SAS: readOnly + "0"} },
			[]string{"403", "the SAS token must be of this account"}},
		"a SAS token that may not list": {func(c *azblob.Config) { c.Environment = azblob.Environment{SAS: readOnly} },
			[]string{"403", "the permissions read, add, create, write and list"}},
		"nobody there": {func(c *azblob.Config) {
			c.Endpoint, c.Environment = nobody.URL, azblob.Environment{SAS: readOnly}
		}, []string{nobody.URL, "connection refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.change(&cfg)
			_, err := azblob.Open(t.Context(), cfg)
			if err == nil {
				t.Fatal("it opened")
			}
			text := err.Error()
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in: %s", want, text)
				}
			}
			if strings.Contains(text, "sig=") || strings.Contains(text, cfg.Environment.Key) && cfg.Environment.Key != "" || strings.Contains(text, "\n") {
				t.Errorf("a credential or several lines: %s", text)
			}
		})
	}
}

// testSAS: a token with the permissions that the message names is enough.
func testSAS(t *testing.T, server *azblobtest.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	url, err := azblobtest.Container(t, cfg).GetSASURL(
		sas.ContainerPermissions{Read: true, Add: true, Create: true, Write: true, List: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(url, "?")
	cfg.Environment = azblob.Environment{SAS: token}
	s := open(t, cfg)
	l, err := s.TryAcquire(ctx, holder("r"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		s.Append(ctx, "runs/r", 0, []byte("a")), s.Append(ctx, "runs/r", 1, []byte("b")), s.Write(ctx, "file", []byte("x")),
		s.Finish(ctx, "runs/r"), l.Renew(ctx), l.Release(ctx),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	wantContent(t, s, "runs/r", "ab")
	if items, err := s.List(ctx, ""); err != nil || len(items) != 2 {
		t.Errorf("List: %v, %v", items, err)
	}
}

// BenchmarkAppend is one line of a journal.
func BenchmarkAppend(b *testing.B) {
	s := open(b, azblobtest.Start(b).Config(b))
	line := fmt.Appendf(nil, "%1023s\n", "x")
	for i := 0; b.Loop(); i++ {
		name, at := fmt.Sprintf("log-%d", i/40_000), int64(i%40_000*len(line))
		if err := s.Append(b.Context(), name, at, line); err != nil {
			b.Fatal(err)
		}
	}
}
