package tenant

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Options say how a tenant behaves.
type Options struct {
	// TenantID is the id of the tenant: claim tid of its tokens and id of its
	// organization. "" is a fixed id.
	TenantID string
	// Token is a bearer token that is accepted beside the one of (*Tenant).Token.
	Token string
	// Roles are the application permissions of the identity that calls; nil is
	// every permission that the served endpoints ask for but Member.Read.Hidden.
	Roles []string
	// MemberReadHidden adds the permission Member.Read.Hidden.
	MemberReadHidden bool
	// DenyHidden answers 403 where Graph hides the members of a group with hidden
	// membership; otherwise the list is empty, which Graph does as well.
	DenyHidden bool
	// WithoutUserRead takes away every permission to read users: user members
	// come back with their id and type only.
	WithoutUserRead bool
	// Faults go wrong on purpose, for tests of clients.
	Faults []Fault
	// OnChange is called after each committed write, before it is answered.
	OnChange func()
}

// defaultTenantID is the id of a tenant that was given none.
const defaultTenantID = "00000000-5a4d-4b0c-8000-7e7a47000001"

// Tenant is a loaded tenant. It is safe for concurrent use.
type Tenant struct {
	name string
	opts Options

	mu      sync.RWMutex
	objects []object
	byID    map[string]int32 // lower case
	live    [kindCount][]int32
	deleted []int32
	// onPremisesSynchronization is the raw value of that property of the file.
	onPremisesSynchronization string
	orders                    orderCache
	readers                   [kindCount]bool // may this identity read the kind
	permissions               map[string]bool

	key [32]byte // signs the tokens of this run
	server
	faults faultCounters
}

// object is one directory object. members and owners are indexes of objects.
type object struct {
	kind    kind
	deleted bool
	id      string
	values  []value // sorted by property
	members []int32
	owners  []int32
}

// value is one property that has a value, as compact JSON text.
type value struct {
	property uint16
	json     string
}

// get returns the JSON text of a property, "" when it is absent.
func (o *object) get(property int) string {
	// Objects have few values; a scan is faster than a search.
	for i := range o.values {
		if int(o.values[i].property) == property {
			return o.values[i].json
		}
	}
	return ""
}

// set stores the JSON text of a property, "" to make it absent.
func (o *object) set(property int, json string) {
	i, found := slices.BinarySearchFunc(o.values, property, func(v value, p int) int { return int(v.property) - p })
	switch {
	case json == "" && found:
		o.values = slices.Delete(o.values, i, i+1)
	case json == "":
	case found:
		o.values[i].json = json
	default:
		o.values = slices.Insert(o.values, i, value{property: uint16(property), json: json})
	}
}

// text returns the text of a string property by name, "" when it is absent.
func (o *object) text(name string) string {
	return unquote(o.get(entities[o.kind].index(name)))
}

// is reports whether a boolean property is true.
func (o *object) is(name string) bool {
	return o.get(entities[o.kind].index(name)) == "true"
}

// has reports whether a collection of strings contains a text, without regard
// to case.
func (o *object) has(name, text string) bool {
	raw := o.get(entities[o.kind].index(name))
	if raw == "" {
		return false
	}
	found := false
	_ = eachElement(raw, 0, func(at, end int) error {
		found = found || strings.EqualFold(unquote(raw[at:end]), text)
		return nil
	})
	return found
}

// unified reports whether the object is a Microsoft 365 group.
func (o *object) unified() bool { return o.kind == kindGroup && o.has("groupTypes", "Unified") }

// Load reads a tenant from r. name is the file's name in errors. What the file
// means is in load.go.
func Load(r io.Reader, name string, opts Options) (*Tenant, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if opts.TenantID == "" {
		opts.TenantID = defaultTenantID
	}
	l := &loader{name: name, text: string(data)}
	if bad := checkJSON(data); bad != nil {
		return nil, fmt.Errorf("%s: %s; the file must be a JSON object as Microsoft Graph returns objects", l.place(bad.at), bad.msg)
	}
	t, err := l.load()
	if err != nil {
		return nil, err
	}
	t.name, t.opts = name, opts
	t.orders.lists = map[orderKey][]int32{}
	t.key = newKey()
	t.grant()
	return t, nil
}

// find returns the live object with that id, nil if there is none.
func (t *Tenant) find(id string) *object {
	if i, ok := t.byID[strings.ToLower(id)]; ok && !t.objects[i].deleted {
		return &t.objects[i]
	}
	return nil
}

// securityIdentifier is the SID that Entra derives from an object id.
func securityIdentifier(id string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	// The first three fields of a GUID are numbers, the SID reads its memory.
	first := binary.BigEndian.Uint32(b)
	second := uint32(binary.BigEndian.Uint16(b[6:]))<<16 | uint32(binary.BigEndian.Uint16(b[4:]))
	return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", first, second, binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:]))
}

// ID is the id of the tenant.
func (t *Tenant) ID() string { return t.opts.TenantID }
