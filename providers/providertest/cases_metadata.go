package providertest

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/landfall-directory/landfall/planner"
)

// metadataCases are about replication metadata: what counts as a change of an
// attribute. Samba does not construct the readable form, but it has the same
// metadata in replPropertyMetaData, so that version numbers can be compared.
func metadataCases() []testCase {
	return []testCase{
		{"metadata/constructed", "true true", func(s *session) {
			s.contact("CN=a")
			s.group("CN=g")
			s.change("CN=g", plus("member", s.dn("CN=a")))
			e := s.entry("CN=g", "msDS-ReplAttributeMetaData", "msDS-ReplValueMetaData")
			s.answer("%t", strings.Contains(strings.Join(e.GetAttributeValues("msDS-ReplAttributeMetaData"), ""), "<pszAttributeName>groupType</pszAttributeName>"))
			s.answer("%t", strings.Contains(strings.Join(e.GetAttributeValues("msDS-ReplValueMetaData"), ""), "<pszObjectDn>"+s.dn("CN=a")+"</pszObjectDn>"))
		}},
		{"metadata/a new object", "description=1 adminDescription=1 name=1 groupType=1 isDeleted=- info=- member=-", func(s *session) {
			s.group("CN=g", "description: x", "adminDescription: Group_1")
			s.versions("CN=g", "description", "adminDescription", "name", "groupType", "isDeleted", "info", "member")
		}},
		{"metadata/changed, the same, emptied, set again", "description=2 description=2 description=3 description=4", func(s *session) {
			s.group("CN=g", "description: x")
			for _, c := range []change{set("description", "y"), set("description", "y"), set("description"), set("description", "z")} {
				s.change("CN=g", c)
				s.versions("CN=g", "description")
			}
		}},
		{"metadata/an attribute that is set later", "info=- info=1", func(s *session) {
			s.group("CN=g")
			s.versions("CN=g", "info")
			s.change("CN=g", set("info", "x"))
			s.versions("CN=g", "info")
		}},
		{"metadata/swapped in one request", "displayName=2 info=1", func(s *session) {
			s.group("CN=g", "displayName: x")
			s.change("CN=g", minus("displayName", "x"), plus("displayName", "y"), set("info", "z"))
			s.versions("CN=g", "displayName", "info")
		}},
		{"metadata/renamed and moved", "name=2 name=3 description=1", func(s *session) {
			s.subOU("OU=o")
			s.group("CN=g", "description: x")
			s.shift("CN=g", "CN=h")
			s.versions("CN=h", "name")
			s.must(s.conn.ModifyDN(ldap.NewModifyDNRequest(s.dn("CN=h"), "CN=h", true, s.dn("OU=o"))))
			s.versions("CN=h,OU=o", "name", "description")
		}},
		{"metadata/a new member is no change of the attribute", "member=-", func(s *session) {
			s.contact("CN=a")
			s.group("CN=g")
			s.change("CN=g", plus("member", s.dn("CN=a")))
			s.versions("CN=g", "member")
		}},
		{"metadata/one clock, one database", "true true", func(s *session) {
			s.group("CN=g", "description: x", "info: x")
			s.change("CN=g", set("description", "y"))
			m := s.metadata("CN=g")
			early, late := m["info"], m["description"]
			s.answer("%t", early.origin == late.origin && early.usn < late.usn)
			now, err := time.Parse("20060102150405.0Z", s.entryAt("", "currentTime").GetAttributeValue("currentTime"))
			s.must(err)
			s.answer("%t", !early.at.After(late.at) && now.Sub(early.at).Abs() < time.Hour)
		}},
		{"metadata/the database has a domain controller", "true", func(s *session) {
			s.group("CN=g")
			settings := s.entryAt(s.entryAt("", "dsServiceName").GetAttributeValue("dsServiceName"), "invocationId")
			s.answer("%t", anchorOf(settings.GetRawAttributeValue("invocationId")) == s.metadata("CN=g")["name"].origin)
		}},
	}
}

