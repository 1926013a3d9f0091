package entra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// object is one object as Graph sends it. A property that is there and null is
// in the map; one that was not sent is not.
type object map[string]any

// text is a property that is text, else "".
func (o object) text(property string) string {
	s, _ := o[property].(string)
	return s
}

// id is the object's id in lower case; not ok when it is none.
func (o object) id() (string, bool) {
	id := strings.ToLower(o.text("id"))
	return id, isGUID(id)
}

// decode reads an answer whole. What breaks off, or goes on after its end, is an
// error.
func decode(answer []byte, into any) error {
	if len(answer) == 0 {
		return errors.New("the answer is empty")
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the answer is not the JSON expected: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("the answer has something after its end")
	}
	return nil
}

// values are the values of an attribute in LDAP's spelling; none when it is null
// or was not sent.
func values(o object, a planner.Attribute) ([]string, error) {
	property, member := place(a.Name)
	v := o[property]
	if member != "" {
		if v == nil {
			return nil, nil
		}
		within, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("the property %s is not an object", property)
		}
		v = within[member]
	}
	if v == nil {
		return nil, nil
	}
	items, isList := v.([]any)
	if isList != a.Multi {
		return nil, fmt.Errorf("the property %s has one value instead of several, or the other way round", a.Name)
	}
	if !isList {
		items = []any{v}
	}
	var out []string
	for _, item := range items {
		text, err := ldapText(item, a)
		if err != nil {
			return nil, err
		}
		if text != "" { // LDAP has no empty values
			out = append(out, text)
		}
	}
	return out, nil
}

// generalizedTime is LDAP's spelling of times, to the second.
const generalizedTime = "20060102150405.0Z"

func ldapText(v any, a planner.Attribute) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case bool:
		if a.Syntax == planner.SyntaxBool {
			return strings.ToUpper(fmt.Sprint(v)), nil
		}
	case json.Number:
		if a.Syntax == planner.SyntaxInt {
			return v.String(), nil
		}
	case string:
		switch a.Syntax {
		case planner.SyntaxText, planner.SyntaxExact:
			return v, nil
		case planner.SyntaxTime:
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return "", fmt.Errorf("the property %s is %q, which is not a time", a.Name, plain(v))
			}
			return t.UTC().Truncate(time.Second).Format(generalizedTime), nil
		}
	}
	return "", fmt.Errorf("the property %s has a value of an unexpected type (%T)", a.Name, v)
}

// graphValue is the reverse of values: what a PATCH sets an attribute to. No
// values is null, or the empty list.
func graphValue(a planner.Attribute, texts []string) (any, error) {
	if a.Multi {
		out := make([]any, len(texts))
		for i, text := range texts {
			v, err := graphScalar(a, text)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	switch len(texts) {
	case 0:
		return nil, nil
	case 1:
		return graphScalar(a, texts[0])
	}
	return nil, fmt.Errorf("%s has one value at most, not %d", a.Name, len(texts))
}

func graphScalar(a planner.Attribute, text string) (any, error) {
	switch a.Syntax {
	case planner.SyntaxText, planner.SyntaxExact:
		return text, nil
	case planner.SyntaxBool:
		if text == "TRUE" || text == "FALSE" {
			return text == "TRUE", nil
		}
	case planner.SyntaxInt:
		if n := json.Number(text); isInteger(n) {
			return n, nil
		}
	case planner.SyntaxTime:
		if t, err := time.Parse(generalizedTime, text); err == nil {
			return t.Format(time.RFC3339), nil
		}
	}
	return nil, fmt.Errorf("%q is not a value of %s", plain(text), a.Name)
}

func isInteger(n json.Number) bool {
	_, err := n.Int64()
	return err == nil
}

// put adds an object to the space, with its attributes and what derives from
// them.
func put(s *planner.Space, v view, o object, state planner.State) (planner.ObjectID, error) {
	id, ok := o.id()
	if !ok {
		return planner.NoObject, fmt.Errorf("the answer holds a %s with the id %q, which is not a GUID", v.kind, plain(o.text("id")))
	}
	at := s.Add(v.kind, id, id, state)
	for _, a := range v.attrs {
		texts, err := values(o, a)
		if err != nil {
			return planner.NoObject, fmt.Errorf("%s %s: %w", v.kind, id, err)
		}
		s.Set(at, a.Name, texts...)
	}
	s.Set(at, "id", id)
	derive(s, at)
	return at, nil
}
