package syncexpr

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; run with -update and look at the change\n%s", file, diff)
	}
}

// sameTree compares trees without their places in the text.
var sameTree = cmp.Options{
	cmp.AllowUnexported(node{}),
	cmpopts.IgnoreFields(node{}, "pos", "end", "info"),
}

// dump writes a tree as nested lists: the structure, and nothing but.
func dump(n *node) string {
	var parts []string
	switch n.kind {
	case nodeString:
		return fmt.Sprintf("%q", n.text)
	case nodeNumber:
		return fmt.Sprint(n.num)
	case nodeAttribute:
		return "[" + n.text + "]"
	case nodeParameter:
		return "%" + n.text + "%"
	case nodeVariable:
		return "$" + n.text
	case nodeConstant:
		return n.text
	case nodeMinus:
		parts = append(parts, "minus")
	case nodeChain:
		var ops []string
		for _, op := range n.ops {
			ops = append(ops, op.String())
		}
		parts = append(parts, strings.Join(ops, ""))
	case nodeCall:
		parts = append(parts, n.text)
	}
	for _, a := range n.args {
		parts = append(parts, dump(a))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func TestParseGolden(t *testing.T) {
	var b strings.Builder
	for _, text := range []string{
		`1`, `-1`, `- 1`, `--1`, `-(1)`, `-(0)`, `-0`, `-[a]`, `-&HF`, `&H80000000`, `&hff`, `9223372036854775807`, `-9223372036854775808`,
		`"a"`, `""`, `"say ""hi"""`, `"\\0ACNF:"`, `"C:\temp\"`, `"\\\\"`, "\"two\nlines\"",
		`[displayName]`, `[mS-DS-ConsistencyGuid]`, `[writebackConfiguration/isEnabled]`, `[msRTCSIP-Line]`,
		`%Domain.FQDN%`, `$item`, `True`, `NULL`, `vbTextCompare`,
		`[a] || [b] && [c] = [d] + [e]`,
		`[a] + [b] = [c] && [d] || [e]`,
		`[a] || [b] || [c]`, `([a] || [b]) || [c]`, `[a] || ([b] || [c])`,
		`1 + 2 * 3 - 4 / 5 & "x"`, `1 + (2 * 3)`, `1 - -1`, `1--1`, `2*(5+3)`,
		`[a]&HF`, `[a] & &HF`, `[a]&"x"`, `"x"&Hello()`, `(&HF)&HE`, `Left([a],&HF)&HA`,
		`[a] = [b] = [c]`, `[a] <> "x" && [b] >= 5`, `[a]<=[b]`, `[a]<[b]`, `[a]>[b]`,
		`IIF( IsPresent ( [a] ) , "x" , NULL )`, "IIF(\n\tIsNull([a]),\r\n\t\"b\",\n\t[c]\n)", `Now()`, `Guid( )`,
		`IIF(IsPresent([a]) || [sAMAccountName] = "X" || CBool(IIF(IsPresent([b]),BitAnd([b],&H21C07000) > 0,NULL)), True, NULL)`,
		`With($x,Where($i,[c],CertNotAfter($i)>Now()),IIF(Count($x)>0,$x,NULL))`,
	} {
		tree, prob := parse(text)
		if prob != nil {
			t.Errorf("%s\n%s", text, prob.Detail)
			continue
		}
		fmt.Fprintf(&b, "%s\n  tree  %s\n  print %s\n\n", strings.ReplaceAll(text, "\r", "␍"), dump(tree), printed(tree))
	}
	golden(t, "parse.golden", b.String())
}

func printed(n *node) string {
	var b strings.Builder
	n.print(&b)
	return b.String()
}

func TestStringPrintsTheProgram(t *testing.T) {
	if got := mustCompile(t, "IIF( [a]=1 ,\n NULL,(\"x\" & [b]) )", Options{}).String(); got != `IIF([a] = 1,NULL,"x" & [b])` {
		t.Error(got)
	}
}
