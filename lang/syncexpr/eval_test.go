package syncexpr

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

var evalObject = object{
	"text": value.Str("Abc"), "same": value.Str("aBC"), "num": value.I(7), "yes": value.B(true), "no": value.B(false),
	"bin": value.Octets("\x01"), "ref": value.Reference("CN=A, DC=x"), "ref2": value.Reference("cn=a,dc=X"),
	"when":          value.T(time.Unix(0, 0)),
	"multi":         texts("smtp:a@x", "SIP:b@x", "smtp:c@x"),
	"other":         texts("p", "q"),
	"empty":         value.ListOf(nil),
	"%Domain.FQDN%": value.Str("contoso.com"), "%ADS_UF_ACCOUNTDISABLE%": value.Str("0x2"), "%ADS_GROUP_TYPE_LOCAL_GROUP%": value.I(4),
	"%ADS_GROUP_TYPE_UNIVERSAL_GROUP%": value.Str("eight"),
}

func TestOperators(t *testing.T) {
	check(t, evalObject, []vector{
		{`2 + 3 * 4`, `20`}, // one class, from left to right
		{`2 * (5 + 3)`, `16`},
		{`2*5+3`, `13`},
		{`7 - 2 - 1`, `4`},
		{`7 / 2`, `3`},
		{`-7 / 2`, `-3`},
		{`-[num]`, `-7`},
		{`--5`, `5`},
		{`-[absent]`, `NULL`},
		{`[num] + [absent]`, `NULL`},
		{`1 / 0`, `error: division by zero`},
		{`9223372036854775807 + 1`, `error: the result of 9223372036854775807 + 1 does not fit into 64 bits`},
		{`-9223372036854775808 - 1`, `error: the result of -9223372036854775808 - 1 does not fit into 64 bits`},
		{`9223372036854775807 * 2`, `error: the result of 9223372036854775807 * 2 does not fit into 64 bits`},
		{`-9223372036854775808 / -1`, `error: the result of -9223372036854775808 / -1 does not fit into 64 bits`},
		{`-9223372036854775808 * -1`, `error: the result of -9223372036854775808 * -1 does not fit into 64 bits`},
		{`-9223372036854775808 * 1`, `-9223372036854775808`},
		{`3037000500 * -3037000499`, `-9223372033963249500`},
		{`5 - 5 + 0`, `0`},
		{`5 + -5`, `0`},
		{`&H10 + &hf`, `31`},
		{`-(&H10)`, `-16`},
		{`[text] + 1`, `error: an operand of + must be a number; here it is text`},

		{`"a" & "b" & [absent] & "c"`, `"abc"`},
		{`[absent] & [absent]`, `NULL`},
		{`[bin] & CBin(2,1)`, `bytes AQI=`},
		{`[bin] & [absent]`, `bytes AQ==`},
		{`[bin] & [text]`, `error: text cannot be joined with binary`},
		{`"a" & [num]`, `error: an operand of & must be text or binary; here it is a number`},
		{`"a" & [ref]`, `"aCN=A, DC=x"`},
		{`"a" & IIF([yes],IgnoreThisFlow,"b")`, `error: an operand of & must be text or binary; here it is IgnoreThisFlow`},
		{`"n" & CStr(1 + 2) & "x"`, `"n3x"`},
		{`"user@" & %Domain.FQDN%`, `"user@contoso.com"`},
		{`%Domain.FQDN%="CONTOSO.COM"`, `True`},
		{`BitAnd(3,%ADS_UF_ACCOUNTDISABLE%)`, `2`},
		{`%ADS_GROUP_TYPE_LOCAL_GROUP% + 1`, `5`},
		{`%ADS_GROUP_TYPE_UNIVERSAL_GROUP% + 1`, `error: "eight" is not a whole number of at most 64 bits`},
		{`CRLF & "x"`, "\"\r\nx\""},

		{`[text] = [same]`, `True`},
		{`[text] <> [same]`, `False`},
		{`[text] < "abd"`, `True`},
		{`[text] <= [same]`, `True`},
		{`[text] > "ABB"`, `True`},
		{`[text] >= "abd"`, `False`},
		{`"Ä" = "ä"`, `True`},
		{`[num] = 7`, `True`},
		{`[num] > 10`, `False`},
		{`[num] >= 7`, `True`},
		{`9 < 10`, `True`},
		{`[yes] = True`, `True`},
		{`[no] <> True`, `True`},
		{`[yes] > [no]`, `error: True or False and True or False cannot be compared with >`},
		{`[ref] = [ref2]`, `True`},
		{`[ref] = "cn=a, dc=x"`, `True`},
		{`[bin] = CBin(1,1)`, `True`},
		{`[bin] < CBin(2,1)`, `True`},
		{`[when] = CDate("1970-01-01")`, `True`},
		{`[when] < CDate("1970-01-02")`, `True`},
		{`[text] = [num]`, `error: text and a number cannot be compared with =`},
		{`[num] = [yes]`, `error: a number and True or False cannot be compared with =`},

		{`[absent] = "x"`, `False`},
		{`[absent] <> "x"`, `True`},
		{`[absent] < 5`, `False`},
		{`[absent] >= 5`, `False`},
		{`[absent] = [absent]`, `False`},
		{`[absent] <> [absent]`, `True`},
		{`1 = 1 = True`, `True`},
		{`1 + 1 = 2 && 2 < 3 || [absent] = 1`, `True`},
		{`IsPresent([text]) = True && IsPresent([absent]) = False`, `True`},

		{`[yes] || [no]`, `True`},
		{`[absent] || [no]`, `False`},
		{`[absent] && [yes]`, `False`},
		{`[yes] && [yes] && [no]`, `False`},
		{`[text] || [yes]`, `error: an operand of || must be True or False; here it is text`},
	})
}

