package lang

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// compiledText compiles one expression over the metaverse as the value of a flow
// to an attribute with the given line of a schema.
func compiledText(t testing.TB, text string, to schema.Attribute) (*Expr, hcl.Diagnostics) {
	t.Helper()
	l := &loader{files: Sources{}, functions: allFunctions(), secrets: map[string]bool{}, varFiles: map[string]bool{}}
	l.scope = newScope(l)
	l.scope.set("var.prefix", hcl.Range{}, cty.StringVal("hunter2").Mark(sensitive{}))
	l.scope.set("local.attribute", hcl.Range{}, cty.StringVal("displayName"))
	f, ok := l.parseFile("x.hcl", []byte("value = "+text+"\n"))
	if !ok {
		return nil, l.diags
	}
	a := l.read(l.scope, "test", f.Body, bodySchema("value"))
	return l.compile(a, "value", space{schema: schema.Metaverse, name: "the metaverse"}, wantValue(to)), l.diags
}

var (
	manyTexts = schema.Attribute{Name: "many", Multi: true}
	oneText   = schema.Attribute{Name: "one"}
)

// person is an object to evaluate over; what is not in it is absent.
var person = map[string]value.Value{
	"displayName":                value.Str("Ann O'Neil, Dr."),
	"mailNickname":               value.Str("𝒜nn"),
	"extensionAttribute1":        value.Str(""),
	"memberCount":                value.I(3),
	"securityEnabled":            value.B(true),
	"mailEnabled":                value.B(false),
	"proxyAddresses":             value.ListOf([]value.Value{value.Str("SMTP:a@x"), value.Str("smtp:b@x")}),
	"objectSid":                  value.Octets("\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\xf4\x01\x00\x00"),
	"sourceAnchorBinary":         value.Octets("\xff\x19\x96\x6f\x8b\xb8\x86\xd0\x11\xb4\x2d\x00\xc0\x4f\xc9\x64"),
	"createdDateTime":            value.T(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
	"distinguishedName":          value.Str(`CN=Smith\, J,OU=A,DC=corp`),
	"cloudAnchor":                value.Str("Group_1f0c7a52-0000-4000-8000-000000000001"),
	"onPremisesGroupType":        value.Str("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
	"onPremisesObjectIdentifier": value.Str("S-1-5-21-1-2-3-500"),
}

// arguments are the values that an expression asks for.
func argumentsOf(e *Expr, object map[string]value.Value) []value.Value {
	args := make([]value.Value, len(e.Uses))
	for i, use := range e.Uses {
		args[i] = object[use.Name]
	}
	return args
}

// shown is the result of an expression over person, or the beginning of what is
// wrong with it.
func shown(t testing.TB, text string, to schema.Attribute) string {
	t.Helper()
	e, diags := compiledText(t, text, to)
	if e == nil {
		return "load: " + diags[0].Summary
	}
	v, err := e.Eval(argumentsOf(e, person))
	if err != nil {
		summary, _, _ := strings.Cut(err.Error(), ":")
		return "eval: " + summary
	}
	return v.Kind().String() + " " + v.Display()
}

func TestExpressions(t *testing.T) {
	integer := schema.Attribute{Name: "int", Syntax: schema.Int}
	boolean := schema.Attribute{Name: "bool", Syntax: schema.Bool}
	octets := schema.Attribute{Name: "octets", Syntax: schema.Octets}
	when := schema.Attribute{Name: "time", Syntax: schema.Time}
	reference := schema.Attribute{Name: "ref", Syntax: schema.Reference}
	for _, tt := range []struct {
		text string
		to   schema.Attribute
		want string
	}{
		// What attributes are.
		{`source.displayName`, oneText, "string Ann O'Neil, Dr."},
		{`source.DISPLAYNAME`, oneText, "string Ann O'Neil, Dr."},
		{`source["displayName"]`, oneText, "string Ann O'Neil, Dr."},
		{`source[local.attribute]`, oneText, "string Ann O'Neil, Dr."},
		{`source.mail`, oneText, "null NULL"},
		{`source.mail == null ? "absent" : "there"`, oneText, "string absent"},
		{`source.groupTypes == [] ? "x" : "y"`, oneText, "string y"}, // a list and a tuple, as in Terraform
		{`length(source.groupTypes)`, integer, "number 0"},
		{`source.memberCount + 1`, integer, "number 4"},
		{`source.memberCount`, oneText, "string 3"},
		{`!source.mailEnabled`, boolean, "bool True"},
		{`"${source.securityEnabled}"`, oneText, "string true"},
		{`source.objectSid`, octets, "binary AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
		{`"${source.objectSid}"`, oneText, "string AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
		{`"${source.objectSid}"`, octets, "binary AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
		{`source.createdDateTime`, oneText, "string 2026-01-02T03:04:05Z"},
		{`timeadd(source.createdDateTime, "24h")`, when, "time 2026-01-03T03:04:05Z"},
		{`formatdate("YYYY", source.createdDateTime)`, oneText, "string 2026"},
		{`source.proxyAddresses[0]`, oneText, "string SMTP:a@x"},
		{`source.proxyAddresses[9]`, oneText, "eval: Invalid index"},
		{`[for a in source.proxyAddresses : upper(a) if startswith(a, "smtp:")]`, manyTexts, "list SMTP:B@X"},
		{`[source.mail, "x", null]`, manyTexts, "list x"},
		{`source.member`, manyTexts, "load: References are not readable"},
		{`parent_dn(source.distinguishedName)`, reference, "reference OU=A,DC=corp"},

		// Absent values in conditions, as in scope clauses.
		{`startswith(source.mail, "x")`, boolean, "null NULL"},
		{`!startswith(source.mail, "x")`, boolean, "bool True"},
		{`source.hideDLMembership && true`, boolean, "bool False"},
		{`source.hideDLMembership || true`, boolean, "bool True"},
		{`source.hideDLMembership || false`, boolean, "bool False"},
		{`source.groupType > 0`, boolean, "bool False"},
		{`source.groupType <= 0`, boolean, "bool False"},
		{`source.groupType + 1`, integer, "eval: Operation failed"},
		{`"x${source.mail}"`, oneText, "eval: Invalid template interpolation value"},
		{`coalesce(source.mail, source.extensionAttribute1, "none")`, oneText, "string none"},
		{`try(source.proxyAddresses[9], "none")`, oneText, "string none"},
		{`can(regex("^Ann", source.displayName))`, boolean, "bool True"},

		// Functions.
		{`upper(trimspace(source.mail))`, oneText, "null NULL"},
		{`left(source.mailNickname, 1)`, oneText, "string "},
		{`left(source.mailNickname, 3)`, oneText, "string 𝒜n"},
		{`right(source.mailNickname, 3)`, oneText, "string nn"},
		{`right(source.mailNickname, 4)`, oneText, "string 𝒜nn"},
		{`left(source.displayName, -1)`, oneText, "eval: Invalid function argument"},
		{`left(source.displayName, 1.5)`, oneText, "eval: Invalid function argument"},
		{`right(source.cloudAnchor, 12)`, oneText, "string 000000000001"},
		{`dn_escape(source.displayName)`, oneText, `string Ann O'Neil\, Dr.`},
		{`rdn(source.distinguishedName)`, oneText, `string CN=Smith\, J`},
		{`rdn("")`, oneText, "string "},
		{`parent_dn(source.displayName)`, oneText, "eval: Error in function call"},
		{`guid(source.sourceAnchorBinary)`, oneText, "string 6f9619ff-b88b-d086-11b4-2d00c04fc964"},
		{`guid(source.displayName)`, oneText, "eval: Error in function call"},
		{`sid(source.objectSid)`, oneText, "string S-1-5-21-1-2-3-500"},
		{`sid(source.mail)`, oneText, "null NULL"},
		{`base64(source.onPremisesObjectIdentifier)`, octets, "binary AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
		{`base64(source.onPremisesGroupType)`, octets, "binary /xmWb4aLEdC0LQDAT8lk/w=="},
		{`base64(source.objectSid)`, octets, "binary AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
		{`base64("no octets")`, oneText, "load: Error in function call"},
		{`base64decode(base64encode(source.displayName))`, oneText, "string Ann O'Neil, Dr."},
		{`base64decode(source.objectSid)`, oneText, "eval: Error in function call"},
		{`replace(source.displayName, "Ann", "Eve")`, oneText, "string Eve O'Neil, Dr."},
		{`replace(source.displayName, "/[^A-Za-z]+/", "-")`, oneText, "string Ann-O-Neil-Dr-"},
		{`replace(source.displayName, "/(/", "-")`, oneText, "eval: Invalid function argument"},
		{`strcontains(source.displayName, "Neil") && endswith(source.displayName, ".")`, boolean, "bool True"},
		{`length(source.displayName)`, integer, "number 15"},
		{`length(source.mail)`, integer, "null NULL"},
		{`index(["a", "b"], "b")`, integer, "number 1"},
		{`index(["a"], "b")`, integer, "load: Error in function call"},
		{`one([])`, oneText, "null NULL"},
		{`one(["a"])`, oneText, "string a"},
		{`one(source.proxyAddresses)`, oneText, "eval: Error in function call"},
		{`sum([1, 2, source.memberCount])`, integer, "number 6"},
		{`alltrue([true, source.mailEnabled])`, boolean, "bool False"},
		{`anytrue([false, source.securityEnabled])`, boolean, "bool True"},
		{`alltrue([])`, boolean, "bool True"},
		{`join(";", sort(source.proxyAddresses))`, oneText, "string SMTP:a@x;smtp:b@x"},
		{`sha256("")`, oneText, "string e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{`timestamp()`, oneText, "load: Unknown function"},
		{`file("/etc/passwd")`, oneText, "load: Unknown function"},

		// Sensitive values stay out of errors.
		{`parseint("${var.prefix}${source.displayName}", 10)`, integer, "eval: Invalid function argument"},
	} {
		if got := shown(t, tt.text, tt.to); got != tt.want {
			t.Errorf("%s to %s: got %q, want %q", tt.text, tt.to.Name, got, tt.want)
		}
	}
}

func TestSensitiveValueNotInError(t *testing.T) {
	e, _ := compiledText(t, `parseint("${var.prefix}${source.displayName}", 10)`, schema.Attribute{Name: "int", Syntax: schema.Int})
	_, err := e.Eval(argumentsOf(e, person))
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "Ann") {
		t.Errorf("got %v", err)
	}
}

// A plain source.x is a direct flow when the types allow it, and an expression
// when a conversion is needed.
func TestDirectFlows(t *testing.T) {
	for _, tt := range []struct {
		text, attribute, from string
	}{
		{`value = source.displayName`, "displayName", "displayName"},
		{`value = (source.displayname)`, "displayName", "displayName"},
		{`value = "${source.displayName}"`, "displayName", "displayName"},
		{`value = true ? source.displayName : source.mail`, "displayName", "displayName"},
		{`from = "DISPLAYNAME"`, "displayName", "displayName"},
		{`expression = " [displayName] "`, "displayName", "displayName"},
		{`expression = "Trim([displayName])"`, "displayName", ""},
		{`value = source.memberCount`, "info", ""},
		{`value = source.objectSid`, "info", ""},
		{`value = source.displayName == "" ? "x" : source.displayName`, "displayName", ""},
	} {
		base := readBase(t)
		src := fmt.Sprintf(`sync_rule "x" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join"
  precedence     = 1
  flow %q {
    %s
  }
}
`, tt.attribute, tt.text)
		cfg, text := rendered(t, fstest.MapFS{"base.hcl": base, "x.hcl": {Data: []byte(src)}}, LoadOptions{})
		if cfg == nil {
			t.Errorf("%s: %s", tt.text, text)
			continue
		}
		flow := cfg.Rules[0].Flows[0]
		if flow.From != tt.from || (flow.From == "") == (flow.Value == nil) {
			t.Errorf("%s to %s: from %q, value %v; want from %q", tt.text, tt.attribute, flow.From, flow.Value, tt.from)
		}
	}
}

// Whatever an object holds, an expression gives a value or an error.
func TestEvaluationNeverPanics(t *testing.T) {
	texts := []string{
		`"Cloud: ${source.displayName}"`, `left(source.displayName, source.memberCount)`, `source.proxyAddresses[source.memberCount]`,
		`substr(source.displayName, source.memberCount, 2)`, `guid(source.objectSid)`, `sid(source.objectSid)`, `base64(source.displayName)`,
		`format("%s %d", source.displayName, source.memberCount)`, `element(source.proxyAddresses, source.memberCount)`, `rdn(source.displayName)`,
		`formatdate(source.displayName, source.createdDateTime)`, `regex(source.displayName, source.mail)`, `jsondecode(source.displayName)`,
		`title(source.displayName)`, `source.memberCount / source.memberCount`, `range(source.memberCount)`, `indent(2, source.displayName)`,
		`slice(source.proxyAddresses, 0, source.memberCount)`, `replace(source.displayName, source.mail, source.displayName)`,
		`source.securityEnabled ? source.proxyAddresses : [source.mail]`,
	}
	var exprs []*Expr
	for _, text := range texts {
		e, diags := compiledText(t, "try("+text+", "+text+")", manyTexts)
		if e == nil {
			t.Fatalf("%s: %v", text, diags)
		}
		exprs = append(exprs, e)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(exprs).Draw(t, "expression")
		args := make([]value.Value, len(e.Uses))
		for i := range args {
			args[i] = drawValue(t)
		}
		v, err := e.Eval(args)
		if err == nil {
			_ = v.Display()
		}
		if _, err := e.Eval(nil); err == nil {
			t.Fatal("an expression took too few values")
		}
	})
}

// drawValue draws any value, also of a kind that the attribute never has.
func drawValue(t *rapid.T) value.Value {
	single := func() value.Value {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			return value.Value{}
		case 1:
			return value.Str(rapid.String().Draw(t, "text"))
		case 2:
			return value.B(rapid.Bool().Draw(t, "bool"))
		case 3:
			return value.I(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 5)).Draw(t, "int"))
		case 4:
			return value.Octets(string(rapid.SliceOf(rapid.Byte()).Draw(t, "octets")))
		case 5:
			return value.T(time.Unix(rapid.Int64().Draw(t, "time"), 0))
		case 6:
			return value.Reference(rapid.String().Draw(t, "reference"))
		}
		return value.IgnoreThisFlow()
	}
	if rapid.Bool().Draw(t, "list") {
		items := make([]value.Value, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range items {
			items[i] = single()
		}
		return value.ListOf(items)
	}
	return single()
}

// An expression may be evaluated for several objects at once.
func TestConcurrentEvaluation(t *testing.T) {
	e, diags := compiledText(t, `join(",", [for a in source.proxyAddresses : upper(a)], source.proxyAddresses[*])`, oneText)
	if e == nil {
		t.Fatal(diags)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				word := fmt.Sprintf("a%d-%d", i, j)
				v, err := e.Eval([]value.Value{value.ListOf([]value.Value{value.Str(word)})})
				if want := strings.ToUpper(word) + "," + word; err != nil || v.Text() != want {
					t.Errorf("got %q, %v, want %q", v.Text(), err, want)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkEval(b *testing.B) {
	e, diags := compiledText(b, `"${left(trimspace(source.displayName), 51)}_${right(source.cloudAnchor, 12)}"`, oneText)
	if e == nil {
		b.Fatal(diags)
	}
	args := argumentsOf(e, person)
	for b.Loop() {
		if _, err := e.Eval(args); err != nil {
			b.Fatal(err)
		}
	}
}
