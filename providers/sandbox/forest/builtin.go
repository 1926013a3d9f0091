package forest

import (
	"strconv"
	"strings"
)

// recycleBinFeature is the GUID of the Recycle Bin among the optional features.
const recycleBinFeature = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a"

// builtinRecords are the containers that every domain has. The file may declare
// them itself; then its records win.
func builtinRecords(f *Forest) []record {
	domain := f.base.String()
	config := "CN=Configuration," + domain
	bin := "CN=Recycle Bin Feature,CN=Optional Features,CN=Directory Service,CN=Windows NT,CN=Services," + config
	system := []string{"isCriticalSystemObject: TRUE", "showInAdvancedViewOnly: FALSE"}
	records := []record{
		builtinRecord(domain, "domainDNS", "instanceType: 5", "isCriticalSystemObject: TRUE", "msDS-Behavior-Version: 7"),
		builtinRecord("CN=Users,"+domain, "container", system...),
		builtinRecord("CN=Computers,"+domain, "container", system...),
		builtinRecord("CN=Builtin,"+domain, "builtinDomain", append(system, "objectSid: S-1-5-32")...),
		builtinRecord("CN=System,"+domain, "container", system...),
		builtinRecord("CN=ForeignSecurityPrincipals,"+domain, "container", system...),
		builtinRecord("CN=LostAndFound,"+domain, "lostAndFound", system...),
		builtinRecord("CN=Deleted Objects,"+domain, "container", "isCriticalSystemObject: TRUE", "isDeleted: TRUE", "showInAdvancedViewOnly: TRUE"),
		builtinRecord(config, "configuration", "instanceType: 13"),
		builtinRecord("CN=Schema,"+config, "dMD", "instanceType: 13", "objectVersion: 88"),
		builtinRecord("CN=Services,"+config, "container"),
		builtinRecord("CN=Windows NT,CN=Services,"+config, "container"),
		builtinRecord("CN=Directory Service,CN=Windows NT,CN=Services,"+config, "nTDSService", "tombstoneLifetime: 180", "msDS-DeletedObjectLifetime: 180"),
		builtinRecord("CN=Optional Features,CN=Directory Service,CN=Windows NT,CN=Services,"+config, "container"),
		builtinRecord(bin, "msDS-OptionalFeature", "msDS-OptionalFeatureGUID: "+recycleBinFeature, "msDS-OptionalFeatureFlags: 1", "msDS-RequiredForestBehaviorVersion: 4"),
		builtinRecord("CN=Sites,"+config, "sitesContainer"),
		builtinRecord("CN=Default-First-Site-Name,CN=Sites,"+config, "site"),
		builtinRecord("CN=Servers,CN=Default-First-Site-Name,CN=Sites,"+config, "serversContainer"),
		builtinRecord("CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,"+config, "server", "dNSHostName: "+f.hostName),
		builtinRecord("CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,"+config, "nTDSDSA", "invocationId: "+f.invocationID(), "msDS-Behavior-Version: 7"),
		builtinRecord("CN=Partitions,"+config, "crossRefContainer", "msDS-Behavior-Version: 7", "msDS-EnabledFeature: "+bin),
		builtinRecord("CN=Enterprise Schema,CN=Partitions,"+config, "crossRef", "nCName: CN=Schema,"+config, "dnsRoot: "+f.dnsName, "systemFlags: 1"),
		builtinRecord("CN=Enterprise Configuration,CN=Partitions,"+config, "crossRef", "nCName: "+config, "dnsRoot: "+f.dnsName, "systemFlags: 1"),
		builtinRecord("CN="+f.netBIOS+",CN=Partitions,"+config, "crossRef", "nCName: "+domain, "dnsRoot: "+f.dnsName, "nETBIOSName: "+f.netBIOS, "systemFlags: 3"),
	}
	return records
}

func builtinRecord(dn, class string, lines ...string) record {
	r := record{dn: dn, values: []recordValue{{name: "objectClass", value: class}}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.values = append(r.values, recordValue{name: name, value: value})
	}
	return r
}

// syntaxNames are attributeSyntax and oMSyntax of schema objects.
var syntaxNames = map[syntax][2]string{
	syntaxText: {"2.5.5.12", "64"}, syntaxExact: {"2.5.5.5", "22"}, syntaxBool: {"2.5.5.8", "1"}, syntaxInt: {"2.5.5.9", "2"},
	syntaxInt64: {"2.5.5.16", "65"}, syntaxOctets: {"2.5.5.10", "4"}, syntaxSID: {"2.5.5.17", "4"}, syntaxTime: {"2.5.5.11", "24"},
	syntaxOID: {"2.5.5.2", "6"}, syntaxReference: {"2.5.5.1", "127"},
}

// addSchemaObjects fills the schema container, so that a client can ask which
// attributes and classes exist. Their object identifiers lie in a private arc;
// the real ones mean nothing to clients that ask for names.
func (f *Forest) addSchemaObjects() {
	commonNames := f.schema.commonNames()
	for i, def := range f.schema.ordered {
		names := syntaxNames[def.syntax]
		values := map[string]string{
			"lDAPDisplayName": def.name, "attributeID": "1.2.840.113556.1.8000.2554.1." + strconv.Itoa(i+1),
			"attributeSyntax": names[0], "oMSyntax": names[1], "isSingleValued": spellBool(!def.multi),
			"systemOnly": spellBool(def.system), "isMemberOfPartialAttributeSet": "TRUE",
		}
		if def.max > 0 {
			values["rangeUpper"] = strconv.Itoa(def.max)
		}
		if def.linked {
			values["linkID"] = strconv.Itoa(2 * (i + 1))
		} else if def.forward != nil {
			values["linkID"] = strconv.Itoa(2*(def.forward.order+1) + 1)
		}
		f.addSchemaObject(commonNames[def], "attributeSchema", values)
	}
	categories := map[string]bool{}
	for i, c := range f.schema.classList {
		parent := "top"
		if len(c.chain) > 1 {
			parent = c.chain[len(c.chain)-2]
		}
		category := map[string]string{"structural": "1", "abstract": "2", "auxiliary": "3"}[c.kind]
		cn := hyphenate(c.name, false)
		if !categories[c.category] {
			cn = c.category // what objectCategory names
		}
		categories[c.category] = true
		f.addSchemaObject(cn, "classSchema", map[string]string{
			"lDAPDisplayName": c.name, "governsID": "1.2.840.113556.1.8000.2554.2." + strconv.Itoa(i+1),
			"objectClassCategory": category, "subClassOf": parent, "rDNAttID": c.rdn.name,
		})
	}
}

func (f *Forest) addSchemaObject(name, class string, values map[string]string) {
	o := &object{seq: uint32(len(f.objects)), parent: f.schemaRoot, rdnType: "CN", rdn: name, class: f.schema.classes[strings.ToLower(class)], generated: true}
	for attr, value := range values {
		o.put(f.schema.lookup(attr), value)
	}
	o.put(f.schema.objectGUID, guidFrom(f.dnsName, "schema", class, name))
	o.put(f.schema.instanceType, "4")
	if f.schemaRoot.children == nil {
		f.schemaRoot.children = map[string]*object{}
	}
	f.schemaRoot.children[fold(o.rdn)] = o
	f.objects = append(f.objects, o)
	f.index.addObject(o)
}

func spellBool(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}
