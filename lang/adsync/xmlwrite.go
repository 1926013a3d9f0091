package adsync

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strings"
)

// WriteXML writes an export as a server configuration: the files by their paths.
// Reading them gives the same configuration. What landfall never reads is not in
// them, so that they are for reading and comparing, not for a server to load.
func WriteXML(e *Export) map[string]string {
	out := map[string]string{}
	ids := map[*Connector]string{}
	for _, c := range e.Connectors {
		ids[c] = c.ID
		if c.ID == "" {
			ids[c] = madeID("connector", c.Name)
			if c.Kind == KindEntra {
				ids[c] = entraConnectorID
			}
		}
		out["Connectors/Connector_{"+ids[c]+"}.xml"] = document(connectorXML(c, ids[c]))
	}
	for _, r := range e.Rules {
		id := r.Identifier
		if id == "" {
			id = madeID("rule", r.Direction+"\x00"+e.connector(r).Name+"\x00"+r.Name)
		}
		out["SynchronizationRules/SynchronizationRule_{"+id+"}.xml"] = document(e.ruleXML(r, id, ids[e.connector(r)]))
	}
	out["GlobalSettings/MV.xml"] = document(metaverseXML(e))
	return out
}

// madeID is a GUID for what has only a name, the same for the same name.
func madeID(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	sum[6] = sum[6]&0x0f | 0x80 // version 8: made in a way of one's own
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// xmlNode is an element to be written: with text, or with other elements.
type xmlNode struct {
	name     string
	attrs    []string // name, value, …
	text     string
	children []*xmlNode
}

func node(name string, children ...*xmlNode) *xmlNode {
	return &xmlNode{name: name, children: children}
}

func leaf(name, text string) *xmlNode { return &xmlNode{name: name, text: text} }

func (n *xmlNode) with(attrs ...string) *xmlNode {
	n.attrs = append(n.attrs, attrs...)
	return n
}

func (n *xmlNode) add(children ...*xmlNode) { n.children = append(n.children, children...) }

func document(n *xmlNode) string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n *xmlNode) write(b *strings.Builder, indent string) {
	b.WriteString(indent + "<" + n.name)
	for i := 0; i+1 < len(n.attrs); i += 2 {
		b.WriteString(" " + n.attrs[i] + `="`)
		escapeXML(b, n.attrs[i+1])
		b.WriteString(`"`)
	}
	switch {
	case len(n.children) > 0:
		b.WriteString(">\n")
		for _, c := range n.children {
			c.write(b, indent+"  ")
		}
		b.WriteString(indent + "</" + n.name + ">\n")
	case n.text != "":
		b.WriteString(">")
		escapeXML(b, n.text)
		b.WriteString("</" + n.name + ">\n")
	default:
		b.WriteString(" />\n")
	}
}

func escapeXML(b *strings.Builder, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a strings.Builder takes everything
}

func braces(id string) string {
	if id == "" {
		id = noTenant
	}
	return "{" + id + "}"
}

