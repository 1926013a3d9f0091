package syncexpr

import (
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

var dateObject = object{
	"when": value.T(time.Date(2014, 9, 5, 8, 14, 53, 123456700, time.UTC)),
	"noon": value.T(time.Date(2009, 6, 5, 12, 0, 9, 0, time.UTC)),
	"num":  value.I(1),
}

var dateVectors = []vector{
	{`CDate("2013-01-10 4:00 PM -8")`, `2013-01-11T00:00:00Z`},
	{`CDate("12/25/2007")`, `2007-12-25T00:00:00Z`},
	{`CDate("2001-01-01")`, `2001-01-01T00:00:00Z`},
	{`CDate("2012-01-01 23:00:00")`, `2012-01-01T23:00:00Z`},
	{`CDate("2013/1/5 04:05")`, `2013-01-05T04:05:00Z`},
	{`CDate("20130110")`, `2013-01-10T00:00:00Z`},
	{`CDate("2013-01-10T16:00:00.5Z")`, `2013-01-10T16:00:00Z`},
	{`CDate("2013-01-10T16:00:00+05:30")`, `2013-01-10T10:30:00Z`},
	{`CDate("2013-01-10 16:00 UTC")`, `2013-01-10T16:00:00Z`},
	{`CDate(" 1/10/2013 12 AM GMT ")`, `2013-01-10T00:00:00Z`},
	{`CDate("1/10/2013 12:30 pm")`, `2013-01-10T12:30:00Z`},
	{`CDate("20140905081453.0Z")`, `2014-09-05T08:14:53Z`},
	{`CDate([when])`, `2014-09-05T08:14:53Z`},
	{`CDate([absent])`, `NULL`},
	{`CDate("2013-02-30")`, `error: CDate: "2013-02-30" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("13/13/2013")`, `error: CDate: "13/13/2013" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("2013-01-10 13:00 PM")`, `error: CDate: "2013-01-10 13:00 PM" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("2013-01-10 25:00")`, `error: CDate: "2013-01-10 25:00" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("2013-01-10 10:00 +15")`, `error: CDate: "2013-01-10 10:00 +15" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("0000-01-01")`, `error: CDate: "0000-01-01" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate("tomorrow")`, `error: CDate: "tomorrow" is not a date; write it like 2013-01-10 4:00 PM -8`},
	{`CDate(5)`, `compile: Wrong type`},

	{`DateAdd("m",3,CDate("2001-01-01"))`, `2001-04-01T00:00:00Z`},
	{`DateAdd("m",1,CDate("2001-01-31"))`, `2001-02-28T00:00:00Z`},
	{`DateAdd("m",-2,CDate("2000-04-30"))`, `2000-02-29T00:00:00Z`},
	{`DateAdd("m",-13,CDate("2001-01-15"))`, `1999-12-15T00:00:00Z`},
	{`DateAdd("yyyy",1,CDate("2000-02-29"))`, `2001-02-28T00:00:00Z`},
	{`DateAdd("q",-1,CDate("2001-05-31"))`, `2001-02-28T00:00:00Z`},
	{`DateAdd("y",1,CDate("2001-12-31"))`, `2002-01-01T00:00:00Z`},
	{`DateAdd("d",-1,CDate("2001-01-01"))`, `2000-12-31T00:00:00Z`},
	{`DateAdd("w",7,CDate("2001-01-01"))`, `2001-01-08T00:00:00Z`},
	{`DateAdd("ww",1,CDate("2001-01-01"))`, `2001-01-08T00:00:00Z`},
	{`DateAdd("h",25,CDate("2001-01-01"))`, `2001-01-02T01:00:00Z`},
	{`DateAdd("n",-1,CDate("2001-01-01"))`, `2000-12-31T23:59:00Z`},
	{`DateAdd("s",1,CDate("2001-01-01"))`, `2001-01-01T00:00:01Z`},
	{`DateAdd("x",1,CDate("2001-01-01"))`, `error: DateAdd: "x" is no interval; use yyyy, q, m, y, d, w, ww, h, n or s`},
	{`DateAdd("yyyy",9000,CDate("2001-01-01"))`, `error: DateAdd: the result is not between the years 1 and 9999`},
	{`DateAdd("d",-9223372036854775808,CDate("2001-01-01"))`, `error: DateAdd: -9223372036854775808 is too many`},
	{`DateAdd("s",1000000000000,CDate("2001-01-01"))`, `error: DateAdd: the result is not between the years 1 and 9999`},
	{`DateAdd("d",0,CDate("9999-12-31"))`, `9999-12-31T00:00:00Z`},
	{`DateAdd("m",-24000,CDate("2001-01-01"))`, `0001-01-01T00:00:00Z`},
	{`DateAdd("m",-24001,CDate("2001-01-01"))`, `error: DateAdd: the result is not between the years 1 and 9999`},
	{`DateAdd("d",1,[absent])`, `NULL`},

	{`DateFromNum(129699324000000000)`, `2012-01-01T23:00:00Z`},
	{`DateFromNum(0)`, `1601-01-01T00:00:00Z`},
	{`DateFromNum([absent])`, `NULL`},
	{`DateFromNum(-1)`, `error: DateFromNum: -1 is no date of Active Directory (0 and 9223372036854775807 mean never)`},
	{`DateFromNum(9223372036854775807)`, `error: DateFromNum: 9223372036854775807 is no date of Active Directory (0 and 9223372036854775807 mean never)`},
	{`DateFromNum(2650467743999999999)`, `9999-12-31T23:59:59Z`},
	{`NumFromDate(CDate("2012-01-01 23:00:00"))`, `129699324000000000`},
	{`NumFromDate([when])`, `130543784931234567`},
	{`NumFromDate(DateFromNum(2650467743999999999))`, `2650467743999999999`},
	{`NumFromDate(CDate("1600-01-01"))`, `error: NumFromDate: dates of Active Directory go from 1601 to 9999`},
	{`NumFromDate([absent])`, `NULL`},

	{`FormatDateTime(CDate("12/25/2007"),"yyyy-MM-dd")`, `"2007-12-25"`},
	{`FormatDateTime(DateFromNum(130543784930000000),"yyyyMMddHHmmss.0Z")`, `"20140905081453.0Z"`},
	{`FormatDateTime([when],"d/M/yy h:m:s t")`, `"5/9/14 8:14:53 A"`},
	{`FormatDateTime([noon],"dd/MM/yyyy hh:mm:ss tt")`, `"05/06/2009 12:00:09 PM"`},
	{`FormatDateTime([noon],"ddd, dd MMM yyy")`, `"Fri, 05 Jun 2009"`},
	{`FormatDateTime([noon],"dddd d MMMM yyyyy")`, `"Friday 5 June 02009"`},
	{`FormatDateTime([noon],"%y")`, `"9"`},
	{`FormatDateTime([when],"HH:mm:ss.fff")`, `"08:14:53.123"`},
	{`FormatDateTime([when],"s.FFFFFFF")`, `"53.1234567"`},
	{`FormatDateTime([noon],"s.FFF")`, `"9"`},
	{`FormatDateTime([when],"fffffff")`, `"1234567"`},
	{`FormatDateTime([when],"ffffffff")`, `error: FormatDateTime: a fraction has at most 7 digits`},
	{`FormatDateTime([noon],"yyyy gg")`, `"2009 A.D."`},
	{`FormatDateTime([noon],"H 'o''clock' \\H ""x""")`, `"12 oclock H x"`},
	{`FormatDateTime([noon],"HH'")`, `error: FormatDateTime: the format has a quote that is not closed`},
	{`FormatDateTime([noon],"HH\\")`, `error: FormatDateTime: the format ends with a backslash that escapes nothing`},
	{`FormatDateTime([noon],"HH:mm K z zz zzz")`, `"12:00 Z +0 +00 +00:00"`},
	{`FormatDateTime([noon],"d")`, `"06/05/2009"`},
	{`FormatDateTime([noon],"o")`, `"2009-06-05T12:00:09.0000000Z"`},
	{`FormatDateTime([noon],"R")`, `"Fri, 05 Jun 2009 12:00:09 GMT"`},
	{`FormatDateTime([noon],"u")`, `"2009-06-05 12:00:09Z"`},
	{`FormatDateTime([noon],"x")`, `error: FormatDateTime: "x" is no format; a custom format of one letter is written %x`},
	{`FormatDateTime([absent],"d")`, `NULL`},
	{`FormatDateTime([num],"d")`, `error: the argument value of FormatDateTime must be a date; here it is a number`},
	{`FormatDateTime([noon],"` + strings.Repeat("y", 1001) + `")`, `error: FormatDateTime: the format is longer than 1000 bytes`},

	{`Now() > CDate("2020-01-01")`, `True`},
	{`IsDate(Now())`, `True`},
}

func TestDateFunctions(t *testing.T) { check(t, dateObject, dateVectors) }

// Entra Connect reads dates as texts; both ways work here.
func TestDateAttributesAreTextsToo(t *testing.T) {
	o := object{"whenCreated": value.T(time.Date(2014, 9, 5, 8, 14, 53, 0, time.UTC))}
	for text, want := range map[string]string{
		`Left([whenCreated],8)`:                        `"20140905"`,
		`"at " & [whenCreated]`:                        `"at 20140905081453.0Z"`,
		`[whenCreated] = "20140905081453.0z"`:          `True`,
		`"20140905081453.0Z" < [whenCreated]`:          `False`,
		`[whenCreated] > CDate("2014-09-05")`:          `True`,
		`FormatDateTime(CDate([whenCreated]),"yyyy")`:  `"2014"`,
		`[whenCreated]`:                                `2014-09-05T08:14:53Z`,
		`IIF(IsDate([whenCreated]),[whenCreated],"-")`: `2014-09-05T08:14:53Z`,
	} {
		p := mustCompile(t, text, Options{Source: schema.AD})
		if got := show(run(p, schema.AD, o)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
