package syncexpr

import (
	"time"

	"github.com/landfall-directory/landfall/lang/value"
)

// dateFunctions work on dates, which are always UTC.
var dateFunctions = []function{
	{name: "CDate", params: []param{{name: "value", accept: tString | tTime}}, result: tTime, f1: cDate},
	{name: "DateAdd", params: []param{text("interval"), number("value"), date("date")}, result: tTime, f3: dateAdd},
	{name: "DateFromNum", params: []param{number("value")}, result: tTime, f1: dateFromNum},
	{name: "NumFromDate", params: []param{date("value")}, result: tInt, f1: numFromDate},
	{name: "FormatDateTime", params: []param{date("value"), text("format")}, result: tString, f2: formatDateTime},
	{name: "Now", result: tTime, changing: true, f0: now},
}

func now() (value.Value, *Error) { return value.T(time.Now()), nil }

func cDate(v value.Value) (value.Value, *Error) {
	if v.Kind() == value.Time {
		return v, nil
	}
	t, ok := parseDate(v.Text())
	if !ok {
		return fail("%q is not a date; write it like 2013-01-10 4:00 PM -8", shorten(v.Text()))
	}
	return value.T(t), nil
}

// FILETIME, the number that AD's dates are, counts 100 ns from 1601.
const (
	ticks        = int64(time.Second / 100) // per second: 100 ns each
	filetimeUnix = 11644473600              // seconds from 1601 to 1970
	maxFiletime  = 2650467743999999999
)

func dateFromNum(v value.Value) (value.Value, *Error) {
	n := v.Number()
	if n < 0 || n > maxFiletime {
		return fail("%d is no date of Active Directory (0 and 9223372036854775807 mean never)", n)
	}
	return value.T(time.Unix(n/ticks-filetimeUnix, n%ticks*100)), nil
}

func numFromDate(v value.Value) (value.Value, *Error) {
	t := v.When()
	n := (t.Unix()+filetimeUnix)*ticks + int64(t.Nanosecond())/100
	if n < 0 || n > maxFiletime {
		return fail("dates of Active Directory go from 1601 to 9999")
	}
	return value.I(n), nil
}

// dateAdd adds calendar units; a day that the month does not have becomes its
// last.
func dateAdd(interval, count, date value.Value) (value.Value, *Error) {
	n, t := count.Number(), date.When()
	const most = 1 << 40 // far outside any date, far inside 64 bits
	if n < -most || n > most {
		return fail("%d is too many", n)
	}
	var sum time.Time
	switch interval.Text() {
	case "yyyy":
		sum = addMonths(t, 12*n)
	case "q":
		sum = addMonths(t, 3*n)
	case "m":
		sum = addMonths(t, n)
	case "y", "d", "w":
		sum = addSeconds(t, n*86400)
	case "ww":
		sum = addSeconds(t, n*7*86400)
	case "h":
		sum = addSeconds(t, n*3600)
	case "n":
		sum = addSeconds(t, n*60)
	case "s":
		sum = addSeconds(t, n)
	default:
		return fail("%q is no interval; use yyyy, q, m, y, d, w, ww, h, n or s", shorten(interval.Text()))
	}
	if sum.Year() < 1 || sum.Year() > 9999 {
		return fail("the result is not between the years 1 and 9999")
	}
	return value.T(sum), nil
}

func addSeconds(t time.Time, n int64) time.Time {
	return time.Unix(t.Unix()+n, int64(t.Nanosecond())).UTC()
}

func addMonths(t time.Time, n int64) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	month := int64(first.Month()) - 1 + n
	year := int64(first.Year()) + floorDiv(month, 12)
	if year < 1 || year > 9999 {
		return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	first = time.Date(int(year), time.Month(month-floorDiv(month, 12)*12+1), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
