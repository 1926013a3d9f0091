package forest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

func readAdd(content []byte) (name string, attrs []change, refused *refusal) {
	r := &reader{rest: content}
	name = r.text(tagOctetString)
	list := r.sub(tagSequence)
	for list.more() {
		attr := list.sub(tagSequence)
		c := change{kind: changeAdd, name: attr.text(tagOctetString)}
		c.values = attr.texts(tagSet)
		list.err = attr.err
		attrs = append(attrs, c)
	}
	if r.err != nil || list.err != nil {
		return "", nil, errProtocol("The add request cannot be read")
	}
	return name, attrs, nil
}

// add answers an AddRequest. The lock is held.
func (f *Forest) add(m message, w writer) *refusal {
	text, attrs, refused := readAdd(m.op.content)
	if refused != nil {
		return refused
	}
	if _, refused := f.readControls(m.controls, addControls); refused != nil {
		return refused
	}
	name, refused := parseName(text)
	if refused != nil {
		return refused
	}
	if name.Len() == 0 {
		return errUnwilling(0x2035)
	}
	if name.Equal(f.base) {
		return errEntryExists()
	}
	parent, refused := f.walk(name.Parent())
	if refused != nil {
		return refused
	}
	if parent.children[fold(name.Leaf().Value)] != nil {
		return errEntryExists()
	}
	if parent.deleted {
		return errNoObject(f.dn(f.root))
	}
	if refused := f.checkAccess(w, parent); refused != nil {
		return refused
	}
	d, refused := f.newDraft(name, parent, attrs)
	if refused != nil {
		return refused
	}
	if refused := d.checkSyntax(attrs); refused != nil {
		return refused
	}
	for _, c := range attrs {
		if refused := d.applyNew(c, name.Leaf().Value); refused != nil {
			return refused
		}
	}
	return d.create(name)
}

// newDraft makes a draft of an object that does not exist yet: its class, name
// and place are checked.
func (f *Forest) newDraft(name planner.DN, parent *object, attrs []change) (*draft, *refusal) {
	var classes []string
	for _, c := range attrs {
		def := f.schema.lookup(c.name)
		if def == nil {
			return nil, errUnknownAttribute()
		}
		if def == f.schema.objectClass {
			classes = append(classes, c.values...)
		}
	}
	for _, c := range classes {
		if f.schema.classes[strings.ToLower(c)] == nil {
			return nil, errUnknownAttribute()
		}
	}
	class, aux, _ := f.schema.classOf(classes)
	leaf := name.Leaf()
	switch {
	case class == nil:
		return nil, errObjectClass(0x207B)
	case class.system || class.is("foreignSecurityPrincipal"):
		return nil, errUnwilling(0x2035)
	case !strings.EqualFold(class.rdn.name, leaf.Type):
		return nil, nameError(resultNamingViolation, 0x20CD, "2005 (NAMING_VIOLATION)", "")
	case !class.allowedUnder(parent.class):
		return nil, nameError(resultNamingViolation, 0x2099, "2005 (NAMING_VIOLATION)", f.dn(parent))
	}
	if refused := checkRDN(class.rdn, leaf.Value); refused != nil {
		return nil, refused
	}
	o := &object{parent: parent, rdnType: strings.ToUpper(class.rdn.name), rdn: leaf.Value, class: class, aux: aux}
	return f.draft(o), nil
}

// checkRDN applies the rules for names. Those with a line break belong to deleted
// and conflicting objects.
func checkRDN(def *attributeDef, value string) *refusal {
	switch {
	case strings.ContainsRune(value, 0):
		return errInvalidDN()
	case strings.ContainsRune(value, '\n'):
		return nameError(resultNamingViolation, 0x208F, "2005 (NAMING_VIOLATION)", "")
	}
	_, refused := def.canonical(value)
	return refused
}