func TestLaziness(t *testing.T) {
	check(t, evalObject, []vector{
		{`[yes] || Error("not reached")`, `True`},
		{`[no] && Error("not reached")`, `False`},
		{`[no] || Error("reached")`, `error: reached`},
		{`[yes] && Error("reached")`, `error: reached`},
		{`Contains([multi],"SMTP:") > 0 && InStr(Item([multi],Contains([multi],"SMTP:")),"@") > 0`, `False`},
		{`IIF([yes],"a",Error("no"))`, `"a"`},
		{`IIF([no],Error("no"),"b")`, `"b"`},
		{`IIF([no],"a",Error("reached"))`, `error: reached`},
		{`IIF([absent],"a","b")`, `"b"`},
		{`IIF([text],"a","b")`, `error: the condition of IIF must be True or False; here it is text`},
		{`IIF(Error("in the condition"),1,2)`, `error: in the condition`},
		{`Switch([no],Error("no"),[yes],"b",[yes],Error("no"))`, `"b"`},
		{`Switch([yes],"a",Error("conditions are all evaluated"),"b")`, `error: conditions are all evaluated`},
		{`Switch([text] = "London","English",[text] = "ABC","Letters",True,Error("Unknown"))`, `"Letters"`},
		{`Switch([text] = "x","English",True,Error("Unknown city"))`, `error: Unknown city`},
		{`Switch([no],"a")`, `NULL`},
		{`Switch([yes],NULL,True,"b")`, `NULL`},
		{`Switch([num],"a")`, `error: a condition of Switch must be True or False; here it is a number`},
		{`Error("")`, `error: the rule raises an error and gives no text for it`},
		{`Error([absent])`, `error: the rule raises an error and gives no text for it`},
		{`Left(Error("deep"),3)`, `error: deep`},
		{`Left("x",Error("deep"))`, `error: deep`},
		{`Mid("x",1,Error("deep"))`, `error: deep`},
		{`InStr("x","y",Error("deep"))`, `error: deep`},
		{`-Error("deep")`, `error: deep`},
		{`Join(Error("deep"),",")`, `error: deep`},
		{`1 + Error("deep")`, `error: deep`},
		{`Error("deep") + 1`, `error: deep`},
		{`Error("deep") & "x"`, `error: deep`},
		{`Trim(Split(Error("deep"),","))`, `error: deep`},
	})
}

