package tenant

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What an application does to groups as a whole: create, delete, restore, and
// add and remove members and owners. The caller holds the lock.

// createGroup answers POST /groups.
func (t *Tenant) createGroup(r *request) (*response, error) {
	text, start, err := bodyObject(r)
	if err != nil {
		return nil, err
	}
	o := &object{kind: kindGroup, id: newGUID()}
	err = eachMember(text, start, func(name string, at, end int) error {
		if strings.Contains(name, "@") {
			return notHere("Creating a group with %s", describe(name))
		}
		return setInitial(o, r, name, text[at:end])
	})
	if err != nil {
		return nil, err
	}
	e := entities[kindGroup]
	for _, name := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if o.get(e.index(name)) == "" {
			return nil, badWrite("A value is required for property '%s' of resource 'Group'.", name)
		}
	}
	if problem := writebackProblem(o, o.get(e.index("writebackConfiguration"))); problem != "" {
		return nil, badWrite("%s", problem)
	}
	switch unified := o.unified(); {
	case o.hiddenMembership() && !unified:
		return nil, badWrite("Invalid value specified for property 'visibility' of resource 'Group'.")
	case o.is("mailEnabled") && !unified:
		return nil, badWrite("The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	case unified && !o.is("mailEnabled"):
		return nil, badWrite("Invalid value specified for property 'mailEnabled' of resource 'Group'.")
	case !unified && !o.is("securityEnabled"):
		return nil, badWrite("Both mailEnabled and securityEnabled are false; a group must be one of them.")
	}
	o.set(e.index("id"), quote(o.id))
	o.set(e.index("createdDateTime"), quote(now()))
	index := int32(len(t.objects))
	t.objects = append(t.objects, *o)
	t.byID[o.id] = index
	t.live[kindGroup] = append(t.live[kindGroup], index)
	r.query = &query{}
	a, err := t.one(r, &t.objects[index], entities[kindGroup].set, false)
	if err != nil {
		return nil, err
	}
	a.status = http.StatusCreated
	return a, nil
}

// setInitial sets one property of a group that is being created.
func setInitial(o *object, r *request, name, raw string) error {
	e := entities[kindGroup]
	switch name {
	case "groupTypes", "mailEnabled", "isAssignableToRole", "visibility", "writebackConfiguration":
		// Only a new group takes these, or every value of them.
		p := &e.properties[e.index(name)]
		if p.betaOnly && !r.beta {
			break
		}
		text, err := normalise(raw, p.elem, p.collection)
		if err != nil {
			return badWrite("Cannot convert a value to target type '%s': property '%s' %v.", p.typ, name, err)
		}
		if problem := initialProblem(name, text); problem != nil {
			return problem
		}
		o.set(e.index(name), text)
		return nil
	}
	blank := &object{kind: kindGroup} // no rule about what the group was applies
	c, err := changeOf(blank, r, name, raw)
	if err != nil {
		return err
	}
	o.set(int(c.property), c.json)
	return nil
}

// initialProblem checks values that only a new group takes.
func initialProblem(name, text string) error {
	bad := false
	switch name {
	case "groupTypes":
		if text != "" {
			_ = eachElement(text, 0, func(at, end int) error {
				typ := unquote(text[at:end])
				bad = bad || (typ != "Unified" && typ != "DynamicMembership")
				return nil
			})
		}
	case "visibility":
		bad = !slices.Contains([]string{"", "Private", "Public", "HiddenMembership"}, unquote(text))
	}
	if bad {
		return badWrite("Invalid value specified for property '%s' of resource 'Group'.", name)
	}
	return nil
}

// deleteGroup answers DELETE /groups/{id}. Microsoft 365 groups can be restored,
// others are gone.
func (t *Tenant) deleteGroup(o *object) (*response, error) {
	if err := writableGroup(o); err != nil {
		return nil, err
	}
	index := t.byID[o.id]
	t.live[kindGroup] = without(t.live[kindGroup], index)
	for _, g := range slices.Concat(t.live[kindGroup], t.deleted) {
		t.objects[g].members = without(t.objects[g].members, index)
		t.objects[g].owners = without(t.objects[g].owners, index)
	}
	if o.unified() {
		o.deleted = true
		o.set(entities[kindGroup].index("deletedDateTime"), quote(now()))
		t.deleted = append(t.deleted, index)
	} else {
		delete(t.byID, o.id)
	}
	return &response{status: http.StatusNoContent, cost: 1}, nil
}

