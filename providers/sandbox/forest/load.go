package forest

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// loader turns records into a directory. The order of records does not matter:
// objects are made first, then what refers to them.
type loader struct {
	*Forest
	records []record
	names   []planner.DN        // of records
	keys    []string            // of names
	objects map[string]*loading // by DN key
}

// loading is a record on its way to an object.
type loading struct {
	record *record
	object *object
	given  map[*attributeDef][]recordValue
	stamps []recordValue
}

// Load reads a directory from LDIF content records (RFC 2849). name is what
// messages call the input. Containers that a domain always has are added when
// the records lack them; objectGUID, objectSid, sAMAccountName, times and
// update sequence numbers are filled in when absent.
func Load(ldif io.Reader, name string, opts Options) (*Forest, error) {
	records, err := parseLDIF(ldif, name)
	if err != nil {
		return nil, err
	}
	f := &Forest{file: name, opts: opts, now: opts.Now, schema: newSchema(cmp.Or(opts.Schema, planner.ADSchema), opts.WithoutExchangeSchema)}
	if f.now == nil {
		f.now = time.Now
	}
	f.faults.set(opts.Faults)
	f.index = newIndex(f.schema)
	l := &loader{Forest: f, records: records, objects: map[string]*loading{}}
	for _, step := range []func() error{
		l.findBase, l.addBuiltins, l.makeObjects, l.makeTree, l.findDomainSID, l.fillIDs,
		l.indexObjects, l.makeReferences, l.readStamps, l.checkDerived, l.checkRules, l.findRecycleBin,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	f.addSchemaObjects()
	f.tls, err = newAuthority(f.hostName, f.dnsName, opts.CertificateNotAfter)
	return f, err
}

func (l *loader) errorf(line int, format string, args ...any) error {
	return &ldifError{l.file, line, fmt.Sprintf(format, args...)}
}

// findBase parses the names and finds the domain: the first record that is named
// by DC components alone, else the DC components of the first record. Every
// record must be below it.
func (l *loader) findBase() error {
	if l.opts.BaseDN != "" {
		name, err := planner.ParseDN(l.opts.BaseDN)
		if err != nil {
			return fmt.Errorf("base DN of the sandbox: %w", err)
		}
		l.base = name
	}
	var first, root planner.DN
	for i := range l.records {
		name, refused := parseName(l.records[i].dn)
		if refused != nil || name.Len() == 0 {
			return l.errorf(l.records[i].line, "%q is not a distinguished name", shorten(l.records[i].dn))
		}
		l.names = append(l.names, name)
		domain := domainPart(name)
		if domain.Len() == 0 {
			return l.errorf(l.records[i].line, "%q does not end in DC components; a directory of Active Directory does", shorten(l.records[i].dn))
		}
		if first.Len() == 0 {
			first = domain
		}
		if root.Len() == 0 && domain.Len() == name.Len() {
			root = domain
		}
	}
	if l.base.Len() == 0 {
		l.base = root
	}
	if l.base.Len() == 0 {
		l.base = first
	}
	if l.base.Len() == 0 {
		return l.errorf(0, "no records, so that the domain has no name; add at least \"dn: DC=corp,DC=example,DC=com\" with objectClass: domainDNS")
	}
	for i, name := range l.names {
		if !name.IsBelow(l.base) {
			return l.errorf(l.records[i].line, "%q is outside %s; the sandbox has one domain", shorten(l.records[i].dn), l.base)
		}
	}
	l.nameDomain()
	return nil
}

// domainPart is the run of DC components at the end of a name.
func domainPart(name planner.DN) planner.DN {
	rest := name
	for n := name; n.Len() > 0; n = n.Parent() {
		if !strings.EqualFold(n.Leaf().Type, "DC") {
			rest = n.Parent()
		}
	}
	return rest
}

func (f *Forest) nameDomain() {
	var labels []string
	for _, r := range f.base.RDNs() {
		labels = append(labels, strings.ToLower(r.Value))
	}
	f.dnsName = strings.Join(labels, ".")
	f.hostName = "dc1." + f.dnsName
	f.netBIOS = strings.ToUpper(labels[0][:min(15, len(labels[0]))])
	if parent := f.base.Parent(); parent.Len() > 0 {
		f.suffix = "," + parent.String()
	}
	config := f.base.Child("CN", "Configuration")
	f.schemaKey = config.Child("CN", "Schema").Key()
}

// addBuiltins puts the containers of builtinRecords that the file lacks before
// the file's records.
func (l *loader) addBuiltins() error {
	have := map[string]bool{}
	for _, name := range l.names {
		l.keys = append(l.keys, name.Key())
		have[l.keys[len(l.keys)-1]] = true
	}
	var records []record
	var names []planner.DN
	var keys []string
	for _, r := range builtinRecords(l.Forest) {
		name, err := planner.ParseDN(r.dn)
		if err != nil {
			return err
		}
		if !have[name.Key()] {
			records, names, keys = append(records, r), append(names, name), append(keys, name.Key())
		}
	}
	l.records, l.names, l.keys = append(records, l.records...), append(names, l.names...), append(keys, l.keys...)
	return nil
}

// makeObjects makes one object a record, with checked values.
func (l *loader) makeObjects() error {
	for i := range l.records {
		r, name := &l.records[i], l.names[i]
		if other := l.objects[l.keys[i]]; other != nil {
			return l.errorf(r.line, "%q again; line %d has it, too", shorten(r.dn), other.record.line)
		}
		leaf := name.Leaf()
		o := &object{seq: uint32(i), rdnType: leaf.Type, rdn: leaf.Value, line: r.line}
		in := &loading{record: r, object: o, given: map[*attributeDef][]recordValue{}}
		l.objects[l.keys[i]] = in
		l.Forest.objects = append(l.Forest.objects, o)
		for _, v := range r.values {
			if strings.EqualFold(v.name, stampLine) {
				in.stamps = append(in.stamps, v)
				continue
			}
			def := l.schema.lookup(v.name)
			if def == nil {
				return l.errorf(v.line, "%s: the schema has no attribute of this name; remove the line, or declare the attribute with the provider%s", shorten(v.name), l.unknownNames(v.name))
			}
			in.given[def] = append(in.given[def], v)
		}
		if err := l.setClass(in, name); err != nil {
			return err
		}
		for def, values := range in.given {
			if err := l.setValues(o, def, values); err != nil {
				return err
			}
		}
		// Maps have no order; the table has.
		slices.SortFunc(o.attrs, func(a, b attribute) int { return a.def.order - b.def.order })
		o.deleted = o.first(l.schema.isDeleted) == "TRUE"
	}
	return nil
}

// unknownNames lists the other attributes of the file that the schema does not
// have, so that an export need not be mended one line at a time.
func (l *loader) unknownNames(first string) string {
	var others []string
	for i := range l.records {
		for _, v := range l.records[i].values {
			if l.schema.lookup(v.name) == nil && !strings.EqualFold(v.name, stampLine) && !strings.EqualFold(v.name, first) && !slices.ContainsFunc(others, func(o string) bool { return strings.EqualFold(o, v.name) }) {
				others = append(others, shorten(v.name))
			}
			if len(others) == 30 {
				return " (also " + strings.Join(others, ", ") + " and others)"
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	return " (also " + strings.Join(others, ", ") + ")"
}

func (l *loader) setClass(in *loading, name planner.DN) error {
	given := in.given[l.schema.objectClass]
	if len(given) == 0 {
		return l.errorf(in.record.line, "%q has no objectClass", shorten(in.record.dn))
	}
	names := make([]string, len(given))
	for i, v := range given {
		names[i] = v.value
	}
	c, aux, problem := l.schema.classOf(names)
	if c == nil {
		return l.errorf(given[0].line, "objectClass: %s", problem)
	}
	if !strings.EqualFold(c.rdn.name, name.Leaf().Type) {
		return l.errorf(in.record.line, "%q: the name of an object of class %s begins with %s=", shorten(in.record.dn), c.name, strings.ToUpper(c.rdn.name))
	}
	in.object.class, in.object.aux = c, aux
	in.object.rdnType = strings.ToUpper(c.rdn.name)
	return nil
}

// setValues stores the values of an attribute that is neither derived nor a
// reference; those come later.
func (l *loader) setValues(o *object, def *attributeDef, values []recordValue) error {
	if !o.may(def) && !(o.deleted || def.forward != nil) {
		return l.errorf(values[0].line, "%s: objects of class %s do not have this attribute", def.name, o.class.name)
	}
	if len(values) > 1 && !def.multi {
		return l.errorf(values[1].line, "%s: a second value for a single-valued attribute", def.name)
	}
	if l.derived(o, def) || def.references() {
		return nil
	}
	texts := make([]string, 0, len(values))
	seen := map[string]bool{}
	for _, v := range values {
		text, refused := def.canonical(textToBinary(def, v.value))
		if refused != nil {
			return l.errorf(v.line, "%s: %s", def.name, explain(def, refused))
		}
		if seen[def.normal(text)] {
			return l.errorf(v.line, "%s: the same value twice", def.name)
		}
		seen[def.normal(text)] = true
		texts = append(texts, text)
	}
	o.put(def, texts...)
	return nil
}

// explain says in words what canonical refused.
func explain(def *attributeDef, refused *refusal) string {
	if refused.code == resultConstraint {
		return fmt.Sprintf("outside the limits of the attribute (%d at most)", def.max)
	}
	return "not a value of this attribute's syntax"
}

// textToBinary lets people write GUIDs and SIDs as they are shown.
func textToBinary(def *attributeDef, v string) string {
	switch {
	case def.syntax == syntaxSID:
		if raw, ok := parseSID(v); ok {
			return raw
		}
	case def.syntax == syntaxOctets && def.max == 16 && len(v) == 36:
		if raw, ok := parseGUID(v); ok {
			return raw
		}
	}
	return v
}

// derived reports attributes that follow from the object's name and class.
func (f *Forest) derived(o *object, def *attributeDef) bool {
	s := f.schema
	return def == s.objectClass || def == s.name || def == o.class.rdn || def == s.distinguishedName ||
		def == s.objectCategory || def.constructed
}

// makeTree ties objects to their parents.
func (l *loader) makeTree() error {
	for i, name := range l.names {
		in := l.objects[l.keys[i]]
		if name.Equal(l.base) {
			l.root, in.object.head = in.object, true
			continue
		}
		parent := l.objects[name.Parent().Key()]
		if parent == nil {
			return l.errorf(l.records[i].line, "%q: there is no object %s to hold it", shorten(l.records[i].dn), name.Parent())
		}
		o := in.object
		o.parent = parent.object
		if name.Parent().Key() == l.schemaKey {
			return l.errorf(l.records[i].line, "%q: the sandbox has a schema of its own; leave the schema container out", shorten(l.records[i].dn))
		}
		if o.deleted && !l.isBin(name) && !l.isBin(name.Parent()) {
			return l.errorf(l.records[i].line, "%q: isDeleted is TRUE, but it does not lie in CN=Deleted Objects", shorten(l.records[i].dn))
		}
		if !o.deleted && !o.class.system && !o.class.allowedUnder(parent.object.class) {
			return l.errorf(l.records[i].line, "%q: an object of class %s cannot lie below one of class %s", shorten(l.records[i].dn), o.class.name, parent.object.class.name)
		}
		if parent.object.children == nil {
			parent.object.children = map[string]*object{}
		}
		if other := parent.object.children[fold(o.rdn)]; other != nil {
			return l.errorf(l.records[i].line, "%q: line %d has an object of the same name in the same place; whether a name begins with CN or OU makes no difference", shorten(l.records[i].dn), other.line)
		}
		parent.object.children[fold(o.rdn)] = o
	}
	l.configRoot = l.root.children["configuration"]
	l.schemaRoot = l.configRoot.children["schema"]
	l.bin = l.root.children["deleted objects"]
	l.configRoot.head, l.schemaRoot.head = true, true
	return nil
}

// isBin reports whether a name is that of the domain's container for deleted objects.
func (l *loader) isBin(name planner.DN) bool {
	return name.Equal(l.base.Child("CN", "Deleted Objects"))
}

// indexObjects fills the index and finds values that must be unique.
func (l *loader) indexObjects() error {
	s := l.schema
	for _, o := range l.Forest.objects {
		for _, def := range []*attributeDef{s.objectGUID, s.objectSid, s.sAMAccountName, s.userPrincipalName} {
			v := o.first(def)
			if v == "" || o.deleted && def != s.objectGUID && def != s.objectSid {
				continue
			}
			for _, other := range l.index.lookup(def, def.normal(v)) {
				if !other.deleted || def == s.objectGUID || def == s.objectSid {
					return l.errorf(o.line, "%s of %q: line %d has the same one", def.name, shorten(l.dn(o)), other.line)
				}
			}
		}
		l.index.addObject(o)
	}
	return nil
}

// makeReferences resolves the values of reference attributes.
func (l *loader) makeReferences() error {
	for i, key := range l.keys {
		in := l.objects[key]
		for _, def := range l.schema.ordered {
			values := in.given[def]
			if len(values) == 0 || !def.references() || def.forward != nil {
				continue
			}
			seen := make(map[*object]bool, len(values))
			list := make([]*object, 0, len(values))
			for _, v := range values {
				target, refused := l.resolve(v.value)
				if refused != nil {
					return l.errorf(v.line, "%s: there is no object %q", def.name, shorten(v.value))
				}
				if seen[target] {
					return l.errorf(v.line, "%s: %q twice in %q", def.name, shorten(v.value), shorten(l.records[i].dn))
				}
				seen[target] = true
				list = append(list, target)
				target.sources = set(target.sources, def, append(target.referrers(def), in.object))
			}
			in.object.refs = set(in.object.refs, def, list)
		}
	}
	return nil
}

// checkDerived refuses derived values in the file that contradict what is
// derived: an export of a real directory holds them, and they are right there.
func (l *loader) checkDerived() error {
	s := l.schema
	for _, key := range l.keys {
		in := l.objects[key]
		o := in.object
		for _, def := range s.ordered {
			for _, v := range in.given[def] {
				ok := true
				switch {
				case def == s.distinguishedName:
					ok = planner.DNKey(v.value) == key
				case def == s.name || def == o.class.rdn:
					ok = fold(v.value) == fold(o.rdn)
				case def == s.objectCategory:
					ok = fold(l.category(v.value)) == fold(o.class.category)
				case def.forward != nil:
					target, refused := l.resolve(v.value)
					ok = refused == nil && slices.Contains(o.referrers(def.forward), target)
				}
				if !ok {
					return l.errorf(v.line, "%s: %q does not fit the rest of the file; the attribute follows from other lines and can be left out", def.name, shorten(v.value))
				}
			}
		}
	}
	return nil
}

// findRecycleBin reads from the partitions container whether the Recycle Bin is
// enabled; Options can only turn it off.
func (l *loader) findRecycleBin() error {
	partitions := l.configRoot.children["partitions"]
	for _, feature := range slices.Clone(partitions.targets(l.schema.enabledFeature)) {
		if formatGUID(feature.first(l.schema.lookup("msDS-OptionalFeatureGUID"))) != recycleBinFeature {
			continue
		}
		l.recycleBin = !l.opts.WithoutRecycleBin
		if l.opts.WithoutRecycleBin {
			partitions.unlink(l.schema.enabledFeature, feature)
		}
	}
	return nil
}
