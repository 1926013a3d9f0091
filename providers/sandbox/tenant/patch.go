package tenant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// maxLength are the limits of writable string properties, in UTF-16 units.
var maxLength = map[string]int{
	"displayName": 256, "description": 1024, "mailNickname": 64, "givenName": 64, "surname": 64, "jobTitle": 128,
	"department": 64, "companyName": 64, "employeeId": 16, "city": 128, "state": 128, "country": 128, "postalCode": 40,
	"streetAddress": 1024, "officeLocation": 128, "mobilePhone": 64,
}

// write answers requests that change something. The caller holds the lock.
func (t *Tenant) write(r *request) (*response, error) {
	if len(r.segment) == 0 {
		return nil, notAllowed()
	}
	head, rest := r.segment[0], r.segment[1:]
	switch {
	case head == entities[kindGroup].set:
		return t.writeGroup(r, rest)
	case head == entities[kindUser].set && len(rest) == 1 && r.method == http.MethodPatch:
		return t.patch(r, kindUser, rest[0])
	case head == "directory" && len(rest) >= 2 && rest[0] == "deletedItems":
		return t.writeDeleted(r, rest[1:])
	case head == "directory" || head == "organization" || head == "directoryObjects" ||
		slices.ContainsFunc(allKinds, func(k kind) bool { return entities[k].set == head }):
		return nil, notAllowed()
	}
	return nil, noSegment(head)
}

// writeGroup answers writes below /groups.
func (t *Tenant) writeGroup(r *request, rest []string) (*response, error) {
	switch {
	case len(rest) == 0 && r.method == http.MethodPost:
		if !t.may(writeGroups) {
			return nil, denied()
		}
		return t.createGroup(r)
	case len(rest) == 1 && r.method == http.MethodPatch:
		return t.patch(r, kindGroup, rest[0])
	case len(rest) == 0 || (len(rest) == 1 && r.method != http.MethodDelete):
		return nil, notAllowed()
	}
	o, err := t.byPath(kindGroup, rest[0])
	if err != nil {
		return nil, err
	}
	if len(rest) > 1 {
		return t.writeRelation(r, o, rest[1:])
	}
	if !t.may(writeGroups) {
		return nil, denied()
	}
	return t.deleteGroup(o)
}

// patch answers PATCH of a group or a user.
func (t *Tenant) patch(r *request, k kind, id string) (*response, error) {
	need := writeGroups
	if k == kindUser {
		need = writeUsers
	}
	if !t.may(need) {
		return nil, denied()
	}
	o, err := t.byPath(k, id)
	if err != nil {
		return nil, err
	}
	changes, err := patchOf(o, r)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		o.set(int(c.property), c.json)
	}
	return &response{status: http.StatusNoContent, cost: 1}, nil
}

