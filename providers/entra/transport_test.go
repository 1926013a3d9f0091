package entra

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wire is what the far end of the transport does: one step per attempt, the last
// one for all further ones.
type wire struct {
	mu     sync.Mutex
	steps  []step
	n      int
	bodies []string
	times  []time.Duration
	start  time.Time
}

type step struct {
	status     int
	retryAfter string
	body       string
	err        error
	cut        bool          // the body breaks off
	delay      time.Duration // before the answer
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	w.mu.Lock()
	s := w.steps[min(w.n, len(w.steps)-1)]
	w.n++
	w.bodies = append(w.bodies, string(body))
	w.times = append(w.times, time.Since(w.start))
	w.mu.Unlock()
	if s.delay > 0 {
		if err := sleep(req.Context(), s.delay); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	resp := &http.Response{StatusCode: s.status, Header: http.Header{}, Request: req, Body: io.NopCloser(strings.NewReader(s.body))}
	if s.retryAfter != "" {
		resp.Header.Set("Retry-After", s.retryAfter)
	}
	if s.cut {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(s.body), failing{}))
	}
	return resp, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func newWire(steps ...step) (*wire, *retrier, *[]time.Duration) {
	w := &wire{steps: steps, start: time.Now()}
	var mu sync.Mutex
	waits := []time.Duration{}
	return w, &retrier{base: w, deadline: 10 * time.Minute, progress: func(stage string, _, _ int, wait time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, wait)
	}}, &waits
}

func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = bytes.NewReader([]byte(body))
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://graph.example"+path, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}

