package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/backend"
	"github.com/landfall-directory/landfall/planner/backend/s3"
	"github.com/landfall-directory/landfall/planner/backend/s3/s3test"
)

// proxy stands between a storage and the server.
type proxy struct {
	*httptest.Server
	// meddle is asked about every request; it may answer or change it. What it
	// returns true for is passed on, and its answer lost.
	meddle atomic.Pointer[func(w http.ResponseWriter, r *http.Request) (answered, lose bool)]
}

// through returns the configuration of the same bucket behind a proxy.
func through(t *testing.T, cfg s3.Config) (*proxy, s3.Config) {
	t.Helper()
	target, err := url.Parse(cfg.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered, lose := false, false
		if meddle := p.meddle.Load(); meddle != nil {
			answered, lose = (*meddle)(w, r)
		}
		switch {
		case answered:
		case lose:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // hangs up
		default:
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	cfg.Endpoint = p.URL
	return p, cfg
}

func (p *proxy) set(meddle func(w http.ResponseWriter, r *http.Request) (answered, lose bool)) {
	p.meddle.Store(&meddle)
}

// loseNext loses the answer to the next request of this method with this in its
// path, and calls after when it was made.
func (p *proxy) loseNext(lost *int, method, path string, after func()) {
	var once sync.Once
	p.set(func(_ http.ResponseWriter, r *http.Request) (_, lose bool) {
		if r.Method != method || !strings.Contains(r.URL.Path, path) {
			return false, false
		}
		again := true
		once.Do(func() { again = false; *lost++ })
		if again && after != nil { // the SDK asks once more
			once := after
			after = nil
			once()
		}
		return false, !again
	})
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

// TestFaults needs one server for all its cases.
func TestFaults(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	for name, run := range map[string]func(*testing.T, *s3test.Server){
		"the server creates conditionally": testConditional, "a server that does not": testUnconditional, "409": testConflict,
		"lost answers to appends": testLostAppend, "lost answers to lease requests": testLostLease, "a long log": testLongLog,
		"Finish is interrupted": testFinishInterrupted, "sizes": testSizes, "other objects": testOthers, "the lock": testLock, "errors": testErrors,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, server) })
	}
}

// testConditional asks the server itself, without our code: it refuses a second
// PUT with If-None-Match, and of many at once it makes one.
func testConditional(t *testing.T, server *s3test.Server) {
	cfg, client := server.Config(t), server.Client()
	for round := range 10 {
		var made, refused atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &cfg.Bucket, Key: aws.String(fmt.Sprint("a/", round)),
					Body: strings.NewReader(fmt.Sprint(i)), IfNoneMatch: aws.String("*")})
				switch {
				case err == nil:
					made.Add(1)
				case strings.Contains(err.Error(), "StatusCode: 412"):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 || refused.Load() != 7 {
			t.Errorf("round %d: %d made, %d refused", round, made.Load(), refused.Load())
		}
	}
}

// testUnconditional: a server that knows nothing of If-None-Match keeps no lock.
func testUnconditional(t *testing.T, server *s3test.Server) {
	p, cfg := through(t, server.Config(t))
	p.set(func(_ http.ResponseWriter, r *http.Request) (bool, bool) {
		if key := strings.TrimPrefix(r.URL.Path, "/"+cfg.Bucket+"/"); r.Method == http.MethodPut {
			if _, err := server.Client().DeleteObject(context.Background(), &awss3.DeleteObjectInput{Bucket: &cfg.Bucket, Key: &key}); err != nil {
				t.Error(err)
			}
		}
		return false, false
	})
	s := open(t, cfg)
	_, err := s.TryAcquire(t.Context(), holder("r"))
	for _, err := range []error{err, s.Append(t.Context(), "log", 0, []byte("x"))} {
		if err == nil || !strings.Contains(err.Error(), "in spite of If-None-Match") {
			t.Errorf("got %v", err)
		}
	}
	if items, err := s.List(t.Context(), ""); err != nil || items != nil {
		t.Errorf("it left %v, %v", items, err)
	}
}

// testConflict: S3 answers 409 when a deletion of the same object is under way,
// and wants the request again.
func testConflict(t *testing.T, server *s3test.Server) {
	p, cfg := through(t, server.Config(t))
	s := open(t, cfg)
	left := 2
	p.set(func(w http.ResponseWriter, r *http.Request) (bool, bool) {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/log/") || left == 0 {
			return false, false
		}
		left--
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, "<Error><Code>ConditionalRequestConflict</Code></Error>")
		return true, false
	})
	if err := s.Append(t.Context(), "log", 0, []byte("x")); err != nil || left != 0 {
		t.Fatalf("%v, %d left", err, left)
	}
	wantContent(t, s, "log", "x")
}