func capital(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func (e *Export) ruleXML(r *Rule, id, connector string) *xmlNode {
	description := ""
	if r.Description != nil {
		description = *r.Description
	}
	n := node("synchronizationRule",
		leaf("id", braces(id)), leaf("internal-id", braces(id)), leaf("version", r.Version), leaf("name", e.plain(r.Name)),
		leaf("description", description), leaf("immutable-tag", r.Tag), leaf("direction", r.Direction), leaf("disabled", capital(r.Disabled)),
		leaf("connector", braces(connector)), leaf("sourceObjectType", r.SourceObjectType), leaf("targetObjectType", r.TargetObjectType),
		leaf("linkType", r.LinkType), leaf("precedence", fmt.Sprint(r.Precedence)),
		leaf("precedence-after", braces(r.PrecedenceAfter)), leaf("precedence-before", braces(r.PrecedenceBefore)),
		leaf("softDeleteExpiryInterval", "00:00:00"), leaf("EnablePasswordSync", strings.ToLower(capital(r.PasswordSync))))
	flows, join, scope := node("attribute-mappings"), node("relationshipCriteria"), node("synchronizationCriteria")
	for _, m := range r.Mappings {
		flows.add(e.mappingXML(m))
	}
	for _, group := range r.Join {
		conditions := node("conditions")
		for _, m := range group {
			c := node("condition", leaf("csAttribute", e.plain(m.Space)), leaf("ilmAttribute", e.plain(m.Metaverse)))
			if m.CaseSensitive {
				c.add(leaf("caseSensitive", "True"))
			}
			conditions.add(c)
		}
		join.add(conditions)
	}
	for _, group := range r.Scope {
		conditions := node("conditions")
		for _, c := range group {
			conditions.add(node("scope", leaf("csAttribute", e.plain(c.Attribute)), leaf("csOperator", c.Operator), leaf("csValue", e.plain(c.Value))))
		}
		scope.add(conditions)
	}
	n.add(flows, join, scope)
	return n
}

func (e *Export) mappingXML(m Mapping) *xmlNode {
	n := node("mapping", leaf("dest", m.Destination))
	source := node("src")
	if m.FlowType == "Constant" {
		source.text = e.plain(m.Source[0])
	} else {
		for _, a := range m.Source {
			source.add(leaf("attr", e.plain(a)))
		}
	}
	n.add(source)
	if m.Expression != nil {
		n.add(leaf("expression", e.plain(*m.Expression)))
	}
	n.add(leaf("valueMergeType", m.MergeType))
	if m.ExecuteOnce {
		n.with("execute-once", "true")
	}
	return n
}

func connectorXML(c *Connector, id string) *xmlNode {
	n := node("ma-data", leaf("id", strings.ToUpper(braces(id))), leaf("name", c.Name))
	switch c.Kind {
	case KindAD:
		n.add(leaf("category", "AD"))
	case KindEntra:
		n.add(leaf("category", "Extensible2"), leaf("subtype", "Windows Azure Active Directory (Microsoft)"))
	default:
		n.add(leaf("category", "Extensible2"))
	}
	if len(c.Schema) > 0 {
		n.add(node("schema", dsmlXML(c.Schema)))
	}
	if c.Kind != KindAD {
		return n
	}
	n.add(node("private-configuration", node("adma-configuration", leaf("forest-name", c.Forest))))
	partitions := node("ma-partition-data")
	for _, p := range c.Partitions {
		exclusions, inclusions := node("exclusions"), node("inclusions")
		for _, x := range p.Exclusions {
			exclusions.add(leaf("exclusion", x))
		}
		for _, x := range p.Inclusions {
			inclusions.add(leaf("inclusion", x))
		}
		partitions.add(node("partition", leaf("name", p.DN), leaf("selected", "1"),
			node("filter", node("containers", exclusions, inclusions)),
			node("parameter-values", leaf("parameter", p.DNSName).with("name", "Domain.FQDN", "type", "string", "use", "partition", "dataType", "String"))))
	}
	n.add(partitions)
	return n
}

func dsmlXML(attrs []Attribute) *xmlNode {
	schema := node("dsml:directory-schema")
	for _, a := range attrs {
		t := node("dsml:attribute-type", leaf("dsml:name", a.Name), leaf("dsml:syntax", syntaxOID(a.Syntax))).with("id", a.Name)
		if !a.Multi {
			t.with("single-value", "true")
		}
		schema.add(t)
	}
	return node("dsml:dsml", schema).with("xmlns:dsml", "http://www.dsml.org/DSML")
}

func metaverseXML(e *Export) *xmlNode {
	data := node("mv-data")
	if len(e.Metaverse) > 0 {
		data.add(node("schema", dsmlXML(e.Metaverse)))
	}
	settings := node("parameter-values")
	for _, s := range e.Settings {
		settings.add(leaf("parameter", s.Value).with("name", s.Name, "type", "string", "use", "SynchronizationGlobal", "dataType", "String"))
	}
	data.add(settings)
	return node("saved-mv-configuration", data)
}