func TestRetries(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	ok := step{status: 200, body: `{"value":[]}`}
	tests := []struct {
		name         string
		method, path string
		steps        []step
		attempts     int
		status       int // 0: an error
		least, most  time.Duration
	}{
		{"success at once", "GET", "/groups", []step{ok}, 1, 200, 0, 0},
		{"429 with seconds", "GET", "/groups", []step{{status: 429, retryAfter: "2"}, ok}, 2, 200, 2 * time.Second, 2500 * time.Millisecond},
		{"429 with a fraction", "GET", "/groups", []step{{status: 429, retryAfter: "2.128"}, ok}, 2, 200, 2128 * time.Millisecond, 2500 * time.Millisecond},
		{"429 with a small fraction", "GET", "/groups", []step{{status: 429, retryAfter: "0.249"}, ok}, 2, 200, 249 * time.Millisecond, 400 * time.Millisecond},
		{"429 without Retry-After", "GET", "/groups", []step{{status: 429}, {status: 429}, ok}, 3, 200, 1500 * time.Millisecond, 3 * time.Second},
		{"429 with nonsense", "GET", "/groups", []step{{status: 429, retryAfter: "soon"}, ok}, 2, 200, 500 * time.Millisecond, time.Second},
		{"429 with a negative number", "GET", "/groups", []step{{status: 429, retryAfter: "-5"}, ok}, 2, 200, 500 * time.Millisecond, time.Second},
		{"429 with infinity", "GET", "/groups", []step{{status: 429, retryAfter: "1e300"}, ok}, 1, 0, 0, 0},
		{"429 longer than the deadline", "GET", "/groups", []step{{status: 429, retryAfter: "601"}, ok}, 1, 0, 0, 0},
		{"PATCH after 429", "PATCH", "/groups/1", []step{{status: 429, retryAfter: "1"}, {status: 204}}, 2, 204, time.Second, 1300 * time.Millisecond},
		{"PATCH after 503", "PATCH", "/groups/1", []step{{status: 503}, {status: 204}}, 2, 204, 500 * time.Millisecond, time.Second},
		{"PATCH after 502 is not sent again", "PATCH", "/groups/1", []step{{status: 502}, {status: 204}}, 1, 502, 0, 0},
		{"PATCH after 504 is not sent again", "PATCH", "/groups/1", []step{{status: 504}, {status: 204}}, 1, 504, 0, 0},
		{"PATCH after a reset is not sent again", "PATCH", "/groups/1", []step{{err: errReset}, {status: 204}}, 1, 0, 0, 0},
		{"PATCH without a connection", "PATCH", "/groups/1", []step{{err: refused}, {status: 204}}, 2, 204, 500 * time.Millisecond, time.Second},
		{"GET after 500, 502, 504", "GET", "/groups", []step{{status: 500}, {status: 502}, {status: 504}, ok}, 4, 200, 3500 * time.Millisecond, 7 * time.Second},
		{"GET after a reset", "GET", "/groups", []step{{err: errReset}, ok}, 2, 200, 500 * time.Millisecond, time.Second},
		{"GET that broke off", "GET", "/groups", []step{{status: 200, body: `{"value":[`, cut: true}, ok}, 2, 200, 500 * time.Millisecond, time.Second},
		{"GET that always breaks off", "GET", "/groups", []step{{status: 200, body: `{"value":[`, cut: true}}, 5, 0, 7500 * time.Millisecond, 15 * time.Second},
		{"getByIds after a reset", "POST", "/directoryObjects/getByIds", []step{{err: errReset}, ok}, 2, 200, 500 * time.Millisecond, time.Second},
		{"an answer that does not come", "GET", "/groups", []step{{status: 200, delay: time.Hour}, ok}, 2, 200, 100 * time.Second, 101 * time.Second},
		{"500 to the end", "GET", "/groups", []step{{status: 500}}, 7, 500, 30 * time.Second, 64 * time.Second},
		{"404 is an answer", "GET", "/groups/1", []step{{status: 404}}, 1, 404, 0, 0},
		{"401 is an answer", "GET", "/groups/1", []step{{status: 401}}, 1, 401, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, r, waits := newWire(test.steps...)
				const body = `{"displayName":"x"}`
				sent := ""
				if test.method != "GET" {
					sent = body
				}
				resp, err := r.RoundTrip(request(t, test.method, test.path, sent))
				took := time.Since(w.start)
				status := 0
				if err == nil {
					status = resp.StatusCode
				}
				if status != test.status || w.n != test.attempts {
					t.Errorf("status %d after %d attempts (%v), want %d after %d", status, w.n, err, test.status, test.attempts)
				}
				if took < test.least || took > test.most {
					t.Errorf("took %v, want between %v and %v", took, test.least, test.most)
				}
				for i, got := range w.bodies {
					if got != sent {
						t.Errorf("attempt %d sent the body %q, want %q", i+1, got, sent)
					}
				}
				if len(*waits) != w.n-1 {
					t.Errorf("%d waits were reported between %d attempts", len(*waits), w.n)
				}
			})
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.Header{"Retry-After": {time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)}}
		if wait, ok := retryAfter(h); !ok || wait < 29*time.Second || wait > 34*time.Second {
			t.Errorf("got %v, %v; want some 30 s", wait, ok)
		}
		h.Set("Retry-After", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		if wait, ok := retryAfter(h); !ok || wait > time.Second {
			t.Errorf("a date that has passed: got %v, %v; want no wait", wait, ok)
		}
	})
}

// When one request is told to wait, the others wait, too.
func TestThrottlingHoldsBackOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r, _ := newWire(step{status: 429, retryAfter: "20"}, step{status: 200})
		var running sync.WaitGroup
		running.Go(func() { _, _ = r.RoundTrip(request(t, "GET", "/a", "")) })
		synctest.Wait()
		running.Go(func() { _, _ = r.RoundTrip(request(t, "GET", "/b", "")) })
		running.Wait()
		for i, at := range w.times[1:] {
			if at < 20*time.Second {
				t.Errorf("request %d was sent after %v, although the server asked for 20 s", i+2, at)
			}
		}
		if len(w.times) != 3 {
			t.Errorf("%d requests were sent, want 3", len(w.times))
		}
	})
}

func TestThrottledToTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r, _ := newWire(step{status: 429, retryAfter: "100"})
		_, err := r.RoundTrip(request(t, "GET", "/groups", ""))
		var busy throttled
		if !errors.As(err, &busy) {
			t.Fatalf("got %v, want throttled", err)
		}
		if took := time.Since(w.start); took > 10*time.Minute || took < 8*time.Minute {
			t.Errorf("gave up after %v, want just below 10 minutes", took)
		}
		if !strings.Contains(err.Error(), "429") || !strings.Contains(err.Error(), "deadline") {
			t.Errorf("the error does not say why: %v", err)
		}
	})
}

func TestInterruptEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, r, _ := newWire(step{status: 429, retryAfter: "100"})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(3 * time.Second) // of the bubble's clock
			cancel()
		}()
		start := time.Now()
		_, err := r.RoundTrip(request(t, "GET", "/groups", "").WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("went on for %v after the interrupt", took-3*time.Second)
		}
	})
}

func TestErrorBodies(t *testing.T) {
	tests := []struct {
		name, body, want string
	}{
		{"Graph's form", `{"error":{"code":"Request_BadRequest","message":"no","innerError":{"date":"2026-01-01T00:00:00","request-id":"r1","client-request-id":"c1"}}}`,
			`{"error":{"code":"Request_BadRequest","message":"no","innerError":{"request-id":"r1"}}}`},
		{"no inner error", `{"error":{"code":"a","message":"b"}}`, `{"error":{"code":"a","message":"b","innerError":{"request-id":""}}}`},
		{"the form of OAuth", `{"error":"invalid_token","error_description":"x"}`,
			`{"error":{"code":"","message":"the answer is not of Graph's form, something between may have sent it: {\"error\":\"invalid_token\",\"error_description\":\"x\"}","innerError":{"request-id":""}}}`},
		{"null", `{"error":null}`, `{"error":{"code":"","message":"the answer is not of Graph's form, something between may have sent it: {\"error\":null}","innerError":{"request-id":""}}}`},
		{"a proxy", `Forbidden`, `{"error":{"code":"","message":"the answer is not of Graph's form, something between may have sent it: Forbidden","innerError":{"request-id":""}}}`},
		{"nothing", ``, `{"error":{"code":"","message":"the answer is not of Graph's form, something between may have sent it: ","innerError":{"request-id":""}}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := canonicalError(&http.Response{StatusCode: 400, Header: http.Header{}}, []byte(test.body))
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChallenges(t *testing.T) {
	tests := map[string]bool{
		``: true,
		`Bearer realm="", authorization_uri="https://login.example/authorize", error="insufficient_claims", claims="eyJhIjoxfQ=="`: true,
		`Bearer realm="x"`:          true,
		`Bearer claims=abc`:         false,
		`bearer claims="abc`:        false,
		`Bearer realm="", claims=`:  false,
		`Bearer claims="a,b"`:       false,
		`Bearer  claims`:            false,
		`Negotiate, Bearer claims=`: true, // the adapter does not take it for a claim either
	}
	for challenge, want := range tests {
		if got := askableClaims(challenge); got != want {
			t.Errorf("askableClaims(%q) = %v, want %v", challenge, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	tests := map[string]string{
		"Finance":                "Finance",
		"a\x1b[2Jb\r\nc":         "a [2Jb  c",
		"x\u202Egnp.exe":         "x gnp.exe",
		"\xff\xfe":               "\uFFFD",
		strings.Repeat("é", 300): strings.Repeat("é", 250) + "…",
	}
	for in, want := range tests {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutcomeUnknown(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"refused", &failure{status: 400}, false},
		{"throttled", &failure{status: 429}, false},
		{"not available", &failure{status: 503}, false},
		{"bad gateway", &failure{status: 502}, true},
		{"reset", &failure{cause: errReset}, true},
		{"never sent", &failure{cause: notSent{errReset}}, false},
		{"interrupted", context.Canceled, true},
	}
	for _, test := range tests {
		if got := outcomeUnknown(test.err); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
