package tenant

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxBody is the size of a request body that is read, decompressed.
const maxBody = 4 << 20

// request is one request, alone or out of a batch.
type request struct {
	method  string
	beta    bool
	root    string   // "https://127.0.0.1:1234/v1.0", for links
	path    string   // below root as it was sent, with a leading slash
	segment []string // of path, decoded, without the tenant id
	query   *query
	header  http.Header
	body    []byte
	batched bool
	fault   *Fault // what goes wrong with a page, may be nil
}

// response is the answer to a request.
type response struct {
	status      int
	contentType string // "" is JSON
	body        []byte
	cost        int // resource units
}

const jsonContent = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// exchange is one HTTP request on its way to an answer.
type exchange struct {
	w               http.ResponseWriter
	r               *http.Request
	now             time.Time
	requestID       string
	clientRequestID string
	cutAfter        int // bytes of the body after which the connection breaks
}

// handle serves one HTTP request.
func (t *Tenant) handle(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: w, r: r, now: time.Now().UTC(), requestID: newGUID()}
	x.clientRequestID = r.Header.Get("client-request-id")
	if !isGUID(x.clientRequestID) {
		x.clientRequestID = x.requestID
	}
	h := w.Header()
	h.Set("request-id", x.requestID)
	h.Set("client-request-id", x.clientRequestID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"landfall sandbox","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"loopback"}}`)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	fault := t.faults.next(t.opts.Faults, r)
	if fault != nil && fault.before(x) {
		return
	}
	answer, err := t.serve(x, fault)
	if err != nil {
		x.fail(err)
		return
	}
	if fault != nil && fault.CutAfter > 0 {
		x.cutAfter = fault.CutAfter
	}
	x.send(answer)
}

// serve authorizes, reads and answers.
func (t *Tenant) serve(x *exchange, fault *Fault) (*response, error) {
	if err := t.authorize(x.r.Header); err != nil {
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`)
		return nil, err
	}
	body, err := readBody(x.r)
	if err != nil {
		return nil, err
	}
	q, err := t.newRequest(x.r.Method, "https://"+x.r.Host, x.r.URL, x.r.Header, body)
	if err != nil {
		return nil, err
	}
	q.fault = fault
	return t.answer(q)
}

// readBody reads a request body, decompressed.
func readBody(r *http.Request) ([]byte, error) {
	var source io.Reader = r.Body
	switch encoding := r.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
	case strings.EqualFold(encoding, "gzip"):
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, badRequest("The request body is not compressed as its header Content-Encoding says: %v.", err)
		}
		source = z
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Content-Encoding %s is not supported.", encoding)
	}
	data, err := io.ReadAll(io.LimitReader(source, maxBody+1))
	switch {
	case err != nil:
		return nil, badRequest("The request body could not be read: %v.", err)
	case len(data) > maxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxBody)
	}
	return data, nil
}

// newRequest reads the address of a request.
func (t *Tenant) newRequest(method, origin string, u *url.URL, header http.Header, body []byte) (*request, error) {
	escaped := strings.TrimPrefix(u.EscapedPath(), "/")
	version, rest, _ := strings.Cut(escaped, "/")
	r := &request{method: method, header: header, body: body, root: origin + "/" + version, path: "/" + rest}
	switch version {
	case "v1.0":
	case "beta":
		r.beta = true
	default:
		return nil, badRequest("Invalid version: %s", version)
	}
	for s := range strings.SplitSeq(rest, "/") {
		s, err := url.PathUnescape(s)
		if err != nil {
			return nil, badRequest("The path has an invalid escape sequence.")
		}
		if s != "" {
			r.segment = append(r.segment, splitKey(s)...)
		}
	}
	if len(r.segment) > 0 && (strings.EqualFold(r.segment[0], t.opts.TenantID) || r.segment[0] == "myorganization") {
		r.segment = r.segment[1:]
	}
	var err error
	r.query, err = parseQuery(u.RawQuery, r)
	return r, err
}

// splitKey turns groups('id') into groups and id, and delta() into delta.
func splitKey(segment string) []string {
	name, key, ok := strings.Cut(segment, "(")
	if !ok || !strings.HasSuffix(key, ")") {
		return []string{segment}
	}
	key = strings.Trim(strings.TrimSuffix(key, ")"), "'")
	if key == "" {
		return []string{name}
	}
	return []string{name, key}
}

// fail answers with Graph's error body.
func (x *exchange) fail(err error) {
	var no *graphError
	if !errors.As(err, &no) {
		no = refuse(http.StatusInternalServerError, "InternalServerError", "%v", err)
	}
	if no.retryAfter != "" {
		x.w.Header().Set("Retry-After", no.retryAfter)
	}
	x.send(&response{status: no.status, contentType: "application/json",
		body: no.body(x.now.Format("2006-01-02T15:04:05"), x.requestID, x.clientRequestID)})
}

var gzipWriters = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

// minGzip is the size from which compressing pays.
const minGzip = 1400

// send writes an answer.
func (x *exchange) send(a *response) {
	h := x.w.Header()
	if a.cost > 0 {
		h.Set("x-ms-resource-unit", fmt.Sprint(a.cost))
	}
	if len(a.body) == 0 {
		x.w.WriteHeader(a.status)
		return
	}
	h.Set("Content-Type", a.contentType)
	if a.contentType == "" {
		h.Set("Content-Type", jsonContent)
		h.Set("OData-Version", "4.0")
	}
	body := a.body
	if len(body) >= minGzip && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z := gzipWriters.Get().(*gzip.Writer)
		z.Reset(&b)
		_, _ = z.Write(body) // a buffer does not fail
		_ = z.Close()
		gzipWriters.Put(z)
		h.Set("Content-Encoding", "gzip")
		body = b.Bytes()
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	x.w.WriteHeader(a.status)
	if x.cutAfter > 0 && x.cutAfter < len(body) {
		_, _ = x.w.Write(body[:x.cutAfter])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = x.w.Write(body) // the client may be gone
}

// newGUID makes a random id.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
