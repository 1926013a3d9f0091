package tenant

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Limits of Graph.
const (
	maxBatch = 20
	maxIDs   = 1000
)

// batchItem is one request of a batch.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// batchAnswer is one response of a batch.
type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// batch answers POST /$batch.
func (t *Tenant) batch(r *request) (*response, error) {
	if r.batched {
		return nil, badRequest("Invalid batch payload format: a batch cannot be nested.")
	}
	if r.method != http.MethodPost {
		return nil, notAllowed()
	}
	var payload struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(r.body, &payload); err != nil {
		return nil, badRequest("Invalid batch payload format.")
	}
	if err := checkBatch(payload.Requests); err != nil {
		return nil, err
	}
	answers := make([]batchAnswer, 0, len(payload.Requests))
	status := map[string]int{}
	for _, item := range payload.Requests {
		a := t.batchOne(r, item, status)
		status[item.ID] = a.Status
		answers = append(answers, a)
	}
	body, err := json.Marshal(map[string][]batchAnswer{"responses": answers})
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	return &response{status: http.StatusOK, contentType: "application/json", body: body}, nil
}

// checkBatch refuses a batch as a whole.
func checkBatch(items []batchItem) error {
	if len(items) == 0 {
		return badRequest("Invalid batch payload format.")
	}
	if len(items) > maxBatch {
		return badRequest("Number of batch request steps exceeds the maximum value of %d.", maxBatch)
	}
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item.ID == "" || item.Method == "" || item.URL == "":
			return badRequest("Invalid batch payload format: each request must have an id, a method and a url.")
		case seen[item.ID]:
			return badRequest("Request Id has to be unique in a batch: '%s' is there twice.", describe(item.ID))
		case !strings.HasPrefix(item.URL, "/") && strings.Contains(item.URL, "://"):
			return badRequest("Invalid batch payload format: the url of request '%s' must be relative.", describe(item.ID))
		}
		for _, id := range item.DependsOn {
			if !seen[id] {
				return badRequest("Invalid batch payload format: request '%s' depends on '%s', which does not stand before it.", describe(item.ID), describe(id))
			}
		}
		seen[item.ID] = true
	}
	return nil
}

// batchOne answers one request of a batch; status has the ones before it.
func (t *Tenant) batchOne(outer *request, item batchItem, status map[string]int) batchAnswer {
	requestID := newGUID()
	a, err := func() (*response, error) {
		if slices.ContainsFunc(item.DependsOn, func(id string) bool { return status[id] >= 400 }) {
			return nil, refuse(http.StatusFailedDependency, "FailedDependency", "The request depends on one that failed.")
		}
		fault := t.faults.nextItem(t.opts.Faults, item.Method, item.URL)
		if fault != nil {
			return nil, fault
		}
		q, err := t.innerRequest(outer, item)
		if err != nil {
			return nil, err
		}
		return t.answer(q)
	}()
	headers := map[string]string{"Cache-Control": "no-cache", "request-id": requestID}
	if err != nil {
		var no *graphError
		if !errors.As(err, &no) {
			no = refuse(http.StatusInternalServerError, "InternalServerError", "%v", err)
		}
		if no.retryAfter != "" {
			headers["Retry-After"] = no.retryAfter
		}
		headers["Content-Type"] = "application/json"
		return batchAnswer{ID: item.ID, Status: no.status, Headers: headers,
			Body: no.body(time.Now().UTC().Format("2006-01-02T15:04:05"), requestID, requestID)}
	}
	headers["x-ms-resource-unit"] = fmt.Sprint(a.cost)
	out := batchAnswer{ID: item.ID, Status: a.status, Headers: headers}
	switch {
	case len(a.body) == 0:
	case a.contentType == "":
		headers["Content-Type"], out.Body = jsonContent, a.body
	default:
		headers["Content-Type"] = a.contentType
		out.Body = json.RawMessage(quote(base64.StdEncoding.EncodeToString(a.body)))
	}
	return out
}

// innerRequest turns an item of a batch into a request.
func (t *Tenant) innerRequest(outer *request, item batchItem) (*request, error) {
	u, err := url.Parse(outer.root + "/" + strings.TrimPrefix(item.URL, "/"))
	if err != nil {
		return nil, badRequest("Invalid batch payload format: the url of request '%s' cannot be read.", describe(item.ID))
	}
	header := http.Header{}
	for name, text := range item.Headers {
		header.Set(name, text)
	}
	origin := outer.root[:strings.LastIndexByte(outer.root, '/')]
	q, err := t.newRequest(strings.ToUpper(item.Method), origin, u, header, item.Body)
	if err != nil {
		return nil, err
	}
	q.batched = true
	return q, nil
}

// getByIDs answers POST /directoryObjects/getByIds. Ids that no object has, or
// that are of another type, are left out silently.
func (t *Tenant) getByIDs(r *request) (*response, error) {
	if name := r.segment[1]; name != "getByIds" && name != "microsoft.graph.getByIds" {
		return nil, noSegment(name)
	}
	var payload struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := json.Unmarshal(r.body, &payload); err != nil {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	if len(payload.IDs) == 0 || len(payload.IDs) > maxIDs {
		return nil, badWrite("Collection 'ids' must have between 1 and %d items, it has %d.", maxIDs, len(payload.IDs))
	}
	wanted, err := wantedKinds(payload.Types)
	if err != nil {
		return nil, err
	}
	c := &collection{kinds: allKinds, set: "directoryObjects", relationship: true, cost: 3}
	seen := map[string]bool{}
	for _, id := range payload.IDs {
		id = strings.ToLower(id)
		if !isGUID(id) {
			return nil, badWrite("Invalid GUID:%s", describe(id))
		}
		if o := t.find(id); o != nil && wanted[o.kind] && !seen[id] {
			c.items = append(c.items, t.byID[id])
		}
		seen[id] = true
	}
	r.query.top = maxIDs
	return t.list(r, c)
}

// wantedKinds reads the types of getByIds; none means all.
func wantedKinds(types []string) (wanted [kindCount]bool, err error) {
	for _, name := range types {
		known := false
		for _, k := range allKinds {
			if name == entities[k].name || name == "directoryObject" {
				wanted[k], known = true, true
			}
		}
		if !known && !slices.Contains([]string{"administrativeUnit", "application", "directoryRole"}, name) {
			return wanted, badWrite("Invalid value '%s' specified for the collection 'types'.", describe(name))
		}
	}
	if len(types) == 0 {
		for i := range wanted {
			wanted[i] = true
		}
	}
	return wanted, nil
}
