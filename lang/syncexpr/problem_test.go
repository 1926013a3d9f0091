package syncexpr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// underline shows the place of a problem below its text.
func underline(text string, p Problem) string {
	line := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, text)
	before := []rune(line[:p.Offset])
	marked := []rune(line[p.Offset : p.Offset+p.Length])
	return line + "\n" + strings.Repeat(" ", len(before)) + strings.Repeat("^", max(1, len(marked)))
}

func TestProblemsGolden(t *testing.T) {
	var b strings.Builder
	for _, text := range []string{
		// Syntax.
		``, `  `, `Left([a]`, `Left([mail],`, `Left([mail],)`, `Left(,1)`, `[mail] [mail]`, `[mail`, `[]`, `[ma il]`, `%x`, `%%`, `"open`, `"a" & `, `* 1`, `1 +`, `(1`, `1)`,
		`[mail] & & "x"`, `&`, `&H`, `&Hx`, `$`, `$1`, `“x”`, `'x'`, `[mail] | [cn]`, `a ? b`, `1.5`, `99999999999999999999`, `&H12345678901234567`, `-99999999999999999999`,
		`(|`, `(1|`, `-|`, `--|`, `Trim(|`, `Trim(1,|`, `1 + |`, `True |`, `(True True)`, `Trim(%Domain.FQDN% 1)`, `1 $x`, `[mail] )`,
		`Left "x"`, `Left([mail] 5)`, "Trim(\n[mail]\n]",
		// Functions.
		`isPresent([mail])`, `Tirm([mail])`, `Frobnicate([mail])`, `Left([mail])`, `Left([mail],1,2)`, `Mid([mail])`, `Now(1)`, `IIF(True,1)`, `Switch(True)`, `Switch(True,1,False)`, `Switch()`, `Trim`, `Trim & "x"`,
		// Names.
		`[Mail]`, `[displayname]`, `[dispalyName]`, `[nothingLikeIt]`, `true`, `Null`, `ignoreThisFlow`, `FooBar`, `$item`, `%domain.fqdn%`, `%Forest.FQDM%`, `%Nothing%`,
		`ValueCount("Member")`, `ImportedValue("nope")`, `ValueCount([member])`,
		// Types.
		`Trim([objectGUID])`, `Trim([groupType])`, `Trim([member])`, `Left([mail],"5")`, `StringFromSid([mail])`, `DNComponent([mail],1)`, `DNComponent("x",1)`, `FormatDateTime("x","y")`, `FormatDateTime(5,"y")`, `FormatDateTime([objectGUID],"y")`, `CGuid([objectGUID])`, `StringFromGuid(5)`,
		`[mail] + 1`, `1 + [mail]`, `[mail] & 5`, `5 & [mail]`, `1 + 2 & "x"`, `"x" & 1 + 2`, `[mail] & [objectGUID]`, `[objectGUID] & [mail]`, `-[mail]`, `[mail] && True`, `True || "x"`,
		`[mail] = 5`, `[isCriticalSystemObject] = "True"`, `[isCriticalSystemObject] < True`, `[groupType] = True`, `[objectGUID] = "x"`, `1 = 1 = 1`,
		`IIF([mail],1,2)`, `IIF(1,2,3)`, `Switch([mail],1)`, `Where($i,[proxyAddresses],"x")`, `IgnoreThisFlow & "x"`, `IIF(True,IgnoreThisFlow,AuthoritativeNull) & "x"`, `Trim(vbTextCompare)`, `CBool([objectGUID])`, `Len(IgnoreThisFlow)`,
		`vbTextCompare`, `IIF(True,vbTextCompare,"x")`, `With($x,DC,$x)`, `InStr("a","b",1,vbtextcompare)`, `InStr("a","b",1,[mail])`, `Contains([proxyAddresses],"x",vbTextCompare)`,
		// Variables.
		`Select([mail],[proxyAddresses],1)`, `Select($i,[proxyAddresses],Select($i,[proxyAddresses],$i))`, `With(x,1,2)`, `Select($i,[proxyAddresses],$j)`,
		// Sets.
		`[proxyAddresses] & [otherMobile]`, `IIF(InStr([proxyAddresses],"x")=1,[otherMobile],NULL)`, `Select($i,[proxyAddresses],Split($i,","))`,
		`With($x,[proxyAddresses],IIF(InStr($x,"a")=1,[otherMobile],NULL))`, `IIF(InStr(Split([mail],","),"a")=1,[otherMobile],NULL)`,
		`IIF(InStr(ImportedValue("proxyAddresses"),"a")=1,[otherMobile],NULL)`,
		// Warnings.
		`[mail] = NULL`, `NULL <> [mail]`, `Guid()`, `RandomNum(1,2)`, `Now() > CDate("2020-01-01")`,
		// Several at once.
		`isnull([Mail]) && Foo(%x%)`,
	} {
		_, problems := Compile(text, Options{Source: schema.AD})
		if len(problems) == 0 {
			t.Errorf("%s: no problem", text)
		}
		for _, p := range problems {
			severity := "error"
			if p.Warning {
				severity = "warning"
			}
			fmt.Fprintf(&b, "%s\n%s: %s\n%s\n\n", underline(text, p), severity, p.Summary, p.Detail)
		}
	}
	golden(t, "problems.golden", b.String())
}