// writeDeleted answers POST /directory/deletedItems/{id}/restore and DELETE
// /directory/deletedItems/{id}.
func (t *Tenant) writeDeleted(r *request, rest []string) (*response, error) {
	restore := r.method == http.MethodPost && len(rest) == 2 && rest[1] == "restore"
	if !restore && (r.method != http.MethodDelete || len(rest) != 1) {
		return nil, notAllowed()
	}
	if !t.may(writeGroups) {
		return nil, denied()
	}
	index, ok := t.byID[strings.ToLower(rest[0])]
	if !ok || !t.objects[index].deleted {
		return nil, notFound(rest[0])
	}
	t.deleted = without(t.deleted, index)
	o := &t.objects[index]
	if !restore {
		delete(t.byID, o.id)
		return &response{status: http.StatusNoContent, cost: 1}, nil
	}
	o.deleted = false
	o.set(entities[kindGroup].index("deletedDateTime"), "")
	t.live[kindGroup] = append(t.live[kindGroup], index)
	r.query = &query{}
	return t.one(r, o, "directoryObjects", true)
}

// writeRelation answers POST /groups/{id}/members/$ref and DELETE
// /groups/{id}/members/{id}/$ref, and the same for owners.
func (t *Tenant) writeRelation(r *request, o *object, rest []string) (*response, error) {
	list := &o.members
	switch rest[0] {
	case "members":
	case "owners":
		list = &o.owners
	default:
		return nil, notAllowed()
	}
	adds := r.method == http.MethodPost && len(rest) == 2 && rest[1] == "$ref"
	removes := r.method == http.MethodDelete && len(rest) == 3 && rest[2] == "$ref"
	if !adds && !removes {
		return nil, notAllowed()
	}
	if !t.may(writeMembers) {
		return nil, denied()
	}
	if err := writableGroup(o); err != nil {
		return nil, err
	}
	id := rest[1]
	if adds {
		var err error
		if id, err = referenceOf(r); err != nil {
			return nil, err
		}
	}
	other := t.find(id)
	if other == nil {
		return nil, notFound(id)
	}
	index := t.byID[other.id]
	switch present := slices.Contains(*list, index); {
	case removes && !present:
		return nil, notFound(id)
	case removes:
		*list = without(*list, index)
	case present:
		return nil, badWrite("One or more added object references already exist for the following modified properties: '%s'.", rest[0])
	case other.id == o.id, rest[0] == "owners" && other.kind != kindUser && other.kind != kindServicePrincipal,
		o.unified() && other.kind != kindUser && other.kind != kindContact:
		return nil, badWrite("Invalid object reference for property '%s': a %s cannot be there.", rest[0], entities[other.kind].name)
	default:
		*list = append(*list, index)
	}
	return &response{status: http.StatusNoContent, cost: 1}, nil
}

// referenceOf reads the id out of {"@odata.id": "https://…/directoryObjects/ID"}.
func referenceOf(r *request) (string, error) {
	var payload struct {
		ID string `json:"@odata.id"`
	}
	if err := json.Unmarshal(r.body, &payload); err != nil || payload.ID == "" {
		return "", badRequest("The request body must be an object with @odata.id.")
	}
	_, id, _ := cutLast(payload.ID, "/")
	if !isGUID(id) {
		return "", badWrite("Invalid object identifier '%s'.", describe(id))
	}
	return id, nil
}

// writableGroup refuses groups that Graph does not write.
func writableGroup(o *object) error {
	switch {
	case o.is("onPremisesSyncEnabled"):
		return masteredOnPremises()
	case o.is("mailEnabled") && !o.unified():
		return exchangeOnly()
	}
	return nil
}

func without(list []int32, item int32) []int32 {
	return slices.DeleteFunc(list, func(i int32) bool { return i == item })
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05Z") }