func TestResults(t *testing.T) {
	check(t, evalObject, []vector{
		{`IgnoreThisFlow`, `IgnoreThisFlow`},
		{`AuthoritativeNull`, `AuthoritativeNull`},
		{`NULL`, `NULL`},
		{`IIF(IsPresent([absent]),[absent],IgnoreThisFlow)`, `IgnoreThisFlow`},
		{`Switch(True,AuthoritativeNull)`, `AuthoritativeNull`},
		{`[text]`, `"Abc"`},
		{`[multi]`, `["smtp:a@x" "SIP:b@x" "smtp:c@x"]`},
		{`[empty]`, `NULL`},
		{`""`, `NULL`},
		{`Select($i,[multi],"")`, `NULL`},
		{`Select($i,[multi],IgnoreThisFlow)`, `IgnoreThisFlow`},
		{`IIF(InStr([multi],"SIP:")=1,IgnoreThisFlow,[multi])`, `error: IgnoreThisFlow and AuthoritativeNull concern an attribute as a whole; they cannot stand for one value of several`},
		{`IIF(InStr([multi],"SIP:")=1,IgnoreThisFlow,AuthoritativeNull)`, `error: IgnoreThisFlow and AuthoritativeNull concern an attribute as a whole; they cannot stand for one value of several`},
		{`ImportedValue("text")`, `"Abc"`},
		{`ImportedValue("absent")`, `NULL`},
		{`RemoveDuplicates(Trim(ImportedValue("multi")))`, `["smtp:a@x" "SIP:b@x" "smtp:c@x"]`},
		{`ValueCount("multi")`, `3`},
		{`ValueCount("absent")`, `0`},
		{`ImportedValue("text") & CStr(ValueCount("text"))`, `"Abc1"`},
	})
}

// The three examples that the documentation has, and what follows from them.
var broadcasts = []vector{
	{`Trim([multi])`, `["smtp:a@x" "SIP:b@x" "smtp:c@x"]`},
	{`Word([multi],1,"@") & "@contoso.com"`, `["smtp:a@contoso.com" "SIP:b@contoso.com" "smtp:c@contoso.com"]`},
	{`IIF(InStr([multi],"SIP:")=1,NULL,[multi])`, `["smtp:a@x" "smtp:c@x"]`},
	{`Switch(Len([multi])<5,"short",InStr([multi],"SIP:")=1,NULL,True,UCase([multi]))`, `["SMTP:A@X" "SMTP:C@X"]`},
	{`Trim([empty])`, `NULL`},
	{`[empty] & "@contoso.com"`, `NULL`},
	{`[multi] & [multi]`, `["smtp:a@xsmtp:a@x" "SIP:b@xSIP:b@x" "smtp:c@xsmtp:c@x"]`},
	{`[multi] = "sip:B@x"`, `[False True False]`},
	{`-Len([multi])`, `[-8 -7 -8]`},
	// A set stays a set where nothing walks through it.
	{`IIF(Contains([multi],"SIP:")>0,[multi],Error("none"))`, `["smtp:a@x" "SIP:b@x" "smtp:c@x"]`},
	{`IIF(Contains([empty],"SIP:")>0,[empty],Error("none"))`, `error: none`},
	{`IIF(IsPresent([empty]),Trim([empty]),"none")`, `"none"`},
	{`IIF([yes],Trim([multi]),[other])`, `["smtp:a@x" "SIP:b@x" "smtp:c@x"]`},
	{`IIF([no],Trim([multi]),[other])`, `["p" "q"]`},
	{`Count(Trim([multi])) + 1`, `4`},
	{`CStr(Count([multi])) & [other]`, `["3p" "3q"]`},
	// Inside a walk, functions of sets still see the whole set.
	{`[multi] & "/" & CStr(Count([multi]))`, `["smtp:a@x/3" "SIP:b@x/3" "smtp:c@x/3"]`},
	{`IIF(InStr([multi],"SIP:")=1,Item([multi],1),NULL)`, `["smtp:a@x"]`},
	{`IIF(InStr([multi],"SIP:")=1,Join(Select($i,[multi],Left($i,1)),""),NULL)`, `["sSs"]`},
	{`IIF(InStr([multi],"SIP:")=1,IIF(IsPresent([text]),Trim([multi]),NULL),NULL)`, `["SIP:b@x"]`},
	{`IIF(InStr([multi],"SIP:")=1,With($x,[multi],LCase($x)),NULL)`, `["sip:b@x"]`},
	{`Trim([multi]) & With($x,[multi],CStr(Count($x)))`, `["smtp:a@x3" "SIP:b@x3" "smtp:c@x3"]`},
	{`IIF(InStr(ImportedValue("multi"),"SIP:")=1,NULL,ImportedValue("multi"))`, `["smtp:a@x" "smtp:c@x"]`},
	{`With($x,[multi],IIF(InStr($x,"SIP:")=1,NULL,$x))`, `["smtp:a@x" "smtp:c@x"]`},
	{`Trim(Split(" a, b",","))`, `["a" "b"]`},
	{`Len(IIF([yes],[multi],[other]))`, `[8 7 8]`},
	{`IIF(InStr([multi],"SIP:")=1,IIF(InStr([multi],"b")=5,"found","lost"),NULL)`, `["found"]`},
}

