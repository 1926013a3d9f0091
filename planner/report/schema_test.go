package report

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/planner"
)

func compile(t *testing.T, name, text string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t fataler, s *jsonschema.Schema, text string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// finished is a plan as the planner leaves it, with lists instead of nothing.
func finished(t fataler, p *planner.Plan) string {
	t.Helper()
	p.FormatVersion, p.Digest = planner.FormatVersion, p.ComputeDigest()
	raw, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(withLists(v, reflect.TypeFor[planner.Plan]()))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// withLists replaces null by [] where the type is a list.
func withLists(v any, typ reflect.Type) any {
	switch v := v.(type) {
	case nil:
		if typ.Kind() == reflect.Slice {
			return []any{}
		}
	case []any:
		for i := range v {
			v[i] = withLists(v[i], typ.Elem())
		}
	case map[string]any:
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Map {
			return v // of numbers
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if old, ok := v[name]; ok {
				v[name] = withLists(old, typ.Field(i).Type)
			}
		}
	}
	return v
}

func TestSchemaDescribesPlans(t *testing.T) {
	s := compile(t, "plan.schema.json", Schema())
	evil := hostile()
	for i := range evil.Diagnostics {
		evil.Diagnostics[i].Severity = "warning"
	}
	for name, p := range map[string]*planner.Plan{
		"everything": limits(everything()), "hostile": evil, "based": based(), "drifted": drifted(), "quiet": empty(), "partial": partial(empty()), "many": many(),
	} {
		if err := validate(t, s, finished(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if err := validate(t, s, finished(t, anyPlan(anyText()).Draw(t, "plan"))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSchemaRefusesWhatIsNoPlan(t *testing.T) {
	s := compile(t, "plan.schema.json", Schema())
	good := finished(t, limits(everything()))
	if err := validate(t, s, strings.Replace(good, `"format_version":`, `"new_in_1_1":{"x":1},"format_version":`, 1)); err != nil {
		t.Errorf("an unknown field is refused: %v", err)
	}
	for _, change := range [][2]string{
		{`"format_version":"1.0"`, `"format_version":"2.0"`},
		{`"severity":"error"`, `"severity":"info"`},
		{`"object_type":"group",`, ``},
		{`"left_out"`, `"x"`},
		{`"before":["old"]`, `"before":"old"`},
		{`"hash":"hmac:77"`, `"hash":7`},
		{`"exceeded":true`, `"exceeded":1`},
		{`"digest":"sha256:`, `"digest":"md5:`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if change[0] == `"left_out"` {
			bad = strings.Replace(finished(t, partial(empty())), change[0], change[1], 1)
		}
		if bad == good {
			t.Errorf("%q is not in the plan", change[0])
		} else if err := validate(t, s, bad); err == nil {
			t.Errorf("%s passes", change[1])
		}
	}
}

// Every field of the plan stands in the schema, and nothing else does.
func TestSchemaHasEveryField(t *testing.T) {
	var doc struct {
		Properties map[string]any `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(Schema()), &doc); err != nil {
		t.Fatal(err)
	}
	fields := func(typ reflect.Type) map[string]bool {
		out := map[string]bool{}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			out[name] = true
		}
		return out
	}
	keys := func(m map[string]any) map[string]bool {
		out := map[string]bool{}
		for k := range m {
			out[k] = true
		}
		return out
	}
	if diff := cmp.Diff(fields(reflect.TypeFor[planner.Plan]()), keys(doc.Properties)); diff != "" {
		t.Errorf("plan (-Go +schema):\n%s", diff)
	}
	for name, typ := range map[string]reflect.Type{
		"partial": reflect.TypeFor[planner.Partial](), "accepted": reflect.TypeFor[planner.Accepted](), "guard_use": reflect.TypeFor[planner.GuardUse](),
		"provider": reflect.TypeFor[planner.ProviderInfo](), "summary": reflect.TypeFor[planner.Summary](), "change": reflect.TypeFor[planner.Change](),
		"edit": reflect.TypeFor[planner.Edit](), "reason": reflect.TypeFor[planner.Reason](), "members": reflect.TypeFor[planner.Members](),
		"member": reflect.TypeFor[planner.MemberChange](), "skipped_member": reflect.TypeFor[planner.SkippedMember](), "skipped": reflect.TypeFor[planner.Skipped](),
		"blocked": reflect.TypeFor[planner.Blocked](), "not_written": reflect.TypeFor[planner.NotWritten](), "frozen": reflect.TypeFor[planner.Frozen](),
		"withdrawn": reflect.TypeFor[planner.Withdrawn](), "reverted": reflect.TypeFor[planner.Reverted](), "changed": reflect.TypeFor[planner.Changed](), "history_use": reflect.TypeFor[planner.HistoryUse](), "diagnostic": reflect.TypeFor[planner.Diagnostic](),
	} {
		got := map[string]bool{}
		for k := range doc.Defs[name].Properties {
			got[k] = true
		}
		if diff := cmp.Diff(fields(typ), got); diff != "" {
			t.Errorf("%s (-Go +schema):\n%s", name, diff)
		}
	}
}

func sarifSchemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/sarif/sarif-2.1.0-rtm.5.json")
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, "sarif.json", string(text))
}
