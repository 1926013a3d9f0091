package lang

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// attributeType is the type that an attribute has in HCL expressions.
func attributeType(a schema.Attribute) cty.Type {
	t := cty.String
	switch a.Syntax {
	case schema.Bool:
		t = cty.Bool
	case schema.Int:
		t = cty.Number
	}
	if a.Multi {
		return cty.List(t)
	}
	return t
}

// toCty is a value of an attribute as HCL expressions see it: null or [] when
// absent, octets as base64, times as RFC 3339. A value that does not fit the
// schema reads as absent.
func toCty(a schema.Attribute, v value.Value) cty.Value {
	single := a
	single.Multi = false
	t := attributeType(single)
	if !a.Multi {
		if items := v.Items(); len(items) > 0 {
			return singleToCty(a.Syntax, items[0], t)
		}
		return cty.NullVal(t)
	}
	var out []cty.Value
	for _, item := range v.Items() {
		if e := singleToCty(a.Syntax, item, t); !e.IsNull() {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return cty.ListValEmpty(t)
	}
	return cty.ListVal(out)
}

func singleToCty(syntax schema.Syntax, v value.Value, t cty.Type) cty.Value {
	switch v.Kind() {
	case value.Null, value.List, value.Ignore, value.AuthoritativeNull:
		return cty.NullVal(t)
	}
	switch syntax {
	case schema.Bool:
		if v.Kind() == value.Bool {
			return cty.BoolVal(v.Truth())
		}
		if b, err := strconv.ParseBool(strings.ToLower(v.Text())); err == nil {
			return cty.BoolVal(b)
		}
		return cty.NullVal(t)
	case schema.Int:
		if v.Kind() == value.Int {
			return cty.NumberIntVal(v.Number())
		}
		if n, err := strconv.ParseInt(v.Text(), 10, 64); err == nil {
			return cty.NumberIntVal(n)
		}
		return cty.NullVal(t)
	case schema.Octets:
		return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(v.Text())))
	}
	switch v.Kind() {
	case value.String, value.Ref:
		return cty.StringVal(v.Text())
	}
	return cty.StringVal(v.Display())
}

// want says what an expression must give.
type want struct {
	name string // for messages
	typ  cty.Type
	attr *schema.Attribute // the destination of a flow
}

var wantCondition = want{typ: cty.Bool}

func wantText(name string) want { return want{name: name, typ: cty.String} }

func wantValue(to schema.Attribute) want {
	return want{name: to.Name, typ: attributeType(to), attr: &to}
}

// check tells what is provably wrong with the type of a result.
func (w want) check(result cty.Value, argument, what string, at hcl.Range) *hcl.Diagnostic {
	have := result.Type()
	if have == cty.DynamicPseudoType || result.IsNull() && !result.IsMarked() {
		return nil
	}
	switch {
	case w.typ == cty.Bool && w.attr == nil:
		if have != cty.Bool {
			return problem(at, "Wrong type", "%s in %s is a condition and must be true or false; this is %s. Compare it with something, as in source.mail != null.", argument, what, describe(have))
		}
	case w.attr == nil:
		if !have.IsPrimitiveType() {
			return problem(at, "Wrong type", "%s in %s must be text; this is %s.", argument, what, describe(have))
		}
	default:
		if why := w.misfit(have); why != "" {
			return problem(at, "Wrong type", "%s in %s cannot flow to %s: %s.", argument, what, w.attr.Name, why)
		}
	}
	return nil
}

// misfit tells why a value of a type cannot flow to the wanted attribute.
func (w want) misfit(have cty.Type) string {
	single := have
	switch {
	case have.IsListType() || have.IsSetType():
		single = have.ElementType()
	case have.IsTupleType():
		single = cty.DynamicPseudoType
	case have.IsMapType() || have.IsObjectType():
		return "an object is no attribute value"
	}
	if single != have && !w.attr.Multi {
		return "it takes one value, and this is a list"
	}
	if !single.IsPrimitiveType() {
		if single == cty.DynamicPseudoType {
			return ""
		}
		return "its values cannot be " + describe(single)
	}
	switch {
	case w.attr.Syntax == schema.Int && single != cty.Number:
		return "it holds numbers, and this is " + describe(single) + "; convert it with tonumber"
	case w.attr.Syntax == schema.Bool && single != cty.Bool:
		return "it holds true or false, and this is " + describe(single) + "; convert it with tobool"
	case w.attr.Syntax == schema.Octets && single != cty.String:
		return "it holds octets, written as base64 text, and this is " + describe(single)
	case w.attr.Syntax == schema.Time && single != cty.String:
		return "it holds a time, written as RFC 3339 text, and this is " + describe(single)
	}
	return ""
}

