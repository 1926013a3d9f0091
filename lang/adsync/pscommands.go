package adsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// knownCommands are the commands that make rules, and those that do nothing of
// interest between them.
var knownCommands = []string{
	"new-adsyncrule", "add-adsyncattributeflowmapping", "add-adsyncscopeconditiongroup", "add-adsyncjoinconditiongroup",
	"add-adsyncrule", "get-adsyncrule", "get-adsyncconnector", "new-object", "import-module", "out-null",
}

// pipeCommands hand on what comes in, or do something with each of it.
var pipeCommands = []string{"where-object", "where", "?", "select-object", "select", "sort-object", "sort", "foreach-object", "foreach", "%"}

// arguments are the arguments of one command, splatted tables included.
type arguments struct {
	s          *script
	named      map[string]psArg   // by lower-case name
	splatted   map[string]psValue // by lower-case name
	positional []psArg
	at         hcl.Range
}

func (s *script) arguments(c psCommand) arguments {
	a := arguments{s: s, named: map[string]psArg{}, splatted: map[string]psValue{}, at: c.at}
	for _, arg := range c.args {
		switch {
		case arg.name != "":
			a.named[strings.ToLower(arg.name)] = arg
		case arg.value.kind == psVar && s.eval(arg.value).kind == psObject && s.eval(arg.value).typ == "":
			for name, v := range s.eval(arg.value).fields {
				a.splatted[name] = v
			}
		default:
			a.positional = append(a.positional, arg)
		}
	}
	return a
}

// get is the value of an argument; not ok when it is absent.
func (a arguments) get(name string) (psValue, *psExpr, bool) {
	if arg, ok := a.named[name]; ok {
		if arg.value == nil {
			return boolValue(true), nil, true
		}
		return a.s.eval(arg.value), arg.value, true
	}
	v, ok := a.splatted[name]
	return v, nil, ok
}

// pipeline evaluates commands, each with what the one before gives.
func (s *script) pipeline(e *psExpr) psValue {
	v := psValue{kind: psNull}
	if len(e.items) > 0 {
		v = s.eval(e.items[0])
	}
	for i, c := range e.commands {
		v = s.command(c, v, i > 0 || len(e.items) > 0)
	}
	return v
}

// command follows one command. Its result also goes into its -OutVariable.
func (s *script) command(c psCommand, input psValue, piped bool) psValue {
	a := s.arguments(c)
	var v psValue
	switch strings.ToLower(c.name) {
	case "new-adsyncrule":
		v = s.newRule(a, c.at)
	case "add-adsyncattributeflowmapping":
		v = s.addMapping(a, input)
	case "add-adsyncscopeconditiongroup":
		v = s.addScope(a, input)
	case "add-adsyncjoinconditiongroup":
		v = s.addJoin(a, input)
	case "add-adsyncrule":
		if rule := s.ruleOf(a, input); rule != nil {
			s.added[rule] = true
			v = psValue{kind: psObject, rule: rule}
		}
	case "new-object":
		v = s.newObjectCommand(a, c.at)
	case "get-adsyncconnector":
		v = s.connectorValue(a, c.at)
	case "read-host":
		v = psValue{kind: psUnknown, prompt: "The script asks for it.", at: c.at}
		if p, e, ok := a.get("prompt"); ok {
			v.prompt, _ = s.argumentText(p, e)
		} else if len(a.positional) > 0 {
			v.prompt, _ = s.argumentText(s.eval(a.positional[0].value), a.positional[0].value)
		}
		v.prompt = s.export.plain(v.prompt)
	case "where-object", "where", "?":
		v = s.where(a, input)
	case "select-object", "select", "sort-object", "sort":
		v = input
	case "out-null", "import-module":
		v = psValue{kind: psNull}
	case "get-adsyncrule":
		v = psValue{kind: psUnknown, prompt: "A rule of the server.", at: c.at}
	default:
		for _, arg := range c.args { // a block in it may make rules
			if arg.value != nil {
				s.run(arg.value.block)
			}
		}
		v = psValue{kind: psUnknown, at: c.at}
		if piped {
			return v
		}
	}
	if out, ok := a.named["outvariable"]; ok && out.value != nil {
		s.values[variableName(s.eval(out.value).text)] = psValue{kind: psList, items: []psValue{v}}
	}
	return v
}

// where filters connectors by what their filter mentions; of anything else it is
// unknown what is left.
func (s *script) where(a arguments, input psValue) psValue {
	if input.one().typ != "connector" || len(a.positional) == 0 {
		return psValue{kind: psUnknown, at: a.at}
	}
	at := a.positional[0].value.at
	text := strings.ToLower(a.positional[0].value.text)
	v := input.one()
	for _, word := range []string{"extensible2", "aad", "azure", "entra", "onmicrosoft"} {
		if strings.Contains(text, word) {
			v.fields = map[string]psValue{"identifier": textValue(entraConnectorID)}
			return v
		}
	}
	return psValue{kind: psUnknown, at: at}
}

// connectorValue is the connector that a script looks up.
func (s *script) connectorValue(a arguments, at hcl.Range) psValue {
	v := psValue{kind: psObject, typ: "connector", fields: map[string]psValue{}, at: at}
	for _, name := range []string{"name", "identifier"} {
		if x, e, ok := a.get(name); ok {
			if text, ok := s.argumentText(x, e); ok {
				v.fields["identifier"] = textValue(s.export.plain(text))
			}
		}
	}
	if len(v.fields) == 0 && len(a.positional) > 0 {
		if text, ok := s.argumentText(s.eval(a.positional[0].value), a.positional[0].value); ok {
			v.fields["identifier"] = textValue(s.export.plain(text))
		}
	}
	return v
}

