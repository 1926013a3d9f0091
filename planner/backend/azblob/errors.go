package azblob

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// fail says what could not be done with which blob, why, and what to do. What the
// SDK prints of an error is left out: pages of a response, or the address with a
// SAS token in it.
func (s *Storage) fail(what, name string, err error) error {
	where := s.name(name)
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		var request *url.Error
		if errors.As(err, &request) {
			err = request.Err
		}
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return fmt.Errorf("%s: cannot %s: %w; is the name of the storage account right?", where, what, err)
		}
		return fmt.Errorf("%s: cannot %s: %w", where, what, err)
	}
	if isAbsent(err) {
		return fmt.Errorf("%s: cannot %s: %w", where, what, fs.ErrNotExist)
	}
	reason := fmt.Sprintf("Azure answers %d %q", answer.StatusCode, answer.ErrorCode)
	if answer.RawResponse != nil {
		if id := answer.RawResponse.Header.Get("x-ms-request-id"); id != "" {
			reason += fmt.Sprintf(" (request %q)", id)
		}
	}
	if hint := s.hint(answer); hint != "" {
		reason += "; " + hint
	}
	return fmt.Errorf("%s: cannot %s: %s", where, what, reason)
}

// hint is what to do about an answer of Azure.
func (s *Storage) hint(answer *azcore.ResponseError) string {
	switch bloberror.Code(answer.ErrorCode) {
	case bloberror.ContainerNotFound:
		return "the container does not exist: create it, and give those who apply the role Storage Blob Data Contributor on it"
	case bloberror.BlockCountExceedsLimit:
		return "a log has at most 50,000 parts: this one must go on in another"
	case bloberror.InvalidBlobType:
		return "a blob of another kind has this name: logs are append blobs, files are block blobs"
	case "KeyBasedAuthenticationNotPermitted":
		return "the account takes no keys: unset AZURE_STORAGE_KEY and AZURE_STORAGE_CONNECTION_STRING and sign in (az login, or a federated credential in a pipeline)"
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		const network = "; and the network rules of the account must let this machine in"
		switch s.auth {
		case bySAS:
			return "the SAS token must be of this account, not expired by the clock of this machine, and have the permissions read, add, create, write and list on the container" + network
		case byKey:
			return "the key must be one of this account that was not replaced since, and the clock of this machine be right" + network
		}
		return "who signed in needs the role Storage Blob Data Contributor on the container" + network
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "the account is busy: try again later"
	}
	return ""
}
