package ad

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// Replication metadata as the constructed attributes msDS-ReplAttributeMetaData
// and msDS-ReplValueMetaData give it: one value for each attribute, or value of a
// link, with an element for each field of DS_REPL_ATTR_META_DATA_2 and
// DS_REPL_VALUE_META_DATA_2 ([MS-DRSR] 4.1.13.1). It looks like XML and is none:
// names stand in it as they are, an ampersand too, and a NUL ends it. So it is
// read by its tags. In a distinguished name < and > stand behind a backslash, so
// that no name closes a tag.

// field is the text of an element. Whether it is empty or missing makes no
// difference to anybody.
func field(text, name string) string {
	_, rest, _ := strings.Cut(text, "<"+name+">")
	value, _, closed := strings.Cut(rest, "</"+name+">")
	if !closed {
		return ""
	}
	return strings.TrimSpace(value)
}

// attributeStamp reads the metadata of one attribute.
func attributeStamp(text string) (attribute string, s planner.Stamp, ok bool) {
	attribute = field(text, "pszAttributeName")
	s, ok = stamp(text)
	return attribute, s, ok && attribute != "" && strings.Contains(text, "<DS_REPL_ATTR_META_DATA>")
}

// valueStamp reads the metadata of one value of a link. Values from before the
// directory kept such metadata have none, so they are not ok; nor is a value
// whose time of removal cannot be read, because it might not be there any more.
func valueStamp(text string) (v planner.ValueStamp, ok bool) {
	v.Attribute, v.DN = field(text, "pszAttributeName"), field(text, "pszObjectDn")
	if v.Stamp, ok = stamp(text); !ok || v.Attribute == "" || v.DN == "" || !strings.Contains(text, "<DS_REPL_VALUE_META_DATA>") {
		return v, false
	}
	if _, tracked := stampTime(field(text, "ftimeCreated")); !tracked {
		return v, false
	}
	deleted := field(text, "ftimeDeleted")
	_, v.Gone = stampTime(deleted)
	return v, v.Gone || deleted != "" && isNever(deleted)
}

// stamp reads what both kinds have in common.
func stamp(text string) (s planner.Stamp, ok bool) {
	at, ok := stampTime(field(text, "ftimeLastOriginatingChange"))
	version, err := strconv.ParseUint(field(text, "dwVersion"), 10, 32)
	if !ok || err != nil || version == 0 {
		return s, false
	}
	s = planner.Stamp{At: at, Version: int(version), DC: controllerName(field(text, "pszLastOriginatingDsaDN"))}
	usn, err := strconv.ParseInt(field(text, "usnOriginatingChange"), 10, 64)
	if raw, isGUID := planner.ParseGUID(field(text, "uuidLastOriginatingDsaInvocationID")); err == nil && usn > 0 && isGUID && strings.Trim(raw, "\x00") != "" {
		s.Origin, s.USN = planner.FormatGUID(raw), usn
	}
	return s, true
}

// The zero of Windows' times.
const (
	epochText   = "1601-01-01T00:00:00"
	epochOffset = 11644473600 // seconds from there to 1970
)

// isNever tells the time that stands where there is none.
func isNever(text string) bool {
	return text == "" || text == "0" || strings.HasPrefix(text, epochText)
}

// stampTime reads a time: ISO 8601 in UTC as domain controllers write it, or a
// FILETIME, the number of tenths of microseconds since 1601. ok is false for what
// is no time, and for zero, which means never.
func stampTime(text string) (t time.Time, ok bool) {
	if isNever(text) {
		return t, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n <= 0 || n == math.MaxInt64 {
			return t, false
		}
		return plausible(time.Unix(n/1e7-epochOffset, n%1e7*100).UTC())
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return plausible(t.UTC())
		}
	}
	return t, false
}

// plausible refuses times that RFC 3339 cannot write, and those before 1601.
func plausible(t time.Time) (time.Time, bool) {
	return t, t.Year() >= 1601 && t.Year() <= 9999
}

// controllerName is the name of the domain controller whose NTDS settings have
// the given DN, also when they or their server were deleted since; "" otherwise.
func controllerName(settings string) string {
	name, err := planner.ParseDN(settings)
	if err != nil || name.Len() < 2 || undeleted(name.Leaf().Value) != "NTDS Settings" {
		return ""
	}
	return undeleted(name.Parent().Leaf().Value)
}

// undeleted is the name that an object had before it was deleted in its place.
func undeleted(rdn string) string {
	name, _, _ := strings.Cut(rdn, "\nDEL:")
	return name
}