// metadataBinCases need the Recycle Bin.
func metadataBinCases() []testCase {
	return []testCase{
		{"metadata/deleted", "isDeleted=1 name=2 description=1 adminDescription=1", func(s *session) {
			s.group("CN=g", "description: x", "adminDescription: Group_1")
			guid := s.guid("CN=g")
			s.drop("CN=g")
			s.versionsOf(s.deleted(guid, "msDS-ReplAttributeMetaData", "replPropertyMetaData"), "isDeleted", "name", "description", "adminDescription")
		}},
	}
}

// versions appends attribute=VERSION, "-" for attributes without metadata.
func (s *session) versions(rel string, attributes ...string) {
	s.t.Helper()
	s.versionsOf(s.entry(rel, "msDS-ReplAttributeMetaData", "replPropertyMetaData"), attributes...)
}

func (s *session) versionsOf(e *ldap.Entry, attributes ...string) {
	s.t.Helper()
	m := s.metadataOf(e)
	for _, a := range attributes {
		if v, ok := m[a]; ok {
			s.answer("%s=%d", a, v.version)
		} else {
			s.answer("%s=-", a)
		}
	}
}

// stamp is the metadata of one attribute.
type stamp struct {
	version int
	at      time.Time
	origin  string
	usn     uint64
}

func (s *session) metadata(rel string) map[string]stamp {
	s.t.Helper()
	return s.metadataOf(s.entry(rel, "msDS-ReplAttributeMetaData", "replPropertyMetaData"))
}

// attributeStamp reads the readable form.
var attributeStamp = regexp.MustCompile(`(?s)^<DS_REPL_ATTR_META_DATA>.*<pszAttributeName>(.*)</pszAttributeName>.*<dwVersion>(.*)</dwVersion>.*` +
	`<ftimeLastOriginatingChange>(.*)</ftimeLastOriginatingChange>.*<uuidLastOriginatingDsaInvocationID>(.*)</uuidLastOriginatingDsaInvocationID>.*<usnOriginatingChange>(.*)</usnOriginatingChange>`)

func (s *session) metadataOf(e *ldap.Entry) map[string]stamp {
	s.t.Helper()
	m := map[string]stamp{}
	for _, text := range e.GetAttributeValues("msDS-ReplAttributeMetaData") {
		f := attributeStamp.FindStringSubmatch(text)
		if f == nil {
			s.t.Fatalf("metadata of another form: %q", text)
		}
		var v stamp
		var err error
		if v.at, err = time.Parse(time.RFC3339, f[3]); err != nil {
			s.t.Fatal(err)
		}
		_, err = fmt.Sscan(f[2]+" "+f[4]+" "+f[5], &v.version, &v.origin, &v.usn)
		s.must(err)
		m[f[1]] = v
	}
	if len(m) > 0 {
		return m
	}
	return s.binaryMetadata(e.GetRawAttributeValue("replPropertyMetaData"))
}

// attributeIDs are the numbers of some attributes in replPropertyMetaData, which
// the prefix table of [MS-DRSR] 5.16.4 makes of their object identifiers.
var attributeIDs = map[uint32]string{
	0xd: "description", 0x1f: "member", 0x2000d: "displayName", 0x20030: "isDeleted", 0x20051: "info", 0x200e2: "adminDescription",
	0x90001: "name", 0x902ee: "groupType",
}

// binaryMetadata reads a PROPERTY_META_DATA_VECTOR: 16 octets, then 48 for each
// attribute.
func (s *session) binaryMetadata(raw []byte) map[string]stamp {
	s.t.Helper()
	m := map[string]stamp{}
	if len(raw) < 16 || len(raw) != 16+48*int(binary.LittleEndian.Uint32(raw[8:])) {
		s.t.Fatalf("%d octets are no replPropertyMetaData", len(raw))
	}
	for raw = raw[16:]; len(raw) > 0; raw = raw[48:] {
		number := binary.LittleEndian.Uint32
		long := binary.LittleEndian.Uint64
		const from1601 = 11644473600 // seconds to 1970
		m[attributeIDs[number(raw)]] = stamp{
			version: int(number(raw[4:])), at: time.Unix(int64(long(raw[8:]))-from1601, 0), origin: anchorOf(raw[16:32]), usn: long(raw[32:]),
		}
	}
	return m
}

