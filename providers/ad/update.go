package ad

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// update changes values by compare-and-swap: one Modify that deletes the old
// values by name and adds the new ones, so that the directory refuses it when
// somebody was faster. A list of values can have gained others, which the
// directory would not mind; it is read and compared just before.
func (w *write) update(ctx context.Context) planner.Result {
	if slices.ContainsFunc(w.op.Edits, w.isList) {
		e, err := w.c.entry(ctx, guidDN(w.op.Anchor), false, w.attributes()...)
		if r, ok := w.unreadable(e, err, "it does not exist any more"); !ok {
			return r
		}
		if found := w.differs(e); found != "" {
			return w.stale(found, nil)
		}
	}
	request := w.swap()
	if len(request.Changes) == 0 {
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	}
	err := w.c.retry(ctx, func(l *ldap.Conn) error { return l.Modify(request) })
	if err == nil {
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	}
	if _, _, answered := answer(err); !answered {
		return w.updated(ctx, err)
	}
	return w.refused(ctx, err)
}

// swap is the request: what goes by name, then what comes, for each attribute.
func (w *write) swap() *ldap.ModifyRequest {
	request := ldap.NewModifyRequest(guidDN(w.op.Anchor), nil)
	for _, e := range w.op.Edits {
		old, add := values(e, e.Before), values(e, e.After)
		if slices.Equal(old, add) {
			continue
		}
		if w.isList(e) {
			old, add = without(old, add), without(add, old)
		}
		if len(old) > 0 {
			request.Delete(e.Attribute, old)
		}
		if len(add) > 0 {
			request.Add(e.Attribute, add)
		}
	}
	return request
}

// without is list less the values of other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(other, v) })
}

// isList reports whether an edit is one of a list of values.
func (w *write) isList(e planner.Edit) bool {
	return w.attribute(e).Multi || len(e.Before) > 1 || len(e.After) > 1
}

func (w *write) attribute(e planner.Edit) planner.Attribute {
	if a, ok := w.d.config.Schema.Lookup(e.Attribute); ok {
		return a
	}
	return planner.Attribute{Name: e.Attribute}
}

// same compares the values of an attribute as sets. A single value compares as
// AD compares it, so that it agrees with the directory's own refusals; the
// values of a list compare exactly (SMTP: and smtp: are two things).
func (w *write) same(e planner.Edit, a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	attr := w.attribute(e)
	key := func(v string) string {
		switch {
		case attr.Syntax == planner.SyntaxReference || strings.EqualFold(e.Attribute, "distinguishedName"):
			return planner.DNKey(v)
		case (attr.Syntax == planner.SyntaxText && !w.isList(e)) || attr.Syntax == planner.SyntaxBool:
			return strings.ToLower(v)
		}
		return v
	}
	keys := func(list []string) []string {
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = key(v)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(keys(a), keys(b))
}

// updated learns after a lost answer which values the object has.
func (w *write) updated(ctx context.Context, lost error) planner.Result {
	e, err := w.reread(ctx, lost, guidDN(w.op.Anchor), false)
	switch {
	case err != nil || e == nil:
		return w.unknown(lost)
	case w.holds(e, after):
		return planner.Result{Status: planner.StatusDone, Anchor: w.op.Anchor}
	case w.holds(e, before):
		return w.notDone(lost)
	}
	return w.unknown(lost)
}

// refused tells a precondition that no longer holds from a value that the
// directory does not take.
func (w *write) refused(ctx context.Context, refusal error) planner.Result {
	names := make([]string, len(w.op.Edits))
	for i, e := range w.op.Edits {
		names[i] = e.Attribute
	}
	if !hasCode(refusal, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) {
		e, err := w.c.entry(ctx, guidDN(w.op.Anchor), false, w.attributes()...)
		if hasCode(err, ldap.LDAPResultNoSuchObject) {
			return w.stale("it does not exist any more", refusal)
		}
		if err == nil && e != nil {
			if found := w.differs(e); found != "" {
				return w.stale(found, refusal)
			}
		}
	}
	return w.failed(refusal, ifDenied(refusal, "the permission to write "+strings.Join(names, ", ")+" of the object"))
}
