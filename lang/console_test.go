package lang

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/value"
)

const consoleConfig = `
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
locals {
  forest = "DC=corp,DC=example,DC=com"
  words  = ["a", "b"]
}
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = local.forest
  sandbox = "corp.ldif"
}
`

func consoleTestConfig(t testing.TB) *Config {
	t.Helper()
	cfg, _, diags := LoadFS(fstest.MapFS{"main.hcl": {Data: []byte(consoleConfig)}}, LoadOptions{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// object has the values that lines of the tests read.
var object = map[string]value.Value{
	"displayName":     value.Str("AZ SG01"),
	"memberCount":     value.I(8),
	"cloudMastered":   value.B(true),
	"proxyAddresses":  value.ListOf([]value.Value{value.Str("SMTP:a"), value.Str("smtp:b")}),
	"groupTypes":      value.ListOf(nil),
	"objectSid":       value.Octets("\x01\x02"),
	"createdDateTime": value.T(time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC)),
}

// typed is what a line prints, or its first problem and the text it points at.
func typed(cfg *Config, text string, language Language, from Source) string {
	line := Line{File: "stdin", Number: 3, Prefix: "= ", Text: text}
	e, sources, diags := cfg.CompileLine(line, language, from)
	if e == nil {
		return firstProblem(sources, diags)
	}
	args := make([]value.Value, len(e.Uses))
	for i, u := range e.Uses {
		switch u.Kind {
		case UseParam:
			args[i] = value.Str("corp.example.com")
		case UseCount:
			args[i] = value.I(int64(len(object[u.Name].Items())))
		default:
			args[i] = object[u.Name]
		}
	}
	v, diags := e.Eval(args)
	if diags.HasErrors() {
		return firstProblem(sources, diags)
	}
	return v.Text + " : " + v.Type
}

func firstProblem(sources Sources, diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		if d.Subject == nil || d.Subject.Start.Line != 3 || !d.Subject.CanSliceBytes(sources["stdin"].Bytes) {
			return "no place: " + d.Error()
		}
		return d.Summary + " @" + string(d.Subject.SliceBytes(sources["stdin"].Bytes))
	}
	return "nothing wrong"
}

func TestCompileLineHCL(t *testing.T) {
	cfg := consoleTestConfig(t)
	for _, c := range []struct{ text, want string }{
		{`source.displayName`, `"AZ SG01" : string`},
		{`source.memberCount + 1`, `9 : number`},
		{`source.cloudMastered`, `true : bool`},
		{`source.proxyAddresses`, `["SMTP:a", "smtp:b"] : list of string`},
		{`source.groupTypes`, `[] : list of string`},
		{`source.mail`, `null : string`},
		{`source.createdDateTime`, `"2026-03-02T08:15:00Z" : string`},
		{`source.objectSid`, `"AQI=" : string`},
		{`{ a = 1, "b c" = [true, null] }`, `{a = 1, "b c" = [true, null]} : object`},
		{`null`, `null : null`},
		{`local.forest`, `"DC=corp,DC=example,DC=com" : string`},
		{`[for w in local.words : upper(w)]`, `["A", "B"] : tuple`},
		{`provider.ad.corp`, `provider.ad.corp : reference to a block`},
		{`[provider.ad.corp]`, `[provider.ad.corp] : tuple`},
		{`var.secret`, `(sensitive value) : string`},
		{`"${var.secret}x"`, `(sensitive value) : string`},
		{`"a\u202eb\nc"`, `"a\u202eb\nc" : string`},
		{`left(source.displayName, 2) == "AZ"`, `true : bool`},

		{`source.displayNam`, `Unknown attribute @source.displayNam`},
		{`source.member`, `References are not readable @source.member`},
		{`source`, `Incomplete reference @source`},
		{`var.secrt`, `Unknown reference @.secrt`},
		{`nosuch(1)`, `Unknown function @nosuch`},
		{`1 +`, `Missing expression @`},
		{`source.displayName + 1`, `Invalid operand @source.displayName`},
		{``, `Missing expression @`},
		{"\xff", "Expression is not UTF-8 @\xff"},
		{`element(source.groupTypes, 0)`, `Error in function call @element(`},
		{strings.Repeat("(", 10_000), `Nested too deeply @` + strings.Repeat("(", 10_000)},
	} {
		if got := typed(cfg, c.text, LanguageHCL, Source{}); got != c.want {
			t.Errorf("%.60s: got %.200s, want %.200s", c.text, got, c.want)
		}
	}
}

func TestCompileLineSync(t *testing.T) {
	cfg := consoleTestConfig(t)
	for _, c := range []struct{ text, want string }{
		{`Left([displayName],2)`, `"AZ" : string`},
		{`[memberCount]`, `8 : number`},
		{`[cloudMastered]`, `True : bool`},
		{`[mail]`, `NULL : null`},
		{`[proxyAddresses]`, `{"SMTP:a", "smtp:b"} : list`},
		{`[objectSid]`, `AQI= : binary`},
		{`IgnoreThisFlow`, `IgnoreThisFlow : IgnoreThisFlow`},
		{`AuthoritativeNull`, `AuthoritativeNull : AuthoritativeNull`},
		{`ValueCount("proxyAddresses")`, `2 : number`},
		{`%Domain.FQDN%`, `"corp.example.com" : string`},

		{`Lft([displayName],2)`, `Unknown function @Lft`},
		{`[displayNam]`, `Unknown attribute @[displayNam]`},
		{`Left([displayName],`, `Invalid expression @`},
		{`Error("no: " & [displayName])`, `Expression failed @Error("no: " & [displayName])`},
		{`[member]`, `References are not readable @[member]`},
		{``, `Invalid expression @`},
	} {
		if got := typed(cfg, c.text, LanguageSync, Source{}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestCompileLineWithoutObject(t *testing.T) {
	cfg := consoleTestConfig(t)
	none := Source{None: true}
	for _, c := range []struct {
		text     string
		language Language
		want     string
	}{
		{`upper("a")`, LanguageHCL, `"A" : string`},
		{`source.displayName`, LanguageHCL, `No object @source.displayName`},
		{`UCase("a")`, LanguageSync, `"A" : string`},
		{`[displayName]`, LanguageSync, `No object @[displayName]`},
		{`%Domain.FQDN%`, LanguageSync, `No object @%Domain.FQDN%`},
	} {
		if got := typed(cfg, c.text, c.language, none); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// A line reads the attributes of the space that it is about, and of its type.
func TestCompileLineSpace(t *testing.T) {
	cfg := consoleTestConfig(t)
	var entra *Provider
	for _, p := range cfg.Providers {
		if p.Kind == KindEntra {
			entra = p
		}
	}
	if got, want := typed(cfg, `source.onPremisesImmutableId`, LanguageHCL, Source{Provider: entra, ObjectType: "user"}), `null : string`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := typed(cfg, `source.onPremisesImmutableId`, LanguageHCL, Source{Provider: entra, ObjectType: "group"}), `Attribute of another type @source.onPremisesImmutableId`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseSearch(t *testing.T) {
	cfg := consoleTestConfig(t)
	for _, c := range []struct{ text, want string }{
		{`displayName startswith "M365"`, `displayName STARTSWITH "M365"`},
		{`DISPLAYNAME StartsWith 'M365'`, `displayName STARTSWITH "M365"`},
		{`startswith(displayName, "M365")`, `displayName STARTSWITH "M365"`},
		{`displayName = AZ`, `displayName EQUAL "AZ"`},
		{`displayName=AZ`, `displayName EQUAL "AZ"`},
		{`displayName != "a" and mail present or type = group`, `((displayName NOTEQUAL "a" and mail ISNOTNULL) or type EQUAL "group")`},
		{`not (mail present or mail = x) && cn absent`, `(not (mail ISNOTNULL or mail EQUAL "x") and cn ISNULL)`},
		{`! present(mail)`, `not mail ISNOTNULL`},
		{`memberCount >= 500`, `memberCount GREATERTHAN_OR_EQUAL "500"`},
		{`groupTypes = Unified`, `groupTypes ISIN "Unified"`},
		{`groupTypes != Unified`, `groupTypes ISNOTIN "Unified"`},
		{`displayName NOTCONTAINS x`, `displayName NOTCONTAINS "x"`},
		{`provider = provider.ad.corp`, `provider ISIN "provider.ad.corp"`},
		{`member present`, `member ISNOTNULL`},
		{`displayName = "a\"b\\c\d"`, `displayName EQUAL "a\"b\\c\\d"`},
		{`displayName contains ""`, `displayName CONTAINS ""`},
		{`displayName contains and`, `displayName CONTAINS "and"`},
		{`length(source.proxyAddresses) > 1`, `length(source.proxyAddresses) > 1`},

		{``, `Invalid search @`},
		{`displayName`, `Invalid search @`},
		{`displayName beginswith x`, `Invalid search @beginswith`},
		{`displayName =`, `Invalid search @`},
		{`displayName = )`, `Invalid search @)`},
		{`(displayName = a`, `Invalid search @`},
		{`displayName = a b = c`, `Invalid search @b`},
		{`displayName = "a`, `Invalid search @"a`},
		{`startswith(displayName "M")`, `Invalid search @"M"`},
		{`dispName = a`, `Unknown attribute @dispName`},
		{`memberCount > many`, `Wrong type @many`},
		{`cloudMastered = maybe`, `Wrong type @maybe`},
		{`member = a`, `Invalid search @member`},
		{`displayName ISMEMBEROF "CN=x"`, `Invalid search @ISMEMBEROF`},
		{`and and and`, `Invalid search @and`},
		{`source.displayName`, `Wrong type @source.displayName`},
		{`source.x == 1`, `Unknown attribute @source.x`},
		{strings.Repeat("not ", 10_000) + `mail present`, `Invalid search @not`},
		{strings.Repeat("(", 10_000), `Nested too deeply @` + strings.Repeat("(", 10_000)},
	} {
		s, sources, diags := cfg.ParseSearch(Line{File: "stdin", Number: 3, Text: c.text})
		got := ""
		if s == nil {
			got = firstProblem(sources, diags)
		} else {
			got = s.String()
		}
		if got != c.want {
			t.Errorf("%.60s: got %.200s, want %.200s", c.text, got, c.want)
		}
	}
}

// The place of a problem is right in lines that are not the first, and after
// characters of several bytes.
func TestLinePlace(t *testing.T) {
	cfg := consoleTestConfig(t)
	_, sources, diags := cfg.CompileLine(Line{File: "stdin", Number: 2, Prefix: "=", Text: `"ä" & Lft("x",1)`}, LanguageSync, Source{})
	var out strings.Builder
	if err := WriteDiagnostics(&out, sources, diags, 0, false); err != nil {
		t.Fatal(err)
	}
	want := "Error: Unknown function\n\n  on stdin line 2:\n   2: =\"ä\" & Lft(\"x\",1)\n\n"
	got, _, _ := strings.Cut(out.String(), "There")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := diags[0]; d.Subject.Start.Column != 8 {
		t.Errorf("column %d, want 8", d.Subject.Start.Column)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{`displayName startswith "M365"`, `a(b,c) or (d = 'e')`, `source.mail == null`, `Left([displayName],2) & %x%`, "=\x00\xff", `"${`, `((`} {
		f.Add(s)
	}
	cfg := consoleTestConfig(f)
	inside := func(t *testing.T, diags hcl.Diagnostics, length int) {
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Start.Byte < 0 || d.Subject.End.Byte > length || d.Subject.Start.Byte > d.Subject.End.Byte {
				t.Fatalf("the place of %q is %v in %d bytes", d.Summary, d.Subject, length)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		line := Line{File: "stdin", Number: 2, Prefix: "=", Text: text}
		length := len(text) + 2
		s, _, diags := cfg.ParseSearch(line)
		inside(t, diags, length)
		if s != nil && s.Op != SearchWhen && !strings.Contains(text, "source") {
			again, _, diags := cfg.ParseSearch(Line{File: "again", Text: s.String()})
			if again == nil {
				t.Fatalf("%q was read as %s, which cannot be read: %v", text, s, diags)
			}
		}
		for _, language := range []Language{LanguageHCL, LanguageSync} {
			e, _, diags := cfg.CompileLine(line, language, Source{})
			inside(t, diags, length)
			if e != nil {
				_, diags := e.Eval(make([]value.Value, len(e.Uses)))
				inside(t, diags, length)
			}
		}
	})
}
