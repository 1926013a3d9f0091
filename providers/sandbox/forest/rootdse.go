package forest

import (
	"slices"
	"strconv"
	"strings"
)

// rootAttribute is one attribute of the rootDSE.
type rootAttribute struct {
	name   string
	values []string
	// asked attributes come only when they are named.
	asked bool
}

// rootDSE describes the server to clients that know nothing yet.
func (f *Forest) rootDSE(account string, readOnly bool) []rootAttribute {
	base, config, schema := f.dn(f.root), f.dn(f.configRoot), f.dn(f.schemaRoot)
	controls := slices.Concat(searchControls, []string{controlPermissive, controlTreeDelete, controlLazyCommit})
	return []rootAttribute{
		{name: "currentTime", values: []string{formatTime(f.now())}},
		{name: "subschemaSubentry", values: []string{"CN=Aggregate," + schema}},
		{name: "dsServiceName", values: []string{f.ntdsSettings()}},
		{name: "namingContexts", values: []string{base, config, schema}},
		{name: "defaultNamingContext", values: []string{base}},
		{name: "schemaNamingContext", values: []string{schema}},
		{name: "configurationNamingContext", values: []string{config}},
		{name: "rootDomainNamingContext", values: []string{base}},
		{name: "supportedControl", values: controls},
		{name: "supportedLDAPVersion", values: []string{"3", "2"}},
		{name: "supportedLDAPPolicies", values: []string{"MaxPageSize", "MaxValRange", "MaxConnIdleTime", "MaxReceiveBuffer"}},
		{name: "supportedExtension", values: []string{extendedStartTLS, extendedWhoAmI}},
		{name: "highestCommittedUSN", values: []string{strconv.FormatInt(f.usn, 10)}},
		{name: "supportedCapabilities", values: []string{"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1791", "1.2.840.113556.1.4.1935", "1.2.840.113556.1.4.2080", "1.2.840.113556.1.4.2237"}},
		{name: "dnsHostName", values: []string{f.hostName}},
		{name: "ldapServiceName", values: []string{f.dnsName + ":dc1$@" + strings.ToUpper(f.dnsName)}},
		{name: "serverName", values: []string{f.serverName()}},
		{name: "isSynchronized", values: []string{"TRUE"}},
		{name: "isGlobalCatalogReady", values: []string{"TRUE"}},
		{name: "domainFunctionality", values: []string{"7"}},
		{name: "forestFunctionality", values: []string{"7"}},
		{name: "domainControllerFunctionality", values: []string{"7"}},
		{name: "tokenGroups", values: f.tokenGroups(account, readOnly), asked: true},
		{name: "vendorName", values: []string{"landfall sandbox"}, asked: true},
	}
}

// searchRootDSE answers a base search of the empty name.
func (s *session) searchRootDSE(id int64, q searchRequest) *refusal {
	f := s.forest
	f.mu.RLock()
	compiled, refused := f.compileFilter(q.filter, 0)
	attributes := f.rootDSE(s.account, s.readOnly)
	f.mu.RUnlock()
	if refused != nil {
		return refused
	}
	if compiled.kind != filterPresent {
		return nil // only (objectClass=*) finds the rootDSE
	}
	pdu, whole := open(nil, tagSequence)
	pdu = appendInteger(pdu, tagInteger, id)
	pdu, op := open(pdu, opSearchEntry)
	pdu = appendText(pdu, tagOctetString, "")
	pdu, list := open(pdu, tagSequence)
	for _, a := range attributes {
		named := slices.ContainsFunc(q.attributes, func(n string) bool { return strings.EqualFold(n, a.name) })
		all := len(q.attributes) == 0 || slices.Contains(q.attributes, "*") || slices.Contains(q.attributes, "+")
		if len(a.values) == 0 || !named && (!all || a.asked) {
			continue
		}
		var one, set int
		pdu, one = open(pdu, tagSequence)
		pdu = appendText(pdu, tagOctetString, a.name)
		pdu, set = open(pdu, tagSet)
		for _, v := range a.values {
			if !q.typesOnly {
				pdu = appendText(pdu, tagOctetString, v)
			}
		}
		pdu = shut(shut(pdu, set), one)
	}
	s.send(shut(shut(shut(pdu, list), op), whole))
	return nil
}
