package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/landfall-directory/landfall/planner"
)

// watch counts failures in a row that point at an outage and gives the provider
// up when there are too many. The caller holds mu.
func (l *lane) watch(result planner.Result) {
	if !outage(result) {
		l.outages = 0
		return
	}
	l.outages++
	if l.outages < l.r.options.OutageLimit || l.stop != nil || l.r.stop != nil {
		return
	}
	l.stop = &Stop{
		Provider: l.provider, Reason: StopOutage,
		Detail: fmt.Sprintf("%d operations in a row got no answer from %s, the last: %v; nothing more was sent there", l.outages, l.provider, result.Err),
	}
	l.r.report.Stops = append(l.r.report.Stops, *l.stop)
}

// outage reports whether a result says more about the connection than about the
// object.
func outage(result planner.Result) bool {
	switch result.Status {
	case planner.StatusUnknown:
		return true
	case planner.StatusFailed:
	default:
		return false
	}
	switch result.Code {
	case 51, 52, 81, 91, 200: // LDAP: busy, unavailable, server down, connect error, go-ldap's network error
		return true
	case 429, 502, 503, 504: // HTTP: throttled beyond patience, gateway, unavailable
		return true
	}
	var network net.Error
	return errors.As(result.Err, &network) ||
		errors.Is(result.Err, io.EOF) || errors.Is(result.Err, io.ErrUnexpectedEOF) ||
		errors.Is(result.Err, net.ErrClosed) || errors.Is(result.Err, context.DeadlineExceeded)
}
