package planner

// The rules of a real Entra Connect server, as far as its exported configuration
// lies beside the repository, run over a generated forest. The export is imported
// each time; nothing of it is kept here.

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/adsync"
	"github.com/landfall-directory/landfall/lang/schema"
)

var update = flag.Bool("update", false, "rewrite the expected metaverse and exports")

const contosoExport = "../../shared/data/aadconnect/contoso"

var contosoOptions = Options{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Version: "0.1.0", RedactKey: []byte("key")}

func contosoRead(t *testing.T) *adsync.Export {
	t.Helper()
	if _, err := os.Stat(contosoExport); err != nil {
		t.Skipf("the exported configuration is not there: %v", err)
	}
	e, _, diags := adsync.Read(contosoExport, adsync.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return e
}

// contosoTexts are the distinct expressions of the export.
func contosoTexts(t *testing.T) map[string]bool {
	texts := map[string]bool{}
	for _, r := range contosoRead(t).Rules {
		for _, m := range r.Mappings {
			if m.Expression != nil {
				texts[strings.Join(strings.Fields(*m.Expression), " ")] = true
			}
		}
	}
	return texts
}

// contosoConfig is the configuration that the importer makes of the export;
// change is applied to the text of each file.
func contosoConfig(t *testing.T, change func(string) string, extra ...string) *lang.Config {
	t.Helper()
	cfg, diags := contosoLoad(t, change, extra...)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

func contosoLoad(t *testing.T, change func(string) string, extra ...string) (*lang.Config, hcl.Diagnostics) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range adsync.Generate(contosoRead(t)).Files {
		if change != nil {
			text = change(text)
		}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for i, text := range extra {
		fsys[fmt.Sprintf("z%d.hcl", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	cfg, _, diags := lang.LoadFS(fsys, lang.LoadOptions{Version: "0.1.0"})
	return cfg, diags
}

// golden compares with testdata/NAME, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata/contoso", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got); -update rewrites it:\n%s", name, diff)
	}
}

// run takes a snapshot as far as the exports: everything before what is planned.
func contosoRun(t *testing.T, cfg *lang.Config, snap Snapshot) *build {
	t.Helper()
	b, err := newBuild(cfg, snap)
	if err != nil {
		t.Fatal(err)
	}
	b.options = contosoOptions
	b.inbound()
	b.claim()
	return b
}

// shownTexts are values as goldens have them.
func (b *build) shownTexts(a schema.Attribute, values []string) string {
	data, encoding := b.data(a, values)
	return shownData(encoding, data)
}

// The whole configuration over the whole forest: the metaverse, what would be
// exported, what the plan makes of it, and what every expression gives.
func TestContoso(t *testing.T) {
	cfg := contosoConfig(t, nil)
	if n := len(cfg.Rules); n != 62 {
		t.Fatalf("%d rules", n)
	}
	e := newEstate(cfg)
	populate(e)
	snap := e.snapshot()
	if n := e.ad.Len(); n < 200 {
		t.Fatalf("%d objects", n)
	}

	v, err := Metaverse(cfg, snap, contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "metaverse.golden", metaverseText(v))
	b := contosoRun(t, cfg, snap)
	golden(t, "exports.golden", b.exportsText())
	golden(t, "expressions.golden", expressionsText(t, contosoTexts(t), b))

	p, err := Build(cfg, snap, contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.golden", summary(p))

	matched, err := Matches(cfg, snap)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cfg.Rules {
		if matched[r] == 0 && len(r.Flows) > 0 {
			t.Errorf("no object of the forest is in the scope of rule %d", r.Precedence)
		}
	}
}

// The references that a plan asks for are enough for every rule: what was not
// read is an error on its object, and there is none.
func TestContosoReadsWhatRulesNeed(t *testing.T) {
	cfg := contosoConfig(t, nil)
	whole, e := newEstate(cfg), newEstate(cfg)
	populate(whole)
	populate(e)
	snap := e.read(func(reference) bool { return false })
	needed, err := NeededReferences(cfg, snap)
	if err != nil {
		t.Fatal(err)
	}
	snap = e.read(func(r reference) bool {
		n := needed[r.space.Provider]
		return slices.Contains(n.Objects, r.object) && slices.Contains(n.Attributes, r.attribute)
	})
	got, err := Build(cfg, snap, contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Build(cfg, whole.snapshot(), contosoOptions)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(summary(want), summary(got)); diff != "" {
		t.Errorf("(-everything read +what is needed):\n%s", diff)
	}
	for _, d := range got.Diagnostics {
		if strings.Contains(d.Detail, "could not be read") {
			t.Error(d.Detail)
		}
	}
}

func metaverseText(v *MetaverseView) string {
	var b strings.Builder
	for n := 1; n <= v.Len(); n++ {
		o := v.Object(n)
		fmt.Fprintf(&b, "%s %q", o.Type, o.Name)
		for _, c := range o.Connectors {
			fmt.Fprintf(&b, " %s %s", c.Role, strings.TrimPrefix(c.Provider, "provider."))
		}
		b.WriteString("\n")
		if o.Error != "" {
			_, message, _ := strings.Cut(o.Error, "\": ") // without the rule's name
			fmt.Fprintf(&b, "  error: %s\n", message)
		}
		for _, a := range o.Attributes {
			fmt.Fprintf(&b, "  %s: %s\n", a.Attribute, shownData(a.Encoding, a.Values))
		}
		for _, r := range o.References {
			var names []string
			for _, x := range r.Objects {
				names = append(names, fmt.Sprintf("%q", x.Object.Name))
			}
			if len(names) > 0 {
				fmt.Fprintf(&b, "  %s -> %s\n", r.Attribute, strings.Join(names, " "))
			}
		}
	}
	return b.String()
}

func shownData(encoding string, data []Datum) string {
	var texts []string
	for _, d := range data {
		texts = append(texts, fmt.Sprintf("%q", d.Text))
	}
	slices.Sort(texts)
	return strings.TrimSpace(encoding + " " + strings.Join(texts, " "))
}

// exportsText lists what the rules want of every object: attributes that get
// values, are kept as they are, or lose what they have.
func (b *build) exportsText() string {
	var out strings.Builder
	for i, s := range b.spaces {
		for _, e := range b.exports(i) {
			state := "new"
			if e.object != NoObject {
				state = "there"
			}
			fmt.Fprintf(&out, "%s %q to %s, %s\n", e.objectType, b.exportName(e), strings.TrimPrefix(s.Provider, "provider."), state)
			if e.failed != nil {
				fmt.Fprintf(&out, "  error: %s\n", e.failed.err)
			}
			for _, x := range e.values {
				switch have := b.exportHas(&e, x.attribute); {
				case x.keep:
					fmt.Fprintf(&out, "  %s: kept\n", x.attribute.Name)
				case len(x.texts)+len(have) > 0:
					fmt.Fprintf(&out, "  %s: %s\n", x.attribute.Name, b.shownTexts(x.attribute, x.texts))
				}
			}
		}
	}
	return out.String()
}

// summary is what a plan says, without the names of rules.
func summary(p *Plan) string {
	var lines []string
	for _, n := range p.NotWritten {
		lines = append(lines, fmt.Sprintf("not written to %s: %s: %q", strings.TrimPrefix(n.Provider, "provider."), n.Reason, n.Name))
	}
	for _, c := range p.Changes {
		lines = append(lines, fmt.Sprintf("change %q %v", c.Name, c.Actions))
	}
	for _, d := range p.Diagnostics {
		lines = append(lines, fmt.Sprintf("%s %s", d.Severity, d.Code))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%+v\n", p.Summary) + strings.Join(lines, "\n") + "\n"
}
