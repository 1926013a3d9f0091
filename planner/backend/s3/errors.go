package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// statusOf is the HTTP status of an error of the SDK, 0 if the server did not answer.
func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// fail says what could not be done with which object, why, and what to do. A
// message of the server is cut to its code: what else it writes is its own.
func (b *bucket) fail(what, key string, err error) error {
	where := b.where() + key
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.HTTPStatusCode() == 0 {
		var request *url.Error
		if errors.As(err, &request) {
			err = request.Err
		}
		return fmt.Errorf("%s: cannot %s: %w%s", where, what, oneLine{err}, networkHint(err))
	}
	code := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	status := answer.HTTPStatusCode()
	if status == http.StatusNotFound && code != "NoSuchBucket" {
		return fmt.Errorf("%s: cannot %s: %w", where, what, fs.ErrNotExist)
	}
	reason := fmt.Sprintf("the server answers %d", status)
	if code != "" {
		reason += fmt.Sprintf(" %q", code)
	}
	if id := answer.ServiceRequestID(); id != "" {
		reason += fmt.Sprintf(" (request %q)", id)
	}
	region := ""
	if answer.Response != nil {
		region = answer.Response.Header.Get("x-amz-bucket-region")
	}
	if hint := hint(status, code, region); hint != "" {
		reason += "; " + hint
	}
	return fmt.Errorf("%s: cannot %s: %s", where, what, reason)
}

// oneLine shows an error without its line breaks.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }
func (e oneLine) Unwrap() error { return e.error }

func networkHint(err error) string {
	var dns *net.DNSError
	switch text := err.Error(); {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "; are the region and the endpoint right?"
	case strings.Contains(text, "credentials"), strings.Contains(text, "get identity"):
		return "; sign in (AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role that the pipeline's web identity may assume)"
	}
	return ""
}

// hint is what to do about an answer of the server.
func hint(status int, code, region string) string {
	switch code {
	case "NoSuchBucket":
		return "the bucket does not exist: create it"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken":
		return "the credentials are not those of this server, or not valid any more: sign in again"
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong"
	case "NotImplemented":
		return "it lacks what landfall needs: conditional writes (If-None-Match)"
	case "EntityTooLarge":
		return "one object holds at most 5 GB"
	}
	switch status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		if region != "" {
			return fmt.Sprintf("the bucket is in the region %q: set region in the backend block", region)
		}
	case http.StatusForbidden, http.StatusUnauthorized:
		return "who signed in needs s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "the server is busy: try again later"
	}
	return ""
}
