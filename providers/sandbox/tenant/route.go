package tenant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// answer serves one request.
func (t *Tenant) answer(r *request) (*response, error) {
	if len(r.segment) > 0 && r.segment[0] == "$batch" {
		return t.batch(r)
	}
	if r.method == http.MethodGet || r.method == http.MethodHead {
		t.mu.RLock()
		defer t.mu.RUnlock()
		return t.read(r)
	}
	if r.method == http.MethodPost && len(r.segment) == 2 && r.segment[0] == "directoryObjects" {
		t.mu.RLock()
		defer t.mu.RUnlock()
		return t.getByIDs(r)
	}
	a, err := t.locked(r)
	if err == nil && t.opts.OnChange != nil {
		t.opts.OnChange()
	}
	return a, err
}

// locked carries out a write.
func (t *Tenant) locked(r *request) (*response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.write(r)
	if err == nil {
		t.forgetOrders()
	}
	return a, err
}

// read answers a GET.
func (t *Tenant) read(r *request) (*response, error) {
	if len(r.segment) == 0 {
		return nil, noSegment("")
	}
	head, rest := r.segment[0], r.segment[1:]
	switch head {
	case "directoryObjects":
		return t.readDirectoryObject(r, rest)
	case "directory":
		return t.readDirectory(r, rest)
	case "organization":
		return t.readOrganization(r, rest)
	}
	for _, k := range allKinds {
		if entities[k].set == head {
			return t.readSet(r, k, rest)
		}
	}
	return nil, noSegment(head)
}

// readSet answers below /groups, /users, /devices, /servicePrincipals, /contacts.
func (t *Tenant) readSet(r *request, k kind, rest []string) (*response, error) {
	if !t.readers[k] {
		return nil, denied()
	}
	all := &collection{items: t.live[k], kinds: []kind{k}, set: entities[k].set, cost: 1, stable: true}
	if k == kindUser {
		all.cost = 2
	}
	switch {
	case len(rest) == 0:
		return t.list(r, all)
	case len(rest) == 1 && rest[0] == "$count":
		return t.counted(r, all)
	}
	o, err := t.byPath(k, rest[0])
	if err != nil {
		return nil, err
	}
	if len(rest) == 1 {
		return t.one(r, o, entities[k].set, false)
	}
	return t.readRelation(r, o, rest[1:])
}

// byPath finds the object that a path segment names: an id, or a user's
// userPrincipalName.
func (t *Tenant) byPath(k kind, segment string) (*object, error) {
	if isGUID(segment) {
		if o := t.find(segment); o != nil && o.kind == k {
			return o, nil
		}
		return nil, notFound(segment)
	}
	if k != kindUser {
		return nil, badWrite("Invalid object identifier '%s'.", segment)
	}
	for _, i := range t.live[kindUser] {
		if strings.EqualFold(t.objects[i].text("userPrincipalName"), segment) {
			return &t.objects[i], nil
		}
	}
	return nil, notFound(segment)
}

// readRelation answers below an object: members, owners, transitiveMembers,
// memberOf, each with a cast, $count or $ref.
func (t *Tenant) readRelation(r *request, o *object, rest []string) (*response, error) {
	c := &collection{kinds: allKinds, set: "directoryObjects", relationship: true, cost: 1}
	switch {
	case rest[0] == "memberOf":
		c.items = t.memberOf(o)
	case o.kind != kindGroup:
		return nil, noSegment(rest[0])
	case rest[0] == "members" || rest[0] == "transitiveMembers":
		if t.hidden(o) && t.opts.DenyHidden {
			return nil, denied()
		}
		c.items, c.cost = t.visibleMembers(o), 3
		if rest[0] == "transitiveMembers" {
			c.items, c.cost = t.transitive(o), 5
		}
	case rest[0] == "owners":
		c.items = o.owners
	default:
		return nil, noSegment(rest[0])
	}
	transitive := rest[0] == "transitiveMembers"
	rest = rest[1:]
	if len(rest) > 0 && strings.HasPrefix(rest[0], "microsoft.graph.") {
		if transitive && !r.query.advanced() && !(len(rest) == 2 && r.query.eventual) {
			return nil, needsAdvanced("OData cast of transitive members")
		}
		if err := t.cast(c, rest[0]); err != nil {
			return nil, err
		}
		rest = rest[1:]
	}
	switch {
	case len(rest) == 0:
		return t.list(r, c)
	case len(rest) == 1 && rest[0] == "$count":
		return t.counted(r, c)
	case len(rest) == 1 && rest[0] == "$ref":
		return t.references(r, c)
	case len(rest) == 1 && isGUID(rest[0]):
		if o := t.find(rest[0]); o != nil && slices.ContainsFunc(c.items, func(i int32) bool { return t.objects[i].id == o.id }) {
			return t.one(r, o, c.set, true)
		}
		return nil, notFound(rest[0])
	}
	return nil, noSegment(rest[0])
}

