package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
	khttp "github.com/microsoft/kiota-http-go"

	"github.com/landfall-directory/landfall/planner"
)

// writeAttempts is how often a write is tried whose outcome stays unknown.
const writeAttempts = 3

// Write changes properties of one group: VerbUpdate is the only verb. Graph has
// no compare-and-swap, so the group is read just before and the operation is
// stale if it differs from the values before; one round trip of race remains.
//
// A PATCH whose outcome is unknown is followed by another read. If the new values
// are there, it is done; if the old ones still are, it is sent again, which sets
// the same values. With Operation.Again it begins with that read.
func (d *Directory) Write(ctx context.Context, op planner.Operation) planner.Result {
	u, err := d.newUpdate(op)
	if err != nil {
		return planner.Result{Status: planner.StatusFailed, Err: fmt.Errorf("%s: %w", d.address, err)}
	}
	var lost error
	if op.Again {
		lost = errors.New("an earlier attempt got no answer")
	}
	result := d.update(ctx, u, lost)
	if result.Err != nil {
		result.Err = fmt.Errorf("%s: group %s: %w", d.address, u.id, result.Err)
	}
	return result
}

// update is one write.
type update struct {
	id    string
	edits []edit
	view  view // the edited attributes, and whether the group is synchronised
}

type edit struct {
	attribute planner.Attribute
	old, new  []string
	redacted  bool // the values are not for people
}

func (d *Directory) newUpdate(op planner.Operation) (update, error) {
	switch {
	case op.ObjectType != kindGroup:
		return update{}, fmt.Errorf("cannot write a %s: landfall writes groups in Entra ID, and nothing else there", op.ObjectType)
	case op.Verb != planner.VerbUpdate:
		return update{}, fmt.Errorf("cannot %s a group in Entra ID: landfall only updates properties there", op.Verb)
	case !isGUID(op.Anchor):
		return update{}, fmt.Errorf("%q is not the id of a group", plain(op.Anchor))
	case len(op.Edits) == 0 || len(op.Add)+len(op.Remove) > 0:
		return update{}, errors.New("an update in Entra ID consists of edits, and of nothing else")
	}
	u := update{id: strings.ToLower(op.Anchor)}
	names := []string{attrSynchronised}
	known := strings.Fields(existing(kindGroup))
	for _, e := range op.Edits {
		a, ok := d.schema.Lookup(e.Attribute)
		if !ok || a.ReadOnly || !exists(a, kindGroup, known) {
			return update{}, fmt.Errorf("%s of a group cannot be written in Entra ID", plain(e.Attribute))
		}
		before, err := texts(e, e.Before)
		if err != nil {
			return update{}, err
		}
		after, err := texts(e, e.After)
		if err != nil {
			return update{}, err
		}
		if _, err := graphValue(a, after); err != nil {
			return update{}, err
		}
		hashed := func(d planner.Datum) bool { return d.Hash != "" }
		u.edits = append(u.edits, edit{attribute: a, old: before, new: after,
			redacted: slices.ContainsFunc(e.Before, hashed) || slices.ContainsFunc(e.After, hashed)})
		names = append(names, a.Name)
	}
	u.view = newView(d.schema, kindGroup, names)
	return u, nil
}

// texts are the plain values of one side of an edit.
func texts(e planner.Edit, data []planner.Datum) ([]string, error) {
	if e.Encoding != "" {
		return nil, fmt.Errorf("%s: Entra ID has no values in %s", e.Attribute, plain(e.Encoding))
	}
	out := make([]string, len(data))
	for i, datum := range data {
		if datum.Hidden() {
			return nil, fmt.Errorf("%s: the plan holds a hash instead of the value, because the attribute is redacted; it can neither be compared nor written", e.Attribute)
		}
		out[i] = datum.Text
	}
	return out, nil
}

// update reads, compares and writes. lost is the error of an earlier PATCH whose
// outcome is unknown, nil if there was none.
func (d *Directory) update(ctx context.Context, u update, lost error) planner.Result {
	for range writeAttempts {
		now, err := d.readForUpdate(ctx, u)
		switch {
		case err != nil && lost != nil:
			return unknown(lost, err)
		case absent(err):
			return planner.Result{Status: planner.StatusStale, Code: http.StatusNotFound, Err: errors.New("the group does not exist any more")}
		case err != nil:
			return planner.Result{Status: planner.StatusFailed, Code: status(err), Err: err}
		case lost != nil && u.differences(now, newValues) == "":
			return planner.Result{Status: planner.StatusDone}
		}
		if changed := u.differences(now, oldValues); changed != "" {
			return planner.Result{Status: planner.StatusStale, Err: errors.New("it was changed since the plan was made: " + changed)}
		}
		result := d.patch(ctx, u, now)
		if result.Status != planner.StatusUnknown {
			return result
		}
		lost = result.Err
	}
	return unknown(lost, errors.New("the group still shows the old values"))
}

