package syncexpr

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// dateShape is what CDate understands: a date (2013-01-10, 2013/01/10,
// 01/10/2013, 20130110), a time with or without AM or PM, a zone. Without a zone
// the time is UTC. The documentation shows the American order of day and month.
var dateShape = regexp.MustCompile(`^(?:(\d{4})[-/](\d{1,2})[-/](\d{1,2})|(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})(\d{2})(\d{2}))` +
	`(?:(?:[T ]\s*)(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*([AaPp][Mm])?\s*(?:(Z|z|UTC|GMT)|([+-])(\d{1,2}):?(\d{2})?)?)?$`)

// generalizedTime is how LDAP writes dates.
const generalizedTime = "20060102150405.0Z"

func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return time.Time{}, false
	}
	if t, err := time.Parse(generalizedTime, s); err == nil {
		return t, true
	}
	m := dateShape.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, false
	}
	year, month, day := digits(m[1]+m[6]+m[7]), digits(m[2]+m[4]+m[8]), digits(m[3]+m[5]+m[9])
	hour, minute, second := digits(m[10]), digits(m[11]), digits(m[12])
	if m[14] != "" {
		if hour < 1 || hour > 12 {
			return time.Time{}, false
		}
		hour %= 12
		if m[14][0]|0x20 == 'p' {
			hour += 12
		}
	}
	zone := digits(m[17])*3600 + digits(m[18])*60
	if hour > 23 || minute > 59 || second > 59 || zone > 14*3600 || digits(m[18]) > 59 {
		return time.Time{}, false
	}
	if m[16] == "-" {
		zone = -zone
	}
	nanos := digits((m[13] + "000000000")[:9])
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if year < 1 || t.Day() != day || int(t.Month()) != month {
		return time.Time{}, false // time.Date carries what does not exist over
	}
	return t.Add(-time.Duration(zone) * time.Second), true
}

// digits is the number that a few digits make; 0 for none.
func digits(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