// cast narrows a collection to one type; Graph takes graph.group for
// microsoft.graph.group, which its SDKs send.
func (t *Tenant) cast(c *collection, segment string) error {
	name := strings.TrimPrefix(strings.TrimPrefix(segment, "microsoft."), "graph.")
	for _, k := range allKinds {
		if entities[k].name != name {
			continue
		}
		c.kinds, c.set = []kind{k}, entities[k].set
		var items []int32
		for _, i := range c.items {
			if t.objects[i].kind == k {
				items = append(items, i)
			}
		}
		c.items = items
		return nil
	}
	return noSegment(segment)
}

// transitive are the members of a group and of the groups in it.
func (t *Tenant) transitive(o *object) []int32 {
	seen := map[int32]bool{}
	var out []int32
	queue := t.visibleMembers(o)
	for len(queue) > 0 {
		var next []int32
		for _, i := range queue {
			if seen[i] {
				continue
			}
			seen[i] = true
			out = append(out, i)
			next = append(next, t.visibleMembers(&t.objects[i])...)
		}
		queue = next
	}
	return out
}

// memberOf are the groups that an object is a direct member of.
func (t *Tenant) memberOf(o *object) []int32 {
	self := t.byID[o.id]
	var out []int32
	for _, g := range t.live[kindGroup] {
		if slices.Contains(t.visibleMembers(&t.objects[g]), self) {
			out = append(out, g)
		}
	}
	return out
}

// readDirectoryObject answers /directoryObjects/{id}.
func (t *Tenant) readDirectoryObject(r *request, rest []string) (*response, error) {
	if len(rest) != 1 {
		return nil, noSegment("directoryObjects")
	}
	if !isGUID(rest[0]) {
		return nil, badWrite("Invalid object identifier '%s'.", rest[0])
	}
	o := t.find(rest[0])
	if o == nil {
		return nil, notFound(rest[0])
	}
	if !t.readers[o.kind] {
		return nil, denied()
	}
	return t.one(r, o, "directoryObjects", true)
}

// readDirectory answers below /directory.
func (t *Tenant) readDirectory(r *request, rest []string) (*response, error) {
	switch {
	case len(rest) == 1 && rest[0] == "onPremisesSynchronization":
		if t.onPremisesSynchronization == "" || !t.may(readDirSync) {
			return nil, denied()
		}
		return &response{status: http.StatusOK, cost: 1, body: fmt.Appendf(nil, `{"@odata.context":%s,"value":%s}`,
			quote(r.root+"/$metadata#directory/onPremisesSynchronization"), t.onPremisesSynchronization)}, nil
	case len(rest) >= 2 && rest[0] == "deletedItems":
		return t.readDeleted(r, rest[1:])
	}
	return nil, noSegment(strings.Join(rest, "/"))
}

// readDeleted answers below /directory/deletedItems.
func (t *Tenant) readDeleted(r *request, rest []string) (*response, error) {
	if !t.may(readGroupsFully) {
		return nil, denied()
	}
	if isGUID(rest[0]) && len(rest) == 1 {
		i, ok := t.byID[strings.ToLower(rest[0])]
		if !ok || !t.objects[i].deleted {
			return nil, notFound(rest[0])
		}
		return t.one(r, &t.objects[i], "directoryObjects", true)
	}
	c := &collection{items: t.deleted, kinds: allKinds, cost: 1, deleted: true}
	if err := t.cast(c, rest[0]); err != nil {
		return nil, err
	}
	switch {
	case len(rest) == 1:
		return t.list(r, c)
	case len(rest) == 2 && rest[1] == "$count":
		return t.counted(r, c)
	}
	return nil, noSegment(rest[1])
}

// readOrganization answers /organization: the tenant itself.
func (t *Tenant) readOrganization(r *request, rest []string) (*response, error) {
	if !t.may(readOrganization) {
		return nil, denied()
	}
	values := map[string]string{"id": quote(t.opts.TenantID), "displayName": `"landfall sandbox"`, "onPremisesSyncEnabled": "true"}
	names := r.query.names
	if len(names) == 0 {
		names = []string{"id", "displayName", "onPremisesSyncEnabled"}
	}
	var properties []string
	for _, name := range names {
		value, ok := values[name]
		if !ok {
			return nil, badRequest("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.organization'.", name)
		}
		properties = append(properties, quote(name)+":"+value)
	}
	entity := strings.Join(properties, ",")
	switch {
	case len(rest) == 0:
		return &response{status: http.StatusOK, cost: 1, body: fmt.Appendf(nil, `{"@odata.context":%s,"value":[{%s}]}`, quote(r.root+"/$metadata#organization"), entity)}, nil
	case strings.EqualFold(rest[0], t.opts.TenantID) && len(rest) == 1:
		return &response{status: http.StatusOK, cost: 1, body: fmt.Appendf(nil, `{"@odata.context":%s,%s}`, quote(r.root+"/$metadata#organization/$entity"), entity)}, nil
	}
	return nil, notFound(rest[0])
}
