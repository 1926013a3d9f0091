package adsync

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// script reads one PowerShell script: it follows the statements that make rules
// and keeps what variables hold, as far as that is plain from the text.
type script struct {
	*reader
	file     string
	values   map[string]psValue // by lower-case name
	assigned map[string]int     // how often
	rules    []*Rule            // made by New-ADSyncRule
	added    map[*Rule]bool     // by Add-ADSyncRule
	unknown  int                // statements that are not understood
}

// maxUnknown is how many statements of one script that are not understood are
// named one by one.
const maxUnknown = 50

// readScripts reads rule scripts. Nothing in them is executed.
func (r *reader) readScripts(files []string) {
	for _, name := range files {
		text, ok := r.read(name)
		if !ok {
			continue
		}
		statements, err := parseScript(name, text)
		var mistake *psError
		if errors.As(err, &mistake) {
			r.problem(mistake.at, "Script cannot be read", "The script cannot be read further: %s.", mistake.text)
			continue
		}
		before := len(r.diags)
		s := &script{reader: r, file: name, values: map[string]psValue{}, assigned: map[string]int{}, added: map[*Rule]bool{}}
		s.countAssignments(statements)
		s.run(statements)
		for _, rule := range s.rules {
			if !s.added[rule] {
				r.export.note(Approximated, rule.At, rule.Name, "the script makes the rule and never adds it with Add-ADSyncRule; it is imported all the same")
			}
		}
		if s.unknown > maxUnknown {
			r.warning(hcl.Range{}, "More statements are not understood", "%d more statements of %s make no rules.", s.unknown-maxUnknown, name)
		}
		r.markBroken(s.rules, before)
		r.export.Rules = append(r.export.Rules, s.rules...)
	}
	r.nameConnectors()
}

// countAssignments counts how often each variable is assigned. One that has a
// single value all along can become a variable in HCL.
func (s *script) countAssignments(statements []*psStatement) {
	for _, st := range statements {
		if st.target != nil {
			s.assigned[variableName(root(st.target).text)]++
		}
		s.countAssignments(st.block)
	}
}

// root is the variable at the base of members and indexes.
func root(e *psExpr) *psExpr {
	for (e.kind == psMember || e.kind == psIndex) && len(e.items) > 0 {
		e = e.items[0]
	}
	return e
}

// run follows statements, those in blocks once.
func (s *script) run(statements []*psStatement) {
	for _, st := range statements {
		made := len(s.rules)
		switch {
		case st.target != nil:
			s.assign(st)
		case st.value != nil:
			if !s.understood(st.value) {
				s.note(st.at)
			}
			s.eval(st.value) // a block in it may make rules
		case st.keyword != "" && st.block == nil:
			s.note(st.at)
		}
		s.run(st.block)
		if st.block != nil && len(s.rules) > made && st.keyword != "param" {
			what := st.keyword
			if what == "" {
				what = "block"
			}
			for _, rule := range s.rules[made:] {
				s.export.note(Approximated, st.at, rule.Name, fmt.Sprintf("it is made in a %s of the script, which is read once, as it stands", what))
			}
		}
	}
}

// note notes a statement that makes no rules, with its line.
func (s *script) note(at hcl.Range) {
	if s.unknown++; s.unknown > maxUnknown {
		return
	}
	s.export.note(NotARule, at, "", shown(s.lineAt(at)))
	s.warning(at, "Statement is not understood", "This statement does not make a sync rule that landfall knows, and scripts are never executed: %s", shown(s.lineAt(at)))
}

func (s *script) lineAt(at hcl.Range) string {
	f := s.export.Sources[s.file]
	if f == nil || at.Start.Byte > len(f.Bytes) {
		return "a long line"
	}
	line, _, _ := strings.Cut(string(f.Bytes[at.Start.Byte:]), "\n")
	return strings.TrimSpace(line)
}

// shown is a piece of source, cut to a length that people read.
func shown(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return text
}

// assign takes an assignment to a variable or to a property of an object.
func (s *script) assign(st *psStatement) {
	v := s.eval(st.value)
	if v.kind == psUnknown && v.prompt == "" && v.text == "" && len(st.block) == 0 {
		s.note(st.at)
	}
	name := variableName(root(st.target).text)
	switch st.target.kind {
	case psVar:
		if st.add {
			v = psValue{kind: psList, items: append(s.values[name].list(), v.list()...), at: st.at}
		}
		s.values[name] = v
	case psMember:
		object := s.eval(st.target.items[0]).one()
		if object.fields != nil {
			object.fields[strings.ToLower(st.target.text)] = v // shared with the variable
		} else if object.rule == nil || !s.setProperty(object.rule, st.target.text, v, st.at) {
			s.note(st.at)
		}
	default:
		s.note(st.at)
	}
}

