package adsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/schema"
)

// flow says one flow in landfall's words; why is the reason when it cannot. A
// result without an argument is an attribute that is copied under its own name.
func (t *target) flow(r *Rule, p *hclProvider, m Mapping) (f hclFlow, why string) {
	source, destination, types := p.schema, t.mvSchema, [2]string{r.SpaceType(), ""}
	if !r.Inbound() {
		source, destination, types = t.mvSchema, p.schema, [2]string{"", r.SpaceType()}
	}
	to, _ := destination.Lookup(m.Destination)
	if why := unwritable(r, p, to, types[1]); why != "" {
		return f, why
	}
	f = hclFlow{attribute: to.Name, once: m.ExecuteOnce}
	switch {
	case m.MergeType == "Update":
	case !to.Multi:
		t.note(Approximated, r, m.At, "the flow to %s does not merge: the attribute has one value", to.Name)
	case m.MergeType == "Merge":
		f.merge = "merge"
	default:
		f.merge = "merge_case_insensitive"
	}
	switch m.FlowType {
	case "Constant":
		f.argument = "value"
		f.text, why = constant(to, m.Source[0])
		return f, why
	case "Expression":
		f.argument, f.text = "expression", *m.Expression
		return f, ""
	}
	return t.direct(r, m, f, source, to, types[0])
}

// direct is a direct flow. Where the types differ, an expression converts.
func (t *target) direct(r *Rule, m Mapping, f hclFlow, source *schema.Schema, to schema.Attribute, objectType string) (hclFlow, string) {
	if hasReference(m.Source[0]) {
		f.argument, f.text = "from", hclString(m.Source[0])
		return f, ""
	}
	from, _ := source.Lookup(m.Source[0])
	if lacks(from, objectType) {
		return f, fmt.Sprintf("objects of the type %s have no %s", objectType, from.Name)
	}
	expression, why := conversion(from, to)
	switch {
	case why != "":
		return f, why
	case expression != "":
		t.note(Approximated, r, m.At, "the flow to %s is %s: where it comes from, %s has %s; where it goes, %s", to.Name, expression, from.Name, values(from), values(to))
		f.argument, f.text = "expression", expression
	case from.Name != to.Name || f.merge != "" || f.once:
		f.argument, f.text = "from", hclString(from.Name)
	}
	return f, ""
}

// unwritable tells why nothing may flow to an attribute.
func unwritable(r *Rule, p *hclProvider, to schema.Attribute, objectType string) string {
	switch {
	case lacks(to, objectType):
		return fmt.Sprintf("objects of the type %s have no %s", objectType, to.Name)
	case r.Inbound() || p.kind == "entra" || to.Name == "dn":
		return ""
	case to.Name == "cn":
		return "the name of an object changes only with its dn"
	case to.Name == "adminDescription":
		return "it carries the mark that says whose an object is, which only a writeback writes"
	case to.ReadOnly:
		return "Active Directory maintains it itself"
	}
	return ""
}

func lacks(a schema.Attribute, objectType string) bool {
	return objectType != "" && len(a.Types) > 0 && !slices.Contains(a.Types, objectType)
}

// constant is the text of a constant flow as a value of its attribute.
func constant(to schema.Attribute, text string) (hcl, why string) {
	switch to.Syntax {
	case schema.Bool:
		if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
			return strings.ToLower(text), ""
		}
	case schema.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.FormatInt(n, 10), ""
		}
	case schema.Reference:
		return "", "a constant is no reference to an object"
	}
	return hclString(text), ""
}

// conversion is the expression that turns the values of one attribute into values
// of another; "" when they flow as they are. why tells that there is none.
func conversion(from, to schema.Attribute) (expression, why string) {
	value := "[" + from.Name + "]"
	first := from.Multi && !to.Multi
	if first {
		value = "ItemOrNull(" + value + ",1)"
	}
	function := ""
	switch {
	case from.Syntax == to.Syntax && !(first && from.Syntax == schema.Reference), isText(from.Syntax) && isText(to.Syntax):
		if first {
			return value, ""
		}
		return "", ""
	case from.Syntax == schema.Octets && strings.EqualFold(to.Name, "deviceId"):
		function = "StringFromGuid" // Graph's deviceId is text
	case from.Syntax == schema.Octets && strings.EqualFold(to.Name, "onPremiseSecurityIdentifier"):
		function = "StringFromSid" // so is its security identifier
	case from.Syntax == schema.Octets && isText(to.Syntax):
		function = "ConvertToBase64"
	case from.Syntax == schema.Time && isText(to.Syntax):
		return `FormatDateTime(` + value + `,"yyyyMMddHHmmss.0Z")`, ""
	case from.Syntax != schema.Reference && isText(to.Syntax):
		function = "CStr"
	case isText(from.Syntax) && to.Syntax == schema.Bool:
		function = "CBool"
	case isText(from.Syntax) && to.Syntax == schema.Int:
		function = "CNum"
	case isText(from.Syntax) && to.Syntax == schema.Time:
		function = "CDate"
	default:
		return "", fmt.Sprintf("%s has %s and %s has %s, and landfall does not turn one into the other", from.Name, values(from), to.Name, values(to))
	}
	return function + "(" + value + ")", ""
}

func isText(s schema.Syntax) bool { return s == schema.Text || s == schema.Exact }

// values describes what an attribute holds.
func values(a schema.Attribute) string {
	if a.Multi {
		return "several values (" + kindOfValue(a.Syntax) + ")"
	}
	return "one value (" + kindOfValue(a.Syntax) + ")"
}

func kindOfValue(s schema.Syntax) string {
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
