package ad

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

const (
	oneAttribute = "<DS_REPL_ATTR_META_DATA>\n\t<pszAttributeName>description</pszAttributeName>\n\t<dwVersion>7</dwVersion>\n" +
		"\t<ftimeLastOriginatingChange>2026-11-22T16:41:00Z</ftimeLastOriginatingChange>\n" +
		"\t<uuidLastOriginatingDsaInvocationID>8D2A1F5C-58d4-4efa-bcd2-f7d85ef53013</uuidLastOriginatingDsaInvocationID>\n" +
		"\t<usnOriginatingChange>12776</usnOriginatingChange>\n\t<usnLocalChange>99</usnLocalChange>\n" +
		"\t<pszLastOriginatingDsaDN>CN=NTDS Settings,CN=DC1,CN=Servers,CN=Lisbon,CN=Sites,CN=Configuration,DC=corp,DC=example,DC=com</pszLastOriginatingDsaDN>\n" +
		"</DS_REPL_ATTR_META_DATA>\n\x00"
	oneValue = "<DS_REPL_VALUE_META_DATA>\n\t<pszAttributeName>member</pszAttributeName>\n" +
		"\t<pszObjectDn>CN=R&D,OU=Users & Groups,DC=corp,DC=example,DC=com</pszObjectDn>\n\t<cbData>0</cbData>\n\t<pbData></pbData>\n" +
		"\t<ftimeDeleted>1601-01-01T00:00:00Z</ftimeDeleted>\n\t<ftimeCreated>2012-11-02T11:25:44Z</ftimeCreated>\n\t<dwVersion>1</dwVersion>\n" +
		"\t<ftimeLastOriginatingChange>2012-11-02T11:25:44Z</ftimeLastOriginatingChange>\n" +
		"\t<uuidLastOriginatingDsaInvocationID>8d2a1f5c-58d4-4efa-bcd2-f7d85ef53013</uuidLastOriginatingDsaInvocationID>\n" +
		"\t<usnOriginatingChange>44912828</usnOriginatingChange>\n\t<usnLocalChange>29905</usnLocalChange>\n" +
		"\t<pszLastOriginatingDsaDN></pszLastOriginatingDsaDN>\n</DS_REPL_VALUE_META_DATA>\n"
	database = "8d2a1f5c-58d4-4efa-bcd2-f7d85ef53013"
)

func TestAttributeStamp(t *testing.T) {
	name, got, ok := attributeStamp(oneAttribute)
	want := planner.Stamp{At: time.Date(2026, 11, 22, 16, 41, 0, 0, time.UTC), DC: "DC1", Version: 7, Origin: database, USN: 12776}
	if diff := cmp.Diff(want, got); diff != "" || !ok || name != "description" {
		t.Errorf("%s, %t (-want +got):\n%s", name, ok, diff)
	}
	for what, change := range map[string][2]string{
		"no name":           {">description<", "><"},
		"no version":        {"<dwVersion>7</dwVersion>", ""},
		"version zero":      {">7<", ">0<"},
		"a negative one":    {">7<", ">-7<"},
		"a version of text": {">7<", ">seven<"},
		"no time":           {">2026-11-22T16:41:00Z<", "><"},
		"the zero time":     {">2026-11-22T16:41:00Z<", ">1601-01-01T00:00:00Z<"},
		"another structure": {"<DS_REPL_ATTR_META_DATA>", "<DS_REPL_CURSOR>"},
		"an open element":   {"</dwVersion>", ""},
	} {
		text := strings.Replace(oneAttribute, change[0], change[1], 1)
		if name, got, ok := attributeStamp(text); ok || text == oneAttribute {
			t.Errorf("%s: %s %v", what, name, got)
		}
	}
	// What is not needed may be missing.
	for what, change := range map[string][2]string{
		"no database": {"8D2A1F5C-58d4", "x"},
		"no number":   {">12776<", "><"},
	} {
		_, got, ok := attributeStamp(strings.Replace(oneAttribute, change[0], change[1], 1))
		if !ok || got.Origin != "" || got.USN != 0 || got.DC != "DC1" {
			t.Errorf("%s: %v, %t", what, got, ok)
		}
	}
}

