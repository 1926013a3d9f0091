package syncexpr

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// object is an object's attributes; what is missing is absent.
type object map[string]value.Value

// list makes a multi-valued text.
func texts(ss ...string) value.Value {
	vs := make([]value.Value, len(ss))
	for i, s := range ss {
		vs[i] = value.Str(s)
	}
	return value.ListOf(vs)
}

func mustCompile(t testing.TB, text string, opts Options) *Program {
	t.Helper()
	p, problems := Compile(text, opts)
	for _, prob := range problems {
		if !prob.Warning {
			t.Fatalf("%s\n%s: %s", text, prob.Summary, prob.Detail)
		}
	}
	return p
}

// run evaluates a program against an object. A missing attribute that the schema
// calls multi-valued is the empty list.
func run(p *Program, s *schema.Schema, o object) (value.Value, error) {
	args := make([]value.Value, len(p.Inputs))
	for i, in := range p.Inputs {
		v := o[in.Name]
		switch in.Kind {
		case InputCount:
			v = value.I(int64(len(v.Items())))
		case InputParam:
			v = o["%"+in.Name+"%"]
		default:
			if s != nil && v.IsNull() {
				if a, _ := s.Lookup(in.Name); a.Multi {
					v = value.ListOf(nil)
				}
			}
		}
		args[i] = v
	}
	return p.Eval(args)
}

// show writes a result so that its kind can be seen.
func show(v value.Value, err error) string {
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return "not an *Error: " + err.Error()
		}
		return "error: " + e.Text
	}
	if v.Kind() == value.List {
		s := "["
		for i, item := range v.Items() {
			if i > 0 {
				s += " "
			}
			s += show(item, nil)
		}
		return s + "]"
	}
	switch v.Kind() {
	case value.String:
		return `"` + strings.ReplaceAll(v.Text(), `"`, `""`) + `"`
	case value.Bytes:
		return "bytes " + v.Display()
	case value.Ref:
		return "ref " + v.Text()
	}
	return v.Display()
}

// evaluate compiles and runs a text without a schema. A text that does not
// compile gives the summary of the first problem.
func evaluate(t testing.TB, text string, o object) string {
	t.Helper()
	p, problems := Compile(text, Options{ExecuteOnce: true})
	if p == nil {
		return "compile: " + problems[0].Summary
	}
	return show(run(p, nil, o))
}

type vector struct {
	text string
	want string
}

