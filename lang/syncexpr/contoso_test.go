package syncexpr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// contosoRules is a real server's rules. They are not ours to copy; the test
// reads them where they are.
const contosoRules = "../../../shared/data/aadconnect/contoso-rules.json"

func contosoExpressions(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile(contosoRules)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent: the expressions of a real server are not checked", contosoRules)
	}
	if err != nil {
		t.Fatal(err)
	}
	var rules []struct{ Mappings []struct{ Expression string } }
	if err := json.Unmarshal(data, &rules); err != nil {
		t.Fatal(err)
	}
	var out []string
	seen := map[string]bool{"": true}
	for _, r := range rules {
		for _, m := range r.Mappings {
			if !seen[m.Expression] {
				seen[m.Expression] = true
				out = append(out, m.Expression)
			}
		}
	}
	return out
}

// permissive knows every attribute that an expression uses, by what its name
// says about its type.
func permissive(t testing.TB, text string) *schema.Schema {
	t.Helper()
	tree, prob := parse(text)
	if prob != nil {
		t.Fatalf("%s\n%s", text, prob.Detail)
	}
	known := schema.AD.Extend(
		schema.Attribute{Name: "memberCount", Syntax: schema.Int},
		schema.Attribute{Name: "searchableDeviceKey", Syntax: schema.Octets},
		schema.Attribute{Name: "cloudMSExchRecipientDisplayType", Syntax: schema.Int},
		schema.Attribute{Name: "cloudSOAExchMailbox", Syntax: schema.Bool},
		schema.Attribute{Name: "cloudMSExchUserHoldPolicies", Syntax: schema.Text, Multi: true})
	var extra []schema.Attribute
	var visit func(n *node)
	visit = func(n *node) {
		name := n.text
		if n.kind == nodeString && (len(n.text) == 0 || len(n.text) > 30) || n.kind != nodeAttribute && n.kind != nodeString {
			name = ""
		}
		if _, ok := known.Lookup(name); !ok && name != "" {
			extra = append(extra, schema.Attribute{Name: name})
		}
		for _, a := range n.args {
			visit(a)
		}
	}
	visit(tree)
	return known.Extend(extra...)
}

// Acceptance case 6: all 86 expressions of a real server compile and print to an
// equivalent tree.
func TestContosoExpressionsCompile(t *testing.T) {
	texts := contosoExpressions(t)
	if len(texts) != 86 {
		t.Errorf("%d distinct expressions, want 86", len(texts))
	}
	for _, text := range texts {
		for _, source := range []*schema.Schema{nil, permissive(t, text)} {
			_, problems := Compile(text, Options{Source: source})
			for _, p := range problems {
				t.Errorf("%s\n%s: %s (%q)", text, p.Summary, p.Detail, text[p.Offset:p.Offset+p.Length])
			}
		}
	}
}

// attributeValueOf is what an attribute of the permissive schema typically holds.
func attributeValueOf(a schema.Attribute, i int) value.Value {
	one := value.Str(fmt.Sprintf(" text %d ", i))
	switch a.Syntax {
	case schema.Bool:
		one = value.B(i%2 == 0)
	case schema.Int:
		one = value.I(int64(i) * 1e9)
	case schema.Octets:
		one = value.Octets(string(objectGUID[:]))
	case schema.Time:
		one = value.T(time.Unix(int64(i), 0))
	case schema.Reference:
		one = value.Reference("CN=x,DC=contoso,DC=com")
	}
	switch a.Name {
	case "objectSid":
		one = value.Octets("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00")
	case "dn":
		one = value.Str("CN=x,DC=contoso,DC=com")
	case "memberCount":
		one = value.I(3)
	case "searchableDeviceKey":
		one = value.Octets("\x00\x01\x02\x03\x04\x00the key")
	}
	if a.Multi {
		return value.ListOf([]value.Value{one, one})
	}
	return one
}

var objectGUID = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// Every expression evaluates for a full object and for one without attributes;
// the only errors are those that the rules raise themselves.
func TestContosoExpressionsEvaluate(t *testing.T) {
	raised := map[string]bool{"AccountName is not present": true, "SourceAnchor attribute has changed.": true}
	for i, text := range contosoExpressions(t) {
		source := permissive(t, text)
		p := mustCompile(t, text, Options{Source: source})
		full, empty := make([]value.Value, len(p.Inputs)), make([]value.Value, len(p.Inputs))
		for j, in := range p.Inputs {
			a, _ := source.Lookup(in.Name)
			full[j] = attributeValueOf(a, i)
			switch {
			case in.Kind == InputCount:
				full[j], empty[j] = value.I(2), value.I(0)
			case in.Kind != InputParam && a.Multi:
				empty[j] = value.ListOf(nil)
			}
		}
		for _, args := range [][]value.Value{full, empty} {
			if _, err := p.Eval(args); err != nil && !raised[err.Error()] {
				t.Errorf("%s of %v: %v", text, args, err)
			}
		}
		if v, _ := p.Eval(full); v.IsNull() && strings.HasPrefix(text, "Trim([") {
			t.Errorf("%s has no value for %v", text, full)
		}
		again, problems := Compile(p.String(), Options{Source: source})
		if again == nil {
			t.Errorf("%s: printed as %s: %v", text, p, problems)
			continue
		}
		if diff := cmp.Diff(p.tree, again.tree, sameTree); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}
