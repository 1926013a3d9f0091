package entra

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

const (
	// attemptTimeout bounds one attempt, with the reading of its answer. It does
	// not cover waits between attempts.
	attemptTimeout = 100 * time.Second
	// maxAnswer bounds one answer in memory; pages of Graph are below 10 MiB.
	maxAnswer = 256 << 20

	networkAttempts = 5 // waits 1, 2, 4, 8 s
	serverAttempts  = 7 // waits 1, 2, 4, … 32 s
)

// retrier sends a request until it is answered, as far as it may be sent again:
//
//   - 429 and 503 mean "not done, later": any request, until the deadline;
//   - 500, 502, 504 and a broken connection leave open whether it was done: only
//     requests that read;
//   - a connection that could not be made: any request.
//
// An answer is read whole before it is passed on. So an answer that breaks off
// is an attempt that failed, and no connection is left half read.
type retrier struct {
	base     http.RoundTripper
	deadline time.Duration
	progress planner.Progress

	mu   sync.Mutex
	gate time.Time // the server asked that no request be sent before
	last peer      // of the last answer
}

// peer is what an answer shows of the connection.
type peer struct {
	host string
	tls  *tls.ConnectionState
}

// notSent marks errors of requests that never reached the server.
type notSent struct{ error }

func (e notSent) Unwrap() error { return e.error }

func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, notSent{err}
	}
	start := time.Now()
	ctx, cancel := context.WithDeadline(req.Context(), start.Add(r.deadline))
	defer cancel()
	for n := 1; ; n++ {
		if err := r.passGate(ctx); err != nil {
			return nil, r.gaveUp(req, start, n, notSent{err})
		}
		resp, err := r.attempt(ctx, req, body)
		wait, again := verdict(req, n, resp, err)
		if !again || req.Context().Err() != nil {
			if err != nil {
				return nil, r.gaveUp(req, start, n, err)
			}
			return resp, nil
		}
		if time.Since(start)+wait > r.deadline {
			if err != nil {
				return nil, r.gaveUp(req, start, n, err)
			}
			return nil, throttled{status: resp.StatusCode, attempts: n, waited: time.Since(start), more: wait, requestID: resp.Header.Get("request-id")}
		}
		if throttling(resp) {
			r.closeGate(time.Now().Add(wait))
		}
		r.progress("waiting for Microsoft Graph", 0, 0, wait)
		if err := sleep(ctx, wait); err != nil {
			return nil, r.gaveUp(req, start, n, err)
		}
	}
}

// attempt sends the request once and reads the whole answer.
func (r *retrier) attempt(ctx context.Context, req *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	again := req.Clone(ctx)
	again.Body, again.ContentLength, again.GetBody = nil, 0, nil
	if len(body) > 0 {
		again.ContentLength = int64(len(body))
		again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		again.Body, _ = again.GetBody()
	}
	resp, err := r.base.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	r.mu.Lock()
	r.last = peer{req.URL.Scheme + "://" + req.URL.Host, resp.TLS}
	r.mu.Unlock()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(answer), err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if resp.StatusCode >= 400 {
		answer = canonicalError(resp, answer)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(answer)), int64(len(answer))
	return resp, nil
}

// verdict says whether to send a request again after its nth attempt, and after
// what wait.
func verdict(req *http.Request, n int, resp *http.Response, err error) (wait time.Duration, again bool) {
	reads := req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "/getByIds")
	if err != nil {
		if !transient(err) || (!reads && !dialFailed(err)) {
			return 0, false
		}
		return backoff(n), n < networkAttempts
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		if wait, ok := retryAfter(resp.Header); ok {
			return wait, true
		}
		return backoff(n), true
	case http.StatusServiceUnavailable:
		if wait, ok := retryAfter(resp.Header); ok {
			return wait, true
		}
		return backoff(n), n < serverAttempts
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return backoff(n), reads && n < serverAttempts
	}
	return 0, false
}

func throttling(resp *http.Response) bool {
	return resp != nil && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable)
}

// retryAfter is how long the server asks to wait: seconds, also fractions of
// them, or a date. It is rounded up, and a little is added so that requests that
// were turned away together do not come back together.
func retryAfter(h http.Header) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
		wait = time.Duration(math.Ceil(min(seconds, 86400)*1000)) * time.Millisecond
	} else if date, err := http.ParseTime(text); err == nil {
		wait = max(time.Until(date), 0)
	} else {
		return 0, false
	}
	return wait + rand.N(wait/10+50*time.Millisecond), true
}

// backoff is the wait after the nth attempt when the server names none: 1, 2, 4,
// … 32 seconds, of which the upper half is random.
func backoff(n int) time.Duration {
	d := time.Second << min(n-1, 5)
	return d/2 + rand.N(d/2)
}

// passGate waits until the server takes requests again.
func (r *retrier) passGate(ctx context.Context) error {
	for {
		r.mu.Lock()
		wait := time.Until(r.gate)
		r.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (r *retrier) closeGate(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(r.gate) {
		r.gate = until
	}
}

func (r *retrier) gaveUp(req *http.Request, start time.Time, attempts int, err error) error {
	if req.Context().Err() != nil {
		return context.Cause(req.Context())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && time.Since(start) >= r.deadline:
		err = fmt.Errorf("no answer within the deadline of one request, which is %s: %w", r.deadline, err)
	case dialFailed(err):
		err = notSent{err}
	}
	if attempts == 1 {
		return err
	}
	return fmt.Errorf("gave up after %d attempts in %s: %w", attempts, time.Since(start).Round(time.Millisecond), err)
}

// throttled is the error of a request that the server kept turning away.
type throttled struct {
	status, attempts int
	waited, more     time.Duration
	requestID        string
}

func (t throttled) Error() string {
	return fmt.Sprintf("HTTP %d %s after %d attempts in %s, and another %s to wait, which is past the deadline of one request",
		t.status, http.StatusText(t.status), t.attempts, t.waited.Round(time.Second), t.more.Round(time.Second))
}

// transient reports whether another attempt may end better. A certificate that
// is not trusted stays so.
func transient(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		hostname     x509.HostnameError
		record       tls.RecordHeaderError
	)
	return !errors.As(err, &verification) && !errors.As(err, &unknown) && !errors.As(err, &invalid) &&
		!errors.As(err, &hostname) && !errors.As(err, &record) && !errors.Is(err, context.Canceled)
}

func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
