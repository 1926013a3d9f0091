package tenant

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// normalise checks a JSON value against a type of Graph's metadata and returns
// the text to store: "" for null and for an empty collection, which are the
// same as absent. Fields that a complex value lacks become null.
func normalise(raw, elem string, collection bool) (string, error) {
	if raw == "null" {
		return "", nil
	}
	if !collection {
		return normaliseOne(raw, elem)
	}
	if raw[0] != '[' {
		return "", fmt.Errorf("is %s, not a list of %s", jsonType(raw), elem)
	}
	var out []string
	err := eachElement(raw, 0, func(at, end int) error {
		text, err := normaliseOne(raw[at:end], elem)
		if err != nil {
			return fmt.Errorf("element %d %w", len(out), err)
		}
		out = append(out, text)
		return nil
	})
	if err != nil || len(out) == 0 {
		return "", err
	}
	return "[" + strings.Join(out, ",") + "]", nil
}

// normaliseOne is normalise for one value that is not a collection.
func normaliseOne(raw, elem string) (string, error) {
	if fields, ok := complexTypes[elem]; ok {
		return normaliseComplex(raw, elem, fields)
	}
	ok := raw[0] == '"'
	switch elem {
	case "Edm.Boolean":
		ok = raw == "true" || raw == "false"
	case "Edm.Int32":
		_, err := strconv.ParseInt(raw, 10, 32)
		ok = err == nil
	case "Edm.DateTimeOffset":
		if ok {
			_, err := time.Parse(time.RFC3339, unquote(raw))
			ok = err == nil
		}
	case "Edm.Guid":
		ok = ok && isGUID(unquote(raw))
	case "Edm.Binary":
		if ok {
			_, err := base64.StdEncoding.DecodeString(unquote(raw))
			ok = err == nil
		}
	}
	if members, isEnum := enumTypes[elem]; isEnum {
		ok = ok && slices.Contains(members, unquote(raw))
	}
	if !ok {
		return "", fmt.Errorf("is %s, not of type %s", describe(raw), elem)
	}
	return raw, nil
}

func normaliseComplex(raw, elem string, fields []field) (string, error) {
	if raw[0] != '{' {
		return "", fmt.Errorf("is %s, not an object of type %s", jsonType(raw), elem)
	}
	values := make([]string, len(fields))
	err := eachMember(raw, 0, func(name string, at, end int) error {
		if strings.Contains(name, "@") {
			return nil
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			names := make([]string, len(fields))
			for i, f := range fields {
				names[i] = f.name
			}
			return fmt.Errorf("has the unknown field %q of type %s%s", name, elem, suggest(name, names))
		}
		value, err := normalise(raw[at:end], fields[i].elem, fields[i].collection)
		if err != nil {
			return fmt.Errorf("field %s %w", name, err)
		}
		values[i] = value
		return nil
	})
	if err != nil {
		return "", err
	}
	return joinFields(fields, values), nil
}

// joinFields writes a complex value with every field, absent ones as null.
func joinFields(fields []field, values []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(f.name)
		b.WriteString(`":`)
		switch {
		case values[i] != "":
			b.WriteString(values[i])
		case f.collection:
			b.WriteString("[]")
		default:
			b.WriteString("null")
		}
	}
	b.WriteByte('}')
	return b.String()
}

// emptyComplex is what Graph returns for complex properties that were never
// set: an object of nulls. Other absent properties are null.
var emptyComplex = map[string]string{
	"graph.groupWritebackConfiguration":   emptyOf("graph.groupWritebackConfiguration"),
	"graph.onPremisesExtensionAttributes": emptyOf("graph.onPremisesExtensionAttributes"),
}

func emptyOf(elem string) string {
	fields := complexTypes[elem]
	return joinFields(fields, make([]string, len(fields)))
}

// absent is the JSON text that Graph returns for a property without a value.
func (p *property) absent() string {
	if p.collection {
		return "[]"
	}
	if text, ok := emptyComplex[p.elem]; ok {
		return text
	}
	return "null"
}

// fieldOf returns the raw value of one field of a complex value.
func fieldOf(raw, name string) string {
	found := ""
	if raw == "" || raw[0] != '{' {
		return ""
	}
	_ = eachMember(raw, 0, func(n string, at, end int) error {
		if n == name && raw[at:end] != "null" {
			found = raw[at:end]
		}
		return nil
	})
	return found
}

// isGUID reports whether s has the form 8-4-4-4-12 of hexadecimal digits.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// cut shortens a text to a length that can be read.
func cut(text string) string {
	const limit = 60
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// describe shows a text of a stranger in a message: short, and without what
// could move a terminal's cursor or turn the direction of writing.
func describe(text string) string {
	quoted := strconv.Quote(cut(text))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