// bodyObject checks that the body of a request is a JSON object, and returns it
// with the place where it begins.
func bodyObject(r *request) (text string, start int, err error) {
	if bad := checkJSON(r.body); bad != nil {
		return "", 0, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	text = string(r.body)
	start = skipSpace(text, 0)
	if text[start] != '{' {
		return "", 0, badRequest("The request body must be a JSON object, not %s.", jsonType(text[start:]))
	}
	return text, start, nil
}

// patchOf reads and checks the body of a PATCH; nothing is changed by it.
func patchOf(o *object, r *request) ([]value, error) {
	text, start, err := bodyObject(r)
	if err != nil {
		return nil, err
	}
	var changes []value
	err = eachMember(text, start, func(name string, at, end int) error {
		if strings.HasSuffix(name, "@odata.bind") {
			return notHere("Adding references by %s", describe(name))
		}
		if strings.Contains(name, "@") {
			return nil
		}
		c, err := changeOf(o, r, name, text[at:end])
		if err == nil {
			changes = append(changes, c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return nil, badWrite("A PATCH request must have at least one property to update.")
	}
	return changes, nil
}

// changeOf checks one property of a PATCH.
func changeOf(o *object, r *request, name, raw string) (value, error) {
	e := entities[o.kind]
	i := e.lookup(name)
	if i < 0 || e.properties[i].name != name || (e.properties[i].betaOnly && !r.beta) {
		return value{}, badWrite("The property '%s' does not exist on type 'microsoft.graph.%s'. Make sure to only use property names that are defined by the type or mark the type as open type.", name, e.name)
	}
	p := &e.properties[i]
	if !p.writable {
		return value{}, badWrite("Property '%s' is read-only and cannot be set.", name)
	}
	if p.mastered && o.is("onPremisesSyncEnabled") {
		return value{}, masteredOnPremises()
	}
	if fields, ok := complexTypes[p.elem]; ok && raw[0] == '{' && !p.collection {
		raw = mergeFields(o.get(i), raw, fields)
	}
	text, err := normalise(raw, p.elem, p.collection)
	if err != nil {
		return value{}, badWrite("Cannot convert a value to target type '%s': property '%s' %v.", p.typ, name, err)
	}
	if problem := checkWrite(o, p, text); problem != nil {
		return value{}, problem
	}
	return value{property: uint16(i), json: text}, nil
}

// mergeFields puts the fields that a PATCH names over the present ones; fields
// that it does not name stay.
func mergeFields(present, sent string, fields []field) string {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = fieldOf(present, f.name)
	}
	unknown := false
	_ = eachMember(sent, 0, func(name string, at, end int) error {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		switch {
		case i >= 0 && sent[at:end] == "null":
			values[i] = ""
		case i >= 0:
			values[i] = sent[at:end]
		case !strings.Contains(name, "@"):
			unknown = true
		}
		return nil
	})
	if unknown {
		return sent // refused, with its reason, by normalise
	}
	return joinFields(fields, values)
}

// checkWrite applies the rules of Entra to a new value; text is "" for null.
func checkWrite(o *object, p *property, text string) *graphError {
	resource := entities[o.kind].resource
	if o.kind == kindGroup && o.is("mailEnabled") && !o.unified() {
		return exchangeOnly()
	}
	if p.elem == "Edm.String" && !p.collection && text != "" {
		length := len(utf16.Encode([]rune(unquote(text))))
		if limit := maxLength[p.name]; length == 0 || (limit > 0 && length > limit) {
			return badWrite("Invalid value specified for property '%s' of resource '%s'.", p.name, resource)
		}
	}
	bad := ""
	switch p.name {
	case "displayName", "mailNickname", "securityEnabled", "userPrincipalName", "accountEnabled":
		if text == "" {
			bad = "Property '%s' of resource '%s' is required and cannot be cleared."
		}
	case "visibility":
		if v := unquote(text); v != "" && v != "Private" && v != "Public" {
			bad = "Invalid value specified for property '%s' of resource '%s'."
		}
	case "theme":
		if v := unquote(text); v != "" && !slices.Contains([]string{"Teal", "Purple", "Green", "Blue", "Pink", "Orange", "Red"}, v) {
			bad = "Invalid value specified for property '%s' of resource '%s'."
		}
	case "writebackConfiguration":
		if problem := writebackProblem(o, text); problem != "" {
			return badWrite("%s", problem)
		}
	}
	if p.name == "mailNickname" && o.kind == kindGroup && strings.ContainsFunc(unquote(text), forbiddenInNickname) {
		bad = "Invalid value specified for property '%s' of resource '%s'."
	}
	if bad != "" {
		return badWrite(bad, p.name, resource)
	}
	return nil
}

func forbiddenInNickname(r rune) bool {
	return r > 127 || r < ' ' || strings.ContainsRune(`@()\[]";:.<>, `, r)
}

// The on-premises group types that Entra knows.
const (
	universalDistribution = "universalDistributionGroup"
	universalSecurity     = "universalSecurityGroup"
	universalMailSecurity = "universalMailEnabledSecurityGroup"
)

// writebackProblem says why Entra does not take a writeback configuration for a
// group, "" if it does.
func writebackProblem(o *object, raw string) string {
	switch typ := unquote(fieldOf(raw, "onPremisesGroupType")); {
	case typ == "" || typ == universalSecurity:
	case typ != universalDistribution && typ != universalMailSecurity:
		return fmt.Sprintf("writebackConfiguration has the onPremisesGroupType %q; it must be %s, %s or %s",
			cut(typ), universalDistribution, universalSecurity, universalMailSecurity)
	case !o.unified():
		return fmt.Sprintf("writebackConfiguration has the onPremisesGroupType %s, which only Microsoft 365 groups take; for security groups it must be %s", typ, universalSecurity)
	}
	return ""
}

// hiddenMembership reports whether the members of a group are hidden.
func (o *object) hiddenMembership() bool {
	return o.kind == kindGroup && strings.EqualFold(o.text("visibility"), "HiddenMembership")
}