func TestValueStamp(t *testing.T) {
	got, ok := valueStamp(oneValue)
	want := planner.ValueStamp{Attribute: "member", DN: "CN=R&D,OU=Users & Groups,DC=corp,DC=example,DC=com",
		Stamp: planner.Stamp{At: time.Date(2012, 11, 2, 11, 25, 44, 0, time.UTC), Version: 1, Origin: database, USN: 44912828}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("%t (-want +got):\n%s", ok, diff)
	}
	for _, c := range []struct {
		what, old, new string
		gone, ok       bool
	}{
		{"removed", "<ftimeDeleted>1601-01-01T00:00:00Z", "<ftimeDeleted>2020-01-01T00:00:00Z", true, true},
		{"removed, as a number", "<ftimeDeleted>1601-01-01T00:00:00Z", "<ftimeDeleted>133456789012345678", true, true},
		{"not removed, as a number", "<ftimeDeleted>1601-01-01T00:00:00Z", "<ftimeDeleted>0", false, true},
		{"from before links were tracked", "<ftimeCreated>2012-11-02T11:25:44Z", "<ftimeCreated>1601-01-01T00:00:00Z", false, false},
		{"from before links were tracked, version 0", "<dwVersion>1", "<dwVersion>0", false, false},
		{"removed at some time", "<ftimeDeleted>1601-01-01T00:00:00Z", "<ftimeDeleted>yesterday", false, false},
		{"nothing said of removal", "<ftimeDeleted>1601-01-01T00:00:00Z</ftimeDeleted>", "", false, false},
		{"no value", ">CN=R&D,OU=Users & Groups,DC=corp,DC=example,DC=com<", "><", false, false},
		{"further fields", "</DS_REPL_VALUE_META_DATA>", "\t<dwUserIdentifier>0</dwUserIdentifier>\n</DS_REPL_VALUE_META_DATA>", false, true},
	} {
		text := strings.Replace(oneValue, c.old, c.new, 1)
		if got, ok := valueStamp(text); ok != c.ok || ok && got.Gone != c.gone || text == oneValue {
			t.Errorf("%s: %v, %t", c.what, got, ok)
		}
	}
}

func TestStampTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T16:41:00Z":      "2026-11-22T16:41:00Z",
		"2026-11-22T16:41:00":       "2026-11-22T16:41:00Z",
		"2026-11-22T16:41:00.5Z":    "2026-11-22T16:41:00.5Z",
		"2026-11-22T17:41:00+01:00": "2026-11-22T16:41:00Z",
		"116444736000000000":        "1970-01-01T00:00:00Z",
		"133456789012345678":        "2023-11-28T21:01:41.2345678Z",
		"1":                         "1601-01-01T00:00:00.0000001Z",
		"0":                         "",
		"":                          "",
		"1601-01-01T00:00:00Z":      "",
		"1601-01-01T00:00:00":       "",
		"-1":                        "",
		"9223372036854775807":       "", // the FILETIME that means never
		"9223372036854775000":       "", // the year 30828
		"99999999999999999999":      "",
		"10000-01-01T00:00:00Z":     "",
		"22.11.2026":                "",
	} {
		got, ok := stampTime(text)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: %v, %t", text, got, ok)
		}
	}
}

func TestControllerName(t *testing.T) {
	for settings, want := range map[string]string{
		"CN=NTDS Settings,CN=DC1,CN=Servers,CN=Lisbon,CN=Sites,CN=Configuration,DC=corp": "DC1",
		`CN=NTDS Settings\0ADEL:8d2a1f5c-58d4-4efa-bcd2-f7d85ef53013,CN=DC1,CN=Servers`:  "DC1",
		`CN=NTDS Settings\0ADEL:1,CN=DC1\0ADEL:2,CN=Servers`:                             "DC1",
		`CN=NTDS Settings,CN=a\,b,CN=Servers`:                                            "a,b",
		"CN=NTDS Settings":                                                               "",
		"CN=Other,CN=DC1":                                                                "",
		"":                                                                               "",
		"no name":                                                                        "",
		"CN=DC1,OU=Domain Controllers":                                                   "",
	} {
		if got := controllerName(settings); got != want {
			t.Errorf("%q: %q, want %q", settings, got, want)
		}
	}
}

// FuzzMetadata: whatever a server sends, the reader ends, and what it takes is
// whole.
func FuzzMetadata(f *testing.F) {
	f.Add(oneAttribute)
	f.Add(oneValue)
	f.Add(strings.Replace(oneValue, "1601-01-01T00:00:00Z", "133456789012345678", 1))
	f.Add("<DS_REPL_ATTR_META_DATA><pszAttributeName>")
	f.Fuzz(func(t *testing.T, text string) {
		if name, s, ok := attributeStamp(text); ok && (name == "" || !whole(s)) {
			t.Errorf("attribute %q %+v", name, s)
		}
		if v, ok := valueStamp(text); ok && (v.Attribute == "" || v.DN == "" || !whole(v.Stamp)) {
			t.Errorf("value %+v", v)
		}
	})
}

func whole(s planner.Stamp) bool {
	_, err := time.Parse(time.RFC3339, s.At.Format(time.RFC3339))
	return err == nil && s.Version > 0 && (s.Origin == "") == (s.USN == 0) && (s.Origin == "" || len(s.Origin) == 36)
}
