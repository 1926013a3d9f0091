package adsync

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
)

// xmlConnector reads one connector: what it connects, which parts of it, and its
// schema. Credentials and the state of the server are in elements that nothing
// here looks at.
func (r *reader) xmlConnector(e *element) {
	c := &Connector{ID: guid(e.value("id")), Name: e.value("name")}
	switch {
	case strings.EqualFold(e.value("category"), "AD"):
		c.Kind = KindAD
	case c.ID == entraConnectorID, strings.HasPrefix(e.value("subtype"), "Windows Azure Active Directory"):
		c.Kind = KindEntra
	default:
		r.export.note(LeftOut, hcl.Range{}, "", "the connector "+quoted(c.Name)+" of the category "+quoted(e.value("category"))+": landfall connects Active Directory and Entra ID; rules over it are left out, too")
		c.Kind = ""
	}
	for _, other := range r.export.Connectors {
		if other.ID == c.ID {
			r.problem(e.at, "Connector twice", "The connectors %q and %q have the same id, so that rules cannot tell them apart.", other.Name, c.Name)
			return
		}
	}
	c.Schema = dsmlAttributes(e)
	if c.Kind == KindAD {
		for _, p := range e.all("private-configuration", "adma-configuration") {
			c.Forest = p.value("forest-name")
		}
		c.Partitions = xmlPartitions(e)
	}
	r.export.Connectors = append(r.export.Connectors, c)
}

// xmlPartitions are the selected naming contexts of an AD connector.
func xmlPartitions(e *element) []Partition {
	var out []Partition
	for _, p := range e.all("ma-partition-data", "partition") {
		if p.value("selected") != "1" {
			continue
		}
		part := Partition{DN: p.value("name")}
		for _, v := range p.all("parameter-values", "parameter") {
			if v.attr("name") == "Domain.FQDN" {
				part.DNSName = strings.TrimSpace(v.text)
			}
		}
		for _, x := range p.all("filter", "containers", "inclusions", "inclusion") {
			part.Inclusions = appendText(part.Inclusions, x.text)
		}
		for _, x := range p.all("filter", "containers", "exclusions", "exclusion") {
			part.Exclusions = appendText(part.Exclusions, x.text)
		}
		if part.DNSName == "" {
			part.DNSName = dnsName(part.DN)
		}
		out = append(out, part)
	}
	return out
}

func appendText(list []string, text string) []string {
	if text = strings.TrimSpace(text); text != "" {
		list = append(list, text)
	}
	return list
}

// dnsName is the DNS name of a domain, "" when the DN is not one of a domain.
func dnsName(name string) string {
	d, err := dn.Parse(name)
	if err != nil {
		return ""
	}
	var labels []string
	for _, rdn := range d.RDNs() {
		if !strings.EqualFold(rdn.Type, "DC") {
			return ""
		}
		labels = append(labels, rdn.Value)
	}
	return strings.Join(labels, ".")
}

// xmlMetaverse reads the schema of the metaverse and the global settings.
func (r *reader) xmlMetaverse(e *element) {
	data := e.child("mv-data")
	if data == nil {
		r.problem(e.at, "No metaverse in the file", "The file has no element mv-data, so neither the metaverse's schema nor the global settings can be read.")
		return
	}
	if r.export.Metaverse != nil {
		r.problem(e.at, "Metaverse twice", "Two files of the export describe the metaverse. Name the folder of one export.")
		return
	}
	r.export.Metaverse = append([]Attribute{}, dsmlAttributes(data)...)
	for _, p := range data.all("parameter-values", "parameter") {
		name := p.attr("name")
		if name == "Microsoft.Synchronize.NextStartTime" {
			r.export.note(LeftOut, hcl.Range{}, "", name+": when that server's scheduler runs next")
			continue
		}
		r.export.Settings = append(r.export.Settings, Setting{name, strings.TrimSpace(p.text)})
	}
}
