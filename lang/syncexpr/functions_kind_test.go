package syncexpr

import (
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/value"
)

var kindObject = object{
	"text":   value.Str("x"),
	"blank":  value.Str(""),
	"num":    value.I(12),
	"bool":   value.B(false),
	"bin":    value.Octets("x"),
	"ref":    value.Reference("CN=x,DC=y"),
	"when":   value.T(time.Unix(0, 0)),
	"multi":  texts("a", "b"),
	"blanks": texts("", ""),
	"empty":  value.ListOf(nil),
}

var kindVectors = []vector{
	{`IsNull([absent])`, `True`}, {`IsNull([blank])`, `False`}, {`IsNull([empty])`, `True`}, {`IsNull([multi])`, `False`}, {`IsNull(NULL)`, `True`},
	{`IsEmpty([blank])`, `True`}, {`IsEmpty([absent])`, `False`}, {`IsEmpty([text])`, `False`}, {`IsEmpty([empty])`, `False`},
	{`IsNullOrEmpty([blank])`, `True`}, {`IsNullOrEmpty([absent])`, `True`}, {`IsNullOrEmpty([text])`, `False`}, {`IsNullOrEmpty([empty])`, `True`}, {`IsNullOrEmpty([blanks])`, `True`},
	{`IsPresent([blank])`, `False`}, {`IsPresent([absent])`, `False`}, {`IsPresent([num])`, `True`}, {`IsPresent([bool])`, `True`}, {`IsPresent([multi])`, `True`}, {`IsPresent([bin])`, `True`},
	{`IsPresent(IgnoreThisFlow)`, `compile: Wrong type`},
	{`IsPresent(Trim([multi]))`, `True`},
	{`IsString([text])`, `True`}, {`IsString([bin])`, `False`}, {`IsString([num])`, `False`}, {`IsString([absent])`, `False`}, {`IsString([ref])`, `True`},
	{`IsNumeric("12")`, `True`}, {`IsNumeric("1x")`, `False`}, {`IsNumeric([num])`, `True`}, {`IsNumeric([absent])`, `False`}, {`IsNumeric([bool])`, `False`},
	{`IsDate("2001-01-01")`, `True`}, {`IsDate("x")`, `False`}, {`IsDate([when])`, `True`}, {`IsDate([absent])`, `False`}, {`IsDate([num])`, `False`},
	{`IsGuid("12345678-1234-5678-9abc-def012345678")`, `True`}, {`IsGuid("{12345678-1234-5678-9abc-def012345678}")`, `True`},
	{`IsGuid("12345678123456789abcdef012345678")`, `False`}, {`IsGuid([absent])`, `False`}, {`IsGuid([num])`, `False`},
	{`IsNumeric([multi])`, `[False False]`},
	{`IsBitSet(&HF,4)`, `True`}, {`IsBitSet(8,4)`, `False`}, {`IsBitSet([absent],4)`, `False`}, {`IsBitSet(-2147483640,&H80000000)`, `True`}, {`IsBitSet("8",4)`, `compile: Wrong type`},
	{`BitAnd(&HF,&HF7)`, `7`}, {`BitAnd([absent],1)`, `NULL`}, {`BitAnd(-2147483648,-1)`, `-2147483648`}, {`BitAnd(&HFFFFFFFFFFFFFFFF,5)`, `5`},
	{`BitOr(8,1)`, `9`}, {`BitOr(-2147483648,8)`, `-2147483640`}, {`BitOr([text],8)`, `error: the argument value1 of BitOr must be a number; here it is text`},
	{`RandomNum(5,5)`, `5`}, {`RandomNum(2,1)`, `error: RandomNum: the end 1 lies before the start 2`},
	{`IsNumeric(RandomNum(-9223372036854775808,9223372036854775807))`, `True`}, {`RandomNum(1,3) < 4 && RandomNum(1,3) > 0`, `True`},
}

func TestKindFunctions(t *testing.T) { check(t, kindObject, kindVectors) }