func TestBroadcasting(t *testing.T) { check(t, evalObject, broadcasts) }

var evalSchema = schema.New("metaverse",
	schema.Attribute{Name: "text"}, schema.Attribute{Name: "yes", Syntax: schema.Bool}, schema.Attribute{Name: "no", Syntax: schema.Bool},
	schema.Attribute{Name: "multi", Multi: true}, schema.Attribute{Name: "other", Multi: true}, schema.Attribute{Name: "empty", Multi: true})

// With a schema, the same comes out as without; only what is wrong for every
// object is found when the expression is compiled.
func TestBroadcastingWithSchema(t *testing.T) {
	for _, v := range broadcasts {
		p := mustCompile(t, v.text, Options{Source: evalSchema})
		if diff := cmp.Diff(v.want, show(run(p, evalSchema, evalObject))); diff != "" {
			t.Errorf("%s\n%s", v.text, diff)
		}
	}
}

// A multi-valued attribute may come as one value or as nothing, too.
func TestMultiValuedAttributeWithoutList(t *testing.T) {
	for text, want := range map[string]string{
		`[multi] & "!"`:   `["a!"]`,
		`Count([multi])`:  `1`,
		`Item([multi],1)`: `"a"`,
		`[empty] & "!"`:   `NULL`,
		`Count([empty])`:  `0`,
		`IIF(Contains([multi],"a")>0,[multi],Error("gone"))`: `"a"`,
	} {
		p := mustCompile(t, text, Options{Source: evalSchema})
		args := make([]value.Value, len(p.Inputs))
		for i, in := range p.Inputs {
			if in.Name == "multi" {
				args[i] = value.Str("a")
			}
		}
		if got := show(p.Eval(args)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestTwoSetsAtOnce(t *testing.T) {
	for _, text := range []string{
		`[multi] & [other]`,
		`IIF(InStr([multi],"SIP:")=1,[other],NULL)`,
		`IIF(InStr([multi],"SIP:")=1,Trim([other]),NULL)`,
		`[multi] & IIF([yes],Trim([other]),NULL)`,
		`Select($i,[multi],Trim([other]))`,
		`Trim([multi]) & Split("a,b",",")`,
	} {
		if got := evaluate(t, text, evalObject); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "several values") {
			t.Errorf("without schema: %s: %s", text, got)
		}
		p, problems := Compile(text, Options{Source: evalSchema})
		if p != nil || len(problems) != 1 || problems[0].Summary != "Two multi-valued attributes" {
			t.Errorf("with schema: %s: %v", text, problems)
		}
	}
}

func TestInputs(t *testing.T) {
	p := mustCompile(t, `[b] & ImportedValue("a") & [a] & [b] & %Domain.FQDN% & CStr(ValueCount("b"))`, Options{})
	want := []Input{{"b", InputAttribute}, {"a", InputImported}, {"a", InputAttribute}, {"Domain.FQDN", InputParam}, {"b", InputCount}}
	if diff := cmp.Diff(want, p.Inputs); diff != "" {
		t.Error(diff)
	}
	if got := show(p.Eval(nil)); got != "error: the expression reads 5 inputs and was given 0" {
		t.Error(got)
	}
}

func TestConst(t *testing.T) {
	for text, want := range map[string]bool{
		`"a" & "b"`: true, `True`: true, `[a]`: false, `%Domain.FQDN%`: false, `Guid()`: false, `ValueCount("a")`: false, `CStr(RandomNum(1,2))`: false, `Error("x")`: true,
	} {
		if got := mustCompile(t, text, Options{ExecuteOnce: true}).Const; got != want {
			t.Errorf("%s: Const is %v", text, got)
		}
	}
}

// Errors point at the part of the text that failed.
func TestErrorPlace(t *testing.T) {
	for text, want := range map[string]string{
		`"a" & Item([x],5)`:           `Item([x],5)`,
		`1 + 2 / 0`:                   `1 + 2 / 0`,
		`Left("a" & [n],1)`:           `[n]`,
		`IIF([n],1,2)`:                `[n]`,
		`Trim(Error("x"))`:            `Error("x")`,
		`Where($i,[x],$i)`:            `$i`,
		`Left("a",CNum("x"))`:         `CNum("x")`,
		`[x] = [n]`:                   `[x] = [n]`,
		`[n] & Left([n],Item([x],5))`: `[n]`,
	} {
		p, problems := Compile(text, Options{})
		if p == nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		_, err := run(p, nil, object{"x": value.Str("x"), "n": value.I(1)})
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := text[e.Offset : e.Offset+e.Length]; got != want {
			t.Errorf("%s: error at %q, want %q (%s)", text, got, want, e)
		}
	}
}

// Work is bounded: nested loops over many values stop with an error. The test
// gives a small budget, so as not to wait for what it forbids.
func TestBudget(t *testing.T) {
	many := make([]value.Value, 1000)
	for i := range many {
		many[i] = value.Str(fmt.Sprint(i))
	}
	o := object{"many": value.ListOf(many), "long": value.Str(strings.Repeat("a", 1<<16))}
	tooLong := `the evaluation takes too long: it walks through very many values, or very long texts`
	for _, tt := range []struct {
		text, small, full string
	}{
		{`Count(Select($a,[many],$a & "x"))`, `1000`, `1000`},
		{`Count(Select($a,[many],Join(Select($b,[many],$b),"")))`, tooLong, `1000`},
		{`Count(Select($a,[many],Len([long])))`, tooLong, `1000`},
		{`Count(Select($a,[many],[long]))`, tooLong, `1000`},
		{`Count(Select($a,[many],Contains([many],"x")))`, tooLong, `1000`},
		{`Count([many] & [long])`, tooLong, `1000`},
		{`Len([long])` + strings.Repeat(` + Len([long])`, 600), tooLong, `39387136`},
	} {
		p := mustCompile(t, tt.text, Options{})
		args := make([]value.Value, len(p.Inputs))
		for i, in := range p.Inputs {
			args[i] = o[in.Name]
		}
		if got := show(p.Eval(args)); got != tt.full {
			t.Errorf("%.60s: %s, want %s", tt.text, got, tt.full)
		}
		v, err := p.run(scope{args: args, frame: &frame{slots: make([]value.Value, p.slots), left: 10000}})
		got := show(v, nil)
		if err != nil {
			got = err.Text
		}
		if !strings.HasSuffix(got, tt.small) {
			t.Errorf("%.60s, with a small budget: %s, want %s", tt.text, got, tt.small)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	p := mustCompile(t, `Join(Select($i,[multi],With($x,UCase($i),$x & $i)),",")`, Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			in := []value.Value{texts(fmt.Sprintf("a%d", g), "b")}
			want := fmt.Sprintf(`"A%da%d,Bb"`, g, g)
			for range 200 {
				if got := show(p.Eval(in)); got != want {
					t.Errorf("%s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Every documented function is in the vectors at least twice.
func TestEveryFunctionIsTested(t *testing.T) {
	used := map[string]int{}
	var visit func(n *node)
	visit = func(n *node) {
		if n.kind == nodeCall {
			used[n.text]++
		}
		for _, a := range n.args {
			visit(a)
		}
	}
	for _, vs := range [][]vector{textVectors, binaryVectors, dateVectors, setVectors, kindVectors, nameVectors, certVectors, broadcasts,
		{{text: `ImportedValue("a") & ImportedValue("b") & CStr(ValueCount("a") + ValueCount("b")) & Switch(True,"") & Error("a") & Error("b")`}}} {
		for _, v := range vs {
			if tree, prob := parse(v.text); prob == nil {
				visit(tree)
			}
		}
	}
	for _, name := range functionNames() {
		if used[name] < 2 {
			t.Errorf("%s is tested %d times", name, used[name])
		}
	}
	if len(functionNames()) != 89 {
		t.Errorf("%d functions; 85 are documented, and 4 further names are in use", len(functionNames()))
	}
}