func unknown(lost, now error) planner.Result {
	return planner.Result{Status: planner.StatusUnknown, Code: status(lost),
		Err: fmt.Errorf("it is unknown whether the change was made: %w; and afterwards: %w", lost, now)}
}

func status(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.status
	}
	return 0
}

func (d *Directory) readForUpdate(ctx context.Context, u update) (object, error) {
	c, _ := collectionOf(kindGroup)
	request, err := itemRequest(ctx, d.api(u.view), c, u.view, u.id)
	if err != nil {
		return nil, err
	}
	now, err := d.get(ctx, d.api(u.view), request, operation{doing: "read it", permission: "Group.Read.All"})
	if err != nil {
		return nil, err
	}
	if err := sameID(now, u.id); err != nil {
		return nil, err
	}
	if synchronised, _ := now[attrSynchronised].(bool); synchronised {
		return nil, errors.New("it is synchronised from Active Directory, so Entra ID takes no change to it")
	}
	return now, nil
}

// oldValues and newValues are the two sides of an edit.
func oldValues(e edit) []string { return e.old }
func newValues(e edit) []string { return e.new }

// differences describes where the group differs from one side of the edits, ""
// when it does not. Values of a list have no order.
func (u update) differences(now object, side func(edit) []string) string {
	var out []string
	for _, e := range u.edits {
		live, err := values(now, e.attribute)
		if err != nil {
			out = append(out, err.Error())
			continue
		}
		want := side(e)
		same := slices.Equal(slices.Sorted(slices.Values(live)), slices.Sorted(slices.Values(want)))
		switch {
		case same:
		case e.redacted:
			out = append(out, e.attribute.Name+" is another value (redacted)")
		default:
			out = append(out, fmt.Sprintf("%s should be %s and is %s", e.attribute.Name, quoted(want), quoted(live)))
		}
	}
	return strings.Join(out, "; ")
}

func quoted(texts []string) string {
	if len(texts) == 0 {
		return "absent"
	}
	parts := make([]string, len(texts))
	for i, t := range texts {
		parts[i] = fmt.Sprintf("%q", plain(t))
	}
	return strings.Join(parts, ", ")
}

// patch sends the new values.
func (d *Directory) patch(ctx context.Context, u update, now object) planner.Result {
	body, err := u.body(now)
	if err != nil {
		return planner.Result{Status: planner.StatusFailed, Err: err}
	}
	headers := khttp.NewHeadersInspectionOptions()
	headers.InspectResponseHeaders = true
	request := patchRequest(d.api(u.view), u.id, body)
	request.AddRequestOptions([]abs.RequestOption{headers})
	answer, err := d.send(ctx, d.api(u.view), request, operation{doing: "change it", permission: "Group.ReadWrite.All"})
	result := planner.Result{Status: planner.StatusDone, Code: http.StatusNoContent}
	if len(answer) > 0 {
		result.Code = http.StatusOK
	}
	if ids := headers.ResponseHeaders.Get("request-id"); len(ids) > 0 {
		result.RequestID = plain(ids[0])
	}
	if err != nil {
		result.Status, result.Code, result.Err = planner.StatusFailed, status(err), err
		if outcomeUnknown(err) {
			result.Status = planner.StatusUnknown
		}
	}
	return result
}

// body is the PATCH as JSON. writebackConfiguration is the one complex property
// that can be written. Its two members go together: the one that is not edited
// keeps the value it has now.
func (u update) body(now object) ([]byte, error) {
	body := map[string]any{}
	for _, e := range u.edits {
		value, err := graphValue(e.attribute, e.new)
		if err != nil {
			return nil, err
		}
		property, member := place(e.attribute.Name)
		if member == "" {
			body[property] = value
			continue
		}
		within, ok := body[property].(map[string]any)
		if !ok {
			live, _ := now[property].(map[string]any)
			within = map[string]any{"isEnabled": live["isEnabled"], "onPremisesGroupType": live["onPremisesGroupType"]}
			body[property] = within
		}
		within[member] = value
	}
	return json.Marshal(body)
}
