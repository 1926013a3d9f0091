package ad

import (
	"context"
	"errors"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// memberBatch is how many values go into one Modify.
const memberBatch = 1000

// memberValue is one value to add or to remove.
type memberValue struct {
	change planner.MemberChange
	add    bool
}

// members adds and removes member values, a batch at a time. The directory takes
// a batch whole or not at all; one that it refuses is halved until the values
// that it does not take stand alone. A value that is there, or gone, already
// counts as done. Sending a batch again changes nothing, so a lost answer is
// made up for by that.
func (w *write) members(ctx context.Context) planner.Result {
	m := &membership{write: w, resent: map[string]bool{}}
	all := make([]memberValue, 0, len(w.op.Add)+len(w.op.Remove))
	for _, c := range w.op.Add {
		all = append(all, memberValue{c, true})
	}
	for _, c := range w.op.Remove {
		all = append(all, memberValue{c, false})
	}
	if w.op.Again {
		for _, v := range all {
			m.resent[v.change.DN] = true
		}
	}
	for i := 0; i < len(all); i += memberBatch {
		list, err := all[i:min(i+memberBatch, len(all))], error(nil)
		if m.current != nil {
			list = m.sift(list)
		}
		if err = m.batch(ctx, list); err != nil {
			return m.ended(err)
		}
		w.d.config.Progress("writing members", min(i+memberBatch, len(all)), len(all), 0)
	}
	return m.result(planner.StatusDone, nil)
}

// membership is the members operation of one group.
type membership struct {
	*write
	refused []planner.RefusedMember
	already int
	// unneeded are those already there, or gone, when no request that named them
	// had lost its answer; resent are the values of those that had, by DN.
	unneeded []planner.MemberChange
	resent   map[string]bool
	// current are the members there were when a batch was refused because some
	// values were there, or gone, already; nil before that.
	current map[string]bool
}

func (m *membership) result(status planner.Status, err error) planner.Result {
	r := planner.Result{Status: status, Anchor: m.op.Anchor, Refused: m.refused, Already: m.already, Unneeded: m.unneeded}
	if err != nil {
		code, _, _ := answer(err)
		r.Code, r.Err = int(code), m.d.fault("write members of", m.name, err, "")
	}
	return r
}

// ended is the outcome when an error ends the operation half-way.
func (m *membership) ended(err error) planner.Result {
	code, _, answered := answer(err)
	switch {
	case !answered:
		r := m.result(planner.StatusUnknown, nil)
		r.Err = m.unknown(err).Err
		return r
	case code == ldap.LDAPResultNoSuchObject:
		return m.stale("the group does not exist any more", err)
	}
	r := m.result(planner.StatusFailed, nil)
	r.Code, r.Err = int(code), m.failed(err, ifDenied(err, "the permission \"Write Members\" on the group")).Err
	return r
}

// batch writes values in one request, or in halves when they are refused. An
// error ends the whole operation.
func (m *membership) batch(ctx context.Context, list []memberValue) error {
	if len(list) == 0 {
		return nil
	}
	err := m.send(ctx, list)
	if err == nil {
		return nil
	}
	code, _, answered := answer(err)
	switch {
	case !answered, !isRefusal(code):
		return err
	case code == ldap.LDAPResultNoSuchObject && !m.exists(ctx):
		return err
	case len(list) == 1:
		return m.single(ctx, list[0], err)
	}
	if m.current == nil && meansAlready(code) {
		if err := m.readCurrent(ctx); err != nil {
			return err
		}
		return m.batch(ctx, m.sift(list))
	}
	half := len(list) / 2
	if err := m.batch(ctx, list[:half]); err != nil {
		return err
	}
	return m.batch(ctx, list[half:])
}

// isRefusal tells a refusal that some value may be the reason of.
func isRefusal(code uint16) bool {
	switch code {
	case ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return false
	}
	return true
}

// meansAlready tells a refusal that values which are there, or gone, may be the
// reason of. After a crash that can be most of them, and halving would take long.
func meansAlready(code uint16) bool {
	switch code {
	case ldap.LDAPResultEntryAlreadyExists, ldap.LDAPResultAttributeOrValueExists,
		ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultUnwillingToPerform:
		return true
	}
	return false
}

// send writes the values in one request. After a lost answer it is sent once more.
func (m *membership) send(ctx context.Context, list []memberValue) error {
	request := ldap.NewModifyRequest(guidDN(m.op.Anchor), nil)
	var add, remove []string
	for _, v := range list {
		if v.add {
			add = append(add, m.value(v.change))
		} else {
			remove = append(remove, m.value(v.change))
		}
	}
	if len(remove) > 0 {
		request.Delete("member", remove)
	}
	if len(add) > 0 {
		request.Add("member", add)
	}
	err := m.c.retry(ctx, func(l *ldap.Conn) error { return l.Modify(request) })
	if _, _, answered := answer(err); err == nil || answered || ctx.Err() != nil {
		return err
	}
	if rerr := m.reconnect(ctx); rerr != nil {
		return err
	}
	for _, v := range list {
		m.resent[v.change.DN] = true
	}
	return m.c.retry(ctx, func(l *ldap.Conn) error { return l.Modify(request) })
}

// value names a member by its GUID, which outlives a rename, if this domain
// controller's own domain holds it; else by its DN.
func (m *membership) value(c planner.MemberChange) string {
	if _, ok := planner.ParseGUID(c.ID); ok {
		dn, err := planner.ParseDN(c.DN)
		domain, err2 := planner.ParseDN(m.c.root.defaultNC)
		if err == nil && err2 == nil && dn.IsBelow(domain) {
			return guidDN(c.ID)
		}
	}
	return c.DN
}

func (m *membership) exists(ctx context.Context) bool {
	_, err := m.c.entry(ctx, guidDN(m.op.Anchor), false, "objectClass")
	return !hasCode(err, ldap.LDAPResultNoSuchObject)
}

// single decides on a value that was refused alone.
func (m *membership) single(ctx context.Context, v memberValue, refusal error) error {
	result, err := m.c.search(ctx, m.c.request(guidDN(m.op.Anchor), ldap.ScopeBaseObject,
		equals("member", m.value(v.change)), []string{"objectClass"}, false))
	if err != nil {
		return err
	}
	if isMember := len(result.Entries) > 0; isMember == v.add {
		m.noteAlready(v)
		return nil
	}
	verb := "remove the member"
	if v.add {
		verb = "add the member"
	}
	m.refused = append(m.refused, planner.RefusedMember{Member: v.change, Add: v.add,
		Err: m.d.fault(verb, v.change.DN, refusal, memberHint(refusal))})
	return nil
}

func memberHint(err error) string {
	_, message, _ := answer(err)
	if hint := windowsHint(message); hint != "" {
		return hint
	}
	if hasCode(err, ldap.LDAPResultNoSuchObject) {
		return "The member does not exist on this domain controller"
	}
	return "The group's scope may not allow this member, or the member's name is not one"
}

// readCurrent reads the present members.
func (m *membership) readCurrent(ctx context.Context) error {
	e, err := m.c.entry(ctx, guidDN(m.op.Anchor), false, "member", "uSNChanged")
	if err != nil {
		return err
	}
	if e == nil {
		return errors.New("this identity does not see the group")
	}
	l := valueList{anchor: m.op.Anchor, attr: "member",
		begin: func() { m.current = map[string]bool{} },
		add: func(values []string) {
			for _, v := range values {
				m.current[planner.DNKey(v)] = true
			}
		},
	}
	l.begin()
	values, p, _ := attribute(e, "member")
	if p == nil {
		l.add(values)
		return nil
	}
	return m.c.complete(ctx, l, *p, e.GetEqualFoldAttributeValue("uSNChanged"))
}

// sift leaves out the values that are there, or gone, already. A member that was
// renamed since the plan is not known by its name, and is decided alone.
func (m *membership) sift(list []memberValue) []memberValue {
	var rest []memberValue
	for _, v := range list {
		if v.add == m.current[planner.DNKey(v.change.DN)] {
			m.noteAlready(v)
		} else {
			rest = append(rest, v)
		}
	}
	return rest
}

// noteAlready counts a value that is there, or gone, without this operation's
// doing, as far as is known.
func (m *membership) noteAlready(v memberValue) {
	m.already++
	if !m.resent[v.change.DN] {
		m.unneeded = append(m.unneeded, v.change)
	}
}
