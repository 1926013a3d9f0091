package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/landfall-directory/landfall/planner"
)

// watch counts the attempts in a row that point at an outage. The caller holds mu.
func (l *lane) watch(result planner.Result) {
	switch {
	case outage(result):
		l.outages++
	case l.outages > 0:
		l.outages, l.down = 0, false
		close(l.back)
		l.back = make(chan struct{})
	}
}

// giveUp gives the provider up when an operation ended in an outage that has
// lasted for too many attempts. The caller holds mu.
func (l *lane) giveUp(result planner.Result) {
	if !outage(result) {
		return
	}
	l.down = true
	if l.outages < l.r.options.OutageLimit || l.stop != nil || l.r.stop != nil {
		return
	}
	l.stop = &Stop{
		Provider: l.provider, Reason: StopOutage,
		Detail: fmt.Sprintf("%d attempts in a row got no answer from %s, the last: %v; nothing more was sent there", l.outages, l.provider, result.Err),
	}
	l.r.report.Stops = append(l.r.report.Stops, *l.stop)
	l.r.emit(Event{Kind: EventStop, Stop: l.stop})
	close(l.halt)
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
	case 49: // LDAP: the connection broke, and a new one is not let in any more
		return true
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

// transient reports whether another attempt may end better. A login that was
// refused is not repeated: that would lock the account.
func transient(result planner.Result) bool {
	return outage(result) && result.Code != 49 && !errors.Is(result.Err, context.Canceled)
}
