package tenant

import (
	"fmt"
	"net/http"
)

// graphError is an answer that says no.
type graphError struct {
	status  int
	code    string
	message string
	// retryAfter is the header of that name, "" for none.
	retryAfter string
}

// Error is the code and the message.
func (e *graphError) Error() string { return e.code + ": " + e.message }

func refuse(status int, code, format string, args ...any) *graphError {
	return &graphError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// badRequest is the error of the gateway, before a directory object is touched.
func badRequest(format string, args ...any) *graphError {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

// badWrite is the directory's own error for a request that it understood.
func badWrite(format string, args ...any) *graphError {
	return refuse(http.StatusBadRequest, "Request_BadRequest", format, args...)
}

// unsupported is the directory's error for a query that it does not serve.
func unsupported(format string, args ...any) *graphError {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", format, args...)
}

func notFound(id string) *graphError {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

func denied() *graphError {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func notAllowed() *graphError {
	return refuse(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

// notHere is the one answer that Graph does not give: it takes such a request,
// and the sandbox does not carry it out.
func notHere(format string, args ...any) *graphError {
	return refuse(http.StatusNotImplemented, "NotImplemented", format+" is not part of landfall's sandbox.", args...)
}

func masteredOnPremises() *graphError {
	return badWrite("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
}

func exchangeOnly() *graphError {
	return badWrite("Cannot Update a mail-enabled security groups and or distribution list.")
}

func noSegment(segment string) *graphError {
	return badRequest("Resource not found for the segment '%s'.", segment)
}

// body is Graph's error body.
func (e *graphError) body(date, requestID, clientRequestID string) []byte {
	return fmt.Appendf(nil, `{"error":{"code":%s,"message":%s,"innerError":{"date":%s,"request-id":%s,"client-request-id":%s}}}`,
		quote(e.code), quote(e.message), quote(date), quote(requestID), quote(clientRequestID))
}