// setProperty sets a property of a rule that is an object in the script.
func (s *script) setProperty(rule *Rule, name string, v psValue, at hcl.Range) bool {
	return s.ruleProperty(rule, strings.ToLower(name), v, at)
}

// understood reports whether a statement is one of the commands that make rules,
// or a value without effect.
func (s *script) understood(e *psExpr) bool {
	if e.kind != psPipeline {
		return false
	}
	for i, c := range e.commands {
		name := strings.ToLower(c.name)
		if !slices.Contains(knownCommands, name) && !((i > 0 || len(e.items) > 0) && slices.Contains(pipeCommands, name)) {
			return false
		}
	}
	return len(e.commands) > 0
}

// argumentText is a value as the text of an argument. What the script computes or
// asks for becomes a reference to a variable; not ok for what is no text at all.
func (s *script) argumentText(v psValue, e *psExpr) (string, bool) {
	v = v.one()
	switch v.kind {
	case psText, psBool:
		if v.declared != "" {
			return s.declare(v.declared, &v.text, false, "", v.at), true
		}
		return v.text, true
	case psNull:
		return "", true
	case psUnknown:
		name := v.text
		if name == "" && e != nil {
			name = variablePath(e)
		}
		if name == "" {
			return "", false
		}
		if v.prompt != "" {
			v.prompt = fmt.Sprintf("%s $%s of %s.", v.prompt, name, s.file)
		}
		return s.declare(name, nil, v.typ == "number", v.prompt, v.at), true
	}
	if id := v.field("identifier"); v.kind == psObject && id.kind == psText {
		return id.text, true
	}
	return "", false
}

// declare makes a variable in HCL and is a reference to it. Variables of several
// scripts share a name only when they have the same value.
func (s *script) declare(name string, def *string, number bool, description string, at hcl.Range) string {
	base := snake(name)
	taken := map[string]bool{}
	for _, v := range s.export.Variables {
		if v.Script == name && (v.Default == nil && def == nil || v.Default != nil && def != nil && *v.Default == *def) {
			v.Number = v.Number || number
			return reference(v.Name)
		}
		taken[v.Name] = true
	}
	v := &Variable{Name: unique(base, taken), Script: name, Number: number, Default: def, Description: description, At: at}
	if v.Description == "" {
		v.Description = fmt.Sprintf("$%s of %s.", name, s.file)
	}
	s.export.Variables = append(s.export.Variables, v)
	return reference(v.Name)
}

// nameConnectors makes connectors for the rules of formats that only mention them:
// by GUID, or by name. What kind of directory it is, the rules tell.
func (r *reader) nameConnectors() {
	byKey := map[string]*Connector{}
	taken := map[string]bool{}
	for _, rule := range r.export.Rules {
		if rule.Connector == "" || byKey[rule.Connector] != nil {
			continue
		}
		c := &Connector{Name: rule.Connector, Kind: KindAD}
		if rule.Connector == entraConnectorID || mentionsEntra(rule) {
			c.Kind = KindEntra
		}
		if isGUID(rule.Connector) {
			c.ID = rule.Connector
			name := "Active Directory"
			if c.Kind == KindEntra {
				name = "Microsoft Entra ID"
			}
			c.Name = name
			for n := 2; taken[c.Name]; n++ {
				c.Name = fmt.Sprintf("%s %d", name, n)
			}
		} else if c.Kind == KindAD && strings.Contains(c.Name, ".") {
			c.Forest = strings.ToLower(c.Name)
			c.Partitions = []Partition{{DN: "DC=" + strings.ReplaceAll(c.Forest, ".", ",DC="), DNSName: c.Forest}}
		}
		taken[c.Name] = true
		byKey[rule.Connector] = c
		r.export.Connectors = append(r.export.Connectors, c)
	}
	for _, c := range r.export.Connectors {
		if c.Kind == KindAD && len(c.Partitions) == 0 {
			r.export.note(Approximated, hcl.Range{}, "", fmt.Sprintf("connector %q: the export does not say which domain it reads; fill in its variables", c.Name))
		}
	}
}

// mentionsEntra tells by name whether a rule is one over Entra ID, where its
// connector is only a name or the GUID of another server.
func mentionsEntra(r *Rule) bool {
	if !isGUID(r.Connector) {
		lower := strings.ToLower(r.Connector)
		return strings.HasSuffix(lower, "- aad") || strings.Contains(lower, "onmicrosoft.com") || strings.Contains(lower, "aad") || strings.Contains(lower, "entra") || strings.Contains(lower, "azure")
	}
	for _, word := range []string{"from AAD -", "to AAD -", "fromAAD", "toAAD"} {
		if strings.Contains(r.Name, word) || strings.Contains(r.Tag, word) {
			return true
		}
	}
	return false
}

func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return false
		}
	}
	return true
}
