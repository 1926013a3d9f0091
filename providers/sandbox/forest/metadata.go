package forest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The constructed attributes that show replication metadata. Active Directory
// writes an element for each field of a structure of [MS-DRSR] and a NUL after
// it; names stand there as they are, without the escapes that XML wants.

// ntdsSettings is the name of the domain controller's own object, and
// invocationID that of its database.
func (f *Forest) ntdsSettings() string { return "CN=NTDS Settings," + f.serverName() }

func (f *Forest) serverName() string {
	return "CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites," + f.dn(f.configRoot)
}

func (f *Forest) invocationID() string { return formatGUID(guidFrom(f.dnsName, "invocation")) }

// attributeMetadata is msDS-ReplAttributeMetaData.
func (f *Forest) attributeMetadata(o *object) []string {
	if o.generated {
		return nil
	}
	var out []string
	for _, def := range f.schema.ordered {
		if !def.replicated() {
			continue
		}
		s, ok := f.stampOf(o, def)
		if !ok {
			continue
		}
		out = append(out, "<DS_REPL_ATTR_META_DATA>\n\t<pszAttributeName>"+def.name+"</pszAttributeName>\n"+
			fmt.Sprintf("\t<dwVersion>%d</dwVersion>\n", s.version)+f.commonMetadata(s)+"</DS_REPL_ATTR_META_DATA>\n\x00")
	}
	return out
}

// valueMetadata is msDS-ReplValueMetaData: the values that are there, then those
// that are gone and remembered.
func (f *Forest) valueMetadata(o *object, v view) []string {
	var out []string
	for _, def := range f.schema.ordered {
		if !def.linked {
			continue
		}
		for _, target := range o.targets(def) {
			if s, ok := f.linkStampOf(o, linkEnd{def, target}, true); ok && v.showsLink(def, o, target) {
				out = append(out, f.oneValueMetadata(def, target, s))
			}
		}
	}
	for _, end := range o.goneLinks() {
		if s := *o.linkStamps[end]; f.remembered(s) {
			out = append(out, f.oneValueMetadata(end.def, end.target, s))
		}
	}
	return out
}

// goneLinks are the values that were removed, in a stable order.
func (o *object) goneLinks() []linkEnd {
	var out []linkEnd
	for end, s := range o.linkStamps {
		if s.gone {
			out = append(out, end)
		}
	}
	slices.SortFunc(out, func(a, b linkEnd) int {
		return cmp.Or(cmp.Compare(a.def.order, b.def.order), cmp.Compare(a.target.seq, b.target.seq))
	})
	return out
}

func (f *Forest) oneValueMetadata(def *attributeDef, target *object, s stamp) string {
	deleted := "1601-01-01T00:00:00Z"
	if s.gone {
		deleted = metadataTime(s.at)
	}
	return "<DS_REPL_VALUE_META_DATA>\n\t<pszAttributeName>" + def.name + "</pszAttributeName>\n" +
		"\t<pszObjectDn>" + f.dn(target) + "</pszObjectDn>\n\t<cbData>0</cbData>\n\t<pbData></pbData>\n" +
		"\t<ftimeDeleted>" + deleted + "</ftimeDeleted>\n\t<ftimeCreated>" + metadataTime(s.created) + "</ftimeCreated>\n" +
		fmt.Sprintf("\t<dwVersion>%d</dwVersion>\n", s.version) + f.commonMetadata(s) + "</DS_REPL_VALUE_META_DATA>\n\x00"
}

func (f *Forest) commonMetadata(s stamp) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\t<ftimeLastOriginatingChange>%s</ftimeLastOriginatingChange>\n", metadataTime(s.at))
	fmt.Fprintf(&b, "\t<uuidLastOriginatingDsaInvocationID>%s</uuidLastOriginatingDsaInvocationID>\n", f.invocationID())
	fmt.Fprintf(&b, "\t<usnOriginatingChange>%d</usnOriginatingChange>\n\t<usnLocalChange>%d</usnLocalChange>\n", s.usn, s.usn)
	fmt.Fprintf(&b, "\t<pszLastOriginatingDsaDN>%s</pszLastOriginatingDsaDN>\n", f.ntdsSettings())
	return b.String()
}

func metadataTime(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05Z")
}