func check(t *testing.T, o object, vectors []vector) {
	t.Helper()
	for _, v := range vectors {
		t.Run(v.text, func(t *testing.T) {
			if diff := cmp.Diff(v.want, evaluate(t, v.text, o)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The vectors of acceptance case 7.
func TestCase7(t *testing.T) {
	o := object{"x": value.Str("some text")}
	check(t, o, []vector{
		{`BitAnd(&HF,&HF7)`, `7`},
		{`CBool(BitAnd(-2147483640,-2147483648))`, `True`},
		{`BitAnd(8,-2147483648)`, `0`},
		{`DateFromNum(129699324000000000)`, `2012-01-01T23:00:00Z`},
		{`CDate("2013-01-10 4:00 PM -8")`, `2013-01-11T00:00:00Z`},
		{`InStr("repEated","e",3,vbBinaryCompare)`, `7`},
		{`Left([x],-1)`, `"some text"`},
		{`Left([x],0)`, `NULL`},
		{`IsEmpty(Left([x],0))`, `True`},
		{`Mid("Hello",0,2)`, `"Hello"`},
		{`PCase("TEsT")`, `"Test"`},
		{`Word("The quick brown fox",3," ")`, `"brown"`},
		{`Word("This,string!has&many separators",3,",!&#")`, `"has"`},
		{`Split("SMTP:john.doe@contoso.com,SMTP:jd@contoso.com",",")`, `["SMTP:john.doe@contoso.com" "SMTP:jd@contoso.com"]`},
		{`ReplaceChars("O’Neil","’:,Å:A")`, `"ONeil"`},
		{`ConvertToUTF8Hex("Hello world!")`, `"48656C6C6F20776F726C6421"`},
		{`ConvertToBase64("Hello world!")`, `"SABlAGwAbABvACAAdwBvAHIAbABkACEA"`},
		{`DNComponentRev(CRef("cn=Joe,ou=Atlanta,ou=GA,ou=US, dc=contoso,dc=com"),1,"DC")`, `"US"`},
		{`DNComponentRev(CRef("cn=Joe,ou=Atlanta,ou=GA,ou=US, dc=contoso,dc=com"),3)`, `"US"`},
		{`EscapeDNComponent("CN= a,b+c""d\e<f>g;h=i# ")`, `"CN=\ a\,b\+c\""d\\e\<f\>g\;h\=i#\ "`},
		{`EscapeDNComponent("CN=#x")`, `"CN=\#x"`},
		{`Item([x],0)`, `error: Item: there is no value number 0; the attribute has 1`},
		{`ItemOrNull([x],0)`, `NULL`},
		{`IIF(True,"a",Error("no"))`, `"a"`},
		{`IIF(False,Error("no"),"b")`, `"b"`},
		{`Switch(False,Error("no"),True,"c",True,Error("no"))`, `"c"`},
		{`IsPresent("")`, `False`},
		{`""`, `NULL`},
		{`Trim("   ")`, `NULL`},
	})
}

// The standard pack's expressions, with the results that it is for.
func TestStandardPack(t *testing.T) {
	guid := value.Octets("\x78\x56\x34\x12\x34\x12\x78\x56\x9a\xbc\xde\xf0\x12\x34\x56\x78")
	sid := value.Octets("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00")
	unified, security := texts("Unified"), texts()
	groupType := "IIF(Contains([groupTypes],\"Unified\",CaseInsensitive) = 0,-2147483640,\n" +
		`IIF([targetWritebackType] = "universalSecurityGroup" || [targetWritebackType] = "universalMailEnabledSecurityGroup",-2147483640,8))`
	exchange := `Contains([groupTypes],"Unified",CaseInsensitive) > 0 && [targetWritebackType] <> "universalSecurityGroup"`
	limit := `IIF([memberCount] > IIF(Contains([groupTypes],"Unified",CaseInsensitive)>0,50000,250000),Error("Maximum Group member count exceeded"),IgnoreThisFlow)`
	target := func(s string) object {
		return object{"groupTypes": unified, "targetWritebackType": value.Str(s), "mail": value.Str("a@b"), "proxyAddresses": texts("SMTP:a@b", "smtp:c@d")}
	}
	tests := []struct {
		text   string
		source *schema.Schema
		object object
		want   string
	}{
		{`StringFromSid([objectSid])`, schema.AD, object{"objectSid": sid}, `"S-1-5-32-544"`},
		{`IIF(IsNullOrEmpty([displayName]),[cn],[displayName])`, schema.AD, object{"cn": value.Str("Finance")}, `"Finance"`},
		{`IIF(IsNullOrEmpty([displayName]),[cn],[displayName])`, schema.AD, object{"cn": value.Str("a"), "displayName": value.Str("b")}, `"b"`},
		{`ConvertToBase64([objectGUID])`, schema.AD, object{"objectGUID": guid}, `"eFY0EjQSeFaavN7wEjRWeA=="`},
		{`ValueCount("member")`, schema.Entra, object{"member": texts("a", "b")}, `2`},
		{`ValueCount("member")`, schema.Entra, object{}, `0`},
		{limit, schema.Metaverse, object{"memberCount": value.I(50000), "groupTypes": unified}, `IgnoreThisFlow`},
		{limit, schema.Metaverse, object{"memberCount": value.I(50001), "groupTypes": unified}, `error: Maximum Group member count exceeded`},
		{limit, schema.Metaverse, object{"memberCount": value.I(50001), "groupTypes": security}, `IgnoreThisFlow`},
		{limit, schema.Metaverse, object{}, `IgnoreThisFlow`},
		{`Left(Trim([description]),448)`, schema.Metaverse, object{"description": value.Str("  x ")}, `"x"`},
		{`Left(Trim([description]),448)`, schema.Metaverse, object{}, `NULL`},
		{groupType, schema.Metaverse, object{"groupTypes": security}, `-2147483640`},
		{groupType, schema.Metaverse, object{"groupTypes": unified}, `8`},
		{groupType, schema.Metaverse, target("universalDistributionGroup"), `8`},
		{groupType, schema.Metaverse, target("universalMailEnabledSecurityGroup"), `-2147483640`},
		{groupType, schema.Metaverse, target("universalSecurityGroup"), `-2147483640`},
		{`IIF(` + exchange + `,17,NULL)`, schema.Metaverse, object{"groupTypes": unified}, `17`},
		{`IIF(` + exchange + `,8796093022208,NULL)`, schema.Metaverse, target("universalSecurityGroup"), `NULL`},
		{`IIF(` + exchange + `,8796093022208,NULL)`, schema.Metaverse, target("universalMailEnabledSecurityGroup"), `8796093022208`},
		{`IIF(` + exchange + `,[mail],NULL)`, schema.Metaverse, target(""), `"a@b"`},
		{`IIF(` + exchange + `,[mailNickname],NULL)`, schema.Metaverse, object{"groupTypes": security, "mailNickname": value.Str("a")}, `NULL`},
		{`IIF(` + exchange + `,[proxyAddresses],NULL)`, schema.Metaverse, target(""), `["SMTP:a@b" "smtp:c@d"]`},
		{`IIF(` + exchange + `,[proxyAddresses],NULL)`, schema.Metaverse, object{"groupTypes": unified}, `NULL`},
	}
	for _, tt := range tests {
		p := mustCompile(t, tt.text, Options{Source: tt.source})
		if diff := cmp.Diff(tt.want, show(run(p, tt.source, tt.object))); diff != "" {
			t.Errorf("%s of %v\n%s", tt.text, tt.object, diff)
		}
	}
}

// Expressions from the product's documentation, as administrators copy them.
func TestDocumentedExamples(t *testing.T) {
	deleted := `IIF((IsPresent([reasonFiltered]) = True) && (InStr([reasonFiltered], "WriteBackOutOfScope") > 0 || InStr([reasonFiltered], "SoftDelete") > 0), "DeleteThisGroupInAD", [reasonFiltered])`
	userType := `IIF(IsPresent([userPrincipalName]),IIF(CBool(InStr([userPrincipalName],"@partners")=0),"Member","Guest"),Error("UserPrincipalName is not present to determine UserType"))`
	check(t, object{
		"employeeType": value.Str("intern"), "alias": value.Str("pat"), "reasonFiltered": value.Str("SoftDelete"), "userPrincipalName": value.Str("pat@partners.contoso.com"),
		"skiplevelManager": value.Str("sam"), "city": value.Str("Rome"), "displayName": value.Str("Lee, Pat"), "otherPhone": texts("555-0100", "555-0101"),
		"%Forest.LDAP%": value.Str("DC=contoso,DC=com"), "%Domain.FQDN%": value.Str("contoso.com"),
	}, []vector{
		{`IIF([employeeType]="Intern","t-" & [alias],[alias])`, `"t-pat"`},
		{deleted, `"DeleteThisGroupInAD"`},
		{userType, `"Guest"`},
		{`Switch(IsPresent([directManager]),[directManager], IsPresent([skiplevelManager]),[skiplevelManager], IsPresent([director]),[director])`, `"sam"`},
		{`Switch([city] = "London", "English", [city] = "Rome", "Italian", [city] = "Paris", "French", True, Error("Unknown city"))`, `"Italian"`},
		{`CRef("CN=LC Services,CN=Microsoft,CN=lcspool01,CN=Pools,CN=RTC Service," & %Forest.LDAP%)`, `ref CN=LC Services,CN=Microsoft,CN=lcspool01,CN=Pools,CN=RTC Service,DC=contoso,DC=com`},
		{`EscapeDNComponent("CN=" & [displayName]) & "," & %Forest.LDAP%`, `"CN=Lee\, Pat,DC=contoso,DC=com"`},
		{`Select($item,[otherPhone],Replace($item,"-",""))`, `["5550100" "5550101"]`},
		{`IIF(IsPresent([accountName]),[accountName],Error("AccountName is required"))`, `error: AccountName is required`},
	})
}
