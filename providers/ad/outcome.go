package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

func (w *write) doing() string { return string(w.op.Verb) + " " + w.op.ObjectType }

// failed is an operation that did not happen. hint may be "".
func (w *write) failed(err error, hint string) planner.Result {
	code, _, _ := answer(err)
	return planner.Result{Status: planner.StatusFailed, Code: int(code), Err: w.d.fault(w.doing(), w.name, err, hint)}
}

// ifDenied is the hint that names a permission, where that is what is missing.
func ifDenied(err error, permission string) string {
	if !hasCode(err, ldap.LDAPResultInsufficientAccessRights) {
		return ""
	}
	return "Missing: " + permission
}

// stale is an operation whose precondition no longer holds. refusal is the
// server's answer, if one was asked for.
func (w *write) stale(found string, refusal error) planner.Result {
	code, message, _ := answer(refusal)
	f := &fault{doing: w.doing(), object: w.name, message: found, cause: refusal,
		hint: "The directory changed since the plan was made, and nothing was written: plan again"}
	if code != 0 {
		f.message += fmt.Sprintf(" (LDAP %d %s: %s)", code, codeName(code), message)
	}
	return planner.Result{Status: planner.StatusStale, Code: int(code), Err: f}
}

// unknown is an operation of which nobody knows whether it happened.
func (w *write) unknown(lost error) planner.Result {
	return planner.Result{Status: planner.StatusUnknown, Err: newFault(w.doing(), w.name, lost,
		"The answer was lost and the object could not be read again, so nobody knows whether it happened: plan again")}
}

// notDone is an operation whose answer was lost and that has not happened. After
// a timeout it still may.
func (w *write) notDone(lost error) planner.Result {
	if errors.Is(lost, context.DeadlineExceeded) {
		return planner.Result{Status: planner.StatusUnknown, Err: newFault(w.doing(), w.name, lost,
			"It has not happened so far, and the server may still be at it: plan again")}
	}
	return planner.Result{Status: planner.StatusFailed, Err: newFault(w.doing(), w.name, lost,
		"The connection broke and nothing was written: run again")}
}

func orError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// side is one side of an edit.
type side func(planner.Edit) []planner.Datum

func before(e planner.Edit) []planner.Datum { return e.Before }
func after(e planner.Edit) []planner.Datum  { return e.After }

// holds reports whether the entry has the values of one side of every edit.
func (w *write) holds(e *ldap.Entry, of side) bool {
	return !slices.ContainsFunc(w.op.Edits, func(edit planner.Edit) bool {
		return !w.same(edit, e.GetEqualFoldAttributeValues(edit.Attribute), values(edit, of(edit)))
	})
}

// differs says which attribute does not have its before-values; "" when all do.
func (w *write) differs(e *ldap.Entry) string {
	for _, edit := range w.op.Edits {
		now, old := e.GetEqualFoldAttributeValues(edit.Attribute), values(edit, edit.Before)
		if !w.same(edit, now, old) {
			return fmt.Sprintf("%s was %s in the plan, should become %s, and is %s now",
				edit.Attribute, shown(edit, old), shown(edit, values(edit, edit.After)), shown(edit, now))
		}
	}
	return ""
}

// shown writes values for people, unless they are not for people.
func shown(e planner.Edit, v []string) string {
	for _, data := range [][]planner.Datum{e.Before, e.After} {
		for _, datum := range data {
			if datum.Hash != "" {
				return "(redacted)"
			}
		}
	}
	switch {
	case len(v) == 0:
		return "(none)"
	case e.Encoding == "base64":
		return "other octets"
	case len(v) > 4:
		return fmt.Sprintf("%d values", len(v))
	}
	quoted := make([]string, len(v))
	for i := range v {
		quoted[i] = `"` + v[i] + `"`
	}
	return strings.Join(quoted, ", ")
}
