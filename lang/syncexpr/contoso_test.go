package syncexpr

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/landfall-directory/landfall/lang/schema"
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
