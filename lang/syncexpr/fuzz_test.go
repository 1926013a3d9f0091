package syncexpr

import (
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// Compiling and evaluating any text never panics, and problems lie inside it.
func FuzzCompileEval(f *testing.F) {
	for _, vs := range [][]vector{textVectors, binaryVectors, dateVectors, setVectors, kindVectors, nameVectors, broadcasts} {
		for _, v := range vs {
			f.Add(v.text, "a,b@c")
		}
	}
	for _, text := range []string{``, `"`, `[`, `&H`, `((((`, `-`, `$`, `%%`, "\x00", "\xff[\xff]", `With($x,[a],$x)`, `IIF(`, `1.`} {
		f.Add(text, "\xff")
	}
	typed := schema.AD.Extend(schema.Attribute{Name: "a", Multi: true}, schema.Attribute{Name: "b"})
	f.Fuzz(func(t *testing.T, text, data string) {
		values := []value.Value{value.Str(data), value.Octets(data), texts(data, "x"), {}, value.I(int64(len(data))), value.B(true),
			value.T(time.Unix(int64(len(data)), 0)), value.Reference(data), value.ListOf(nil)}
		for _, source := range []*schema.Schema{nil, typed} {
			p, problems := Compile(text, Options{Source: source})
			for _, prob := range problems {
				checkRange(t, text, prob)
			}
			if p == nil {
				if len(problems) == 0 {
					t.Fatal("neither a program nor a problem")
				}
				continue
			}
			args := make([]value.Value, len(p.Inputs))
			for shift := range values {
				for i := range args {
					args[i] = values[(i+shift)%len(values)]
				}
				if _, err := p.Eval(args); err != nil {
					if e, ok := err.(*Error); !ok || e.Offset < 0 || e.Offset+e.Length > len(text) || e.Text == "" {
						t.Fatalf("%q: error %#v", text, err)
					}
				}
			}
			if _, prob := parse(p.String()); prob != nil {
				t.Fatalf("%q is printed as %q, which does not parse", text, p)
			}
		}
	})
}