// historyCases drive landfall's own reader of the metadata.
func historyCases() []testCase {
	return []testCase{
		{"history/attributes", "true description=2@DC1 info=- adminDescription=1@DC1", func(s *session) {
			s.group("CN=g", "description: x", "adminDescription: Group_1")
			s.change("CN=g", set("description", "y"))
			s.showHistory("CN=g", []string{"description", "info", "adminDescription"})
		}},
		{"history/members", "true CN=a,~=2gone CN=b,~=1 CN=c,~=3", func(s *session) {
			s.contact("CN=a", "CN=b", "CN=c", "CN=d")
			s.group("CN=g")
			s.change("CN=g", plus("member", s.dn("CN=a"), s.dn("CN=b"), s.dn("CN=c")))
			s.change("CN=g", minus("member", s.dn("CN=a"), s.dn("CN=c")))
			s.change("CN=g", plus("member", s.dn("CN=c")))
			s.showHistory("CN=g", nil, "CN=a", "CN=b", "CN=c", "CN=d")
		}},
		{"history/thousands of members", "true true 5000", func(s *session) {
			name := LargeGroup + "," + LargeOU + "," + s.target.BaseDN
			h := s.history(planner.HistoryRequest{Anchor: anchorOf(s.entryAt(name, "objectGUID").GetRawAttributeValue("objectGUID")), DN: name, Links: []string{"member"}})
			if h == nil {
				s.answer("false")
				return
			}
			s.answer("true %t %d", h.EveryValue, len(h.Values))
		}},
		{"history/an object that is gone", "false", func(s *session) {
			s.answer("%t", s.history(planner.HistoryRequest{Anchor: "00000000-1111-2222-3333-444444444444", DN: s.dn("CN=gone")}) != nil)
		}},
	}
}

// history asks for one object; nil when nothing is told.
func (s *session) history(r planner.HistoryRequest) *planner.History {
	s.t.Helper()
	got, err := s.open(s.target.Reader).ReadHistory(s.t.Context(), []planner.HistoryRequest{r})
	s.must(err)
	if (got.Missing == "") != (got.Objects[r.Anchor] != nil) {
		s.t.Errorf("told %t, missing %q", got.Objects[r.Anchor] != nil, got.Missing)
	}
	if got.Forgotten.IsZero() {
		s.t.Error("nothing is said of how long removals are remembered")
	}
	return got.Objects[r.Anchor]
}

// showHistory appends whether the directory tells, then attribute=VERSION@DC and
// MEMBER=VERSION[gone].
func (s *session) showHistory(rel string, attributes []string, members ...string) {
	s.t.Helper()
	h := s.history(planner.HistoryRequest{Anchor: s.anchor(rel), DN: s.dn(rel), Links: []string{"member"}})
	s.answer("%t", h != nil)
	if h == nil {
		return
	}
	for _, a := range attributes {
		if v, ok := h.Attributes[strings.ToLower(a)]; ok {
			s.answer("%s=%d@%s", a, v.Version, v.DC)
		} else {
			s.answer("%s=-", a)
		}
	}
	for _, m := range members {
		for _, v := range h.Values {
			if planner.DNKey(v.DN) == planner.DNKey(s.dn(m)) {
				s.answer("%s=%d%s", s.short(v.DN), v.Version, map[bool]string{true: "gone"}[v.Gone])
			}
		}
	}
	if !h.EveryAttribute || !h.EveryValue {
		s.t.Errorf("not everything was understood: %+v", h)
	}
}
