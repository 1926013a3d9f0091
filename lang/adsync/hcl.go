package adsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// files are the HCL files of a configuration by name, one for each topic.
func (t *target) files() map[string]string {
	out := map[string]string{}
	add := func(name, text string) {
		if text != "" {
			out[name] = string(lang.Format([]byte(text)))
		}
	}
	add("providers.hcl", t.providersFile())
	add("settings.hcl", t.settingsFile())
	add("metaverse.hcl", t.metaverseFile())
	add("variables.hcl", t.variablesFile())
	add("writeback.hcl", t.writebackFile())
	for name, rules := range t.rulesByFile() {
		add(name, rulesFile(rules))
	}
	return out
}

func (t *target) providersFile() string {
	var b strings.Builder
	b.WriteString("# The connected directories: what Entra Connect calls connectors. Credentials come from\n# the environment and stand in no file.\n")
	for _, p := range t.providers {
		fmt.Fprintf(&b, "\nprovider %q %q { # connector %s\n", p.kind, p.label, printable(quoted(p.connector.Name)))
		if p.kind == "entra" {
			fmt.Fprintf(&b, "tenant_id = var.%s_tenant_id\n", p.prefix)
		} else {
			t.adArguments(&b, p)
		}
		writeAttributes(&b, p.attributes, p.kind == "entra")
		b.WriteString("}\n")
	}
	return b.String()
}

// adArguments writes where an AD connector reads. Its filter names containers to
// include and to exclude, of which the nearest decides; landfall reads below
// search bases.
func (t *target) adArguments(b *strings.Builder, p *hclProvider) {
	fmt.Fprintf(b, "url = var.%s_url\n", p.prefix)
	part, ok := mainPartition(p.connector)
	if !ok {
		fmt.Fprintf(b, "base_dn = var.%s_base_dn\n", p.prefix)
		return
	}
	fmt.Fprintf(b, "base_dn = %s\n", hclString(part.DN))
	bases := searchBases(part)
	if len(bases) != 1 || !strings.EqualFold(bases[0], part.DN) {
		fmt.Fprintf(b, "search_bases = %s\n", hclStrings(bases))
	}
}

// mainPartition is the partition that the provider reads: the forest's root, else
// the first domain.
func mainPartition(c *Connector) (Partition, bool) {
	for _, p := range c.Partitions {
		if c.Forest != "" && strings.EqualFold(p.DNSName, c.Forest) {
			return p, true
		}
	}
	for _, p := range c.Partitions {
		if p.DNSName != "" {
			return p, true
		}
	}
	return Partition{}, false
}

// searchBases are the included containers that no other one contains; the whole
// partition where none is named.
func searchBases(p Partition) []string {
	var bases []string
	for i, name := range p.Inclusions {
		covered := slices.ContainsFunc(p.Inclusions[:i], func(other string) bool { return sameDN(name, other) })
		for _, other := range p.Inclusions {
			covered = covered || !sameDN(name, other) && below(name, other)
		}
		if !covered && below(name, p.DN) {
			bases = append(bases, name)
		}
	}
	if len(bases) == 0 {
		return []string{p.DN}
	}
	slices.Sort(bases)
	return bases
}

func below(name, ancestor string) bool {
	n, err := dn.Parse(name)
	a, otherErr := dn.Parse(ancestor)
	return err == nil && otherErr == nil && n.IsBelow(a)
}

func sameDN(a, b string) bool { return below(a, b) && below(b, a) }

func hclStrings(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = hclString(t)
	}
	if len(quoted) == 1 {
		return "[" + quoted[0] + "]"
	}
	return "[\n" + strings.Join(quoted, ",\n") + ",\n]"
}

// writeAttributes declares attributes that the built-in schema lacks. Those of
// Entra Connect's own interface are private; directory extensions are in Graph.
func writeAttributes(b *strings.Builder, attrs []Attribute, entra bool) {
	if len(attrs) == 0 {
		return
	}
	b.WriteString("attributes = {\n")
	for _, a := range attrs {
		words := syntaxWord(a.Syntax)
		if a.Multi {
			words = "multi " + words
		}
		if entra && !strings.HasPrefix(a.Name, "extension_") {
			words = "private " + words
		}
		name := a.Name
		if !hclsyntax.ValidIdentifier(name) {
			name = hclString(name)
		}
		fmt.Fprintf(b, "%s = %q\n", name, words)
	}
	b.WriteString("}\n")
}

func syntaxWord(s schema.Syntax) string {
	switch s {
	case schema.Exact:
		return "exact"
	case schema.Bool:
		return "bool"
	case schema.Int:
		return "int"
	case schema.Octets:
		return "octets"
	case schema.Time:
		return "time"
	case schema.Reference:
		return "ref"
	}
	return "text"
}

func (t *target) metaverseFile() string {
	if len(t.metaverse) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("# Attributes of the metaverse that rules use and landfall's own schema lacks.\n\nmetaverse {\n")
	writeAttributes(&b, t.metaverse, false)
	b.WriteString("}\n")
	return b.String()
}

// noTenant stands for the tenant until its id is filled in. No tenant has it, so
// that a plan refuses to go on.
const noTenant = "00000000-0000-0000-0000-000000000000"

func (t *target) variablesFile() string {
	var b strings.Builder
	variable := func(name, kind, description string, fallback string) {
		fmt.Fprintf(&b, "\nvariable %q {\ntype = %s\ndescription = %s\n", name, kind, hclString(description))
		if fallback != "" {
			fmt.Fprintf(&b, "default = %s\n", fallback)
		}
		b.WriteString("}\n")
	}
	b.WriteString("# What the export does not say, or a script computes. Set values in a *.auto.vars.hcl file,\n# with -var, or in LANDFALL_VAR_<name>.\n")
	for _, p := range t.providers {
		name := p.connector.Name
		if p.kind == "entra" {
			variable(p.prefix+"_tenant_id", "string", "The id of the tenant that the connector "+name+" connects: Microsoft Entra admin center, Overview.", quoted(noTenant))
			continue
		}
		part, known := mainPartition(p.connector)
		address := ""
		if known {
			address = hclString("ldaps://" + strings.ToLower(part.DNSName))
		}
		variable(p.prefix+"_url", "string", "A domain controller of "+name+". The name of the domain finds any of them, if its certificate has that name.", address)
		if !known {
			variable(p.prefix+"_base_dn", "string", "The domain that the connector "+name+" reads, such as DC=corp,DC=example,DC=com.", "")
		}
	}
	for _, v := range t.export.Variables {
		kind, fallback := "string", ""
		if v.Number {
			kind = "number"
		}
		if v.Default != nil {
			fallback = hclString(*v.Default)
			if v.Number {
				fallback = *v.Default
			}
		}
		variable(v.Name, kind, v.Description, fallback)
	}
	return b.String()
}

func (t *target) settingsFile() string {
	if len(t.export.Settings) == 0 {
		return ""
	}
	s := t.settings()
	var b strings.Builder
	b.WriteString("# Entra Connect's global settings. Those that landfall acts on have names of their own;\n# the others are kept under the names of Get-ADSyncGlobalSettings.\n\nsettings {\n")
	for _, a := range s.typed {
		fmt.Fprintf(&b, "%s = %s\n", a.name, a.value)
	}
	if len(s.others) > 0 {
		b.WriteString("parameters = {\n")
		for _, o := range s.others {
			fmt.Fprintf(&b, "%s = %s\n", hclString(o.Name), hclString(o.Value))
		}
		b.WriteString("}\n")
	}
	b.WriteString("}\n")
	return b.String()
}