// testLostAppend: an append whose answer was lost is made once, and is only
// reported as made when nobody wrote after it.
func testLostAppend(t *testing.T, server *s3test.Server) {
	ctx, lost := t.Context(), 0
	p, cfg := through(t, server.Config(t))
	s, other := open(t, cfg), open(t, cfg)
	p.loseNext(&lost, http.MethodPut, "/log/", nil)
	if err := s.Append(ctx, "log", 0, []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	p.loseNext(&lost, http.MethodPut, "/log/", nil)
	if err := s.Append(ctx, "log", 4, []byte("two\n")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "log", "one\ntwo\n")
	p.loseNext(&lost, http.MethodPut, "/log/", func() {
		if err := other.Append(context.Background(), "log", 14, []byte("sealed\n")); err != nil {
			t.Error(err)
		}
	})
	if err := s.Append(ctx, "log", 8, []byte("three\n")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("another wrote after it: %v", err)
	}
	wantContent(t, s, "log", "one\ntwo\nthree\nsealed\n")
	if lost != 3 {
		t.Errorf("%d answers were lost, not 3: the test tests nothing", lost)
	}
}

// testLostLease: every request about the lease may be answered into the void.
func testLostLease(t *testing.T, server *s3test.Server) {
	ctx, lost := t.Context(), 0
	p, cfg := through(t, server.Config(t))
	s := open(t, cfg)
	for round := range int64(3) {
		p.loseNext(&lost, http.MethodPut, "/lock/", nil)
		l, err := s.TryAcquire(ctx, holder("r"))
		if err != nil {
			t.Fatal(err)
		}
		if l.Token() != round+1 || l.Previous() != nil {
			t.Errorf("token %d, previous %v", l.Token(), l.Previous())
		}
		p.loseNext(&lost, http.MethodPut, "/lock/", nil)
		if err := l.Renew(ctx); err != nil {
			t.Fatal(err)
		}
		p.loseNext(&lost, http.MethodPut, "/clock", nil)
		var taken *backend.Taken
		if _, err := s.TryAcquire(ctx, holder("s")); !errors.As(err, &taken) || taken.Holder.Run != "r" {
			t.Errorf("a second one: %v", err)
		}
		p.loseNext(&lost, http.MethodPut, "/lock/", nil)
		if err := l.Release(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if lost != 12 {
		t.Errorf("%d answers were lost, not 12: the test tests nothing", lost)
	}
}

// testLongLog: a listing has 1,000 objects a page.
func testLongLog(t *testing.T, server *s3test.Server) {
	ctx, s := t.Context(), open(t, server.Config(t))
	var want bytes.Buffer
	for i := range 2100 {
		line := fmt.Appendf(nil, "%d\n", i)
		if err := s.Append(ctx, "runs/long", int64(want.Len()), line); err != nil {
			t.Fatal(err)
		}
		want.Write(line)
	}
	for _, finish := range []bool{false, true} {
		if finish {
			if err := s.Finish(ctx, "runs/long"); err != nil {
				t.Fatal(err)
			}
		}
		wantContent(t, s, "runs/long", want.String())
		items, err := s.List(ctx, "runs/")
		if diff := cmp.Diff([]backend.Item{{Name: "runs/long", Size: int64(want.Len())}}, items); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	if err := s.Append(ctx, "runs/long", int64(want.Len()), []byte("late")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("an append to a finished log: %v", err)
	}
	if err := s.Append(ctx, "runs/long", 0, []byte("late")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("a new start of a finished log: %v", err)
	}
}

// testFinishInterrupted ends Finish before each of its requests in turn.
func testFinishInterrupted(t *testing.T, server *s3test.Server) {
	p, cfg := through(t, server.Config(t))
	s := open(t, cfg)
	for end := 0; ; end++ {
		name := fmt.Sprintf("log-%d", end)
		for i := range 4 {
			if err := s.Append(t.Context(), name, int64(2*i), fmt.Appendf(nil, "%d\n", i)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var requests atomic.Int64
		p.set(func(http.ResponseWriter, *http.Request) (bool, bool) {
			if requests.Add(1) > int64(end) {
				cancel()
				panic(http.ErrAbortHandler)
			}
			return false, false
		})
		err := s.Finish(ctx, name)
		cancel()
		p.set(func(http.ResponseWriter, *http.Request) (bool, bool) { return false, false })
		wantContent(t, s, name, "0\n1\n2\n3\n")
		if items, err := s.List(t.Context(), name); err != nil || len(items) != 1 || items[0].Size != 8 {
			t.Errorf("ended before request %d: %v, %v", end, items, err)
		}
		if err == nil {
			if end < 8 {
				t.Errorf("Finish took only %d requests", end)
			}
			return
		}
		if err := s.Finish(t.Context(), name); err != nil {
			t.Errorf("once more, after request %d: %v", end, err)
		}
		wantContent(t, s, name, "0\n1\n2\n3\n")
	}
}

func testSizes(t *testing.T, server *s3test.Server) {
	ctx, s := t.Context(), open(t, server.Config(t))
	if err := s.Append(ctx, "log", 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{nil, make([]byte, backend.MaxAppend+1)} {
		if err := s.Append(ctx, "log", 1, data); err == nil || errors.Is(err, backend.ErrMoved) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
	if err := s.Append(ctx, "none", 3, []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log that does not exist: %v", err)
	}
	if err := open(t, server.Config(t)).Append(ctx, "log", 3, []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in another bucket: %v", err)
	}
	if err := s.Append(ctx, "log", 3, []byte("x")); !errors.Is(err, backend.ErrMoved) {
		t.Errorf("beyond the end: %v", err)
	}
	wantContent(t, s, "log", "x")
}

// testOthers: a bucket may hold more than ours.
func testOthers(t *testing.T, server *s3test.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	for _, key := range []string{"ours/file/.hidden", "ours/file/a b", "oursother", "other/file/x", "ours/file/runs/a", "ours/log/runs/b/1", "ours/log/runs/c/notanumber", "ours/lock/x"} {
		if _, err := server.Client().PutObject(ctx, &awss3.PutObjectInput{Bucket: &cfg.Bucket, Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Prefix = "ours"
	s := open(t, cfg)
	items, err := s.List(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]backend.Item{{Name: "runs/a", Size: 1}}, items); diff != "" {
		t.Error(diff)
	}
	l, err := s.TryAcquire(ctx, holder("r"))
	if err != nil || l.Token() != 1 {
		t.Errorf("%v, %v", l, err)
	}
}

func testLock(t *testing.T, server *s3test.Server) {
	ctx, cfg := t.Context(), server.Config(t)
	s := open(t, cfg)
	for _, ttl := range []time.Duration{0, backend.MinTTL - 1, backend.MaxTTL + 1} {
		h := holder("r")
		h.TTL = ttl
		if _, err := s.TryAcquire(ctx, h); err == nil {
			t.Errorf("a lease of %s", ttl)
		}
	}
	key := fmt.Sprintf("lock/%020d", 7)
	if _, err := server.Client().PutObject(ctx, &awss3.PutObjectInput{Bucket: &cfg.Bucket, Key: &key, Body: strings.NewReader("not ours")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.TryAcquire(ctx, holder("r")); err == nil || !strings.Contains(err.Error(), "no lease of landfall") || !strings.Contains(err.Error(), key) {
		t.Errorf("a lock that is none: %v", err)
	}
}

// testErrors: a message says what to do, in one line.
func testErrors(t *testing.T, server *s3test.Server) {
	good := server.Config(t)
	nobody := httptest.NewServer(nil)
	nobody.Close()
	p, refused := through(t, good)
	p.set(func(w http.ResponseWriter, _ *http.Request) (bool, bool) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>arn:aws:iam::1:user/x is not\nauthorized</Message></Error>")
		return true, false
	})
	p, elsewhere := through(t, good)
	p.set(func(w http.ResponseWriter, _ *http.Request) (bool, bool) {
		w.Header().Set("x-amz-bucket-region", "eu-west-1")
		w.WriteHeader(http.StatusMovedPermanently)
		fmt.Fprint(w, "<Error><Code>PermanentRedirect</Code></Error>")
		return true, false
	})
	absent := good
	absent.Bucket = "absent"
	unreachable := good
	unreachable.Endpoint = nobody.URL
	for name, c := range map[string]struct {
		cfg  s3.Config
		want []string
	}{
		"no bucket":         {absent, []string{good.Endpoint + "/absent", "404", "NoSuchBucket", "create it"}},
		"no right":          {refused, []string{"403", "AccessDenied", "s3:ListBucket"}},
		"another region":    {elsewhere, []string{`"eu-west-1"`, "set region"}},
		"nobody there":      {unreachable, []string{nobody.URL, "connection refused"}},
		"a name of no host": {s3.Config{Bucket: "landfall", Endpoint: "https://absent.invalid", Region: "x"}, []string{"absent.invalid", "cannot open it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s3.Open(t.Context(), c.cfg)
			if err == nil {
				t.Fatal("it opened")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %s", want, err)
				}
			}
			if strings.Contains(err.Error(), s3test.SecretKey) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("a credential, several lines or control characters: %q", err)
			}
		})
	}
}

// BenchmarkAppend is one line of a journal.
func BenchmarkAppend(b *testing.B) {
	s := open(b, s3test.Start(b).Config(b))
	line := fmt.Appendf(nil, "%1023s\n", "x")
	for i := 0; b.Loop(); i++ {
		if err := s.Append(b.Context(), "log", int64(i*len(line)), line); err != nil {
			b.Fatal(err)
		}
	}
}