// applyNew adds the values that an AddRequest gives to an attribute.
func (d *draft) applyNew(c change, rdn string) *refusal {
	def := d.schema.lookup(c.name)
	switch {
	case def == nil:
		return errUnknownAttribute()
	case def == d.schema.objectClass:
		return nil
	case def == d.schema.name:
		return nil // it is ignored
	case def == d.o.class.rdn:
		// The name may be given as an attribute, too, if it is the same.
		if len(c.values) != 1 || fold(c.values[0]) != fold(rdn) {
			return nameError(resultInvalidDN, 0x2032, "2006 (BAD_NAME)", "")
		}
		return nil
	case def.constructed:
		return attributeError(resultUndefinedType, 0x200C, "1001 (NO_ATTRIBUTE_OR_VAL)", def.name)
	case def == d.schema.primaryGroupID:
		return errUnwilling(0x2035) // the new account is a member of no group
	case def == d.schema.objectCategory && len(c.values) == 1 && fold(d.category(c.values[0])) == fold(d.o.class.category):
		return nil
	case def == d.schema.objectGUID:
		return errUnwilling(0x20E7)
	case len(c.values) == 0:
		return errSyntax(def.name)
	}
	return d.apply(c, false)
}

// create fills in what a domain controller fills in, and makes the object.
func (d *draft) create(name planner.DN) *refusal {
	s, o := d.schema, d.o
	guid := guidFrom(name.Key(), strconv.FormatInt(d.usn, 10))
	for n := 1; len(d.index.lookup(s.objectGUID, guid)) > 0; n++ {
		guid = guidFrom(name.Key(), strconv.FormatInt(d.usn, 10), strconv.Itoa(n))
	}
	if o.class.principal && d.first(s.sAMAccountName) == "" {
		sam := accountNameFrom(guid)
		for n := 1; d.taken(s.sAMAccountName, sam); n++ {
			sam = accountNameFrom(guid + strconv.Itoa(n))
		}
		d.put(s.sAMAccountName, sam)
	}
	if o.is("user") {
		for _, pair := range newAccount {
			if def := s.lookup(pair[0]); d.first(def) == "" {
				d.put(def, pair[1])
			}
		}
	}
	if o.is("group") && d.first(s.groupType) == "" {
		d.put(s.groupType, "-2147483646")
	}
	if groupFlags(d.first(s.groupType))&groupBuiltin != 0 {
		return errUnwilling(0x2141)
	}
	if refused := d.check(); refused != nil {
		return refused
	}
	if o.class.principal {
		rid, refused := d.newRID()
		if refused != nil {
			return refused
		}
		d.put(s.objectSid, withRID(d.domainSID, rid))
	}
	now := formatTime(d.now())
	d.put(s.objectGUID, guid)
	d.put(s.instanceType, "4")
	d.put(s.whenCreated, now)
	d.put(s.uSNCreated, strconv.FormatInt(d.usn+1, 10))
	d.insert()
	return nil
}

// newAccount is what a domain controller writes into a new user.
var newAccount = [][2]string{
	{"accountExpires", "9223372036854775807"}, {"badPasswordTime", "0"}, {"badPwdCount", "0"}, {"codePage", "0"},
	{"countryCode", "0"}, {"lastLogoff", "0"}, {"lastLogon", "0"}, {"logonCount", "0"}, {"pwdLastSet", "0"},
}

// insert makes the draft's object part of the directory.
func (d *draft) insert() {
	o := d.o
	o.attrs = d.attrs
	if refused := d.fillAccountIfPrincipal(o); refused != nil {
		// check has refused whatever fillAccount would.
		panic(refused)
	}
	o.seq = uint32(len(d.objects))
	d.objects = append(d.objects, o)
	if o.parent.children == nil {
		o.parent.children = map[string]*object{}
	}
	o.parent.children[fold(o.rdn)] = o
	d.attrs = slices.Clone(o.attrs)
	clear(d.changed)
	d.index.addObject(o)
	if !d.commit() {
		d.stamp(o)
	}
}

// fillAccountIfPrincipal: an account that is added over LDAP without a password
// is disabled.
func (d *draft) fillAccountIfPrincipal(o *object) *refusal {
	if !o.class.principal {
		return nil
	}
	return d.fillAccount(o, "546")
}
