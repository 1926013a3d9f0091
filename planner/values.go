package planner

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// typed turns values in LDAP's spelling into what expressions compute with.
func typed(a schema.Attribute, texts []string) value.Value {
	if a.Multi {
		items := make([]value.Value, 0, len(texts))
		for _, t := range texts {
			items = append(items, typedOne(a.Syntax, t))
		}
		return value.ListOf(items)
	}
	if len(texts) == 0 {
		return value.Value{}
	}
	return typedOne(a.Syntax, texts[0])
}

func typedOne(s schema.Syntax, text string) value.Value {
	switch s {
	case schema.Bool:
		return value.B(strings.EqualFold(text, "TRUE"))
	case schema.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return value.Str(text)
		}
		return value.I(n)
	case schema.Octets:
		return value.Octets(text)
	case schema.Time:
		t, err := ParseTime(text)
		if err != nil {
			return value.Str(text)
		}
		return value.T(t)
	case schema.Reference:
		return value.Reference(text)
	}
	return value.Str(text)
}

// ParseTime reads LDAP's generalized time, 20060102150405.0Z.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{"20060102150405.0Z", "20060102150405Z", "20060102150405.999Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("not a generalized time: %q", s)
}

// spell turns the result of an expression into the values of an attribute, in
// LDAP's spelling. Null and "" are no value.
func spell(a schema.Attribute, v value.Value) ([]string, error) {
	items := v.Items()
	out := make([]string, 0, len(items))
	for _, item := range items {
		text, err := spellOne(a, item)
		if err != nil {
			return nil, err
		}
		if text != "" {
			out = append(out, text)
		}
	}
	if len(out) > 1 && !a.Multi {
		return nil, fmt.Errorf("%s holds one value, and %d came out", a.Name, len(out))
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func spellOne(a schema.Attribute, v value.Value) (string, error) {
	switch a.Syntax {
	case schema.Bool:
		switch {
		case v.Kind() == value.Bool:
			return v.LDAP(), nil
		case v.Kind() == value.String && (strings.EqualFold(v.Text(), "true") || strings.EqualFold(v.Text(), "false")):
			return strings.ToUpper(v.Text()), nil
		}
		return "", mismatch(a, v, "true or false")
	case schema.Int:
		switch v.Kind() {
		case value.Int:
			return v.LDAP(), nil
		case value.String:
			if v.Text() == "" {
				return "", nil
			}
			if n, err := strconv.ParseInt(v.Text(), 10, 64); err == nil {
				return strconv.FormatInt(n, 10), nil
			}
		}
		return "", mismatch(a, v, "an integer")
	case schema.Octets:
		switch v.Kind() {
		case value.Bytes:
			return v.Text(), nil
		case value.String:
			raw, err := base64.StdEncoding.DecodeString(v.Text())
			if err == nil {
				return string(raw), nil
			}
		}
		return "", mismatch(a, v, "octets, or text in base64")
	case schema.Time:
		switch v.Kind() {
		case value.Time:
			return v.LDAP(), nil
		case value.String:
			if v.Text() == "" {
				return "", nil
			}
			if t, err := time.Parse(time.RFC3339, v.Text()); err == nil {
				return value.T(t).LDAP(), nil
			}
			if t, err := ParseTime(v.Text()); err == nil {
				return value.T(t).LDAP(), nil
			}
		}
		return "", mismatch(a, v, "a time")
	}
	switch v.Kind() {
	case value.Bytes:
		return base64.StdEncoding.EncodeToString([]byte(v.Text())), nil
	case value.Bool:
		return v.Display(), nil
	}
	return v.LDAP(), nil
}

func mismatch(a schema.Attribute, v value.Value, want string) error {
	return fmt.Errorf("%s takes %s, and a %s came out: %q", a.Name, want, v.Kind(), v.Display())
}

// record is one object that an expression reads: a connector-space object or a
// metaverse object.
type record interface {
	// attribute returns the typed value, and the attribute's schema.
	attribute(name string) value.Value
	// texts are the values in LDAP's spelling.
	texts(name string) []string
	// count is the number of values, references included.
	count(name string) int
	schemaOf(name string) schema.Attribute
}

// spaceRecord is an object of a connector space.
type spaceRecord struct {
	s *Space
	o ObjectID
}

func (r spaceRecord) schemaOf(name string) schema.Attribute {
	a, ok := r.s.Schema.Lookup(name)
	if !ok {
		return schema.Attribute{Name: name}
	}
	return a
}

func (r spaceRecord) texts(name string) []string {
	if r.s.Kind == KindAD && (strings.EqualFold(name, "dn") || strings.EqualFold(name, "distinguishedName")) {
		return r.s.pool.one(r.s.names[r.o])
	}
	return r.s.Values(r.o, name)
}

func (r spaceRecord) attribute(name string) value.Value {
	a := r.schemaOf(name)
	if a.Syntax == schema.Reference {
		ids, _ := r.s.References(r.o, name)
		items := make([]value.Value, len(ids))
		for i, id := range ids {
			items[i] = value.Reference(r.s.Name(id))
		}
		return value.ListOf(items)
	}
	return typed(a, r.texts(name))
}

func (r spaceRecord) count(name string) int {
	if ids, ok := r.s.References(r.o, name); ok {
		return len(ids)
	}
	return len(r.texts(name))
}

// mvRecord is a metaverse object.
type mvRecord struct {
	b *build
	m mvID
}

func (r mvRecord) schemaOf(name string) schema.Attribute { return r.b.mv.column(name).Attribute }

func (r mvRecord) texts(name string) []string { return r.b.mv.values(r.m, name) }

func (r mvRecord) attribute(name string) value.Value {
	c := r.b.mv.column(name)
	return typed(c.Attribute, c.values(r.m))
}

func (r mvRecord) count(name string) int {
	src := r.b.mv.refSource(r.m, name)
	if src.space >= 0 {
		ids, _ := r.b.spaces[src.space].References(src.object, src.attr)
		return len(ids)
	}
	return len(r.texts(name))
}

// evaluate computes an expression for one object.
func (b *build) evaluate(e *lang.Expr, src record, params map[string]string) (value.Value, error) {
	v, err := e.Eval(arguments(e.Uses, src, params))
	if err != nil {
		err = b.hush(err, usedNames(e)...)
	}
	return v, err
}

// usedNames are the attributes that an expression reads.
func usedNames(e *lang.Expr) []string {
	names := make([]string, len(e.Uses))
	for i, u := range e.Uses {
		names[i] = u.Name
	}
	return names
}

// hush keeps an error from showing values of attributes that settings.redact
// names.
func (b *build) hush(err error, attributes ...string) error {
	for _, name := range attributes {
		if name != "" && b.redacted(name) {
			return fmt.Errorf("it cannot be said why, because %s is redacted (settings.redact)", name)
		}
	}
	return err
}

// arguments are the inputs of an expression for one object. ImportedValue reads
// the same object, because landfall holds no value that was not just imported.
func arguments(uses []lang.Use, src record, params map[string]string) []value.Value {
	args := make([]value.Value, len(uses))
	for i, u := range uses {
		switch u.Kind {
		case lang.UseCount:
			args[i] = value.I(int64(src.count(u.Name)))
		case lang.UseParam:
			args[i] = value.Str(params[u.Name])
		default:
			args[i] = src.attribute(u.Name)
		}
	}
	return args
}
