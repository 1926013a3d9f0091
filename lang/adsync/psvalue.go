package adsync

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// psValueKind is what is known of a value.
type psValueKind uint8

const (
	psUnknown psValueKind = iota // computed or asked for when the script runs
	psNull
	psText
	psBool
	psList
	psObject
)

// psValue is what a script's expression stands for, as far as it is known without
// running the script.
type psValue struct {
	kind   psValueKind
	text   string // of a text; the name that an unknown value has in the script
	typ    string // of an object: the end of its type's name
	prompt string // what an unknown value is, for people
	// declared is the variable that a text was read from, if it is assigned once
	// and is worth a variable in HCL.
	declared string
	items    []psValue
	fields   map[string]psValue // of an object, by lower-case name
	rule     *Rule
	at       hcl.Range
}

func textValue(text string) psValue { return psValue{kind: psText, text: text} }

func boolValue(b bool) psValue {
	text := "False"
	if b {
		text = "True"
	}
	return psValue{kind: psBool, text: text}
}

// one is the value itself, or the only item of a list, as PowerShell unrolls it.
func (v psValue) one() psValue {
	for v.kind == psList && len(v.items) == 1 {
		v = v.items[0]
	}
	return v
}

// list are the items of a list; any other value is a list of itself.
func (v psValue) list() []psValue {
	switch v.kind {
	case psList:
		var out []psValue
		for _, item := range v.items {
			out = append(out, item.list()...)
		}
		return out
	case psNull:
		return nil
	}
	return []psValue{v}
}

// field is a property of an object; an unknown value of an unknown one.
func (v psValue) field(name string) psValue {
	v = v.one()
	if f, ok := v.fields[strings.ToLower(name)]; ok {
		return f
	}
	switch {
	case v.kind == psUnknown && v.text != "":
		v.text += "." + name
		return v
	case v.rule != nil:
		return psValue{kind: psUnknown, text: name}
	case v.kind == psText && (strings.EqualFold(name, "Guid") || strings.EqualFold(name, "Value")):
		return v
	}
	return psValue{kind: psUnknown, text: name, at: v.at}
}

// truth is a value as a switch.
func (v psValue) truth() bool {
	v = v.one()
	return strings.EqualFold(v.text, "true") && (v.kind == psBool || v.kind == psText) || v.kind == psText && v.text == "1"
}

// eval tells what an expression stands for.
func (s *script) eval(e *psExpr) psValue {
	if e == nil {
		return psValue{kind: psNull}
	}
	switch e.kind {
	case psLiteral:
		return psValue{kind: psText, text: e.text, at: e.at}
	case psExpand:
		return s.expand(e)
	case psVar:
		return s.variable(e)
	case psMember:
		return s.member(e)
	case psIndex:
		return s.index(e)
	case psCall:
		return s.call(e)
	case psCast:
		v := s.eval(e.items[0])
		if v.kind == psUnknown && isNumberType(e.typ) {
			v.typ = "number"
		}
		return v
	case psArray:
		list := psValue{kind: psList, at: e.at}
		for _, item := range e.items {
			v := s.eval(item)
			if v.kind != psNull {
				list.items = append(list.items, v)
			}
		}
		return list
	case psTable:
		return s.table(e)
	case psBinary:
		return s.binary(e)
	case psPipeline:
		return s.pipeline(e)
	}
	return psValue{kind: psUnknown, at: e.at}
}

func isNumberType(name string) bool {
	switch strings.ToLower(strings.TrimPrefix(strings.ToLower(name), "system.")) {
	case "int", "int32", "int64", "long", "uint32":
		return true
	}
	return false
}

// expand puts a text in double quotes together.
func (s *script) expand(e *psExpr) psValue {
	var b strings.Builder
	for _, item := range e.items {
		v := s.eval(item).one()
		text, ok := s.argumentText(v, item)
		if !ok {
			return psValue{kind: psUnknown, at: e.at}
		}
		b.WriteString(text)
	}
	return psValue{kind: psText, text: b.String(), at: e.at}
}

// binary is texts put together with + or -f; anything else is unknown.
func (s *script) binary(e *psExpr) psValue {
	var b strings.Builder
	var list []psValue
	lists := false
	for _, item := range e.items {
		v := s.eval(item)
		lists = lists || v.kind == psList
		list = append(list, v.list()...)
		if text, ok := s.argumentText(v.one(), item); ok {
			b.WriteString(text)
			continue
		}
		return psValue{kind: psUnknown, at: e.at}
	}
	switch {
	case strings.EqualFold(e.text, "f"):
		return s.format(list, e)
	case e.text != "+":
		return psValue{kind: psUnknown, at: e.at}
	case lists:
		return psValue{kind: psList, items: list, at: e.at}
	}
	return psValue{kind: psText, text: b.String(), at: e.at}
}

