package tenant

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Fault makes requests go wrong on purpose. The first fault whose turn it is
// for a request happens to it.
type Fault struct {
	// Method and Path choose the requests: Path is a part of the path with its
	// query ("/members", "/$batch"). Empty is any.
	Method, Path string
	// Every chooses the Nth, 2Nth, … of them; 0 is every one.
	Every int
	// Times ends the fault after it happened so often; 0 is never.
	Times int
	// Items makes the fault happen to the requests inside of batches, not to
	// requests by themselves.
	Items bool

	// Status answers with that status code instead of the result (429, 503,
	// 504, 401, …).
	Status int
	// RetryAfter is sent with Status, as it stands: "2", "0.249", "" for none.
	RetryAfter string
	// CutAfter breaks the connection after that many bytes of the body; -1
	// before the answer begins. 0 is off.
	CutAfter int
	// Delay is waited before the answer.
	Delay time.Duration
	// LoopLink makes the nextLink of a page point to the page itself.
	LoopLink bool
	// DropLink leaves the nextLink out of a page, although more is there.
	DropLink bool
}

// faultCounters count the requests that faults may happen to.
type faultCounters struct {
	mu     sync.Mutex
	seen   map[int]int
	struck map[int]int
}

// next returns the fault that happens to a request, nil if none does.
func (c *faultCounters) next(faults []Fault, r *http.Request) *Fault {
	return c.turn(faults, false, r.Method, r.URL.RequestURI())
}

// nextItem is next for a request inside of a batch.
func (c *faultCounters) nextItem(faults []Fault, method, url string) *graphError {
	f := c.turn(faults, true, method, url)
	if f == nil || f.Status == 0 {
		return nil
	}
	return f.refusal()
}

func (c *faultCounters) turn(faults []Fault, items bool, method, target string) *Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen, c.struck = map[int]int{}, map[int]int{}
	}
	var chosen *Fault
	for i := range faults {
		f := &faults[i]
		if f.Items != items || (f.Method != "" && !strings.EqualFold(f.Method, method)) || !strings.Contains(target, f.Path) {
			continue
		}
		c.seen[i]++
		if chosen != nil || (f.Every > 0 && c.seen[i]%f.Every != 0) || (f.Times > 0 && c.struck[i] >= f.Times) {
			continue
		}
		c.struck[i]++
		chosen = f
	}
	return chosen
}

// refusal is the error of a fault with a status.
func (f *Fault) refusal() *graphError {
	code, message := "generalException", http.StatusText(f.Status)
	switch f.Status {
	case http.StatusTooManyRequests:
		code, message = "TooManyRequests", "Too many requests. Please retry later."
	case http.StatusServiceUnavailable:
		code, message = "serviceNotAvailable", "The service is temporarily unavailable. Please try again."
	case http.StatusGatewayTimeout:
		code, message = "timeout", "The gateway timed out."
	case http.StatusUnauthorized:
		code, message = "InvalidAuthenticationToken", "Access token has expired or is not yet valid."
	case http.StatusForbidden:
		return denied()
	}
	no := refuse(f.Status, code, "%s", message)
	no.retryAfter = f.RetryAfter
	return no
}

// before is what a fault does instead of an answer; it reports whether the
// exchange is over.
func (f *Fault) before(x *exchange) bool {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.r.Context().Done():
		}
	}
	if f.CutAfter < 0 {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return false
	}
	x.fail(f.refusal())
	return true
}