// passes reports whether the values of an attribute are the result as they are.
func (w want) passes(from schema.Attribute) bool {
	if w.attr != nil {
		return notDirect(from, *w.attr) == ""
	}
	if w.typ == cty.Bool {
		return from.Syntax == schema.Bool && !from.Multi
	}
	return (from.Syntax == schema.Text || from.Syntax == schema.Exact) && !from.Multi
}

// notDirect tells why the values of one attribute are not values of another as
// they are; "" when they are.
func notDirect(from, to schema.Attribute) string {
	text := func(a schema.Attribute) bool { return a.Syntax == schema.Text || a.Syntax == schema.Exact }
	switch {
	case from.Multi && !to.Multi:
		return fmt.Sprintf("%s has several values and %s takes one", from.Name, to.Name)
	case from.Syntax == to.Syntax, text(from) && text(to):
		return ""
	case from.Syntax == schema.Reference:
		return fmt.Sprintf("%s holds references to other objects and %s holds %s", from.Name, to.Name, syntaxName(to.Syntax))
	}
	return fmt.Sprintf("%s holds %s and %s holds %s; use value with a function that converts", from.Name, syntaxName(from.Syntax), to.Name, syntaxName(to.Syntax))
}

func syntaxName(s schema.Syntax) string {
	switch s {
	case schema.Bool:
		return "true or false"
	case schema.Int:
		return "numbers"
	case schema.Octets:
		return "octets"
	case schema.Time:
		return "times"
	case schema.Reference:
		return "references"
	}
	return "text"
}

// result is the value that an expression gave, in the form its place needs.
func (w want) result(v cty.Value) (value.Value, error) {
	if v.IsNull() {
		return value.Value{}, nil
	}
	if !v.IsWhollyKnown() {
		return value.Value{}, errors.New("the value is not known")
	}
	t := v.Type()
	if w.attr != nil && (t.IsListType() || t.IsTupleType() || t.IsSetType()) {
		if !w.attr.Multi {
			return value.Value{}, fmt.Errorf("%s takes one value and the expression gave a list", w.attr.Name)
		}
		items := []value.Value{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if e.IsNull() {
				continue
			}
			item, err := w.single(e)
			if err != nil {
				return value.Value{}, err
			}
			items = append(items, item)
		}
		return value.ListOf(items), nil
	}
	return w.single(v)
}

func (w want) single(v cty.Value) (value.Value, error) {
	syntax := schema.Text
	switch {
	case w.attr != nil:
		syntax = w.attr.Syntax
	case w.typ == cty.Bool:
		syntax = schema.Bool
	}
	if !v.Type().IsPrimitiveType() {
		return value.Value{}, fmt.Errorf("the expression gave %s where a single value is needed", describe(v.Type()))
	}
	switch syntax {
	case schema.Bool:
		b, err := convert.Convert(v, cty.Bool)
		if err != nil {
			return value.Value{}, errors.New("the expression gave something else than true or false")
		}
		return value.B(b.True()), nil
	case schema.Int:
		n, err := convert.Convert(v, cty.Number)
		if err != nil {
			return value.Value{}, errors.New("the expression gave something that is no number")
		}
		whole, ok := number64(n)
		if !ok {
			return value.Value{}, errors.New("the expression gave a number that is not whole or has more than 64 bits")
		}
		return value.I(whole), nil
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return value.Value{}, err
	}
	return textValue(syntax, s.AsString())
}

// textValue reads the text form of a value.
func textValue(syntax schema.Syntax, s string) (value.Value, error) {
	if s == "" {
		return value.Str(""), nil
	}
	switch syntax {
	case schema.Octets:
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return value.Value{}, errors.New("the expression must give octets as base64 text, and gave something else")
		}
		return value.Octets(string(raw)), nil
	case schema.Time:
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return value.Value{}, errors.New("the expression must give a time as RFC 3339 text, such as 2026-11-22T16:41:00Z, and gave something else")
		}
		return value.T(t), nil
	case schema.Reference:
		if _, err := dn.Parse(s); err != nil {
			return value.Value{}, err
		}
		return value.Reference(s), nil
	}
	return value.Str(s), nil
}