func TestProblemsNameTheSpace(t *testing.T) {
	for s, want := range map[*schema.Schema]string{schema.AD: "Active Directory connector space", schema.Entra: "Entra connector space", schema.Metaverse: "metaverse"} {
		_, problems := Compile("[nope]", Options{Source: s})
		if len(problems) != 1 || !strings.Contains(problems[0].Detail, "The "+want+" has no attribute") {
			t.Errorf("%s: %v", want, problems)
		}
	}
}

func TestLintNeedsExecuteOnce(t *testing.T) {
	for _, text := range []string{`Now()`, `Guid()`, `RandomNum(1,2)`} {
		p, problems := Compile(text, Options{})
		if p == nil || len(problems) != 1 || !problems[0].Warning {
			t.Errorf("%s: %v", text, problems)
		}
		if p, problems = Compile(text, Options{ExecuteOnce: true}); p == nil || len(problems) != 0 {
			t.Errorf("%s, once: %v", text, problems)
		}
	}
}

func TestParams(t *testing.T) {
	for _, name := range knownParameters {
		mustCompile(t, "%"+name+"%", Options{})
	}
	mustCompile(t, "%Mine% & %Other%", Options{Params: []string{"Mine", "Other"}})
	if p, _ := Compile("%Domain.FQDN%", Options{Params: []string{"Mine"}}); p != nil {
		t.Error("a parameter that is not allowed compiles")
	}
}

// Hostile texts give a problem (or a program), soon and without a crash.
func TestHostileTexts(t *testing.T) {
	for name, tt := range map[string]struct {
		text, summary string
	}{
		"long":          {strings.Repeat("x", maxText+1), "Expression too long"},
		"parentheses":   {strings.Repeat("(", 1<<19) + "1" + strings.Repeat(")", 1<<18), "Expression nested too deeply"},
		"minus":         {strings.Repeat("-", 1<<20), "Expression nested too deeply"},
		"calls":         {strings.Repeat("Trim(", 1<<17), "Expression nested too deeply"},
		"brackets":      {strings.Repeat("[", 1<<20), "Invalid expression"},
		"wide":          {"[a]" + strings.Repeat("&[a]", 1<<17), ""},
		"attributes":    {"[a0]" + manyAttributes(1<<16), "Expression too large"},
		"unknown":       {strings.Repeat("Foo(1)+", 1<<16) + "1", "Unknown function"},
		"long name":     {strings.Repeat("F", 1<<19) + "()", "Unknown function"},
		"long constant": {strings.Repeat("F", 1<<19), "Unknown name"},
		"long variable": {"$" + strings.Repeat("F", 1<<19), "Unknown variable"},
		"deep":          {strings.Repeat("IIF(True,", maxDepth) + "1" + strings.Repeat(",2)", maxDepth), ""},
		"deep regions":  {strings.Repeat("Trim(Join(", maxDepth/2) + "[a]" + strings.Repeat(`,","))`, maxDepth/2), ""},
		"deep switch":   {strings.Repeat(`Switch(InStr([a],"x")=1,`, maxDepth-1) + "1" + strings.Repeat(")", maxDepth-1), ""},
		"deep with":     {deepWith(maxDepth), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, problems := Compile(tt.text, Options{})
			if tt.summary == "" {
				if p == nil {
					t.Fatal(problems[0])
				}
				if _, err := p.Eval(make([]value.Value, len(p.Inputs))); err != nil {
					t.Fatal(err)
				}
				if again, prob := parse(p.String()); prob != nil || again == nil {
					t.Fatal(prob)
				}
				return
			}
			if p != nil || len(problems) == 0 || problems[0].Summary != tt.summary {
				t.Fatalf("%d problems, first %v", len(problems), problems[:min(1, len(problems))])
			}
			for _, prob := range problems {
				if len(prob.Detail) > 1000 {
					t.Errorf("a detail of %d bytes", len(prob.Detail))
				}
			}
			if len(problems) > maxProblems {
				t.Errorf("%d problems", len(problems))
			}
		})
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&[a%d]", i)
	}
	return b.String()
}

// deepWith doubles a text in each level; it must end as an error, or before it
// fills the memory.
func deepWith(n int) string {
	var b strings.Builder
	b.WriteString(`With($v0,[a],`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "With($v%d,$v%d & $v%d,", i, i-1, i-1)
	}
	fmt.Fprintf(&b, "$v%d", n-1)
	return b.String() + strings.Repeat(")", n)
}
