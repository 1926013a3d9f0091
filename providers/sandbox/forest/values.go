package forest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// normal is the form in which two values of the attribute are equal strings.
// Reference values are not compared as strings.
func (d *attributeDef) normal(v string) string {
	switch d.syntax {
	case syntaxText, syntaxOID, syntaxReference:
		return fold(v)
	}
	return v
}

// canonical checks a value against syntax and limits and returns it as it is
// stored. SIDs and GUIDs in their text form are not taken, as in AD.
func (d *attributeDef) canonical(v string) (string, *refusal) {
	if v == "" {
		return "", errSyntax(d.name)
	}
	switch d.syntax {
	case syntaxBool:
		if v != "TRUE" && v != "FALSE" {
			return "", errSyntax(d.name)
		}
	case syntaxInt, syntaxInt64:
		return d.canonicalInteger(v)
	case syntaxTime:
		t, ok := parseTime(v)
		if !ok {
			return "", errSyntax(d.name)
		}
		return formatTime(t), nil
	case syntaxOctets:
		if d.max > 0 && len(v) > d.max || len(v) < d.min {
			return "", errRange(d.name)
		}
	case syntaxSID:
		if !validSID(v) {
			return "", errSyntax(d.name)
		}
	case syntaxText, syntaxExact, syntaxOID:
		if !utf8.ValidString(v) {
			return "", errSyntax(d.name)
		}
		if d.max > 0 && len(v) > d.max && units(v) > d.max || d.min > 0 && units(v) < d.min {
			return "", errRange(d.name)
		}
	}
	return v, nil
}

// wellFormed refuses what is no value of the syntax at all. Limits are a matter
// of storing, not of reading.
func (d *attributeDef) wellFormed(v string) *refusal {
	if v == "" {
		return errSyntax(d.name)
	}
	if d.syntax == syntaxReference {
		if strings.HasPrefix(v, "<") {
			return nil // resolving it will tell
		}
		_, refused := parseName(v)
		return refused
	}
	if _, refused := d.canonical(v); refused != nil && refused.code == resultInvalidSyntax {
		return refused
	}
	return nil
}

func (d *attributeDef) canonicalInteger(v string) (string, *refusal) {
	size := 32
	if d.syntax == syntaxInt64 {
		size = 64
	}
	v = strings.TrimLeft(v, " ")
	n, err := strconv.ParseInt(v, 10, size)
	if err != nil && size == 32 {
		// The unsigned spelling of flags means the same bits.
		var unsigned uint64
		unsigned, err = strconv.ParseUint(v, 10, 32)
		n = int64(int32(unsigned))
	}
	if err != nil {
		return "", errSyntax(d.name)
	}
	if d.max > 0 && (n < int64(d.min) || n > int64(d.max)) {
		return "", errRange(d.name)
	}
	return strconv.FormatInt(n, 10), nil
}

// units counts UTF-16 units, the unit of AD's length limits.
func units(s string) int {
	n := 0
	for _, r := range s {
		if size := utf16.RuneLen(r); size > 0 {
			n += size
		} else {
			n++
		}
	}
	return n
}

