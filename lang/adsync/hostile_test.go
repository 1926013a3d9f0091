package adsync

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/landfall-directory/landfall/lang"
)

// minimalConnector is a connector that rules of tests belong to.
const minimalConnector = `<ma-data><id>{6F0A2C1E-5B7D-4E19-9C3A-2D8F4B6A1E70}</id><name>corp.example.com</name><category>AD</category>
<ma-partition-data><partition><name>DC=corp,DC=example,DC=com</name><selected>1</selected></partition></ma-partition-data></ma-data>`

// ruleWith is a rule with one expression.
func ruleWith(expression string) string {
	return `<synchronizationRule><id>{0c1e5a70-0000-4000-8000-000000000001}</id><name>In from AD - User X</name><direction>Inbound</direction>
<connector>{6f0a2c1e-5b7d-4e19-9c3a-2d8f4b6a1e70}</connector><sourceObjectType>user</sourceObjectType><targetObjectType>person</targetObjectType>
<linkType>Join</linkType><precedence>10</precedence><attribute-mappings><mapping><dest>mail</dest>
<expression>` + expression + `</expression><valueMergeType>Update</valueMergeType></mapping></attribute-mappings></synchronizationRule>`
}

// Input that is too deep or too large is reported with its file and line.
func TestHostileInput(t *testing.T) {
	deep := 1000
	script := "New-ADSyncRule -Name 'x'\n"
	for name, tt := range map[string]struct{ file, text, want string }{
		"elements":            {"a.xml", strings.Repeat("<x>\n", deep), "nested more than"},
		"elements in a rule":  {"a.xml", "<synchronizationRule>" + strings.Repeat("<conditions>", deep) + strings.Repeat("</conditions>", deep) + "</synchronizationRule>", "nested more than"},
		"expression":          {"a.xml", ruleWith(strings.Repeat("IIF(", deep) + strings.Repeat(")", deep)), "nested"},
		"expression in lines": {"a.xml", ruleWith("\n\nTrim(\n" + strings.Repeat("(", 100_000)), "nested"},
		"long expression":     {"a.xml", ruleWith(strings.Repeat("[mail]&amp;", 200_000) + "[mail]"), "1048576"},
		"parentheses":         {"a.ps1", script + "$x = " + strings.Repeat("(", deep), "nested more than"},
		"arrays":              {"a.ps1", script + "$x = " + strings.Repeat("@(", deep) + strings.Repeat(")", deep), "nested more than"},
		"blocks":              {"a.ps1", script + strings.Repeat("if ($x) {", deep) + strings.Repeat("}", deep), "nested more than"},
		"tables":              {"a.ps1", script + "$x = " + strings.Repeat("@{a=", deep) + strings.Repeat("}", deep), "nested more than"},
		"subexpressions":      {"a.ps1", script + "$x = \"" + strings.Repeat("$(", deep) + strings.Repeat(")", deep) + "\"", "nested more than"},
		"types":               {"a.ps1", script + strings.Repeat("[int] ", deep) + "$x = 1", "nested more than"},
		"lists of JSON":       {"a.json", strings.Repeat(`[`, deep), "nested more than"},
		"objects of JSON":     {"a.json", strings.Repeat(`{"a":`, deep), "nested more than"},
		"lists of YAML":       {"a.yml", strings.Repeat(`[`, deep) + strings.Repeat(`]`, deep), "nested more than"},
		"blocks of YAML":      {"a.yml", strings.Repeat("- ", deep) + "x", "nested more than"},
		"aliases of YAML":     {"a.yml", "a: &a [x,x]\nb: &b [*a,*a]\nItems: [*b,*b]\n", "anchors and aliases"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{tt.file: &fstest.MapFile{Data: []byte(tt.text)}, "c.xml": &fstest.MapFile{Data: []byte(minimalConnector)}}
			if extension(tt.file) != ".xml" {
				delete(fsys, "c.xml")
			}
			export, _, diags := readFS(fsys, Options{})
			if export != nil || !diags.HasErrors() {
				t.Fatalf("got %v, %v", export, diags)
			}
			for _, d := range diags {
				if strings.Contains(d.Detail, tt.want) && d.Subject != nil && d.Subject.Filename == tt.file && d.Subject.Start.Line > 0 {
					return
				}
			}
			t.Errorf("no diagnostic of %s says %q: %v", tt.file, tt.want, diags)
		})
	}
}