// format is the operator -f: a text with {0}, {1}, … for the values.
func (s *script) format(list []psValue, e *psExpr) psValue {
	if len(list) == 0 {
		return psValue{kind: psUnknown, at: e.at}
	}
	text := list[0].text
	for i, v := range list[1:] {
		argument, ok := s.argumentText(v, nil)
		if !ok {
			return psValue{kind: psUnknown, at: e.at}
		}
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", argument)
	}
	return psValue{kind: psText, text: text, at: e.at}
}

// variable is the value of a variable: what the run gives, what the script
// assigned, or unknown.
func (s *script) variable(e *psExpr) psValue {
	name := variableName(e.text)
	switch name {
	case "true", "false":
		return boolValue(name == "true")
	case "null":
		return psValue{kind: psNull}
	}
	if text, ok := s.given(name); ok {
		return textValue(text)
	}
	v, ok := s.values[name]
	if !ok {
		return psValue{kind: psUnknown, text: bareName(e.text), at: e.at}
	}
	if s.assigned[name] == 1 && v.declared == "" && (v.kind == psText || v.kind == psBool) && !hasReference(v.text) {
		v.declared = bareName(e.text)
	}
	if v.kind == psUnknown && v.text == "" {
		v.text = bareName(e.text)
	}
	return v
}

// variableName is the name of a variable without its scope, in lower case, as
// PowerShell compares it.
func variableName(name string) string { return strings.ToLower(bareName(name)) }

func bareName(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func (s *script) given(name string) (string, bool) {
	for k, text := range s.opts.Vars {
		if strings.EqualFold(strings.TrimPrefix(k, "$"), name) {
			return text, true
		}
	}
	return "", false
}

// variablePath is an expression of a variable and its members, as one writes it with
// -var; "" for another expression.
func variablePath(e *psExpr) string {
	switch e.kind {
	case psVar:
		return bareName(e.text)
	case psMember:
		if base := variablePath(e.items[0]); base != "" {
			return base + "." + e.text
		}
	}
	return ""
}

func (s *script) member(e *psExpr) psValue {
	if p := variablePath(e); p != "" {
		if text, ok := s.given(p); ok {
			return textValue(text)
		}
	}
	if e.typ != "" {
		return psValue{kind: psText, text: e.text, at: e.at} // a value of an enumeration, such as [LinkType]::Join
	}
	return s.eval(e.items[0]).field(e.text)
}

func (s *script) index(e *psExpr) psValue {
	base := s.eval(e.items[0])
	n, err := strconv.Atoi(s.eval(e.items[1]).text)
	switch {
	case err != nil:
		return psValue{kind: psUnknown, at: e.at}
	case base.kind == psList && n >= 0 && n < len(base.items):
		return base.items[n]
	case base.kind == psList && n < 0 && -n <= len(base.items):
		return base.items[len(base.items)+n]
	case base.kind != psList && n == 0:
		return base
	}
	return psValue{kind: psUnknown, text: base.text, at: e.at}
}

// call is a method; only the constructors of conditions are known.
func (s *script) call(e *psExpr) psValue {
	args := s.eval(e.items[1])
	if args.kind != psList {
		args = psValue{kind: psList, items: []psValue{args}}
	}
	switch {
	case strings.EqualFold(e.text, "new"):
		return newObject(e.typ, args.items, psValue{}, e.at)
	case strings.EqualFold(e.text, "NewGuid"):
		return textValue("")
	case strings.EqualFold(e.text, "ToString"), strings.EqualFold(e.text, "Trim"):
		return s.eval(e.items[0])
	}
	return psValue{kind: psUnknown, at: e.at}
}

func (s *script) table(e *psExpr) psValue {
	v := psValue{kind: psObject, fields: map[string]psValue{}, at: e.at}
	for i, key := range e.keys {
		v.fields[strings.ToLower(s.eval(key).text)] = s.eval(e.items[i])
	}
	return v
}

// newObject is an object of PowerShell's object model, with the arguments of its
// constructor as properties.
func newObject(typ string, args []psValue, properties psValue, at hcl.Range) psValue {
	short := typ[strings.LastIndexByte(typ, '.')+1:]
	v := psValue{kind: psObject, typ: strings.ToLower(short), fields: map[string]psValue{}, at: at}
	names := map[string][]string{
		"scopecondition": {"attribute", "comparisonvalue", "comparisonoperator"},
		"joincondition":  {"csattribute", "mvattribute", "casesensitive"},
	}[v.typ]
	for i, arg := range args {
		if i < len(names) {
			v.fields[names[i]] = arg
		}
	}
	for name, value := range properties.fields {
		v.fields[name] = value
	}
	return v
}