func (s *script) newObjectCommand(a arguments, at hcl.Range) psValue {
	var typ string
	rest := a.positional
	if v, _, ok := a.get("typename"); ok {
		typ = v.one().text
	} else if len(rest) > 0 {
		typ, rest = s.eval(rest[0].value).one().text, rest[1:]
	}
	var args []psValue
	if v, _, ok := a.get("argumentlist"); ok {
		args = v.list()
	} else if len(rest) > 0 {
		args = s.eval(rest[0].value).list()
	}
	properties, _, _ := a.get("property")
	return newObject(typ, args, properties.one(), at)
}

// newRule makes a rule of the arguments of New-ADSyncRule.
func (s *script) newRule(a arguments, at hcl.Range) psValue {
	rule := &Rule{Scope: [][]Condition{}, Join: [][]Match{}, Mappings: []Mapping{}, At: at}
	names := make([]string, 0, len(a.named)+len(a.splatted))
	for name := range a.named {
		names = append(names, name)
	}
	for name := range a.splatted {
		names = append(names, name)
	}
	slices.Sort(names) // the order of variables must not vary
	for _, name := range slices.Compact(names) {
		v, e, _ := a.get(name)
		where := at
		if e != nil {
			where = e.at
		}
		if v.kind == psUnknown && v.text == "" && name == "precedence" {
			v.text = name // computed in place
		}
		s.ruleProperty(rule, name, v, where)
	}
	s.rules = append(s.rules, rule)
	return psValue{kind: psObject, rule: rule, at: at}
}

// ruleProperty sets one property of a rule; false when rules have none of that
// name.
func (s *script) ruleProperty(rule *Rule, name string, v psValue, at hcl.Range) bool {
	switch name {
	case "name":
		if rule.Name = s.known(v); rule.Name == "" {
			rule.Name = s.freeText("Name", v, at)
		}
	case "description":
		if text := s.known(v); text != "" {
			rule.Description = &text
		}
	case "identifier":
		rule.Identifier = guid(s.known(v))
		if !isGUID(rule.Identifier) {
			rule.Identifier = "" // made when the script runs
		}
	case "immutabletag":
		rule.Tag = s.known(v)
	case "direction":
		rule.Direction = s.word("Direction", v, at)
	case "linktype":
		rule.LinkType = s.word("LinkType", v, at)
	case "sourceobjecttype":
		rule.SourceObjectType = s.word("SourceObjectType", v, at)
	case "targetobjecttype":
		rule.TargetObjectType = s.word("TargetObjectType", v, at)
	case "connector":
		rule.Connector = s.connectorKey(v)
	case "precedence":
		s.precedence(rule, v, at)
	case "precedenceafter":
		rule.PrecedenceAfter = guid(s.known(v))
	case "precedencebefore":
		rule.PrecedenceBefore = guid(s.known(v))
	case "disabled":
		rule.Disabled = v.truth()
	case "enablepasswordsync":
		rule.PasswordSync = v.truth()
	case "softdeleteexpiryinterval", "version", "outvariable", "erroraction", "verbose", "passthru":
	default:
		return false
	}
	return true
}

// freeText is a value as text that may hold references to variables.
func (s *script) freeText(what string, v psValue, at hcl.Range) string {
	text, ok := s.argumentText(v, nil)
	if !ok {
		return s.word(what, v, at)
	}
	return text
}

// known is the text of a value that is plain from the script; "" for another one.
func (s *script) known(v psValue) string {
	if v = v.one(); v.kind == psText || v.kind == psBool {
		return s.export.plain(v.text)
	}
	return ""
}

// word is known for a value without which a rule cannot be understood.
func (s *script) word(what string, v psValue, at hcl.Range) string {
	if text := s.known(v); text != "" || v.one().kind != psUnknown {
		return text
	}
	hint := "write it into the script"
	if name := v.one().text; name != "" {
		hint = fmt.Sprintf("give it with -var %s=VALUE", name)
	}
	s.problem(at, "Value is not in the script", "%s is computed or asked for when the script runs, and scripts are never executed. Landfall cannot leave it open: %s.", what, hint)
	return ""
}

func (s *script) connectorKey(v psValue) string {
	v = v.one()
	if id, ok := v.fields["identifier"]; ok {
		v = id.one()
	}
	switch v.kind {
	case psText:
		text := s.export.plain(v.text)
		if isGUID(guid(text)) {
			return guid(text)
		}
		return text
	case psUnknown:
		name, _, _ := strings.Cut(v.text, ".")
		if name != "" {
			return name
		}
	}
	return "connector"
}

func (s *script) precedence(rule *Rule, v psValue, at hcl.Range) {
	v = v.one()
	if v.kind == psUnknown {
		v.typ = "number"
	}
	n, err := strconv.Atoi(v.text)
	switch {
	case v.kind == psText && v.declared != "" && err == nil:
		rule.Precedence = n
		rule.PrecedenceText = s.declare(v.declared, &v.text, true, "", at)
	case v.kind == psText && err == nil:
		rule.Precedence = n
	case v.kind == psUnknown:
		rule.PrecedenceText = s.freeText("Precedence", v, at)
	default:
		s.problem(at, "Rule without a precedence", "The precedence is %s, which is not a whole number.", quoted(v.text))
	}
}
