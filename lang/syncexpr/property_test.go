package syncexpr

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// genTree draws any tree that the parser can make, sense or not.
func genTree(depth int) *rapid.Generator[*node] {
	name := rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{0,6}`)
	leaf := rapid.Custom(func(t *rapid.T) *node {
		switch rapid.IntRange(0, 5).Draw(t, "leaf") {
		case 0:
			return &node{kind: nodeString, text: rapid.String().Draw(t, "text")}
		case 1:
			return &node{kind: nodeNumber, num: rapid.Int64().Draw(t, "number")}
		case 2:
			return &node{kind: nodeNumber, num: rapid.Int64().Draw(t, "number"), hex: true}
		case 3:
			return &node{kind: nodeAttribute, text: rapid.StringMatching(`[A-Za-z0-9][-_./A-Za-z0-9]{0,8}`).Draw(t, "name")}
		case 4:
			kind := rapid.SampledFrom([]nodeKind{nodeVariable, nodeConstant}).Draw(t, "kind")
			return &node{kind: kind, text: name.Draw(t, "name")}
		}
		return &node{kind: nodeParameter, text: rapid.StringMatching(`[A-Za-z][.A-Za-z0-9]{0,8}`).Draw(t, "name")}
	})
	if depth == 0 {
		return leaf
	}
	sub := genTree(depth - 1)
	return rapid.Custom(func(t *rapid.T) *node {
		switch rapid.IntRange(0, 3).Draw(t, "node") {
		case 0:
			return leaf.Draw(t, "leaf")
		case 1:
			return &node{kind: nodeMinus, args: []*node{sub.Draw(t, "operand")}}
		case 2:
			level := rapid.IntRange(0, 3).Draw(t, "level")
			op := rapid.Custom(func(t *rapid.T) operator {
				return rapid.SampledFrom([][]operator{{opOr}, {opAnd}, {opEqual, opNotEqual, opLess, opLessEqual, opGreater, opGreaterEqual},
					{opAdd, opSubtract, opMultiply, opDivide, opConcat}}[level]).Draw(t, "operator")
			})
			ops := rapid.SliceOfN(op, 1, 3).Draw(t, "operators")
			return &node{kind: nodeChain, ops: ops, args: rapid.SliceOfN(sub, len(ops)+1, len(ops)+1).Draw(t, "operands")}
		}
		return &node{kind: nodeCall, text: name.Draw(t, "function"), args: rapid.SliceOfN(sub, 0, 4).Draw(t, "arguments")}
	})
}

// Printing a tree and parsing it again gives the same tree.
func TestPrintParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := genTree(4).Draw(t, "tree")
		text := printed(tree)
		again, prob := parse(text)
		if prob != nil {
			t.Fatalf("%s\n%s at %d", text, prob.Detail, prob.Offset)
		}
		if diff := cmp.Diff(tree, again, sameTree, cmp.Transformer("nilArgs", nilArgs)); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
	})
}

// nilArgs makes no arguments the same as an empty list of them.
func nilArgs(args []*node) []*node {
	if len(args) == 0 {
		return nil
	}
	return args
}

// genValue draws a value of an attribute.
func genValue() *rapid.Generator[value.Value] {
	one := rapid.Custom(func(t *rapid.T) value.Value {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return value.I(rapid.Int64().Draw(t, "number"))
		case 1:
			return value.B(rapid.Bool().Draw(t, "bool"))
		case 2:
			return value.Octets(string(rapid.SliceOf(rapid.Byte()).Draw(t, "octets")))
		case 3:
			return value.T(time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "time"), 0))
		case 4:
			return value.Reference(rapid.String().Draw(t, "reference"))
		}
		return value.Str(rapid.String().Draw(t, "string"))
	})
	return rapid.Custom(func(t *rapid.T) value.Value {
		switch rapid.IntRange(0, 4).Draw(t, "cardinality") {
		case 0:
			return value.Value{}
		case 1:
			return value.ListOf(rapid.SliceOfN(one, 0, 4).Draw(t, "list"))
		}
		return one.Draw(t, "value")
	})
}

// genExpression draws a text of real functions with arguments that often fit.
func genExpression(depth int) *rapid.Generator[string] {
	leaves := []string{`[a]`, `[b]`, `"x"`, `"a,b@c"`, `""`, `0`, `1`, `-1`, `3`, `99999999999`, `True`, `False`, `NULL`, `IgnoreThisFlow`, `AuthoritativeNull`, `CRLF`,
		`vbTextCompare`, `CaseInsensitive`, `UTF8`, `DC`, `%Domain.FQDN%`, `%ADS_UF_ACCOUNTDISABLE%`, `ValueCount("a")`, `ImportedValue("a")`, `"yyyy"`, `"2013-01-10"`, `"d"`}
	leaf := rapid.SampledFrom(leaves)
	if depth == 0 {
		return leaf
	}
	sub := genExpression(depth - 1)
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 5).Draw(t, "shape") {
		case 0:
			return leaf.Draw(t, "leaf")
		case 1:
			op := rapid.SampledFrom(operatorTexts[:]).Draw(t, "operator")
			return "(" + sub.Draw(t, "left") + " " + op + " " + sub.Draw(t, "right") + ")"
		case 2:
			f := rapid.SampledFrom([]string{"Select", "Where", "With"}).Draw(t, "loop")
			v := rapid.SampledFrom([]string{"$v", "$w"}).Draw(t, "variable")
			body := rapid.SampledFrom([]string{"Trim(%)", "% & %", "% = %", "%", "Count(%)"}).Draw(t, "body")
			return f + "(" + v + "," + sub.Draw(t, "set") + "," + strings.ReplaceAll(body, "%", v) + ")"
		}
		f := functions[rapid.SampledFrom(functionNames()).Draw(t, "function")]
		least, most := f.arity()
		text := f.name + "("
		for i := range rapid.IntRange(least, most).Draw(t, "arguments") {
			if i > 0 {
				text += ","
			}
			text += sub.Draw(t, "argument")
		}
		return text + ")"
	})
}

// Whatever compiles evaluates to a value or an *Error, whatever the attributes
// hold; and the program that is printed gives the same.
func TestEvalIsTotal(t *testing.T) {
	typed := schema.New("ad", schema.Attribute{Name: "a", Multi: true}, schema.Attribute{Name: "b"})
	rapid.Check(t, func(t *rapid.T) {
		text := genExpression(4).Draw(t, "text")
		opts := Options{ExecuteOnce: true}
		if rapid.Bool().Draw(t, "typed") {
			opts.Source = typed
		}
		p, problems := Compile(text, opts)
		for _, prob := range problems {
			checkRange(t, text, prob)
		}
		if p == nil {
			return
		}
		args := make([]value.Value, len(p.Inputs))
		for i := range args {
			args[i] = genValue().Draw(t, "argument")
		}
		result := show(p.Eval(args))
		again, problems := Compile(p.String(), opts)
		if again == nil {
			t.Fatalf("%s\nprinted %s\n%v", text, p, problems)
		}
		deterministic := p.Const == (len(p.Inputs) == 0)
		if got := show(again.Eval(args)); deterministic && !changes(p.tree) && got != result {
			t.Fatalf("%s\ngives %s, printed and compiled again %s", text, result, got)
		}
	})
}

// changes reports whether a tree has a function with random results.
func changes(n *node) bool {
	if n.kind == nodeCall && functions[n.text].changing {
		return true
	}
	for _, a := range n.args {
		if changes(a) {
			return true
		}
	}
	return false
}

func checkRange(t interface{ Fatalf(string, ...any) }, text string, p Problem) {
	if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(text) {
		t.Fatalf("%q: problem at %d+%d is outside the text of %d bytes", text, p.Offset, p.Length, len(text))
	}
	if p.Summary == "" || p.Detail == "" {
		t.Fatalf("%q: a problem without words", text)
	}
}
