package adsync

import (
	"fmt"
	"strings"
)

// rulesByFile distributes the rules over files by direction and object type.
func (t *target) rulesByFile() map[string][]*hclRule {
	out := map[string][]*hclRule{}
	for _, r := range t.rules {
		name := fmt.Sprintf("rules_%s_%s.hcl", strings.ToLower(r.Direction), snake(strings.ToLower(r.SpaceType())))
		out[name] = append(out[name], r)
	}
	return out
}

func rulesFile(rules []*hclRule) string {
	first := rules[0]
	way := "Inbound rules: from objects of the type %s into the metaverse."
	if !first.Inbound() {
		way = "Outbound rules: from the metaverse to objects of the type %s."
	}
	var b strings.Builder
	b.WriteString(comment("", fmt.Sprintf(way, first.SpaceType())))
	for _, r := range rules {
		b.WriteString("\n")
		r.write(&b)
	}
	return b.String()
}

// write writes a rule as a sync_rule block.
func (r *hclRule) write(b *strings.Builder) {
	if r.Description != nil {
		b.WriteString(comment("", *r.Description))
	}
	fmt.Fprintf(b, "sync_rule %q {\n", r.label)
	fmt.Fprintf(b, "name = %s\ndirection = %q\nprovider = %s\n", hclString(r.name), strings.ToLower(r.Direction), r.provider.address())
	fmt.Fprintf(b, "object_type = %s\nmetaverse_type = %s\nlink = %q\nprecedence = %s\n", hclString(r.SpaceType()), hclString(r.MetaverseType()), r.link, r.precedence)
	if r.Standard() {
		fmt.Fprintf(b, "tag = %s\n", hclString(r.Tag))
	}
	if r.Disabled {
		b.WriteString("disabled = true\n")
	}
	for _, group := range r.Scope {
		r.writeScope(b, group)
	}
	for _, group := range r.Join {
		b.WriteString("\njoin {\n")
		for _, m := range group {
			fmt.Fprintf(b, "match {\nspace = %s\nmetaverse = %s\n", hclString(m.Space), hclString(m.Metaverse))
			if m.CaseSensitive {
				b.WriteString("case_sensitive = true\n")
			}
			b.WriteString("}\n")
		}
		b.WriteString("}\n")
	}
	if len(r.copies) > 0 {
		b.WriteString("\ncopy = " + wrapped(r.copies) + "\n")
	}
	if len(r.flows)+len(r.omitted) > 0 {
		b.WriteString("\n")
	}
	for _, f := range r.flows {
		f.write(b)
	}
	for _, text := range r.omitted {
		b.WriteString(comment("  ", text))
	}
	b.WriteString("}\n")
}

func (r *hclRule) writeScope(b *strings.Builder, group []Condition) {
	b.WriteString("\nscope {\n")
	for _, c := range group {
		fmt.Fprintf(b, "clause {\nattribute = %s\noperator = %q\n", hclString(c.Attribute), c.Operator)
		if c.Operator != "ISNULL" && c.Operator != "ISNOTNULL" {
			fmt.Fprintf(b, "value = %s\n", hclString(c.Value))
		}
		b.WriteString("}\n")
	}
	b.WriteString("}\n")
}

func (f hclFlow) write(b *strings.Builder) {
	text := f.text
	if f.argument == "expression" {
		text = hclExpression(f.text, "    ")
	}
	fmt.Fprintf(b, "flow %s {\n%s = %s\n", hclString(f.attribute), f.argument, text)
	if f.merge != "" {
		fmt.Fprintf(b, "merge = %q\n", f.merge)
	}
	if f.once {
		b.WriteString("once = true\n")
	}
	b.WriteString("}\n")
}

// wrapped is a list of names, several to a line.
func wrapped(names []string) string {
	one := make([]string, len(names))
	for i, n := range names {
		one[i] = hclString(n)
	}
	if line := strings.Join(one, ", "); len(line) < 80 {
		return "[" + line + "]"
	}
	var b strings.Builder
	b.WriteString("[\n")
	line := ""
	for _, n := range one {
		if len(line)+len(n) > 90 {
			b.WriteString(strings.TrimSuffix(line, " ") + "\n")
			line = ""
		}
		line += n + ", "
	}
	b.WriteString(strings.TrimSuffix(line, " ") + "\n]")
	return b.String()
}