const timeLayout = "20060102150405.0Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// parseTime reads generalized time as AD takes it.
func parseTime(v string) (time.Time, bool) {
	for _, layout := range []string{timeLayout, "20060102150405Z", "20060102150405.000Z", "20060102150405-0700", "20060102150405.0-0700"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// view is what a request may see.
type view struct {
	deleted     bool // controls 417 and 2064
	deactivated bool // control 2065: links from and to deleted objects
	extended    extendedForm
	readOnly    bool // the identity may not write, and does not see deleted objects
}

// visible reports whether the object exists for the view.
func (v view) visible(o *object) bool { return !o.deleted || v.deleted && !v.readOnly }

// showsLink reports whether a value of a link between o and other is in sight.
func (v view) showsLink(def *attributeDef, o, other *object) bool {
	return !def.linked || v.deactivated || !o.deleted && !other.deleted
}

// linkEnds returns the objects at the other end of a reference attribute,
// forward or back, as the view sees them.
func (f *Forest) linkEnds(o *object, def *attributeDef, v view) []*object {
	if def.forward != nil {
		all := o.referrers(def.forward)
		out := make([]*object, 0, len(all))
		for _, other := range all {
			if v.showsLink(def.forward, o, other) {
				out = append(out, other)
			}
		}
		// Back links have no order of their own; this one does not depend on
		// the history of the directory.
		slices.SortFunc(out, func(a, b *object) int { return cmp.Compare(a.seq, b.seq) })
		return out
	}
	all := o.targets(def)
	if !slices.ContainsFunc(all, func(other *object) bool { return !v.showsLink(def, o, other) }) {
		return all
	}
	out := make([]*object, 0, len(all))
	for _, other := range all {
		if v.showsLink(def, o, other) {
			out = append(out, other)
		}
	}
	return out
}

// values returns the values of any attribute but references, as bytes in strings.
func (f *Forest) values(o *object, def *attributeDef) []string {
	s := f.schema
	switch {
	case def == s.objectClass:
		return o.classNames()
	case def == s.name || def == o.class.rdn:
		return []string{o.rdn}
	case def == s.distinguishedName:
		return []string{f.dn(o)}
	case def.constructed:
		return f.constructed(o, def)
	case def.secret:
		return nil
	}
	return o.get(def)
}

// constructed computes the attributes that are returned only when asked for.
func (f *Forest) constructed(o *object, def *attributeDef) []string {
	switch def.key {
	case "canonicalname":
		return []string{f.canonicalName(o)}
	case "createtimestamp":
		return o.get(f.schema.whenCreated)
	case "modifytimestamp":
		return o.get(f.schema.whenChanged)
	case "structuralobjectclass":
		return o.class.chain
	case "subschemasubentry":
		return []string{"CN=Aggregate," + f.dn(f.schemaRoot)}
	case "primarygrouptoken":
		if rid, ok := ridOf(f.domainSID, o.first(f.schema.objectSid)); ok && o.is("group") {
			return []string{strconv.FormatUint(uint64(rid), 10)}
		}
	case "msds-principalname":
		if sam := o.first(f.schema.sAMAccountName); sam != "" {
			return []string{f.netBIOS + `\` + sam}
		}
	case "ntsecuritydescriptor":
		return f.securityDescriptor(o)
	case "allowedattributes":
		return f.allowedAttributes(o, func(*attributeDef) bool { return true })
	case "allowedchildclasses":
		return f.allowedChildren(o)
	}
	return nil
}

// effective computes what the identity behind a request may do to o.
func (f *Forest) effective(o *object, def *attributeDef, may bool) []string {
	switch def.key {
	case "allowedattributeseffective":
		if may {
			return f.allowedAttributes(o, func(d *attributeDef) bool { return !d.system && !d.owned && d.forward == nil })
		}
	case "allowedchildclasseseffective":
		if may {
			return f.allowedChildren(o)
		}
	case "sdrightseffective":
		if may {
			return []string{"15"}
		}
		return []string{"0"}
	}
	return nil
}

func (f *Forest) allowedAttributes(o *object, want func(*attributeDef) bool) []string {
	var names []string
	for _, def := range f.schema.ordered {
		if o.may(def) && want(def) {
			names = append(names, def.name)
		}
	}
	return names
}

func (f *Forest) allowedChildren(o *object) []string {
	var names []string
	for _, c := range f.schema.classes {
		if c.kind == "structural" && !c.system && c.allowedUnder(o.class) {
			names = append(names, c.name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// allowedUnder reports whether an object of class c may be a child of one of
// class parent.
func (c *class) allowedUnder(parent *class) bool {
	return slices.ContainsFunc(parent.chain, func(name string) bool { return c.superiors[strings.ToLower(name)] })
}
