package adsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang"
)

// anyText is text as exports hold it, with what HCL, XML and templates treat
// specially.
var anyText = rapid.StringOf(rapid.OneOf(
	rapid.SampledFrom([]rune("${}%\"\\ \t\n\n  ab<>&'[]EXPR\u00e4\u202e\ufeff𝒜")),
	rapid.Rune(),
))

// A text comes out of HCL as it went in, quoted or as a heredoc.
func TestTextsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := withoutReferences(anyText.Draw(t, "text"))
		for _, source := range []string{hclString(text), hclExpression(text, "    ")} {
			file := lang.Format([]byte("flow \"x\" {\nexpression = " + source + "\nonce = true\n}\n"))
			f, diags := hclsyntax.ParseConfig(file, "x.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatalf("%q as %s: %s", text, source, diags)
			}
			attr := f.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes["expression"]
			v, diags := attr.Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%q as %s: %s", text, source, diags)
			}
			got := v.AsString()
			if strings.HasPrefix(source, "<<") {
				got = strings.TrimSuffix(got, "\n")
			}
			if want := norm.NFC.String(text); got != want {
				t.Fatalf("got %q, want %q, from %s", got, want, file)
			}
		}
	})
}

// A text with references comes out with the values of the variables in it.
func TestReferencesComeOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literal := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("a$%{}\"\\ \n"))), 2, 4).Draw(t, "literals")
		text := strings.Join(literal, reference("x"))
		want := strings.Join(literal, "V")
		ctx := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"x": cty.StringVal("V")})}}
		for _, source := range []string{hclString(text), hclExpression(text, "  ")} {
			f, diags := hclsyntax.ParseConfig([]byte("a = "+source+"\n"), "x.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatalf("%q as %s: %s", text, source, diags)
			}
			v, diags := f.Body.(*hclsyntax.Body).Attributes["a"].Expr.Value(ctx)
			if diags.HasErrors() {
				t.Fatalf("%q as %s: %s", text, source, diags)
			}
			got := v.AsString()
			if strings.HasPrefix(source, "<<") {
				got = strings.TrimSuffix(got, "\n")
			}
			if got != want {
				t.Fatalf("got %q, want %q, from %s", got, want, source)
			}
		}
	})
}

var word = rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9 -]{0,12}[a-z]`)

// drawnRule is a rule as an export may hold it.
func drawnRule(t *rapid.T, i int) *Rule {
	r := &Rule{
		Name: word.Draw(t, "name"), Identifier: fmt.Sprintf("0c1e5a70-0000-4000-8000-%012d", i), Direction: rapid.SampledFrom(directions).Draw(t, "direction"),
		Connector: "6f0a2c1e-5b7d-4e19-9c3a-2d8f4b6a1e70", SourceObjectType: "group", TargetObjectType: "group", LinkType: rapid.SampledFrom(linkTypes).Draw(t, "link"),
		Precedence: rapid.IntRange(0, 300).Draw(t, "precedence"), Disabled: rapid.Bool().Draw(t, "disabled"), PasswordSync: rapid.Bool().Draw(t, "password"),
		Version: "1", PrecedenceAfter: noTenant, PrecedenceBefore: noTenant, Scope: [][]Condition{}, Join: [][]Match{}, Mappings: []Mapping{},
	}
	if rapid.Bool().Draw(t, "standard") {
		r.Tag = "Microsoft.Test.001"
	}
	if d := strings.TrimSpace(word.Draw(t, "description")); d != "" {
		r.Description = &d
	}
	for range rapid.IntRange(0, 2).Draw(t, "groups") {
		group := []Condition{}
		for range rapid.IntRange(0, 3).Draw(t, "conditions") {
			group = append(group, Condition{Attribute: "mail", Operator: rapid.SampledFrom(operators).Draw(t, "operator"), Value: printableXML(anyText.Draw(t, "value"))})
		}
		r.Scope = append(r.Scope, group)
	}
	for range rapid.IntRange(0, 2).Draw(t, "joins") {
		r.Join = append(r.Join, []Match{{Space: "objectGUID", Metaverse: "sourceAnchorBinary", CaseSensitive: rapid.Bool().Draw(t, "case")}})
	}
	for _, dest := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"mail", "info", "proxyAddresses", "displayName"}), 0, 4, rapid.ID[string]).Draw(t, "flows") {
		m := Mapping{Destination: dest, FlowType: rapid.SampledFrom(flowTypes).Draw(t, "type"), Source: []string{"description"}, MergeType: rapid.SampledFrom(mergeTypes).Draw(t, "merge"), ExecuteOnce: rapid.Bool().Draw(t, "once")}
		switch m.FlowType {
		case "Expression":
			e := rapid.SampledFrom([]string{"Trim([description])", "IIF(IsPresent([mail]),\n  [mail],\n\n[info])", `"${x}%{y}" & [mail]`}).Draw(t, "expression")
			m.Expression = &e
		case "Constant":
			m.Source = []string{printableXML(anyText.Draw(t, "constant"))}
		}
		r.Mappings = append(r.Mappings, m)
	}
	return r
}

// printableXML keeps what XML can hold.
func printableXML(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= 0x20 && r < 0xd800 || r > 0xe001 && r < 0xfffd || r > 0xffff {
			return r
		}
		return -1
	}, text)
}

// Written as XML and read again, an export is the same; so is what it becomes.
func TestXMLRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		export := &Export{Format: FormatServer, Sources: Sources{}, Metaverse: []Attribute{{Name: "badge"}}, Connectors: []*Connector{{
			ID: "6f0a2c1e-5b7d-4e19-9c3a-2d8f4b6a1e70", Name: "corp.example.com", Kind: KindAD,
			Partitions: []Partition{{DN: "DC=corp,DC=example,DC=com", DNSName: "corp.example.com"}},
		}}}
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			export.Rules = append(export.Rules, drawnRule(t, i))
		}
		export.sort()
		again, _, diags := readFS(filesFS(WriteXML(export)), Options{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		want, err := Canonical(export.Rules)
		got, otherErr := Canonical(again.Rules)
		if err != nil || otherErr != nil {
			t.Fatal(err, otherErr)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Fatalf("rules differ: %s", d)
		}
		if d := cmp.Diff(Generate(export).Files, Generate(again).Files); d != "" {
			t.Fatalf("imports differ: %s", d)
		}
	})
}

// Whatever rules an export has, what comes out loads; the errors that remain are
// those that the report names.
func TestGeneratedConfigurationsLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		export := &Export{Format: FormatServer, Sources: Sources{}, Connectors: []*Connector{{
			ID: "6f0a2c1e-5b7d-4e19-9c3a-2d8f4b6a1e70", Name: "corp.example.com", Kind: KindAD,
			Partitions: []Partition{{DN: "DC=corp,DC=example,DC=com", DNSName: "corp.example.com"}},
		}}}
		for i := range 3 {
			r := drawnRule(t, i)
			for _, g := range r.Scope { // values that fit their operator
				for j := range g {
					g[j].Operator, g[j].Value = "EQUAL", "x"
				}
			}
			r.Scope = slices.DeleteFunc(r.Scope, func(g []Condition) bool { return len(g) == 0 })
			export.Rules = append(export.Rules, r)
		}
		export.sort()
		files := Generate(export).Files
		_, _, diags := lang.LoadFS(filesFS(files), lang.LoadOptions{})
		if diags.HasErrors() {
			t.Fatalf("%v\n%s", diags, files)
		}
	})
}