// A file with an expression of 100 MB is refused before it is read, and leaves
// nothing behind.
func TestHugeExpression(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "rule.xml")
	if err := os.WriteFile(name, []byte("<synchronizationRule><attribute-mappings><mapping><expression>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 100<<20); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, sources, diags := Import(dir, out, Options{})
	if !diags.HasErrors() || !strings.Contains(diags.Error(), "too large") {
		t.Errorf("got %v", diags)
	}
	if text := rendered(t, sources, diags); len(text) > 10_000 || !strings.Contains(text, "rule.xml line 1") {
		t.Errorf("the diagnostics have %d characters: %.300s", len(text), text)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the failed import left a folder")
	}
}

// A script with thousands of statements that make no rules is read, and does not
// drown the one rule in it.
func TestScriptFullOfOtherThings(t *testing.T) {
	text := strings.Repeat("Set-Something -To 'x' | Out-File \"y$z\"\n", 20_000) +
		"New-ADSyncRule -Name 'In from AD - User' -Direction Inbound -Precedence 1 -SourceObjectType user -TargetObjectType person -LinkType Join -Connector 'corp.example.com' -OutVariable r\n" +
		"Add-ADSyncAttributeFlowMapping -SynchronizationRule $r[0] -Source mail -Destination mail -FlowType Direct\nAdd-ADSyncRule $r[0]\n"
	export, _, diags := readFS(fstest.MapFS{"a.ps1": {Data: []byte(text)}}, Options{})
	if diags.HasErrors() || len(export.Rules) != 1 {
		t.Fatalf("got %v, %v", export, diags)
	}
	if len(diags) > maxUnknown+5 {
		t.Errorf("%d warnings", len(diags))
	}
	if report := Generate(export).Report; !strings.Contains(report, "a.ps1:1)") || strings.Count(report, "\n") > 300 {
		t.Errorf("the report has %d lines", strings.Count(report, "\n"))
	}
}

// Exports come in the encodings of Windows.
func TestEncodings(t *testing.T) {
	text := "New-ADSyncRule -Name 'In from AD - Büro' -Direction Inbound -Precedence 1 -SourceObjectType user -TargetObjectType person -LinkType Join -Connector 'corp.example.com'\r\n"
	utf16 := func(big bool) []byte {
		var out []byte
		for _, r := range "\ufeff" + text {
			pair := []byte{byte(r), byte(r >> 8)}
			if big {
				pair[0], pair[1] = pair[1], pair[0]
			}
			out = append(out, pair...)
		}
		return out
	}
	latin := []byte(strings.ReplaceAll(text, "ü", "\xfc"))
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with a mark": []byte("\ufeff" + text), "UTF-16": utf16(false), "UTF-16 big-endian": utf16(true), "Windows-1252": latin,
	} {
		export, sources, diags := readFS(fstest.MapFS{"a.ps1": {Data: data}}, Options{})
		if diags.HasErrors() {
			t.Errorf("%s: %s", name, rendered(t, sources, diags))
			continue
		}
		if got := export.Rules[0].Name; got != "In from AD - Büro" {
			t.Errorf("%s: got the name %q", name, got)
		}
		if warned := len(diags) > 0; warned != (name == "Windows-1252") {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}

// Names from an export cannot steer a terminal, break out of the HCL or refer to
// variables.
func TestHostileNames(t *testing.T) {
	name := "x\u001b[2J\u202e\"\n}\nsync_rule \"y\" {\n# ${file(\"/etc/passwd\")} %{ if true } \ue000var\ue001 &#xE000;z&#xE001;"
	escaped := strings.NewReplacer("\u001b", "", `"`, "&quot;").Replace(name)
	rule := strings.Replace(ruleWith("Trim([mail])"), "In from AD - User X", escaped, 1)
	rule = strings.Replace(rule, "<name>", "<description>"+escaped+"</description><name>", 1)
	connector := strings.Replace(minimalConnector, "<name>corp.example.com", "<name>"+escaped, 1)
	export := mustRead(t, fstest.MapFS{"c.xml": {Data: []byte(connector)}, "r.xml": {Data: []byte(rule)}})
	result := Generate(export)
	cfg, _, diags := lang.LoadFS(filesFS(result.Files), lang.LoadOptions{})
	if diags.HasErrors() || len(cfg.Rules) != 1 {
		t.Fatalf("%v\n%s", diags, result.Files["rules_inbound_user.hcl"])
	}
	if want := strings.NewReplacer("\u001b", "", "\ue000", "", "\ue001", "", "&#xE000;", "", "&#xE001;", "").Replace(name); cfg.Rules[0].Name != want {
		t.Errorf("the name is %q, want %q", cfg.Rules[0].Name, want)
	}
	result.Files[ReportName] = result.Report
	for file, text := range result.Files {
		if i := strings.IndexFunc(text, func(r rune) bool { return r == '\u001b' || r == '\u202e' || r == '\ue000' }); i >= 0 {
			t.Errorf("%s holds %q", file, text[max(0, i-20):i+10])
		}
	}
}

// A pile of rules as large as real ones is read and written in reasonable time,
// and every label is a name of its own.
func TestManyRules(t *testing.T) {
	fsys := fstest.MapFS{"c.xml": {Data: []byte(minimalConnector)}}
	for i := range 500 {
		text := strings.Replace(ruleWith("Trim([mail])"), "000000000001", fmt.Sprintf("%012d", i), 1)
		text = strings.Replace(text, "<precedence>10", fmt.Sprintf("<immutable-tag>Microsoft.X.%d</immutable-tag><precedence>%d", i, 100+i%300), 1)
		fsys[fmt.Sprintf("%03d.xml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	cfg := loadFiles(t, Generate(mustRead(t, fsys)).Files)
	if len(cfg.Rules) != 500 {
		t.Errorf("%d rules, want 500", len(cfg.Rules))
	}
}
