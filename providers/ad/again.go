package ad

import (
	"context"
	"errors"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// reconnectPatience is how long a write looks for the domain controller after
// the connection broke, to learn what became of it.
const reconnectPatience = 30 * time.Second

// errEarlier stands for the lost answer of an earlier attempt.
var errEarlier = errors.New("an earlier attempt got no answer")

// sendAgain sends an operation that was tried before, if it has not happened.
// When the directory refuses it, the object is looked at once more: the earlier
// attempt may have taken effect late.
func (w *write) sendAgain(ctx context.Context) planner.Result {
	found := w.learn(ctx, errEarlier)
	if found.Status != planner.StatusFailed {
		return found
	}
	result := w.send(ctx)
	if result.Status == planner.StatusStale || result.Status == planner.StatusFailed {
		if found := w.learn(ctx, errEarlier); found.Status == planner.StatusDone {
			return found
		}
	}
	return result
}

// learn finds out whether an operation whose answer was lost has happened: done,
// failed when it has not, stale when something else did, or unknown.
func (w *write) learn(ctx context.Context, lost error) planner.Result {
	switch w.op.Verb {
	case planner.VerbCreate:
		return w.created(ctx, lost)
	case planner.VerbRestore:
		return w.movedTo(ctx, lost, true)
	case planner.VerbMove:
		return w.movedTo(ctx, lost, false)
	case planner.VerbUpdate:
		return w.updated(ctx, lost)
	case planner.VerbDelete:
		return w.removed(ctx, lost)
	}
	return w.unknown(lost)
}

// reread reads the object again after an answer was lost, on a new connection.
func (w *write) reread(ctx context.Context, lost error, dn string, deleted bool) (*ldap.Entry, error) {
	if lost != nil {
		if err := w.reconnect(ctx); err != nil {
			return nil, err
		}
	}
	return w.c.entry(ctx, dn, deleted, w.attributes("isDeleted")...)
}

// reconnect takes a new connection, with some patience.
func (w *write) reconnect(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, reconnectPatience, errTimeout)
	defer cancel()
	pause := w.d.config.pause
	for wait := pause; wait <= 16*pause; wait *= 2 {
		var c *conn
		if c, err = w.d.writer.get(ctx); err == nil {
			w.c = c
			return nil
		}
		w.d.config.Progress("connecting to the domain controller again", 0, 0, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}
