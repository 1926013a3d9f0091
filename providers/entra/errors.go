package entra

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/landfall-directory/landfall/planner"
)

// operation is what a request is for, as its errors say.
type operation struct {
	doing string // "read the members of group …"
	// permission is the least privileged application permission that suffices.
	permission string
}

// failure is an answer of Graph that is an error, or no answer.
type failure struct {
	operation
	status    int // 0: no answer
	code      string
	message   string
	requestID string
	advice    string
	cause     error
}

func (f *failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot %s", f.doing)
	switch {
	case f.status != 0:
		fmt.Fprintf(&b, ": Microsoft Graph answered %d %s", f.status, http.StatusText(f.status))
		if f.code != "" {
			fmt.Fprintf(&b, ", %s", f.code)
		}
		if f.message != "" {
			fmt.Fprintf(&b, ": %s", f.message)
		}
		if f.requestID != "" {
			fmt.Fprintf(&b, " (request-id %s)", f.requestID)
		}
	default:
		fmt.Fprintf(&b, ": %v", f.cause)
	}
	if f.advice != "" {
		fmt.Fprintf(&b, "\n%s", f.advice)
	}
	return b.String()
}

// Unwrap gives planner.ErrPermission for refusals, so that callers can tell.
func (f *failure) Unwrap() error {
	if f.status == http.StatusForbidden {
		return planner.ErrPermission
	}
	return f.cause
}

// explain turns an error of the adapter into one that says what was being done
// and what to do.
func (d *Directory) explain(err error, op operation) error {
	var graph *odataerrors.ODataError
	var busy throttled
	switch {
	case errors.As(err, &graph):
		return d.explainAnswer(graph, op)
	case errors.As(err, &busy):
		return &failure{operation: op, status: busy.status, message: busy.Error(), requestID: plain(busy.requestID), cause: err,
			advice: "Something else uses the tenant's quota, or too much is read at once: run with a lower -parallelism, or later."}
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped while trying to %s: %w", op.doing, context.Canceled)
	}
	f := &failure{operation: op, cause: err}
	var address *url.Error
	if errors.As(err, &address) {
		f.cause = address.Err
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		f.advice = "The server's certificate is not trusted: a proxy that inspects TLS needs its CA in the system's store; a sandbox or an emulator needs ca_file."
	} else if dialFailed(err) {
		f.advice = "The endpoint is unreachable from here: check the network, the proxy (HTTPS_PROXY) and the firewall."
	}
	return f
}

func (d *Directory) explainAnswer(graph *odataerrors.ODataError, op operation) error {
	f := &failure{operation: op, status: graph.GetStatusCode(), cause: graph}
	if main := graph.GetErrorEscaped(); main != nil {
		f.code, f.message = plain(deref(main.GetCode())), plain(deref(main.GetMessage()))
		if inner := main.GetInnerError(); inner != nil {
			f.requestID = plain(deref(inner.GetRequestId()))
		}
	}
	who := d.tokens.identity()
	switch f.status {
	case http.StatusForbidden:
		f.advice = grant(op.permission, who)
	case http.StatusUnauthorized:
		f.advice = "The access token was refused: it has expired, was revoked, or a conditional access policy asks for more. Sign in again; check this machine's clock."
	}
	return f
}

// grant says which permission is missing and how to give it.
func grant(permission string, who identity) string {
	var b strings.Builder
	fmt.Fprintf(&b, "It needs the Microsoft Graph application permission %s: in the Entra admin center under App registrations, open the application", permission)
	if who.application != "" {
		fmt.Fprintf(&b, " %s", plain(who.application))
	}
	b.WriteString(", API permissions, Add a permission, Microsoft Graph, Application permissions, and then Grant admin consent.")
	if who.listsPermissions() {
		have := slices.Clone(who.permissions)
		slices.Sort(have)
		fmt.Fprintf(&b, " This token carries %s.", plain(strings.Join(have, ", ")))
	}
	return b.String()
}

// absent reports whether Graph itself said that the object does not exist. A 404
// of anything else, such as a proxy, proves nothing.
func absent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.status == http.StatusNotFound && f.code == "Request_ResourceNotFound"
}

func forbidden(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.status == http.StatusForbidden
}

// outcomeUnknown reports whether a write that ended with err may have happened.
func outcomeUnknown(err error) bool {
	var f *failure
	var unsent notSent
	switch {
	case errors.As(err, &unsent):
		return false
	case errors.As(err, &f) && f.status != 0:
		return f.status >= 500 && f.status != http.StatusServiceUnavailable
	}
	return true
}

// canonicalError is the body of an error answer in the form of Graph's error
// messages, with nothing in it but what is shown. The SDK panics or loses the
// status over some of the other forms that proxies and gateways send.
func canonicalError(resp *http.Response, body []byte) []byte {
	var sent struct {
		Error *struct {
			Code       string
			Message    string
			InnerError struct {
				RequestID string `json:"request-id"`
			}
		}
	}
	type inner struct {
		RequestID string `json:"request-id"`
	}
	type main struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		InnerError inner  `json:"innerError"`
	}
	var out struct {
		Error main `json:"error"`
	}
	if json.Unmarshal(body, &sent) == nil && sent.Error != nil {
		out.Error = main{sent.Error.Code, sent.Error.Message, inner{sent.Error.InnerError.RequestID}}
	} else {
		out.Error.Message = "the answer is not of Graph's form, something between may have sent it: " + string(body[:min(len(body), 200)])
	}
	if id := resp.Header.Get("request-id"); id != "" {
		out.Error.InnerError.RequestID = id
	}
	resp.Header.Set("Content-Type", "application/json")
	if !askableClaims(resp.Header.Get("WWW-Authenticate")) {
		resp.Header.Del("WWW-Authenticate")
	}
	canonical, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return canonical
}

// askableClaims reports whether the adapter can read the challenge: it takes the
// quoted text of the parameter claims without looking whether there is one.
func askableClaims(challenge string) bool {
	if len(challenge) > 6 && strings.EqualFold(challenge[:6], "bearer") {
		challenge = challenge[6:]
	}
	for parameter := range strings.SplitSeq(challenge, ",") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(parameter), "claims")
		if ok && strings.Count(rest, `"`) < 2 {
			return false
		}
	}
	return true
}

// plain makes text from outside fit for one line of a message.
func plain(s string) string {
	const most = 500
	cleaned := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(cleaned) > most {
		end := most
		for !utf8.RuneStart(cleaned[end]) {
			end--
		}
		cleaned = cleaned[:end] + "…"
	}
	return cleaned
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
